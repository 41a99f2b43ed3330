"""Two people saved one return: what each wrote, for the return and for each of its lines."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from trafford_sv.core.collisions import SKIPPED, CollisionPage, Difference, posted_as
from trafford_sv.core.selectors.history import author_of_version, shown, version_of
from trafford_sv.core.services.records import Collision

from ..counting import quantity_words
from ..forms.returns import ReturnForm
from ..models import ReturnLine


def in_words(record: Any, name: str, value: Any) -> str:
    return quantity_words(value) if isinstance(value, Decimal) else shown(record, name, value)


def lines_collision(
    form: ReturnForm, stored_form: ReturnForm, collisions: tuple[Collision, ...]
) -> CollisionPage:
    """Both versions of every field that differs, of the return and of its lines."""
    differences: list[Difference] = []
    versions: dict[str, str] = {}
    version = form.expected_version
    for collision in collisions:
        stored = collision.stored
        is_line = isinstance(stored, ReturnLine)
        if is_line:
            key = form.name_of(stored.pk, "version")
            opened = version_of(stored, form.cleaned_data.get(key))
            versions[key] = str(stored.version)
        else:
            opened, version = version_of(stored, version), stored.version
        for name, mine in collision.attempted.items():
            field = form.name_of(stored.pk, name) if is_line else name
            if field not in stored_form.fields:
                continue
            before = in_words(opened, name, getattr(opened, name)) if opened is not None else None
            my_words = in_words(stored, name, mine)
            label = str(form.fields[field].label)
            differences.append(
                Difference(
                    name=field,
                    label=f"Line {stored.number}: {label}" if is_line else label,
                    opened=before,
                    stored=in_words(stored, name, getattr(stored, name)),
                    mine=my_words,
                    keep="stored" if before is not None and before == my_words else "mine",
                    stored_input=json.dumps(dict(posted_as(stored_form, field))),
                )
            )
    carried = [
        (key, versions.get(key, value))
        for key, values in getattr(form.data, "lists", dict)()
        if key not in SKIPPED and not key.startswith(("keep:", "stored:"))
        for value in values
    ]
    return CollisionPage(
        tuple(differences), author_of_version(collisions[0].stored), version, tuple(carried)
    )
