"""The demo council's assessments: three agreed, one in moderation, one that waits for scores.

All stages are invented and say so; the baseline of the report stays without any. Days count back
from today, so that the demonstration never grows old.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from trafford_sv.core.models import User
from trafford_sv.core.reference_data import Counts

from .models import (
    Action,
    Assessment,
    Assessor,
    Criterion,
    CriterionAction,
    CriterionEvidence,
    CriterionReason,
    MaturityEdition,
    ResultComment,
    Score,
    Theme,
    ThemeResult,
)
from .stages import ORDER, Stage

# By whom, and from which service. The role's demo account.
ASSESSORS = (
    ("steering_member", "Public Health (demo)"),
    ("star_officer", "STAR Procurement (demo)"),
    ("steering_chair", "Inclusive Economy (demo)"),
)
# name, days before today, agreed stage of each theme in the plan's order by its number 0 to 4
AGREED = (
    ("Invented assessment, first", 960, "1110011"),
    ("Invented assessment, second", 600, "1120111"),
    ("Invented assessment, third", 230, "2121121"),
)
# In moderation: what is proposed; a dot is a theme that nobody has moderated yet.
MODERATED = ("Invented assessment, in moderation", 12, "2.2..22")
SCORING = "Invented rehearsal, open for scores"
# Which criterion an action of the report would satisfy, once it is done. Our guess, to show it.
LINKS = (
    ("IM-01", "IM-2b"),
    ("IM-01", "IM-3a"),
    ("IM-02", "IM-1a"),
    ("IM-02", "IM-3b"),
    ("PS-01", "PS-3a"),
    ("PS-02", "PS-3a"),
    ("PS-02", "PS-2b"),
    ("OM-01", "OM-2a"),
    ("GO-01", "IM-3a"),
    ("GO-01", "GO-3b"),
    ("GO-02", "GO-1a"),
    ("GO-02", "GO-2a"),
)
REASON = "Invented for the demonstration: the Group was satisfied without a document."


def load_maturity(
    people: Mapping[str, User], *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Once: what people then do with it stays."""
    edition = MaturityEdition.objects.filter(key="starter").first()
    if edition is None or Assessment.objects.filter(is_demo=True).exists():
        return Counts(unchanged=Assessment.objects.filter(is_demo=True).count())
    themes = list(Theme.objects.all())
    with transaction.atomic():
        for number, (name, days, stages) in enumerate(AGREED):
            _agreed(edition, name, today - datetime.timedelta(days), stages, themes, people, number)
        _moderated(edition, themes, people, today, now)
        _scoring(edition, themes, people, today, now)
        links = _links(edition, now)
    return Counts(created=len(AGREED) + 2 + links)


def _begin(
    edition: MaturityEdition, name: str, day: datetime.date, now: datetime.datetime, **values: Any
) -> Assessment:
    return Assessment.objects.create(
        name=name,
        edition=edition,
        assessed_on=day,
        created_at=now,
        note="Invented for the demonstration. No stage here was given by anybody.",
        is_demo=True,
        **values,
    )


def _moment(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(10), tzinfo=datetime.UTC)


def _agreed(
    edition: MaturityEdition,
    name: str,
    day: datetime.date,
    stages: str,
    themes: list[Theme],
    people: Mapping[str, User],
    number: int,
) -> None:
    at = _moment(day)
    row = _begin(edition, name, day, at, opened_at=at, opened_by_name="Demo Co-ordinator")
    given = [ORDER[int(digit)] for digit in stages]
    _scores(row, themes, people, given, at, number)
    for theme, stage in zip(themes, given, strict=True):
        ThemeResult.objects.create(
            assessment=row,
            theme=theme,
            state=ThemeResult.State.AGREED,
            stage=stage,
            reasons=f"Invented: most services saw {stage.label}, and the proof was enough for it.",
            proposed_at=at,
            proposed_by_name="Demo Co-ordinator",
            agreed_at=at,
            agreed_by_name="Demo Steering Chair",
            decision="Invented meeting of the Steering Group",
        )
    _prove(row, edition, themes, given, at)
    row.state, row.agreed_at = Assessment.State.AGREED, at
    row.agreed_by_name = "Demo Steering Chair"
    row.save()


def _scores(
    row: Assessment,
    themes: list[Theme],
    people: Mapping[str, User],
    middle: list[Stage],
    at: datetime.datetime,
    turn: int,
) -> None:
    """One service sees less, one more, one the same; one cannot say of a theme."""
    for place, (role, service) in enumerate(ASSESSORS):
        assessor = _assessor(row, people[role], service, at)
        found = []
        for number, theme in enumerate(themes):
            step = (number + place + turn) % 4 - 1
            rank = min(4, max(0, middle[number].rank + (step if step < 2 else 0)))
            knows = (number + 2 * place + turn) % 9 != 8
            found.append(
                Score(
                    assessment=row,
                    assessor=assessor,
                    theme=theme,
                    stage=ORDER[rank] if knows else None,
                    reasons=f"Invented: this is how {theme.name.lower()} looks from {service}.",
                    saved_at=at,
                )
            )
        Score.objects.bulk_create(found)


def _assessor(
    row: Assessment, user: User, service: str, sent_at: datetime.datetime | None
) -> Assessor:
    return Assessor.objects.create(
        assessment=row, user=user, user_name=str(user), service=service, sent_at=sent_at
    )


def _prove(
    row: Assessment,
    edition: MaturityEdition,
    themes: list[Theme],
    stages: list[Stage],
    at: datetime.datetime,
) -> None:
    """Everything up to the agreed stage: a link to nowhere for one, a reason for the next."""
    reached = {theme.pk: stage.rank for theme, stage in zip(themes, stages, strict=True)}
    covered = [
        criterion
        for criterion in Criterion.objects.filter(edition=edition)
        if criterion.rank <= reached[criterion.theme_id]
    ]
    CriterionReason.objects.bulk_create(
        CriterionReason(
            assessment=row, criterion=criterion, reason=REASON, recorded_at=at,
            recorded_by_name="Demo Co-ordinator",
        )
        for criterion in covered[::2]
    )  # fmt: skip
    CriterionEvidence.objects.bulk_create(
        CriterionEvidence(
            assessment=row,
            criterion=criterion,
            kind=CriterionEvidence.Kind.LINK,
            url=f"https://www.example.org/invented/{criterion.code.lower()}",
            note="An invented document",
            added_by_name="Demo Co-ordinator",
            added_at=at,
            is_common=True,
        )
        for criterion in covered[1::2]
    )


def _moderated(
    edition: MaturityEdition,
    themes: list[Theme],
    people: Mapping[str, User],
    today: datetime.date,
    now: datetime.datetime,
) -> None:
    name, days, stages = MODERATED
    at = _moment(today - datetime.timedelta(days))
    row = _begin(
        edition, name, today + datetime.timedelta(18), at,
        state=Assessment.State.MODERATION, opened_at=at, opened_by_name="Demo Co-ordinator",
    )  # fmt: skip
    given = [ORDER[1 if digit == "." else int(digit)] for digit in stages]
    _scores(row, themes, people, given, at, 5)
    for theme, digit, stage in zip(themes, stages, given, strict=True):
        is_proposed = digit != "."
        result = ThemeResult.objects.create(
            assessment=row,
            theme=theme,
            state=ThemeResult.State.PROPOSED if is_proposed else ThemeResult.State.OPEN,
            stage=stage if is_proposed else None,
            reasons="Invented: two services see it so, and one sees less." if is_proposed else "",
            proposed_at=at if is_proposed else None,
            proposed_by_name="Demo Co-ordinator" if is_proposed else "",
        )
        if is_proposed and theme == themes[0]:
            ResultComment.objects.create(
                assessment=row,
                result=result,
                words="Invented comment: training has reached half of the buyers so far.",
                stage=stage,
                made_at=at,
                made_by=people["steering_member"],
                made_by_name=str(people["steering_member"]),
            )
    # Two themes lack proof for what is proposed, so that the page shows what blocks it.
    proven = [Stage.DEVELOPING if n in (2, 5) else stage for n, stage in enumerate(given)]
    _prove(row, edition, themes, proven, at)


def _scoring(
    edition: MaturityEdition,
    themes: list[Theme],
    people: Mapping[str, User],
    today: datetime.date,
    now: datetime.datetime,
) -> None:
    row = _begin(
        edition, SCORING, today + datetime.timedelta(60), now,
        scores_due=today + datetime.timedelta(14),
    )  # fmt: skip
    _assessor(row, people["steering_member"], "Public Health (demo)", None)
    _assessor(row, people["coordinator"], "Social value team (demo)", None)
    sent = _assessor(row, people["star_officer"], "STAR Procurement (demo)", now)
    Score.objects.bulk_create(
        Score(
            assessment=row,
            assessor=sent,
            theme=theme,
            stage=ORDER[1 + theme.position % 2],
            reasons="Invented reasons.",
            saved_at=now,
        )
        for theme in themes
    )


def _links(edition: MaturityEdition, now: datetime.datetime) -> int:
    criteria = {row.code: row for row in Criterion.objects.filter(edition=edition)}
    actions = {row.reference: row for row in Action.objects.all()}
    made = 0
    for reference, code in LINKS:
        if reference in actions and code in criteria:
            _, is_new = CriterionAction.objects.get_or_create(
                criterion=criteria[code],
                action=actions[reference],
                defaults={
                    "linked_at": now, "linked_by_name": "Demo Co-ordinator", "is_demo": True
                },
            )  # fmt: skip
            made += is_new
    return made


def remove_maturity() -> int:
    """The demo's assessments with all that is in them. Agreed rows refuse to go, so the demo takes
    them out beneath their own rule; nothing but the demo does so."""
    keys = list(Assessment.objects.filter(is_demo=True).values_list("pk", flat=True))
    with transaction.atomic():
        CriterionAction.objects.filter(is_demo=True).delete()
        for model in (
            ResultComment,
            CriterionReason,
            CriterionEvidence,
            Score,
            Assessor,
            ThemeResult,
        ):
            rows = model._default_manager.filter(assessment__in=keys)
            rows._raw_delete(rows.db)  # type: ignore[attr-defined]
        own = Assessment.objects.filter(pk__in=keys)
        own._raw_delete(own.db)
        ThemeResult.history.filter(assessment__in=keys).delete()
        Assessment.history.filter(id__in=keys).delete()
    return len(keys)
