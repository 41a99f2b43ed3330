"""Promises and deliveries that differ in everything a board is narrowed by, and their sums made by hand.

The sums are of plain rows in Python, one condition after the other: no selector takes part.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contracts.models import Commitment, Contract, MeasureOutcome, MeasureTheme, ReturnLine
from tests.factories import make_category, make_contract, make_organisation, make_ward
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from trafford_sv.core.periods import Quarter

Q1 = Quarter(2026, 1)
Q2 = Q1.next
NOW = datetime.datetime(2026, 11, 3, 9, tzinfo=datetime.UTC)
SUPPLIERS = 7
FILTERS = ("directorate", "division", "ward", "theme", "agreement", "quarter")


@dataclass
class World:
    """`choices`: two values of each filter that parts are made of."""

    suppliers: list[Any]
    choices: dict[str, tuple[str, str]]
    commitments: list[Commitment] = field(default_factory=list)


def filtered_world() -> World:
    """Sixteen promises whose numbers tell their parts: directorate by the first bit, category, theme, ward
    by the next. Every third is a grant; the sixth serves both wards; every fourth sent nothing of Q2.
    """
    suppliers = [make_organisation() for _ in range(SUPPLIERS)]
    places = [make_organisation(name, "council_service") for name in ("Place", "Homes")]
    categories = [make_category(), make_category("80000000", "Education and training services")]
    wards = [make_ward(), make_ward()]
    edition = make_edition()
    themes = [MeasureTheme.objects.create(edition=edition, title=one) for one in ("Jobs", "Green")]
    measures = [
        make_measure(
            edition, outcome=MeasureOutcome.objects.create(theme=theme, title=f"O {theme}")
        )
        for theme in themes
    ]
    kinds = ("contract", "grant")
    world = World(
        suppliers,
        {
            "directorate": (str(places[0].pk), str(places[1].pk)),
            "division": ("45", "80"),
            "ward": (wards[0].code, wards[1].code),
            "theme": ("Jobs", "Green"),
            "agreement": kinds,
            "quarter": (Q1.code, Q2.code),
        },
    )
    for i in range(16):
        supplier = suppliers[i % SUPPLIERS]
        contract = make_contract(
            value=str(10000 + 100 * i),
            awarded_on=datetime.date(2026, 3, 1),
            suppliers=[supplier],
            start=datetime.date(2026, 4, 1),
            end=datetime.date(2027, 3, 31),
            stage=Contract.Stage.LIVE,
            kind=kinds[i % 3 == 0],
            directorate=places[i & 1],
            category=categories[i >> 1 & 1],
        )
        measure = measures[i >> 2 & 1]
        made = make_commitment(
            contract, supplier=supplier, measure=measure, quantity=str(100 + 3 * i)
        )
        made.wards.add(*(wards if i == 5 else [wards[i >> 3 & 1]]))
        sent = make_return(contract, supplier, Q1)
        make_line(sent, made, str(10 + i), verified=str(5 + i))
        if i % 4 != 1:
            make_line(
                make_return(contract, supplier, Q2), made, str(20 + 2 * i), verified=str(7 + i)
            )
        if contract.kind == "contract":
            tender = make_tender(contract, measures=[measure])
            make_bid(tender, supplier, quantity=str(50 + i), state="won")
        world.commitments.append(made)
    return world


@dataclass(frozen=True)
class ByHand:
    """In pounds of social value, and returns of the last quarter."""

    committed: Decimal
    reported: Decimal
    verified: Decimal
    expected: int
    received: int


def by_hand(chosen: dict[str, str], *, alone: bool = False, supplier: Any = None) -> ByHand:
    """What the boards should say of a choice. `alone`: of the quarter by itself."""
    last = Quarter.parse(chosen.get("quarter", Q2.code))

    def is_in(promise: Commitment) -> bool:
        contract = promise.contract
        outcome = promise.measure.outcome
        said = {
            "directorate": str(contract.directorate_id),
            "division": str(contract.category_id)[:2],
            "theme": outcome.theme.title if outcome else "",
            "agreement": contract.kind,
        }
        if supplier is not None and promise.supplier_id != supplier.pk:
            return False
        if "ward" in chosen and chosen["ward"] not in {one.code for one in promise.wards.all()}:
            return False
        return all(said[name] == value for name, value in chosen.items() if name in said)

    promises = [one for one in Commitment.objects.all() if is_in(one)]
    keys = {one.pk for one in promises}
    committed = reported = verified = Decimal(0)
    for one in promises:
        committed += one.committed_pounds or 0
    came = set()
    for line in ReturnLine.objects.all():
        quarter = Quarter(line.counted_year or 0, line.counted_quarter or 1)
        if line.commitment_id not in keys:
            continue
        if quarter == last:
            came.add((line.commitment.contract_id, line.commitment.supplier_id))
        if quarter == last or (quarter < last and not alone):
            reported += line.reported_pounds or 0
            verified += line.verified_pounds or 0
    expected = len({(one.contract_id, one.supplier_id) for one in promises})
    return ByHand(committed, reported, verified, expected, len(came))
