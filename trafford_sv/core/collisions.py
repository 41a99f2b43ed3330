"""Two people saved one record: what each wrote, field by field, and the answer put together.

Nothing is kept between the two requests. The page that shows the collision carries what this
person typed as hidden fields under their own names, and beside each differing field the stored
value in the shape the form would post it. `merged` puts the choice back into a plain POST.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.http import QueryDict

from .selectors.history import Author, author_of_version, label_of, shown, version_of
from .services.records import Collision

KEEP = "keep:"
STORED = "stored:"
SKIPPED = {"csrfmiddlewaretoken", "version"}


@dataclass(frozen=True)
class Difference:
    """One field. `opened` is None when it is not known. `keep` is what the page proposes."""

    name: str
    label: str
    opened: str | None
    stored: str
    mine: str
    keep: str
    stored_input: str

    @property
    def keep_name(self) -> str:
        return f"{KEEP}{self.name}"

    @property
    def stored_name(self) -> str:
        return f"{STORED}{self.name}"


@dataclass(frozen=True)
class CollisionPage:
    """Everything the page needs. `carried` are (name, value) pairs of hidden inputs."""

    differences: tuple[Difference, ...]
    author: Author | None
    version: int
    carried: tuple[tuple[str, str], ...]


def collision_page(
    *, form: forms.BaseForm, stored_form: forms.BaseForm, collision: Collision
) -> CollisionPage:
    """Compare what was typed (`form`, bound) with what is stored (`stored_form`, unbound)."""
    stored: models.Model = collision.stored
    opened = version_of(stored, _version_typed(form))
    differences = []
    for name, mine in collision.attempted.items():
        if name not in form.fields:
            continue
        now_stored = _value(stored, name)
        if _comparable(now_stored) == _comparable(mine):
            continue
        before = shown(opened, name) if opened is not None and not _is_many(stored, name) else None
        stored_words, my_words = shown(stored, name), shown(stored, name, mine)
        differences.append(
            Difference(
                name=name,
                label=str(form.fields[name].label or label_of(stored, name)),
                opened=before,
                stored=stored_words,
                mine=my_words,
                # Whoever changed the field keeps it; where both did, this person decides, and
                # what they typed is proposed.
                keep="stored" if before is not None and before == my_words else "mine",
                stored_input=json.dumps(dict(posted_as(stored_form, name))),
            )
        )
    return CollisionPage(
        differences=tuple(differences),
        author=author_of_version(stored),
        version=stored.version,  # type: ignore[attr-defined]
        carried=tuple(
            (key, value)
            for key, values in getattr(form.data, "lists", list)()
            if key not in SKIPPED and not key.startswith((KEEP, STORED))
            for value in values
        ),
    )


def merged(data: QueryDict) -> QueryDict:
    """The POST as the form expects it, after the person chose on the collision page."""
    choices = [key for key in data if key.startswith(KEEP)]
    if not choices:
        return data
    result = data.copy()
    for key in choices:
        name = key.removeprefix(KEEP)
        kept = result.pop(key)
        offered = result.pop(f"{STORED}{name}", ["{}"])
        if kept[-1] != "stored":
            continue
        for input_name, values in _read(offered[-1]).items():
            if input_name in SKIPPED:
                continue
            if values:
                result.setlist(input_name, values)
            else:
                result.pop(input_name, None)
    return result


def posted_as(form: forms.BaseForm, name: str) -> Iterator[tuple[str, list[str]]]:
    """(input name, values) as a browser would send the field's present value."""
    bound = form[name]
    widget = bound.field.widget
    context = widget.get_context(bound.html_name, bound.value(), {})["widget"]
    yield from _inputs(widget, context)


def _inputs(widget: Any, context: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    if isinstance(widget, forms.MultiWidget):
        for part, part_context in zip(widget.widgets, context["subwidgets"], strict=True):
            yield from _inputs(part, part_context)
    elif isinstance(widget, forms.CheckboxInput):
        yield (
            context["name"],
            [context.get("value") or "on"] if context["attrs"].get("checked") else [],
        )
    else:
        value = context.get("value")
        values = value if isinstance(value, list | tuple) else [value]
        yield (
            context["name"],
            [str(item) for item in values if item not in (None, "")]
            or (
                []
                if isinstance(widget, forms.SelectMultiple | forms.CheckboxSelectMultiple)
                else [""]
            ),
        )


def _read(text: str) -> dict[str, list[str]]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {
        str(key): [str(item) for item in items]
        for key, items in value.items()
        if isinstance(items, list)
    }


def _version_typed(form: forms.BaseForm) -> int | None:
    try:
        return int(form.data.get(form.add_prefix("version"), ""))
    except (TypeError, ValueError):
        return None


def _is_many(record: models.Model, name: str) -> bool:
    return bool(record._meta.get_field(name).many_to_many)


def _value(record: models.Model, name: str) -> Any:
    value = getattr(record, name)
    return list(value.all()) if _is_many(record, name) else value


def _comparable(value: Any) -> Any:
    if isinstance(value, list | tuple | set | models.QuerySet):
        return {getattr(item, "pk", item) for item in value}
    return getattr(value, "pk", value) if isinstance(value, models.Model) else value
