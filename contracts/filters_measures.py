"""What the measure library can be narrowed by: one set for the page and the API.

The queryset must come from `contracts.selectors.measures.measure_rows`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from .models import Measure, MeasureEdition
from .selectors.measures import visible_measures


class _Choice(django_filters.Filter):
    """One of a list that is known only when the request is."""

    field_class = forms.ChoiceField


class MeasureFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Code, title, unit, outcome or evidence"
    )
    edition = _Choice(field_name="edition__key", label="Edition")
    theme = _Choice(field_name="outcome__theme__title", label="Theme")
    kind = django_filters.ChoiceFilter(
        label="Kind", choices=Measure.Kind.choices, empty_label="Any kind"
    )
    principle = _Choice(field_name="charter_principle", label="Charter principle")
    has_value = django_filters.ChoiceFilter(
        method="with_value",
        label="Has a value today",
        empty_label="Yes or no",
        choices=[("yes", "Yes"), ("no", "No")],
    )

    class Meta:
        model = Measure
        fields: list[str] = []

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        """What there is to choose from, in one query."""
        found = (
            visible_measures(getattr(self.request, "user", None))
            .order_by("-edition__is_default", "edition__name", "outcome__theme__position")
            .values_list(
                "edition__key", "edition__name", "outcome__theme__title", "charter_principle"
            )
        )
        rows = list(dict.fromkeys(found))
        principles = sorted({principle for *_, principle in rows if principle})
        return {
            "edition": list(dict.fromkeys((key, name) for key, name, _, _ in rows)),
            "theme": [(title, title) for title in dict.fromkeys(row[2] for row in rows)],
            "principle": [(each, f"Principle {each}") for each in principles],
        }

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            self._offer(form, "edition", "Every edition in use")
            self._offer(form, "theme", "Every theme")
            self._offer(form, "principle", "Every principle")
        return form

    def _offer(self, form: Any, name: str, anything: str) -> None:
        # A callable: read only when the list is drawn or a choice must be checked.
        form.fields[name].choices = lambda: [("", anything), *self._held[name]]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("edition"):
            rows = rows.exclude(edition__status=MeasureEdition.Status.RETIRED)
        return rows

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(code__icontains=word)
                | Q(title__icontains=word)
                | Q(unit__icontains=word)
                | Q(outcome__title__icontains=word)
                | Q(evidence_asked__icontains=word)
            )
        return rows

    def with_value(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(current_value_pounds__isnull=value == "no")
