"""What stands between a signed contract and the start of delivery, promise by promise.

`gaps` are what one commitment lacks before both sides can accept it. `blockers` are all that
keeps an agreement from going live: gaps, missing acceptances, and winning offers that have not
become a commitment. Each says what to do and where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from ..counting import CountingRule, exclusive_pairs, quantity_words
from ..models import AwardSupplier, Bid, Commitment, Contract, Measure, Offer
from ..models.agreements import Award
from ..profiles import ProfileError, check_profile


@dataclass(frozen=True)
class Gap:
    """One thing that a commitment lacks. `key` names what to change."""

    key: str
    sentence: str
    todo: str


@dataclass(frozen=True)
class Blocker:
    """Why an agreement cannot go live yet, what to do, and where. `url` may be empty."""

    key: str
    about: str
    sentence: str
    todo: str
    url: str
    commitment: int | None = None
    offer: int | None = None


@dataclass(frozen=True)
class Promise:
    """One row of the mobilisation page: an offer, the commitment made of it, and what is missing."""

    commitment: Commitment | None
    offer: Offer | None
    gaps: tuple[Gap, ...]
    profile_total: Decimal | None


@dataclass(frozen=True)
class Mobilisation:
    contract: Contract
    promises: tuple[Promise, ...]
    blockers: tuple[Blocker, ...]
    agreed: int

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to mobilise: an imported contract may have no promise here."""
        return bool(self.promises)


def with_parts(rows: object) -> list[Commitment]:
    """The commitments of a queryset with all that `gaps` reads. Two queries."""
    return list(
        rows.select_related(  # type: ignore[attr-defined]
            "measure__edition", "supplier", "partner", "value", "offer__requested", "replaces"
        ).prefetch_related("profile")
    )


def exclusions_within(measure_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Of these measures, which exclude each other. One query."""
    ids = list(set(measure_ids))
    found: dict[int, set[int]] = defaultdict(set)
    links = Measure.exclusive_with.through.objects
    for first, second in links.filter(from_measure__in=ids, to_measure__in=ids).values_list(
        "from_measure", "to_measure"
    ):
        found[first].add(second)
    return {pk: frozenset(others) for pk, others in found.items()}


def unexplained(commitments: Collection[Commitment]) -> dict[int, list[Commitment]]:
    """For each commitment those beside it that its measure excludes, where neither says why."""
    held = exclusions_within(commitment.measure_id for commitment in commitments)
    keyed = {str(pk): frozenset(map(str, others)) for pk, others in held.items()}
    pairs = exclusive_pairs((str(c.measure_id) for c in commitments), keyed)
    found: dict[int, list[Commitment]] = defaultdict(list)
    for first_key, second_key in pairs:
        for first in commitments:
            for second in commitments:
                if (str(first.measure_id), str(second.measure_id)) != (first_key, second_key):
                    continue
                if not first.exclusion_reason.strip() and not second.exclusion_reason.strip():
                    found[first.pk].append(second)
                    found[second.pk].append(first)
    return dict(found)


def standing(contract_id: int) -> list[Commitment]:
    """Commitments of an agreement that are neither withdrawn nor varied by another. Two queries."""
    return with_parts(_standing(contract_id))


def standing_briefly(contract_id: int) -> list[Commitment]:
    """The same with no more than `unexplained` reads. One query."""
    return list(_standing(contract_id))


def _standing(contract_id: int) -> QuerySet[Commitment]:
    rows = Commitment.objects.filter(contract=contract_id).exclude(state=Commitment.State.WITHDRAWN)
    return rows.order_by("number")


def awarded_suppliers(contract_id: int) -> frozenset[int]:
    """Who was awarded a part of the agreement. One query."""
    return frozenset(
        AwardSupplier.objects.filter(
            award__contract=contract_id, award__status__in=Award.COUNTED_STATUSES
        ).values_list("organisation_id", flat=True)
    )


def gaps(
    commitment: Commitment, *, beside: Iterable[Commitment] = (), suppliers: Collection[int]
) -> tuple[Gap, ...]:
    """What is missing before this can be accepted.

    `beside`: commitments that its measure excludes without a reason, from `unexplained`.
    """
    found = []
    if commitment.supplier_id not in suppliers:
        found.append(
            Gap(
                "supplier",
                f"{commitment.supplier} is on no active award of this agreement.",
                "Record the award, or choose another organisation.",
            )
        )
    if not commitment.owner_name.strip():
        found.append(
            Gap("owner", "Nobody answers for it yet.", "Name the role at the supplier that does.")
        )
    if not commitment.measure.unit.strip():
        found.append(
            Gap("unit", "Its measure has no unit.", "Choose a measure that says what is counted.")
        )
    if commitment.starts is None or commitment.due is None:
        missing = "start" if commitment.starts is None else "end"
        found.append(
            Gap(
                "dates",
                f"It has no {missing} date.",
                "Say when delivery starts and when it is due.",
            )
        )
    found.extend(_profile_gap(commitment))
    if not commitment.evidence_rule.strip():
        found.append(
            Gap(
                "evidence",
                "It does not say what evidence will be asked.",
                "Write down what will prove it.",
            )
        )
    if commitment.partner_named.strip() and commitment.partner_id is None:
        found.append(
            Gap(
                "partner",
                f"The partner named, {commitment.partner_named.strip()}, is not linked.",
                "Register the organisation if it is not there yet, then choose it as the partner.",
            )
        )
    for other in beside:
        found.append(
            Gap(
                "exclusion",
                f"It counts the same thing as commitment {other.number} "
                f"({other.measure.code}): the two measures exclude each other.",
                "Say why both are right, or withdraw one of them.",
            )
        )
    return tuple(found)


def gaps_of(commitment: Commitment) -> tuple[Gap, ...]:
    """The same for one commitment, reading what is needed."""
    rows = standing(commitment.contract_id)
    mine = next((row for row in rows if row.pk == commitment.pk), None)
    if mine is None:
        return ()
    # What a variation replaces goes when the variation comes: the two never stand together.
    rows = [row for row in rows if row.pk != mine.replaces_id]
    return gaps(
        mine,
        beside=unexplained(rows).get(mine.pk, ()),
        suppliers=awarded_suppliers(commitment.contract_id),
    )


def winning_offers(contract_id: int) -> list[Offer]:
    """What the winners offered above nothing. One query."""
    return list(
        Offer.objects.filter(
            bid__tender__contract=contract_id, bid__state=Bid.State.WON, offered_quantity__gt=0
        )
        .select_related(
            "requested__measure__edition", "requested__value", "bid__organisation", "partner"
        )
        .order_by("bid", "requested__position", "pk")
    )


def _kept_offers(contract_id: int) -> set[int]:
    """Offers whose commitment stands, or was varied by one that was agreed. One query."""
    kept = Commitment.objects.filter(contract=contract_id, offer__isnull=False)
    return {
        offer
        for offer, state, agreed in kept.values_list("offer_id", "state", "replaced_by__agreed_on")
        if state != Commitment.State.WITHDRAWN or agreed is not None
    }


def mobilisation(contract: Contract) -> Mobilisation:
    """The promises of an agreement and everything that keeps it from going live.

    The number of queries does not depend on the number of promises.
    """
    rows = standing(contract.pk)
    offers = winning_offers(contract.pk)
    # A variation under way does not hold up what is agreed already.
    rows = [row for row in rows if row.replaces is None or row.state == row.State.AGREED]
    alone = unexplained(rows)
    suppliers = awarded_suppliers(contract.pk) if rows else frozenset()
    promises = []
    blockers = []
    for row in rows:
        missing = gaps(row, beside=alone.get(row.pk, ()), suppliers=suppliers)
        promises.append(Promise(row, row.offer, missing, _total(row)))
        blockers.extend(_blockers(row, missing))
    kept = _kept_offers(contract.pk) if offers else set()
    for offer in offers:
        if offer.pk not in kept:
            promises.append(Promise(None, offer, (), None))
            blockers.append(_no_commitment(contract, offer))
    agreed = sum(row.state == Commitment.State.AGREED for row in rows)
    return Mobilisation(contract, tuple(promises), tuple(blockers), agreed)


def blockers(contract: Contract) -> tuple[Blocker, ...]:
    """Everything that keeps the agreement from going live; empty where nothing does."""
    return mobilisation(contract).blockers


def _total(commitment: Commitment) -> Decimal | None:
    parts = [part.due_quantity for part in commitment.profile.all()]
    if not parts:
        return None
    if commitment.measure.counting == CountingRule.PERCENTAGE:
        return parts[-1]
    return sum(parts, Decimal(0))


def _profile_gap(commitment: Commitment) -> list[Gap]:
    parts = [(part.period, part.due_quantity) for part in commitment.profile.all()]
    if not parts:
        return [Gap("profile", "It has no quarterly profile.", "Say how much each quarter brings.")]
    try:
        check_profile(
            commitment.promised_quantity,
            parts,
            start=commitment.starts,
            end=commitment.due,
            rule=CountingRule(commitment.measure.counting),
        )
    except ProfileError as error:
        return [Gap("profile", str(error), "Correct the quarterly profile.")]
    return []


# Where each kind of gap is mended.
_PLACES: Mapping[str, str] = {"profile": "commitment-profile", "supplier": "award-create"}


def _blockers(commitment: Commitment, missing: Iterable[Gap]) -> list[Blocker]:
    if commitment.state == Commitment.State.AGREED:
        return []
    about = f"{commitment.number}. {commitment.title or commitment.measure.title}"
    found = []
    for gap in missing:
        name = _PLACES.get(gap.key, "commitment-edit")
        pk = commitment.contract_id if name == "award-create" else commitment.pk
        found.append(
            Blocker(gap.key, about, gap.sentence, gap.todo, _address(name, pk), commitment.pk)
        )
    if found:
        return found
    page = _address("commitment-detail", commitment.pk)
    if commitment.state == Commitment.State.DRAFT:
        return [
            Blocker(
                "propose",
                about,
                "It has not been proposed to the supplier.",
                "Propose it, so that both sides can accept it.",
                _address("commitment-propose", commitment.pk),
                commitment.pk,
            )
        ]
    if commitment.council_accepted_at is None:
        found.append(
            Blocker(
                "council",
                about,
                "The council has not accepted it.",
                "Read it as it stands and accept it for the council.",
                _address("commitment-accept", commitment.pk),
                commitment.pk,
            )
        )
    if commitment.supplier_accepted_at is None:
        found.append(
            Blocker(
                "supplier_acceptance",
                about,
                f"{commitment.supplier} has not accepted it.",
                "Ask them to accept it in their own place. Nobody can do so for them.",
                page,
                commitment.pk,
            )
        )
    return found


def _no_commitment(contract: Contract, offer: Offer) -> Blocker:
    measure = offer.requested.measure
    quantity = quantity_words(offer.offered_quantity or Decimal(0))
    return Blocker(
        "no_commitment",
        measure.title,
        f"{offer.bid.organisation} won with {quantity} {measure.unit}, and no commitment says so.",
        "Draw up the commitment from the offer.",
        _address("commitments-from-offers", contract.pk),
        offer=offer.pk,
    )


def _address(name: str, pk: int) -> str:
    try:
        return reverse(name, kwargs={"pk": pk})
    except NoReverseMatch:
        return ""
