"""The five stages, and the loops between actions: pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from action_plan.dependencies import find_loop, loop_words
from action_plan.stages import ORDER, STAGE_CHOICES, Stage

GRAPHS = st.dictionaries(
    st.integers(0, 7), st.frozensets(st.integers(0, 7), max_size=4), max_size=8
)


def test_the_stages_stand_in_the_reports_order():
    assert [stage.label for stage in ORDER] == [
        "Minimum", "Developing", "Mature", "Leader", "Innovator",
    ]  # fmt: skip
    assert [stage.rank for stage in ORDER] == [0, 1, 2, 3, 4]
    assert Stage.MATURE.next is Stage.LEADER
    assert Stage.INNOVATOR.next is None
    assert STAGE_CHOICES[0] == ("minimum", "Minimum")


def reaches(graph, start, goal):
    """Brute force: everything that can be walked to from `start`."""
    seen, front = set(), {start}
    while front:
        front = {there for here in front for there in graph.get(here, ())} - seen
        seen |= front
    return goal in seen


@given(GRAPHS, st.integers(0, 7))
def test_a_loop_is_found_exactly_where_one_can_walk_back_to_the_start(graph, start):
    loop = find_loop(graph, start)
    assert bool(loop) == reaches(graph, start, start)
    if loop:
        assert loop[0] == loop[-1] == start
        assert all(two in graph[one] for one, two in zip(loop, loop[1:], strict=False))
        assert len(set(loop)) == len(loop) - 1


def test_the_shorter_of_two_loops_is_named():
    # 1 -> 2 -> 3 -> 1 and 1 -> 4 -> 1: the second is shorter.
    assert find_loop({1: {2, 4}, 2: {3}, 3: {1}, 4: {1}}, 1) == (1, 4, 1)


def test_a_loop_reads_as_a_sentence():
    assert loop_words(["A", "A"]) == "A waits for A"
    assert loop_words(["A", "B", "A"]) == "A waits for B, and B waits for A"
    assert loop_words(["A", "B", "C", "A"]) == "A waits for B, B waits for C, and C waits for A"
