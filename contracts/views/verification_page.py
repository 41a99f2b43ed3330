"""One return as an officer sees it: what was promised, what is claimed, and the decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from trafford_sv.core.access import can
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import Figure, State, Tag, TimelineEntry, Tone
from trafford_sv.core.views_base import PermissionView

from ..counting import quantity_words
from ..four_figures import Settled
from ..licensing import may_show_value
from ..models import ConfirmationRequest, DeliveryReturn, ReturnEvent, ReturnLine
from ..return_rules import DRAFT
from ..selectors.return_detail import LineDetail, PromiseDetail, ReturnDetail, return_detail
from ..selectors.verification import Flag, flags_of_lines, requests_of
from ..services.verification import Ceiling, ceiling_from
from ..valuation import Line, add
from .verification_lists import came_words, is_late, return_tag

LINE_TONES = {
    ReturnLine.State.OPEN: Tone.INFO,
    ReturnLine.State.ACCEPTED: Tone.GOOD,
    ReturnLine.State.PART: Tone.GOOD,
    ReturnLine.State.SENT_BACK: Tone.WARNING,
}


@dataclass(frozen=True)
class LineCard:
    """A line with what an officer needs to decide it. `why_not` says what stands in the way."""

    line: LineDetail
    tag: Tag
    settled: Settled
    ceiling: Ceiling
    flags: list[Flag]
    requests: list[ConfirmationRequest]
    shows_pounds: bool
    may_accept: bool
    may_send_back: bool
    may_ask: bool
    may_reopen: bool
    why_not: str

    @property
    def row(self) -> ReturnLine:
        return self.line.row

    @property
    def accepts(self) -> str:
        """What the button accepts, where a beneficiary confirmed less than was reported."""
        reported, confirmed = self.row.reported_quantity, self.ceiling.confirmed
        if reported is None or confirmed is None or confirmed >= reported:
            return ""
        return quantity_words(confirmed)


class ReturnPage(PermissionView):
    permission = "view_returns"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        try:
            found = return_detail(pk, request.user)
        except (DeliveryReturn.DoesNotExist, OverflowError):
            raise Http404 from None
        if not can(request.user, "see_dashboard"):
            return suppliers_own(found.row)
        return self.page(found)

    def page(self, found: ReturnDetail) -> HttpResponse:
        row, user = found.row, self.request.user
        is_draft = row.state == DRAFT
        keys = [line.pk for line in found.lines]
        flags = flags_of_lines(user, keys)
        requests = requests_of(row)
        may_verify = (
            not is_draft
            and can(user, "verify_delivery", on=row)
            and row.submitted_by_id != user.pk
            and not can(user, "report_delivery", on=row)
        )
        sees = can(user, "see_licensed_values")
        may_reopen = may_verify and can(user, "close_quarters")

        def card(promise: PromiseDetail, line: LineDetail) -> LineCard:
            held = requests.get(line.pk, [])
            ceiling = ceiling_from(requests=held)
            mine = flags.get(line.pk, [])
            is_open = line.row.state == ReturnLine.State.OPEN and line.row.is_counted
            closed = found.counted_quarter_is_closed
            reports = line.row.reported_quantity is not None
            waits = ceiling.is_asked and ceiling.confirmed is None
            open_flag = any(flag.state == "open" for flag in mine)
            may = may_verify and is_open and not closed
            return LineCard(
                line=line,
                tag=Tag(line.row.get_state_display(), LINE_TONES[ReturnLine.State(line.row.state)]),
                settled=ceiling.settle(line.row.reported_quantity, line.row.verified_quantity),
                ceiling=ceiling,
                flags=mine,
                requests=held,
                shows_pounds=may_show_value(
                    promise.measure.edition.values_may_be_published,
                    may_see_licensed=sees,
                    outward=False,
                ),
                may_accept=may and reports and not waits and not open_flag,
                may_send_back=may,
                may_ask=may and bool(line.row.reported_quantity) and not waits,
                may_reopen=may_reopen and not closed and line.row.state != ReturnLine.State.OPEN,
                why_not=_why_not(may_verify and is_open, closed, reports, waits, open_flag),
            )

        cards = [
            (promise, [card(promise, line) for line in promise.lines]) for promise in found.promises
        ]
        every = [each for _, held in cards for each in held]
        return render(
            self.request,
            "contracts/return_detail.html",
            {
                "title": f"Return for {row.period.label}",
                "breadcrumbs": [
                    ("Delivery returns", reverse("return-list")),
                    (f"{row.contract.reference}, {row.period.short}", None),
                ],
                "found": found,
                "row": row,
                "is_draft": is_draft,
                "tag": return_tag(row.state),
                "came": came_words(row),
                "came_late": is_late(row),
                "cards": cards,
                "figures": [] if is_draft else _figures(every),
                "may_verify": may_verify,
                "is_own": not may_verify and row.submitted_by_id == user.pk,
                "may_accept_all": sum(each.may_accept for each in every) > 0,
                "may_finish_blank": may_verify
                and row.state == DeliveryReturn.State.SUBMITTED
                and not found.counted_quarter_is_closed
                and not any(each.row.reported_quantity is not None for each in every),
                "may_send_back_all": any(each.may_send_back for each in every),
                "timeline": [timeline_entry(event) for event in reversed(found.events)],
                "now": self.now,
            },
        )


def _why_not(may: bool, closed: bool, reports: bool, waits: bool, open_flag: bool) -> str:
    if not may:
        return ""
    if closed:
        return "The quarter that it counts in is closed. The co-ordinator can open it again."
    if not reports:
        return "Nothing is reported here, so there is nothing to verify."
    if waits:
        return "It waits for the beneficiary’s answer."
    if open_flag:
        return "Decide first whether it is claimed twice."
    return ""


def _figures(cards: list[LineCard]) -> list[Figure]:
    """What this return reports and what of it is verified, kinds apart, as far as it may be shown."""
    shown = [card for card in cards if card.shows_pounds and card.row.is_counted]
    left_out = "" if len(shown) == len(cards) else "Without lines whose values a licence keeps back"
    found = []
    for state, name, missing in (
        (State.REPORTED, "reported", "None in pounds"),
        (State.VERIFIED, "verified", "Nothing yet"),
    ):
        totals = add(
            Line(card.line.row.commitment.measure.kind, getattr(card.row, f"{name}_pounds"))
            for card in shown
        )
        for label, amount, local in (
            ("Social value", totals.social_pounds, False),
            ("Local economic value", totals.local_economic_pounds, True),
        ):
            if local and not any(
                card.row.commitment.measure.kind == "local_economic" for card in shown
            ):
                continue
            found.append(
                Figure(
                    f"{label} {name}",
                    None if amount is None else readable(amount),
                    exact="" if amount is None else exact(amount),
                    state=state,
                    completeness=left_out,
                    missing=missing,
                    local_economic=local,
                )
            )
    return found


def timeline_entry(event: ReturnEvent) -> TimelineEntry:
    """What happened, for both sides."""
    title = event.get_action_display()
    if event.line_number:
        title = f"Line {event.line_number}: {title[0].lower()}{title[1:]}"
    if event.event_quantity is not None:
        title = f"{title}, {quantity_words(event.event_quantity)}"
    return TimelineEntry(title, event.at, event.actor_name, event.words)


def suppliers_own(row: DeliveryReturn) -> HttpResponseBase:
    """A supplier reads its return in its own place."""
    try:
        return redirect(reverse("supplier-return", kwargs={"pk": row.pk}))
    except NoReverseMatch:
        raise Http404 from None


def line_address(line: Any) -> str:
    return f"{reverse('return-detail', kwargs={'pk': line.delivery_return_id})}#line-{line.number}"
