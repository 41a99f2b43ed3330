"""Who sits on the Group on a day, who takes the chair, and what a person may do there."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from trafford_sv.core.access import can, grants_of

from ..models import ChairTerm, Seat

# Whoever prepares the meetings does so as an officer; the chair does so by their seat.
OFFICERS = frozenset({"administrator", "coordinator"})


@dataclass(frozen=True)
class Standing:
    """What one person is to the Group on a day. `seat` None: no seat in force.

    `runs`: prepares meetings and records what came of them. `past`: had a seat once.
    """

    seat: Seat | None
    is_chair: bool
    runs: bool
    reads_confidential: bool
    past: bool = False

    @property
    def takes_part(self) -> bool:
        return self.seat is not None


def with_chair(day: datetime.date) -> QuerySet[Seat]:
    """All seats with `chairs_seat`: the key of the seat in the chair on the day. 1 query."""
    term = ChairTerm.objects.filter(starts__lte=day).order_by("-starts").values("seat")[:1]
    return Seat.objects.annotate(chairs_seat=Subquery(term))


def chair_on(day: datetime.date) -> Seat | None:
    """The seat in the chair; None where it is vacant or that seat is not in force."""
    term = ChairTerm.objects.filter(starts__lte=day).select_related("seat").first()
    seat = term.seat if term else None
    return seat if seat is not None and seat.is_in_force(day) else None


def seats_on(day: datetime.date) -> list[Seat]:
    """In force on the day, the chair first, each with `is_chair`."""
    found = list(with_chair(day).in_force(day))  # type: ignore[attr-defined]
    for seat in found:
        seat.is_chair = seat.chairs_seat == seat.pk
    return sorted(found, key=lambda seat: not seat.is_chair)


def standing_of(user: Any, day: datetime.date) -> Standing:
    """1 query for whoever has an account, none for a visitor."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Standing(None, False, False, False)
    seats: list[Any] = list(with_chair(day).filter(user=user))
    held = next((seat for seat in seats if seat.is_in_force(day)), None)
    # Of two seats, the one that takes the chair speaks.
    held = next(
        (seat for seat in seats if seat.is_in_force(day) and seat.chairs_seat == seat.pk), held
    )
    is_chair = held is not None and held.chairs_seat == held.pk
    roles = {grant.role for grant in grants_of(user)}
    if not can(user, "take_part_in_steering"):
        held, is_chair = None, False
    runs = can(user, "run_steering") and (bool(roles & OFFICERS) or is_chair)
    return Standing(
        seat=held,
        is_chair=is_chair,
        runs=runs,
        reads_confidential=held is not None or (can(user, "read_confidential_steering")),
        past=bool(seats) and held is None,
    )


@dataclass(frozen=True)
class BodyOnGroup:
    """One organisation or service on the Group, with the roles that hold its seats."""

    body: str
    roles: tuple[str, ...]
    has_chair: bool


def bodies_on(day: datetime.date) -> tuple[BodyOnGroup, ...]:
    """For the public page: organisations and roles, no accounts. 1 query."""
    found: dict[str, list[Seat]] = {}
    for seat in seats_on(day):
        found.setdefault(seat.body, []).append(seat)
    return tuple(_body(name, seats) for name, seats in found.items())


def _body(name: str, seats: Sequence[Any]) -> BodyOnGroup:
    return BodyOnGroup(
        name, tuple(seat.held_by for seat in seats), any(seat.is_chair for seat in seats)
    )


def seat_rows(day: datetime.date) -> QuerySet[Seat]:
    """For the list: every seat that there was, with its chair and account."""
    return with_chair(day).select_related("user", "organisation")


def chair_terms(limit: int = 20) -> list[ChairTerm]:
    return list(ChairTerm.objects.select_related("seat")[:limit])


def term_before(day: datetime.date) -> ChairTerm | None:
    return ChairTerm.objects.filter(starts__lt=day).select_related("seat").first()


def seats_by_account(users: Any, day: datetime.date) -> QuerySet[Seat]:
    """Seats in force on the day that these people hold."""
    return Seat.objects.in_force(day).filter(user__in=users)  # type: ignore[no-any-return]


def has_seat(day: datetime.date) -> Q:
    """Of people: those with a seat in force."""
    return Q(pk__in=Seat.objects.in_force(day).filter(user__isnull=False).values("user"))


__all__ = [
    "BodyOnGroup",
    "Standing",
    "bodies_on",
    "chair_on",
    "chair_terms",
    "has_seat",
    "seat_rows",
    "seats_by_account",
    "seats_on",
    "standing_of",
    "term_before",
    "with_chair",
]
