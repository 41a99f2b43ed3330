"""Recovery actions: the list, one of them, and what is done with it. A supplier reads its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters_pacing import RecoveryFilter
from ..forms.pacing import RecoveryCloseForm, RecoveryForm
from ..models import Commitment, RecoveryAction
from ..selectors.pacing import JOINED, paces_of
from ..services.recovery import change_recovery, close_recovery, open_recovery
from .pacing import outward_text
from .pacing_parts import amount, name_of, pace_row

READ = ("commitment__contract__directorate", "commitment__supplier", "commitment__measure__edition")


def visible_recoveries(user: Any) -> QuerySet[RecoveryAction]:
    """Of the commitments that this person may see."""
    seen = Commitment.objects.visible_to(user)
    return RecoveryAction.objects.filter(commitment__in=seen).select_related(*READ)


def state_tag(action: RecoveryAction, today: Any) -> Tag:
    if action.state != RecoveryAction.State.OPEN:
        tone = Tone.GOOD if action.state == RecoveryAction.State.DONE else Tone.NEUTRAL
        return Tag(action.get_state_display(), tone)
    if action.due and action.due < today:
        days = (today - action.due).days
        return Tag(f"{days} day{'' if days == 1 else 's'} past its date", Tone.BAD)
    return Tag("Open", Tone.INFO)


class RecoveryList(ListPage):
    permission = "view_commitments"
    title = "Recovery actions"
    noun = "recovery action"
    introduction = (
        "What is done about commitments that fell behind: by whom, and by when. A commitment that "
        "turns red gets one in the night, for its contract manager, due in 30 days."
    )
    filterset_class = RecoveryFilter
    row_template = "contracts/_recovery_rows.html"
    columns = (
        Column("Commitment", sort="agreement"),
        Column("Supplier"),
        Column("Owner"),
        Column("By", sort="due"),
        Column("Expected shortfall", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "due": Sort("Date", ("due",), "soonest first", "latest first"),
        "agreement": Sort("Agreement", ("commitment__contract__title", "commitment__number")),
    }
    default_sort = "due"
    export_name = "recovery-actions"
    export_columns = (
        ExportColumn("Agreement", "commitment.contract.reference"),
        ExportColumn("Title", "commitment.contract.title"),
        ExportColumn("Supplier", "commitment.supplier.name"),
        ExportColumn("Commitment", "commitment.number"),
        ExportColumn("In words", lambda row: outward_text(row.commitment)),
        ExportColumn("Unit", "commitment.measure.unit"),
        ExportColumn("Expected shortfall", "shortfall_quantity"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Owner", "owner_name"),
        ExportColumn("Due", "due"),
        ExportColumn("Reason", "reason"),
        ExportColumn("Plan", "plan"),
        ExportColumn("Opened", "opened_at"),
        ExportColumn("Closed", "closed_at"),
        ExportColumn("Outcome", "outcome"),
    )
    empty_state = EmptyState(
        "No recovery action is open",
        "When a commitment falls behind its profile, what is done about it will be listed here.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return visible_recoveries(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = state_tag(row, self.today)
            row.name = name_of(row.commitment)
            row.shortfall = amount(row.shortfall_quantity, row.commitment.measure.unit)
        return {
            "rows": self.page.object_list,
            "breadcrumbs": [("Pacing", reverse("pacing-list")), (self.title, None)],
        }


class RecoveryPage(PermissionView):
    permission = "view_commitments"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = get_object_or_404(visible_recoveries(request.user), pk=pk)
        self.check(action)
        may_change = can(request.user, "change_commitments", on=action)
        (found,) = paces_of(
            Commitment.objects.filter(pk=action.commitment_id).select_related(*JOINED),
            as_of=self.today,
        )
        context = {
            "title": f"Recovery of {name_of(action.commitment)}",
            "action": action,
            "commitment": action.commitment,
            "tag": state_tag(action, self.today),
            "shortfall": amount(action.shortfall_quantity, action.commitment.measure.unit),
            "row": pace_row(found),
            "is_open": action.state == RecoveryAction.State.OPEN,
            "may_change": may_change,
            # What colleagues changed and why is not for the supplier's eyes.
            "history": history_of(action) if may_change else (),
            "breadcrumbs": crumbs(action.commitment, "Recovery"),
        }
        return render(request, "contracts/recovery_detail.html", context)


def crumbs(commitment: Commitment, here: str) -> list[tuple[str, str | None]]:
    pacing = reverse("commitment-pacing", kwargs={"pk": commitment.pk})
    contract = commitment.contract
    return [
        (contract.title, reverse("contract-pacing", kwargs={"pk": contract.pk})),
        (f"Commitment {commitment.number}", pacing),
        (here, None),
    ]


class RecoveryCreate(EditMixin, PermissionView):
    permission = "change_commitments"

    def commitment(self, pk: int) -> Commitment:
        rows = Commitment.objects.visible_to(self.request.user).select_related(*JOINED)
        commitment = get_object_or_404(rows, pk=pk)
        self.check(commitment)
        return commitment

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        already = commitment.recovery_actions.filter(state=RecoveryAction.State.OPEN).first()
        if already is not None:
            messages.info(request, "A recovery action is open for this commitment already.")
            return redirect("recovery-detail", already.pk)
        reasons = ""
        if commitment.state == Commitment.State.AGREED:
            (found,) = paces_of([commitment], as_of=self.today)
            reasons = " ".join(found.verified.reasons)
        initial = {"owner": commitment.contract.manager_id, "reason": reasons}
        form = RecoveryForm(initial=initial, contract=commitment.contract)
        return self.page(commitment, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        form = RecoveryForm(request.POST, contract=commitment.contract)
        if not form.is_valid():
            return self.page(commitment, form)
        try:
            action = open_recovery(
                commitment=commitment,
                by=request.user,
                now=self.now,
                today=self.today,
                **form.changes(),
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        messages.success(request, "The recovery action is open.")
        return redirect("recovery-detail", action.pk)

    def page(self, commitment: Commitment, form: RecoveryForm) -> HttpResponse:
        back = reverse("commitment-pacing", kwargs={"pk": commitment.pk})
        return form_page(
            self.request, commitment, form, "Open a recovery action", "Open the action", back
        )


def form_page(
    request: HttpRequest, commitment: Commitment, form: Any, title: str, button: str, back: str
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "button": button,
        "cancel": back,
        "caption": f"{commitment.contract.reference} · {name_of(commitment)}",
        "breadcrumbs": crumbs(commitment, title),
    }
    return render(request, "contracts/recovery_form.html", context)


class _OneRecovery(EditMixin, PermissionView):
    permission = "change_commitments"

    def action(self, pk: int) -> RecoveryAction:
        action = get_object_or_404(visible_recoveries(self.request.user), pk=pk)
        self.check(action)
        return action

    def get_open(self, pk: int) -> RecoveryAction:
        action = self.action(pk)
        if action.state != RecoveryAction.State.OPEN:
            raise Http404
        return action


class RecoveryEdit(_OneRecovery):
    def form(self, action: RecoveryAction, data: Any = None) -> RecoveryForm:
        return RecoveryForm(data, instance=action, contract=action.commitment.contract)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = self.get_open(pk)
        return self.page(action, self.form(action))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        action = self.action(pk)
        form = self.form(self.action(pk), self.posted())
        if not form.is_valid():
            return self.page(action, form)
        try:
            change_recovery(
                recovery=action,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except Collision as collision:
            return self.show_collision(form, self.form(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, form)
        messages.success(request, "Your changes are saved.")
        return redirect("recovery-detail", action.pk)

    def page(self, action: RecoveryAction, form: RecoveryForm) -> HttpResponse:
        back = reverse("recovery-detail", kwargs={"pk": action.pk})
        return form_page(
            self.request, action.commitment, form, "Edit the recovery action", "Save changes", back
        )


class RecoveryClose(_OneRecovery):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = self.get_open(pk)
        return self.page(action, RecoveryCloseForm(initial={"version": action.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        action = self.action(pk)
        form = RecoveryCloseForm(self.posted())
        if not form.is_valid():
            return self.page(action, form)
        try:
            close_recovery(
                recovery=action,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                **form.changes(),
            )
        except Collision as collision:
            stored = RecoveryCloseForm(
                initial={
                    "version": collision.stored.version,
                    "state": collision.stored.state,
                    "outcome": collision.stored.outcome,
                }
            )
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, form)
        messages.success(request, "The recovery action is closed.")
        return redirect("recovery-detail", action.pk)

    def page(self, action: RecoveryAction, form: RecoveryCloseForm) -> HttpResponse:
        back = reverse("recovery-detail", kwargs={"pk": action.pk})
        return form_page(
            self.request,
            action.commitment,
            form,
            "Close the recovery action",
            "Close the action",
            back,
        )
