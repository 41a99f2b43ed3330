"""The yearly rating of a large contract: proposed by the rule, replied to, and agreed by a person."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import create_record, update_record

from ..delivery_rating import METHOD, WORDS
from ..models import Commitment, Contract, DeliveryRating
from ..selectors.ratings import rating_basis, rating_refusal, years_over
from ..thresholds import day_words

REPLY_DAYS = 30
CODES = {str(code.value): word for code, word in WORDS.items()}


def propose_rating(
    *,
    contract: Contract,
    supplier: Any,
    year_starts: datetime.date,
    by: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
) -> DeliveryRating:
    """What the published rule says of a year that is over; its basis is kept as it stands now."""
    day = today or now.date()
    with transaction.atomic():
        stored = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        sentence = rating_refusal(stored, as_of=day)
        if sentence is not None:
            raise ValidationError(sentence)
        year = next((one for one in years_over(stored, day) if one.starts == year_starts), None)
        if year is None:
            raise ValidationError(
                "Choose a year of this contract that is over. A running year has no rating yet."
            )
        if DeliveryRating.objects.filter(
            contract=stored, supplier=supplier, year_starts=year.starts
        ).exists():
            raise ValidationError(f"There is a rating for {year.label} already.")
        if not Commitment.objects.filter(
            contract=stored, supplier=supplier, state=Commitment.State.AGREED
        ).exists():
            raise ValidationError(f"{supplier} has no agreed commitment in this contract.")
        basis = rating_basis(stored, supplier, year, as_of=day)
        return create_record(
            model=DeliveryRating,
            values={
                "contract": stored,
                "supplier": supplier,
                "year_starts": year.starts,
                "year_ends": year.ends,
                "proposed_code": str(basis.proposed.code.value),
                "basis": {
                    "share": None
                    if basis.proposed.share is None
                    else f"{basis.proposed.share:.4f}",
                    "as_of": day.isoformat(),
                    "method": METHOD,
                    "kpis": list(basis.entries),
                },
                "reasons": list(basis.proposed.reasons),
                "proposed_at": now,
                "proposed_by_name": actor_name(by),
                "reply_due": day + datetime.timedelta(days=REPLY_DAYS),
            },
            by=by,
            now=now,
            verb="rating proposed",
        )


def record_reply(
    *, rating: DeliveryRating, reply: str, by: Any, now: datetime.datetime
) -> DeliveryRating:
    """The supplier's right of reply: once, and until the rating is agreed."""
    if not reply.strip():
        raise ValidationError({"reply": ["Write your reply before you send it."]})
    with transaction.atomic():
        stored = DeliveryRating.objects.select_for_update(no_key=True).get(pk=rating.pk)
        if stored.state == DeliveryRating.State.AGREED:
            raise ValidationError(
                "This rating is agreed already. Write to the contract manager instead."
            )
        if stored.state == DeliveryRating.State.REPLIED:
            raise ValidationError("A reply was sent already, and it stays as it is.")
        return update_record(
            record=stored,
            changes={
                "reply": reply.strip(),
                "state": DeliveryRating.State.REPLIED,
                "replied_at": now,
                "replied_by_name": actor_name(by),
            },
            expected_version=stored.version,
            by=by,
            now=now,
            verb="rating replied to",
        )


def agree_rating(
    *,
    rating: DeliveryRating,
    code: str,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
) -> DeliveryRating:
    """Settle it. Where it differs from what the rule proposed, the reason is part of it."""
    day = today or now.date()
    if code not in CODES:
        raise ValidationError({"agreed_code": ["Choose one of the five ratings."]})
    with transaction.atomic():
        stored = DeliveryRating.objects.select_for_update(no_key=True).get(pk=rating.pk)
        if stored.version == expected_version:
            if stored.state == DeliveryRating.State.AGREED:
                raise ValidationError("This rating is agreed already and does not change.")
            has_time = stored.reply_due is not None and day <= stored.reply_due
            if stored.state == DeliveryRating.State.PROPOSED and has_time and stored.reply_due:
                raise ValidationError(
                    f"The supplier may reply until {day_words(stored.reply_due)}. "
                    "Agree the rating after that day, or once it has replied."
                )
            if code != stored.proposed_code and not reason.strip():
                raise ValidationError(
                    {
                        "agreed_reason": [
                            f"The rule proposed “{CODES[stored.proposed_code]}”. "
                            f"Say why “{CODES[code]}” is right."
                        ]
                    }
                )
        return update_record(
            record=stored,
            changes={
                "agreed_code": code,
                "agreed_reason": reason.strip(),
                "agreed_at": now,
                "agreed_by_name": actor_name(by),
                "state": DeliveryRating.State.AGREED,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="rating agreed",
        )


def word_of(code: str) -> str:
    """The notice's word for a stored code; "" for none."""
    return CODES.get(code, "")
