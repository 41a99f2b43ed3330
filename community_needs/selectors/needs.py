"""Reading needs: the list, one of them, and where businesses should focus."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, IntegerField, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast

from trafford_sv.directory.models import Area, Organisation

from ..models import Catchment, Hub, MergeDecision, Need, NeedSource, Priority, Response
from ..models.hubs import CATCHMENT_YEAR
from ..need_progress import NeedState
from ..similar_needs import Likeness, NeedFacts, propose_merges
from ..small_counts import public_words

WARDS = Prefetch("wards", Area.objects.defer("geometry"))


def need_rows(user: Any) -> QuerySet[Need]:
    """What the person may read, with what a row shows. Two queries for a page of them."""
    return (
        Need.objects.visible_to(user)
        .select_related("priority", "hub", "round")
        .prefetch_related(WARDS)
    )


def filter_choices() -> dict[str, list[tuple[str, str]]]:
    """What the list can be narrowed to. One query for all three lists."""

    def rows(kind: str, found: QuerySet[Any], key: Any, name: str, place: Any) -> QuerySet[Any]:
        return (
            found.order_by()
            .annotate(
                choice_kind=Value(kind, CharField()),
                choice_key=Cast(key, CharField()),
                choice_name=F(name),
                choice_place=place,
            )
            .values_list("choice_kind", "choice_key", "choice_name", "choice_place")
        )

    nowhere = Value(0, IntegerField())
    found = rows(
        "priority", Priority.objects.all(), F("key"), "name", Cast("position", IntegerField())
    ).union(
        rows("ward", Area.objects.wards(CATCHMENT_YEAR), F("code"), "name", nowhere),
        rows("hub", Hub.objects.current(), F("organisation_id"), "organisation__name", nowhere),
        all=True,
    )
    offered: dict[str, list[tuple[str, str]]] = {"priority": [], "ward": [], "hub": []}
    for kind, key, name, _place in sorted(found, key=lambda row: (row[3], row[2], row[1])):
        offered[kind].append((key, name))
    return offered


@dataclass(frozen=True)
class SourceCount:
    """How many answers stand behind a need, by round; `shown` is for anyone, `count` for officers."""

    round_name: str
    count: int
    shown: str


@dataclass(frozen=True)
class NeedDetail:
    need: Need
    wards: Sequence[Area]
    sources: Sequence[SourceCount]
    responses: Sequence[Response]
    absorbed: Sequence[Need]


def need_detail(need: Need, *, with_responses: bool) -> NeedDetail:
    """`responses` are read for officers alone. Four queries at most."""
    counted = (
        NeedSource.objects.filter(need=need)
        .order_by()
        .values_list("response__round__name")
        .annotate(rows=Count("pk"))
    )
    sources = [SourceCount(name, rows, public_words(rows)) for name, rows in sorted(counted)]
    responses = (
        list(
            Response.objects.filter(needs__need=need)
            .select_related("organisation", "round", "ward")
            .order_by("pk")[:200]
        )
        if with_responses and sources
        else []
    )
    absorbed = list(Need.objects.filter(merged_into=need)) if with_responses else []
    return NeedDetail(need, list(need.wards.defer("geometry")), sources, responses, absorbed)


@dataclass(frozen=True)
class Focus:
    """One priority: its public needs by where they stand on a day."""

    key: str
    name: str
    summary: str
    wanting: int
    under_way: int
    met: int

    @property
    def total(self) -> int:
        return self.wanting + self.under_way + self.met


def where_to_focus(as_of: datetime.date) -> list[Focus]:
    """Priorities in use, those with most needs that nobody answers first. One query.

    `wanting` are open needs that an offer may still answer on the day; `under_way` are matched or
    part met; a need that closed unanswered is in none of them.
    """
    still = Q(needs__is_public=True, needs__merged_into__isnull=True)
    opened = still & Q(needs__state=NeedState.OPEN, needs__open_from__lte=as_of)
    opened &= Q(needs__closes__isnull=True) | Q(needs__closes__gte=as_of)
    rows = Priority.objects.current().annotate(
        wanting=Count("needs", filter=opened, distinct=True),
        under_way=Count(
            "needs",
            filter=still & Q(needs__state__in=[NeedState.MATCHED, NeedState.PART_MET]),
            distinct=True,
        ),
        met=Count("needs", filter=still & Q(needs__state=NeedState.MET), distinct=True),
    )
    found = [
        Focus(row.key, row.name, row.summary, row.wanting, row.under_way, row.met) for row in rows
    ]
    return sorted(found, key=lambda focus: -focus.wanting)  # the priorities' own order among equals


@dataclass(frozen=True)
class BulletinNeed:
    """A need as anyone reads it: page, feed, e-mail, PDF and API say the same."""

    key: int
    title: str
    words: str
    priority: str
    for_whom: str
    wards: tuple[str, ...]
    hub: str
    wanted: str
    closes: datetime.date | None
    raised_at: datetime.datetime
    is_demo: bool


def needs_to_answer(as_of: datetime.date, *, most: int | None = None) -> list[BulletinNeed]:
    """Public needs that still look for help on a day, newest first. Two queries."""
    rows = (
        Need.objects.public()
        .wanting(as_of)
        .select_related("priority", "hub")
        .prefetch_related(WARDS)
        .order_by("-raised_at", "-pk")
    )
    return [bulletin_need(need) for need in (rows if most is None else rows[:most])]


def bulletin_need(need: Need) -> BulletinNeed:
    return BulletinNeed(
        key=need.pk,
        title=need.title,
        words=need.words,
        priority=need.priority.name,
        for_whom=need.for_whom,
        wards=tuple(ward.name for ward in need.wards.all()),
        hub=need.hub.name if need.hub else "",
        wanted=wanted_words(need),
        closes=need.closes,
        raised_at=need.raised_at,
        is_demo=need.is_demo,
    )


def number_words(quantity: Decimal) -> str:
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def wanted_words(need: Need) -> str:
    """ "15 of 40 sessions still wanted"; empty for what is not counted."""
    left = need.still_wanted_quantity
    if left is None or need.needed_quantity is None:
        return ""
    whole = number_words(need.needed_quantity)
    if left == need.needed_quantity:
        return f"{whole} {need.unit} wanted"
    return f"{number_words(left)} of {whole} {need.unit} still wanted"


@dataclass(frozen=True)
class MergeProposal:
    likeness: Likeness
    first: Need
    second: Need


MOST_COMPARED = 5000


def merge_proposals(user: Any) -> list[MergeProposal]:
    """Pairs that may be the same need, with reasons. Five queries, whatever the number.

    Only what is compared is read of the newest `MOST_COMPARED` that stand; only those shown are
    read whole.
    """
    states = [NeedState.OPEN, NeedState.MATCHED, NeedState.PART_MET]
    held = Need.objects.visible_to(user).filter(state__in=states).order_by("-pk")[:MOST_COMPARED]
    rows = list(held.values_list("pk", "priority", "title", "words", "for_whom", "unit"))
    wards: dict[int, set[tuple[str, int]]] = defaultdict(set)
    if rows:
        links = Need.wards.through.objects.filter(need__gte=rows[-1][0])
        for need, code, year in links.values_list("need", "area__code", "area__boundary_year"):
            wards[need].add((code, year))
    facts = [
        NeedFacts(pk, priority, title, words, for_whom, unit, frozenset(wards[pk]))
        for pk, priority, title, words, for_whom, unit in rows
    ]
    decided = frozenset(MergeDecision.objects.values_list("first", "second"))
    found = propose_merges(facts, decided)
    shown = {key for likeness in found for key in (likeness.first, likeness.second)}
    by_key = {
        need.pk: need
        for need in Need.objects.filter(pk__in=shown)
        .select_related("priority", "hub")
        .prefetch_related(WARDS)
    }
    return [
        MergeProposal(likeness, by_key[likeness.first], by_key[likeness.second])
        for likeness in found
    ]


def hubs_by_ward() -> dict[int, list[Organisation]]:
    """Ward key -> the hubs that serve it."""
    served: dict[int, list[Organisation]] = defaultdict(list)
    for row in Catchment.objects.select_related("hub").order_by("hub__name"):
        served[row.ward_id].append(row.hub)
    return dict(served)
