"""The log: every message with what became of it, and what a person settles."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, SummaryRow, Tag, Tone
from trafford_sv.core.sending import MailServerAway
from trafford_sv.core.views_base import PermissionView

from ...editions import parse_code
from ...filters_mailings import EditionMailFilter
from ...models import EditionMail, LateNudge
from ...selectors.mailings.late import nudges_on_record
from ...selectors.mailings.recipients import doubtful
from ...services.mailings.nudges import leave_untold, mark_told, tell_again
from ...services.mailings.settling import leave_unsent, mark_arrived, send_again
from .home import crumbs, kind_name

State = EditionMail.State
TAGS = {
    State.WAITING: Tag("Waits", Tone.INFO),
    State.CLAIMED: Tag("Being sent", Tone.INFO),
    State.SENT: Tag("Sent", Tone.GOOD),
    State.FAILED: Tag("Refused", Tone.WARNING),
    State.SKIPPED: Tag("Not sent", Tone.NEUTRAL),
}
OUTCOMES = {
    "sent": "It is sent.",
    "failed": "The mail server refused it. What it said is below.",
    "in_doubt": "The line broke, so it is still not known whether it arrived.",
}


def tag_of(mail: EditionMail | LateNudge, now: datetime.datetime) -> Tag:
    return Tag("In doubt", Tone.BAD) if doubtful(mail, now) else TAGS[State(mail.state)]


class MailLog(ListPage):
    """One row for each reader and edition."""

    permission = "run_mailings"
    title = "Log of reports by e-mail"
    noun = "message"
    introduction = (
        "What is in doubt was begun and its end is not known: it may have arrived. It is never "
        "sent again by itself."
    )
    filterset_class = EditionMailFilter
    row_template = "reporting/mailings/_log_rows.html"
    columns = (
        Column("Reader", sort="reader"),
        Column("Report", sort="edition"),
        Column("State"),
        Column("When", sort="when"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "reader": Sort("Reader", ("address",)),
        "edition": Sort("Report", ("edition__published_at",), "oldest first", "newest first"),
        "when": Sort("When", ("planned_at",), "oldest first", "newest first"),
    }
    default_sort = "-when"
    export_name = "log-of-reports-by-e-mail"
    export_columns = (
        ExportColumn("Report", lambda row: str(row.edition)),
        ExportColumn("Reader", lambda row: row.subscription.reader),
        ExportColumn("Address", "address"),
        ExportColumn("Audience", lambda row: row.subscription.get_audience_display()),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Tries", "tries"),
        ExportColumn("Begun", "claimed_at"),
        ExportColumn("Sent", "sent_at"),
        ExportColumn("Next try", "next_try_at"),
        ExportColumn("With the PDF or by link", lambda row: row.get_form_display()),
        ExportColumn("What was said", "failure"),
        ExportColumn("Message-ID", "message_id"),
    )
    empty_state = EmptyState(
        "Nothing was sent yet",
        "After a report is published, each reader’s message is listed here with what became of it.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return (
            EditionMail.objects.visible_to(self.request.user)
            .select_related("edition", "subscription__user")
            .defer("edition__dataset_text")
        )

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        for row in rows:
            row.tag = tag_of(row, self.now)
        return {"rows": rows, "breadcrumbs": crumbs(("Log", None))}


class MailDetail(PermissionView):
    """One message: what is known of it, and what can be decided."""

    permission = "run_mailings"

    def mail(self, pk: int) -> EditionMail:
        rows = EditionMail.objects.visible_to(self.request.user)
        return get_object_or_404(
            rows.select_related("edition", "subscription__user").defer("edition__dataset_text"),
            pk=pk,
        )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mail = self.mail(pk)
        reader = mail.subscription
        in_doubt = doubtful(mail, self.now)
        rows = [
            SummaryRow("Report", str(mail.edition)),
            SummaryRow("Reader", reader.reader, note=reader.get_audience_display()),
            SummaryRow("Address", mail.address, missing="Deleted, at the reader’s wish"),
            SummaryRow("Begun", _moment(mail.claimed_at), missing="Not yet"),
            SummaryRow("Sent", _moment(mail.sent_at), missing="Not known" if in_doubt else "No"),
            SummaryRow("Tries", f"{mail.tries}"),
            SummaryRow("Form", mail.get_form_display(), note=mail.form_reason),
            SummaryRow("Number on it (Message-ID)", mail.message_id),
        ]
        if mail.corrects_number:
            rows.append(SummaryRow("Corrects", f"Edition {mail.corrects_number}, which they got"))
        if mail.next_try_at:
            rows.append(SummaryRow("Tried again from", _moment(mail.next_try_at)))
        if mail.failure:
            rows.append(SummaryRow("What was said", mail.failure))
        context = {
            "title": f"{reader.reader}: {mail.edition}",
            "mail": mail,
            "tag": tag_of(mail, self.now),
            "in_doubt": in_doubt,
            "may_send": in_doubt or mail.state == State.FAILED,
            "rows": rows,
            "breadcrumbs": crumbs(("Log", reverse("mailing-log")), (reader.reader, None)),
        }
        return render(request, "reporting/mailings/mail.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mail = self.mail(pk)
        try:
            match request.POST.get("what"):
                case "arrived":
                    mark_arrived(mail=mail, by=request.user, now=self.now)
                    messages.success(request, "It is marked as arrived.")
                case "leave":
                    leave_unsent(mail=mail, by=request.user, now=self.now)
                    messages.success(request, "It stays unsent.")
                case "again":
                    outcome = send_again(mail=mail, by=request.user, now=self.now)
                    said = messages.success if outcome == "sent" else messages.warning
                    said(request, OUTCOMES[outcome])
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        except MailServerAway:
            messages.warning(request, "The mail server did not answer, so nothing was sent.")
        return redirect("mailing-mail", pk)


class LateNudges(PermissionView):
    """Who was told that a report is late, and what became of each message."""

    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows: list[Any] = nudges_on_record()
        for row in rows:
            row.tag, row.in_doubt = tag_of(row, self.now), doubtful(row, self.now)
            row.may_send = row.in_doubt or row.state == State.FAILED
            row.report = f"{kind_name(row.kind)}, {parse_code(row.period).label}"
        context = {
            "title": "Who was told that a report is late",
            "rows": rows,
            "breadcrumbs": crumbs(("Log", reverse("mailing-log")), ("Late reports", None)),
        }
        return render(request, "reporting/mailings/late.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        what, _, pk = request.POST.get("what", "").partition("-")
        rows = LateNudge.objects.visible_to(request.user).select_related("user")
        # No key has more digits, and Python refuses to read thousands of them.
        is_key = pk.isascii() and pk.isdigit() and len(pk) <= 18
        nudge = get_object_or_404(rows, pk=int(pk) if is_key else 0)
        try:
            match what:
                case "arrived":
                    mark_told(nudge=nudge, by=request.user, now=self.now)
                    messages.success(request, "It is marked as arrived.")
                case "leave":
                    leave_untold(nudge=nudge, by=request.user, now=self.now)
                    messages.success(request, "It stays unsent.")
                case "again":
                    outcome = tell_again(nudge=nudge, by=request.user, now=self.now)
                    said = messages.success if outcome == "sent" else messages.warning
                    said(request, OUTCOMES[outcome])
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        except MailServerAway:
            messages.warning(request, "The mail server did not answer, so nothing was sent.")
        return redirect("mailing-late")


def _moment(value: datetime.datetime | None) -> str | None:
    return f"{timezone.localtime(value):%-d %B %Y at %H:%M}" if value else None
