"""The supplier's side: what is proposed to it, accepting it, and asking for a change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import reach
from trafford_sv.core.lists import Column, Sort
from trafford_sv.core.parts import EmptyState
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.commitments import ReasonStepForm, StepForm
from ..models import Commitment
from ..selectors.commitments import (
    CommitmentDetail,
    commitment_detail,
    commitment_rows,
    shows_pounds,
)
from ..services.commitments import accept_commitment, send_back_commitment
from .commitments import (
    CommitmentList,
    amount_of,
    figures_of,
    name_of,
    profile_chart,
    term_rows,
    with_sorted_pounds,
)

CHANGED_MEANWHILE = (
    "The council changed this commitment after you opened it. Nothing is accepted. "
    "Read it as it stands now."
)


def own_rows(user: Any) -> QuerySet[Commitment]:
    """Of the organisations that this person may accept for, without the council's drafts."""
    _, own = reach(user, "accept_commitments")
    return commitment_rows(user).filter(
        supplier_id__in=[pk for role, pk in own if role == "supplier"]
    )


class SupplierCommitments(CommitmentList):
    permission = "accept_commitments"
    title = "Your commitments"
    introduction = (
        "What you promised, and what the council proposes. A proposal counts once you and the "
        "council have both accepted it."
    )
    row_template = "contracts/_supplier_commitment_rows.html"
    columns = (
        Column("Promise", sort="contract"),
        Column("State", sort="state"),
        Column("Due", sort="due"),
        Column("Promised"),
        Column("Committed", sort="pounds", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        **CommitmentList.sorts,
        "state": Sort("State", ("waits", "due"), "waiting for you first", "waiting for you last"),
    }
    default_sort = "state"
    export_name = "your-commitments"
    empty_state = EmptyState(
        "No commitments yet",
        "When the council proposes a commitment to you it will be here to read and accept.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        waiting = When(
            state=Commitment.State.PROPOSED, supplier_accepted_at__isnull=True, then=Value(0)
        )
        other = When(state=Commitment.State.WITHDRAWN, then=Value(2))
        rows = with_sorted_pounds(own_rows(self.request.user), self.request.user)
        return rows.annotate(
            waits=Case(waiting, other, default=Value(1), output_field=IntegerField())
        )


class SupplierStep(EditMixin, PermissionView):
    permission = "accept_commitments"

    def shown(self, pk: int) -> CommitmentDetail:
        """404 for another organisation's commitment, and for a draft."""
        try:
            row = own_rows(self.request.user).get(pk=pk)
        except (Commitment.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(row)
        return commitment_detail(row.pk, self.request.user)

    def refused(self, row: Commitment) -> HttpResponseBase | None:
        if row.state == Commitment.State.PROPOSED and row.supplier_accepted_at is None:
            return None
        messages.info(self.request, "This commitment is not waiting for you.")
        return redirect(row)

    def page(
        self, shown: CommitmentDetail, form: Any, status: int = 200, **more: Any
    ) -> HttpResponse:
        row = shown.row
        pounds = shows_pounds(row, self.request.user, outward=False)
        context = {
            "form": form,
            "version": row.version,
            "commitment": row,
            "name": name_of(row),
            "amount": amount_of(row.promised_quantity, row.measure),
            "figures": figures_of(shown, pounds),
            "terms": term_rows(shown, pounds),
            "chart": profile_chart(row),
            "quarters": [
                (line.quarter.label, amount_of(line.due, row.measure)) for line in shown.quarters
            ],
            "breadcrumbs": [
                ("Your commitments", reverse("supplier-commitments")),
                (f"{row.contract.reference}/{row.number}", None),
            ],
            **more,
        }
        return render(
            self.request, "contracts/supplier_commitment_accept.html", context, status=status
        )


class SupplierAccept(SupplierStep):
    title = "Accept commitment"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        shown = self.shown(pk)
        if answer := self.refused(shown.row):
            return answer
        form = StepForm(initial={"version": shown.row.version})
        return self.page(shown, form, title=self.title)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        shown = self.shown(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.page(shown, form, title=self.title)
        try:
            changed = accept_commitment(
                commitment=shown.row,
                side="supplier",
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(self.shown(pk), form, 409, title=self.title)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(shown, form, title=self.title)
        agreed = changed.state == Commitment.State.AGREED
        messages.success(
            request,
            "It is agreed: you and the council have both accepted."
            if agreed
            else "You have accepted it. The council has not yet.",
        )
        return redirect("supplier-commitments")


class SupplierSendBack(SupplierStep):
    """Not as it stands: back to the council with a reason."""

    title = "Ask for a change"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        shown = self.shown(pk)
        if answer := self.refused(shown.row):
            return answer
        form = ReasonStepForm(initial={"version": shown.row.version})
        return self.page(shown, form, title=self.title, sends_back=True)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        shown = self.shown(pk)
        form = ReasonStepForm(request.POST)
        more: dict[str, Any] = {"title": self.title, "sends_back": True}
        if not form.is_valid():
            return self.page(shown, form, **more)
        try:
            send_back_commitment(
                commitment=shown.row,
                side="supplier",
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(self.shown(pk), form, 409, **more)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(shown, form, **more)
        messages.success(request, "It is back with the council, with your reason.")
        return redirect("supplier-commitments")
