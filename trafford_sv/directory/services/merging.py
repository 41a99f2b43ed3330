"""Two records of one organisation become one, and can become two again.

Whatever points at the absorbed record is moved to the kept one, found from the models
themselves, so that a new kind of record needs no change here. A row that would say the
same thing twice about the kept record is taken out and remembered whole. History rows and
earlier merges stay where they are: they say what was true then.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, models, transaction
from simple_history.utils import bulk_update_with_history

from trafford_sv.core.models import Versioned
from trafford_sv.core.services.audit import actor_name, record_event

from ..models import Organisation, OrganisationAlias, OrganisationMerge
from ..names import name_key

BATCH = 500
_WORTH_KEEPING = ("pks", "removed", "added", "filled")
# What the kept record takes over where it says nothing itself. The location goes as a whole.
_FACTS = ("legal_name", "address", "website", "opening_hours", "note", "size", "is_voluntary")
_LOCATION = ("postcode", "ward_id", "la_code", "locality", "location_precision")


class MergeRefused(ValueError):
    """This merge, or its undoing, cannot be done; the message says why."""


@dataclass(frozen=True)
class Pointing:
    """A kind of record and the field by which it points at an organisation."""

    model: type[models.Model]
    field: str

    @property
    def label(self) -> str:
        return self.model._meta.label


@dataclass(frozen=True)
class MoveCount:
    """For the preview: how many records of one kind would move."""

    name: str
    field: str
    rows: int


def pointing_at_organisations() -> Iterator[Pointing]:
    """Every foreign key to Organisation that is about now, through tables included."""
    relation: Any
    for relation in Organisation._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        model = relation.related_model
        is_history = hasattr(model, "history_id") or hasattr(model, "instance_type")
        if is_history or model in (Organisation, OrganisationMerge):
            continue
        yield Pointing(model, relation.field.name)


def preview_merge(*, absorb: Organisation) -> list[MoveCount]:
    """What would move, largest first. One query for each kind of record."""
    counts = [
        MoveCount(
            str(pointing.model._meta.verbose_name_plural),
            pointing.field,
            pointing.model._base_manager.filter(**{pointing.field: absorb.pk}).count(),
        )
        for pointing in pointing_at_organisations()
    ]
    return sorted((count for count in counts if count.rows), key=lambda count: -count.rows)


def merge_organisations(
    *, keep: Organisation, absorb: Organisation, by: Any, now: datetime.datetime, reason: str
) -> OrganisationMerge:
    """Move everything from `absorb` to `keep`. Raises MergeRefused."""
    if keep.pk == absorb.pk:
        raise MergeRefused("Choose a different organisation: this is the same one.")
    if not reason.strip():
        raise MergeRefused("Say how you know that these are one organisation.")
    with transaction.atomic():
        keep, absorb = _lock(keep.pk, absorb.pk)
        for organisation in (keep, absorb):
            if organisation.merged_into_id:
                raise MergeRefused(
                    f"{organisation.name} was merged into {organisation.merged_into} already."
                )
        moved = [_move(pointing, absorb.pk, keep.pk, by, now, reason) for pointing in _sorted()]
        alias = _keep_name(keep, absorb)
        if alias:
            moved.append(
                {
                    "model": alias._meta.label,
                    "field": "organisation",
                    "pks": [],
                    "added": [alias.pk],
                }
            )
        filled = _fill(keep, absorb)
        if filled:
            moved.append({"model": keep._meta.label, "field": "", "pks": [], "filled": filled})
            _save(keep, by, now, reason)
        merge = OrganisationMerge.objects.create(
            kept=keep,
            absorbed=absorb,
            moved=[entry for entry in moved if any(entry.get(k) for k in _WORTH_KEEPING)],
            reason=reason.strip(),
            merged_at=now,
            merged_by_name=actor_name(by),
        )
        absorb.merged_into = keep
        _save(absorb, by, now, reason)
        record_event(
            by=by,
            now=now,
            verb="organisations merged",
            subject=keep,
            before={"absorbed": {"id": absorb.pk, "name": absorb.name}},
            after={"merge": merge.pk, "moved": _summary(merge.moved)},
            reason=reason.strip(),
        )
    return merge


def undo_merge(
    *, merge: OrganisationMerge, by: Any, now: datetime.datetime, reason: str = ""
) -> OrganisationMerge:
    """Put back every row that the merge moved and that still stands where it was put.

    Raises MergeRefused where it was undone already or where the kept record has been merged
    into a third since.
    """
    with transaction.atomic():
        merge = OrganisationMerge.objects.select_for_update().get(pk=merge.pk)
        if merge.undone_at:
            raise MergeRefused("This merge was undone already.")
        keep, absorb = _lock(merge.kept_id, merge.absorbed_id)
        if keep.merged_into_id:
            raise MergeRefused(
                f"{keep.name} was itself merged into {keep.merged_into} later. Undo that merge first."
            )
        for entry in reversed(merge.moved):
            if entry.get("filled"):
                _empty(keep, entry["filled"], by, now, reason or "merge undone")
                continue
            model = apps.get_model(entry["model"])
            if entry.get("added"):
                model._base_manager.filter(pk__in=entry["added"]).delete()
            _point(model, entry["field"], entry["pks"], keep.pk, absorb.pk, by, now, reason)
            if entry.get("removed"):
                for item in serializers.deserialize("json", json.dumps(entry["removed"])):
                    if not model._base_manager.filter(pk=item.object.pk).exists():
                        item.save()
        absorb.merged_into = None
        _save(absorb, by, now, reason or "merge undone")
        merge.undone_at, merge.undone_by_name = now, actor_name(by)
        merge.save()
        record_event(
            by=by,
            now=now,
            verb="merge undone",
            subject=keep,
            before={"merge": merge.pk, "moved": _summary(merge.moved)},
            after={"restored": {"id": absorb.pk, "name": absorb.name}},
            reason=reason.strip(),
        )
    return merge


def _lock(keep: int, absorb: int) -> tuple[Organisation, Organisation]:
    # In the order of their keys, so that two merges of the same pair cannot lock each other out.
    rows = {
        row.pk: row
        for row in Organisation.objects.select_for_update()
        .filter(pk__in=[keep, absorb])
        .order_by("pk")
    }
    return rows[keep], rows[absorb]


def _sorted() -> list[Pointing]:
    return sorted(pointing_at_organisations(), key=lambda item: (item.label, item.field))


def _save(organisation: Organisation, by: Any, now: datetime.datetime, reason: str) -> None:
    organisation.version += 1
    organisation._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    organisation._history_date = now  # type: ignore[attr-defined]
    organisation._change_reason = reason  # type: ignore[attr-defined]
    organisation.save()


def _is_blank(name: str, value: Any) -> bool:
    return value in (None, "") or (name == "size" and value == Organisation.Size.UNKNOWN)


def _fill(keep: Organisation, absorb: Organisation) -> dict[str, list[Any]]:
    """Facts that only the absorbed record has, put on the kept one: name -> [before, after]."""
    names = [
        name
        for name in _FACTS
        if _is_blank(name, getattr(keep, name)) and not _is_blank(name, getattr(absorb, name))
    ]
    unknown = Organisation.Locality.UNKNOWN
    if (
        not keep.postcode
        and keep.locality == unknown
        and (absorb.postcode or absorb.locality != unknown)
    ):
        names += _LOCATION
    filled = {name: [getattr(keep, name), getattr(absorb, name)] for name in names}
    for name, (_, after) in filled.items():
        setattr(keep, name, after)
    return filled


def _empty(
    keep: Organisation,
    filled: dict[str, list[Any]],
    by: Any,
    now: datetime.datetime,
    reason: str,
) -> None:
    """Take back what the merge filled in and nobody has changed since."""
    same = {name for name, (_, after) in filled.items() if getattr(keep, name) == after}
    if not same.issuperset(name for name in _LOCATION if name in filled):
        same -= set(_LOCATION)
    for name in same:
        setattr(keep, name, filled[name][0])
    if same:
        _save(keep, by, now, reason)


def _move(
    pointing: Pointing, absorb: int, keep: int, by: Any, now: datetime.datetime, reason: str
) -> dict[str, Any]:
    rows = pointing.model._base_manager.filter(**{pointing.field: absorb})
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    entry: dict[str, Any] = {"model": pointing.label, "field": pointing.field, "pks": []}
    if not pks:
        return entry
    try:
        with transaction.atomic():
            _point(pointing.model, pointing.field, pks, absorb, keep, by, now, reason)
        entry["pks"] = pks
    except IntegrityError:
        removed: list[Any] = []
        for pk in pks:
            try:
                with transaction.atomic():
                    _point(pointing.model, pointing.field, [pk], absorb, keep, by, now, reason)
                entry["pks"].append(pk)
            except IntegrityError:
                if _stands_alone(pointing.model):
                    row = pointing.model._base_manager.filter(pk=pk)
                    removed += json.loads(serializers.serialize("json", row))
                    # Without signals: the row is not gone for good, and its history says nothing new.
                    row._raw_delete(row.db)
                # Otherwise it stays with the absorbed record, with all that hangs on it.
        if removed:
            entry["removed"] = removed
    entry["pks"] = [str(pk) if not isinstance(pk, int) else pk for pk in entry["pks"]]
    return entry


def _stands_alone(model: type[models.Model]) -> bool:
    """Does nothing point at rows of this kind?"""
    return not any(
        relation.auto_created and (relation.one_to_many or relation.one_to_one)
        for relation in model._meta.get_fields(include_hidden=True)
        if not hasattr(getattr(relation, "related_model", None), "instance_type")
    )


def _point(
    model: type[models.Model],
    field: str,
    pks: list[Any],
    old: int,
    new: int,
    by: Any,
    now: datetime.datetime,
    reason: str,
) -> None:
    """Rows that still point at `old` point at `new`; a form open on one of them will collide."""
    versioned = issubclass(model, Versioned)
    has_history = hasattr(model._meta, "simple_history_manager_attribute")
    user = by if getattr(by, "pk", None) else None
    for start in range(0, len(pks), BATCH):
        rows = model._base_manager.filter(pk__in=pks[start : start + BATCH], **{field: old})
        changes: dict[str, Any] = {field: new}
        if versioned:
            changes["version"] = models.F("version") + 1
        if not has_history:
            rows.update(**changes)
            continue
        found = list(rows.values_list("pk", flat=True))
        rows.update(**changes)
        bulk_update_with_history(
            list(model._default_manager.filter(pk__in=found)),
            model,
            [],
            default_user=user,
            default_change_reason=reason,
            default_date=now,
        )


def _keep_name(keep: Organisation, absorb: Organisation) -> OrganisationAlias | None:
    """The absorbed name stays findable as another name of the kept record."""
    key = name_key(absorb.name)
    if not key or key == name_key(keep.name) or keep.aliases.filter(key=key).exists():
        return None
    return OrganisationAlias.objects.create(organisation=keep, name=absorb.name, source="merge")


def _summary(moved: list[dict[str, Any]]) -> dict[str, int]:
    return {
        f"{entry['model']}.{entry['field']}": len(entry["pks"]) for entry in moved if entry["pks"]
    }
