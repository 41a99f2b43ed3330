"""The plan by theme over ever more actions and updates: the same queries, and time against SQL.

By hand is one statement that gives every action with its latest quarter, its milestones counted
and whether an update is owed, and a bare join of the pieces into text.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from io import StringIO

from django.core.management import call_command
from django.db import connection

from action_plan.models import Action, ActionUpdate, Milestone, Theme
from action_plan.progress import expected_quarter
from action_plan.shortest_set import shortest_set
from trafford_sv.core.periods import Quarter

from . import rows
from .base import TODAY, Result, by_turns, number_of_queries, opened, settled, signed_in

SIZES = ((50, 500), (500, 5_000))
_PLAN = """
select t.name, a.reference, a.title, a.status, a.due,
       (select max(u.financial_year * 4 + u.quarter - 1) from action_plan_actionupdate u
        where u.action_id = a.id and u.state in ('submitted', 'approved')) as latest,
       (select count(*) from action_plan_milestone m where m.action_id = a.id) as steps,
       (select count(*) from action_plan_milestone m
        where m.action_id = a.id and m.done_on is not null) as done
from action_plan_action a
join action_plan_theme t on t.id = a.theme_id
order by t.position, a.due, a.reference
"""


def by_hand() -> None:
    expected = expected_quarter(TODAY)
    owed = expected.start_year * 4 + expected.number - 1
    with connection.cursor() as cursor:
        cursor.execute(_PLAN)
        "".join(
            f"<tr><td>{name}</td><td>{reference} {title}</td><td>{status}</td><td>{due}</td>"
            f"<td>{latest is None or latest < owed}</td><td>{done} of {steps}</td></tr>"
            for name, reference, title, status, due, latest, steps, done in cursor.fetchall()
        )


def fill(actions: int, updates: int) -> None:
    """Up to these many in all, spread over the themes and the quarters up to now."""
    themes = list(Theme.objects.all())
    start = Action.objects.count()
    Action.objects.bulk_create(
        Action(
            reference=f"{themes[number % 7].code}-{number + 1000}",
            theme=themes[number % 7],
            title=f"Invented action {number}",
            starts=TODAY - datetime.timedelta(days=900),
            due=TODAY + datetime.timedelta(days=number % 700 - 200),
            status=("on_track", "at_risk", "off_track", "not_started")[number % 4],
            created_at=datetime.datetime.now(datetime.UTC),
        )
        for number in range(start, actions)
    )
    made = list(Action.objects.order_by("pk"))
    Milestone.objects.bulk_create(
        Milestone(action=action, title=f"Step {step}", due=action.due)
        for action in made[start:]
        for step in range(3)
        if action.due
    )
    each = updates // actions
    quarter, quarters = Quarter.of(TODAY), []
    for _ in range(each):
        quarters.append(quarter)
        quarter = quarter.previous
    ActionUpdate.objects.bulk_create(
        (
            ActionUpdate(
                action=action,
                financial_year=quarter.start_year,
                quarter=quarter.number,
                narrative="Invented words about a quarter. " * 5,
                status="on_track",
                state="approved",
            )
            for action in made[start:]
            for quarter in quarters
        ),
        batch_size=500,
    )


# As many as a plan of seven themes and five stages may have; a quarter of them serve several themes.
CRITERIA = range(100)
SERVES = {
    number: {(number * 13 + step * 7 + number % 7) % 100 for step in range(number % 4)}
    | ({(number * 31) % 100} if number % 4 == 0 else set())
    for number in range(200)
}


def shortest() -> None:
    shortest_set(CRITERIA, SERVES)


def greedy() -> None:
    """By hand: always the action that serves most of what is left; not always the fewest."""
    left = set(CRITERIA)
    while left:
        best = max(SERVES, key=lambda number: (len(SERVES[number] & left), -number))
        if not SERVES[best] & left:
            break
        left -= SERVES[best]


def measure(rounds: int) -> Iterator[Result]:
    client = signed_in(rows.reference())
    call_command("load_reference", only=["themes of the Action Plan"], stdout=StringIO())
    for address, name in (("/action-plan/", "Plan"), ("/action-plan/actions/", "List")):
        page: Callable[[], bytes] = opened(client, address)
        for actions, updates in SIZES:
            fill(actions, updates)
            settled()
            turns = max(5, rounds * 50 // actions)
            ours, theirs, ratio = by_turns(page, by_hand, rounds=turns)
            yield Result(
                f"{name}, {actions:,} actions, {updates:,} updates",
                ours,
                theirs,
                ratio,
                queries=number_of_queries(page),
            )
    yield Result(
        "Fewest actions to the next stage, 100 criteria, 200 actions",
        *by_turns(shortest, greedy, rounds=max(5, rounds // 2)),
    )
