"""Offers for needs, spare offers, clauses and the table of fits, as people type them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from community_needs.matching import plain, same_unit
from community_needs.models import Need, Priority
from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.directory.models import Area, Organisation

from ..models import Measure, MeasureEdition, NeedClause, NeedOffer, PriorityFit, SpareOffer
from .commitments import MeasureField, QuantityField


class _Amount(QuantityField):
    """A quantity of something needed: two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, **options})


class ProposeForm(forms.Form):
    """How much of which promise goes to the need. Fields that make no sense here are left out."""

    offered_quantity = _Amount(label="How much of the need it would cover")
    drawn_quantity = _Amount(label="How much of the promise that takes")
    override_reason = forms.CharField(
        label="Why this one, and not the one ranked first?",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stays on record",
    )
    note = forms.CharField(
        label="A note to the supplier",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What they should know about the place and the people",
    )

    def __init__(
        self, *args: Any, need: Need, unit: str, free: Decimal, is_first: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_one_unit = same_unit(need.unit, unit)
        left = need.still_wanted_quantity
        if need.needed_quantity is None:
            del self.fields["offered_quantity"]
        else:
            self.fields[
                "offered_quantity"
            ].help_text = f"{plain(left or Decimal(0))} {need.unit} are still needed"
        if self.is_one_unit and need.needed_quantity is not None:
            del self.fields["drawn_quantity"]
        else:
            self.fields["drawn_quantity"].help_text = f"{plain(free)} {unit} are left"
        if is_first:
            del self.fields["override_reason"]
        else:
            self.fields["override_reason"].required = True
            self.fields["override_reason"].error_messages["required"] = (
                "Another promise is ranked first. Say why this one is better. It stays on record."
            )

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "offered_quantity": given.get("offered_quantity"),
            "drawn_quantity": given.get("drawn_quantity") or given.get("offered_quantity"),
            "note": given.get("note", ""),
            "override_reason": given.get("override_reason", ""),
        }


class AcceptForm(VersionedForm):
    accepted_quantity = _Amount(label="How many can you use?")

    def __init__(self, *args: Any, offer: NeedOffer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offer.offered_quantity is None:
            del self.fields["accepted_quantity"]
        else:
            self.fields[
                "accepted_quantity"
            ].help_text = f"{plain(offer.offered_quantity)} {offer.need.unit} are offered"


class DeliverForm(VersionedForm):
    delivered_quantity = _Amount(label="How much was done?")
    delivered_on = forms.DateField(label="When was it done, or finished?")
    words = forms.CharField(
        label="What happened",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Counts, not names of people. The hub reads it",
    )

    def __init__(self, *args: Any, offer: NeedOffer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offer.accepted_quantity is None:
            del self.fields["delivered_quantity"]
        else:
            self.fields[
                "delivered_quantity"
            ].help_text = f"The hub accepted {plain(offer.accepted_quantity)} {offer.need.unit}"


class ConfirmForm(VersionedForm):
    arrived = forms.ChoiceField(
        label="Did it arrive?",
        choices=[("all", "Yes, all of it"), ("part", "Part of it"), ("none", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say if it arrived."},
    )
    confirmed_quantity = _Amount(label="How much arrived?", required=False)
    words = forms.CharField(
        label="Anything to add?",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Counts, not names of people. The council and the supplier read it",
    )

    def __init__(self, *args: Any, offer: NeedOffer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        if offer.delivered_quantity is None:
            del self.fields["confirmed_quantity"]
            arrived: Any = self.fields["arrived"]
            arrived.choices = [("all", "Yes"), ("none", "No")]
        else:
            self.fields["confirmed_quantity"].help_text = (
                f"Only if it was part of it. They say {plain(offer.delivered_quantity)} "
                f"{offer.need.unit}"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("arrived") == "part" and "confirmed_quantity" in self.fields:
            if cleaned.get("confirmed_quantity") is None and not self.errors:
                self.add_error("confirmed_quantity", "Enter how much arrived.")
        return cleaned

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        amount = given.get("confirmed_quantity")
        if given["arrived"] == "all":
            amount = self.offer.delivered_quantity
        return {
            "has_arrived": given["arrived"] != "none",
            "confirmed_quantity": amount,
            "words": given["words"],
        }


class SpareForm(VersionedModelForm):
    not_stored = ("supplier",)

    class Meta:
        model = SpareOffer
        fields = (
            "title", "words", "priorities", "offered_quantity", "unit", "wards", "starts", "ends",
        )  # fmt: skip
        field_classes = {"wards": SeveralField, "priorities": SeveralField}
        labels = {
            "title": "What can you offer?",
            "words": "Tell us more",
            "priorities": "What could it help with?",
            "offered_quantity": "How many?",
            "unit": "Of what?",
            "wards": "Where can you come?",
            "starts": "From when?",
            "ends": "Until when?",
        }
        help_texts = {
            "title": "For example, a room for 20 people on Fridays",
            "unit": "For example, sessions, hours or meals",
            "wards": "Leave all empty if you can come anywhere in Trafford",
        }
        widgets = {
            "words": forms.Textarea(attrs={"rows": 4}),
            "wards": forms.CheckboxSelectMultiple,
            "priorities": forms.CheckboxSelectMultiple,
        }

    def __init__(
        self, *args: Any, suppliers: QuerySet[Organisation] | None = None, **kwargs: Any
    ) -> None:
        """`suppliers` for a new offer: those in whose name this person may make it."""
        super().__init__(*args, **kwargs)
        self._suppliers = list(suppliers[:2]) if suppliers is not None else []
        if suppliers is not None and len(self._suppliers) > 1:
            asked = {
                "supplier": forms.ModelChoiceField(
                    suppliers,
                    label="Which organisation offers it?",
                    error_messages={"required": "Choose the organisation that offers it."},
                )
            }
            self.fields = asked | self.fields
        wards: Any = self.fields["wards"]
        wards.queryset = Area.objects.wards(2023).defer("geometry").order_by("name")
        priorities: Any = self.fields["priorities"]
        priorities.queryset = Priority.objects.current()  # type: ignore[attr-defined]
        priorities.error_messages["required"] = "Choose at least one thing that it could help with."
        self.fields["words"].max_length = 4000  # type: ignore[attr-defined]

    @property
    def supplier(self) -> Organisation:
        """Whose offer it is: the one that was chosen, or the only one there is."""
        chosen: Organisation | None = self.cleaned_data.get("supplier")
        return chosen or self._suppliers[0]


class FitForm(VersionedModelForm):
    measure = MeasureField(queryset=Measure.objects.none(), label="Measure")

    class Meta:
        model = PriorityFit
        fields = ("priority", "measure", "fit", "reason")
        labels = {"priority": "Priority", "fit": "How well does it fit?", "reason": "Why?"}
        widgets = {"fit": forms.RadioSelect, "reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["priority"], self.fields["measure"]
        else:
            measure: Any = self.fields["measure"]
            measure.queryset = Measure.objects.filter(
                edition__status=MeasureEdition.Status.IN_USE
            ).order_by("-edition__is_default", "edition", "position", "code")
            priority: Any = self.fields["priority"]
            priority.queryset = Priority.objects.current()  # type: ignore[attr-defined]
        fit: Any = self.fields["fit"]
        fit.choices = PriorityFit.Strength.choices


class ClauseForm(VersionedModelForm):
    """The clause that a coming contract should carry for a need."""

    class Meta:
        model = NeedClause
        fields = ("words", "measures")
        field_classes = {"measures": SeveralField}
        labels = {"words": "The clause", "measures": "Measures to ask for"}
        help_texts = {
            "words": "For the tender’s documents. Say what, how much, where, by when and who confirms",
            "measures": "Bidders will offer a quantity against each",
        }
        widgets = {
            "words": forms.Textarea(attrs={"rows": 8}),
            "measures": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, need: Need, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        measures: Any = self.fields["measures"]
        fitting = Measure.objects.filter(
            fits__priority=need.priority_id, edition__status=MeasureEdition.Status.IN_USE
        )
        if self.instance.pk:
            fitting = fitting | Measure.objects.filter(need_clauses=self.instance.pk)
        measures.queryset = fitting.distinct().order_by("edition", "position", "code")
        measures.label_from_instance = lambda one: f"{one.code} {one.title} ({one.unit})"
        measures.error_messages["required"] = "Choose at least one measure to ask for."


class ClauseStateForm(VersionedForm):
    state = forms.ChoiceField(
        label="What became of it?",
        choices=NeedClause.State.choices,
        widget=forms.RadioSelect,
    )
    dropped_reason = forms.CharField(
        label="Why is it not asked for?",
        max_length=300,
        required=False,
        help_text="Only where it is not asked for",
    )
