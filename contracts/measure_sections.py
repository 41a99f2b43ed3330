"""What other parts of this app show on a measure's page. They register in `apps.ready`.

A section function takes `(measure, user, today)` and returns a Section or None (nothing to show,
or not for this person). It limits its rows with `visible_to(user)` and asks for few queries.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from trafford_sv.directory.sections import Section

SectionOf = Callable[[Any, Any, datetime.date], Section | None]
_REGISTRY: dict[str, SectionOf] = {}


def register_measure_section(name: str, function: SectionOf) -> None:
    _REGISTRY[name] = function


def measure_sections(measure: Any, user: Any, today: datetime.date) -> list[Section]:
    found = (function(measure, user, today) for function in _REGISTRY.values())
    return [section for section in found if section is not None]
