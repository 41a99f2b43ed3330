"""Every page that edits a record refuses to write over what somebody else saved meanwhile."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from action_plan.models import DesiredOutcome
from contracts.models import LocalPriorityYear, Payee, SpendExclusion, SpendSource, SpendUnit
from reporting.models import CommitteePaper, MeasureSet, StarMeasure
from tests.access_table import TABLE
from tests.action_plan import stale_maturity
from tests.action_plan.edits_steering import EDITS as STEERING_EDITS
from tests.charter.rows import make_adoption, make_case_study, make_pledge, make_version
from tests.factories import (
    make_award,
    make_contract,
    make_organisation,
    make_threshold,
    make_user,
)
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_rating,
    make_recovery,
    make_return,
    make_tender,
)
from tests.factories_needs import make_hub, make_need, make_priority, make_round
from tests.factories_offers import make_clause, make_fit, make_spare
from tests.factories_plan import make_action, make_milestone, make_theme, make_update
from tests.reporting.edits_mailings import EDITS as MAILING_EDITS
from trafford_sv.core.collisions import posted_as
from trafford_sv.core.models import AuditEvent

pytestmark = pytest.mark.django_db


@dataclass
class Edit:
    """An address that edits `record`; what a browser posts; the answer to a stale version."""

    record: Any
    address: str
    role: str = "coordinator"
    post: Callable[[Client], dict[str, Any]] | None = None
    status: int = 409
    organisation: Any = None


def source() -> SpendSource:
    return SpendSource.objects.get_or_create(name="Trafford Council", is_own_council=True)[0]


def contract() -> Edit:
    record = make_contract()
    return Edit(record, reverse("contract-edit", args=[record.pk]))


def award() -> Edit:
    record = make_award(make_contract(), value="5", awarded_on=datetime.date(2026, 5, 3))
    return Edit(record, reverse("award-edit", args=[record.pk]))


def threshold() -> Edit:
    record = make_threshold()
    return Edit(record, reverse("threshold-edit", args=[record.pk]), "administrator")


def organisation() -> Edit:
    record = make_organisation("Invented Greens")
    record.identifiers.create(scheme="GB-COH", value="01234567")
    return Edit(record, reverse("organisation-edit", args=[record.pk]))


def person() -> Edit:
    record = make_user("")
    return Edit(record, reverse("person-edit", args=[record.pk]), "administrator")


def exclusion() -> Edit:
    record = SpendExclusion.objects.create(
        key="invented fund",
        name="Invented Fund",
        why="pension",
        reason="Set by law",
        reviewed_on=datetime.date(2026, 5, 3),
        reviewed_by_name="Co-ordinator",
    )
    return Edit(record, reverse("spend-exclusion-edit", args=[record.pk]))


def unit() -> Edit:
    record = SpendUnit.objects.create(source=source(), name="Parks")
    directorate = make_organisation("Directorate of Parks", "council_service")

    def post(client: Client) -> dict[str, Any]:
        assert 'name="version" value="1"' in client.get(reverse("spend-units")).text
        return {"version": "1", "directorate": directorate.pk}

    return Edit(record, reverse("spend-unit-link", args=[record.pk]), post=post)


def payee() -> Edit:
    record = Payee.objects.create(source=source(), name="Invented Ltd", key="invented")
    return Edit(
        record,
        reverse("payee-decide", args=[record.pk]),
        post=lambda client: {"version": "1", "action": "unlocatable"},
        status=302,  # back to the payee, with a sentence
    )


def successor_linked() -> Edit:
    first, record = make_contract(), make_contract()
    address = reverse("successor-link", args=[first.pk])

    def post(client: Client) -> dict[str, Any]:
        assert f'name="version-{record.pk}" value="1"' in client.get(address).text
        return {"successor": record.pk, f"version-{record.pk}": "1"}

    return Edit(record, address, post=post)


def successor_unlinked() -> Edit:
    first = make_contract()
    record = make_contract(predecessor=first)
    address = reverse("successor-unlink", args=[first.pk, record.pk])

    def post(client: Client) -> dict[str, Any]:
        assert 'name="version" value="1"' in client.get(address).text
        return {"version": "1"}

    return Edit(record, address, post=post)


def recovery() -> Edit:
    manager = make_user("coordinator")
    commitment = make_commitment()
    commitment.contract.manager = manager
    commitment.contract.save()
    record = make_recovery(commitment, owner=manager, owner_name=str(manager))
    return Edit(record, reverse("recovery-edit", args=[record.pk]))


def recovery_closed() -> Edit:
    record = make_recovery(make_commitment())

    def post(client: Client) -> dict[str, Any]:
        return {**PLAIN_VERSION, "state": "done", "outcome": "Back on its way"}

    return Edit(record, reverse("recovery-close", args=[record.pk]), post=post)


def rating_agreed() -> Edit:
    commitment = make_commitment()
    record = make_rating(
        commitment.contract, commitment.supplier, state="replied", reply="So be it"
    )

    def post(client: Client) -> dict[str, Any]:
        return {**PLAIN_VERSION, "agreed_code": "1", "agreed_reason": ""}

    return Edit(record, reverse("rating-agree", args=[record.pk]), post=post)


PLAIN_VERSION = {"version": "1"}


def tender() -> Edit:
    record = make_tender(state="draft", closes_at=None)
    return Edit(record, reverse("tender-edit", args=[record.contract_id]))


def tender_measures() -> Edit:
    record = make_tender(state="draft", closes_at=None)
    asked = record.requested.get().measure_id

    def post(client: Client) -> dict[str, Any]:
        address = reverse("tender-measures", args=[record.contract_id])
        assert 'name="version" value="1"' in client.get(address).text
        return {"version": "1", "measures": asked}

    return Edit(record, reverse("tender-measures", args=[record.contract_id]), post=post)


def bid() -> Edit:
    closes_at = datetime.datetime(2090, 5, 3, 12, tzinfo=datetime.UTC)
    record = make_bid(make_tender(closes_at=closes_at), state="draft")
    address = reverse("supplier-bid-edit", args=[record.pk])
    return Edit(record, address, organisation=record.organisation, role="supplier")


def measure_edition() -> Edit:
    record = make_edition()
    return Edit(record, reverse("measure-edition-edit", args=[record.key]))


def priority_year() -> Edit:
    record = LocalPriorityYear.objects.create(financial_year=2027, edition=make_edition())
    return Edit(record, reverse("priority-year-edit", args=[record.pk]))


def priority_weights() -> Edit:
    measure = make_measure()
    record = LocalPriorityYear.objects.create(financial_year=2027, edition=measure.edition)
    return Edit(
        record,
        reverse("priority-weights-edit", args=[record.pk]),
        post=lambda client: {"version": "1", f"weight_{measure.pk}": "2"},
    )


def commitment() -> Edit:
    record = make_commitment(agreed=False)
    return Edit(record, reverse("commitment-edit", args=[record.pk]))


def commitment_thread() -> Edit:
    record = make_commitment()
    return Edit(record, reverse("commitment-thread-edit", args=[record.pk]))


def commitment_profile() -> Edit:
    record = make_commitment(agreed=False)
    return Edit(record, reverse("commitment-profile", args=[record.pk]))


def agreement() -> Edit:
    record = make_contract(kind="grant")
    return Edit(record, reverse("agreement-edit", args=[record.pk]))


def return_line() -> Edit:
    commitment = make_commitment()
    record = make_line(
        make_return(commitment.contract, commitment.supplier, state="draft"), commitment, None
    )
    address = reverse("supplier-line-edit", args=[record.pk])
    return Edit(record, address, role="supplier", organisation=commitment.supplier)


def whole_return() -> Edit:
    """The return's own page: its narrative, where a colleague has changed it meanwhile."""
    commitment = make_commitment()
    record = make_return(commitment.contract, commitment.supplier, state="draft")
    address = reverse("supplier-return", args=[record.pk])

    def post(client: Client) -> dict[str, Any]:
        return shown(client, address) | {"narrative": ["From me"]}

    return Edit(record, address, role="supplier", post=post, organisation=commitment.supplier)


def return_taken_back() -> Edit:
    commitment = make_commitment()
    record = make_return(commitment.contract, commitment.supplier)
    make_line(record, commitment)
    return Edit(
        record,
        reverse("supplier-return-take-back", args=[record.pk]),
        role="supplier",
        post=lambda client: {"version": "1"},
        organisation=commitment.supplier,
    )


def star_measure() -> Edit:
    record = StarMeasure.objects.create(
        key="verified", name="Verified", words="What was proven.", unit="pounds",
        numerator="social_value", numerator_basis="verified",
    )  # fmt: skip
    return Edit(record, reverse("star-measure-edit", args=[record.key]))


def committee_paper() -> Edit:
    record = CommitteePaper.objects.create(financial_year=2025, quarter=4, title="Social value")
    return Edit(record, reverse("committee-paper-edit", args=[record.period.code]))


def measure_set() -> Edit:
    record = MeasureSet.objects.create(name="Next year", starts=datetime.date(2027, 4, 1))
    return Edit(record, reverse("measure-set-edit", args=[record.pk]))


def clause() -> Edit:
    record = make_clause()
    return Edit(record, reverse("clause-edit", args=[record.pk]))


def clause_settled() -> Edit:
    record = make_clause()
    return Edit(record, reverse("clause-settle", args=[record.pk]))


def spare() -> Edit:
    record = make_spare()
    return Edit(
        record,
        reverse("spare-edit", args=[record.pk]),
        role="supplier",
        organisation=record.supplier,
    )


def priority_fit() -> Edit:
    record = make_fit()
    return Edit(record, reverse("priority-fit-edit", args=[record.pk]))


def action() -> Edit:
    record = make_action()
    return Edit(record, reverse("action-edit", args=[record.pk]))


def milestone() -> Edit:
    record = make_milestone(make_action())
    return Edit(record, reverse("milestone-edit", args=[record.pk]))


def target() -> Edit:
    record = DesiredOutcome.objects.create(
        theme=make_theme(), words="W", target_stage="leader", by_date=datetime.date(2030, 3, 31)
    )
    return Edit(record, reverse("target-edit", args=[record.pk]))


def update_decided() -> Edit:
    record = make_update(make_action())
    return Edit(
        record,
        reverse("update-decide", args=[record.pk]),
        post=lambda client: {"version": "1", "decision": "approve"},
    )


def charter_draft() -> Edit:
    make_version()
    record = make_version(2, draft=True)
    return Edit(record, reverse("charter-draft-edit", args=[2]))


def charter_decision() -> Edit:
    record = make_version()
    address = reverse("charter-approval-correct", args=[1])
    return Edit(record, address, post=lambda client: shown(client, address) | {"reason": "Minute"})


def charter_part(kind: str) -> Callable[[], Edit]:
    def edit() -> Edit:
        principle = make_version(2, draft=True).principles.get()
        area = principle.focus_areas.get()
        record = {"principle": principle, "area": area, "initiative": area.initiatives.get()}[kind]
        return Edit(record, reverse(f"charter-{kind}-edit", args=[record.pk]))

    return edit


def adoption() -> Edit:
    record = make_adoption()
    return Edit(record, reverse("adoption-edit", args=[record.pk]))


def adoption_withdrawn() -> Edit:
    record = make_adoption()
    address = reverse("adoption-withdraw", args=[record.pk])
    return Edit(record, address, post=lambda client: shown(client, address) | {"reason": "Closed"})


def pledge() -> Edit:
    record = make_pledge()
    return Edit(record, reverse("pledge-edit", args=[record.pk]))


def pledge_reported() -> Edit:
    record = make_pledge()
    address = reverse("pledge-report", args=[record.pk])
    return Edit(record, address, post=lambda client: shown(client, address) | {"words": "Done"})


def case_study() -> Edit:
    record = make_case_study()
    return Edit(record, reverse("case-study-edit", args=[record.key]))


def need() -> Edit:
    record = make_need(quantity="40")
    return Edit(record, reverse("need-edit", args=[record.pk]))


def hubs_own_need() -> Edit:
    hub = make_hub()
    record = make_need(hub=hub.organisation)
    address = reverse("hub-need-edit", args=[record.pk])
    return Edit(record, address, role="hub", organisation=hub.organisation)


def need_withdrawn() -> Edit:
    record = make_need()

    def post(client: Client) -> dict[str, Any]:
        return {**PLAIN_VERSION, "reason": "No longer wanted"}

    return Edit(record, reverse("need-withdraw", args=[record.pk]), post=post)


def priority_of_communities() -> Edit:
    record = make_priority()
    return Edit(record, reverse("priority-edit", args=[record.pk]))


def hub_with_its_wards() -> Edit:
    record = make_hub()
    return Edit(record, reverse("hub-edit", args=[record.pk]))


def consultation_round() -> Edit:
    record = make_round(state="draft")
    return Edit(record, reverse("round-edit", args=[record.pk]))


def consultation_round_published() -> Edit:
    record = make_round(state="closed")

    def post(client: Client) -> dict[str, Any]:
        return {**PLAIN_VERSION, "heard": "What we heard"}

    return Edit(record, reverse("round-publish", args=[record.pk]), post=post)


EDITS: dict[str, Callable[[], Edit]] = {
    "clause-edit": clause,
    "clause-settle": clause_settled,
    "spare-edit": spare,
    "priority-fit-edit": priority_fit,
    "charter-draft-edit": charter_draft,
    "charter-approval-correct": charter_decision,
    "charter-principle-edit": charter_part("principle"),
    "charter-area-edit": charter_part("area"),
    "charter-initiative-edit": charter_part("initiative"),
    "adoption-edit": adoption,
    "adoption-withdraw": adoption_withdrawn,
    "pledge-edit": pledge,
    "pledge-report": pledge_reported,
    "case-study-edit": case_study,
    "need-edit": need,
    "hub-need-edit": hubs_own_need,
    "need-withdraw": need_withdrawn,
    "priority-edit": priority_of_communities,
    "hub-edit": hub_with_its_wards,
    "round-edit": consultation_round,
    "round-publish": consultation_round_published,
    "star-measure-edit": star_measure,
    "measure-set-edit": measure_set,
    "committee-paper-edit": committee_paper,
    "action-edit": action,
    "milestone-edit": milestone,
    "target-edit": target,
    "update-decide": update_decided,
    **stale_maturity.EDITS,
    "supplier-line-edit": return_line,
    "supplier-return": whole_return,
    "supplier-return-take-back": return_taken_back,
    "measure-edition-edit": measure_edition,
    "priority-year-edit": priority_year,
    "priority-weights-edit": priority_weights,
    "commitment-edit": commitment,
    "commitment-profile": commitment_profile,
    "commitment-thread-edit": commitment_thread,
    "agreement-edit": agreement,
    "recovery-edit": recovery,
    "recovery-close": recovery_closed,
    "rating-agree": rating_agreed,
    "contract-edit": contract,
    "award-edit": award,
    "threshold-edit": threshold,
    "organisation-edit": organisation,
    "person-edit": person,
    "spend-exclusion-edit": exclusion,
    "spend-unit-link": unit,
    "payee-decide": payee,
    "successor-link": successor_linked,
    "successor-unlink": successor_unlinked,
    "tender-edit": tender,
    "tender-measures": tender_measures,
    "supplier-bid-edit": bid,
    **STEERING_EDITS,
    **{name: (lambda made=made: Edit(*made())) for name, made in MAILING_EDITS.items()},
}


def shown(client: Client, address: str) -> dict[str, list[str]]:
    """What a browser would post of the form on this page."""
    form = client.get(address).context["form"]
    return {name: values for field in form.fields for name, values in posted_as(form, field)}


def test_every_edit_page_is_tried() -> None:
    assert {name for name in TABLE if name.endswith("-edit")} <= set(EDITS)


@pytest.mark.parametrize("name", EDITS)
def test_a_stale_version_writes_nothing_and_is_said(client: Client, name: str) -> None:
    edit = EDITS[name]()
    client.force_login(make_user(edit.role, edit.organisation))
    values = edit.post(client) if edit.post else shown(client, edit.address)
    model = type(edit.record)
    model._default_manager.filter(pk=edit.record.pk).update(version=F("version") + 1)
    rows = model._default_manager.filter(pk=edit.record.pk)
    before = rows.values().get()
    answer = client.post(edit.address, values)
    assert answer.status_code == edit.status
    if answer.status_code == 302:
        answer = client.get(answer["Location"])
    assert "Somebody" in answer.text or "Someone else" in answer.text
    assert rows.values().get() == before
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", EDITS)
def test_the_version_shown_is_the_one_that_is_accepted(client: Client, name: str) -> None:
    edit = EDITS[name]()
    client.force_login(make_user(edit.role, edit.organisation))
    values = edit.post(client) if edit.post else shown(client, edit.address)
    assert client.post(edit.address, values).status_code == 302


def test_an_answer_without_a_version_links_nothing(client: Client) -> None:
    client.force_login(make_user())
    first, second = make_contract(), make_contract()
    answer = client.post(
        reverse("successor-link", args=[first.pk]), {"successor": second.pk, "version": "1"}
    )
    assert answer.status_code == 409
    assert f"Somebody changed {second.reference}" in answer.text


def test_who_links_a_unit_after_somebody_else_sees_both_and_chooses(client: Client) -> None:
    client.force_login(make_user())
    edit = unit()
    values = edit.post(client) if edit.post else {}
    roads = make_organisation("Directorate of Roads", "council_service")
    assert client.post(edit.address, {**values, "directorate": roads.pk}).status_code == 302
    answer = client.post(edit.address, values)
    assert answer.status_code == 409
    assert "Directorate of Roads" in answer.text and "Directorate of Parks" in answer.text
    kept = {**values, "version": "2", "keep:directorate": "mine", "stored:directorate": "{}"}
    assert client.post(edit.address, kept).status_code == 302
    edit.record.refresh_from_db()
    assert (edit.record.directorate.name, edit.record.version) == ("Directorate of Parks", 3)
