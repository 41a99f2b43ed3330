"""The page behind the one-time link about a pledge: open to anyone who has it, with no account.

As for returns: the link alone gives the right to answer and no cookie does, so there is no CSRF
token, and looking uses nothing up.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.link_views import Quiet
from trafford_sv.core.views_base import EditMixin

from ..forms.pledges import PledgeAnswerForm
from ..models import PledgeConfirmation
from ..services.pledges import PledgeLinkRefused, answer_pledge, find_pledge_question
from .pledges import amount_of


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class PledgeAnswer(Quiet):
    """Look, answer, check the answer, send it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            asked = find_pledge_question(token=token, now=self.now)
        except PledgeLinkRefused as refused:
            return self.refuse(refused)
        return self.page(asked, PledgeAnswerForm(is_counted=asked.asked_quantity is not None))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            asked = find_pledge_question(token=token, now=self.now)
            form = PledgeAnswerForm(request.POST, is_counted=asked.asked_quantity is not None)
            if request.POST.get("step") == "change" or not form.is_valid():
                return self.page(asked, form)
            said = form.cleaned_data
            if request.POST.get("step") != "send":
                return self.check_page(asked, form)
            answer_pledge(
                token=token,
                did_happen=said["did_happen"] != "no",
                quantity=said.get("quantity") if said["did_happen"] == "part" else None,
                comment=said["comment"],
                role=said["role"],
                now=self.now,
                today=self.today,
            )
        except PledgeLinkRefused as refused:
            return self.refuse(refused)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(asked, form)
        return redirect("pledge-thanks")

    def page(self, asked: PledgeConfirmation, form: PledgeAnswerForm) -> HttpResponse:
        return render(self.request, "charter/pledge_answer.html", self.context(asked, form))

    def check_page(self, asked: PledgeConfirmation, form: PledgeAnswerForm) -> HttpResponse:
        said = form.cleaned_data
        words = dict(form.fields["did_happen"].choices)[said["did_happen"]]  # type: ignore[attr-defined]
        if said["did_happen"] == "part" and said.get("quantity") is not None:
            words = amount_of(said["quantity"], asked.pledge.unit)
        carried = [(name, form.data.get(name, "")) for name in form.fields]
        context = {**self.context(asked, form), "words": words, "carried": carried}
        return render(self.request, "charter/pledge_answer_check.html", context)

    def context(self, asked: PledgeConfirmation, form: PledgeAnswerForm) -> dict[str, object]:
        return {
            "form": form,
            "asked": asked,
            "pledge": asked.pledge,
            "amount": amount_of(asked.asked_quantity, asked.pledge.unit),
        }

    def refuse(self, refused: PledgeLinkRefused) -> HttpResponse:
        context = {"state": refused.state, "asked": refused.asked}
        status = 404 if refused.state == "unknown" else 410
        return render(self.request, "charter/pledge_refused.html", context, status=status)


@method_decorator(never_cache, name="dispatch")
class PledgeThanks(Quiet):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "charter/pledge_thanks.html")
