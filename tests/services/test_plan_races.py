"""Two at once about the Action Plan, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from action_plan.mailings.update_links import SALT
from action_plan.models import Action, ActionUpdate, UpdateLink
from action_plan.services.actions import change_action, create_action
from action_plan.services.update_links import (
    LinkRefused,
    answer_link,
    ask_for_updates,
    send_update_links,
)
from action_plan.services.updates import approve_update, send_back_update
from tests.factories_plan import make_action, make_theme, make_update
from trafford_sv.core.one_time_links import token_of
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def failures(results: list[Any]) -> list[Any]:
    return [each for each in results if isinstance(each, Exception)]


def waiting(one: Action, other: Action) -> Callable[[], Any]:
    def work() -> Any:
        return change_action(
            action=one, changes={"waits_for": [other]}, expected_version=1,
            by=None, now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip

    return work


def test_two_halves_of_a_loop_at_once_leave_one(on_servers):
    one, other = make_action(), make_action()
    results = at_once(waiting(one, other), waiting(other, one))
    (refused,) = failures(results)
    assert isinstance(refused, ValidationError) and "for ever" in str(refused)
    assert one.waits_for.count() + other.waits_for.count() == 1


def test_two_new_actions_at_once_have_two_references(on_servers):
    theme = make_theme()

    def work() -> Any:
        return create_action(
            values={"theme": theme, "title": "Ask"},
            by=None, now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip

    results = at_once(work, work)
    assert failures(results) == []
    assert {each.reference for each in results} == {"GO-01", "GO-02"}


def test_an_update_is_approved_or_sent_back_but_not_both(on_servers):
    update = make_update(make_action(), str(Quarter.of(timezone.localdate()).previous))

    def approving() -> Any:
        return approve_update(
            update=update, is_public=True, expected_version=1,
            by=None, now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip

    def sending_back() -> Any:
        return send_back_update(
            update=update, reason="Why?", expected_version=1, by=None, now=timezone.now()
        )

    results = at_once(approving, sending_back)
    (refused,) = failures(results)
    assert isinstance(refused, Collision)
    assert ActionUpdate.objects.get(pk=update.pk).version == 2


def test_two_clicks_on_one_link_send_one_update(on_servers):
    make_action(lead_email="lead@example.org")
    quarter = Quarter.of(timezone.localdate()).previous
    ask_for_updates(quarter=quarter, by=None, now=timezone.now(), today=timezone.localdate())
    token = token_of(UpdateLink.objects.get().link_seed, salt=SALT)

    def answering() -> Any:
        return answer_link(
            token=token, narrative="Six hubs.", status="on_track", name="Lead",
            expected_version=None, by=None, now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip

    results = at_once(answering, answering)
    (refused,) = failures(results)
    assert isinstance(refused, LinkRefused) and refused.state == "used"
    assert ActionUpdate.objects.count() == 1


def test_two_workers_send_one_mail(on_servers, mailoutbox):
    make_action(lead_email="lead@example.org")
    quarter = Quarter.of(timezone.localdate()).previous
    ask_for_updates(quarter=quarter, by=None, now=timezone.now(), today=timezone.localdate())

    def sending() -> Any:
        return send_update_links(by=None, now=timezone.now())

    results = at_once(sending, sending)
    assert failures(results) == []
    assert sum(each.sent for each in results) == 1
    assert len(mailoutbox) == 1
