"""The guides lead to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_every_picture_and_file_that_a_guide_names_is_there(guide: Path) -> None:
    named = [link for link in LINK.findall(guide.read_text("utf-8")) if "://" not in link]
    missing = [link for link in named if not (guide.parent / link).exists()]
    assert missing == []


# --- how hard they are to read ----------------------------------------------------------------

# Guides for people who did not choose to read one. "A reading age of about 11" is grade 6.
EASY = ["docs/hubs-guide.md", "docs/businesses-guide.md"]
GRADE_AT_MOST = 6
VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """English, roughly: groups of vowels, less a silent e at the end."""
    word = word.lower()
    if word.endswith("e") and not word.endswith(("le", "ee")):
        word = word[:-1]
    if word.endswith("ed") and not word.endswith(("ted", "ded")):
        word = word[:-2]
    return max(1, len(VOWELS.findall(word)))


def prose_of(guide: str) -> list[str]:
    """Whole sentences alone: headings, tables and bits of less than three words would flatter."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", guide)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "it", text)
    lines = [line for line in text.splitlines() if not line.startswith(("#", "|"))]
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:\*|\d+\.) )", "\n".join(lines))
    sentences = [part for block in blocks for part in re.split(r"(?<=[.!?])\s", block)]
    return [part for part in sentences if len(re.findall(r"[A-Za-z’']+", part)) >= 3]


def grade(guide: str) -> float:
    """Flesch-Kincaid: 0.39 words a sentence + 11.8 syllables a word - 15.59. Age is grade + 5."""
    sentences = prose_of(guide)
    words = [word for part in sentences for word in re.findall(r"[A-Za-z’']+", part)]
    count = sum(syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * count / len(words) - 15.59


def test_the_grade_is_worked_out_as_by_hand() -> None:
    # 6 words, 6 syllables, 1 sentence: 0.39 x 6 + 11.8 x 1 - 15.59 = -1.45
    assert round(grade("The cat sat on the mat."), 2) == -1.45
    # 4 words, 8 syllables (no-bo-dy, o-pens, the, win-dow): 0.39 x 4 + 11.8 x 2 - 15.59 = 9.57
    assert round(grade("# A heading\n\nNobody opens the window."), 2) == 9.57


@pytest.mark.parametrize("name", EASY)
def test_guides_for_hubs_and_businesses_are_read_at_about_eleven(name: str) -> None:
    found = grade((ROOT / name).read_text("utf-8"))
    assert found <= GRADE_AT_MOST, f"{name} reads at grade {found:.1f}, age {found + 5:.0f}"


def test_a_text_of_officials_would_not_pass() -> None:
    hard = (
        "Notwithstanding the aforementioned procurement considerations, organisations participating "
        "in consultations are respectfully encouraged to communicate their requirements."
    )
    assert grade(hard) > 2 * GRADE_AT_MOST
