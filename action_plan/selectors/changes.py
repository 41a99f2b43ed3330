"""What changed in the plan between two moments: for the page, and for the Steering Group's pack.

Read from the history of every field: what an action was at the first moment and what it was at
the second. What changed and changed back in between is no change.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q

from trafford_sv.core.access import can
from trafford_sv.core.periods import Quarter
from trafford_sv.core.selectors.history import FieldChange, in_words
from trafford_sv.directory.models import Organisation

from ..models import Action, ActionUpdate, Milestone, Theme
from ..progress import Status

# In the order in which people want to hear of them. The second group is for members only.
PUBLIC_FIELDS = (
    "status",
    "due",
    "starts",
    "completed_on",
    "title",
    "theme",
    "lead_organisation",
    "description",
)
MEMBERS_FIELDS = (
    "waits_for_references",
    "lead_name",
    "lead_email",
    "is_public",
    "metric_key",
    "source",
)


@dataclass(frozen=True)
class MilestoneChange:
    """`kind` is added, reached, moved, renamed, not reached or removed."""

    title: str
    kind: str
    due: datetime.date
    due_before: datetime.date | None
    done_on: datetime.date | None


@dataclass(frozen=True)
class UpdateChange:
    """An update that was submitted (waits for approval), approved or sent back in the time."""

    quarter: Quarter
    state: str
    narrative: str
    status: Status | None
    submitted_by: str


@dataclass(frozen=True)
class ActionChange:
    """What became of one action. `kind` is added, completed, cancelled or changed.

    `status_before` is None for one that was not there; equal to `status` where it did not move.
    """

    pk: int
    reference: str
    title: str
    theme: str
    kind: str
    status_before: Status | None
    status: Status
    is_public: bool
    fields: tuple[FieldChange, ...]
    milestones: tuple[MilestoneChange, ...]
    updates: tuple[UpdateChange, ...]

    @property
    def has_moved(self) -> bool:
        return self.status_before is not None and self.status_before != self.status


@dataclass(frozen=True)
class PlanChanges:
    """In the plan's order. `actions` is empty where nothing changed."""

    since: datetime.datetime
    until: datetime.datetime
    actions: tuple[ActionChange, ...]

    def of_kind(self, kind: str) -> tuple[ActionChange, ...]:
        return tuple(one for one in self.actions if one.kind == kind)

    @property
    def moved(self) -> tuple[ActionChange, ...]:
        """Those whose status is another than it was."""
        return tuple(one for one in self.actions if one.has_moved)


def changes_since(
    user: Any, since: datetime.datetime, until: datetime.datetime, *, public_only: bool = False
) -> PlanChanges:
    """Changes after `since`, up to and including `until`, of the actions the person may see now.

    `public_only` gives what anybody may read, whoever asks. Ten queries at most, whatever changed.
    """
    members = can(user, "view_plan") and not public_only
    seen = Action.objects.visible_to(user)
    if not members:
        seen = seen.public()
    current = {
        pk: (position, reference, public)
        for pk, position, reference, public in seen.values_list(
            "pk", "theme__position", "reference", "is_public"
        )
    }
    period = Q(history_date__gt=since, history_date__lte=until)
    touched = set(Action.history.filter(period).values_list("id", flat=True)) & set(current)
    steps = _milestones(period, since, until, set(current))
    updates = _updates(since, until, members, set(current))
    wanted = touched | set(steps) | set(updates)
    if not wanted:
        return PlanChanges(since, until, ())
    before, after = _states(wanted, since), _states(wanted, until)
    names = _Names()
    changed = []
    for pk in sorted(wanted, key=lambda pk: current[pk][:2]):
        new = after.get(pk)
        if new is None:
            continue  # recorded later than `until`
        old = before.get(pk)
        if old is not None and not members and not old.is_public:
            old = None  # what it was before it was public is not for everybody
        fields = names.differences(old, new, PUBLIC_FIELDS + (MEMBERS_FIELDS if members else ()))
        if not (fields or old is None or pk in steps or pk in updates):
            continue
        changed.append(
            ActionChange(
                pk=pk,
                reference=new.reference,
                title=new.title,
                theme=names.themes.get(new.theme_id, ""),
                kind=_kind(old, new),
                status_before=Status(old.status) if old else None,
                status=Status(new.status),
                is_public=current[pk][2],
                fields=fields,
                milestones=tuple(steps.get(pk, ())),
                updates=tuple(updates.get(pk, ())),
            )
        )
    return PlanChanges(since, until, tuple(changed))


def _states(keys: Iterable[int], moment: datetime.datetime) -> dict[int, Any]:
    """Each action as it stood at the moment."""
    return _latest(Action.history.filter(id__in=list(keys)), moment)


def _latest(rows: Any, moment: datetime.datetime) -> dict[int, Any]:
    latest = (
        rows.filter(history_date__lte=moment)
        .order_by()
        .values("id")
        .annotate(last=Max("history_id"))
        .values("last")
    )
    found = rows.model.objects.filter(history_id__in=latest)
    return {row.id: row for row in found if row.history_type != "-"}


def _kind(old: Any, new: Any) -> str:
    if old is None:
        return "added"
    if old.status != new.status and new.status in (Status.COMPLETE, Status.CANCELLED):
        return "completed" if new.status == Status.COMPLETE else "cancelled"
    return "changed"


class _Names:
    """Themes and organisations by key, one query each, when first asked for."""

    def __init__(self) -> None:
        self.themes = dict(Theme.objects.values_list("pk", "name"))
        self._organisations: dict[int, str] | None = None

    def organisation(self, pk: int | None) -> str:
        if pk is None:
            return "Not recorded"
        if self._organisations is None:
            led = Action.history.exclude(lead_organisation=None).values("lead_organisation")
            self._organisations = dict(
                Organisation.objects.filter(pk__in=led).values_list("pk", "name")
            )
        return self._organisations.get(pk, f"organisation {pk}")

    def differences(self, old: Any, new: Any, names: Iterable[str]) -> tuple[FieldChange, ...]:
        if old is None:
            return ()
        found = []
        for name in names:
            field: Any = Action._meta.get_field(name)
            before, after = getattr(old, field.attname), getattr(new, field.attname)
            if before == after:
                continue
            label = str(field.verbose_name)
            found.append(
                FieldChange(
                    label[:1].upper() + label[1:],
                    self._words(name, field, before),
                    self._words(name, field, after),
                )
            )
        return tuple(found)

    def _words(self, name: str, field: Any, value: Any) -> str:
        if name == "theme":
            return self.themes.get(value, "")
        if name == "lead_organisation":
            return self.organisation(value)
        return in_words(value, field.flatchoices)


def _milestones(
    period: Q, since: datetime.datetime, until: datetime.datetime, actions: set[int]
) -> dict[int, list[MilestoneChange]]:
    history = Milestone.history
    touched = set(history.filter(period).values_list("id", flat=True))
    if not touched:
        return {}
    rows = history.filter(id__in=touched)
    before, after = _latest(rows, since), _latest(rows, until)
    found: dict[int, list[MilestoneChange]] = defaultdict(list)
    for pk in sorted(touched):
        old, new = before.get(pk), after.get(pk)
        shown = new or old
        if shown is None or shown.action_id not in actions:
            continue
        kind = _milestone_kind(old, new)
        if kind:
            found[shown.action_id].append(
                MilestoneChange(
                    title=shown.title,
                    kind=kind,
                    due=shown.due,
                    due_before=old.due if old and old.due != shown.due else None,
                    done_on=shown.done_on,
                )
            )
    return dict(found)


def _milestone_kind(old: Any, new: Any) -> str:
    if new is None:
        return "removed"
    if new.done_on and (old is None or not old.done_on):
        return "reached"
    if old is None:
        return "added"
    if old.done_on and not new.done_on:
        return "not reached"
    if old.due != new.due:
        return "moved"
    return "renamed" if old.title != new.title else ""


def _updates(
    since: datetime.datetime, until: datetime.datetime, members: bool, actions: set[int]
) -> dict[int, list[UpdateChange]]:
    """As they stand now: an update is decided once, and then stays."""
    state = ActionUpdate.State
    decided = Q(state__in=[state.APPROVED, state.SENT_BACK], decided_at__gt=since)
    decided &= Q(decided_at__lte=until)
    submitted = Q(state=state.SUBMITTED, submitted_at__gt=since, submitted_at__lte=until)
    rows = ActionUpdate.objects.filter(decided | submitted)
    if not members:
        rows = rows.public()
    found: dict[int, list[UpdateChange]] = defaultdict(list)
    for row in rows.order_by("financial_year", "quarter", "pk"):
        if row.action_id in actions:
            found[row.action_id].append(
                UpdateChange(
                    quarter=row.period,
                    state=row.state,
                    narrative=row.narrative,
                    status=Status(row.status) if row.status else None,
                    submitted_by=row.submitted_by_name if members else "",
                )
            )
    return dict(found)
