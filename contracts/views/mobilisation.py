"""From award to delivery: each promise, what it lacks, and the button that goes live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.services.records import Collision

from ..agreement_words import words_for
from ..contract_tabs import contract_tabs, permissions_here
from ..forms.contracts import version_in
from ..models import Contract
from ..selectors.mobilisation import Blocker, Promise, mobilisation
from ..services.commitments import go_live
from .commitments import amount_of, name_of, state_tag
from .commitments_editing import ChangeCommitments
from .listing import stage_tag

BEFORE_LIVE = (Contract.Stage.AWARDED, Contract.Stage.MOBILISING)


class MobilisationPage(ChangeCommitments):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        found = mobilisation(contract)
        by_promise: dict[int | None, list[Blocker]] = {}
        for blocker in found.blockers:
            by_promise.setdefault(blocker.commitment, []).append(blocker)
        context = {
            "title": f"Mobilisation of {contract.reference}",
            "contract": contract,
            "words": words_for(contract.kind),
            "stage_tag": stage_tag(contract.stage, contract.get_stage_display()),
            "tabs": contract_tabs(
                contract.pk, permissions_here(request.user, contract.directorate_id), "mobilisation"
            ),
            "found": found,
            "promises": [
                promise_row(promise, by_promise.get(promise.commitment.pk, []))
                if promise.commitment
                else offer_row(promise)
                for promise in found.promises
            ],
            "next": first_to_do(found.blockers),
            "left": len(found.blockers),
            "offers_left": any(blocker.offer for blocker in found.blockers),
            "may_go_live": contract.stage in BEFORE_LIVE and not found.blockers,
            "waits": contract.stage in BEFORE_LIVE,
            "breadcrumbs": [
                ("Contracts", reverse("contract-list")),
                (contract.title, contract.get_absolute_url()),
                ("Mobilisation", None),
            ],
        }
        return render(request, "contracts/mobilisation.html", context)


def first_to_do(blockers: Sequence[Blocker]) -> Blocker | None:
    """What this officer can do; what only the other side can do comes after it."""
    own = [blocker for blocker in blockers if blocker.key != "supplier_acceptance"]
    return next(iter(own or blockers), None)


def promise_row(promise: Promise, blockers: list[Blocker]) -> dict[str, Any]:
    row = promise.commitment
    assert row is not None
    less = None
    if row.offer is not None and row.offer.offered_quantity is not None:
        if row.promised_quantity < row.offer.offered_quantity:
            less = amount_of(row.offer.offered_quantity, row.measure)
    return {
        "url": row.get_absolute_url(),
        "number": row.number,
        "name": name_of(row),
        "who": row.supplier,
        "code": row.measure.code,
        "amount": amount_of(row.promised_quantity, row.measure),
        "offered": less,
        "tag": state_tag(row),
        "owner": row.owner_name,
        "council": row.council_accepted_at,
        "supplier": row.supplier_accepted_at,
        "blockers": blockers,
    }


def offer_row(promise: Promise) -> dict[str, Any]:
    offer = promise.offer
    assert offer is not None
    measure = offer.requested.measure
    return {
        "url": "",
        "name": measure.title,
        "who": offer.bid.organisation,
        "code": measure.code,
        "amount": amount_of(offer.offered_quantity, measure),
        "blockers": [],
    }


class GoLive(ChangeCommitments):
    """POST only: the button on the mobilisation page."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        try:
            go_live(
                contract=contract,
                expected_version=version_in(request.POST.get("version")),
                by=request.user,
                now=self.now,
            )
        except Collision:
            messages.error(
                request,
                "Someone else changed the agreement after you opened this page. Look at how it "
                "stands now, then try again.",
            )
        except ValidationError as error:
            for sentence in error.messages:
                messages.error(request, sentence)
        else:
            messages.success(request, f"{contract.reference} is live.")
        return redirect("contract-mobilisation", contract.pk)
