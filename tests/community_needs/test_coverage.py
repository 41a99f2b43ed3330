"""Needs by ward and priority: all wards counted by catchment, each need once in a total."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from community_needs.coverage import (
    STATES,
    Tally,
    UnmetNeed,
    coverage,
    rank_unmet,
)

D = Decimal
OPEN, MATCHED, PART, MET = STATES


def test_a_matrix_worked_by_hand() -> None:
    """One open need in wards A and B, one met in B. A column counts the first once: 2 needs."""
    found = coverage(
        ["A", "B", "C", "D"],
        ["food", "jobs"],
        counted={("A", "food", OPEN): 1, ("B", "food", OPEN): 1, ("B", "food", MET): 1},
        by_ward={("A", OPEN): 1, ("B", OPEN): 1, ("B", MET): 1},
        by_priority={("food", OPEN): 1, ("food", MET): 1},
        asked=["A", "B", "C"],
        live={("B", "food"): 3},
    )
    a, b, c, d = found.rows
    assert a.cells[0].tally == Tally(open=1) and a.cells[0].is_gap
    assert b.cells[0].tally == Tally(open=1, met=1) and not b.cells[0].is_gap
    assert b.total is not None and (b.total.needs, b.total.unmet, b.total.met) == (2, 1, 1)
    assert c.total == Tally() and c.cells[0].tally == Tally()  # asked, and nothing needed
    assert d.total is None and d.cells[0].tally is None  # nobody was asked
    assert found.not_asked == ("D",)
    assert found.total.needs == 2 and found.by_priority["jobs"] == Tally()
    assert found.total.met_share == D("0.5")
    assert Tally().met_share is None


def test_a_ward_outside_every_catchment_with_a_need_of_its_own_is_known() -> None:
    found = coverage(
        ["D"], ["food"], counted={("D", "food", MATCHED): 1}, by_ward={("D", MATCHED): 1},
        by_priority={("food", MATCHED): 1}, asked=[], live={},
    )  # fmt: skip
    assert found.rows[0].total == Tally(matched=1)
    assert found.not_asked == ()


counts = st.dictionaries(
    st.tuples(st.sampled_from("ABCX"), st.sampled_from("pq"), st.sampled_from(STATES)),
    st.integers(0, 5),
)


@given(counts, st.permutations(["A", "B", "C"]))
def test_every_ward_stands_once_and_no_need_is_lost(
    counted: dict[tuple[str, str, str], int], wards: list[str]
) -> None:
    by_ward: dict[tuple[str, str], int] = {}
    by_priority: dict[tuple[str, str], int] = {}
    for (ward, priority, state), number in counted.items():
        by_ward[ward, state] = by_ward.get((ward, state), 0) + number
        by_priority[priority, state] = by_priority.get((priority, state), 0) + number
    found = coverage(
        wards, ["p", "q"], counted=counted, by_ward=by_ward, by_priority=by_priority,
        asked=["A"], live={},
    )  # fmt: skip
    assert [row.ward for row in found.rows] == wards
    for row in found.rows:
        if row.total is not None:
            assert sum((cell.tally for cell in row.cells if cell.tally), Tally()) == row.total
            assert row.total.needs == row.total.unmet + row.total.answered
    assert found.total.needs == sum(counted.values())


unmet = st.builds(
    UnmetNeed,
    key=st.just(""),
    share_left=st.just(None),
    days_open=st.integers(0, 400),
    days_left=st.none() | st.integers(-5, 200),
    deprivation=st.none() | st.decimals(0, 60, places=1),
    live=st.integers(0, 2),
)


@given(st.lists(unmet, max_size=7), st.randoms(use_true_random=False))
def test_unmet_needs_rank_the_same_in_any_order(rows: list[UnmetNeed], shuffler: object) -> None:
    keyed = [UnmetNeed(**{**row.__dict__, "key": str(n)}) for n, row in enumerate(rows)]
    mixed = list(keyed)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    found = rank_unmet(keyed)
    assert found == rank_unmet(mixed)
    assert [one.live > 0 for one in found] == sorted(one.live > 0 for one in found)
