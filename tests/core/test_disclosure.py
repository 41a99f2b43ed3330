"""Parts of a whole that may not be told: alone, or by taking the others from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from trafford_sv.core.disclosure import withheld_parts


def three(number: int) -> bool:
    return number == 0 or number >= 3


def test_a_small_part_takes_the_smallest_other_with_it() -> None:
    # C is of one. The whole less A and B is C, so B goes too; then 1, 8, 9, 10 are behind what is not told.
    parts = {"A": [1, 2, 3, 4, 5], "B": [8, 9, 10], "C": [1]}
    assert withheld_parts(parts, three) == {"B", "C"}
    assert withheld_parts({"A": [1, 2, 3], "B": [4, 5, 6]}, three) == set()
    # Three parts of one each are told together by nothing but their sum, which is of three.
    assert withheld_parts({"A": [1], "B": [2], "C": [3], "D": [4, 5, 6]}, three) == {"A", "B", "C"}


@given(some.dictionaries(some.text(max_size=2), some.sets(some.integers(0, 9)), max_size=7))
def test_neither_a_part_nor_the_rest_is_of_few(parts: dict[str, set[int]]) -> None:
    hidden = withheld_parts(parts, three)
    assert all(three(len(parts[key])) for key in parts.keys() - hidden)
    together = set().union(*(parts[key] for key in hidden))
    everybody_is_hidden = all(not parts[key] for key in parts.keys() - hidden)
    assert three(len(together)) or everybody_is_hidden
