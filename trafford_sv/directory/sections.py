"""What the storeys above show on an organisation's page. They register in `apps.ready`.

A section function takes `(organisation, user, today)` and returns a Section or None (nothing
to show, or not for this person). It limits its rows with `visible_to(user)` and asks for as
few queries as it can: the whole page has twelve.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .models import Organisation


@dataclass(frozen=True)
class Section:
    """`anchor` is the id on the page; `template` draws `context` under the title."""

    anchor: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


SectionOf = Callable[[Organisation, Any, datetime.date], Section | None]
_REGISTRY: dict[str, SectionOf] = {}


def register_section(name: str, function: SectionOf) -> None:
    _REGISTRY[name] = function


def sections_of(organisation: Organisation, user: Any, today: datetime.date) -> list[Section]:
    found = (function(organisation, user, today) for function in _REGISTRY.values())
    return [section for section in found if section is not None]
