"""Stale and overdue: worked by hand, and the same in SQL."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from action_plan.models import Action, ActionUpdate
from action_plan.progress import (
    Facts,
    Status,
    expected_quarter,
    is_overdue,
    is_stale,
    quarters_silent,
    update_due_on,
)
from action_plan.selectors.standing import quarter_number, quarter_of_number, with_standing
from tests.factories_plan import make_action, make_milestone
from trafford_sv.core.periods import Quarter

Q = Quarter.parse
DAYS = st.dates(datetime.date(2024, 1, 1), datetime.date(2027, 12, 31))
QUARTERS = st.builds(Quarter, st.integers(2024, 2026), st.integers(1, 4))


def facts(status="on_track", starts="2024-04-01", due="2028-03-31", updated=None):
    day = datetime.date.fromisoformat
    return Facts(
        Status(status),
        day(starts) if starts else None,
        day(due) if due else None,
        Q(updated) if updated else None,
    )


def test_a_quarters_update_has_thirty_days():
    # April to June ends on 30 June; thirty days later is 30 July.
    assert update_due_on(Q("2026-27 Q1")) == datetime.date(2026, 7, 30)
    assert expected_quarter(datetime.date(2026, 7, 30)) == Q("2025-26 Q4")
    assert expected_quarter(datetime.date(2026, 7, 31)) == Q("2026-27 Q1")


def test_stale_is_no_update_for_a_quarter_once_its_time_is_over():
    late, in_time = datetime.date(2026, 7, 31), datetime.date(2026, 7, 30)
    silent = facts(updated="2025-26 Q4")
    assert is_stale(silent, late) and not is_stale(silent, in_time)
    assert not is_stale(facts(updated="2026-27 Q1"), late)
    # Nothing is owed before it starts, after it ends, or where no start is decided.
    assert not is_stale(facts(starts="2026-07-01"), late)
    assert is_stale(facts(starts="2026-06-30"), late)
    assert not is_stale(facts(status="complete"), late)
    assert not is_stale(facts(status="cancelled"), late)
    assert not is_stale(facts(starts=None), late)


def test_silent_quarters_are_counted_from_the_last_update_or_the_start():
    # Last heard of in Q2 2025/26; on 31 July 2026 Q3, Q4 and Q1 are owed: 3.
    assert quarters_silent(facts(updated="2025-26 Q2"), datetime.date(2026, 7, 31)) == 3
    # Began on 1 February 2026, in Q4; Q4 and Q1 are owed: 2.
    assert quarters_silent(facts(starts="2026-02-01"), datetime.date(2026, 7, 31)) == 2
    assert quarters_silent(facts(updated="2026-27 Q1"), datetime.date(2026, 7, 31)) == 0


def test_overdue_is_unfinished_after_its_due_day():
    day = datetime.date(2026, 7, 31)
    assert is_overdue(facts(due="2026-07-30"), day)
    assert not is_overdue(facts(due="2026-07-31"), day)
    assert not is_overdue(facts(due="2026-07-30", status="complete"), day)
    assert not is_overdue(facts(due=None), day)


@given(DAYS, QUARTERS | st.none(), DAYS | st.none())
def test_stale_and_silent_quarters_say_the_same(as_of, updated, starts):
    one = Facts(Status.AT_RISK, starts, None, updated)
    assert is_stale(one, as_of) == (quarters_silent(one, as_of) > 0)


@given(QUARTERS)
def test_a_quarter_comes_back_from_its_number(quarter):
    assert quarter_of_number(quarter_number(quarter)) == quarter
    assert quarter_number(quarter.next) == quarter_number(quarter) + 1


ROWS = st.lists(
    st.tuples(
        st.sampled_from(list(Status)),
        DAYS | st.none(),
        st.integers(0, 900) | st.none(),
        st.lists(st.tuples(QUARTERS, st.sampled_from(ActionUpdate.State.values)), max_size=3),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.django_db
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, as_of=DAYS)
def test_the_database_says_of_each_action_what_the_figure_says(rows, as_of):
    Action.objects.all().delete()
    expected = {}
    for status, starts, lasts, updates in rows:
        due = None
        if lasts is not None:
            due = (starts or datetime.date(2024, 1, 1)) + datetime.timedelta(days=lasts)
        action = make_action(
            status=status.value,
            starts=starts,
            due=due,
            completed_on=as_of if status is Status.COMPLETE else None,
        )
        said = {}
        for quarter, state in updates:
            said[quarter] = state
        ActionUpdate.objects.bulk_create(
            ActionUpdate(
                action=action,
                financial_year=quarter.start_year,
                quarter=quarter.number,
                status="on_track",
                state=state,
                reason="Why" if state == "sent_back" else "",
            )
            for quarter, state in said.items()
        )
        heard = [quarter for quarter, state in said.items() if state in ("submitted", "approved")]
        one = Facts(status, starts, due, max(heard, default=None))
        expected[action.pk] = (is_stale(one, as_of), is_overdue(one, as_of), one.updated)
    found = {
        row.pk: (row.is_stale, row.is_overdue, quarter_of_number(row.updated_number))
        for row in with_standing(Action.objects.all(), as_of=as_of)
    }
    assert found == expected


@pytest.mark.django_db
def test_milestones_are_counted_and_the_next_one_is_named():
    action = make_action()
    make_milestone(
        action, title="Done", due=datetime.date(2026, 1, 1), done_on=datetime.date(2026, 1, 2)
    )
    make_milestone(action, title="Late", due=datetime.date(2026, 5, 1))
    make_milestone(action, title="Ahead", due=datetime.date(2026, 9, 1))
    (row,) = with_standing(Action.objects.all(), as_of=datetime.date(2026, 6, 1))
    assert (row.milestones_total, row.milestones_done, row.milestones_late) == (3, 1, 1)
    assert (row.next_step, row.next_step_due) == ("Late", datetime.date(2026, 5, 1))
