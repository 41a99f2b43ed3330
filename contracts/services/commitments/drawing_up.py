"""Drawing up and changing commitments before both sides have accepted them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from community_needs.models import Need
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, create_record, update_record

from ...counting import CountingRule, quantity_words
from ...models import Bid, Commitment, Contract, MeasureEdition, NeedClause, Offer
from ...profiles import ProfileError, check_profile
from ...selectors.mobilisation import awarded_suppliers, winning_offers
from ...selectors.principles import principles_by_number
from ...thresholds import day_words
from .rows import _write_profile, note_history, profile_of, spread_of

State = Commitment.State
OVER = (Contract.Stage.ENDED, Contract.Stage.TERMINATED)
LARGEST_PERCENTAGE = Decimal(100)
# What may change without asking the other side again, also after agreement.
FREE = frozenset({"charter_principle", "principle", "needs", "exclusion_reason"})
AFTER_AGREEMENT = frozenset({"owner_name", "charter_principle", "principle", "needs"})
MANY = frozenset({"wards", "needs"})
CHANGEABLE = frozenset(
    {
        "supplier", "measure", "title", "promised_quantity", "owner_name", "evidence_rule",
        "partner", "partner_named", "wards", "starts", "due", "charter_principle",
        "principle", "needs", "exclusion_reason",
    }
)  # fmt: skip
NOBODY_HAS_ACCEPTED: dict[str, Any] = {
    "council_accepted_at": None,
    "council_accepted_by_name": "",
    "supplier_accepted_at": None,
    "supplier_accepted_by_name": "",
}


def draft_commitment(
    *,
    contract: Contract,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Commitment:
    """A new draft. What is left out comes from the agreement (dates) and the measure (evidence).

    The profile is spread evenly until somebody sets another.
    """
    with transaction.atomic():
        held = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        return draft(contract=held, values=values, by=by, now=now, reason=reason)


def draft(
    *,
    contract: Contract,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
    is_from_offer: bool = False,
) -> Commitment:
    """Inside the caller's transaction, which holds the contract."""
    given = dict(values)
    measure = given.get("measure")
    if given.get("starts") is None:
        given["starts"] = contract.start
    if given.get("due") is None:
        given["due"] = contract.end
    if measure is not None:
        if not str(given.get("evidence_rule") or "").strip():
            given["evidence_rule"] = measure.evidence_asked
        if not given.get("charter_principle"):
            given["charter_principle"] = measure.charter_principle
    if given.get("principle") is None and given.get("charter_principle"):
        numbered = principles_by_number(now.date())
        given["principle"] = numbered.get(given["charter_principle"])
    problems = _problems(contract, given, is_new=not is_from_offer)
    if contract.stage in OVER:
        problems["__all__"] = [
            f"{contract.reference} is over. Commitments can be drawn up until an agreement ends."
        ]
    if problems:
        raise ValidationError(problems)
    last = contract.commitments.aggregate(last=Max("number"))["last"] or 0
    given.update(contract=contract, number=last + 1, is_demo=contract.is_demo)
    commitment: Commitment = create_record(
        model=Commitment, values=given, by=by, now=now, reason=reason, verb="commitment drawn up"
    )
    _write_profile(commitment, spread_of(commitment))
    return commitment


def draft_from_offers(
    *, contract: Contract, bid: Bid | None = None, by: Any, now: datetime.datetime
) -> list[Commitment]:
    """A draft for each winning offer above nothing that has none yet; asking twice adds nothing.

    `bid`: that bid's offers, whatever its state; otherwise those of every bid that has won.
    """
    made = []
    with transaction.atomic():
        held = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        offers: Iterable[Offer] = (
            winning_offers(held.pk)
            if bid is None
            else bid.offers.filter(offered_quantity__gt=0).select_related(
                "requested__measure", "requested__value", "partner"
            )
        )
        for offer in offers:
            earlier = Commitment.objects.filter(offer=offer).first()
            if earlier is not None:
                if earlier.state != State.WITHDRAWN or hasattr(earlier, "replaced_by"):
                    continue
                # The promise was won: withdrawing its draft does not unmake it.
                earlier.offer = None
                note_history(earlier, by=by, now=now, reason="The offer is drawn up anew.")
                earlier.version += 1
                earlier.save()
            made.append(_from_offer(held, offer, bid or offer.bid, by=by, now=now))
    return made


def _from_offer(
    contract: Contract, offer: Offer, bid: Bid, *, by: Any, now: datetime.datetime
) -> Commitment:
    asked = offer.requested
    return draft(
        contract=contract,
        values={
            "supplier": bid.organisation,
            "measure": asked.measure,
            "offer": offer,
            "value": asked.value,
            "promised_quantity": offer.offered_quantity,
            "partner": offer.partner,
            "partner_named": offer.partner_name,
            "wards": list(asked.wards.all()),
            # What the tender asked for on behalf of a need answers that need.
            "needs": list(
                Need.objects.filter(
                    clauses__contract=contract, clauses__measures=asked.measure
                ).exclude(clauses__state=NeedClause.State.DROPPED)
            ),
        },
        by=by,
        now=now,
        reason="From the winning bid",
        is_from_offer=True,
    )


def change_commitment(
    *,
    commitment: Commitment,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Commitment:
    """The commitment after the change. Changed terms clear what either side had accepted.

    An even profile is spread again over the new quantity and dates; another is left alone, and
    its gap says what no longer adds up.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise ValueError(f"No term of a commitment: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        stored = _held(commitment)
        if stored.version != expected_version:
            raise Collision(stored, changes)
        differing = _differing(stored, changes)
        _may_change(stored, differing)
        after = {**_terms(stored), **changes}
        problems = _problems(stored.contract, after, stored=stored, named=differing)
        offered = stored.offer.offered_quantity if stored.offer else None
        wanted = after["promised_quantity"]
        if "promised_quantity" in differing and offered is not None and wanted is not None:
            if wanted < offered and not reason.strip():
                problems["promised_quantity"] = [
                    f"The winning bid offered {quantity_words(offered)}. Give a reason for "
                    "agreeing on less."
                ]
        if problems:
            raise ValidationError(problems)
        was_even = profile_of(stored) == spread_of(stored)
        written = dict(changes)
        if differing - FREE and stored.state == State.PROPOSED:
            written.update(NOBODY_HAS_ACCEPTED)
        changed = update_record(
            record=stored,
            changes=written,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="commitment changed",
        )
        if was_even and profile_of(changed) != spread_of(changed):
            _write_profile(changed, spread_of(changed))
        return changed


def set_profile(
    *,
    commitment: Commitment,
    profile: Iterable[tuple[Quarter, Decimal]] | None = None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Commitment:
    """How much each quarter brings; evenly spread where `profile` is None. It sums to the promise.

    Quarters with nothing stay in it as 0: a quarter that expects nothing is a statement.
    """
    with transaction.atomic():
        stored = _held(commitment)
        if stored.version != expected_version:
            raise Collision(stored, {"profile": profile})
        _may_change(stored, {"profile"})
        wanted = spread_of(stored) if profile is None else tuple(sorted(profile))
        if not wanted and profile is None:
            raise ValidationError("Give the commitment its start and end dates first.")
        try:
            check_profile(
                stored.promised_quantity,
                wanted,
                start=stored.starts,
                end=stored.due,
                rule=CountingRule(stored.measure.counting),
            )
        except ProfileError as error:
            raise ValidationError(str(error)) from error
        before = profile_of(stored)
        if before == wanted:
            return stored
        _write_profile(stored, wanted)
        if stored.state == State.PROPOSED:
            for name, value in NOBODY_HAS_ACCEPTED.items():
                setattr(stored, name, value)
        stored.version += 1
        note_history(stored, by=by, now=now, reason=reason or "Quarterly profile set")
        stored.save()
        record_event(
            by=by,
            now=now,
            verb="quarterly profile set",
            subject=stored,
            before={quarter.code: quantity for quarter, quantity in before},
            after={quarter.code: quantity for quarter, quantity in wanted},
            reason=reason,
        )
        return stored


def _held(commitment: Commitment) -> Commitment:
    stored: Commitment = (
        Commitment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("measure", "contract", "supplier", "offer")
        .get(pk=commitment.pk)
    )
    return stored


def _may_change(stored: Commitment, differing: set[str]) -> None:
    if stored.state in (State.DRAFT, State.PROPOSED) or not differing:
        return
    if stored.state == State.WITHDRAWN:
        raise ValidationError("This commitment is withdrawn and stays as it is. Draw up a new one.")
    if not differing <= AFTER_AGREEMENT:
        raise ValidationError(
            "Both sides have agreed this commitment, so its terms stay. Vary it instead: a new "
            "commitment replaces it once both sides accept."
        )


def _terms(stored: Commitment) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in CHANGEABLE - MANY}


def _differing(stored: Commitment, changes: Mapping[str, Any]) -> set[str]:
    found = set()
    for name, value in changes.items():
        if name in MANY:
            held = set(getattr(stored, name).values_list("pk", flat=True))
            if held != {getattr(area, "pk", area) for area in value}:
                found.add(name)
        elif getattr(stored, name) != value:
            found.add(name)
    return found


def _problems(
    contract: Contract,
    values: Mapping[str, Any],
    *,
    stored: Commitment | None = None,
    named: set[str] | None = None,
    is_new: bool = False,
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    measure, supplier = values.get("measure"), values.get("supplier")
    quantity = values.get("promised_quantity")
    starts, due = values.get("starts"), values.get("due")
    touched = named if named is not None else set(values)
    if quantity is None or quantity <= 0:
        found["promised_quantity"] = ["A promise is more than nothing. Give a quantity above 0."]
    elif (
        measure is not None
        and CountingRule(measure.counting) == CountingRule.PERCENTAGE
        and quantity > LARGEST_PERCENTAGE
    ):
        found["promised_quantity"] = ["A percentage is at most 100."]
    if measure is None:
        found["measure"] = ["Choose the measure that counts it."]
    elif "measure" in touched and stored is not None and stored.offer_id:
        found["measure"] = [
            "The measure comes from the winning bid and stays. Withdraw this and draw up another."
        ]
    elif "measure" in touched and (is_new or stored is not None):
        if measure.edition.status != MeasureEdition.Status.IN_USE:
            found["measure"] = [
                f"{measure.edition.name} is not in use for new commitments. Choose a measure of an "
                "edition that is."
            ]
    if supplier is None:
        found["supplier"] = ["Choose the organisation that promises it."]
    elif "supplier" in touched and stored is not None and stored.offer_id:
        found["supplier"] = ["The winning bid says whose promise it is."]
    elif "supplier" in touched and (is_new or stored is not None):
        if supplier.pk not in awarded_suppliers(contract.pk):
            found["supplier"] = [
                f"{supplier} is on no active award of {contract.reference}. Record the award first."
            ]
    found.update(_date_problems(contract, starts, due, touched))
    return found


def _date_problems(
    contract: Contract,
    starts: datetime.date | None,
    due: datetime.date | None,
    touched: set[str],
) -> dict[str, list[str]]:
    if not touched & {"starts", "due"}:
        return {}
    if starts and due and due < starts:
        return {"due": [f"It is due before it starts on {day_words(starts)}. Check both dates."]}
    found = {}
    if starts and contract.start and starts < contract.start:
        found["starts"] = [f"It starts before the agreement does on {day_words(contract.start)}."]
    if due and contract.end and due > contract.end:
        found["due"] = [f"It is due after the agreement ends on {day_words(contract.end)}."]
    return found
