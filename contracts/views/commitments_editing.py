"""Drawing up, editing and agreeing commitments: the officers' forms and confirmation pages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.commitment_thread import CommitmentThreadForm
from ..forms.commitments import CommitmentForm, ProfileForm, ReasonStepForm, StepForm, name_of
from ..models import Commitment, Contract
from ..profiles import ProfileError, quarters_between
from ..selectors.commitments import commitment_rows
from ..selectors.mobilisation import winning_offers
from ..services.commitments import (
    accept_commitment,
    change_commitment,
    draft_commitment,
    draft_from_offers,
    propose_commitment,
    set_profile,
    vary_commitment,
    withdraw_commitment,
)
from .commitments import amount_of
from .commitments import name_of as title_of

CHANGED_MEANWHILE = (
    "Someone else changed this commitment after you opened it. Nothing of yours is saved yet. "
    "Look at how it stands now, then try again."
)


class ChangeCommitments(EditMixin, PermissionView):
    permission = "change_commitments"

    def commitment(self, pk: int) -> Commitment:
        """404 for one that is not this person's to see."""
        try:
            found = commitment_rows(self.request.user).get(pk=pk)
        except (Commitment.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found

    def contract(self, pk: int) -> Contract:
        try:
            found = Contract.objects.visible_to(self.request.user).get(pk=pk)
        except (Contract.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found

    def crumbs(self, contract: Contract, here: str) -> list[tuple[str, str | None]]:
        return [
            ("Contracts", reverse("contract-list")),
            (contract.title, contract.get_absolute_url()),
            ("Mobilisation", reverse("contract-mobilisation", kwargs={"pk": contract.pk})),
            (here, None),
        ]

    def form_page(
        self,
        form: CommitmentForm,
        contract: Contract,
        *,
        title: str,
        button: str,
        cancel: str,
        **more: Any,
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "contract": contract,
            "button": button,
            "cancel": cancel,
            "breadcrumbs": self.crumbs(contract, title),
            **more,
        }
        return render(self.request, "contracts/commitment_form.html", context)


class CommitmentCreate(ChangeCommitments):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        return self.page(contract, CommitmentForm(contract=contract))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = CommitmentForm(request.POST, contract=contract)
        if not form.is_valid():
            return self.page(contract, form)
        try:
            made = draft_commitment(
                contract=contract, values=form.changes(), by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(contract, form)
        messages.success(
            request, f"Commitment {made.number} is drawn up, spread evenly over its quarters."
        )
        return redirect(made)

    def page(self, contract: Contract, form: CommitmentForm) -> HttpResponse:
        return self.form_page(
            form,
            contract,
            title="Draw up a commitment",
            button="Save the draft",
            cancel=reverse("contract-mobilisation", kwargs={"pk": contract.pk}),
            nobody_awarded="supplier" in form.fields
            and not form.fields["supplier"].queryset.exists(),  # type: ignore[attr-defined]
        )


class CommitmentEdit(ChangeCommitments):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        form = CommitmentForm(instance=commitment, contract=commitment.contract)
        return self.page(commitment, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        form = CommitmentForm(
            self.posted(), instance=self.commitment(pk), contract=commitment.contract
        )
        if not form.is_valid():
            return self.page(commitment, form)
        was_accepted = commitment.council_accepted_at or commitment.supplier_accepted_at
        try:
            changed = change_commitment(
                commitment=commitment,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = CommitmentForm(instance=collision.stored, contract=commitment.contract)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        if changed.version == form.expected_version:
            messages.info(request, "Nothing was changed.")
        elif was_accepted and not (changed.council_accepted_at or changed.supplier_accepted_at):
            messages.success(
                request,
                "Your changes are saved. One side had accepted the earlier terms, so both are "
                "asked again.",
            )
        else:
            messages.success(request, "Your changes are saved.")
        return redirect(changed)

    def refused(self, commitment: Commitment) -> HttpResponseBase | None:
        if commitment.state in (Commitment.State.DRAFT, Commitment.State.PROPOSED):
            return None
        done = "agreed: vary it to change its terms" if commitment.agreed_on else "withdrawn"
        messages.info(self.request, f"This commitment is {done}.")
        return redirect(commitment)

    def page(self, commitment: Commitment, form: CommitmentForm) -> HttpResponse:
        return self.form_page(
            form,
            commitment.contract,
            title="Edit commitment",
            button="Save changes",
            cancel=commitment.get_absolute_url(),
            commitment=commitment,
            accepted=commitment.council_accepted_at or commitment.supplier_accepted_at,
        )


class CommitmentVary(ChangeCommitments):
    """A new commitment that will replace an agreed one."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if commitment.state != Commitment.State.AGREED:
            messages.info(request, "Only an agreed commitment is varied.")
            return redirect(commitment)
        form = CommitmentForm(instance=commitment, contract=commitment.contract, vary=True)
        return self.page(commitment, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        form = CommitmentForm(
            request.POST, instance=self.commitment(pk), contract=commitment.contract, vary=True
        )
        if not form.is_valid():
            return self.page(commitment, form)
        try:
            made = vary_commitment(
                commitment=commitment,
                changes=form.changes(),
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(commitment, form)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        messages.success(
            request,
            f"Commitment {made.number} is drawn up. It replaces commitment {commitment.number} "
            "once both sides have accepted it.",
        )
        return redirect(made)

    def page(self, commitment: Commitment, form: CommitmentForm) -> HttpResponse:
        return self.form_page(
            form,
            commitment.contract,
            title="Vary commitment",
            button="Draw up the variation",
            cancel=commitment.get_absolute_url(),
            commitment=commitment,
            varies=True,
        )


class CommitmentThread(ChangeCommitments):
    """The needs that an agreed commitment answers, and its principle. Nothing promised changes, so
    nobody is asked again."""

    title = "What this commitment answers"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        return self.page(commitment, CommitmentThreadForm(instance=commitment))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        form = CommitmentThreadForm(self.posted(), instance=self.commitment(pk))
        if not form.is_valid():
            return self.page(commitment, form)
        try:
            changed = change_commitment(
                commitment=commitment,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = CommitmentThreadForm(instance=collision.stored)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        messages.success(request, "It is on record what this commitment answers.")
        return redirect(changed)

    def refused(self, commitment: Commitment) -> HttpResponseBase | None:
        if commitment.state == Commitment.State.AGREED:
            return None
        messages.info(self.request, "Say this among its terms until it is agreed.")
        return redirect(commitment)

    def page(self, commitment: Commitment, form: CommitmentThreadForm) -> HttpResponse:
        context = {
            "title": self.title,
            "commitment": commitment,
            "form": form,
            "cancel": commitment.get_absolute_url(),
            "breadcrumbs": self.crumbs(commitment.contract, self.title),
        }
        return render(self.request, "contracts/commitment_thread.html", context)


class CommitmentProfile(ChangeCommitments):
    """How much each quarter brings."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        return self.page(commitment, self.form(commitment, initial=self.initial(commitment)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        if answer := self.refused(commitment):
            return answer
        form = self.form(commitment, request.POST)
        if not form.is_valid():
            return self.page(commitment, form)
        try:
            set_profile(
                commitment=commitment,
                profile=None if "even" in request.POST else form.profile(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(commitment, form, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        messages.success(request, "The quarterly profile is saved.")
        return redirect(commitment)

    def refused(self, commitment: Commitment) -> HttpResponseBase | None:
        if commitment.state not in (Commitment.State.DRAFT, Commitment.State.PROPOSED):
            messages.info(self.request, "The profile of this commitment is settled.")
            return redirect(commitment)
        if commitment.starts is None or commitment.due is None:
            messages.info(self.request, "Give the commitment its start and end dates first.")
            return redirect("commitment-edit", commitment.pk)
        return None

    def form(self, commitment: Commitment, *args: Any, **kwargs: Any) -> ProfileForm:
        try:
            quarters = set(quarters_between(commitment.starts, commitment.due))  # type: ignore[arg-type]
        except ProfileError:
            quarters = set()
        quarters |= {part.period for part in commitment.profile.all()}
        return ProfileForm(*args, quarters=sorted(quarters), **kwargs)

    def initial(self, commitment: Commitment) -> dict[str, Any]:
        held = {name_of(part.period): part.due_quantity for part in commitment.profile.all()}
        return {"version": commitment.version, **held}

    def page(self, commitment: Commitment, form: ProfileForm, status: int = 200) -> HttpResponse:
        title = "Quarterly profile"
        context = {
            "title": title,
            "form": form,
            "boxes": [form[name_of(quarter)] for quarter in form.quarters],
            "commitment": commitment,
            "contract": commitment.contract,
            "amount": amount_of(commitment.promised_quantity, commitment.measure),
            "is_percentage": commitment.measure.counting == "percentage",
            # After a collision the next saving is made knowingly, over what is there now.
            "version": commitment.version,
            "breadcrumbs": self.crumbs(commitment.contract, title),
        }
        return render(self.request, "contracts/commitment_profile.html", context, status=status)


class CommitmentStep(ChangeCommitments):
    """A page that asks, and a POST that does. `version` is the one that the person read."""

    form_class: type[StepForm] = StepForm
    title = ""
    button = ""
    sentence = ""
    done = ""
    is_warning = False

    def act(self, commitment: Commitment, form: Any) -> Commitment:
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        commitment = self.commitment(pk)
        return self.page(commitment, self.form_class(initial={"version": commitment.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        commitment = self.commitment(pk)
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.page(commitment, form)
        try:
            changed = self.act(commitment, form)
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(self.commitment(pk), form, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(commitment, form)
        self.say(changed)
        return self.onward(changed)

    def say(self, changed: Commitment) -> None:
        messages.success(self.request, self.done)

    def onward(self, changed: Commitment) -> HttpResponseBase:
        return redirect("contract-mobilisation", changed.contract_id)

    def page(self, commitment: Commitment, form: Any, status: int = 200) -> HttpResponse:
        context = {
            "title": self.title,
            "form": form,
            "version": commitment.version,
            "commitment": commitment,
            "name": title_of(commitment),
            "amount": amount_of(commitment.promised_quantity, commitment.measure),
            "button": self.button,
            "sentence": self.sentence,
            "is_warning": self.is_warning,
            "cancel": commitment.get_absolute_url(),
            "breadcrumbs": self.crumbs(commitment.contract, self.title),
        }
        return render(self.request, "contracts/commitment_step.html", context, status=status)


class CommitmentPropose(CommitmentStep):
    title = "Propose commitment"
    button = "Propose it"
    sentence = (
        "The supplier will see it and both sides can accept it. Until both have, it can still be "
        "changed; a change asks both again."
    )
    done = "It is proposed. Now both sides accept it."

    def act(self, commitment: Commitment, form: Any) -> Commitment:
        return propose_commitment(
            commitment=commitment,
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )


class CommitmentAccept(CommitmentStep):
    title = "Accept for the council"
    button = "Accept for the council"
    sentence = (
        "Once the supplier has accepted too, the terms stand, and the value of a unit on that day "
        "is pinned for good."
    )

    def act(self, commitment: Commitment, form: Any) -> Commitment:
        return accept_commitment(
            commitment=commitment,
            side="council",
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )

    def say(self, changed: Commitment) -> None:
        agreed = changed.state == Commitment.State.AGREED
        messages.success(
            self.request,
            "It is agreed: both sides have accepted."
            if agreed
            else "The council has accepted it. The supplier has not yet.",
        )


class CommitmentWithdraw(CommitmentStep):
    title = "Withdraw commitment"
    button = "Withdraw it"
    sentence = (
        "Only what was verified under it will still count as committed. What was delivered towards "
        "it, and what it was, stay on record. The other side can read your reason."
    )
    done = "The commitment is withdrawn."
    form_class = ReasonStepForm
    is_warning = True

    def act(self, commitment: Commitment, form: Any) -> Commitment:
        return withdraw_commitment(
            commitment=commitment,
            reason=form.cleaned_data["reason"],
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )

    def onward(self, changed: Commitment) -> HttpResponseBase:
        return redirect(changed)


class CommitmentsFromOffers(ChangeCommitments):
    """Drawing up what was won and has no commitment yet."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        title = "Draw up the winning offers"
        offers = [
            {"offer": offer, "amount": amount_of(offer.offered_quantity, offer.requested.measure)}
            for offer in winning_offers(contract.pk)
        ]
        context = {
            "title": title,
            "contract": contract,
            "offers": offers,
            "breadcrumbs": self.crumbs(contract, title),
        }
        return render(request, "contracts/commitments_from_offers.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        try:
            made = draft_from_offers(contract=contract, by=request.user, now=self.now)
        except ValidationError as error:
            for sentence in error.messages:
                messages.error(request, sentence)
        else:
            number = len(made)
            messages.success(
                request,
                f"{number} commitment{'' if number == 1 else 's'} drawn up from the winning offers."
                if made
                else "Every winning offer has its commitment already.",
            )
        return redirect("contract-mobilisation", contract.pk)
