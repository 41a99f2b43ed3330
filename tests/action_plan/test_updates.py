"""Quarterly updates: draft, submitted, approved or sent back; a closed quarter refuses."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError

from action_plan.models import Action, ActionUpdate
from action_plan.services.updates import approve_update, send_back_update, write_update
from tests.factories import make_user
from tests.factories_plan import make_action, make_update
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 7, 6, 10, 0, tzinfo=datetime.UTC)
TODAY = datetime.date(2026, 7, 6)
Q1 = Quarter.parse("2026-27 Q1")


def write(action, quarter=Q1, **values):
    wanted = {
        "narrative": "Done.", "status": "at_risk", "submit": True, "by": "The lead", **values,
    }  # fmt: skip
    return write_update(action=action, quarter=quarter, now=NOW, today=TODAY, **wanted)


def approve(update, **values):
    return approve_update(
        update=update,
        **{
            "is_public": True,
            "expected_version": update.version,
            "by": make_user(),
            "now": NOW,
            "today": TODAY,
            **values,
        },
    )


def words(call, *args, **values):
    with pytest.raises(ValidationError) as error:
        call(*args, **values)
    return " ".join(error.value.messages)


def test_an_update_is_drafted_submitted_and_approved_and_the_action_stands_as_it_says():
    action = make_action()
    draft = write(action, submit=False, narrative="")
    assert (draft.state, draft.submitted_at) == ("draft", None)
    sent = write(action, expected_version=draft.version)
    assert (sent.state, sent.submitted_by_name) == ("submitted", "The lead")
    assert Action.objects.get(pk=action.pk).status == "on_track"
    assert approve(sent).state == "approved"
    assert Action.objects.get(pk=action.pk).status == "at_risk"


def test_what_is_sent_back_says_why_and_can_be_written_again():
    action = make_action()
    sent = write(action)
    values = {"update": sent, "expected_version": sent.version, "by": None, "now": NOW}
    assert "what is missing" in words(send_back_update, reason=" ", **values)
    back = send_back_update(reason="How many hubs?", **values)
    assert (back.state, back.reason) == ("sent_back", "How many hubs?")
    again = write(action, narrative="Six hubs.", expected_version=back.version)
    assert (again.state, again.reason) == ("submitted", "")


def test_an_update_that_is_sent_or_approved_stays_as_it_is():
    action = make_action()
    sent = write(action)
    assert "waits for approval" in words(write, action, expected_version=sent.version)
    approved = approve(sent)
    assert "stays as it is" in words(write, action, expected_version=approved.version)
    assert "not waiting" in words(approve, approved)


def test_a_lost_race_is_a_collision():
    action = make_action()
    draft = write(action, submit=False)
    with pytest.raises(Collision):
        write(action)  # opened when there was none yet
    sent = write(action, expected_version=draft.version)
    with pytest.raises(Collision):
        approve(sent, expected_version=1)


def test_a_closed_quarter_refuses_writing_approving_and_sending_back():
    action, other = make_action(), make_action()
    sent = write(action)
    close_quarter(quarter=Q1, by=None, now=NOW)
    assert "was closed on 6 July 2026" in words(write, other)
    assert "was closed on 6 July 2026" in words(approve, sent)
    values = {"update": sent, "expected_version": sent.version, "by": None, "now": NOW}
    assert "was closed" in words(send_back_update, reason="Why?", **values)
    assert ActionUpdate.objects.get().state == "submitted"
    assert write(other, quarter=Q1.next).state == "submitted"


def test_a_quarter_that_has_not_begun_and_a_cancelled_action_take_no_update():
    assert "has not begun" in words(write, make_action(), quarter=Q1.next.next)
    assert "cancelled" in words(write, make_action(status="cancelled"))


def test_an_older_quarters_update_does_not_turn_the_action_back():
    action = make_action(status="on_track")
    approve(write(action, status="off_track"))
    late = write(action, quarter=Q1.previous, status="complete")
    approve(late)
    assert Action.objects.get(pk=action.pk).status == "off_track"


def test_an_approved_completion_is_dated_in_its_quarter():
    action = make_action()
    approve(write(action, status="complete"))
    assert Action.objects.get(pk=action.pk).completed_on == datetime.date(2026, 6, 30)


def test_nothing_is_submitted_without_words_or_with_an_unknown_status():
    action = make_action()
    assert "what happened" in words(write, action, narrative="  ")
    assert "how the action stands" in words(write, action, status="great")
    assert not ActionUpdate.objects.exists()


def test_strangers_read_approved_updates_of_public_actions_only():
    public, private = make_action(), make_action(is_public=False)
    make_update(public, state="approved", narrative="Open")
    make_update(public, "2026-27 Q2", state="approved", is_public=False, narrative="Kept back")
    make_update(public, "2026-27 Q3", narrative="Waiting")
    make_update(private, state="approved", narrative="Private")
    seen = lambda user: {row.narrative for row in ActionUpdate.objects.visible_to(user)}  # noqa: E731
    assert seen(make_user("")) == {"Open"}
    assert len(seen(make_user("steering_chair"))) == 4
