"""A dated rule as an officer types it."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from trafford_sv.core.form_fields import PoundsField
from trafford_sv.core.forms import VersionedModelForm

from ..models import ThresholdRule


class ThresholdForm(VersionedModelForm):
    amount_pounds = PoundsField(label="Threshold", minimum=Decimal("0"), help_text="Excluding VAT")
    applies_at_amount = forms.TypedChoiceField(
        label="Does a contract of exactly this value count?",
        choices=[("no", "No, only those over it"), ("yes", "Yes, from this value on")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="no",
    )

    class Meta:
        model = ThresholdRule
        fields = (
            "duty", "amount_pounds", "applies_at_amount", "exempts_light_touch", "starts", "ends",
            "source", "is_confirmed",
        )  # fmt: skip
        labels = {
            "duty": "What it asks for",
            "starts": "In force from",
            "ends": "Last day in force",
            "exempts_light_touch": "Light-touch contracts are exempt",
            "source": "Where it is written",
            "is_confirmed": "An officer has confirmed this rule at its source",
        }
        help_texts = {
            "ends": "Leave empty while it holds. A later rule for the same duty takes over by itself",
            "source": "For example, Executive report of 24 October 2022, paragraph 2.3",
        }
        widgets = {"duty": forms.RadioSelect, "source": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["applies_at_amount"] = "yes" if self.instance.applies_at_amount else "no"
        self.fields["duty"].choices = ThresholdRule.Duty.choices  # type: ignore[attr-defined]
