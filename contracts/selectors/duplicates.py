"""What looks claimed twice, with both places for officers and the own place for a supplier."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from trafford_sv.core.access import reach

from ..models import DuplicateFlag, ReturnLine


@dataclass(frozen=True)
class ClaimPlace:
    """Where a line stands. `url_pk` is its return, None where this person cannot open it."""

    line_pk: int
    words: str
    url_pk: int | None


@dataclass(frozen=True)
class ShownFlag:
    """One flag from the side of one line. `other` is None for a supplier whose line it is not."""

    row: DuplicateFlag
    own: ClaimPlace
    other: ClaimPlace | None
    sentence: str

    @property
    def is_open(self) -> bool:
        return self.row.state == DuplicateFlag.State.OPEN

    @property
    def found_at(self) -> datetime.datetime:
        return self.row.found_at


def flags_of_lines(line_pks: Collection[int], user: Any) -> dict[int, tuple[ShownFlag, ...]]:
    """Flags by line, for lines that this person may see. Two queries, however many lines."""
    everything, own = reach(user, "view_returns")
    directorates = {pk for role, pk in own if role == "contract_manager"}
    suppliers = {pk for role, pk in own if role == "supplier"}
    is_officer = everything or bool(directorates)
    path = "__delivery_return__contract"
    flags = (
        DuplicateFlag.objects.filter(Q(first__in=line_pks) | Q(second__in=line_pks))
        .select_related(f"first{path}", f"second{path}", "first__delivery_return__supplier",
                        "second__delivery_return__supplier")
        .order_by("-found_at", "pk")
    )  # fmt: skip
    found: dict[int, list[ShownFlag]] = defaultdict(list)

    def reachable(line: ReturnLine) -> bool:
        row = line.delivery_return
        return (
            everything
            or row.contract.directorate_id in directorates
            or row.supplier_id in suppliers
        )

    for flag in flags:
        for line, other in ((flag.first, flag.second), (flag.second, flag.first)):
            if line.pk not in line_pks or not reachable(line):
                continue
            shows_other = is_officer or reachable(other)
            place = _place(other, reachable(other)) if shows_other else None
            found[line.pk].append(
                ShownFlag(flag, _place(line, True), place, _sentence(flag, line, other, place))
            )
    return {pk: tuple(shown) for pk, shown in found.items()}


def _place(line: ReturnLine, may_open: bool) -> ClaimPlace:
    """Officers learn where the other claim stands; who made it only where they may see it."""
    row = line.delivery_return
    who = f", {row.supplier.name}" if may_open else ""
    return ClaimPlace(
        line.pk,
        f"{row.contract.reference}{who}, {row.period.label}, line {line.number}",
        row.pk if may_open else None,
    )


def _sentence(
    flag: DuplicateFlag, line: ReturnLine, other: ReturnLine, place: ClaimPlace | None
) -> str:
    what = flag.get_kind_display()
    if place is None:
        return f"{what} was also sent with another claim. The council will look at it."
    same = line.delivery_return.contract_id == other.delivery_return.contract_id
    where = "in this agreement" if same else "in another agreement"
    return f"{what} also stands {where}: {place.words}."
