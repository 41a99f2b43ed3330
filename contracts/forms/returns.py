"""What a supplier types in a return: quantities by the measure's rule, days, words, shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedForm
from trafford_sv.directory.models import Organisation, OrganisationKind

from ..attribution import percent_words
from ..counting import CountingRule, quantity_words
from ..models import Commitment, ReturnLine
from ..selectors.return_detail import LineDetail, ReturnDetail
from ..services.returns import LineChange
from ..services.returns.line_values import fields_for
from ..typed_quantities import QuantityError, read_quantity

HELPED = (OrganisationKind.Kind.HUB, OrganisationKind.Kind.SCHOOL, OrganisationKind.Kind.VOLUNTARY)

# Rules that need the day: of a session, or on which people started. Others may give it as well.
DATED = (CountingRule.HOURS_PEOPLE, CountingRule.FIRST_YEAR)


class QuantityField(forms.CharField):
    """Figures as people write them, with the unit behind them or not; blank is None, 0 is 0."""

    def __init__(self, *, unit: str = "", **options: Any) -> None:
        super().__init__(empty_value=None, required=False, **options)
        self.unit = unit
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value: Any) -> Any:
        return quantity_words(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return read_quantity(str(value).replace("\x00", ""), self.unit)
        except QuantityError as error:
            raise ValidationError(str(error), code="invalid") from error

    def run_validators(self, value: Any) -> None:
        """The service judges the number, in the measure's own words."""


class ShareField(forms.CharField):
    """A share in per cent, stored as a part of 1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs.setdefault("inputmode", "decimal")

    def prepare_value(self, value: Any) -> Any:
        return percent_words(value).rstrip("%") if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        if value in (None, "") or isinstance(value, Decimal):
            return value
        text = str(value).replace("\u00a0", "").strip().removesuffix("%").strip()
        try:
            share = Decimal(text) / 100
        except ArithmeticError as error:
            raise ValidationError(
                f"“{text[:40]}” is not a percentage. Type it like 50 or 33.33."
            ) from error
        if not share.is_finite():
            raise ValidationError("This is not a percentage. Type it like 50 or 33.33.")
        return share

    def run_validators(self, value: Any) -> None:
        """The service judges the share."""


def quantity_fields(commitment: Commitment) -> dict[str, Any]:
    """The boxes of the measure's rule, in order."""
    measure = commitment.measure
    rule = CountingRule(measure.counting)
    labels: Mapping[str, tuple[str, str, str]] = {
        CountingRule.FTE_YEARS: {
            "fte_quantity": ("Full-time equivalents", "fte", "Two people at half time are 1"),
            "months_quantity": ("Months in this quarter", "months", "3 for the whole quarter"),
        },
        CountingRule.FIRST_YEAR: {
            "people_quantity": (
                "People",
                "people",
                "One line for each group that started together",
            ),
            "months_quantity": (
                "Months each was in work, in this quarter",
                "months",
                "Only the first 12 months of each person count. We add them up for you.",
            ),
        },
        CountingRule.HOURS_PEOPLE: {
            "hours_quantity": ("Hours of the session", "hours", ""),
            "people_quantity": ("People who came", "people", ""),
        },
    }.get(rule, {})
    fields: dict[str, Any] = {}
    for name in fields_for(rule):
        label, unit, hint = labels.get(name, (f"How much, in {measure.unit}", measure.unit, ""))
        fields[name] = QuantityField(label=label, unit=unit, help_text=hint)
    return fields


def day_field(commitment: Commitment) -> forms.DateField:
    first_year = commitment.measure.counting == CountingRule.FIRST_YEAR
    return forms.DateField(label="Day they started work" if first_year else "Date", required=False)


def _words(label: str, hint: str = "", rows: int = 2) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, widget=forms.Textarea(attrs={"rows": rows}), help_text=hint
    )


class ReturnForm(forms.Form):
    """The whole return: its narrative, and for each line what is typed most.

    A line's fields are named `line-<key>-<field>`; `line-<key>-version` is what was opened.
    """

    version = forms.IntegerField(widget=HiddenWithoutId)
    narrative = _words(
        "Anything the council should know about the whole quarter",
        "Say what went well, what did not, and what comes next. Do not name anybody.",
        4,
    )

    def __init__(
        self, *args: Any, detail: ReturnDetail, lines: Iterable[LineDetail], **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {
            "version": detail.row.version,
            "narrative": detail.row.narrative,
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.lines = list(lines)
        for line in self.lines:
            for name, field in self._fields_of(line).items():
                key = self.name_of(line.pk, name)
                self.fields[key] = field
                self.initial[key] = getattr(line.row, name)

    @staticmethod
    def name_of(pk: int, field: str) -> str:
        return f"line-{pk}-{field}"

    def _fields_of(self, line: LineDetail) -> dict[str, Any]:
        commitment = line.row.commitment
        fields = quantity_fields(commitment)
        if commitment.measure.counting in DATED:
            fields["happened_on"] = day_field(commitment)
        fields["narrative"] = _words("What you did")
        if line.warnings or line.row.warning_reason:
            fields["warning_reason"] = _words("Why this is right")
        fields["version"] = forms.IntegerField(widget=HiddenWithoutId)
        return fields

    def bound_lines(self) -> dict[int, dict[str, Any]]:
        """{line key: {field: bound field}}, for the page."""
        return {
            line.pk: {name: self[self.name_of(line.pk, name)] for name in self._fields_of(line)}
            for line in self.lines
        }

    @property
    def expected_version(self) -> int:
        return int(self.cleaned_data["version"])

    def changes(self) -> dict[str, Any]:
        return {"narrative": self.cleaned_data["narrative"].replace("\r\n", "\n")}

    def line_changes(self) -> dict[int, LineChange]:
        found = {}
        for line in self.lines:
            values = {
                name: self.cleaned_data[self.name_of(line.pk, name)]
                for name in self._fields_of(line)
            }
            found[line.pk] = LineChange(values.pop("version"), values)
        return found


class LineForm(VersionedForm):
    """Everything about one line."""

    def __init__(self, *args: Any, line: ReturnLine, **kwargs: Any) -> None:
        names = [*fields_for(line.commitment.measure.counting)]
        names += ["happened_on", "place", "partner", "narrative", "warning_reason"]
        initial = {name: getattr(line, name) for name in names}
        initial |= {"version": line.version, "attribution_share": line.attribution_share}
        initial["partner"] = line.partner_id
        super().__init__(*args, **{"initial": initial, **kwargs})
        fields = quantity_fields(line.commitment)
        fields["happened_on"] = day_field(line.commitment)
        fields["place"] = forms.CharField(
            label="Place", required=False, max_length=120,
            help_text="The first part of a postcode, such as M33, or a place’s name. No addresses.",
        )  # fmt: skip
        fields["partner"] = forms.ModelChoiceField(
            label="Who was helped",
            required=False,
            queryset=helped(line),
            empty_label="Nobody in particular",
            help_text="A hub, school or group named here can be asked to confirm the quantity.",
        )
        fields["narrative"] = _words(
            "What you did", "Give counts, not names: “12 residents came”.", 4
        )
        if getattr(line, "claim", None) is None:
            fields["attribution_share"] = ShareField(
                label="How much of it happened because of this agreement, in per cent",
                help_text="100 unless the same activity also serves another agreement.",
            )
        fields["warning_reason"] = _words(
            "If a figure or date is unusual, why it is right",
            "It stays on record, and the officer reads it.",
        )
        self.fields.update(fields)


def helped(line: ReturnLine) -> Any:
    """Hubs, schools and community groups, and whoever is named already."""
    named = {line.partner_id, line.commitment.partner_id} - {None}
    kinds = OrganisationKind.objects.filter(kind__in=HELPED).values("organisation_id")
    return (
        Organisation.objects.current()
        .filter(Q(pk__in=kinds) | Q(pk__in=named))
        .exclude(pk=line.delivery_return.supplier_id)
        .order_by("name", "pk")
    )


class AddLineForm(forms.Form):
    commitment = forms.ModelChoiceField(queryset=Commitment.objects.none())


class ShareForm(forms.Form):
    """A share of an activity that somebody has begun, or of a new one."""

    version = forms.IntegerField(widget=HiddenWithoutId)
    code = forms.CharField(
        label="Code of the shared activity",
        required=False,
        max_length=30,
        help_text="Whoever began it has the code, like ABCD-2345. Leave it empty to begin a new one.",
    )
    title = forms.CharField(
        label="For a new one: what was it?",
        required=False,
        max_length=300,
        help_text="For example: jobs fair at the town hall, 12 May 2026",
    )
    share = ShareField(label="Share that this agreement claims, in per cent")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code, title = cleaned.get("code"), cleaned.get("title")
        if not code and not title:
            self.add_error("code", "Type the code, or say what the new activity was.")
        if code and title:
            self.add_error("title", "Type a code or begin a new activity, not both.")
        return cleaned


class DeclarationForm(forms.Form):
    """The two declarations, and what the person had before them when they made them."""

    fingerprint = forms.CharField(widget=HiddenWithoutId, max_length=64, required=False)
    declared_this_agreement = forms.BooleanField(
        label="What is reported here happened because of this agreement, in this quarter",
        required=False,
    )
    declared_committed = forms.BooleanField(
        label="Everything reported here is a commitment in this agreement", required=False
    )


class ColleagueForm(forms.Form):
    """A colleague in the same organisation. There is no role to choose."""

    name = forms.CharField(
        label="Full name",
        max_length=200,
        error_messages={"required": "Enter your colleague’s name."},
    )
    email = forms.EmailField(
        label="Work e-mail address",
        max_length=254,
        help_text="The link goes here, and they will sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Enter an e-mail address.",
            "invalid": "Enter an e-mail address like name@example.co.uk.",
        },
    )
    job_title = forms.CharField(label="Job title", max_length=200, required=False)
    organisation = forms.ModelChoiceField(
        label="Organisation", queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        only = list(organisations[:2])
        if len(only) == 1:
            del self.fields["organisation"]
            self.only = only[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "organisation" not in self.fields:
            cleaned["organisation"] = self.only
        return cleaned
