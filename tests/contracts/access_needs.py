"""Offers for needs, coverage, “ask for this”, fits, spare offers and near me: who opens what."""

from __future__ import annotations

from typing import Any

from tests.access_table import PUBLIC
from tests.factories import make_contract, make_organisation
from tests.factories_needs import make_need
from tests.factories_offers import make_clause, make_fit, make_offer, make_promise, make_spare
from trafford_sv.directory.models import Organisation

TABLE: dict[str, Any] = {
    "coverage": PUBLIC,
    "case-study-links": "keep_adoptions",
    "case-study-unlink": "keep_adoptions",
    "need-trace": PUBLIC,
    "near-me": PUBLIC,
    "near-me-ward": PUBLIC,
    "near-me-feed": PUBLIC,
    "near-me-follow": PUBLIC,
    "offer-mail-settle": "match_needs",
    "hub-exposure": "match_needs",
    "need-matches": "match_needs",
    "offer-propose": "match_needs",
    "ask-for-this": ("view_tenders", "view_needs"),
    "need-ask": ("view_tenders", "view_needs"),
    "clause-create": ("change_tenders", "view_needs"),
    "clause-edit": ("change_tenders", "view_needs"),
    "clause-settle": ("change_tenders", "view_needs"),
    "need-offer-list": "view_offers",
    "need-offer-detail": "view_offers",
    "offer-agree": "offer_help",
    "offer-refuse": "offer_help",
    "offer-deliver": "offer_help",
    "offer-accept": "answer_offers",
    "offer-decline": "answer_offers",
    "offer-confirm": "answer_offers",
    "offer-withdraw": "match_needs",
    "priority-fit-list": "view_offers",
    "priority-fit-create": "match_needs",
    "priority-fit-edit": "match_needs",
    "priority-fit-remove": "match_needs",
    "supplier-needs": "offer_help",
    "spare-create": "offer_help",
    "spare-edit": "offer_help",
    "spare-take-back": "offer_help",
    "api-offers": ("use_api", "view_offers"),
    "api-coverage": ("use_api", "view_needs"),
}


def _offer(side: dict[str, Any], state: str) -> dict[str, Any]:
    return {"pk": side["offers"][state].pk}


OBJECTS: dict[str, Any] = {
    "need-offer-detail": lambda side: _offer(side, "accepted"),
    "offer-agree": lambda side: _offer(side, "proposed"),
    "offer-refuse": lambda side: _offer(side, "proposed"),
    "offer-deliver": lambda side: _offer(side, "accepted"),
    "offer-accept": lambda side: _offer(side, "agreed"),
    "offer-decline": lambda side: _offer(side, "agreed"),
    "offer-confirm": lambda side: _offer(side, "delivered"),
    "clause-edit": lambda side: {"pk": side["clause"].pk},
    "clause-settle": lambda side: {"pk": side["clause"].pk},
    "clause-create": lambda side: {
        "pk": side["asked_need"].pk,
        "contract": side["coming"].pk,
    },
    "spare-edit": lambda side: {"pk": side["spare"].pk},
    "spare-take-back": lambda side: {"pk": side["spare"].pk},
}
EVERYONES: dict[str, str] = {
    "need-ask": "A need is the borough's; only coming contracts of one's own reach are named on it.",
    "near-me-ward": "A ward is public record.",
    "near-me-feed": "A ward is public record.",
    "near-me-follow": "A ward is public record.",
}


def extend(side: dict[str, Any]) -> None:
    """An offer in each state by the side's supplier to the side's hub, in the side's directorate."""
    contract, supplier = side["contract"], side["supplier"]
    # The hub that the test's person is at belongs to the own side.
    is_own = contract.title == "Park benches"
    hub = (Organisation.objects.filter(name="Invented Hub").first() if is_own else None) or (
        make_organisation("", "hub")
    )
    fit = make_fit()
    side["offers"] = {}
    for state in ("proposed", "agreed", "accepted", "delivered"):
        need = make_need(priority=fit.priority, quantity="40", hub=hub)
        promise = make_promise(fit, contract=contract, supplier=supplier)
        side["offers"][state] = make_offer(need, promise, state=state)
    side["spare"] = make_spare(supplier=supplier)
    side["asked_need"] = make_need(priority=fit.priority)
    side["coming"] = make_contract(stage="pipeline", directorate=contract.directorate)
    side["clause"] = make_clause(
        side["asked_need"],
        contract=make_contract(stage="pipeline", directorate=contract.directorate),
        measures=[fit.measure],
    )
