"""What the storeys above show on a case study's or an adopter's page. They register in `apps.ready`.

A section function takes `(record, user, today)` and returns a `directory.sections.Section` or
None. It limits its rows with `visible_to(user)`; the page is public, so `user` may be nobody.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from trafford_sv.directory.sections import Section

SectionOf = Callable[[Any, Any, datetime.date], Section | None]
_CASE_STUDIES: dict[str, SectionOf] = {}
_ADOPTIONS: dict[str, SectionOf] = {}


def register_case_study_section(name: str, function: SectionOf) -> None:
    _CASE_STUDIES[name] = function


def register_adoption_section(name: str, function: SectionOf) -> None:
    _ADOPTIONS[name] = function


def case_study_sections(case_study: Any, user: Any, today: datetime.date) -> list[Section]:
    found = (function(case_study, user, today) for function in _CASE_STUDIES.values())
    return [section for section in found if section is not None]


def adoption_sections(adoption: Any, user: Any, today: datetime.date) -> list[Section]:
    found = (function(adoption, user, today) for function in _ADOPTIONS.values())
    return [section for section in found if section is not None]
