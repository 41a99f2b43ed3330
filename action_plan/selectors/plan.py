"""The plan as people read it: rows of actions, the board by theme, one action whole."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from charter.models import CharterVersion, Principle
from trafford_sv.core.access import can
from trafford_sv.core.periods import Quarter

from ..models import Action, ActionUpdate, DesiredOutcome, Milestone, Theme
from ..progress import Facts, Status, quarters_silent
from ..stages import Stage
from .standing import quarter_of_number, with_standing


@dataclass(frozen=True)
class ActionRow:
    """One action as a list shows it. `lead` is "" for whoever may not read names."""

    pk: int
    reference: str
    title: str
    theme_pk: int
    theme: str
    principle: str
    organisation: str
    lead: str
    starts: datetime.date | None
    due: datetime.date | None
    status: Status
    completed_on: datetime.date | None
    is_public: bool
    is_stale: bool
    is_overdue: bool
    quarters_silent: int
    updated: Quarter | None
    milestones_total: int
    milestones_done: int
    milestones_late: int
    next_step: str
    next_step_due: datetime.date | None
    waits_for: tuple[str, ...]
    is_demo: bool


@dataclass(frozen=True)
class Target:
    """A desired outcome: words, and the stage to be reached by a date."""

    pk: int
    version: int
    words: str
    stage: Stage
    by_date: datetime.date
    is_demo: bool


@dataclass(frozen=True)
class ThemeBoard:
    """One theme with what is wanted of it and what is done about it. `target` is the next one
    that is not past, or the last; None where none is set."""

    pk: int
    key: str
    code: str
    name: str
    description: str
    targets: tuple[Target, ...]
    target: Target | None
    actions: tuple[ActionRow, ...]

    @property
    def live(self) -> tuple[ActionRow, ...]:
        return tuple(row for row in self.actions if not row.status.is_over)

    @property
    def over(self) -> tuple[ActionRow, ...]:
        return tuple(row for row in self.actions if row.status.is_over)


@dataclass(frozen=True)
class PlanCounts:
    """How many actions stand how; `total` counts all of them."""

    total: int
    live: int
    complete: int
    cancelled: int
    stale: int
    overdue: int
    by_status: dict[Status, int]


def visible_actions(user: Any, *, as_of: datetime.date) -> QuerySet[Action]:
    """Joined and annotated for `action_row`."""
    rows = Action.objects.visible_to(user).select_related(
        "theme", "principle", "lead_organisation", "lead"
    )
    return with_standing(rows, as_of=as_of)


def action_row(action: Any, *, as_of: datetime.date, names: bool) -> ActionRow:
    """From a row of `visible_actions`; `names` shows who leads."""
    updated = quarter_of_number(action.updated_number)
    facts = Facts(Status(action.status), action.starts, action.due, updated)
    return ActionRow(
        pk=action.pk,
        reference=action.reference,
        title=action.title,
        theme_pk=action.theme_id,
        theme=action.theme.name,
        principle=action.principle.title if action.principle else "",
        organisation=action.lead_organisation.name if action.lead_organisation else "",
        lead=action.lead_words if names else "",
        starts=action.starts,
        due=action.due,
        status=facts.status,
        completed_on=action.completed_on,
        is_public=action.is_public,
        is_stale=action.is_stale,
        is_overdue=action.is_overdue,
        quarters_silent=quarters_silent(facts, as_of),
        updated=updated,
        milestones_total=action.milestones_total,
        milestones_done=action.milestones_done,
        milestones_late=action.milestones_late if not facts.status.is_over else 0,
        next_step=action.next_step or "" if not facts.status.is_over else "",
        next_step_due=action.next_step_due if not facts.status.is_over else None,
        waits_for=tuple(filter(None, action.waits_for_references.split(", "))) if names else (),
        is_demo=action.is_demo,
    )


def plan_rows(user: Any, *, as_of: datetime.date) -> tuple[ActionRow, ...]:
    """Every action the person may see, in the plan's order. One query."""
    names = can(user, "view_plan")
    rows = visible_actions(user, as_of=as_of).order_by("theme__position", "due", "reference", "pk")
    return tuple(action_row(row, as_of=as_of, names=names) for row in rows)


def count_plan(rows: Iterable[ActionRow]) -> PlanCounts:
    found = list(rows)
    by_status = dict.fromkeys(Status, 0)
    for row in found:
        by_status[row.status] += 1
    complete, cancelled = by_status[Status.COMPLETE], by_status[Status.CANCELLED]
    return PlanCounts(
        total=len(found),
        live=len(found) - complete - cancelled,
        complete=complete,
        cancelled=cancelled,
        stale=sum(row.is_stale for row in found),
        overdue=sum(row.is_overdue for row in found),
        by_status=by_status,
    )


def targets_by_theme() -> dict[int, tuple[Target, ...]]:
    """Desired outcomes of every theme, earliest first. One query."""
    found: dict[int, list[Target]] = {}
    for row in DesiredOutcome.objects.order_by("theme", "by_date"):
        found.setdefault(row.theme_id, []).append(
            Target(
                row.pk, row.version, row.words, Stage(row.target_stage), row.by_date, row.is_demo
            )
        )
    return {pk: tuple(rows) for pk, rows in found.items()}


def target_on(targets: Iterable[Target], day: datetime.date) -> Target | None:
    """The one that counts on a day: the next that is not past, or the last there was."""
    ordered = sorted(targets, key=lambda target: target.by_date)
    return next((one for one in ordered if one.by_date >= day), ordered[-1] if ordered else None)


def plan_board(user: Any, *, as_of: datetime.date) -> tuple[ThemeBoard, ...]:
    """The seven themes with their actions. Three queries, whatever there is."""
    rows = plan_rows(user, as_of=as_of)
    targets = targets_by_theme()
    by_theme: dict[int, list[ActionRow]] = {}
    for row in rows:
        by_theme.setdefault(row.theme_pk, []).append(row)
    return tuple(
        ThemeBoard(
            pk=theme.pk,
            key=theme.key,
            code=theme.code,
            name=theme.name,
            description=theme.description,
            targets=targets.get(theme.pk, ()),
            target=target_on(targets.get(theme.pk, ()), as_of),
            actions=tuple(by_theme.get(theme.pk, ())),
        )
        for theme in Theme.objects.all()
    )


def principles_on(day: datetime.date) -> tuple[Principle, ...]:
    """The principles of the Charter in force on the day; none before the first. One query."""
    versions = CharterVersion.objects.in_force_on(day)
    return tuple(Principle.objects.filter(charter_version__in=versions).order_by("number"))


@dataclass(frozen=True)
class UpdateView:
    """One update. `reason` is "" for whoever reads only what is public."""

    pk: int
    quarter: Quarter
    narrative: str
    status: Status | None
    state: str
    state_label: str
    reason: str
    is_public: bool
    submitted_at: datetime.datetime | None
    submitted_by: str
    decided_at: datetime.datetime | None
    decided_by: str
    version: int


@dataclass(frozen=True)
class Step:
    """A milestone. `is_late`: not reached although its day has passed."""

    pk: int
    title: str
    due: datetime.date
    done_on: datetime.date | None
    is_late: bool
    version: int


@dataclass(frozen=True)
class Neighbour:
    """An action that this one waits for, or that waits for it."""

    pk: int
    reference: str
    title: str
    status: Status


@dataclass(frozen=True)
class ActionDetail:
    """One action with its steps, updates and neighbours, as the person may read it."""

    row: ActionRow
    description: str
    source: str
    metric_key: str
    updates: tuple[UpdateView, ...]
    steps: tuple[Step, ...]
    waits_for: tuple[Neighbour, ...]
    waited_for_by: tuple[Neighbour, ...]


def action_detail(action: Any, user: Any, *, as_of: datetime.date) -> ActionDetail:
    """Of a row of `visible_actions`. Four queries."""
    names = can(user, "view_plan")
    row = action_row(action, as_of=as_of, names=names)
    seen = Action.objects.visible_to(user)
    updates = ActionUpdate.objects.visible_to(user).filter(action=action)
    return ActionDetail(
        row=row,
        description=action.description,
        source=action.source,
        metric_key=action.metric_key if names else "",
        updates=tuple(_update_view(update, names) for update in updates),
        steps=tuple(
            Step(
                step.pk,
                step.title,
                step.due,
                step.done_on,
                step.done_on is None and step.due < as_of and not row.status.is_over,
                step.version,
            )
            for step in Milestone.objects.filter(action=action)
        ),
        waits_for=_neighbours(seen.filter(waited_for_by=action.pk)),
        waited_for_by=_neighbours(seen.filter(waits_for=action.pk)),
    )


def _neighbours(rows: QuerySet[Action]) -> tuple[Neighbour, ...]:
    found = rows.order_by("reference").values_list("pk", "reference", "title", "status")
    return tuple(Neighbour(pk, ref, title, Status(status)) for pk, ref, title, status in found)


def _update_view(update: ActionUpdate, names: bool) -> UpdateView:
    return UpdateView(
        pk=update.pk,
        quarter=update.period,
        narrative=update.narrative,
        status=Status(update.status) if update.status else None,
        state=update.state,
        state_label=update.get_state_display(),
        reason=update.reason if names else "",
        is_public=update.is_public,
        submitted_at=update.submitted_at,
        submitted_by=update.submitted_by_name if names else "",
        decided_at=update.decided_at,
        decided_by=update.decided_by_name if names else "",
        version=update.version,
    )


def updates_waiting(user: Any) -> QuerySet[ActionUpdate]:
    """Submitted and not decided yet, the oldest first."""
    return (
        ActionUpdate.objects.visible_to(user)
        .filter(state=ActionUpdate.State.SUBMITTED)
        .select_related("action__theme", "action__lead_organisation")
        .order_by("submitted_at", "pk")
    )
