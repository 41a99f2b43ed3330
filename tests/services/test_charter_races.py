"""Two at once about the charter, on PostgreSQL: one is served, the other is told."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError

from charter.models import Adoption, CharterVersion, PledgeConfirmation, ReaffirmationReminder
from charter.services import adoptions, affirmations, drafts, pledges
from charter.services.approvals import approve_version
from tests.charter.rows import (
    NOW,
    TODAY,
    make_adoption,
    make_pledge,
    make_request,
    make_version,
)
from tests.factories import make_organisation
from trafford_sv.core.one_time_links import token_of
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def test_of_two_who_begin_a_draft_one_is_told(on_servers):
    make_version()
    found = at_once(*[lambda: drafts.start_draft(by=None, now=NOW)] * 2)
    assert CharterVersion.objects.drafts().count() == 1
    assert sum(isinstance(each, ValidationError) for each in found) == 1


def test_of_two_who_approve_one_draft_one_is_told(on_servers):
    make_version()
    draft = make_version(2, draft=True)

    def approve() -> Any:
        return approve_version(
            version=draft, approving_body="Executive", approved_on=TODAY, decision_reference="E",
            in_force_from=TODAY, expected_version=1, by=None, now=NOW, today=TODAY,
        )  # fmt: skip

    found = at_once(approve, approve)
    assert sum(isinstance(each, ValidationError | Collision) for each in found) == 1
    assert CharterVersion.objects.in_force_on(TODAY).get().pk == draft.pk


def test_of_two_officers_who_confirm_one_request_one_is_told(on_servers):
    request, organisation = make_request(), make_organisation()

    def confirm() -> Any:
        return adoptions.confirm_request(
            request=request, organisation=organisation, adopted_on=TODAY, expected_version=1,
            by=None, now=NOW, today=TODAY,
        )  # fmt: skip

    found = at_once(confirm, confirm)
    assert Adoption.objects.count() == 1
    assert sum(isinstance(each, ValidationError | Collision) for each in found) == 1


def test_two_clicks_on_one_link_answer_once(on_servers):
    pledge = make_pledge(state="reported")
    pledges.ask_beneficiary(
        pledge=pledge, organisation=make_organisation("Invented Hub", "hub"),
        email="h@example.org", expected_version=1, by=None, now=NOW,
    )  # fmt: skip
    token = token_of(PledgeConfirmation.objects.get().link_seed, salt="charter.pledge")

    def answer() -> Any:
        return pledges.answer_pledge(
            token=token, did_happen=True, quantity=None, comment="", role="manager", now=NOW,
            today=TODAY,
        )  # fmt: skip

    found = at_once(answer, answer)
    assert sum(isinstance(each, pledges.PledgeLinkRefused) for each in found) == 1


def test_two_workers_send_the_yearly_question_once(on_servers):
    make_adoption(contact_email="a@example.org", adopted_on=TODAY - datetime.timedelta(days=365))
    found = at_once(*[lambda: affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW)] * 2)
    assert sum(report.sent for report in found) == 1
    assert ReaffirmationReminder.objects.count() == 1
