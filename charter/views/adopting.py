"""Asking to adopt the charter, the yearly answer by link, and what officers do with both."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.access import can
from trafford_sv.core.link_views import Quiet, SendThrottle
from trafford_sv.core.parts import SummaryRow, Tag
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views.errors import too_many_requests
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import create_organisation

from ..forms.adoptions import (
    AdoptionForm,
    AffirmAnswerForm,
    AffirmForm,
    AskForm,
    ConfirmForm,
    DeclineForm,
    WithdrawAdoptionForm,
)
from ..models import Adoption, AdoptionRequest
from ..selectors.adoptions import request_rows
from ..selectors.versions import version_in_force
from ..services import adoptions, affirmations
from ..services.request_letters import is_in_doubt
from .adoptions import REQUEST_TONES
from .letters import queue_answer


class AdoptionAsk(EditMixin, PublicView):
    """Fill in, check, send. Whoever sends too often waits."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(AskForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AskForm(request.POST)
        if request.POST.get("step") == "change" or not form.is_valid():
            return self.page(form)
        if request.POST.get("step") != "send":
            return self.check_page(form)
        if not SendThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        try:
            adoptions.ask_to_adopt(values=form.values(), now=self.now, today=self.today)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        return redirect("adoption-asked")

    def page(self, form: AskForm) -> HttpResponse:
        context = {
            "title": "Adopt the charter",
            "form": form,
            "version": version_in_force(self.today),
            "breadcrumbs": [("The charter", reverse("charter")), ("Adopt it", None)],
        }
        return render(self.request, "charter/adoption_ask.html", context)

    def check_page(self, form: AskForm) -> HttpResponse:
        said = form.cleaned_data
        context = {
            "title": "Check what you send",
            "form": form,
            "rows": [
                SummaryRow("Organisation", said["organisation_name"]),
                SummaryRow("Who is signing", said["signed_by_name"], note="Officers only"),
                SummaryRow("Role", said["signed_by_role"], note="Public"),
                SummaryRow("E-mail address", said["contact_email"], note="Officers only"),
                SummaryRow("Take the lead in", said["lead_words"], missing="Nothing written", note="Public"),
                SummaryRow("What we should know", said["message"], missing="Nothing written", note="Officers only"),
            ],
            "carried": [(name, form.data.get(name, "")) for name in form.fields],
        }  # fmt: skip
        return render(self.request, "charter/adoption_check.html", context)


class AdoptionAsked(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "charter/adoption_asked.html", {"title": "Thank you"})


class _Keeping(EditMixin, PermissionView):
    permission = "keep_adoptions"

    def form_page(self, title: str, form: BaseForm, button: str, **more: Any) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Adopters", reverse("adoption-list")),
                (title, None),
            ],
            "cancel": reverse("adoption-list"),
            **more,
        }
        return render(self.request, "charter/keep_form.html", context)


class RequestPage(EditMixin, PermissionView):
    """What was asked, and the two ways to decide it."""

    permission = "view_charter"

    def row(self, pk: int) -> AdoptionRequest:
        return get_object_or_404(request_rows(self.request.user), pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        return self.page(row, self.confirm_form(row), self.decline_form(row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if not can(request.user, "keep_adoptions"):
            raise PermissionDenied
        row = self.row(pk)
        if request.POST.get("step") == "decline":
            return self.decline(row)
        form = ConfirmForm(self.posted())
        if not form.is_valid():
            return self.page(row, form, self.decline_form(row))
        said = form.cleaned_data
        try:
            with transaction.atomic():
                organisation = said["organisation"] or create_organisation(
                    values={"name": row.organisation_name},
                    kinds=["partner"],
                    by=request.user,
                    now=self.now,
                )
                made = adoptions.confirm_request(
                    request=row,
                    organisation=organisation,
                    adopted_on=said["adopted_on"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    today=self.today,
                )
        except Collision as collision:
            return self.show_collision(form, self.confirm_form(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form, self.decline_form(row))
        messages.success(request, f"{made.organisation.name} is in the register.")
        queue_answer(row.pk)
        return redirect("adoption-detail", made.pk)

    def decline(self, row: AdoptionRequest) -> HttpResponseBase:
        form = DeclineForm(self.posted(), auto_id="decline_%s")
        if not form.is_valid():
            return self.page(row, self.confirm_form(row), form)
        try:
            adoptions.decline_request(
                request=row,
                expected_version=form.expected_version,
                reason=form.cleaned_data["reason"],
                by=self.request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, self.decline_form(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, self.confirm_form(row), form)
        messages.success(
            self.request,
            "The request is declined. The answer goes out, and then the address is forgotten."
            if row.contact_email
            else "The request is declined.",
        )
        queue_answer(row.pk)
        return redirect("adoption-request-list")

    def confirm_form(self, row: AdoptionRequest) -> ConfirmForm:
        like = Organisation.objects.current().matching(row.organisation_name).first()
        return ConfirmForm(
            initial={"version": row.version, "adopted_on": self.today, "organisation": like}
        )

    def decline_form(self, row: AdoptionRequest) -> DeclineForm:
        return DeclineForm(initial={"version": row.version}, auto_id="decline_%s")

    def page(
        self, row: AdoptionRequest, confirm: ConfirmForm, decline: DeclineForm
    ) -> HttpResponse:
        shows = row.contact_email or row.state != AdoptionRequest.State.DECLINED
        context = {
            "title": row.organisation_name,
            "row": row,
            "tag": Tag(row.get_state_display(), REQUEST_TONES[AdoptionRequest.State(row.state)]),
            "facts": [
                SummaryRow("Asked on", row.asked_at.strftime("%-d %B %Y")),
                SummaryRow("Who is signing", row.signed_by_name),
                SummaryRow("Role", row.signed_by_role),
                SummaryRow("E-mail address", row.contact_email, missing="Forgotten" if not shows else "None"),
                SummaryRow("Takes the lead in", row.lead_words, missing="Nothing written"),
                SummaryRow("What we should know", row.message, missing="Nothing written"),
                SummaryRow("Version of the charter", row.charter_version.number),
            ],
            "confirm": confirm,
            "decline": decline,
            "has_errors": bool(confirm.errors or decline.errors),
            "letter": row.letter_state,
            "letter_in_doubt": is_in_doubt(row, self.now),
            "may_keep": can(self.request.user, "keep_adoptions"),
            "may_decide": can(self.request.user, "keep_adoptions")
            and row.state == AdoptionRequest.State.WAITING,
            "breadcrumbs": [
                ("Adopters", reverse("adoption-list")),
                ("Requests", reverse("adoption-request-list")),
                (row.organisation_name, None),
            ],
        }  # fmt: skip
        return render(self.request, "charter/request_detail.html", context)


class AdoptionCreate(_Keeping):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(AdoptionForm(initial={"charter_version": version_in_force(self.today)}))

    def page(self, form: BaseForm) -> HttpResponse:
        return self.form_page("Record an adoption", form, "Put it into the register")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AdoptionForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        values = form.changes()
        try:
            made = adoptions.record_adoption(
                organisation=values.pop("organisation"),
                charter_version=values.pop("charter_version"),
                values=values,
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, f"{made.organisation.name} is in the register.")
        return redirect("adoption-detail", made.pk)


class AdoptionEdit(_Keeping):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Adoption, pk=pk)
        return self.page(row, AdoptionForm(instance=row))

    def page(self, row: Adoption, form: BaseForm) -> HttpResponse:
        return self.form_page(
            f"Edit the adoption by {row.organisation}",
            form,
            "Save it",
            cancel=row.get_absolute_url(),
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(Adoption, pk=pk)
        form = AdoptionForm(self.posted(), instance=get_object_or_404(Adoption, pk=pk))
        if not form.is_valid():
            return self.page(row, form)
        try:
            adoptions.change_adoption(
                adoption=row,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except Collision as collision:
            return self.show_collision(form, AdoptionForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "The adoption is saved.")
        return redirect(row)


class AdoptionWithdraw(_Keeping):
    def form_of(self, row: Adoption) -> WithdrawAdoptionForm:
        return WithdrawAdoptionForm(initial={"version": row.version, "withdrawn_on": self.today})

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Adoption, pk=pk)
        return self.page(row, self.form_of(row))

    def page(self, row: Adoption, form: BaseForm) -> HttpResponse:
        return self.form_page(
            f"Withdraw the adoption by {row.organisation}",
            form,
            "Withdraw it",
            cancel=row.get_absolute_url(),
            lead="It stays in the register as withdrawn. Its badge and certificate stop working.",
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(Adoption, pk=pk)
        form = WithdrawAdoptionForm(self.posted())
        if not form.is_valid():
            return self.page(row, form)
        try:
            adoptions.withdraw_adoption(
                adoption=row,
                withdrawn_on=form.cleaned_data["withdrawn_on"],
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except Collision as collision:
            return self.show_collision(form, self.form_of(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "The adoption is withdrawn.")
        return redirect(row)


class AdoptionReaffirm(_Keeping):
    """An officer writes down that the adopter said it again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Adoption, pk=pk)
        return self.page(row, AffirmForm(initial={"day": self.today}))

    def page(self, row: Adoption, form: BaseForm) -> HttpResponse:
        return self.form_page(
            f"{row.organisation} stands by the charter", form, "Record it",
            cancel=row.get_absolute_url(),
        )  # fmt: skip

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(Adoption, pk=pk)
        form = AffirmForm(request.POST)
        if not form.is_valid():
            return self.page(row, form)
        try:
            adoptions.reaffirm_adoption(
                adoption=row,
                day=form.cleaned_data["day"],
                role=form.cleaned_data["role"],
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "That is recorded.")
        return redirect(row)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AdoptionAffirm(Quiet):
    """The page behind the yearly link. The link alone gives the right, so there is no CSRF token."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            asked = affirmations.find_affirmation(token=token, now=self.now)
        except affirmations.AffirmationRefused as refused:
            return self.refuse(refused)
        return self.page(asked, AffirmAnswerForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = AffirmAnswerForm(request.POST)
        try:
            asked = affirmations.find_affirmation(token=token, now=self.now)
            if request.POST.get("step") == "change" or not form.is_valid():
                return self.page(asked, form)
            said = form.cleaned_data
            if said["stands"] == "no" and request.POST.get("step") != "send":
                return self.check_page(asked, form)
            row = affirmations.answer_affirmation(
                token=token,
                stands=said["stands"] == "yes",
                role=said["role"],
                reason=said["reason"],
                now=self.now,
                today=self.today,
            )
        except affirmations.AffirmationRefused as refused:
            return self.refuse(refused)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(asked, form)
        context = {"title": "Thank you", "adoption": row, "stands": row.withdrawn_on is None}
        return render(request, "charter/affirm_thanks.html", context)

    def page(self, asked: Any, form: AffirmAnswerForm) -> HttpResponse:
        context = {
            "form": form,
            "adoption": asked.adoption,
            "title": "Do you stand by the charter?",
        }
        return render(self.request, "charter/affirm.html", context)

    def check_page(self, asked: Any, form: AffirmAnswerForm) -> HttpResponse:
        context = {
            "title": "Take your name out of the register?",
            "form": form,
            "adoption": asked.adoption,
            "carried": [(name, form.data.get(name, "")) for name in form.fields],
        }
        return render(self.request, "charter/affirm_check.html", context)

    def refuse(self, refused: affirmations.AffirmationRefused) -> HttpResponse:
        context = {
            "title": "This link cannot be used",
            "state": refused.state,
            "adoption": refused.reminder.adoption if refused.reminder else None,
        }
        return render(
            self.request,
            "charter/affirm_refused.html",
            context,
            status=404 if refused.state == "unknown" else 410,
        )
