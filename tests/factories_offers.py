"""Small believable rows about offers for needs. Append; change nothing that others rely on."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from community_needs.models import Need, Priority
from contracts.models import Commitment, Measure, NeedClause, NeedOffer, PriorityFit, SpareOffer
from tests.factories import make_contract, make_organisation, make_ward
from tests.factories_delivery import make_commitment, make_measure
from tests.factories_needs import NOW, make_hub, make_need, make_priority
from trafford_sv.directory.models import Area, Organisation

TODAY = NOW.date()


def make_fit(
    priority: Priority | None = None, measure: Measure | None = None, fit: str = "strong"
) -> PriorityFit:
    return PriorityFit.objects.create(
        priority=priority or make_priority(),
        measure=measure or make_measure(value=None, kind="record_only", unit="sessions"),
        fit=fit,
        reason="It counts exactly this.",
    )


def make_promise(
    fit: PriorityFit, *wards: Area, quantity: str = "100", supplier: Organisation | None = None,
    **values: Any,
) -> Commitment:  # fmt: skip
    """A live commitment by a measure that fits, until March 2027."""
    commitment = make_commitment(
        supplier=supplier, measure=fit.measure, quantity=quantity, **values
    )
    commitment.wards.set(wards)
    return commitment


def make_spare(
    *priorities: Priority, supplier: Organisation | None = None, **values: Any
) -> SpareOffer:
    spare = SpareOffer.objects.create(
        **{
            "supplier": supplier or make_organisation(),
            "title": "A minibus on Fridays",
            "offered_quantity": Decimal(20),
            "unit": "sessions",
            "ends": datetime.date(2027, 3, 31),
            **values,
        }
    )
    spare.priorities.set(priorities or [make_priority()])
    return spare


def make_asked(quantity: str | None = "40", **values: Any) -> tuple[Need, PriorityFit]:
    """A hub's need in its own ward, and a measure that fits its priority directly."""
    ward = make_ward()
    hub = values.pop("hub", None) or make_hub("", ward).organisation
    priority = values.pop("priority", None) or make_priority()
    need = make_need(ward, quantity=quantity, hub=hub, priority=priority, **values)
    return need, make_fit(priority)


def make_offer(
    need: Need | None = None,
    commitment: Commitment | None = None,
    *,
    state: str = "proposed",
    quantity: str = "25",
    **values: Any,
) -> NeedOffer:
    """An offer as the services would leave it in that state. The need's counters stay as they are."""
    if need is None:
        need, fit = make_asked()
        commitment = commitment or make_promise(fit, *need.wards.all())
    assert commitment is not None or "spare" in values
    amount = Decimal(quantity)
    answered = {"supplier_answered_at": NOW, "supplier_answered_by_name": "A supplier's user"}
    heard = {"hub_answered_at": NOW, "hub_answered_by_name": "Somebody at the hub"}
    taken = {"accepted_quantity": amount}
    brought = {"delivered_quantity": amount, "delivered_on": TODAY, "delivered_at": NOW}
    by_state: dict[str, dict[str, Any]] = {
        "proposed": {},
        "agreed": answered,
        "accepted": answered | heard | taken,
        "delivered": answered | heard | taken | brought,
        "confirmed": answered | heard | taken | brought
        | {"confirmed_quantity": amount, "confirmed_at": NOW},
        "missed": answered | heard | taken | brought
        | {"confirmed_quantity": Decimal(0), "confirmed_at": NOW, "confirmed_words": "Nobody came."},
        "refused": answered | {"refused_reason": "Our team is away."},
        "declined": answered | heard | {"declined_reason": "The hall is closed then."},
        "withdrawn": {"withdrawn_at": NOW, "withdrawn_reason": "A better one was found."},
    }  # fmt: skip
    holds = state in ("agreed", "accepted", "delivered", "confirmed")
    return NeedOffer.objects.create(
        **{
            "need": need,
            "commitment": commitment,
            "supplier": commitment.supplier if commitment else values["spare"].supplier,
            "state": state,
            "offered_quantity": amount,
            "drawn_quantity": amount,
            "held_quantity": amount if holds else Decimal(0),
            "proposed_at": NOW,
            "proposed_by_name": "An officer",
            **by_state[state],
            **values,
        }
    )


def make_clause(need: Need | None = None, **values: Any) -> NeedClause:
    measures = values.pop("measures", None)
    if need is None:
        need, fit = make_asked()
        measures = measures or [fit.measure]
    clause = NeedClause.objects.create(
        **{
            "need": need,
            "contract": values.pop("contract", None) or make_contract(stage="pipeline"),
            "words": "The supplier will bring sessions to the hub.",
            "suggested_at": NOW,
            "suggested_by_name": "An officer",
            **values,
        }
    )
    clause.measures.set(measures or [])
    return clause
