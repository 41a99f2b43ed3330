"""What a case study tells of, as one person may read it.

A need that is not public is left out for the public. A commitment is told in the sentence that
residents read near them: who promised what, and never its pounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from charter.models import CaseStudy
from community_needs.models import Need

from ..licensing import may_show_text
from ..models import Commitment, StoryLink
from ..near_words import promise_sentence, told


@dataclass(frozen=True)
class StoryLine:
    """`address` "" where the reader may not open it."""

    link: int
    words: str
    address: str
    is_need: bool


def story_lines(case_study: CaseStudy, user: Any) -> tuple[StoryLine, ...]:
    """Needs before commitments. Two queries."""
    rows = list(
        StoryLink.objects.filter(case_study=case_study)
        .filter(
            Q(need__in=Need.objects.visible_to(user))
            | Q(commitment__in=Commitment.objects.counted())
        )
        .select_related(
            "need", "commitment__supplier", "commitment__contract", "commitment__measure__edition"
        )
        .order_by("pk")
    )
    promised = [row.commitment_id for row in rows if row.commitment_id]
    opens = (
        set(
            Commitment.objects.visible_to(user).filter(pk__in=promised).values_list("pk", flat=True)
        )
        if promised
        else set()
    )
    lines = []
    for row in rows:
        if row.need is not None:
            lines.append(StoryLine(row.pk, row.need.title, row.need.get_absolute_url(), True))
        elif row.commitment is not None:
            address = row.commitment.get_absolute_url() if row.commitment_id in opens else ""
            lines.append(StoryLine(row.pk, _sentence(row.commitment), address, False))
    return tuple(sorted(lines, key=lambda line: not line.is_need))


def _sentence(row: Commitment) -> str:
    shows = may_show_text(row.measure.edition.text_may_be_published, is_public=True)
    what = row.title or (row.measure.title if shows else "")
    return promise_sentence(
        row.supplier.name,
        what or f"promise number {row.number} of this agreement",
        told(row.promised_quantity, row.measure.unit if shows else ""),
        row.contract.title,
    )
