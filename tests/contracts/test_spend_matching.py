"""Who a payee may be is proposed with reasons; people decide; decisions are remembered."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Payee, PayeeProposal, SpendExclusion, SpendSource
from contracts.payee_matching import PROPOSE_FROM, Candidate, best_matches, is_withheld, score
from contracts.services.spend.decisions import (
    create_organisation_for,
    decide_again,
    mark_unlocatable,
    match_payee,
    reject_proposal,
)
from contracts.services.spend.exclusions import change_exclusion, load_exclusions, record_exclusion
from contracts.services.spend.proposals import propose_for_new_payees
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision
from trafford_sv.directory.models import Organisation

from .test_spend_import import as_csv, bring_in, line

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


# --- scoring ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payee", "name", "least"),
    [
        ("IMAGINARY HOMES LIMITED", "Imaginary Homes Ltd", "0.95"),
        ("Imaginary Homes", "Imaginary Homes Ltd", "0.89"),
        ("Invented Transport Partners of Sale", "Invented Transport Partners of Sale and Stretford Limited", "0.92"),
        ("Imaginary Homess Ltd", "Imaginary Homes Ltd", "0.80"),
        ("Homes Imaginary", "Imaginary Homes Ltd", "0.60"),
    ],
)  # fmt: skip
def test_likeness(payee: str, name: str, least: str) -> None:
    match = score(payee, Candidate((name,)))
    assert match.score >= Decimal(least) and match.reasons and match.name == name


@pytest.mark.parametrize(
    ("payee", "name"),
    [
        ("Imaginary Homes Ltd", "Fictional Roads Ltd"),
        ("Delta Care Ltd", "Omega Care Ltd"),
        ("Redacted", "Redhill Acted Ltd"),
    ],
)
def test_unlike_names_are_not_proposed(payee: str, name: str) -> None:
    assert score(payee, Candidate((name,))).score < PROPOSE_FROM


def test_a_shared_vat_number_supports_and_never_decides() -> None:
    group = Candidate(("Fictional Roads Ltd",), vat_numbers=frozenset({"GB 1".replace(" ", "")}))
    alone = score("Imaginary Homes Ltd", group, vat_number="1")
    assert alone.score < PROPOSE_FROM and any("VAT" in reason for reason in alone.reasons)


def test_a_company_and_a_partnership_of_one_name_are_warned_about() -> None:
    match = score("Imaginary Homes Ltd", Candidate(("Imaginary Homes LLP",)))
    assert any("two bodies" in reason for reason in match.reasons)
    assert match.score < score("Imaginary Homes Ltd", Candidate(("Imaginary Homes Ltd",))).score


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_score_is_a_score(payee: str, name: str) -> None:
    assert 0 <= score(payee, Candidate((name,))).score < 1


def test_best_first_and_no_more_than_asked() -> None:
    found = best_matches(
        "Imaginary Homes Ltd",
        [(1, Candidate(("Imaginary Home Ltd",))), (2, Candidate(("Imaginary Homes Limited",))), (3, Candidate(("Roads",)))],
    )  # fmt: skip
    assert [key for key, _ in found] == [2, 1]


def test_withheld_names() -> None:
    assert is_withheld("Redacted") and is_withheld("REDACTED PERSONAL DATA")
    assert not is_withheld("Reddit Limited")


# --- decisions ----------------------------------------------------------------------------


@pytest.fixture
def supplier(db: None) -> Organisation:
    """Won 180,000 pounds; was paid 1.12 million in the year under another spelling."""
    return make_organisation("Imaginary Domestic Abuse Service Limited", locality="trafford")


@pytest.fixture
def payee(supplier: Organisation) -> Payee:
    lines = [
        line("Imaginary Domestic Abuse Svc (IDAS)", "32015.00", transaction=str(n))
        for n in range(35)
    ]
    bring_in(as_csv(lines))
    return Payee.objects.get()


def test_a_different_spelling_is_proposed_with_a_score(
    payee: Payee, supplier: Organisation
) -> None:
    # 35 payments of 32,015.00 are 1,120,525.00 for an award of 180,000.
    proposal = payee.proposals.get()
    assert proposal.organisation == supplier and proposal.score >= PROPOSE_FROM
    assert "alike" in proposal.reasons[0]
    assert payee.state == Payee.State.UNDECIDED and payee.organisation is None


def test_accepted_remembered_and_taken_back(payee: Payee, supplier: Organisation) -> None:
    user = make_user()
    match_payee(payee=payee, organisation=supplier, expected_version=1, by=user, now=NOW)
    payee.refresh_from_db()
    assert (payee.state, payee.organisation) == (Payee.State.MATCHED, supplier)
    assert payee.history.count() == 1 and payee.proposals.get().state == "accepted"
    # A later file spells it otherwise: proposed with the reason, not matched silently.
    bring_in(as_csv([line("IMAGINARY DOMESTIC ABUSE SVC (IDAS)", day="2025-08-01")]))
    other = Payee.objects.exclude(pk=payee.pk).get()
    assert other.state == Payee.State.UNDECIDED
    assert other.proposals.get().organisation == supplier and other.proposals.get().score > Decimal(
        "0.9"
    )
    decide_again(payee=payee, expected_version=2, by=user, now=NOW)
    payee.refresh_from_db()
    assert payee.state == Payee.State.UNDECIDED and payee.proposals.get().state == "proposed"


def test_rejected_is_not_proposed_again(payee: Payee) -> None:
    reject_proposal(proposal=payee.proposals.get(), by=make_user(), now=NOW)
    propose_for_new_payees(source=payee.source, everyone=True)
    assert PayeeProposal.objects.get().state == "rejected"


def test_only_what_the_payee_is_now_counts_as_accepted(
    payee: Payee, supplier: Organisation
) -> None:
    user, other = make_user(), make_organisation("Imaginary Refuge")
    match_payee(payee=payee, organisation=supplier, expected_version=1, by=user, now=NOW)
    with pytest.raises(ValidationError):
        reject_proposal(proposal=payee.proposals.get(), by=user, now=NOW)
    match_payee(payee=payee, organisation=other, expected_version=2, by=user, now=NOW)
    assert payee.proposals.get().state == "proposed"
    match_payee(payee=payee, organisation=supplier, expected_version=3, by=user, now=NOW)
    mark_unlocatable(payee=payee, expected_version=4, by=user, now=NOW)
    assert payee.proposals.get().state == "proposed"


def test_a_supplier_that_a_later_contracts_file_brings_is_proposed(
    db: None, tmp_path: Path
) -> None:
    bring_in(as_csv([line("Imaginary Domestic Abuse Svc (IDAS)")]))
    assert not PayeeProposal.objects.exists()
    register = tmp_path / "register.csv"
    register.write_text(
        "Reference,Title,Supplier\nR1,Refuge,Imaginary Domestic Abuse Service Limited\n"
    )
    call_command("import_contracts", str(register), "--format", "csv")
    assert PayeeProposal.objects.get().payee.name == "Imaginary Domestic Abuse Svc (IDAS)"


def test_two_people_at_once(payee: Payee, supplier: Organisation) -> None:
    mark_unlocatable(payee=payee, expected_version=1, by=make_user(), now=NOW)
    with pytest.raises(Collision):
        match_payee(payee=payee, organisation=supplier, expected_version=1, by=make_user(), now=NOW)


def test_a_payee_becomes_a_new_organisation(payee: Payee) -> None:
    create_organisation_for(
        payee=payee, values={"name": "Imaginary Refuge", "postcode": ""}, stated_locality="greater_manchester",
        expected_version=1, by=make_user(), now=NOW,
    )  # fmt: skip
    payee.refresh_from_db()
    assert payee.organisation is not None and payee.organisation.locality == "greater_manchester"


def test_a_withheld_name_is_nobody(supplier: Organisation) -> None:
    bring_in(as_csv([line("Redacted")]))
    redacted = Payee.objects.get(name="Redacted")
    with pytest.raises(ValidationError):
        match_payee(
            payee=redacted, organisation=supplier, expected_version=1, by=make_user(), now=NOW
        )


# --- exclusions ---------------------------------------------------------------------------


def test_an_exclusion_takes_effect_at_once_and_lets_go(payee: Payee) -> None:
    user = make_user()
    values = {
        "name": "IMAGINARY domestic abuse svc (IDAS)", "why": "other", "reason": "A test", "is_active": True,
        "reviewed_on": datetime.date(2026, 11, 1), "reviewed_by_name": "A role",
    }  # fmt: skip
    exclusion = record_exclusion(values=values, by=user, now=NOW)
    payee.refresh_from_db()
    assert payee.exclusion == exclusion
    with pytest.raises(ValidationError):
        record_exclusion(values=values, by=user, now=NOW)
    change_exclusion(
        exclusion=exclusion, changes={"is_active": False}, expected_version=1, by=user, now=NOW
    )
    payee.refresh_from_db()
    assert payee.exclusion is None
    assert AuditEvent.objects.filter(verb__contains="contestable").count() >= 2


@pytest.mark.django_db
def test_the_reviewed_list_loads_twice_without_change_and_reaches_payees() -> None:
    first = load_exclusions(NOW, False)
    assert first.created and load_exclusions(NOW, False).created == 0
    assert not SpendExclusion.objects.filter(reason="").exists()
    bring_in(as_csv([line("Hmrc Cumbernauld"), line("Redacted"), line()]))
    assert set(Payee.objects.filter(exclusion__isnull=False).values_list("name", flat=True)) == {
        "Hmrc Cumbernauld"
    }


# --- pages --------------------------------------------------------------------------------


def test_deciding_by_buttons_with_undo(payee: Payee, supplier: Organisation, client: Any) -> None:
    client.force_login(make_user())
    page = client.get("/spend/unknown/?year=2025-26")
    assert supplier.name in page.content.decode()
    answer = client.post(
        f"/spend/payees/{payee.pk}/decide/",
        {"action": "match", "organisation": supplier.pk, "version": 1, "next": "/spend/unknown/?year=2025-26"},
    )  # fmt: skip
    assert answer.url == f"/spend/unknown/?year=2025-26&undo={payee.pk}"
    assert "Undo" in client.get(answer.url).content.decode()
    client.post(f"/spend/payees/{payee.pk}/decide/", {"action": "again", "version": 2})
    payee.refresh_from_db()
    assert payee.state == Payee.State.UNDECIDED
    stale = client.post(
        f"/spend/payees/{payee.pk}/decide/",
        {"action": "unlocatable", "version": 1, "next": "https://elsewhere.example/"},
    )
    assert stale.url == f"/spend/payees/{payee.pk}/"
    payee.refresh_from_db()
    assert payee.state == Payee.State.UNDECIDED


@pytest.mark.parametrize("role", ["auditor", "steering_member"])
def test_readers_see_no_buttons_and_cannot_decide(role: str, payee: Payee, client: Any) -> None:
    client.force_login(make_user(role))
    assert "decide/" not in client.get(f"/spend/payees/{payee.pk}/").content.decode()
    assert client.post(f"/spend/payees/{payee.pk}/decide/", {"action": "again"}).status_code == 403


@pytest.mark.parametrize("role", ["contract_manager", "supplier", "hub"])
def test_a_limited_role_reads_no_spend_at_all(role: str, payee: Payee, client: Any) -> None:
    client.force_login(make_user(role, make_organisation()))
    for address in (
        "",
        "payments/?format=csv",
        "payees/",
        f"payees/{payee.pk}/",
        "unknown/",
        "matches/",
    ):
        assert client.get(f"/spend/{address}").status_code == 403


def test_payments_export_every_row_behind_a_figure(payee: Payee, client: Any) -> None:
    client.force_login(make_user())
    answer = client.get("/spend/payments/?year=2025-26-Q1&place=unknown&format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 36
    assert SpendSource.objects.get().name in text


def test_an_empty_work_list_does_not_claim_that_all_is_placed(db: None, client: Any) -> None:
    client.force_login(make_user())
    page = client.get("/spend/unknown/").content.decode()
    assert "No spending has been imported yet" in page
