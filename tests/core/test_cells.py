"""Reading one cell: nothing is guessed, None is never 0, every refusal is a sentence."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core.cells import (
    MISSING,
    CellError,
    read_choice,
    read_date,
    read_pounds,
    read_text,
    read_yes_no,
)

DAY = datetime.date


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31", DAY(2026, 3, 31)),
        ("31/03/2026", DAY(2026, 3, 31)),
        ("3/4/2026", DAY(2026, 4, 3)),  # never the 4th of March
        ("31-03-26", DAY(2026, 3, 31)),
        ("31.03.2026", DAY(2026, 3, 31)),
        ("31 March 2026", DAY(2026, 3, 31)),
        ("1st Sept 2026", DAY(2026, 9, 1)),
        ("31-Mar-26", DAY(2026, 3, 31)),
        ("31/03/2026 00:00:00", DAY(2026, 3, 31)),
        ("2026-03-31T00:00:00", DAY(2026, 3, 31)),
        ("2020-05-22T23:59:59+01:00", DAY(2020, 5, 22)),
        ("2020-02-24T00:00:00Z", DAY(2020, 2, 24)),
        # Half past eleven at night in July by Greenwich is after midnight in London.
        ("2020-07-01T23:30:00Z", DAY(2020, 7, 2)),
        ("2020-01-01T00:00:00+01:00", DAY(2019, 12, 31)),
        (datetime.datetime(2026, 3, 31, 12), DAY(2026, 3, 31)),
        ("", None),
        (None, None),
    ],
)
def test_dates(text, day):
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("31/02/2026", "not a day in the calendar"),
        ("2026-02-31", "not a day in the calendar"),
        ("05/25/2026", "no month 25"),
        ("2026-13-01T10:00:00Z", "not a day in the calendar"),
        ("soon", "not a date"),
        ("NA", "not a date"),
        ("=TODAY()", "formula"),
        (Decimal("46112"), "not a date"),
        ("01/01/0026", "too far away"),
    ],
)
def test_dates_that_are_not(text, words):
    with pytest.raises(CellError, match=words):
        read_date(text)


@given(st.dates(DAY(1900, 1, 1), DAY(2200, 12, 31)))
def test_a_date_is_read_back_however_it_is_written(day):
    for text in (day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day} {day:%B %Y}"):
        assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.00", Decimal("1234.00")),
        ("(500)", Decimal("-500")),
        ("£1,250,000.5", Decimal("1250000.5")),
        (12, Decimal(12)),
        (Decimal("0.3"), Decimal("0.3")),
        ("0", Decimal(0)),
        ("NA", None),
        ("Not Classified", None),
        ("", None),
    ],
)
def test_pounds(text, amount):
    assert read_pounds(text, missing=MISSING) == amount


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1e5", "scientific"),
        ("45,000 - 50,000", "range"),
        ("€5", "not in pounds"),
        ("5 USD", "not in pounds"),
        ("twelve", "not an amount"),
        ("=SUM(A1:A9)", "formula"),
        (True, "not an amount"),
    ],
)
def test_pounds_that_are_not(text, words):
    with pytest.raises(CellError, match=words):
        read_pounds(text)


def test_na_is_only_nothing_where_the_caller_says_so():
    with pytest.raises(CellError):
        read_pounds("NA")


def test_words():
    assert read_text("  two\u00a0 words ") == "two  words"
    assert read_text("n/a", missing=MISSING) is None
    assert read_yes_no("Y") is True
    assert read_yes_no("no") is False
    assert read_yes_no("") is None
    assert read_choice("LIVE", {"live": "Live", "ended": "Ended"}) == "live"
    with pytest.raises(CellError, match="one of: Live, Ended"):
        read_choice("gone", {"live": "Live", "ended": "Ended"})
    with pytest.raises(CellError, match="neither yes nor no"):
        read_yes_no("perhaps")
    with pytest.raises(CellError, match="at most 3"):
        read_text("four", longest=3)
