"""What is offered to a need, on the need's page; what waits for a hub, in its place."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from community_needs.models import Need
from trafford_sv.core.access import can
from trafford_sv.core.parts import Link
from trafford_sv.core.parts import Need as NeedsYou
from trafford_sv.directory.sections import Section

from ..selectors.need_offers import offers_of, waiting_for_hubs
from .offer_parts import hub_needs, offer_tag, offered_words


def offers_section(need: Need, user: Any, today: datetime.date) -> Section | None:
    """Offers that this person may see, and the ways on. One query, none for a visitor."""
    links = []
    if can(user, "match_needs") and need.state in ("open", "matched", "part_met"):
        links.append(Link("Who could help", reverse("need-matches", kwargs={"pk": need.pk})))
    if can(user, "view_tenders") and can(user, "view_needs"):
        links.append(Link("Ask for it in a contract", reverse("need-ask", kwargs={"pk": need.pk})))
    if not can(user, "view_offers"):
        return None
    links.append(Link("From need to proof", reverse("need-trace", kwargs={"pk": need.pk})))
    rows = [(offer, offer_tag(offer), offered_words(offer)) for offer in offers_of(need.pk, user)]
    return Section(
        "offers", "What is offered", "contracts/_need_offers.html", {"rows": rows, "links": links}
    )


def hub_waits(hubs: list[int], user: Any) -> Sequence[NeedsYou]:
    """Offers to answer and deliveries to confirm. One query."""
    return hub_needs(waiting_for_hubs(hubs, user))
