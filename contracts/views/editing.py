"""Recording and editing contracts and awards, and saying what follows a contract."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can, reach
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..agreement_words import words_for
from ..forms import AwardForm, ContractForm, SuccessorForm
from ..forms.contracts import version_in
from ..models import Award, Contract
from ..services.contracts import (
    change_award,
    change_contract,
    link_successor,
    record_award,
    record_contract,
    unlink_successor,
)
from .detail import home_of

FOUND_AT_MOST = 20


class ChangeContracts(EditMixin, PermissionView):
    permission = "change_contracts"

    def contract(self, pk: int) -> Contract:
        contract = get_object_or_404(Contract.objects.visible_to(self.request.user), pk=pk)
        self.check(contract)
        return contract

    def crumbs(self, contract: Contract | None, here: str) -> list[tuple[str, str | None]]:
        trail: list[tuple[str, str | None]] = [
            home_of(contract.kind if contract else Contract.Kind.CONTRACT)
        ]
        if contract is not None:
            trail.append((contract.title, contract.get_absolute_url()))
        return [*trail, (here, None)]


class ContractCreate(ChangeContracts):
    def get(self, request: HttpRequest) -> HttpResponse:
        _, own = reach(request.user, self.permission)
        initial: dict[str, Any] = {"manager": request.user.pk} if own else {}
        if len(own) == 1:
            initial["directorate"] = own[0][1]
        return self.page(ContractForm(user=request.user, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ContractForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form)
        try:
            contract = record_contract(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, f"{contract.reference} is recorded.")
        return redirect(contract)

    def page(self, form: ContractForm) -> HttpResponse:
        context = {
            "title": "Record a contract",
            "form": form,
            "button": "Record the contract",
            "cancel": reverse("contract-list"),
            "breadcrumbs": self.crumbs(None, "Record a contract"),
        }
        return render(self.request, "contracts/contract_form.html", context)


class ContractEdit(ChangeContracts):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        if contract.kind != Contract.Kind.CONTRACT:
            return redirect("agreement-edit", contract.pk)
        return self.page(contract, ContractForm(instance=contract, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = ContractForm(self.posted(), instance=self.contract(pk), user=request.user)
        if not form.is_valid():
            return self.page(contract, form)
        try:
            changed = change_contract(
                contract=contract,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = ContractForm(instance=collision.stored, user=request.user)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(contract, form)
        if changed.version == form.expected_version:
            messages.info(request, "Nothing was changed.")
        else:
            messages.success(request, "Your changes are saved.")
        return redirect(changed)

    def page(self, contract: Contract, form: ContractForm) -> HttpResponse:
        context = {
            "title": "Edit contract",
            "form": form,
            "contract": contract,
            "button": "Save changes",
            "cancel": contract.get_absolute_url(),
            "breadcrumbs": self.crumbs(contract, "Edit contract"),
        }
        return render(self.request, "contracts/contract_form.html", context)


class AwardCreate(ChangeContracts):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        return self.page(contract, AwardForm(words=words_for(contract.kind)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = AwardForm(
            request.POST,
            search=request.POST.get("supplier_search", "").replace("\0", "")[:200],
            words=words_for(contract.kind),
        )
        if "find" in request.POST:
            return self.page(contract, form)
        if not form.is_valid():
            return self.page(contract, form)
        try:
            record_award(contract=contract, values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(contract, form)
        messages.success(request, "The award is recorded.")
        return redirect(contract)

    def page(self, contract: Contract, form: AwardForm) -> HttpResponse:
        return _award_page(self, contract, form, "Record an award", "Record the award")


class AwardEdit(ChangeContracts):
    def award(self, pk: int) -> Award:
        award = get_object_or_404(Award.objects.select_related("contract"), pk=pk)
        if not Contract.objects.visible_to(self.request.user).filter(pk=award.contract_id).exists():
            raise Http404
        self.check(award.contract)
        return award

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        award = self.award(pk)
        words = words_for(award.contract.kind)
        return self.page(award.contract, AwardForm(instance=award, words=words))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        award = self.award(pk)
        form = AwardForm(
            self.posted(),
            instance=self.award(pk),
            search=request.POST.get("supplier_search", "").replace("\0", "")[:200],
            words=words_for(award.contract.kind),
        )
        if "find" in request.POST or not form.is_valid():
            return self.page(award.contract, form)
        try:
            change_award(
                award=award,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = AwardForm(instance=collision.stored, words=words_for(award.contract.kind))
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(award.contract, form)
        messages.success(request, "The award is saved.")
        return redirect(award.contract)

    def page(self, contract: Contract, form: AwardForm) -> HttpResponse:
        return _award_page(self, contract, form, "Edit award", "Save changes")


def _award_page(
    view: ChangeContracts, contract: Contract, form: AwardForm, title: str, button: str
) -> HttpResponse:
    finding = "find" in view.request.POST
    words = words_for(contract.kind)
    if words.kind != Contract.Kind.CONTRACT:
        title = title.replace("an award", f"the {words.party}").replace("award", words.party)
        button = button.replace("award", words.party)
    context = {
        "title": title,
        "words": words,
        "form": form,
        "contract": contract,
        "button": button,
        "finding": finding,
        "found_nothing": finding and bool(form.search) and not form.found,
        "searched_for_nothing": finding and not form.search,
        "breadcrumbs": view.crumbs(contract, title),
        "may_record_organisations": can(view.request.user, "change_organisations"),
    }
    if finding:
        # Looking for a supplier is no attempt to save: no errors yet.
        form.errors.clear()
    return render(view.request, "contracts/award_form.html", context)


class SuccessorLink(ChangeContracts):
    """Choose the contract that follows this one, among those the person may change.

    The page carries the version of every contract that it offers: what is written stands on the
    one that follows.
    """

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        return self.page(contract, SuccessorForm(choices=self.choices(contract)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = SuccessorForm(request.POST, choices=self.changeable(contract))
        collided = False
        if form.is_valid():
            successor: Contract = form.cleaned_data["successor"]
            self.check(successor)
            try:
                link_successor(
                    contract=contract,
                    successor=successor,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                collided = True
                form.add_error("successor", _changed_meanwhile(collision.stored))
            except ValidationError as error:
                for sentences in getattr(error, "message_dict", {"": error.messages}).values():
                    form.add_error("successor", sentences)
            else:
                messages.success(request, f"{successor.reference} follows {contract.reference}.")
                return redirect(contract)
        form.offer(self.choices(contract))
        return self.page(contract, form, status=409 if collided else 200)

    def changeable(self, contract: Contract) -> Any:
        everything, own = reach(self.request.user, self.permission)
        rows = Contract.objects.visible_to(self.request.user)
        if not everything:
            rows = rows.filter(directorate__in=[pk for _, pk in own])
        return rows.exclude(pk=contract.pk).exclude(predecessor=contract)

    def choices(self, contract: Contract) -> Any:
        """Found by the search, or the likeliest: same category, not over, starting later."""
        rows = self.changeable(contract)
        search = self.request.GET.get("q", "").replace("\0", "").strip()[:200]
        if search:
            for word in search.split()[:6]:
                rows = rows.filter(Q(title__icontains=word) | Q(reference__icontains=word))
        else:
            rows = rows.filter(category=contract.category) if contract.category_id else rows
            rows = rows.filter(predecessor=None).exclude(
                stage__in=[Contract.Stage.ENDED, Contract.Stage.TERMINATED]
            )
            if contract.start:
                rows = rows.filter(Q(start=None) | Q(start__gt=contract.start))
        found = list(
            rows.order_by("-start", "reference").values_list("pk", flat=True)[:FOUND_AT_MOST]
        )
        return rows.model.objects.filter(pk__in=found).order_by("-start", "reference")

    def page(self, contract: Contract, form: SuccessorForm, status: int = 200) -> HttpResponse:
        context = {
            "title": "Link what follows",
            "form": form,
            "contract": contract,
            "search": self.request.GET.get("q", "").replace("\0", "").strip()[:200],
            "versions": form.versions,
            "breadcrumbs": self.crumbs(contract, "Link what follows"),
        }
        return render(self.request, "contracts/successor_form.html", context, status=status)


class SuccessorUnlink(ChangeContracts):
    """A page that asks, and a POST that does."""

    def pair(self, pk: int, successor_pk: int) -> tuple[Contract, Contract]:
        contract, successor = self.contract(pk), self.contract(successor_pk)
        if successor.predecessor_id != contract.pk:
            raise Http404
        return contract, successor

    def get(self, request: HttpRequest, pk: int, successor_pk: int) -> HttpResponse:
        return self.page(*self.pair(pk, successor_pk))

    def page(self, contract: Contract, successor: Contract, problem: str = "") -> HttpResponse:
        context = {
            "title": "Unlink the contract that follows",
            "contract": contract,
            "successor": successor,
            "problem": problem,
            "breadcrumbs": self.crumbs(contract, "Unlink"),
        }
        return render(
            self.request,
            "contracts/successor_unlink.html",
            context,
            status=409 if problem else 200,
        )

    def post(self, request: HttpRequest, pk: int, successor_pk: int) -> HttpResponseBase:
        contract, successor = self.pair(pk, successor_pk)
        try:
            unlink_successor(
                contract=contract,
                successor=successor,
                expected_version=version_in(request.POST.get("version")),
                by=request.user,
                now=self.now,
            )
        except Collision:
            contract, successor = self.pair(pk, successor_pk)
            return self.page(contract, successor, _changed_meanwhile(successor))
        messages.success(request, f"{successor.reference} no longer follows {contract.reference}.")
        return redirect(contract)


def _changed_meanwhile(contract: Contract) -> str:
    return (
        f"Somebody changed {contract.reference} after you opened this page. "
        "Look at how it stands now, then try again."
    )
