"""Pages of matching, offers, coverage, “ask for this” and near me: what they say and to whom."""

from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community_needs.models import Catchment
from contracts.models import Contract, NeedClause, NeedOffer, SpareOffer
from contracts.selectors.need_coverage import coverage_on
from contracts.selectors.need_matching import candidates_for, needs_for_suppliers
from tests.factories import make_contract, make_organisation, make_user, make_ward
from tests.factories_delivery import (
    make_bid,
    make_line,
    make_request,
    make_return,
    make_tender,
)
from tests.factories_needs import NOW, make_hub, make_need, make_priority
from tests.factories_offers import (
    TODAY,
    make_asked,
    make_clause,
    make_fit,
    make_offer,
    make_promise,
    make_spare,
)
from trafford_sv.directory.models import Area, Postcode, PostcodeSector, RoleGrant

pytestmark = pytest.mark.django_db
DETAIL, LIST, API = 12, 8, 7


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def officer(client: Client):
    user = make_user()
    client.force_login(user)
    return user


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def asked(client: Client, name: str, **arguments):
    return client.get(reverse(name, kwargs=arguments))


# --- ranking ------------------------------------------------------------------------------------


def test_narrowing_and_ranking_find_what_fits_and_leave_out_what_does_not():
    need, fit = make_asked("40")
    ward = need.wards.get()
    best = make_promise(fit, ward, quantity="60")
    elsewhere = make_promise(fit, make_ward(), quantity="60")
    spare = make_spare(need.priority)
    make_promise(make_fit(), ward)  # fits another priority
    make_promise(fit, ward, quantity="25", state="draft", agreed=False)
    make_promise(fit, ward, due=TODAY - datetime.timedelta(days=1))
    used = make_promise(fit, ward, quantity="5")
    make_offer(need, used, state="accepted", quantity="5")
    own = make_promise(fit, ward, supplier=need.hub)
    found = candidates_for(need, as_of=TODAY)
    keys = [row.key for row in found.rows]
    assert keys[0] == f"commitment:{best.pk}"
    assert set(keys) == {f"commitment:{best.pk}", f"commitment:{elsewhere.pk}", f"spare:{spare.pk}"}
    assert f"commitment:{own.pk}" not in keys
    assert found.found == 3


def test_a_promise_that_names_the_need_fits_it_whatever_its_measure():
    need, _ = make_asked("40")
    promise = make_promise(make_fit())
    promise.needs.add(need)
    (row,) = candidates_for(need, as_of=TODAY).rows
    assert row.ranked.reasons[0].words.endswith("The promise names this very need.")


def test_what_is_narrowed_in_sql_keeps_the_best():
    need, fit = make_asked("40")
    best = make_promise(fit, need.wards.get(), quantity="60")
    for _ in range(4):
        make_promise(fit, quantity="5")
    found = candidates_for(need, as_of=TODAY, limit=2)
    assert found.rows[0].pk == best.pk
    assert (len(found.rows), found.found, found.is_narrowed) == (2, 5, True)


def test_a_supplier_reads_the_needs_that_its_own_promises_could_meet():
    need, fit = make_asked("40")
    make_asked("40")  # another priority
    promise = make_promise(fit, need.wards.get())
    rival = make_promise(fit, need.wards.get())
    found = needs_for_suppliers([promise.supplier_id, rival.supplier_id], as_of=TODAY)
    (match,) = found[promise.supplier_id]
    assert (match.need, match.best.pk) == (need, promise.pk)
    (other,) = found[rival.supplier_id]
    assert other.best.pk == rival.pk


# --- the way of an offer, on the pages ------------------------------------------------------------


def test_an_officer_proposes_after_reading_it_once_more_and_a_lower_rank_needs_a_reason(
    client, officer
):
    need, fit = make_asked("40")
    make_promise(fit, need.wards.get(), quantity="60")
    worse = make_promise(fit, quantity="10")
    page = text_of(asked(client, "need-matches", pk=need.pk))
    assert "2 live promises fit this need" in page and "All reasons for number 1" in page
    address = reverse("offer-propose", args=[need.pk, "commitment", worse.pk])
    assert "Number 1 is" in text_of(client.get(address))
    data = {"offered_quantity": "5", "note": "Ring the bell.", "step": "check"}
    for step in ("check", "send"):
        page = text_of(client.post(address, {**data, "step": step}))
        assert "is ranked first. Say why this one is better" in page and "Ring the bell." in page
    answer = client.post(address, {**data, "override_reason": "The hub knows them."})
    assert "Check before you ask" in text_of(answer) and not NeedOffer.objects.exists()
    answer = client.post(
        address, {**data, "step": "send", "override_reason": "The hub knows them."}
    )
    offer = NeedOffer.objects.get()
    assert answer.url == reverse("need-offer-detail", args=[offer.pk])
    assert (offer.rank, offer.override_reason) == (2, "The hub knows them.")
    page = text_of(asked(client, "need-offer-detail", pk=offer.pk))
    assert "Proposed against the ranking" in page and "The hub knows them." in page


def test_supplier_agrees_hub_declines_and_the_supplier_reads_why(client):
    offer = make_offer(state="proposed")
    client.force_login(make_user("supplier", offer.supplier))
    page = text_of(asked(client, "supplier-needs"))
    assert f"Can you help with “{offer.need.title}”?" in page
    client.post(reverse("offer-agree", args=[offer.pk]), {"version": offer.version})
    offer.refresh_from_db()
    assert offer.state == "agreed"
    hub = Client()
    hub.force_login(make_user("hub", offer.need.hub))
    address = reverse("offer-decline", args=[offer.pk])
    assert "Say why" in text_of(hub.post(address, {"version": offer.version, "reason": ""}))
    hub.post(address, {"version": offer.version, "reason": "The hall is closed in winter."})
    page = text_of(asked(client, "supplier-needs"))
    assert "The hall is closed in winter." in page
    page = text_of(asked(client, "need-offer-detail", pk=offer.pk))
    assert "The hub said no: The hall is closed in winter." in page
    assert "by the council" in page  # which officer proposed it is the council's own


def test_the_hub_takes_what_it_needs_and_says_what_arrived(client):
    offer = make_offer(state="agreed")
    client.force_login(make_user("hub", offer.need.hub))
    accept = reverse("offer-accept", args=[offer.pk])
    page = text_of(client.post(accept, {"version": offer.version, "accepted_quantity": "NaN"}))
    assert "There is a problem" in page
    client.post(accept, {"version": offer.version, "accepted_quantity": "10"})
    offer.refresh_from_db()
    assert (offer.accepted_quantity, offer.held_quantity) == (10, 10)
    supplier = Client()
    supplier.force_login(make_user("supplier", offer.supplier))
    data = {
        "version": offer.version, "delivered_quantity": "8", "delivered_on": "1 December 2026",
        "words": "Two more come next week.",
    }  # fmt: skip
    deliver = reverse("offer-deliver", args=[offer.pk])
    page = text_of(supplier.post(deliver, data))
    assert "This day has not come yet" in page and "Two more come next week." in page
    supplier.post(deliver, {**data, "delivered_on": "30 November 2026"})
    offer.refresh_from_db()
    confirm = reverse("offer-confirm", args=[offer.pk])
    data = {"version": offer.version, "arrived": "part", "words": ""}
    assert "Enter how much arrived" in text_of(client.post(confirm, data))
    client.post(confirm, {**data, "confirmed_quantity": "6"})
    offer.refresh_from_db()
    assert (offer.state, offer.confirmed_quantity, offer.held_quantity) == ("confirmed", 6, 6)


def test_a_step_read_before_somebody_changed_the_offer_is_not_taken(client):
    offer = make_offer(state="agreed")
    client.force_login(make_user("hub", offer.need.hub))
    NeedOffer.objects.update(version=offer.version + 1)
    answer = client.post(
        reverse("offer-accept", args=[offer.pk]),
        {"version": offer.version, "accepted_quantity": "10"},
    )
    assert answer.status_code == 409
    assert "This offer changed after you opened it" in text_of(answer)
    assert NeedOffer.objects.get().state == "agreed"


def test_a_person_of_two_suppliers_says_in_whose_name_an_offer_is_made(client):
    priority, first, second, other = make_priority(), *(make_organisation() for _ in range(3))
    person = make_user("supplier", first)
    RoleGrant.objects.create(
        user=person, role="supplier", organisation=second, starts=TODAY, granted_by_name="A test"
    )
    client.force_login(person)
    assert "Which organisation offers it?" in text_of(asked(client, "spare-create"))
    data = {
        "title": "A van", "words": "", "priorities": [priority.pk], "offered_quantity": "6",
        "unit": "trips", "starts": "", "ends": "",
    }  # fmt: skip
    for wrong in ("", other.pk, "9" * 40):
        page = client.post(reverse("spare-create"), {**data, "supplier": wrong})
        assert page.status_code == 200 and not SpareOffer.objects.exists()
    assert "Choose the organisation that offers it" in text_of(client.post(reverse("spare-create"), data))  # fmt: skip
    client.post(reverse("spare-create"), {**data, "supplier": second.pk})
    assert SpareOffer.objects.get().supplier == second
    # Who has one organisation is not asked, and cannot name another.
    client.force_login(make_user("supplier", first))
    assert "Which organisation" not in text_of(asked(client, "spare-create"))
    client.post(reverse("spare-create"), {**data, "supplier": other.pk})
    assert SpareOffer.objects.latest("pk").supplier == first


def test_what_can_be_spared_is_offered_changed_and_taken_back_by_the_supplier(client):
    priority, company = make_priority("Food support"), make_organisation()
    client.force_login(make_user("supplier", company))
    data = {
        "title": "A van", "words": "<script>alert(1)</script>", "priorities": [priority.pk],
        "offered_quantity": "6", "unit": "trips", "starts": "", "ends": "",
    }  # fmt: skip
    page = text_of(client.post(reverse("spare-create"), {**data, "offered_quantity": "Infinity"}))
    assert "A van" in page and not SpareOffer.objects.exists()
    client.post(reverse("spare-create"), data)
    spare = SpareOffer.objects.get()
    assert spare.supplier == company
    edit = reverse("spare-edit", args=[spare.pk])
    client.post(edit, {**data, "version": spare.version, "title": "A bigger van"})
    spare.refresh_from_db()
    assert spare.title == "A bigger van"
    client.post(reverse("spare-take-back", args=[spare.pk]), {"version": spare.version})
    spare.refresh_from_db()
    assert spare.state == "withdrawn"
    assert "Taken back" in text_of(asked(client, "supplier-needs"))


def test_a_needs_page_and_a_hubs_place_lead_to_its_offers(client):
    offer = make_offer(state="agreed")
    page = text_of(asked(client, "need-detail", pk=offer.need_id))
    assert "What is offered" not in page  # a visitor
    client.force_login(make_user("hub", offer.need.hub))
    page = text_of(asked(client, "hub-home"))
    assert f"{offer.supplier.name} offers 25 sessions" in page
    page = text_of(asked(client, "need-detail", pk=offer.need_id))
    assert offer.get_absolute_url() in page and "Who could help" not in page
    client.force_login(make_user())
    assert "Who could help" in text_of(asked(client, "need-detail", pk=offer.need_id))


# --- coverage -----------------------------------------------------------------------------------


def test_all_wards_are_counted_by_catchment_though_few_hold_a_hub(officer):
    """Three wards of 2023, one hub in one of them whose catchment is two; one ward nobody serves."""
    first, second, third = make_ward(), make_ward(), make_ward()
    old = make_ward(name=first.name, boundary_year=2022)
    hub = make_hub("", first, second)
    need = make_need(first, second, hub=hub.organisation)
    stray = make_need(old, priority=need.priority)  # on boundaries of another year
    found = coverage_on(TODAY, officer)
    rows = {row.ward: row for row in found.matrix.rows}
    assert {first.code, second.code, third.code} <= set(rows) and old.code not in rows
    assert rows[first.code].total.open == rows[second.code].total.open == 1
    assert rows[third.code].total is None and third.code in found.matrix.not_asked
    assert found.matrix.by_priority[need.priority.key].needs == 2
    assert stray.wards.get() == old  # never joined to the new ward by its name


def test_the_page_names_gaps_and_what_is_promised_there(client):
    need, fit = make_asked("40")
    ward = need.wards.get()
    page = text_of(asked(client, "coverage"))
    assert "nothing promised fits" in page and "no live promise fits it here" in page.lower()
    make_promise(fit, ward)
    make_promise(fit)
    page = text_of(asked(client, "coverage"))
    assert "1 promise fit" in page and "Promises that name no ward are in no cell: 1 for" in page
    answer = client.get(reverse("coverage") + "?format=csv")
    lines = (
        b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    )
    assert f"{ward.code},{ward.name},{need.priority.name},1,0,0,0,1," in lines


def test_a_visitor_does_not_count_needs_that_are_not_published():
    make_asked("40", is_public=False)
    from django.contrib.auth.models import AnonymousUser

    assert coverage_on(TODAY, AnonymousUser()).matrix.total.needs == 0
    assert coverage_on(TODAY, make_user()).matrix.total.needs == 1


# --- ask for this ---------------------------------------------------------------------------------


def test_a_coming_contract_is_asked_to_carry_a_need_and_the_thread_is_followed_to_the_hub(
    client, officer
):
    need, fit = make_asked("40")
    ward = need.wards.get()
    contract = make_contract(stage="pipeline", title="Grounds upkeep")
    contract.wards.add(ward)
    make_contract(stage="live", title="Running already").wards.add(ward)
    other = make_contract(stage="pipeline", title="Somewhere else")
    other.wards.add(make_ward())
    page = text_of(asked(client, "need-ask", pk=need.pk))
    assert "Grounds upkeep" in page and "It serves 1 ward of the need." in page
    assert "Running already" not in page and "Somewhere else" not in page
    assert "at least 40 sessions" in page
    address = reverse("clause-create", args=[need.pk, contract.pk])
    assert fit.measure.code in text_of(client.get(address))
    data = {"words": "Bring 40 sessions.", "measures": [fit.measure.pk]}
    assert "at least one measure" in text_of(client.post(address, {"words": "x"}))
    client.post(address, data)
    clause = NeedClause.objects.get()
    assert "asked to carry the need already" in text_of(client.post(address, data))

    tender = make_tender(contract, measures=[fit.measure])
    company = make_organisation("Helpful Works")
    bid = make_bid(tender, company, state="won")
    promise = make_promise(
        fit, ward, supplier=company, contract=contract, offer=bid.offers.get(), quantity="50"
    )
    sent = make_return(contract, company)
    line = make_line(sent, promise, "20", verified="20")
    make_request(line, state="answered", confirmed_quantity=Decimal(18))
    page = text_of(asked(client, "need-trace", pk=need.pk))
    for words in (
        "The tender asks for it", "1 bid offered something", "Helpful Works: 50 sessions",
        "offered 50 sessions", "Verified: 20 sessions", "Confirmed: 18 sessions",
    ):  # fmt: skip
        assert words in page, words
    settle = reverse("clause-settle", args=[clause.pk])
    assert "Say why it is not asked for" in text_of(
        client.post(settle, {"version": clause.version, "state": "dropped", "dropped_reason": ""})
    )
    client.post(settle, {"version": clause.version, "state": "used", "dropped_reason": ""})
    assert NeedClause.objects.get().state == "used"


def test_nothing_is_asked_of_a_contract_past_its_tender(client, officer):
    need, fit = make_asked("40")
    contract = make_contract(stage=Contract.Stage.LIVE)
    answer = client.post(
        reverse("clause-create", args=[need.pk, contract.pk]),
        {"words": "x", "measures": [fit.measure.pk]},
    )
    assert "past its tender" in text_of(answer)


def test_anyone_reads_a_needs_way_but_not_what_is_planned_or_offered(client):
    clause = make_clause()
    make_offer(clause.need, make_promise(make_fit(clause.need.priority)), state="agreed")
    page = text_of(asked(client, "need-trace", pk=clause.need_id))
    assert clause.words not in page and "Offered to it" not in page


# --- near me --------------------------------------------------------------------------------------


@pytest.fixture
def ward() -> Area:
    ward = make_ward("E05015250", "Longford")
    Postcode.objects.create(postcode="M320TH", la_code="E08000009", ward=ward, source="ONSPD 2025")
    Postcode.objects.create(postcode="M11AE", la_code="E08000003", source="Code-Point 2014")
    PostcodeSector.objects.create(sector="M32 0", la_code="E08000009", share=1)
    return ward


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter a postcode"),
        ("M32 OTH", "is not a postcode. Did you mean M32 0TH?"),
        ("Stretford", "is not a postcode"),
        ("M1 1AE", "M1 1AE is in Manchester, not in Trafford"),
        ("BT1 5GS", "Northern Ireland, not in Trafford"),
        ("M32 0ZZ", "It may be new, or no longer in use. Choose your ward"),
        ("75001", "is not a postcode"),
        ("\x00", "not allowed"),
        ("M" * 100_000, "at most 20 characters"),
    ],
)
def test_a_postcode_without_a_ward_here_gets_a_clear_sentence(client, ward, typed, sentence):
    answer = client.get(reverse("near-me"), {"postcode": typed})
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert "Longford" in text_of(answer)  # the list of wards is always there


def test_a_terminated_postcode_of_trafford_still_finds_its_ward_and_one_not_held_gets_a_sentence(
    client, ward
):
    """The table of February 2025 holds live and terminated postcodes and does not say which."""
    Postcode.objects.create(postcode="M320ZZ", la_code="E08000009", ward=ward, source="ONSPD 2025")
    answer = client.get(reverse("near-me"), {"postcode": "M32 0ZZ"})
    assert answer.url == reverse("near-me-ward", args=[ward.code])
    page = client.get(reverse("near-me"), {"postcode": "M32 0ZY"}).text
    assert "no longer in use" in page and "Choose your ward from the list" in page


def test_a_postcode_leads_to_plain_words_with_small_numbers_left_out(client, ward):
    answer = client.get(reverse("near-me"), {"postcode": "m320th"})
    assert answer.url == reverse("near-me-ward", args=[ward.code])
    assert "Nothing is promised for Longford" in text_of(client.get(answer.url))
    hub = make_hub("The Old Hall", ward)
    priority = make_priority("Food support")
    need = make_need(
        ward, priority=priority, hub=hub.organisation, quantity="40", for_whom="families"
    )
    fit = make_fit(priority)
    fit.measure.unit = "people"
    fit.measure.save()
    promise = make_promise(fit, ward, title="Cooking lessons", quantity="30")
    sent = make_return(promise.contract, promise.supplier)
    make_line(sent, promise, "3", verified="3")
    draft = make_promise(fit, ward, title="A secret plan", state="draft", agreed=False)
    make_offer(need, promise, state="confirmed", quantity="25")
    make_offer(need, make_promise(fit, ward), state="agreed", quantity="11")
    page = text_of(client.get(answer.url))
    assert "promised: Cooking lessons (30 people)" in page
    assert "Proved so far: fewer than 5 people." in page
    assert f"{promise.supplier.name} helped, 25 sessions." in page and "For families" in page
    assert "The Old Hall" in page
    assert draft.title not in page and "11 sessions" not in page
    feed = client.get(reverse("near-me-feed", args=[ward.code]))
    assert feed["Content-Type"].startswith("application/atom+xml")
    entries = ET.fromstring(feed.content).findall("{http://www.w3.org/2005/Atom}entry")
    titles = [entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in entries]
    assert f"Help came: {need.title}" in titles
    assert len({e.findtext("{http://www.w3.org/2005/Atom}id") for e in entries}) == len(entries)


def test_a_ward_of_older_boundaries_has_no_page(client):
    old = make_ward("E05000819", boundary_year=2022)
    assert asked(client, "near-me-ward", code=old.code).status_code == 404


# --- the same number of queries ---------------------------------------------------------------------


def many(number: int) -> tuple:
    need, fit = make_asked("4000")
    ward = need.wards.get()
    for _ in range(number):
        make_promise(fit, ward)
        make_spare(need.priority).wards.add(ward)
        make_offer(need, make_promise(fit, ward), state="confirmed")
        other = make_need(ward, priority=need.priority, hub=need.hub)
        make_clause(other, measures=[fit.measure]).contract.wards.add(ward)
        Catchment.objects.create(hub=need.hub, ward=make_ward())
    clause = make_clause(need, measures=[fit.measure])
    make_promise(fit, ward, contract=clause.contract)
    return need, NeedOffer.objects.first() or make_offer(need, make_promise(fit))


@pytest.mark.parametrize(
    ("name", "most", "who"),
    [
        ("need-matches", DETAIL, "coordinator"),
        ("need-offer-list", LIST, "coordinator"),
        ("need-offer-detail", DETAIL, "coordinator"),
        ("coverage", DETAIL, "coordinator"),
        ("ask-for-this", DETAIL, "coordinator"),
        ("need-ask", DETAIL, "coordinator"),
        ("need-trace", DETAIL, "coordinator"),
        ("hub-exposure", DETAIL, "coordinator"),
        ("priority-fit-list", LIST, "coordinator"),
        ("supplier-needs", DETAIL, "supplier"),
        ("near-me-ward", DETAIL, ""),
        ("near-me-feed", LIST, ""),
    ],
)
def test_a_page_asks_as_often_for_many_rows_as_for_few(name, most, who, client):
    counts = []
    for number in (1, 4):
        need, offer = many(number)
        if who:
            client.force_login(make_user(who, offer.supplier if who == "supplier" else None))
        arguments = {
            "need-offer-detail": {"pk": offer.pk},
            "near-me-ward": {"code": need.wards.get().code},
            "near-me-feed": {"code": need.wards.get().code},
        }.get(
            name, {"pk": need.pk} if name.startswith("need-") and name != "need-offer-list" else {}
        )
        address = reverse(name, kwargs=arguments)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(address).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= most
