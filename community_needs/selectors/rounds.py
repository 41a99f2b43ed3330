"""Reading rounds: the list, who was asked, who answered, and what was said."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from trafford_sv.directory.models import Area

from ..audiences import AUDIENCES
from ..models import (
    Answer,
    Catchment,
    Invitation,
    Need,
    Priority,
    PriorityAnswer,
    Question,
    Response,
    Round,
    RoundMail,
)
from ..models.hubs import CATCHMENT_YEAR
from ..round_results import Outcome, Said, outcomes
from ..round_words import in_language
from ..small_counts import public_rows


def _counted(rows: QuerySet[Any]) -> Coalesce:
    counts = rows.filter(round=OuterRef("pk")).order_by().values("round").annotate(rows=Count("pk"))
    return Coalesce(Subquery(counts.values("rows")), 0)


def round_rows(user: Any) -> QuerySet[Round]:
    """Rounds the person may read, with hubs asked, hubs that answered and answers in all."""
    asked = Invitation.objects.filter(withdrawn_at__isnull=True)
    return Round.objects.visible_to(user).annotate(
        asked=_counted(asked),
        hubs_answered=_counted(asked.filter(answered_at__isnull=False)),
        answers=_counted(Response.objects.sent()),
    )


@dataclass(frozen=True)
class HubAnswer:
    """A hub that was asked: where it stands, and what happened to the mail."""

    invitation: Invitation
    state: str
    is_half_saved: bool
    mails: Sequence[RoundMail]


@dataclass(frozen=True)
class WardAnswers:
    """How many hubs serving a ward were asked and answered, and how many residents answered."""

    ward: Area
    asked: int
    answered: int
    residents: int

    @property
    def rate_words(self) -> str:
        """For example 67%; empty where no hub was asked."""
        if not self.asked:
            return ""
        share = (Decimal(self.answered) / self.asked * 100).quantize(Decimal(1), ROUND_HALF_UP)
        return f"{share}%"


@dataclass(frozen=True)
class PriorityResult:
    priority: Priority
    outcome: Outcome


@dataclass(frozen=True)
class RoundResults:
    """What a round says. `count` are answers that were sent."""

    count: int
    priorities: Sequence[PriorityResult]
    groups: Sequence[tuple[str, int]]

    @property
    def public_groups(self) -> list[tuple[str, int | None]]:
        shown = public_rows([count for _, count in self.groups])
        return [(name, seen) for (name, _), seen in zip(self.groups, shown, strict=True)]


def round_results(asked: Round, priorities: Sequence[Priority]) -> RoundResults:
    """Three queries, whatever the number of answers."""
    sent = Response.objects.sent().filter(round=asked)
    said = [
        Said(*row)
        for row in PriorityAnswer.objects.filter(response__in=sent).values_list(
            "response_id", "priority_id", "rank", "weight"
        )
    ]
    counts: dict[str, int] = defaultdict(int)
    for groups in (
        Answer.objects.filter(response__in=sent).exclude(groups=[]).values_list("groups", flat=True)
    ):
        for key in set(groups):
            counts[key] += 1
    by_key = {item.pk: item for item in priorities}
    return RoundResults(
        count=sent.count(),
        priorities=[
            PriorityResult(by_key[row.priority], row)
            for row in outcomes([item.pk for item in priorities], said)
        ],
        groups=[(str(words), counts[key]) for key, words in AUDIENCES if counts[key]],
    )


@dataclass(frozen=True)
class Asked:
    """How many hubs were asked, have answered, have mail that came back; mails in doubt."""

    hubs: int
    answered: int
    came_back: int
    in_doubt: int


def asked_counts(asked: Round, now: datetime.datetime) -> Asked:
    """One query."""
    mails = RoundMail.objects.in_doubt(now)
    found = asked.invitations.filter(withdrawn_at__isnull=True).aggregate(
        hubs=Count("pk", distinct=True),
        answered=Count("pk", filter=Q(answered_at__isnull=False), distinct=True),
        came_back=Count(
            "pk", filter=Q(answered_at__isnull=True, bounced_at__isnull=False), distinct=True
        ),
        in_doubt=Count("mails", filter=Q(mails__in=mails), distinct=True),
    )
    return Asked(**found)


def hub_answers(asked: Round) -> list[HubAnswer]:
    """Every hub that was asked, those without an answer first. Three queries."""
    rows = (
        asked.invitations.filter(withdrawn_at__isnull=True)
        .select_related("organisation")
        .prefetch_related("mails")
    )
    half = set(
        Response.objects.filter(round=asked, state=Response.State.DRAFT)
        .exclude(invitation=None)
        .values_list("invitation", flat=True)
    )
    found = [
        HubAnswer(row, state_words(row, row.pk in half), row.pk in half, list(row.mails.all()))
        for row in rows
    ]
    return sorted(
        found,
        key=lambda item: (
            item.invitation.answered_at is not None,
            item.invitation.organisation.name,
        ),
    )


def state_words(invitation: Invitation, is_half_saved: bool) -> str:
    if invitation.answered_at:
        return "Answered"
    if invitation.bounced_at:
        return "Mail came back"
    if is_half_saved:
        return "Half saved"
    if invitation.on_paper:
        return "Asked on paper"
    return "Asked" if invitation.sent_at else "Mail not sent yet"


def ward_answers(asked: Round, found: Sequence[HubAnswer]) -> list[WardAnswers]:
    """Every ward of 2023, also those that nobody answered for. Three queries."""
    answered = {row.invitation.organisation_id: row.invitation.answered_at for row in found}
    hubs: dict[int, list[int]] = defaultdict(list)
    for ward, hub in Catchment.objects.filter(hub__in=list(answered)).values_list("ward", "hub"):
        hubs[ward].append(hub)
    residents: dict[int, int] = dict(
        Response.objects.sent()
        .filter(round=asked, organisation=None, ward__isnull=False)
        .order_by()
        .values_list("ward")
        .annotate(rows=Count("pk"))
    )
    wards = Area.objects.wards(CATCHMENT_YEAR).defer("geometry").order_by("name")
    return [
        WardAnswers(
            ward,
            len(hubs.get(ward.pk, ())),
            sum(1 for hub in hubs.get(ward.pk, ()) if answered[hub]),
            residents.get(ward.pk, 0),
        )
        for ward in wards
    ]


def questions_of(asked: Round) -> tuple[list[Question], list[Priority]]:
    """What the form is built from. Two queries."""
    return list(asked.questions.all()), list(asked.priorities.all())


def response_rows(user: Any, asked: Round) -> QuerySet[Response]:
    """Answers that were sent, with how many needs came of each."""
    return (
        Response.objects.visible_to(user)
        .sent()
        .filter(round=asked)
        .select_related("organisation", "ward")
        .annotate(raised=Count("needs"))
        .order_by("sent_at", "pk")
    )


@dataclass(frozen=True)
class SaidLine:
    """One question with its answer in words; "" where nothing was said."""

    question: str
    answer: str


def answer_lines(response: Response, language: str = "en-gb") -> list[SaidLine]:
    """The whole answer in the order of the questions. Four queries."""
    questions, priorities = questions_of(response.round)
    given = {row.question_id: row for row in response.answers.all()}
    ranked = {row.priority_id: row for row in response.priorities.all()}
    names = {key: str(words) for key, words in AUDIENCES}
    lines = []
    for question in questions:
        words = ""
        if question.kind == Question.Kind.PRIORITIES:
            said = [item for item in priorities if item.pk in ranked]
            said.sort(key=lambda item: ranked[item.pk].rank or 99)
            words = "\n".join(
                _priority_words(in_language(item, "name", language), ranked[item.pk])
                for item in said
            )
        elif question.pk in given:
            answer = given[question.pk]
            words = answer.text
            if answer.quantity is not None:
                number = f"{answer.quantity:f}".rstrip("0").rstrip(".")
                words = f"{number} {in_language(question, 'unit', language)}".strip()
            if answer.groups:
                words = ", ".join(names.get(key, key) for key in answer.groups)
        lines.append(SaidLine(in_language(question, "text", language), words))
    return lines


def _priority_words(name: str, row: PriorityAnswer) -> str:
    place = f"{row.rank}. " if row.rank else ""
    weight = "" if row.weight is None else f" ({int(row.weight)}/10)"
    return f"{place}{name}{weight}"


def needs_of(asked: Round, user: Any) -> QuerySet[Need]:
    return Need.objects.visible_to(user).filter(round=asked).select_related("priority")
