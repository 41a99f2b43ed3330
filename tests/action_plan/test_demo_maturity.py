"""The demo's assessments are invented and say so, load once, and leave the baseline alone."""

from __future__ import annotations

import datetime
import io

import pytest
from django.core.management import call_command

from action_plan.demo_maturity import load_maturity, remove_maturity
from action_plan.models import Assessment, CriterionAction, Score, ThemeResult, covered_criteria
from action_plan.selectors.maturity import awaiting_agreement, standing
from action_plan.stages import Stage
from tests.factories import make_user
from tests.factories_maturity import NOW

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 30)


@pytest.fixture
def loaded() -> None:
    names = ["themes of the Action Plan", "starting actions", "maturity index", "maturity baseline"]
    only = [part for name in names for part in ("--only", name)]
    call_command("load_reference", *only, stdout=io.StringIO())
    load()


def load():
    roles = ("steering_member", "star_officer", "steering_chair", "coordinator")
    people = {role: make_user(role) for role in roles}
    return load_maturity(people, by=None, now=NOW, today=TODAY)


def test_a_second_load_changes_nothing(loaded):
    before = (Assessment.objects.count(), Score.objects.count(), CriterionAction.objects.count())
    assert load().created == 0
    after = (Assessment.objects.count(), Score.objects.count(), CriterionAction.objects.count())
    assert after == before


def test_every_stage_of_the_demo_is_marked_and_the_baseline_has_none(loaded):
    assert not ThemeResult.objects.filter(assessment__is_demo=False).exists()
    assert all("nvented" in row.name for row in Assessment.objects.filter(is_demo=True))
    assert all("nvented" in reasons for reasons in Score.objects.values_list("reasons", flat=True))
    baseline = Assessment.objects.get(is_demo=False)
    assert (baseline.is_of_record, baseline.results.count()) == (True, 0)


def test_three_years_are_agreed_and_each_agreed_stage_keeps_the_rule(loaded):
    found = standing(as_of=TODAY)
    days = [look.assessment.assessed_on for look in found.staged]
    assert len(days) == 3
    assert (days[-1] - days[0]).days > 700
    for look in found.staged:
        for criterion in covered_criteria(look.assessment):
            if criterion.rank <= look.stages[criterion.theme_id].rank:
                assert criterion.has_evidence or criterion.has_reason, criterion


def test_some_moves_wait_for_agreement_and_some_of_these_are_blocked(loaded):
    waiting = awaiting_agreement(found=standing(as_of=TODAY))
    assert {bool(row.blocked) for row in waiting} == {True, False}
    assert all(Stage(row.result.stage) is Stage.MATURE for row in waiting)


def test_it_goes_without_a_trace_and_the_baseline_stays(loaded):
    assert remove_maturity() == 5
    assert Assessment.objects.get().is_of_record
    assert not Score.objects.exists()
    assert not CriterionAction.objects.exists()
    assert not ThemeResult.history.exists()
