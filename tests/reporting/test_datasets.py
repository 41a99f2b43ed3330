"""Datasets: exact text there and back, every figure from its rows, and nothing printed uncovered."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.datasets import (
    SCHEMA,
    DatasetUnreadable,
    Figure,
    Formula,
    Section,
    Words,
    canonical_json,
    figure_of,
    figure_words,
    filled,
    mentioned,
    problems,
    read_dataset,
    recompute_all,
    sha256_of,
    with_period,
)
from reporting.datasets.parts import RowColumn, RowSet

from .datasets import make_dataset


def test_the_figures_are_those_worked_by_hand():
    found = make_dataset().by_id
    assert found["reported"].value == "150.10"
    assert found["verified"].value == "60.05"
    assert found["proven"].value == "0.4001"
    assert found["rows"].value == "3"
    assert (found["none"].value, found["none"].reason) == (None, "No grant was reported on.")


def test_the_text_is_the_same_there_and_back_and_names_its_schema():
    dataset = make_dataset()
    text = canonical_json(dataset)
    assert read_dataset(text) == dataset
    assert canonical_json(read_dataset(text)) == text
    assert json.loads(text)["schema"] == SCHEMA
    assert sha256_of(text) == sha256_of(canonical_json(make_dataset()))


def test_a_name_that_says_its_period_does_not_repeat_it():
    assert with_period("STAR quarterly report", "Q4 2025/26") == "STAR quarterly report, Q4 2025/26"
    assert with_period("Annual report 2025/26", "2025/26") == "Annual report 2025/26"


def test_every_figure_of_the_dataset_agrees_with_its_rows():
    dataset = make_dataset()
    assert problems(dataset) == []
    assert [one.difference for one in recompute_all(dataset)] == [Decimal(0)] * 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: replace(d, rows=(replace(d.rows[0], rows=d.rows[0].rows[1:]),)), "its rows say"),
        (lambda d: replace(d, rows=()), "rows that are not there"),
        (lambda d: replace(d, figures=d.figures[1:]), "is not in the dataset"),
        (lambda d: replace(d, figures=(*d.figures, d.figures[0])), "Two of one id"),
        (lambda d: replace(d, sections=(Section("s", "In all 12", ()),)), "covered by no figure"),
        (lambda d: replace(d, sections=(Section("s", "S", (Words("It was £1.2 million"),)),)),
         "covered by no figure"),
        (lambda d: replace(d, sections=(Section("s", "S", (Words("[[gone]]"),)),)), "“gone”"),
    ],
)  # fmt: skip
def test_what_is_not_covered_is_said(change, said):
    found = problems(change(make_dataset()))
    assert found and said in " ".join(found)


def test_days_quarters_and_paragraphs_are_no_figures():
    words = "From 1 April 2025 to March 2026 (Q4 2025/26), as in 2024-25; see (2.7), at 14:05."
    dataset = replace(make_dataset(), sections=(Section("s", "S", (Words(words),)),))
    assert problems(dataset) == []


def test_a_figure_made_from_itself_is_refused_and_not_followed_for_ever():
    turning = Figure("turn", "T", "count", "record", "1", Formula("total", figures=("turn",)))
    dataset = replace(make_dataset(), figures=(*make_dataset().figures, turning))
    assert any("made from itself" in one for one in problems(dataset))


def test_words_and_figures_as_they_read():
    dataset = make_dataset()
    assert filled("[[verified]] or [[verified:exact]]", dataset) == "£60 or £60.05"
    assert figure_words(dataset.by_id["proven"]) == "40.0%"
    assert figure_words(dataset.by_id["proven"], "exact") == "40.01%"
    assert figure_words(dataset.by_id["none"]) == "not available"
    assert {"reported", "verified", "proven", "rows", "none"} == set(mentioned(dataset))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not the JSON"),
        ("[]", "schema number"),
        ('{"schema":99}', "schema 99"),
        ('{"schema":0}', "schema 0"),
        ('{"schema":1}', "not as it should be"),
        ('{"schema":true}', "not as it should be"),
    ],
)
def test_a_text_that_is_no_dataset_gets_a_sentence(text, said):
    with pytest.raises(DatasetUnreadable, match=said):
        read_dataset(text)


# Pence, because drawing decimals is slow.
amounts = st.lists(st.one_of(st.none(), st.integers(-(10**10), 10**10)), max_size=30).map(
    lambda pence: [None if one is None else Decimal(one) / 100 for one in pence]
)


@given(amounts)
def test_a_sum_is_the_sum_of_what_is_known_and_none_where_nothing_is(values):
    rows = RowSet(
        "r", "R", (RowColumn("k", "K"), RowColumn("v", "V", "decimal")),
        tuple((str(n), None if v is None else f"{v:.2f}") for n, v in enumerate(values)),
    )  # fmt: skip
    found = figure_of(
        [rows], [], Figure("f", "F", "pounds", "verified", None, Formula("sum", "r", "v"))
    )
    known = [value for value in values if value is not None]
    assert found.amount == (sum(known) if known else None)
    assert bool(found.reason) is not bool(known)
