"""The charter's versions and principles for programs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    text,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView

from ..filters import PrincipleFilter, VersionFilter
from ..models import CharterVersion, FocusArea, Origin, Principle
from ..selectors.versions import charter_text

AS_OF = {"as_of": "The day for which `status` is said, such as 2026-11-22; today if left out."}
Status = CharterVersion.Status


def _status(as_of: datetime.date, row: Row) -> str:
    begins, following = row["in_force_from"], row["next_from"]
    if row["state"] == CharterVersion.State.DRAFT or begins is None:
        return Status.DRAFT.value
    if as_of < begins:
        return Status.COMING.value
    return (Status.IN_FORCE if following is None or as_of < following else Status.SUPERSEDED).value


class InitiativeSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="The key in addresses.")
    key = serializers.CharField(help_text="The same in every version.")
    title = serializers.CharField()
    words = serializers.CharField(help_text="In more words; may be empty.")
    unit = serializers.CharField(help_text="What would be counted; may be empty.")
    origin = serializers.ChoiceField(choices=Origin.choices, help_text="Whose words they are.")


class FocusAreaSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="The key in addresses.")
    key = serializers.CharField(help_text="The same in every version.")
    title = serializers.CharField()
    words = serializers.CharField(help_text="In more words; may be empty.")
    origin = serializers.ChoiceField(choices=Origin.choices, help_text="Whose words they are.")
    initiatives = InitiativeSerializer(many=True)


class CharterVersionSerializer(serializers.Serializer):
    """A version with its principles, each with all that is under it."""

    id = serializers.IntegerField(help_text="The key in addresses.")
    number = serializers.IntegerField()
    title = serializers.CharField()
    introduction = serializers.CharField()
    what_changed = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    approving_body = serializers.CharField()
    approved_on = serializers.DateField(allow_null=True)
    decision_reference = serializers.CharField()
    in_force_from = serializers.DateField(allow_null=True)
    in_force_to = serializers.DateField(
        allow_null=True, help_text="The last day; null until a later version is approved."
    )
    source_note = serializers.CharField(help_text="Which of its words are whose.")
    principles = serializers.ListField(child=serializers.DictField())
    version = serializers.IntegerField(help_text="Counts its edits.")


def _column_status() -> Column:
    return choice("status", "What it is on the day that was asked about.", Status.choices, "")


class CharterVersions(ListView):
    """Approved versions, and drafts for whoever may read them. Exactly one is in force on a day."""

    permission = "use_api"
    tag, noun, file_name = "charter", "charter_versions", "charter-versions"
    filterset_class = VersionFilter
    parameters: ClassVar[dict[str, str]] = AS_OF
    more_sources = ("state", "next_from")
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("number", "From 1; the newest is the highest."),
        text("title", "As it is printed."),
        _column_status(),
        text("approving_body", "Who approved it; empty for a draft."),
        date("approved_on", "The day of the decision."),
        text("decision_reference", "As in the minutes."),
        date("in_force_from", "The first day."),
        date("in_force_to", "The last day; null until a later version is approved.", ""),
        yes_no("is_demo", "Invented, for showing the product."),
        whole("version", "Counts its edits."),
    )

    def rows(self) -> QuerySet[CharterVersion]:
        return CharterVersion.objects.visible_to(self.request.user).with_end()

    def attach(self, rows: list[Row]) -> None:
        as_of = self.day_parameter("as_of") or self.today
        for row in rows:
            row["status"] = _status(as_of, row)
            following = row["next_from"]
            row["in_force_to"] = following and following - datetime.timedelta(days=1)


class CharterVersionDetail(DetailView):
    """One version, whole. Its address has its number."""

    permission = "use_api"
    tag, noun = "charter", "charter_version"
    one = "a charter version"
    response_serializer = CharterVersionSerializer
    parameters: ClassVar[dict[str, str]] = AS_OF

    def find(self) -> dict[str, Any]:
        return {"number": self.kwargs["number"]}

    def rows(self) -> QuerySet[CharterVersion]:
        return CharterVersion.objects.visible_to(self.request.user).with_end()

    def check(self, record: Any) -> None:
        """What `visible_to` lets through may be read."""

    def body(self, record: CharterVersion) -> dict[str, Any]:
        shown = charter_text(record, self.day_parameter("as_of") or self.today)
        return {
            "id": shown.pk,
            "number": shown.number,
            "title": shown.title,
            "introduction": shown.introduction,
            "what_changed": shown.what_changed,
            "status": shown.status,
            "approving_body": shown.approving_body,
            "approved_on": _iso(shown.approved_on),
            "decision_reference": shown.decision_reference,
            "in_force_from": _iso(shown.in_force_from),
            "in_force_to": _iso(shown.in_force_to),
            "source_note": shown.source_note,
            "principles": [
                {
                    "id": one.pk,
                    "number": one.number,
                    "key": one.key,
                    "title": one.title,
                    "words": one.words,
                    "origin": one.origin,
                    "focus_areas": [_area(area) for area in one.focus_areas],
                }
                for one in shown.principles
            ],
            "version": record.version,
        }


def _iso(day: datetime.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _area(area: Any) -> dict[str, Any]:
    """An area of the database, or of a `CharterText`: the same names."""
    ones = area.initiatives if isinstance(area.initiatives, tuple) else area.initiatives.all()
    return {
        "id": area.pk,
        "key": area.key,
        "title": area.title,
        "words": area.words,
        "origin": area.origin,
        "initiatives": [
            {
                "id": one.pk,
                "key": one.key,
                "title": one.title,
                "words": one.words,
                "unit": one.unit,
                "origin": one.origin,
            }
            for one in ones
        ],
    }


class Principles(ListView):
    """Principles of every version that may be read; `version` narrows them to one."""

    permission = "use_api"
    tag, noun, file_name = "charter", "principles", "principles"
    filterset_class = PrincipleFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("charter_version", "The version's number.", "charter_version__number"),
        whole("number", "Its place in the charter."),
        text("key", "The same principle has the same key in every version."),
        text("title", "A short name."),
        text("words", "The principle itself."),
        choice("origin", "Whose words they are.", Origin.choices),
        Column(
            "focus_areas",
            FocusAreaSerializer(many=True, help_text="With the initiatives in each."),
            in_csv=False,
        ),
    )

    def rows(self) -> QuerySet[Principle]:
        visible = CharterVersion.objects.visible_to(self.request.user)
        return Principle.objects.filter(charter_version__in=visible)

    def attach(self, rows: list[Row]) -> None:
        areas: dict[int, list[dict[str, Any]]] = defaultdict(list)
        found = FocusArea.objects.filter(principle__in=[row["pk"] for row in rows])
        for area in found.prefetch_related("initiatives"):
            areas[area.principle_id].append(_area(area))
        for row in rows:
            row["focus_areas"] = areas[row["pk"]]


urlpatterns = [
    path("charter-versions/", CharterVersions.as_view(), name="api-charter-versions"),
    path(
        "charter-versions/<int:number>/",
        CharterVersionDetail.as_view(),
        name="api-charter-version",
    ),
    path("principles/", Principles.as_view(), name="api-principles"),
]
