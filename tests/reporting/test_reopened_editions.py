"""A quarter that is opened again after its report was published: the next edition says what changed."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from reporting.models import ReportEdition
from reporting.services.editions import publish_edition
from reporting.services.star_readings import supply_reading
from tests.factories import make_user
from tests.watched_queries import read_whole
from trafford_sv.core.services.quarters import close_quarter

from .test_star_quarterly import MEASURES, NOW, Q1, approve

pytestmark = pytest.mark.django_db
KIND, WHEN = "star-quarterly", ["star-quarterly", Q1.code]


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return read_whole(answer).decode()


def test_a_reopened_quarter_asks_for_a_further_edition_and_the_first_stays(monkeypatch):
    """STAR supplies 1,200.00 and closes; then 1,300.00 after the quarter is opened again."""
    monkeypatch.setattr("reporting.tasks.draw_edition.delay", lambda pk: None)
    savings = approve(("savings", *MEASURES[1:]))["savings"]
    officer, visitor, client = make_user("coordinator"), Client(), Client()
    supply_reading(
        measure=savings, quarter=Q1, value=Decimal(1200), evidence="Paper 4", by=None, now=NOW
    )
    close_quarter(quarter=Q1, by=None, now=NOW)
    first = publish_edition(kind=KIND, period=Q1, number=1, by=None, now=NOW)
    frozen = (first.dataset_text, first.sha256, first.published_at)
    board = reverse("closing-board", args=[Q1.code])
    with time_machine.travel(NOW + datetime.timedelta(days=1)) as clock:
        client.force_login(officer)
        assert "reopened" not in text_of(client, first.get_absolute_url())
        assert "Next step" not in text_of(client, board)
        reason = {"reason": "STAR corrected its savings."}
        assert client.post(reverse("quarter-reopen", args=[Q1.code]), reason).status_code == 302

        said = text_of(client, first.get_absolute_url())
        assert "was reopened on 1 December 2026 because: STAR corrected its savings." in said
        assert "A further edition will say what changed" in said
        said = text_of(visitor, first.get_absolute_url())
        assert "was reopened on 1 December 2026. A further edition" in said
        assert "corrected its savings" not in said
        assert "Next step" not in text_of(client, board), "it is open now"
        publish = reverse("edition-publish", args=WHEN)
        assert "is not closed yet" in text_of(client, publish)

        typed = {"value": "£1,300", "evidence": "Paper 5"}
        supply = reverse("star-measure-supply", args=[savings.key, Q1.code])
        assert client.post(supply, typed).status_code == 302
        clock.shift(datetime.timedelta(hours=1))
        close_quarter(quarter=Q1, by=officer, now=NOW + datetime.timedelta(days=1, hours=1))
        said = text_of(client, board)
        assert "Publish edition 2: STAR quarterly report" in said and publish in said
        client.force_login(make_user("auditor"))
        assert "Publish edition 2" not in text_of(client, board)
        client.force_login(officer)
        typed = {"number": "2", "what_changed": "Savings were 1,200; they are 1,300.", "step": "publish"}  # fmt: skip
        assert client.post(publish, typed).status_code == 302
        assert "Next step" not in text_of(client, board)

        second = ReportEdition.objects.of_period(KIND, Q1).get(number=2)
        said = text_of(visitor, second.get_absolute_url())
        assert "Savings were 1,200; they are 1,300." in said and "was reopened" not in said
        said = text_of(visitor, first.get_absolute_url())
        assert "A later edition corrects this one" in said and "was reopened" not in said
    first.refresh_from_db()
    assert (first.dataset_text, first.sha256, first.published_at) == frozen
    values = [one.dataset().by_id["measure-savings"].value for one in (first, second)]
    assert values == ["1200.00", "1300.00"]
