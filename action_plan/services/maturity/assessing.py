"""An assessment from its beginning to the scores that are sent. Scores are blind here.

The audit log says that somebody scored, never what, until moderation opens.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.access import can
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision, create_record, update_record
from trafford_sv.directory.models import Organisation

from ...models import Assessment, Assessor, MaturityEdition, Score, Theme
from ...stages import Stage

OPENED = (
    "Moderation is open, so first scores stand as they were sent. Say what you think of a "
    "proposed stage in a comment."
)


def begin_assessment(
    *,
    name: str,
    assessed_on: datetime.date,
    edition: MaturityEdition,
    by: Any,
    now: datetime.datetime,
    note: str = "",
    scores_due: datetime.date | None = None,
    is_demo: bool = False,
) -> Assessment:
    """Raises ValidationError with sentences by field."""
    _refuse({"name": name, "assessed_on": assessed_on, "scores_due": scores_due})
    in_use = MaturityEdition.objects.get(pk=edition.pk).state
    if in_use != MaturityEdition.State.IN_USE:
        raise ValidationError({"edition": ["Choose an edition that is in use."]})
    return create_record(
        model=Assessment,
        values={
            "name": name.strip(),
            "assessed_on": assessed_on,
            "edition": edition,
            "note": note.strip(),
            "scores_due": scores_due,
            "created_at": now,
            "is_demo": is_demo,
        },
        by=by,
        now=now,
        verb="maturity assessment begun",
    )


def change_assessment(
    *,
    assessment: Assessment,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Assessment:
    """Name, date, note and the day scores are wanted by. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = Assessment.objects.select_for_update().get(pk=assessment.pk)
        if stored.version == expected_version:
            if stored.state == Assessment.State.AGREED:
                raise ValidationError(
                    "What was agreed stays as it is. Begin another assessment instead."
                )
            names = ("name", "assessed_on", "scores_due")
            _refuse({name: changes.get(name, getattr(stored, name)) for name in names})
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="maturity assessment changed",
        )


def _refuse(values: Mapping[str, Any]) -> None:
    problems: dict[str, list[str]] = {}
    if not str(values["name"] or "").strip():
        problems["name"] = ["Give the assessment a name."]
    day, due = values["assessed_on"], values["scores_due"]
    if day is None:
        problems["assessed_on"] = ["Enter the date of the assessment."]
    elif due is not None and due > day:
        problems["scores_due"] = [
            "Scores come before the assessment’s date. Choose that day or an earlier one."
        ]
    if problems:
        raise ValidationError(problems)


def name_assessor(
    *,
    assessment: Assessment,
    user: Any,
    service: str,
    by: Any,
    now: datetime.datetime,
    organisation: Organisation | None = None,
) -> Assessor:
    """Raises ValidationError."""
    service = service.strip() or (organisation.name if organisation else "")
    if not service:
        raise ValidationError({"service": ["Say which service this person scores from."]})
    if not can(user, "score_maturity"):
        raise ValidationError(
            {"user": ["This person may not score. Give them the role of a Group member first."]}
        )
    with transaction.atomic():
        stored = _scoring(assessment.pk)
        if stored.assessors.filter(user=user).exists():
            raise ValidationError({"user": ["This person is an assessor already."]})
        made = Assessor(
            assessment=stored,
            user=user,
            user_name=actor_name(user),
            organisation=organisation,
            service=service,
        )
        made.full_clean()
        made.save()
        record_event(
            by=by, now=now, verb="assessor named", subject=stored, after={"assessor": str(made)}
        )
    return made


def remove_assessor(*, assessor: Assessor, by: Any, now: datetime.datetime) -> None:
    """Before their scores are sent; drafts go with them."""
    with transaction.atomic():
        stored = _scoring(assessor.assessment_id)
        held = Assessor.objects.select_for_update().get(pk=assessor.pk)
        if held.sent_at is not None:
            raise ValidationError("This person has sent their scores, so they stay on record.")
        name = str(held)
        held.delete()
        record_event(
            by=by, now=now, verb="assessor removed", subject=stored, before={"assessor": name}
        )


def record_score(
    *,
    assessor: Assessor,
    theme: Theme,
    stage: Stage | None,
    reasons: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Score:
    """One's own score, a draft until it is sent; 0 is the version of one that is not there yet.

    `stage` None says that it cannot be told from this service. Raises Collision, ValidationError.
    """
    if not reasons.strip():
        raise ValidationError({"reasons": ["Give your reasons. The Group reads them."]})
    with transaction.atomic():
        _own(assessor, by)
        stored = _scoring(assessor.assessment_id)
        held = Assessor.objects.select_for_update().get(pk=assessor.pk)
        if held.sent_at is not None:
            raise ValidationError("Your scores are sent. Take them back first to change them.")
        score = Score.objects.filter(assessor=held, theme=theme).first()
        new = {"stage": stage.value if stage else None, "reasons": reasons.strip()}
        if (score.version if score else 0) != expected_version:
            raise Collision(score or Score(assessor=held, theme=theme), new)
        if score is None:
            score = Score(assessment=stored, assessor=held, theme=theme)
        else:
            score.version += 1
        score.stage, score.reasons, score.saved_at = new["stage"], reasons.strip(), now
        score.full_clean()
        score.save()
        # Not what was scored, nor for which theme: the log is open to fellow assessors.
        record_event(by=by, now=now, verb="score saved", subject=stored)
    return score


def send_scores(*, assessor: Assessor, by: Any, now: datetime.datetime) -> Assessor:
    """All themes, each with a stage or "cannot say". Raises ValidationError."""
    with transaction.atomic():
        _own(assessor, by)
        stored = _scoring(assessor.assessment_id)
        held = Assessor.objects.select_for_update().get(pk=assessor.pk)
        if held.sent_at is not None:
            raise ValidationError("Your scores were sent already.")
        missing = list(
            Theme.objects.exclude(pk__in=held.scores.values("theme")).values_list("name", flat=True)
        )
        if missing:
            raise ValidationError(
                f"Score every theme before you send: {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} still to do. “I cannot say” is an answer."
            )
        held.sent_at = now
        held.save()
        record_event(
            by=by, now=now, verb="scores sent", subject=stored, after={"assessor": str(held)}
        )
    return held


def take_scores_back(*, assessor: Assessor, by: Any, now: datetime.datetime) -> Assessor:
    """To change them, until moderation opens."""
    with transaction.atomic():
        _own(assessor, by)
        stored = _scoring(assessor.assessment_id)
        held = Assessor.objects.select_for_update().get(pk=assessor.pk)
        if held.sent_at is not None:
            held.sent_at = None
            held.save()
            record_event(
                by=by, now=now, verb="scores taken back", subject=stored,
                after={"assessor": str(held)},
            )  # fmt: skip
    return held


def _own(assessor: Assessor, by: Any) -> None:
    if assessor.user_id is None or assessor.user_id != getattr(by, "pk", None):
        raise ValidationError("These scores are somebody else’s. Only they can write them.")


def _scoring(pk: int) -> Assessment:
    """The assessment, locked while it is being scored."""
    stored = Assessment.objects.select_for_update().get(pk=pk)
    if stored.state != Assessment.State.SCORING:
        raise ValidationError(OPENED)
    return stored
