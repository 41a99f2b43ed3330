"""A quarter that is opened again after its report was published: the next edition says what changed."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from reporting import editions
from reporting.models import ReportEdition
from reporting.selectors.reopened import closings_of, editions_owed, reopened_since
from reporting.services.editions import publish_edition
from reporting.services.star_readings import supply_reading
from tests.factories import make_user
from tests.watched_queries import read_whole
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter

from .mailings import KIND as REPORT
from .mailings import PUBLISHED, a_report, make_edition
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


# --- an earlier quarter, where later reports count it to date ----------------------------------

BEFORE, OF = Quarter(2025, 3), Quarter(2025, 4)
DAY = datetime.timedelta(days=1)


def test_which_kinds_hold_figures_to_date():
    """A new kind is decided here. The Group's pack is of the quarter alone, and waits for no closing."""
    told = {kind.key: kind.counts_to_date for kind in editions.kinds()}
    assert told == {
        "star-quarterly": True, "annual": True, "committee-paper": True, "steering-pack": False,
    }  # fmt: skip


@pytest.fixture
def counted():
    """A kind of its own that waits for closed quarters and counts to date; both quarters closed."""
    with a_report() as held:
        editions.register_kind(
            replace(editions.kind_of(REPORT), needs_closed=True, counts_to_date=True)
        )
        for quarter in (BEFORE, OF):
            close_quarter(quarter=quarter, by=None, now=PUBLISHED - 9 * DAY)
        yield held


def reopen(at: datetime.datetime, quarter: Quarter = BEFORE) -> None:
    reopen_quarter(quarter=quarter, by=make_user(), now=at, reason="A return came in.")


def said(client: Client, edition: ReportEdition) -> str:
    return text_of(client, edition.get_absolute_url())


def steps(client: Client, quarter: Quarter = BEFORE) -> str:
    return text_of(client, reverse("closing-board", args=[quarter.code]))


EARLIER = "(Q3 2025/26), an earlier quarter, was reopened"


def test_an_earlier_quarter_asks_for_a_further_edition_of_what_counts_it_to_date(counted, client):
    first = make_edition(counted, period=OF)
    client.force_login(make_user())
    assert EARLIER not in said(client, first) and "Next step" not in steps(client)
    reopen(PUBLISHED + DAY)
    page = said(client, first)
    assert EARLIER in page and "Figures to date in this report may differ now." in page
    assert "A further edition will say what changed" in page and "A return came in." in page
    assert "A return came in." not in said(Client(), first)
    assert "Next step" not in steps(client), "it is open now"
    close_quarter(quarter=BEFORE, by=None, now=PUBLISHED + 2 * DAY)
    assert EARLIER in said(client, first)
    board = steps(client)
    assert f"Publish edition 2: Test report, {OF.label}" in board
    assert "its figures to date may differ" in board
    assert "Next step" not in steps(client, OF), "that quarter was never opened again"
    second = make_edition(counted, 2, period=OF, at=PUBLISHED + 3 * DAY)
    assert EARLIER not in said(client, second) and EARLIER not in said(client, first)
    assert "Next step" not in steps(client)


def test_what_went_out_while_the_earlier_quarter_stood_open_is_owed_too(counted, client):
    client.force_login(make_user())
    reopen(PUBLISHED - DAY)
    first = make_edition(counted, period=OF)
    assert EARLIER in said(client, first), "it may change still"
    close_quarter(quarter=BEFORE, by=None, now=PUBLISHED + DAY)
    assert EARLIER in said(client, first) and "Publish edition 2: Test report" in steps(client)
    second = make_edition(counted, 2, period=OF, at=PUBLISHED + 2 * DAY)
    assert EARLIER not in said(client, second) and "Next step" not in steps(client)


def test_a_later_quarter_and_a_kind_of_one_quarter_alone_owe_nothing(counted, client):
    client.force_login(make_user())
    first = make_edition(counted, period=BEFORE)
    reopen(PUBLISHED + DAY, OF)
    close_quarter(quarter=OF, by=None, now=PUBLISHED + 2 * DAY)
    assert "was reopened" not in said(client, first) and "Next step" not in steps(client, OF)
    editions.register_kind(replace(editions.kind_of(REPORT), counts_to_date=False))
    second = make_edition(counted, period=OF, at=PUBLISHED + 3 * DAY)
    reopen(PUBLISHED + 4 * DAY)
    close_quarter(quarter=BEFORE, by=None, now=PUBLISHED + 5 * DAY)
    assert "was reopened" not in said(client, second)
    assert f"Test report, {OF.label}" not in steps(client)
    assert f"Test report, {BEFORE.label}" in steps(client), "its own quarter's as before"


def test_the_year_and_later_years_are_owed_in_the_order_of_their_periods(counted):
    def published(kind: str, year: int, quarter: int | None) -> None:
        ReportEdition.objects.create(
            kind=kind, financial_year=year, quarter=quarter, number=1, title="T", schema=1,
            dataset_text="{}", sha256="", published_at=PUBLISHED,
        )  # fmt: skip

    for period in ((2025, 2), (2025, 3), (2025, 4), (2026, 1)):
        published("star-quarterly", *period)
    for year in (2024, 2025, 2026):
        published("annual", year, None)
    published("steering-pack", 2025, 4)
    reopen(PUBLISHED + DAY)
    close_quarter(quarter=BEFORE, by=None, now=PUBLISHED + 2 * DAY)
    owed = editions_owed(BEFORE, closings_of(BEFORE))
    assert [(one.period_code, one.kind, one.is_later) for one in owed] == [
        ("2025-26", "annual", False), ("2025-26-Q3", "star-quarterly", False),
        ("2025-26-Q4", "star-quarterly", True), ("2026-27-Q1", "star-quarterly", True),
        ("2026-27", "annual", True),
    ]  # fmt: skip
    annual = {one.financial_year: one for one in ReportEdition.objects.filter(kind="annual")}
    told = {
        year: [(one.quarter, one.is_earlier) for one in reopened_since(edition)]
        for year, edition in annual.items()
    }
    assert told == {2024: [], 2025: [(BEFORE, False)], 2026: [(BEFORE, True)]}
