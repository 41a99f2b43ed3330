"""Reports that should have gone out and are not published yet."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from trafford_sv.core.models import User
from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.directory.models import RoleGrant

from ...editions import Period, UnknownKind, kind_of, period_code
from ...mail_schedule import due_on
from ...models import LateNudge, MailSchedule, ReportEdition


@dataclass(frozen=True)
class LateReport:
    """`due`: the earliest day on which one of its audiences should have had it."""

    kind: str
    name: str
    period: Period
    due: datetime.date
    audiences: tuple[str, ...]

    @property
    def period_code(self) -> str:
        return period_code(self.period)

    @property
    def period_label(self) -> str:
        return self.period.label


def last_ended(kind: str, as_of: datetime.date) -> Period:
    """The newest period of this kind of report that is over."""
    if kind_of(kind).is_yearly:
        return FinancialYear(FinancialYear.of(as_of).start_year - 1)
    return Quarter.of(as_of).previous


def late_reports(as_of: datetime.date) -> list[LateReport]:
    """Of each kind's last period, where the due day has passed. 1 query a kind at most."""
    lines: dict[str, list[MailSchedule]] = {}
    for line in MailSchedule.objects.filter(is_active=True).order_by("pk"):
        lines.setdefault(line.kind, []).append(line)
    found = []
    for kind, held in lines.items():
        try:
            period = last_ended(kind, as_of)
        except UnknownKind:
            continue
        late = [
            line for line in held if line.from_day <= due_on(period.end, line.days_after) < as_of
        ]
        if late and not ReportEdition.objects.of_period(kind, period).exists():
            found.append(
                LateReport(
                    kind,
                    kind_of(kind).name,
                    period,
                    min(due_on(period.end, line.days_after) for line in late),
                    tuple(line.get_audience_display() for line in late),
                )
            )
    return found


def coordinators(as_of: datetime.date) -> list[User]:
    """Who is told. 1 query."""
    held = (
        RoleGrant.objects.in_force(as_of)
        .filter(role="coordinator", user__is_active=True)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    return list({grant.user.pk: grant.user for grant in held}.values())


NUDGES_SHOWN = 200


def nudges_on_record() -> list[LateNudge]:
    """Who was told that a report is late, newest first. 1 query."""
    return list(
        LateNudge.objects.select_related("user").order_by("-planned_at", "pk")[:NUDGES_SHOWN]
    )
