"""The respondent's form: built from a round's questions, in the language that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.directory.models import Organisation

from ..audiences import AUDIENCES
from ..models import Priority, Question, Response, Round
from ..round_results import repeated_ranks
from ..round_words import in_language
from ..services.responses import LONGEST_TEXT, Given
from .needs import ward_choices

MOST = 10


class AnswerForm(forms.Form):
    """`blocks` is what the template draws: a question and the fields that answer it.

    Nothing is required here: what must be answered is asked when it is sent, so that half of it
    can be kept. `version` is 0 until something is saved.
    """

    version = forms.IntegerField(widget=HiddenWithoutId, min_value=0, max_value=2**31 - 1)

    def __init__(
        self,
        *args: Any,
        round: Round,
        questions: Sequence[Question],
        priorities: Sequence[Priority],
        language: str,
        asks_ward: bool = False,
        asks_role: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions, self.priorities, self.language = questions, priorities, language
        self.blocks: list[dict[str, Any]] = []
        for question in questions:
            self._add(question)
        if asks_role:
            self.fields["role"] = forms.CharField(
                label=_("What is your job or role?"),
                help_text=_("For example: centre manager. We do not need your name."),
                required=False,
                max_length=200,
                error_messages={"max_length": _("Keep it to 200 characters.")},
            )
        if asks_ward:
            self.fields["ward"] = forms.ModelChoiceField(
                label=_("Which ward do you live in?"),
                help_text=_("Leave it empty if you do not know or do not want to say."),
                queryset=ward_choices(),
                required=False,
                empty_label=_("I do not say"),
                error_messages={"invalid_choice": _("Choose a ward from the list.")},
            )

    def _add(self, question: Question) -> None:
        text = in_language(question, "text", self.language)
        hint = in_language(question, "hint", self.language)
        names: list[tuple[str, str]] = []
        if question.kind == Question.Kind.PRIORITIES:
            places = [("", _("No place"))] + [
                (str(number), str(number)) for number in range(1, len(self.priorities) + 1)
            ]
            weights = [("", _("I do not say"))] + [
                (str(number), str(number)) for number in range(MOST + 1)
            ]
            for item in self.priorities:
                name = in_language(item, "name", self.language)
                self.fields[f"rank-{item.pk}"] = forms.TypedChoiceField(
                    label=_("Place of “%(name)s”") % {"name": name},
                    choices=places,
                    required=False,
                    coerce=int,
                    empty_value=None,
                    error_messages={"invalid_choice": _("Choose a place from the list.")},
                )
                self.fields[f"weight-{item.pk}"] = forms.TypedChoiceField(
                    label=_("How much “%(name)s” matters, from 0 to 10") % {"name": name},
                    choices=weights,
                    required=False,
                    coerce=Decimal,
                    empty_value=None,
                    error_messages={"invalid_choice": _("Choose a number from the list.")},
                )
                names.append((f"rank-{item.pk}", f"weight-{item.pk}"))
        elif question.kind == Question.Kind.TEXT:
            self.fields[f"text-{question.pk}"] = forms.CharField(
                label=text,
                help_text=hint,
                required=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 5}),
                error_messages={
                    "max_length": _("Keep it to 5,000 characters. It is longer than that now.")
                },
            )
            names.append((f"text-{question.pk}", ""))
        elif question.kind == Question.Kind.QUANTITY:
            self.fields[f"quantity-{question.pk}"] = forms.DecimalField(
                label=text,
                help_text=hint,
                required=False,
                min_value=0,
                max_value=1_000_000,
                max_digits=14,
                decimal_places=2,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
                error_messages={
                    key: _("Enter a number from 0 to 1,000,000, or leave it empty.")
                    for key in (
                        "invalid", "min_value", "max_value", "max_digits", "max_whole_digits",
                        "max_decimal_places",
                    )
                },
            )  # fmt: skip
            names.append((f"quantity-{question.pk}", ""))
        else:
            self.fields[f"groups-{question.pk}"] = forms.MultipleChoiceField(
                label=text,
                help_text=hint,
                required=False,
                choices=[(key, str(words)) for key, words in AUDIENCES],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _("Choose from the list who it is for.")},
            )
            names.append((f"groups-{question.pk}", ""))
        self.blocks.append(
            {
                "question": question,
                "text": text,
                "hint": hint,
                "unit": in_language(question, "unit", self.language),
                "kind": question.kind,
                "names": names,
            }
        )

    def drawn(self) -> list[dict[str, Any]]:
        """The blocks with their bound fields; for priorities (name, summary, rank, weight)."""
        shown = []
        for block in self.blocks:
            if block["kind"] == Question.Kind.PRIORITIES:
                rows = [
                    {
                        "name": in_language(item, "name", self.language),
                        "summary": in_language(item, "summary", self.language),
                        "rank": self[rank],
                        "weight": self[weight],
                    }
                    for item, (rank, weight) in zip(self.priorities, block["names"], strict=True)
                ]
                shown.append({**block, "rows": rows})
            else:
                shown.append({**block, "field": self[block["names"][0][0]]})
        return shown

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ranks = {item.pk: cleaned.get(f"rank-{item.pk}") for item in self.priorities}
        repeated = repeated_ranks(list(ranks.values()))
        for key, rank in ranks.items():
            if rank in repeated:
                self.add_error(
                    f"rank-{key}",
                    _("Place %(place)s is given twice. Give each place once.") % {"place": rank},
                )
        return cleaned

    def given(self) -> Given:
        said = self.cleaned_data
        kinds: dict[str, dict[int, Any]] = {"text": {}, "quantity": {}, "groups": {}}
        for question in self.questions:
            for kind, held in kinds.items():
                if f"{kind}-{question.pk}" in said:
                    held[question.pk] = said[f"{kind}-{question.pk}"]
        return Given(
            priorities={
                item.pk: (said.get(f"rank-{item.pk}"), said.get(f"weight-{item.pk}"))
                for item in self.priorities
                if f"rank-{item.pk}" in said
            },
            texts=kinds["text"],
            quantities=kinds["quantity"],
            groups=kinds["groups"],
            role=said.get("role", ""),
            ward=said.get("ward"),
            language=self.language,
        )


def initial_of(response: Response | None) -> dict[str, Any]:
    """What is saved, as the form holds it."""
    if response is None:
        return {"version": 0}
    held: dict[str, Any] = {
        "version": response.version,
        "role": response.role,
        "ward": response.ward_id,
    }
    for row in response.priorities.all():
        held[f"rank-{row.priority_id}"] = row.rank
        held[f"weight-{row.priority_id}"] = None if row.weight is None else str(int(row.weight))
    for answer in response.answers.all():
        held[f"text-{answer.question_id}"] = answer.text
        held[f"quantity-{answer.question_id}"] = answer.quantity
        held[f"groups-{answer.question_id}"] = answer.groups
    return held


class PaperForm(AnswerForm):
    """The same questions, with which hub the paper came from."""

    organisation = forms.ModelChoiceField(
        label="Whose paper is it?",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="A resident’s",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, asks_ward=True, **kwargs)
        choices: Any = self.fields["organisation"]
        choices.queryset = Organisation.objects.filter(hub__isnull=False).order_by("name")
        self.fields["version"].required = False
