"""Where the themes stand, how they came there, and what lies between them and the next stage.

Only an assessment that is agreed as a whole counts as reached. The baseline gives words and no
stage, so it is in every history and in no chart.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet

from ..maturity import (
    CriterionFact,
    Gap,
    Overall,
    Target,
    blocking,
    gap_to,
    highest_unblocked,
    next_target,
    overall,
    planned_on,
    stages_to_go,
)
from ..models import (
    Action,
    Assessment,
    Criterion,
    CriterionAction,
    MaturityEdition,
    Theme,
    ThemeResult,
    covered_criteria,
)
from ..progress import Status
from ..shortest_set import Cover, shortest_set
from ..stages import Stage


@dataclass(frozen=True)
class Look:
    """One agreed assessment: the stage of each theme by its key; a theme may have none."""

    assessment: Assessment
    stages: Mapping[int, Stage]

    def overall(self, themes: Iterable[Theme]) -> Overall:
        return overall([self.stages.get(theme.pk) for theme in themes])


@dataclass(frozen=True)
class ThemeStanding:
    """`look` is the latest agreed assessment with a stage for the theme."""

    theme: Theme
    stage: Stage | None
    look: Look | None
    target: Target | None
    to_go: int | None


@dataclass(frozen=True)
class Standing:
    """`looks` oldest first. `overall` is of each theme's own latest stage."""

    themes: tuple[ThemeStanding, ...]
    looks: tuple[Look, ...]
    targets: Mapping[int, tuple[Target, ...]]

    @property
    def overall(self) -> Overall:
        return overall([row.stage for row in self.themes])

    @property
    def staged(self) -> tuple[Look, ...]:
        """The looks that gave stages: what charts show."""
        return tuple(look for look in self.looks if look.stages)

    @property
    def of_record(self) -> tuple[Assessment, ...]:
        return tuple(look.assessment for look in self.looks if look.assessment.is_of_record)


def standing(*, as_of: datetime.date) -> Standing:
    """Two queries, however long the history."""
    themes, targets = _themes_and_targets()
    looks = _looks(as_of)
    rows = []
    for theme in themes:
        latest = next((look for look in reversed(looks) if theme.pk in look.stages), None)
        stage = latest.stages[theme.pk] if latest else None
        target = next_target(targets.get(theme.pk, ()), as_of)
        rows.append(
            ThemeStanding(
                theme, stage, latest, target, stages_to_go(stage, target.stage if target else None)
            )
        )
    return Standing(tuple(rows), looks, targets)


def _themes_and_targets() -> tuple[list[Theme], dict[int, tuple[Target, ...]]]:
    """A theme comes once for each of its targets, or once without any."""
    themes: dict[int, Theme] = {}
    found: dict[int, list[Target]] = defaultdict(list)
    rows: QuerySet[Any] = Theme.objects.annotate(
        target_day=F("desired_outcomes__by_date"), target_stage=F("desired_outcomes__target_stage")
    )
    for row in rows.order_by("position", "target_day"):
        themes.setdefault(row.pk, row)
        if row.target_day is not None:
            found[row.pk].append(Target(row.target_day, Stage(row.target_stage)))
    return list(themes.values()), {theme: tuple(targets) for theme, targets in found.items()}


def _looks(as_of: datetime.date) -> tuple[Look, ...]:
    """An assessment comes once for each stage that it agreed, or once without any."""
    found: dict[int, Assessment] = {}
    stages: dict[int, dict[int, Stage]] = defaultdict(dict)
    reached = Q(results__state=ThemeResult.State.AGREED, results__stage__isnull=False)
    rows: QuerySet[Any] = (
        Assessment.objects.agreed()
        .filter(assessed_on__lte=as_of)
        .annotate(reached=FilteredRelation("results", condition=reached))
        .annotate(reached_theme=F("reached__theme"), reached_stage=F("reached__stage"))
        .select_related("edition")
    )
    for row in rows.order_by("assessed_on", "pk"):
        found.setdefault(row.pk, row)
        if row.reached_theme is not None:
            stages[row.pk][row.reached_theme] = Stage(row.reached_stage)
    return tuple(Look(row, stages.get(row.pk, {})) for row in found.values())


@dataclass(frozen=True)
class Point:
    """Planned beside achieved on one day. A stage holds until the next assessment; after the latest
    one nothing is known."""

    day: datetime.date
    planned: Stage | None
    achieved: Stage | None


def points_of(theme: Theme, found: Standing) -> tuple[Point, ...]:
    """Each agreed assessment and each target of the theme, in the order of their days."""
    targets = found.targets.get(theme.pk, ())
    reached = [
        Target(look.assessment.assessed_on, look.stages[theme.pk])
        for look in found.looks
        if theme.pk in look.stages
    ]
    last = reached[-1].by_date if reached else None
    days = sorted({row.by_date for row in (*reached, *targets)})
    return tuple(
        Point(
            day,
            planned_on(targets, day),
            planned_on(reached, day) if last is not None and day <= last else None,
        )
        for day in days
    )


@dataclass(frozen=True)
class ThemeGap:
    """`gap` is None at the highest stage. Criteria and actions are looked up in the plan's gaps."""

    theme: Theme
    stage: Stage | None
    gap: Gap | None


@dataclass(frozen=True)
class PlanGaps:
    """What blocks each theme's next stage, and the fewest actions for all of them together.

    `basis` is the assessment whose evidence counts: the latest whose scores are open.
    """

    edition: MaturityEdition | None
    basis: Assessment | None
    themes: tuple[ThemeGap, ...]
    together: Cover
    criteria: Mapping[int, Criterion]
    actions: Mapping[int, Action]
    satisfied_by: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def of(self, theme: Theme) -> ThemeGap:
        return next(row for row in self.themes if row.theme.pk == theme.pk)


def plan_gaps(*, found: Standing) -> PlanGaps:
    """At most four queries, for any number of criteria and actions."""
    in_use = MaturityEdition.State.IN_USE
    basis = (
        Assessment.objects.filter(edition__state=in_use)
        .exclude(state=Assessment.State.SCORING)
        .select_related("edition")
        .order_by("-assessed_on", "-pk")
        .first()
    )
    edition = basis.edition if basis else MaturityEdition.objects.filter(state=in_use).first()
    if edition is None:
        rows = tuple(ThemeGap(row.theme, row.stage, None) for row in found.themes)
        return PlanGaps(None, None, rows, shortest_set((), {}), {}, {})
    # A criterion of an edition without an assessment has no proof yet.
    looked = basis or Assessment(edition=edition)
    criteria = {row.pk: row for row in covered_criteria(looked)} if basis else {
        row.pk: row for row in Criterion.objects.filter(edition=edition)
    }  # fmt: skip
    links: dict[int, set[int]] = defaultdict(set)
    actions: dict[int, Action] = {}
    for link in (
        CriterionAction.objects.filter(criterion__edition=edition)
        .exclude(action__status=Status.CANCELLED)
        .select_related("action")
    ):
        links[link.action_id].add(link.criterion_id)
        actions[link.action_id] = link.action
    finished = {k: v for k, v in links.items() if actions[k].status == Status.COMPLETE}
    living = {k: v for k, v in links.items() if k not in finished}
    facts: dict[int, list[CriterionFact]] = defaultdict(list)
    for row in criteria.values():
        facts[row.theme_id].append(
            CriterionFact(
                row.pk,
                Stage(row.stage),
                getattr(row, "has_evidence", False),
                getattr(row, "has_reason", False),
            )
        )
    gaps = []
    for standing_row in found.themes:
        own = facts[standing_row.theme.pk]
        goal = _next_stage(standing_row.stage, own)
        gap = gap_to(goal, own, living=living, finished=finished) if goal and own else None
        gaps.append(ThemeGap(standing_row.theme, standing_row.stage, gap))
    still = [
        key
        for row in gaps
        if row.gap is not None
        for key in row.gap.blocking
        if key not in row.gap.finished
    ]
    by: dict[int, list[int]] = defaultdict(list)
    for action, satisfied in sorted(links.items()):
        for criterion in satisfied:
            by[criterion].append(action)
    return PlanGaps(
        edition,
        basis,
        tuple(gaps),
        shortest_set(still, living),
        criteria,
        actions,
        {key: tuple(found) for key, found in by.items()},
    )


def _next_stage(stage: Stage | None, facts: list[CriterionFact]) -> Stage | None:
    """The stage above; without an agreed one, the lowest that is still blocked."""
    if stage is not None:
        return stage.next
    highest = highest_unblocked(facts)
    return Stage.MINIMUM if highest is None else highest.next


@dataclass(frozen=True)
class Awaiting:
    """A stage that moderation proposes and nobody has agreed: a move the Group is asked for."""

    result: ThemeResult
    before: Stage | None
    blocked: tuple[str, ...]


def awaiting_agreement(*, found: Standing, gaps: PlanGaps | None = None) -> tuple[Awaiting, ...]:
    """For the Group's pack and the co-ordinator's page, in the order of the themes.

    One query, and one for each assessment in moderation that is not the basis of `gaps`.
    """
    rows = list(
        ThemeResult.objects.filter(
            state=ThemeResult.State.PROPOSED, assessment__state=Assessment.State.MODERATION
        ).select_related("assessment", "theme")
    )
    if not rows:
        return ()
    before = {row.theme.pk: row.stage for row in found.themes}
    open_codes: dict[tuple[int, int], list[Criterion]] = defaultdict(list)
    for assessment in {row.assessment_id: row.assessment for row in rows}.values():
        known = gaps is not None and gaps.basis == assessment
        for criterion in gaps.criteria.values() if known and gaps else covered_criteria(assessment):
            open_codes[assessment.pk, criterion.theme_id].append(criterion)
    waiting = []
    for row in rows:
        own = {c.pk: c for c in open_codes[row.assessment_id, row.theme_id]}
        facts = [
            CriterionFact(c.pk, Stage(c.stage), c.has_evidence, c.has_reason)  # type: ignore[attr-defined]
            for c in own.values()
        ]
        blocked = blocking(Stage(str(row.stage)), facts)
        waiting.append(Awaiting(row, before.get(row.theme_id), tuple(own[k].code for k in blocked)))
    return tuple(waiting)


def look_of(assessment: Assessment, found: Standing) -> Look | None:
    return next((look for look in found.looks if look.assessment.pk == assessment.pk), None)
