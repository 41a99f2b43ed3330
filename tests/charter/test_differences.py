"""Two versions side by side: nothing lost, nothing invented, and matched by key."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from charter.differences import Change, changed_only, differences, word_spans
from charter.texts import CharterText, FocusAreaText, InitiativeText, PrincipleText

# A busy machine is no failure of the figure.

words = st.text(alphabet="ab \n", max_size=40)
keys = st.lists(st.sampled_from(["one", "two", "three", "four"]), unique=True, max_size=4)


def principle(key: str, number: int, text: str, areas: tuple[FocusAreaText, ...] = ()):
    return PrincipleText(number, number, key, key.title(), text, "charter", areas)


def charter(*principles: PrincipleText, introduction: str = "") -> CharterText:
    return CharterText(
        1,
        1,
        "Charter",
        introduction,
        "",
        "in_force",
        "",
        "",
        None,
        "",
        "",
        None,
        None,
        "",
        principles,
    )


@given(words, words)
def test_joined_again_both_sides_are_what_they_were(before, after):
    left, right = word_spans(before, after)
    assert "".join(span.text for span in left) == before
    assert "".join(span.text for span in right) == after
    same = "".join(span.text for span in left if not span.differs)
    assert same == "".join(span.text for span in right if not span.differs)


@given(keys, keys, words)
def test_every_part_of_either_version_is_shown_once(left, right, text):
    before = charter(*(principle(key, n, text) for n, key in enumerate(left, 1)))
    after = charter(*(principle(key, n, text) for n, key in enumerate(right, 1)))
    found = differences(before, after)
    assert len(found) == 1 + len(set(left) | set(right))
    shown = [each for each in found[1:] if each.change is not Change.REMOVED]
    assert [each.title.split(". ")[1].lower() for each in shown] == right
    assert {each.change for each in found[1:] if not each.before} <= {Change.ADDED}
    if left == right:
        assert changed_only(found) == ()


def test_a_renamed_principle_is_changed_and_its_area_moved_with_it():
    """By hand: version 2 rewords principle 1, drops initiative b, adds principle 2.
    Seven parts differ or not: charter same, principle 1 changed, area same, a same, b removed,
    principle 2 added."""
    a = InitiativeText(1, "a", "Give talks", "", "talks", "charter")
    b = InitiativeText(2, "b", "Lend a room", "", "", "charter")
    area = FocusAreaText(1, "schools", "Schools", "", "charter", (a, b))
    before = charter(principle("jobs", 1, "All will have jobs", (area,)))
    after = charter(
        principle(
            "jobs", 1, "All will have good jobs", (dataclasses.replace(area, initiatives=(a,)),)
        ),
        principle("green", 2, "A greener borough"),
    )
    found = differences(before, after)
    assert [(each.what, each.change.value) for each in found] == [
        ("The charter", "same"),
        ("Principle", "changed"),
        ("Area for focus", "same"),
        ("Initiative", "same"),
        ("Initiative", "removed"),
        ("Principle", "added"),
    ]
    assert [span.text for span in found[1].after if span.differs] == ["good "]
    assert not any(span.differs for span in found[1].before)


def test_a_very_long_text_is_shown_whole_instead_of_compared_for_minutes():
    left, right = word_spans("a " * 5000, "b " * 5000)
    assert [span.differs for span in (*left, *right)] == [True, True]
