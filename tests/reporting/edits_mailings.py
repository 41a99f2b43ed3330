"""The pages about reports by e-mail that edit a record, for `tests/test_stale_versions.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from .mailings import make_line, make_reader


def _line() -> tuple[Any, str]:
    record = make_line()
    return record, reverse("mail-schedule-edit", args=[record.pk])


def _reader() -> tuple[Any, str]:
    record = make_reader()
    return record, reverse("mail-subscription-edit", args=[record.pk])


EDITS: dict[str, Callable[[], tuple[Any, str]]] = {
    "mail-schedule-edit": _line,
    "mail-subscription-edit": _reader,
}
