"""Local priorities: weights, who was asked, what they said, and one decision that locks them."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.models import LocalPriority, LocalPriorityYear, StakeholderView
from contracts.selectors.priorities import priority_lines, weights_for
from contracts.services.measures.priorities import (
    add_view,
    decide_priorities,
    open_priority_year,
    set_weights,
)
from tests.factories import make_organisation, make_user
from tests.factories_delivery import make_edition, make_measure
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.fixture
def edition():
    return make_edition(key="e")


@pytest.fixture
def year(edition):
    return open_priority_year(
        values={
            "financial_year": 2027,
            "edition": edition,
            "consultation": "Six hubs and the business forum were asked.",
        },
        by=None,
        now=NOW,
    )


def weigh(year, *pairs):
    return set_weights(
        year=year,
        weights={measure.pk: (Decimal(weight), "Needed here") for measure, weight in pairs},
        expected_version=LocalPriorityYear.objects.get(pk=year.pk).version,
        by=None,
        now=NOW,
    )


def decide(year, **more):
    return decide_priorities(
        **{
            "year": year,
            "body": "The Executive",
            "decided_on": datetime.date(2026, 11, 19),
            "reference": "E/1",
            "expected_version": LocalPriorityYear.objects.get(pk=year.pk).version,
            "by": None,
            "now": NOW,
            **more,
        }
    )


def test_weights_are_shares_of_all_weights(year, edition):
    first, second = make_measure(edition), make_measure(edition)
    weigh(year, (first, "3"), (second, "1"))
    # 3 of 4 and 1 of 4.
    lines = priority_lines(year, make_user("coordinator"))
    assert [line.share for line in lines] == [Decimal("0.75"), Decimal("0.25")]
    assert sum(line.share for line in lines) == 1


def test_only_a_decision_makes_weights_count(year, edition):
    measure = make_measure(edition)
    weigh(year, (measure, "2.5"))
    assert weights_for(edition, 2027) == {}
    decide(year)
    assert weights_for(edition, 2027) == {measure.pk: Decimal("2.5")}
    assert weights_for(edition, 2028) == {}


def test_a_decision_locks_everything(year, edition, client):
    measure = make_measure(edition)
    weigh(year, (measure, "2"))
    decide(year)
    with pytest.raises(ValidationError, match="do not change any more"):
        weigh(year, (measure, "3"))
    with pytest.raises(ValidationError, match="do not change any more"):
        add_view(year=year, values={"who": "A hub", "said": "Late"}, by=None, now=NOW)
    with pytest.raises(ValidationError, match="do not change any more"):
        decide(year)
    client.force_login(make_user("coordinator"))
    for name in ("priority-year-edit", "priority-weights-edit", "priority-year-decide"):
        assert client.get(reverse(name, args=[year.pk])).status_code == 403
    assert LocalPriority.objects.get().weight == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"body": " "}, "Enter the body that decided"),
        ({"decided_on": datetime.date(2026, 11, 21)}, "has not come yet"),
    ],
)
def test_a_decision_needs_a_body_and_a_day_that_has_come(year, edition, more, sentence):
    weigh(year, (make_measure(edition), "2"))
    with pytest.raises(ValidationError, match=sentence):
        decide(year, **more)


def test_a_decision_needs_a_marked_measure_and_somebody_asked(year, edition):
    with pytest.raises(ValidationError, match="Mark at least one first"):
        decide(year)
    LocalPriorityYear.objects.update(consultation="")
    weigh(year, (make_measure(edition), "2"))
    with pytest.raises(ValidationError, match="who was asked"):
        decide(year)
    add_view(year=year, values={"who": "Business forum", "said": "Jobs"}, by=None, now=NOW)
    assert decide(year).state == "decided"


def test_a_measure_of_another_edition_cannot_be_marked(year):
    with pytest.raises(ValidationError, match="another edition"):
        weigh(year, (make_measure(), "2"))


@pytest.mark.parametrize("weight", ["0", "-1", "10.01"])
def test_a_weight_is_over_0_up_to_10(year, edition, weight):
    with pytest.raises(ValidationError):
        weigh(year, (make_measure(edition), weight))
    assert not LocalPriority.objects.exists()


def test_the_same_weights_again_write_nothing_and_a_lost_race_is_told(year, edition):
    measure = make_measure(edition)
    saved = weigh(year, (measure, "2"))
    events = AuditEvent.objects.count()
    assert weigh(year, (measure, "2")).version == saved.version
    assert AuditEvent.objects.count() == events
    with pytest.raises(Collision):
        set_weights(year=year, weights={}, expected_version=1, by=None, now=NOW)
    assert LocalPriority.objects.count() == 1


def test_one_list_a_year_and_edition(year, edition):
    with pytest.raises(ValidationError, match="There are priorities for this year"):
        open_priority_year(values={"financial_year": 2027, "edition": edition}, by=None, now=NOW)


# --- pages --------------------------------------------------------------------------------


def test_from_an_empty_year_to_a_public_decision(client, edition):
    measure, other = make_measure(edition, title="Invented help"), make_measure(edition)
    client.force_login(make_user("coordinator"))
    client.post(
        reverse("priority-year-create"),
        {"financial_year": "2026-27", "edition": edition.pk, "consultation": "Hubs were asked."},
    )
    year = LocalPriorityYear.objects.get()
    assert (year.financial_year, year.state) == (2026, "draft")
    address = reverse("priority-weights-edit", args=[year.pk])
    page = client.get(address).text
    assert "Invented help" in page
    client.post(
        address,
        {
            "version": year.version,
            f"weight_{measure.pk}": "2.5",
            f"reason_{measure.pk}": "Loneliness is the first need",
            f"weight_{other.pk}": "",
        },
    )
    client.post(
        reverse("priority-view-add", args=[year.pk]),
        {"who": "An invented hub", "said": "More help with forms", "said_on": "1/10/2026"},
    )
    detail = reverse("priority-year-detail", args=[year.pk])
    visitor = type(client)()
    assert visitor.get(detail).status_code == 404  # a draft is the council's own
    assert "2026/27" not in visitor.get(reverse("priority-year-list")).text
    year.refresh_from_db()
    day = timezone.localdate().isoformat()
    client.post(
        reverse("priority-year-decide", args=[year.pk]),
        {"version": year.version, "body": "The Executive", "decided_on": day, "reference": "E/7"},
    )
    page = visitor.get(detail).text
    for words in (
        "Invented help",
        "2.5",
        "Loneliness is the first need",
        "Hubs were asked.",
        "An invented hub",
        "More help with forms",
        "The Executive",
        "E/7",
    ):
        assert words in page
    assert "Local priorities 2026/27" in visitor.get(reverse("priority-year-list")).text


def test_a_reason_without_a_weight_is_asked_about_and_nothing_typed_is_lost(client, year, edition):
    measure = make_measure(edition, code="M-1")
    client.force_login(make_user("coordinator"))
    page = client.post(
        reverse("priority-weights-edit", args=[year.pk]),
        {"version": year.version, f"reason_{measure.pk}": "Because"},
    ).text
    assert "M-1 has a reason and no weight" in page and 'value="Because"' in page


def test_a_decision_on_what_has_changed_meanwhile_is_not_taken(client, year, edition):
    measure = make_measure(edition)
    weigh(year, (measure, "2"))
    opened = LocalPriorityYear.objects.get().version
    weigh(year, (measure, "9"))
    client.force_login(make_user("coordinator"))
    page = client.post(
        reverse("priority-year-decide", args=[year.pk]),
        {"version": opened, "body": "The Executive", "decided_on": "19/11/2020"},
        follow=True,
    ).text
    assert "Someone else changed these priorities" in page
    assert LocalPriorityYear.objects.get().state == "draft"


def test_a_view_can_be_taken_out_before_the_decision_and_stays_in_the_log(client, year):
    view = add_view(year=year, values={"who": "A hub", "said": "Invented"}, by=None, now=NOW)
    client.force_login(make_user("coordinator"))
    client.post(reverse("priority-view-remove", args=[year.pk, view.pk]))
    assert not StakeholderView.objects.exists()
    assert AuditEvent.objects.filter(verb="stakeholder’s view removed").exists()


@pytest.mark.parametrize("role", ["supplier", "hub", "contract_manager", "star_officer"])
def test_only_those_who_may_set_priorities_change_them(client, year, role):
    home = make_organisation() if role != "star_officer" else None
    client.force_login(make_user(role, home))
    assert client.get(reverse("priority-weights-edit", args=[year.pk])).status_code == 403
    may_read = role in ("contract_manager", "star_officer")
    status = client.get(reverse("priority-year-detail", args=[year.pk])).status_code
    assert status == (200 if may_read else 404)


def test_words_of_a_closed_edition_stay_out_of_the_public_page(client):
    closed = make_edition(text_may_be_published=False, values_may_be_published=False)
    measure = make_measure(closed, code="CL-1", title="Secret words")
    year = open_priority_year(
        values={"financial_year": 2027, "edition": closed, "consultation": "Asked."},
        by=None,
        now=NOW,
    )
    weigh(year, (measure, "2"), (make_measure(closed, title="Secret words too"), "1"))
    decide(year)
    address = reverse("priority-year-detail", args=[year.pk])
    page = client.get(address).text
    assert "CL-1" in page and "Secret words" not in page
    client.force_login(make_user("auditor"))
    assert "Secret words" in client.get(address).text


def test_the_number_of_queries_does_not_grow(client, year, edition):
    client.force_login(make_user("coordinator"))
    addresses = {
        reverse("priority-year-list"): 8,
        reverse("priority-year-detail", args=[year.pk]): 12,
        reverse("priority-weights-edit", args=[year.pk]): 12,
    }
    weigh(year, (make_measure(edition), "1"), (make_measure(edition), "1"))

    def count(address):
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            client.get(address)
        return len(caught)

    few = {address: count(address) for address in addresses}
    weigh(year, *((make_measure(edition), "1") for _ in range(20)))
    for number in range(20):
        add_view(year=year, values={"who": f"Group {number}", "said": "Yes"}, by=None, now=NOW)
    for address, most in addresses.items():
        assert count(address) == few[address] <= most, address
