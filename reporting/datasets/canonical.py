"""A dataset as one exact text, its hash, and how texts of every schema number are read.

Keys sorted, no spaces, UTF-8, defaults left out: the same dataset is always the same bytes.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from typing import Any

from .parts import BLOCKS, Block, Dataset

SCHEMA = 1


class DatasetUnreadable(ValueError):
    """Text that is no dataset of a schema that is known here; the message is for a person."""


def canonical_json(dataset: Dataset) -> str:
    return json.dumps(as_plain(dataset), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256_of(text: str) -> str:
    """Of the text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def as_plain(part: Any) -> Any:
    """Objects and lists as JSON holds them."""
    if is_dataclass(part) and not isinstance(part, type):
        plain: dict[str, Any] = {}
        for each in fields(part):
            value = getattr(part, each.name)
            if each.name == "schema" or each.default is MISSING or value != each.default:
                plain[each.name] = as_plain(value)
        kind = getattr(type(part), "kind", None)
        if isinstance(kind, str):
            plain["kind"] = kind
        return plain
    if isinstance(part, tuple):
        return [as_plain(each) for each in part]
    if isinstance(part, (datetime.date, datetime.time)):
        return part.isoformat()
    return str(part) if isinstance(part, Decimal) else part


def read_dataset(text: str) -> Dataset:
    """From the JSON of any schema number so far. Raises DatasetUnreadable."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetUnreadable("This is not the JSON of an edition.") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("schema"), int):
        raise DatasetUnreadable("This JSON names no schema number, so it is not an edition’s.")
    schema = plain["schema"]
    if not 1 <= schema <= SCHEMA:
        raise DatasetUnreadable(
            f"This edition has schema {schema}; this software reads 1 to {SCHEMA}. Update it first."
        )
    for number in range(schema, SCHEMA):
        plain = UPGRADES[number](plain)
    try:
        return typing.cast(Dataset, read_plain(Dataset, plain))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetUnreadable(
            f"A part of this edition is not as it should be: {error}"
        ) from error


# From schema N to N + 1: a function from the plain object to the plain object.
UPGRADES: dict[int, Any] = {}


def read_plain(hint: Any, plain: Any) -> Any:
    """A part of the kind that `hint` says, from what `as_plain` makes of it. Raises TypeError, ValueError
    or KeyError for what is no such part.
    """
    origin = typing.get_origin(hint)
    if hint == Block:
        return read_plain(BLOCKS[plain["kind"]], plain)
    if origin in (types.UnionType, typing.Union):
        if plain is None:
            return None
        return read_plain(
            next(one for one in typing.get_args(hint) if one is not type(None)), plain
        )
    if origin is tuple:
        inner = typing.get_args(hint)
        if not isinstance(plain, list):
            raise TypeError(f"{str(plain)[:60]} is no list")
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(read_plain(inner[0], each) for each in plain)
        return tuple(read_plain(one, each) for one, each in zip(inner, plain, strict=True))
    if is_dataclass(hint):
        return _read_part(typing.cast(type, hint), plain)
    if hint in _TEXTS:
        return _TEXTS[hint](plain)
    if type(plain) is not hint:
        raise TypeError(f"{str(plain)[:60]} is no {getattr(hint, '__name__', hint)}")
    return plain


# What JSON holds as text. Amounts are text, so that no reader rounds them.
_TEXTS: dict[Any, Any] = {
    Decimal: Decimal,
    datetime.date: datetime.date.fromisoformat,
    datetime.time: datetime.time.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
}
_HINTS: dict[type, dict[str, Any]] = {}


def _read_part(part: type, plain: Any) -> Any:
    if part not in _HINTS:
        _HINTS[part] = typing.get_type_hints(part)
    hints = _HINTS[part]
    names = {each.name for each in fields(part)}
    unknown = set(plain) - names - ({"kind"} if "kind" not in names else set())
    if unknown:
        raise TypeError(f"{part.__name__} has no {', '.join(sorted(unknown))}")
    return part(
        **{name: read_plain(hints[name], value) for name, value in plain.items() if name in names}
    )
