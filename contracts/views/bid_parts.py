"""Figures, tables and words that the pages of tenders and bids share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from trafford_sv.core.access import can
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import Figure, State, SummaryRow, Table, Tag, Tone

from .. import bid_scoring
from ..counting import quantity_words
from ..licensing import WITHHELD, may_show_value
from ..models import Bid, Tender
from ..selectors.bids import (
    GivenScore,
    Standing,
    offered_by_bid,
    plain,
    scored_kind_words,
    split_of,
    withheld_totals,
)

TENDER_TONES = {
    Tender.State.OPEN: Tone.INFO,
    Tender.State.EVALUATING: Tone.INFO,
    Tender.State.MODERATED: Tone.INFO,
    Tender.State.AWARDED: Tone.GOOD,
    Tender.State.WITHDRAWN: Tone.WARNING,
}
BID_TONES = {
    Bid.State.SUBMITTED: Tone.INFO,
    Bid.State.WON: Tone.GOOD,
    Bid.State.WITHDRAWN: Tone.WARNING,
}
SEALED = "Bids are sealed: nobody but the bidder reads one until all are opened after closing."


def tender_tag(tender: Tender) -> Tag:
    return Tag(
        tender.get_state_display(), TENDER_TONES.get(Tender.State(tender.state), Tone.NEUTRAL)
    )


def bid_tag(bid: Bid) -> Tag:
    return Tag(bid.get_state_display(), BID_TONES.get(Bid.State(bid.state), Tone.NEUTRAL))


def differing_tag(given: Iterable[GivenScore]) -> Tag | None:
    """For whoever agrees the score: evaluators so far apart that they should talk first."""
    spread = bid_scoring.spread({number: each.score for number, each in enumerate(given)})
    if not spread.needs_talk or spread.difference is None:
        return None
    return Tag(f"Evaluators differ by {plain(spread.difference)}", Tone.WARNING)


def finding_tag(ok: bool | None) -> Tag:
    return {
        True: Tag("In proportion", Tone.GOOD),
        False: Tag("Look again", Tone.WARNING),
        None: Tag("Cannot be said"),
    }[ok]


def figures(tender: Tender, measures: int, submitted: int, invited: int) -> list[Figure]:
    return [
        Figure(
            "Weighting of social value",
            f"{plain(tender.weighting_share * 100)}%",
            of_what="of the whole evaluation",
        ),
        Figure("Measures asked for", str(measures)),
        Figure("Bids submitted", str(submitted), of_what=f"of {invited} invited"),
    ]


def rule_rows(tender: Tender, kinds: set[str]) -> list[SummaryRow]:
    split = split_of(tender)
    quantity, answer = plain(split.quantitative), plain(split.qualitative)
    return [
        SummaryRow("Edition", tender.edition.name),
        SummaryRow("Pricing day", f"{tender.priced_on:%-d %B %Y}"),
        SummaryRow(
            "Points for quantities",
            f"{quantity} of 100: {tender.get_quantitative_method_display().lower()}",
            note=scored_kind_words(tender.edition.is_combinable, kinds),
        ),
        SummaryRow(
            "Points for answers",
            f"{answer} of 100: scored from 0 to {plain(tender.highest_score)} by evaluators",
        ),
        SummaryRow("Note to bidders", tender.note_to_bidders, missing="None"),
        SummaryRow("Reason for an exception", tender.exception_reason, missing="None needed"),
    ]


def unit_words(value: Decimal) -> str:
    """A value per unit with all its decimals, at least pence: £14,610.00, £0.123456."""
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"£{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def value_words(row: Any, may_see: bool) -> str:
    if row.value is None:
        return "Counted, not priced"
    return unit_words(row.value.value_pounds) if may_see else "Withheld"


def may_see_values(tender: Tender, user: Any) -> bool:
    return may_show_value(
        tender.edition.values_may_be_published,
        may_see_licensed=can(user, "see_licensed_values"),
        outward=False,
    )


def asked_table(tender: Tender, asked: list[Any], user: Any) -> Table:
    may_see = may_see_values(tender, user)
    return Table(
        "What bidders are asked for",
        ("Measure", "Counted in", "Value per unit", "Must be answered"),
        [
            (
                f"{row.measure.code} {row.measure.title}",
                row.measure.unit,
                value_words(row, may_see),
                "Yes" if row.must_be_answered else "No",
            )
            for row in asked
        ],
        numeric=frozenset({2}),
        is_stacked=True,
    )


def ranking_table(ranked: list[Standing]) -> Table | None:
    if not ranked:
        return None
    return Table(
        "How the bids stand, social value part",
        ("Bidder", "Place", "By value", "By answer", "Total of 100", "Of the whole evaluation"),
        [
            (
                row.bid.organisation.name,
                place_words(row),
                plain(row.quantitative.score) if row.quantitative.score is not None else "0",
                plain(row.qualitative) if row.qualitative is not None else "Not agreed yet",
                plain(row.total) if row.total is not None else "Not yet",
                plain(row.weighted) if row.weighted is not None else "Not yet",
            )
            for row in ranked
        ],
        numeric=frozenset({2, 3, 4, 5}),
        is_stacked=True,
    )


def place_words(row: Standing) -> str:
    if row.place.place is None:
        return "None yet"
    return f"{row.place.place}, tied" if row.place.is_tied else str(row.place.place)


def offer_rows(tender: Tender, offers: list[Any], user: Any) -> list[dict[str, Any]]:
    """For a template: what is offered for each measure, with its arithmetic in words."""
    may_see = may_see_values(tender, user)
    rows = []
    for offer in offers:
        asked = offer.requested
        quantity = offer.offered_quantity
        if quantity is None:
            words = "No offer"
        else:
            words = f"{quantity_words(quantity)} {asked.measure.unit}"
        if quantity is None or asked.value is None:
            sums = "" if quantity is None else "Counted, not priced"
        elif may_see:
            sums = (
                f"{quantity_words(quantity)} x {unit_words(asked.value.value_pounds)} = "
                f"{exact(offer.offered_pounds)}"
            )
        else:
            sums = WITHHELD
        rows.append({"offer": offer, "measure": asked.measure, "words": words, "sums": sums})
    return rows


def bid_figures(tender: Tender, bid: Bid, user: Any) -> list[Figure]:
    """Social beside local economic value, as offered, as far as the totals give no value away."""
    offered = offered_by_bid([bid.pk], is_combinable=tender.edition.is_combinable, kinds=())[
        bid.pk
    ].totals
    hidden: set[str] = set()
    if not may_see_values(tender, user):
        hidden = withheld_totals({bid.pk: can(user, "submit_bids", on=bid)})[bid.pk]
    return [
        Figure(
            label,
            None if amount is None or kind in hidden else readable(amount),
            exact="" if amount is None or kind in hidden else exact(amount),
            state=State.OFFERED,
            missing="Withheld by the licence" if kind in hidden else "No priced offer",
            local_economic=kind == "local_economic",
        )
        for label, amount, kind in (
            ("Social value offered", offered.social_pounds, "social"),
            ("Local economic value offered", offered.local_economic_pounds, "local_economic"),
        )
    ]
