"""Two who close one quarter at once, or close it while somebody accepts, on PostgreSQL."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError

from reporting.models import AcceptedCheck, ClosingReminder
from reporting.selectors.closing import checks_outstanding
from reporting.services.closing import accept_check, accept_everything, ask_for_missing
from tests.factories import make_user
from tests.factories_delivery import make_commitment
from trafford_sv.core.models import AuditEvent, ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import QuarterStateError, close_quarter

from .test_races import at_once

Q1 = Quarter(2026, 1)
NOW = datetime.datetime(2026, 8, 3, 9, tzinfo=datetime.UTC)


def test_of_two_who_close_a_quarter_at_once_one_is_told(on_servers):
    people = [make_user("coordinator"), make_user("administrator")]
    make_commitment()
    accept_everything(quarter=Q1, reason="Known.", by=people[0], now=NOW)
    results = at_once(
        *(lambda by=by: close_quarter(quarter=Q1, by=by, now=NOW, checked=True) for by in people)
    )
    (refused,) = [each for each in results if isinstance(each, Exception)]
    assert isinstance(refused, QuarterStateError) and "closed already" in str(refused), results
    assert ClosedQuarter.objects.count() == 1
    assert AuditEvent.objects.filter(verb="quarter closed").count() == 1


def test_closing_and_accepting_at_once_never_closes_over_what_is_outstanding(on_servers):
    make_commitment()
    for check in checks_outstanding(Q1):
        if check.key != "returns":
            accept_check(quarter=Q1, key=check.key.value, reason="Known.", by=None, now=NOW)
    results = at_once(
        lambda: accept_check(quarter=Q1, key="returns", reason="Known.", by=None, now=NOW),
        lambda: close_quarter(quarter=Q1, by=None, now=NOW, checked=True),
    )
    was_accepted = AcceptedCheck.objects.filter(check_key="returns").exists()
    assert was_accepted and not isinstance(results[0], Exception), results
    # Either it was closed after the acceptance, or it was refused before it.
    assert ClosedQuarter.objects.exists() is not isinstance(results[1], QuarterStateError), results


def test_two_who_press_the_button_at_once_remind_once(on_servers):
    make_commitment()
    results = at_once(
        *(
            lambda by=by: ask_for_missing(quarter=Q1, by=by, now=NOW, today=NOW.date())
            for by in (make_user("coordinator"), make_user("coordinator"))
        )
    )
    (refused,) = [each for each in results if isinstance(each, Exception)]
    assert isinstance(refused, ValidationError), results
    assert ClosingReminder.objects.count() == 1
