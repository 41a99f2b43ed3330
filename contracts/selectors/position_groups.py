"""The four figures broken down: by kind, directorate, theme, supplier, measure, contract, quarter.

The rows are those of `selectors.position`, so a breakdown always adds up to its total.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, FourFigures
from ..models import Contract
from .position import Scope, amounts, commitments_in, lines_in


@dataclass(frozen=True)
class Group:
    """One line of a breakdown: four figures of a kind, directorate, theme, supplier or quarter."""

    key: str
    label: str
    figures: FourFigures
    lines: int
    query: str


# What a breakdown is by: (key of a commitment, its label, the name of the filter).
BREAKDOWNS = {
    "agreement": ("contract__kind", "contract__kind", "agreement"),
    "directorate": ("contract__directorate_id", "contract__directorate__name", "directorate"),
    "theme": ("measure__outcome__theme__title", "measure__outcome__theme__title", "theme"),
    "supplier": ("supplier_id", "supplier__name", "supplier"),
    "measure": ("measure__code", "measure__title", "measure"),
    "contract": ("contract_id", "contract__title", "contract"),
}


def breakdown(
    user: Any, scope: Scope, by: str, *, first: Quarter | None, last: Quarter
) -> list[Group]:
    """Committed, reported and verified by one of BREAKDOWNS, largest promise first. 2 queries."""
    key, label, parameter = BREAKDOWNS[by]
    starts = first.start if first else None
    names: dict[Any, str] = {}
    committed: dict[Any, list[tuple[str, Decimal | None]]] = {}
    for row in (
        commitments_in(user, scope, starts, last.end)
        .values(*{key, label, "measure__kind"})
        .annotate(pounds=Sum("counted_pounds"))
        .order_by()
    ):
        names[row[key]] = row[label] or ""
        committed.setdefault(row[key], []).append((row["measure__kind"], row["pounds"]))
    lines: dict[Any, list[dict[str, Any]]] = {}
    for row in (
        lines_in(user, scope, first, last)
        .values(*{f"commitment__{key}", f"commitment__{label}", "commitment__measure__kind"})
        .annotate(
            reported=Sum("reported_pounds"), verified=Sum("verified_pounds"), rows=Count("pk")
        )
        .order_by()
    ):
        names.setdefault(row[f"commitment__{key}"], row[f"commitment__{label}"] or "")
        lines.setdefault(row[f"commitment__{key}"], []).append(row)
    groups = []
    for held, name in names.items():
        rows = lines.get(held, [])
        if by == "agreement":
            name = Contract.Kind(held).label
        groups.append(
            Group(
                key="" if held is None else str(held),
                label=name or "Not recorded",
                figures=FourFigures(
                    committed=amounts(committed.get(held, [])),
                    reported=amounts((r["commitment__measure__kind"], r["reported"]) for r in rows),
                    verified=amounts((r["commitment__measure__kind"], r["verified"]) for r in rows),
                ),
                lines=sum(row["rows"] for row in rows),
                query=scope.query(**{parameter: held if held is not None else "none"}),
            )
        )
    return sorted(groups, key=_largest_first)


def _largest_first(group: Group) -> tuple[Decimal, str, str]:
    committed = group.figures.committed or Amounts()
    total = max(
        committed.social_pounds or Decimal(0), committed.local_economic_pounds or Decimal(0)
    )
    return -total, group.label, group.key


def by_quarter(user: Any, scope: Scope, *, last: Quarter, quarters: int = 8) -> list[Group]:
    """Reported and verified in each of the last quarters, earliest first. 1 query.

    A quarter without a line has None, which is "nothing came in" and not £0.
    """
    wanted = [last]
    while len(wanted) < quarters:
        wanted.insert(0, wanted[0].previous)
    found: dict[Quarter, list[Any]] = {}
    rows: Any = (
        lines_in(user, scope, wanted[0], last)
        .values("counted_year", "counted_quarter", "commitment__measure__kind")
        .annotate(
            reported=Sum("reported_pounds"), verified=Sum("verified_pounds"), rows=Count("pk")
        )
        .order_by()
    )
    for row in rows:
        quarter = Quarter(row["counted_year"], row["counted_quarter"])
        found.setdefault(quarter, []).append(row)
    return [
        Group(
            key=quarter.code,
            label=quarter.short,
            figures=FourFigures(
                reported=amounts(
                    (r["commitment__measure__kind"], r["reported"]) for r in found.get(quarter, [])
                ),
                verified=amounts(
                    (r["commitment__measure__kind"], r["verified"]) for r in found.get(quarter, [])
                ),
            ),
            lines=sum(r["rows"] for r in found.get(quarter, [])),
            query=scope.query(counted=quarter.code),
        )
        for quarter in wanted
    ]
