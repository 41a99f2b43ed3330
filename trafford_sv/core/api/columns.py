"""A list's columns, said once: what to read, how it looks in JSON and CSV, what the schema says.

A hot list reads plain values and never builds model objects: serialisers cost more than
everything else a list page does.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from .. import money

Row = dict[str, Any]


def text_of(value: Any) -> Any:
    """A value as JSON has it: money as text, None as null, dates as ISO."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return value


def cell_of(value: Any) -> Any:
    """A JSON value as one CSV cell; a list is joined with "; ", a record is its name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return value.get("name") or value.get("code") or ""
    if isinstance(value, list | tuple):
        return "; ".join(str(cell_of(item)) for item in value)
    return value


@dataclass(frozen=True)
class Column:
    """One member of each result.

    `name` is what clients read; `source` is the path given to `.values()`, "" where the view's
    `attach` adds it. `schema` is the serialiser field that describes it. `in_csv` is False for
    what is not flat. `is_text` says that its cells may hold what a person typed, so that
    formulas are neutralised.
    """

    name: str
    schema: serializers.Field
    source: str = ""
    in_csv: bool = True
    is_text: bool = False
    make: Callable[[Row], Any] | None = field(default=None, compare=False)


def _kept(help_text: str, **more: Any) -> dict[str, Any]:
    return {"help_text": help_text, "read_only": True, **more}


def text(name: str, help_text: str, source: str | None = None, *, null: bool = False) -> Column:
    schema = serializers.CharField(**_kept(help_text, allow_null=null))
    return Column(name, schema, name if source is None else source, is_text=True)


def choice(
    name: str, help_text: str, choices: Iterable[tuple[str, Any]], source: str | None = None
) -> Column:
    schema = serializers.ChoiceField(
        choices=[(key, str(label)) for key, label in choices], **_kept(help_text)
    )
    return Column(name, schema, name if source is None else source)


def whole(name: str, help_text: str, source: str | None = None, *, null: bool = False) -> Column:
    schema = serializers.IntegerField(**_kept(help_text, allow_null=null))
    return Column(name, schema, name if source is None else source)


def pounds(name: str, help_text: str, source: str | None = None, *, null: bool = True) -> Column:
    """An amount as text with two decimals, whatever the database hands over for a sum."""
    schema = serializers.DecimalField(
        max_digits=20, decimal_places=2, **_kept(help_text, allow_null=null)
    )
    path = name if source is None else source

    def to_the_penny(row: Row) -> str | None:
        return None if row[path] is None else f"{money.pounds(row[path]):f}"

    return Column(name, schema, path, make=to_the_penny)


def quantity(name: str, help_text: str, source: str | None = None) -> Column:
    """Text with four decimals; null where it is not known."""
    path = name if source is None else source

    def plain(row: Row) -> str | None:
        value = row[path]
        return None if value is None else f"{Decimal(value).quantize(Decimal('0.0001')):f}"

    schema = serializers.DecimalField(
        max_digits=20, decimal_places=4, **_kept(help_text, allow_null=True)
    )
    return Column(name, schema, path, make=plain)


def date(name: str, help_text: str, source: str | None = None, *, null: bool = True) -> Column:
    schema = serializers.DateField(**_kept(help_text, allow_null=null))
    return Column(name, schema, name if source is None else source)


def yes_no(name: str, help_text: str, source: str | None = None, *, null: bool = False) -> Column:
    schema = serializers.BooleanField(**_kept(help_text, allow_null=null))
    return Column(name, schema, name if source is None else source)


def sources(columns: Sequence[Column]) -> list[str]:
    """The paths for `.values()`, each once, with the key that pages are cut by."""
    return list(dict.fromkeys(["pk", *(column.source for column in columns if column.source)]))


def render(row: Row, columns: Sequence[Column]) -> Row:
    """One result, in the columns' order."""
    return {
        column.name: text_of(
            column.make(row)
            if column.make
            else row.get(column.source)
            if column.source
            else row.get(column.name)
        )
        for column in columns
    }


def serializer_of(name: str, columns: Sequence[Column]) -> type[serializers.Serializer]:
    """A serialiser class that describes the results, for the schema only."""
    return type(name, (serializers.Serializer,), {column.name: column.schema for column in columns})
