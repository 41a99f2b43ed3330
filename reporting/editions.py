"""The kinds of editions, each registered with how its dataset is gathered and how it is drawn.

A room registers its kind in `reporting.apps.ready`:

    register_kind(
        EditionKind(
            key="annual",                       # star-quarterly, steering-pack, annual, committee-paper
            name="Annual report",
            noun="annual report",
            is_yearly=True,                     # its period is a FinancialYear; else a Quarter
            is_public=True,                     # visitors read what is published
            needs_closed=True,                  # refused while a quarter of the period is open
            counts_to_date=True,                # holds figures to date: an earlier quarter changes them
            gather=gather_annual_report,        # (period, as_of) -> reporting.datasets.Dataset
        )
    )

`gather(period, as_of)` reads for the whole council (`EVERYWHERE`), never for one person, and returns a
draft: `number` 0, no `published_at`. `as_of` is the moment as known on which it is gathered. It must
say the same when it is asked twice; where something is missing that it cannot do without it raises
`NotReady` with a sentence. Publishing adds number, moment and what changed, refuses while
`reporting.datasets.problems` or a check has a sentence, stores the JSON and its hash, and never
gathers again: page, PDF, DOCX and XLSX are drawn from the stored text, with no query.

`document_template` extends `documents/edition.html`, which prints a dataset section by section, and
overrides what it needs (`cover`, `after_contents`). The page needs no template of its own.

A check that must pass before publication is registered with `register_check(name, check)`; it takes
`(kind, period)` and returns sentences, none where all is well. What is to happen once an edition is
published (e-mails fall due) asks `ReportEdition` on its own schedule: there are no signals.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter

from .datasets import Dataset

Period = Quarter | FinancialYear
Gather = Callable[[Period, datetime.datetime], Dataset]
Check = Callable[[str, Period], Sequence[str]]


@dataclass(frozen=True)
class EditionKind:
    """`key` is in addresses, commands and file names, and never changes."""

    key: str
    name: str
    noun: str
    gather: Gather
    is_public: bool
    is_yearly: bool = False
    needs_closed: bool = True  # every quarter of its period is closed before it is published
    counts_to_date: bool = False  # its figures also count what was before its period
    document_template: str = "documents/edition.html"
    prints_every_figure: bool = True  # a list of all of them at the end of the PDF
    about: str = ""

    def parse_period(self, text: str) -> Period:
        """Raises PeriodError with a sentence."""
        return FinancialYear.parse(text) if self.is_yearly else Quarter.parse(text)


class NotReady(ValueError):
    """A `gather` cannot build its report yet; the message says what is missing, for the officer."""


class UnknownKind(ValueError):
    """No edition of this kind is made here."""


_KINDS: dict[str, EditionKind] = {}
_CHECKS: dict[str, Check] = {}


def register_kind(kind: EditionKind) -> None:
    _KINDS[kind.key] = kind


def register_check(name: str, check: Check) -> None:
    _CHECKS[name] = check


def kinds() -> tuple[EditionKind, ...]:
    return tuple(_KINDS.values())


def kind_of(key: str) -> EditionKind:
    """Raises UnknownKind with a sentence."""
    try:
        return _KINDS[key]
    except KeyError:
        raise UnknownKind(
            f"“{key}” is no kind of report. There are: {', '.join(sorted(_KINDS))}."
        ) from None


def public_kinds() -> tuple[str, ...]:
    return tuple(kind.key for kind in _KINDS.values() if kind.is_public)


def failed_checks(kind: str, period: Period) -> list[str]:
    """The sentences of every check that stands in the way of publishing."""
    return [sentence for check in _CHECKS.values() for sentence in check(kind, period)]


def period_code(period: Period) -> str:
    """2026-27-Q1 or 2026-27."""
    return period.code if isinstance(period, Quarter) else str(period)


def parse_code(code: str) -> Period:
    """The opposite. Raises PeriodError."""
    try:
        return Quarter.parse(code)
    except PeriodError:
        return FinancialYear.parse(code)


def last_day(period: Period) -> datetime.date:
    return period.end
