"""Local priorities by year: anyone reads what was decided; those who may prepare and decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.charts import Bar, bar_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..forms.priorities import (
    ConsultationForm,
    DecisionForm,
    PriorityYearForm,
    ViewForm,
    WeightsForm,
)
from ..models import LocalPriorityYear, StakeholderView
from ..selectors.priorities import PriorityLine, priority_lines, visible_years, year_rows
from ..services.measures.priorities import (
    add_view,
    change_priority_year,
    decide_priorities,
    open_priority_year,
    remove_view,
    set_weights,
)
from .measures import crumbs, library_pages

HEAVIEST_DRAWN = 10


def _list_crumb() -> tuple[str, str]:
    return ("Local priorities", reverse("priority-year-list"))


class YearList(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "Local priorities",
            "years": list(year_rows(request.user)),
            "may_set": can(request.user, "set_priorities"),
            "pages": library_pages(request),
            "breadcrumbs": crumbs(("Local priorities", None)),
        }
        return render(request, "contracts/priority_year_list.html", context)


class YearDetail(PublicView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        year = get_object_or_404(visible_years(request.user), pk=pk)
        lines = priority_lines(year, request.user)
        is_decided = year.state == LocalPriorityYear.State.DECIDED
        may_set = can(request.user, "set_priorities") and not is_decided
        context = {
            "title": str(year),
            "year": year,
            "lines": lines,
            "views": list(year.views.all()),
            "is_decided": is_decided,
            "may_set": may_set,
            "facts": _facts(year),
            "chart": _chart(year, lines),
            "history": history_of(year) if can(request.user, "set_priorities") else None,
            "breadcrumbs": crumbs(_list_crumb(), (str(year), None)),
        }
        return render(request, "contracts/priority_year_detail.html", context)


def _facts(year: LocalPriorityYear) -> list[SummaryRow]:
    asked = [day for day in (year.consulted_from, year.consulted_to) if day]
    rows = [
        SummaryRow("Edition of the measures", year.edition.name),
        SummaryRow(
            "Consultation",
            year.consultation,
            missing="Not recorded yet",
            note=" to ".join(f"{day:%-d %B %Y}" for day in asked),
        ),
    ]
    if year.decided_on:
        rows.append(
            SummaryRow(
                "Decision",
                f"{year.decided_by_body}, {year.decided_on:%-d %B %Y}",
                note=year.decision_reference,
            )
        )
    return rows


def _chart(year: LocalPriorityYear, lines: tuple[PriorityLine, ...]) -> Any:
    if len(lines) < 2:
        return None
    first = lines[0]
    return bar_chart(
        key="weights",
        title=f"{first.title or first.measure.code} weighs most",
        subtitle=f"Weights of {year}",
        bars=[
            Bar(
                f"{line.measure.code} {line.title}".strip(),
                line.weight,
                f"{line.weight.normalize():f}",
                Paint.OTHER,
            )
            for line in lines[:HEAVIEST_DRAWN]
        ],
        headings=("Measure", "Weight"),
    )


class _YearView(EditMixin, PermissionView):
    """A page that changes a year. Once decided, it says so and leads back."""

    permission = "set_priorities"
    template = "contracts/priority_form.html"
    title = button = ""
    introduction = ""

    def year(self, pk: int) -> LocalPriorityYear:
        year: LocalPriorityYear = get_object_or_404(visible_years(self.request.user), pk=pk)
        self.check(year)
        if year.state == LocalPriorityYear.State.DECIDED:
            raise PermissionDenied("Decided priorities do not change any more.")
        return year

    def page(self, year: LocalPriorityYear | None, form: Any, **more: Any) -> HttpResponse:
        back = (
            reverse("priority-year-detail", args=[year.pk])
            if year
            else reverse("priority-year-list")
        )
        trail = [(str(year), back)] if year else []
        context = {
            "title": self.title,
            "button": self.button,
            "introduction": self.introduction,
            "form": form,
            "year": year,
            "back": back,
            "breadcrumbs": crumbs(_list_crumb(), *trail, (self.title, None)),
            **more,
        }
        return render(self.request, self.template, context)

    def done(self, year: LocalPriorityYear, sentence: str) -> HttpResponseBase:
        messages.success(self.request, sentence)
        return redirect("priority-year-detail", year.pk)


class YearCreate(_YearView):
    title, button = "Prepare a year’s priorities", "Begin"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(None, PriorityYearForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = PriorityYearForm(request.POST)
        if form.is_valid():
            try:
                year = open_priority_year(values=form.cleaned_data, by=request.user, now=self.now)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return self.done(year, "The year is begun. Now mark the measures that matter.")
        return self.page(None, form)


class YearEdit(_YearView):
    title, button = "The consultation", "Save"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        year = self.year(pk)
        return self.page(year, ConsultationForm(instance=year))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        year = self.year(pk)
        form = ConsultationForm(self.posted(), instance=self.year(pk))
        if form.is_valid():
            try:
                change_priority_year(
                    year=year,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = ConsultationForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return self.done(year, "The consultation is saved.")
        return self.page(year, form)


class WeightsEdit(_YearView):
    title, button = "Which measures matter, and how much", "Save the weights"
    template = "contracts/priority_weights.html"

    def form(self, year: LocalPriorityYear, data: Any = None) -> WeightsForm:
        measures = year.edition.measures.select_related("outcome__theme")
        return WeightsForm(data, year=year, measures=measures)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        year = self.year(pk)
        return self.page(year, self.form(year))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        year = self.year(pk)
        form = self.form(year, self.posted())
        if form.is_valid():
            try:
                set_weights(
                    year=year,
                    weights=form.weights(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                return self.both(collision.stored, form)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return self.done(year, "The weights are saved.")
        return self.page(year, form)

    def both(self, stored: LocalPriorityYear, typed: WeightsForm) -> HttpResponse:
        """What was typed stays, beside what somebody else saved meanwhile; saving again decides."""
        data = self.request.POST.copy()
        data["version"] = str(stored.version)
        form = self.form(stored, data)
        form.is_valid()
        form.add_error(
            None,
            "Someone else saved weights after you opened this page. What you typed is below. "
            "Save again to put it in place of theirs.",
        )
        mine = typed.weights()
        theirs = {row.measure_id: row.weight for row in stored.priorities.all()}
        for measure in form.measures:
            held, wanted = theirs.get(measure.pk), mine.get(measure.pk, (None, ""))[0]
            if held != wanted:
                words = f"{held.normalize():f}" if held is not None else "empty"
                form.add_error(f"weight_{measure.pk}", f"{measure.code} is saved as {words} now.")
        page = self.page(stored, form)
        page.status_code = 409
        return page


class ViewAdd(_YearView):
    title, button = "Record a stakeholder’s view", "Record the view"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.year(pk), ViewForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        year = self.year(pk)
        form = ViewForm(request.POST)
        if form.is_valid():
            try:
                add_view(year=year, values=form.cleaned_data, by=request.user, now=self.now)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return self.done(year, "The view is recorded.")
        return self.page(year, form)


class ViewRemove(_YearView):
    def post(self, request: HttpRequest, pk: int, view_pk: int) -> HttpResponseBase:
        year = self.year(pk)
        view = get_object_or_404(StakeholderView, pk=view_pk, year=year)
        try:
            remove_view(view=view, by=request.user, now=self.now)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("priority-year-detail", year.pk)
        return self.done(year, "The view is removed. The audit log keeps it.")


class YearDecide(_YearView):
    title, button = "Record the decision", "Record the decision and lock the year"
    introduction = (
        "Once the decision is recorded, the weights, the consultation and the views do not change "
        "any more, and anyone can read them."
    )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        year = self.year(pk)
        return self.page(year, DecisionForm(initial={"version": year.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        year = self.year(pk)
        form = DecisionForm(self.posted())
        if form.is_valid():
            try:
                decide_priorities(
                    year=year,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    **form.changes(),
                )
            except Collision as collision:
                # What was looked at has changed: look again before deciding.
                messages.error(
                    request,
                    "Someone else changed these priorities after you opened the page. "
                    "Look at them again, then record the decision.",
                )
                return redirect("priority-year-detail", collision.stored.pk)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return self.done(year, "The decision is recorded. These priorities are public now.")
        return self.page(year, form)
