"""Recording, editing and merging organisations, as a person types them."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedForm

from ..identifiers import clean_identifier, identifier_problem
from ..models import Identifier, Organisation, OrganisationKind
from ..postcodes import normalise, proposal
from ..services.organisations import postcode_problem

NUMBERS = {
    "company_number": Identifier.Scheme.COMPANY,
    "charity_number": Identifier.Scheme.CHARITY,
    "vat_number": Identifier.Scheme.VAT,
    "ppon": Identifier.Scheme.PPON,
}
YES_NO = [("yes", "Yes"), ("no", "No"), ("", "Not known")]
_MEANS = {"yes": True, "no": False, "": None}


class OrganisationForm(VersionedForm):
    """Every fact of an organisation; its numbers typed with commas between them."""

    not_stored = (
        "kinds",
        "aliases",
        "stated_locality",
        "reason",
        "record_anyway",
        *NUMBERS,
    )

    version = forms.IntegerField(widget=HiddenWithoutId, required=False)
    name = forms.CharField(
        label="Name", max_length=300, error_messages={"required": "Enter the organisation’s name"}
    )
    legal_name = forms.CharField(
        label="Registered name",
        max_length=300,
        required=False,
        help_text="Only where it differs from the name people use.",
    )
    kinds = forms.MultipleChoiceField(
        label="What is it?",
        choices=OrganisationKind.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose all that apply. A college may be a partner and a supplier.",
        error_messages={"required": "Choose at least one thing that it is"},
    )
    size = forms.ChoiceField(label="Size", choices=Organisation.Size.choices, required=False)
    is_voluntary = forms.ChoiceField(
        label="Is it a voluntary, community or social enterprise?",
        choices=YES_NO,
        required=False,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label="Address",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Without the postcode. Leave out a private person’s home address.",
    )
    postcode = forms.CharField(
        label="Postcode",
        required=False,
        max_length=20,
        help_text="For example, M32 0TH. It tells us where the organisation is.",
    )
    stated_locality = forms.ChoiceField(
        label="Where it is, if the postcode is not known",
        choices=[("", "Not stated"), *Organisation.Locality.choices[:3]],
        required=False,
        help_text="Counts only where there is no postcode, or where our tables do not have it.",
    )
    website = forms.URLField(
        label="Website",
        required=False,
        assume_scheme="https",
        error_messages={"invalid": "Enter the website’s address like https://www.example.org"},
    )
    opening_hours = forms.CharField(label="Opening hours", required=False, max_length=300)
    company_number = forms.CharField(
        label="Company number", required=False, help_text="8 characters, such as 01234567."
    )
    charity_number = forms.CharField(
        label="Charity number", required=False, help_text="6 or 7 digits, such as 1123456."
    )
    vat_number = forms.CharField(
        label="VAT number",
        required=False,
        help_text="9 digits. Several companies of a group may share one.",
    )
    ppon = forms.CharField(
        label="Public procurement organisation number",
        required=False,
        help_text="Such as PABC-1234-DEFG.",
    )
    aliases = forms.CharField(
        label="Other names and spellings",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One on each line. Files that use these names will find this organisation.",
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reason = forms.CharField(
        label="Why are you changing this?",
        required=False,
        max_length=500,
        help_text="It stays in the record’s history.",
    )
    record_anyway = forms.BooleanField(required=False, widget=HiddenWithoutId)

    def __init__(self, *args: Any, organisation: Organisation | None = None, **kwargs: Any) -> None:
        self.organisation = organisation
        if organisation is not None:
            kwargs["initial"] = {**facts_of(organisation), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.postcode_proposal = ""
        if organisation is None:
            del self.fields["reason"]
        else:
            self.fields["version"].required = True

    def clean_is_voluntary(self) -> bool | None:
        return _MEANS[self.cleaned_data["is_voluntary"]]

    def clean_size(self) -> str:
        return self.cleaned_data["size"] or Organisation.Size.UNKNOWN

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_postcode(self) -> str:
        text = self.cleaned_data["postcode"].strip()
        if not text:
            return ""
        found = normalise(text)
        if found is None:
            self.postcode_proposal = proposal(text) or ""
            raise forms.ValidationError(postcode_problem(text))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, scheme in NUMBERS.items():
            for value in _several(cleaned.get(name, "")):
                problem = identifier_problem(scheme, value)
                if problem:
                    self.add_error(name, f"“{value}” cannot be right. {problem}")
        return cleaned

    def identifiers(self) -> list[tuple[str, str, str]]:
        """What was typed, and the source ids that are not shown in the form."""
        typed = [
            (str(scheme), clean_identifier(scheme, value), "")
            for name, scheme in NUMBERS.items()
            for value in _several(self.cleaned_data.get(name, ""))
        ]
        if self.organisation is not None:
            kept = self.organisation.identifiers.exclude(scheme__in=NUMBERS.values())
            typed += list(kept.values_list("scheme", "value", "source"))
        return typed

    def aliases_typed(self) -> list[str]:
        return [line for line in self.cleaned_data.get("aliases", "").splitlines() if line.strip()]


def _several(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]


def facts_of(organisation: Organisation) -> dict[str, Any]:
    """The form's initial values for a stored organisation."""
    numbers: dict[str, list[str]] = {name: [] for name in NUMBERS}
    by_scheme = {str(scheme): name for name, scheme in NUMBERS.items()}
    for row in organisation.identifiers.all():
        if row.scheme in by_scheme:
            numbers[by_scheme[row.scheme]].append(row.value)
    stated = organisation.location_precision == Organisation.Precision.STATED
    return {
        "version": organisation.version,
        "name": organisation.name,
        "legal_name": organisation.legal_name,
        "kinds": [row.kind for row in organisation.kinds.all()],
        "size": organisation.size,
        "is_voluntary": {True: "yes", False: "no", None: ""}[organisation.is_voluntary],
        "address": organisation.address,
        "postcode": organisation.postcode,
        "stated_locality": organisation.locality if stated else "",
        "website": organisation.website,
        "opening_hours": organisation.opening_hours,
        "aliases": "\n".join(row.name for row in organisation.aliases.all()),
        "note": organisation.note,
        **{name: ", ".join(values) for name, values in numbers.items()},
    }


class MergeChoiceForm(forms.Form):
    """Find the other record of the same organisation."""

    q = forms.CharField(
        label="Name or number of the other record",
        max_length=200,
        required=False,
        error_messages={"required": "Enter a name or a number to look for"},
    )


class MergeForm(forms.Form):
    """The reason is asked because the merge stays on record."""

    reason = forms.CharField(
        label="How do you know that these are one organisation?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For example: same company number on both contracts.",
        error_messages={"required": "Say how you know that these are one organisation"},
    )


class PostcodeForm(forms.Form):
    """One postcode to look up. What is not a postcode is answered on the page, not refused."""

    postcode = forms.CharField(
        label="Postcode",
        max_length=20,
        help_text="For example, M32 0TH",
        error_messages={"required": "Enter a postcode"},
    )
