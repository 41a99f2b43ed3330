"""The demo's plan: twenty living actions with two years of updates, invented and removable."""

from __future__ import annotations

import datetime

import pytest

from action_plan.demo_plan import load_plan, remove_plan
from action_plan.models import Action, ActionUpdate, DesiredOutcome, Milestone
from action_plan.selectors.plan import count_plan, plan_board
from action_plan.services.actions import change_action
from action_plan.services.reference import load_starting_actions, load_themes
from tests.factories import make_user
from trafford_sv.directory.demo import load_directory

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
TODAY = NOW.date()


def test_the_demos_plan_lives_and_goes_without_a_trace():
    load_themes(NOW, False)
    load_starting_actions(NOW, False)
    directory = load_directory(by=None, now=NOW)
    made = load_plan(directory, by=None, now=NOW, today=TODAY)
    assert made.created > 100
    demo = Action.objects.filter(is_demo=True)
    assert demo.count() == 20 and DesiredOutcome.objects.count() == 7
    assert all(action.lead_organisation.is_demo for action in demo)
    assert all("(invented)" in action.lead_name for action in demo)
    counts = count_plan(
        row for theme in plan_board(make_user(), as_of=TODAY) for row in theme.actions
    )
    # Something of everything, so that every page has something to show.
    assert min(counts.by_status[s] for s in ("not_started", "on_track", "at_risk", "complete")) > 0
    assert counts.stale > 0 and counts.overdue > 0
    states = set(ActionUpdate.objects.values_list("state", flat=True))
    assert states == {"approved", "submitted", "sent_back"}
    quarters = {update.period for update in ActionUpdate.objects.all()}
    assert len(quarters) >= 8
    # The report's own actions are as the report leaves them.
    assert not ActionUpdate.objects.filter(action__is_demo=False).exists()
    again = load_plan(directory, by=None, now=NOW, today=TODAY)
    assert (again.created, again.unchanged) == (0, 20)

    real = Action.objects.get(reference="GO-01")
    needed = demo.first()
    change_action(
        action=real, changes={"waits_for": [needed]}, expected_version=real.version,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    remove_plan()
    assert set(Action.objects.values_list("is_demo", flat=True)) == {False}
    assert Action.objects.count() == 7 and not Milestone.objects.exists()
    assert Action.objects.get(reference="GO-01").waits_for_references == ""
    assert not Action.history.filter(is_demo=True).exists()
    assert not DesiredOutcome.objects.exists()
