"""Decisions that set something in motion, as people type them."""

from __future__ import annotations

from typing import Any

from django import forms

from charter.models import CharterVersion
from trafford_sv.directory.models import Organisation

from ..models import Action, Theme, ThemeResult
from ..progress import STATUS_CHOICES
from .meetings import LONG, area


class _Decided(forms.Form):
    words = forms.CharField(
        label="The decision, in words",
        max_length=LONG,
        required=False,
        widget=area(3),
        help_text="Left empty, it is written from what you chose",
    )
    reasons = forms.CharField(label="Reasons", max_length=LONG, required=False, widget=area(3))


class NewActionForm(_Decided):
    field_order = ("title", "theme", "lead_organisation", "starts", "due", "words", "reasons")
    title = forms.CharField(
        label="The new action",
        max_length=200,
        error_messages={"required": "Enter what is to be done, in a few words."},
    )
    theme = forms.ModelChoiceField(
        label="Under which theme?", queryset=Theme.objects.all(), empty_label="Choose a theme"
    )
    lead_organisation = forms.ModelChoiceField(
        label="Which organisation leads?",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="Not settled yet",
    )
    starts = forms.DateField(label="Start", required=False)
    due = forms.DateField(label="Due", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead_organisation"].queryset = (  # type: ignore[attr-defined]
            Organisation.objects.current()  # type: ignore[attr-defined]
            .of_kind("council_service", "public_body", "partner", "voluntary", "school", "hub")
            .order_by("name")
        )

    @property
    def values(self) -> dict[str, Any]:
        names = ("title", "theme", "lead_organisation", "starts", "due")
        return {name: self.cleaned_data[name] for name in names}


class ChangeActionForm(_Decided):
    field_order = ("action", "status", "due", "words", "reasons")
    action = forms.ModelChoiceField(
        label="Which action changes?",
        queryset=Action.objects.order_by("reference"),
        empty_label="Choose an action",
    )
    status = forms.ChoiceField(
        label="Its new status", required=False, choices=[("", "As it is"), *STATUS_CHOICES]
    )
    due = forms.DateField(label="Its new due day", required=False, help_text="Empty: as it is")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = self.fields["words"]
        words.required, words.help_text = True, "As it will stand in the minutes"
        words.error_messages["required"] = "Write what was decided."

    @property
    def changed(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name] for name in ("status", "due") if self.cleaned_data[name]
        }


class StageForm(_Decided):
    field_order = ("result", "words", "reasons")
    result = forms.ModelChoiceField(
        label="Which proposed stage does the Group agree?",
        queryset=ThemeResult.objects.none(),
        empty_label="Choose a theme",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        result: Any = self.fields["result"]
        result.queryset = ThemeResult.objects.filter(
            state=ThemeResult.State.PROPOSED
        ).select_related("theme", "assessment")
        result.label_from_instance = lambda row: f"{row.theme}: {row.get_stage_display()}"


class CharterDecisionForm(_Decided):
    field_order = ("version", "in_force_from", "words", "reasons")
    version = forms.ModelChoiceField(
        label="Which draft of the charter is approved?",
        queryset=CharterVersion.objects.drafts(),  # type: ignore[attr-defined]
        empty_label="Choose a draft",
    )
    in_force_from = forms.DateField(label="In force from")
