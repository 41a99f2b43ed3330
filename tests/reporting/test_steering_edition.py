"""The Steering Group's pack as an edition (its public version), and the demo's published reports."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from contracts.demo_quarters import demo_quarters
from reporting.datasets import canonical_json, problems
from reporting.demo_editions import (
    correct_quarter,
    load_editions,
    publish_quarter,
    remove_editions,
)
from reporting.editions import NotReady
from reporting.models import EditionFile, ReportEdition
from reporting.selectors.steering_edition import gather_steering_edition
from reporting.services.editions import publish_edition
from tests.factories_delivery import make_commitment, make_line, make_return
from tests.factories_steering import hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter

from .test_star_quarterly import approve

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
Q1 = Quarter(2026, 1)


def test_the_pack_of_the_meeting_that_reviewed_the_quarter_without_what_is_confidential():
    chair = make_chair()
    meeting = make_meeting(datetime.date(2026, 7, 14))
    make_item(meeting, "Grants in 3 wards")
    make_item(meeting, "A supplier in trouble", is_confidential=True)
    with pytest.raises(NotReady, match="published agenda"):
        gather_steering_edition(Q1, NOW)
    hold(meeting, chair, make_seat(), chair=chair)
    made = make_commitment()
    make_line(make_return(made.contract, made.supplier, Q1), made, "40", verified="30")
    dataset = gather_steering_edition(Q1, NOW)
    assert problems(dataset) == []
    text = canonical_json(dataset)
    assert "Grants in 3 wards" in text and "A supplier in trouble" not in text
    assert dataset.by_id["verified-social"].value == "300.00"
    edition = publish_edition(kind="steering-pack", period=Q1, number=1, by=None, now=NOW)
    assert edition.dataset().by_id["returns-expected"].value == "1"


def test_the_demo_publishes_once_draws_no_file_and_can_be_taken_away():
    approve()
    made = make_commitment()
    line = make_line(make_return(made.contract, made.supplier, Q1), made, "40", verified="30")
    today = timezone.localtime(NOW).date()
    # Nothing is closed, and for each report it says so.
    none, why = load_editions(by=None, now=NOW, today=today)
    assert none.created == 0 and "Annual report, 2024/25: not published." in why
    assert "is not closed yet" in why and "Committee paper, April to June 2026" in why
    assert "STAR quarterly report" in publish_quarter(Q1, by=None, now=NOW)
    for quarter in demo_quarters(today)[:-1]:
        close_quarter(quarter=quarter, by=None, now=NOW, is_demo=True)
    assert publish_quarter(Q1, by=None, now=NOW) == ""
    counts, why = load_editions(by=None, now=NOW, today=today)
    years = ReportEdition.objects.filter(kind="annual", is_demo=True)
    assert "is not begun yet" in why and "Annual" not in why
    assert counts.created == 2 and {one.financial_year for one in years} == {2024, 2025}
    type(line).objects.filter(pk=line.pk).update(verified_quantity=40, verified_pounds=400)
    correct_quarter(Q1, what_changed="Invented: a hub answered.", by=None, now=NOW)
    first, second = ReportEdition.objects.filter(kind="star-quarterly").order_by("number")
    values = [each.dataset().by_id["verified-social"].value for each in (first, second)]
    assert values == ["300.00", "400.00"] and second.what_changed == "Invented: a hub answered."
    assert set(EditionFile.objects.values_list("state", flat=True)) == {"waiting"}
    again, why = load_editions(by=None, now=NOW, today=today)
    assert (again.created, again.unchanged, why) == (0, counts.created, "")
    remove_editions()
    assert not ReportEdition.objects.exists()
