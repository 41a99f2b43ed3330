"""Pledges outside contracts, and what those they were for answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.directory.models import Organisation, OrganisationKind

from ..models import Initiative, Pledge, Principle
from .versions import area_of_text

Kind = OrganisationKind.Kind
CAN_CONFIRM = (Kind.HUB, Kind.SCHOOL, Kind.VOLUNTARY, Kind.PUBLIC_BODY, Kind.PARTNER)


def quantity_field(label: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=16,
        decimal_places=4,
        min_value=Decimal(0),
        required=False,
        error_messages={
            "invalid": "Enter a number, for example 25 or 12.5.",
            "min_value": "Enter 0 or more.",
            "max_digits": "That number is too large. Check it.",
            "max_whole_digits": "That number is too large. Check it.",
            "max_decimal_places": "Enter at most four places after the point.",
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **options,
    )


class PledgeForm(VersionedModelForm):
    """What is promised. A quantity may be left out: not all that is good can be counted."""

    words = forms.CharField(
        label="In more words", required=False, max_length=2000, widget=area_of_text(3)
    )
    promised_quantity = quantity_field(
        "How much, if it can be counted?", help_text="Leave it empty if it cannot."
    )

    class Meta:
        model = Pledge
        fields = [
            "organisation", "principle", "initiative", "title", "words", "promised_quantity",
            "unit", "pledged_on", "due",
        ]  # fmt: skip
        labels = {
            "title": "What is promised?",
            "unit": "What is counted?",
            "pledged_on": "Promised on",
            "due": "By when?",
        }
        help_texts = {
            "title": "Beginning with a verb, for example: Lend a room to a community group",
            "unit": "For example: hours, places, sessions",
            "initiative": "If it is one of the charter’s initiatives",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations: Any = self.fields["organisation"]
        organisations.queryset = Organisation.objects.current().order_by("name")
        organisations.empty_label = "Choose an organisation"
        approved = {"charter_version__state": "approved"}
        principles: Any = self.fields["principle"]
        principles.empty_label = "Choose a principle"
        principles.queryset = (
            Principle.objects.filter(**approved)
            .select_related("charter_version")
            .order_by("-charter_version__number", "number")
        )
        principles.label_from_instance = lambda row: (
            f"{row.number}. {row.title} (version {row.charter_version.number})"
        )
        initiatives: Any = self.fields["initiative"]
        initiatives.required = False
        initiatives.empty_label = "None of these"
        initiatives.queryset = (
            Initiative.objects.filter(focus_area__principle__charter_version__state="approved")
            .select_related("focus_area__principle__charter_version")
            .order_by(
                "-focus_area__principle__charter_version__number",
                "focus_area__principle__number",
                "focus_area__position",
                "position",
            )
        )
        initiatives.label_from_instance = lambda row: (
            f"{row.focus_area.principle.number}. {row.title}"
            f" (version {row.focus_area.principle.charter_version.number})"
        )


class ReportForm(VersionedForm):
    quantity = quantity_field("How much was done?", help_text="In the pledge’s own unit")
    reported_on = forms.DateField(
        label="Reported on", error_messages={"required": "Enter the day."}
    )
    words = forms.CharField(
        label="What was done?",
        max_length=2000,
        widget=area_of_text(4),
        help_text="Whoever it was for reads it. Do not write names of people.",
        error_messages={"required": "Say what was done."},
    )


class AskBeneficiaryForm(VersionedForm):
    organisation = forms.ModelChoiceField(
        label="Who was it for?",
        queryset=Organisation.objects.none(),
        empty_label="Choose an organisation",
        error_messages={"required": "Choose who it was for."},
    )
    email = forms.EmailField(
        label="E-mail address of someone there",
        max_length=254,
        help_text="It is used for this question only and forgotten afterwards.",
        error_messages={"required": "Enter the address to which the link goes."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, pledged_by: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["organisation"]
        choices.queryset = (
            Organisation.objects.current().of_kind(*CAN_CONFIRM).exclude(pk=pledged_by)
        ).order_by("name")


class WithdrawPledgeForm(VersionedForm):
    withdrawn_on = forms.DateField(
        label="Withdrawn on", error_messages={"required": "Enter the day."}
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=area_of_text(3),
        error_messages={"required": "Say why. The reason stays on record."},
    )


class PledgeAnswerForm(forms.Form):
    """Short words: anyone at a hub may be asked."""

    did_happen = forms.ChoiceField(
        label="Is this right?",
        choices=[
            ("yes", "Yes, that is right"),
            ("part", "Some of it is right"),
            ("no", "No, nothing of it reached us"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of these."},
    )
    quantity = quantity_field("How much was it really?")
    comment = forms.CharField(
        label="Is there anything we should know?",
        required=False,
        max_length=1000,
        widget=area_of_text(3),
        help_text="Do not write names of people. The Council will read this.",
    )
    role = forms.CharField(
        label="What is your job or role?",
        max_length=200,
        help_text="For example: centre manager. We do not need your name.",
        error_messages={"required": "Tell us your job or role, for example centre manager."},
    )

    def __init__(self, *args: Any, is_counted: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_counted = is_counted
        if not is_counted:
            del self.fields["quantity"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            self.is_counted
            and cleaned.get("did_happen") == "part"
            and cleaned.get("quantity") is None
            and "quantity" not in self.errors
        ):
            self.add_error("quantity", "Tell us how much it was.")
        return cleaned
