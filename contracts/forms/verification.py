"""What an officer types about a return, and what a beneficiary answers."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import ReasonForm, VersionedForm
from trafford_sv.directory.models import Organisation, OrganisationKind

from ..models import DuplicateFlag

Kind = OrganisationKind.Kind
CAN_CONFIRM = (Kind.HUB, Kind.SCHOOL, Kind.VOLUNTARY, Kind.PUBLIC_BODY, Kind.PARTNER)


def quantity_field(label: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=16,
        decimal_places=4,
        min_value=0,
        error_messages={
            "required": "Enter a number. Enter 0 if it is none.",
            "invalid": "Enter a number, for example 25 or 12.5.",
            "min_value": "Enter 0 or more.",
            "max_digits": "That number is too large. Check it.",
            "max_whole_digits": "That number is too large. Check it.",
            "max_decimal_places": "Enter at most four places after the point.",
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **options,
    )


class PartForm(VersionedForm):
    """Accept a part: how much, and why not all."""

    quantity = quantity_field("How much do you accept?")
    reason = forms.CharField(
        label="Why not all of it?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The supplier reads it. For example: the sign-in sheet shows 25 people.",
        error_messages={"required": "Say why only a part is accepted. The supplier reads it."},
    )


class BackForm(VersionedForm):
    """Send back: what the supplier should change."""

    reason = forms.CharField(
        label="What should the supplier change?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="They read it as you write it. For example: add the sign-in sheet of 3 May.",
        error_messages={"required": "Say what the supplier should change. They read it."},
    )


class ReopenForm(VersionedForm):
    reason = forms.CharField(
        label="Why is the decision taken back?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The supplier reads it, and it stays on record.",
        error_messages={"required": "Say why the decision is taken back."},
    )


class WithdrawForm(ReasonForm):
    """Why an answer is no longer needed."""


class AskForm(VersionedForm):
    """Whom to ask, and where."""

    organisation = forms.ModelChoiceField(
        label="Who was helped?",
        queryset=Organisation.objects.none(),
        empty_label="Choose an organisation",
        error_messages={"required": "Choose who was helped."},
    )
    email = forms.EmailField(
        label="E-mail address of someone there",
        max_length=254,
        help_text="It is used for this question only and forgotten afterwards.",
        error_messages={"required": "Enter the address to which the link goes."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, supplier_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["organisation"]
        choices.queryset = (
            Organisation.objects.current().of_kind(*CAN_CONFIRM).exclude(pk=supplier_id)
        ).order_by("name")


class AddressForm(forms.Form):
    """Where to send a request again."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="A new link is sent. The one before stops working.",
        error_messages={"required": "Enter the address to which the link goes."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class DuplicateForm(forms.Form):
    """Two different things, or one thing twice."""

    state = forms.ChoiceField(
        label="What are they?",
        choices=[
            (DuplicateFlag.State.FINE, "Two different things"),
            (DuplicateFlag.State.DOUBLE, "One thing, claimed twice"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = forms.CharField(
        label="What did you compare?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Only officers read it. It stays on record.",
        error_messages={"required": "Say what you compared. The reason stays on record."},
    )
    expected_state = forms.CharField(widget=HiddenWithoutId)


class AnswerForm(forms.Form):
    """What the beneficiary says. Short words: anyone at a hub may be asked."""

    is_right = forms.ChoiceField(
        label="Is this right?",
        choices=[("yes", "Yes, that is right"), ("no", "No, it was a different number")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or no."},
    )
    quantity = quantity_field("How much was it really?", required=False)
    comment = forms.CharField(
        label="Is there anything we should know?",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Do not write names of people. The Council and the supplier will read this.",
    )
    role = forms.CharField(
        label="What is your job or role?",
        max_length=200,
        help_text="For example: centre manager. We do not need your name.",
        error_messages={"required": "Tell us your job or role, for example centre manager."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            cleaned.get("is_right") == "no"
            and cleaned.get("quantity") is None
            and "quantity" not in self.errors
        ):
            self.add_error("quantity", "Tell us how much it was. Enter 0 if it was none.")
        return cleaned
