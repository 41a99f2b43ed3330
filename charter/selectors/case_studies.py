"""Case studies as the public may read them: few people are never counted out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ..models import CaseStudy
from ..uptake import people_words


def case_study_rows(user: Any) -> QuerySet[CaseStudy]:
    return CaseStudy.objects.visible_to(user).select_related("principle")


@dataclass(frozen=True)
class Partner:
    name: str
    did: str


@dataclass(frozen=True)
class Story:
    """One case study as its page tells it. `people` is in words, suppressed in public."""

    row: CaseStudy
    people: str
    partners: tuple[Partner, ...]


def story_of(row: CaseStudy, *, is_public: bool) -> Story:
    """One query for the partners of the directory."""
    named = [
        Partner(name, "") for name in row.partners.order_by("name").values_list("name", flat=True)
    ]
    for line in row.partner_words.splitlines():
        name, _, did = line.strip().partition(": ")
        if name:
            named.append(Partner(name, did))
    return Story(
        row,
        people_words(row.people_helped, is_at_least=row.is_at_least, is_public=is_public),
        tuple(named),
    )
