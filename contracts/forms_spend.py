"""What people type about payees, exclusions and units."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.directory.models import Organisation

from .models import SpendExclusion


class ExclusionForm(VersionedModelForm):
    class Meta:
        model = SpendExclusion
        fields = ["name", "why", "reason", "reviewed_on", "reviewed_by_name", "is_active"]
        labels = {
            "name": "Payee",
            "why": "Kind",
            "reason": "Why nobody could have been chosen instead",
            "reviewed_on": "Last reviewed on",
            "reviewed_by_name": "Reviewed by (a role, not a person’s name)",
            "is_active": "In use: leave this payee out",
        }
        help_texts = {"name": "Spelt as in the spending file. Case and “Ltd” make no difference."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        why = self.fields["why"]
        assert isinstance(why, forms.ChoiceField)
        why.choices = [("", "Choose a kind"), *SpendExclusion.Why.choices]


class NewOrganisationForm(VersionedForm):
    """A payee as a new supplier: a postcode is best, a stated place will do."""

    name = forms.CharField(label="Its full name", max_length=300)
    postcode = forms.CharField(
        label="Postcode",
        max_length=10,
        required=False,
        help_text="Of the office that does the work, if you know it.",
    )
    stated_locality = forms.ChoiceField(
        label="Or where it is",
        required=False,
        choices=[
            ("", "The postcode says it, or not known"),
            ("trafford", "Trafford"),
            ("greater_manchester", "Rest of Greater Manchester"),
            ("elsewhere", "Elsewhere"),
        ],
    )


class UnitForm(VersionedForm):
    """Which directorate a part of the council belongs to; one small form for each row."""

    directorate = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), required=False, empty_label="Not linked"
    )

    def __init__(self, *args: Any, directorates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["directorate"].queryset = directorates  # type: ignore[attr-defined]
