"""The shape every import has: plan, show, apply. Apps register their importers in `apps.ready`.

`plan` reads the file and writes what it would do (ImportRow rows, or a staging table for
large kinds) and the run's counts; it changes nothing else. `apply` does it in one
transaction. Both call `beat(done, total)` now and then, which keeps the progress page and
the heartbeat alive. A file that cannot be read at all raises FileRefused with a sentence.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .models import ImportRow, ImportRun
from .workbooks import FileRefused

Beat = Callable[[int, int], None]


@dataclass(frozen=True)
class FieldSpec:
    """One thing we look for in a file, and the headings it is usually found under."""

    name: str
    label: str
    required: bool = False
    help: str = ""
    aliases: tuple[str, ...] = field(default=())


class Importer(Protocol):
    """An importer may also offer `question_form(run) -> form class`: what only a person can say
    about the file (its licence, say). The answers are in `run.answers` when `plan` is called.
    """

    @property
    def kind(self) -> str:
        """ "spend", "contracts-ocds", "contracts-finder", "contracts-table"."""

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def permission(self) -> str:
        """Needed to run it, beside `run_imports`."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """(".csv", ".xlsx", ".zip")"""

    @property
    def needs_source_name(self) -> bool:
        """Ask for the publisher's name."""

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """Empty where the format fixes its own columns."""

    def headings(self, run: ImportRun) -> list[str]:
        """The file's headings, [] where there is nothing to map. Raises FileRefused."""

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None: ...

    def apply(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None: ...

    def discard(self, run: ImportRun) -> None:
        """Throw away what `plan` staged outside ImportRow, on cancel or before planning again."""


__all__ = ["Beat", "FieldSpec", "FileRefused", "Importer", "importer_for", "importers", "register"]


def figures_of(run: ImportRun) -> list[tuple[str, str]]:
    """(label, text) of what is particular to this kind; an importer may offer `figures(run)`."""
    figures = getattr(_REGISTRY.get(run.kind), "figures", None)
    return figures(run) if figures else []


def description_of(run: ImportRun, row: ImportRow) -> list[tuple[str, str]]:
    """(label, text) of what a row would record; an importer may offer `describe(row)`."""
    describe = getattr(_REGISTRY.get(run.kind), "describe", None)
    return describe(row) if describe else []


def question_form_of(run: ImportRun) -> Any:
    """The class of the form that this kind asks beside the columns, or None."""
    question_form = getattr(_REGISTRY.get(run.kind), "question_form", None)
    return question_form(run) if question_form else None


def sentence_of(error: Exception) -> str:
    """Why a file on this machine could not be brought in, for the person at the terminal."""
    if isinstance(error, FileNotFoundError):
        return f"There is no file at {error.filename}."
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} is a folder, not a file."
    if isinstance(error, PermissionError):
        return f"You may not read {error.filename}."
    return str(error)


def title_of(kind: str) -> str:
    """The kind's title; the bare word for one that no app registers any more."""
    importer = _REGISTRY.get(kind)
    return importer.title if importer else kind


_REGISTRY: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    _REGISTRY[importer.kind] = importer


def importer_for(kind: str) -> Importer:
    """Raises KeyError for a kind that no app registered."""
    return _REGISTRY[kind]


def importers() -> Mapping[str, Importer]:
    return dict(_REGISTRY)
