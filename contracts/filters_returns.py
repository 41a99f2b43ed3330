"""What lists of returns can be narrowed by: the inbox and the list of all of them.

The queryset must come from `contracts.selectors.verification.return_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q

from trafford_sv.core.periods import PeriodError, Quarter

from .filters import NONE, Choice
from .models import Contract, DeliveryReturn, ReturnLine
from .quarter_filters import QuarterText
from .selectors.position_report import came_in
from .selectors.position_scope import Scope
from .selectors.verification import came_late, filter_choices


class _QuarterField(forms.ChoiceField):
    """Offers the quarters that have returns and accepts any."""

    def valid_value(self, value: Any) -> bool:
        try:
            Quarter.parse(str(value))
        except PeriodError:
            return False
        return True


class QuarterChoice(django_filters.Filter):
    field_class = _QuarterField


class ReturnFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Title or reference of the agreement, supplier"
    )
    quarter = QuarterChoice(method="of_quarter", label="Quarter that it is about")
    kind = django_filters.ChoiceFilter(
        field_name="contract__kind",
        label="Kind of agreement",
        empty_label="Any kind",
        choices=Contract.Kind.choices,
    )
    directorate = Choice(method="of_directorate", label="Directorate")
    supplier = Choice(method="of_supplier", label="Supplier")
    theme = Choice(method="of_theme", label="Theme of a measure")
    doubles = django_filters.ChoiceFilter(
        method="with_doubles",
        label="Possibly claimed twice",
        empty_label="Yes or no",
        choices=[("yes", "Yes, and not decided yet"), ("no", "No")],
    )
    late = django_filters.ChoiceFilter(
        method="when_late",
        label="Late",
        empty_label="Late or not",
        choices=[("came", "Came after its due date"), ("waited", "Waits for us a long time")],
    )

    class Meta:
        model = DeliveryReturn
        fields: list[str] = []

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        return filter_choices(self.request.user)

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            self._offer(form, "quarter", "Any quarter")
            self._offer(form, "supplier", "Any supplier")
            self._offer(form, "theme", "Any theme")
            self._offer(
                form, "directorate", "Any directorate", (NONE, "No directorate recorded")
            )  # fmt: skip
        return form

    def _offer(self, form: Any, name: str, anything: str, *last: tuple[str, str]) -> None:
        # A callable: read only when the list is drawn or a choice must be checked.
        offered: Callable[[], list[tuple[str, str]]] = lambda: [  # noqa: E731
            ("", anything), *self._held[name], *last,
        ]  # fmt: skip
        form.fields[name].choices = offered

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(contract__title__icontains=word)
                | Q(contract__reference__icontains=word)
                | Q(supplier__name__icontains=word)
            )
        return rows

    def of_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(financial_year=quarter.start_year, quarter=quarter.number)

    def of_directorate(self, rows: Any, name: str, value: str) -> Any:
        if value == NONE:
            return rows.filter(contract__directorate__isnull=True)
        return rows.filter(contract__directorate=int(value))

    def of_supplier(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(supplier=int(value))

    def of_theme(self, rows: Any, name: str, value: str) -> Any:
        lines = ReturnLine.objects.filter(
            delivery_return=OuterRef("pk"), commitment__measure__outcome__theme__title=value
        )
        return rows.filter(Exists(lines))

    def with_doubles(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(open_flags__gt=0) if value == "yes" else rows.filter(open_flags=0)

    def when_late(self, rows: Any, name: str, value: str) -> Any:
        if value == "waited":
            return rows.filter(has_waited_long=True)
        return rows.filter(came_late(Quarter.parse(code) for code, _ in self._held["quarter"]))


class AllReturnsFilter(ReturnFilter):
    """The same, and the state that a return is in."""

    state = django_filters.MultipleChoiceFilter(
        label="State",
        choices=[  # Drafts are their supplier's own.
            choice for choice in DeliveryReturn.State.choices if choice[0] != "draft"
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    due_in = QuarterText(
        method="due_in_quarter",
        label="Due for the quarter, and came in",
        help_text="For example, 2026-27-Q1. Only what the totals count as received",
    )
    # Set by the links that lead here, and shown as tags that can be taken off.
    division = django_filters.CharFilter(
        method="with_due_in", label="Owes something of the category", widget=forms.HiddenInput
    )
    ward = django_filters.CharFilter(
        method="with_due_in", label="Owes something for the ward", widget=forms.HiddenInput
    )

    def due_in_quarter(self, rows: Any, name: str, value: str) -> Any:
        return came_in(rows, owed_scope(self.form.cleaned_data), Quarter.parse(value))

    def of_theme(self, rows: Any, name: str, value: str) -> Any:
        """Of a quarter's due returns, those that owe something of the theme, with a line or without."""
        if self.form.cleaned_data.get("due_in"):
            return rows
        return super().of_theme(rows, name, value)

    def with_due_in(self, rows: Any, name: str, value: str) -> Any:
        """Read by `due_in_quarter`; without a quarter nothing is owed."""
        return rows if self.form.cleaned_data.get("due_in") else rows.none()


def owed_scope(cleaned: Mapping[str, Any]) -> Scope:
    """What the returns of a quarter are limited to, besides directorate, kind and supplier, which each list
    narrows by itself."""
    return Scope(
        division=cleaned.get("division") or "",
        theme=cleaned.get("theme") or "",
        ward=cleaned.get("ward") or "",
    )
