"""What needs, hubs and rounds can be narrowed by: one set for the page and the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q

from .models import Catchment, Hub, Need, Round
from .selectors.needs import filter_choices


class Choice(django_filters.Filter):
    """One of a list that is known only when the request is."""

    field_class = forms.ChoiceField


class NeedFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the need, or who it is for"
    )
    priority = Choice(method="of_priority", label="Priority")
    ward = Choice(method="in_ward", label="Ward")
    hub = Choice(method="of_hub", label="Hub")
    state = django_filters.MultipleChoiceFilter(
        label="State",
        choices=Need.State.choices,
        widget=forms.CheckboxSelectMultiple,
        distinct=False,
    )
    wanting = django_filters.ChoiceFilter(
        method="still_wanting",
        label="Help",
        empty_label="Any",
        choices=[("yes", "Still looking for help today")],
    )

    class Meta:
        model = Need
        fields: list[str] = []

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        return filter_choices()

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            for name, anything in (
                ("priority", "Any priority"),
                ("ward", "Any ward"),
                ("hub", "Any hub"),
            ):
                self._offer(form, name, anything)
        return form

    def _offer(self, form: Any, name: str, anything: str) -> None:
        # A callable: read only when the list is drawn or a choice must be checked.
        offered: Callable[[], list[tuple[str, str]]] = lambda: [("", anything), *self._held[name]]  # noqa: E731
        form.fields[name].choices = offered

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(title__icontains=word) | Q(words__icontains=word) | Q(for_whom__icontains=word)
            )
        return rows

    def of_priority(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(priority__key=value)

    def in_ward(self, rows: Any, name: str, value: str) -> Any:
        links = Need.wards.through.objects.filter(
            need=OuterRef("pk"), area__code=value, area__boundary_year=2023
        )
        return rows.filter(Exists(links))

    def of_hub(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(hub=int(value))

    def still_wanting(self, rows: Any, name: str, value: str) -> Any:
        return rows.wanting(self.request.today)


class HubFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        field_name="organisation__name", lookup_expr="icontains", label="Search"
    )
    ward = Choice(method="serving", label="Ward it serves")

    class Meta:
        model = Hub
        fields: list[str] = []

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            form.fields["ward"].choices = lambda: [("", "Any ward"), *self._wards]
        return form

    @cached_property
    def _wards(self) -> list[tuple[str, str]]:
        return filter_choices()["ward"]

    def serving(self, rows: Any, name: str, value: str) -> Any:
        serves = Catchment.objects.filter(
            hub=OuterRef("organisation"), ward__code=value, ward__boundary_year=2023
        )
        return rows.filter(Exists(serves))


class RoundFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")
    state = django_filters.MultipleChoiceFilter(
        label="State",
        choices=Round.State.choices,
        widget=forms.CheckboxSelectMultiple,
        distinct=False,
    )

    class Meta:
        model = Round
        fields: list[str] = []
