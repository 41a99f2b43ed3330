"""The maturity room as people type it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from trafford_sv.core.files.kinds import ACCEPT, KINDS_WORDS
from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES
from trafford_sv.directory.models import RoleGrant

from ..models import (
    Action,
    Assessment,
    Criterion,
    CriterionEvidence,
    EditionStage,
    MaturityEdition,
    Theme,
)
from ..offered_figures import offered_names, read_figure
from ..stages import STAGE_CHOICES, Stage

CANNOT_SAY = "cannot_say"
SCORING_ROLES = [key for key, role in ROLES.items() if "score_maturity" in role.permissions]
_FEW_ROWS = {"rows": 3}


class AssessmentForm(VersionedModelForm):
    class Meta:
        model = Assessment
        fields = ("name", "assessed_on", "scores_due", "note")
        labels = {
            "name": "What is it called?",
            "assessed_on": "Which day does it speak for?",
            "scores_due": "When should scores be in?",
            "note": "A note for the assessors",
        }
        help_texts = {
            "name": "For example, Assessment of spring 2026",
            "assessed_on": "Usually the day of the Group’s meeting that agrees it",
        }
        widgets = {"note": forms.Textarea(attrs=_FEW_ROWS)}


class AssessorForm(forms.Form):
    """Somebody who may score, and the service they score from."""

    user = forms.ModelChoiceField(
        label="Who?",
        queryset=User.objects.none(),
        empty_label="Choose a person",
        error_messages={"required": "Choose a person"},
    )
    service = forms.CharField(
        label="Which service do they score from?",
        max_length=200,
        help_text="For example, Public Health",
        error_messages={"required": "Say which service they score from"},
    )

    def __init__(self, *args: Any, assessment: Assessment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holders = RoleGrant.objects.filter(role__in=SCORING_ROLES).values("user")
        chosen: Any = self.fields["user"]
        chosen.queryset = (
            User.objects.filter(is_active=True, pk__in=holders)
            .exclude(assessing__assessment=assessment)
            .order_by("name")
        )


class ScoreForm(VersionedForm):
    """One theme: a stage of the edition, or that it cannot be told from here."""

    stage = forms.ChoiceField(
        label="Which stage fits best today?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a stage, or that you cannot say"},
    )
    reasons = forms.CharField(
        label="Why?",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What you see in your own service, good or bad. Nobody else reads it before "
        "moderation opens.",
        error_messages={"required": "Give your reasons. The Group reads them"},
    )

    def __init__(self, *args: Any, edition: MaturityEdition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages: Any = self.fields["stage"]
        stages.choices = [
            *stage_choices(edition),
            (CANNOT_SAY, "I cannot say from my service"),
        ]

    @property
    def chosen(self) -> Stage | None:
        value = self.cleaned_data["stage"]
        return None if value == CANNOT_SAY else Stage(value)


def stage_choices(edition: MaturityEdition) -> list[tuple[str, str]]:
    """With the edition's own numbers and what each stage means."""
    rows = {row.stage: row for row in EditionStage.objects.filter(edition=edition)}
    found = []
    for key, label in STAGE_CHOICES:
        row = rows.get(key)
        name = row.name if row else label
        meaning = f": {row.meaning}" if row and row.meaning else ""
        found.append((key, f"{edition.number_of(Stage(key))} {name}{meaning}"))
    return found


class ProposeForm(VersionedForm):
    stage = forms.ChoiceField(
        label="Which stage does the Group put forward?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a stage"},
    )
    reasons = forms.CharField(
        label="The Group’s reasons",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Say how differing scores were weighed",
        error_messages={"required": "Give the Group’s reasons. They stay on record"},
    )

    def __init__(self, *args: Any, edition: MaturityEdition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages: Any = self.fields["stage"]
        stages.choices = stage_choices(edition)


class AgreeForm(VersionedForm):
    decision = forms.CharField(
        label="Where was it decided?",
        max_length=200,
        required=False,
        help_text="For example, Steering Group, 3 May 2026, item 4",
    )


class CommentForm(forms.Form):
    words = forms.CharField(
        label="Your comment",
        max_length=5000,
        widget=forms.Textarea(attrs=_FEW_ROWS),
        help_text="It stays on record beside the stage, with your name",
        error_messages={"required": "Write your comment"},
    )


class CriterionReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why does this criterion need no evidence here?",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs=_FEW_ROWS),
        help_text="Leave it empty to take a reason away",
    )


class CloseForm(forms.Form):
    left_out_reason = forms.CharField(
        label="Why do the other themes have no stage this time?",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs=_FEW_ROWS),
    )


class EvidenceForm(forms.Form):
    """One piece of evidence; what is asked depends on its kind."""

    note = forms.CharField(
        label="What does it show?",
        max_length=300,
        error_messages={"required": "Say what it shows"},
    )

    def __init__(
        self, *args: Any, kind: str, actions: Any, today: datetime.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.today = kind, today
        if kind == CriterionEvidence.Kind.LINK:
            self.fields["url"] = forms.URLField(
                label="Address",
                max_length=500,
                assume_scheme="https",
                help_text="Of a page or document that the Group can open",
                error_messages={"required": "Enter the address"},
            )
        elif kind == CriterionEvidence.Kind.ACTION:
            self.fields["action"] = forms.ModelChoiceField(
                label="Action of the plan",
                queryset=actions,
                empty_label="Choose an action",
                error_messages={"required": "Choose an action"},
            )
        elif kind == CriterionEvidence.Kind.FIGURE:
            self.fields["offered"] = forms.ChoiceField(
                label="A figure of this product",
                required=False,
                choices=[("", "None: I write one down below"), *offered_names().items()],
                help_text="Its value at the end of the last complete quarter is taken and kept.",
            )
            self.fields["metric_key"] = forms.CharField(
                label="A figure from elsewhere",
                required=False,
                max_length=80,
                help_text="For example, share of tenders that ask for social value",
            )
            self.fields["figure_quantity"] = forms.DecimalField(
                label="Its value",
                required=False,
                max_digits=20,
                decimal_places=4,
            )
            self.fields["figure_on"] = forms.DateField(label="As it stood on", required=False)
        else:
            self.fields["file"] = forms.FileField(
                label="File",
                allow_empty_file=True,
                help_text=f"{KINDS_WORDS}. Send counts, not people.",
                widget=forms.FileInput(attrs={"accept": ACCEPT}),
                error_messages={"required": "Choose a file"},
            )
        self.order_fields([*(name for name in self.fields if name != "note"), "note"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.kind != CriterionEvidence.Kind.FIGURE or "offered" in self.errors:
            return cleaned
        if key := cleaned.get("offered"):
            self._take_offered(key, cleaned)
            return cleaned
        for name, sentence in (
            ("metric_key", "Say which figure it is, or choose one of this product."),
            ("figure_quantity", "Enter the value"),
            ("figure_on", "Enter the day"),
        ):
            if name not in self.errors and cleaned.get(name) in (None, ""):
                self.add_error(name, sentence)
        return cleaned

    def _take_offered(self, key: str, cleaned: dict[str, Any]) -> None:
        if any(cleaned.get(name) for name in ("metric_key", "figure_quantity", "figure_on")):
            self.add_error(
                "offered", "Choose a figure of this product, or write one down: not both."
            )
            return
        reading = read_figure(key, self.today)
        if reading is None or reading.quantity is None:
            self.add_error(
                "offered",
                "Nothing is recorded for this figure yet, so it shows nothing. Choose another.",
            )
            return
        cleaned["metric_key"] = key
        cleaned["figure_quantity"] = reading.quantity.quantize(Decimal("0.0001"))
        cleaned["figure_on"] = reading.on

    @property
    def upload(self) -> UploadedFile:
        return self.cleaned_data["file"]  # type: ignore[no-any-return]


class EditionForm(VersionedModelForm):
    class Meta:
        model = MaturityEdition
        fields = ("name", "publisher", "first_number", "licence", "provenance", "is_own_words")
        labels = {
            "name": "Name of the edition",
            "first_number": "How are its stages numbered?",
            "provenance": "Where do its criteria come from?",
        }
        help_texts = {
            "licence": "Under which terms its words may be used and shown",
            "is_own_words": "Clear this where the words are a publisher’s",
        }
        widgets = {
            "first_number": forms.RadioSelect,
            "provenance": forms.Textarea(attrs=_FEW_ROWS),
        }


class CopyForm(forms.Form):
    name = forms.CharField(
        label="Name of the new edition",
        max_length=200,
        help_text="It begins as a draft with the same stages and criteria",
        error_messages={"required": "Give the new edition a name"},
    )


class CriterionForm(VersionedModelForm):
    class Meta:
        model = Criterion
        fields = ("theme", "stage", "code", "wording", "proof_hint")
        widgets = {
            "wording": forms.Textarea(attrs=_FEW_ROWS),
            "proof_hint": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {"wording": "Write it in your own words, as something that is so or not"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theme: Any = self.fields["theme"]
        theme.queryset = Theme.objects.all()
        theme.empty_label = "Choose a theme"


class CriterionActionsForm(forms.Form):
    actions = SeveralField(
        label="Which actions would satisfy it, once they are done?",
        queryset=Action.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, actions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["actions"]
        chosen.queryset = actions
