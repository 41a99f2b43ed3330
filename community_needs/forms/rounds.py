"""What officers type when they build a round, invite hubs and publish."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm

from ..models import Hub, Priority, Question, Round
from ..round_words import LANGUAGES

OTHER = "zh-hant"


class RoundForm(VersionedModelForm):
    priorities = SeveralField(
        label="Which priorities does it ask about?",
        queryset=Priority.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    introduction = forms.CharField(
        label="What hubs read first",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Why you ask, and what becomes of the answers. Short words.",
        error_messages={"required": "Say why you ask. Hubs read it first."},
    )

    class Meta:
        model = Round
        fields = ("name", "introduction", "opens_on", "closes_on", "allows_public", "priorities")
        labels = {
            "name": "Name of the round",
            "opens_on": "First day",
            "closes_on": "Last day",
        }
        help_texts = {
            "name": "For example: Winter 2026",
            "closes_on": "Answers are taken until its end.",
        }
        error_messages = {"name": {"required": "Give the round a name."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        held = (
            list(self.instance.priorities.values_list("pk", flat=True)) if self.instance.pk else []
        )
        fields["priorities"].queryset = Priority.objects.filter(Q(is_current=True) | Q(pk__in=held))
        if not self.is_bound and self.instance.pk:
            self.initial["priorities"] = held
        fields["opens_on"].required = fields["closes_on"].required = True


class TranslationForm(VersionedForm):
    """The introduction in another language; the questions have theirs beside them."""

    introduction = forms.CharField(
        label=f"What hubs read first, in {LANGUAGES[OTHER]}",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "lang": "zh-Hant"}),
    )


class QuestionForm(VersionedForm):
    kind = forms.ChoiceField(label="What is asked for?", choices=Question.Kind.choices)
    text = forms.CharField(
        label="Question",
        max_length=300,
        error_messages={"required": "Write the question."},
    )
    hint = forms.CharField(label="Hint", max_length=300, required=False)
    unit = forms.CharField(
        label="What is counted?",
        max_length=60,
        required=False,
        help_text="For a number only. For example: sessions",
    )
    is_required = forms.BooleanField(label="It must be answered", required=False)
    other_text = forms.CharField(
        label=f"Question in {LANGUAGES[OTHER]}", max_length=300, required=False
    )
    other_hint = forms.CharField(
        label=f"Hint in {LANGUAGES[OTHER]}", max_length=300, required=False
    )
    other_unit = forms.CharField(
        label=f"What is counted, in {LANGUAGES[OTHER]}", max_length=60, required=False
    )

    @staticmethod
    def initial_of(round: Round, question: Question | None) -> dict[str, Any]:
        if question is None:
            return {"version": round.version, "kind": Question.Kind.TEXT}
        other = question.translations.get(OTHER, {})
        return {
            "version": round.version,
            "kind": question.kind,
            "text": question.text,
            "hint": question.hint,
            "unit": question.unit,
            "is_required": question.is_required,
            "other_text": other.get("text", ""),
            "other_hint": other.get("hint", ""),
            "other_unit": other.get("unit", ""),
        }

    def values(self) -> dict[str, Any]:
        said = self.cleaned_data
        other = {
            name: said[f"other_{name}"]
            for name in ("text", "hint", "unit")
            if said[f"other_{name}"]
        }
        return {
            "kind": said["kind"],
            "text": said["text"],
            "hint": said["hint"],
            "unit": said["unit"],
            "is_required": said["is_required"],
            "translations": {OTHER: other} if other else {},
        }


class InviteForm(forms.Form):
    """One box for each hub, and the address its link goes to."""

    def __init__(self, *args: Any, hubs: list[Hub], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hubs = hubs
        for hub in hubs:
            self.fields[f"ask-{hub.organisation_id}"] = forms.BooleanField(
                label=hub.organisation.name, required=False, initial=True
            )
            self.fields[f"email-{hub.organisation_id}"] = forms.EmailField(
                label=f"E-mail address of {hub.organisation.name}",
                help_text="Leave it empty to ask on paper.",
                required=False,
                max_length=254,
                initial="" if hub.prefers_paper else hub.email,
            )

    def addresses(self) -> dict[int, str]:
        said = self.cleaned_data
        return {
            hub.organisation_id: said[f"email-{hub.organisation_id}"]
            for hub in self.hubs
            if said[f"ask-{hub.organisation_id}"]
        }


class PublishForm(VersionedForm):
    heard = forms.CharField(
        label="What did you hear?",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="In your own words. Anyone will read it: no names, and nothing that only one person said.",
        error_messages={"required": "Say in a few sentences what you heard."},
    )


class StepForm(VersionedForm):
    """Open or close: nothing but the version that was looked at."""


class AddressForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="A new link is sent. The one before stops working.",
        error_messages={"required": "Enter the address to which the link goes."},
    )


class BounceForm(forms.Form):
    words = forms.CharField(label="What did the returned mail say?", max_length=500, required=False)
