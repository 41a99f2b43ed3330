"""Reading the charter: the version in force on a day, and everything under a version."""

from __future__ import annotations

import datetime

from ..models import CharterVersion, Principle
from ..texts import CharterText, FocusAreaText, InitiativeText, PrincipleText


def version_in_force(day: datetime.date) -> CharterVersion | None:
    """The version in force on the day, with its end; None before the first began. One query."""
    return CharterVersion.objects.with_end().in_force_on(day).first()


def principles_in_force(day: datetime.date) -> list[Principle]:
    """The principles that may be chosen on a day, in their order. Two queries."""
    version = version_in_force(day)
    return [] if version is None else list(version.principles.order_by("number"))


def charter_text(version: CharterVersion, as_of: datetime.date) -> CharterText:
    """The whole of a version; `as_of` decides its status. Three queries (one more without end)."""
    if not hasattr(version, "next_from"):
        version = CharterVersion.objects.with_end().get(pk=version.pk)
    principles = version.principles.order_by("number").prefetch_related("focus_areas__initiatives")
    status = CharterVersion.Status(version.status_on(as_of))
    return CharterText(
        pk=version.pk,
        number=version.number,
        title=version.title,
        introduction=version.introduction,
        what_changed=version.what_changed,
        status=status.value,
        status_words=str(status.label),
        approving_body=version.approving_body,
        approved_on=version.approved_on,
        decision_reference=version.decision_reference,
        decision_address=version.decision_address,
        in_force_from=version.in_force_from,
        in_force_to=version.in_force_to,
        source_note=version.source_note,
        principles=tuple(_principle(principle) for principle in principles),
    )


def _principle(principle: Principle) -> PrincipleText:
    return PrincipleText(
        principle.pk,
        principle.number,
        principle.key,
        principle.title,
        principle.words,
        principle.origin,
        tuple(
            FocusAreaText(
                area.pk,
                area.key,
                area.title,
                area.words,
                area.origin,
                tuple(
                    InitiativeText(one.pk, one.key, one.title, one.words, one.unit, one.origin)
                    for one in area.initiatives.all()
                ),
            )
            for area in principle.focus_areas.all()
        ),
    )
