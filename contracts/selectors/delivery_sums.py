"""What closed quarters add up to, read from the sums that were kept when they were closed.

What a closed quarter's lines count does not change (`services.return_records` and `services.returns` refuse),
so their sums are the lines. They answer for everything, a kind of agreement, a directorate or a division.
A contract, a supplier, a measure, a theme, a ward and a past day are asked of the lines themselves.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter

from ..models import DeliverySum, ReturnLine
from .position_rows import POUNDS, lines_in
from .position_scope import Scope, agreements_of, held_measure, reach_of

# The key of a quarter's closing, for each quarter whose sums may be read.
Closings = Mapping[Quarter, int]
_ASKED_OF_LINES = ("contract", "supplier", "measure", "edition", "theme", "ward")


def summed_quarters(
    user: Any, scope: Scope, *, as_known: datetime.datetime | None = None
) -> Closings:
    """The closed quarters whose sums answer for this scope and person. 1 query, or none.

    Not one that was summed while an edition was open whose values a licence keeps in since: its
    measures were not told apart, so it is read from the lines until `check_delivery_sums` ran.
    """
    if as_known is not None or not _is_of_sums(user, scope):
        return {}
    return {quarter: pk for quarter, pk, is_summed in _closed() if is_summed}


def closings_of(user: Any, scope: Scope, closings: Closings) -> Closings:
    """Those of the closings that answer for this scope too; none where it is asked of the lines."""
    return closings if closings and _is_of_sums(user, scope) else {}


def closings_for(user: Any, scope: Scope) -> tuple[Quarter | None, Closings]:
    """The latest closed quarter, and what `summed_quarters` says. 1 query."""
    rows = list(_closed())
    kept = {quarter: pk for quarter, pk, is_summed in rows if is_summed}
    return max((one[0] for one in rows), default=None), kept if _is_of_sums(user, scope) else {}


def _is_of_sums(user: Any, scope: Scope) -> bool:
    if any(getattr(scope, one) not in ("", None) for one in _ASKED_OF_LINES):
        return False
    return not any(role == "supplier" for role, _ in reach_of(user, "view_commitments")[1])


def _closed() -> Iterator[tuple[Quarter, int, bool]]:
    """Each closed quarter, its closing, and whether its sums may be read."""
    sums = DeliverySum.objects.filter(closed=OuterRef("pk"))
    untold = sums.filter(measure=None, edition__values_may_be_published=False)
    rows = (
        ClosedQuarter.objects.filter(reopened_at__isnull=True)
        .annotate(is_summed=Exists(sums) & ~Exists(untold))
        .order_by()
        .values_list("financial_year", "quarter", "pk", "is_summed")
    )
    for year, number, pk, is_summed in rows:
        yield Quarter(year, number), pk, is_summed


def sums_in(
    user: Any, scope: Scope, first: Quarter | None, last: Quarter, closings: Closings
) -> QuerySet[DeliverySum]:
    """The sums of the closed quarters from quarter to quarter."""
    everything, own = reach_of(user, "view_commitments")
    seen = Q()
    if not everything:  # a supplier's part is never asked of a sum: `summed_quarters`
        seen = Q(
            contract__directorate_id__in=[pk for role, pk in own if role == "contract_manager"]
        )
    kept = [pk for one, pk in closings.items() if (first is None or one >= first) and one <= last]
    return DeliverySum.objects.filter(seen, agreements_of(scope, "contract__"), closed__in=kept)


def delivered_by(
    user: Any,
    scope: Scope,
    first: Quarter | None,
    last: Quarter,
    columns: Mapping[str, tuple[str, str]],
    *,
    closings: Closings,
    as_known: datetime.datetime | None = None,
) -> Iterator[dict[str, Any]]:
    """Reported and verified by some columns: name -> (its way from a line, its way from a sum).

    Rows of those names and `kind`, `held`, `reported`, `verified`, `rows`; 1 query. Several rows may
    have the same names: add them.
    """
    found: Any = (
        lines_in(user, scope, first, last, as_known=as_known, without=closings)
        .values(
            **{name: F(line) for name, (line, _) in columns.items()},
            value_kind=F("commitment__measure__kind"),
            held=held_measure("commitment__measure"),
        )
        .annotate(
            reported=Sum("reported_pounds", output_field=POUNDS),
            verified=Sum("verified_pounds", output_field=POUNDS),
            rows=Count("pk"),
        )
        .order_by()
    )
    if closings:
        found = found.union(
            sums_in(user, scope, first, last, closings)
            .values(
                **{name: F(way) for name, (_, way) in columns.items()},
                value_kind=F("kind"),
                held=held_measure("measure"),
            )
            .annotate(
                reported=Sum("reported_pounds", output_field=POUNDS),
                verified=Sum("verified_pounds", output_field=POUNDS),
                rows=Sum("lines"),
            )
            .order_by(),
            all=True,
        ).order_by()
    yield from found


def sums_of_lines(quarter: Quarter) -> Iterator[DeliverySum]:
    """What `DeliverySum` has to hold for a quarter, worked out from its lines; without `closed`. 1 query."""
    way = "commitment__measure__"
    rows: Any = (
        ReturnLine.objects.filter(
            is_counted=True, counted_year=quarter.start_year, counted_quarter=quarter.number
        )
        .values(
            "commitment__contract_id", f"{way}kind", f"{way}edition_id",
            held=held_measure("commitment__measure"),
        )
        .annotate(
            reported=Sum("reported_pounds", output_field=POUNDS),
            verified=Sum("verified_pounds", output_field=POUNDS),
            n=Count("pk"),
            blank=Count("pk", filter=NOT_REPORTED),
            undecided=Count("pk", filter=UNDECIDED),
            unpriced=Count("pk", filter=WITHOUT_VALUE),
        )
        .order_by("commitment__contract_id", f"{way}kind", f"{way}edition_id", "held")
    )  # fmt: skip
    for row in rows.iterator():
        yield DeliverySum(
            contract_id=row["commitment__contract_id"],
            kind=row[f"{way}kind"],
            edition_id=row[f"{way}edition_id"],
            measure_id=row["held"],
            reported_pounds=row["reported"],
            verified_pounds=row["verified"],
            lines=row["n"],
            lines_not_reported=row["blank"],
            lines_undecided=row["undecided"],
            lines_without_value=row["unpriced"],
        )


NOT_REPORTED = Q(reported_quantity__isnull=True)
UNDECIDED = Q(state=ReturnLine.State.OPEN)
WITHOUT_VALUE = Q(reported_quantity__isnull=False, reported_pounds__isnull=True)
