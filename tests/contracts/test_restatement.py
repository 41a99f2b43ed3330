"""The same deliveries under two editions, and the change split to the penny."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.restatement import RestatedLine, Restatement, restate, restate_by_kind
from contracts.valuation import Kind

D = Decimal


def test_each_reason_for_a_change_has_its_own_amount() -> None:
    before = [
        RestatedLine("hours", "C1", D(10), D("12.71")),  # 127.10
        RestatedLine("trees", "E6", D(5), D(3)),  # 15.00
        RestatedLine("skills", "S2", D(2), D(100)),  # 200.00
        RestatedLine("miles", "C4", D(4), None, in_scope=False),
    ]
    after = [
        RestatedLine("hours", "C1", D(10), D("13.00")),  # 130.00: + 2.90 by value
        RestatedLine("trees", "E6", D(8), D(3)),  # 24.00: + 9.00 by delivery
        RestatedLine("skills", "S2", D(2), D(100), in_scope=False),  # - 200.00 by scope
        RestatedLine("miles", "C4", D(4), D("1.25")),  # 5.00: + 5.00 by scope
    ]
    found = restate(before, after)
    # 342.10 becomes 159.00: 9.00 + 2.90 - 195.00 = - 183.10
    assert (found.before_pounds, found.after_pounds) == (D("342.10"), D("159.00"))
    assert found.delivery_pounds == D("9.00")
    assert found.value_pounds == D("2.90")
    assert found.scope_pounds == D("-195.00")
    assert found.change_pounds == D("-183.10")
    by_key = {line.key: line for line in found.per_line}
    assert by_key["miles"].before_pounds is None
    assert by_key["skills"].after_pounds is None


def test_quantity_and_value_that_move_together_split_along_one_path() -> None:
    # 10 x 2 = 20 to 15 x 3 = 45. First the quantity at the old value: 15 x 2 - 20 = 10;
    # then the value at the new quantity: 45 - 30 = 15.
    found = restate([RestatedLine(1, "M", D(10), D(2))], [RestatedLine(1, "M", D(15), D(3))])
    assert (found.delivery_pounds, found.value_pounds, found.scope_pounds) == (10, 15, 0)


def test_rounding_per_line_leaves_no_remainder() -> None:
    # 0.5 x 0.01 = 0.005 = 0.01; 0.5 x 0.02 = 0.01: the value doubled, the printed pounds did not.
    found = restate(
        [RestatedLine(1, "M", D("0.5"), D("0.01"))], [RestatedLine(1, "M", D("0.5"), D("0.02"))]
    )
    assert (found.before_pounds, found.after_pounds) == (D("0.01"), D("0.01"))
    assert (found.delivery_pounds, found.value_pounds, found.scope_pounds) == (0, 0, 0)


def test_a_line_that_one_side_has_is_delivery() -> None:
    new = restate([], [RestatedLine(1, "M", D(2), D(5))])
    assert (new.delivery_pounds, new.value_pounds, new.scope_pounds) == (10, 0, 0)
    gone = restate([RestatedLine(1, "M", D(2), D(5))], [])
    assert (gone.delivery_pounds, gone.value_pounds, gone.scope_pounds) == (-10, 0, 0)


def test_not_reported_and_nothing_reported_stay_apart() -> None:
    found = restate(
        [RestatedLine(1, "M", None, D(5)), RestatedLine(2, "M", D(0), D(5))],
        [RestatedLine(1, "M", D(2), D(5)), RestatedLine(2, "M", D(0), D(6))],
    )
    assert found.per_line[0].before_pounds is None
    assert found.per_line[1].before_pounds == 0
    assert found.delivery_pounds == 10


def test_kinds_stay_apart_and_a_change_of_kind_is_scope() -> None:
    before = [RestatedLine(1, "M", D(2), D(5), kind=Kind.SOCIAL)]
    after = [RestatedLine(1, "M", D(2), D(7), kind=Kind.LOCAL_ECONOMIC)]
    found = restate_by_kind(before, after)
    assert found[Kind.SOCIAL].scope_pounds == -10
    assert found[Kind.LOCAL_ECONOMIC].scope_pounds == 14
    recorded = [RestatedLine(1, "M", D(2), D(7), kind=Kind.RECORD_ONLY)]
    assert restate(before, recorded).scope_pounds == -10


def test_a_key_twice_on_one_side_is_refused() -> None:
    line = RestatedLine(1, "M", D(2), D(5))
    with pytest.raises(ValueError, match="there twice"):
        restate([line, line], [])


lines = st.lists(
    st.builds(
        RestatedLine,
        st.integers(1, 12),
        st.sampled_from(["M1", "M2"]),
        st.none() | st.decimals(min_value=0, max_value=10_000, places=4),
        st.none() | st.decimals(min_value=0, max_value=30_000, places=6),
        st.booleans(),
        st.sampled_from(list(Kind)),
        st.decimals(min_value="0.0001", max_value=1, places=4),
    ),
    unique_by=lambda line: line.key,
    max_size=12,
)


def sums(found: Restatement) -> D:
    return found.delivery_pounds + found.value_pounds + found.scope_pounds


@given(lines, lines, st.none() | st.sampled_from(list(Kind)))
def test_the_three_always_add_to_the_change(
    before: list[RestatedLine], after: list[RestatedLine], kind: Kind | None
) -> None:
    found = restate(before, after, kind=kind)
    assert sums(found) == found.after_pounds - found.before_pounds
    for line in found.per_line:
        assert line.change_pounds == (line.after_pounds or 0) - (line.before_pounds or 0)


@given(lines, lines)
def test_the_same_deliveries_change_nothing_by_delivery(
    before: list[RestatedLine], other: list[RestatedLine]
) -> None:
    edition = {line.key: line for line in other}
    after = [
        RestatedLine(
            line.key,
            line.measure,
            line.quantity,
            edition[line.key].value_per_unit if line.key in edition else None,
            line.key in edition and edition[line.key].in_scope,
            edition[line.key].kind if line.key in edition else line.kind,
            line.share,
        )
        for line in before
    ]
    assert restate(before, after).delivery_pounds == 0
    assert restate(before, before).change_pounds == 0


@given(lines, lines, st.randoms())
def test_the_order_of_lines_never_changes_a_restatement(
    before: list[RestatedLine], after: list[RestatedLine], random: object
) -> None:
    mixed = list(before)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert restate(mixed, after[::-1]) == restate(before, after)


@given(lines, lines)
def test_the_kinds_together_are_the_whole(
    before: list[RestatedLine], after: list[RestatedLine]
) -> None:
    whole, parts = restate(before, after), restate_by_kind(before, after)
    assert sum(part.after_pounds for part in parts.values()) == whole.after_pounds
    assert sum(part.change_pounds for part in parts.values()) == whole.change_pounds
