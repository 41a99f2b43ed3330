"""The dashboard's pictures: each title is the answer, each row of its table opens the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.urls import reverse

from contracts.selectors.portfolio import PortfolioRow
from trafford_sv.core.charts import (
    Bar,
    Chart,
    Place,
    WardMap,
    bar_chart,
    column_chart,
    ward_map,
)
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.money import readable

from ..selectors.dashboard import OfficerDashboard

MOST_CATEGORIES = 8
MOST_YEARS = 8
_ZERO = Decimal(0)


def _bars(rows: Sequence[PortfolioRow]) -> list[Bar]:
    return [
        Bar(
            label=row.label,
            value=row.over_threshold_pounds if row.over_threshold else _ZERO,
            text=f"{readable(row.over_threshold_pounds or _ZERO)} ({row.over_threshold:,})",
            paint=Paint.CLASS_4,
            url=f"{reverse('contract-list')}?{row.query}&must_carry=yes",
        )
        for row in rows
    ]


def _carrying(rows: Sequence[PortfolioRow]) -> list[PortfolioRow]:
    """Rows with something over the threshold, most pounds first; those without a name last."""
    held = [row for row in rows if row.over_threshold]
    return sorted(
        held, key=lambda row: (not row.key, -(row.over_threshold_pounds or _ZERO), row.label)
    )


def by_directorate(board: OfficerDashboard) -> Chart | None:
    rows = _carrying(board.portfolio.by_directorate)
    if not rows:
        return None
    return bar_chart(
        key="directorates",
        title=f"{rows[0].label} holds the most value that must carry social value"
        if rows[0].key
        else "No contract over the threshold has a directorate yet",
        subtitle="Value of current contracts over the threshold, by directorate, with their number",
        bars=_bars(rows),
        headings=("Directorate", "Value over the threshold (contracts)"),
        missing="No value recorded",
    )


def by_category(board: OfficerDashboard) -> Chart | None:
    rows = _carrying(board.portfolio.by_category)
    if not rows:
        return None
    shown, rest = rows[:MOST_CATEGORIES], rows[MOST_CATEGORIES:]
    note = ""
    if rest:
        pounds = sum((row.over_threshold_pounds or _ZERO for row in rest), _ZERO)
        count = sum(row.over_threshold for row in rest)
        note = f"{len(rest)} smaller categories hold {readable(pounds)} in {count:,} contracts."
    return bar_chart(
        key="categories",
        title=f"{shown[0].label}: the category with the most to deliver"
        if shown[0].key
        else "No contract over the threshold has a category yet",
        subtitle="Value of current contracts over the threshold, by category, with their number",
        bars=_bars(shown),
        headings=("Category", "Value over the threshold (contracts)"),
        note=note,
        missing="No value recorded",
    )


def by_year(board: OfficerDashboard) -> Chart | None:
    every = [row for row in board.portfolio.by_year if row.contracts]
    if not every:
        return None
    rows = every[-MOST_YEARS:]
    note = ""
    if len(every) > len(rows):
        note = (
            f"The latest {MOST_YEARS} of {len(every)} years with awards; contracts awarded before "
            f"{rows[0].label} are not drawn."
        )
    largest = max(rows, key=lambda row: row.value_pounds or _ZERO)
    return column_chart(
        key="years",
        title=f"{readable(largest.value_pounds or _ZERO)} was awarded in {largest.label}, "
        f"the most in {'a year' if len(every) == len(rows) else 'these years'}",
        subtitle="Value of contracts by the financial year of their award",
        bars=[
            Bar(
                label=row.label,
                value=row.value_pounds,
                text=readable(row.value_pounds or _ZERO),
                paint=Paint.CLASS_4,
                url=f"{reverse('contract-list')}?{row.query}",
            )
            for row in rows
        ],
        headings=("Year of award", "Value"),
        note=note,
        missing="No value recorded",
    )


def wards(board: OfficerDashboard) -> WardMap | None:
    counts = board.wards
    if not counts.rows or not counts.contracts:
        return None
    served = sum(1 for row in counts.rows if row.contracts)
    return ward_map(
        key="wards",
        title=f"Contracts in force serve {served} of {len(counts.rows)} wards",
        subtitle="Current contracts by ward served; a contract that serves two wards counts in both",
        places=[
            Place(
                code=row.code,
                name=row.name,
                geometry=row.geometry,
                value=Decimal(row.contracts),
                text=f"{row.contracts:,}",
                url=f"{reverse('contract-list')}?{row.query}",
            )
            for row in counts.rows
        ],
        headings=("Ward", "Contracts"),
        note=(
            f"{counts.no_ward:,} of {counts.contracts:,} current contracts have no ward recorded, "
            "which is not the same as serving none."
            if counts.no_ward
            else ""
        ),
    )
