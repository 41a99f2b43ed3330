"""Word of each step by e-mail, to the side whose turn it is or that has to know. Each once.

The rows are made within the step's own transaction, so none is lost and none tells of a step that
was not taken; they are sent after it.
"""

from __future__ import annotations

import datetime
from typing import Any

from community_needs.models import Hub
from trafford_sv.core.services.mail_rows import send_mail_rows
from trafford_sv.directory.models import RoleGrant

from ...mailings.offers import offer_email
from ...models import NeedOffer, OfferMail

State = NeedOffer.State
# Who hears that an offer came to a state: "supplier", "hub" or both.
READERS: dict[str, tuple[str, ...]] = {
    State.PROPOSED: ("supplier",),
    State.AGREED: ("hub",),
    State.ACCEPTED: ("supplier",),
    State.DECLINED: ("supplier",),
    State.DELIVERED: ("hub",),
    State.CONFIRMED: ("supplier",),
    State.MISSED: ("supplier",),
    State.WITHDRAWN: ("supplier", "hub"),
}
MOST_READERS = 20


def tell_of_step(*, offer: NeedOffer, by: Any, now: datetime.datetime) -> int:
    """The mails that wait now. Nobody is told of their own step, and a hub that was never asked
    hears of no withdrawal."""
    addresses: list[str] = []
    for side in READERS.get(offer.state, ()):
        if side == "supplier":
            addresses += people_of(offer.supplier_id, "supplier", now.date())
        elif offer.need.hub_id and offer.supplier_answered_at:
            addresses += hub_addresses(offer.need.hub_id, now.date())
    rows = [
        OfferMail(offer=offer, told=offer.state, email=address, made_at=now)
        for address in dict.fromkeys(addresses)
        if address != getattr(by, "email", None)
    ]
    OfferMail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def people_of(organisation: int, role: str, day: datetime.date) -> list[str]:
    """E-mail addresses of those who act for it. One query."""
    grants: Any = RoleGrant.objects.in_force(day).filter(
        organisation=organisation, role=role, user__is_active=True
    )
    return list(grants.order_by("user__email").values_list("user__email", flat=True)[:MOST_READERS])


def hub_addresses(organisation: int, day: datetime.date) -> list[str]:
    """Those with an account, or else the address that the hub gave for rounds. Two queries."""
    people = people_of(organisation, "hub", day)
    if people:
        return people
    given = Hub.objects.filter(organisation=organisation).exclude(email="")
    return list(given.values_list("email", flat=True))


def send_offer_mails(*, by: Any, now: datetime.datetime, dry_run: bool = False) -> dict[str, int]:
    """Every mail that waits, once. Must not run inside a transaction."""
    return send_mail_rows(
        model=OfferMail,
        related=(
            "offer__need__hub",
            "offer__supplier",
            "offer__commitment__measure",
            "offer__spare",
        ),
        # A step later, what this mail asks for is done or void.
        still_wanted=lambda mail: mail.offer.state == mail.told,
        message=offer_email,
        verb="mails about offers sent",
        subject_name="Offers for needs",
        by=by,
        now=now,
        dry_run=dry_run,
    )
