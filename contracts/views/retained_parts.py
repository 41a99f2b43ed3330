"""Retained spend as figures and a picture: one rule for what may be claimed, on every page.

A percentage of what is known stands alone only where enough is known; else the range does.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from trafford_sv.core.charts import Chart, Part, Stack, stacked_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import Figure, Link
from trafford_sv.core.periods import FinancialYear

from ..retained import (
    CONTESTABLE,
    ELSEWHERE,
    GREATER_MANCHESTER,
    PLACES,
    TRAFFORD,
    UNKNOWN,
    RetainedSpend,
)
from ..selectors.spend import RetainedGroup

_ZERO = Decimal(0)
_PAINTS = {
    TRAFFORD: Paint.VERIFIED,
    GREATER_MANCHESTER: Paint.REPORTED,
    ELSEWHERE: Paint.OTHER,
    UNKNOWN: Paint.UNKNOWN,
}
_PARTS = tuple(Part(PLACES[place], paint) for place, paint in _PAINTS.items())


def payments_url(**filters: Any) -> str:
    """The payments behind a figure: what `PaymentFilter` takes."""
    return f"{reverse('payment-list')}?{urlencode(filters)}"


def share_words(value: Decimal | None, places: int = 0) -> str:
    """Rounded for reading, but never to all or nothing where it is not quite that."""
    if value is not None:
        step = Decimal(1).scaleb(-places - 2)
        if 0 < value < step:
            return f"under {percentage(step, places)}"
        if 1 - step < value < 1:
            return f"over {percentage(1 - step, places)}"
    return percentage(value, places)


def stayed_figure(
    spend: RetainedSpend, pounds: Decimal, *, label: str, way_in: Link | None = None
) -> Figure:
    """How much of the spend `pounds` of it is: of what is known, or a range while most is not."""
    of_known = f"{exact(pounds)} of {exact(spend.known_pounds)} known"
    if spend.enough_known is None:
        return Figure(
            label=label,
            number=None,
            missing="Cannot be said yet",
            of_what=f"of {readable(spend.contestable_pounds)} the council could choose where to spend",
            completeness=""
            if spend.known_share is None
            else f"Location is known for {share_words(spend.known_share, 1)}",
            way_in=way_in,
        )
    share = pounds / spend.known_pounds
    known = share_words(spend.known_share, 1)
    if spend.enough_known:
        return Figure(
            label=label,
            number=share_words(share, 1),
            exact=of_known,
            of_what="of spend whose location is known",
            completeness=f"Location is known for {known} of {readable(spend.contestable_pounds)}",
            way_in=way_in,
        )
    least, most = spend.bounds_of(pounds)
    return Figure(
        label=label,
        number=f"{share_words(least, 1)} to {share_words(most, 1)}",
        exact=of_known,
        of_what=(
            f"of {readable(spend.contestable_pounds)}, because the location of most of it is unknown"
        ),
        completeness=f"Location is known for {known}; {share_words(share, 1)} of that stayed",
        way_in=way_in,
    )


def retained_title(total: RetainedSpend, year: FinancialYear) -> str:
    """The answer the picture gives."""
    if total.enough_known is None or total.known_share is None:
        return f"Nobody can say yet how much stayed in Greater Manchester in {year.label}"
    unknown = share_words(1 - total.known_share)
    if not total.enough_known:
        return f"Nobody knows yet where {unknown} of the money went"
    stayed = share_words(total.retained_share)
    title = f"{stayed} of what can be placed stayed in Greater Manchester"
    return f"{title}; {unknown} cannot be placed yet" if total.known_share < 1 else title


def retained_chart(quarters: Sequence[RetainedGroup], year: FinancialYear) -> Chart | None:
    """The quarters of a year, each by place; None where it has no payment. Every cell of the
    table opens the payments that sum to it."""
    if not quarters:
        return None
    total = reduce(add, (group.spend for group in quarters))
    return stacked_chart(
        key="retained",
        title=retained_title(total, year),
        subtitle=f"What the council paid to suppliers it could choose, {year.label}, by where they are",
        parts=_PARTS,
        stacks=[_stack(group) for group in quarters],
        heading="Quarter",
        note=(
            f"{readable(total.excluded_pounds)} of tax, pensions, precepts and payments to other "
            "authorities is left out: nobody else could have been paid."
        ),
    )


def _stack(group: RetainedGroup) -> Stack:
    values = [getattr(group.spend, f"{place}_pounds") for place in _PAINTS]
    return Stack(
        label=group.label,
        # Refunds can outweigh payments; such a part is drawn as nothing and read in the table.
        values=[max(value, _ZERO) for value in values],
        texts=[readable(value) for value in values],
        total_text=readable(group.spend.contestable_pounds),
        urls=[payments_url(year=group.key, place=place) for place in _PAINTS],
        total_url=payments_url(year=group.key, place=CONTESTABLE),
    )
