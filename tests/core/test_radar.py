"""The radar stays in its frame, its words apart, and a gap a gap."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trafford_sv.core.charts import Reach, radar_chart
from trafford_sv.core.charts.drawing import Words, text_width

RINGS = ("Minimum", "Developing", "Mature", "Leader", "Innovator")
THEMES = (
    "Internal Management", "Engagement", "Policy and Scope", "Outcomes and Measures",
    "Commissioning", "Procurement", "Governance",
)  # fmt: skip


def radar(*reaches: Reach, spokes=THEMES):
    return radar_chart(
        key="k", title="T", subtitle="S", heading="Theme", spokes=spokes, rings=RINGS,
        reaches=reaches,
    )  # fmt: skip


def box_of(words: Words) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """(left, top, right, bottom) by the careful estimate of the typeface's width."""
    width = Decimal(text_width(words.text, words.size))
    left = {"start": words.x, "middle": words.x - width / 2, "end": words.x - width}[words.anchor]
    return left, words.y - words.size + 3, left + width, words.y + 2


names = st.lists(st.sampled_from(["Engagement", "Policy and Scope", "Outcomes and Measures",
                                  "A rather long name of a thing that is judged"]),
                 min_size=3, max_size=9)  # fmt: skip


@settings(max_examples=60)
@given(names, st.data())
def test_everything_is_inside_the_frame_and_no_two_words_overlap(spokes, data):
    steps = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=len(spokes),
                     max_size=len(spokes))  # fmt: skip
    chart = radar(*(Reach(f"Line {n}", data.draw(steps)) for n in range(3)), spokes=spokes)
    for drawing in (chart.wide, chart.narrow):
        for dot in drawing.dots:
            assert dot.x - dot.radius >= 0
            assert dot.x + dot.radius <= drawing.width
            assert dot.y - dot.radius >= 0
            assert dot.y + dot.radius <= drawing.height
        boxes = [box_of(words) for words in drawing.words]
        for left, top, right, bottom in boxes:
            assert left >= 0
            assert right <= drawing.width
            assert top >= 0
            assert bottom <= drawing.height
        for one, other in itertools.combinations(boxes, 2):
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart, (one, other)


def test_a_step_lies_on_its_ring_along_its_spoke():
    """The first spoke points up: each further ring is higher by the same distance."""
    heights = []
    for step in range(5):
        drawing = radar(Reach("Now", [step, *[0] * 6])).wide
        heights.append(drawing.dots[0].y)
        assert abs(drawing.dots[0].x - Decimal(drawing.width) / 2) <= Decimal("0.1")
    gaps = [lower - higher for lower, higher in itertools.pairwise(heights)]
    assert max(gaps) - min(gaps) <= Decimal("0.2")
    assert min(gaps) > 20


def test_a_spoke_without_a_value_is_a_gap_and_never_the_innermost_ring():
    whole = radar(Reach("Now", [1] * 7)).wide.shapes[-1].path
    assert whole.endswith("Z")
    chart = radar(Reach("Now", [1, None, 1, 1, 1, 1, 1]))
    path = chart.wide.shapes[-1].path
    assert "Z" not in path
    assert path.count("M") == 5  # seven sides, two of them touch the gap
    assert len(chart.wide.dots) == 6
    assert chart.table.rows[1] == ("Engagement", "Not known")
    assert "Engagement, Not known" in chart.description


@pytest.mark.parametrize(
    "reach", [Reach("x", [0] * 6), Reach("x", [5, *[0] * 6]), Reach("x", [-1, *[0] * 6])]
)
def test_what_does_not_fit_the_rings_and_spokes_is_refused(reach):
    with pytest.raises(ValueError, match="x has"):
        radar(reach)
