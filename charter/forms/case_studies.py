"""Case studies: the story, the consent, the picture."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.directory.models import Organisation

from ..models import CaseStudy, Principle
from .versions import area_of_text


class CaseStudyForm(VersionedModelForm):
    summary = forms.CharField(
        label="In one or two sentences", max_length=400, widget=area_of_text(2),
        error_messages={"required": "Say it in one or two sentences."},
    )  # fmt: skip
    story = forms.CharField(
        label="The story", max_length=10000, widget=area_of_text(12),
        help_text="What was needed, what was done, what came of it. An empty line begins a paragraph. Do not write names of people who have not agreed.",
        error_messages={"required": "Tell the story."},
    )  # fmt: skip
    people_helped = forms.IntegerField(
        label="How many people were helped?", required=False, min_value=0, max_value=10_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Leave it empty if nobody counted. In public, fewer than 5 is shown as “fewer than 5”.",
    )  # fmt: skip
    partners = SeveralField(
        label="Partners in the directory", required=False, queryset=Organisation.objects.none(),
        widget=forms.SelectMultiple(attrs={"size": "8"}),
    )  # fmt: skip
    partner_words = forms.CharField(
        label="Other partners", required=False, max_length=3000, widget=area_of_text(4),
        help_text="One on each line, with what they did",
    )  # fmt: skip
    consent_words = forms.CharField(
        label="Who has agreed to what?", required=False, max_length=2000, widget=area_of_text(3),
        help_text="The people told of, and those in the picture. It is needed before the story is published. Only officers read it.",
    )  # fmt: skip

    source_address = forms.URLField(
        label="Its address", required=False, max_length=500, assume_scheme="https"
    )

    class Meta:
        model = CaseStudy
        fields = [
            "title", "summary", "story", "principle", "happened_words", "people_helped",
            "is_at_least", "partners", "partner_words", "consent_words", "consent_on",
            "source_title", "source_address",
        ]  # fmt: skip
        labels = {
            "title": "Title",
            "happened_words": "When did it happen?",
            "is_at_least": "It is at least that many",
            "consent_on": "Agreed on",
            "source_title": "Where it was published before",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["partners"].queryset = Organisation.objects.current().order_by("name")
        fields["principle"].required = False
        fields["principle"].empty_label = "None in particular"
        fields["principle"].queryset = (
            Principle.objects.filter(charter_version__state="approved")
            .select_related("charter_version")
            .order_by("-charter_version__number", "number")
        )
        fields["principle"].label_from_instance = lambda row: (
            f"{row.number}. {row.title} (version {row.charter_version.number})"
        )


class PictureForm(VersionedForm):
    picture = forms.FileField(
        label="Picture",
        help_text="JPEG, PNG or WebP, at most 10 MB. The place and the camera that are written into it are taken out.",
        widget=forms.FileInput(attrs={"accept": ".jpg,.jpeg,.png,.webp"}),
        error_messages={"required": "Choose a picture."},
    )
    picture_alt = forms.CharField(
        label="What does the picture show?",
        max_length=300,
        help_text="For people who cannot see it. For example: a volunteer and two pupils plant a tree.",
        error_messages={"required": "Say what the picture shows, for people who cannot see it."},
    )
    picture_credit = forms.CharField(label="Who took it", required=False, max_length=200)


class WithdrawStoryForm(VersionedForm):
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=area_of_text(3),
        help_text="For example: somebody in it has taken back their consent.",
        error_messages={"required": "Say why. The reason stays on record."},
    )
