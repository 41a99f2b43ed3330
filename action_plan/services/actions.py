"""Recording and changing actions, their milestones, and what a theme should come to."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, create_record, update_record

from ..dependencies import find_loop, loop_words
from ..models import Action, DesiredOutcome, Milestone, Theme
from ..progress import Status
from ..selectors.leads import may_lead

MOST_DEPENDENCIES = 20
REFERENCE = re.compile(r"[A-Z]{1,4}-[0-9]{1,5}", re.ASCII)
EARLIEST, LATEST = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
TEXTS = {
    "title": 200,
    "description": 10_000,
    "lead_name": 200,
    "lead_email": 254,
    "metric_key": 80,
    "source": 200,
}


def create_action(
    *,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    reason: str = "",
) -> Action:
    """`values` by field; `waits_for` holds actions; without a `reference` the next one is given.

    Raises ValidationError with sentences by field.
    """
    with transaction.atomic():
        themes = _hold_plan()
        wanted = {"reference": "", "status": Status.NOT_STARTED, "waits_for": [], **values}
        theme = wanted.get("theme")
        wanted["reference"] = (wanted["reference"] or "").strip()
        if theme is not None and not wanted["reference"]:
            wanted["reference"] = next_reference(themes[theme.pk])
        settled = _settled(None, wanted, today)
        settled["created_at"] = now
        return create_record(
            model=Action, values=settled, by=by, now=now, reason=reason, verb="action recorded"
        )


def change_action(
    *,
    action: Action,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    reason: str = "",
) -> Action:
    """Raises Collision or ValidationError with sentences by field."""
    with transaction.atomic():
        _hold_plan()
        stored = Action.objects.select_for_update().get(pk=action.pk)
        if stored.version != expected_version:
            raise Collision(stored, changes)
        return update_record(
            record=stored,
            changes=_settled(stored, changes, today),
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="action changed",
        )


def next_reference(theme: Theme) -> str:
    """The theme's code and the number after its highest: GO-07. Call it while holding the plan."""
    taken = Action.objects.filter(reference__startswith=f"{theme.code}-")
    numbers = [
        int(reference.rpartition("-")[2])
        for reference in taken.values_list("reference", flat=True)
        if reference.rpartition("-")[2].isascii() and reference.rpartition("-")[2].isdigit()
    ]
    return f"{theme.code}-{max(numbers, default=0) + 1:02d}"


def _hold_plan() -> dict[int, Theme]:
    """Until the transaction ends nobody else numbers an action or makes one wait for another."""
    return {theme.pk: theme for theme in Theme.objects.select_for_update().order_by("pk")}


def _settled(stored: Action | None, changes: Mapping[str, Any], today: datetime.date) -> Any:
    """The changes with what follows from them. Raises ValidationError."""
    wanted = dict(changes)

    def after(name: str, default: Any = None) -> Any:
        if name in wanted:
            return wanted[name]
        return getattr(stored, name) if stored is not None else default

    found: dict[str, list[str]] = defaultdict(list)
    for name, longest in TEXTS.items():
        if isinstance(wanted.get(name), str):
            wanted[name] = tidy_text(wanted[name], lines=name == "description")
            if len(wanted[name]) > longest:
                found[name].append(f"Use {longest:,} characters at most.")
    if stored is None and wanted["reference"] and not REFERENCE.fullmatch(wanted["reference"]):
        found["reference"].append(
            "Write the reference as capital letters, a dash and a number: GO-07."
        )
    if after("theme") is None:
        found["theme"].append("Choose the theme.")
    if not after("title"):
        found["title"].append("Enter what is to be done, in a few words.")
    _settle_status(stored, wanted, today)
    facts = {name: after(name) for name in ("starts", "due", "completed_on")}
    for name, sentences in field_problems(facts, today).items():
        found[name] += sentences
    _settle_lead(stored, wanted, found, today)
    if "waits_for" in wanted:
        _settle_dependencies(stored, wanted, found, after("reference", ""))
    if found:
        raise ValidationError(dict(found))
    return wanted


def field_problems(values: Mapping[str, Any], today: datetime.date) -> dict[str, list[str]]:
    """Sentences by field about dates and the lead's address, where they are among `values`."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in ("starts", "due", "completed_on"):
        day = values.get(name)
        if day and not EARLIEST <= day <= LATEST:
            found[name].append(f"{_day(day)} is too far away to be right. Check the year.")
    starts, due, completed_on = (values.get(name) for name in ("starts", "due", "completed_on"))
    if starts and due and due < starts:
        found["due"].append(
            f"It is due on {_day(due)}, before its start on {_day(starts)}. Change one of the two."
        )
    if completed_on and completed_on > today:
        found["completed_on"].append(
            f"{_day(completed_on)} lies ahead. Give the day on which it was completed."
        )
    if values.get("lead_email"):
        try:
            validate_email(values["lead_email"])
        except ValidationError:
            found["lead_email"].append("Enter an e-mail address like name@example.org.")
    return dict(found)


def tidy_text(text: str, *, lines: bool = False) -> str:
    """Trimmed and without control characters, which neither a file nor a calendar can carry.
    `lines` keeps line ends, as \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())
    kept = ("".join(c for c in line if c.isprintable() or c == "\t") for line in text.split("\n"))
    return "\n".join(line.rstrip() for line in kept).strip()


def _settle_lead(
    stored: Action | None,
    wanted: dict[str, Any],
    found: dict[str, list[str]],
    today: datetime.date,
) -> None:
    lead = wanted.get("lead")
    if lead is None or (stored is not None and stored.lead_id == lead.pk):
        return
    if not lead.is_active:
        found["lead"].append(
            f"{lead}’s account is closed, so nobody would answer. Choose somebody else."
        )
    elif not may_lead(lead, today):
        found["lead"].append(
            f"{lead} has no role in this product any more, so nobody would answer. Choose somebody "
            "else, or give them a role first."
        )
    elif not wanted.get("lead_name"):
        wanted["lead_name"] = str(lead)


def _settle_status(stored: Action | None, wanted: dict[str, Any], today: datetime.date) -> None:
    """Complete says when, and nothing else does."""
    status = wanted.get("status", stored.status if stored else Status.NOT_STARTED)
    given = wanted.get("completed_on", stored.completed_on if stored else None)
    wanted["completed_on"] = (given or today) if status == Status.COMPLETE else None


def _settle_dependencies(
    stored: Action | None,
    wanted: dict[str, Any],
    found: dict[str, list[str]],
    reference: str,
) -> None:
    needed = list(wanted["waits_for"])
    wanted["waits_for"] = needed
    wanted["waits_for_references"] = ", ".join(sorted(item.reference for item in needed))
    if len(needed) > MOST_DEPENDENCIES:
        found["waits_for"].append(
            f"An action can wait for {MOST_DEPENDENCIES} others at most. Choose those that matter."
        )
        return
    if stored is None:
        return  # nothing can wait for it yet
    loop = loop_of(stored.pk, [item.pk for item in needed])
    if loop:
        names = dict(Action.objects.filter(pk__in=loop).values_list("pk", "reference"))
        found["waits_for"].append(
            f"These would wait for one another for ever: {loop_words([names[pk] for pk in loop])}. "
            "Take one of them out."
        )


def loop_of(action_pk: int, needed: Iterable[int]) -> tuple[int, ...]:
    """The loop that would arise if the action waited for these; () where there is none."""
    edges: dict[int, set[int]] = defaultdict(set)
    through = Action.waits_for.through
    for one, two in through._default_manager.values_list("from_action_id", "to_action_id"):
        edges[one].add(two)
    edges[action_pk] = set(needed)
    return find_loop(edges, action_pk)


# --- milestones ---------------------------------------------------------------------------


def add_milestone(
    *,
    action: Action,
    title: str,
    due: datetime.date | None,
    done_on: datetime.date | None = None,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Milestone:
    """Raises ValidationError with sentences by field."""
    values = {"title": tidy_text(title), "due": due, "done_on": done_on}
    _refuse_milestone(values, today)
    return create_record(
        model=Milestone,
        values={"action": action, **values},
        by=by,
        now=now,
        verb="milestone recorded",
    )


def change_milestone(
    *,
    milestone: Milestone,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Milestone:
    """Title, due, and the day it was reached. Raises Collision or ValidationError."""
    wanted = dict(changes)
    if "title" in wanted:
        wanted["title"] = tidy_text(wanted["title"] or "")
    _refuse_milestone(
        {name: wanted.get(name, getattr(milestone, name)) for name in ("title", "due", "done_on")},
        today,
    )
    return update_record(
        record=milestone,
        changes=wanted,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="milestone changed",
    )


def remove_milestone(
    *, milestone: Milestone, expected_version: int, by: Any, now: datetime.datetime
) -> None:
    """Its history stays. Raises Collision."""
    with transaction.atomic():
        stored = Milestone.objects.select_for_update().filter(pk=milestone.pk).first()
        if stored is None:
            return
        if stored.version != expected_version:
            raise Collision(stored, {})
        record_event(
            by=by,
            now=now,
            verb="milestone removed",
            subject=stored,
            before={"action": stored.action, "title": stored.title, "due": stored.due},
        )
        stored._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
        stored._history_date = now  # type: ignore[attr-defined]
        stored.delete()


def set_milestones(
    *,
    action: Action,
    steps: Iterable[tuple[datetime.date, datetime.date | None, str]],
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> None:
    """(due, reached on, title) of each: those of the same title change, others come and go.

    Raises ValidationError, and Collision where somebody changes one at the same time.
    """
    with transaction.atomic():
        stored = {step.title: step for step in Milestone.objects.filter(action=action)}
        wanted = {title: (due, done_on) for due, done_on, title in steps}
        for title, step in stored.items():
            if title not in wanted:
                remove_milestone(milestone=step, expected_version=step.version, by=by, now=now)
        for title, (due, done_on) in wanted.items():
            step_or_none = stored.get(title)
            if step_or_none is None:
                add_milestone(
                    action=action,
                    title=title,
                    due=due,
                    done_on=done_on,
                    by=by,
                    now=now,
                    today=today,
                )
            elif (step_or_none.due, step_or_none.done_on) != (due, done_on):
                change_milestone(
                    milestone=step_or_none,
                    changes={"due": due, "done_on": done_on},
                    expected_version=step_or_none.version,
                    by=by,
                    now=now,
                    today=today,
                )


def _refuse_milestone(values: Mapping[str, Any], today: datetime.date) -> None:
    found: dict[str, list[str]] = {}
    if not values["title"]:
        found["title"] = ["Enter what will be there, in a few words."]
    if not values["due"]:
        found["due"] = ["Give the day by which it should be there."]
    elif not EARLIEST <= values["due"] <= LATEST:
        found["due"] = [f"{_day(values['due'])} is too far away to be right. Check the year."]
    if values["done_on"] and values["done_on"] > today:
        found["done_on"] = [
            f"{_day(values['done_on'])} lies ahead. Give the day on which it was reached."
        ]
    if found:
        raise ValidationError(found)


# --- desired outcomes ---------------------------------------------------------------------


def set_desired_outcome(
    *,
    theme: Theme,
    words: str,
    target_stage: str,
    by_date: datetime.date | None,
    by: Any,
    now: datetime.datetime,
    is_demo: bool = False,
) -> DesiredOutcome:
    """One more target of a theme. Raises ValidationError with sentences by field."""
    return create_record(
        model=DesiredOutcome,
        values={
            "theme": theme,
            "words": tidy_text(words, lines=True),
            "target_stage": target_stage,
            "by_date": by_date,
            "is_demo": is_demo,
        },
        by=by,
        now=now,
        verb="desired outcome recorded",
    )


def change_desired_outcome(
    *,
    outcome: DesiredOutcome,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> DesiredOutcome:
    """Raises Collision or ValidationError."""
    return update_record(
        record=outcome,
        changes=changes,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="desired outcome changed",
    )


def _day(day: datetime.date) -> str:
    return f"{day.day} {day:%B} {day.year}"
