"""Seats, the chair, the quorum rule, series and meetings as people type them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES
from trafford_sv.directory.models import Organisation, RoleGrant

from ..models import Meeting, MeetingSeries, QuorumRule, Seat

# Whose account may hold a seat: those who may take part at all.
SEAT_ROLES = [key for key, role in ROLES.items() if "take_part_in_steering" in role.permissions]
_WORDS = forms.Textarea(attrs={"rows": 4})


class SeatForm(VersionedModelForm):
    class Meta:
        model = Seat
        fields = ("body", "held_by", "organisation", "user", "starts", "ends", "note")
        labels = {
            "body": "Organisation or service",
            "held_by": "Role of the member",
            "organisation": "Its record here",
            "user": "Account of the member",
            "starts": "First day",
            "ends": "Last day",
            "note": "Note",
        }
        help_texts = {
            "body": "For example, Development Management",
            "held_by": "A role, not a person’s name. For example, head of service",
            "organisation": "Leave it empty where it has none",
            "user": "People with the role of a Steering Group member or chair are listed. What "
            "they may do as a member begins and ends with the seat",
            "ends": "From the day after it, the member can no longer act",
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user: Any = self.fields["user"]
        holders = RoleGrant.objects.filter(role__in=SEAT_ROLES).values("user")
        user.queryset = User.objects.filter(
            Q(is_active=True, pk__in=holders) | Q(pk=self.instance.user_id)
        ).order_by("name")
        user.empty_label = "No account yet"
        body: Any = self.fields["organisation"]
        body.queryset = (
            Organisation.objects.current()  # type: ignore[attr-defined]
            .of_kind("council_service", "public_body", "partner", "voluntary", "school", "hub")
            .order_by("name")
        )
        body.empty_label = "No record"


class SeatChoice(forms.ModelChoiceField):
    """One of the seats; the view narrows the queryset to a day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Seat.objects.all(), **options)


class ChairForm(forms.Form):
    """Who takes the chair from a day on."""

    seat = SeatChoice(
        label="Who takes the chair?",
        required=False,
        empty_label="Nobody: the chair is vacant",
        help_text="The term of whoever is in the chair ends the day before",
    )
    starts = forms.DateField(label="From which day on?")


class QuorumForm(forms.ModelForm):
    """The share is typed as a percentage."""

    percent = forms.DecimalField(
        label="Share of the seats that must be filled",
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        initial=Decimal(50),
        help_text="In per cent, rounded up to whole seats. For example, 50",
    )

    class Meta:
        model = QuorumRule
        fields = ("starts", "percent", "at_least", "needs_chair", "substitutes_count", "source")
        labels = {
            "starts": "In force from",
            "at_least": "And never fewer seats than",
            "needs_chair": "Somebody present must take the chair",
            "substitutes_count": "A substitute counts as present",
            "source": "Who decided it, and where is it written?",
        }

    def _post_clean(self) -> None:
        """The service validates the record."""

    def values(self) -> dict[str, Any]:
        found = {name: value for name, value in self.cleaned_data.items() if name != "percent"}
        return {**found, "seats_share": self.cleaned_data["percent"] / 100}


class SeriesForm(VersionedModelForm):
    every_months = forms.IntegerField(
        label="Every how many months?", min_value=1, max_value=12, initial=3
    )
    pack_days_before = forms.IntegerField(
        label="How many days before a meeting does the pack go out by e-mail?",
        min_value=1,
        max_value=60,
        initial=7,
    )

    class Meta:
        model = MeetingSeries
        fields = (
            "name", "every_months", "week", "weekday", "starts_at", "place", "begins",
            "pack_days_before",
        )  # fmt: skip
        labels = {
            "name": "Name",
            "week": "Which one of the month?",
            "weekday": "Which day of the week?",
            "starts_at": "At what time?",
            "place": "Where?",
            "begins": "The first month",
        }
        help_texts = {
            "name": "For example, Quarterly meetings",
            "starts_at": "For example, 14:00",
            "begins": "Any day of the month in which the series begins",
        }


class MeetingForm(VersionedModelForm):
    link = forms.URLField(
        label="Address to join from afar",
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="Members see it, the public does not",
    )

    class Meta:
        model = Meeting
        fields = ("series", "day", "starts_at", "place", "link")
        labels = {
            "series": "Series",
            "day": "Day",
            "starts_at": "Time",
            "place": "Place",
        }
        help_texts = {"starts_at": "For example, 14:00"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        series: Any = self.fields["series"]
        series.empty_label = "None: a meeting of its own"


class DatesForm(forms.Form):
    """Which of the proposed days are planned."""

    days = forms.MultipleChoiceField(
        label="Which meetings do you want to plan?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one date."},
    )

    def __init__(self, *args: Any, offered: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].choices = offered  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[datetime.date]:
        return [datetime.date.fromisoformat(text) for text in self.cleaned_data["days"]]


class MeetingReasonForm(forms.Form):
    version = forms.IntegerField(widget=HiddenWithoutId)
    reason = forms.CharField(
        label="Why is it called off?",
        max_length=2000,
        widget=_WORDS,
        error_messages={"required": "Say why the meeting is called off. It stays on record."},
    )
