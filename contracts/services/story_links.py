"""Linking a case study to the commitments and needs that it tells of."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from charter.models import CaseStudy
from community_needs.models import Need
from trafford_sv.core.services.audit import actor_name, record_event

from ..models import Commitment, StoryLink

MOST = 50


def link_story(
    *,
    case_study: CaseStudy,
    by: Any,
    now: datetime.datetime,
    commitment: Commitment | None = None,
    need: Need | None = None,
) -> StoryLink:
    """Either a commitment that both sides agreed, or a need. Raises ValidationError in words."""
    if commitment is not None and commitment.state != Commitment.State.AGREED:
        raise ValidationError(
            {"commitment": ["Only a commitment that both sides have agreed can be told of."]}
        )
    try:
        with transaction.atomic():
            held = CaseStudy.objects.select_for_update().get(pk=case_study.pk)
            if StoryLink.objects.filter(case_study=held).count() >= MOST:
                raise ValidationError(
                    f"A case study is linked to {MOST} things at most. Choose those that matter."
                )
            link = StoryLink(
                case_study=held,
                commitment=commitment,
                need=need,
                linked_at=now,
                linked_by_name=actor_name(by),
            )
            link.full_clean()
            link.save()
            record_event(by=by, now=now, verb="case study linked", subject=held, after=_facts(link))
    except IntegrityError as error:  # two people linked the same at once
        raise ValidationError("This case study is linked to that already.") from error
    return link


def unlink_story(*, link: StoryLink, by: Any, now: datetime.datetime) -> None:
    with transaction.atomic():
        held = StoryLink.objects.select_for_update().filter(pk=link.pk).first()
        if held is None:
            raise ValidationError("This link is gone already.")
        record_event(
            by=by,
            now=now,
            verb="case study’s link removed",
            subject=held.case_study,
            before=_facts(held),
        )
        held.delete()


def _facts(link: StoryLink) -> dict[str, str]:
    if link.commitment is not None:
        return {"commitment": str(link.commitment)}
    return {"need": str(link.need)}
