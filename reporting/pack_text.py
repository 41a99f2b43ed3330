"""A pack as one exact text and back again, so that what was sent can be kept. Pure."""

from __future__ import annotations

import datetime
import hashlib
import json
import types
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Union, get_args, get_origin, get_type_hints

from .steering_pack import SteeringPack

# Goes up when a reader of the old text would misread the new.
SCHEMA = 1


class PackUnreadable(ValueError):
    """The text is not a pack that this version can read."""


def pack_text(pack: SteeringPack) -> str:
    """Sorted keys, no spaces: the same pack is the same text."""
    held = {"schema": SCHEMA, "pack": _plain(pack)}
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def pack_digest(text: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_pack(text: str) -> SteeringPack:
    """Raises PackUnreadable."""
    try:
        held = json.loads(text)
        if held["schema"] != SCHEMA:
            raise PackUnreadable(f"Schema {held['schema']} is not known here.")
        found: SteeringPack = _read(SteeringPack, held["pack"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PackUnreadable(str(error)) from error
    return found


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    # Amounts are text, so that no reader rounds them.
    return str(value) if isinstance(value, Decimal) else value


def _read(kind: Any, value: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) is tuple:
        of = get_args(kind)[0]
        return tuple(_read(of, one) for one in value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _read(hints[name], one) for name, one in value.items()})  # type: ignore[operator]
    if kind in (datetime.datetime, datetime.date, datetime.time):
        return kind.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
