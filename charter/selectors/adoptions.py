"""The register of adopters as it is read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from ..models import Adoption, AdoptionRequest, ReaffirmationReminder
from ..uptake import BEFORE_DUE_DAYS, affirm_by


def adoption_rows(user: Any) -> QuerySet[Adoption]:
    """With what the list reads joined. `last_said_on` is the day each last stood by the charter."""
    return (
        Adoption.objects.visible_to(user)
        .select_related("organisation", "charter_version")
        .annotate(last_said_on=Coalesce("reaffirmed_on", "adopted_on"))
    )


def request_rows(user: Any) -> QuerySet[AdoptionRequest]:
    return AdoptionRequest.objects.visible_to(user).select_related("charter_version", "adoption")


@dataclass(frozen=True)
class DueAdoption:
    """An adopter who is asked again whether it stands by the charter."""

    adoption: Adoption
    due_on: datetime.date


def due_to_affirm(as_of: datetime.date) -> list[DueAdoption]:
    """Standing adopters with an address whose year is over, or is in two weeks, and who were not
    asked yet for that year. Three years back at most. Two queries."""
    earliest = as_of - datetime.timedelta(days=3 * 366)
    latest = as_of + datetime.timedelta(days=BEFORE_DUE_DAYS)
    rows = (
        Adoption.objects.standing_on(as_of)
        .exclude(contact_email="")
        .select_related("organisation", "charter_version")
        .annotate(last_said_on=Coalesce("reaffirmed_on", "adopted_on"))
        .filter(last_said_on__gte=earliest, last_said_on__lte=latest - datetime.timedelta(days=364))
        .order_by("last_said_on", "pk")
    )
    asked = set(
        ReaffirmationReminder.objects.filter(adoption__in=rows)
        .exclude(state=ReaffirmationReminder.State.FAILED)
        .values_list("adoption_id", "due_on")
    )
    found = []
    for row in rows:
        due = affirm_by(row.last_said)
        if due <= latest and (row.pk, due) not in asked:
            found.append(DueAdoption(row, due))
    return found
