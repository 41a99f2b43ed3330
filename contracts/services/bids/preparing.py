"""What a tender asks for, of whom, and by when."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, create_record, update_record
from trafford_sv.directory.models import Organisation

from ... import valuation
from ...models import Bid, Contract, Measure, MeasureValue, RequestedMeasure, Tender
from ...models.measures import in_force
from ...proportionality import LEAST_WEIGHTING, is_proportionate
from ...selectors.bids import can_be_prepared, plain, proportionality, requested_rows
from ..contracts import change_contract

# After bids may come in, bidders rely on the rest.
CHANGEABLE_WHEN_OPEN = frozenset({"closes_at", "note_to_bidders"})


@dataclass(frozen=True)
class Request:
    """A measure to ask for. The value per unit is pinned by the service."""

    measure: Measure
    note: str = ""
    must_be_answered: bool = False


def locked(tender: Tender) -> Tender:
    """The tender as it is now, held until the transaction ends."""
    # SELECT FOR UPDATE does not go with a join that may be empty.
    stored = Tender.objects.select_for_update(no_key=True).get(pk=tender.pk)
    stored.contract = Contract.objects.get(pk=stored.contract_id)
    return stored


def moment_words(moment: datetime.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


def prepare_tender(
    *, contract: Contract, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> Tender:
    """The draft of the social value part of a contract's tender."""
    with transaction.atomic():
        held = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        if not can_be_prepared(held):
            raise ValidationError(
                "A tender is prepared before the award. This agreement is past that stage, or is "
                "not a contract."
            )
        if Tender.objects.filter(contract=held).exists():
            raise ValidationError("This contract has a tender already. Change that one.")
        _refuse(_problems(None, values, now))
        return create_record(
            model=Tender,
            values={"contract": held, "is_demo": held.is_demo, **values},
            by=by,
            now=now,
            verb="tender prepared",
        )


def change_tender(
    *,
    tender: Tender,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Tender:
    """While it is open only the closing time, to a later one, and the note may change."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.version == expected_version:
            differing = {k: v for k, v in changes.items() if getattr(stored, k) != v}
            _refuse(_frozen(stored, differing, now) or _problems(stored, changes, now))
        changed = update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="tender changed",
        )
        _pin_values(changed)
        return changed


def _refuse(problems: Mapping[str, list[str]]) -> None:
    if problems:
        raise ValidationError(dict(problems))


def _frozen(
    stored: Tender, differing: Mapping[str, Any], now: datetime.datetime
) -> dict[str, list[str]]:
    if stored.state == Tender.State.DRAFT or not differing:
        return {}
    if stored.state != Tender.State.OPEN:
        raise ValidationError("This tender is closed to changes: its bids have been opened.")
    found = {
        name: ["Bidders have been asked already, so this can no longer change."]
        for name in differing
        if name not in CHANGEABLE_WHEN_OPEN
    }
    closes_at = differing.get("closes_at", stored.closes_at)
    if stored.closes_at and now >= stored.closes_at:
        found["closes_at"] = [
            f"Bids closed on {moment_words(stored.closes_at)}. Open them, or withdraw the tender."
        ]
    elif closes_at is None or (stored.closes_at and closes_at < stored.closes_at):
        found["closes_at"] = ["Once it is open, the closing time may only become later."]
    return found


def _problems(
    stored: Tender | None, values: Mapping[str, Any], now: datetime.datetime
) -> dict[str, list[str]]:
    def read(name: str) -> Any:
        return values[name] if name in values else getattr(stored or Tender(), name)

    found: dict[str, list[str]] = {}
    weighting, reason = read("weighting_share"), read("exception_reason")
    if weighting is not None and weighting < LEAST_WEIGHTING and not str(reason or "").strip():
        found["exception_reason"] = [
            f"Social value weighs {plain(weighting * 100)}%, and STAR’s policy is at least "
            f"{plain(LEAST_WEIGHTING * 100)}%. Raise it, or say why it is less."
        ]
    if read("highest_score") is not None and read("highest_score") <= 0:
        found["highest_score"] = ["Give a highest score above 0."]
    edition, priced_on = (
        read("edition") if "edition" in values or stored else None,
        read("priced_on"),
    )
    if edition is not None and priced_on is not None:
        if priced_on < edition.valid_from or (edition.valid_to and priced_on > edition.valid_to):
            found["priced_on"] = [
                f"“{edition}” does not hold on this day. Choose another day or another edition."
            ]
        if edition.status != "in_use" and (stored is None or stored.edition_id != edition.pk):
            found["edition"] = ["This edition is not offered for new contracts. Choose another."]
    if stored is not None and edition is not None and stored.edition_id != edition.pk:
        if stored.requested.exists():
            found["edition"] = [
                "Measures of the present edition are asked for. Take them out before changing it."
            ]
    closes_at = values.get("closes_at")
    if (
        closes_at is not None
        and closes_at <= now
        and (stored is None or stored.closes_at != closes_at)
    ):
        found["closes_at"] = ["The closing time has passed already. Choose a later one."]
    return found


def request_measures(
    *,
    tender: Tender,
    requests: Sequence[Request],
    expected_version: int,
    exception_reason: str | None = None,
    by: Any,
    now: datetime.datetime,
) -> Tender:
    """Ask for exactly these, in this order. Pins the value in force on the pricing day.

    More than are in proportion need `exception_reason`; None leaves the recorded one.
    """
    with transaction.atomic():
        stored = locked(tender)
        if stored.version != expected_version:
            raise Collision(stored, {})
        if stored.state != Tender.State.DRAFT:
            raise ValidationError(
                "Bidders have been asked already, so the measures can no longer change."
            )
        if any(item.measure.edition_id != stored.edition_id for item in requests):
            raise ValidationError("Ask only for measures of the tender’s own edition.")
        if exception_reason is not None:
            stored.exception_reason = exception_reason.strip()
        if requests:
            _refuse_disproportion(stored, len(requests))
        before = [asked.measure.code for asked in requested_rows(stored)]
        wanted = {item.measure.pk: item for item in requests}
        stored.requested.exclude(measure__in=wanted).delete()
        held = {asked.measure_id: asked for asked in stored.requested.all()}
        for position, item in enumerate(requests):
            asked = held.get(item.measure.pk) or RequestedMeasure(
                tender=stored, measure=item.measure
            )
            asked.position, asked.note = position, item.note.strip()
            asked.must_be_answered = item.must_be_answered
            asked.save()
        _pin_values(stored)
        after = [asked.measure.code for asked in requested_rows(stored)]
        save_next(record=stored, by=by, now=now, reason=stored.exception_reason)
        record_event(
            by=by,
            now=now,
            verb="measures asked for",
            subject=stored,
            before={"measures": before},
            after={"measures": after},
            reason=stored.exception_reason,
        )
        return stored


def save_next(*, record: Any, by: Any, now: datetime.datetime, reason: str = "") -> None:
    """Save as the next version, with who, when and why in its history."""
    record.version += 1
    record._history_user = by if getattr(by, "pk", None) else None
    record._history_date = now
    record._change_reason = reason[:100]
    record.save()


def _refuse_disproportion(tender: Tender, number: int) -> None:
    findings = proportionality(tender, number)
    if is_proportionate(findings) or tender.exception_reason.strip():
        return
    sentences = [finding.sentence for finding in findings if finding.ok is False]
    raise ValidationError(
        {"exception_reason": [f"{' '.join(sentences)} Or say why this tender is different."]}
    )


def _pin_values(tender: Tender) -> None:
    """Each measure's value on the pricing day; it stays when the library changes later."""
    if tender.state != Tender.State.DRAFT:
        return
    asked = list(tender.requested.select_related("measure"))
    held: dict[int, list[valuation.DatedValue]] = {}
    rows = MeasureValue.objects.filter(
        measure__in=[item.measure_id for item in asked], area__isnull=True
    )
    for value in in_force(rows, tender.priced_on):
        held.setdefault(value.measure_id, []).append(
            valuation.DatedValue(
                None, value.value_pounds, value.valid_from, value.valid_to, key=value.pk
            )
        )
    for item in asked:
        found = valuation.value_on(held.get(item.measure_id, ()), tender.priced_on)
        wanted = found.key if found and item.measure.kind != Measure.Kind.RECORD_ONLY else None
        if item.value_id != wanted:
            item.value_id = wanted
            item.save(update_fields=["value"])


def invite_bidder(
    *, tender: Tender, organisation: Organisation, by: Any, now: datetime.datetime
) -> Bid:
    """Let an organisation bid. It learns of it when the tender opens, or at once if it is open."""
    with transaction.atomic():
        stored = locked(tender)
        is_open = stored.state == Tender.State.OPEN and stored.closes_at and now < stored.closes_at
        if stored.state != Tender.State.DRAFT and not is_open:
            raise ValidationError("Bids have closed, so nobody else can be invited.")
        if stored.bids.filter(organisation=organisation).exists():
            raise ValidationError(f"{organisation} is invited already.")
        bid = Bid(tender=stored, organisation=organisation)
        bid.version = 0
        save_next(record=bid, by=by, now=now)
        record_event(by=by, now=now, verb="bidder invited", subject=bid)
        return bid


def take_back_invitation(*, bid: Bid, by: Any, now: datetime.datetime, reason: str) -> None:
    """Only while nothing has been written: what a bidder wrote is never thrown away."""
    with transaction.atomic():
        stored = Bid.objects.select_for_update().get(pk=bid.pk)
        if stored.state != Bid.State.INVITED or stored.offers.exists():
            raise ValidationError(
                f"{stored.organisation} has begun its bid, so the invitation stands."
            )
        if not reason.strip():
            raise ValidationError("Say why. The reason stays on record.")
        record_event(by=by, now=now, verb="invitation taken back", subject=stored, reason=reason)
        stored.delete()


def open_tender(
    *, tender: Tender, expected_version: int, by: Any, now: datetime.datetime
) -> Tender:
    """Bidders see it from now on. The contract moves to the tender stage."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.version == expected_version:
            if stored.state != Tender.State.DRAFT:
                raise ValidationError("This tender is open already.")
            problems = blockers(stored, now)
            if problems:
                raise ValidationError(problems)
        changed = update_record(
            record=stored,
            changes={"state": Tender.State.OPEN},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="tender opened",
        )
        move_contract(changed, Contract.Stage.TENDER, by=by, now=now, why="Its tender was opened.")
        return changed


def blockers(tender: Tender, now: datetime.datetime) -> list[str]:
    """What still keeps a draft from opening, each with what to do."""
    found = []
    number = tender.requested.count()
    if not number:
        found.append("No measures are asked for. Choose at least one.")
    if tender.closes_at is None:
        found.append("No closing time is set. Edit the tender and give one.")
    elif tender.closes_at <= now:
        found.append(
            f"The closing time, {moment_words(tender.closes_at)}, has passed. Give a later one."
        )
    if not tender.bids.exists():
        found.append("Nobody is invited. Invite at least one bidder.")
    if number and not tender.exception_reason.strip():
        found += [
            f"{finding.sentence} Or give a reason on the tender."
            for finding in proportionality(tender, number)
            if finding.ok is False
        ]
    return found


def withdraw_tender(
    *, tender: Tender, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> Tender:
    """Stop it before the award. Bids stay as they are, and stay sealed if they were."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.version == expected_version:
            if stored.state in (Tender.State.AWARDED, Tender.State.WITHDRAWN):
                raise ValidationError("This tender is over already.")
            if not reason.strip():
                raise ValidationError({"reason": ["Say why. The reason stays on record."]})
        return update_record(
            record=stored,
            changes={"state": Tender.State.WITHDRAWN},
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="tender withdrawn",
        )


def move_contract(tender: Tender, stage: str, *, by: Any, now: datetime.datetime, why: str) -> None:
    contract = Contract.objects.select_for_update(no_key=True).get(pk=tender.contract_id)
    if contract.stage == stage:
        return
    change_contract(
        contract=contract,
        changes={"stage": stage},
        expected_version=contract.version,
        by=by,
        now=now,
        reason=why,
    )
