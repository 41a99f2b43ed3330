"""What waits in delivery, on the dashboard: by kind, by permission, by directorate, at one query."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from contracts.models import Evaluator
from contracts.selectors.officer_work import Work, waiting_work
from tests.factories import make_contract, make_organisation, make_threshold, make_user
from tests.factories_delivery import (
    NOON,
    make_commitment,
    make_flag,
    make_line,
    make_rating,
    make_return,
    make_tender,
)
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

pytestmark = pytest.mark.django_db
NOW = NOON + datetime.timedelta(days=30)
Q1 = Quarter(2026, 1)


def fill(directorate: Organisation) -> dict[Work, int]:
    """One of each kind for a directorate, with what does not wait beside it; the keys of each."""
    supplier = make_organisation()
    contract = make_contract(
        directorate=directorate,
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage="live",
    )
    commitment = make_commitment(contract, supplier=supplier)
    sent = make_return(contract, supplier, Q1)
    pair = [make_line(sent, commitment), make_line(sent, commitment)]
    flag = make_flag(*pair)
    make_return(contract, supplier, Q1.next, "draft")
    done = make_return(contract, supplier, Q1.next.next, "verified")
    make_flag(make_line(done, commitment, verified="40"), pair[0], state="fine")
    rating = make_rating(contract, supplier, state="replied", replied_at=NOON)
    make_rating(contract, supplier, year_starts=datetime.date(2024, 4, 1))
    tender = make_tender(make_contract(directorate=directorate), state="evaluating")
    finished(tender, NOON)
    half = make_tender(make_contract(directorate=directorate), state="evaluating")
    finished(half, NOON)
    finished(half, None)
    make_tender(make_contract(directorate=directorate), state="evaluating")  # nobody is named
    agreed = make_tender(make_contract(directorate=directorate), state="moderated")
    finished(agreed, NOON)
    return {
        Work.RETURNS: sent.pk,
        Work.DOUBLE_CLAIMS: flag.pk,
        Work.RATINGS: rating.pk,
        Work.SCORES: tender.contract_id,
    }


def finished(tender, when) -> None:
    Evaluator.objects.create(
        tender=tender, user=make_user(""), user_name="An evaluator", finished_at=when
    )


def test_one_of_each_kind_waits_and_the_rest_does_not(django_assert_num_queries) -> None:
    keys = fill(make_organisation("Invented Place", "council_service"))
    user = make_user()
    assert waiting_work(user, now=NOW)
    with django_assert_num_queries(1):
        found = waiting_work(user, now=NOW)
    assert [(item.kind, item.number, item.first) for item in found] == [
        (kind, 1, keys[kind]) for kind in Work if kind is not Work.IMPORTS
    ]


def test_only_the_own_directorates_work_waits_for_a_contract_manager() -> None:
    own = make_organisation("Invented Place", "council_service")
    keys = fill(own)
    fill(make_organisation("Invented Children", "council_service"))
    found = waiting_work(make_user("contract_manager", own), now=NOW)
    assert [(item.kind, item.number, item.first) for item in found] == [
        (kind, 1, keys[kind]) for kind in Work if kind is not Work.IMPORTS
    ]
    assert [item.number for item in waiting_work(make_user(), now=NOW)] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("star_officer", [Work.SCORES]),
        ("auditor", []),
        ("steering_member", []),
        ("supplier", []),
        ("hub", []),
    ],
)
def test_whoever_may_only_read_has_nothing_to_do(role, kinds) -> None:
    fill(make_organisation("Invented Place", "council_service"))
    user = make_user(role, make_organisation() if role in ("supplier", "hub") else None)
    assert [item.kind for item in waiting_work(user, now=NOW)] == kinds


def test_a_second_role_that_reads_everything_adds_nothing_to_do() -> None:
    own = make_organisation("Invented Place", "council_service")
    fill(make_organisation("Invented Children", "council_service"))
    user = make_user("contract_manager", own)
    user.grants.create(role="auditor", starts=datetime.date(2020, 1, 1), granted_by_name="A test")
    assert waiting_work(user, now=NOW) == ()


def test_each_need_on_the_page_opens_what_waits(client: Client) -> None:
    make_threshold()
    place = make_organisation("Invented Place", "council_service")
    keys = fill(place)
    client.force_login(make_user())
    needs = client.get(reverse("dashboard")).context["needs"]
    texts = {need.text: need for need in needs}
    wanted = {
        "1 return to verify": reverse("verification-inbox"),
        "1 possible double claim to decide": reverse(
            "duplicate-decide", args=[keys[Work.DOUBLE_CLAIMS]]
        ),
        "1 rating to agree: the supplier has replied": reverse(
            "rating-detail", args=[keys[Work.RATINGS]]
        ),
        "1 tender whose scores can be agreed": reverse("tender-detail", args=[keys[Work.SCORES]]),
    }
    assert {text: need.url for text, need in texts.items() if text in wanted} == wanted
    assert texts["1 return to verify"].detail == "Sent on 4 May 2026"
    fill(place)
    needs = client.get(reverse("dashboard")).context["needs"]
    # What is late comes before what only waits.
    assert needs[0].text.startswith("2 returns have not come in for ")
    assert [need.text for need in needs][1:5] == [
        "2 returns to verify",
        "2 possible double claims to decide",
        "2 ratings to agree: the suppliers have replied",
        "2 tenders whose scores can be agreed",
    ]
    for need in needs[:5]:
        assert client.get(need.url).status_code == 200, need.url


@pytest.mark.parametrize("number", [1, 20])
def test_the_page_costs_the_same_with_work_on_it(client: Client, django_assert_num_queries, number):
    make_threshold()
    place = make_organisation("Invented Place", "council_service")
    for _ in range(number):
        fill(place)
    client.force_login(make_user("contract_manager", place))
    client.get(reverse("dashboard"))
    # None about payments or closing, which the role may not read; one names the directorate.
    with django_assert_num_queries(10):
        client.get(reverse("dashboard"))
