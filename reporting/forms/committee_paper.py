"""The words of a committee paper, in the order of the Council's layout."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedModelForm
from trafford_sv.core.periods import Quarter

from ..committee_paper import IMPLICATIONS
from ..models import CommitteePaper

LONG_PARTS = {
    "summary": 5, "recommendations": 4, "appendices": 3, "background_papers": 2, "body": 22,
    "other_options": 5, "consultation": 5, "reasons": 5,
    **{f"implication_{key}": 3 for key, _ in IMPLICATIONS},
}  # fmt: skip


class BeginPaperForm(forms.Form):
    quarter = forms.ChoiceField(label="Which quarter is the paper about?")

    def __init__(self, *args: Any, quarters: list[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = [(one.code, one.label) for one in quarters]  # type: ignore[attr-defined]


class CommitteePaperForm(VersionedModelForm):
    class Meta:
        model = CommitteePaper
        fields = (
            "report_to", "meeting_on", "report_for", "author", "title", "summary", "recommendations",
            "contact", "appendices", "background_papers",
            *(f"implication_{key}" for key, _ in IMPLICATIONS),
            "body", "other_options", "consultation", "reasons", "key_decision", "notice_given",
            "finance_clearance", "legal_clearance",
        )  # fmt: skip
        labels = {
            "report_to": "Report to",
            "meeting_on": "Date of the meeting",
            "report_for": "Report for",
            "author": "Report of",
            "title": "Report title",
            "contact": "Contact person for background papers and further information",
            "background_papers": "Background papers",
            **{f"implication_{key}": name for key, name in IMPLICATIONS},
            "body": "The report itself",
            "other_options": "Other options",
            "reasons": "Reasons for recommendation",
            "key_decision": "Is it a Key Decision, as the Constitution defines it?",
            "notice_given": "If it is, has 28-day notice been given?",
            "finance_clearance": "Finance officer clearance",
            "legal_clearance": "Legal officer clearance",
        }
        help_texts = {
            "report_to": "For example, Executive",
            "author": "A role, for example Corporate Director for Place",
            "recommendations": "One on each line. They are numbered (i), (ii) for you",
            "contact": "A role and a team; a name only where the council publishes it",
            "appendices": "One on each line. Leave empty where there is none",
            "background_papers": "Write “None” where there is none",
            "body": (
                "Begin each section with a line of its own that starts with #. Leave an empty line between paragraphs; "
                "they are numbered for you. A line that starts with a hyphen is a point"
            ),
            "finance_clearance": "Initials",
            "legal_clearance": "Initials",
        }
        widgets = {
            **{name: forms.Textarea(attrs={"rows": rows}) for name, rows in LONG_PARTS.items()},
            "report_for": forms.RadioSelect,
            "key_decision": forms.RadioSelect,
            "notice_given": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        for name, choices in (
            ("report_for", CommitteePaper.ReportFor.choices),
            ("key_decision", CommitteePaper.Answer.choices),
            ("notice_given", CommitteePaper.Answer.choices),
        ):
            fields[name].choices = choices
            fields[name].required = False
