"""A quarter as a filter of lists, as addresses write it."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms

from trafford_sv.core.periods import PeriodError, Quarter


class _QuarterField(forms.CharField):
    """A quarter as in addresses: 2026-27-Q1."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text:
            try:
                return Quarter.parse(text).code
            except PeriodError as error:
                raise forms.ValidationError(str(error)) from error
        return text


class QuarterText(django_filters.Filter):
    field_class = _QuarterField
