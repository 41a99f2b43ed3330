"""For suppliers: needs that their promises could meet, what waits for them, what they can spare."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import reach
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.directory.models import Organisation

from ..forms.commitments import StepForm
from ..forms.need_offers import SpareForm
from ..models import SpareOffer
from ..selectors.need_matching import needs_for_suppliers
from ..selectors.need_offers import waiting_and_told
from ..selectors.need_supply import with_free_spares
from ..services.spare_offers import change_spare, offer_spare, take_back_spare
from .offer_parts import amount, need_url, offer_tag, supplier_needs

SHOWN = 20


class _Helping(EditMixin, PermissionView):
    permission = "offer_help"

    @property
    def suppliers(self) -> list[int]:
        _, own = reach(self.request.user, self.permission)
        return [pk for role, pk in own if role == "supplier"]


class SupplierNeeds(_Helping):
    def get(self, request: HttpRequest) -> HttpResponse:
        suppliers = self.suppliers
        found = needs_for_suppliers(suppliers, as_of=self.today)
        matches = sorted(
            (match for each in found.values() for match in each),
            key=lambda one: (-one.best.ranked.score, one.need.pk),
        )
        rows = [
            {
                "need": match.need,
                "url": need_url(match.need),
                "wanted": amount(match.need.still_wanted_quantity, match.need.unit),
                "promise": match.best.title,
                "free": amount(match.best.free, match.best.unit),
                "reasons": [
                    reason.words
                    for reason in match.best.ranked.reasons
                    if reason.share is not None and reason.share > 0
                ],
            }
            for match in matches[:SHOWN]
        ]
        spares = with_free_spares(
            SpareOffer.objects.filter(supplier__in=suppliers).order_by("state", "-pk")
        )[:50]
        waiting, told = waiting_and_told(suppliers, request.user)
        context = {
            "title": "Needs you could meet",
            "waiting": supplier_needs(waiting),
            "told": [(one, offer_tag(one)) for one in told],
            "rows": rows,
            "more": max(0, len(matches) - SHOWN),
            "spares": [
                (spare, amount(spare.free_quantity, spare.unit), spare.state == "open")
                for spare in spares
            ],
            "breadcrumbs": [("Your promises", reverse("supplier-home")), ("Needs", None)],
        }
        return render(request, "contracts/supplier_needs.html", context)


class _OneSpare(_Helping):
    def spare(self, pk: int) -> SpareOffer:
        try:
            found = (
                SpareOffer.objects.filter(supplier__in=self.suppliers)
                .select_related("supplier")
                .get(pk=pk)
            )
        except (SpareOffer.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found

    def page(self, form: Any, title: str, button: str) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "cancel": reverse("supplier-needs"),
            "breadcrumbs": [
                ("Your promises", reverse("supplier-home")),
                ("Needs", reverse("supplier-needs")),
                (title, None),
            ],
        }
        return render(self.request, "contracts/spare_form.html", context)


class SpareCreate(_OneSpare):
    title = "Offer something you can spare"

    def organisations(self) -> QuerySet[Organisation]:
        return Organisation.objects.filter(pk__in=self.suppliers).order_by("name", "pk")

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SpareForm(initial={"starts": self.today}, suppliers=self.organisations())
        return self.page(form, self.title, "Make the offer")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = SpareForm(request.POST, suppliers=self.organisations())
        if form.is_valid():
            try:
                offer_spare(
                    supplier=form.supplier,
                    values=form.changes(),
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Thank you. The council can match it with a need now.")
                return redirect("supplier-needs")
        return self.page(form, self.title, "Make the offer")


class SpareEdit(_OneSpare):
    title = "Change what you can spare"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(SpareForm(instance=self.spare(pk)), self.title, "Save changes")

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        spare = self.spare(pk)
        form = SpareForm(self.posted(), instance=self.spare(pk))
        if form.is_valid():
            try:
                change_spare(
                    spare=spare,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = SpareForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect("supplier-needs")
        return self.page(form, self.title, "Save changes")


class SpareTakeBack(_OneSpare):
    title = "Take this offer back"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        spare = self.spare(pk)
        return self.confirm(spare, StepForm(initial={"version": spare.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        spare = self.spare(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.confirm(spare, form)
        try:
            take_back_spare(
                spare=spare,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(None, "This offer changed after you opened it. Look at it again.")
            return self.confirm(self.spare(pk), form, 409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.confirm(spare, form)
        messages.success(request, "It is taken back. What was agreed for a need stays agreed.")
        return redirect("supplier-needs")

    def confirm(self, spare: SpareOffer, form: StepForm, status: int = 200) -> HttpResponse:
        context = {
            "title": self.title,
            "spare": spare,
            "form": form,
            "version": spare.version,
            "cancel": reverse("supplier-needs"),
            "breadcrumbs": [
                ("Your promises", reverse("supplier-home")),
                ("Needs", reverse("supplier-needs")),
                (self.title, None),
            ],
        }
        return render(self.request, "contracts/spare_take_back.html", context, status=status)
