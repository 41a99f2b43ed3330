"""As known on a day: replaying history to any moment says what the figures said at that moment."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.models import Commitment, ReturnLine
from contracts.selectors.position import EVERYWHERE, Scope
from contracts.selectors.position_report import portfolio_report
from contracts.selectors.restated_lines import restated_since
from tests.factories import make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
START = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)


def at(step: int) -> datetime.datetime:
    return START + datetime.timedelta(days=step)


def keep(record: Any, moment: datetime.datetime, **values: Any) -> None:
    """Saved as a service saves it: with its moment in the history."""
    for name, value in values.items():
        setattr(record, name, value)
    record._history_date = moment
    record.save()


def said(as_known: datetime.datetime | None = None) -> Any:
    """Everything that a board shows, as known at a moment; offers and contract values left out."""
    report = portfolio_report(
        EVERYWHERE, Scope(), first=None, last=Q1.next, returns_of=Q1, as_known=as_known
    )
    found = report.position
    return (
        found.figures.committed, found.figures.reported, found.figures.verified,
        found.counts, report.completeness,
    )  # fmt: skip


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["verify", "undo", "restate", "withdraw", "vary", "remove", "take back"]),
        st.integers(0, 2),
        st.decimals(0, 100, places=2),
    ),
    min_size=1,
    max_size=6,
)


def story() -> list[ReturnLine]:
    """Three agreements with a line each, known since the day before the first change."""
    lines = []
    with time_machine.travel(at(-1)):
        for _ in range(3):
            made = make_commitment()
            lines.append(make_line(make_return(made.contract, made.supplier, Q1), made, "40"))
    return lines


def change(lines: list[ReturnLine], what: str, which: int, amount: Decimal, now: Any) -> None:
    line = lines[which]
    line.refresh_from_db()
    promised = Commitment.objects.get(pk=line.commitment_id)
    match what:
        case "verify":
            part = min(amount, line.reported_quantity or Decimal(0))
            keep(line, now, verified_quantity=part, verified_pounds=part * 10, state="accepted")
        case "undo":
            keep(line, now, verified_quantity=None, verified_pounds=None, state="open")
        case "restate":
            keep(line, now, verified_quantity=None, verified_pounds=None, state="open",
                 reported_quantity=amount, reported_pounds=amount * 10)  # fmt: skip
        case "withdraw":
            if promised.state == "agreed":
                keep(promised, now, state="withdrawn")
        case "vary":
            if promised.state == "agreed":
                with time_machine.travel(now):
                    make_commitment(
                        promised.contract, supplier=promised.supplier, measure=promised.measure,
                        replaces=promised, agreed_on=now.date(), quantity=str(amount + 1),
                    )  # fmt: skip
                keep(promised, now, state="withdrawn")
        case "remove":
            keep(line, now, is_counted=False)
        case "take back":
            keep(line.delivery_return, now, state="draft")
            keep(line, now, is_counted=False)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(CHANGES)
def test_history_replayed_to_any_day_says_what_was_said_on_that_day(changes: Any) -> None:
    with transaction.atomic():
        lines = story()
        stored = {at(0): said()}
        for step, (what, which, amount) in enumerate(changes, start=1):
            change(lines, what, which, amount, at(step))
            stored[at(step)] = said()
        for moment, then in stored.items():
            # At the moment itself, and on the evening before the next change.
            assert said(moment) == then
            assert said(moment + datetime.timedelta(hours=20)) == then
        transaction.set_rollback(True)


def test_what_counts_otherwise_since_is_listed() -> None:
    """£400 reported on 30 June; £300 of it verified on 2 July: then none, now £300."""
    line, *_ = story()
    assert restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(0)) == ((), False)
    change([line], "verify", 0, Decimal(30), at(1))
    (one,), more = restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(0))
    assert not more and one.return_pk == line.delivery_return_id
    assert (one.reported_then, one.reported_now) == (400, 400)
    assert (one.verified_then, one.verified_now) == (None, 300)
    assert restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(1)) == ((), False)


def test_a_board_of_another_day_says_so_and_lists_what_changed(client: Client) -> None:
    line, *_ = story()
    change([line], "verify", 0, Decimal(30), at(1))
    with time_machine.travel(at(30)):
        client.force_login(make_user())
        address = reverse("board-officer")
        now = client.get(address, {"quarter": Q1.code}).content.decode()
        assert "£300" in now and "Restatements since" not in now
        then = client.get(address, {"quarter": Q1.code, "as_of": "2026-07-01"}).content.decode()
        assert "As known on 1 July 2026" in then and "Deliveries that count otherwise now" in then
        assert "Verified social value" in then and "None in pounds yet" in then
        future = client.get(address, {"as_of": "2030-01-01"}).content.decode()
        assert "This day has not come yet" in future
        for bad in ("spring", "2026-13-01", "\x00", "9" * 300):
            assert client.get(address, {"as_of": bad}).status_code == 200
