"""Recording and changing actions: what is refused, with which sentence, and what follows."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from action_plan.forms.plan import ActionForm
from action_plan.models import Action, Milestone, Theme
from action_plan.services.actions import (
    add_milestone,
    change_action,
    change_milestone,
    create_action,
    remove_milestone,
    set_desired_outcome,
)
from action_plan.services.reference import load_starting_actions, load_themes
from charter.services.drafts import remove_part
from tests.charter.rows import make_adoption, make_version
from tests.factories import make_organisation, make_user
from tests.factories_plan import make_action, make_milestone, make_theme
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 8, 3, 10, 0, tzinfo=datetime.UTC)
TODAY = datetime.date(2026, 8, 3)


def create(**values):
    wanted = {"theme": make_theme(), "title": "Ask the hubs", **values}
    return create_action(values=wanted, by=make_user(), now=NOW, today=TODAY)


def change(action, **changes):
    return change_action(
        action=action,
        changes=changes,
        expected_version=Action.objects.get(pk=action.pk).version,
        by=make_user(),
        now=NOW,
        today=TODAY,
    )


def refusal(call, *args, **values):
    with pytest.raises(ValidationError) as error:
        call(*args, **values)
    return error.value.message_dict


def test_actions_are_numbered_within_their_theme():
    assert create().reference == "GO-01"
    assert create().reference == "GO-02"
    assert create(theme=make_theme("PR")).reference == "PR-01"
    create(reference="GO-41")
    assert create().reference == "GO-42"
    assert AuditEvent.objects.filter(verb="action recorded").count() == 5


def test_a_reference_is_used_once_and_has_its_form():
    create(reference="GO-07")
    assert "already exists" in refusal(create, reference="GO-07")["reference"][0]
    assert "GO-07" in refusal(create, reference="=cmd()")["reference"][0]


def test_an_action_is_not_due_before_it_starts():
    said = refusal(create, starts=datetime.date(2026, 5, 3), due=datetime.date(2026, 5, 2))
    assert said["due"] == [
        "It is due on 2 May 2026, before its start on 3 May 2026. Change one of the two."
    ]
    action = create(starts=datetime.date(2026, 5, 3))
    assert "before its start" in refusal(change, action, due=datetime.date(2025, 1, 1))["due"][0]
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(due=datetime.date(2025, 1, 1))


def test_a_complete_action_says_when_and_no_other_does():
    action = create()
    assert change(action, status="complete").completed_on == TODAY
    assert change(action, status="at_risk").completed_on is None
    said = refusal(change, action, status="complete", completed_on=datetime.date(2026, 8, 4))
    assert "lies ahead" in said["completed_on"][0]


def test_somebody_whose_account_is_closed_cannot_become_the_lead():
    lead = make_user()
    action = create(lead=lead)
    assert action.lead_name == "An officer"
    assert action.lead_address == lead.email
    lead.is_active = False
    lead.save()
    assert "account is closed" in refusal(create, lead=lead)["lead"][0]
    # Who led it already may stay on it while other facts change; nobody is written to any more.
    assert change(action, title="Ask all hubs").lead == lead
    assert Action.objects.get(pk=action.pk).lead_address == ""


def test_somebody_whose_role_has_ended_cannot_become_the_lead_and_who_is_stays() -> None:
    lead = make_user("coordinator")
    action = create(lead=lead)
    lead.grants.update(ends=TODAY)
    assert "no role in this product any more" in refusal(create, lead=lead)["lead"][0]
    assert change(action, lead=lead, title="Another title").lead == lead
    form = ActionForm(today=TODAY)
    assert lead not in form.fields["lead"].queryset
    assert lead in ActionForm(instance=action, today=TODAY).fields["lead"].queryset


def test_an_adopter_may_take_the_lead_and_its_page_says_so(client: Client) -> None:
    adopter = make_organisation()
    assert adopter not in ActionForm(today=TODAY).fields["lead_organisation"].queryset
    adoption = make_adoption(organisation=adopter)
    assert adopter in ActionForm(today=TODAY).fields["lead_organisation"].queryset
    public = create(lead_organisation=adopter, title="Lend rooms to clubs")
    create(lead_organisation=adopter, title="For members alone", is_public=False)
    page = client.get(adoption.get_absolute_url()).text
    assert "Lend rooms to clubs" in page and public.get_absolute_url() in page
    assert "For members alone" not in page
    client.force_login(make_user("coordinator"))
    assert "For members alone" in client.get(adoption.get_absolute_url()).text


def test_a_principle_that_an_action_serves_is_not_removed() -> None:
    draft = make_version(2, draft=True)
    create(principle=draft.principles.first())
    with pytest.raises(ValidationError, match="an action of the plan. Move or withdraw"):
        remove_part(part=draft.principles.first(), by=None, now=NOW)


def test_actions_that_would_wait_for_one_another_are_refused_with_the_loop_named():
    one, two, three = create(), create(), create()
    assert change(one, waits_for=[two]).waits_for_references == "GO-02"
    change(two, waits_for=[three])
    said = refusal(change, three, waits_for=[one])["waits_for"][0]
    assert "GO-03 waits for GO-01, GO-01 waits for GO-02, and GO-02 waits for GO-03" in said
    assert not three.waits_for.exists()
    assert "GO-01 waits for GO-01" in refusal(change, one, waits_for=[one])["waits_for"][0]
    assert change(one, waits_for=[]).waits_for_references == ""
    assert list(change(three, waits_for=[one]).waits_for.all()) == [one]


def test_the_older_version_of_an_action_is_not_written():
    action = create()
    change(action, title="New")
    with pytest.raises(Collision):
        change_action(
            action=action, changes={"title": "Old"}, expected_version=1,
            by=None, now=NOW, today=TODAY,
        )  # fmt: skip


def test_milestones_come_change_and_go_with_their_history():
    action = create()
    said = refusal(add_milestone, action=action, title=" ", due=None, by=None, now=NOW, today=TODAY)
    assert set(said) == {"title", "due"}
    step = add_milestone(
        action=action, title="Survey out", due=TODAY, by=None, now=NOW, today=TODAY
    )
    ahead = {"done_on": datetime.date(2027, 1, 1)}
    said = refusal(
        change_milestone, milestone=step, changes=ahead, expected_version=1, by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    assert "lies ahead" in said["done_on"][0]
    reached = change_milestone(
        milestone=step, changes={"done_on": TODAY}, expected_version=1,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    with pytest.raises(Collision):
        remove_milestone(milestone=step, expected_version=1, by=None, now=NOW)
    remove_milestone(milestone=reached, expected_version=2, by=None, now=NOW)
    assert not Milestone.objects.exists()
    assert [row.history_type for row in Milestone.history.order_by("history_id")] == ["+", "~", "-"]
    twin = make_milestone(action, title="Twice")
    said = refusal(
        add_milestone, action=action, title=twin.title, due=TODAY, by=None, now=NOW, today=TODAY
    )
    assert "of that name already" in said["__all__"][0]


def test_a_theme_has_one_target_for_a_day():
    theme = make_theme()
    values = {"theme": theme, "words": "Reports say it", "by_date": TODAY, "by": None, "now": NOW}
    assert set_desired_outcome(target_stage="leader", **values).target_stage == "leader"
    said = refusal(set_desired_outcome, target_stage="mature", **values)
    assert "has a target for that day already" in said["__all__"][0]
    values["by_date"] = datetime.date(2027, 1, 1)
    assert "target_stage" in refusal(set_desired_outcome, target_stage="great", **values)


def test_the_reports_themes_and_actions_are_loaded_once_and_kept_as_officers_change_them():
    assert load_themes(NOW, True).created == 7 and not Theme.objects.exists()
    load_themes(NOW, False)
    assert [theme.name for theme in Theme.objects.all()] == [
        "Internal Management", "Engagement", "Policy and Scope", "Outcomes and Measures",
        "Commissioning", "Procurement", "Governance",
    ]  # fmt: skip
    assert load_starting_actions(NOW, True).created == 7 and not Action.objects.exists()
    load_starting_actions(NOW, False)
    group = Action.objects.get(reference="GO-02")
    assert (group.status, group.completed_on) == ("complete", datetime.date(2022, 10, 24))
    change(Action.objects.get(reference="IM-02"), title="Appoint somebody")
    assert load_themes(NOW, False) == Counts(unchanged=7)
    assert load_starting_actions(NOW, False) == Counts(unchanged=7)
    assert Action.objects.get(reference="IM-02").title == "Appoint somebody"


def test_strangers_see_public_actions_only_and_members_see_all():
    make_action(title="Open")
    make_action(title="Not yet", is_public=False)
    titles = lambda user: {row.title for row in Action.objects.visible_to(user)}  # noqa: E731
    assert titles(make_user("")) == {"Open"}
    assert titles(make_user("steering_member")) == {"Open", "Not yet"}
