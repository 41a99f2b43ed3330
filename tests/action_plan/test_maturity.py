"""Stages, what blocks them, and the fewest actions to the next one."""

from __future__ import annotations

import datetime
import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from action_plan.maturity import (
    CriterionFact,
    Target,
    blocking,
    gap_to,
    highest_unblocked,
    next_target,
    overall,
    planned_on,
    spread,
    stages_to_go,
)
from action_plan.shortest_set import shortest_set
from action_plan.stages import ORDER, Stage

D, M, L, I = Stage.DEVELOPING, Stage.MATURE, Stage.LEADER, Stage.INNOVATOR  # noqa: E741
stages = st.sampled_from(ORDER)
facts = st.lists(st.tuples(stages, st.booleans(), st.booleans()), max_size=12).map(
    lambda rows: [CriterionFact(n, *row) for n, row in enumerate(rows)]
)


def brute(needs: set[int], actions: dict[int, set[int]]) -> int:
    """The size of the smallest set that covers what can be covered, by trying them all."""
    wanted = needs & set().union(*actions.values(), set())
    for size in range(len(actions) + 1):
        for tried in itertools.combinations(actions, size):
            if wanted <= set().union(*(actions[key] for key in tried), set()):
                return size
    raise AssertionError


@settings(max_examples=150)
@given(
    st.sets(st.integers(0, 11), max_size=11),
    st.dictionaries(st.integers(1, 40), st.sets(st.integers(0, 13), max_size=4), max_size=11),
)
def test_no_smaller_set_of_actions_would_do(needs, actions):
    found = shortest_set(needs, actions)
    satisfied = set().union(*(actions[key] for key in found.chosen), set())
    assert needs - satisfied == set(found.unmet)
    assert len(found.chosen) == brute(needs, actions) == found.at_least
    assert not set(found.unmet) & set().union(*actions.values(), set())


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.integers(1, 30), st.sets(st.integers(0, 11), min_size=2, max_size=5),
        min_size=8, max_size=13,
    )
)  # fmt: skip
def test_crowded_plans_are_searched_to_the_end(actions):
    """Large overlapping actions, where settling what is obvious leaves a search."""
    found = shortest_set(range(12), actions)
    assert found.is_shortest
    assert len(found.chosen) == brute(set(range(12)), actions)


@given(
    st.dictionaries(st.integers(1, 30), st.sets(st.integers(0, 11), max_size=5), max_size=14),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_the_order_of_the_input_changes_nothing(actions, random):
    shuffled = list(actions.items())
    random.shuffle(shuffled)
    needs = list(range(12))
    random.shuffle(needs)
    assert shortest_set(needs, dict(shuffled)) == shortest_set(range(12), actions)


def test_greed_would_take_three_where_two_do():
    """The largest action (1, 2, 3, 4) leaves 5 and 6 to two more; the other two do all six."""
    found = shortest_set(range(1, 7), {1: {1, 2, 3, 4}, 2: {1, 3, 5}, 3: {2, 4, 6}})
    assert found.chosen == (2, 3)


def steiner(points: int) -> dict[int, set[int]]:
    """Each point as an action that satisfies the triples it is in: of 9 points the lines of a plane
    over three numbers; of 15 the lines of a space over two (three points that add to nothing)."""
    if points == 9:
        triples = {
            frozenset(((a * t + x) % 3, (b * t + y) % 3) for t in range(3))
            for a, b in ((1, 0), (0, 1), (1, 1), (1, 2))
            for x in range(3)
            for y in range(3)
        }
        names = {(x, y): 3 * x + y for x in range(3) for y in range(3)}
        lines = [{names[point] for point in triple} for triple in triples]
    else:
        lines = [{a, b, a ^ b} for a in range(1, 16) for b in range(a + 1, 16) if a ^ b > b]
    lines.sort(key=sorted)
    return {
        point: {number for number, line in enumerate(lines) if point in line}
        for point in sorted(set().union(*lines))
    }


@pytest.mark.parametrize(("points", "lines", "fewest"), [(9, 12, 5), (15, 35, 7)])
def test_plans_made_to_be_hard_are_searched_to_the_end(points, lines, fewest):
    """Every action satisfies as many criteria as every other, and weights alone prove only a third
    of the points, 3 of 9 and 5 of 15. Of 9 points 5 are needed: at most 4 hold no whole line. Of 15
    the 7 of a plane meet every line, and no 6 do."""
    actions = steiner(points)
    assert len(set().union(*actions.values())) == lines
    found = shortest_set(range(lines), actions)
    assert (len(found.chosen), found.at_least) == (fewest, fewest)
    assert brute(set(range(lines)), actions) == fewest


def test_what_no_action_would_satisfy_is_named_and_the_rest_is_answered():
    found = shortest_set([1, 2, 3], {7: {1}, 8: {1, 2}})
    assert (found.chosen, found.unmet, found.suffices) == ((8,), (3,), False)


def test_nothing_open_needs_no_action():
    assert shortest_set([], {1: {1}}).chosen == ()


def test_a_search_that_is_stopped_says_so_and_still_covers_everything():
    actions = {a: {(a * 7 + k * k * 3 + k) % 60 for k in range(4)} for a in range(90)}
    found = shortest_set(range(60), actions, most_work=1)
    assert set(range(60)) <= set().union(*(actions[key] for key in found.chosen))
    assert found.at_least <= len(shortest_set(range(60), actions).chosen) <= len(found.chosen)


def test_a_whole_plan_is_answered_inside_one_page_load():
    """7 themes, 5 stages, 100 criteria, 200 actions, a quarter of them across themes."""
    actions = {
        number: {(number * 13 + step * 7 + number % 7) % 100 for step in range(number % 4)}
        | ({(number * 31) % 100} if number % 4 == 0 else set())
        for number in range(200)
    }
    before = time.process_time()
    found = shortest_set(range(100), actions)
    assert time.process_time() - before < 1.5
    assert found.is_shortest


@given(facts, stages)
def test_a_stage_is_blocked_by_its_own_criteria_and_those_below(criteria, stage):
    blocked = set(blocking(stage, criteria))
    for fact in criteria:
        bare = not fact.has_evidence and not fact.has_reason
        assert (fact.key in blocked) == (bare and fact.stage.rank <= stage.rank)


@given(facts)
def test_the_highest_stage_that_could_be_agreed_has_nothing_open_and_the_next_one_has(criteria):
    highest = highest_unblocked(criteria)
    if highest is not None:
        assert not blocking(highest, criteria)
    following = ORDER[0] if highest is None else highest.next
    if following is not None:
        assert blocking(following, criteria)


def test_overall_goes_from_the_lowest_theme_to_the_highest():
    assert overall([D, M, D]).words == "Developing to mature"
    assert overall([L, L]).words == "Leader"
    part = overall([D, None, None])
    assert (part.words, part.agreed, part.of, part.is_whole) == ("Developing", 1, 3, False)
    assert overall([None, None]).words == ""


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [(D, I, 3), (D, D, 0), (L, M, 0), (None, I, None), (D, None, None)],
)
def test_stages_to_go_is_unknown_where_a_stage_is_unknown(current, target, steps):
    assert stages_to_go(current, target) == steps


def test_a_spread_leaves_out_whoever_cannot_say():
    found = spread([M, None, D, I])
    assert (found.lowest, found.highest, found.stages_apart) == (D, I, 3)
    assert (found.given, found.cannot_say) == (3, 1)
    assert spread([None]).stages_apart is None


def test_what_is_planned_on_a_day_is_the_latest_target_that_has_come():
    targets = [
        Target(datetime.date(2028, 3, 31), L),
        Target(datetime.date(2026, 3, 31), M),
    ]
    assert planned_on(targets, datetime.date(2026, 3, 30)) is None
    assert planned_on(targets, datetime.date(2026, 3, 31)) is M
    assert planned_on(targets, datetime.date(2030, 1, 1)) is L
    assert next_target(targets, datetime.date(2026, 4, 1)) == targets[0]
    assert next_target(targets, datetime.date(2029, 1, 1)) is None


def test_the_gap_sets_apart_what_a_finished_action_has_done_already():
    """Open to Mature: 1 (finished by 9), 2 and 3 (by 5), 4 (by nobody). 6 is above, 7 has proof."""
    criteria = [
        CriterionFact(1, D), CriterionFact(2, D), CriterionFact(3, M), CriterionFact(4, M),
        CriterionFact(6, L), CriterionFact(7, M, has_evidence=True),
    ]  # fmt: skip
    gap = gap_to(M, criteria, living={5: {2, 3}, 8: {3, 1}}, finished={9: {1}})
    assert gap.blocking == (1, 2, 3, 4)
    assert gap.finished == (1,)
    assert gap.cover.chosen == (5,)
    assert gap.cover.unmet == (4,)
