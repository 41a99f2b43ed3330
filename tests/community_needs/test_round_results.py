"""How priorities come out of ranks and weights: worked by hand, and for any answers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from community_needs.round_results import Said, outcomes, repeated_ranks


def test_three_answers_about_two_priorities():
    # 2 priorities: a first place is 2 points, a second 1; three people ranked, so 2 x 3 = 6 at most.
    # Food: first, first, second = 2 + 2 + 1 = 5 of 6. Jobs: second, (no rank), first = 1 + 2 = 3 of 6.
    said = [
        Said(1, 10, 1, Decimal(8)), Said(1, 20, 2, None),
        Said(2, 10, 1, Decimal(9)), Said(2, 20, None, Decimal(0)),
        Said(3, 10, 2, None), Said(3, 20, 1, None),
    ]  # fmt: skip
    food, jobs = outcomes([10, 20], said)
    assert (food.priority, jobs.priority) == (10, 20)
    assert food.points_share == Decimal(5) / 6 and jobs.points_share == Decimal(3) / 6
    assert (food.first_places, jobs.first_places) == (2, 1)
    # 8 and 9 of those who said: 8.5. A 0 is an answer, silence is not.
    assert food.mean_weight == Decimal("8.5") and jobs.mean_weight == Decimal("0.0")
    assert jobs.weighed == 1


def test_a_round_that_nobody_ranked_has_no_shares():
    (only,) = outcomes([10], [])
    assert only.points_share is None and only.mean_weight is None


def test_places_given_twice_are_named():
    assert repeated_ranks([1, 2, 2, None, None, 1, 3]) == [1, 2]


answers = st.lists(
    st.permutations([1, 2, 3]).map(lambda ranks: dict(zip([7, 8, 9], ranks, strict=True))),
    min_size=1,
    max_size=12,
)


@given(answers=answers, data=st.data())
def test_the_order_of_answers_changes_nothing_and_shares_stay_between_0_and_1(answers, data):
    said = [
        Said(number, priority, rank, None)
        for number, ranks in enumerate(answers)
        for priority, rank in ranks.items()
    ]
    found = outcomes([7, 8, 9], said)
    assert found == outcomes([7, 8, 9], data.draw(st.permutations(said)))
    shares = [row.points_share for row in found]
    assert all(share is not None and 0 < share <= 1 for share in shares)
    assert shares == sorted(shares, reverse=True)
    # Whole rankings of three share out 3 + 2 + 1 = 6 of 9 points: two thirds in all.
    assert abs(sum(shares, Decimal(0)) - 2) < Decimal("1e-20")
    assert sum(row.first_places for row in found) == len(answers)
