"""What could meet a need, ranked, each place with its reasons in words and their weights. Pure.

Six criteria, 100 points together. A criterion that cannot be judged brings no points and says so;
what it could have brought stands beside the score as `possible`, because not known is not nothing.
The ranking depends on the facts alone: never on the order in which candidates are given, and
never on who asks. It proposes; a person decides.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache

_ONE, _NONE = Decimal(1), Decimal(0)
_CENT = Decimal("0.01")
NEAR_KM, FAR_KM = Decimal(1), Decimal(11)
DAYS_THAT_ARE_PLENTY = 90


class Criterion(StrEnum):
    """What a candidate is judged by, in the order of the reasons."""

    FIT = "fit"
    WARD = "ward"
    QUANTITY = "quantity"
    TIME = "time"
    DISTANCE = "distance"
    PRINCIPLE = "principle"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Criterion.FIT: "Measure fits the priority",
    Criterion.WARD: "Ward served",
    Criterion.QUANTITY: "Quantity left",
    Criterion.TIME: "Time left",
    Criterion.DISTANCE: "Distance",
    Criterion.PRINCIPLE: "Charter principle",
}
WEIGHTS: Mapping[Criterion, int] = {
    Criterion.FIT: 35,
    Criterion.WARD: 20,
    Criterion.QUANTITY: 15,
    Criterion.TIME: 10,
    Criterion.DISTANCE: 10,
    Criterion.PRINCIPLE: 10,
}


class Fit(StrEnum):
    """How well what is promised fits a priority, by the reviewed table."""

    STRONG = "strong"
    PART = "part"


@dataclass(frozen=True)
class NeedFacts:
    """What is asked for. `quantity_left` None: not countable. No ward: the whole borough.

    `wards` are codes of one set of boundaries; `place` is (longitude, latitude).
    """

    priority: str
    wards: frozenset[str] = frozenset()
    quantity_left: Decimal | None = None
    unit: str = ""
    opens: datetime.date | None = None
    closes: datetime.date | None = None
    principles: frozenset[str] = frozenset()
    place: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True)
class CandidateFacts:
    """What somebody could bring. `key` is its own; None is not known; no ward: none recorded.

    `fit` None: its measure is not in the table for this priority. `fit_reason` is the table's.
    """

    key: str
    fit: Fit | None = None
    fit_reason: str = ""
    wards: frozenset[str] = frozenset()
    quantity_free: Decimal | None = None
    unit: str = ""
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    principle: str = ""
    place: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True)
class Reason:
    """One criterion: `share` is 0..1 of its `weight`, None where it cannot be judged."""

    criterion: Criterion
    weight: int
    share: Decimal | None
    words: str

    @property
    def points(self) -> Decimal | None:
        return None if self.share is None else points_of(self.weight, self.share)


@dataclass(frozen=True)
class Ranked:
    """A candidate's place. `score` is out of 100; `possible` is what it is at most."""

    rank: int
    candidate: CandidateFacts
    reasons: tuple[Reason, ...]
    score: Decimal
    possible: Decimal

    @property
    def unknown(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.share is None)


def points_of(weight: int, share: Decimal) -> Decimal:
    return (Decimal(weight) * share).quantize(_CENT, ROUND_HALF_UP)


def rank(
    need: NeedFacts,
    candidates: Iterable[CandidateFacts],
    *,
    as_of: datetime.date,
    ward_names: Mapping[str, str] | None = None,
) -> tuple[Ranked, ...]:
    """Best first. Equal scores: what could still be higher, then what ends sooner, then the key."""
    judged = []
    for one in candidates:
        reasons = judge(need, one, as_of=as_of, ward_names=ward_names or {})
        score = sum((r.points for r in reasons if r.points is not None), _NONE)
        open_points = sum((Decimal(r.weight) for r in reasons if r.share is None), _NONE)
        judged.append((one, reasons, score, score + open_points))
    judged.sort(key=lambda row: (-row[2], -row[3], row[0].ends or datetime.date.max, row[0].key))
    return tuple(Ranked(place, *row) for place, row in enumerate(judged, start=1))


def judge(
    need: NeedFacts,
    candidate: CandidateFacts,
    *,
    as_of: datetime.date,
    ward_names: Mapping[str, str],
) -> tuple[Reason, ...]:
    """All six reasons, in the order of `Criterion`."""
    judged = (
        (Criterion.FIT, _fit(need, candidate)),
        (Criterion.WARD, _ward(need, candidate, ward_names)),
        (Criterion.QUANTITY, _quantity(need, candidate)),
        (Criterion.TIME, _time(need, candidate, as_of)),
        (Criterion.DISTANCE, _distance(need, candidate)),
        (Criterion.PRINCIPLE, _principle(need, candidate)),
    )
    return tuple(
        Reason(criterion, WEIGHTS[criterion], share, words) for criterion, (share, words) in judged
    )


_Judged = tuple[Decimal | None, str]


def _fit(need: NeedFacts, candidate: CandidateFacts) -> _Judged:
    why = f" {candidate.fit_reason}" if candidate.fit_reason else ""
    if candidate.fit is Fit.STRONG:
        return _ONE, f"What is promised answers “{need.priority}” directly.{why}"
    if candidate.fit is Fit.PART:
        return Decimal("0.5"), f"What is promised answers “{need.priority}” in part.{why}"
    return _NONE, f"The table of measures does not list it under “{need.priority}”."


def _ward(need: NeedFacts, candidate: CandidateFacts, names: Mapping[str, str]) -> _Judged:
    if not candidate.wards:
        return None, "It does not say which wards it serves."
    if not need.wards:
        return _ONE, "The need is for the whole borough, so any ward in it counts."
    shared = need.wards & candidate.wards
    if not shared:
        return _NONE, "It serves other wards."
    share = Decimal(len(shared)) / len(need.wards)
    named = joined(sorted(names.get(code, code) for code in shared))
    if shared == need.wards:
        return _ONE, f"It serves {named}, where the need is."
    return share, f"It serves {len(shared)} of the {len(need.wards)} wards of the need: {named}."


def _quantity(need: NeedFacts, candidate: CandidateFacts) -> _Judged:
    free = candidate.quantity_free
    if free is None:
        return None, "How much of it is left is not known."
    if free <= 0:
        return _NONE, "Nothing of it is left."
    left = f"{plain(free)} {candidate.unit}".strip()
    if need.quantity_left is None:
        return _ONE, f"{left} left. The need names no quantity."
    wanted = f"{plain(need.quantity_left)} {need.unit}".strip()
    if same_unit(need.unit, candidate.unit):
        if free >= need.quantity_left:
            return _ONE, f"{left} left: enough for the {wanted} still needed."
        return free / need.quantity_left, f"{left} left, of {wanted} still needed."
    return (
        None,
        f"{left} left. The need counts {need.unit or 'in another unit'}: ask how much of it that is.",
    )


def _time(need: NeedFacts, candidate: CandidateFacts, as_of: datetime.date) -> _Judged:
    if candidate.ends is None:
        return None, "It has no end date on record."
    first = max(as_of, need.opens or as_of)
    begins = max(first, candidate.starts or first)
    days = (candidate.ends - begins).days + 1
    if candidate.ends < first or days <= 0:
        return _NONE, f"It ends on {day(candidate.ends)}, before it could help."
    if need.closes is None:
        share = min(_ONE, Decimal(days) / DAYS_THAT_ARE_PLENTY)
        return share, f"It runs until {day(candidate.ends)}. The need has no end date."
    if begins > need.closes:
        return _NONE, f"It starts on {day(begins)}, after the need closes on {day(need.closes)}."
    wanted = (need.closes - first).days + 1
    both = (min(candidate.ends, need.closes) - begins).days + 1
    if both >= wanted:
        return _ONE, f"It runs until {day(candidate.ends)}; the need closes on {day(need.closes)}."
    return (
        Decimal(both) / wanted,
        f"It covers {both} of the {wanted} days until the need closes on {day(need.closes)}.",
    )


def _distance(need: NeedFacts, candidate: CandidateFacts) -> _Judged:
    if need.place is None or candidate.place is None:
        return None, "How far apart they are is not known."
    away = kilometres(need.place, candidate.place)
    words = f"{plain(away)} km apart, in a straight line between the wards."
    if away <= NEAR_KM:
        return _ONE, words
    return max(_NONE, (FAR_KM - away) / (FAR_KM - NEAR_KM)), words


def _principle(need: NeedFacts, candidate: CandidateFacts) -> _Judged:
    if not candidate.principle:
        return None, "It names no charter principle."
    if not need.principles:
        return None, "The need names no charter principle."
    if candidate.principle in need.principles:
        return _ONE, f"Both serve the charter principle “{candidate.principle}”."
    return _NONE, f"It serves another charter principle: “{candidate.principle}”."


# --- how much is accepted -------------------------------------------------------------------


@dataclass(frozen=True)
class Allocation:
    """Of one offer: what is accepted, and what stays free for others."""

    key: str
    accepted: Decimal
    free: Decimal


def acceptable(needed: Decimal | None, offered: Decimal) -> Decimal:
    """As much of the offer as is still needed. `needed` None: not countable, so all of it."""
    if needed is None:
        return offered
    return min(offered, max(needed, _NONE))


def allocate(
    needed: Decimal | None, offers: Sequence[tuple[str, Decimal]]
) -> tuple[Allocation, ...]:
    """Offers in the order in which they are accepted; the rest of each stays free."""
    found = []
    left = needed
    for key, offered in offers:
        accepted = acceptable(left, offered)
        left = None if left is None else left - accepted
        found.append(Allocation(key, accepted, offered - accepted))
    return tuple(found)


def drawn(asked: Decimal, accepted: Decimal, whole: Decimal) -> Decimal:
    """Of `whole` units of a promise that were to bring `asked`, those that bring `accepted`."""
    if asked <= 0:
        return whole
    share = (whole * accepted / asked).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return min(whole, share)


# --- who is seen ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Exposure:
    """How much of the attention a hub gets against how much it asks for. Shares are 0..1.

    `ratio` is attention / asking: 1 is even, below 1 is overlooked; None where nothing was shown.
    """

    hub: str
    needs: int
    needs_share: Decimal
    attention_share: Decimal | None
    ratio: Decimal | None
    is_small: bool

    @property
    def is_overlooked(self) -> bool:
        return self.ratio is not None and self.ratio < OVERLOOKED


OVERLOOKED = Decimal("0.8")


def attention(place: int) -> Decimal:
    """What a place in a list is worth: the first 1, then less and less (1 / log2(place + 1))."""
    return Decimal(str(round(1 / math.log2(place + 1), 6)))


def exposure(needs_of: Mapping[str, int], lists: Iterable[Sequence[str]]) -> tuple[Exposure, ...]:
    """For each hub with open needs. `lists` name the hub of each need in the order shown.

    A hub is small where it asks for less than its even share. Least seen first.
    """
    asking = {hub: number for hub, number in needs_of.items() if number > 0}
    total = sum(asking.values())
    seen = dict.fromkeys(asking, _NONE)
    for shown in lists:
        for place, hub in enumerate(shown, start=1):
            if hub in seen:
                seen[hub] += attention(place)
    whole = sum(seen.values(), _NONE)
    found = []
    for hub, number in asking.items():
        asked = Decimal(number) / total
        given = seen[hub] / whole if whole else None
        found.append(
            Exposure(
                hub,
                number,
                asked,
                given,
                None if given is None else given / asked,
                asked < _ONE / len(asking),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.ratio is None, one.ratio or _NONE, one.hub)))


# --- words ----------------------------------------------------------------------------------


def same_unit(one: str, other: str) -> bool:
    """The same words, whatever their capitals and spaces. A blank unit is none in particular."""
    first, second = (" ".join(text.split()).casefold() for text in (one, other))
    return bool(first) and first == second


def plain(amount: Decimal) -> str:
    text = f"{amount:,.4f}".rstrip("0").rstrip(".")
    return text or "0"


def day(value: datetime.date) -> str:
    return f"{value.day} {value:%B %Y}"


def joined(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


@lru_cache(maxsize=4096)
def kilometres(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> Decimal:
    """Between two places given as (longitude, latitude), to a tenth of a kilometre."""
    lon1, lat1, lon2, lat2 = (math.radians(value) for value in (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return Decimal(str(round(2 * 6371 * math.asin(math.sqrt(min(1.0, half))), 1)))
