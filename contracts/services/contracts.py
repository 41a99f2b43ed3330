"""Recording and changing contracts and their awards, with the rules a person would expect.

Each refusal is a ValidationError whose messages are sentences by field. `Collision` is raised
where somebody else saved in between. The value stands on the award; suppliers share it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.directory.models import OrganisationKind
from trafford_sv.directory.services.kinds import call_organisations

from ..agreement_words import words_for
from ..models import Award, Contract
from ..selectors.mobilisation import blockers
from ..thresholds import day_words

Sentences = dict[str, list[str]]
BEFORE_LIVE = (
    Contract.Stage.PIPELINE, Contract.Stage.TENDER, Contract.Stage.EVALUATION,
    Contract.Stage.AWARDED, Contract.Stage.MOBILISING,
)  # fmt: skip


def record_contract(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime, reason: str = ""
) -> Contract:
    """A new contract from its fields' values; `wards` is an iterable of areas."""
    with transaction.atomic():
        _refuse(_contract_problems(None, values))
        return create_record(
            model=Contract, values=values, by=by, now=now, reason=reason, verb="contract recorded"
        )


@once_more
def change_contract(
    *,
    contract: Contract,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Contract:
    """The contract after the change, judged as it would stand with every change made."""
    with transaction.atomic():
        stored = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        if stored.version == expected_version:
            _refuse(_brought_about(stored, changes, _contract_problems))
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="contract changed",
        )


def link_successor(
    *,
    contract: Contract,
    successor: Contract,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Contract:
    """Say that `successor` replaces `contract`. `expected_version` is the successor's."""
    return change_contract(
        contract=successor,
        changes={"predecessor": contract},
        expected_version=expected_version,
        by=by,
        now=now,
        reason=f"Linked as the successor of {contract.reference}.",
    )


def unlink_successor(
    *,
    contract: Contract,
    successor: Contract,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Contract:
    """Undo `link_successor`."""
    if successor.predecessor_id != contract.pk:
        raise ValidationError(f"{successor.reference} is not linked to {contract.reference}.")
    return change_contract(
        contract=successor,
        changes={"predecessor": None},
        expected_version=expected_version,
        by=by,
        now=now,
        reason=f"No longer the successor of {contract.reference}.",
    )


@once_more
def record_award(
    *,
    contract: Contract,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Award:
    """A new award. `suppliers` in `values` is an iterable of organisations."""
    with transaction.atomic():
        locked = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        _refuse(_award_problems(locked, None, values))
        award = create_record(
            model=Award,
            values={"contract": locked, **values},
            by=by,
            now=now,
            reason=reason,
            verb="award recorded",
        )
        _call_suppliers(award, values, by, now)
        return award


@once_more
def change_award(
    *,
    award: Award,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Award:
    with transaction.atomic():
        locked = Contract.objects.select_for_update(no_key=True).get(pk=award.contract_id)
        stored = Award.objects.select_for_update(no_key=True).get(pk=award.pk)
        if stored.version == expected_version:
            _refuse(_brought_about(stored, changes, partial(_award_problems, locked)))
        changed = update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="award changed",
        )
        _call_suppliers(changed, changes, by, now)
        return changed


def _call_suppliers(
    award: Award, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> None:
    """Whoever won a contract is a supplier, whatever else it is. Who holds a grant need not be."""
    if award.contract.kind != Contract.Kind.CONTRACT:
        return
    call_organisations(
        kind=OrganisationKind.Kind.SUPPLIER,
        organisations=[organisation.pk for organisation in values.get("suppliers", ())],
        by=by,
        now=now,
        reason=f"Named on an award of {award.contract.reference}",
    )


def _brought_about(
    stored: Any,
    changes: Mapping[str, Any],
    problems_of: Callable[[Any, Mapping[str, Any]], Sentences],
) -> Sentences:
    """The problems that are new, or stand at a field that is being changed.

    A published notice may break a rule and is recorded as it stands; that must not keep anybody
    from correcting its title.
    """
    before = problems_of(stored, {})
    return {
        name: said
        for name, said in problems_of(stored, changes).items()
        if before.get(name) != said or (name in changes and changes[name] != getattr(stored, name))
    }


def _refuse(problems: Sentences) -> None:
    if problems:
        raise ValidationError(problems)


def _reader(record: Any, values: Mapping[str, Any]) -> Any:
    """Reads a field as it would be after the change."""

    def read(name: str, otherwise: Any = None) -> Any:
        if name in values:
            return values[name]
        return otherwise if record is None else getattr(record, name)

    return read


def _contract_problems(stored: Contract | None, values: Mapping[str, Any]) -> Sentences:
    read = _reader(stored, values)
    found: Sentences = {}
    start, end, notice = read("start"), read("end"), read("notice_date")
    if start and end and end < start:
        found["end"] = [
            f"The contract ends on {day_words(end)}, before it starts on {day_words(start)}. "
            "Check both dates."
        ]
    if notice and end and notice > end:
        found["notice_date"] = [
            f"The notice date is after the contract ends on {day_words(end)}. Notice must be "
            "decided before the end."
        ]
    if stored is not None and read("kind") != stored.kind:
        found["kind"] = [
            "The kind of an agreement stays as it was recorded. Record another agreement instead."
        ]
    reference = (read("reference") or "").strip()
    others = Contract.objects.exclude(pk=stored.pk if stored else 0)
    if reference and others.filter(reference=reference).exists():
        found["reference"] = [
            f"The reference “{reference}” belongs to another contract. Give this one its own."
        ]
    ocid = (read("ocid") or "").strip()
    if ocid and others.filter(ocid=ocid).exists():
        found["ocid"] = [f"The OCID “{ocid}” belongs to another contract."]
    estimate = read("estimated_value_pounds")
    if estimate is not None and estimate < 0:
        found["estimated_value_pounds"] = ["A value cannot be below zero."]
    if stored is not None:
        found.update(_problems_with_awards(stored, read("is_framework"), end))
        if read("stage") == Contract.Stage.LIVE and stored.stage in BEFORE_LIVE:
            found.update(_unsettled(stored))
    predecessor = read("predecessor")
    if predecessor is not None:
        sentence = _loop(stored, predecessor)
        if sentence:
            found["predecessor"] = [sentence]
    return found


def _unsettled(stored: Contract) -> Sentences:
    """A contract goes live when each promise is agreed. One without any promise here may: open
    data brings contracts that have been live for years, and nothing is known of their promises.
    """
    found = blockers(stored)
    if not found:
        return {}
    first = found[0]
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return {
        "stage": [
            f"It cannot go live yet. {first.about}: {first.sentence} {first.todo}{more} "
            "The page “Mobilisation” lists everything."
        ]
    }


def _problems_with_awards(
    stored: Contract, is_framework: bool, end: datetime.date | None
) -> Sentences:
    found: Sentences = {}
    for awarded_on, value in Award.objects.filter(
        contract=stored, status__in=Award.COUNTED_STATUSES
    ).values_list("awarded_on", "value_pounds"):
        if is_framework and value is not None:
            found["is_framework"] = [
                "A framework has no value of its own, and an award here has one. Take the value "
                "off the award first, or leave this unticked."
            ]
        if end and awarded_on and awarded_on > end:
            found["end"] = [
                f"The contract was awarded on {day_words(awarded_on)}, after this end date. "
                "Check the end date or the award date."
            ]
    return found


def _loop(stored: Contract | None, predecessor: Contract) -> str:
    """A sentence where following predecessors from `predecessor` comes back to `stored`."""
    if stored is None:
        return ""
    if predecessor.pk == stored.pk:
        return "A contract cannot replace itself. Choose another contract."
    seen: set[int] = set()
    step: int | None = predecessor.pk
    while step is not None and step not in seen:
        seen.add(step)
        step = Contract.objects.values_list("predecessor_id", flat=True).get(pk=step)
        if step == stored.pk:
            return (
                f"{predecessor.reference} already follows {stored.reference}, so "
                f"{stored.reference} cannot follow it as well. Unlink one of them first."
            )
    return ""


def _award_problems(
    contract: Contract, stored: Award | None, values: Mapping[str, Any]
) -> Sentences:
    read = _reader(stored, values)
    found: Sentences = {}
    value, awarded_on = read("value_pounds"), read("awarded_on")
    counted = read("status", Award.Status.ACTIVE) in Award.COUNTED_STATUSES
    words = words_for(contract.kind)
    if value is not None and value < 0:
        found["value_pounds"] = ["An award’s value cannot be below zero."]
    elif value is not None and not words.has_value:
        found["value_pounds"] = [
            f"A {words.noun} has no value of its own: its commitments have. Leave this empty."
        ]
    elif value is not None and contract.is_framework:
        found["value_pounds"] = [
            "A framework has no value of its own. Leave the value empty and record it on each "
            "contract called off under the framework."
        ]
    if value is not None and awarded_on is None and counted:
        found["awarded_on"] = [
            "Give the award date. The threshold on that day decides what the contract must carry."
        ]
    if awarded_on and contract.end and awarded_on > contract.end and counted:
        found["awarded_on"] = [
            f"The award date is after the contract ends on {day_words(contract.end)}. "
            "Check the award date, or the contract’s end date."
        ]
    return found
