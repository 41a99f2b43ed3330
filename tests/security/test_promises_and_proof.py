"""Promises and their proof under attack: whoever is not meant to gets nothing, and nothing breaks."""

from __future__ import annotations

import datetime
import zlib
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from contracts.models import Bid, Commitment, DuplicateFlag, ReturnLine, Tender
from contracts.selectors.return_detail import return_detail
from contracts.services.confirmations import ask_confirmation, send_again
from contracts.services.returns import open_return, start_activity, submit_return, withdraw_return
from contracts.services.verification import accept_line, decide_duplicate, reopen_line
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from trafford_sv.core.files.kinds import look_at
from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.core.workbooks import FileRefused
from trafford_sv.directory.models import Organisation, RoleGrant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LAST = Quarter.of(timezone.localdate()).previous
BOTH = {"declared_this_agreement": True, "declared_committed": True}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user: User) -> APIClient:
    _, token = get_token_model().objects.create(user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def also(user: User, role: str, organisation: Organisation | None = None) -> User:
    """A second role for somebody who holds one."""
    RoleGrant.objects.create(
        user=user,
        role=role,
        organisation=organisation,
        starts=datetime.date(2020, 1, 1),
        granted_by_name="A test",
    )
    return User.objects.get(pk=user.pk)


def shared_contract(*suppliers: Organisation, **values: Any) -> Any:
    return make_contract(
        awarded_on=LAST.start,
        suppliers=list(suppliers),
        start=LAST.start,
        end=LAST.start + datetime.timedelta(days=700),
        **values,
    )


def begun(commitment: Commitment) -> ReturnLine:
    row = open_return(
        contract=commitment.contract, supplier=commitment.supplier, quarter=LAST, by=None, now=NOW
    )
    return row.lines.get(commitment=commitment)


# --- bids -----------------------------------------------------------------------------------


def test_a_bidder_who_manages_contracts_elsewhere_reads_no_other_bid() -> None:
    parks, roads = (make_organisation(f"Invented {name}", "council_service") for name in "PR")
    mine, rival = make_organisation("Invented Bidder"), make_organisation("Quagga Holdings")
    contract = make_contract(directorate=roads, stage="tender", title="Invented bridges")
    tender = make_tender(contract, state=Tender.State.EVALUATING)
    make_bid(tender, mine)
    other = make_bid(tender, rival)
    Bid.objects.filter(pk=other.pk).update(method_statement="Quagga secret")
    client = signed_in(also(make_user("supplier", mine), "contract_manager", parks))
    for address in (
        reverse("tender-list"),
        reverse("tender-list") + "?format=csv",
        reverse("tender-detail", args=[contract.pk]),
        reverse("bid-detail", args=[contract.pk, other.pk]),
        reverse("bid-score", args=[contract.pk, other.pk]),
    ):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"Quagga" not in body, address
        assert b"Invented bridges" not in body, address


def licensed_bid(quantity: str = "7") -> tuple[Bid, User]:
    edition = make_edition(values_may_be_published=False)
    tender = make_tender(
        measures=[make_measure(edition, value="6543.21")],
        closes_at=NOW + datetime.timedelta(days=3),
    )
    bid = make_bid(tender, quantity=quantity, state="draft")
    return bid, make_user("supplier", bid.organisation)


def test_a_bidder_cannot_work_out_a_licensed_value_from_the_total_of_the_bid() -> None:
    # 7 x 6543.21 = 45802.47: with the quantity known, the total is the value.
    bid, bidder = licensed_bid()
    for name in ("supplier-bid", "supplier-bid-submit"):
        page = signed_in(bidder).get(reverse(name, args=[bid.pk])).content.decode()
        assert "45,802" not in page and "45.8" not in page, name
    for user in (bidder, make_user("coordinator")):
        Tender.objects.update(state=Tender.State.EVALUATING)
        Bid.objects.update(state=Bid.State.SUBMITTED)
        body = api(user).get(reverse("api-bids")).content.decode()
        assert "45802.47" not in body


def test_a_total_of_several_licensed_measures_is_read_by_officers_only() -> None:
    edition = make_edition(values_may_be_published=False)
    measures = [make_measure(edition, value=value) for value in ("6543.21", "10", "1")]
    bid = make_bid(make_tender(measures=measures, state=Tender.State.EVALUATING), quantity="7")
    total = "45879.47"  # 7 x 6543.21 + 7 x 10 + 7 x 1
    assert total in api(make_user("auditor")).get(reverse("api-bids")).content.decode()
    bidder = make_user("supplier", bid.organisation)
    assert total not in api(bidder).get(reverse("api-bids")).content.decode()
    assert (
        "45,879"
        not in signed_in(bidder).get(reverse("supplier-bid", args=[bid.pk])).content.decode()
    )


# --- returns --------------------------------------------------------------------------------


def test_completeness_counts_no_other_suppliers_return() -> None:
    mine, other = make_organisation("Invented Mine"), make_organisation("Invented Other")
    contract = shared_contract(mine, other)
    for supplier in (mine, other):
        make_commitment(contract, supplier=supplier)
    make_return(contract, other, LAST)
    client = api(make_user("supplier", mine))
    for query in ("", f"&contract={contract.pk}"):
        found = client.get(reverse("api-portfolio") + f"?period={LAST.code}{query}").json()
        assert (found["returns"]["expected"], found["returns"]["received"]) == (1, 0)
    found = client.get(reverse("api-portfolio") + f"?period={LAST.code}&supplier={other.pk}").json()
    assert (found["returns"]["expected"], found["returns"]["received"]) == (0, 0)


@pytest.mark.parametrize("share", ["1e30", "1e999990", "1e9999999", "1e-9999999", "-1e9999999"])
def test_an_absurd_share_of_an_activity_is_a_sentence(share: str) -> None:
    commitment = make_commitment(evidence_rule="")
    line = begun(commitment)
    activity = start_activity(title="Fair", happened_on=None, by=None, now=NOW)
    client = signed_in(make_user("supplier", commitment.supplier))
    for name, data in (
        ("supplier-line-share", {"code": activity.code, "share": share}),
        ("supplier-line-edit", {"attribution_share": share}),
    ):
        answer = client.post(reverse(name, args=[line.pk]), data | {"version": line.version})
        assert answer.status_code == 200, name
    assert ReturnLine.objects.get(pk=line.pk).attribution_share == 1


def test_a_quantity_whose_pounds_cannot_be_held_is_a_sentence() -> None:
    commitment = make_commitment(measure=make_measure(value="14610"), evidence_rule="")
    line = begun(commitment)
    ReturnLine.objects.filter(pk=line.pk).update(
        given_quantity=Decimal("9999999999"), warning_reason="It is right."
    )
    user = make_user("supplier", commitment.supplier)
    answer = api(user).post(
        reverse("api-return-submit", args=[line.delivery_return_id]), BOTH, format="json"
    )
    assert answer.status_code == 400, answer.content
    answer = signed_in(user).post(
        reverse("supplier-return-check", args=[line.delivery_return_id]),
        {
            "declared_this_agreement": "on",
            "declared_committed": "on",
            "fingerprint": return_detail(line.delivery_return_id, user).fingerprint,
        },
    )
    assert answer.status_code == 200
    assert "larger than this system can hold" in answer.content.decode()


def test_a_promise_whose_pounds_cannot_be_held_is_not_agreed() -> None:
    commitment = make_commitment(
        measure=make_measure(value="14610"),
        agreed=False,
        state=Commitment.State.PROPOSED,
        committed_pounds=None,
        council_accepted_at=NOW,
        council_accepted_by_name="An officer",
    )
    many = Decimal(9999999999)
    Commitment.objects.update(promised_quantity=many)
    commitment.profile.all().delete()
    commitment.profile.create(
        financial_year=LAST.start_year, quarter=LAST.number, due_quantity=many
    )
    user = make_user("supplier", commitment.supplier)
    answer = signed_in(user).post(
        reverse("supplier-commitment-accept", args=[commitment.pk]), {"version": commitment.version}
    )
    assert answer.status_code == 200
    assert "larger than this system can hold" in answer.content.decode()
    assert Commitment.objects.get(pk=commitment.pk).state == Commitment.State.PROPOSED


def submitted() -> tuple[ReturnLine, User]:
    """A line that its supplier has sent, and the person who did."""
    commitment = make_commitment(evidence_rule="")
    line = begun(commitment)
    ReturnLine.objects.filter(pk=line.pk).update(given_quantity=Decimal(40))
    sender = make_user("supplier", commitment.supplier)
    submit_return(delivery_return=line.delivery_return, by=sender, now=NOW, **BOTH)
    return ReturnLine.objects.get(pk=line.pk), sender


def test_what_an_officer_has_looked_at_is_not_taken_back() -> None:
    officer = make_user("coordinator")
    line, sender = submitted()
    accept_line(line=line, expected_version=line.version, by=officer, now=NOW)
    line.refresh_from_db()
    reopen_line(line=line, reason="Again", expected_version=line.version, by=officer, now=NOW)
    row = line.delivery_return
    row.refresh_from_db()
    with pytest.raises(ValidationError, match="begun to check"):
        withdraw_return(delivery_return=row, expected_version=row.version, by=sender, now=NOW)


def test_a_double_claim_that_was_decided_cannot_be_washed_off_by_taking_it_back() -> None:
    first, _ = submitted()
    second, sender = submitted()
    flag = DuplicateFlag.objects.create(
        first=first, second=second, kind=DuplicateFlag.Kind.SAME_EVENT, found_at=NOW
    )
    decide_duplicate(
        flag=flag, state="double", reason="The same", expected_state="open",
        by=make_user("coordinator"), now=NOW,
    )  # fmt: skip
    row = second.delivery_return
    row.refresh_from_db()
    with pytest.raises(ValidationError, match="begun to check"):
        withdraw_return(delivery_return=row, expected_version=row.version, by=sender, now=NOW)


def test_a_version_of_five_thousand_figures_is_no_error() -> None:
    line, sender = submitted()
    address = reverse("supplier-return-take-back", args=[line.delivery_return_id])
    assert signed_in(sender).post(address, {"version": "9" * 5000}).status_code == 409


# --- verification -----------------------------------------------------------------------------


def test_nobody_decides_about_their_own_suppliers_claims_in_any_way() -> None:
    line, sender = submitted()
    other, _ = submitted()
    both = also(make_user("coordinator"), "supplier", line.delivery_return.supplier)
    officer = make_user("coordinator")
    hub = make_organisation("Invented Hub", "hub")
    asked = ask_confirmation(
        line=line, organisation=hub, email="hub@example.org",
        expected_version=line.version, by=officer, now=NOW,
    )  # fmt: skip
    flag = DuplicateFlag.objects.create(
        first=line, second=other, kind=DuplicateFlag.Kind.SAME_EVENT, found_at=NOW
    )
    # A new link to one's own address would be the answer to one's own claim.
    with pytest.raises(ValidationError, match="somebody else"):
        send_again(request=asked, email="me@example.org", by=both, now=NOW)
    with pytest.raises(ValidationError, match="somebody else"):
        decide_duplicate(
            flag=flag, state="fine", reason="Fine", expected_state="open", by=both, now=NOW
        )
    for by, address in ((officer, sender.email), (officer, sender.email.upper())):
        with pytest.raises(ValidationError, match="supplier"):
            send_again(request=asked, email=address, by=by, now=NOW)
    with pytest.raises(ValidationError, match="supplier"):
        ask_confirmation(
            line=other, organisation=hub,
            email=make_user("supplier", other.delivery_return.supplier).email,
            expected_version=other.version, by=officer, now=NOW,
        )  # fmt: skip


def test_accepting_lines_with_keys_that_no_database_holds_is_no_error() -> None:
    line, _ = submitted()
    row = line.delivery_return
    row.refresh_from_db()
    answer = signed_in(make_user("coordinator")).post(
        reverse("return-verify", args=[row.pk]),
        {
            "version": row.version,
            f"line-{10**30}": "1",
            "line--5": "1",
            f"line-{line.pk}": "9" * 30,
        },
    )
    assert answer.status_code == 409
    assert ReturnLine.objects.get(pk=line.pk).verified_quantity is None


# --- licences -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["delivery-list", "commitment-list", "supplier-commitments"])
def test_sorting_by_pounds_tells_nothing_about_withheld_ones(name: str) -> None:
    supplier = make_organisation("Invented Supplier")
    contract = shared_contract(supplier)
    closed = make_edition(values_may_be_published=False)
    row = make_return(contract, supplier, LAST)
    for title, edition, value in (
        ("Open low", None, "10"), ("Closed", closed, "50"), ("Open high", None, "90"),
    ):  # fmt: skip
        measure = make_measure(edition, value=value, title=title)
        commitment = make_commitment(contract, supplier=supplier, measure=measure, title=title)
        make_line(row, commitment)
    client = signed_in(make_user("supplier", supplier))
    key = "reported" if name == "delivery-list" else "pounds"
    for sort in (key, f"-{key}"):
        page = client.get(reverse(name), {"sort": sort, "state": []}).content.decode()
        page = page[page.index("<tbody") :]
        low, hidden, high = (page.index(each) for each in ("Open low", "Closed", "Open high"))
        assert not min(low, high) < hidden < max(low, high), sort


# --- files ----------------------------------------------------------------------------------


def test_a_pdf_of_many_packed_objects_is_refused_before_it_fills_the_memory() -> None:
    packed = zlib.compress(b"\x00" * (8 * 1024 * 1024 - 16), 9)
    one = b"1 0 obj <</Type /ObjStm /Filter /FlateDecode>> stream\n" + packed + b"\nendstream\n"
    body = b"%PDF-1.7\n" + one * 40 + b"%%EOF"
    with pytest.raises(FileRefused, match="cannot be checked"):
        look_at(BytesIO(body), "many.pdf")
