"""The dashboards of promises and proof: officers, STAR, the Steering Group, suppliers, the public.

Each says one sentence, at most four figures with what is verified first, then pictures with their
tables. The filters are in the address, so that they survive from one board to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from action_plan.selectors.plan import count_plan, plan_rows
from contracts.four_figures import Amounts, ValueState
from contracts.selectors.restated_lines import RestatedDelivery
from contracts.valuation import Kind
from contracts.views import position_parts as parts
from trafford_sv.core.access import can
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, State, Table
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PermissionView

from ..selectors.boards import Board, BoardScope, board
from ..selectors.closing import MeasuresOfQuarter, measures_of_quarter, set_of_quarter
from ..selectors.narrowed_measures import NarrowedMeasure, is_part, narrowed_measures
from ..selectors.star_measures import value_words
from ..star_measures import PERIOD_WORDS, Period
from .narrowed import Narrowed, address, refused, up_to
from .star_measures import target_tag

BREAKDOWNS = {
    "directorate": ("Directorate", "By directorate"),
    "agreement": ("Kind of agreement", "By kind of agreement"),
    "theme": ("Theme", "By theme"),
}


# --- figures ------------------------------------------------------------------------------


def amount_figure(found: Board, state: ValueState, label: str, of_what: str, said: str) -> Figure:
    """Social value of one state, with local economic value told apart beside it."""
    amounts = found.report.position.figures.get(state) or Amounts()
    social, local = amounts.social_pounds, amounts.local_economic_pounds
    beside = (
        "" if local is None else f"And {readable(local)} of local economic value, counted apart"
    )
    return Figure(
        label,
        None if social is None else readable(social),
        exact="" if social is None else exact(social),
        state=State(state.value),
        of_what=of_what,
        completeness=said,
        change=beside,
        missing=parts.WITHHELD_TOTAL
        if found.report.position.figures.is_withheld(state, Kind.SOCIAL)
        else "None in pounds yet",
        way_in=way_of(found, "social_value", state.value, label),
    )


def way_of(found: Board, key: str, basis: str, label: str) -> Link | None:
    """To how the figure is made, also as known on another day; spending is not kept by day."""
    if found.about.as_of is not None and key.startswith("spend_"):
        return None
    return Link("Show how it is made", trace_url(key, basis, found.about), label)


def restated_table(found: Board, user: Any) -> Table | None:
    """A link to the return where its page is open to this reader; no pounds that a licence keeps in."""
    if not found.restated:
        return None
    opens = can(user, "view_returns") and can(user, "see_dashboard")

    def pounds(one: RestatedDelivery, amount: Any) -> str:
        if one.is_withheld:
            return "withheld"
        return "none" if amount is None else exact(amount)

    rows = [
        (
            Link(one.label, reverse("return-detail", args=[one.return_pk])) if opens else one.label,
            one.counted_in.short if one.counted_in else "",
            pounds(one, one.reported_then), pounds(one, one.reported_now),
            pounds(one, one.verified_then), pounds(one, one.verified_now),
        )
        for one in found.restated
    ]  # fmt: skip
    return Table(
        "Deliveries that count otherwise now",
        ("Delivery", "Counts in", "Reported then", "Reported now", "Verified then", "Verified now"),
        rows, numeric=frozenset({2, 3, 4, 5}), is_stacked=True,
    )  # fmt: skip


def trace_url(key: str, basis: str, about: BoardScope) -> str:
    return f"{reverse('figure-detail', args=[key, basis])}?{about.query()}"


def verified_first(found: Board) -> Iterator[Figure]:
    """Verified of committed, then what is reported and waits, then the promise itself."""
    position = found.report.position
    part = position.figures.delivery_share(Kind.SOCIAL)
    waits = position.counts.lines_undecided
    yield amount_figure(
        found, ValueState.VERIFIED, "Verified social value",
        f"{percentage(part)} of everything committed" if part is not None else "",
        found.report.completeness.sentence,
    )  # fmt: skip
    yield amount_figure(
        found, ValueState.REPORTED, "Reported social value", "Said by suppliers",
        f"{waits:,} of {position.counts.lines:,} deliveries wait to be checked" if waits else "",
    )  # fmt: skip
    number = position.counts.commitments
    yield amount_figure(
        found, ValueState.COMMITTED, "Committed social value",
        f"{number:,} agreed {'commitment' if number == 1 else 'commitments'}", "",
    )  # fmt: skip


def returns_figure(found: Board) -> Figure:
    came = found.report.completeness
    return Figure(
        "Returns received",
        f"{came.received:,}" if came.expected else None,
        of_what=f"of {came.expected:,} that were due for {found.report.quarter.short}",
        completeness=f"{came.missing:,} {'is' if came.missing == 1 else 'are'} missing"
        if came.missing
        else "",
        missing="No return was due",
        way_in=way_of(found, "returns_received", "record", "Returns received"),
    )  # fmt: skip


# --- boards -------------------------------------------------------------------------------


class BoardPage(PermissionView):
    """`by` breaks the figures down; "" for none."""

    title = ""
    audience = ""
    by = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        # The last quarter that is over: nobody owes a return for the one that runs.
        latest = Quarter.of(self.today).previous
        form, about = Narrowed().read(request, request.user, latest, newest=latest.next)
        by = request.GET.get("by", "")
        by = by if by in BREAKDOWNS else self.by
        if not form.is_valid():
            # What could be read of the choice is another choice, and its figures would pass for this one's.
            boards = boards_open_to(request.user, "", self.audience)
            return refused(request, self.title, form, self.crumbs(), by=by, boards=boards)
        found = board(request.user, about, by=by)
        heading, caption = BREAKDOWNS.get(by, ("", ""))
        context = {
            "title": self.title,
            "sentence": parts.headline(found.report.position),
            "period": up_to(about),
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "figures": list(self.figures(found)),
            "report": found.report,
            "trend": parts.quarters_chart("trend", found.trend),
            "chart": parts.four_chart("four", found.report.position, Kind.SOCIAL, up_to(about)),
            "tables": parts.group_tables(caption, heading, found.groups, found.report.position)
            if by
            else [],
            "by": by,
            "choices": [
                (key, words, address(request, by=key)) for key, (_, words) in BREAKDOWNS.items()
            ]
            if self.by
            else [],
            "boards": boards_open_to(request.user, about.query(), self.audience),
            "is_print": request.GET.get("print") == "yes",
            "print_url": address(request, print="yes"),
            "screen_url": address(request, print=""),
            "empty": self.empty(found),
            "as_of": about.as_of,
            "is_early": about.as_of is not None and about.as_of <= about.last.end,
            "restated": restated_table(found, self.request.user),
            "restated_more": found.restated_more,
            "breadcrumbs": self.crumbs(),
        }
        context |= self.more(found)
        return render(request, "reporting/board.html", context)

    def figures(self, found: Board) -> Iterator[Figure]:
        yield from verified_first(found)
        yield returns_figure(found)

    def more(self, found: Board) -> dict[str, Any]:
        return {}

    def crumbs(self) -> list[tuple[str, str | None]]:
        return [home_of(self.request.user), (self.title, None)]

    @staticmethod
    def empty(found: Board) -> EmptyState | None:
        counts = found.report.position.counts
        if counts.commitments or counts.commitments_varied or counts.lines:
            return None
        return EmptyState(
            "Nothing is promised here yet",
            "Once commitments are agreed, what was committed, reported and verified stands here.",
        )


_BOARDS = (
    ("officer", "Promises and proof", "board-officer", "see_dashboard"),
    ("star", "STAR", "board-star", "view_reports"),
    ("steering", "Steering Group", "board-steering", "view_reports"),
)


def boards_open_to(user: Any, query: str = "", current: str = "") -> list[tuple[str, str, bool]]:
    """The boards that this person may open, with the filters that are chosen."""
    return [
        (words, f"{reverse(name)}?{query}" if query else reverse(name), key == current)
        for key, words, name, permission in _BOARDS
        if can(user, permission)
    ]


class OfficerBoard(BoardPage):
    permission = "see_dashboard"
    title, audience, by = "Promises and proof", "officer", "directorate"


class SteeringBoard(BoardPage):
    permission = "view_reports"
    title, audience = "Steering Group: promises, proof and the plan", "steering"

    def figures(self, found: Board) -> Iterator[Figure]:
        yield next(verified_first(found))
        yield returns_figure(found)
        if found.about.as_of is not None:
            return  # the plan is not kept day by day here, and today's would mislead
        label, way_in = (
            "Actions of the plan that run today",
            Link("Show the plan", reverse("plan-board")),
        )
        if is_part(found.about.scope):
            missing = "Not told for a part of the council"
            why = "An action has no directorate, category, ward, theme of measures or kind of agreement"
            yield Figure(label, None, missing=missing, completeness=why, way_in=way_in)
            return
        counts = count_plan(plan_rows(self.request.user, as_of=self.today))
        yield Figure(
            label,
            f"{counts.live:,}",
            of_what=f"{counts.complete:,} are complete",
            completeness=f"{counts.overdue:,} are overdue, {counts.stale:,} have no update for a quarter",
            way_in=way_in,
        )


class StarBoard(BoardPage):
    permission = "view_reports"
    title, audience = "STAR: promises, proof and the five measures", "star"

    def figures(self, found: Board) -> Iterator[Figure]:
        yield next(verified_first(found))
        position = found.report.position
        share = position.offered_share
        yield Figure(
            "Offered in bids that won",
            None if share is None else percentage(share, 1),
            state=State.OFFERED,
            of_what="of the value of the contracts whose bids are recorded",
            completeness="An offer is no proof: see what is verified",
            missing="A ward or a theme has no contract value to divide by"
            if found.about.scope.ward or found.about.scope.theme
            else "No winning bid is recorded",
            way_in=way_of(found, "social_value", "offered", "Offered"),
        )
        yield returns_figure(found)

    def more(self, found: Board) -> dict[str, Any]:
        about = found.about
        if is_part(about.scope):
            held_set, measures = set_of_quarter(about.last, as_known=about.as_known)
            lines = narrowed_measures(self.request.user, measures, found)
            return {"five": narrowed_table(str(held_set), lines, about), "five_words": OF_THE_PART}
        held = measures_of_quarter(about.last, with_comments=False, as_known=about.as_known)
        return {"five": five_table(held), "five_words": OF_THE_WHOLE}


def five_table(held: MeasuresOfQuarter) -> Table | None:
    if not held.lines:
        return None
    rows = []
    for line in held.lines:
        before = line.before
        rows.append(
            (
                Link(
                    line.measure.name,
                    f"{line.measure.get_absolute_url()}?quarter={line.quarter.code}",
                ),
                line.words or (line.reading.reason if line.reading else "") or "Nothing on record",
                (value_words(before.value, line.measure.unit) if before else None) or "Not known",
                value_words(line.measure.target_quantity, line.measure.unit) or "None set",
                target_tag(line).text,
            )
        )
    return Table(
        caption=f"{held.measure_set}",
        headings=("Measure", held.lines[0].quarter.short, "The quarter before", "Target", "State"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        is_stacked=True,
    )


# Each measure has a period of its own, whichever is chosen for the figures above.
OF_THE_WHOLE = "Each is as it stands on record for the whole council, for the period that its definition counts."
OF_THE_PART = (
    "Each is worked out for the part that is chosen, for the period that its definition counts, where its figures can be "
    "limited to it. Targets and what is on record are of the whole council, on the page of each measure."
)


def narrowed_table(
    caption: str, lines: Sequence[NarrowedMeasure], about: BoardScope
) -> Table | None:
    """Without targets and without the quarter before: both are of the whole."""
    if not lines:
        return None
    rows = [
        (
            Link(one.measure.name, f"{one.measure.get_absolute_url()}?quarter={about.last.code}"),
            value_words(one.value, one.measure.unit)
            or ("Not available" if one.asked else "Not shown for this part"),
            one.reason or PERIOD_WORDS[Period(one.measure.period)].capitalize(),
        )
        for one in lines
    ]
    return Table(
        caption=caption,
        headings=("Measure", about.last.short, "What is counted, or why nothing is shown"),
        rows=rows,
        numeric=frozenset({1}),
        is_stacked=True,
    )


class SupplierBoard(BoardPage):
    permission = "report_delivery"
    title, audience = "Your promises and proof", "supplier"

    def crumbs(self) -> list[tuple[str, str | None]]:
        return [("Your promises", reverse("supplier-home")), (self.title, None)]


def home_of(user: Any) -> tuple[str, str]:
    """Where this person's pages begin: suppliers have no dashboard of the council's."""
    if can(user, "see_dashboard"):
        return "Dashboard", reverse("dashboard")
    return "Home", reverse("home")
