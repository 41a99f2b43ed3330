"""Pictures that say what the numbers say."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from decimal import Decimal

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core import charts
from trafford_sv.core.charts import Bar, Part, Place, Series, Stack
from trafford_sv.core.charts.drawing import Paint, text_width, ticks, wrap

amounts = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False)


def bars(*values, draw=charts.bar_chart):
    return draw(
        key="k",
        title="T",
        subtitle="S",
        headings=("A", "B"),
        bars=[
            Bar(f"Thing {n}", None if v is None else Decimal(v), f"£{v}")
            for n, v in enumerate(values)
        ],
    )


def test_a_bar_is_as_long_as_its_share_of_the_longest():
    # 50 of 200 is a quarter, 100 a half.
    long, half, quarter = (box.width for box in bars(200, 100, 50).wide.boxes)
    assert abs(half - long / 2) <= Decimal("0.1")
    assert abs(quarter - long / 4) <= Decimal("0.1")


def test_a_negative_bar_runs_the_other_way_from_the_same_line():
    drawing = bars(100, -50).wide
    zero = drawing.lines[-1].x1
    up, down = drawing.boxes
    assert abs(up.x - zero) <= Decimal("0.1")
    assert abs(down.x + down.width - zero) <= Decimal("0.1")
    assert down.x > 0


def test_not_reported_is_an_open_dotted_outline_and_never_nought():
    for draw in (charts.bar_chart, charts.column_chart):
        chart = bars(100, None, 0, draw=draw)
        paints = [box.paint for box in chart.wide.boxes]
        assert paints == [Paint.VERIFIED, Paint.NOT_REPORTED, Paint.VERIFIED]
        assert chart.table.rows[1][1] == "Not reported"
        assert chart.table.rows[2][1] == "£0"
        assert "Thing 1, Not reported" in chart.description


@given(
    st.lists(st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=2)), min_size=1, max_size=9)
)
def test_every_bar_stays_inside_the_drawing(values):
    for draw in (charts.bar_chart, charts.column_chart):
        chart = bars(*values, draw=draw)
        for drawing in (chart.wide, chart.narrow):
            for box in drawing.boxes:
                assert box.x >= 0 and box.x + box.width <= drawing.width + 1
                assert box.y >= 0 and box.y + box.height <= drawing.height + 1


def test_the_names_under_many_columns_stay_inside_the_drawing():
    # Twelve columns: each second one is named, by words that are wider than a column.
    chart = charts.column_chart(
        key="k",
        title="T",
        subtitle="S",
        headings=("Quarter", "Hours"),
        bars=[Bar(f"Quarter-{n}-of-2027/28", Decimal(n + 1), str(n + 1)) for n in range(12)],
    )
    for words in chart.wide.words:
        if words.text.startswith("Quarter"):
            half = text_width(words.text, words.size) / 2
            assert half - 1 <= words.x <= chart.wide.width - half + 1


PARTS = (Part("Here", Paint.VERIFIED), Part("There", Paint.OTHER), Part("Unknown", Paint.UNKNOWN))


def stacked(*stacks, as_share=False):
    return charts.stacked_chart(
        key="k",
        title="T",
        subtitle="S",
        parts=PARTS,
        stacks=stacks,
        heading="Year",
        as_share=as_share,
    )


@given(st.tuples(amounts, amounts, amounts).filter(lambda values: sum(values) > 0))
def test_the_parts_of_a_share_fill_the_whole_width(values):
    drawing = stacked(Stack("2025-26", list(values)), as_share=True).wide
    key, drawn = drawing.boxes[:3], drawing.boxes[3:]
    assert [box.paint for box in key] == [part.paint for part in PARTS]
    assert abs(sum(box.width for box in drawn) - (drawing.width - 2)) <= Decimal("0.2")
    assert len(drawn) == sum(1 for value in values if value)


def test_unknown_is_always_drawn_and_always_in_the_key():
    drawing = stacked(Stack("Year", [Decimal(1), Decimal(1), Decimal(98)]), as_share=True).wide
    assert [box.paint for box in drawing.boxes].count(Paint.UNKNOWN) == 2


def test_a_year_without_reports_is_one_dotted_outline():
    chart = stacked(Stack("Year", None), Stack("Other", [Decimal(1), Decimal(0), Decimal(0)]))
    assert Paint.NOT_REPORTED in [box.paint for box in chart.wide.boxes]
    assert chart.table.rows[0] == ("Year", *["Not reported"] * 4)


def test_a_stack_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="negative"):
        stacked(Stack("Year", [Decimal(-1), Decimal(1), Decimal(1)]))
    with pytest.raises(ValueError, match="2 values for 3 parts"):
        stacked(Stack("Year", [Decimal(1), Decimal(1)]))


def line(*values):
    return charts.line_chart(
        key="k",
        title="T",
        subtitle="S",
        points=[f"Q{n}" for n in range(len(values))],
        series=[Series("Verified", [None if v is None else Decimal(v) for v in values])],
        text=lambda value: f"£{value}",
        heading="Quarter",
    )


def test_a_gap_breaks_the_line():
    drawing = line(1, 2, None, 4, 5).wide
    assert drawing.shapes[0].path.count("M") == 2
    assert len(drawing.dots) == 4


def test_higher_values_are_drawn_higher():
    dots = line(0, 5, 10).wide.dots
    assert dots[0].y > dots[1].y > dots[2].y
    assert dots[1].y * 2 == dots[0].y + dots[2].y


def test_a_line_of_nothing_is_still_a_drawing():
    assert line(None, None).wide.shapes == []
    assert line().wide.height > 0


def test_names_of_lines_that_stop_early_stand_above_the_names_of_the_points():
    chart = charts.line_chart(
        key="k",
        title="T",
        subtitle="S",
        heading="Quarter",
        text=str,
        points=["First", "Second", "Third"],
        series=[
            Series("Profile", [Decimal(50), Decimal(90), Decimal(100)]),
            Series("Reported", [Decimal(1), Decimal(1), None]),
            Series("Verified", [Decimal(1), Decimal(1), None]),
        ],
    )
    at = {words.text: words.y for words in chart.wide.words}
    assert max(at["Reported"], at["Verified"]) < at["Second"] - 15
    assert abs(at["Reported"] - at["Verified"]) >= 19


@pytest.mark.parametrize(
    "name",
    [
        "Health and social work services",
        "Agricultural, forestry, horticultural, aquacultural and apicultural services",
    ],
)
def test_a_long_name_beside_a_bar_is_never_cut(name):
    chart = charts.bar_chart(
        key="k",
        title="T",
        subtitle="S",
        headings=("A", "B"),
        bars=[Bar(name, Decimal(3_000_000), "£30.16 million (13)")],
    )
    for drawing in (chart.wide, chart.narrow):
        said = " ".join(words.text for words in drawing.words if not words.bold)
        assert said == name


def test_labels_under_a_line_do_not_run_into_each_other():
    chart = charts.line_chart(
        key="k",
        title="T",
        subtitle="S",
        points=[f"Q{n % 4 + 1} 202{n // 4}/2{n // 4 + 1}" for n in range(12)],
        series=[Series("A", [Decimal(n) for n in range(12)])],
        text=str,
        heading="Quarter",
    )
    for drawing in (chart.wide, chart.narrow):
        lowest = max(words.y for words in drawing.words)
        line_ = sorted((w for w in drawing.words if w.y == lowest), key=lambda w: w.x)
        ends = []
        for words in line_:
            wide = text_width(words.text, words.size)
            start = words.x - (wide if words.anchor == "end" else wide / Decimal(2))
            ends.append((start, start + wide))
        assert len(ends) > 2
        assert all(one[1] <= two[0] for one, two in zip(ends, ends[1:], strict=False))


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(-(10**9), 10**9, places=2))
def test_ticks_hold_the_values_and_nought_and_are_few(first, second):
    low, high = min(first, second), max(first, second)
    marks = ticks(low, high)
    assert marks[0] <= low and marks[-1] >= high
    assert 0 in marks
    assert 2 <= len(marks) <= 8


def test_ticks_are_round():
    # From 0 to 3.6 million in about four steps: millions.
    assert ticks(Decimal(0), Decimal(3_600_000)) == [Decimal(n) * 1_000_000 for n in range(5)]


@given(st.text(alphabet="abc £0 ", min_size=1), st.integers(min_value=60, max_value=300))
def test_wrapped_text_fits(text, width):
    for one in wrap(text, width):
        assert text_width(one) <= width


def square(x, y, size=1):
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def wards(*values, **options):
    return charts.ward_map(
        key="m",
        title="T",
        subtitle="S",
        headings=("Ward", "Contracts"),
        places=[
            Place(str(n), f"Ward {n}", square(n / 50 - 2.4, 53.4, 1 / 50), v and Decimal(v), str(v))
            for n, v in enumerate(values)
        ],
        **options,
    )


def test_the_list_beside_the_map_has_every_ward_largest_first_and_unknown_last():
    drawn = wards(3, None, 9)
    assert [place.name for place in drawn.places] == ["Ward 2", "Ward 0", "Ward 1"]
    assert drawn.places[-1].text == "Not known"
    assert drawn.places[-1].paint is Paint.NOT_REPORTED


@given(st.lists(st.integers(min_value=1, max_value=50), min_size=1, max_size=25))
def test_there_are_at_most_five_classes_and_more_is_never_lighter(values):
    drawn = wards(*values)
    assert len({shape.paint for shape in drawn.shapes}) <= 5
    paints = [str(place.paint) for place in drawn.places]
    assert paints == sorted(paints, reverse=True)
    assert len(drawn.classes) == len({shape.paint for shape in drawn.shapes})


def test_given_breaks_are_lower_bounds():
    drawn = wards(4, 5, 10, breaks=[Decimal(5), Decimal(10)])
    assert len({place.paint for place in drawn.places}) == 3
    with pytest.raises(ValueError, match="at most four"):
        wards(1, breaks=[Decimal(n) for n in range(5)])


def test_the_map_keeps_its_shape_at_our_latitude():
    # A degree of longitude at 53.4 north is cos(53.4) = 0.596 of a degree of latitude.
    drawn = wards(1, width=608)
    assert abs((drawn.height - 8) / 600 - 1 / 0.5962) < 0.01


def test_a_name_stands_inside_its_ward():
    # An L: its middle of mass lies near the corner, outside a naive centre.
    ring = [[0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4], [0, 0]]
    drawn = charts.ward_map(
        key="m",
        title="T",
        subtitle="S",
        headings=("Ward", "Contracts"),
        places=[Place("1", "L", {"type": "Polygon", "coordinates": [ring]}, Decimal(1), "1")],
    )
    words = drawn.shapes[0].number_at
    right = drawn.width * Decimal("0.25")
    bottom = drawn.height * Decimal("0.75")
    assert words.x <= right or words.y >= bottom


def test_a_ward_without_a_boundary_is_in_the_list_alone():
    drawn = charts.ward_map(
        key="m",
        title="T",
        subtitle="S",
        headings=("Ward", "Contracts"),
        places=[Place("1", "Nowhere", None, Decimal(1), "1")],
    )
    assert drawn.shapes == []
    assert len(drawn.places) == 1


def test_a_drawn_chart_is_an_image_with_name_description_and_its_own_ids():
    markup = Template("{% chart one %}{% chart two %}{% ward_map three %}").render(
        Context(
            {
                "one": bars(1, None),
                "two": charts.bar_chart(
                    key="other",
                    title="<b>",
                    subtitle="S",
                    headings=("A", "B"),
                    bars=[Bar("a & b", Decimal(1), "£1")],
                ),
                "three": wards(1, 2),
            }
        )
    )
    assert "style=" not in markup
    root = ElementTree.fromstring(f"<div>{markup}</div>")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    pictures = [e for e in root.iter() if e.tag.endswith("svg") and e.get("role") == "img"]
    assert len(pictures) == 5
    for picture in pictures:
        named = picture.get("aria-labelledby").split()
        assert all(name in ids for name in named)
        assert [child.tag.split("}")[-1] for child in picture][:2] == ["title", "desc"]
        used = {
            e.get("fill")[5:-1] for e in picture.iter() if (e.get("fill") or "").startswith("url(#")
        }
        assert used <= set(ids)
