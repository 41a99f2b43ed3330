"""The forms of a commitment and its quarters."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Area, Organisation

from ..counting import quantity_words
from ..models import Commitment, Contract, Measure, MeasureEdition
from ..selectors.mobilisation import awarded_suppliers
from .commitment_thread import HELP_TEXTS as THREAD_HELP
from .commitment_thread import LABELS as THREAD_LABELS
from .commitment_thread import offer_thread


class QuantityField(forms.DecimalField):
    """A quantity as people write it: 1,200 or 12.5. Shown again without trailing zeros."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"max_digits": 16, "decimal_places": 4, "widget": forms.TextInput, **options}
        )
        self.widget.attrs.setdefault("inputmode", "decimal")

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        return super().to_python(value.replace(",", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return quantity_words(value) if isinstance(value, Decimal) else value


class MeasureField(forms.ModelChoiceField):
    def label_from_instance(self, measure: Any) -> str:
        return f"{measure.code} {measure.title} ({measure.unit})"


PARTNER_KINDS = ("hub", "school", "voluntary", "partner")


class CommitmentForm(VersionedModelForm):
    measure = MeasureField(queryset=Measure.objects.none(), label="Measure")
    promised_quantity = QuantityField(
        label="How much is promised", help_text="In the measure’s unit, over the whole agreement"
    )
    reason = forms.CharField(
        label="Why are you changing it?",
        required=False,
        max_length=300,
        help_text="Stays on record beside the change",
    )
    not_stored = ("reason",)

    class Meta:
        model = Commitment
        fields = (
            "supplier", "measure", "title", "promised_quantity", "starts", "due", "owner_name",
            "evidence_rule", "partner", "partner_named", "wards", "exclusion_reason",
            "principle", "needs",
        )  # fmt: skip
        field_classes = {"wards": SeveralField, "needs": SeveralField}
        labels = {
            "supplier": "Who promises it",
            "title": "The promise in the agreement’s own words",
            "starts": "Delivery starts",
            "due": "Due by",
            "owner_name": "Who answers for it",
            "evidence_rule": "What will prove it",
            "partner": "Community partner",
            "partner_named": "A partner named in the bid",
            "wards": "Wards",
            "exclusion_reason": "Why measures that exclude each other stand together",
            **THREAD_LABELS,
        }
        help_texts = {
            "title": "Leave empty to use the measure’s title",
            "starts": "Leave empty for the agreement’s own start",
            "due": "Leave empty for the agreement’s own end",
            "owner_name": "A role at the supplier, not a person’s name. For example, site manager",
            "evidence_rule": "Counts and outward postcodes, not names. "
            "Leave empty to use what the measure asks",
            "partner": "A hub, school or voluntary organisation that is helped and can confirm it",
            "partner_named": "Where it is not registered yet. It must be before this is agreed",
            "wards": "Leave all empty if it is for the whole borough, or not known",
            "exclusion_reason": "Only where two measures in this agreement would count the same thing",
            **THREAD_HELP,
        }
        widgets = {
            "evidence_rule": forms.Textarea(attrs={"rows": 3}),
            "exclusion_reason": forms.Textarea(attrs={"rows": 2}),
            "wards": forms.CheckboxSelectMultiple,
            "needs": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, contract: Contract, vary: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance if self.instance.pk else None
        if stored is not None and stored.offer_id and not vary:
            # The winning bid says whose promise it is and what is counted.
            del self.fields["supplier"], self.fields["measure"]
        else:
            self._offer(contract, stored)
        partners = Organisation.objects.current().of_kind(*PARTNER_KINDS)
        partner: Any = self.fields["partner"]
        partner.queryset = (
            partners | Organisation.objects.filter(pk=self.instance.partner_id).distinct()
        ).order_by("name")
        partner.empty_label = "None"
        wards: Any = self.fields["wards"]
        wards.queryset = Area.objects.wards(2023).order_by("name")
        self.fields["needs"].required = False
        offer_thread(self.fields, self.instance, contract)
        if stored is None:
            del self.fields["reason"]
        if vary:
            self.fields["reason"].required = True
            self.fields["reason"].label = "Why is it varied?"
            self.fields["reason"].error_messages["required"] = (
                "Say why it is varied. The reason stays on record."
            )

    def _offer(self, contract: Contract, stored: Commitment | None) -> None:
        supplier: Any = self.fields["supplier"]
        supplier.queryset = Organisation.objects.filter(
            pk__in=awarded_suppliers(contract.pk) | {self.instance.supplier_id or 0}
        ).order_by("name")
        supplier.empty_label = None if supplier.queryset.count() == 1 else "Choose one"
        measure: Any = self.fields["measure"]
        usable = Measure.objects.filter(edition__status=MeasureEdition.Status.IN_USE)
        if stored is not None:
            usable = usable | Measure.objects.filter(pk=stored.measure_id)
        measure.queryset = usable.order_by("-edition__is_default", "edition", "position", "code")
        measure.empty_label = "Choose a measure"


class ProfileForm(VersionedForm):
    """One box for each quarter that the commitment touches."""

    not_stored = ("reason",)

    def __init__(
        self, *args: Any, quarters: Iterable[Quarter], unit: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.quarters = tuple(quarters)
        for quarter in self.quarters:
            self.fields[name_of(quarter)] = QuantityField(
                label=quarter.label, min_value=Decimal(0), required=False
            )

    def profile(self) -> list[tuple[Quarter, Decimal]]:
        """What was typed; an empty box is nothing in that quarter."""
        return [
            (quarter, self.cleaned_data.get(name_of(quarter)) or Decimal(0))
            for quarter in self.quarters
        ]


def name_of(quarter: Quarter) -> str:
    return quarter.code.replace("-", "_").lower()


class StepForm(VersionedForm):
    """A step that is confirmed: the version that the person read."""


class ReasonStepForm(StepForm):
    """A step that needs a reason."""

    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why. The reason stays on record."},
    )
