"""What the demo's officers did beside verifying: varied, proposed, recovered, rated."""

from __future__ import annotations

import datetime
from decimal import Decimal

from .demo_delivery_rows import World
from .models import Commitment, Contract
from .services.commitments import (
    accept_commitment,
    draft_commitment,
    propose_commitment,
    vary_commitment,
)
from .services.contracts import change_contract
from .services.ratings import propose_rating, record_reply
from .services.recovery import open_recovery


def vary_a_promise(world: World) -> None:
    """The leisure contract's free swimming is varied; from then on the new promise counts."""
    key = ("DEMO-056", "sandpiper")
    old = world.held[key][0]
    first = world.quarters[-3]
    at = world.moment(first.previous, -20)
    officer, supplier = world.officer(old.contract), world.voice("sandpiper")
    new = vary_commitment(
        commitment=old,
        changes={"promised_quantity": Decimal(7800), "starts": first.start},
        reason="The small pool is closed for repairs, so fewer free places can be given. Invented.",
        expected_version=old.version,
        by=officer,
        now=at,
    )
    new = propose_commitment(commitment=new, expected_version=new.version, by=officer, now=at)
    for side, who in (("supplier", supplier), ("council", officer)):
        at += datetime.timedelta(days=2)
        new = accept_commitment(
            commitment=new, side=side, expected_version=new.version, by=who, now=at
        )
    rows = Commitment.objects.filter(contract=new.contract_id).select_related(
        "contract", "measure", "value", "partner", "replaced_by"
    )
    world.held[key] = list(rows.order_by("number"))


def propose_one(world: World) -> None:
    """One more promise, accepted by the council and waiting for the supplier."""
    by, at = world.officer(world.contracts["DEMO-037"]), world.now - datetime.timedelta(days=9)
    row = draft_commitment(
        contract=world.contracts["DEMO-037"],
        values={
            "supplier": world.directory.suppliers["bramblewick"],
            "measure": world.measures["TSV-S7"],
            "promised_quantity": Decimal(2),
            "title": "Two long placements for students of an invented college",
            "owner_name": "Operations manager",
            "partner": world.partners["college"],
        },
        by=by,
        now=at,
    )
    row = propose_commitment(commitment=row, expected_version=row.version, by=by, now=at)
    accept_commitment(commitment=row, side="council", expected_version=row.version, by=by, now=at)


def open_one_recovery(world: World) -> None:
    person = world.directory.people.get("contract_manager")
    if person is None:
        return  # a recovery action has an owner with an account, and a live site has no demo ones
    open_recovery(
        commitment=world.held["DEMO-028", "old-forge"][0],
        owner=person,
        due=world.today + datetime.timedelta(days=21),
        reason="Two of the five apprentices have started. The college’s intake was missed.",
        plan="Meet the college and the supplier; take on three in the January intake. Invented.",
        by=person,
        now=world.now - datetime.timedelta(days=6),
        today=world.today,
    )


def rate_one_year(world: World) -> None:
    """The first year of the road contract, with the supplier's reply."""
    contract = world.contracts["DEMO-003"]
    if contract.regime != Contract.Regime.PA_2023:
        contract = change_contract(
            contract=contract,
            changes={"regime": Contract.Regime.PA_2023},
            expected_version=contract.version,
            by=world.officer(contract),
            now=world.now - datetime.timedelta(days=40),
            reason="Procured after the Act came in. Invented.",
        )
    now = world.now - datetime.timedelta(days=20)
    rating = propose_rating(
        contract=contract,
        supplier=world.directory.suppliers["harrow-vale"],
        year_starts=contract.start,  # type: ignore[arg-type]
        by=world.officer(contract),
        now=now,
        today=now.date(),
    )
    record_reply(
        rating=rating,
        reply="Work experience is behind because one school year group was moved. Invented reply.",
        by=world.voice("harrow-vale"),
        now=now + datetime.timedelta(days=8),
    )
