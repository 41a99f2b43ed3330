"""The dated rules: read by everyone who reads contracts, changed by those who may."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms import ThresholdForm
from ..models import ThresholdRule
from ..services.thresholds import change_threshold, record_threshold


class ThresholdList(PermissionView):
    permission = "view_contracts"

    def get(self, request: HttpRequest) -> HttpResponse:
        rules = list(ThresholdRule.objects.all())
        groups = [
            (label, [rule for rule in rules if rule.duty == duty])
            for duty, label in ThresholdRule.Duty.choices
        ]
        context = {
            "title": "Thresholds",
            "groups": [(label, held) for label, held in groups if held],
            "today": self.today,
            "may_change": can(request.user, "change_reference"),
            "breadcrumbs": [("Contracts", reverse("contract-list")), ("Thresholds", None)],
        }
        return render(request, "contracts/threshold_list.html", context)


class ThresholdCreate(EditMixin, PermissionView):
    permission = "change_reference"

    def get(self, request: HttpRequest) -> HttpResponse:
        return _page(request, ThresholdForm(), "Add a threshold", "Add the threshold")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ThresholdForm(request.POST)
        if form.is_valid():
            try:
                record_threshold(values=form.changes(), by=request.user, now=self.now)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, "The threshold is added. Contracts are judged by it at once."
                )
                return redirect("threshold-list")
        return _page(request, form, "Add a threshold", "Add the threshold")


class ThresholdEdit(EditMixin, PermissionView):
    permission = "change_reference"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule = get_object_or_404(ThresholdRule, pk=pk)
        return _page(request, ThresholdForm(instance=rule), "Change a threshold", "Save changes")

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        rule = get_object_or_404(ThresholdRule, pk=pk)
        form = ThresholdForm(self.posted(), instance=get_object_or_404(ThresholdRule, pk=pk))
        if form.is_valid():
            try:
                change_threshold(
                    rule=rule,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                return self.show_collision(
                    form, ThresholdForm(instance=collision.stored), collision
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, "The threshold is saved. Contracts are judged by it at once."
                )
                return redirect("threshold-list")
        return _page(request, form, "Change a threshold", "Save changes")


def _page(request: HttpRequest, form: ThresholdForm, title: str, button: str) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "button": button,
        "breadcrumbs": [
            ("Contracts", reverse("contract-list")),
            ("Thresholds", reverse("threshold-list")),
            (title, None),
        ],
    }
    return render(request, "contracts/threshold_form.html", context)
