"""What can be done about a dirty value: each app says it for its own records, in `apps.ready`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .models import DataFlag


class FlagError(ValueError):
    """A flag that cannot be decided as asked; the message says why."""


@dataclass(frozen=True)
class FlagHandler:
    """Where the record's page is, what one needs to decide, and how a proposal is carried out.

    `accept(flag, by, now)` runs in the caller's transaction and raises FlagError; None where
    nothing of this kind is ever proposed.
    """

    url_name: str
    permission: str
    accept: Callable[[DataFlag, Any, datetime.datetime], None] | None = None


_REGISTRY: dict[str, FlagHandler] = {}


def register_flag_handler(subject_type: str, handler: FlagHandler) -> None:
    _REGISTRY[subject_type] = handler


def flag_handler(subject_type: str) -> FlagHandler | None:
    return _REGISTRY.get(subject_type)
