"""Agreements that are not contracts: grants, planning obligations and pledges."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can, reach
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, Sort
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.services.records import Collision

from ..agreement_words import GRANT, PLANNING, PLEDGE, WORDS, Words, words_for
from ..filters_agreements import AgreementFilter
from ..forms.agreements import AgreementForm
from ..models import Contract
from ..selectors.contracts import contract_rows
from ..services.contracts import change_contract, record_contract
from .editing import ChangeContracts
from .listing import ContractList, ContractRows, stage_tag

OTHERS = (GRANT, PLANNING, PLEDGE)


class AgreementList(ContractRows):
    """Every kind of agreement; the register of contracts has a list of its own."""

    title = "Agreements"
    noun = "agreement"
    introduction = (
        "Grants, planning obligations and pledges carry commitments in the same way as contracts. "
        "Only contracts count in the register, its thresholds and its totals."
    )
    filterset_class = AgreementFilter
    template_name = "contracts/agreement_list.html"
    row_template = "contracts/_agreement_rows.html"
    columns = (
        Column("Agreement", sort="title"),
        Column("Kind", sort="kind"),
        Column("With"),
        Column("Stage"),
        Column("Ends", sort="end"),
        Column("Value", sort="value", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "title": Sort("Title", ("title", "reference")),
        "kind": Sort("Kind", ("kind", "title")),
        "end": Sort("End date", ("end", "reference"), "soonest first", "latest first"),
        "value": Sort("Value", ("value_pounds", "reference"), "smallest first", "largest first"),
    }
    default_sort = "kind"
    export_name = "agreements"
    export_columns = (
        ExportColumn("Reference", "reference"),
        ExportColumn("Kind of agreement", lambda row: row.get_kind_display()),
        ExportColumn("Title", "title"),
        ExportColumn("Stage", lambda row: row.get_stage_display()),
        ExportColumn("Directorate", "directorate.name"),
        ExportColumn("With", lambda row: "; ".join(_names(row))),
        ExportColumn("Date of award or signature", "awarded_on"),
        ExportColumn("Value in pounds", "value_pounds"),
        ExportColumn("Start", "start"),
        ExportColumn("End", "end"),
        ExportColumn("Wards served", lambda row: "; ".join(ward.name for ward in row.wards.all())),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No grants, planning obligations or pledges yet",
        "Record one, so that its promises are agreed, reported and verified like a contract’s.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return contract_rows(self.request.user)

    get_export_queryset = ContractList.get_export_queryset

    def get_context(self) -> dict[str, Any]:
        self.show_suppliers(self.page.object_list)
        for row in self.page.object_list:
            row.words = words_for(row.kind)
            row.tag = stage_tag(row.stage, row.get_stage_display())
        new = [
            Link(f"Record a {words.noun}", f"{reverse('agreement-create')}?kind={words.kind}")
            for words in OTHERS
        ]
        return {"new_links": new if can(self.request.user, "change_contracts") else []}


def _names(row: Any) -> list[str]:
    held = [
        link.organisation.name
        for award in row.counted_awards
        for link in award.supplier_links.all()
    ]
    return list(dict.fromkeys(held))


class AgreementCreate(ChangeContracts):
    """`?kind=` says which; without it the page asks."""

    def words(self) -> Words | None:
        found = WORDS.get(self.request.GET.get("kind", ""))
        return found if found in OTHERS else None

    def get(self, request: HttpRequest) -> HttpResponse:
        words = self.words()
        if words is None:
            return self.choose()
        _, own = reach(request.user, self.permission)
        initial: dict[str, Any] = {"manager": request.user.pk} if own else {}
        if len(own) == 1:
            initial["directorate"] = own[0][1]
        return self.page(AgreementForm(user=request.user, words=words, initial=initial), words)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        words = self.words()
        if words is None:
            return self.choose()
        form = AgreementForm(request.POST, user=request.user, words=words)
        if not form.is_valid():
            return self.page(form, words)
        try:
            made = record_contract(
                values={"kind": words.kind, **form.changes()}, by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form, words)
        messages.success(
            request, f"{made.reference} is recorded. Now say who the {words.party} is."
        )
        return redirect("award-create", made.pk)

    def choose(self) -> HttpResponse:
        title = "Record an agreement"
        context = {
            "title": title,
            "kinds": OTHERS,
            "breadcrumbs": [("Agreements", reverse("agreement-list")), (title, None)],
        }
        return render(self.request, "contracts/agreement_choose.html", context)

    def page(self, form: AgreementForm, words: Words) -> HttpResponse:
        title = f"Record a {words.noun}"
        context = {
            "title": title,
            "form": form,
            "words": words,
            "button": f"Record and name the {words.party}",
            "cancel": reverse("agreement-list"),
            "breadcrumbs": [("Agreements", reverse("agreement-list")), (title, None)],
        }
        return render(self.request, "contracts/agreement_form.html", context)


class AgreementEdit(ChangeContracts):
    def agreement(self, pk: int) -> Contract:
        found = self.contract(pk)
        if found.kind == Contract.Kind.CONTRACT:
            raise Http404
        return found

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if self.contract(pk).kind == Contract.Kind.CONTRACT:
            return redirect("contract-edit", pk)
        agreement = self.agreement(pk)
        words = words_for(agreement.kind)
        return self.page(
            agreement, AgreementForm(instance=agreement, user=request.user, words=words)
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        agreement = self.agreement(pk)
        words = words_for(agreement.kind)
        form = AgreementForm(
            self.posted(), instance=self.agreement(pk), user=request.user, words=words
        )
        if not form.is_valid():
            return self.page(agreement, form)
        try:
            changed = change_contract(
                contract=agreement,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = AgreementForm(instance=collision.stored, user=request.user, words=words)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(agreement, form)
        if changed.version == form.expected_version:
            messages.info(request, "Nothing was changed.")
        else:
            messages.success(request, "Your changes are saved.")
        return redirect(changed)

    def page(self, agreement: Contract, form: AgreementForm) -> HttpResponse:
        words = words_for(agreement.kind)
        title = f"Edit {words.noun}"
        context = {
            "title": title,
            "form": form,
            "words": words,
            "contract": agreement,
            "button": "Save changes",
            "cancel": agreement.get_absolute_url(),
            "breadcrumbs": self.crumbs(agreement, title),
        }
        return render(self.request, "contracts/agreement_form.html", context)
