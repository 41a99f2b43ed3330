"""The demo's published reports: eight quarters, two years, and one correction. Invented and marked so.

A kind is published for as many of its last periods as `PERIODS` says, once it is registered. No
file is drawn here, which would take a minute: the schedule draws a few every two minutes, and the
page of an edition says so until they are there.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.files.storage import default_storage

from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.storing import remove_files

from .editions import EditionKind, NotReady, Period, kinds
from .models import EditionFile, ReportEdition, StarMeasure
from .services.editions import NotPublishable, publish_edition
from .services.star_measures import write_comment

PERIODS = {"star-quarterly": 8, "steering-pack": 1, "annual": 2}
CORRECTED, COMMENTED = "star-quarterly", "spend-retained"


def load_editions(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """Loaded once; a second time changes nothing."""
    held = ReportEdition.objects.filter(is_demo=True).count()
    if held:
        return Counts(unchanged=held)
    made = 0
    for kind in kinds():
        for period in _last_periods(kind, today):
            made += _publish(kind, period, by=by, now=now)
    return Counts(created=made + _correct(by=by, now=now, today=today))


def _last_periods(kind: EditionKind, today: datetime.date) -> list[Period]:
    """Oldest first."""
    wanted = PERIODS.get(kind.key, 0)
    if kind.is_yearly:
        last = FinancialYear.of(today).start_year - 1
        return [FinancialYear(year) for year in range(last - wanted + 1, last + 1)]
    found, quarter = [], Quarter.of(today).previous
    for _ in range(wanted):
        found.append(quarter)
        quarter = quarter.previous
    return list(reversed(found))


def _publish(kind: EditionKind, period: Period, *, by: Any, now: datetime.datetime) -> int:
    try:
        publish_edition(
            kind=kind.key, period=period, number=1, by=by, now=now, is_demo=True, checks=False
        )
    except (NotReady, NotPublishable):
        return 0  # the demo's records do not bear this report
    return 1


def _correct(*, by: Any, now: datetime.datetime, today: datetime.date) -> int:
    """One quarter was published without its commentary; edition 2 has it."""
    quarter = Quarter.of(today).previous.previous
    measure = StarMeasure.objects.filter(key=COMMENTED).first()
    published = ReportEdition.objects.of_period(CORRECTED, quarter)
    if measure is None or not published.filter(is_demo=True).exists():
        return 0
    write_comment(
        measure=measure, quarter=quarter, expected_version=None, by=by, now=now,
        text="Invented commentary: one large payee moved its office into the borough.",
    )  # fmt: skip
    publish_edition(
        kind=CORRECTED, period=quarter, number=2, by=by, now=now, is_demo=True, checks=False,
        what_changed="Invented correction: the commentary on spend retained was missing. No figure changed.",
    )  # fmt: skip
    return 1


def remove_editions() -> int:
    """The demo's editions and their files, and only those."""
    rows = ReportEdition.objects.filter(is_demo=True)
    paths = list(
        EditionFile.objects.filter(edition__in=rows).exclude(file="").values_list("file", flat=True)
    )
    removed = int(rows.delete()[0])
    remove_files(default_storage, *paths)
    return removed
