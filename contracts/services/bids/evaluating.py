"""Opening the bids, scoring them blind, and agreeing one score for each."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.access import can
from trafford_sv.core.models import User
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision, update_record

from ...models import Bid, Contract, Evaluator, EvaluatorScore, Tender
from ...selectors.bids import STANDING, all_have_finished, are_sealed, plain, split_of
from .preparing import locked, moment_words, move_contract, save_next


def name_evaluator(*, tender: Tender, user: User, by: Any, now: datetime.datetime) -> Evaluator:
    """Someone whose role allows scoring. Before all have finished, others may still join."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.state not in (Tender.State.DRAFT, Tender.State.OPEN, Tender.State.EVALUATING):
            raise ValidationError("The scores are agreed, so nobody else can be named.")
        if not user.is_active or not can(user, "score_bids", on=stored):
            raise ValidationError(
                f"{user} does not hold a role that may score bids of this contract. Ask an "
                "administrator for the role, or choose somebody else."
            )
        if stored.evaluators.filter(user=user).exists():
            raise ValidationError(f"{user} is named already.")
        bidders = stored.bids.values("organisation")
        if user.grants.filter(organisation__in=bidders).exists():
            raise ValidationError(
                f"{user} holds a role for one of the bidders. Choose somebody else."
            )
        if stored.state == Tender.State.EVALUATING and all_have_finished(stored.evaluators.all()):
            raise ValidationError(
                "All evaluators have finished and their scores are open, so a new one would not "
                "be blind to them."
            )
        evaluator = Evaluator.objects.create(tender=stored, user=user, user_name=actor_name(user))
        record_event(
            by=by, now=now, verb="evaluator named", subject=stored, after={"evaluator": str(user)}
        )
        return evaluator


def stand_down_evaluator(
    *, evaluator: Evaluator, reason: str, by: Any, now: datetime.datetime
) -> None:
    """Someone who has an interest, or cannot finish. Their scores stay in the history only."""
    with transaction.atomic():
        stored = Evaluator.objects.select_for_update().get(pk=evaluator.pk)
        if stored.finished_at is not None:
            raise ValidationError(f"{stored} has finished scoring, so those scores stand.")
        if not reason.strip():
            raise ValidationError({"reason": ["Say why. The reason stays on record."]})
        number = stored.scores.count()
        record_event(
            by=by,
            now=now,
            verb="evaluator stood down",
            subject=stored.tender,
            before={"evaluator": str(stored), "scores_given": number},
            reason=reason,
        )
        stored.delete()


def declare_no_interest(*, evaluator: Evaluator, by: Any, now: datetime.datetime) -> Evaluator:
    """The evaluator says so in person, before any bid can be read or scored."""
    with transaction.atomic():
        stored = Evaluator.objects.select_for_update().get(pk=evaluator.pk)
        _own(stored, by)
        if stored.no_interest_declared_at is None:
            stored.no_interest_declared_at = now
            stored.save(update_fields=["no_interest_declared_at"])
            record_event(
                by=by,
                now=now,
                verb="declared no interest in any bidder",
                subject=stored.tender,
                after={"evaluator": str(stored)},
            )
        return stored


def _own(evaluator: Evaluator, by: Any) -> None:
    if evaluator.user_id is None or evaluator.user_id != getattr(by, "pk", None):
        raise ValidationError("Only the evaluator who is named can do this.")


def open_bids(*, tender: Tender, expected_version: int, by: Any, now: datetime.datetime) -> Tender:
    """Unseal what was submitted, after the closing time. The contract moves to evaluation."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.version == expected_version:
            if stored.state != Tender.State.OPEN or stored.closes_at is None:
                raise ValidationError("Only the bids of an open tender can be opened.")
            if now < stored.closes_at:
                raise ValidationError(
                    f"Bids stay sealed until {moment_words(stored.closes_at)}. Open them after that."
                )
            if not stored.bids.filter(state=Bid.State.SUBMITTED).exists():
                raise ValidationError(
                    "No bid was submitted, so there is nothing to open. Withdraw the tender."
                )
        changed = update_record(
            record=stored,
            changes={"state": Tender.State.EVALUATING},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="bids opened",
        )
        move_contract(
            changed, Contract.Stage.EVALUATION, by=by, now=now, why="Its bids were opened."
        )
        return changed


def _scorable(bid: Bid) -> Tender:
    tender = Tender.objects.get(pk=bid.tender_id)
    if are_sealed(tender):
        raise ValidationError("The bids are sealed. They are scored after they have been opened.")
    if tender.state != Tender.State.EVALUATING:
        raise ValidationError("The scores of this tender are agreed and no longer change.")
    if bid.state not in STANDING:
        raise ValidationError("This bid was not submitted, so it is not scored.")
    return tender


def _within(score: Decimal, tender: Tender) -> None:
    if not score.is_finite() or score < 0 or score > tender.highest_score:
        raise ValidationError({"score": [f"Give a score from 0 to {plain(tender.highest_score)}."]})
    if score != round(score, 2):
        raise ValidationError({"score": ["A score has at most two decimals."]})


def score_bid(
    *,
    evaluator: Evaluator,
    bid: Bid,
    score: Decimal,
    reasons: str,
    expected_version: int = 0,
    by: Any,
    now: datetime.datetime,
) -> EvaluatorScore:
    """One's own score, until one has finished. `expected_version` is 0 for a first score."""
    with transaction.atomic():
        named = Evaluator.objects.select_for_update().get(pk=evaluator.pk)
        _own(named, by)
        stored_bid = Bid.objects.select_related("organisation", "tender__contract").get(pk=bid.pk)
        tender = _scorable(stored_bid)
        if named.tender_id != tender.pk:
            raise ValidationError("You are not an evaluator of this tender.")
        if named.no_interest_declared_at is None:
            raise ValidationError(
                "Declare first that you have no interest in any bidder, or ask to be stood down."
            )
        if named.finished_at is not None:
            raise ValidationError(
                "You have finished scoring. Your scores stand; the agreed score settles the rest."
            )
        _within(score, tender)
        if not reasons.strip():
            raise ValidationError({"reasons": ["Give your reasons. The bidder may ask for them."]})
        row = EvaluatorScore.objects.filter(evaluator=named, bid=stored_bid).first()
        if (row.version if row else 0) != expected_version:
            raise Collision(row, {"score": score, "reasons": reasons})
        row = row or EvaluatorScore(evaluator=named, bid=stored_bid, version=0)
        row.score, row.reasons, row.scored_at = score, reasons.strip(), now
        save_next(record=row, by=by, now=now)
        # The score itself is not in the log: whoever reads the log would not be blind to it.
        record_event(by=by, now=now, verb="bid scored", subject=stored_bid)
        return row


def finish_scoring(*, evaluator: Evaluator, by: Any, now: datetime.datetime) -> Evaluator:
    """Every bid has a score, and they stand. When all have finished, all are shown."""
    with transaction.atomic():
        named = Evaluator.objects.select_for_update().get(pk=evaluator.pk)
        _own(named, by)
        if named.finished_at is not None:
            return named
        if named.tender.state != Tender.State.EVALUATING:
            raise ValidationError("The bids of this tender are not being scored now.")
        bids = named.tender.bids.filter(state__in=STANDING)
        left = bids.exclude(scores__evaluator=named).count()
        if left:
            raise ValidationError(
                f"{left} bid{' has' if left == 1 else 's have'} no score from you yet. Score "
                "every bid, then finish."
            )
        named.finished_at = now
        named.save(update_fields=["finished_at"])
        record_event(
            by=by,
            now=now,
            verb="evaluator finished scoring",
            subject=named.tender,
            after={"evaluator": str(named)},
        )
        return named


def moderate_bid(
    *,
    bid: Bid,
    score: Decimal,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Bid:
    """One agreed score with its reason. The evaluators' own scores stay as they were given."""
    with transaction.atomic():
        stored = Bid.objects.select_for_update().get(pk=bid.pk)
        if stored.version == expected_version:
            tender = _scorable(stored)
            if not all_have_finished(tender.evaluators.all()):
                raise ValidationError(
                    "A score is agreed when every evaluator has finished. Wait for them, or stand "
                    "down who cannot finish."
                )
            _within(score, tender)
            if not reason.strip():
                raise ValidationError(
                    {"reason": ["Give the reason for the agreed score. The bidder is shown it."]}
                )
        return update_record(
            record=stored,
            changes={
                "moderated_score": score,
                "moderated_reason": reason.strip(),
                "moderated_by_name": actor_name(by),
                "moderated_at": now,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="bid moderated",
        )


def agree_scores(
    *, tender: Tender, expected_version: int, by: Any, now: datetime.datetime
) -> Tender:
    """Close the scoring: every bid that stands has its agreed score."""
    with transaction.atomic():
        stored = locked(tender)
        if stored.version == expected_version:
            if stored.state != Tender.State.EVALUATING:
                raise ValidationError("The bids of this tender are not being scored now.")
            if split_of(stored).qualitative > 0:
                left = stored.bids.filter(
                    state=Bid.State.SUBMITTED, moderated_score__isnull=True
                ).count()
                if left:
                    raise ValidationError(
                        f"{left} bid{' has' if left == 1 else 's have'} no agreed score yet. "
                        "Agree a score for every bid first."
                    )
        return update_record(
            record=stored,
            changes={"state": Tender.State.MODERATED},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="scores agreed",
        )
