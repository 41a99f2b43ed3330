"""Small believable assessments for tests. Append; change nothing others rely on."""

from __future__ import annotations

import datetime
from typing import Any

from action_plan.models import Assessment, Assessor, Criterion, EditionStage, MaturityEdition, Theme
from action_plan.services.maturity import (
    begin_assessment,
    name_assessor,
    open_moderation,
    record_score,
    send_scores,
)
from action_plan.stages import STAGE_CHOICES, Stage
from tests.factories import make_user
from tests.factories_plan import THEMES, make_theme

NOW = datetime.datetime(2026, 5, 4, 10, 0, tzinfo=datetime.UTC)
DAY = datetime.date(2026, 5, 4)


def make_maturity_edition(state: str = "in_use", **values: Any) -> MaturityEdition:
    """All seven themes, one criterion for each stage of Governance alone, unless told."""
    for code, _ in THEMES:
        make_theme(code)
    number = MaturityEdition.objects.count() + 1
    edition = MaturityEdition.objects.create(
        **{"key": f"edition-{number}", "name": f"Edition {number}", "state": state, **values}
    )
    for key, name in STAGE_CHOICES:
        EditionStage.objects.create(edition=edition, stage=key, name=name)
    for rank, (key, _) in enumerate(STAGE_CHOICES):
        make_criterion(edition, key, code=f"GO-{rank}a")
    return edition


def make_criterion(edition: MaturityEdition, stage: str, **values: Any) -> Criterion:
    return Criterion.objects.create(
        **{
            "edition": edition,
            "theme": values.pop("theme", None) or make_theme("GO"),
            "stage": stage,
            "code": values.pop("code", f"X-{Criterion.objects.count()}"),
            "wording": f"Something {stage} is done.",
            **values,
        }
    )


def make_assessment(edition: MaturityEdition | None = None, **values: Any) -> Assessment:
    """Being scored."""
    return begin_assessment(
        **{
            "name": "Assessment of May 2026",
            "assessed_on": DAY,
            "edition": edition or make_maturity_edition(),
            "by": None,
            "now": NOW,
            **values,
        }
    )


def make_assessor(
    assessment: Assessment, user: Any = None, service: str = "Public Health"
) -> Assessor:
    return name_assessor(
        assessment=assessment,
        user=user or make_user("steering_member"),
        service=service,
        by=None,
        now=NOW,
    )


def score_all(
    assessor: Assessor, stage: Stage | None = Stage.DEVELOPING, reasons: str = "We do it so."
) -> Assessor:
    """Every theme, and sent."""
    for theme in Theme.objects.all():
        record_score(
            assessor=assessor,
            theme=theme,
            stage=stage,
            reasons=reasons,
            expected_version=0,
            by=assessor.user,
            now=NOW,
        )
    return send_scores(assessor=assessor, by=assessor.user, now=NOW)


def make_opened(**values: Any) -> Assessment:
    """In moderation, scored by one assessor."""
    assessment = make_assessment(**values)
    score_all(make_assessor(assessment))
    return open_moderation(assessment=assessment, by=None, now=NOW)
