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
