"""Words and parts that the pages of offers share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse

from community_needs.matching import Ranked, day, plain
from community_needs.models import Need
from trafford_sv.core.access import can
from trafford_sv.core.navigation import url_of
from trafford_sv.core.parts import Link, SummaryRow, Table, Tag, TimelineEntry, Tone
from trafford_sv.core.parts import Need as NeedsYou

from ..models import NeedOffer
from ..selectors.need_matching import Candidate

State = NeedOffer.State
TONES = {
    State.PROPOSED: Tone.WARNING,
    State.AGREED: Tone.WARNING,
    State.ACCEPTED: Tone.INFO,
    State.DELIVERED: Tone.WARNING,
    State.CONFIRMED: Tone.GOOD,
    State.MISSED: Tone.BAD,
    State.REFUSED: Tone.NEUTRAL,
    State.DECLINED: Tone.NEUTRAL,
    State.WITHDRAWN: Tone.NEUTRAL,
}
KINDS = {"commitment": "Commitment", "pledge": "Pledge", "spare": "Spare offer"}


def offer_tag(offer: NeedOffer) -> Tag:
    return Tag(offer.get_state_display(), TONES[State(offer.state)])


def need_url(need: Need) -> str:
    """The need's own page, or its matches while there is none."""
    return reverse("need-detail", kwargs={"pk": need.pk}) if url_of("need-list") else reverse(
        "need-trace", kwargs={"pk": need.pk}
    )  # fmt: skip


def amount(quantity: Decimal | None, unit: str) -> str:
    return "" if quantity is None else f"{plain(quantity)} {unit}".strip()


def source_words(offer: NeedOffer) -> str:
    """What is offered, in the words it was promised in."""
    if offer.commitment is not None:
        return offer.commitment.title or offer.commitment.measure.title
    return offer.spare.title if offer.spare is not None else ""


def offered_words(offer: NeedOffer) -> str:
    if offer.offered_quantity is not None:
        return amount(offer.offered_quantity, offer.need.unit)
    return amount(offer.drawn_quantity, offer.source_unit)


def reason_table(ranked: Ranked, number: int) -> Table:
    """Why a candidate stands where it stands: every criterion, its weight and its points."""
    return Table(
        f"Why number {number}: {plain(ranked.score)} of 100 points",
        ("Judged by", "Why", "Points", "Of"),
        [
            (
                reason.criterion.label,
                reason.words,
                "not known" if reason.points is None else plain(reason.points),
                str(reason.weight),
            )
            for reason in ranked.reasons
        ],
        numeric=frozenset({2, 3}),
        is_stacked=True,
    )


def stored_reasons(offer: NeedOffer) -> Table | None:
    """The reasons as they stood when it was proposed."""
    if not offer.reasons:
        return None
    return Table(
        "How it was ranked when it was proposed",
        ("Judged by", "Why", "Points", "Of"),
        [
            (label, words, "not known" if points is None else plain(Decimal(points)), str(weight))
            for label, weight, points, words in offer.reasons
        ],
        numeric=frozenset({2, 3}),
        is_stacked=True,
    )


def score_words(candidate: Candidate) -> str:
    row = candidate.ranked
    if row.possible > row.score:
        return f"{plain(row.score)} points, and up to {plain(row.possible)} if all were known"
    return f"{plain(row.score)} points of 100"


def facts_of(offer: NeedOffer, *, is_council: bool) -> list[SummaryRow]:
    need = offer.need
    unit = need.unit
    rows = [
        SummaryRow("Need", need.title, Link("Read the need", need_url(need))),
        SummaryRow("Priority", need.priority.name),
        SummaryRow("Hub", need.hub.name if need.hub else "", missing="No hub yet"),
        SummaryRow("Who helps", offer.supplier.name),
        SummaryRow(
            "What is offered",
            source_words(offer),
            note=f"{KINDS[offer.source_kind]}{_reference(offer)}",
        ),
        SummaryRow("How much", offered_words(offer)),
    ]
    if offer.offered_quantity is not None and offer.source_unit.casefold() != unit.casefold():
        rows.append(
            SummaryRow("It takes of the promise", amount(offer.drawn_quantity, offer.source_unit))
        )
    if offer.accepted_quantity is not None:
        rows.append(SummaryRow("Accepted by the hub", amount(offer.accepted_quantity, unit)))
    if offer.delivered_on is not None:
        done = amount(offer.delivered_quantity, unit)
        rows.append(
            SummaryRow(
                "Delivered", done or day(offer.delivered_on),
                note=f"on {day(offer.delivered_on)}" if done else "",
            )
        )  # fmt: skip
    if offer.confirmed_at is not None:
        arrived = amount(offer.confirmed_quantity, unit) or (
            "It arrived" if offer.state == State.CONFIRMED else "It did not arrive"
        )
        rows.append(SummaryRow("Confirmed by the hub", arrived))
    if is_council:
        rows.append(
            SummaryRow(
                "Held of the promise now", amount(offer.held_quantity, offer.source_unit),
                note="nobody else can have it" if offer.held_quantity else "",
            )
        )  # fmt: skip
    return rows


def _reference(offer: NeedOffer) -> str:
    if offer.commitment is None:
        return ""
    return f" {offer.commitment.contract.reference}/{offer.commitment.number}"


def story_of(offer: NeedOffer, *, is_council: bool) -> list[TimelineEntry]:
    """What happened, newest first. A supplier's refusal is for the council and the supplier."""
    told = [
        TimelineEntry(
            "Proposed to the supplier",
            offer.proposed_at,
            offer.proposed_by_name if is_council else "the council",
            offer.note,
        )
    ]
    if offer.override_reason and is_council:
        told.append(
            TimelineEntry(
                "Proposed against the ranking",
                offer.proposed_at,
                offer.proposed_by_name,
                offer.override_reason,
            )
        )
    if offer.supplier_answered_at:
        title = "Refused by the supplier" if offer.state == State.REFUSED else "The supplier agreed"
        told.append(
            TimelineEntry(
                title, offer.supplier_answered_at, offer.supplier.name, offer.refused_reason
            )
        )
    hub = offer.need.hub.name if offer.need.hub else "the hub"
    if offer.hub_answered_at:
        title = "Declined by the hub" if offer.declined_reason else "Accepted by the hub"
        told.append(TimelineEntry(title, offer.hub_answered_at, hub, offer.declined_reason))
    if offer.delivered_at:
        told.append(
            TimelineEntry(
                "Delivered", offer.delivered_at, offer.supplier.name, offer.delivered_words
            )
        )
    if offer.confirmed_at:
        title = "Did not arrive" if offer.state == State.MISSED else "Confirmed"
        told.append(TimelineEntry(title, offer.confirmed_at, hub, offer.confirmed_words))
    if offer.withdrawn_at:
        told.append(
            TimelineEntry(
                "Withdrawn", offer.withdrawn_at,
                offer.withdrawn_by_name if is_council else "the council", offer.withdrawn_reason,
            )
        )  # fmt: skip
    return list(reversed(told))


STEPS: dict[str, Sequence[tuple[str, str, str]]] = {
    State.PROPOSED: (
        ("offer-agree", "offer_help", "Agree to help"),
        ("offer-refuse", "offer_help", "Say no"),
        ("offer-withdraw", "match_needs", "Withdraw the offer"),
    ),
    State.AGREED: (
        ("offer-accept", "answer_offers", "Accept the offer"),
        ("offer-decline", "answer_offers", "Say no"),
        ("offer-withdraw", "match_needs", "Withdraw the offer"),
    ),
    State.ACCEPTED: (
        ("offer-deliver", "offer_help", "Say that it is done"),
        ("offer-withdraw", "match_needs", "Withdraw the offer"),
    ),
    State.DELIVERED: (("offer-confirm", "answer_offers", "Say what arrived"),),
}


def steps_of(offer: NeedOffer, user: Any) -> list[Link]:
    """What this person may do next with it, the main step first."""
    return [
        Link(text, reverse(name, kwargs={"pk": offer.pk}))
        for name, permission, text in STEPS.get(offer.state, ())
        if can(user, permission, on=offer)
    ]


def hub_needs(offers: Sequence[NeedOffer]) -> list[NeedsYou]:
    """What waits for a hub, as the start page of a place lists it."""
    found = []
    for offer in offers:
        is_new = offer.state == State.AGREED
        found.append(
            NeedsYou(
                f"{offer.supplier.name} offers {offered_words(offer)}"
                if is_new
                else f"Say what arrived from {offer.supplier.name}",
                reverse("offer-accept" if is_new else "offer-confirm", kwargs={"pk": offer.pk}),
                f"For “{offer.need.title}”",
                tag=Tag("New offer" if is_new else "To confirm", Tone.WARNING),
            )
        )
    return found


def supplier_needs(offers: Sequence[NeedOffer]) -> list[NeedsYou]:
    found = []
    for offer in offers:
        is_new = offer.state == State.PROPOSED
        found.append(
            NeedsYou(
                f"Can you help with “{offer.need.title}”?"
                if is_new
                else f"Say when it is done: “{offer.need.title}”",
                reverse("offer-agree" if is_new else "offer-deliver", kwargs={"pk": offer.pk}),
                f"{offered_words(offer)}"
                + (f", for {offer.need.hub.name}" if offer.need.hub else ""),
                tag=Tag("New" if is_new else "Accepted by the hub", Tone.INFO),
            )
        )
    return found
