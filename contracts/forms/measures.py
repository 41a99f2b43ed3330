"""Editions as officers choose, describe and confirm them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedModelForm

from ..models import MeasureEdition

NEW = "new"
_KEY = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
# Addresses under /measures/ that are other pages.
RESERVED_KEYS = frozenset(
    {"compare", "counting", "editions", "method", "new", "priorities", "rates", "restatement"}
)
YES_NO = [("yes", "Yes"), ("no", "No")]


def _yes_no(label: str, help_text: str) -> forms.TypedChoiceField:
    """Nothing is chosen beforehand: the answer decides what may be shown."""
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=YES_NO,
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


class CompareForm(forms.Form):
    a = forms.ChoiceField(label="First edition")
    b = forms.ChoiceField(label="Second edition")
    day = forms.DateField(label="Values in force on", required=False, help_text="Today if empty")

    def __init__(
        self,
        *args: Any,
        editions: Iterable[MeasureEdition],
        day: datetime.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(edition.key, edition.name) for edition in editions]
        for name in ("a", "b"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if len(choices) > 1:
            self.initial = {"a": choices[0][0], "b": choices[1][0]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("a") and cleaned.get("a") == cleaned.get("b"):
            self.add_error("b", "Choose two different editions.")
        return cleaned


class EditionQuestions(forms.Form):
    """What only a person can say about a workbook of measures."""

    title = "About this edition"
    introduction = (
        "Every page, export and answer of the API obeys what you say here. The edition shows who "
        "confirmed the licence, and when. For an edition that is here already, its licence stays as "
        "it is recorded."
    )
    editions: tuple[tuple[str, str], ...] = ()

    edition = forms.ChoiceField(
        label="Which edition is it?",
        widget=forms.RadioSelect,
        help_text="An edition that is here gets new values from a new day. What is pinned never changes",
    )
    name = forms.CharField(
        label="Name of the new edition",
        max_length=200,
        required=False,
        help_text="For example, Council measures 2026",
    )
    key = forms.CharField(
        label="Short name for addresses",
        max_length=60,
        required=False,
        help_text="Small letters, digits and hyphens, for example council-2026",
    )
    publisher = forms.CharField(label="Who published it?", max_length=200, required=False)
    valid_from = forms.DateField(
        label="Values hold from", help_text="Used for each row that has no date of its own"
    )
    valid_to = forms.DateField(
        label="Last day of the edition", required=False, help_text="Leave empty while it is in use"
    )
    licence = forms.CharField(
        label="Licence",
        max_length=200,
        required=False,
        help_text="As it is written, for example CC BY-NC-ND 4.0",
    )
    licence_holder = forms.CharField(
        label="Who holds the licence?",
        max_length=200,
        required=False,
        help_text="For example, the council or STAR",
    )
    values_may_be_published = _yes_no(
        "May its values be published?",
        "If not, values of one unit and pounds of one line stay inside. Totals of a contract are shown",
    )
    text_may_be_published = _yes_no(
        "May its words be published?", "If not, titles and methods are not on public pages"
    )
    is_combinable = _yes_no(
        "May social and local economic value be added into one total?",
        "Only where the edition itself says so. The open library’s may not",
    )
    confirmed = forms.BooleanField(
        label="I confirm that the council holds this licence",
        error_messages={"required": "Confirm that the council holds this licence, or cancel."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = _as_asked(kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["edition"].choices = [(NEW, "A new edition"), *self.editions]  # type: ignore[attr-defined]
        if not self.editions:
            self.initial.setdefault("edition", NEW)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("edition") == NEW:
            self._check_new(cleaned)
        start, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", "The edition ends before it starts. Check both dates.")
        return cleaned

    def _check_new(self, cleaned: dict[str, Any]) -> None:
        for name, sentence in _NEEDED.items():
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, sentence)
        key = cleaned.get("key", "")
        if key and not _KEY.match(key):
            self.add_error("key", "Use small letters, digits and hyphens only, like council-2026.")
        elif key in RESERVED_KEYS:
            self.add_error("key", f"“{key}” is the address of another page. Choose another.")
        elif key and MeasureEdition.objects.filter(key=key).exists():
            self.add_error("key", f"There is an edition called “{key}” already. Choose another.")


_SAFE = "Choose yes or no. If you are not sure, choose no."
_NEEDED = {
    "name": "Enter a name for the new edition.",
    "key": "Enter a short name for addresses.",
    "publisher": "Enter who published it.",
    "licence": "Enter the licence that it comes under.",
    "licence_holder": "Enter who holds the licence.",
    "values_may_be_published": _SAFE,
    "text_may_be_published": _SAFE,
    "is_combinable": _SAFE,
}


def _as_asked(answers: dict[str, Any]) -> dict[str, Any]:
    """Stored answers as the form shows them; the confirmation is given anew each time."""
    shown: dict[str, Any] = {}
    for name, value in answers.items():
        if name == "confirmed":
            continue
        shown[name] = ("yes" if value else "no") if isinstance(value, bool) else value
        if name in ("valid_from", "valid_to") and value:
            shown[name] = datetime.date.fromisoformat(str(value))
    return shown


class EditionForm(VersionedModelForm):
    """An edition's own facts. Measures and values come by import and are not typed here."""

    not_stored = ("confirmed",)

    licence_address = forms.URLField(
        label="Where the licence can be read",
        max_length=500,
        required=False,
        assume_scheme="https",
    )
    confirmed = forms.BooleanField(
        label="I confirm that the council holds this licence",
        required=False,
        help_text="Needed for an edition that is in use and not open to everyone",
    )

    class Meta:
        model = MeasureEdition
        fields = (
            "name", "publisher", "status", "is_default", "valid_from", "valid_to", "licence",
            "licence_address", "licence_holder", "values_may_be_published",
            "text_may_be_published", "is_combinable", "attribution", "provenance", "method_note",
        )  # fmt: skip
        labels = {
            "name": "Name",
            "publisher": "Publisher",
            "status": "Status",
            "is_default": "Offer it first for new contracts",
            "valid_from": "In force from",
            "valid_to": "Last day in force",
            "licence": "Licence",
            "licence_holder": "Who holds the licence",
            "values_may_be_published": "Its values may be published",
            "text_may_be_published": "Its words may be published",
            "is_combinable": "Social and local economic value may be added into one total",
            "attribution": "Words to print wherever it is used",
            "provenance": "Where it came from",
            "method_note": "What a reader should know about its method",
        }
        help_texts = {
            "is_default": "One edition at a time. Contracts keep the edition that they have",
            "is_combinable": "",
            "attribution": "",
            "provenance": "",
            "licence_holder": "For example, the council or STAR",
        }
        widgets = {
            "status": forms.RadioSelect,
            "attribution": forms.Textarea(attrs={"rows": 3}),
            "provenance": forms.Textarea(attrs={"rows": 3}),
            "method_note": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = MeasureEdition.Status.choices  # type: ignore[attr-defined]
