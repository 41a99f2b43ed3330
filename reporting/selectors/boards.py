"""What each dashboard shows of promises and proof. Every figure comes from the one selector that its
own page uses; this module only chooses, and traces a figure to its rows.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.utils import timezone

from contracts.four_figures import Completeness
from contracts.models import EvidenceLink
from contracts.selectors.delivery_sums import Closings, summed_quarters
from contracts.selectors.position import (
    Scope,
    commitments_in,
    lines_in,
    offers_in,
)
from contracts.selectors.position_groups import Group, breakdown, by_quarter
from contracts.selectors.position_report import PositionReport, portfolio_report
from contracts.selectors.position_scope import total_reader
from contracts.selectors.restated_lines import RestatedDelivery, restated_since
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import Quarter

from ..catalogue import Basis, CatalogueFigure, FigureGone, Unit, figure
from .figures import VALUE_KINDS as KINDS
from .figures import FigureReader, rows_words, span_rows
from .offered_totals import OfferTotal, offer_totals

TREND = 8


@dataclass(frozen=True)
class BoardScope:
    """What a board is about. `first` None is everything up to the end of `last`; `as_of`: as known
    at the end of that day, None: as known now.
    """

    scope: Scope
    first: Quarter | None
    last: Quarter
    as_of: datetime.date | None = None

    @property
    def as_known(self) -> datetime.datetime | None:
        """The last moment of `as_of` here."""
        if self.as_of is None:
            return None
        return timezone.make_aware(datetime.datetime.combine(self.as_of, datetime.time.max))

    def query(self, **more: Any) -> str:
        """The parameters of a board, a figure's page and the API that hold exactly this."""
        held = {
            "quarter": self.last.code,
            "span": "quarter" if self.first else "to-date",
            "as_of": self.as_of.isoformat() if self.as_of else None,
        }
        return self.scope.query(**{**held, **more})


@dataclass(frozen=True)
class Board:
    """`groups` break the figures down; `trend` is by quarter, earliest first. `restated`: what counts
    otherwise now than it was known to on the day asked about. `closings`: of closed quarters, for whoever
    reads more of the same.
    """

    about: BoardScope
    report: PositionReport
    trend: tuple[Group, ...]
    groups: tuple[Group, ...] = ()
    restated: tuple[RestatedDelivery, ...] = ()
    restated_more: bool = False
    closings: Closings = field(default_factory=dict)


def board(user: Any, about: BoardScope, *, by: str = "", outward: bool = False) -> Board:
    """`outward`: for the public, without what a licence keeps in. Four queries, and two for a breakdown by one
    of `position_groups.BREAKDOWNS`; as known on a day there is no breakdown, and one query for what was
    restated since.
    """
    scope, first, last, as_known = about.scope, about.first, about.last, about.as_known
    closings = summed_quarters(user, scope, as_known=as_known)
    report = portfolio_report(
        user, scope, first=first, last=last, as_known=as_known, outward=outward, closings=closings
    )
    trend = tuple(
        by_quarter(
            user, scope, last=last, quarters=TREND, as_known=as_known, outward=outward,
            closings=closings,
        )
    )  # fmt: skip
    if as_known is not None:
        restated, more = restated_since(user, scope, first=first, last=last, as_known=as_known)
        return Board(about, report, trend, restated=restated, restated_more=more)
    groups = breakdown(user, scope, by, first=first, last=last, closings=closings) if by else []
    return Board(about, report, trend, tuple(groups), closings=closings)


# --- one figure, to its rows --------------------------------------------------------------


@dataclass(frozen=True)
class EditionPart:
    """The part of a figure that measures of one edition make. `lines`: rows that it adds up."""

    key: str
    name: str
    licence: str
    lines: int
    value_pounds: Decimal | None
    is_kept_in: bool = False


@dataclass(frozen=True)
class FigureTrace:
    """A figure with everything that is needed to check it. `value` None: nothing is recorded, or a licence keeps
    it from this reader (`is_withheld`).

    `rows`: how many rows it adds up, None where they are not single rows here. `evidence_files`:
    files on those rows, None for a figure that rests on none.
    """

    figure: CatalogueFigure
    basis: str
    about: BoardScope
    value: Decimal | None
    completeness: Completeness
    known_words: str
    formula: str
    rounding: str
    rows: int | None
    rows_url: str
    evidence_files: int | None
    editions: tuple[EditionPart, ...]
    rows_words: str = ""
    evidence_url: str = ""
    totals: tuple[OfferTotal, ...] = ()
    is_withheld: bool = False


_FORMULAS = {
    Basis.OFFERED: "The sum of the offered pounds of every measure in the bids that won.",
    Basis.COMMITTED: "The sum of the committed pounds of every commitment that both sides agreed by the end of the period, on agreements in force during it. One that was varied counts with what was verified under it.",
    Basis.REPORTED: "The sum of the reported pounds of every line of a submitted return that counts in the period.",
    Basis.VERIFIED: "The sum of the verified pounds of every line of a submitted return that counts in the period: what an officer accepted, on evidence, and no more than a named beneficiary confirmed.",
}
NO_ROWS_THEN = "Lists show rows as they are now, so none has the rows of a day of the past."
_LINE_ROUNDING = (
    "Quantity × value of one unit × share of the activity, rounded half up to the penny on each "
    "row; then rows are added. Nothing is rounded after adding."
)
_PLAIN_ROUNDING = {
    Unit.POUNDS: "Each row is in whole pennies; rows are added and nothing is rounded after.",
    Unit.COUNT: "A count of rows; nothing is rounded.",
}


def figure_trace(
    user: Any, key: str, basis: str, about: BoardScope, *, outward: bool = False
) -> FigureTrace:
    """Raises FigureGone with a sentence. At most seven queries.

    `outward`: for an API answer, without the pounds that a licence keeps in. As known on a day of the past it has
    no lists of rows, files or totals of agreements, because those are as they are now.
    """
    wanted = figure(key)
    if basis not in wanted.bases:
        offered = ", ".join(str(one.value) for one in wanted.bases)
        raise FigureGone(f"“{wanted.name}” can be read as: {offered}. Choose one of them.")
    scope, first, last = about.scope, about.first, about.last
    if about.as_of is not None and key.startswith("spend_"):
        raise FigureGone(f"“{wanted.name}” is not kept day by day, so it is known as now alone.")
    reader = FigureReader(user, outward, about.as_known)
    value = reader.value(key, basis, scope, first, last)
    rows, editions, files = _behind(user, key, basis, about, outward)
    is_withheld = reader.is_withheld(key, basis, scope, first, last)
    return FigureTrace(
        figure=wanted,
        basis=basis,
        about=about,
        value=value,
        completeness=reader.completeness(scope, last),
        known_words=reader.known_words(key, first, last),
        formula=_FORMULAS[Basis(basis)] if key in KINDS else wanted.words,
        rounding=_LINE_ROUNDING if key in KINDS else _PLAIN_ROUNDING[wanted.unit],
        is_withheld=is_withheld,
        rows=rows,
        rows_url="" if about.as_of else span_rows(scope, key, basis, first, last),
        evidence_files=files,
        editions=editions,
        rows_words=NO_ROWS_THEN if about.as_of else rows_words(key, basis, first, last),
        evidence_url=span_rows(scope, key, basis, first, last, evidence="yes") if files else "",
        totals=offer_totals(user, KINDS[key], about.scope, first, last, outward=outward)
        if basis == Basis.OFFERED and about.as_of is None
        else (),
    )


def _behind(
    user: Any, key: str, basis: str, about: BoardScope, outward: bool
) -> tuple[int | None, tuple[EditionPart, ...], int | None]:
    """Rows by the edition of their measure, and the files on them. Two queries."""
    if key not in KINDS:
        return None, (), None
    scope, first, last, as_known = about.scope, about.first, about.last, about.as_known
    starts = first.start if first else None
    tells_each = total_reader(user, outward=outward).may_have_each
    files = None
    if basis in (Basis.REPORTED, Basis.VERIFIED):
        rows: Any = lines_in(user, scope, first, last, as_known=as_known)
        measure, amount = "commitment__measure__", f"{basis}_pounds"
        kept = rows.filter(**{f"{measure}kind": KINDS[key]})
        if as_known is None:
            files = EvidenceLink.objects.filter(line__in=kept.values("pk")).aggregate(
                n=Count("file", distinct=True)
            )["n"]
    elif basis == Basis.COMMITTED:
        rows = commitments_in(user, scope, starts, last.end, as_known=as_known)
        measure, amount = "measure__", "counted_pounds"
    else:
        rows = offers_in(user, scope, starts, last.end, as_known=as_known)
        measure, amount = "requested__measure__", "offered_pounds"
    found = (
        rows.filter(**{f"{measure}kind": KINDS[key]})
        .order_by()
        .values(
            edition_key=F(f"{measure}edition__key"),
            edition_name=F(f"{measure}edition__name"),
            edition_licence=F(f"{measure}edition__licence"),
            is_open=F(f"{measure}edition__values_may_be_published"),
        )
        .annotate(lines=Count("pk"), total=Sum(amount))
        .order_by("edition_name")
    )
    editions = tuple(
        EditionPart(
            row["edition_key"],
            row["edition_name"],
            row["edition_licence"],
            row["lines"],
            None
            if row["total"] is None or not (tells_each or row["is_open"])
            else pounds(row["total"]),
            is_kept_in=not row["is_open"] and bool(row["total"]),
        )
        for row in found
    )
    return sum(part.lines for part in editions), editions, files
