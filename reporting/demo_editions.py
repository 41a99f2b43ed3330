"""The demo's published reports: every closed quarter, two years, and one correction. Invented and marked so.

A quarter's report is published as `demo_closing` closes it; the other kinds for as many of their last
periods as `PERIODS` says, where the quarters they need are closed; what is refused is said. No file is drawn here, which would
take a minute: the schedule draws a few every two minutes, and the page of an edition says so until
they are there.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.files.storage import default_storage

from contracts.demo_quarters import demo_quarters
from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.storing import remove_files

from .editions import EditionKind, Period, kind_of, kinds
from .models import EditionFile, ReportEdition
from .services.editions import NotPublishable, publish_edition

QUARTERLY = "star-quarterly"
PERIODS = {"steering-pack": 1, "annual": 2, "committee-paper": 1}


def load_editions(*, by: Any, now: datetime.datetime, today: datetime.date) -> tuple[Counts, str]:
    """Loaded once; a second time changes nothing. After the quarters are closed. And sentences, one
    for each report that could not be published, with why."""
    rows = ReportEdition.objects.filter(is_demo=True).exclude(kind=QUARTERLY)
    if held := rows.count():
        return Counts(unchanged=held), ""
    refused = [
        _publish(kind.key, period, by=by, now=now)
        for kind in kinds()
        for period in _last_periods(kind, today)
    ]
    return Counts(created=rows.count()), " ".join(filter(None, refused))


def publish_quarter(quarter: Quarter, *, by: Any, now: datetime.datetime) -> str:
    """ "" where the demo's records bear its report, else a sentence."""
    return _publish(QUARTERLY, quarter, by=by, now=now)


def correct_quarter(
    quarter: Quarter, *, what_changed: str, by: Any, now: datetime.datetime
) -> None:
    """Edition 2, where there is an edition 1."""
    if ReportEdition.objects.of_period(QUARTERLY, quarter).filter(is_demo=True).exists():
        publish_edition(
            kind=QUARTERLY, period=quarter, number=2, by=by, now=now, is_demo=True,
            what_changed=what_changed,
        )  # fmt: skip


def _last_periods(kind: EditionKind, today: datetime.date) -> list[Period]:
    """Oldest first. Of a report that needs closed quarters, none of the one that the demo leaves open."""
    wanted = PERIODS.get(kind.key, 0)
    if kind.is_yearly:
        last = demo_quarters(today)[0].start_year + 1
        return [FinancialYear(year) for year in range(last - wanted + 1, last + 1)]
    over = demo_quarters(today)[:-1] if kind.needs_closed else demo_quarters(today)
    return list(over[-wanted:]) if wanted else []


def _publish(kind: str, period: Period, *, by: Any, now: datetime.datetime) -> str:
    """A sentence where it is refused: its quarters are not closed, or the records do not bear it."""
    try:
        publish_edition(kind=kind, period=period, number=1, by=by, now=now, is_demo=True)
    except NotPublishable as error:
        return f"{kind_of(kind).name}, {period.label}: not published. {' '.join(error.messages)}"
    return ""


def remove_editions() -> int:
    """The demo's editions and their files, and only those."""
    rows = ReportEdition.objects.filter(is_demo=True)
    paths = list(
        EditionFile.objects.filter(edition__in=rows).exclude(file="").values_list("file", flat=True)
    )
    removed = int(rows.delete()[0])
    remove_files(default_storage, *paths)
    return removed
