"""Who should hear of which return on a day: one digest for a person, by what they want to hear.

A step (30, 7 and 0 days before, 7 and 30 after the due day) is told once. Where the worker was
down on the day itself, it is told up to six days later; after that the next step tells it, so
that nothing piles up. A contract manager hears of late ones only.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import RoleGrant

from ..due_dates import due_on
from ..models import Contract, ReminderDigest, ReminderPreference
from .returns import DueReturn, returns_due

# Days after the due day -> the person's switch.
STEPS: Mapping[int, str] = {
    -30: "before_30",
    -7: "before_7",
    0: "on_the_day",
    7: "after_7",
    30: "after_30",
}
MANAGERS_STEPS = (7, 30)
CATCH_UP_DAYS = 6
# An officer asks before closing a quarter: no step of the calendar, and the steps go on after it.
ASKED = 1000
SUPPLIER, MANAGER = "supplier", "contract_manager"


@dataclass(frozen=True)
class ReminderItem:
    """One return that one person hears about, as supplier or as contract manager."""

    due: DueReturn
    step: int
    part: str

    def stored(self) -> dict[str, Any]:
        return {
            "contract": self.due.contract_pk,
            "supplier": self.due.supplier_pk,
            "quarter": str(self.due.quarter),
            "step": self.step,
            "part": self.part,
        }

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.stored().values())


@dataclass(frozen=True)
class PersonDigest:
    """Everything that one person hears about in one e-mail."""

    user: User
    items: tuple[ReminderItem, ...]

    @property
    def own(self) -> tuple[ReminderItem, ...]:
        return tuple(item for item in self.items if item.part == SUPPLIER)

    @property
    def others(self) -> tuple[ReminderItem, ...]:
        return tuple(item for item in self.items if item.part == MANAGER)


def step_on(quarter: Quarter, day: datetime.date) -> int | None:
    """The step of the quarter's return that is told on the day, or still to be caught up."""
    for step in STEPS:
        late = (day - due_on(quarter)).days - step
        if 0 <= late <= CATCH_UP_DAYS:
            return step
    return None


def due_digests(
    as_of: datetime.date, *, user: User | None = None, today: datetime.date | None = None
) -> list[PersonDigest]:
    """Read afresh from what has come in; five queries. `today` words how late a return is."""
    quarter = Quarter.of(as_of)
    steps = {}
    for _ in range(3):
        step = step_on(quarter, as_of)
        if step is not None:
            steps[quarter] = step
        quarter = quarter.previous
    if not steps:
        return []
    due = returns_due(None, today or as_of, quarters=list(steps))
    if not due:
        return []
    directorates = dict(
        Contract.objects.filter(pk__in={one.contract_pk for one in due}).values_list(
            "pk", "directorate_id"
        )
    )
    by_supplier: dict[int, list[DueReturn]] = defaultdict(list)
    by_directorate: dict[int, list[DueReturn]] = defaultdict(list)
    for one in due:
        by_supplier[one.supplier_pk].append(one)
        directorate = directorates.get(one.contract_pk)
        if directorate is not None and steps[one.quarter] in MANAGERS_STEPS:
            by_directorate[directorate].append(one)
    grants = (
        RoleGrant.objects.in_force(as_of)
        .filter(role__in=[SUPPLIER, MANAGER], user__is_active=True)
        .select_related("user__reminder_preference")
        .order_by("user__pk", "pk")
    )
    if user is not None:
        grants = grants.filter(user=user)
    told = _told(as_of, user)
    found: dict[int, dict[tuple[Any, ...], ReminderItem]] = defaultdict(dict)
    people: dict[int, User] = {}
    for grant in grants:
        mine = by_supplier if grant.role == SUPPLIER else by_directorate
        for one in mine.get(grant.organisation_id or 0, ()):
            item = ReminderItem(one, steps[one.quarter], grant.role)
            is_told = (grant.user_id, *item.key) in told
            if not is_told and wants(grant.user, item.step):
                people[grant.user_id] = grant.user
                found[grant.user_id][item.key] = item
    return [PersonDigest(people[pk], tuple(found[pk].values())) for pk in sorted(found)]


def asked_digests(
    quarter: Quarter,
    *,
    today: datetime.date,
    user: User | None = None,
    missing: Iterable[DueReturn] | None = None,
) -> list[PersonDigest]:
    """Whom to ask for the quarter's missing returns, outside the calendar. Two queries, one where
    `missing` is given.

    Whoever switched every reminder off is not written to.
    """
    by_supplier: dict[int, list[DueReturn]] = defaultdict(list)
    for one in returns_due(None, today, quarters=[quarter]) if missing is None else missing:
        by_supplier[one.supplier_pk].append(one)
    if not by_supplier:
        return []
    grants = (
        RoleGrant.objects.in_force(today)
        .filter(role=SUPPLIER, organisation__in=by_supplier, user__is_active=True)
        .select_related("user__reminder_preference")
        .order_by("user__pk", "pk")
    )
    if user is not None:
        grants = grants.filter(user=user)
    found: dict[int, dict[tuple[Any, ...], ReminderItem]] = defaultdict(dict)
    people: dict[int, User] = {}
    for grant in grants:
        if not wants(grant.user, ASKED):
            continue
        people[grant.user_id] = grant.user
        for one in by_supplier[grant.organisation_id or 0]:
            item = ReminderItem(one, ASKED, SUPPLIER)
            found[grant.user_id][item.key] = item
    return [PersonDigest(people[pk], tuple(found[pk].values())) for pk in sorted(found)]


def wants(user: User, step: int) -> bool:
    """No preference stored means all of them. ASKED is wanted by whoever wants any."""
    try:
        preference: ReminderPreference = user.reminder_preference  # type: ignore[attr-defined]
    except ReminderPreference.DoesNotExist:
        return True
    if step == ASKED:
        return any(getattr(preference, name) for name in STEPS.values())
    return bool(getattr(preference, STEPS[step]))


def _told(as_of: datetime.date, user: User | None) -> set[tuple[Any, ...]]:
    """What people heard on the days before, or may have heard: in doubt is never told again."""
    rows = ReminderDigest.objects.filter(
        day__lt=as_of,
        day__gte=as_of - datetime.timedelta(days=CATCH_UP_DAYS),
        state__in=[ReminderDigest.State.SENT, ReminderDigest.State.CLAIMED],
    )
    if user is not None:
        rows = rows.filter(user=user)
    return {
        (pk, *(item.get(name) for name in ("contract", "supplier", "quarter", "step", "part")))
        for pk, items in rows.values_list("user_id", "items")
        for item in items
    }
