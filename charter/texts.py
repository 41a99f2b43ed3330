"""A version of the charter as it is read, top to bottom. Pure: no queries, no clock."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class InitiativeText:
    pk: int
    key: str
    title: str
    words: str
    unit: str
    origin: str


@dataclass(frozen=True)
class FocusAreaText:
    pk: int
    key: str
    title: str
    words: str
    origin: str
    initiatives: tuple[InitiativeText, ...]


@dataclass(frozen=True)
class PrincipleText:
    pk: int
    number: int
    key: str
    title: str
    words: str
    origin: str
    focus_areas: tuple[FocusAreaText, ...]


@dataclass(frozen=True)
class CharterText:
    """`status` is draft, coming, in_force or superseded on the day that was asked about."""

    pk: int
    number: int
    title: str
    introduction: str
    what_changed: str
    status: str
    status_words: str
    approving_body: str
    approved_on: datetime.date | None
    decision_reference: str
    decision_address: str
    in_force_from: datetime.date | None
    in_force_to: datetime.date | None
    source_note: str
    principles: tuple[PrincipleText, ...]

    @property
    def has_suggestions(self) -> bool:
        """Are any of its words this site's, and not the charter's?"""
        origins = {principle.origin for principle in self.principles}
        for principle in self.principles:
            for area in principle.focus_areas:
                origins |= {area.origin, *(one.origin for one in area.initiatives)}
        return "suggested" in origins
