"""Numbered sections, figures by their names, and everything that stops a paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reporting.committee_paper import (
    IMPLICATIONS,
    REQUIRED,
    VariableMissing,
    WordsMissing,
    missing_parts,
    names_in,
    numbered,
    paper_of,
    problems_in,
    recommendations,
)

FIGURES = {"social-verified", "returns"}
WHOLE = {key: "Words." for key, _ in REQUIRED}


def test_sections_and_paragraphs_are_numbered_as_the_council_does() -> None:
    body = """Before any heading.

# Current approach
First line
goes on.

- one
- two

Second.
#Next steps
"""
    background, current, following = numbered(body)
    assert (background.number, background.heading) == (1, "Background")
    assert background.paragraphs[0].text == "Before any heading."
    assert [(one.number, one.text, one.points) for one in current.paragraphs] == [
        ("2.1", "First line goes on.", ("one", "two")),
        ("2.2", "Second.", ()),
    ]
    assert (following.number, following.heading, following.paragraphs) == (3, "Next steps", ())


def test_recommendations_are_roman_and_blank_lines_are_none() -> None:
    assert recommendations("Note the report.\n\n- Approve the plan.\n") == (
        ("(i)", "Note the report."), ("(ii)", "Approve the plan."),
    )  # fmt: skip


def test_a_figure_may_be_named_for_reading_or_in_full() -> None:
    text = "Suppliers proved [[social-verified]], [[social-verified:exact]]; [[returns]]."
    assert names_in(text) == ("social-verified", "returns")
    assert problems_in(text, FIGURES) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[social-verifed]]", "Did you mean [[social-verified]]?"),
        ("[[nothing like it]]", "Choose one from the list of figures."),
        ("[[]]", "hold no name"),
        ("[[ returns ]]", "Did you mean [[returns]]?"),
        ("[[returns", "open on one side"),
        ("returns]]", "open on one side"),
    ],
)
def test_a_figure_that_is_not_there_stops_the_text(text: str, sentence: str) -> None:
    stopped = problems_in(f"Before {text} after [[returns]].", FIGURES)
    assert len(stopped) == 1 and sentence in stopped[0]


def test_one_missing_figure_stops_the_whole_paper_and_says_which() -> None:
    with pytest.raises(VariableMissing, match="gone"):
        paper_of({**WHOLE, "reasons": "Because of [[gone]]."}, FIGURES)
    # Unfinished words may be looked at; a figure that is not there may not.
    with pytest.raises(VariableMissing):
        paper_of({"body": "[[gone]]"}, FIGURES, may_be_unfinished=True)


def test_an_empty_part_stops_the_paper_and_is_named() -> None:
    words = {**WHOLE, "implication_legal": " ", "summary": ""}
    assert missing_parts(words) == ("Summary", "Legal Implications")
    with pytest.raises(WordsMissing, match="Summary and Legal Implications"):
        paper_of(words, FIGURES)
    assert paper_of(words, FIGURES, may_be_unfinished=True).missing == (
        "Summary",
        "Legal Implications",
    )


def test_the_implications_are_the_councils_eleven_in_its_order() -> None:
    paper = paper_of({**WHOLE, "implication_risk": "[[returns]]"}, FIGURES)
    assert [name for name, _ in paper.implications] == [name for _, name in IMPLICATIONS]
    assert dict(paper.implications)["Risk Management Implications"] == "[[returns]]"
    assert paper.used == ("returns",)


@given(some.text(alphabet="ab[]-# \n", max_size=60))
def test_whatever_is_typed_is_numbered_without_loss(text: str) -> None:
    """Each paragraph's number is its section's and its place; text without brackets is never stopped."""
    sections = numbered(text)
    assert [one.number for one in sections] == list(range(1, len(sections) + 1))
    for section in sections:
        places = [one.number for one in section.paragraphs]
        assert places == [f"{section.number}.{n}" for n in range(1, len(places) + 1)]
    typed = "".join(c for c in text if c in "ab")
    kept = "".join(
        one.heading.replace("Background", "").replace("Untitled", "")
        + "".join(p.text + "".join(p.points) for p in one.paragraphs)
        for one in sections
    )
    assert sorted(typed) == sorted(c for c in kept if c in "ab")
    if not problems_in(text, FIGURES):
        assert "[[" not in text and "]]" not in text  # of these letters no figure's name is made
