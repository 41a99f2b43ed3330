"""What a person says when they publish a report, or correct one."""

from __future__ import annotations

from django import forms

from ..services.editions import LONGEST_CHANGE


class PublishForm(forms.Form):
    """`number` is the one that the page showed: where somebody was quicker, it is taken."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1000)
    what_changed = forms.CharField(
        label="What changed since the edition before",
        help_text="Readers see this on the first page. Say which figures changed, and why.",
        max_length=LONGEST_CHANGE,
        widget=forms.Textarea,
        error_messages={"required": "Say what changed since the edition before."},
    )

    def __init__(self, *args: object, number: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["number"].initial = number
        if number == 1:
            del self.fields["what_changed"]
