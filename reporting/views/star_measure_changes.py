"""Defining a measure, supplying its value, commenting on it, working it out."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.services.quarters import QuarterClosed, closed_quarters
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.star_measures import (
    CommentForm,
    MeasureNoteForm,
    StarMeasureForm,
    SupplyForm,
    like,
)
from ..models import MeasureComment, StarMeasure
from ..selectors.star_measures import (
    approved_sets_of,
)
from ..services.star_measures import change_measure, define_measure
from ..services.star_readings import supply_reading, work_out_measures, write_comment
from .star_measures import Crumbs, crumbs, measure_of


class Changes(EditMixin, PermissionView):
    permission = "change_star_measures"
    template = "reporting/star_measure_form.html"
    title = button = introduction = ""

    def page(self, form: Any, back: str, trail: Crumbs, **more: Any) -> HttpResponse:
        context = {
            "title": self.title,
            "button": self.button,
            "introduction": self.introduction,
            "form": form,
            "back": back,
            "breadcrumbs": crumbs(*trail, (self.title, None)),
            **more,
        }
        return render(self.request, self.template, context)


class _MeasureForms(Changes):
    def show(self, form: Any, measure: StarMeasure | None = None) -> HttpResponse:
        back = measure.get_absolute_url() if measure else reverse("star-measure-list")
        trail: Crumbs = [("Measure definitions", reverse("star-measure-list"))]
        if measure:
            trail.append((measure.name, back))
        return self.page(form, back, trail)


class StarMeasureCreate(_MeasureForms):
    title, button = "Define a measure", "Save the measure"
    introduction = "Choose what is counted and, for a ratio, what it is divided by. No formula needs to be written."

    def get(self, request: HttpRequest) -> HttpResponse:
        """`like` names a measure to begin with."""
        key = request.GET.get("like", "").replace("\x00", "")
        model = StarMeasure.objects.filter(key=key).first() if key else None
        if model is None:
            return self.show(StarMeasureForm())
        self.introduction = (
            f"Everything but the name is filled in as it is in “{model.name}”. Change what should "
            "differ, and give it a name that tells the two apart."
        )
        return self.show(StarMeasureForm(initial=like(model)))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = StarMeasureForm(request.POST)
        if form.is_valid():
            try:
                made = define_measure(values=form.changes(), by=request.user, now=self.now)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, "The measure is defined. Add it to a set when it is approved."
                )
                return redirect(made)
        return self.show(form)


class StarMeasureEdit(_MeasureForms):
    title, button = "Change the measure", "Save the measure"
    introduction = "What was put on record stays as it was worked out then. From now on the new definition counts."

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        measure = measure_of(key)
        held = approved_sets_of(measure)
        if not held:
            return self.show(StarMeasureForm(instance=measure), measure)
        self.introduction = (
            f"It stands in the approved set “{held[0].name}”, so its definition does not change. "
            "What a reader must know can still be said."
        )
        return self.show(MeasureNoteForm(instance=measure), measure)

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        measure = measure_of(key)
        # A page that was opened before the approval has the whole form, and keeps what was typed.
        form_class = StarMeasureForm if "name" in request.POST else MeasureNoteForm
        form = form_class(self.posted(), instance=measure_of(key))
        if form.is_valid():
            try:
                change_measure(
                    measure=measure,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = form_class(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The measure is saved.")
                return redirect(measure)
        return self.show(form, measure)


def quarter_of(text: str, today: datetime.date) -> Quarter:
    try:
        quarter = Quarter.parse(text)
    except (PeriodError, OverflowError) as error:
        raise Http404 from error
    if not 2000 <= quarter.start_year <= today.year + 1:
        raise Http404
    return quarter


class _OfQuarter(Changes):
    """What is typed about one measure in one quarter."""

    def show(self, form: Any, measure: StarMeasure, quarter: Quarter) -> HttpResponse:
        back = f"{measure.get_absolute_url()}?quarter={quarter.code}"
        trail: Crumbs = [
            ("Measure definitions", reverse("star-measure-list")), (measure.name, back)
        ]  # fmt: skip
        is_closed = quarter in closed_quarters()
        return self.page(
            form, back, trail, measure=measure, quarter=quarter, caption=quarter.label,
            is_closed=is_closed,
        )  # fmt: skip


class Supply(_OfQuarter):
    title, button = "Put a value on record", "Put it on record"
    introduction = "It is shown as supplied, with where it comes from. A later value restates it; this one stays visible."

    def get(self, request: HttpRequest, key: str, quarter: str) -> HttpResponse:
        measure = measure_of(key)
        return self.show(SupplyForm(unit=measure.unit), measure, quarter_of(quarter, self.today))

    def post(self, request: HttpRequest, key: str, quarter: str) -> HttpResponseBase:
        measure, when = measure_of(key), quarter_of(quarter, self.today)
        form = SupplyForm(request.POST, unit=measure.unit)
        if form.is_valid():
            try:
                supply_reading(
                    measure=measure,
                    quarter=when,
                    value=form.cleaned_data["value"],
                    evidence=form.cleaned_data["evidence"],
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            except QuarterClosed as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"The value for {when.label} is on record.")
                return redirect(f"{measure.get_absolute_url()}?quarter={when.code}")
        return self.show(form, measure, when)


class Comment(_OfQuarter):
    title, button = "Comment on the figure", "Save the commentary"

    def get(self, request: HttpRequest, key: str, quarter: str) -> HttpResponse:
        measure, when = measure_of(key), quarter_of(quarter, self.today)
        held = self.held(measure, when)
        initial = {"text": held.text, "version": held.version} if held else {}
        return self.show(CommentForm(initial=initial), measure, when)

    def post(self, request: HttpRequest, key: str, quarter: str) -> HttpResponseBase:
        measure, when = measure_of(key), quarter_of(quarter, self.today)
        form = CommentForm(self.posted())
        if form.is_valid():
            try:
                write_comment(
                    measure=measure,
                    quarter=when,
                    text=form.cleaned_data["text"],
                    expected_version=form.cleaned_data["version"],
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = collision.stored
                shown = CommentForm(initial={"text": stored.text, "version": stored.version})
                return self.show_collision(form, shown, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            except QuarterClosed as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "The commentary is saved.")
                return redirect(f"{measure.get_absolute_url()}?quarter={when.code}")
        return self.show(form, measure, when)

    @staticmethod
    def held(measure: StarMeasure, quarter: Quarter) -> MeasureComment | None:
        return MeasureComment.objects.filter(
            measure=measure, financial_year=quarter.start_year, quarter=quarter.number
        ).first()


class WorkOut(PermissionView):
    """One press works out every computed measure of the quarter again."""

    permission = "change_star_measures"

    def post(self, request: HttpRequest, quarter: str) -> HttpResponseBase:
        when = quarter_of(quarter, self.today)
        home = f"{reverse('report-home')}?quarter={when.code}"
        try:
            added, problems = work_out_measures(quarter=when, by=request.user, now=self.now)
        except QuarterClosed as error:
            messages.error(request, str(error))
            return redirect(home)
        if added:
            noun = "measure has" if added == 1 else "measures have"
            messages.success(request, f"{added} {noun} a new value for {when.label}.")
        elif not problems:
            messages.success(
                request, f"Nothing changed for {when.label} since it was last worked out."
            )
        for problem in problems:
            messages.warning(request, problem)
        return redirect(home)
