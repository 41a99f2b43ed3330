"""Which measures fit which priority: read by officers, edited by whoever matches."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from community_needs.models import Priority
from trafford_sv.core.access import can
from trafford_sv.core.forms import ReasonForm
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.need_offers import FitForm
from ..models import PriorityFit
from ..services.priority_fits import add_fit, change_fit, remove_fit

TITLE = "Which measures fit which priority"


class FitList(PermissionView):
    permission = "view_offers"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(
            PriorityFit.objects.select_related("priority", "measure__edition").order_by(
                "priority__position", "priority__name", "-fit", "measure__code", "pk"
            )
        )
        groups = [
            (priority, list(held)) for priority, held in groupby(rows, key=lambda row: row.priority)
        ]
        without = Priority.objects.current().filter(fits__isnull=True)  # type: ignore[attr-defined]
        context = {
            "title": TITLE,
            "groups": groups,
            "without": list(without),
            "may_change": can(request.user, "match_needs"),
            "breadcrumbs": [("Coverage", reverse("coverage")), (TITLE, None)],
        }
        return render(request, "contracts/priority_fit_list.html", context)


class _Fit(EditMixin, PermissionView):
    permission = "match_needs"

    def page(self, form: Any, title: str, button: str, caption: str = "") -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "caption": caption,
            "cancel": reverse("priority-fit-list"),
            "breadcrumbs": [
                ("Coverage", reverse("coverage")),
                (TITLE, reverse("priority-fit-list")),
                (title, None),
            ],
        }
        return render(self.request, "contracts/recovery_form.html", context)


class FitCreate(_Fit):
    title = "List a measure under a priority"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(FitForm(), self.title, "List it")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = FitForm(request.POST)
        if form.is_valid():
            try:
                add_fit(by=request.user, now=self.now, **form.changes())
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The measure is listed.")
                return redirect("priority-fit-list")
        return self.page(form, self.title, "List it")


class FitEdit(_Fit):
    title = "Change how a measure fits"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(PriorityFit, pk=pk)
        return self.page(FitForm(instance=row), self.title, "Save changes", str(row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(PriorityFit, pk=pk)
        form = FitForm(self.posted(), instance=get_object_or_404(PriorityFit, pk=pk))
        if form.is_valid():
            try:
                change_fit(
                    row=row,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    **form.changes(),
                )
            except Collision as collision:
                return self.show_collision(form, FitForm(instance=collision.stored), collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect("priority-fit-list")
        return self.page(form, self.title, "Save changes", str(row))


class FitRemove(_Fit):
    title = "Take a measure off a priority"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(PriorityFit, pk=pk)
        return self.page(ReasonForm(), self.title, "Take it off", str(row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(PriorityFit, pk=pk)
        form = ReasonForm(request.POST)
        if form.is_valid():
            remove_fit(
                row=row, reason=form.cleaned_data["reason"], by=request.user, now=self.now
            )  # fmt: skip
            messages.success(request, "It is taken off. Its measure is no longer proposed for it.")
            return redirect("priority-fit-list")
        return self.page(form, self.title, "Take it off", str(row))
