"""Which needs may be the same, with reasons in words. A person decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

LEAST_SCORE = Decimal("0.60")
MOST_PROPOSED = 100
# How much each likeness counts; together 1.
WEIGHT_WORDS = Decimal("0.5")
WEIGHT_WARDS = Decimal("0.3")
WEIGHT_WHOM = Decimal("0.1")
WEIGHT_UNIT = Decimal("0.1")


@dataclass(frozen=True)
class NeedFacts:
    """What is compared. `wards` are codes with their boundary year."""

    key: int
    priority: int
    title: str
    words: str
    for_whom: str
    unit: str
    wards: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Likeness:
    """Two needs, the smaller key first; `score` from 0 to 1; a reason for each part of it."""

    first: int
    second: int
    score: Decimal
    reasons: tuple[str, ...]


def compare(one: NeedFacts, other: NeedFacts) -> Likeness:
    """The same answer whichever comes first."""
    one, other = sorted((one, other), key=lambda need: need.key)
    reasons = []
    title = _alike(one.title, other.title)
    text = max(title, _alike(f"{one.title} {one.words}", f"{other.title} {other.words}"))
    if text >= Decimal("0.6"):
        same = "the same" if title == 1 else f"{_per_cent(text)} alike"
        reasons.append(f"their words are {same}")
    union = one.wards | other.wards
    shared = one.wards & other.wards
    wards = Decimal(len(shared)) / len(union) if union else Decimal(0)
    if shared:
        reasons.append(
            "they are for the same wards"
            if shared == union
            else f"they share {len(shared)} of {len(union)} wards"
        )
    whom = _alike(one.for_whom, other.for_whom) if one.for_whom and other.for_whom else Decimal(0)
    if whom >= Decimal("0.8"):
        reasons.append("they are for the same people")
    unit = Decimal(bool(one.unit) and one.unit.casefold() == other.unit.casefold())
    if unit:
        reasons.append(f"both count {one.unit}")
    score = WEIGHT_WORDS * text + WEIGHT_WARDS * wards + WEIGHT_WHOM * whom + WEIGHT_UNIT * unit
    return Likeness(one.key, other.key, score.quantize(Decimal("0.01")), tuple(reasons))


def propose_merges(
    needs: Sequence[NeedFacts], decided: frozenset[tuple[int, int]] = frozenset()
) -> list[Likeness]:
    """Pairs under one priority that share a ward and are alike enough, the most alike first.

    Pairs in `decided` (smaller key first) were looked at before and are left out.
    """
    together: dict[tuple[int, tuple[str, int]], list[NeedFacts]] = defaultdict(list)
    for need in needs:
        for ward in need.wards:
            together[(need.priority, ward)].append(need)
    found: dict[tuple[int, int], Likeness] = {}
    for group in together.values():
        for at, one in enumerate(group):
            for other in group[at + 1 :]:
                pair = (min(one.key, other.key), max(one.key, other.key))
                if pair in found or pair in decided or pair[0] == pair[1]:
                    continue
                likeness = compare(one, other)
                if likeness.score >= LEAST_SCORE:
                    found[pair] = likeness
    ordered = sorted(found.values(), key=lambda like: (-like.score, like.first, like.second))
    return ordered[:MOST_PROPOSED]


def _alike(one: str, other: str) -> Decimal:
    plain = [" ".join(text.casefold().split())[:2000] for text in (one, other)]
    if not all(plain):
        return Decimal(0)
    return Decimal(str(round(fuzz.token_sort_ratio(*sorted(plain)), 1))) / 100


def _per_cent(share: Decimal) -> str:
    return f"{share * 100:.0f}%"
