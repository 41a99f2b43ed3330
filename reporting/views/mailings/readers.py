"""Who gets reports by e-mail, as officers keep it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ...editions import kinds
from ...filters_mailings import MailSubscriptionFilter
from ...forms.mailings import CameBackForm, ReaderEditForm, ReaderForm
from ...models import Audience, EditionMail, MailSubscription
from ...services.mailings.seats import SeatsAdded, add_seat_holders
from ...services.mailings.subscriptions import (
    add_reader,
    ask_reader_again,
    change_reader,
    end_reader,
    resume_reader,
    suspend_for_bounce,
)
from ...tasks import send_reader_links
from .home import crumbs
from .log import tag_of

State = MailSubscription.State
TONES = {
    State.PENDING: Tone.INFO,
    State.ACTIVE: Tone.GOOD,
    State.SUSPENDED: Tone.BAD,
    State.ENDED: Tone.NEUTRAL,
    State.LEFT: Tone.NEUTRAL,
}
WORDS = {
    State.PENDING: "Waits for their click",
    State.ACTIVE: "Active",
    State.SUSPENDED: "Suspended",
    State.ENDED: "Ended",
    State.LEFT: "Unsubscribed",
}


def reader_tag(row: MailSubscription) -> Tag:
    state = State(row.state)
    return Tag(WORDS[state], TONES[state])


def kinds_words(row: MailSubscription, *, wanted: bool = False) -> str:
    keys = row.wanted if wanted else row.kinds
    names = [kind.name for kind in kinds() if kind.key in keys]
    return ", ".join(names) or "Every report of the audience"


class ReaderList(ListPage):
    """Every reader of every audience."""

    permission = "run_mailings"
    title = "Readers of reports"
    noun = "reader"
    introduction = (
        "One message a person and edition, also for somebody who is in several audiences."
    )
    filterset_class = MailSubscriptionFilter
    template_name = "reporting/mailings/reader_list.html"
    row_template = "reporting/mailings/_reader_rows.html"
    columns = (
        Column("Reader", sort="name"),
        Column("Audience", sort="audience"),
        Column("Reports"),
        Column("State"),
        Column("Last sent", sort="last"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "name": Sort("Reader", ("user__name", "name", "email")),
        "audience": Sort("Audience", ("audience",)),
        "last": Sort("Last sent", ("last_sent",), "longest ago first", "latest first"),
    }
    default_sort = "audience"
    export_name = "readers-of-reports"
    export_columns = (
        ExportColumn("Reader", lambda row: row.reader),
        ExportColumn("Address", lambda row: row.address),
        ExportColumn("Audience", lambda row: row.get_audience_display()),
        ExportColumn("Reports", kinds_words),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Last sent", "last_sent"),
        ExportColumn("Added", "source"),
    )
    empty_state = EmptyState(
        "No readers yet", "Add the members of an audience, or let individuals sign up."
    )

    def get_queryset(self) -> QuerySet[Any]:
        return (
            MailSubscription.objects.visible_to(self.request.user)
            .select_related("user")
            .annotate(
                last_sent=Max("mails__sent_at", filter=Q(mails__state=EditionMail.State.SENT))
            )
        )

    def get_main_action(self) -> Link:
        return Link("Add a reader", reverse("mail-subscription-create"))

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        for row in rows:
            row.tag, row.kinds_words = reader_tag(row), kinds_words(row)
        return {"rows": rows, "breadcrumbs": crumbs(("Readers", None))}


class ReaderCreate(EditMixin, PermissionView):
    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(ReaderForm(initial={"audience": request.GET.get("audience", "")}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ReaderForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            row = add_reader(by=request.user, now=self.now, **form.cleaned_data)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        if row.state == State.PENDING:
            hand_over(send_reader_links)
            messages.success(
                request, f"{row.reader} is asked by e-mail, and is in once they click."
            )
        else:
            messages.success(request, f"{row.reader} gets what is sent from now on.")
        return redirect(row)

    def page(self, form: ReaderForm) -> HttpResponse:
        context = {
            "title": "Add a reader",
            "form": form,
            "button": "Add",
            "cancel": reverse("mail-subscription-list"),
            "breadcrumbs": crumbs(
                ("Readers", reverse("mail-subscription-list")), ("Add a reader", None)
            ),
        }
        return render(self.request, "community_needs/form.html", context)


class ReadersOfSeats(PermissionView):
    """The button that adds everybody who holds a seat on the Steering Group."""

    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return redirect("mail-subscription-list")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        found = add_seat_holders(as_of=self.today, by=request.user, now=self.now)
        (messages.success if found.added else messages.info)(request, seats_words(found))
        return redirect(f"{reverse('mail-subscription-list')}?audience={Audience.STEERING_GROUP}")


def seats_words(found: SeatsAdded) -> str:
    """How many were added, and who could not be."""
    number = len(found.added)
    told = [
        f"{number or 'Nobody'} {'reader was' if number == 1 else 'readers were' if number else 'was'} added"
    ]
    if found.already:
        told.append(
            f"{found.already} {'was' if found.already == 1 else 'were'} on the list already"
        )
    words = ", ".join(told) + "."
    if found.as_they_are:
        words += (
            f" Left as they are, because they ended or stopped: {', '.join(found.as_they_are)}."
        )
    if found.without_address:
        words += f" Without an account that has an address: {', '.join(found.without_address)}."
    return words


class _Reader(PermissionView):
    permission = "run_mailings"

    def reader(self, pk: int) -> MailSubscription:
        rows = MailSubscription.objects.visible_to(self.request.user).select_related("user")
        return get_object_or_404(rows, pk=pk)


class ReaderDetail(_Reader):
    """One reader, and every message to them."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.reader(pk)
        mails = list(
            EditionMail.objects.filter(subscription=row)
            .select_related("edition")
            .defer("edition__dataset_text")
            .order_by("-planned_at", "-pk")[:50]
        )
        for mail in mails:
            mail.tag = tag_of(mail, self.now)  # type: ignore[attr-defined]
        rows = [
            SummaryRow("Audience", row.get_audience_display()),
            SummaryRow("Address", row.address, missing="Deleted, at their own wish"),
            SummaryRow("Reports", kinds_words(row)),
            SummaryRow("Added", f"{row.asked_at:%-d %B %Y}", note=row.source),
            SummaryRow(
                "Reader since",
                f"{row.confirmed_at:%-d %B %Y}" if row.confirmed_at else None,
                missing="Not yet",
                note="What went out before does not come after.",
            ),
        ]
        if row.asked_kinds is not None:
            rows.append(
                SummaryRow(
                    "Asked for",
                    kinds_words(row, wanted=True),
                    note="By whoever typed the address. Nothing changes before the click in the e-mail.",
                )
            )
        if row.bounced_at:
            rows.append(
                SummaryRow("Mail came back", f"{row.bounced_at:%-d %B %Y}", note=row.bounce_words)
            )
        context = {
            "title": row.reader,
            "reader": row,
            "tag": reader_tag(row),
            "rows": rows,
            "mails": mails,
            "came_back": CameBackForm(),
            "breadcrumbs": crumbs(
                ("Readers", reverse("mail-subscription-list")), (row.reader, None)
            ),
        }
        return render(request, "reporting/mailings/reader.html", context)


class ReaderEdit(EditMixin, _Reader):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.reader(pk)
        return self.page(row, ReaderEditForm(initial=self.initial(row)))

    @staticmethod
    def initial(row: MailSubscription) -> dict[str, Any]:
        return {"version": row.version, "name": row.name, "kinds": row.kinds}

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.reader(pk)
        form = ReaderEditForm(self.posted(), initial=self.initial(row))
        if not form.is_valid():
            return self.page(row, form)
        try:
            change_reader(
                subscription=row,
                name=form.cleaned_data["name"],
                wanted=form.cleaned_data["kinds"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = ReaderEditForm(initial=self.initial(collision.stored))
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "Saved.")
        return redirect(row)

    def page(self, row: MailSubscription, form: ReaderEditForm) -> HttpResponse:
        context = {
            "title": f"Edit {row.reader}",
            "form": form,
            "button": "Save",
            "cancel": row.get_absolute_url(),
            "breadcrumbs": crumbs((row.reader, row.get_absolute_url()), ("Edit", None)),
        }
        return render(self.request, "community_needs/form.html", context)


class ReaderDecide(_Reader):
    """End, resume, ask again, or note that mail came back. Each can be undone but a note."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect(self.reader(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.reader(pk)
        match request.POST.get("what"):
            case "end":
                end_reader(subscription=row, by=request.user, now=self.now)
                messages.success(request, f"{row.reader} gets no more. You can resume it here.")
            case "resume":
                try:
                    resume_reader(subscription=row, by=request.user, now=self.now)
                    messages.success(request, f"{row.reader} gets what is sent from now on.")
                except ValidationError as error:
                    messages.warning(request, " ".join(error.messages))
            case "ask":
                if ask_reader_again(subscription=row, by=request.user, now=self.now):
                    hand_over(send_reader_links)
                    messages.success(request, "The question goes out again in a few minutes.")
                else:
                    messages.warning(
                        request, "The question went out in the last day. Its link works."
                    )
            case "came back":
                form = CameBackForm(request.POST)
                words = form.cleaned_data["words"] if form.is_valid() else ""
                suspend_for_bounce(
                    subscription=row,
                    words=words or "An officer saw it come back",
                    for_good=True,
                    by=request.user,
                    now=self.now,
                )
                messages.success(
                    request, f"{row.reader} is suspended. Resume it when it is mended."
                )
        return redirect(row)
