"""A pack as one exact text and back again, so that what was sent can be kept. Pure."""

from __future__ import annotations

import json

from .datasets.canonical import as_plain, read_plain
from .steering_pack import SteeringPack

# Goes up when a reader of the old text would misread the new.
SCHEMA = 1


class PackUnreadable(ValueError):
    """The text is not a pack that this version can read."""


def pack_text(pack: SteeringPack) -> str:
    """Sorted keys, no spaces: the same pack is the same text."""
    held = {"schema": SCHEMA, "pack": as_plain(pack)}
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_pack(text: str) -> SteeringPack:
    """Raises PackUnreadable."""
    try:
        held = json.loads(text)
        if held["schema"] != SCHEMA:
            raise PackUnreadable(f"Schema {held['schema']} is not known here.")
        found: SteeringPack = read_plain(SteeringPack, held["pack"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PackUnreadable(str(error)) from error
    return found
