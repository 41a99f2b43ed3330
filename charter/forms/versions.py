"""Drafts of the charter and their approval."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.forms import ReasonForm, VersionedForm, VersionedModelForm

from ..models import CharterVersion, FocusArea, Initiative, Principle

LONGEST = 4000


def area_of_text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class DraftForm(VersionedModelForm):
    """The draft's own words, around its principles."""

    introduction = forms.CharField(
        label="Introduction", required=False, max_length=LONGEST, widget=area_of_text(6),
        help_text="What the charter is for, in a few sentences. It is the first thing people read.",
    )  # fmt: skip
    what_changed = forms.CharField(
        label="What is different from the version before, and why",
        required=False, max_length=LONGEST, widget=area_of_text(4),
    )  # fmt: skip
    source_note = forms.CharField(
        label="Where the words come from", required=False, max_length=LONGEST,
        widget=area_of_text(4), help_text="Printed at the end of the charter.",
    )  # fmt: skip

    class Meta:
        model = CharterVersion
        fields = ["title", "introduction", "what_changed", "source_note"]
        labels = {"title": "Title"}


class PrincipleForm(VersionedModelForm):
    words = forms.CharField(
        label="The principle",
        max_length=LONGEST,
        widget=area_of_text(3),
        help_text="One sentence. For example: All our communities will be happy, healthy and safe.",
        error_messages={"required": "Write the principle."},
    )
    number = forms.IntegerField(
        label="Number",
        min_value=1,
        max_value=99,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Its place in the charter. Leave it empty to put it last.",
    )

    class Meta:
        model = Principle
        fields = ["title", "words", "number"]
        labels = {"title": "Short name"}
        help_texts = {"title": "Two to four words, for tags and charts"}

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if changes.get("number") is None:
            changes.pop("number", None)
        return changes


class _UnderForm(VersionedModelForm):
    words = forms.CharField(
        label="In more words", required=False, max_length=LONGEST, widget=area_of_text(3)
    )
    position = forms.IntegerField(
        label="Place in the list",
        min_value=1,
        max_value=999,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Leave it empty to put it last.",
    )

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if changes.get("position") is None:
            changes.pop("position", None)
        return changes


class FocusAreaForm(_UnderForm):
    class Meta:
        model = FocusArea
        fields = ["title", "words", "position"]
        labels = {"title": "Area for focus"}


class InitiativeForm(_UnderForm):
    class Meta:
        model = Initiative
        fields = ["title", "words", "unit", "position"]
        labels = {"title": "Initiative", "unit": "What would be counted"}
        help_texts = {
            "title": "What an organisation could do, beginning with a verb",
            "unit": "Where it can be counted: hours, places, sessions",
        }


class ApproveForm(VersionedForm):
    """The decision as the body's minutes have it."""

    not_stored = ("confirm",)
    approving_body = forms.CharField(
        label="Which body approved it?", max_length=200,
        help_text="For example: Trafford Council, Executive",
        error_messages={"required": "Enter the body that approved it."},
    )  # fmt: skip
    approved_on = forms.DateField(
        label="On what day?", error_messages={"required": "Enter the day of the decision."}
    )
    decision_reference = forms.CharField(
        label="Reference of the decision", max_length=300,
        help_text="As in the minutes, so that anybody can find it",
        error_messages={"required": "Enter the decision’s reference."},
    )  # fmt: skip
    decision_address = forms.URLField(
        label="Where the decision is published", required=False, max_length=200,
        assume_scheme="https",
    )  # fmt: skip
    in_force_from = forms.DateField(
        label="In force from",
        help_text="The version before it ends the day before.",
        error_messages={"required": "Enter the first day on which it is in force."},
    )


class CorrectApprovalForm(VersionedForm):
    """What is on record of a decision, put right."""

    not_stored = ("reason",)
    approving_body = forms.CharField(
        label="Which body approved it?", max_length=200,
        error_messages={"required": "Enter the body that approved it."},
    )  # fmt: skip
    approved_on = forms.DateField(
        label="On what day?", error_messages={"required": "Enter the day of the decision."}
    )
    decision_reference = forms.CharField(
        label="Reference of the decision", max_length=300,
        error_messages={"required": "Enter the decision’s reference."},
    )  # fmt: skip
    decision_address = forms.URLField(
        label="Where the decision is published", required=False, max_length=200,
        assume_scheme="https",
    )  # fmt: skip
    reason = forms.CharField(
        label="Why is it corrected?",
        max_length=500,
        help_text="For example: the minute gives another reference. It stays on record.",
        error_messages={"required": "Say why. The reason stays on record."},
    )


class TakeBackForm(ReasonForm):
    """Why an approval is taken back."""
