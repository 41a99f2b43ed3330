"""Writing the next version of the charter: begun as a copy, edited part by part, or thrown away.

Every write holds the version's row first and asks again whether it is a draft, so that nobody
edits a charter that is being approved at the same moment.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max, ProtectedError
from django.utils.text import slugify

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record, update_record

from ..models import CharterVersion, FocusArea, Initiative, Principle

Part = Principle | FocusArea | Initiative
P = TypeVar("P", Principle, FocusArea, Initiative)
NOT_A_DRAFT = (
    "This version is approved, so its words stay as they are. Begin a new draft to change them."
)
COPIED = ("title", "introduction", "source_note")


def start_draft(*, by: Any, now: datetime.datetime, is_demo: bool = False) -> CharterVersion:
    """The next version, as a copy of the latest approved one with the keys of its parts.

    Raises ValidationError where a draft is open already.
    """
    with transaction.atomic():
        held = CharterVersion.objects.drafts().first()
        if held is not None:
            raise ValidationError(
                f"Version {held.number} is a draft already. Work on that one, or discard it first."
            )
        latest = CharterVersion.objects.approved().order_by("-in_force_from").first()
        number = (CharterVersion.objects.aggregate(most=Max("number"))["most"] or 0) + 1
        values: dict[str, Any] = {"number": number, "title": "Social Value Charter"}
        if latest is not None:
            values |= {name: getattr(latest, name) for name in COPIED}
        values["is_demo"] = is_demo
        draft = create_record(
            model=CharterVersion, values=values, by=by, now=now, verb="charter draft begun"
        )
        if latest is not None:
            _copy(latest, draft, by, now)
    return draft


def _copy(source: CharterVersion, draft: CharterVersion, by: Any, now: datetime.datetime) -> None:
    """All parts, with their keys, by which versions are compared."""
    for principle in source.principles.prefetch_related("focus_areas__initiatives"):
        new = _copied(principle, by, now, charter_version=draft)
        for area in principle.focus_areas.all():
            new_area = _copied(area, by, now, principle=new)
            for initiative in area.initiatives.all():
                _copied(initiative, by, now, focus_area=new_area)


def _copied(part: P, by: Any, now: datetime.datetime, **parent: Any) -> P:
    skipped = {"id", "version", *parent}
    values = {
        field.name: getattr(part, field.name)
        for field in part._meta.concrete_fields
        if field.name not in skipped
    }
    copy: Any = type(part)(**values, **parent)
    copy._history_user = by if getattr(by, "pk", None) else None
    copy._history_date = now
    copy.save()
    return copy  # type: ignore[no-any-return]


def change_draft(
    *,
    version: CharterVersion,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> CharterVersion:
    """Its title, introduction and what is said about it. Raises Collision and ValidationError."""
    with transaction.atomic():
        hold_draft(version_id=version.pk)
        return update_record(
            record=version,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="charter draft changed",
        )


def add_principle(
    *, version: CharterVersion, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> Principle:
    return _add(Principle, "charter_version", version, version.pk, values, by, now)


def add_area(
    *, principle: Principle, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> FocusArea:
    return _add(FocusArea, "principle", principle, principle.charter_version_id, values, by, now)


def add_initiative(
    *, area: FocusArea, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> Initiative:
    held = area.principle.charter_version_id
    return _add(Initiative, "focus_area", area, held, values, by, now)


def _add(
    model: type[P],
    parent_name: str,
    parent: models.Model,
    version_id: int,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
) -> P:
    with transaction.atomic():
        hold_draft(version_id=version_id)
        siblings = model._default_manager.filter(**{parent_name: parent})
        given = dict(values)
        place = "number" if model is Principle else "position"
        if given.get(place) is None:
            given[place] = (siblings.aggregate(most=Max(place))["most"] or 0) + 1
        given["key"] = _free_key(given["title"], siblings, model)
        return create_record(model=model, values={**given, parent_name: parent}, by=by, now=now)


def _free_key(title: str, siblings: Any, model: type[models.Model]) -> str:
    longest: int = model._meta.get_field("key").max_length or 60  # type: ignore[union-attr]
    stem = slugify(title)[: longest - 6].strip("-") or "part"
    taken = set(siblings.values_list("key", flat=True))
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def change_part(
    *,
    part: P,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> P:
    """Of a draft alone. Its key stays, whatever its title becomes. Raises Collision too."""
    with transaction.atomic():
        hold_draft(version_id=version_id_of(part))
        return update_record(
            record=part, changes=changes, expected_version=expected_version, by=by, now=now
        )


def remove_part(*, part: Part, by: Any, now: datetime.datetime) -> None:
    """With all that is under it. Raises ValidationError where pledges or stories hold on to it."""
    with transaction.atomic():
        hold_draft(version_id=version_id_of(part))
        record_event(
            by=by,
            now=now,
            verb=f"{part._meta.verbose_name} removed",
            subject=part,
            before={"title": part.title, "words": part.words},
        )
        _delete(part)


def discard_draft(*, version: CharterVersion, by: Any, now: datetime.datetime) -> None:
    """The draft and all its parts are gone; what the audit log says of it stays."""
    with transaction.atomic():
        held = hold_draft(version_id=version.pk)
        record_event(by=by, now=now, verb="charter draft discarded", subject=held)
        _delete(held)


def _delete(record: models.Model) -> None:
    try:
        record.delete()
    except ProtectedError as error:
        count = len(error.protected_objects)
        raise ValidationError(
            f"“{record}” stays: {count} {'record rests' if count == 1 else 'records rest'} on it,"
            " such as a pledge, a case study or an action of the plan. Move or withdraw these first."
        ) from error


def version_id_of(part: Part) -> int:
    if isinstance(part, Principle):
        return part.charter_version_id
    if isinstance(part, FocusArea):
        return part.principle.charter_version_id
    return part.focus_area.principle.charter_version_id


def hold_draft(*, version_id: int) -> CharterVersion:
    """The version's row, held until the transaction ends. Raises ValidationError unless a draft."""
    held = CharterVersion.objects.select_for_update().filter(pk=version_id).first()
    if held is None:
        raise ValidationError("This draft was discarded meanwhile. Nothing was changed.")
    if held.state != CharterVersion.State.DRAFT:
        raise ValidationError(NOT_A_DRAFT)
    return held
