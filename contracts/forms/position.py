"""What the portfolio page can be narrowed to."""

from __future__ import annotations

from typing import Any

from django import forms

from ..models import Contract
from ..selectors.commitments import commitment_choices


class PortfolioForm(forms.Form):
    """Unknown values are refused in words; what is left out means everything."""

    quarter = forms.ChoiceField(
        label="Up to the end of", required=False,
        error_messages={"invalid_choice": "Choose a quarter from the list"},
    )  # fmt: skip
    span = forms.ChoiceField(
        label="Count",
        required=False,
        choices=[("to-date", "Everything up to then"), ("quarter", "That quarter alone")],
    )
    agreement = forms.ChoiceField(
        label="Kind of agreement",
        required=False,
        choices=[("", "Every kind"), *Contract.Kind.choices],
    )
    directorate = forms.ChoiceField(label="Directorate", required=False)
    division = forms.ChoiceField(label="Category", required=False)
    theme = forms.ChoiceField(label="Theme", required=False)
    ward = forms.ChoiceField(label="Ward", required=False)

    def __init__(self, data: Any, *, user: Any, quarters: list[tuple[str, str]]) -> None:
        super().__init__(data)
        held = commitment_choices(user)
        for name, anything in (
            ("directorate", "Any directorate"),
            ("division", "Any category"),
            ("theme", "Any theme"),
            ("ward", "Any ward"),
        ):
            self.fields[name].choices = [("", anything), *held[name]]  # type: ignore[attr-defined]
        self.fields["quarter"].choices = quarters  # type: ignore[attr-defined]
