"""Readers, schedules and published editions for tests of reports by e-mail."""

from __future__ import annotations

import datetime
import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from reporting.models import (
    Audience,
    EditionFile,
    MailSchedule,
    MailSubscription,
    ReportEdition,
)
from reporting.selectors.mailings.recipients import key_of
from reporting.services.editions import publish_edition
from trafford_sv.core.models import User
from trafford_sv.core.one_time_links import new_seed
from trafford_sv.core.periods import Quarter

from .datasets import QUARTER, kind_that_gathers, make_dataset

KIND = "test-report"
# Q4 2025/26 ends on 31 March 2026; 35 days later is 5 May, a Tuesday after the bank holiday.
DUE = datetime.date(2026, 5, 5)
PUBLISHED = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
NOON = datetime.datetime(2026, 5, 5, 12, tzinfo=datetime.UTC)
LONG_AGO = datetime.datetime(2025, 1, 6, 9, tzinfo=datetime.UTC)
PDF = b"%PDF-1.7 invented " + b"\x00\xff" * 400
_numbers = itertools.count(1)


@contextmanager
def a_report() -> Iterator[list[Any]]:
    with kind_that_gathers(make_dataset(), KIND) as held:
        yield held


def make_edition(
    held: list[Any], number: int = 1, *, pdf: bytes | None = PDF, at: datetime.datetime = PUBLISHED,
    period: Quarter = QUARTER,
) -> ReportEdition:  # fmt: skip
    """Published, with its PDF made; None leaves it waiting."""
    held[0] = replace(held[0], subtitle=f"Edition {number}", period=period.code)
    edition = publish_edition(
        kind=KIND, period=period, number=number, by=None, now=at, checks=False,
        what_changed="A return of £1.20 was counted twice.\nIt is counted once now." if number > 1 else "",
    )  # fmt: skip
    if pdf is not None:
        give_pdf(edition, pdf)
    return edition


def give_pdf(edition: ReportEdition, content: bytes) -> EditionFile:
    made = edition.files.get(format="pdf")
    made.file.save(f"{edition.file_stem}.pdf", ContentFile(content), save=False)
    made.state, made.sha256 = EditionFile.State.MADE, hashlib.sha256(content).hexdigest()
    made.size_bytes, made.made_at = len(content), edition.published_at
    made.save()
    return made


def make_line(audience: str = Audience.STAR_BOARD, **values: Any) -> MailSchedule:
    return MailSchedule.objects.create(
        **{
            "kind": KIND, "audience": audience, "days_after": 35,
            "from_day": datetime.date(2025, 1, 1), **values,
        }
    )  # fmt: skip


def make_reader(
    audience: str = Audience.STAR_BOARD, *, user: User | None = None, email: str = "", **values: Any
) -> MailSubscription:
    address = "" if user else (email or f"reader{next(_numbers)}@example.org")
    return MailSubscription.objects.create(
        **{
            "audience": audience, "user": user, "email": address,
            "email_key": key_of(address) if address else "", "state": "active",
            "link_seed": new_seed(), "asked_at": LONG_AGO, "confirmed_at": LONG_AGO, **values,
        }
    )  # fmt: skip


def local(*parts: int) -> datetime.datetime:
    """A moment by the clock on the wall here."""
    return timezone.make_aware(datetime.datetime(*parts))  # type: ignore[arg-type]
