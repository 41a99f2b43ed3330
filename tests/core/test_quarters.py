"""Closing and reopening quarters, as a service, a page and a command."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from trafford_sv.core import closing
from trafford_sv.core.models import AuditEvent, ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import (
    QuarterClosed,
    QuarterStateError,
    assert_open,
    close_quarter,
    closed_quarters,
    hold_quarters,
    reopen_quarter,
)

Q1 = Quarter(2026, 1)
NOW = datetime.datetime(2026, 7, 2, 9, 0, tzinfo=datetime.UTC)


@pytest.mark.django_db
def test_a_closed_quarter_refuses_until_it_is_reopened() -> None:
    by = make_user("coordinator")
    assert_open(quarter=Q1)
    close_quarter(quarter=Q1, by=by, now=NOW)
    assert closed_quarters() == {Q1}
    with pytest.raises(
        QuarterClosed, match=r"April to June 2026 \(Q1 2026/27\) was closed on 2 July 2026"
    ):
        assert_open(quarter=Q1)
    assert_open(quarter=Q1.next)
    with pytest.raises(QuarterStateError, match="closed already"):
        close_quarter(quarter=Q1, by=by, now=NOW)
    with pytest.raises(QuarterStateError, match="Say why"):
        reopen_quarter(quarter=Q1, by=by, now=NOW, reason="  ")
    reopen_quarter(quarter=Q1, by=by, now=NOW, reason="A return was missed")
    assert_open(quarter=Q1)
    with pytest.raises(QuarterStateError, match="not closed"):
        reopen_quarter(quarter=Q1, by=by, now=NOW, reason="Again")
    close_quarter(quarter=Q1, by=by, now=NOW)
    assert ClosedQuarter.objects.count() == 2
    verbs = list(AuditEvent.objects.order_by("sequence").values_list("verb", "reason"))
    assert verbs == [
        ("quarter closed", ""),
        ("quarter reopened", "A return was missed"),
        ("quarter closed", ""),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "closes"),
    [
        # 30 June 23:59 British summer time is 22:59 UTC; one minute later the quarter is over.
        (datetime.datetime(2026, 6, 30, 22, 59, tzinfo=datetime.UTC), False),
        (datetime.datetime(2026, 6, 30, 23, 0, tzinfo=datetime.UTC), True),
    ],
)
def test_a_quarter_is_over_by_the_clock_on_the_wall(
    moment: datetime.datetime, closes: bool
) -> None:
    if closes:
        close_quarter(quarter=Q1, by=None, now=moment)
    else:
        with pytest.raises(QuarterStateError, match="ends on 30 June 2026"):
            close_quarter(quarter=Q1, by=None, now=moment)


@pytest.fixture
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ground floor by itself: what reports ask before closing is tested there."""
    monkeypatch.setattr(closing, "_CHECKS", {})


@pytest.mark.django_db
@pytest.mark.usefixtures("no_checks")
def test_the_pages_close_and_reopen(client: Client) -> None:
    client.force_login(make_user("coordinator"))
    with time_machine.travel(NOW):
        client.force_login(make_user("coordinator"))
        page = client.get(reverse("quarter-list")).content.decode()
        assert page.count("<tr") == 10 and "In progress" in page
        assert client.get(reverse("quarter-close", args=[Q1.code])).status_code == 200
        assert closed_quarters() == set(), "looking closes nothing"
        closed = client.post(reverse("quarter-close", args=[Q1.code]), follow=True).content.decode()
        assert "April to June 2026 (Q1 2026/27) is closed." in closed and "by An officer" in closed
        assert client.get(reverse("quarter-reopen", args=[Q1.code])).status_code == 200
        blank = client.post(reverse("quarter-reopen", args=[Q1.code]), {"reason": ""})
        assert "The reason stays on record" in blank.content.decode()
        reopened = client.post(
            reverse("quarter-reopen", args=[Q1.code]), {"reason": "Missed one"}, follow=True
        )
        assert "Missed one" in reopened.content.decode()
        current = client.post(reverse("quarter-close", args=["2026-27-Q2"]), follow=True)
        assert "it can be closed after that" in current.content.decode()
        assert client.get(reverse("quarter-close", args=["2026-27-Q9"])).status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("no_checks")
def test_the_command_closes_rehearses_and_refuses() -> None:
    with time_machine.travel(NOW):
        out = StringIO()
        call_command("close_quarter", "2026-27-Q1", dry_run=True, json=True, stdout=out)
        assert json.loads(out.getvalue().splitlines()[-1]) == {
            "quarter": "2026-27-Q1",
            "closed": False,
        }
        assert closed_quarters() == set()
        call_command("close_quarter", "2026-27-Q1", json=True, stdout=out)
        assert json.loads(out.getvalue().splitlines()[-1]) == {
            "quarter": "2026-27-Q1",
            "closed": True,
        }
        for text, words in (
            ("2026-27-Q1", "closed already"),
            ("2026-27-Q2", "can be closed after that"),
            ("spring", "Write it like"),
        ):
            err = StringIO()
            with pytest.raises(SystemExit) as stopped:
                call_command("close_quarter", text, stderr=err, stdout=StringIO())
            assert stopped.value.code == 2
            assert words in err.getvalue()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "claim",
    [
        lambda: assert_open(quarter=Q1),
        lambda: hold_quarters(first=datetime.date(2025, 12, 31), last=Q1.end),
    ],
    ids=["one quarter", "the quarters of some days"],
)
def test_a_quarter_waits_for_those_who_are_writing_in_it(claim: Callable[[], None]) -> None:
    assert connection.vendor == "postgresql", "The service tests run on PostgreSQL."
    checked, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def write() -> None:
        try:
            with transaction.atomic():
                claim()
                checked.set()
                go_on.wait(timeout=20)
                order.append("written")
        finally:
            connections.close_all()

    def close() -> None:
        try:
            checked.wait(timeout=20)
            close_quarter(quarter=Q1, by=None, now=NOW)
            order.append("closed")
        finally:
            connections.close_all()

    threads: list[Any] = [threading.Thread(target=write), threading.Thread(target=close)]
    for thread in threads:
        thread.start()
    checked.wait(timeout=20)
    threads[1].join(timeout=0.5)
    assert order == [], "closing waits while a writer has checked and not yet committed"
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == ["written", "closed"]
