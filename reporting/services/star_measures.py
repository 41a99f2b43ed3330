"""Defining measures: what is counted, and what it is divided by."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from trafford_sv.core.services.records import create_record, update_record

from ..catalogue import CATALOGUE, NARROWING_WORDS, Narrowing, Unit, unit_of_formula
from ..models import MeasureSet, StarMeasure
from ..star_measures import target_problem


def define_measure(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime, key: str = ""
) -> StarMeasure:
    """A new measure. Its key comes from its name. Raises ValidationError by field."""
    checked = _checked(values)
    wanted = key or slugify(str(checked.get("name", "")))[:60]
    if not wanted:
        raise ValidationError({"name": ["Give the measure a name in letters."]})
    if StarMeasure.objects.filter(key=wanted).exists():
        raise ValidationError(
            {"name": ["There is a measure of this name. Choose a name that tells them apart."]}
        )
    return create_record(
        model=StarMeasure, values={**checked, "key": wanted}, by=by, now=now, verb="measure defined"
    )


def change_measure(
    *,
    measure: StarMeasure,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> StarMeasure:
    """Of a measure in an approved set only the note. Raises Collision or ValidationError.

    Readings keep the definition they were made by.
    """
    with transaction.atomic():
        # Held, so that no set with it is approved between our look and our writing.
        stored = StarMeasure.objects.select_for_update(no_key=True).get(pk=measure.pk)
        held = {name: getattr(stored, name) for name in _RULED}
        checked = _checked({**held, **changes})
        wanted = {name: checked[name] for name in {*changes, "unit"} if name in checked}
        if stored.version == expected_version:
            _refuse_approved(stored, wanted)
        return update_record(
            record=stored,
            changes=wanted,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="measure changed",
        )


def _refuse_approved(stored: StarMeasure, wanted: Mapping[str, Any]) -> None:
    """What a committee approved stays what it was, words and target included."""
    differs = any(getattr(stored, name) != wanted[name] for name in wanted.keys() - _FREE)
    if not differs:
        return
    held = stored.sets.filter(state=MeasureSet.State.APPROVED).order_by("starts").first()
    if held is not None:
        raise ValidationError(
            f"This measure stands in the approved set “{held.name}”, so its definition does not "
            "change. Define a new measure like this one, and have a set with it approved."
        )


_FREE = frozenset({"note"})


_RULED = (
    "source", "unit", "numerator", "numerator_basis", "denominator", "denominator_basis",
    "target_quantity", "agreement", "directorate", "division", "theme", "ward",
)  # fmt: skip


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their unit worked out. Raises ValidationError by field."""
    wanted, errors = dict(values), {}
    if wanted.get("source", StarMeasure.Source.COMPUTED) == StarMeasure.Source.COMPUTED:
        errors = _figure_errors(wanted)
        if not errors:
            wanted["unit"] = unit_of_formula(wanted["numerator"], wanted.get("denominator") or "")
    else:
        for name in ("numerator", "numerator_basis", "denominator", "denominator_basis"):
            wanted[name] = ""
    problem = target_problem(wanted.get("target_quantity"), wanted.get("unit") or Unit.COUNT)
    if problem:
        errors["target_quantity"] = [problem]
    if errors:
        raise ValidationError(errors)
    return wanted


def _figure_errors(wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not wanted.get("numerator"):
        return {"numerator": ["Choose the figure that is counted."]}
    units = []
    for name in ("numerator", "denominator"):
        key, basis = wanted.get(name) or "", wanted.get(f"{name}_basis") or ""
        if not key:
            continue
        held = CATALOGUE.get(key)
        if held is None:
            errors[name] = [f"The figure “{key}” is not in the catalogue. Choose another."]
            continue
        units.append(held.unit)
        if basis not in held.bases:
            offered = ", ".join(str(one.value) for one in held.bases)
            errors[f"{name}_basis"] = [f"“{held.name}” can be: {offered}. Choose one of them."]
        for narrowing in Narrowing:
            if wanted.get(narrowing.value) and narrowing not in held.narrowings:
                errors[narrowing.value] = [
                    f"“{held.name}” cannot be limited by {NARROWING_WORDS[narrowing]}. Leave this empty."
                ]
    if len(set(units)) == 2:
        errors["denominator"] = [
            "Pounds are divided by pounds, and counts by counts. Choose two of the same unit."
        ]
    return errors
