"""The Steering Group's pack as an edition (its public version), and the demo's published reports."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from reporting.datasets import canonical_json, problems
from reporting.demo_editions import load_editions, remove_editions
from reporting.editions import NotReady
from reporting.models import EditionFile, ReportEdition
from reporting.selectors.steering_edition import gather_steering_edition
from reporting.services.editions import publish_edition
from tests.factories_delivery import make_commitment, make_line, make_return
from tests.factories_steering import hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.periods import Quarter

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
    make_line(make_return(made.contract, made.supplier, Q1), made, "40", verified="30")
    today = timezone.localtime(NOW).date()
    counts = load_editions(by=None, now=NOW, today=today)
    star = ReportEdition.objects.filter(kind="star-quarterly")
    assert star.count() == 9 and counts.created >= 9
    (corrected,) = star.filter(number=2)
    assert corrected.what_changed.startswith("Invented correction")
    first = star.get(number=1, financial_year=2026, quarter=1)
    assert first.dataset().figures == corrected.dataset().figures
    assert set(EditionFile.objects.values_list("state", flat=True)) == {"waiting"}
    again = load_editions(by=None, now=NOW, today=today)
    assert (again.created, again.unchanged) == (0, counts.created)
    remove_editions()
    assert not ReportEdition.objects.exists()
