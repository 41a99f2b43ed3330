"""Form fields for what councils type: amounts in pounds, and several records at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from .money import MoneyError, parse_pounds, pounds


class HiddenWithoutId(forms.HiddenInput):
    """A hidden value (a record's version, say). No label or error leads to it, so it needs no id:
    a page with two forms has the field twice, and no two things may have one id."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"id": False, **(attrs or {})})


class PoundsField(forms.CharField):
    """An amount as people write it ("£1,234.00", "(500)") as Decimal pounds; blank is None."""

    def __init__(
        self, *, minimum: Decimal | None = None, maximum: Decimal | None = None, **options: Any
    ) -> None:
        super().__init__(empty_value=None, **options)
        self.widget.attrs.setdefault("inputmode", "decimal")
        if minimum is not None:
            self.validators.append(MinValueValidator(minimum, f"Enter at least £{minimum:,}"))
        if maximum is not None:
            self.validators.append(MaxValueValidator(maximum, f"Enter at most £{maximum:,}"))

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal):
            return value
        text = super().to_python(value)
        if text is None or text == "":
            return None
        try:
            return pounds(parse_pounds(text))
        except MoneyError as error:
            raise ValidationError(str(error), code="invalid") from error

    def run_validators(self, value: Any) -> None:
        # The text validators (length, null characters) do not apply to a Decimal.
        if value is None:
            return
        errors = []
        for validator in self.validators:
            if isinstance(validator, MinValueValidator | MaxValueValidator):
                try:
                    validator(value)
                except ValidationError as error:
                    errors.append(error)
        if errors:
            raise ValidationError(errors)


class SeveralField(forms.ModelMultipleChoiceField):
    """Several records by key; a number too large for any key is a choice that is not there."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as error:  # SQLite's driver, before it looks
            raise ValidationError(
                self.error_messages["invalid_choice"], "invalid_choice", {"value": "of that number"}
            ) from error
