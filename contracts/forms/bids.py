"""What is typed about tenders and bids, by officers, evaluators and bidders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format

from trafford_sv.core.form_fields import PoundsField, SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm

from ..models import Bid, Contract, Measure, MeasureEdition, Offer, RequestedMeasure, Tender
from ..selectors.bids import STANDING, plain
from ..services.bids import Answer, Request
from ..services.bids.answering import LONGEST_STATEMENT, checked_quantity
from ..typed_quantities import QuantityError, read_quantity

AREA = forms.Textarea(attrs={"rows": 3})


class MomentField(forms.DateTimeField):
    """A day and a time in one box: 3 May 2026 12:00, 3/5/2026 12:00, 2026-05-03 12:00."""

    def __init__(self, **options: Any) -> None:
        days = get_format("DATE_INPUT_FORMATS")
        formats = [f"{day}{between}%H:%M" for day in days for between in (" ", " at ", "T")]
        widget = forms.DateTimeInput(format="%d/%m/%Y %H:%M")
        super().__init__(input_formats=formats, widget=widget, **options)


class ShareField(forms.DecimalField):
    """Typed in per cent, kept as a share of 1: 20 is 0.2."""

    def prepare_value(self, value: Any) -> Any:
        return plain(value * 100) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = value.strip().removesuffix("%") if isinstance(value, str) else value
        typed = super().to_python(text)
        if typed is not None and not typed.is_finite():
            raise ValidationError("Enter a percentage from 0 to 100")
        return None if typed is None else typed / 100

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not 0 <= value <= 1:
            raise ValidationError("Enter a percentage from 0 to 100")
        if value is not None and value != round(value, 4):
            raise ValidationError("Enter a percentage with at most two decimals")


class TenderForm(VersionedModelForm):
    """One limit that the model's own defaults give as text is turned into numbers here."""

    closes_at = MomentField(
        label="Bids close",
        required=False,
        help_text="Day and time, for example 27/3/2026 12:00. Bids stay sealed until then.",
    )
    weighting_share = ShareField(
        label="Weighting of social value in the whole evaluation",
        help_text="STAR’s policy is at least 20%. Less needs a reason.",
    )
    quantitative_share = ShareField(
        label="Share of the social value score that the quantities have",
        help_text="The rest is for how bidders say they will do it.",
    )

    class Meta:
        model = Tender
        fields = (
            "edition", "priced_on", "closes_at", "weighting_share", "quantitative_share",
            "quantitative_method", "highest_score", "most_measures", "exception_reason",
            "note_to_bidders",
        )  # fmt: skip
        labels = {
            "edition": "Edition of the measure library",
            "priced_on": "Pricing day",
            "quantitative_method": "How quantities are scored",
            "highest_score": "Highest score for an answer",
            "most_measures": "Most measures for this tender",
            "exception_reason": "Why it asks for more, or weighs less, than the guide",
            "note_to_bidders": "Note to bidders",
        }
        help_texts = {
            "priced_on": "Every bid is priced by the values in force on this day",
            "highest_score": "Evaluators score from 0 to this",
            "most_measures": "Leave empty for the council’s guide by contract value",
            "exception_reason": "Only where it does. The reason stays on record",
            "note_to_bidders": "What they should know. Everybody invited reads it",
        }
        widgets = {
            "quantitative_method": forms.RadioSelect,
            "exception_reason": AREA,
            "note_to_bidders": AREA,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editions = MeasureEdition.objects.filter(status=MeasureEdition.Status.IN_USE)
        if self.instance.pk:
            editions = editions | MeasureEdition.objects.filter(pk=self.instance.edition_id)
        else:
            for name, share in (("weighting_share", "0.2"), ("quantitative_share", "0.5")):
                self.initial[name] = Decimal(share)
            default = editions.filter(is_default=True).first()
            self.initial.setdefault("edition", default.pk if default else None)
        self.fields["edition"].queryset = editions.distinct()  # type: ignore[attr-defined]
        self.fields["quantitative_method"].choices = Tender.Method.choices  # type: ignore[attr-defined]
        self.initial["highest_score"] = plain(Decimal(self.instance.highest_score))


class MeasuresForm(VersionedForm):
    """Which of the edition's measures to ask for; a note and a duty for each."""

    measures = SeveralField(
        label="Measures",
        queryset=Measure.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    must = SeveralField(
        label="Must be answered",
        queryset=Measure.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    exception_reason = forms.CharField(
        label="Why more measures than the guide advises",
        required=False,
        max_length=2000,
        widget=AREA,
        help_text="Only where it is more. The reason stays on record.",
    )

    def __init__(self, *args: Any, tender: Tender, **kwargs: Any) -> None:
        asked = list(tender.requested.all())
        self.notes = {row.measure_id: row.note for row in asked}
        kwargs.setdefault(
            "initial",
            {
                "version": tender.version,
                "measures": [row.measure_id for row in asked],
                "must": [row.measure_id for row in asked if row.must_be_answered],
                "exception_reason": tender.exception_reason,
            },
        )
        super().__init__(*args, **kwargs)
        held = Measure.objects.filter(edition=tender.edition_id)
        for name in ("measures", "must"):
            self.fields[name].queryset = held  # type: ignore[attr-defined]

    def note_of(self, measure: int) -> str:
        if self.is_bound:
            return str(self.data.get(f"note_{measure}", ""))[:1000].replace("\0", "")
        return self.notes.get(measure, "")

    def requests(self) -> list[Request]:
        must = {measure.pk for measure in self.cleaned_data["must"]}
        return [
            Request(measure, self.note_of(measure.pk), measure.pk in must)
            for measure in self.cleaned_data["measures"].order_by("position", "code")
        ]


def offer_field(kind: str, asked: RequestedMeasure) -> str:
    """The name of one box of a bidder's form: `quantity_7`."""
    return f"{kind}_{asked.pk}"


class QuantityField(forms.CharField):
    """A quantity in the measure's own unit; blank is no offer, 0 an offer of nothing."""

    def __init__(self, asked: RequestedMeasure, **options: Any) -> None:
        self.asked = asked
        super().__init__(max_length=60, required=False, empty_value=None, **options)
        self.widget.attrs["inputmode"] = "decimal"

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = super().to_python(value)
        try:
            quantity = read_quantity(text or "", self.asked.measure.unit)
        except QuantityError as error:
            raise ValidationError(str(error)) from error
        return checked_quantity(self.asked, quantity)

    def run_validators(self, value: Any) -> None:
        """The text was checked on the way in."""

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value


class BidForm(VersionedForm):
    """A bidder's answer: the boxes of every measure asked for, and one statement for all."""

    def __init__(
        self, *args: Any, bid: Bid, asked: Iterable[RequestedMeasure], **kwargs: Any
    ) -> None:
        self.asked = list(asked)
        offers = {offer.requested_id: offer for offer in bid.offers.all()}
        kwargs.setdefault("initial", _initial(bid, self.asked, offers))
        super().__init__(*args, **kwargs)
        for row in self.asked:
            self.fields[offer_field("quantity", row)] = QuantityField(
                row, label=f"How much of {row.measure.code}, in {row.measure.unit}?"
            )
            self.fields[offer_field("statement", row)] = forms.CharField(
                label=f"How will you do {row.measure.code}?",
                required=False,
                max_length=LONGEST_STATEMENT,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.fields[offer_field("partner", row)] = forms.CharField(
                label=f"Community partner for {row.measure.code}",
                required=False,
                max_length=200,
                help_text="A hub, a school or a charity, where you have one in mind",
            )
        self.fields["method_statement"] = forms.CharField(
            label="Statement for the whole bid",
            required=False,
            max_length=LONGEST_STATEMENT,
            widget=forms.Textarea(attrs={"rows": 6}),
        )

    def boxes(self) -> list[dict[str, Any]]:
        """For the template: each measure with its three boxes."""
        return [
            {
                "asked": row,
                **{
                    kind: self[offer_field(kind, row)]
                    for kind in ("quantity", "statement", "partner")
                },
            }
            for row in self.asked
        ]

    def answers(self) -> dict[int, Answer]:
        read = self.cleaned_data
        return {
            row.pk: Answer(
                read[offer_field("quantity", row)],
                read[offer_field("statement", row)],
                read[offer_field("partner", row)],
            )
            for row in self.asked
        }


def _initial(
    bid: Bid, asked: Iterable[RequestedMeasure], offers: Mapping[int, Offer]
) -> dict[str, Any]:
    initial: dict[str, Any] = {"version": bid.version, "method_statement": bid.method_statement}
    for row in asked:
        offer = offers.get(row.pk)
        initial[offer_field("quantity", row)] = offer.offered_quantity if offer else None
        initial[offer_field("statement", row)] = offer.method_statement if offer else ""
        initial[offer_field("partner", row)] = offer.partner_name if offer else ""
    return initial


class SubmitForm(VersionedForm):
    """The tick that large quantities are right, where there are any."""

    acknowledged = forms.BooleanField(
        label="We have looked at these quantities again and they are right", required=False
    )


class _Score(VersionedForm):
    score = forms.DecimalField(label="Score", max_digits=6, decimal_places=2)

    def __init__(self, *args: Any, highest: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["score"].help_text = f"From 0 to {plain(highest)}"


class ScoreForm(_Score):
    reasons = forms.CharField(
        label="Reasons",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Give your reasons. The bidder may ask for them."},
    )


class ModerateForm(_Score):
    reason = forms.CharField(
        label="Reason for the agreed score",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The bidder reads it after the award.",
        error_messages={"required": "Give the reason for the agreed score."},
    )


class EvaluatorForm(forms.Form):
    user: Any = forms.ModelChoiceField(
        label="Who scores the bids?",
        queryset=None,
        error_messages={"required": "Choose a person."},
        help_text="Those whose role allows scoring and reaches this contract",
    )

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = choices  # type: ignore[attr-defined]


class AwardTenderForm(VersionedForm):
    bid = forms.ModelChoiceField(
        label="Who won?",
        queryset=Bid.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose the bidder who won."},
    )
    awarded_on = forms.DateField(label="Award date")
    value_pounds = PoundsField(
        label="Value of the award",
        required=False,
        minimum=Decimal(0),
        help_text="Excluding VAT, for the whole length of the contract",
    )
    reason = forms.CharField(
        label="Note on the award",
        required=False,
        max_length=1000,
        widget=AREA,
        help_text="For example, how quality, price and social value came together",
    )

    def __init__(self, *args: Any, tender: Tender, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["bid"]
        field.queryset = tender.bids.filter(state__in=STANDING).select_related("organisation")
        field.label_from_instance = lambda bid: bid.organisation.name
        if contract.is_framework:
            self.fields[
                "value_pounds"
            ].help_text = "A framework has no value of its own. Leave this empty."


class WorkbookForm(forms.Form):
    file = forms.FileField(
        label="Your filled-in workbook",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "Choose the workbook first.", "empty": "This file is empty."},
    )
