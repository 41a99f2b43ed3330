"""Pages of tenders and bids: sealed, blind, one's own only, and few queries."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from contracts.models import Bid, Commitment, Contract, EvaluatorScore, Tender
from contracts.services.bids import (
    agree_scores,
    declare_no_interest,
    finish_scoring,
    moderate_bid,
    name_evaluator,
    open_bids,
    score_bid,
)
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import NOON, make_bid, make_edition, make_measure, make_tender

pytestmark = pytest.mark.django_db
AFTER = NOON + datetime.timedelta(days=31)
SECRET = "Apprentices from the estate next door"


@pytest.fixture
def before() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def after() -> Any:
    with time_machine.travel(AFTER, tick=False):
        yield


def sign_in(client: Client, role: str = "star_officer", organisation: Any = None) -> Any:
    person = make_user(role, organisation)
    client.force_login(person)
    return person


def at(tender: Tender, name: str = "tender-detail", **more: Any) -> str:
    return reverse(name, kwargs={"pk": tender.contract_id, **more})


def secret_bid(tender: Tender, name: str = "Invented Paths", state: str = "submitted") -> Bid:
    bid = make_bid(tender, make_organisation(name), quantity="777", state=state)
    bid.offers.update(method_statement=SECRET)
    return bid


def unsealed(number: int = 1) -> tuple[Tender, list[Bid]]:
    tender = make_tender()
    bids = [secret_bid(tender, f"Invented Paths {each}") for each in range(number)]
    tender = open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    return tender, bids


def evaluator(tender: Tender, person: Any, *bids: Bid, score: str = "4", done: bool = False) -> Any:
    named = name_evaluator(tender=tender, user=person, by=make_user(), now=AFTER)
    declare_no_interest(evaluator=named, by=person, now=AFTER)
    for bid in bids:
        score_bid(
            evaluator=named, bid=bid, score=Decimal(score), reasons=f"Reasons of {named.pk}",
            by=person, now=AFTER,
        )  # fmt: skip
    if done:
        finish_scoring(evaluator=named, by=person, now=AFTER)
    return named


# --- officers, from nothing to an award


def test_a_tender_is_prepared_opened_scored_and_awarded_by_its_pages(client: Client) -> None:
    edition = make_edition(is_default=True)
    measure = make_measure(edition)
    bidder = make_organisation("Invented Paths")
    contract = make_contract(estimated_value_pounds=Decimal("90000"))
    officer = make_user("star_officer")
    supplier = make_user("supplier", bidder)

    def post(name: str, values: Any = None, **more: Any) -> Any:
        address = reverse(name, kwargs={"pk": contract.pk, **more})
        answer = client.post(address, values or {})
        assert answer.status_code == 302, answer.content.decode()
        return answer

    with time_machine.travel(NOON, tick=False):
        client.force_login(officer)
        assert "Prepare the tender" in client.get(at_contract(contract)).text
        post(
            "tender-create",
            {
                "edition": edition.pk, "priced_on": "4/5/2026", "closes_at": "3/6/2026 12:00",
                "weighting_share": "20", "quantitative_share": "50%",
                "quantitative_method": "relative_to_highest", "highest_score": "5",
            },
        )  # fmt: skip
        tender = Tender.objects.get()
        assert tender.weighting_share == Decimal("0.2")
        assert tender.closes_at == datetime.datetime(2026, 6, 3, 11, tzinfo=datetime.UTC)
        post("tender-measures", {"version": "1", "measures": measure.pk, "must": measure.pk})
        found = client.get(f"{at(tender, 'tender-invite')}?q=paths")
        assert "Invented Paths" in found.text
        post("tender-invite", {"organisation": bidder.pk})
        tender.refresh_from_db()
        post("tender-step", {"version": tender.version}, step="open")

        client.force_login(supplier)
        bid = Bid.objects.get()
        assert "Write your bid" in client.get(reverse("supplier-bid", args=[bid.pk])).text
        asked = tender.requested.get()
        answer = client.post(
            reverse("supplier-bid-edit", args=[bid.pk]),
            {
                "version": "1", f"quantity_{asked.pk}": "1,200 hours",
                f"statement_{asked.pk}": "With our own staff", "check": "1",
            },
        )  # fmt: skip
        assert answer["Location"] == reverse("supplier-bid-submit", args=[bid.pk])
        shown = client.get(answer["Location"]).text
        assert "1,200 x £10.00 = £12,000.00" in shown
        answer = client.post(answer["Location"], {"version": "2"})
        assert answer.status_code == 302
        assert "sealed" in client.get(reverse("supplier-bid", args=[bid.pk])).text

    with time_machine.travel(AFTER, tick=False):
        client.force_login(officer)
        tender.refresh_from_db()
        post("tender-evaluators", {"user": officer.pk})
        post("tender-step", {"version": tender.version}, step="unseal")
        client.post(at(tender, "tender-declare"), {"none": "1"})
        post("bid-score", {"version": "0", "score": "4", "reasons": "Costed"}, bid=bid.pk)
        post("tender-finish")
        bid.refresh_from_db()
        post(
            "bid-moderate",
            {"version": bid.version, "score": "4", "reason": "As scored"},
            bid=bid.pk,
        )
        tender.refresh_from_db()
        post("tender-step", {"version": tender.version}, step="agree")
        tender.refresh_from_db()
        # 12,000/12,000 x 50 = 50; 4/5 x 50 = 40; 90 x 20% = 18.
        page = client.get(at(tender)).text
        assert "90 x 20% = 18 points" in page
        post(
            "tender-award",
            {
                "version": tender.version, "bid": bid.pk, "awarded_on": "4/6/2026",
                "value_pounds": "88,000",
            },
        )  # fmt: skip
    contract.refresh_from_db()
    assert contract.stage == Contract.Stage.AWARDED
    assert Commitment.objects.get().promised_quantity == 1200


def at_contract(contract: Contract) -> str:
    return reverse("tender-detail", args=[contract.pk])


def test_what_keeps_it_from_opening_is_listed(client: Client, before: None) -> None:
    tender = make_tender(measures=[], state="draft", closes_at=None)
    sign_in(client)
    page = client.get(at(tender)).text
    assert "Nobody is invited" in page and "No closing time" in page
    answer = client.post(at(tender, "tender-step", step="open"), {"version": "1"})
    assert answer.status_code == 200 and "Nobody is invited" in answer.text


def test_a_step_from_a_stale_page_does_nothing(client: Client, before: None) -> None:
    tender = make_tender(state="draft")
    secret_bid(tender, state="invited")
    sign_in(client)
    answer = client.post(at(tender, "tender-step", step="open"), {"version": "7"})
    assert answer.status_code == 409 and "Someone else" in answer.text
    tender.refresh_from_db()
    assert tender.state == Tender.State.DRAFT


def test_a_low_weighting_is_refused_in_words_and_keeps_what_was_typed(
    client: Client, before: None
) -> None:
    tender = make_tender(state="draft")
    sign_in(client)
    values = {
        "version": "1", "edition": tender.edition_id, "priced_on": "4/5/2026",
        "weighting_share": "12.5", "quantitative_share": "50", "highest_score": "5",
        "quantitative_method": "banded", "note_to_bidders": "A note that stays",
    }  # fmt: skip
    answer = client.post(at(tender, "tender-edit"), values)
    assert "weighs 12.5%" in answer.text and "A note that stays" in answer.text
    assert 'value="12.5"' in answer.text


# --- sealed bids


@pytest.mark.parametrize("role", ["star_officer", "coordinator", "auditor", "administrator"])
def test_nobody_reads_a_bid_before_the_bids_are_opened(
    client: Client, before: None, role: str
) -> None:
    tender = make_tender()
    bid = secret_bid(tender)
    person = sign_in(client, role)
    if role != "auditor":
        named = name_evaluator(tender=tender, user=person, by=person, now=NOON)
        declare_no_interest(evaluator=named, by=person, now=NOON)
    addresses = [
        at(tender),
        at(tender, "bid-detail", bid=bid.pk),
        at(tender, "bid-score", bid=bid.pk),
        at(tender, "bid-moderate", bid=bid.pk),
        at(tender, "tender-award"),
        f"{reverse('tender-list')}?format=csv",
        reverse("tender-list"),
    ]
    for address in addresses:
        answer = client.get(address)
        text = answer.getvalue().decode() if answer.streaming else answer.text
        assert SECRET not in text and "777" not in text and "7,770" not in text, address
    assert "Invented Paths" in client.get(at(tender)).text
    assert "Bids are sealed" in client.get(at(tender, "bid-detail", bid=bid.pk)).text


def test_a_draft_stays_closed_even_after_opening(client: Client, after: None) -> None:
    tender = make_tender()
    secret_bid(tender, "Invented Kerbs")
    late = secret_bid(tender, "Invented Late", state="draft")
    open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    sign_in(client)
    answer = client.get(at(tender, "bid-detail", bid=late.pk)).text
    assert "was not submitted, so it stays closed" in answer and SECRET not in answer


def test_an_opened_bid_is_read_with_its_arithmetic(client: Client, after: None) -> None:
    tender, (bid,) = unsealed()
    sign_in(client)
    page = client.get(at(tender, "bid-detail", bid=bid.pk)).text
    assert SECRET in page and "777 x £10.00 = £7,770.00" in page


def test_values_that_may_not_be_published_stay_with_who_may_see_them(
    client: Client, after: None
) -> None:
    edition = make_edition(values_may_be_published=False)
    tender = make_tender(measures=[make_measure(edition, value="13")])
    bid = secret_bid(tender)
    open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    sign_in(client, "auditor")
    page = client.get(at(tender, "bid-detail", bid=bid.pk)).text
    # 777 hours stand beside it: a total of this one measure would be its value.
    assert "£13" not in page and "Withheld" in page and "£10,101.00" not in page
    assert "£13" not in client.get(at(tender)).text
    sign_in(client, "star_officer")
    assert "777 x £13.00 = £10,101.00" in client.get(at(tender, "bid-detail", bid=bid.pk)).text
    sign_in(client, "supplier", bid.organisation)
    page = client.get(reverse("supplier-bid", args=[bid.pk])).text
    assert "£13" not in page and "Withheld" in page


# --- blind scores


def test_an_evaluator_declares_before_reading(client: Client, after: None) -> None:
    tender, (bid,) = unsealed()
    person = sign_in(client)
    named = name_evaluator(tender=tender, user=person, by=person, now=AFTER)
    assert SECRET not in client.get(at(tender, "bid-detail", bid=bid.pk)).text
    score = at(tender, "bid-score", bid=bid.pk)
    assert client.get(score)["Location"] == at(tender, "tender-declare")
    answer = client.post(score, {"version": "0", "score": "3", "reasons": "Fine"})
    assert "Declare first" in answer.text and not EvaluatorScore.objects.exists()
    assert "Tick the declaration" in client.post(at(tender, "tender-declare")).text
    client.post(at(tender, "tender-declare"), {"none": "1"})
    named.refresh_from_db()
    assert named.no_interest_declared_at == AFTER
    assert SECRET in client.get(score).text


def test_evaluators_are_blind_to_each_other_until_all_have_finished(
    client: Client, after: None
) -> None:
    tender, (bid,) = unsealed()
    first, second = make_user("star_officer"), make_user("coordinator")
    unfinished = evaluator(tender, second)
    given = evaluator(tender, first, bid, score="4.75", done=True)
    pages = [
        at(tender),
        at(tender, "bid-detail", bid=bid.pk),
        at(tender, "bid-score", bid=bid.pk),
        at(tender, "bid-moderate", bid=bid.pk),
    ]
    for person in (second, make_user("administrator"), make_user("auditor")):
        client.force_login(person)
        for address in pages:
            page = client.get(address, follow=True).text
            assert "4.75" not in page and f"Reasons of {given.pk}" not in page, address
        assert "1 of 2 evaluators" in client.get(at(tender)).text
    client.force_login(first)
    assert "4.75" in client.get(at(tender, "bid-score", bid=bid.pk)).text  # their own
    score_bid(evaluator=unfinished, bid=bid, score=Decimal(2), reasons="Thin", by=second, now=AFTER)
    finish_scoring(evaluator=unfinished, by=second, now=AFTER)
    client.force_login(second)
    page = client.get(at(tender, "bid-detail", bid=bid.pk)).text
    assert "4.75" in page and f"Reasons of {given.pk}" in page and "Thin" in page


def test_the_tender_page_marks_a_bid_whose_evaluators_are_far_apart(
    client: Client, after: None
) -> None:
    """4.5 and 2 are 2.5 apart, which is two points or more; 4 and 3 are not."""
    tender, bids = unsealed(2)
    sign_in(client)
    named = [evaluator(tender, make_user("star_officer")) for _ in range(2)]
    for given, scores in zip(named, (("4.5", "4"), ("2", "3")), strict=True):
        for bid, score in zip(bids, scores, strict=True):
            assert "Evaluators differ" not in client.get(at(tender)).text
            score_bid(
                evaluator=given, bid=bid, score=Decimal(score), reasons="Reasons", by=given.user,
                now=AFTER,
            )  # fmt: skip
        finish_scoring(evaluator=given, by=given.user, now=AFTER)
    marks = [bid.differing and bid.differing.text for bid in client.get(at(tender)).context["bids"]]
    assert sorted(marks, key=str) == ["Evaluators differ by 2.5", None]
    moderate_bid(
        bid=bids[0], score=Decimal(3), reason="Talked it over", expected_version=bids[0].version,
        by=make_user(), now=AFTER,
    )  # fmt: skip
    assert "Evaluators differ" not in client.get(at(tender)).text


def test_two_officers_agree_a_score_at_once_and_the_second_sees_the_first(
    client: Client, after: None
) -> None:
    tender, (bid,) = unsealed()
    evaluator(tender, make_user("star_officer"), bid, done=True)
    address = at(tender, "bid-moderate", bid=bid.pk)
    sign_in(client)
    stale = {"version": "1", "score": "2", "reason": "Thin on schools"}
    moderate_bid(
        bid=bid, score=Decimal("4.5"), reason="Strong on jobs", expected_version=1,
        by=make_user(), now=AFTER,
    )  # fmt: skip
    answer = client.post(address, stale)
    assert answer.status_code == 409
    for words in ("Someone else", "4.5", "Strong on jobs", "Thin on schools"):
        assert words in answer.text
    bid.refresh_from_db()
    assert bid.moderated_score == Decimal("4.5")
    assert client.post(address, {**stale, "version": "2"}).status_code == 302


def test_who_is_not_named_scores_nothing(client: Client, after: None) -> None:
    tender, (bid,) = unsealed()
    sign_in(client)
    address = at(tender, "bid-score", bid=bid.pk)
    answer = client.post(address, {"version": "0", "score": "3", "reasons": "Fine"}, follow=True)
    assert "You are not named" in answer.text and not EvaluatorScore.objects.exists()


# --- a bidder's own place


def test_a_bidder_finds_nothing_of_another(client: Client, before: None) -> None:
    tender = make_tender()
    mine = make_bid(tender, make_organisation("Invented Kerbs"))
    other = secret_bid(tender, "Quagga Holdings")
    sign_in(client, "supplier", mine.organisation)
    for name in (
        "supplier-bid", "supplier-bid-edit", "supplier-bid-submit", "supplier-bid-withdraw",
        "supplier-bid-workbook", "supplier-bid-upload",
    ):  # fmt: skip
        address = reverse(name, args=[other.pk])
        assert client.get(address).status_code == 404, name
        assert client.post(address).status_code in (404, 405), name
    assert client.get(at(tender, "bid-detail", bid=other.pk)).status_code == 404
    for address in (
        reverse("supplier-bid-list"),
        reverse("supplier-bid", args=[mine.pk]),
        at(tender),
        f"{reverse('tender-list')}?format=csv",
    ):
        page = client.get(address, follow=True)
        text = page.getvalue().decode() if page.streaming else page.text
        assert "Quagga" not in text and SECRET not in text and "777" not in text


def test_another_role_opens_no_other_bid_in_the_suppliers_place(
    client: Client, before: None
) -> None:
    tender = make_tender()
    mine = make_bid(tender, make_organisation("Invented Kerbs"))
    other = secret_bid(tender, "Quagga Holdings")
    person = sign_in(client, "coordinator")
    person.grants.create(
        role="supplier",
        organisation=mine.organisation,
        starts=NOON.date(),
        granted_by_name="A test",
    )
    assert "Quagga" not in client.get(reverse("supplier-bid-list")).text
    assert client.get(reverse("supplier-bid", args=[mine.pk])).status_code == 200
    assert client.get(reverse("supplier-bid", args=[other.pk])).status_code == 404


def test_a_tender_that_is_being_prepared_is_not_there_for_bidders(
    client: Client, before: None
) -> None:
    tender = make_tender(state="draft")
    bid = make_bid(tender, state="invited")
    sign_in(client, "supplier", bid.organisation)
    assert client.get(reverse("supplier-bid", args=[bid.pk])).status_code == 404
    assert client.get(at(tender)).status_code == 404
    assert tender.contract.title not in client.get(reverse("supplier-bid-list")).text


def test_a_contracts_supplier_who_was_not_asked_learns_nothing(client: Client) -> None:
    supplier = make_organisation()
    with_tender = make_tender(contract=make_contract(suppliers=[supplier]))
    without = make_contract(suppliers=[supplier])
    sign_in(client, "supplier", supplier)
    first, second = (client.get(at_contract(each)) for each in (with_tender.contract, without))
    assert first.status_code == second.status_code == 200
    assert "was not asked for a bid" in first.text and "was not asked for a bid" in second.text


def test_a_late_answer_is_refused_in_words_and_what_was_typed_is_shown_again(
    client: Client,
) -> None:
    tender = make_tender()
    bid = make_bid(tender, state="draft")
    asked = tender.requested.get()
    person = sign_in(client, "supplier", bid.organisation)
    with time_machine.travel(tender.closes_at, tick=False):
        client.force_login(person)
        answer = client.post(
            reverse("supplier-bid-edit", args=[bid.pk]),
            {"version": "1", f"quantity_{asked.pk}": "99", "method_statement": "Typed late"},
        )
    assert "Bids closed on 3 June 2026 at 13:00" in answer.text
    assert "Typed late" in answer.text and 'value="99"' in answer.text
    assert bid.offers.get().offered_quantity == 50


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("many", "is not a number"),
        ("-4", "negative"),
        ("4 days", "counted in hours"),
        ("1.2,3", "read in"),
    ],
)
def test_a_wrong_quantity_is_said_beside_its_box(
    client: Client, before: None, typed: str, words: str
) -> None:
    tender = make_tender()
    bid = make_bid(tender, state="draft")
    sign_in(client, "supplier", bid.organisation)
    asked = tender.requested.get()
    answer = client.post(
        reverse("supplier-bid-edit", args=[bid.pk]), {"version": "1", f"quantity_{asked.pk}": typed}
    )
    assert answer.status_code == 200 and words in answer.text and f'value="{typed}"' in answer.text


def test_a_colleagues_words_are_shown_beside_ones_own(client: Client, before: None) -> None:
    tender = make_tender()
    bid = make_bid(tender, state="draft")
    asked = tender.requested.get()
    bid.offers.update(offered_quantity=60)
    Bid.objects.filter(pk=bid.pk).update(version=2)
    sign_in(client, "supplier", bid.organisation)
    address = reverse("supplier-bid-edit", args=[bid.pk])
    values = {"version": "1", f"quantity_{asked.pk}": "70"}
    answer = client.post(address, values)
    assert answer.status_code == 409
    assert "Stored now: 60" in answer.text and 'value="70"' in answer.text
    assert client.post(address, {**values, "version": "2"}).status_code == 302
    assert bid.offers.get().offered_quantity == 70


def test_after_the_award_a_bidder_reads_its_own_score_and_no_other(
    client: Client, after: None
) -> None:
    tender, bids = unsealed(2)
    evaluator(tender, make_user("star_officer"), *bids, score="4.75", done=True)
    for bid, score in zip(bids, ("3.25", "4.5"), strict=True):
        moderate_bid(
            bid=bid, score=Decimal(score), reason=f"Agreed for {bid.organisation}",
            expected_version=1, by=make_user(), now=AFTER,
        )  # fmt: skip
    sign_in(client, "supplier", bids[0].organisation)
    address = reverse("supplier-bid", args=[bids[0].pk])
    assert "3.25" not in client.get(address).text  # not before the award
    tender = agree_scores(tender=tender, expected_version=2, by=make_user(), now=AFTER)
    sign_in(client)
    client.post(
        at(tender, "tender-award"),
        {"version": tender.version, "bid": bids[1].pk, "awarded_on": "4/6/2026"},
    )
    sign_in(client, "supplier", bids[0].organisation)
    page = client.get(address).text
    assert "3.25 of 5" in page and "Agreed for Invented Paths 0" in page
    assert "Not successful" in page
    for hidden in ("4.5", "4.75", "Invented Paths 1", "Clear", "Reasons of"):
        assert hidden not in page, hidden


# --- the number of queries


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_of_tenders_asks_a_constant_number_of_questions(
    client: Client, django_assert_max_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        make_bid(make_tender())
    sign_in(client)
    with django_assert_max_num_queries(8):
        assert client.get(reverse("tender-list")).status_code == 200


@pytest.mark.parametrize("rows", [1, 20])
def test_a_tenders_page_asks_a_constant_number_of_questions(
    client: Client, django_assert_max_num_queries: Any, after: None, rows: int
) -> None:
    edition = make_edition()
    tender = make_tender(measures=[make_measure(edition) for _ in range(rows)])
    bids = [make_bid(tender) for _ in range(rows)]
    tender = open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    evaluator(tender, make_user("star_officer"), *bids, done=True)
    sign_in(client)
    with django_assert_max_num_queries(12):
        assert client.get(at(tender)).status_code == 200
    with django_assert_max_num_queries(12):
        assert client.get(at(tender, "bid-detail", bid=bids[0].pk)).status_code == 200
    sign_in(client, "supplier", bids[0].organisation)
    with django_assert_max_num_queries(12):
        assert client.get(reverse("supplier-bid", args=[bids[0].pk])).status_code == 200
    with django_assert_max_num_queries(8):
        assert client.get(reverse("supplier-bid-list")).status_code == 200


# --- the API


@pytest.mark.parametrize("role", ["star_officer", "auditor"])
def test_the_api_keeps_a_sealed_bid_sealed(client: Client, before: None, role: str) -> None:
    bid = secret_bid(make_tender())
    sign_in(client, role)
    for address in (
        reverse("api-bids"), f"{reverse('api-bids')}?format=csv", reverse("api-bid", args=[bid.pk]),
        reverse("api-tender", args=[bid.tender_id]), reverse("api-tenders"),
    ):  # fmt: skip
        answer = client.get(address)
        text = answer.getvalue().decode()
        assert answer.status_code == 200 and SECRET not in text and "777" not in text
        assert "7770" not in text
    assert client.get(reverse("api-bid", args=[bid.pk])).json()["offers"] is None


def test_the_api_shows_an_opened_bid_and_its_totals(client: Client, after: None) -> None:
    _, (bid,) = unsealed()
    sign_in(client)
    (row,) = client.get(reverse("api-bids")).json()["results"]
    assert (row["social_pounds"], row["is_readable"]) == ("7770.00", True)
    assert (
        client.get(reverse("api-bid", args=[bid.pk])).json()["offers"][0]["offered_pounds"]
        == "7770.00"
    )


def test_by_the_api_a_bidder_reads_and_writes_its_own_bid_only(
    client: Client, before: None
) -> None:
    tender = make_tender()
    mine = make_bid(tender, make_organisation("Invented Kerbs"), state="draft")
    other = secret_bid(tender, "Quagga Holdings")
    sign_in(client, "supplier", mine.organisation)
    (row,) = client.get(reverse("api-bids")).json()["results"]
    assert row["id"] == mine.pk
    (row,) = client.get(reverse("api-tenders")).json()["results"]
    assert row["bidders_invited"] is None and row["bids_submitted"] is None
    assert "Quagga" not in client.get(f"{reverse('api-bids')}?format=csv").getvalue().decode()
    assert client.get(f"{reverse('api-bids')}?tender={tender.pk}").json()["results"] == [
        {**client.get(reverse("api-bids")).json()["results"][0]}
    ]
    address = reverse("api-bid", args=[mine.pk])
    code = tender.requested.get().measure.code

    def patch(where: str, etag: str, quantity: str, measure: str = code) -> Any:
        body = {"offers": [{"measure_code": measure, "offered_quantity": quantity}]}
        return client.patch(
            where, body, content_type="application/json", headers={"If-Match": etag}
        )

    etag = client.get(address)["ETag"]
    assert patch(reverse("api-bid", args=[other.pk]), etag, "1").status_code == 404
    assert patch(address, etag, "1", "XX").status_code == 400
    assert patch(address, etag, "12.5").status_code == 200
    assert patch(address, etag, "13").status_code == 412
    assert mine.offers.get().offered_quantity == Decimal("12.5")
    assert mine.offers.get().offered_pounds == Decimal("125")


@pytest.mark.parametrize("rows", [1, 20])
def test_the_api_lists_ask_a_constant_number_of_questions(
    client: Client, django_assert_max_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        make_bid(make_tender())
    sign_in(client)
    for name in ("api-tenders", "api-bids"):
        with django_assert_max_num_queries(7):
            assert client.get(reverse(name)).status_code == 200
