"""Measures, sets and values as an officer types them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contracts.models import Contract, CpvCode, MeasureTheme
from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.directory.models import Area, Organisation

from ..catalogue import BASIS_WORDS, CATALOGUE, Unit, unit_of_formula
from ..models import MeasureSet, StarMeasure
from ..star_measures import PERIOD_WORDS, SET_SIZE, Direction, sign_problem

_FIGURES = [("", "Choose a figure"), *((one.key, one.name) for one in CATALOGUE.values())]
_BASES = [
    ("", "Choose what it rests on"),
    *(
        (str(key.value), f"{str(key.value).capitalize()}: {words}")
        for key, words in BASIS_WORDS.items()
    ),
]
UNIT_LABELS = {
    Unit.POUNDS: "Pounds",
    Unit.SHARE: "A share, in per cent",
    Unit.RATIO: "Pounds for each pound",
    Unit.COUNT: "A number of things",
}


NOTE_HINT = "For example gaps, sources and doubts"


class QuantityField(forms.CharField):
    """A number as people write it, with or without £ or %. Its form asks `quantity_of` whether the
    sign fits the unit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, max_length=40, **options)
        self.widget.attrs.setdefault("inputmode", "decimal")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return value
        text = super().to_python(value)
        if text is None:
            return None
        plain = text.replace(",", "").replace("£", "").strip().removesuffix("%").strip()
        try:
            number = Decimal(plain)
        except ArithmeticError as error:
            raise ValidationError(f"“{text}” is not a number. Write it like 1234.50.") from error
        if not number.is_finite() or abs(number) >= Decimal(10) ** 14:
            raise ValidationError("This number cannot be kept. Check it.")
        if number != round(number, 4):
            raise ValidationError("Give at most four decimals.")
        return number

    def run_validators(self, value: Any) -> None:
        """A Decimal has no length."""
        if value is not None and not isinstance(value, Decimal):
            super().run_validators(value)


def quantity_of(form: forms.BaseForm, name: str, unit: Unit | str) -> Decimal | None:
    """The cleaned number of a field in its unit, 0.53 for 53%. Raises ValidationError where a sign
    was typed that is of another unit."""
    typed = form.data.get(form.add_prefix(name)) or ""
    if problem := sign_problem(str(typed), unit):
        raise ValidationError(problem)
    number: Decimal | None = form.cleaned_data.get(name)
    return number / 100 if number is not None and unit == Unit.SHARE else number


def quantity_words(value: Decimal | None, unit: Unit | str) -> str | None:
    """As it would be typed, with its sign: changing the unit then asks about it."""
    if value is None:
        return None
    shown = value * 100 if unit == Unit.SHARE else value
    plain = f"{shown.normalize():f}"
    match Unit(unit):
        case Unit.SHARE:
            return f"{plain}%"
        case Unit.POUNDS | Unit.RATIO:
            return f"£{plain}"
        case Unit.COUNT:
            return plain


class StarMeasureForm(VersionedModelForm):
    """`target_quantity` is typed as it is read: in per cent for a share."""

    numerator = forms.ChoiceField(label="Figure that is counted", choices=_FIGURES, required=False)
    numerator_basis = forms.ChoiceField(
        label="What that figure rests on", choices=_BASES, required=False
    )
    denominator = forms.ChoiceField(
        label="Figure it is divided by", choices=_FIGURES, required=False,
        help_text="Leave empty for a sum or a count",
    )  # fmt: skip
    denominator_basis = forms.ChoiceField(
        label="What the second figure rests on", choices=_BASES, required=False
    )
    unit = forms.ChoiceField(
        label="Unit of a supplied measure",
        choices=[("", "Worked out from the figures"), *((str(k.value), v) for k, v in UNIT_LABELS.items())],
        required=False,
    )  # fmt: skip
    target_quantity = QuantityField(
        label="Target",
        required=False,
        help_text="In the measure’s own unit, for example £1,250, 53% or 12",
    )

    class Meta:
        model = StarMeasure
        fields = (
            "name", "words", "source", "numerator", "numerator_basis", "denominator",
            "denominator_basis", "unit", "period", "agreement", "directorate", "division", "theme", "ward",
            "target_quantity", "direction", "note",
        )  # fmt: skip
        labels = {
            "words": "Definition in words",
            "source": "Where its values come from",
            "period": "Period",
            "directorate": "Only this directorate",
            "direction": "Which way is better",
            "note": "What a reader must know",
        }
        help_texts = {"note": NOTE_HINT}
        widgets = {
            "words": forms.Textarea(attrs={"rows": 3}),
            "note": forms.Textarea(attrs={"rows": 3}),
            "source": forms.RadioSelect,
            "direction": forms.RadioSelect,
            "period": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["source"].choices = StarMeasure.Source.choices
        fields["period"].choices = [
            (str(key.value), words[0].upper() + words[1:]) for key, words in PERIOD_WORDS.items()
        ]
        fields["direction"].choices = [
            (Direction.HIGHER.value, "Higher is better"),
            (Direction.LOWER.value, "Lower is better"),
        ]
        fields["agreement"] = forms.ChoiceField(
            label="Only this kind of agreement",
            choices=[("", "Every kind"), *Contract.Kind.choices],
            required=False,
        )
        divisions = CpvCode.objects.filter(code__endswith="000000").order_by("code")
        fields["division"] = forms.ChoiceField(
            label="Only this category of agreement",
            choices=lambda: [
                ("", "Every category"),
                *((code[:2], name) for code, name in divisions.values_list("code", "name")),
            ],
            required=False,
        )
        themes = MeasureTheme.objects.order_by("title").values_list("title", flat=True).distinct()
        fields["theme"] = forms.ChoiceField(
            label="Only this theme of the measure library",
            choices=lambda: [("", "Every theme"), *((title, title) for title in themes)],
            required=False,
        )
        wards = Area.objects.wards(2023).order_by("name").values_list("code", "name")
        fields["ward"] = forms.ChoiceField(
            label="Only what serves this ward",
            choices=lambda: [("", "Every ward"), *wards],
            required=False,
        )
        fields["directorate"].queryset = Organisation.objects.filter(
            kinds__kind="council_service"
        ).order_by("name")
        fields["directorate"].empty_label = "Every directorate"
        if self.instance.pk:
            self.initial["target_quantity"] = quantity_words(
                self.instance.target_quantity, self.instance.unit
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        unit = self._unit(cleaned)
        if unit and "target_quantity" in cleaned:
            try:
                cleaned["target_quantity"] = quantity_of(self, "target_quantity", unit)
            except ValidationError as error:
                self.add_error("target_quantity", error)
        if cleaned.get("source") == StarMeasure.Source.SUPPLIED and not cleaned.get("unit"):
            self.add_error("unit", "Choose the unit in which STAR gives the value.")
        return cleaned

    @staticmethod
    def _unit(cleaned: dict[str, Any]) -> Unit | str | None:
        """What the measure will be in; None while that is not chosen."""
        if cleaned.get("source") == StarMeasure.Source.SUPPLIED:
            return cleaned.get("unit") or None
        return unit_of_formula(cleaned.get("numerator") or "", cleaned.get("denominator") or "")


class MeasureNoteForm(VersionedModelForm):
    """All that may still change of a measure in an approved set."""

    class Meta:
        model = StarMeasure
        fields = ("note",)
        labels = {"note": "What a reader must know"}
        help_texts = {"note": NOTE_HINT}
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}


def like(measure: StarMeasure) -> dict[str, Any]:
    """What a form for a new measure begins with: everything of this one but its name."""
    shown = StarMeasureForm(instance=measure).initial
    return {key: value for key, value in shown.items() if key not in ("name", "version")}


class MeasureSetForm(VersionedModelForm):
    """Five boxes, one for each place."""

    class Meta:
        model = MeasureSet
        fields = ("name", "starts", "ends", "note")
        labels = {"starts": "In force from", "ends": "Last day in force"}
        help_texts = {
            "name": "For example, STAR measures 2026/27",
            "ends": "Leave empty while it holds. The next approved set ends it by itself",
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = (
            list(self.instance.members.values_list("measure_id", flat=True))
            if self.instance.pk
            else []
        )
        measures = StarMeasure.objects.order_by("name")
        for place in range(1, SET_SIZE + 1):
            self.fields[f"place_{place}"] = forms.ModelChoiceField(
                measures, label=f"Measure {place}", required=False, empty_label="None yet",
                initial=held[place - 1] if len(held) >= place else None,
            )  # fmt: skip

    @property
    def places(self) -> list[Any]:
        return [self[f"place_{place}"] for place in range(1, SET_SIZE + 1)]

    def changes(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in super().changes().items()
            if not name.startswith("place_")
        }

    def measures(self) -> list[StarMeasure]:
        chosen = [self.cleaned_data.get(f"place_{place}") for place in range(1, SET_SIZE + 1)]
        return [measure for measure in chosen if measure is not None]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        seen: dict[Any, int] = {}
        for place in range(1, SET_SIZE + 1):
            chosen = cleaned.get(f"place_{place}")
            if chosen is not None and chosen.pk in seen:
                self.add_error(
                    f"place_{place}",
                    f"“{chosen}” is measure {seen[chosen.pk]} already. Choose another.",
                )
            elif chosen is not None:
                seen[chosen.pk] = place
        return cleaned


class ApproveSetForm(VersionedForm):
    approved_by = forms.CharField(
        label="Approving body", max_length=200, help_text="For example, STAR Joint Committee"
    )
    approved_on = forms.DateField(label="Day of the decision")
    reference = forms.CharField(
        label="Decision reference", max_length=300, required=False,
        help_text="For example, minute 7 of that meeting",
    )  # fmt: skip


class SupplyForm(forms.Form):
    """`unit` is the measure's; the cleaned value is in it, 0.53 for 53%."""

    value = QuantityField(label="Value", required=False)
    evidence = forms.CharField(
        label="Where it comes from", max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For example, STAR performance report to the Board, 12 May 2026, table 2",
    )  # fmt: skip

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit
        self.fields["value"].help_text = UNIT_LABELS[Unit(unit)]

    def clean_value(self) -> Decimal | None:
        return quantity_of(self, "value", self.unit)


class CommentForm(forms.Form):
    version = forms.IntegerField(widget=HiddenWithoutId, required=False)
    text = forms.CharField(
        label="Commentary", max_length=4000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What a reader should know: why it moved, what is missing, what is done about it",
    )  # fmt: skip


class QuarterForm(forms.Form):
    """Which quarter is shown, and as known on which day."""

    quarter = forms.ChoiceField(label="Quarter", required=False)
    as_known_on = forms.DateField(
        label="As known on",
        required=False,
        help_text="Leave empty for what is known now",
        error_messages={"invalid": "Enter a day that exists, like 27/3/2026"},
    )

    def __init__(self, *args: Any, quarters: list[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = [(one.code, one.label) for one in quarters]  # type: ignore[attr-defined]

    def chosen(self, otherwise: Quarter) -> Quarter:
        try:
            return Quarter.parse(self.cleaned_data.get("quarter") or otherwise.code)
        except (PeriodError, AttributeError):
            return otherwise
