"""Deciding about a dirty value: carry out what was proposed, or leave it as it is."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from ..flags import FlagError, flag_handler
from ..models import DataFlag
from .audit import actor_name, record_event


def decide_flag(*, flag: DataFlag, accept: bool, by: Any, now: datetime.datetime) -> DataFlag:
    """Accept the proposal or dismiss the flag. Raises FlagError with a sentence."""
    with transaction.atomic():
        flag = DataFlag.objects.select_for_update().get(pk=flag.pk)
        if flag.state != DataFlag.State.OPEN:
            raise FlagError(f"{flag.decided_by_name} has decided about this already.")
        if accept:
            handler = flag_handler(flag.subject_type)
            if not flag.proposal or handler is None or handler.accept is None:
                raise FlagError("Nothing is proposed here. Correct the record on its own page.")
            handler.accept(flag, by, now)
        flag.state = DataFlag.State.ACCEPTED if accept else DataFlag.State.DISMISSED
        flag.decided_by_name, flag.decided_at = actor_name(by), now
        flag.save()
        record_event(
            by=by,
            now=now,
            verb="proposal accepted" if accept else "value left as it is",
            subject_type=flag.subject_type,
            subject_id=flag.subject_id,
            subject_name=flag.subject_name,
            before={flag.field: flag.raw},
            after={flag.field: flag.proposal} if accept else {},
            reason=flag.sentence,
        )
    return flag
