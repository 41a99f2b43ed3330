"""What the officers' dashboard shows, gathered in at most ten queries with the session's own.

Each figure comes from the one selector that its own page uses; this module only chooses.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from contracts.retained import RetainedSpend
from contracts.selectors.delivery_sums import closings_for
from contracts.selectors.officer_work import WaitingWork, waiting_work
from contracts.selectors.portfolio import (
    PortfolioFigures,
    WardCounts,
    Worklist,
    contracts_by_ward,
    notices_due,
    portfolio_figures,
)
from contracts.selectors.position import Scope
from contracts.selectors.position_report import portfolio_report
from contracts.selectors.spend import RetainedGroup, retained_spend_by
from trafford_sv.core.access import can
from trafford_sv.core.periods import FinancialYear, Quarter

from .boards import Board, BoardScope

NOTICE_DAYS = 90


@dataclass(frozen=True)
class SpendOfYear:
    """Where one year's money went, by quarter and in total, and the years there are."""

    year: FinancialYear
    years: tuple[FinancialYear, ...]
    quarters: tuple[RetainedGroup, ...]
    total: RetainedSpend


@dataclass(frozen=True)
class OfficerDashboard:
    """Everything on the page. `spend` is None where the person may not read payments or where
    no payment was imported yet. `delivery` is everything up to the end of the last quarter
    that is over, without a trend. `to_close` is the next quarter to close, None where none waits or
    where the person may not read reports."""

    as_of: datetime.date
    delivery: Board
    to_close: Quarter | None
    portfolio: PortfolioFigures
    notices: Worklist
    work: tuple[WaitingWork, ...]
    spend: SpendOfYear | None
    wards: WardCounts
    may_read_spend: bool
    may_read_reports: bool

    @property
    def without_social_value(self) -> int:
        """Over the threshold, and social value is not recorded as included."""
        summary = self.portfolio.summary
        return summary.without_social_value + summary.not_recorded


def officer_dashboard(
    *,
    user: Any,
    as_of: datetime.date,
    now: datetime.datetime,
    year: FinancialYear | None = None,
) -> OfficerDashboard:
    """`year` chooses the year of the spending part; None or a year without payments: the latest."""
    may_read_spend = can(user, "view_spend")
    may_read_reports = can(user, "view_reports")
    over = Quarter.of(as_of).previous
    delivery, closed = _delivery(user, over)
    return OfficerDashboard(
        as_of=as_of,
        delivery=delivery,
        to_close=_to_close(closed, over) if may_read_reports else None,
        portfolio=portfolio_figures(user, as_of),
        notices=notices_due(user, as_of, NOTICE_DAYS),
        work=waiting_work(user, now=now),
        spend=_spend(user, year) if may_read_spend else None,
        wards=contracts_by_ward(user, as_of),
        may_read_spend=may_read_spend,
        may_read_reports=may_read_reports,
    )


def _delivery(user: Any, over: Quarter) -> tuple[Board, Quarter | None]:
    """And the latest closed quarter. Three queries. Nobody owes a return for the quarter that runs, so
    it is left out."""
    about = BoardScope(Scope(), None, over)
    closed, closings = closings_for(user, about.scope)
    report = portfolio_report(
        user, about.scope, first=None, last=over, closings=closings, with_awards=False
    )
    return Board(about, report, trend=()), closed


def _to_close(closed: Quarter | None, over: Quarter) -> Quarter | None:
    """What follows the last closed quarter, if it is over; where none was closed, the last one."""
    if closed is None:
        return over
    return closed.next if closed < over else None


def _spend(user: Any, wanted: FinancialYear | None) -> SpendOfYear | None:
    groups = retained_spend_by(user, "quarter")
    if not groups:
        return None
    years = sorted({FinancialYear.parse(group.key[:7]) for group in groups}, reverse=True)
    year = wanted if wanted in years else years[0]
    quarters = tuple(group for group in groups if group.key.startswith(str(year)))
    return SpendOfYear(
        year=year,
        years=tuple(years),
        quarters=quarters,
        total=reduce(add, (group.spend for group in quarters)),
    )
