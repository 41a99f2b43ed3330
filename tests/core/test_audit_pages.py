"""Reading the audit log on its pages."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from trafford_sv.core.services.audit import record_event

NOW = datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC)  # 00:30 on 1 July in Trafford


@pytest.fixture
def auditor(client: Client, db: None) -> Client:
    client.force_login(make_user("auditor"))
    return client


def append(number: int, **extra: Any) -> None:
    values = {
        "by": None,
        "now": NOW,
        "verb": "contract changed",
        "subject_type": "contract",
        "subject_id": str(number),
        "subject_name": f"Contract <{number}>",
        "before": {"title": "Old", "wards": []},
        "after": {"title": "New", "wards": ["Altrincham", "Sale"]},
        "reason": "",
    }
    record_event(**{**values, **extra})


def test_events_are_found_by_what_who_which_and_when(auditor: Client) -> None:
    append(1)
    append(
        2,
        verb="quarter closed",
        subject_type="closedquarter",
        now=NOW - datetime.timedelta(days=40),
    )
    append(3, by=make_user("coordinator"), reason="Asked for by the Board")

    def found(query: str) -> set[str]:
        page = auditor.get(reverse("audit-list") + query).content.decode()
        return {str(n) for n in (1, 2, 3) if f"Contract &lt;{n}&gt;" in page}

    assert found("") == {"1", "2", "3"}
    assert found("?verb=closed") == {"2"}
    assert found("?actor=officer") == {"3"}
    assert found("?q=board") == {"3"}
    assert found("?subject_type=contract&subject_id=1") == {"1"}
    assert found("?since=2026-07-01") == {"1", "3"}, "days are counted in local time"
    assert found("?until=2026-06-30") == {"2"}
    assert found("?since=nonsense") == {"1", "2", "3"}


def test_an_event_shows_before_and_after(auditor: Client) -> None:
    append(1)
    page = auditor.get(reverse("audit-detail", args=[1])).content.decode()
    for words in (
        "Contract changed",
        "Old",
        "New",
        "Altrincham, Sale",
        "The system",
        "1 July 2026 at 00:30",
    ):
        assert words in page
    assert auditor.get(reverse("audit-detail", args=[99])).status_code == 404


def test_the_log_is_exported_whole_and_read_in_few_queries(
    auditor: Client, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for last in (1, 120):
        for number in range(last):
            append(number)
        with django_assert_max_num_queries(8) as captured:
            assert auditor.get(reverse("audit-list")).status_code == 200
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]
    export = auditor.get(reverse("audit-list") + "?format=csv")
    assert len(b"".join(export.streaming_content).decode().strip().splitlines()) == 122
