"""Building, opening, closing and publishing rounds; whom to ask."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision, create_record, update_record

from ..models import Hub, Invitation, Priority, Question, Round, RoundMail
from ..round_words import STANDARD_QUESTIONS

State = Round.State
ANSWER = "community_needs.answer"


def create_round(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime, is_demo: bool = False
) -> Round:
    """A draft with the standard questions and, unless told, every priority in use."""
    with transaction.atomic():
        asked = create_record(
            model=Round,
            values={
                "priorities": list(Priority.objects.current()),
                **values,
                "state": State.DRAFT,
                "is_demo": is_demo,
            },
            by=by,
            now=now,
            verb="round begun",
        )
        for number, question in enumerate(STANDARD_QUESTIONS, 1):
            Question.objects.create(round=asked, number=number, **question)
    return asked


def change_round(
    *,
    round: Round,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Round:
    """Everything while it is a draft; while it is open, its last day and the public link alone."""
    with transaction.atomic():
        stored = Round.objects.select_for_update().get(pk=round.pk)
        if stored.version == expected_version and stored.state != State.DRAFT:
            if stored.state != State.OPEN:
                raise ValidationError("This round is closed, so it can no longer be changed.")
            fixed = {
                name for name in changes if name not in ("closes_on", "allows_public")
                if _differs(stored, name, changes[name])
            }  # fmt: skip
            if fixed:
                raise ValidationError(
                    "Hubs have this round already. Only its last day and the public link can change."
                )
        return update_record(
            record=stored, changes=changes, expected_version=expected_version, by=by, now=now
        )


def _differs(stored: Round, name: str, value: Any) -> bool:
    if name == "priorities":
        return set(stored.priorities.all()) != set(value)
    return bool(getattr(stored, name) != value)


def save_question(
    *,
    round: Round,
    number: int | None,
    values: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Question:
    """A new question at the end, or the words of one that is there. Raises Collision."""
    with transaction.atomic():
        stored = _hold_draft(round, expected_version, values)
        question = stored.questions.filter(number=number).first() if number else None
        if question is None:
            last = stored.questions.order_by("-number").first()
            if stored.questions.count() >= 20:
                raise ValidationError("A round has at most 20 questions. Remove one first.")
            question = Question(round=stored, number=last.number + 1 if last else 1)
        for name, value in values.items():
            setattr(question, name, value)
        if question.kind == Question.Kind.QUANTITY and not question.unit.strip():
            raise ValidationError({"unit": ["Say what is counted, for example sessions."]})
        question.full_clean()
        question.save()
        _moved(stored, by, now, "question saved", {"question": question.text})
    return question


def remove_question(
    *, round: Round, number: int, expected_version: int, by: Any, now: datetime.datetime
) -> None:
    """The others close the gap."""
    with transaction.atomic():
        stored = _hold_draft(round, expected_version, {})
        question = stored.questions.filter(number=number).first()
        if question is None:
            return
        words = question.text
        question.delete()
        for place, left in enumerate(stored.questions.order_by("number"), 1):
            if left.number != place:
                left.number = place
                left.save()
        _moved(stored, by, now, "question removed", {"question": words})


def open_round(
    *, round: Round, expected_version: int, by: Any, now: datetime.datetime, today: datetime.date
) -> Round:
    """From now on answers are taken. Raises ValidationError where something is missing."""
    with transaction.atomic():
        stored = Round.objects.select_for_update().get(pk=round.pk)
        if stored.version == expected_version:
            if stored.state != State.DRAFT:
                raise ValidationError("This round is open already.")
            if not stored.questions.exists():
                raise ValidationError("Add a question first.")
            if stored.opens_on is None or stored.closes_on is None:
                raise ValidationError("Say from when to when it runs.")
            if stored.closes_on < today:
                raise ValidationError("Its last day has passed. Choose a later one.")
            asks = stored.questions.filter(kind=Question.Kind.PRIORITIES).exists()
            if asks and not stored.priorities.exists():
                raise ValidationError("It asks about priorities, so choose at least one.")
        return update_record(
            record=stored,
            changes={"state": State.OPEN, "opened_at": now},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="round opened",
        )


def close_round(*, round: Round, expected_version: int, by: Any, now: datetime.datetime) -> Round:
    """No more answers. What is half saved stays half saved and does not count."""
    if round.state != State.OPEN:
        raise ValidationError("This round is not open.")
    return update_record(
        record=round,
        changes={"state": State.CLOSED, "closed_at": now},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="round closed",
    )


def publish_round(
    *, round: Round, heard: str, expected_version: int, by: Any, now: datetime.datetime
) -> Round:
    """Anyone reads what was heard; small counts stay hidden."""
    if round.state not in (State.CLOSED, State.PUBLISHED):
        raise ValidationError("Close the round first.")
    if not heard.strip():
        raise ValidationError({"heard": ["Say in a few sentences what you heard."]})
    return update_record(
        record=round,
        changes={"state": State.PUBLISHED, "heard": heard.strip(), "published_at": now},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="round published",
    )


def invite_hubs(
    *, round: Round, addresses: Mapping[int, str], by: Any, now: datetime.datetime
) -> list[Invitation]:
    """Hubs by organisation key, each with an address; an empty one is asked on paper.

    A hub that was asked before is asked no second time, so that sending the form twice is
    harmless. The mails are written down here and sent by `round_mails.send_round_mails`.
    """
    with transaction.atomic():
        stored = Round.objects.select_for_update().get(pk=round.pk)
        if stored.state != State.OPEN:
            raise ValidationError("Open the round first, then invite hubs.")
        errors = []
        for address in addresses.values():
            try:
                if address:
                    validate_email(address)
            except ValidationError:
                errors.append(f"“{address[:80]}” is not an e-mail address.")
        if errors:
            raise ValidationError(errors)
        held = set(stored.invitations.values_list("organisation", flat=True))
        made = []
        hubs = Hub.objects.filter(organisation__in=addresses).select_related("organisation")
        for hub in hubs:
            if hub.organisation_id in held:
                continue
            seed = new_seed()
            address = addresses[hub.organisation_id].strip()
            invitation = Invitation.objects.create(
                round=stored,
                organisation=hub.organisation,
                email=address,
                on_paper=not address,
                link_seed=seed,
                token_hash=digest_of(token_of(seed, salt=ANSWER)),
                created_at=now,
                created_by_name=actor_name(by),
                is_demo=stored.is_demo,
            )
            made.append(invitation)
            if address:
                _ask_for_mail(invitation, RoundMail.Kind.INVITATION, by, now)
        if made:
            record_event(
                by=by, now=now, verb="hubs invited", subject=stored,
                after={"hubs": [str(item.organisation) for item in made]},
            )  # fmt: skip
    return made


def remind_hubs(*, round: Round, by: Any, now: datetime.datetime, today: datetime.date) -> int:
    """A mail to each hub that has an address and has not answered, at most one a day. How many."""
    with transaction.atomic():
        stored = Round.objects.select_for_update().get(pk=round.pk)
        if not stored.takes_answers_on(today):
            raise ValidationError("This round takes no answers now, so nobody is reminded.")
        count = 0
        waiting = stored.invitations.unanswered().exclude(email="")  # type: ignore[attr-defined]
        for invitation in waiting.filter(bounced_at__isnull=True).prefetch_related("mails"):
            mails = list(invitation.mails.all())
            if any(now - mail.asked_at < datetime.timedelta(days=1) for mail in mails):
                continue
            _ask_for_mail(invitation, RoundMail.Kind.REMINDER, by, now)
            count += 1
        if count:
            record_event(
                by=by, now=now, verb="hubs reminded", subject=stored, after={"hubs": count}
            )
    return count


def change_address(
    *, invitation: Invitation, email: str, by: Any, now: datetime.datetime
) -> Invitation:
    """After a mail came back: a new address and a new link; the old link stops working."""
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter an e-mail address like name@example.org."]}
        ) from error
    with transaction.atomic():
        stored = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if stored.answered_at:
            raise ValidationError("This hub has answered, so nothing more is sent to it.")
        stored.email, stored.on_paper = email.strip(), False
        stored.link_seed = new_seed()
        stored.token_hash = digest_of(token_of(stored.link_seed, salt=ANSWER))
        stored.bounced_at, stored.bounce_words, stored.sent_at = None, "", None
        stored.version += 1
        stored.save()
        stored.mails.filter(state=RoundMail.State.WAITING).update(state=RoundMail.State.SKIPPED)
        _ask_for_mail(stored, RoundMail.Kind.INVITATION, by, now)
        record_event(by=by, now=now, verb="invitation sent to a new address", subject=stored)
    return stored


def record_bounce(
    *, invitation: Invitation, words: str, by: Any, now: datetime.datetime
) -> Invitation:
    """Somebody saw that the mail came back. It is shown until there is another address."""
    with transaction.atomic():
        stored = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if stored.bounced_at is None:
            stored.bounced_at, stored.bounce_words = now, words.strip()[:500]
            stored.version += 1
            stored.save()
            record_event(
                by=by, now=now, verb="invitation came back", subject=stored, reason=words[:300]
            )
    return stored


# --- inside -------------------------------------------------------------------------------


def _ask_for_mail(invitation: Invitation, kind: str, by: Any, now: datetime.datetime) -> None:
    number = invitation.mails.filter(kind=kind).count() + 1
    RoundMail.objects.create(
        invitation=invitation, kind=kind, number=number, asked_at=now, asked_by_name=actor_name(by)
    )


def _hold_draft(round: Round, expected_version: int, attempted: Mapping[str, Any]) -> Round:
    stored = Round.objects.select_for_update().get(pk=round.pk)
    if stored.version != expected_version:
        raise Collision(stored, attempted)
    if stored.state != State.DRAFT:
        raise ValidationError("Hubs have this round already, so its questions stay as they are.")
    return stored


def _moved(
    stored: Round, by: Any, now: datetime.datetime, verb: str, after: Mapping[str, Any]
) -> None:
    stored.version += 1
    stored._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    stored._history_date = now  # type: ignore[attr-defined]
    stored.save()
    record_event(by=by, now=now, verb=verb, subject=stored, after=after)


def addresses_of(hubs: Iterable[Hub]) -> dict[int, str]:
    """Where each hub wants to be written to; empty for those that answer on paper."""
    return {hub.organisation_id: "" if hub.prefers_paper else hub.email for hub in hubs}
