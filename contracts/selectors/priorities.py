"""Local priorities: decided ones are public, drafts are the council's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from trafford_sv.core.access import can

from ..licensing import may_show_text
from ..models import LocalPriority, LocalPriorityYear, Measure, MeasureEdition


def visible_years(user: Any) -> QuerySet[LocalPriorityYear]:
    found = LocalPriorityYear.objects.select_related("edition")
    if can(user, "set_priorities") or can(user, "see_dashboard"):
        return found
    return found.filter(state=LocalPriorityYear.State.DECIDED)


def year_rows(user: Any) -> QuerySet[LocalPriorityYear]:
    """With how many measures each marks."""
    return visible_years(user).annotate(marked=Count("priorities"))


def weights_for(edition: MeasureEdition, financial_year: int) -> Mapping[int, Decimal]:
    """Decided weights by the measure's key; empty where that year has no decision."""
    return dict(
        LocalPriority.objects.filter(
            year__edition=edition,
            year__financial_year=financial_year,
            year__state=LocalPriorityYear.State.DECIDED,
        ).values_list("measure_id", "weight")
    )


@dataclass(frozen=True)
class PriorityLine:
    """`title` is empty where the edition's words may not be shown to this reader."""

    measure: Measure
    title: str
    weight: Decimal
    share: Decimal
    reason: str

    @property
    def weight_words(self) -> str:
        return f"{self.weight.normalize():f}"


def priority_lines(year: LocalPriorityYear, user: Any) -> tuple[PriorityLine, ...]:
    """Heaviest first, each with its share of all weights."""
    rows = list(year.priorities.select_related("measure__edition").order_by("-weight", "pk"))
    whole = sum((row.weight for row in rows), Decimal(0))
    shows = may_show_text(
        year.edition.text_may_be_published, is_public=not can(user, "view_measures")
    )
    return tuple(
        PriorityLine(
            row.measure,
            row.measure.title if shows else "",
            row.weight,
            row.weight / whole,
            row.reason,
        )
        for row in rows
    )
