"""Agenda items, papers, attendance, decisions, actions arising and minutes as people type them."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.files.kinds import ACCEPT
from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedForm, VersionedModelForm

from ..models import (
    Action,
    AgendaItem,
    ArisingAction,
    Attendance,
    Decision,
    Interest,
    Meeting,
    Minutes,
    MinutesReply,
    MinutesSection,
    Seat,
)
from .steering import SeatChoice

LONG = 20_000


def area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ItemForm(VersionedModelForm):
    class Meta:
        model = AgendaItem
        fields = ("title", "purpose", "words", "presented_by", "is_confidential")
        labels = {
            "title": "Title",
            "purpose": "What is it for?",
            "words": "What is it about?",
            "presented_by": "Who brings it?",
            "is_confidential": "Confidential: only members and officers read it",
        }
        help_texts = {
            "presented_by": "A role, not a person’s name",
            "words": "The public reads this, unless the item is confidential",
        }
        widgets = {"words": area(5), "purpose": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purpose: Any = self.fields["purpose"]
        purpose.choices = AgendaItem.Purpose.choices
        self.fields["words"].max_length = LONG  # type: ignore[attr-defined]
        if self.instance.pk and self.instance.is_standing:
            # A standing item keeps its name; what is said of it may change.
            del self.fields["title"]
            del self.fields["is_confidential"]


class PaperForm(forms.Form):
    file = forms.FileField(
        label="File",
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        error_messages={
            "required": "Choose a file.",
            "empty": "This file is empty. Choose another.",
        },
    )
    title = forms.CharField(
        label="Title of the paper",
        max_length=200,
        required=False,
        help_text="Left empty, it is called as the file is",
    )
    is_confidential = forms.BooleanField(
        label="Confidential: only members and officers read it", required=False
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Your comment",
        max_length=4000,
        widget=area(4),
        help_text="Members and officers read it, the public does not",
        error_messages={"required": "Write your comment before you send it."},
    )


class ApologiesForm(forms.Form):
    coming = forms.ChoiceField(
        label="Will you come?",
        choices=[("yes", "Yes, I will come"), ("no", "No, I send my apologies")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you will come."},
    )
    note = forms.CharField(
        label="Anything to add?",
        max_length=300,
        required=False,
        help_text="For example, that a substitute comes",
    )


class InterestForm(forms.Form):
    """A member's own; with `seats`, recorded for one of them."""

    seat = SeatChoice(label="Whose interest is it?", empty_label="Choose a seat")
    words = forms.CharField(
        label="What is the interest?",
        max_length=2000,
        widget=area(3),
        help_text="For example, my organisation has bid for the contract",
        error_messages={"required": "Say what the interest is."},
    )
    stays = forms.ChoiceField(
        label="What follows from it?",
        choices=Interest.Stays.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what follows from it."},
    )

    def __init__(self, *args: Any, seats: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if seats is None:
            del self.fields["seat"]
        else:
            self.fields["seat"].queryset = seats  # type: ignore[attr-defined]


class AttendanceForm(VersionedForm):
    """One choice for each seat in force on the day."""

    def __init__(self, *args: Any, meeting: Meeting, seats: list[Seat], **kwargs: Any) -> None:
        said = dict(meeting.attendance.values_list("seat", "came"))
        initial = {
            "version": meeting.version,
            "chaired_by": meeting.chaired_by_id,
            **{f"seat_{seat.pk}": said.get(seat.pk, "") for seat in seats},
            **kwargs.pop("initial", {}),
        }
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.seats = seats
        for seat in seats:
            self.fields[f"seat_{seat.pk}"] = forms.ChoiceField(
                label=str(seat),
                choices=Attendance.Came.choices,
                widget=forms.RadioSelect,
                error_messages={"required": f"Say whether the seat “{seat}” was filled."},
            )
        self.fields["chaired_by"] = SeatChoice(
            label="Who took the chair?", required=False, empty_label="Nobody"
        )
        self.fields["chaired_by"].queryset = Seat.objects.filter(  # type: ignore[attr-defined]
            pk__in=[seat.pk for seat in seats]
        )

    @property
    def came(self) -> dict[int, str]:
        return {seat.pk: self.cleaned_data[f"seat_{seat.pk}"] for seat in self.seats}


class DecisionForm(forms.Form):
    """`kinds` are those that this person's council has; `meeting` says by whom it can be taken."""

    kind = forms.ChoiceField(
        label="What is decided?", choices=Decision.Kind.choices, widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="The decision, in words",
        max_length=LONG,
        widget=area(4),
        help_text="As it will stand in the minutes",
        error_messages={"required": "Write what was decided."},
    )
    reasons = forms.CharField(label="Reasons", max_length=LONG, required=False, widget=area(3))
    decided_on = forms.DateField(
        label="On which day did the chair decide?",
        required=False,
        error_messages={"required": "Give the day on which the chair decided."},
    )
    reverses = forms.ModelChoiceField(
        label="Which decision is reversed?",
        queryset=Decision.objects.none(),
        required=False,
        empty_label="Choose a decision",
        help_text="Needed where an earlier decision is reversed. Both stay on record",
    )
    address = forms.URLField(
        label="Address where more is to be read",
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="For example, of the local priorities that were approved",
    )

    def __init__(
        self,
        *args: Any,
        kinds: list[tuple[str, str]],
        earlier: Any,
        by_chair: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["reverses"].queryset = earlier  # type: ignore[attr-defined]
        if by_chair:
            self.fields["decided_on"].required = True
        else:
            del self.fields["decided_on"]


class ArisingForm(VersionedModelForm):
    class Meta:
        model = ArisingAction
        fields = ("words", "owner", "due", "action")
        labels = {
            "words": "What is to be done?",
            "owner": "Who does it?",
            "due": "By when?",
            "action": "Which action of the plan does it belong to?",
        }
        help_texts = {"action": "Leave it empty where it belongs to none"}
        widgets = {"words": area(3)}

    def __init__(self, *args: Any, seats: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset, owner.empty_label = seats, "Choose a seat"
        action: Any = self.fields["action"]
        action.queryset = Action.objects.order_by("reference")
        action.empty_label = "None"
        self.fields["words"].max_length = LONG  # type: ignore[attr-defined]


class ArisingCloseForm(VersionedForm):
    state = forms.ChoiceField(
        label="How did it end?",
        choices=[("done", "Done"), ("cancelled", "No longer needed")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it is done or no longer needed."},
    )
    outcome = forms.CharField(
        label="What came of it?",
        max_length=4000,
        widget=area(4),
        help_text="The next meeting reads it",
        error_messages={"required": "Say what came of it. The next meeting reads it."},
    )


class OpeningForm(VersionedModelForm):
    class Meta:
        model = Minutes
        fields = ("opening",)
        labels = {"opening": "How the meeting opened"}
        help_texts = {"opening": "Who was there, who was not, who took the chair. Roles, not names"}
        widgets = {"opening": area(10)}


class SectionForm(VersionedModelForm):
    class Meta:
        model = MinutesSection
        fields = ("text",)
        labels = {"text": "What the minutes say of it"}
        widgets = {"text": area(12)}


class ReplyForm(forms.Form):
    of_version = forms.IntegerField(widget=HiddenWithoutId)
    says = forms.ChoiceField(
        label="Are these minutes right?",
        choices=MinutesReply.Says.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the minutes are right."},
    )
    text = forms.CharField(
        label="What is to be corrected, and how?",
        max_length=4000,
        required=False,
        widget=area(4),
        help_text="Needed where something is to be corrected",
    )


class VersionForm(VersionedForm):
    """A step that asks for nothing but its button."""
