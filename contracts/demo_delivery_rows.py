"""The demo's commitments and its ordinary returns, written in bulk.

Quantities and pounds come from the same pure functions as everywhere: `count` and `price_line`.
"""

from __future__ import annotations

import copy
import datetime
import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from trafford_sv.core.periods import Quarter
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Organisation

from .counting import CountingRule, Inputs, count
from .demo_delivery_plans import DEALS, DIFFERENT, Deal, Promise
from .models import (
    Commitment,
    Contract,
    DeliveryReturn,
    EvidenceLink,
    Measure,
    ProfileQuarter,
    ReturnEvent,
    ReturnLine,
)
from .selectors.measures import values_for
from .services.commitments.rows import spread
from .services.evidence import store_evidence
from .valuation import price_line

WHY = "Invented for the demo council"
PLACES = ("M33", "M41", "M16", "M32", "WA14", "WA15")
SESSION = Decimal(8)  # people at one of the demo's sessions


@dataclass
class World:
    """What every part of the demo's deliveries needs. `held` fills as commitments are made."""

    directory: DemoDirectory
    partners: Mapping[str, Organisation]
    contracts: Mapping[str, Contract]
    measures: Mapping[str, Measure]
    quarters: tuple[Quarter, ...]
    today: datetime.date
    now: datetime.datetime
    held: dict[tuple[str, str], list[Commitment]] = field(default_factory=dict)

    def officer(self, contract: Contract) -> Any:
        """The demo's contract manager where the contract is hers, else the co-ordinator."""
        if contract.directorate_id != self.directory.directorates["place"].pk:
            return self.coordinator
        return self.directory.people.get("contract_manager") or "Demo Contract Manager"

    @property
    def coordinator(self) -> Any:
        return self.directory.people.get("coordinator") or "Demo Co-ordinator"

    def voice(self, key: str) -> Any:
        """Who speaks for a supplier: the demo's account, or a role that nobody real holds."""
        person = self.directory.people.get("supplier") if key == "bramblewick" else None
        return person or f"Social value lead, {self.directory.suppliers[key].name}"

    def moment(self, quarter: Quarter, days: int) -> datetime.datetime:
        """So many days after a quarter's end, always before now and in the order of the days."""
        day = quarter.end + datetime.timedelta(days=days)
        at = datetime.datetime.combine(day, datetime.time(10), timezone.get_current_timezone())
        return min(at, self.now - datetime.timedelta(hours=max(1, 100 - days)))

    def quarters_of(self, commitment: Commitment) -> list[Quarter]:
        """Of the demo's quarters, those in which something is reported towards it."""
        first, last = Quarter.of(_day(commitment.starts)), Quarter.of(_day(commitment.due))
        follows = getattr(commitment, "replaced_by", None)
        if follows is not None:
            last = Quarter.of(_day(follows.starts)).previous
        return [quarter for quarter in self.quarters if first <= quarter <= last]


def write_commitments(world: World) -> int:
    """Every promise of the plans, agreed by both sides at the value of its day."""
    by_day: dict[datetime.date, dict[int, Any]] = {}
    rows: list[Commitment] = []
    numbers: dict[int, int] = {}
    for deal in DEALS:
        contract = world.contracts[deal.reference]
        agreed = _agreed_on(world, contract)
        values = by_day.setdefault(agreed, values_for(world.measures.values(), agreed))
        mine = []
        for promise in deal.promises:
            numbers[contract.pk] = numbers.get(contract.pk, 0) + 1
            measure = world.measures[promise.code]
            mine.append(
                _commitment(world, deal, promise, numbers[contract.pk], agreed, values.get(measure.pk))
            )  # fmt: skip
        world.held[deal.reference, deal.supplier] = mine
        rows += mine
    for row in rows:  # known since it was agreed, so that a day of the past can be shown
        row._history_date = row.council_accepted_at  # type: ignore[attr-defined]
    bulk_create_with_history(
        rows, Commitment, default_change_reason=WHY, default_date=world.now, batch_size=200
    )
    ProfileQuarter.objects.bulk_create(
        ProfileQuarter(
            commitment=row, financial_year=quarter.start_year, quarter=quarter.number, due_quantity=due
        )
        for row in rows
        for quarter, due in spread(row.promised_quantity, row.starts, row.due, row.measure.counting)
    )  # fmt: skip
    _name_wards(rows)
    return len(rows)


def _commitment(
    world: World, deal: Deal, promise: Promise, number: int, agreed: datetime.date, value: Any
) -> Commitment:
    contract, measure = world.contracts[deal.reference], world.measures[promise.code]
    if measure.kind == Measure.Kind.RECORD_ONLY:
        value = None
    quantity = Decimal(promise.quantity)
    at = datetime.datetime.combine(agreed, datetime.time(11), timezone.get_current_timezone())
    return Commitment(
        contract=contract,
        supplier=world.directory.suppliers[deal.supplier],
        number=number,
        measure=measure,
        value=value,
        state=Commitment.State.AGREED,
        title=promise.title,
        promised_quantity=quantity,
        committed_pounds=price_line(quantity, value.value_pounds if value else None, measure.kind),
        owner_name="Social value lead",
        evidence_rule=measure.evidence_asked or "A sheet with counts",
        partner=world.partners.get(promise.partner),
        starts=max(_day(contract.start), world.quarters[0].start),
        due=contract.end,
        charter_principle=measure.charter_principle,
        agreed_on=agreed,
        council_accepted_at=at,
        council_accepted_by_name=str(world.officer(contract)),
        supplier_accepted_at=at - datetime.timedelta(days=1),
        supplier_accepted_by_name=str(world.voice(deal.supplier)),
        exclusion_reason=DIFFERENT if len(deal.promises) > 1 else "",
        is_demo=True,
    )


def _agreed_on(world: World, contract: Contract) -> datetime.date:
    """A fortnight after the award; an older contract's promises were agreed for the demo's first quarter."""
    awarded = contract.awards.order_by("awarded_on").values_list("awarded_on", flat=True).first()
    wanted = _day(awarded or contract.start) + datetime.timedelta(days=14)
    return max(min(wanted, world.today), world.quarters[0].start - datetime.timedelta(days=30))


def _name_wards(rows: Iterable[Commitment]) -> None:
    """Every fourth promise is for two of its contract's wards."""
    links = Commitment.wards.through
    chosen = [
        links(commitment=row, area=area)
        for row in list(rows)[::4]
        for area in row.contract.wards.all()[:2]
    ]
    links.objects.bulk_create(chosen)
    history = dict(
        Commitment.history.filter(id__in={link.commitment_id for link in chosen}).values_list(
            "id", "history_id"
        )
    )
    kept = Commitment.history.model.wards.model  # type: ignore[attr-defined]
    kept.objects.bulk_create(
        kept(
            history_id=history[link.commitment_id],
            id=link.pk,
            commitment_id=link.commitment_id,
            area_id=link.area_id,
        )
        for link in chosen
    )


# --- what was typed ---------------------------------------------------------------------------


def typed(
    commitment: Commitment, quarter: Quarter, due: Decimal, pace: Decimal, index: int
) -> dict[str, Any]:
    """What a supplier would type on a line for about `due` x `pace`, by the measure's rule.

    `index`: the how-manieth quarter of the commitment; people hired count in their first four.
    """
    chance = random.Random(f"{commitment.contract.reference} {commitment.number} {quarter}")
    rule = CountingRule(commitment.measure.counting)
    wanted = due * pace
    found: dict[str, Any] = {
        "place": chance.choice(PLACES),
        "happened_on": max(
            quarter.start + datetime.timedelta(days=chance.randrange(3, 55)), _day(commitment.starts)
        ),
        "narrative": f"{commitment.title}. Invented for the demonstration.",
        "partner": commitment.partner,
    }  # fmt: skip
    if rule == CountingRule.PERCENTAGE:
        found["given_quantity"] = min(Decimal(100), _round(due * pace, "1"))
    elif rule == CountingRule.FTE_YEARS:
        found.update(fte_quantity=_round(wanted * 4, "0.1"), months_quantity=Decimal(3))
    elif rule == CountingRule.HOURS_PEOPLE:
        found.update(hours_quantity=_round(wanted / SESSION, "0.5"), people_quantity=SESSION)
    elif rule == CountingRule.FIRST_YEAR:
        found.update(
            people_quantity=max(Decimal(1), _round(wanted * 4, "1")), months_quantity=Decimal(3)
        )
        back = index % 4
        started = quarter
        for _ in range(back):
            started = started.previous
        found["happened_on"] = max(started.start, _day(commitment.starts))
    else:
        found["given_quantity"] = _round(
            wanted, "0.1" if commitment.measure.unit == "tonnes" else "1"
        )
    return found  # fmt: skip


def nothing(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same line with 0, which is "nothing was done", not "not reported"."""
    return {
        name: Decimal(0) if name.endswith("_quantity") else "Nothing this quarter. Invented." if name == "narrative" else value
        for name, value in values.items()
    }  # fmt: skip


def profile_by_quarter(commitments: Iterable[Commitment]) -> dict[tuple[int, Quarter], Decimal]:
    return {
        (part.commitment_id, part.period): part.due_quantity
        for part in ProfileQuarter.objects.filter(commitment__in=[row.pk for row in commitments])
    }


def pace_of(deal: Deal, commitment: Commitment) -> Decimal:
    by_title = {promise.title: promise.pace for promise in deal.promises}
    return Decimal(by_title.get(commitment.title) or deal.pace)


# --- ordinary returns -------------------------------------------------------------------------


def write_returns(world: World) -> int:
    """Every return that no story tells: sent in time, and verified unless it still waits."""
    due = profile_by_quarter(row for rows in world.held.values() for row in rows)
    returns: list[DeliveryReturn] = []
    lines: list[ReturnLine] = []
    last = len(world.quarters) - 1
    for deal in DEALS:
        commitments = world.held[deal.reference, deal.supplier]
        for place, quarter in enumerate(world.quarters):
            back = last - place
            mine = [row for row in commitments if quarter in world.quarters_of(row)]
            if not mine or back in deal.told or back < deal.missing:
                continue
            waits = deal.waiting and back == 0
            row = _return(world, deal, quarter, waits)
            returns.append(row)
            for number, commitment in enumerate(mine, start=1):
                index = world.quarters_of(commitment).index(quarter)
                values = typed(
                    commitment, quarter, due[commitment.pk, quarter], pace_of(deal, commitment), index
                )  # fmt: skip
                if deal.zero and back == 0:
                    values = nothing(values)
                lines.append(_line(world, row, commitment, number, values, index, waits))
    history: dict[str, Any] = {"default_change_reason": WHY, "default_date": world.now}
    for row in returns:
        row._history_date = row.submitted_at  # type: ignore[attr-defined]
    for line in lines:
        known = line.decided_at or line.delivery_return.submitted_at
        line._history_date = known  # type: ignore[attr-defined]
    bulk_create_with_history(returns, DeliveryReturn, batch_size=200, **history)
    for line in lines:
        line.delivery_return = line.delivery_return
    bulk_create_with_history(lines, ReturnLine, batch_size=200, **history)
    _known_when_sent([line for line in lines if line.decided_at])
    _write_events(world, returns, lines)
    return len(returns)


def _known_when_sent(lines: Iterable[ReturnLine]) -> None:
    """What a decided line was between its sending and the decision: reported, not looked at yet."""
    told = []
    for line in lines:
        sent = copy.copy(line)
        sent.verified_quantity = sent.verified_pounds = sent.decided_at = None
        sent.state, sent.decided_by_name = ReturnLine.State.OPEN, ""
        sent._history_date = line.delivery_return.submitted_at  # type: ignore[attr-defined]
        told.append(sent)
    ReturnLine.history.bulk_history_create(told, batch_size=200, default_change_reason=WHY)


def _return(world: World, deal: Deal, quarter: Quarter, waits: bool) -> DeliveryReturn:
    days = random.Random(f"{deal.reference} {deal.supplier} {quarter}").randrange(6, 20)
    sent = world.moment(quarter, days)
    person = world.voice(deal.supplier)
    return DeliveryReturn(
        contract=world.contracts[deal.reference],
        supplier=world.directory.suppliers[deal.supplier],
        financial_year=quarter.start_year,
        quarter=quarter.number,
        counted_year=quarter.start_year,
        counted_quarter=quarter.number,
        state=DeliveryReturn.State.SUBMITTED if waits else DeliveryReturn.State.VERIFIED,
        narrative=f"An invented quarter of work, {quarter.label}.",
        declared_this_agreement=True,
        declared_committed=True,
        first_submitted_at=sent,
        submitted_at=sent,
        submitted_by_name=str(person),
        submitted_by_id=getattr(person, "pk", None),
        is_demo=True,
    )


def _line(
    world: World,
    row: DeliveryReturn,
    commitment: Commitment,
    number: int,
    values: Mapping[str, Any],
    index: int,
    waits: bool,
) -> ReturnLine:
    line = ReturnLine(delivery_return=row, commitment=commitment, number=number, **values)
    rule = CountingRule(commitment.measure.counting)
    quantity = count(
        rule,
        Inputs(
            line.given_quantity, line.fte_quantity, line.months_quantity, line.people_quantity,
            line.hours_quantity, Decimal(3 * (index % 4)),
        ),
    )  # fmt: skip
    unit = commitment.value.value_pounds if commitment.value else None
    line.reported_quantity = quantity
    line.reported_pounds = price_line(quantity, unit, commitment.measure.kind)
    line.is_counted = True
    line.counted_year, line.counted_quarter = row.counted_year, row.counted_quarter
    if not waits:
        line.verified_quantity, line.verified_pounds = line.reported_quantity, line.reported_pounds
        line.state = ReturnLine.State.ACCEPTED
        line.decided_at = world.moment(row.period, 28)
        line.decided_by_name = str(world.officer(row.contract))
    return line


def _write_events(
    world: World, returns: Iterable[DeliveryReturn], lines: Iterable[ReturnLine]
) -> None:
    """A file with the counts for each return, and who did what when."""
    by_return: dict[int, list[ReturnLine]] = {}
    for line in lines:
        by_return.setdefault(line.delivery_return_id, []).append(line)
    events: list[ReturnEvent] = []
    links: list[EvidenceLink] = []
    Action = ReturnEvent.Action
    for row in returns:
        began, sent = world.moment(row.period, 3), row.submitted_at
        who = row.submitted_by_name
        events.append(_event(row, Action.STARTED, began, who))
        counted = [line for line in by_return[row.pk] if line.reported_quantity]
        file = _sheet(row, counted, who, began) if counted else None
        for line in counted:
            assert file is not None
            links.append(EvidenceLink(file=file, line=line, linked_at=began, linked_by_name=who))
            events.append(
                _event(row, Action.FILE_ADDED, began, who, line, words=file.original_name)
            )
        events.append(_event(row, Action.SUBMITTED, sent, who))
        for line in by_return[row.pk]:
            if line.state == ReturnLine.State.ACCEPTED:
                events.append(
                    _event(
                        row, Action.ACCEPTED, line.decided_at, line.decided_by_name, line,
                        event_quantity=line.verified_quantity,
                    )
                )  # fmt: skip
    EvidenceLink.objects.bulk_create(links, batch_size=500)
    ReturnEvent.objects.bulk_create(events, batch_size=500)


def _event(
    row: DeliveryReturn, action: str, at: Any, who: str, line: ReturnLine | None = None, **more: Any
) -> ReturnEvent:
    return ReturnEvent(
        delivery_return=row, line=line, line_number=line.number if line else None, at=at,
        actor_name=who, action=action, **more,
    )  # fmt: skip


def _sheet(row: DeliveryReturn, lines: list[ReturnLine], who: str, at: Any) -> Any:
    text = "\n".join(
        ["Invented sheet of counts for the demonstration", f"{row.contract.reference} {row.period.label}"]
        + [f"Line {line.number}: {line.reported_quantity:f} {line.commitment.measure.unit}" for line in lines]
    )  # fmt: skip
    return store_evidence(
        file=io.BytesIO(text.encode()),
        original_name=f"counts-{row.contract.reference}-{row.period}.txt".lower().replace(" ", "-"),
        supplier=row.supplier,
        by=who,
        now=at,
    )


def _day(value: datetime.date | None) -> datetime.date:
    assert value is not None  # every agreement of the demo that has promises has its dates
    return value


def _round(value: Decimal, step: str) -> Decimal:
    size = Decimal(step)
    return (value / size).quantize(Decimal(1), rounding=ROUND_HALF_UP) * size
