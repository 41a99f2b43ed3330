"""Publishing a report once, and correcting it with a new edition. What is published never changes."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.quarters import closed_quarters, hold_quarters

from ..datasets import Dataset, canonical_json, problems, sha256_of
from ..datasets.changes import with_changes, without_changes
from ..editions import NotReady, Period, failed_checks, kind_of, last_day
from ..models import EditionFile, ReportEdition

LONGEST_CHANGE = 4000


class NotPublishable(ValidationError):
    """Why a report cannot be published now, in sentences. Nothing was written."""


def draft_of(kind: str, period: Period, *, now: datetime.datetime) -> Dataset:
    """What would be published now, live. Raises UnknownKind."""
    return kind_of(kind).gather(period, now)


def next_number(kind: str, period: Period) -> int:
    """1 where nothing is published yet. One query."""
    held = ReportEdition.objects.of_period(kind, period).order_by("-number").first()
    return 1 if held is None else held.number + 1


def what_stands_in_the_way(kind: str, period: Period) -> list[str]:
    """Sentences: quarters that are open, and every registered check that fails."""
    quarters = [period] if isinstance(period, Quarter) else list(period.quarters)
    closed = closed_quarters() if kind_of(kind).needs_closed else set(quarters)
    return [
        *(f"{quarter.label} is not closed yet." for quarter in quarters if quarter not in closed),
        *failed_checks(kind, period),
    ]


def publish_edition(
    *,
    kind: str,
    period: Period,
    number: int,
    by: Any,
    now: datetime.datetime,
    what_changed: str = "",
    is_demo: bool = False,
    checks: bool = True,
) -> ReportEdition:
    """Freeze the report of a period as edition `number`, whose files are drawn afterwards by a task.

    `number` is the one that the person saw and meant: where somebody was quicker it is taken, and
    nothing is written. From 2 on `what_changed` says why there is another one. `checks` False is
    for benchmarks and tests. Raises NotPublishable with sentences, or UnknownKind.
    """
    registered = kind_of(kind)
    what_changed = what_changed.replace("\x00", "").strip()
    if timezone.localtime(now).date() <= last_day(period):
        raise NotPublishable(
            f"{period.label} ends on {last_day(period):%-d %B %Y}. It can be published after that."
        )
    if len(what_changed) > LONGEST_CHANGE:
        raise NotPublishable(f"Say what changed in at most {LONGEST_CHANGE:,} characters.")
    try:
        with transaction.atomic():
            # Nobody closes or reopens a quarter of it while it is gathered and stored.
            hold_quarters(first=period.start, last=period.end)
            before = _refuse_number(kind, period, number, what_changed)
            if checks and (failed := what_stands_in_the_way(kind, period)):
                raise NotPublishable(failed)
            try:
                draft = registered.gather(period, now)
            except NotReady as error:
                raise NotPublishable(str(error)) from error
            if before is not None and _says_the_same(before.dataset(), draft):
                raise NotPublishable(
                    f"Nothing differs from edition {before.number}, so there is nothing to correct."
                )
            if before is not None:
                draft = with_changes(draft, before.dataset())
            dataset = replace(
                draft,
                number=number,
                published_at=now.astimezone(datetime.UTC).isoformat(timespec="seconds"),
                what_changed=what_changed if number > 1 else "",
                is_demo=is_demo,
            )
            if found := problems(dataset):
                raise NotPublishable(found)
            return _store(dataset, period, by=by, now=now)
    except IntegrityError as error:
        raise NotPublishable(
            f"Somebody else published edition {number} a moment ago. Look at it first."
        ) from error


def _refuse_number(
    kind: str, period: Period, number: int, what_changed: str
) -> ReportEdition | None:
    before = ReportEdition.objects.of_period(kind, period).order_by("-number").first()
    expected = 1 if before is None else before.number + 1
    if number < expected:
        raise NotPublishable(
            f"Edition {number} is published already. Look at it, then publish a correction."
        )
    if number > expected:
        raise NotPublishable(f"The next edition is number {expected}, not {number}.")
    if number > 1 and not what_changed:
        raise NotPublishable({"what_changed": ["Say what changed since the edition before."]})
    return before


def _says_the_same(before: Dataset, draft: Dataset) -> bool:
    """Apart from when it was gathered and published."""

    def bare(dataset: Dataset) -> Dataset:
        return replace(
            dataset, as_of="", number=0, published_at="", what_changed="", is_demo=False, schema=1
        )

    return bare(without_changes(before)) == bare(draft)


def _store(dataset: Dataset, period: Period, *, by: Any, now: datetime.datetime) -> ReportEdition:
    text = canonical_json(dataset)
    edition = ReportEdition.objects.create(
        kind=dataset.kind,
        financial_year=period.start_year,
        quarter=getattr(period, "number", None),
        number=dataset.number,
        title=dataset.title,
        schema=dataset.schema,
        dataset_text=text,
        sha256=sha256_of(text),
        published_at=now,
        published_by_name=actor_name(by),
        what_changed=dataset.what_changed,
        is_demo=dataset.is_demo,
    )
    EditionFile.objects.bulk_create(
        EditionFile(edition=edition, format=each) for each in EditionFile.Format.values
    )
    record_event(
        by=by,
        now=now,
        verb="edition published",
        subject=edition,
        after={
            "kind": edition.kind,
            "period": edition.period_code,
            "number": edition.number,
            "sha256": edition.sha256,
            "figures": len(dataset.figures),
        },
        reason=edition.what_changed,
    )
    return edition
