"""From first scores to the stage the Group agrees. Two people at once: the second sees the first.

Agreed is for good: the service refuses with a sentence, the rows refuse by themselves.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision, update_record

from ...maturity import CriterionFact, blocking
from ...models import (
    Assessment,
    Assessor,
    Criterion,
    CriterionReason,
    ResultComment,
    Theme,
    ThemeResult,
    covered_criteria,
)
from ...stages import Stage

AGREED = (
    "This stage was agreed and stays as it is. Where things have changed, begin another assessment."
)
NOT_OPEN = "Moderation is not open. The co-ordinator opens it once scores are in."


def open_moderation(*, assessment: Assessment, by: Any, now: datetime.datetime) -> Assessment:
    """Shows every score that was sent to everybody. Drafts stay with their authors."""
    with transaction.atomic():
        stored = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if stored.state != Assessment.State.SCORING:
            raise ValidationError(_opened_already(stored))
        sent = list(
            Assessor.objects.filter(assessment=stored, sent_at__isnull=False).prefetch_related(
                "scores__theme"
            )
        )
        if not sent:
            raise ValidationError(
                "Nobody has sent scores yet, so there is nothing to moderate. Ask the assessors "
                "for theirs first."
            )
        for theme in Theme.objects.all():
            ThemeResult(assessment=stored, theme=theme).save()
        stored = update_record(
            record=stored,
            changes={
                "state": Assessment.State.MODERATION,
                "opened_at": now,
                "opened_by_name": actor_name(by),
            },
            expected_version=stored.version,
            by=by,
            now=now,
            verb="moderation opened",
        )
        record_event(
            by=by,
            now=now,
            verb="first scores shown",
            subject=stored,
            after={
                str(assessor): {
                    score.theme.name: score.stage or "cannot say" for score in assessor.scores.all()
                }
                for assessor in sent
            },
        )
    return stored


def _opened_already(stored: Assessment) -> str:
    if stored.is_of_record or stored.opened_at is None:
        return "This assessment is on record as it was published. It is not moderated here."
    return (
        f"{stored.opened_by_name} opened moderation on "
        f"{timezone.localtime(stored.opened_at):%-d %B %Y at %H:%M}. Go on from there."
    )


def propose_stage(
    *,
    result: ThemeResult,
    stage: Stage,
    reasons: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ThemeResult:
    """What the moderator puts to the Group. Raises Collision or ValidationError."""
    if not reasons.strip():
        raise ValidationError({"reasons": ["Give the Group’s reasons. They stay on record."]})
    with transaction.atomic():
        stored = _held(result, expected_version, {"stage": stage.value, "reasons": reasons.strip()})
        return update_record(
            record=stored,
            changes={
                "state": ThemeResult.State.PROPOSED,
                "stage": stage.value,
                "reasons": reasons.strip(),
                "proposed_at": now,
                "proposed_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="stage proposed",
        )


def agree_stage(
    *,
    result: ThemeResult,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    decision: str = "",
) -> ThemeResult:
    """The proposed stage becomes the Group's, for good.

    Raises Collision where the proposal changed meanwhile, ValidationError where a criterion of
    the stage, or of one below it, has neither evidence nor a recorded reason.
    """
    with transaction.atomic():
        stored = _held(result, expected_version, {"decision": decision})
        if stored.state != ThemeResult.State.PROPOSED or stored.stage is None:
            raise ValidationError("No stage is proposed for this theme yet. Propose one first.")
        criteria = {
            row.pk: row for row in covered_criteria(stored.assessment).filter(theme=stored.theme)
        }
        blocked = blocking(Stage(stored.stage), map(fact_of, criteria.values()))
        if blocked:
            codes = ", ".join(criteria[key].code for key in blocked)
            many = len(blocked) != 1
            raise ValidationError(
                f"{'Criteria' if many else 'Criterion'} {codes} {'have' if many else 'has'} neither "
                f"evidence nor a recorded reason. Put evidence to {'them' if many else 'it'}, record "
                "why none is needed, or propose a lower stage."
            )
        return update_record(
            record=stored,
            changes={
                "state": ThemeResult.State.AGREED,
                "agreed_at": now,
                "agreed_by_name": actor_name(by),
                "decision": decision.strip(),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=stored.reasons,
            verb="stage agreed",
        )


def fact_of(row: Any) -> CriterionFact:
    """From a criterion with `has_evidence` and `has_reason`."""
    return CriterionFact(row.pk, Stage(row.stage), row.has_evidence, row.has_reason)


def comment_on_stage(
    *, result: ThemeResult, words: str, by: Any, now: datetime.datetime
) -> ResultComment:
    """The right of comment: while a stage is proposed, and not after it is agreed."""
    if not words.strip():
        raise ValidationError({"words": ["Write your comment."]})
    with transaction.atomic():
        stored = _held(result, None, {})
        if stored.state != ThemeResult.State.PROPOSED or stored.stage is None:
            raise ValidationError("There is no proposed stage to comment on yet.")
        made = ResultComment(
            assessment=stored.assessment,
            result=stored,
            words=words.strip(),
            stage=stored.stage,
            made_at=now,
            made_by=by,
            made_by_name=actor_name(by),
        )
        made.full_clean()
        made.save()
        record_event(by=by, now=now, verb="stage commented on", subject=stored,
                     after={"comment": made.words})  # fmt: skip
    return made


def record_reason(
    *, assessment: Assessment, criterion: Criterion, reason: str, by: Any, now: datetime.datetime
) -> CriterionReason | None:
    """Why a criterion needs no evidence here. An empty one takes the reason away again."""
    with transaction.atomic():
        stored = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if stored.state != Assessment.State.MODERATION:
            raise ValidationError(NOT_OPEN if stored.is_blind else AGREED)
        if criterion.edition_id != stored.edition_id:
            raise ValidationError("This criterion is of another edition of the index.")
        result = ThemeResult.objects.select_for_update().get(
            assessment=stored, theme=criterion.theme_id
        )
        if result.state == ThemeResult.State.AGREED:
            raise ValidationError(AGREED)
        held = CriterionReason.objects.filter(assessment=stored, criterion=criterion).first()
        before = held.reason if held else ""
        reason = reason.strip()
        if reason == before:
            return held
        if not reason:
            if held is not None:
                held.delete()
            held = None
        else:
            held = held or CriterionReason(assessment=stored, criterion=criterion)
            held.reason, held.recorded_at, held.recorded_by_name = reason, now, actor_name(by)
            held.full_clean()
            held.save()
        record_event(
            by=by,
            now=now,
            verb="reason recorded for a criterion" if reason else "reason taken away",
            subject=stored,
            before={"criterion": criterion.code, "reason": before},
            after={"criterion": criterion.code, "reason": reason},
        )
    return held


def agree_assessment(
    *,
    assessment: Assessment,
    by: Any,
    now: datetime.datetime,
    left_out_reason: str = "",
) -> Assessment:
    """Closes it for good. Themes without an agreed stage need a reason. Raises ValidationError."""
    with transaction.atomic():
        stored = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if stored.state == Assessment.State.AGREED:
            raise ValidationError("This assessment is agreed already and stays as it is.")
        if stored.state != Assessment.State.MODERATION:
            raise ValidationError(NOT_OPEN)
        results = list(
            ThemeResult.objects.select_for_update().filter(assessment=stored).order_by("pk")
        )
        left = [row for row in results if row.state != ThemeResult.State.AGREED]
        if len(left) == len(results):
            raise ValidationError("No theme has an agreed stage yet. Agree at least one first.")
        if left and not left_out_reason.strip():
            raise ValidationError(
                {"left_out_reason": ["Say why the other themes have no agreed stage this time."]}
            )
        return update_record(
            record=stored,
            changes={
                "state": Assessment.State.AGREED,
                "agreed_at": now,
                "agreed_by_name": actor_name(by),
                "left_out_reason": left_out_reason.strip() if left else "",
            },
            expected_version=stored.version,
            by=by,
            now=now,
            verb="maturity assessment agreed",
        )


def _held(
    result: ThemeResult, expected_version: int | None, attempted: dict[str, Any]
) -> ThemeResult:
    """The result as it stands now, locked after its assessment, so that nobody closes it meanwhile."""
    assessment = Assessment.objects.select_for_update().get(pk=result.assessment_id)
    stored = (
        ThemeResult.objects.select_for_update(of=("self",))
        .select_related("theme")
        .get(pk=result.pk)
    )
    stored.assessment = assessment
    if assessment.state == Assessment.State.AGREED or stored.state == ThemeResult.State.AGREED:
        raise ValidationError(AGREED)
    if assessment.state != Assessment.State.MODERATION:
        raise ValidationError(NOT_OPEN)
    if expected_version is not None and stored.version != expected_version:
        raise Collision(stored, attempted)
    return stored
