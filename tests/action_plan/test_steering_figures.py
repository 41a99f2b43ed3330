"""Quorum, dates of a series, and how minutes read: by hand and by properties."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from action_plan import minute_words
from action_plan.meeting_dates import Pattern, day_in_month, next_dates
from action_plan.quorum import Present, QuorumRule, needed, quorum

HALF = QuorumRule(Decimal("0.5"), 3, needs_chair=True, substitutes_count=True)


def test_half_of_seven_seats_is_four() -> None:
    # 7 x 0.5 = 3.5, rounded up to 4; with 4 seats half is 2, but never fewer than 3.
    assert needed(HALF, 7) == 4
    assert needed(HALF, 4) == 3


def test_three_of_seven_cannot_decide_and_the_sentence_says_how_many_are_missing() -> None:
    found = quorum(HALF, 7, Present(members=2, substitutes=1, has_chair=True))
    assert (found.counted, found.is_met) == (3, False)
    assert found.sentence == "3 of 7 seats are filled; 4 must be, so the meeting cannot decide."


def test_a_substitute_counts_only_where_the_rule_says_so() -> None:
    here = Present(members=3, substitutes=1, has_chair=True)
    assert quorum(HALF, 7, here).is_met
    strict = QuorumRule(Decimal("0.5"), 3, needs_chair=True, substitutes_count=False)
    assert not quorum(strict, 7, here).is_met


def test_a_full_room_without_a_chair_cannot_decide() -> None:
    found = quorum(HALF, 7, Present(7, 0, has_chair=False))
    assert not found.is_met and "nobody present takes the chair" in found.sentence


def test_without_a_rule_nothing_says_that_the_group_cannot_decide() -> None:
    found = quorum(None, 7, Present(1, 0, has_chair=False))
    assert found.is_met and found.needed is None and "No quorum rule" in found.sentence


@given(st.decimals(0, 1, places=4), st.integers(0, 20), st.integers(0, 200), st.integers(0, 200))
def test_one_more_member_never_takes_the_quorum_away(
    share: Decimal, least: int, seats: int, members: int
) -> None:
    rule = QuorumRule(share, least, needs_chair=False, substitutes_count=True)
    here = quorum(rule, seats, Present(members, 0, has_chair=False))
    more = quorum(rule, seats, Present(members + 1, 0, has_chair=False))
    assert more.is_met or not here.is_met
    assert least <= needed(rule, seats) <= max(least, seats)


def test_every_three_months_on_the_second_tuesday() -> None:
    # Second Tuesdays: 13 January, 14 April, 14 July and 13 October 2026.
    found = next_dates(Pattern(3, 2, 1), datetime.date(2026, 1, 1), datetime.date(2026, 1, 13), 3)
    assert found == [
        datetime.date(2026, 4, 14), datetime.date(2026, 7, 14), datetime.date(2026, 10, 13)
    ]  # fmt: skip


def test_the_last_friday_is_the_fifth_where_there_are_five() -> None:
    assert day_in_month(2026, 1, 5, 4) == datetime.date(2026, 1, 30)
    assert day_in_month(2026, 2, 5, 4) == datetime.date(2026, 2, 27)


@given(
    st.integers(1, 12), st.integers(1, 5), st.integers(0, 4),
    st.dates(datetime.date(2000, 1, 1), datetime.date(9990, 1, 1)),
    st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)),
)  # fmt: skip
def test_the_dates_of_a_series_are_as_far_apart_as_it_says(
    every: int, week: int, weekday: int, begins: datetime.date, after: datetime.date
) -> None:
    found = next_dates(Pattern(every, week, weekday), begins, after, 4)
    months = [day.year * 12 + day.month for day in found]
    assert all(day > after and day >= begins and day.weekday() == weekday for day in found)
    assert all(b - a == every for a, b in zip(months, months[1:], strict=False))
    assert all((month - begins.year * 12 - begins.month) % every == 0 for month in months)


def test_a_series_at_the_end_of_time_runs_out() -> None:
    assert next_dates(Pattern(12, 1, 0), datetime.date(9998, 1, 1), datetime.date.max, 3) == []


def test_minutes_say_who_decided_what_and_what_was_reversed() -> None:
    text = minute_words.section(
        [
            minute_words.Decided(
                "SG 2026-10-13/2", "No name on posters", "A clear line", reverses="SG 2026-07-14/1"
            )
        ],
        [minute_words.ToDo("Tell partners", "Health: lead", datetime.date(2026, 12, 1))],
        [minute_words.Declared("Transport: manager", "They run buses", "Leaves the room")],
        is_carried=False,
    )
    assert text.splitlines() == [
        "Transport: manager declared an interest: They run buses. Leaves the room.",
        "Decided (SG 2026-10-13/2): No name on posters. This reverses SG 2026-07-14/1, which stays "
        "on record. Reasons: A clear line.",
        "To do: Tell partners. Health: lead, by 1 December 2026.",
    ]
    assert minute_words.section([], [], [], is_carried=False) == (
        "Discussed. No decision was taken."
    )
