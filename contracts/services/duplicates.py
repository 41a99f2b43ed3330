"""Flags what looks claimed twice: the same file, or the same people, hours and date.

A flag is a question for an officer. It stands once for each pair, and what was decided about a
pair stays decided.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q

from trafford_sv.core.services.audit import record_event

from ..duplicates import SAME_FILE, SAME_SESSION, Claim, find_duplicates
from ..models import ActivityClaim, DuplicateFlag, EvidenceLink, ReturnLine

State = DuplicateFlag.State
Key = tuple[int, int, str, str]
# Of a file or a session that stands in more places than this not every pair is flagged, only so
# many, and each further line with the first: a person learns no more from the next thousand.
MOST_ALIKE = 60


def find_and_flag(
    *, lines: Iterable[ReturnLine], by: Any, now: datetime.datetime
) -> list[DuplicateFlag]:
    """Flag each pair of which at least one is among `lines`; the flags that are new.

    Looks at what is submitted, in every agreement and quarter and of every supplier. A file for
    several lines of one return is no double, nor are lines that share one activity by their
    shares. An open flag whose lines no longer look alike is closed. The same number of queries
    for one line and a thousand.
    """
    own = {line.pk for line in lines}
    if not own:
        return []
    with transaction.atomic():
        rows = list(
            ReturnLine.objects.filter(pk__in=own).values_list("pk", *_FIELDS).order_by("pk")
        )
        hashes = set(
            EvidenceLink.objects.filter(line__in=own).values_list("file__sha256", flat=True)
        )
        by_hash = _lines_by_hash(hashes, own)
        sessions, further = _sessions_like(rows)
        alike = {pk for pks in by_hash.values() for pk in pks} | sessions | set(further)
        claims = _claims(alike, by_hash)
        activities = dict(
            ActivityClaim.objects.filter(line__in=alike).values_list("line_id", "activity_id")
        )
        wanted = _pairs(claims, own, further, activities)
        stored = {
            (flag.first_id, flag.second_id, flag.kind, flag.file_sha256): flag
            for flag in DuplicateFlag.objects.filter(Q(first__in=own) | Q(second__in=own))
        }
        new = [
            DuplicateFlag(
                first_id=first, second_id=second, kind=kind, file_sha256=digest, found_at=now
            )
            for first, second, kind, digest in wanted
            if (first, second, kind, digest) not in stored
        ]
        DuplicateFlag.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
        _close(
            [
                flag
                for key, flag in stored.items()
                if flag.state == State.OPEN and key not in wanted
            ],
            by,
            now,
        )
        if new:
            record_event(
                by=by,
                now=now,
                verb="possible double claims flagged",
                subject_type="duplicateflag",
                subject_name=f"{len(new)} pairs of lines" if len(new) > 1 else "A pair of lines",
                after={
                    "lines": sorted({pk for flag in new for pk in (flag.first_id, flag.second_id)})
                },
            )
    return new


_FIELDS = (
    "commitment__contract_id",
    "delivery_return_id",
    "commitment_id",
    "people_quantity",
    "hours_quantity",
    "happened_on",
)


def _lines_by_hash(hashes: set[str], own: set[int]) -> dict[str, list[int]]:
    """Lines that a file with the same bytes serves, whoever sent it: for each return and
    commitment one, and only files that stand in more than one return."""
    found: dict[str, dict[tuple[int, int], int]] = defaultdict(dict)
    links = EvidenceLink.objects.filter(file__sha256__in=hashes).filter(
        Q(line__is_counted=True) | Q(line__in=own)
    )
    for digest, line, delivery_return, commitment in links.order_by("line_id").values_list(
        "file__sha256", "line_id", "line__delivery_return_id", "line__commitment_id"
    ):
        place = (delivery_return, commitment)
        # Of several lines in one place one of ours stands for all, else the first.
        if place not in found[digest] or (line in own and found[digest][place] not in own):
            found[digest][place] = line
    return {
        digest: _few(places.values(), own)
        for digest, places in found.items()
        if len({delivery_return for delivery_return, _ in places}) > 1
    }


def _sessions_like(rows: list[tuple[Any, ...]]) -> tuple[set[int], dict[int, int]]:
    """Lines that may be one event, to be compared with each other; and, where there are too many,
    further lines of ours with the one that each is compared with."""
    sessions = {row[4:7] for row in rows if all(row[4:7])}
    if not sessions:
        return set(), {}
    own = {row[0] for row in rows}
    people, hours, days = (set(values) for values in zip(*sessions, strict=True))
    candidates = ReturnLine.objects.filter(
        Q(is_counted=True) | Q(pk__in=own),
        happened_on__in=days,
        people_quantity__in=people,
        hours_quantity__in=hours,
    )
    grouped: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in candidates.order_by("pk").values_list("pk", *_FIELDS):
        if row[4:7] in sessions:
            grouped[row[4:7]].append(row[0])
    compared: set[int] = set()
    further: dict[int, int] = {}
    for pks in grouped.values():
        few = _few(pks, own)
        compared.update(few)
        further |= {pk: few[0] for pk in pks if pk in own and pk not in few}
    return compared, further


def _few(pks: Iterable[int], own: set[int]) -> list[int]:
    """At most MOST_ALIKE, half of them ours where there are so many."""
    pks = sorted(pks)
    if len(pks) <= MOST_ALIKE:
        return pks
    ours = [pk for pk in pks if pk in own][: MOST_ALIKE // 2]
    others = [pk for pk in pks if pk not in own]
    return sorted({*ours, *others[: MOST_ALIKE - len(ours)]})


def _claims(alike: set[int], by_hash: Mapping[str, list[int]]) -> list[Claim]:
    hashes: dict[int, set[str]] = defaultdict(set)
    for digest, pks in by_hash.items():
        for pk in pks:
            hashes[pk].add(digest)
    return [
        Claim(
            line_key=pk,
            agreement=agreement,
            people=people,
            hours=hours,
            happened_on=happened_on,
            file_hashes=frozenset(hashes[pk]),
            return_key=delivery_return,
        )
        for pk, agreement, delivery_return, _, people, hours, happened_on in (
            ReturnLine.objects.filter(pk__in=alike).order_by("pk").values_list("pk", *_FIELDS)
        )
    ]


def _pairs(
    claims: list[Claim],
    own: set[int],
    further: Mapping[int, int],
    activities: Mapping[int, Hashable],
) -> dict[Key, None]:
    """What is to be flagged, a key for each. One pair may share several files."""
    wanted: dict[Key, None] = {}
    held = {claim.line_key: claim for claim in claims}
    found = [
        *find_duplicates(
            replace(claim, people=None) if claim.line_key in further else claim for claim in claims
        ),
        *(
            pair
            for pk, first in further.items()
            for pair in find_duplicates((held[first], held[pk]))
        ),
    ]
    for pair in found:
        first, second = pair.first.line_key, pair.second.line_key
        if first not in own and second not in own:
            continue
        shared = activities.get(first)
        if shared is not None and shared == activities.get(second):
            continue
        if SAME_SESSION in pair.reasons:
            wanted[first, second, DuplicateFlag.Kind.SAME_EVENT, ""] = None
        if SAME_FILE in pair.reasons:
            for digest in sorted(pair.first.file_hashes & pair.second.file_hashes):
                wanted[first, second, DuplicateFlag.Kind.SAME_FILE, digest] = None
    return wanted


def _close(flags: list[DuplicateFlag], by: Any, now: datetime.datetime) -> None:
    """A line was corrected since: the question has answered itself."""
    if not flags:
        return
    # In their order, as whoever decides a line takes them; one that was decided meanwhile stays so.
    still_open = set(
        DuplicateFlag.objects.select_for_update(no_key=True)
        .filter(pk__in=[flag.pk for flag in flags], state=State.OPEN)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    flags = [flag for flag in flags if flag.pk in still_open]
    for flag in flags:
        flag.state, flag.decided_at, flag.decided_by_name = State.FINE, now, "The system"
        flag.reason = "One of the two lines was corrected, and they no longer look alike."
    DuplicateFlag.objects.bulk_update(
        flags, ["state", "reason", "decided_at", "decided_by_name"], batch_size=500
    )
    if flags:
        record_event(
            by=by,
            now=now,
            verb="possible double claims answered by a correction",
            subject_type="duplicateflag",
            subject_name=f"{len(flags)} pairs of lines" if len(flags) > 1 else "A pair of lines",
            after={"flags": [flag.pk for flag in flags]},
        )
