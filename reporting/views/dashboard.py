"""The officers' dashboard: what is proven, what needs you, the contracts, then the pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from contracts.due_dates import days_left, due_on, left_words
from contracts.selectors.officer_work import WaitingWork, Work
from contracts.selectors.verification import LONG_WAIT_DAYS
from contracts.views.retained_parts import retained_chart, stayed_figure
from trafford_sv.core.access import can, grants_of, reach
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, Need, Tag, Tone
from trafford_sv.core.periods import FinancialYear, PeriodError
from trafford_sv.core.views_base import PermissionView

from ..selectors.dashboard import NOTICE_DAYS, OfficerDashboard, SpendOfYear, officer_dashboard
from . import dashboard_charts as charts
from .boards import boards_open_to, returns_figure, trace_url, verified_first


def counted(number: int, one: str, many: str) -> str:
    """ "1 contract", "1,204 contracts"."""
    return f"{number:,} {one if number == 1 else many}"


def contracts_url(query: str) -> str:
    return f"{reverse('contract-list')}?{query}"


class Dashboard(PermissionView):
    permission = "see_dashboard"

    def get(self, request: HttpRequest) -> HttpResponse:
        year = None
        # A year nobody can read shows the latest, and the page says which that is.
        with contextlib.suppress(PeriodError):
            year = FinancialYear.parse(request.GET.get("year", ""))
        board = officer_dashboard(user=request.user, as_of=self.today, now=self.now, year=year)
        part = own_part(request.user)
        empty, proof = None, tuple(delivery(board))
        if not (
            proof or board.portfolio.summary.contracts or board.portfolio.by_year or board.spend
        ):
            empty = EmptyState(
                "No contracts yet",
                "Contracts that must carry social value, money that stays in the borough and notices "
                "that fall due will be here once contracts are recorded or imported.",
                Link("Import contracts", reverse("import-new"))
                if can(request.user, "run_imports")
                else None,
            )
        return render(
            request,
            "reporting/dashboard.html",
            {
                "breadcrumbs": [("Home", reverse("home")), ("Dashboard", None)],
                "board": board,
                "boards": boards_open_to(request.user),
                "empty": empty,
                "sentence": sentence(board, part),
                # Who may change nothing is shown what needs somebody, not what needs them.
                "may_act": can(request.user, "change_contracts"),
                "delivery": proof,
                "needs": worst_first(needs(board, may_close=can(request.user, "close_quarters"))),
                "figures": tuple(figures(board)),
                "by_year": charts.by_year(board),
                # One directorate compared with nothing is no answer.
                "by_directorate": None if part else charts.by_directorate(board),
                "by_category": charts.by_category(board),
                "retained": board.spend and retained_chart(board.spend.quarters, board.spend.year),
                "wards": charts.wards(board),
            },
        )


def own_part(user: Any) -> str:
    """Whose contracts these are, for someone who sees one directorate's; "" for the council's."""
    everything, _ = reach(user, "view_contracts")
    if everything:
        return ""
    names = {str(grant.organisation) for grant in grants_of(user) if grant.organisation_id}
    return " and ".join(sorted(names))


def sentence(board: OfficerDashboard, part: str = "") -> str:
    """Where things stand, in one sentence. `part` names the directorate it is about, if one."""
    summary = board.portfolio.summary
    if not summary.contracts:
        return "No contract is in force today."
    number = counted(summary.contracts, "current contract", "current contracts")
    words = f"Of the {number} of {part}, " if part else f"Of the council’s {number}, "
    words += f"{summary.over_threshold:,} must carry social value"
    if summary.over_threshold:
        words += f", and it is recorded for {summary.with_social_value:,} of them"
    if summary.cannot_say:
        words += (
            f"; for {summary.cannot_say:,} it cannot be said, because a value is missing or it is a "
            "framework"
        )
    return words + "."


_URGENCY = {Tone.BAD: 0, Tone.WARNING: 1}


def worst_first(found: Iterable[Need]) -> tuple[Need, ...]:
    """What is late, then what is soon or waits long, then the rest; each in the order it came."""
    return tuple(sorted(found, key=lambda need: _URGENCY.get(need.tag.tone, 2) if need.tag else 2))


def delivery(board: OfficerDashboard) -> Iterator[Figure]:
    """Verified of committed, what is reported and waits, and the returns; none before a promise."""
    counts = board.delivery.report.position.counts
    if not (counts.commitments or counts.commitments_varied or counts.lines):
        return
    verified, reported, _ = verified_first(board.delivery)
    yield verified
    yield reported
    yield returns_figure(board.delivery)


def needs(board: OfficerDashboard, *, may_close: bool = False) -> Iterator[Need]:
    """What waits for this person: notices by their date, then work, then what is to be recorded."""
    for line in board.notices.lines:
        late = line.days is not None and line.days < 0
        yield Need(
            text=f"{'Notice date passed' if late else 'Decide on notice or extension'}: {line.title}",
            url=reverse("contract-detail", args=[line.pk]),
            detail=f"By {line.date:%-d %B %Y}" if line.date else "",
            tag=Tag(
                f"{-line.days} days ago" if late and line.days else f"{line.days} days left",
                Tone.BAD if late else Tone.WARNING if (line.days or 0) <= 30 else Tone.INFO,
            ),
        )
    left = board.notices.total - len(board.notices.lines)
    if left > 0:
        yield Need(
            text=f"{counted(left, 'more notice date', 'more notice dates')} within {NOTICE_DAYS} days",
            url=contracts_url(board.notices.query),
        )
    yield from work_needs(board)
    yield from quarter_needs(board, may_close=may_close)
    summary = board.portfolio.summary
    if board.without_social_value:
        yield Need(
            text=counted(
                board.without_social_value,
                "contract that must carry social value has none recorded",
                "contracts that must carry social value have none recorded",
            ),
            url=contracts_url(summary.query_missing),
            detail=f"{summary.not_recorded:,} not recorded, {summary.without_social_value:,} recorded as not included",
            tag=Tag("To record", Tone.WARNING),
        )
    if summary.cannot_say:
        yield Need(
            text=counted(
                summary.cannot_say,
                "contract cannot be judged against the threshold",
                "contracts cannot be judged against the threshold",
            ),
            url=contracts_url(summary.query_cannot_say),
            detail="A value is missing, or it is a framework and has none of its own",
        )
    if board.spend and board.spend.total.unknown_pounds:
        yield Need(
            text="Payments whose place is not known",
            url=f"{reverse('spend-unknown')}?year={board.spend.year}",
            detail=f"The place is known for {percentage(board.spend.total.known_share)} of payments in {board.spend.year}",
            amount=board.spend.total.unknown_pounds,
        )


def quarter_needs(board: OfficerDashboard, *, may_close: bool) -> Iterator[Need]:
    """Returns that have not come in, and the next quarter to close with what keeps it open."""
    report = board.delivery.report
    quarter, missing = report.quarter, report.completeness.missing
    missing_words = counted(missing, "return has", "returns have") + " not come in"
    to_close = board.to_close if may_close else None
    if missing:
        left = days_left(quarter, board.as_of)
        yield Need(
            text=f"{missing_words} for {quarter.label}",
            # Whoever reads reports finds each of them, with who owes it.
            url=f"{reverse('closing-board', args=[quarter.code])}#returns"
            if board.may_read_reports
            else trace_url("returns_received", "record", board.delivery.about),
            detail=f"{'They were' if left < 0 else 'They are'} due by {due_on(quarter):%-d %B %Y}",
            tag=Tag(left_words(left).capitalize(), Tone.BAD if left < 0 else Tone.INFO),
        )
    if to_close is None:
        return
    waits = report.position.counts.lines_undecided
    steps = []
    if to_close == quarter and missing:
        steps.append(missing_words)
    if to_close == quarter and waits:
        steps.append(counted(waits, "delivery waits", "deliveries wait") + " to be checked")
    yield Need(
        text=f"Close {to_close.label}",
        url=reverse("closing-board", args=[to_close.code]),
        detail=f"Next: {steps[0]}" if steps else "See which of its checks are outstanding",
    )


_WORK = {
    Work.RETURNS: ("return to verify", "returns to verify"),
    Work.DOUBLE_CLAIMS: ("possible double claim to decide", "possible double claims to decide"),
    Work.RATINGS: (
        "rating to agree: the supplier has replied",
        "ratings to agree: the suppliers have replied",
    ),
    Work.SCORES: ("tender whose scores can be agreed", "tenders whose scores can be agreed"),
    Work.IMPORTS: (
        "import to apply, or with rejected rows to look at",
        "imports to apply, or with rejected rows to look at",
    ),
}
_SINCE = {
    Work.RETURNS: ("Sent on", "The oldest was sent on"),
    Work.DOUBLE_CLAIMS: ("Found on", "The first was found on"),
    Work.RATINGS: ("The reply came on", "The first reply came on"),
    Work.SCORES: ("Bids closed on", "The first closed on"),
    Work.IMPORTS: ("Brought in on", "The first was brought in on"),
}


def work_needs(board: OfficerDashboard) -> Iterator[Need]:
    """What suppliers and evaluators wait for. One alone opens that one, several their list."""
    for item in board.work:
        since = timezone.localdate(item.since) if item.since else None
        waits = (board.as_of - since).days if since else 0
        words = _SINCE[item.kind][item.number > 1]
        yield Need(
            text=counted(item.number, *_WORK[item.kind]),
            url=_work_url(item),
            detail=f"{words} {since:%-d %B %Y}" if since else "",
            tag=Tag(
                f"Waits {counted(waits, 'day', 'days')}",
                Tone.WARNING if waits > LONG_WAIT_DAYS else Tone.INFO,
            )
            if waits > 0
            else None,
        )


def _work_url(item: WaitingWork) -> str:
    alone = item.number == 1
    if item.kind is Work.RETURNS:
        return reverse("verification-inbox")
    if item.kind is Work.IMPORTS:
        return reverse("import-list")
    if item.kind is Work.DOUBLE_CLAIMS:
        return (
            reverse("duplicate-decide", args=[item.first])
            if alone
            else f"{reverse('return-list')}?doubles=yes"
        )
    if item.kind is Work.RATINGS:
        return (
            reverse("rating-detail", args=[item.first])
            if alone
            else f"{reverse('rating-list')}?state=replied"
        )
    return (
        reverse("tender-detail", args=[item.first])
        if alone
        else f"{reverse('tender-list')}?state=evaluating"
    )


def figures(board: OfficerDashboard) -> Iterator[Figure]:
    """At most four."""
    summary = board.portfolio.summary
    yield Figure(
        label="Contracts that must carry social value",
        number=f"{summary.over_threshold:,}",
        of_what=f"of {counted(summary.contracts, 'current contract', 'current contracts')}",
        completeness=f"{summary.cannot_say:,} cannot be judged yet" if summary.cannot_say else "",
        way_in=Link("Show these contracts", contracts_url(summary.query_over)),
    )
    yield Figure(
        label="Their value",
        number=None
        if summary.over_threshold_pounds is None
        else readable(summary.over_threshold_pounds),
        exact="" if summary.over_threshold_pounds is None else exact(summary.over_threshold_pounds),
        of_what=""
        if summary.value_pounds is None
        else f"of {readable(summary.value_pounds)} in all current contracts",
        completeness=(
            f"{summary.contracts - summary.without_value:,} of {summary.contracts:,} have a value"
        ),
        way_in=Link("Show these contracts", contracts_url(summary.query_over)),
    )
    yield Figure(
        label="Social value is recorded for",
        number=None if summary.shown_share is None else percentage(summary.shown_share),
        missing="Cannot be said yet",
        of_what="of contracts that must carry it",
        completeness=f"{summary.with_social_value:,} of {summary.over_threshold:,}",
        way_in=Link("Show those without", contracts_url(summary.query_missing))
        if board.without_social_value
        else None,
    )
    if board.spend:
        yield retained_figure(board.spend)


def retained_figure(spend: SpendOfYear) -> Figure:
    """The same figure as on the page about spending, which it opens."""
    return stayed_figure(
        spend.total,
        spend.total.retained_pounds,
        label=f"Spend that stayed in Greater Manchester, {spend.year.label}",
        way_in=Link("See where the money went", f"{reverse('spend-retained')}?year={spend.year}"),
    )
