"""The forms of a contract, its awards and what follows it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from trafford_sv.core.access import reach
from trafford_sv.core.form_fields import PoundsField, SeveralField
from trafford_sv.core.forms import VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.directory.models import Area, Organisation, RoleGrant

from ..agreement_words import CONTRACT, Words
from ..models import Award, Contract, CpvCode

FOUND_AT_MOST = 20


NAMED_LABEL = "Published reports may name it beside what was promised and delivered"
NAMED_HELP = (
    "Tick it where the agreement says so, or the suppliers have said yes. Otherwise reports count it "
    "without its name"
)


class CategoryField(forms.CharField):
    """A CPV code, with or without its check digit, or the exact name of a category."""

    def to_python(self, value: Any) -> CpvCode | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        text = text.replace("\0", " ")  # PostgreSQL would refuse to look for it
        match = re.fullmatch(r"(\d{8})(?:-\d)?", text.replace(" ", ""))
        found = (
            CpvCode.objects.filter(code=match[1])
            if match
            else CpvCode.objects.filter(name__iexact=text)
        )
        category = found.first()
        if category is None:
            raise ValidationError(
                f"“{text}” is not a category. Give its 8-digit CPV code, for example 45210000."
            )
        return category

    def run_validators(self, value: Any) -> None:
        """The text was checked on the way in."""

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, CpvCode) else value


class ContractForm(VersionedModelForm):
    category = CategoryField(
        label="Category (CPV code)",
        required=False,
        max_length=300,
        help_text="Eight digits, for example 45210000 for building construction work",
    )
    estimated_value_pounds = PoundsField(
        label="Estimated value before award",
        required=False,
        help_text="Excluding VAT, for the whole length of the contract. The real value is recorded with the award.",
    )
    reason = forms.CharField(
        label="Why are you changing it?",
        required=False,
        max_length=300,
        help_text="Stays on record beside the change",
    )
    not_stored = ("reason",)

    class Meta:
        model = Contract
        fields = (
            "title", "reference", "ocid", "description", "stage", "directorate", "manager",
            "star_lead", "buyer", "category", "regime", "is_light_touch", "is_framework",
            "estimated_value_pounds", "start", "end", "notice_date", "extension_options",
            "social_value", "social_value_reason", "is_named_in_public", "wards",
        )  # fmt: skip
        field_classes = {"wards": SeveralField}
        labels = {
            "ocid": "Open Contracting ID (OCID)",
            "is_light_touch": "It is procured under the light-touch regime",
            "is_framework": "It is a framework or dynamic purchasing system",
            "regime": "Procurement rules",
            "notice_date": "Notice date",
            "social_value": "Is social value in the contract?",
            "social_value_reason": "What was agreed, or why it was left out",
            "is_named_in_public": NAMED_LABEL,
            "wards": "Wards served",
            "buyer": "Buyer",
            "start": "Start date",
            "end": "End date",
        }
        help_texts = {
            "title": "As on the notice. For example, Repairs to council homes in Sale West",
            "reference": "The council’s own, for example TRF-2026-014",
            "ocid": "From the published notice. It begins with “ocds-”",
            "buyer": "Whose contract it is, where that is not the directorate alone",
            "is_light_touch": "Mostly social care, health and education services",
            "is_framework": "It has no value of its own: each contract called off under it has",
            "notice_date": "The last day to decide about notice or an extension",
            "extension_options": "For example, two extensions of 12 months each",
            "wards": "Tick those where people will notice it. Leave all empty if not known",
            "is_named_in_public": NAMED_HELP,
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            "social_value": forms.RadioSelect,
            "social_value_reason": forms.Textarea(attrs={"rows": 3}),
            "wards": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        directorates = Organisation.objects.current().of_kind("council_service")
        everything, own = reach(user, "change_contracts")
        if not everything:
            directorates = directorates.filter(pk__in=[pk for _, pk in own])
            self.fields["directorate"].required = True
        self.fields["directorate"].queryset = directorates.order_by("name")  # type: ignore[attr-defined]
        self.fields["directorate"].empty_label = "Not recorded"  # type: ignore[attr-defined]
        for name, role in (("manager", "contract_manager"), ("star_lead", "star_officer")):
            # Those who were given the role, and whoever is recorded already.
            holders = RoleGrant.objects.filter(role=role)
            self.fields[name].queryset = User.objects.filter(  # type: ignore[attr-defined]
                Q(is_active=True, pk__in=holders.values("user"))
                | Q(pk=getattr(self.instance, f"{name}_id"))
            ).order_by("name")
            self.fields[name].empty_label = "Nobody yet"  # type: ignore[attr-defined]
        buyer = self.fields["buyer"]
        buyer.queryset = (  # type: ignore[attr-defined]
            Organisation.objects.current()
            .filter(
                Q(
                    pk__in=Organisation.objects.of_kind("public_body", "council_service").values(
                        "pk"
                    )
                )
                | Q(pk=self.instance.buyer_id)
            )
            .order_by("name")
        )
        buyer.empty_label = "Not recorded"  # type: ignore[attr-defined]
        wards = Area.objects.wards(2023)
        if self.instance.pk:
            # Wards of an older vintage that are recorded already must not fall off on saving.
            wards = wards | Area.objects.filter(pk__in=self.instance.wards.values("pk"))
        self.fields["wards"].queryset = wards.order_by("name", "boundary_year")  # type: ignore[attr-defined]
        if not self.instance.pk:
            del self.fields["reason"]


class AwardForm(VersionedModelForm):
    """`matches` are organisations found by the search inside the form, offered as checkboxes."""

    value_pounds = PoundsField(
        label="Value",
        required=False,
        help_text="Excluding VAT, the whole value once, however many suppliers share it. "
        "Leave empty if it is not known.",
    )
    suppliers = SeveralField(
        label="Suppliers",
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label="Why are you changing it?",
        required=False,
        max_length=300,
        help_text="Stays on record beside the change",
    )
    not_stored = ("reason",)

    class Meta:
        model = Award
        fields = ("status", "awarded_on", "value_pounds", "suppliers", "title")
        labels = {"title": "Name of this award", "awarded_on": "Award date"}
        help_texts = {
            "awarded_on": "The threshold on this day decides what the contract must carry",
            "title": "Only needed where a contract has several, for example Lot 2: east",
        }

    def __init__(
        self, *args: Any, search: str = "", words: Words = CONTRACT, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if words is not CONTRACT:
            self.fields["suppliers"].label = words.parties
            self.fields["awarded_on"].label = words.decided
            self.fields["awarded_on"].help_text = ""
            self.fields["value_pounds"].label = words.value
            self.fields["value_pounds"].help_text = "Leave empty if it is not known"
            del self.fields["title"]
        if not words.has_value:
            del self.fields["value_pounds"]
        ticked = self.data.getlist("suppliers") if self.is_bound else []  # type: ignore[attr-defined]
        wanted = {int(pk) for pk in ticked if pk.isdecimal() and len(pk) < 19}
        if self.instance.pk:
            wanted |= set(self.instance.suppliers.values_list("pk", flat=True))
        self.search = search.strip()
        self.found: list[int] = []
        if self.search:
            rows = Organisation.objects.current()
            for word in self.search.split()[:6]:
                rows = rows.filter(Q(name__icontains=word) | Q(aliases__name__icontains=word))
            self.found = list(
                rows.distinct().order_by("name").values_list("pk", flat=True)[:FOUND_AT_MOST]
            )
        self.fields["suppliers"].queryset = Organisation.objects.filter(  # type: ignore[attr-defined]
            pk__in=wanted | set(self.found)
        ).order_by("name")
        if not self.instance.pk:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        """An award that says nothing is a slip of the mouse."""
        cleaned: dict[str, Any] = super().clean() or {}
        told = ("awarded_on", "value_pounds", "suppliers")
        if not any(cleaned.get(name) or name in self.errors for name in told):
            raise forms.ValidationError(
                "Enter at least one of: the award date, the value, or a supplier."
            )
        return cleaned


class SuccessorForm(forms.Form):
    """Which contract follows. The choices are those the search found and the person may change."""

    successor = forms.ModelChoiceField(
        label="Which contract follows?",
        queryset=Contract.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose the contract that follows."},
    )

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(choices)

    def offer(self, choices: Any) -> None:
        """These are the rows to choose from; their versions go into the page beside them."""
        self.fields["successor"].queryset = choices  # type: ignore[attr-defined]

    @property
    def versions(self) -> list[tuple[str, int]]:
        """(input name, version) of each contract offered."""
        rows = self.fields["successor"].queryset  # type: ignore[attr-defined]
        return [(f"version-{pk}", version) for pk, version in rows.values_list("pk", "version")]

    @property
    def expected_version(self) -> int:
        """Of the contract chosen, as the page showed it."""
        return version_in(self.data.get(f"version-{self.cleaned_data['successor'].pk}"))


def version_in(text: str | None) -> int:
    """A posted version. 0, which no record has, where it is missing or no number."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
