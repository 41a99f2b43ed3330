"""Seats, meetings, decisions and actions arising of the Steering Group for programs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, choice, date, text, whole
from trafford_sv.core.api.views import DetailView, ListView

from ..filters_steering import ArisingFilter, DecisionFilter, MeetingFilter, SeatFilter
from ..models import ArisingAction, Decision, Meeting, Seat
from ..selectors.meetings import (
    Reader,
    arising_for,
    decisions_for,
    meeting_rows,
    meetings_for,
    reader_of,
    view_meeting,
)
from ..selectors.seats import seat_rows, standing_of


class _Group(ListView):
    permission = "view_steering"
    tag = "steering-group"

    def reader(self) -> Reader:
        return reader_of(self.request.user, standing_of(self.request.user, self.today))


class Seats(_Group):
    """Who sits on the Group: organisations and roles, no names. Without `state`: in force today."""

    noun, file_name = "seats", "steering-seats"
    filterset_class = SeatFilter
    more_sources = ("chairs_seat",)
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key.", "pk"),
        text("body", "Organisation or service."),
        text("held_by", "The role of the member."),
        whole("organisation_id", "Its record here; null where it has none.", null=True),
        date("starts", "First day.", null=False),
        date("ends", "Last day; null: no end is set."),
        Column(
            "is_chair",
            serializers.BooleanField(read_only=True, help_text="In the chair today."),
            make=lambda row: row["chairs_seat"] == row["pk"],
        ),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Seat]:
        return seat_rows(self.today).select_related(None)


class Meetings(_Group):
    """Meetings with how far each is. Its agenda is at its own address."""

    noun, file_name = "meetings", "steering-meetings"
    filterset_class = MeetingFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        date("day", "The day.", null=False),
        text("place", "Where."),
        choice("state", "Planned, agenda published, held or called off.", Meeting.State.choices),
        whole("agenda_items", "Items on the agenda."),
        whole("decisions", "Decisions on record.", "decided"),
        text(
            "minutes",
            "State of the minutes; null before there are any.",
            "minutes__state",
            null=True,
        ),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Meeting]:
        return meeting_rows(self.request.user).select_related(None)


class PaperSerializer(serializers.Serializer):
    title = serializers.CharField()
    address = serializers.CharField(help_text="Where the file is read.")
    is_confidential = serializers.BooleanField()


class ItemSerializer(serializers.Serializer):
    """An agenda item. A confidential one says no more than that, to whoever may not read it."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    kind = serializers.CharField()
    purpose = serializers.CharField()
    title = serializers.CharField()
    words = serializers.CharField()
    is_confidential = serializers.BooleanField()
    is_hidden = serializers.BooleanField()
    outcome = serializers.CharField()
    carried_from = serializers.DateField(allow_null=True)
    papers = PaperSerializer(many=True)
    decisions = serializers.ListField(child=serializers.CharField(), help_text="References.")


class MeetingSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    day = serializers.DateField()
    starts_at = serializers.TimeField()
    place = serializers.CharField()
    state = serializers.ChoiceField(choices=Meeting.State.choices)
    quorum_needed = serializers.IntegerField(
        allow_null=True, help_text="Seats that must be filled; null: not held, or no rule."
    )
    quorum_counted = serializers.IntegerField(allow_null=True)
    quorum_is_met = serializers.BooleanField(allow_null=True)
    minutes = serializers.CharField(allow_null=True, help_text="State of the minutes.")
    items = ItemSerializer(many=True)


class OneMeeting(DetailView):
    """One meeting with its agenda, papers and decisions."""

    permission = "view_steering"
    tag, noun = "steering-group", "meeting"
    response_serializer = MeetingSerializer

    def rows(self) -> QuerySet[Meeting]:
        return meetings_for(self.request.user).select_related("chaired_by")

    def body(self, record: Meeting) -> dict[str, Any]:
        reader = reader_of(self.request.user, standing_of(self.request.user, self.today))
        seen = view_meeting(record, reader)
        found = seen.quorum
        return {
            "id": record.pk,
            "version": record.version,
            "day": record.day.isoformat(),
            "starts_at": record.starts_at.isoformat(),
            "place": record.place,
            "state": record.state,
            "quorum_needed": found.needed if found else None,
            "quorum_counted": found.counted if found else None,
            "quorum_is_met": found.is_met if found else None,
            "minutes": seen.minutes.state if seen.minutes else None,
            "items": [
                {
                    "id": item.pk,
                    "position": item.position,
                    "kind": item.kind,
                    "purpose": item.purpose,
                    "title": item.title,
                    "words": item.words,
                    "is_confidential": item.is_confidential,
                    "is_hidden": item.is_hidden,
                    "outcome": item.outcome,
                    "carried_from": item.carried_from.isoformat() if item.carried_from else None,
                    "papers": [
                        {
                            "title": paper.title,
                            "address": f"/steering-group/papers/{paper.key}/",
                            "is_confidential": paper.is_confidential,
                        }
                        for paper in item.papers
                    ],
                    "decisions": [one.reference for one in item.decisions],
                }
                for item in seen.items
            ],
        }


class Decisions(_Group):
    """What the Group decided. A reversed decision stays, with the key of the one that reversed it."""

    noun, file_name = "decisions", "steering-decisions"
    filterset_class = DecisionFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("meeting_id", "The meeting under which it stands.", "item__meeting_id"),
        text("item", "The agenda item.", "item__title"),
        whole("number", "Within the meeting."),
        choice("kind", "What is decided.", Decision.Kind.choices),
        choice(
            "taken", "By the meeting, or by the chair between meetings.", Decision.Taken.choices
        ),
        date("decided_on", "The day.", null=False),
        text("words", "The decision."),
        text("reasons", "The reasons."),
        text("address", "Where more is to be read; empty where nothing is."),
        whole("reverses_id", "The decision that it reverses; null for none.", null=True),
        whole(
            "reversed_by_id",
            "The decision that reversed it; null: it stands.",
            "reversed_by",
            null=True,
        ),
        whole("action_id", "The action of the plan it is about; null for none.", null=True),
    )

    def rows(self) -> QuerySet[Decision]:
        return decisions_for(
            self.request.user, confidential=self.reader().confidential
        ).select_related(None)


class Arising(_Group):
    """Actions arising from meetings. Without `state`: the open ones."""

    noun, file_name = "actions-arising", "steering-actions"
    filterset_class = ArisingFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("meeting_id", "The meeting it arose from.", "item__meeting_id"),
        text("item", "The agenda item.", "item__title"),
        text("words", "What is to be done."),
        text("owner_body", "The owner's organisation or service.", "owner__body"),
        text("owner_role", "The owner's role.", "owner__held_by"),
        date("due", "By when.", null=False),
        choice("state", "Open, done or no longer needed.", ArisingAction.State.choices),
        text("outcome", "What came of it; empty while it is open."),
        whole("action_id", "The action of the plan it belongs to; null for none.", null=True),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[ArisingAction]:
        return arising_for(confidential=self.reader().confidential).select_related(None)


urlpatterns = [
    path("steering-seats/", Seats.as_view(), name="api-steering-seats"),
    path("steering-meetings/", Meetings.as_view(), name="api-steering-meetings"),
    path("steering-meetings/<int:pk>/", OneMeeting.as_view(), name="api-steering-meeting"),
    path("steering-decisions/", Decisions.as_view(), name="api-steering-decisions"),
    path("steering-actions/", Arising.as_view(), name="api-steering-actions"),
]
