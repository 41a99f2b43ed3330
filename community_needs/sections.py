"""What the storeys above show on a need's page and in a hub's place. They register in `apps.ready`.

A need's section takes `(need, user, today)` and returns a Section or None (nothing to show, or
not for this person). What waits for a hub takes `(hubs, user)` and returns entries for the list
"Needs you". Each asks for as few queries as it can: a page has twelve.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from trafford_sv.core.parts import Need as NeedsYou
from trafford_sv.directory.sections import Section

from .models import Need

NeedSectionOf = Callable[[Need, Any, datetime.date], Section | None]
HubNeedsOf = Callable[[list[int], Any], Sequence[NeedsYou]]
_NEED_SECTIONS: dict[str, NeedSectionOf] = {}
_HUB_NEEDS: dict[str, HubNeedsOf] = {}


def register_need_section(name: str, function: NeedSectionOf) -> None:
    _NEED_SECTIONS[name] = function


def need_sections(need: Need, user: Any, today: datetime.date) -> list[Section]:
    found = (function(need, user, today) for function in _NEED_SECTIONS.values())
    return [section for section in found if section is not None]


def register_hub_needs(name: str, function: HubNeedsOf) -> None:
    _HUB_NEEDS[name] = function


def hub_needs(hubs: list[int], user: Any) -> list[NeedsYou]:
    return [entry for function in _HUB_NEEDS.values() for entry in function(hubs, user)]
