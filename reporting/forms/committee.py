"""Which figure and period a committee paper needs."""

from __future__ import annotations

from typing import Any

from django import forms

FIGURES = [
    ("verified", "Verified: an officer accepted it on evidence"),
    ("reported", "Reported: the supplier says so"),
    ("committed", "Committed: in the agreement"),
    ("offered", "Offered: in the winning bid"),
]


class CommitteeForm(forms.Form):
    figure = forms.ChoiceField(
        label="Which figure?",
        choices=FIGURES,
        help_text="They are never mixed. Verified is what the council can stand by",
    )
    quarter = forms.ChoiceField(label="Up to which quarter?")
    span = forms.ChoiceField(
        label="Over which time?",
        choices=[("to-date", "Everything up to its end"), ("quarter", "That quarter alone")],
    )

    def __init__(self, *args: Any, quarters: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = quarters  # type: ignore[attr-defined]
