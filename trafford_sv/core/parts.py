"""What the shared page parts are made from: frozen, and free of Django and queries.

A selector's result becomes one of these in a view; the templates in `templates/components/`
draw them. Amounts are Decimal and None is "not known", never 0.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """How solid a value is. The four are one hue growing solid, everywhere."""

    PLAIN = "plain"
    OFFERED = "offered"
    COMMITTED = "committed"
    REPORTED = "reported"
    VERIFIED = "verified"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    State.PLAIN: "",
    State.OFFERED: "Offered in a bid",
    State.COMMITTED: "Committed in a contract",
    State.REPORTED: "Reported by the supplier, not yet checked",
    State.VERIFIED: "Verified with evidence",
}


class Tone(StrEnum):
    """The colour of a status tag; its words always say the same without colour."""

    NEUTRAL = "neutral"
    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Tag:
    """A status: `text` in two or three words."""

    text: str
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True)
class Link:
    """`about` is read out after the text, where the text alone says too little."""

    text: str
    url: str
    about: str = ""


@dataclass(frozen=True)
class Figure:
    """One number with everything a reader needs to trust it.

    `number` is rounded for reading ("£1.24 million"); `exact` is for checking. `number` None
    is drawn as `missing` ("Not reported"), never as 0. `of_what` says the base ("of £4.2 million
    promised"); `completeness` how much is known ("11 of 14 returns in"); `change` the difference
    since when ("£120,000 more than in Q4"); `way_in` opens the rows behind it.
    """

    label: str
    number: str | None
    exact: str = ""
    state: State = State.PLAIN
    of_what: str = ""
    completeness: str = ""
    change: str = ""
    way_in: Link | None = None
    missing: str = "Not known"
    local_economic: bool = False


@dataclass(frozen=True)
class EmptyState:
    """What will be here and how to begin."""

    title: str
    text: str = ""
    action: Link | None = None


@dataclass(frozen=True)
class SummaryRow:
    """A row of a summary list. `value` None or "" is drawn as `missing`."""

    key: str
    value: object
    action: Link | None = None
    missing: str = "Not known"
    note: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened. `moment` is a date or an aware datetime."""

    title: str
    moment: datetime.date | datetime.datetime
    by: str = ""
    text: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Heading:
    """A column heading as drawn. `order` is "ascending", "descending" or "" (not sorted by it)."""

    text: str
    numeric: bool = False
    url: str = ""
    order: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Table:
    """A small whole table: `rows` hold text or safe HTML; `numeric` are right-aligned columns.

    `is_stacked`: each row is a small card on a phone, as in a list, instead of scrolling.
    """

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    numeric: frozenset[int] = frozenset()
    total: Sequence[object] = ()
    is_stacked: bool = False

    @property
    def labelled_rows(self) -> list[list[tuple[str, object]]]:
        """Each cell with the heading of its column."""
        return [list(zip(self.headings, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class ChosenFilter:
    """A filter in force, and the address without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class PageLink:
    """`number` None is a gap."""

    number: int | None
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class Paging:
    first: int
    last: int
    total: int
    links: Sequence[PageLink] = ()
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True)
class Need:
    """A line of "needs you": worst first, with its due date as words."""

    text: str
    url: str
    detail: str = ""
    tag: Tag | None = None
    amount: Decimal | None = None
