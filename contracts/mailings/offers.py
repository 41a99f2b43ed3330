"""What each side reads when an offer for a need comes to its next step: the facts, and one link."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from community_needs.matching import plain

from ..models import NeedOffer, OfferMail

State = NeedOffer.State
# The subject, and the address of the step that is asked for; "" is the offer's own page.
SAYS: dict[str, tuple[str, str]] = {
    State.PROPOSED: ("Can you help? {need}", "offer-agree"),
    State.AGREED: ("{supplier} offers to help: {need}", "offer-accept"),
    State.ACCEPTED: ("The hub said yes: {need}", "offer-deliver"),
    State.DECLINED: ("The hub said no, and why: {need}", ""),
    State.DELIVERED: ("Did it arrive? {need}", "offer-confirm"),
    State.CONFIRMED: ("The hub confirms: {need}", ""),
    State.MISSED: ("The hub says it did not arrive: {need}", ""),
    State.WITHDRAWN: ("No longer needed: {need}", ""),
}


def offer_email(mail: OfferMail) -> EmailMessage:
    offer = mail.offer
    subject, step = SAYS[mail.told]
    page = reverse(step, kwargs={"pk": offer.pk}) if step else offer.get_absolute_url()
    context = {
        "offer": offer,
        "told": mail.told,
        "hub": offer.need.hub.name if offer.need.hub else "the hub",
        "what": _what(offer),
        "offered": _amount(offer.offered_quantity, offer.need.unit)
        or _amount(offer.drawn_quantity, offer.source_unit),
        "accepted": _amount(offer.accepted_quantity, offer.need.unit),
        "delivered": _amount(offer.delivered_quantity, offer.need.unit),
        "confirmed": _amount(offer.confirmed_quantity, offer.need.unit),
        "link": settings.SITE_URL + page,
    }
    words = subject.format(need=offer.need.title, supplier=offer.supplier.name)
    return EmailMessage(
        subject=" ".join(words.split())[:150],
        body=render_to_string("contracts/email/offer.txt", context),
        to=[mail.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _what(offer: NeedOffer) -> str:
    if offer.commitment is not None:
        return offer.commitment.title or offer.commitment.measure.title
    return offer.spare.title if offer.spare is not None else ""


def _amount(quantity: Decimal | None, unit: str) -> str:
    return "" if quantity is None else f"{plain(quantity)} {unit}".strip()
