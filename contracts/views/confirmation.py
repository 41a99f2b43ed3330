"""The page behind a beneficiary's one-time link: open to anyone who has it, with no account.

The link alone gives the right to answer and no cookie does, so a forged form from another site
could do nothing that its author could not do anyway; therefore no CSRF token, and it works in a
browser without cookies. Looking uses nothing up: mail scanners open links too.
"""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.link_views import Quiet
from trafford_sv.core.views_base import EditMixin

from ..counting import quantity_words
from ..forms.verification import AnswerForm
from ..models import ConfirmationRequest
from ..services.confirmations import (
    ConfirmationRefused,
    answer_confirmation,
    claim_words,
    find_confirmation,
)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class ConfirmationAnswer(Quiet):
    """Look, answer, check the answer, send it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            asked = find_confirmation(token=token, now=self.now)
        except ConfirmationRefused as refused:
            return self.refuse(refused)
        return self.page(asked, AnswerForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            asked = find_confirmation(token=token, now=self.now)
            form = AnswerForm(request.POST)
            if request.POST.get("step") == "change" or not form.is_valid():
                return self.page(asked, form)
            said = form.cleaned_data
            quantity = asked.asked_quantity if said["is_right"] == "yes" else said["quantity"]
            if request.POST.get("step") != "send":
                return self.check_page(asked, form, quantity)
            answer_confirmation(
                token=token,
                quantity=quantity,
                comment=said["comment"],
                role=said["role"],
                now=self.now,
            )
        except ConfirmationRefused as refused:
            return self.refuse(refused)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(asked, form)
        return redirect("confirmation-thanks")

    def page(self, asked: ConfirmationRequest, form: AnswerForm) -> HttpResponse:
        return render(
            self.request,
            "contracts/confirmation_answer.html",
            {"form": form, "asked": asked, "claim": claim_words(request=asked)},
        )

    def check_page(
        self, asked: ConfirmationRequest, form: AnswerForm, quantity: Decimal
    ) -> HttpResponse:
        return render(
            self.request,
            "contracts/confirmation_check.html",
            {
                "form": form,
                "asked": asked,
                "claim": claim_words(request=asked),
                "quantity": quantity_words(quantity),
                "is_less": quantity < asked.asked_quantity,
                "carried": [(name, form.data.get(name, "")) for name in form.fields],
            },
        )

    def refuse(self, refused: ConfirmationRefused) -> HttpResponse:
        return render(
            self.request,
            "contracts/confirmation_refused.html",
            {"state": refused.state, "asked": refused.request},
            status=404 if refused.state == "unknown" else 410,
        )


@method_decorator(never_cache, name="dispatch")
class ConfirmationThanks(Quiet):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "contracts/confirmation_thanks.html")
