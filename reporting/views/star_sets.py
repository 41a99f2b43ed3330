"""Sets of measures: the list, one set, and preparing and approving one."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision

from ..forms.star_measures import (
    ApproveSetForm,
    MeasureSetForm,
)
from ..models import MeasureSet
from ..selectors.star_measures import (
    sets_visible,
)
from ..services.star_sets import approve_set, change_set, prepare_set, superseded_by
from .star_measure_changes import Changes
from .star_measures import Crumbs, Reads, crumbs


class MeasureSetList(Reads):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "Sets of measures",
            "sets": list(sets_visible()),
            "may_change": can(request.user, "change_star_measures"),
            "breadcrumbs": crumbs(("Sets of measures", None)),
        }
        return render(request, "reporting/measure_set_list.html", context)


class MeasureSetDetail(Reads):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        held = get_object_or_404(sets_visible(), pk=pk)
        is_draft = held.state == MeasureSet.State.DRAFT
        context = {
            "title": held.name,
            "measure_set": held,
            "measures": list(held.measures.all()),
            "is_draft": is_draft,
            "may_change": is_draft and can(request.user, "change_star_measures"),
            "history": history_of(held, limit=10),
            "breadcrumbs": crumbs(
                ("Sets of measures", reverse("measure-set-list")), (held.name, None)
            ),
        }
        return render(request, "reporting/measure_set_detail.html", context)


class _SetForms(Changes):
    template = "reporting/measure_set_form.html"

    def show(self, form: Any, held: MeasureSet | None = None) -> HttpResponse:
        back = held.get_absolute_url() if held else reverse("measure-set-list")
        trail: Crumbs = [("Sets of measures", reverse("measure-set-list"))]
        if held:
            trail.append((held.name, back))
        return self.page(form, back, trail)

    def draft(self, pk: int) -> MeasureSet:
        found: MeasureSet = get_object_or_404(MeasureSet, pk=pk)
        return found

    def locked(self, held: MeasureSet) -> HttpResponseBase | None:
        if held.state == MeasureSet.State.DRAFT:
            return None
        messages.error(
            self.request,
            "An approved set does not change. Prepare a new one from the day it should begin.",
        )
        return redirect(held)


class MeasureSetCreate(_SetForms):
    title, button = "Prepare a set of measures", "Save the draft"
    introduction = "Choose up to five now. The set counts once a committee has approved it."

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(MeasureSetForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = MeasureSetForm(request.POST)
        if form.is_valid():
            try:
                made = prepare_set(
                    values=form.changes(), measures=form.measures(), by=request.user, now=self.now
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The draft is saved.")
                return redirect(made)
        return self.show(form)


class MeasureSetEdit(_SetForms):
    title, button = "Change the draft", "Save the draft"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.draft(pk)
        return self.locked(held) or self.show(MeasureSetForm(instance=held), held)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.draft(pk)
        if locked := self.locked(held):
            return locked
        form = MeasureSetForm(self.posted(), instance=self.draft(pk))
        if form.is_valid():
            try:
                change_set(
                    measure_set=held,
                    changes=form.changes(),
                    measures=form.measures(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = MeasureSetForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The draft is saved.")
                return redirect(held)
        return self.show(form, held)


class MeasureSetApprove(_SetForms):
    title, button = "Record the approval", "Record the approval and lock the set"
    template = "reporting/star_measure_form.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.draft(pk)
        return self.locked(held) or self.show(
            ApproveSetForm(initial={"version": held.version}), held
        )

    def show(self, form: Any, held: MeasureSet | None = None) -> HttpResponse:
        self.introduction = "Once the approval is recorded the set does not change any more."
        for one in superseded_by(held) if held else ():
            eve = held.starts - datetime.timedelta(days=1)  # type: ignore[union-attr]
            self.introduction += (
                f" “{one.name}”, which has no last day, then ends on {eve:%-d %B %Y}."
            )
            if held.ends:  # type: ignore[union-attr]
                self.introduction += f" It does not come back after {held.ends:%-d %B %Y}."  # type: ignore[union-attr]
        return super().show(form, held)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        held = self.draft(pk)
        if locked := self.locked(held):
            return locked
        form = ApproveSetForm(self.posted())
        if form.is_valid():
            try:
                approve_set(
                    measure_set=held,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    **form.changes(),
                )
            except Collision:
                messages.error(
                    request,
                    "Someone else changed this set after you opened the page. Look at it again, then approve it.",
                )
                return redirect(held)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, "The approval is recorded. The set is in force on its dates."
                )
                return redirect(held)
        return self.show(form, held)
