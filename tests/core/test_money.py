"""Pounds: what people type, how they are rounded, how they are read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core.money import (
    MoneyError,
    exact,
    parse_pounds,
    percentage,
    pounds,
    readable,
    share,
)

amounts = st.decimals(
    min_value=Decimal("-99999999999"), max_value=Decimal("99999999999"), places=2, allow_nan=False
)


@given(amounts)
def test_what_is_printed_for_checking_reads_back_as_the_same_amount(amount):
    assert parse_pounds(exact(amount)) == amount


@given(amounts)
def test_brackets_mean_minus(amount):
    assert parse_pounds(f"({abs(amount)})") == -abs(amount)


def test_half_a_penny_is_rounded_away_from_zero():
    assert pounds(Decimal("0.005")) == Decimal("0.01")
    assert pounds(Decimal("-0.005")) == Decimal("-0.01")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.00", "1234.00"),
        ("£500", "500"),
        ("(500)", "-500"),
        ("-£1,000.50", "-1000.50"),
        ("£-3", "-3"),
        ("−20", "-20"),
        (" 12\u00a0", "12"),
        (".5", "0.5"),
        ("GBP 7", "7"),
        ("0", "0"),
    ],
)
def test_amounts_as_people_write_them(text, amount):
    assert parse_pounds(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1e5", "scientific"),
        ("NA", "not an amount"),
        ("", "no amount"),
        ("100-200", "range"),
        ("£100 to £200", "range"),
        ("$5", "not in pounds"),
        ("5 EUR", "not in pounds"),
        ("1,23.00", "not an amount"),
        ("12,34", "not an amount"),
        ("--5", "not an amount"),
        ("1.2.3", "not an amount"),
        ("nan", "not an amount"),
        ("Infinity", "not an amount"),
        ("999999999999999999", "larger"),
        ("٣", "not an amount"),
    ],
)
def test_what_is_no_amount_gets_a_sentence(text, word):
    with pytest.raises(MoneyError, match=word):
        parse_pounds(text)


@given(st.text(max_size=20))
def test_no_text_is_worse_than_a_clear_error(text):
    try:
        assert parse_pounds(text).is_finite()
    except MoneyError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1243118.20", "£1.24 million"),
        ("24000000", "£24 million"),
        ("999999", "£1 million"),
        ("53200.49", "£53,200"),
        ("0.4", "£0"),
        ("-0.4", "£0"),
        ("-1500000", "−£1.5 million"),
        ("2500000000", "£2.5 billion"),
        ("100000000", "£100 million"),
    ],
)
def test_amounts_for_reading(amount, words):
    assert readable(Decimal(amount)) == words


def test_a_share_of_nothing_is_not_available_and_never_zero():
    assert share(Decimal(5), Decimal(0)) is None
    assert share(None, Decimal(5)) is None
    assert share(Decimal(0), Decimal(5)) == 0
    assert percentage(share(Decimal(5), Decimal(0))) == "not available"
    assert percentage(Decimal("0.764"), 1) == "76.4%"
    assert percentage(Decimal("0.005")) == "1%"
