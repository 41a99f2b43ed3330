"""What officers and hubs type about a need, a priority or a hub."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from charter.models import CharterVersion, Principle
from trafford_sv.core.form_fields import HiddenWithoutId, SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.directory.models import Area, Organisation

from ..models import Hub, Need, Priority
from ..models.hubs import CATCHMENT_YEAR
from ..services.needs import LARGEST_QUANTITY

LONGEST_TEXT = 5000


def wards_field(**options: Any) -> SeveralField:
    return SeveralField(
        queryset=Area.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one ward."},
        **options,
    )


def ward_choices() -> Any:
    return Area.objects.wards(CATCHMENT_YEAR).defer("geometry").order_by("name")


def quantity_field(**options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        max_digits=14,
        decimal_places=2,
        max_value=LARGEST_QUANTITY,
        required=False,
        error_messages={
            "invalid": "Enter a number, for example 40.",
            "max_value": f"Enter at most {LARGEST_QUANTITY:,}.",
            "max_digits": "That number is too large. Check it.",
            "max_whole_digits": "That number is too large. Check it.",
            "max_decimal_places": "Enter at most two places after the point.",
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **options,
    )


class NeedForm(VersionedModelForm):
    """A need, for officers."""

    wards = wards_field(label="Which wards is it for?")
    needed_quantity = quantity_field(
        label="How many?", help_text="For example, 40. Leave it empty for what cannot be counted."
    )

    class Meta:
        model = Need
        fields: tuple[str, ...] = (
            "title", "priority", "words", "for_whom", "wards", "needed_quantity", "unit", "hub",
            "open_from", "closes", "principle", "is_public",
        )  # fmt: skip
        labels = {
            "title": "What is needed, in a few words?",
            "words": "Tell the story",
            "unit": "What is counted?",
            "hub": "Which hub answers for it?",
            "open_from": "Needed from",
            "closes": "Needed until",
            "is_public": "Show it to anyone",
        }
        help_texts = {
            "title": "For example: A warm place on Sunday afternoons",
            "words": "No names of people. Anyone may read it once it is published.",
            "for_whom": "For example: older people who live alone",
            "unit": "For example, sessions, places or laptops",
            "hub": "The hub says yes or no to offers of help.",
            "closes": "Leave it empty if there is no end.",
            "is_public": "",
        }
        error_messages = {
            "title": {"required": "Say in a few words what is needed."},
            "priority": {"required": "Choose the priority it belongs to."},
        }
        widgets = {"words": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args: Any, hub_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["wards"].queryset = ward_choices()
        held = self.instance.priority_id if self.instance.pk else 0
        fields["priority"].queryset = Priority.objects.filter(Q(is_current=True) | Q(pk=held))
        fields["priority"].empty_label = "Choose a priority"
        fields["words"] = forms.CharField(
            label="Tell the story",
            required=False,
            max_length=LONGEST_TEXT,
            help_text="No names of people. Anyone may read it once it is published.",
            widget=forms.Textarea(attrs={"rows": 5}),
        )
        if "principle" in fields:
            approved = CharterVersion.objects.approved()
            fields["principle"].queryset = Principle.objects.filter(
                Q(charter_version__in=approved) | Q(pk=self.instance.principle_id or 0)
            )
            fields["principle"].empty_label = "None"
        if "hub" in fields:
            fields["hub"].queryset = Organisation.objects.filter(hub__isnull=False).order_by("name")
            fields["hub"].empty_label = "No hub"
        if not self.is_bound and self.instance.pk:
            self.initial["wards"] = [ward.pk for ward in self.instance.wards.all()]


class HubNeedForm(NeedForm):
    """The same for a hub: its own need, and whether to show it is for an officer to look at."""

    class Meta(NeedForm.Meta):
        fields = (
            "title", "priority", "words", "for_whom", "wards", "needed_quantity", "unit",
            "open_from", "closes",
        )  # fmt: skip


class WithdrawForm(VersionedForm):
    reason = forms.CharField(
        label="Why is it no longer needed?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it is no longer needed. It stays on record."},
    )


class PriorityForm(VersionedModelForm):
    class Meta:
        model = Priority
        fields = ("name", "summary", "position", "is_current")
        labels = {"summary": "What it covers", "position": "Place in the list"}
        help_texts = {
            "summary": "In plain words, one or two sentences.",
            "position": "A whole number; the lowest comes first.",
        }
        widgets = {"summary": forms.Textarea(attrs={"rows": 3, "maxlength": 500})}

    def clean_summary(self) -> str:
        text: str = self.cleaned_data["summary"]
        if len(text) > 500:
            raise forms.ValidationError(f"Keep it to 500 characters. You have {len(text):,}.")
        return text


class HubForm(VersionedForm):
    """A hub's address for rounds and its catchment, as one list of wards."""

    wards = wards_field(label="Which wards does it serve?")
    catchment_is_agreed = forms.BooleanField(
        label="The hub has agreed to this list of wards", required=False
    )
    email = forms.EmailField(
        label="E-mail address for rounds",
        required=False,
        max_length=254,
        help_text="A shared address of the hub, not a person’s own.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    prefers_paper = forms.BooleanField(label="It answers on paper", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["wards"].queryset = ward_choices()

    @staticmethod
    def initial_of(hub: Hub, wards: list[int]) -> dict[str, Any]:
        return {
            "version": hub.version,
            "email": hub.email,
            "prefers_paper": hub.prefers_paper,
            "catchment_is_agreed": hub.catchment_is_agreed,
            "wards": wards,
        }


class MergeForm(forms.Form):
    """Which of two needs stays, and with what quantity."""

    keep = forms.ChoiceField(
        label="Which one stays?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose which one stays, or say that they are different."},
    )
    needed_quantity = quantity_field(
        label="How many in all?",
        help_text="Leave it empty to keep the number of the one that stays.",
    )
    reason = forms.CharField(label="Why?", required=False, max_length=500)
    first_version = forms.IntegerField(widget=HiddenWithoutId)
    second_version = forms.IntegerField(widget=HiddenWithoutId)

    def __init__(self, *args: Any, first: Need, second: Need, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep: Any = self.fields["keep"]
        keep.choices = [
            (str(first.pk), first.title),
            (str(second.pk), second.title),
            ("apart", "They are two different needs"),
        ]
