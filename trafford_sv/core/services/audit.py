"""Appending to the audit log and checking its chain."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from ..models import AuditEvent, AuditHead

CHAINED_FIELDS = (
    "sequence",
    "at",
    "actor_id",
    "actor_name",
    "verb",
    "subject_type",
    "subject_id",
    "subject_name",
    "before",
    "after",
    "reason",
    "previous_hash",
)


def plain(value: Any) -> Any:
    """A value as JSON keeps it, so that the hash is the same after a round trip."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    if isinstance(value, models.Model):
        return str(value)
    return str(value)


def event_hash(event: AuditEvent) -> str:
    body = {name: plain(getattr(event, name)) for name in CHAINED_FIELDS}
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def actor_name(by: Any) -> str:
    """The name that stays in the log when the account is gone."""
    if by is None:
        return "The system"
    return str(by)[:200]


def acts_for_demo(by: Any) -> bool:
    """One of the demo council's accounts: what it closes, accepts or works out goes with the demo."""
    return str(getattr(by, "email", "")).endswith(settings.DEMO_EMAIL_DOMAIN)


def record_event(
    *,
    by: Any,
    now: datetime.datetime,
    verb: str,
    subject: models.Model | None = None,
    subject_type: str = "",
    subject_id: str = "",
    subject_name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event in the caller's transaction. `verb` is in the past tense: "contract recorded".

    It says what is true now, and gets its place in the chain when the outermost block ends: the
    log's head is then the last row that the transaction locks. Until then it is not stored, and
    where the block fails it never is.
    """
    if subject is not None:
        subject_type = subject_type or subject._meta.model_name or ""
        subject_id = subject_id or str(subject.pk)
        subject_name = subject_name or str(subject)
    event = AuditEvent(
        at=now,
        actor_id=getattr(by, "pk", None),
        actor_name=actor_name(by),
        verb=verb,
        subject_type=subject_type,
        subject_id=subject_id,
        subject_name=subject_name[:300],
        before=plain(before or {}),
        after=plain(after or {}),
        reason=reason,
    )
    wrapper: Any = connection  # trafford_sv.core.databases
    if wrapper.has_open_block:
        wrapper.before_end(_chain, event)
    else:
        with transaction.atomic():
            _chain([event])
    return event


def _chain(events: list[AuditEvent]) -> None:
    """Store them after the last one, each with the hash of the one before."""
    with transaction.atomic(savepoint=False):
        head = AuditHead.objects.select_for_update().filter(pk=1).first()
        if head is None:  # the first event ever
            AuditHead.objects.get_or_create(pk=1)
            head = AuditHead.objects.select_for_update().get(pk=1)
        for event in events:
            event.sequence, event.previous_hash = head.sequence + 1, head.hash
            event.hash = event_hash(event)
            event.save()
            head.sequence, head.hash = event.sequence, event.hash
        head.save()


@dataclass(frozen=True)
class ChainReport:
    """`broken` lists (sequence, what is wrong), empty when the chain holds; `head` is its last hash."""

    events: int
    broken: tuple[tuple[int, str], ...]
    head: str = ""


def verify_chain(*, progress: Callable[[int], None] | None = None) -> ChainReport:
    """Recompute every hash from the first event to the head.

    Events may be appended meanwhile: the log must hold at least what it held at the start and
    no more than it holds at the end. What no chain can show by itself is a log that was
    rewritten whole, head included; for that, keep `head` somewhere else and compare.
    """
    first_head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    broken: list[tuple[int, str]] = []
    previous, expected, count = "", 1, 0
    seen_first_head = first_head.sequence == 0
    for event in AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000):
        count += 1
        if event.sequence != expected:
            broken.append((event.sequence, _missing(expected, event.sequence - 1)))
        if event.previous_hash != previous:
            broken.append((event.sequence, "it does not follow from the event before it"))
        if event.hash != event_hash(event):
            broken.append((event.sequence, "its content was changed after it was written"))
        if event.sequence == first_head.sequence and event.hash == first_head.hash:
            seen_first_head = True
        previous, expected = event.hash, event.sequence + 1
        if progress and count % 2000 == 0:
            progress(count)
    last_head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    if expected - 1 < first_head.sequence:
        broken.append((expected, _missing(expected, first_head.sequence) + " from the log's end"))
    elif not seen_first_head:
        broken.append((first_head.sequence, "the log's end is not the event that was written last"))
    if expected - 1 > last_head.sequence:
        broken.append((last_head.sequence + 1, "it was added without being chained"))
    return ChainReport(count, tuple(broken), previous)


def _missing(first: int, last: int) -> str:
    if last <= first:
        return f"event {first} is missing"
    return f"events {first} to {last} are missing"
