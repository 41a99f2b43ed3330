"""Answers: begun, half saved, sent; by a link, signed in, on paper or by the public link.

A link is for one hub and answers once. Whoever holds it reads what is half saved; after it was
sent it shows nothing of it, so a link that was passed on gives nothing away.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.directory.models import Area, Organisation

from ..audiences import AUDIENCE_KEYS
from ..models import Answer, Invitation, PriorityAnswer, Question, Response, Round
from ..round_results import repeated_ranks
from .rounds import ANSWER

LONGEST_TEXT = 5000


class LinkRefused(ValueError):
    """The link cannot be used. `state` is unknown, answered, closed or withdrawn."""

    def __init__(self, state: str, round: Round | None = None, when: Any = None) -> None:
        super().__init__(state)
        self.state, self.round, self.when = state, round, when


class SavedMeanwhile(ValueError):
    """Somebody with the same link saved after this page was opened; `stored` is what is there."""

    def __init__(self, stored: Response) -> None:
        super().__init__("saved meanwhile")
        self.stored = stored


@dataclass(frozen=True)
class Given:
    """What a form holds: by priority key (rank, weight), by question key the rest."""

    priorities: Mapping[int, tuple[int | None, Decimal | None]] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    quantities: Mapping[int, Decimal | None] = field(default_factory=dict)
    groups: Mapping[int, list[str]] = field(default_factory=dict)
    role: str = ""
    ward: Area | None = None
    language: str = "en-gb"


@dataclass(frozen=True)
class Door:
    """What a usable link opens: the round, the hub it is for, and what is saved so far."""

    round: Round
    invitation: Invitation | None
    response: Response | None


def find_door(*, token: str, today: datetime.date) -> Door:
    """Looking uses nothing up. Raises LinkRefused."""
    digest = digest_of(token)
    invitation = (
        Invitation.objects.select_related("round", "organisation").filter(token_hash=digest).first()
    )
    if invitation is not None:
        response = Response.objects.filter(invitation=invitation).first()
        asked = invitation.round
    else:
        response = (
            Response.objects.select_related("round", "organisation")
            .filter(token_hash=digest)
            .first()
        )
        if response is None:
            raise LinkRefused("unknown")
        asked = response.round
    if response is not None and response.state == Response.State.SENT:
        raise LinkRefused("answered", asked, response.sent_at)
    if invitation is not None and invitation.answered_at:
        raise LinkRefused("answered", asked, invitation.answered_at)
    if invitation is not None and invitation.withdrawn_at:
        raise LinkRefused("withdrawn", asked)
    if not asked.takes_answers_on(today):
        raise LinkRefused("closed", asked)
    return Door(asked, invitation, response)


def answer_token(*, invitation: Invitation) -> str:
    return token_of(invitation.link_seed, salt=ANSWER)


def begin_public_answer(
    *, round: Round, language: str, now: datetime.datetime, today: datetime.date
) -> str:
    """An empty half-saved answer of a resident; returns the token that brings them back to it."""
    if not round.allows_public or not round.takes_answers_on(today):
        raise LinkRefused("closed", round)
    seed = new_seed()
    token = token_of(seed, salt=ANSWER)
    Response.objects.create(
        round=round,
        channel=Response.Channel.PUBLIC,
        language=language,
        link_seed=seed,
        token_hash=digest_of(token),
        started_at=now,
        saved_at=now,
        is_demo=round.is_demo,
    )
    return token


def save_answer(
    *,
    token: str,
    given: Given,
    expected_version: int,
    now: datetime.datetime,
    today: datetime.date,
    channel: str = Response.Channel.LINK,
) -> Response:
    """Half saved: what was given is kept, nothing is asked of it but sense.

    Raises LinkRefused, SavedMeanwhile or ValidationError.
    """
    with transaction.atomic():
        door = find_door(token=token, today=today)
        if door.invitation is not None:
            # The invitation's row is the lock: two people may press save on one link.
            Invitation.objects.select_for_update().get(pk=door.invitation.pk)
            door = find_door(token=token, today=today)
        response = door.response
        if response is None:
            if expected_version != 0:
                raise LinkRefused("unknown")
            response = Response(
                round=door.round,
                invitation=door.invitation,
                organisation=door.invitation.organisation if door.invitation else None,
                channel=channel,
                started_at=now,
                version=0,
                is_demo=door.round.is_demo,
            )
        else:
            response = Response.objects.select_for_update().get(pk=response.pk)
            if response.state == Response.State.SENT:
                raise LinkRefused("answered", door.round, response.sent_at)
            if response.version != expected_version:
                raise SavedMeanwhile(response)
        _write(response, given, now)
    return response


def send_answer(
    *, token: str, expected_version: int, now: datetime.datetime, today: datetime.date
) -> Response:
    """What is saved is sent, once. Raises LinkRefused, SavedMeanwhile or ValidationError."""
    with transaction.atomic():
        door = find_door(token=token, today=today)
        if door.response is None:
            raise ValidationError(_("There is nothing to send yet. Answer at least one question."))
        if door.invitation is not None:
            Invitation.objects.select_for_update().get(pk=door.invitation.pk)
        response = Response.objects.select_for_update().get(pk=door.response.pk)
        if response.state == Response.State.SENT:
            raise LinkRefused("answered", door.round, response.sent_at)
        if response.version != expected_version:
            raise SavedMeanwhile(response)
        check_whole(response)
        response.state, response.sent_at = Response.State.SENT, now
        response.version += 1
        response.save()
        if door.invitation is not None:
            Invitation.objects.filter(pk=door.invitation.pk).update(answered_at=now)
        record_event(
            by=None,
            now=now,
            verb="round answered",
            subject=response,
            after={"round": str(door.round), "hub": str(response.organisation or "a resident")},
        )
    return response


def enter_paper_answer(
    *,
    round: Round,
    organisation: Organisation | None,
    given: Given,
    by: Any,
    now: datetime.datetime,
) -> Response:
    """An officer types in what came on paper, also just after closing; a hub answers once."""
    with transaction.atomic():
        stored = Round.objects.select_for_update().get(pk=round.pk)
        if stored.is_history or stored.state not in (Round.State.OPEN, Round.State.CLOSED):
            raise ValidationError(
                "Paper answers are typed in while a round is open, or just closed."
            )
        invitation = None
        if organisation is not None:
            invitation = (
                stored.invitations.select_for_update().filter(organisation=organisation).first()
            )
            answered = stored.responses.filter(
                organisation=organisation, state=Response.State.SENT
            ).exists()
            if answered:
                raise ValidationError(
                    {"organisation": [f"{organisation} has answered this round already."]}
                )
        half = Response.objects.filter(invitation=invitation).first() if invitation else None
        response = half or Response(
            round=stored, invitation=invitation, started_at=now, version=0, is_demo=stored.is_demo
        )
        response.organisation = organisation
        response.channel = Response.Channel.PAPER
        response.entered_by_name = actor_name(by)
        _write(response, given, now)
        check_whole(response)
        response.state, response.sent_at = Response.State.SENT, now
        response.save()
        if invitation is not None:
            Invitation.objects.filter(pk=invitation.pk).update(answered_at=now)
        record_event(
            by=by,
            now=now,
            verb="paper answer typed in",
            subject=response,
            after={"round": str(stored), "hub": str(organisation or "a resident")},
        )
    return response


def check_whole(response: Response) -> None:
    """What must be answered before it is sent. Raises ValidationError with the questions."""
    answered = {
        answer.question_id
        for answer in response.answers.all()
        if answer.text or answer.quantity is not None or answer.groups
    }
    said = response.priorities.exists()
    missing = [
        question
        for question in Question.objects.filter(round=response.round_id, is_required=True)
        if not (said if question.kind == Question.Kind.PRIORITIES else question.pk in answered)
    ]
    if missing:
        raise ValidationError(
            [_("Answer question %(number)s first.") % {"number": row.number} for row in missing]
        )
    if not answered and not said:
        raise ValidationError(_("There is nothing to send yet. Answer at least one question."))


# --- inside -------------------------------------------------------------------------------


def _write(response: Response, given: Given, now: datetime.datetime) -> None:
    """The whole answer in place of what was there."""
    _check(response, given)
    response.role, response.ward = given.role.strip()[:200], given.ward
    response.language, response.saved_at = given.language, now
    response.version += 1
    response.save()
    response.priorities.all().delete()
    response.answers.all().delete()
    PriorityAnswer.objects.bulk_create(
        PriorityAnswer(response=response, priority_id=key, rank=rank, weight=weight)
        for key, (rank, weight) in given.priorities.items()
        if rank is not None or weight is not None
    )
    keys = {*given.texts, *given.quantities, *given.groups}
    Answer.objects.bulk_create(
        Answer(
            response=response,
            question_id=key,
            text=given.texts.get(key, "").strip(),
            quantity=given.quantities.get(key),
            groups=given.groups.get(key, []),
        )
        for key in sorted(keys)
        if given.texts.get(key, "").strip()
        or given.quantities.get(key) is not None
        or given.groups.get(key)
    )


def _check(response: Response, given: Given) -> None:
    if repeated := repeated_ranks([rank for rank, _ in given.priorities.values()]):
        numbers = ", ".join(map(str, repeated))
        raise ValidationError(f"The place {numbers} is given to more than one priority.")
    asked = set(response.round.priorities.values_list("pk", flat=True))
    questions = set(response.round.questions.values_list("pk", flat=True))
    if set(given.priorities) - asked:
        raise ValidationError("This round does not ask about that priority.")
    if {*given.texts, *given.quantities, *given.groups} - questions:
        raise ValidationError("This round does not have that question.")
    if any(len(text) > LONGEST_TEXT for text in given.texts.values()):
        raise ValidationError(f"Keep each answer to {LONGEST_TEXT:,} characters.")
    for quantity in given.quantities.values():
        if quantity is not None and (not quantity.is_finite() or not 0 <= quantity <= 1_000_000):
            raise ValidationError("Enter a number from 0 to 1,000,000.")
    for groups in given.groups.values():
        if set(groups) - AUDIENCE_KEYS:
            raise ValidationError("Choose from the list who it is for.")
