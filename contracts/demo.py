"""The demo council's contracts: believable, invented, marked `is_demo`, removable.

Dates are counted back from the day of loading, so that the demo always has contracts that end
soon. Chance is seeded by each contract's number: the same day gives the same portfolio.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Area

from .models import Award, Contract, CpvCode
from .services.contracts import record_award, record_contract

PREFIX = "DEMO"
INCLUDED, LEFT_OUT, UNKNOWN = "included", "not_included", "unknown"


@dataclass(frozen=True)
class _Plan:
    """`awarded`: months before today, None before award. `months`: its length.

    `notice` and `ends`: days from today, where the demo needs a date to be near.
    `parts`: values of several awards.
    """

    number: int
    title: str
    directorate: str
    cpv: str
    value: int | None
    suppliers: str
    awarded: int | None
    months: int
    social: str = UNKNOWN
    light: bool = False
    framework: bool = False
    notice: int | None = None
    ends: int | None = None
    parts: tuple[int, ...] = ()
    stage: str = ""
    note: str = ""


_P = _Plan
PLANS: tuple[_Plan, ...] = (
    _P(1, "Cleaning of council buildings", "place", "90911200", 1_240_000, "bramblewick", 14, 36, INCLUDED,
       note="Six living-wage jobs for residents, and two apprenticeships a year."),
    _P(2, "Grounds maintenance, parks and open spaces", "place", "77310000", 2_480_000, "sycamore", 20, 60, INCLUDED,
       note="Volunteer days with friends of parks groups; surplus plants for schools."),
    _P(3, "Highway resurfacing programme", "place", "45233223", 11_850_000, "harrow-vale", 16, 36, INCLUDED,
       note="Twelve apprenticeships, recycled aggregate, work experience for college students."),
    _P(4, "Street lighting maintenance", "place", "50232100", 960_000, "lamplighter", 19, 36, LEFT_OUT,
       note="Left out at award: the offer was withdrawn during negotiation."),
    _P(5, "Household waste collection vehicles", "place", "34144511", 3_300_000, "fenwright", 10, 12, UNKNOWN),
    _P(6, "Home care, north area", "adults", "85312000", 4_750_000, "larkfield", 17, 48, INCLUDED, light=True,
       note="Paid travel time, and training for family carers."),
    _P(7, "Home care, south area", "adults", "85312000", 5_600_000, "larkfield,oakapple", 15, 48, INCLUDED, light=True),
    _P(8, "Supported living for adults with learning disabilities", "adults", "85311200", 8_900_000, "oakapple", 12, 60, INCLUDED, light=True),
    _P(9, "Residential care block beds", "adults", "85311100", 6_200_000, "copperbeech", 9, 36, UNKNOWN, light=True),
    _P(10, "Reablement equipment store", "adults", "33196200", 420_000, "orchard-end", 8, 24, UNKNOWN),
    _P(11, "Fostering placements framework", "children", "85311300", None, "ashdyke,thistledown", 18, 48, INCLUDED, light=True, framework=True),
    _P(12, "Short breaks for disabled children", "children", "85312100", 380_000, "thistledown,daisy-nook", 13, 24, INCLUDED, light=True, parts=(240_000, 140_000)),
    _P(13, "Home to school transport, minibuses", "children", "60130000", 1_120_000, "moorhen,ferryman", 15, 24, INCLUDED, parts=(640_000, 480_000),
       notice=24, ends=150, note="Drivers recruited from the borough."),
    _P(14, "School meals, primary cluster", "children", "55523100", 890_000, "penny-lantern", 11, 36, INCLUDED,
       note="Cookery sessions for parents; food waste collected for composting."),
    _P(15, "Youth provision, Old Trafford and Gorse Hill", "children", "92000000", 145_000, "tallow-street", 10, 24, INCLUDED, light=True),
    _P(16, "Finance system support", "finance", "72250000", 640_000, "ninebark", 22, 48, UNKNOWN),
    _P(17, "External telephony and contact centre", "finance", "64210000", 510_000, "cloudberry", 20, 36, LEFT_OUT,
       note="Called off from a national framework that had no social value question."),
    _P(18, "Insurance broking", "finance", "66518100", 72_000, "pinnacle-end", 16, 36, UNKNOWN),
    _P(19, "Internal audit co-source", "finance", "79212200", 96_000, "bellfounder", 13, 24, LEFT_OUT),
    _P(20, "Electricity supply, flexible purchase", "finance", "65310000", 7_400_000, "millrace", 18, 24, UNKNOWN, notice=40, ends=131),
    _P(21, "Legal advice, children’s proceedings", "strategy", "79111000", 185_000, "quillfield", 12, 24, INCLUDED),
    _P(22, "Welfare and debt advice", "strategy", "85321000", 330_000, "hollowmere", 9, 36, INCLUDED, light=True,
       note="Free drop-in sessions every week, beyond the contract."),
    _P(23, "Printing and mailing", "strategy", "79810000", 48_500, "tollhouse", 11, 24),
    _P(24, "Translation and interpreting", "strategy", "79530000", 50_000, "nightjar", 8, 24),
    _P(25, "Community health checks", "health", "85140000", 265_000, "marigold", 14, 36, INCLUDED, light=True),
    _P(26, "Stop smoking service", "health", "85100000", 220_000, "marigold", 21, 24, INCLUDED, light=True, notice=-12, ends=60),
    _P(27, "Domestic abuse support and refuge", "health", "85311000", 780_000, "juniper", 10, 48, INCLUDED, light=True),
    _P(28, "Leisure centre improvement works", "place", "45212200", 9_600_000, "old-forge", 7, 24, INCLUDED,
       note="Local labour target of 40 per cent; site visits for schools."),
    _P(29, "Roof repairs, five primary schools", "children", "45261900", 610_000, "stonebridge", 6, 10, UNKNOWN, ends=75),
    _P(30, "Playground renewal, phase two", "place", "37535200", 175_000, "ironbark", 5, 9, INCLUDED, ends=44),
    _P(31, "Tree surveys and works", "place", "77211000", 88_000, "greenfinch", 17, 24, INCLUDED, notice=61, ends=210),
    _P(32, "Security guarding and key holding", "place", "79710000", 395_000, "redgate", 19, 30, LEFT_OUT, notice=12, ends=104,
       note="The tender did not ask."),
    _P(33, "Building surveys and condition reports", "place", "71315300", 64_000, "wrenbury", 4, 18),
    _P(34, "Community transport for older residents", "adults", "60140000", 210_000, "moorhen", 3, 36, INCLUDED, light=True),
    _P(35, "Civil engineering, flood defence at the brook", "place", "45246400", 5_450_000, "saltersford", 2, 20, INCLUDED,
       note="Habitat work with local schools; twenty weeks of work experience."),
    _P(36, "Windows and doors, community buildings", "place", "45421100", 118_000, "kestrel-row", 2, 8, INCLUDED),
    _P(37, "Window cleaning", "place", "90911300", 22_000, "bramblewick", 6, 24),
    _P(38, "Emergency food parcels", "strategy", "15000000", 36_000, "hedgerow", 5, 12, INCLUDED, ends=88),
    _P(39, "Skills for care workers", "adults", "80500000", 92_000, "lowry-fold", 4, 18, INCLUDED, light=True),
    _P(40, "Children’s residential placements, two homes", "children", "85311300", 2_150_000, "copperbeech", 1, 36, UNKNOWN, light=True),
    _P(41, "Construction works framework", "place", "45000000", None, "old-forge,stonebridge,saltersford,kestrel-row", 12, 48, INCLUDED, framework=True),
    _P(42, "Street cleansing, town centres", "place", "90610000", 1_050_000, "glasshouse", 1, 36, INCLUDED,
       note="Three posts ring-fenced for long-term unemployed residents."),
    _P(43, "Cleaning of council buildings, previous contract", "place", "90911200", 1_080_000, "glasshouse", 54, 39, INCLUDED),
    _P(44, "Grounds maintenance, previous contract", "place", "77310000", 2_100_000, "sycamore", 80, 60, INCLUDED),
    _P(45, "Home care, borough wide, previous contract", "adults", "85312000", 7_900_000, "oakapple", 68, 48, UNKNOWN, light=True),
    _P(46, "Telephony, previous contract", "finance", "64210000", 430_000, "cloudberry", 98, 72, UNKNOWN),
    _P(47, "Security guarding and key holding, from next spring", "place", "79710000", None, "", None, 36, stage="pipeline"),
    _P(48, "Stop smoking service, new model", "health", "85100000", None, "", None, 36, stage="tender", light=True),
    _P(49, "Electricity supply from next year", "finance", "65310000", None, "", None, 24, stage="pipeline"),
    _P(50, "Mental health support in schools", "children", "85312300", None, "", None, 36, stage="evaluation", light=True),
    _P(51, "Digital inclusion sessions in hubs", "strategy", "80533100", None, "", None, 24, stage="pipeline"),
    _P(52, "Highway gully cleaning", "place", "90641000", 49_999, "fenwright", 7, 24),
    _P(53, "Catering for civic events", "strategy", "55520000", 50_000, "penny-lantern", 3, 24, INCLUDED),
    _P(54, "Data protection training", "strategy", "80511000", 15_400, "periwinkle", 2, 6, ends=29),
    _P(55, "Early years speech and language", "health", "85121200", 158_000, "thistledown", 5, 24, INCLUDED, light=True),
    _P(56, "Leisure centre management, wet side", "place", "92610000", 3_900_000, "sandpiper", 23, 60, INCLUDED,
       note="Free swimming for care leavers; lifeguard training for school leavers."),
    _P(57, "Replacement boilers, civic buildings", "place", "45331110", 340_000, "old-forge", 8, 12, LEFT_OUT, ends=121,
       note="Urgent replacement, awarded without competition."),
    _P(58, "Occupational health", "strategy", "85147000", 128_000, "marigold", 16, 24, UNKNOWN, notice=85, ends=240),
    _P(59, "Parking enforcement", "place", "98351110", 1_480_000, "redgate", 22, 36, INCLUDED, notice=170, ends=350),
    _P(60, "Council tax billing software", "finance", "48440000", None, "ninebark", 6, 36, UNKNOWN,
       note="The award notice gave no value."),
)  # fmt: skip
FOLLOWS = {1: 43, 2: 44, 6: 45, 17: 46, 48: 26, 49: 20}
ESTIMATES = {47: 420_000, 48: 240_000, 49: 7_900_000, 50: 310_000, 51: 45_000}


def load_contracts(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Creates the contracts that are missing; one that is there stays as it was edited."""
    held = dict(Contract.objects.filter(is_demo=True).values_list("reference", "pk"))
    wards = list(Area.objects.wards(2023).order_by("code"))
    categories = CpvCode.objects.in_bulk([plan.cpv for plan in PLANS])
    created = unchanged = 0
    made: dict[int, Contract] = {}
    with transaction.atomic():
        # What follows another comes after it, so that the link can be made at once.
        for plan in sorted(
            PLANS, key=lambda plan: (plan.number in FOLLOWS, FOLLOWS.get(plan.number) in FOLLOWS)
        ):
            reference = _reference(plan.number)
            if reference in held:
                unchanged += 1
                continue
            made[plan.number] = _record(
                plan,
                reference,
                directory,
                categories.get(plan.cpv),
                wards,
                by,
                now,
                today,
                made.get(FOLLOWS.get(plan.number, 0)),
            )
            created += 1
    return Counts(created=created, unchanged=unchanged)


def remove_contracts() -> int:
    """Deletes the demo's contracts with their awards and history."""
    with transaction.atomic():
        rows = Contract.objects.filter(is_demo=True)
        pks = list(rows.values_list("pk", flat=True))
        rows.delete()
        Contract.history.filter(id__in=pks).delete()
    return len(pks)


def _reference(number: int) -> str:
    return f"{PREFIX}-{number:03d}"


def _months(day: datetime.date, months: int) -> datetime.date:
    month = day.year * 12 + day.month - 1 + months
    return datetime.date(month // 12, month % 12 + 1, min(day.day, 28))


def _workday(day: datetime.date) -> datetime.date:
    return day - datetime.timedelta(days=max(0, day.weekday() - 4))


def _record(
    plan: _Plan,
    reference: str,
    directory: DemoDirectory,
    category: CpvCode | None,
    wards: list[Area],
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    predecessor: Contract | None,
) -> Contract:
    chance = random.Random(f"{PREFIX} {plan.number}")
    awarded = start = end = notice = None
    if plan.awarded is not None:
        spread = datetime.timedelta(days=chance.randrange(26))
        awarded = _workday(_months(today, -plan.awarded) - spread)
        start = _months(awarded, 1).replace(day=1)
        end = _months(start, plan.months) - datetime.timedelta(days=1)
    elif plan.stage:
        start = _months(today, chance.randrange(4, 9)).replace(day=1)
        end = _months(start, plan.months) - datetime.timedelta(days=1)
    if plan.ends is not None:
        end = today + datetime.timedelta(days=plan.ends)
    if plan.notice is not None:
        notice = today + datetime.timedelta(days=plan.notice)
    elif end is not None and plan.months >= 24:
        notice = _months(end, -6)
    served = chance.sample(wards, min(len(wards), chance.choice((0, 1, 2, 3, 4, 6, 21, 21))))
    contract = record_contract(
        values={
            "reference": reference,
            "title": plan.title,
            "description": "Invented for the demo council.",
            "buyer": directory.council,
            "directorate": directory.directorates[plan.directorate],
            "manager": directory.people.get("contract_manager") if plan.directorate == "place" else None,
            "star_lead": directory.people.get("star_officer") if chance.random() < 0.6 else None,
            "category": category,
            "stage": plan.stage or _stage(awarded, start, end, today),
            "regime": _regime(awarded, plan),
            "is_light_touch": plan.light,
            "is_framework": plan.framework,
            "estimated_value_pounds": _pounds(ESTIMATES.get(plan.number)),
            "start": start,
            "end": end,
            "notice_date": notice,
            "extension_options": chance.choice(("", "Two extensions of 12 months each", "One extension of up to 24 months")),
            "social_value": plan.social,
            "social_value_reason": plan.note,
            # So that the demo's reports show both.
            "is_named_in_public": plan.number % 3 != 0,
            "wards": served,
            "predecessor": predecessor,
            "source": "demo",
            "is_demo": True,
        },
        by=by,
        now=now,
        reason="Invented for the demo council",
    )  # fmt: skip
    if awarded is not None:
        _award(plan, contract, directory, awarded, by, now)
    return contract


def _award(
    plan: _Plan,
    contract: Contract,
    directory: DemoDirectory,
    awarded: datetime.date,
    by: Any,
    now: datetime.datetime,
) -> None:
    suppliers = [directory.suppliers[key] for key in plan.suppliers.split(",") if key]
    lots: list[tuple[str, int | None, list[Any]]] = [("", plan.value, suppliers)]
    if plan.parts:
        lots = [
            (f"Lot {n}", value, [suppliers[(n - 1) % len(suppliers)]])
            for n, value in enumerate(plan.parts, start=1)
        ]
    for title, value, winners in lots:
        award = record_award(
            contract=contract,
            values={
                "title": title,
                "awarded_on": awarded,
                "value_pounds": _pounds(value),
                "suppliers": winners,
            },
            by=by,
            now=now,
        )
        # Known since its day, so that a day of the past can be shown.
        known = timezone.make_aware(datetime.datetime.combine(awarded, datetime.time(12)))
        Award.history.filter(id=award.pk).update(history_date=min(known, now))


def _pounds(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _stage(
    awarded: datetime.date | None,
    start: datetime.date | None,
    end: datetime.date | None,
    today: datetime.date,
) -> str:
    if awarded is None:
        return Contract.Stage.PIPELINE
    if end is not None and end < today:
        return Contract.Stage.ENDED
    if start is not None and start > today:
        return (
            Contract.Stage.MOBILISING
            if start - today < datetime.timedelta(days=14)
            else Contract.Stage.AWARDED
        )
    return Contract.Stage.LIVE


def _regime(awarded: datetime.date | None, plan: _Plan) -> str:
    if plan.value is not None and plan.value < 30_000:
        return Contract.Regime.BELOW
    if awarded is None or awarded >= datetime.date(2025, 8, 1):
        return Contract.Regime.PA_2023
    return Contract.Regime.PCR_2015
