"""“Ask for this”: the clause and measures by which a coming contract should carry a need."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.models import Need
from community_needs.need_progress import NeedState
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import create_record, update_record

from ..models import Contract, Measure, NeedClause
from ..selectors.need_clauses import BEFORE_BIDS


def ask_for_need(
    *,
    need: Need,
    contract: Contract,
    words: str,
    measures: Iterable[Measure],
    by: Any,
    now: datetime.datetime,
    is_demo: bool = False,
) -> NeedClause:
    """Recorded before the tender is written. Raises ValidationError."""
    chosen = _checked(words, measures)
    with transaction.atomic():
        held = Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        if held.stage not in BEFORE_BIDS:
            raise ValidationError(
                f"{held.reference} is past its tender, so nothing can be added to what it asks."
            )
        if need.state in (NeedState.WITHDRAWN, NeedState.MET):
            raise ValidationError("This need is met or withdrawn, so no contract has to carry it.")
        return create_record(
            model=NeedClause,
            values={
                "need": need,
                "contract": held,
                "words": words.strip(),
                "measures": chosen,
                "suggested_at": now,
                "suggested_by_name": actor_name(by),
                "is_demo": is_demo,
            },
            by=by,
            now=now,
            verb="clause suggested",
        )


def change_clause(
    *,
    clause: NeedClause,
    words: str,
    measures: Iterable[Measure],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> NeedClause:
    """Raises Collision or ValidationError."""
    return update_record(
        record=clause,
        changes={"words": words.strip(), "measures": _checked(words, measures)},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="clause changed",
    )


def settle_clause(
    *,
    clause: NeedClause,
    state: str,
    dropped_reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> NeedClause:
    """In the tender, or not asked for and why. Raises Collision or ValidationError."""
    if state not in NeedClause.State.values:
        raise ValidationError({"state": ["Choose one of the three."]})
    if state == NeedClause.State.DROPPED and not dropped_reason.strip():
        raise ValidationError({"dropped_reason": ["Say why it is not asked for."]})
    return update_record(
        record=clause,
        changes={
            "state": state,
            "dropped_reason": dropped_reason.strip() if state == NeedClause.State.DROPPED else "",
        },
        expected_version=expected_version,
        by=by,
        now=now,
        reason=dropped_reason.strip(),
        verb="clause settled",
    )


def _checked(words: str, measures: Iterable[Measure]) -> list[Measure]:
    if not words.strip():
        raise ValidationError({"words": ["Write the clause."]})
    chosen = list(measures)
    if not chosen:
        raise ValidationError({"measures": ["Choose at least one measure to ask for."]})
    return chosen
