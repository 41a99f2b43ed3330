"""Decisions that set something in motion: all of it or none of it, and by the Group's rules."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from action_plan.models import Action, AgendaItem, Decision, Seat, ThemeResult
from action_plan.services.decision_effects import (
    decide_action_change,
    decide_charter,
    decide_new_action,
    decide_stage,
)
from action_plan.services.maturity.moderating import propose_stage
from action_plan.stages import Stage
from charter.models import CharterVersion
from charter.selectors.versions import version_in_force
from charter.services import drafts
from charter.services.reference import load_charter
from tests.factories import make_user
from tests.factories_maturity import make_opened
from tests.factories_plan import make_action, make_theme
from tests.factories_steering import (
    at,
    hold,
    make_chair,
    make_item,
    make_meeting,
    make_rule,
    make_seat,
)

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 10, 13)
NOW = at(DAY, 16)


def item_of_a_meeting(*, quorate: bool = True) -> AgendaItem:
    chair = make_chair()
    others = [make_seat(f"Body {number}") for number in range(3)]
    make_rule("0.75", 2)
    item = make_item(make_meeting(DAY))
    hold(item.meeting, chair, *(others if quorate else []))
    return AgendaItem.objects.select_related("meeting").get(pk=item.pk)


def test_a_new_action_comes_into_the_plan_with_its_decision() -> None:
    decision = decide_new_action(
        item=item_of_a_meeting(), words="", reasons="It helps",
        values={"theme": make_theme(), "title": "Ask the hubs"}, by=None, now=NOW,
    )  # fmt: skip
    action = Action.objects.get()
    assert decision.action == action and action.source == "Steering Group, 2026-10-13"
    assert decision.words == "The plan gets a new action: Ask the hubs."


def test_without_a_quorum_nothing_of_it_happens() -> None:
    item = item_of_a_meeting(quorate=False)
    with pytest.raises(ValidationError, match="cannot decide"):
        decide_new_action(
            item=item, words="", reasons="", values={"theme": make_theme(), "title": "Ask"},
            by=None, now=NOW,
        )  # fmt: skip
    assert not Action.objects.exists() and not Decision.objects.exists()


def test_a_change_that_the_plan_refuses_leaves_no_decision() -> None:
    item = item_of_a_meeting()
    action = make_action(starts=datetime.date(2026, 6, 1))
    words = {
        "item": item,
        "action": action,
        "words": "Later",
        "reasons": "",
        "by": None,
        "now": NOW,
    }
    with pytest.raises(ValidationError):
        decide_action_change(changes={"due": datetime.date(2026, 1, 1)}, **words)
    assert not Decision.objects.exists()
    with pytest.raises(ValidationError, match="Say what changes"):
        decide_action_change(changes={}, **words)
    decision = decide_action_change(changes={"due": datetime.date(2027, 1, 1)}, **words)
    action.refresh_from_db()
    assert action.due == datetime.date(2027, 1, 1)
    assert action.history.filter(history_change_reason=f"Decision {decision.reference}").exists()


def test_a_proposed_stage_is_agreed_with_the_decisions_reference() -> None:
    item = item_of_a_meeting()
    make_theme()
    result = ThemeResult.objects.filter(assessment=make_opened()).first()
    result = propose_stage(
        result=result, stage=Stage.MINIMUM, reasons="So", expected_version=result.version, by=None,
        now=NOW,
    )  # fmt: skip
    decision = decide_stage(item=item, result=result, reasons="", by=None, now=NOW)
    result.refresh_from_db()
    assert (result.state, result.decision) == ("agreed", decision.reference)
    assert decision.theme_result == result and "Minimum" in decision.words


def test_a_draft_of_the_charter_is_approved_by_the_group() -> None:
    item = item_of_a_meeting()
    load_charter(timezone.now(), False)
    draft = drafts.start_draft(by=None, now=at(datetime.date(2026, 9, 1)))
    begins = datetime.date(2026, 11, 1)
    words = {"item": item, "version": draft, "reasons": "Two years on", "by": None, "now": NOW}
    with pytest.raises(ValidationError):
        decide_charter(in_force_from=DAY - datetime.timedelta(days=1), **words)
    assert not Decision.objects.exists()
    decision = decide_charter(in_force_from=begins, **words)
    draft = CharterVersion.objects.get(pk=draft.pk)
    assert draft.decision_reference == decision.reference and draft.approved_on == DAY
    assert version_in_force(begins).pk == draft.pk


def test_the_pages_decide_and_say_why_not(client: Client) -> None:
    item = item_of_a_meeting()
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("agenda-item-detail", args=[item.pk])).text
    for name in ("decide-new-action", "decide-action-change", "decide-stage", "decide-charter"):
        address = reverse(name, args=[item.pk])
        assert address in page
        assert "There is a problem" in client.post(address, {}).text
    theme = make_theme()
    address = reverse("decide-new-action", args=[item.pk])
    wrong = {"title": "Ask", "theme": theme.pk, "starts": "1/5/2026", "due": "1/4/2026"}
    assert "There is a problem" in client.post(address, wrong).text
    assert client.post(address, {**wrong, "due": "1/6/2026"}).status_code == 302
    assert Decision.objects.get().action.title == "Ask"
    chair = make_user("steering_chair")
    Seat.objects.filter(body="Inclusive Economy").update(user=chair)
    client.force_login(chair)
    page = client.get(reverse("agenda-item-detail", args=[item.pk])).text
    assert reverse("decide-stage", args=[item.pk]) in page and address not in page
