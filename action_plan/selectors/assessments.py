"""One assessment as one person may see it. Blind means blind for everybody, the co-ordinator too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from ..maturity import CriterionFact, Spread, blocking, highest_unblocked, spread
from ..models import (
    Assessment,
    Assessor,
    Criterion,
    CriterionEvidence,
    CriterionReason,
    ResultComment,
    Score,
    Theme,
    ThemeResult,
    covered_criteria,
)
from ..stages import Stage


@dataclass(frozen=True)
class ThemeLine:
    """`scores` are those this person may see; `result` is None before moderation."""

    theme: Theme
    result: ThemeResult | None
    scores: tuple[Score, ...]
    own: Score | None

    @property
    def spread(self) -> Spread:
        return spread([Stage(row.stage) if row.stage else None for row in self.scores])


@dataclass(frozen=True)
class AssessmentDetail:
    assessment: Assessment
    assessors: tuple[Assessor, ...]
    own: Assessor | None
    themes: tuple[ThemeLine, ...]

    @property
    def sent(self) -> int:
        return sum(row.sent_at is not None for row in self.assessors)

    @property
    def scored(self) -> int:
        """How many themes the person themself has scored."""
        return sum(row.own is not None for row in self.themes)

    @property
    def first_unscored(self) -> Theme | None:
        return next((row.theme for row in self.themes if row.own is None), None)

    @property
    def agreed(self) -> int:
        states = [row.result.state for row in self.themes if row.result]
        return states.count(ThemeResult.State.AGREED)


def assessment_detail(assessment: Assessment, user: Any) -> AssessmentDetail:
    """Four queries."""
    assessors = tuple(assessment.assessors.all())
    own = next((row for row in assessors if row.user_id and row.user_id == user.pk), None)
    scores: dict[int, list[Score]] = defaultdict(list)
    mine: dict[int, Score] = {}
    for row in (
        Score.objects.visible_to(user).filter(assessment=assessment).select_related("assessor")
    ):
        if own is not None and row.assessor_id == own.pk:
            mine[row.theme_id] = row
        if not assessment.is_blind and row.assessor.sent_at is not None:
            scores[row.theme_id].append(row)
    results = {row.theme_id: row for row in assessment.results.select_related("theme")}
    return AssessmentDetail(
        assessment,
        assessors,
        own,
        tuple(
            ThemeLine(theme, results.get(theme.pk), tuple(scores[theme.pk]), mine.get(theme.pk))
            for theme in Theme.objects.all()
        ),
    )


@dataclass(frozen=True)
class CriterionLine:
    criterion: Criterion
    evidence: tuple[CriterionEvidence, ...]
    reason: CriterionReason | None
    is_open: bool


@dataclass(frozen=True)
class ThemeDetail:
    """`could_agree` is the highest stage that no criterion blocks."""

    line: ThemeLine
    criteria: tuple[CriterionLine, ...]
    comments: tuple[ResultComment, ...]
    blocked: tuple[str, ...]
    could_agree: Stage | None


def theme_detail(assessment: Assessment, theme: Theme, user: Any) -> ThemeDetail:
    """Six queries. `blocked` are the codes that block the stage that is proposed."""
    own, scores = None, []
    for row in (
        Score.objects.visible_to(user)
        .filter(assessment=assessment, theme=theme)
        .select_related("assessor")
    ):
        if row.assessor.user_id == user.pk:
            own = row
        if not assessment.is_blind and row.assessor.sent_at is not None:
            scores.append(row)
    result = (
        ThemeResult.objects.filter(assessment=assessment, theme=theme)
        .select_related("theme", "assessment")
        .first()
    )
    lines, blocked, could = criteria_of(assessment, theme, user, result)
    comments = tuple(result.comments.all()) if result else ()
    return ThemeDetail(
        ThemeLine(theme, result, tuple(scores), own), lines, comments, blocked, could
    )


def criteria_of(
    assessment: Assessment, theme: Theme, user: Any, result: ThemeResult | None
) -> tuple[tuple[CriterionLine, ...], tuple[str, ...], Stage | None]:
    """(criteria in the order of their stages, codes that block the proposal, the highest free stage)."""
    evidence: dict[int, list[CriterionEvidence]] = defaultdict(list)
    for row in (
        CriterionEvidence.objects.visible_to(user)
        .filter(assessment=assessment, criterion__theme=theme)
        .select_related("action")
    ):
        evidence[row.criterion_id].append(row)
    reasons = {
        row.criterion_id: row
        for row in CriterionReason.objects.filter(assessment=assessment, criterion__theme=theme)
    }
    criteria = sorted(
        covered_criteria(assessment).filter(theme=theme), key=lambda row: (row.rank, row.code)
    )
    facts = {
        row.pk: CriterionFact(row.pk, Stage(row.stage), row.has_evidence, row.has_reason)  # type: ignore[attr-defined]
        for row in criteria
    }
    codes = {row.pk: row.code for row in criteria}
    blocked: tuple[str, ...] = ()
    if result is not None and result.stage:
        blocked = tuple(codes[k] for k in blocking(Stage(result.stage), facts.values()))
    lines = tuple(
        CriterionLine(row, tuple(evidence[row.pk]), reasons.get(row.pk), facts[row.pk].is_open)
        for row in criteria
    )
    return lines, blocked, highest_unblocked(list(facts.values())) if facts else None
