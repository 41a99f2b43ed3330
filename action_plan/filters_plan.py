"""What the list of actions and of updates can be narrowed by: one set for page and API."""

from __future__ import annotations

from functools import cache
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from trafford_sv.core.access import can
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.directory.models import Organisation

from .models import Action, ActionUpdate, Theme
from .progress import STATUS_CHOICES


class _Choice(django_filters.Filter):
    """One of a list that is known only when the request is."""

    field_class = forms.ChoiceField


YES_NO = [("true", "Yes"), ("false", "No")]


def _themes() -> list[tuple[str, str]]:
    return [("", "Every theme"), *Theme.objects.values_list("key", "name")]


def _leaders(user: Any) -> list[tuple[str, str]]:
    led = Action.objects.visible_to(user).values("lead_organisation")
    found = Organisation.objects.filter(pk__in=led).values_list("pk", "name")
    return [("", "Every organisation"), *((str(pk), name) for pk, name in found)]


class ActionFilter(django_filters.FilterSet):
    """For rows of `selectors.plan.visible_actions`."""

    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the action, or its reference"
    )
    theme = _Choice(method="of_theme", label="Theme")
    status = django_filters.MultipleChoiceFilter(
        label="How it stands", choices=STATUS_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    organisation = _Choice(method="of_organisation", label="Lead organisation")
    stale = django_filters.ChoiceFilter(
        method="is_flag",
        field_name="is_stale",
        label="No update for a quarter",
        empty_label="Any",
        choices=YES_NO,
    )
    overdue = django_filters.ChoiceFilter(
        method="is_flag",
        field_name="is_overdue",
        label="Overdue",
        empty_label="Any",
        choices=YES_NO,
    )
    due_from = django_filters.DateFilter(label="Due from", field_name="due", lookup_expr="gte")
    due_to = django_filters.DateFilter(label="Due by", field_name="due", lookup_expr="lte")

    class Meta:
        model = Action
        fields: list[str] = []

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            user = self.request.user
            # Callables: read only when the list is drawn or a choice must be checked, and then once.
            form.fields["theme"].choices = cache(_themes)
            form.fields["organisation"].choices = cache(lambda: _leaders(user))
        return form

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = (
            Q(title__icontains=value)
            | Q(reference__icontains=value)
            | Q(description__icontains=value)
            | Q(lead_organisation__name__icontains=value)
        )
        if can(self.request.user, "view_plan"):
            wanted |= Q(lead_name__icontains=value)
        return rows.filter(wanted)

    def of_theme(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(theme__key=value)

    def of_organisation(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(lead_organisation=int(value))

    def is_flag(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**{name: value == "true"})


class UpdateFilter(django_filters.FilterSet):
    """For updates that the person may see."""

    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the update or its action"
    )
    state = django_filters.MultipleChoiceFilter(
        label="Where it is", choices=ActionUpdate.State.choices, widget=forms.CheckboxSelectMultiple
    )
    quarter = django_filters.CharFilter(
        method="of_quarter", label="Quarter", help_text="For example, 2026-27 Q1"
    )
    action = django_filters.CharFilter(
        field_name="action__reference", lookup_expr="iexact", label="Reference of the action"
    )
    theme = _Choice(method="of_theme", label="Theme")

    class Meta:
        model = ActionUpdate
        fields: list[str] = []

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            form.fields["theme"].choices = cache(_themes)
            form.fields["quarter"].validators.append(_one_quarter)
        return form

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(narrative__icontains=value)
            | Q(action__title__icontains=value)
            | Q(action__reference__icontains=value)
        )

    def of_quarter(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        quarter = Quarter.parse(value)
        return rows.filter(financial_year=quarter.start_year, quarter=quarter.number)

    def of_theme(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(action__theme__key=value)


def _one_quarter(value: str) -> None:
    try:
        Quarter.parse(value)
    except PeriodError as error:
        raise forms.ValidationError(str(error)) from error
