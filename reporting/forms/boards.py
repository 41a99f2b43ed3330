"""What a dashboard can be narrowed to, and the day as known on which it is shown."""

from __future__ import annotations

from typing import Any

from django import forms

from contracts.forms.position import PortfolioForm

NOT_YET = "This day has not come yet. Choose one that is over."


class BoardForm(PortfolioForm):
    """And the day as known on which it is shown."""

    as_of = forms.DateField(
        label="As known on",
        required=False,
        help_text="Leave empty for what is known now",
        error_messages={"invalid": "Enter a day that exists, like 27/3/2026"},
    )

    def __init__(
        self, data: Any, *, user: Any, quarters: list[tuple[str, str]], today: Any
    ) -> None:
        super().__init__(data, user=user, quarters=quarters)
        self.today = today

    def clean_as_of(self) -> Any:
        day = self.cleaned_data.get("as_of")
        if day is not None and day > self.today:
            raise forms.ValidationError(NOT_YET)
        return day
