"""What is changed by the hundred is in the audit log and in each record's history too."""

from __future__ import annotations

import datetime
import io
import json
from decimal import Decimal

import pytest

from contracts.models import Contract, Payee, SpendSource
from contracts.services.contracts import change_award, record_award
from contracts.services.spend.exclusions import (
    change_exclusion,
    load_exclusions,
    record_exclusion,
)
from tests.contracts.test_import_contracts import release
from tests.factories import make_contract, make_organisation, make_user, make_ward
from trafford_sv.core.models import AuditEvent, User
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services import imports
from trafford_sv.core.services.audit import verify_chain

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


@pytest.fixture
def officer() -> User:
    return make_user()


def bring_in(found: object, by: User) -> None:
    text = json.dumps({"releases": [found]}).encode()
    run = imports.upload_file(
        kind="contracts-ocds", file=io.BytesIO(text), name="releases.json", by=by, now=NOW
    )
    run = imports.plan_run(run=imports.queue_planning(run=run, by=by, now=NOW), by=by, now=NOW)
    imports.apply_run(run=run, only_valid=False, by=by, now=NOW)


def test_an_organisation_that_a_file_makes_a_supplier(officer: User) -> None:
    charity = make_organisation("Invented Care Ltd", "voluntary")
    charity.identifiers.create(scheme="GB-COH", value="01234567")
    bring_in(release(), officer)
    charity.refresh_from_db()
    assert set(charity.kinds.values_list("kind", flat=True)) == {"voluntary", "supplier"}
    event = AuditEvent.objects.get(verb="organisations called suppliers")
    assert (event.actor_name, event.subject_id) == ("An officer", str(charity.pk))
    assert event.after["organisations"] == {str(charity.pk): "Invented Care Ltd"}
    entry = history_of(charity).entries[0]
    assert (entry.who, entry.kind, entry.reason) == (
        "An officer",
        "changed",
        "Imported from releases.json",
    )
    assert verify_chain().broken == ()


def test_an_organisation_that_an_award_makes_a_supplier(officer: User) -> None:
    hub = make_organisation("Invented Hub", "hub")
    supplier = make_organisation("Invented Supplies")
    award = record_award(
        contract=make_contract(reference="T-1"),
        values={"suppliers": [hub, supplier], "status": "active"},
        by=officer,
        now=NOW,
    )
    version = hub.version
    hub.refresh_from_db()
    assert hub.version == version + 1  # a form that was opened before must not take it away
    assert history_of(hub).entries[0].reason == "Named on an award of T-1"
    event = AuditEvent.objects.get(verb="organisations called suppliers")
    assert event.after["organisations"] == {str(hub.pk): "Invented Hub"}
    change_award(award=award, changes={"suppliers": [hub]}, expected_version=1, by=officer, now=NOW)
    assert AuditEvent.objects.filter(verb="organisations called suppliers").count() == 1


def test_payees_that_move_with_the_list(officer: User) -> None:
    source = SpendSource.objects.create(name="Trafford Council", is_own_council=True)
    fund, fund_ltd, other = (
        Payee.objects.create(source=source, name=name, key=key)
        for name, key in (
            ("Invented Fund", "invented fund"),
            ("INVENTED FUND LTD", "invented fund"),
            ("Other", "other"),
        )
    )
    exclusion = record_exclusion(
        values={
            "name": "Invented Fund",
            "why": "pension",
            "reason": "Set by law",
            "reviewed_on": datetime.date(2026, 5, 3),
            "reviewed_by_name": "Co-ordinator",
        },
        by=officer,
        now=NOW,
    )
    for payee in (fund, fund_ltd):
        entry = history_of(payee).entries[0]
        assert (entry.who, entry.reason) == ("An officer", "Not contestable: Invented Fund")
        assert [change.after for change in entry.changes] == ["Invented Fund"]
    assert len(history_of(other).entries) == 1
    change_exclusion(
        exclusion=exclusion, changes={"is_active": False}, expected_version=1, by=officer, now=NOW
    )
    assert [change.before for change in history_of(fund).entries[0].changes] == ["Invented Fund"]
    events = AuditEvent.objects.filter(verb="payees moved in or out of contestable spend")
    assert [event.after["payees"] for event in events] == [2, 2]


def test_payees_that_move_with_the_list_that_comes_with_the_product() -> None:
    source = SpendSource.objects.create(name="Trafford Council", is_own_council=True)
    load_exclusions(NOW, False)
    assert not AuditEvent.objects.filter(verb__startswith="payees moved").exists()
    exclusion = Payee.exclusion.field.related_model.objects.first()
    exclusion.delete()
    payee = Payee.objects.create(source=source, name=exclusion.name, key=exclusion.key)
    load_exclusions(NOW, False)
    payee.refresh_from_db()
    assert payee.exclusion.key == exclusion.key
    assert history_of(payee).entries[0].reason == "Not contestable: the reviewed list"
    event = AuditEvent.objects.get(verb__startswith="payees moved")
    assert (event.subject_name, event.after) == ("The reviewed list", {"payees": 1})


def test_wards_stay_in_the_history_of_a_contract_that_a_file_changes(officer: User) -> None:
    bring_in(release(), officer)
    contract = Contract.objects.get()
    ward = make_ward(name="Sale Moor")
    contract.wards.set([ward])
    changed = release(date="2024-09-01T00:00:00Z", tender__title="Care in their homes")
    changed["awards"][0]["value"]["amount"] = 5000
    bring_in(changed, officer)
    contract.refresh_from_db()
    assert contract.title == "Care in their homes"
    assert contract.awards.get().value_pounds == Decimal("5000")
    row = contract.history.order_by("-history_id").first()
    assert (row.history_user, row.history_change_reason) == (officer, "Imported from releases.json")
    assert [kept.area for kept in row.wards.all()] == [ward]
    older = contract.history.order_by("-history_id")[1]
    assert row.diff_against(older).changed_fields == ["title"]
