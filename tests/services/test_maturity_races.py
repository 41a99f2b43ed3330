"""Two people at once about one assessment, on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from action_plan.models import Assessment, Score, ThemeResult
from action_plan.services.maturity import (
    agree_assessment,
    agree_stage,
    open_moderation,
    propose_stage,
    record_score,
    send_scores,
)
from action_plan.stages import Stage
from tests.factories_maturity import make_assessment, make_assessor, make_opened, score_all
from tests.factories_plan import make_theme
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def governance(assessment: Assessment) -> ThemeResult:
    return ThemeResult.objects.select_related("theme").get(assessment=assessment, theme__code="GO")


def test_moderation_opened_by_two_at_once_is_opened_once(on_servers):
    assessment = make_assessment()
    score_all(make_assessor(assessment))

    def opening() -> Any:
        return open_moderation(assessment=assessment, by=None, now=timezone.now())

    answers = at_once(*[opening] * 3)
    refused = [answer for answer in answers if isinstance(answer, ValidationError)]
    assert len(refused) == 2
    assert "opened moderation on" in refused[0].messages[0]
    assert ThemeResult.objects.count() == 7
    assert AuditEvent.objects.filter(verb="moderation opened").count() == 1


def test_of_two_moderators_at_once_one_proposes_and_the_other_is_shown_it(on_servers):
    result = governance(make_opened())

    def proposing(stage: Stage) -> Any:
        return lambda: propose_stage(
            result=governance(result.assessment), stage=stage, reasons=f"For {stage}",
            expected_version=1, by=None, now=timezone.now(),
        )  # fmt: skip

    answers = at_once(proposing(Stage.MATURE), proposing(Stage.LEADER))
    (lost,) = [answer for answer in answers if isinstance(answer, Collision)]
    (won,) = [answer for answer in answers if isinstance(answer, ThemeResult)]
    assert lost.stored.stage == won.stage == governance(result.assessment).stage
    assert AuditEvent.objects.filter(verb="stage proposed").count() == 1


def test_a_stage_that_changes_while_it_is_agreed_is_either_agreed_before_or_seen_again(on_servers):
    """Whoever is first wins; nobody agrees to what they have not read."""
    result = governance(make_opened())
    result.assessment.edition.criteria.all().delete()
    propose_stage(result=result, stage=Stage.MATURE, reasons="Yes", expected_version=1, by=None,
                  now=timezone.now())  # fmt: skip

    def agreeing() -> Any:
        return agree_stage(result=result, expected_version=2, by=None, now=timezone.now())

    def changing() -> Any:
        return propose_stage(
            result=result, stage=Stage.INNOVATOR, reasons="More", expected_version=2, by=None,
            now=timezone.now(),
        )  # fmt: skip

    answers = at_once(agreeing, changing)
    stored = governance(result.assessment)
    assert sum(isinstance(answer, ThemeResult) for answer in answers) == 1
    assert (stored.state, stored.stage) in {("agreed", "mature"), ("proposed", "innovator")}


def test_an_assessment_agreed_by_two_at_once_is_agreed_once(on_servers):
    result = governance(make_opened())
    result.assessment.edition.criteria.all().delete()
    propose_stage(result=result, stage=Stage.MATURE, reasons="Yes", expected_version=1, by=None,
                  now=timezone.now())  # fmt: skip
    agree_stage(result=result, expected_version=2, by=None, now=timezone.now())

    def closing() -> Any:
        return agree_assessment(
            assessment=result.assessment, left_out_reason="Later", by=None, now=timezone.now()
        )

    answers = at_once(closing, closing)
    assert sum(isinstance(answer, ValidationError) for answer in answers) == 1
    assert AuditEvent.objects.filter(verb="maturity assessment agreed").count() == 1


def test_scores_sent_while_moderation_opens_are_in_or_stay_their_authors(on_servers):
    assessment = make_assessment()
    score_all(make_assessor(assessment))
    late = make_assessor(assessment, service="Planning")
    for code in ("IM", "EN", "PS", "OM", "CO", "PR", "GO"):
        record_score(
            assessor=late, theme=make_theme(code), stage=Stage.LEADER, reasons="x",
            expected_version=0, by=late.user, now=timezone.now(),
        )  # fmt: skip
    at_once(
        lambda: open_moderation(assessment=assessment, by=None, now=timezone.now()),
        lambda: send_scores(assessor=late, by=late.user, now=timezone.now()),
    )
    late.refresh_from_db()
    shown = AuditEvent.objects.get(verb="first scores shown").after
    assert (str(late) in shown) is (late.sent_at is not None)
    assert Score.objects.filter(assessor=late).count() == 7
