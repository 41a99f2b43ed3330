"""The contracts on an organisation's page; the page asks for them through a registry."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.http import urlencode

from trafford_sv.core.access import can
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.sections import Section

from ..agreement_words import words_for
from ..models import Award, AwardSupplier
from ..selectors.contracts import contract_rows

SHOWN = 10


def contracts_section(
    organisation: Organisation, user: Any, today: datetime.date
) -> Section | None:
    """Contracts that it supplies, buys or manages, newest award first. One query."""
    if not can(user, "view_contracts"):
        return None
    supplied = AwardSupplier.objects.filter(
        award__contract=OuterRef("pk"),
        award__status__in=Award.COUNTED_STATUSES,
        organisation=organisation,
    )
    found: Any = contract_rows(user)
    rows = list(
        found.annotate(is_supplied=Exists(supplied))
        .filter(Q(is_supplied=True) | Q(buyer=organisation) | Q(directorate=organisation))
        .order_by("-awarded_on", "-pk")[: SHOWN + 1]
    )
    for row in rows:
        row.part = (
            words_for(row.kind).party.capitalize()
            if row.is_supplied
            else "Directorate"
            if row.directorate_id == organisation.pk
            else "Buyer"
        )
    return Section(
        "contracts",
        "Contracts",
        "contracts/_organisation_contracts.html",
        {
            "rows": rows[:SHOWN],
            "all_url": f"{reverse('contract-list')}?{urlencode({'q': organisation.name})}"
            if len(rows) > SHOWN
            else "",
        },
    )
