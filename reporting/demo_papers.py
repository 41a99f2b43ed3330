"""The demo's committee papers, one written and one begun, and a picture for the story in its annual reports. Invented."""

from __future__ import annotations

import datetime
import io
from typing import Any

from charter.models import CaseStudy
from charter.services.case_studies import set_picture
from contracts.demo_quarters import demo_quarters
from trafford_sv.core.periods import Quarter
from trafford_sv.core.reference_data import Counts

from .models import CommitteePaper
from .services.committee import begin_paper, write_paper

GARDEN = "A garden that a street looks after (invented)"
SHOWS = "A drawing of four raised beds with vegetables in front of a row of brick houses, under a pale sky."
WORDS = {
    "author": "Corporate Director for Place (invented)",
    "contact": "Social Value Co-ordinator, Inclusive Economy and Communities Team (invented)",
    "implication_greater_manchester": "It supports the Combined Authority’s aims for social value.",
    "implication_sustainability": "Commitments about waste and trees are reported with the others.",
    "implication_carbon": "None as a consequence of this report.",
    "implication_wellbeing": "Commitments on wellbeing are reported with the others.",
    "consultation": "The Steering Group saw the figures before this paper was written. Invented for the demonstration.",
}


# Said for each meeting anew; with it the paper is finished.
FOR_THE_MEETING = {"finance_clearance": "AB (invented)", "legal_clearance": "CD (invented)"}
MEETING = 77  # days after the quarter, eleven weeks


def load_papers(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """The last closed quarter's paper, to be published, and that of the quarter after it, begun.

    Loaded once; a second time changes nothing. Before the reports are published.
    """
    held = CommitteePaper.objects.filter(is_demo=True)
    if held.exists():
        return Counts(unchanged=held.count())
    _picture(by, now)
    closed, left_open = demo_quarters(today)[-2:]
    meeting = closed.end + datetime.timedelta(days=MEETING)
    meeting -= datetime.timedelta(days=max(0, meeting.weekday() - 4))  # on no Saturday or Sunday
    _begin(closed, {**WORDS, **FOR_THE_MEETING, "meeting_on": meeting}, by, now)
    _begin(left_open, WORDS, by, now)
    return Counts(created=held.count())


def _begin(quarter: Quarter, words: dict[str, Any], by: Any, now: datetime.datetime) -> None:
    """Where the council has no paper of the quarter."""
    taken = CommitteePaper.objects.filter(financial_year=quarter.start_year, quarter=quarter.number)
    if not taken.exists():
        paper = begin_paper(quarter=quarter, by=by, now=now, is_demo=True)
        write_paper(paper=paper, changes=words, expected_version=paper.version, by=by, now=now)


def remove_papers() -> int:
    """The demo's papers, and only those."""
    removed: int = CommitteePaper.objects.filter(is_demo=True).delete()[0]
    return removed


def _picture(by: Any, now: datetime.datetime) -> None:
    story = CaseStudy.objects.filter(title=GARDEN, is_demo=True, picture="").first()
    if story is None:
        return
    set_picture(
        case_study=story, file=io.BytesIO(garden()), name="garden.png", alt=SHOWS,
        credit="Drawn for the demonstration", expected_version=story.version, by=by, now=now,
    )  # fmt: skip


def garden() -> bytes:
    """A plain drawing: houses, beds and plants. No photograph, so nobody is in it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (1200, 675), "#e3eef0")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((980, 60, 1080, 160), fill="#f3d98b")
    for place in range(6):
        left = place * 200
        colour = ("#b5654a", "#a85a41")[place % 2]
        draw.rectangle((left, 190, left + 200, 430), fill=colour)
        draw.polygon([(left, 190), (left + 100, 110), (left + 200, 190)], fill="#4a5a63")
        draw.rectangle((left + 140, 85, left + 165, 150), fill="#7d4433")
        for top in (220, 330):
            draw.rectangle(
                (left + 30, top, left + 80, top + 60), fill="#e8f1f2", outline="#ffffff", width=4
            )
        draw.rectangle((left + 115, 320, left + 170, 430), fill="#0b5563")
    draw.rectangle((0, 430, 1200, 675), fill="#8fae6b")
    draw.polygon([(560, 430), (640, 430), (760, 675), (440, 675)], fill="#d8cbb0")
    for bed, (left, top) in enumerate(((70, 470), (320, 560), (690, 470), (900, 560))):
        draw.rectangle((left, top, left + 210, top + 90), fill="#6b4a2b")
        draw.rectangle((left + 10, top + 8, left + 200, top + 70), fill="#3d2b1a")
        for plant in range(7):
            x = left + 25 + plant * 26
            leaf = ("#2f7a3e", "#4d9a4a", "#1f5f33")[(plant + bed) % 3]
            draw.ellipse((x - 15, top - 12, x + 15, top + 34), fill=leaf)
            if (plant + bed) % 3 == 0:
                draw.ellipse((x - 6, top, x + 6, top + 12), fill="#c9302c")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
