"""Needs, hubs and rounds for programs, by the same rules as the pages."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, Row, choice, date, text, whole, yes_no
from trafford_sv.core.api.views import ListView

from ..filters import HubFilter, NeedFilter, RoundFilter
from ..models import Catchment, Hub, Need, NeedSource, Round
from ..selectors.hubs import hub_rows
from ..selectors.needs import need_rows
from ..selectors.rounds import round_rows
from ..small_counts import public_count


def _quantity(name: str, help_text: str, *, null: bool = False) -> Column:
    schema = serializers.DecimalField(
        max_digits=14, decimal_places=2, help_text=help_text, read_only=True, allow_null=null
    )

    def read(row: Row) -> str | None:
        return None if row[name] is None else f"{row[name]:.2f}"

    return Column(name, schema, name, make=read)


def _codes(name: str, help_text: str) -> Column:
    return Column(name, serializers.ListField(child=serializers.CharField(), help_text=help_text))


NEED_COLUMNS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("title", "What is needed, in a few words."),
    text("words", "In the community's words; may be empty."),
    text("priority_key", "The priority it belongs to.", "priority__key"),
    text("priority_name", "The priority's name.", "priority__name"),
    text("for_whom", "Who it is for; may be empty."),
    _codes("ward_codes", "Codes of 2023 wards. Never join wards on their names."),
    _quantity("needed_quantity", "How many; null for what is not counted.", null=True),
    text("unit", "What is counted."),
    _quantity("accepted_quantity", "What a hub has accepted of offers."),
    _quantity("confirmed_quantity", "What a hub has confirmed as arrived."),
    whole("accepted_offers", "Offers accepted."),
    whole("confirmed_offers", "Of these, confirmed."),
    choice("state", "Computed from what was accepted and confirmed.", Need.State.choices),
    date("open_from", "Needed from.", null=False),
    date("closes", "Needed until; null for no end."),
    whole("hub_id", "The hub that answers for it.", null=True),
    text("hub_name", "The hub's name.", "hub__name", null=True),
    choice("raised_from", "Where it comes from.", Need.RaisedFrom.choices),
    Column(
        "answers_behind",
        serializers.IntegerField(
            allow_null=True,
            help_text="Answers to rounds behind it; null where there are one to four.",
        ),
    ),
    yes_no("is_public", "Anyone may read it."),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Counts changes."),
)


class Needs(ListView):
    permission = "use_api"
    tag, noun = "needs", "need"
    filterset_class = NeedFilter
    columns: ClassVar = NEED_COLUMNS
    file_name = "needs"

    def rows(self) -> QuerySet[Need]:
        return need_rows(self.request.user).select_related(None).prefetch_related(None)

    def attach(self, rows: list[Row]) -> None:
        keys = [row["pk"] for row in rows]
        wards: dict[int, list[str]] = defaultdict(list)
        links = Need.wards.through.objects.filter(need__in=keys).order_by("area__code")
        for need, code in links.values_list("need", "area__code"):
            wards[need].append(code)
        counts: dict[int, int] = defaultdict(int)
        for need in NeedSource.objects.filter(need__in=keys).values_list("need", flat=True):
            counts[need] += 1
        for row in rows:
            row["ward_codes"] = wards[row["pk"]]
            row["answers_behind"] = public_count(counts[row["pk"]])


class Hubs(ListView):
    permission = "use_api"
    tag, noun = "hubs", "hub"
    filterset_class = HubFilter
    file_name = "hubs"
    columns: ClassVar = (
        whole("id", "The organisation's key.", "organisation_id"),
        text("name", "The hub.", "organisation__name"),
        text("address", "Where it is.", "organisation__address"),
        text("postcode", "Its postcode.", "organisation__postcode"),
        text("website", "Its website; may be empty.", "organisation__website"),
        text("opening_hours", "When it is open, in words.", "organisation__opening_hours"),
        text("ward_code", "The 2023 ward it stands in.", "organisation__ward__code", null=True),
        _codes("serves_ward_codes", "The 2023 wards it serves."),
        yes_no("catchment_is_agreed", "False while the list of wards is a proposal."),
        whole("needs", "Public needs that stand."),
        yes_no("is_demo", "Invented, for showing the product."),
    )

    def rows(self) -> QuerySet[Hub]:
        return hub_rows(self.request.user).select_related(None).defer(None)

    def attach(self, rows: list[Row]) -> None:
        served: dict[int, list[str]] = defaultdict(list)
        for hub, code in (
            Catchment.objects.filter(hub__in=[row["organisation_id"] for row in rows])
            .order_by("ward__code")
            .values_list("hub", "ward__code")
        ):
            served[hub].append(code)
        for row in rows:
            row["serves_ward_codes"] = served[row["organisation_id"]]


class Rounds(ListView):
    permission = "use_api"
    tag, noun = "rounds", "round"
    filterset_class = RoundFilter
    file_name = "rounds"
    more_sources: ClassVar = ("answers",)
    columns: ClassVar = (
        whole("id", "The key in addresses.", "pk"),
        text("name", "The round."),
        choice("state", "Where it stands.", Round.State.choices),
        date("opens_on", "First day of answers; null where only a period is recorded."),
        date("closes_on", "Last day of answers; null where only a period is recorded."),
        text("period_words", "The period in words, where the days are not recorded."),
        yes_no("is_history", "Recorded from a document; its answers are not held here."),
        _codes("priority_keys", "The priorities it asked about."),
        whole("hubs_asked", "Hubs that were asked.", "asked"),
        whole("hubs_answered", "Of these, answered."),
        Column(
            "answers",
            serializers.IntegerField(
                allow_null=True, help_text="Answers in all; null where there are one to four."
            ),
            "answers",
            make=lambda row: public_count(row["answers"]),
        ),
        text("heard", "What was heard, in the officers' words."),
        text("source", "The document of record; empty for a round held here."),
        yes_no("is_demo", "Invented, for showing the product."),
    )

    def rows(self) -> QuerySet[Round]:
        return round_rows(self.request.user)

    def attach(self, rows: list[Row]) -> None:
        asked: dict[int, list[str]] = defaultdict(list)
        links = Round.priorities.through.objects.filter(round__in=[row["pk"] for row in rows])
        for held, key in links.order_by("priority__position").values_list("round", "priority__key"):
            asked[held].append(key)
        for row in rows:
            row["priority_keys"] = asked[row["pk"]]


urlpatterns = [
    path("needs/", Needs.as_view(), name="api-needs"),
    path("hubs/", Hubs.as_view(), name="api-hubs"),
    path("rounds/", Rounds.as_view(), name="api-rounds"),
]
