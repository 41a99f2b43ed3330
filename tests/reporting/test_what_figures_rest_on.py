"""The words beside figures: what each rests on, why one is missing, and which depend on returns."""

from __future__ import annotations

import datetime

import pytest

from reporting.datasets import Chart, Dataset, figure_words, problems
from reporting.datasets.words import rests_on, rounding_words
from reporting.rendering import Sheet
from reporting.rendering.sheet import drawn, sections_of
from reporting.selectors.annual import gather_annual
from reporting.selectors.star_quarterly import gather_star_quarterly
from reporting.services.star_readings import work_out_measures
from tests.factories_delivery import make_bid, make_commitment, make_line, make_return, make_tender
from trafford_sv.core.periods import FinancialYear, Quarter

from .test_star_quarterly import approve

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


@pytest.fixture
def held() -> Dataset:
    """30 of 100 hours at £10 were verified in Q1; in Q2 20 were reported and nobody looked at them yet.
    The winning bid offered 120 hours.
    """
    approve()
    promise = make_commitment()
    tender = make_tender(promise.contract, measures=[promise.measure])
    make_bid(tender, promise.supplier, quantity="120", state="won")
    make_line(make_return(promise.contract, promise.supplier, Q1), promise, "30", verified="30")
    make_line(make_return(promise.contract, promise.supplier, Q2), promise, "20")
    for quarter in (Q1, Q2):
        work_out_measures(quarter=quarter, by=None, now=NOW)
    found = gather_star_quarterly(Q2, NOW)
    assert problems(found) == []
    return found


def said(dataset: Dataset, id: str) -> str:
    return rests_on(dataset.by_id[id], dataset)


def test_each_figure_says_what_it_rests_on(held: Dataset) -> None:
    share = "measure-social-value-verified-against-committed"
    assert said(held, share) == "One figure divided by another"
    assert said(held, f"{share}-change") == "One figure less another"
    assert (
        said(held, f"{share}-counted-change") == "One figure less another: verified with evidence"
    )
    assert (
        said(held, f"{share}-divided-by-change")
        == "One figure less another: committed in agreements"
    )
    assert said(held, f"{share}-points") == "A change of one figure divided by another"
    past = "measure-social-value-verified-2026-27-q1"
    assert said(held, past) == "Verified with evidence, as it was put on record"
    assert (
        said(held, f"{share}-2026-27-q1")
        == "One figure divided by another, as it was put on record"
    )
    assert said(held, "verified-social") == "Verified with evidence"
    assert "less the other" in rounding_words(held.by_id[f"{share}-change"])


def test_a_change_of_a_share_is_printed_in_points(held: Dataset) -> None:
    share = "measure-returns-received"
    assert figure_words(held.by_id[share], "exact") == "100.00%"
    assert figure_words(held.by_id[f"{share}-change"], "exact") == "0.00 percentage points"
    points = held.by_id[f"{share}-points"]
    assert figure_words(points, "exact") == "0.00 percentage points"
    assert figure_words(points, "points") == "0.00"


def test_what_was_offered_or_awarded_does_not_depend_on_returns(held: Dataset) -> None:
    offered = "measure-social-value-against-contract-value"
    for id in (offered, f"{offered}-counted", f"{offered}-divided-by", f"{offered}-2026-27-q1"):
        assert held.by_id[id].completeness == "", id
    verified = "measure-social-value-verified-against-committed"
    for id in (verified, f"{verified}-counted", f"{verified}-2026-27-q1"):
        assert held.by_id[id].completeness.startswith("1 of 1 return"), id
    assert held.by_id[f"{verified}-divided-by"].completeness == ""
    year = gather_annual(FinancialYear(2026), NOW).by_id
    assert year["social-value-against-contract-value-2026-27-q1"].completeness == ""
    assert year["social-value-verified-2026-27-q1"].completeness.startswith("1 of 1 return")
    assert year["social-value-verified-2026-27-q1"].basis == "verified"


def test_what_was_reported_and_not_looked_at_is_not_verified_yet(held: Dataset) -> None:
    blocks = [one for part in held.sections for one in part.blocks]
    chart = next(one for one in blocks if isinstance(one, Chart) and one.id == "chart-theme")
    description = drawn(held, chart).description
    assert "Not verified yet" in description and "Not reported" not in description


def test_a_table_says_why_a_figure_is_not_available(held: Dataset) -> None:
    shown = [one.table for part in sections_of(Sheet(held)) for one in part.blocks if one.table]
    for table in shown:
        cells = {piece.text for row in table.rows for cell in row for piece in cell}
        assert ("not available" in cells) == ("Not available" in table.note), table.id
    by_id = {one.id: one.note for one in shown}
    assert "no social value is verified here." in by_id["table-theme"]
