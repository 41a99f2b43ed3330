"""The timeline's geometry and the calendar's lines: pure."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from action_plan.calendar_feed import DayEvent, calendar_text, escaped, folded
from action_plan.progress import Status
from action_plan.timeline import Span, place, reach_of, timeline_chart

DAYS = st.dates(datetime.date(2015, 1, 1), datetime.date(2040, 12, 31))
NOW = datetime.datetime(2026, 7, 6, 10, 30, tzinfo=datetime.UTC)


@given(DAYS, DAYS, DAYS, DAYS)
def test_a_later_day_is_never_drawn_further_left(one, two, first, last):
    first, last = min(first, last), max(first, last)
    one, two = min(one, two), max(one, two)
    left, right = place(one, first, last, Decimal(800)), place(two, first, last, Decimal(800))
    assert 0 <= left <= right <= 800


def test_the_ends_and_the_middle_are_where_they_should_be():
    first, last = datetime.date(2026, 4, 1), datetime.date(2027, 3, 31)  # 364 days apart
    assert place(first, first, last, Decimal(728)) == 0
    assert place(last, first, last, Decimal(728)) == 728
    assert place(first + datetime.timedelta(days=91), first, last, Decimal(728)) == 182


@given(st.lists(st.tuples(DAYS | st.none(), DAYS | st.none()), max_size=5), DAYS)
def test_the_drawing_reaches_over_whole_financial_years_and_holds_every_day(pairs, today):
    spans = [Span("A", start, due, Status.ON_TRACK) for start, due in pairs]
    first, last = reach_of(spans, today)
    assert (first.month, first.day, last.month, last.day) == (4, 1, 3, 31)
    for day in [today, *(day for pair in pairs for day in pair if day)]:
        assert first <= day <= last


@given(
    st.lists(
        st.tuples(st.text(max_size=90), DAYS | st.none(), DAYS | st.none(), st.sampled_from(list(Status))),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_every_bar_lies_within_the_drawing(rows):
    spans = [
        Span(label, start, due, status, [(NOW.date(), True)]) for label, start, due, status in rows
    ]
    first, last = reach_of(spans, NOW.date())
    chart = timeline_chart(
        key="k", title="T", subtitle="S", spans=spans, first=first, last=last,
        today=NOW.date(), headings=("A",), rows=[("x",)] * len(spans),
    )  # fmt: skip
    for drawing in (chart.wide, chart.narrow):
        for box in drawing.boxes:
            assert box.x >= 0 and box.x + box.width <= drawing.width + 1
            assert box.y >= 0 and box.y + box.height <= drawing.height
        assert all(0 <= dot.x <= drawing.width for dot in drawing.dots)


# --- iCalendar: read back by rules written down here from RFC 5545, not by our own code ----


def unfold(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def unescape(text: str) -> str:
    found, letters = "", iter(text)
    for letter in letters:
        if letter == "\\":
            code = next(letters)
            found += "\n" if code in "nN" else code
        else:
            found += letter
    return found


@given(st.text(max_size=300))
def test_a_folded_line_is_at_most_75_octets_and_unfolds_to_itself(text):
    line = "SUMMARY:" + escaped(text)
    pieces = folded(line).split("\r\n")
    assert all(len(piece.encode("utf-8", "replace")) <= 75 for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")) | st.just("\n"), max_size=200)
)
def test_any_title_comes_back_as_it_was(text):
    event = DayEvent("1@x", datetime.date(2026, 6, 30), text, "Some\nlines; and, commas")
    lines = unfold(calendar_text(name="N", events=[event], made_at=NOW))
    (summary,) = [line for line in lines if line.startswith("SUMMARY:")]
    assert unescape(summary.removeprefix("SUMMARY:")) == text
    assert "DESCRIPTION:Some\\nlines\\; and\\, commas" in lines


def test_a_title_cannot_smuggle_in_a_property():
    event = DayEvent("1@x", datetime.date(2026, 6, 30), "A\r\nATTACH:http://example.org/\x00\x1b")
    lines = unfold(calendar_text(name="N", events=[event], made_at=NOW))
    assert not [line for line in lines if line.startswith("ATTACH")]
    assert "SUMMARY:A\\nATTACH:http://example.org/" in lines


def test_a_calendar_has_what_programs_ask_for():
    event = DayEvent(
        "action-1-due@example.org", datetime.date(2026, 12, 31), "Due: Ask",
        url="https://example.org/1/", sequence=3, is_cancelled=True,
    )  # fmt: skip
    lines = unfold(calendar_text(name="Plan", events=[event], made_at=NOW))
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Trafford Social Value//Action Plan//EN"]  # fmt: skip
    assert lines[-1] == "END:VCALENDAR"
    inside = lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")]
    for wanted in (
        "UID:action-1-due@example.org", "DTSTAMP:20260706T103000Z",
        "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101", "STATUS:CANCELLED",
        "SEQUENCE:3", "URL:https://example.org/1/",
    ):  # fmt: skip
        assert wanted in inside
