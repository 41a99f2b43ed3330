"""Officers prepare a tender: its rules, its measures, its bidders, and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from trafford_sv.core.forms import ReasonForm
from trafford_sv.core.services.records import Collision
from trafford_sv.directory.models import Organisation

from ..forms.bids import MeasuresForm, TenderForm
from ..forms.contracts import version_in
from ..models import Contract, Measure, Tender
from ..proportionality import most_measures_for
from ..selectors.bids import limits_for
from ..services.bids import (
    agree_scores,
    change_tender,
    invite_bidder,
    open_bids,
    open_tender,
    prepare_tender,
    request_measures,
    take_back_invitation,
    withdraw_tender,
)
from .bid_parts import may_see_values
from .bids import TenderPage, address

FOUND_AT_MOST = 20


def sentences(error: ValidationError) -> list[str]:
    return list(error.messages)


class TenderCreate(TenderPage):
    def contract(self, pk: int) -> Contract:
        try:
            contract = get_object_or_404(Contract.objects.visible_to(self.request.user), pk=pk)
        except OverflowError:
            raise Http404 from None
        self.check(contract)
        return contract

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        if Tender.objects.filter(contract=contract).exists():
            return redirect("tender-detail", pk)
        return self.page(contract, TenderForm(initial={"priced_on": timezone.localdate()}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = TenderForm(request.POST)
        if not form.is_valid():
            return self.page(contract, form)
        try:
            prepare_tender(contract=contract, values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(contract, form)
        messages.success(request, "The tender is prepared. Choose the measures it asks for.")
        return redirect("tender-measures", pk)

    def page(self, contract: Contract, form: TenderForm) -> HttpResponse:
        context = {
            **self.frame(contract, "Prepare the tender"),
            "form": form,
            "button": "Prepare the tender",
        }
        return render(self.request, "contracts/tender_form.html", context)


class TenderEdit(TenderPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        return self.page(tender, TenderForm(instance=tender))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        form = TenderForm(self.posted(), instance=self.tender(pk))
        if not form.is_valid():
            return self.page(tender, form)
        try:
            change_tender(
                tender=tender,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, TenderForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(tender, form)
        messages.success(request, "The tender is saved.")
        return redirect("tender-detail", pk)

    def page(self, tender: Tender, form: TenderForm) -> HttpResponse:
        context = {
            **self.frame(tender.contract, "Edit the tender"),
            "form": form,
            "tender": tender,
            "is_open": tender.state != Tender.State.DRAFT,
            "button": "Save the tender",
        }
        return render(self.request, "contracts/tender_form.html", context)


class TenderMeasures(TenderPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        return self.page(tender, MeasuresForm(tender=tender))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        form = MeasuresForm(request.POST, tender=tender)
        if not form.is_valid():
            return self.page(tender, form)
        try:
            request_measures(
                tender=tender,
                requests=form.requests(),
                expected_version=form.expected_version,
                exception_reason=form.cleaned_data["exception_reason"],
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            codes = ", ".join(collision.stored.requested.values_list("measure__code", flat=True))
            form.add_error(
                None,
                "Someone else saved this tender after you opened it. It now asks for "
                f"{codes or 'nothing'}. Your ticks are still here: look at both, then save again.",
            )
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(collision.stored.version)  # type: ignore[index]
            return self.page(tender, form, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(tender, form)
        messages.success(request, "The measures are saved.")
        return redirect("tender-detail", pk)

    def page(self, tender: Tender, form: MeasuresForm, status: int = 200) -> HttpResponse:
        ticked = {str(key) for key in form["measures"].value() or ()}
        must = {str(key) for key in form["must"].value() or ()}
        may_see = may_see_values(tender, self.request.user)
        rows = list(
            Measure.objects.filter(edition=tender.edition_id)
            .select_related("outcome__theme")
            .order_by("outcome__theme__position", "outcome__position", "position", "code")
        )
        themes: dict[str, list[dict[str, Any]]] = {}
        for measure in rows:
            themes.setdefault(measure.outcome.theme.title, []).append(
                {
                    "measure": measure,
                    "asked": str(measure.pk) in ticked,
                    "must": str(measure.pk) in must,
                    "note": form.note_of(measure.pk),
                }
            )
        value = tender.contract.estimated_value_pounds
        context = {
            **self.frame(tender.contract, "Measures to ask for"),
            "tender": tender,
            "form": form,
            "themes": list(themes.items()),
            "advised": most_measures_for(value, limits_for(tender)) if value is not None else None,
            "may_see": may_see,
            "is_open": tender.state != Tender.State.DRAFT,
        }
        return render(self.request, "contracts/tender_measures.html", context, status=status)


class TenderInvite(TenderPage):
    """Find organisations and invite them; take an unused invitation back."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self.page(self.tender(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        try:
            if "take_back" in request.POST:
                bid = self.bid(tender, version_in(request.POST["take_back"]))
                take_back_invitation(
                    bid=bid, by=request.user, now=self.now, reason=request.POST.get("reason", "")
                )
                messages.success(request, f"{bid.organisation} is no longer invited.")
            else:
                organisation = get_object_or_404(
                    Organisation.objects.current(), pk=version_in(request.POST.get("organisation"))
                )
                invite_bidder(
                    tender=tender, organisation=organisation, by=request.user, now=self.now
                )
                messages.success(request, f"{organisation} is invited.")
        except ValidationError as error:
            return self.page(tender, sentences(error))
        return redirect(request.get_full_path())

    def page(self, tender: Tender, problems: list[str] | None = None) -> HttpResponse:
        search = self.request.GET.get("q", "").replace("\0", "").strip()[:200]
        bids = list(tender.bids.select_related("organisation").order_by("organisation__name"))
        found: list[Any] = []
        if search:
            rows = Organisation.objects.current()
            for word in search.split()[:6]:
                rows = rows.filter(name__icontains=word)
            found = list(
                rows.exclude(pk__in=[bid.organisation_id for bid in bids]).order_by("name")[
                    :FOUND_AT_MOST
                ]
            )
        context = {
            **self.frame(tender.contract, "Bidders"),
            "tender": tender,
            "bids": bids,
            "search": search,
            "found": found,
            "problems": problems or [],
            "has_errors": bool(problems),
        }
        return render(self.request, "contracts/tender_invite.html", context)


@dataclass(frozen=True)
class Step:
    """A step of the tender that is asked about first, on a page of its own."""

    title: str
    words: str
    button: str
    done: str
    act: Callable[..., Tender]
    needs_reason: bool = False


STEPS = {
    "open": Step(
        "Open for bids",
        "Everybody invited sees what is asked and can answer until the closing time. After this "
        "only the note and a later closing time can change.",
        "Open for bids",
        "The tender is open.",
        open_tender,
    ),
    "unseal": Step(
        "Open the bids",
        "What bidders submitted can be read and scored from now on. Drafts that were not "
        "submitted stay closed.",
        "Open the bids",
        "The bids are open. Evaluators can score them.",
        open_bids,
    ),
    "agree": Step(
        "Agree all scores",
        "The agreed scores no longer change after this, and the award can be recorded.",
        "Agree all scores",
        "The scores are agreed.",
        agree_scores,
    ),
    "withdraw": Step(
        "Withdraw the tender",
        "Nobody can answer it or be awarded it any more. What was written stays on record.",
        "Withdraw the tender",
        "The tender is withdrawn.",
        withdraw_tender,
        needs_reason=True,
    ),
}


class TenderStep(TenderPage):
    """A page that asks, and a POST that does."""

    def get(self, request: HttpRequest, pk: int, step: str) -> HttpResponseBase:
        return self.page(self.tender(pk), self.step(step))

    @staticmethod
    def step(name: str) -> Step:
        if name not in STEPS:
            raise Http404
        return STEPS[name]

    def post(self, request: HttpRequest, pk: int, step: str) -> HttpResponseBase:
        chosen, tender = self.step(step), self.tender(pk)
        more: dict[str, Any] = {}
        form = ReasonForm(request.POST) if chosen.needs_reason else None
        if form is not None:
            if not form.is_valid():
                return self.page(tender, chosen, form=form)
            more["reason"] = form.cleaned_data["reason"]
        try:
            chosen.act(
                tender=tender,
                expected_version=version_in(request.POST.get("version")),
                by=request.user,
                now=self.now,
                **more,
            )
        except Collision as collision:
            said = (
                "Someone else changed this tender after you opened the page: it is now "
                f"“{collision.stored.get_state_display()}”. Nothing was done. Look again, then decide."
            )
            return self.page(self.tender(pk), chosen, [said], form=form, status=409)
        except ValidationError as error:
            return self.page(tender, chosen, sentences(error), form=form)
        messages.success(request, chosen.done)
        return redirect("tender-detail", pk)

    def page(
        self,
        tender: Tender,
        step: Step,
        problems: list[str] | None = None,
        *,
        form: ReasonForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.frame(tender.contract, step.title),
            "tender": tender,
            "step": step,
            "problems": problems or [],
            "has_errors": bool(problems),
            "form": form or (ReasonForm() if step.needs_reason else None),
            "cancel": address(tender.contract_id),
        }
        return render(self.request, "contracts/tender_step.html", context, status=status)
