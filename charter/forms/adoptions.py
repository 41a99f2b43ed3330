"""Adopting the charter: what an organisation sends, and what officers record."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.link_views import TrapField
from trafford_sv.directory.models import Organisation

from ..models import Adoption, CharterVersion
from .versions import area_of_text


class AskForm(forms.Form):
    """What anybody may send. Short words: it is the first thing a small business meets."""

    organisation_name = forms.CharField(
        label="Name of your organisation", max_length=300,
        error_messages={"required": "Enter the name of your organisation."},
    )  # fmt: skip
    signed_by_name = forms.CharField(
        label="Who is signing?", max_length=200,
        help_text="Only council officers see the name.",
        error_messages={"required": "Enter the name of the person who is signing."},
    )  # fmt: skip
    signed_by_role = forms.CharField(
        label="What is their role?", max_length=200,
        help_text="For example: chief executive. It is shown in the public register.",
        error_messages={"required": "Enter their role, for example chief executive."},
    )  # fmt: skip
    contact_email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="For our answer, and once a year to ask if you still stand by the charter.",
        error_messages={
            "required": "Enter an e-mail address.",
            "invalid": "Enter an e-mail address like name@example.org.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    lead_words = forms.CharField(
        label="What would you take the lead in?",
        required=False,
        max_length=1000,
        widget=area_of_text(3),
        help_text="A part of the Action Plan, if you like. It is shown in the public register.",
    )
    message = forms.CharField(
        label="Is there anything we should know?",
        required=False,
        max_length=2000,
        widget=area_of_text(3),
        help_text="Only council officers read it.",
    )
    may_sign = forms.BooleanField(
        label="I may sign for this organisation, and we adopt the charter as it is today.",
        error_messages={"required": "Tick the box to say that you may sign."},
    )
    website = TrapField()

    def values(self) -> dict[str, Any]:
        return {k: v for k, v in self.cleaned_data.items() if k not in ("may_sign", "website")}


class ConfirmForm(VersionedForm):
    """Which organisation of the directory it is, or that it is a new one."""

    organisation = forms.ModelChoiceField(
        label="Which organisation is it?",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="None of these: record a new one",
    )
    adopted_on = forms.DateField(
        label="Adopted on", error_messages={"required": "Enter the day of adoption."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.current().order_by("name")


class DeclineForm(VersionedForm):
    reason = forms.CharField(
        label="Why is it not put into the register?",
        max_length=500,
        widget=area_of_text(3),
        help_text="For example: nobody there knows of it. The name and the address are forgotten.",
        error_messages={"required": "Say why. The reason stays on record."},
    )


class AdoptionForm(VersionedModelForm):
    """An adoption that came on paper, or one put right."""

    lead_words = forms.CharField(
        label="What it takes the lead in",
        required=False,
        max_length=1000,
        widget=area_of_text(3),
        help_text="Shown in the public register",
    )

    class Meta:
        model = Adoption
        fields = [
            "organisation", "charter_version", "adopted_on", "signed_by_name", "signed_by_role",
            "lead_words", "contact_email",
        ]  # fmt: skip
        labels = {
            "charter_version": "Which version was signed?",
            "adopted_on": "Signed on",
            "signed_by_name": "Who signed it",
            "signed_by_role": "In what role",
            "contact_email": "E-mail address for the yearly question",
        }
        help_texts = {"signed_by_name": "Only officers see it"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations: Any = self.fields["organisation"]
        organisations.queryset = Organisation.objects.current().order_by("name")
        organisations.empty_label = "Choose an organisation"
        versions: Any = self.fields["charter_version"]
        versions.queryset = CharterVersion.objects.approved()
        if self.instance.pk:
            del self.fields["organisation"]


class WithdrawAdoptionForm(VersionedForm):
    withdrawn_on = forms.DateField(
        label="Withdrawn on", error_messages={"required": "Enter the day."}
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=area_of_text(3),
        error_messages={"required": "Say why. The reason stays on record."},
    )


class AffirmForm(forms.Form):
    """An officer records that an adopter said it again."""

    day = forms.DateField(label="On what day?", error_messages={"required": "Enter the day."})
    role = forms.CharField(
        label="Who said it, in what role?", max_length=200,
        error_messages={"required": "Enter the role, for example chief executive."},
    )  # fmt: skip


class AffirmAnswerForm(forms.Form):
    """What an adopter answers by its link."""

    stands = forms.ChoiceField(
        label="Does your organisation still stand by the charter?",
        choices=[("yes", "Yes, we do"), ("no", "No, take our name out of the register")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or no."},
    )
    role = forms.CharField(
        label="What is your job or role?",
        max_length=200,
        help_text="For example: chief executive. We do not need your name.",
        error_messages={"required": "Tell us your job or role."},
    )
    reason = forms.CharField(
        label="If no: would you tell us why?", required=False, max_length=500,
        widget=area_of_text(3),
    )  # fmt: skip
