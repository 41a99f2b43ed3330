"""What changed since a moment: read from the history, in a constant number of queries."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from action_plan.models import Action
from action_plan.selectors.changes import changes_since
from action_plan.services.actions import (
    add_milestone,
    change_action,
    change_milestone,
    create_action,
)
from action_plan.services.updates import approve_update, write_update
from tests.factories import make_organisation, make_user
from tests.factories_plan import make_theme
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db


def at(day, month=7):
    return datetime.datetime(2026, month, day, 10, 0, tzinfo=datetime.UTC)


def create(day, **values):
    wanted = {"theme": make_theme(), "title": "Ask the hubs", "status": "on_track", **values}
    return create_action(values=wanted, by=None, now=at(day), today=at(day).date())


def change(action, day, **changes):
    return change_action(
        action=action,
        changes=changes,
        expected_version=Action.objects.get(pk=action.pk).version,
        by=None,
        now=at(day),
        today=at(day).date(),
    )


def since(day, until=28, user=None):
    return changes_since(user or make_user("steering_member"), at(day), at(until))


def test_what_is_compared_is_the_first_state_and_the_last():
    action = create(1)
    change(action, 5, status="at_risk", title="Ask all hubs")
    change(action, 6, title="Ask the hubs", due=datetime.date(2026, 12, 31))
    (one,) = since(2).actions
    assert (one.kind, one.status_before, one.status, one.has_moved) == (
        "changed", "on_track", "at_risk", True,
    )  # fmt: skip
    # The title went and came back: no change.
    assert [(f.label, f.before, f.after) for f in one.fields] == [
        ("Status", "On track", "At risk"),
        ("Due", "Not recorded", "31 December 2026"),
    ]
    # Between the two changes only the first had happened.
    (one,) = since(2, until=5).actions
    assert [f.label for f in one.fields] == ["Status", "Title"]
    assert since(6).actions == ()


def test_new_completed_and_cancelled_actions_are_told_apart():
    old, other = create(1, title="Old"), create(1, title="Other")
    create(5, title="New")
    change(old, 6, status="complete")
    change(other, 6, status="cancelled")
    found = since(2)
    assert {one.title: one.kind for one in found.actions} == {
        "Old": "completed", "Other": "cancelled", "New": "added",
    }  # fmt: skip
    assert [one.title for one in found.of_kind("added")] == ["New"]
    assert {one.title for one in found.moved} == {"Old", "Other"}


def test_milestones_and_updates_are_among_the_changes():
    action = create(1)
    step = add_milestone(
        action=action, title="Survey", due=datetime.date(2026, 7, 20),
        by=None, now=at(1), today=at(1).date(),
    )  # fmt: skip
    moved = change_milestone(
        milestone=step, changes={"due": datetime.date(2026, 8, 1)}, expected_version=1,
        by=None, now=at(3), today=at(3).date(),
    )  # fmt: skip
    (one,) = since(2).actions
    assert [(m.kind, m.due_before) for m in one.milestones] == [
        ("moved", datetime.date(2026, 7, 20))
    ]
    change_milestone(
        milestone=moved, changes={"done_on": at(4).date()}, expected_version=2,
        by=None, now=at(4), today=at(4).date(),
    )  # fmt: skip
    update = write_update(
        action=action, quarter=Quarter.parse("2026-27 Q1"), narrative="Six hubs.",
        status="on_track", submit=True, by="The lead", now=at(5), today=at(5).date(),
    )  # fmt: skip
    (one,) = since(3).actions
    assert [m.kind for m in one.milestones] == ["reached"]
    assert [(u.state, u.submitted_by) for u in one.updates] == [("submitted", "The lead")]
    approve_update(
        update=update, is_public=True, expected_version=update.version,
        by=None, now=at(8), today=at(8).date(),
    )  # fmt: skip
    (one,) = since(5).actions
    assert [u.state for u in one.updates] == ["approved"]


def test_strangers_hear_nothing_of_names_or_of_what_was_not_public():
    visible, secret = create(1), create(1, title="Secret", is_public=False)
    change(visible, 3, lead_name="Invented Person", lead_email="lead@example.org")
    change(secret, 3, status="at_risk")
    assert since(2, user=AnonymousUser()).actions == ()
    assert len(since(2).actions) == 2
    # Made public later: new to everybody, without what it was before.
    change(secret, 6, is_public=True, title="Open now")
    (one,) = since(2, user=AnonymousUser()).actions
    assert (one.kind, one.title, one.fields) == ("added", "Open now", ())
    member = make_user("steering_member")
    public = changes_since(member, at(2), at(28), public_only=True)
    assert [one.title for one in public.actions] == ["Open now"]


def test_the_number_of_queries_does_not_grow():
    member = make_user("steering_member")

    def count():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            changes_since(member, at(2), at(28))
        return len(captured)

    def one_more(number):
        action = create(1, lead_organisation=make_organisation(f"Invented {number}", "partner"))
        change(action, 3, lead_organisation=make_organisation(f"Other {number}", "partner"))
        add_milestone(
            action=action, title="Step", due=at(9).date(), by=None, now=at(3), today=at(3).date()
        )
        write_update(
            action=action, quarter=Quarter.parse("2026-27 Q1"), narrative="Done.",
            status="on_track", submit=True, by="The lead", now=at(5), today=at(5).date(),
        )  # fmt: skip

    changes_since(member, at(2), at(28))  # the person's grants are read once
    one_more(1)
    few = count()
    for number in range(2, 9):
        one_more(number)
    assert count() == few <= 11
