"""One's own reminders, stopping them by a link, and what a person settles of those sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Tag, Tone
from trafford_sv.core.sending import MailServerAway
from trafford_sv.core.views.account import SignedInView
from trafford_sv.core.views_base import PermissionView, PublicView

from ..filters_pacing import DigestFilter
from ..forms.pacing import ReminderForm
from ..mailings.reminders import user_of
from ..models import ReminderDigest, ReminderPreference
from ..services.reminders import (
    change_preferences,
    is_in_doubt,
    mark_digest_sent,
    send_digest_again,
    switch_off,
)

TONES = {
    ReminderDigest.State.CLAIMED: Tone.INFO,
    ReminderDigest.State.SENT: Tone.GOOD,
    ReminderDigest.State.FAILED: Tone.WARNING,
    ReminderDigest.State.SKIPPED: Tone.NEUTRAL,
}
OUTCOMES = {
    "sent": "The reminder is sent.",
    "skipped": "Nothing was due any more, so nothing was sent.",
    "failed": "The mail server refused it. The next day’s reminder will carry what is still due.",
    "in_doubt": "The line broke again, so it is still not known whether it went.",
}


class ReminderPreferences(SignedInView):
    """Each person chooses for themselves."""

    def get(self, request: HttpRequest) -> HttpResponse:
        stored = ReminderPreference.objects.filter(user=request.user.pk).first()
        return self.page(ReminderForm(instance=stored))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ReminderForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        change_preferences(
            user=request.user,  # type: ignore[arg-type]
            values=form.cleaned_data,
            by=request.user,
            now=self.now,
        )
        messages.success(request, "Your choice is saved.")
        return redirect("reminder-preferences")

    def page(self, form: ReminderForm) -> HttpResponse:
        context = {
            "title": "Your reminders",
            "form": form,
            "breadcrumbs": [("Your account", reverse("my-account")), ("Your reminders", None)],
        }
        return render(self.request, "contracts/reminder_preferences.html", context)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class ReminderOff(PublicView):
    """The link in each e-mail. Opening it asks; a mail program's one click posts without asking.

    Free of the token against forged forms, because a mail program has none: the signed address is
    the proof, and all it does is stop that person's reminders.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page(token, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = user_of(token)
        if user is not None:
            switch_off(user=user, by=user, now=self.now)
        return self.page(token, done=True)

    def page(self, token: str, *, done: bool) -> HttpResponse:
        known = user_of(token) is not None
        context = {"title": "Stop reminders", "known": known, "done": done}
        return render(
            self.request,
            "contracts/reminder_off.html",
            context,
            status=200 if known else 404,
        )


class ReminderList(ListPage):
    """Every reminder that went out or should have, those in doubt with what to do."""

    permission = "settle_reminders"
    title = "Reminders"
    noun = "reminder"
    introduction = (
        "One e-mail a person and day about returns that are due or late. A reminder in doubt was "
        "begun and its end is not known: the mail may have arrived. Ask, then say that it was "
        "sent or send it again. It is never sent again by itself."
    )
    filterset_class = DigestFilter
    template_name = "contracts/reminder_list.html"
    row_template = "contracts/_reminder_rows.html"
    columns = (
        Column("Person", sort="person"),
        Column("Day", sort="day"),
        Column("Returns", numeric=True),
        Column("State"),
        Column("Action", hidden=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "day": Sort("Day", ("day", "-user__name"), "oldest first", "newest first"),
        "person": Sort("Person", ("user__name",)),
    }
    default_sort = "-day"
    export_name = "reminders"
    export_columns = (
        ExportColumn("Person", "user.name"),
        ExportColumn("Day", "day"),
        ExportColumn("Returns", lambda row: len(row.items)),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Sent", "sent_at"),
        ExportColumn("Tries", "tries"),
        ExportColumn("What the mail server said", "failure"),
    )
    empty_state = EmptyState(
        "No reminders yet",
        "Thirty days before a return is due the first reminder goes out. Each will be listed here.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return ReminderDigest.objects.select_related("user")

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.in_doubt = is_in_doubt(row, self.now)
            row.number = len(row.items)
            row.tag = (
                Tag("In doubt", Tone.BAD)
                if row.in_doubt
                else Tag(row.get_state_display(), TONES[row.state])
            )
        doubtful = ReminderDigest.objects.filter(state=ReminderDigest.State.CLAIMED).count()
        return {"rows": self.page.object_list, "doubtful": doubtful}


class ReminderSettle(PermissionView):
    """Mark as sent, or send again. A POST from the list."""

    permission = "settle_reminders"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        digest = get_object_or_404(ReminderDigest, pk=pk)
        try:
            if request.POST.get("action") == "again":
                outcome = send_digest_again(
                    digest=digest, by=request.user, now=self.now, today=self.today
                )
                said = messages.success if outcome == "sent" else messages.warning
                said(request, OUTCOMES[outcome])
            elif request.POST.get("action") == "sent":
                mark_digest_sent(digest=digest, by=request.user, now=self.now)
                messages.success(request, "The reminder is marked as sent.")
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        except MailServerAway:
            messages.warning(
                request, "The mail server did not answer, so nothing was sent. Try again later."
            )
        return redirect("reminder-list")
