"""Editions of the index: a draft is copied, edited, taken into use; then its criteria stand."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import create_record, update_record

from ...models import Action, Criterion, CriterionAction, EditionStage, MaturityEdition

_STANDS = (
    "This edition is in use, so its criteria stand: assessments were made by them. "
    "Copy it into a draft and change that."
)


def copy_edition(
    *, edition: MaturityEdition, name: str, by: Any, now: datetime.datetime
) -> MaturityEdition:
    """A draft with the same stages, criteria and links to actions. Raises ValidationError."""
    name = name.strip()
    key = slugify(name)[:60]
    if not key:
        raise ValidationError({"name": ["Give the edition a name with letters in it."]})
    if MaturityEdition.objects.filter(key=key).exists():
        raise ValidationError({"name": ["There is an edition of that name. Choose another."]})
    with transaction.atomic():
        made = create_record(
            model=MaturityEdition,
            values={
                "key": key,
                "name": name,
                "publisher": edition.publisher,
                "first_number": edition.first_number,
                "licence": edition.licence,
                "provenance": edition.provenance,
                "is_own_words": edition.is_own_words,
            },
            by=by,
            now=now,
            reason=f"Copied from {edition.name}",
            verb="edition of the maturity index begun",
        )
        EditionStage.objects.bulk_create(
            EditionStage(edition=made, stage=row.stage, name=row.name, meaning=row.meaning)
            for row in edition.stages.all()
        )
        pairs = []
        for criterion in edition.criteria.order_by("pk").prefetch_related("action_links"):
            copied = Criterion.objects.create(
                edition=made,
                theme_id=criterion.theme_id,
                stage=criterion.stage,
                code=criterion.code,
                wording=criterion.wording,
                proof_hint=criterion.proof_hint,
            )
            pairs += [
                CriterionAction(
                    criterion=copied,
                    action_id=link.action_id,
                    linked_at=now,
                    linked_by_name=actor_name(by),
                )
                for link in criterion.action_links.all()
            ]
        CriterionAction.objects.bulk_create(pairs)
    return made


def change_edition(
    *,
    edition: MaturityEdition,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MaturityEdition:
    """A draft's name, numbering, licence and provenance. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = _draft(edition.pk, expected_version)
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="edition of the maturity index changed",
        )


def take_into_use(*, edition: MaturityEdition, by: Any, now: datetime.datetime) -> MaturityEdition:
    """From now on new assessments go by it; the one in use before is retired, its assessments stay."""
    with transaction.atomic():
        rows = MaturityEdition.objects.select_for_update()
        stored = rows.get(pk=edition.pk)
        if stored.state != MaturityEdition.State.DRAFT:
            raise ValidationError("This edition was taken into use already.")
        if not stored.criteria.exists():
            raise ValidationError("This edition has no criteria yet. Add them first.")
        for other in rows.filter(state=MaturityEdition.State.IN_USE):
            update_record(
                record=other,
                changes={"state": MaturityEdition.State.RETIRED},
                expected_version=other.version,
                by=by,
                now=now,
                reason=f"Replaced by {stored.name}",
                verb="edition of the maturity index retired",
            )
        return update_record(
            record=stored,
            changes={"state": MaturityEdition.State.IN_USE, "taken_into_use_at": now},
            expected_version=stored.version,
            by=by,
            now=now,
            verb="edition of the maturity index taken into use",
        )


def add_criterion(
    *, edition: MaturityEdition, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> Criterion:
    """`values`: theme, stage, code, wording, proof_hint. Raises ValidationError."""
    with transaction.atomic():
        stored = _draft(edition.pk, None)
        return create_record(
            model=Criterion,
            values={**values, "edition": stored},
            by=by,
            now=now,
            verb="criterion added",
        )


def change_criterion(
    *,
    criterion: Criterion,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Criterion:
    """Raises Collision or ValidationError."""
    with transaction.atomic():
        _draft(criterion.edition_id, None)
        return update_record(
            record=criterion,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="criterion changed",
        )


def remove_criterion(*, criterion: Criterion, by: Any, now: datetime.datetime) -> None:
    """Out of a draft. What it said stays in the audit log."""
    with transaction.atomic():
        _draft(criterion.edition_id, None)
        stored = Criterion.objects.select_for_update().get(pk=criterion.pk)
        record_event(
            by=by,
            now=now,
            verb="criterion removed",
            subject=stored,
            before={"code": stored.code, "wording": stored.wording, "stage": stored.stage},
        )
        stored.delete()


def link_actions(
    *, criterion: Criterion, actions: Collection[Action], by: Any, now: datetime.datetime
) -> None:
    """Exactly these actions would satisfy the criterion. May change in an edition that is in use."""
    with transaction.atomic():
        stored = Criterion.objects.select_for_update().get(pk=criterion.pk)
        held = {link.action_id: link for link in stored.action_links.select_related("action")}
        wanted = {action.pk: action for action in actions}
        added = [wanted[key] for key in sorted(set(wanted) - set(held))]
        dropped = [held[key].action for key in sorted(set(held) - set(wanted))]
        if not added and not dropped:
            return
        stored.action_links.filter(action__in=dropped).delete()
        CriterionAction.objects.bulk_create(
            CriterionAction(
                criterion=stored, action=action, linked_at=now, linked_by_name=actor_name(by)
            )
            for action in added
        )
        record_event(
            by=by,
            now=now,
            verb="actions linked to a criterion",
            subject=stored,
            before={"dropped": [str(action) for action in dropped]},
            after={"added": [str(action) for action in added]},
        )


def _draft(pk: int, expected_version: int | None) -> MaturityEdition:
    """The edition, locked. Refused unless it is a draft; a stale version is for the caller to say."""
    stored = MaturityEdition.objects.select_for_update().get(pk=pk)
    stale = expected_version is not None and stored.version != expected_version
    if stored.state != MaturityEdition.State.DRAFT and not stale:
        raise ValidationError(_STANDS)
    return stored
