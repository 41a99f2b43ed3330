"""Local priorities as officers type them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.periods import FinancialYear, PeriodError

from ..models import LocalPriorityYear, Measure, StakeholderView

LONG = forms.Textarea(attrs={"rows": 6})
_CONSULTATION = {
    "consultation": "Who was asked, how, and what was heard",
    "consulted_from": "Consultation began",
    "consulted_to": "Consultation ended",
}


class PriorityYearForm(forms.ModelForm):
    """A new year. Services validate the record; here only the fields are checked."""

    financial_year = forms.CharField(label="Financial year", help_text="For example, 2027-28")

    class Meta:
        model = LocalPriorityYear
        fields = ("financial_year", "edition", *_CONSULTATION)
        labels = {"edition": "Edition of the measures", **_CONSULTATION}
        help_texts = {"consultation": "Groups and roles, never a person’s name"}
        widgets = {"consultation": LONG}

    def clean_financial_year(self) -> int:
        try:
            return FinancialYear.parse(self.cleaned_data["financial_year"]).start_year
        except PeriodError as error:
            raise forms.ValidationError(str(error)) from error

    def _post_clean(self) -> None:
        pass


class ConsultationForm(VersionedModelForm):
    class Meta:
        model = LocalPriorityYear
        fields = tuple(_CONSULTATION)
        labels = _CONSULTATION
        help_texts = {"consultation": "Groups and roles, never a person’s name"}
        widgets = {"consultation": LONG}


class WeightsForm(VersionedForm):
    """A weight and a reason for each measure of the edition; empty means not a priority."""

    def __init__(
        self, *args: Any, year: LocalPriorityYear, measures: Iterable[Measure], **kwargs: Any
    ) -> None:
        self.measures = list(measures)
        initial: dict[str, Any] = {"version": year.version}
        for row in year.priorities.all():
            initial[f"weight_{row.measure_id}"] = row.weight.normalize()
            initial[f"reason_{row.measure_id}"] = row.reason
        super().__init__(*args, **{**kwargs, "initial": initial})
        for measure in self.measures:
            self.fields[f"weight_{measure.pk}"] = forms.DecimalField(
                label=f"Weight of {measure.code}",
                required=False,
                min_value=Decimal("0.01"),
                max_value=Decimal(10),
                max_digits=5,
                decimal_places=2,
                error_messages={
                    "min_value": f"{measure.code}: give a weight over 0, or leave it empty.",
                    "max_value": f"{measure.code}: give a weight of 10 or less.",
                    "invalid": f"{measure.code}: give the weight as a number, like 2.5.",
                    "max_decimal_places": f"{measure.code}: give at most two decimals.",
                },
            )
            self.fields[f"reason_{measure.pk}"] = forms.CharField(
                label=f"Why {measure.code}", required=False, max_length=2000
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for measure in self.measures:
            weight = cleaned.get(f"weight_{measure.pk}")
            if cleaned.get(f"reason_{measure.pk}") and weight is None:
                name = f"weight_{measure.pk}"
                if name not in self.errors:
                    self.add_error(
                        name,
                        f"{measure.code} has a reason and no weight. Give it one, or empty both.",
                    )
        return cleaned

    def weights(self) -> dict[int, tuple[Decimal, str]]:
        found = {}
        for measure in self.measures:
            weight = self.cleaned_data.get(f"weight_{measure.pk}")
            if weight is not None:
                found[measure.pk] = (weight, self.cleaned_data.get(f"reason_{measure.pk}") or "")
        return found

    @property
    def rows(self) -> list[tuple[Measure, Any, Any]]:
        return [
            (measure, self[f"weight_{measure.pk}"], self[f"reason_{measure.pk}"])
            for measure in self.measures
        ]


class ViewForm(forms.ModelForm):
    class Meta:
        model = StakeholderView
        fields = ("who", "said", "said_on")
        labels = {"who": "Who said it?", "said": "What did they say?", "said_on": "When?"}
        help_texts = {
            "who": "A group or a role, never a person’s name. It is public once decided",
            "said": "In their words, or the sense of it",
        }
        widgets = {"said": LONG}

    def _post_clean(self) -> None:
        pass


class DecisionForm(VersionedForm):
    not_stored = ()

    body = forms.CharField(
        label="Who decided?", max_length=200, help_text="For example, the Executive"
    )
    decided_on = forms.DateField(label="When?")
    reference = forms.CharField(
        label="Reference of the decision",
        max_length=120,
        required=False,
        help_text="For example, the minute’s number",
    )
