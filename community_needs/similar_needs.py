"""Which needs may be the same, with reasons in words. A person decides."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from rapidfuzz import fuzz

LEAST_SCORE = Decimal("0.60")
MOST_PROPOSED = 100
MOST_COMPARED = 5000  # pairs
FEW_SHARE = 25  # needs of one priority in one ward; a word that more of them share tells nothing
_NOT_WORDS = re.compile(r"[\W_]+")
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
    """Pairs that may be one need and are alike enough, the most alike first.

    Pairs in `decided` (smaller key first) were looked at before and are left out.
    """
    found = []
    for one, other in may_be_one(needs):
        if (one.key, other.key) in decided:
            continue
        likeness = compare(one, other)
        if likeness.score >= LEAST_SCORE:
            found.append(likeness)
    found.sort(key=lambda like: (-like.score, like.first, like.second))
    return found[:MOST_PROPOSED]


def may_be_one(needs: Sequence[NeedFacts]) -> list[tuple[NeedFacts, NeedFacts]]:
    """The pairs worth comparing, smaller key first: of one priority, in one ward, with the same
    title or with a word in common that few others there have.

    Far fewer than all pairs: a word that many share says nothing, and where many have one title
    each is paired with the next alone. Of what is left, at most `MOST_COMPARED` that share most.
    The order given changes nothing.
    """
    together: dict[tuple[int, tuple[str, int], str], list[NeedFacts]] = defaultdict(list)
    for need in sorted(needs, key=lambda need: need.key):
        title = " ".join(sorted(_words(need.title)))
        keys = {f"={title or need.title.strip()}", *_words(f"{need.title} {need.words}")}
        for ward in need.wards:
            for key in keys:
                together[need.priority, ward, key].append(need)
    shared: Counter[tuple[int, int]] = Counter()
    for (_, _, key), group in together.items():
        if len(group) <= FEW_SHARE:
            chosen: Iterable[tuple[NeedFacts, NeedFacts]] = combinations(group, 2)
        elif key.startswith("="):
            chosen = pairwise(group)
        else:
            continue
        for one, other in chosen:
            if one.key != other.key:
                shared[one.key, other.key] += 1
    best = sorted(shared, key=lambda pair: (-shared[pair], pair))[:MOST_COMPARED]
    by_key = {need.key: need for need in needs}
    return [(by_key[one], by_key[other]) for one, other in sorted(best)]


def _words(text: str) -> set[str]:
    """Words of four letters or more: shorter ones are mostly small change."""
    return {word for word in _NOT_WORDS.sub(" ", text.casefold()[:2000]).split() if len(word) >= 4}


def _alike(one: str, other: str) -> Decimal:
    plain = [" ".join(text.casefold().split())[:2000] for text in (one, other)]
    if not all(plain):
        return Decimal(0)
    return Decimal(str(round(fuzz.token_sort_ratio(*sorted(plain)), 1))) / 100


def _per_cent(share: Decimal) -> str:
    return f"{share * 100:.0f}%"
