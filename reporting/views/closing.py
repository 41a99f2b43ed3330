"""Closing a quarter: what is entered, missing and late, one button to remind, and the checks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.access import can
from trafford_sv.core.forms import ReasonForm
from trafford_sv.core.models.mail_rows import MailState
from trafford_sv.core.parts import Figure, Link, Need, State, Table, Tag, TimelineEntry, Tone
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..closing_checks import Check, CheckState
from ..models import ClosingMail
from ..selectors.closing import ClosingBoard as Board
from ..selectors.closing import closing_board, closing_checks
from ..services.closing import accept_check, ask_for_missing
from ..tasks import remind_for_closing

SHOWN = 50
_TAGS = {
    CheckState.PASSED: Tag("Passed", Tone.GOOD),
    CheckState.ACCEPTED: Tag("Accepted", Tone.INFO),
    CheckState.OUTSTANDING: Tag("Outstanding", Tone.WARNING),
}


def quarter_of(code: str) -> Quarter:
    try:
        return Quarter.parse(code)
    except PeriodError as error:
        raise Http404 from error


def crumbs(*more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [("Measures and reports", reverse("report-home")), *more]


class ClosingNow(PermissionView):
    """The board of the last quarter that is over."""

    permission = "view_reports"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return redirect("closing-board", Quarter.of(self.today).previous.code)


class ClosingBoard(PermissionView):
    permission = "view_reports"

    def get(self, request: HttpRequest, quarter: str) -> HttpResponse:
        wanted = quarter_of(quarter)
        board = closing_board(wanted, today=self.today)
        may_close = can(request.user, "close_quarters")
        context = {
            "title": f"Closing {wanted.label}",
            "breadcrumbs": crumbs((f"Closing {wanted.short}", None)),
            "board": board,
            "quarter": wanted,
            "sentence": sentence(board),
            "tag": state_tag(board),
            "checks": [
                (check, _TAGS[check.state], accept_url(board, check)) for check in board.checks
            ],
            "figures": figures(board, may_follow=may_close),
            "returns": returns_table(board, may_follow=may_close),
            "more_returns": max(0, len(board.missing_returns) - SHOWN),
            "updates": updates_table(board),
            "measures": measures_table(board),
            "entries": timeline(board),
            "next_steps": next_steps(board) if can(request.user, "publish_reports") else [],
            "remind": remind_words(board),
            "may_close": may_close,
            "may_reopen": can(request.user, "reopen_quarters"),
            "before": wanted.previous,
            "after": wanted.next if wanted.next.start <= self.today else None,
        }
        return render(request, "reporting/closing_board.html", context)


def next_steps(board: Board) -> list[Need]:
    """Once it is closed again: a further edition of what was published before it was opened."""
    if board.closed_at is None:
        return []
    return [
        Need(
            f"Publish edition {one.number}: {one.name}, {one.period.label}",
            reverse("edition-publish", args=[one.kind, one.period_code]),
            f"Edition {one.number - 1} counts {board.quarter.label} to date as it was before it was "
            "reopened, so its figures to date may differ. The next one says what changed."
            if one.is_later
            else f"Edition {one.number - 1} was published before the quarter was reopened. "
            "The next one says what changed.",
            Tag("Next step", Tone.WARNING),
        )
        for one in board.editions_owed
    ]


def accept_url(board: Board, check: Check) -> str:
    if board.closed_at is not None or check.state is not CheckState.OUTSTANDING:
        return ""
    return reverse("closing-accept", args=[board.quarter.code, check.key.value])


def sentence(board: Board) -> str:
    left = len(board.outstanding)
    if board.closed_at is not None:
        day = timezone.localtime(board.closed_at)
        return f"Closed on {day:%-d %B %Y} by {board.closed_by}. What it counted cannot be changed."
    if not board.is_over:
        return (
            f"It runs until {board.quarter.end:%-d %B %Y} and can be closed after that. "
            f"{left} of {len(board.checks)} checks are outstanding so far."
        )
    if not left:
        return "Every check passes or was accepted. The quarter can be closed."
    verb = "check keeps" if left == 1 else "checks keep"
    return f"{left} {verb} it open. Settle each, or accept it with a reason."


def state_tag(board: Board) -> Tag:
    if board.closed_at is not None:
        return Tag("Closed", Tone.NEUTRAL)
    if not board.is_over:
        return Tag("In progress", Tone.INFO)
    if board.outstanding:
        return Tag("Open", Tone.WARNING)
    return Tag("Ready to close", Tone.GOOD)


def figures(board: Board, *, may_follow: bool) -> list[Figure]:
    """What is entered, of what is expected. Whoever closes quarters may open what is behind it."""
    waits = board.updates_expected - len(board.updates)
    in_words = sum(line.reading is not None for line in board.measures)
    spoken = sum(line.comment is not None for line in board.measures)
    late = ""
    if board.late_returns:
        late = f"{board.late_returns:,} {'is' if board.late_returns == 1 else 'are'} late"
    return [
        Figure(
            "Returns received",
            f"{board.returns.received:,}" if board.returns.expected else None,
            of_what=f"of {board.returns.expected:,} that were due",
            completeness=late or ("None is late" if board.returns.expected else ""),
            missing="None was due",
            way_in=Link("Show the returns", f"{reverse('return-list')}?quarter={board.quarter.code}")
            if may_follow
            else None,
        ),
        Figure(
            "Action Plan updates approved",
            f"{waits:,}" if board.updates_expected else None,
            of_what=f"of {board.updates_expected:,} running actions",
            completeness=f"Due by {board.updates_due_on:%-d %B %Y}",
            missing="No action runs",
            way_in=Link("Show the plan", reverse("plan-board")),
        ),
        Figure(
            "Measures on record",
            f"{in_words:,}" if board.measures else None,
            of_what=f"of {len(board.measures):,} in the approved set",
            missing="No set is in force",
            way_in=Link("Show the measures", f"{reverse('report-home')}?quarter={board.quarter.code}"),
        ),
        Figure(
            "Measures with a commentary",
            f"{spoken:,}" if board.measures else None,
            of_what=f"of {len(board.measures):,} in the approved set",
            missing="No set is in force",
            state=State.PLAIN,
        ),
    ]  # fmt: skip


def returns_table(board: Board, *, may_follow: bool) -> Table | None:
    if not board.missing_returns:
        return None
    rows = []
    for one in board.missing_returns[:SHOWN]:
        name = f"{one.reference} {one.title}"
        rows.append(
            (
                Link(name, reverse("contract-returns", args=[one.contract_pk]))
                if may_follow
                else name,
                one.supplier_name,
                f"{one.due_on:%-d %B %Y}",
                "Begun, not sent" if one.state else "Not begun",
                f"{one.words[:1].upper()}{one.words[1:]}",
            )
        )
    headings = ("Agreement", "Supplier or partner", "Was due", "State", "How late")
    return Table("Returns that have not come in, latest first", headings, rows, is_stacked=True)


def updates_table(board: Board) -> Table | None:
    if not board.updates:
        return None
    words = {
        "": "Not begun", "draft": "Begun, not sent", "sent_back": "Sent back to the lead",
        "submitted": "Waits for approval",
    }  # fmt: skip
    rows = [
        (
            Link(f"{one.reference} {one.title}", reverse("action-detail", args=[one.pk])),
            one.lead or "Nobody is named",
            words.get(one.state, one.state),
            ("Late" if board.updates_are_late else "Not late yet") if not one.waits else "Came in",
        )
        for one in board.updates
    ]
    return Table(
        "Updates that are missing or wait for approval",
        ("Action", "Lead", "State", "Time"), rows, is_stacked=True,
    )  # fmt: skip


def measures_table(board: Board) -> Table | None:
    if not board.measures:
        return None
    rows = []
    for line in board.measures:
        address = f"{line.measure.get_absolute_url()}?quarter={board.quarter.code}"
        value = line.words
        if value is None:
            supplied = line.measure.source == "supplied"
            reason = line.reading.reason if line.reading else ""
            value = reason or ("STAR has not supplied it" if supplied else "Not worked out yet")
        rows.append(
            (
                Link(line.measure.name, address),
                line.measure.get_source_display(),
                value,
                "Written" if line.comment else "None yet",
            )
        )
    headings = ("Measure", "Where it comes from", "Value", "Commentary")
    return Table(f"{board.measure_set}", headings, rows, is_stacked=True)


def timeline(board: Board) -> list[TimelineEntry]:
    """Who accepted, closed, reopened and reminded, newest first."""
    entries = [
        TimelineEntry(f"Accepted: {row.words}", row.accepted_at, row.accepted_by_name, row.reason)
        for row in board.accepted
    ]
    for one in board.reopenings:
        entries.append(TimelineEntry("Closed", one.closed_at, one.closed_by))
        entries.append(TimelineEntry("Reopened", one.at, one.by_name, one.reason))
    if board.closed_at is not None:
        entries.append(TimelineEntry("Closed", board.closed_at, board.closed_by))
    for sent in board.reminders:
        words = f"{sent.suppliers_written:,} people at suppliers were written to, {sent.leads_asked:,} leads of actions were asked."
        if sent.finished_at is None:
            words = f"{sent.leads_asked:,} leads of actions were asked. The mails to suppliers are on their way, or were cut off."
        if sent.mails.all():
            told = "; ".join(_mail_words(mail) for mail in sent.mails.all())
            words += f" Officers asked for what they owe: {told}."
        if sent.refused:
            words += f" {sent.refused:,} did not go: see the reminders."
        entries.append(TimelineEntry("Reminders sent", sent.asked_at, sent.asked_by_name, words))
    return sorted(entries, key=lambda entry: entry.moment, reverse=True)  # type: ignore[arg-type, return-value]


def _mail_words(mail: ClosingMail) -> str:
    """Pat Officer (value: Savings), and where it stands unless it went."""
    became = {
        MailState.WAITING: ", on its way",
        MailState.CLAIMED: ", and it is not known whether it went",
        MailState.FAILED: ", refused by the mail server",
        MailState.SKIPPED: ", done before it went",
    }
    return f"{mail.user} ({mail.about}){became.get(MailState(mail.state), '')}"


def remind_words(board: Board) -> str:
    """What the button does; "" where it cannot be pressed."""
    is_missing = board.missing_returns or board.updates_missing or board.by_officers
    if board.closed_at is not None or not is_missing:
        return ""
    parts = []
    if board.missing_returns:
        number = board.reachable
        parts.append(
            f"{number:,} {'person' if number == 1 else 'people'} at suppliers whose return is missing"
        )
    if board.updates_missing:
        parts.append("every lead who was not asked for the update yet")
    if board.by_officers.values:
        parts.append("STAR’s officers for the values that are missing")
    if board.by_officers.comments:
        parts.append("STAR’s officers and co-ordinators for a word on each target that was missed")
    return f"One e-mail each to {' and to '.join(parts)}. Nobody is written to twice in a day."


class ClosingRemind(PermissionView):
    """The button. Whom it reaches stands beside it on the board."""

    permission = "close_quarters"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, quarter: str) -> HttpResponseBase:
        wanted = quarter_of(quarter)
        try:
            row = ask_for_missing(quarter=wanted, by=request.user, now=self.now, today=self.today)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
            return redirect("closing-board", wanted.code)
        if not hand_over(remind_for_closing, wanted.code):
            messages.warning(
                request,
                "The requests are on record, but the mails could not be queued. "
                "Press the button again in half an hour.",
            )
        else:
            leads = (
                f" {row.leads_asked:,} leads are asked for an update." if row.leads_asked else ""
            )
            messages.success(request, f"Reminders are on their way.{leads}")
        return redirect("closing-board", wanted.code)


class ClosingAccept(EditMixin, PermissionView):
    """Accepting what is outstanding, with the reason."""

    permission = "close_quarters"

    def get(self, request: HttpRequest, quarter: str, check: str) -> HttpResponseBase:
        return self.page(ReasonForm(), quarter_of(quarter), check)

    def post(self, request: HttpRequest, quarter: str, check: str) -> HttpResponseBase:
        wanted = quarter_of(quarter)
        form = ReasonForm(request.POST)
        if form.is_valid():
            seen = request.POST.get("seen", "")
            try:
                accept_check(
                    quarter=wanted,
                    key=check,
                    reason=form.cleaned_data["reason"],
                    seen_number=int(seen)
                    if seen.isascii() and seen.isdecimal() and len(seen) < 10
                    else None,
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The check is accepted, and the reason is on record.")
                return redirect("closing-board", wanted.code)
        return self.page(form, wanted, check)

    def page(self, form: Any, quarter: Quarter, key: str) -> HttpResponse:
        found = {check.key.value: check for check in closing_checks(quarter)}
        if key not in found:
            raise Http404
        board = reverse("closing-board", args=[quarter.code])
        context = {
            "title": "Accept a check",
            "form": form,
            "check": found[key],
            "quarter": quarter,
            "board": board,
            "breadcrumbs": crumbs((f"Closing {quarter.short}", board), ("Accept a check", None)),
        }
        return render(self.request, "reporting/closing_accept.html", context)
