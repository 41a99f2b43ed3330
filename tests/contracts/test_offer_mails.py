"""Each step of an offer is told by e-mail to the side whose turn it is, once."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from community_needs.models import Hub
from contracts.models import NeedOffer, OfferMail
from contracts.services.need_offers import (
    accept_offer,
    agree_offer,
    confirm_offer,
    decline_offer,
    deliver_offer,
    propose_offer,
    refuse_offer,
    send_offer_mails,
    withdraw_offer,
)
from tests.factories import make_user as make_anybody
from tests.factories_needs import NOW
from tests.factories_offers import TODAY, make_asked, make_offer, make_promise
from trafford_sv.core.models import User

pytestmark = pytest.mark.django_db
D = Decimal
SUPPLIER, HUB = "works@example.org", "hub@example.org"
LATER = NOW + datetime.timedelta(hours=3)


def make_user(role: str = "coordinator", organisation: Any = None, **values: Any) -> User:
    user = make_anybody(role, organisation)
    for name, value in values.items():
        setattr(user, name, value)
    user.save()
    return user


@pytest.fixture
def proposed() -> NeedOffer:
    """40 sessions are asked for; 25 of a promise are proposed. Both sides have an account."""
    need, fit = make_asked("40", title="A warm place", for_whom="older people")
    promise = make_promise(fit, need.wards.get(), title="Warm rooms")
    make_user("supplier", promise.supplier, email=SUPPLIER)
    make_user("hub", need.hub, email=HUB)
    return propose_offer(
        need=need, commitment=promise, offered_quantity=D(25), drawn_quantity=D(25),
        note="They open at nine.", by=None, now=NOW, today=TODAY,
    )  # fmt: skip


def step(service: Any, offer: NeedOffer, **more: Any) -> NeedOffer:
    stored = NeedOffer.objects.get(pk=offer.pk)
    return service(offer=stored, expected_version=stored.version, by=None, now=NOW, **more)


def sent(now: datetime.datetime = NOW) -> list[tuple[str, str, str]]:
    """(to, subject, body) of what goes out now."""
    before = len(mail.outbox)
    send_offer_mails(by=None, now=now)
    return [(one.to[0], one.subject, one.body) for one in mail.outbox[before:]]


def test_every_step_is_told_to_the_side_whose_turn_it_is(proposed: NeedOffer) -> None:
    ((to, subject, body),) = sent()
    assert (to, subject) == (SUPPLIER, "Can you help? A warm place")
    for words in ("Warm rooms", "25 sessions", "older people", "They open at nine."):
        assert words in body
    assert reverse("offer-agree", args=[proposed.pk]) in body
    step(agree_offer, proposed)
    ((to, subject, body),) = sent()
    assert to == HUB and subject.endswith("offers to help: A warm place")
    assert reverse("offer-accept", args=[proposed.pk]) in body
    step(accept_offer, proposed, accepted_quantity=D(15))
    ((to, _, body),) = sent()
    assert to == SUPPLIER and "They take 15 sessions. What is left of 25 sessions is free" in body
    step(
        deliver_offer, proposed, delivered_quantity=D(15), delivered_on=TODAY, words="Done.",
        today=TODAY,
    )  # fmt: skip
    ((to, _, body),) = sent()
    assert to == HUB and "15 sessions" in body and "Done." in body
    assert reverse("offer-confirm", args=[proposed.pk]) in body
    step(confirm_offer, proposed, has_arrived=True, confirmed_quantity=D(12), words="Good.")
    ((to, _, body),) = sent()
    assert to == SUPPLIER and "12 sessions" in body and "Good." in body
    assert sent(LATER) == [], "each once"


def test_the_hubs_reason_reaches_the_supplier_by_e_mail(proposed: NeedOffer) -> None:
    step(agree_offer, proposed)
    step(decline_offer, proposed, reason="The hall is closed in August.")
    found = sent()
    assert [to for to, _, _ in found] == [SUPPLIER], "what the hub was to be asked is void"
    assert "The hall is closed in August." in found[0][2]
    assert found[0][1] == "The hub said no, and why: A warm place"
    states = dict(OfferMail.objects.values_list("told", "state"))
    assert states == {"proposed": "skipped", "agreed": "skipped", "declined": "sent"}


def test_a_refusal_is_the_councils_alone(proposed: NeedOffer) -> None:
    sent()
    step(refuse_offer, proposed, reason="Our team is away.")
    assert sent() == []


def test_a_withdrawal_is_told_to_those_who_knew(proposed: NeedOffer) -> None:
    sent()
    step(withdraw_offer, proposed, reason="A nearer one was found.")
    found = sent()
    assert [to for to, _, _ in found] == [SUPPLIER], "the hub was never asked"
    assert "A nearer one was found." in found[0][2]


def test_what_did_not_arrive_is_told_to_the_supplier_in_the_hubs_words() -> None:
    offer = make_offer(state="delivered")
    make_user("supplier", offer.supplier, email=SUPPLIER)
    step(confirm_offer, offer, has_arrived=False, confirmed_quantity=None, words="Nobody came.")
    ((to, _, body),) = sent()
    assert to == SUPPLIER and "Nobody came." in body


def test_a_hub_without_an_account_is_told_at_the_address_it_gave_for_rounds() -> None:
    offer = make_offer()
    Hub.objects.filter(organisation=offer.need.hub).update(email="desk@example.org")
    step(agree_offer, offer)
    assert [to for to, _, _ in sent()] == ["desk@example.org"]


def test_an_account_that_is_closed_or_over_is_not_written_to() -> None:
    offer = make_offer()
    make_user("hub", offer.need.hub, email="gone@example.org", is_active=False)
    over = make_user("hub", offer.need.hub, email="over@example.org")
    over.grants.update(ends=NOW.date())
    step(agree_offer, offer)
    assert sent() == []


def test_nothing_is_told_of_a_step_that_was_not_taken(proposed: NeedOffer) -> None:
    OfferMail.objects.all().delete()
    with pytest.raises(Exception, match="Somebody|Someone"):
        agree_offer(offer=proposed, expected_version=proposed.version + 1, by=None, now=NOW)
    assert not OfferMail.objects.exists()


def test_a_mail_in_doubt_is_settled_on_the_offers_page(
    client: Client, proposed: NeedOffer, monkeypatch: Any
) -> None:
    def broken(self: Any, messages: Any) -> None:
        raise OSError("the line broke")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken)
        assert send_offer_mails(by=None, now=NOW)["in_doubt"] == 1
    assert sent(LATER) == []
    client.force_login(make_user())
    page = client.get(proposed.get_absolute_url()).text
    address = reverse("offer-mail-settle", args=[OfferMail.objects.get().pk])
    assert "the line broke" in page and address in page and SUPPLIER in page
    assert "goes out again" in client.post(address, {"action": "again"}, follow=True).text
    assert len(sent(LATER)) == 1


def test_an_officer_reads_that_nobody_could_be_written_to(client: Client) -> None:
    offer = make_offer()
    client.force_login(make_user())
    assert "nobody was written to" in client.get(offer.get_absolute_url()).text
    client.force_login(make_user("supplier", offer.supplier))
    page = client.get(offer.get_absolute_url()).text
    assert "nobody was written to" not in page and "E-mails about it" not in page
