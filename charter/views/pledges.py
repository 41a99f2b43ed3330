"""Pledges outside contracts: the public list, one of them, and what officers do with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..filters import PledgeFilter
from ..forms.pledges import AskBeneficiaryForm, PledgeForm, ReportForm, WithdrawPledgeForm
from ..models import Pledge, PledgeConfirmation
from ..selectors.pledges import pledge_rows
from ..selectors.uptake import pledge_groups
from ..services import pledges
from ..tasks import send_pledge_question
from ..uptake import Uptake, uptake_of

State = Pledge.State
TONES = {
    State.PROMISED: Tone.INFO,
    State.REPORTED: Tone.WARNING,
    State.CONFIRMED: Tone.GOOD,
    State.NOT_CONFIRMED: Tone.BAD,
    State.WITHDRAWN: Tone.NEUTRAL,
}
WORDS = {
    State.PROMISED: "Promised",
    State.REPORTED: "Reported as done",
    State.CONFIRMED: "Confirmed",
    State.NOT_CONFIRMED: "Not confirmed",
    State.WITHDRAWN: "Withdrawn",
}


def state_tag(row: Pledge) -> Tag:
    return Tag(WORDS[State(row.state)], TONES[State(row.state)])


def amount_of(quantity: Decimal | None, unit: str) -> str:
    """A quantity with its unit; empty where there is none."""
    if quantity is None:
        return ""
    text = f"{quantity:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {unit}".strip()


def uptake_words(found: Uptake) -> str:
    """A sentence about these pledges: how many stand, and how many those they were for confirmed."""
    if not found.pledges:
        return ""
    return (
        f"Of {found.pledges:,} {'pledge' if found.pledges == 1 else 'pledges'}, "
        f"{found.confirmed:,} {'is' if found.confirmed == 1 else 'are'} confirmed by those they were "
        f"for, {found.reported:,} reported as done and {found.promised:,} still to be done."
    )


class PledgeList(ListMixin, PublicView):
    title = "Pledges"
    noun = "pledge"
    introduction = (
        "What organisations promise outside any contract. Pledges are counted here alone: they are "
        "in no total of contracts, and have no pounds."
    )
    filterset_class = PledgeFilter
    row_template = "charter/_pledge_rows.html"
    template_name = "charter/register_list.html"
    columns = (
        Column("Pledge", sort="title"),
        Column("Made by", sort="organisation"),
        Column("State"),
        Column("Promised", numeric=True),
        Column("Confirmed", numeric=True),
        Column("Due", sort="due"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "made": Sort("Made on", ("pledged_on",), "earliest first", "latest first"),
        "title": Sort("Pledge", ("title",)),
        "organisation": Sort("Organisation", ("organisation__name", "title")),
        "due": Sort("Due", ("due",), "soonest first", "latest first"),
    }
    default_sort = "-made"
    export_name = "pledges"
    export_columns = (
        ExportColumn("Pledge", "title"),
        ExportColumn("Made by", "organisation.name"),
        ExportColumn("Principle", "principle.title"),
        ExportColumn("Initiative", lambda row: row.initiative.title if row.initiative else ""),
        ExportColumn("State", lambda row: WORDS[State(row.state)]),
        ExportColumn("Unit", "unit"),
        ExportColumn("Promised", "promised_quantity"),
        ExportColumn("Reported", "reported_quantity"),
        ExportColumn("Confirmed", "confirmed_quantity"),
        ExportColumn("Made on", "pledged_on"),
        ExportColumn("Due", "due"),
        ExportColumn("Reported on", "reported_on"),
        ExportColumn("Confirmed on", "confirmed_on"),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No pledges yet",
        "When an organisation promises something outside a contract, it will be listed here, with "
        "what those it was for say of it.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return pledge_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = state_tag(row)
            row.promised = amount_of(row.promised_quantity, row.unit)
            row.confirmed = amount_of(row.confirmed_quantity, row.unit)
        links = []
        if can(self.request.user, "keep_adoptions"):
            links.append(Link("Record a pledge", reverse("pledge-create")))
        found = uptake_of(pledge_groups(self.page.paginator.object_list))
        return {
            "officer_links": links,
            "lead": uptake_words(found),
            "breadcrumbs": [("The charter", reverse("charter")), ("Pledges", None)],
        }


class PledgePage(PublicView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = pledge_of(request, pk)
        reads = can(request.user, "view_charter")
        keeps = can(request.user, "keep_adoptions")
        questions = list(row.confirmations.select_related("organisation"))
        waiting = [each for each in questions if each.state == PledgeConfirmation.State.ASKED]
        state = State(row.state)
        context = {
            "title": row.title,
            "pledge": row,
            "tag": state_tag(row),
            "facts": fact_rows(row),
            "questions": questions if reads else [],
            "now": self.now,
            "waiting": waiting[0] if waiting else None,
            "may_edit": keeps and state == State.PROMISED,
            "may_report": keeps
            and not waiting
            and state in (State.PROMISED, State.REPORTED, State.NOT_CONFIRMED),
            "may_ask": keeps and state == State.REPORTED,
            "may_withdraw": keeps and state not in (State.CONFIRMED, State.WITHDRAWN),
            "history": history_of(row, limit=20) if reads else None,
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Pledges", reverse("pledge-list")),
                (row.title, None),
            ],
        }
        return render(request, "charter/pledge_detail.html", context)


def pledge_of(request: HttpRequest, pk: int) -> Pledge:
    try:
        return get_object_or_404(pledge_rows(request.user), pk=pk)
    except OverflowError:
        raise Http404 from None


def fact_rows(row: Pledge) -> list[SummaryRow]:
    rows = [
        SummaryRow("Made by", row.organisation.name),
        SummaryRow("Principle", row.principle.title, note=row.principle.words),
        SummaryRow("Made on", _day(row.pledged_on)),
        SummaryRow("Due", _day(row.due), missing="No day was set"),
        SummaryRow("Promised", amount_of(row.promised_quantity, row.unit), missing="Not counted"),
    ]
    if row.initiative is not None:
        rows.insert(2, SummaryRow("Initiative", row.initiative.title))
    if row.reported_on:
        rows.append(
            SummaryRow(
                "Reported as done",
                amount_of(row.reported_quantity, row.unit) or "Yes",
                note=f"on {_day(row.reported_on)}. {row.report_words}",
            )
        )
    if row.confirmed_on:
        said = "Confirmed" if row.state == State.CONFIRMED else "Not confirmed"
        rows.append(
            SummaryRow(
                said,
                amount_of(row.confirmed_quantity, row.unit) or said,
                note=f"by {row.confirmed_by} on {_day(row.confirmed_on)}",
            )
        )
    if row.withdrawn_on:
        rows.append(SummaryRow("Withdrawn on", _day(row.withdrawn_on), note=row.withdrawn_reason))
    return rows


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


class _Keeping(EditMixin, PermissionView):
    permission = "keep_adoptions"

    def show(
        self, form: BaseForm, title: str, button: str, row: Pledge | None = None, lead: str = ""
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "lead": lead,
            "cancel": row.get_absolute_url() if row else reverse("pledge-list"),
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Pledges", reverse("pledge-list")),
                *([(row.title, row.get_absolute_url())] if row else []),
                (title, None),
            ],
        }
        return render(self.request, "charter/keep_form.html", context)


class PledgeCreate(_Keeping):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(PledgeForm(initial={"pledged_on": self.today}))

    def page(self, form: BaseForm) -> HttpResponse:
        return self.show(form, "Record a pledge", "Record the pledge")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = PledgeForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            made = pledges.make_pledge(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The pledge is recorded and public.")
        return redirect(made)


class _OnePledge(_Keeping):
    """One form about one pledge: what it is, what it shows, and the service that it calls."""

    title = ""
    button = ""
    lead = ""

    def row(self, pk: int) -> Pledge:
        return pledge_of(self.request, pk)

    def unbound(self, row: Pledge) -> Any:
        raise NotImplementedError

    def bound(self, row: Pledge) -> Any:
        raise NotImplementedError

    def act(self, row: Pledge, form: Any) -> str:
        """Do it; the sentence that says so."""
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        return self.show(self.unbound(row), self.title, self.button, row, self.lead)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.row(pk)
        form = self.bound(row)
        if not form.is_valid():
            return self.show(form, self.title, self.button, row, self.lead)
        try:
            done = self.act(row, form)
        except Collision as collision:
            return self.show_collision(form, self.unbound(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.show(form, self.title, self.button, row, self.lead)
        messages.success(request, done)
        return redirect(row)


class PledgeEdit(_OnePledge):
    title, button = "Edit the pledge", "Save it"

    def unbound(self, row: Pledge) -> PledgeForm:
        return PledgeForm(instance=row)

    def bound(self, row: Pledge) -> PledgeForm:
        return PledgeForm(self.posted(), instance=self.row(row.pk))

    def act(self, row: Pledge, form: PledgeForm) -> str:
        pledges.change_pledge(
            pledge=row,
            changes=form.changes(),
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )
        return "The pledge is saved."


class PledgeReport(_OnePledge):
    title, button = "Record what was done", "Record it"
    lead = "It counts as reported until whoever it was for confirms it."

    def unbound(self, row: Pledge) -> ReportForm:
        initial = {
            "version": row.version,
            "quantity": row.reported_quantity,
            "reported_on": row.reported_on or self.today,
            "words": row.report_words,
        }
        return self.fitting(ReportForm(initial=initial), row)

    def bound(self, row: Pledge) -> ReportForm:
        return self.fitting(ReportForm(self.posted()), row)

    def fitting(self, form: ReportForm, row: Pledge) -> ReportForm:
        if row.unit:
            form.fields["quantity"].help_text = f"In {row.unit}"
        return form

    def act(self, row: Pledge, form: ReportForm) -> str:
        pledges.report_pledge(
            pledge=row,
            quantity=form.cleaned_data["quantity"],
            reported_on=form.cleaned_data["reported_on"],
            words=form.cleaned_data["words"],
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
            today=self.today,
        )
        return "It is recorded. Now ask whoever it was for."


class PledgeAsk(_OnePledge):
    title, button = "Ask whoever it was for", "Send the question"
    lead = (
        "They get an e-mail with a link that works once and needs no account. If somebody was asked "
        "before, that link stops working."
    )

    def unbound(self, row: Pledge) -> AskBeneficiaryForm:
        initial = {"version": row.version, "organisation": row.confirmed_by_id}
        return AskBeneficiaryForm(initial=initial, pledged_by=row.organisation_id)

    def bound(self, row: Pledge) -> AskBeneficiaryForm:
        return AskBeneficiaryForm(self.posted(), pledged_by=row.organisation_id)

    def act(self, row: Pledge, form: AskBeneficiaryForm) -> str:
        asked = pledges.ask_beneficiary(
            pledge=row,
            organisation=form.cleaned_data["organisation"],
            email=form.cleaned_data["email"],
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )
        if hand_over(send_pledge_question, asked.pk):
            return f"The question goes to {asked.organisation.name}."
        pledges.note_question_unsent(asked=asked, by=self.request.user, now=self.now)
        messages.warning(
            self.request,
            "Its e-mail could not be sent: the background service cannot be reached. Ask again in a "
            "while.",
        )
        return f"The question to {asked.organisation.name} is on record."


class PledgeWithdraw(_OnePledge):
    title, button = "Withdraw the pledge", "Withdraw it"
    lead = "It stays on the list as withdrawn, with the reason."

    def unbound(self, row: Pledge) -> WithdrawPledgeForm:
        return WithdrawPledgeForm(initial={"version": row.version, "withdrawn_on": self.today})

    def bound(self, row: Pledge) -> WithdrawPledgeForm:
        return WithdrawPledgeForm(self.posted())

    def act(self, row: Pledge, form: WithdrawPledgeForm) -> str:
        pledges.withdraw_pledge(
            pledge=row,
            withdrawn_on=form.cleaned_data["withdrawn_on"],
            reason=form.cleaned_data["reason"],
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
            today=self.today,
        )
        return "The pledge is withdrawn."
