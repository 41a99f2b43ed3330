"""The supplier's place: what is due, the return and its lines, sending it, colleagues."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.models import (
    Commitment,
    ConfirmationRequest,
    DeliveryReturn,
    ReturnLine,
    SharedActivity,
)
from contracts.services.returns import add_line, open_return, save_line, submit_return
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_evidence,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from trafford_sv.core.models import AuditEvent, Invitation, User
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import RoleGrant
from trafford_sv.directory.services.colleagues import MOST_INVITATIONS_A_DAY, MOST_PEOPLE

pytestmark = pytest.mark.django_db
LAST = Quarter.of(timezone.localdate()).previous


def promise(**values: Any) -> Commitment:
    """An agreed commitment that runs now, whatever day it is, and asks for no evidence."""
    supplier = values.pop("supplier", None) or make_organisation()
    contract = values.pop("contract", None) or make_contract(
        value="1000000",
        awarded_on=LAST.start,
        suppliers=[supplier],
        start=LAST.start,
        end=LAST.start + datetime.timedelta(days=700),
        stage="live",
    )
    return make_commitment(contract, supplier=supplier, **{"evidence_rule": "", **values})


def begun(commitment: Commitment, quarter: Quarter = LAST) -> DeliveryReturn:
    return open_return(
        contract=commitment.contract,
        supplier=commitment.supplier,
        quarter=quarter,
        by=None,
        now=timezone.now(),
    )


def signed_in(client: Client, commitment: Commitment) -> User:
    user = make_user("supplier", commitment.supplier)
    client.force_login(user)
    return user


def form_of(client: Client, row: DeliveryReturn) -> dict[str, Any]:
    """What a browser would post of the return's page."""
    page = client.get(reverse("supplier-return", args=[row.pk]))
    form = page.context["form"]
    return {
        name: form[name].value() if form[name].value() is not None else "" for name in form.fields
    }


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- home ---------------------------------------------------------------------------------


def test_signing_in_leads_a_supplier_home_and_an_officer_to_the_dashboard(client: Client) -> None:
    signed_in(client, promise())
    assert client.get(reverse("after-sign-in"))["Location"] == reverse("supplier-home")
    client.force_login(make_user())
    assert client.get(reverse("after-sign-in"))["Location"] == reverse("dashboard")
    client.force_login(make_user("hub", make_organisation("A hub", "hub")))
    assert client.get(reverse("after-sign-in"))["Location"] == reverse("hub-home")


def test_home_lists_the_worst_first_and_then_what_waits(client: Client) -> None:
    commitment = promise()
    signed_in(client, commitment)
    back = make_return(
        make_contract(title="Invented lighting", suppliers=[commitment.supplier]),
        commitment.supplier,
        state="sent_back",
    )
    DeliveryReturn.objects.filter(pk=back.pk).update(sent_back_reason="Which school was it?")
    promise(supplier=commitment.supplier, contract=back.contract, agreed=False, state="proposed")
    tender = make_tender()
    type(tender).objects.update(closes_at=timezone.now() + datetime.timedelta(days=3))
    make_bid(tender, commitment.supplier, state="draft")
    page = client.get(reverse("supplier-home"))
    said = words(page)
    assert "1 return was sent back to you" in said
    assert "1 tender is open for your bid" in said
    assert "1 commitment waits for your answer" in said
    assert "Which school was it?" in said
    assert reverse("supplier-return", args=[back.pk]) in page.text
    texts = [need.text for need in page.context["needs"]]
    assert "return for" in texts[0]
    assert texts[1:] == ["Change what was sent back", "Finish your bid", "Answer 1 commitment"]


def test_an_invitation_that_nobody_has_begun_to_answer_waits_too(client: Client) -> None:
    supplier = make_organisation("Invented Hollins Ltd", "supplier")
    client.force_login(make_user("supplier", supplier))
    bid = make_bid(make_tender(), supplier, state="invited")
    other = make_bid(make_tender(), make_organisation(), state="invited")
    closed = make_bid(make_tender(), supplier, state="invited")
    soon = timezone.now() + datetime.timedelta(days=3)
    type(bid.tender).objects.update(closes_at=soon)
    type(bid.tender).objects.filter(pk=closed.tender_id).update(closes_at=timezone.now())
    page = client.get(reverse("supplier-home"))
    assert [(need.text, need.url) for need in page.context["needs"]] == [
        ("Answer a tender", reverse("supplier-bid", args=[bid.pk]))
    ]
    assert other.tender.contract.title not in page.text
    assert "1 tender is open for your bid" in words(page)


def test_home_without_anything_says_so(client: Client) -> None:
    client.force_login(make_user("supplier", make_organisation()))
    said = words(client.get(reverse("supplier-home")))
    assert "Nothing needs you today." in said
    assert "£0" not in said


def test_home_shows_the_four_figures_apart(client: Client) -> None:
    commitment = promise(agreed_on=LAST.start)
    row = make_return(commitment.contract, commitment.supplier, LAST)
    make_line(row, commitment, "40", verified="25")
    signed_in(client, commitment)
    figures = client.get(reverse("supplier-home")).context["figures"]
    # 100, 40 and 25 hours at £10; nothing was offered, which is not £0. What is proven comes first.
    assert [(figure.label, figure.exact) for figure in figures] == [
        ("Verified", "£250.00"),
        ("Reported", "£400.00"),
        ("Committed", "£1,000.00"),
        ("Offered in bids that won", ""),
    ]


@pytest.mark.parametrize("number", [1, 20])
def test_home_asks_as_often_for_twenty_contracts_as_for_one(client: Client, number: int) -> None:
    supplier = make_organisation()
    for _ in range(number):
        commitment = promise(supplier=supplier)
        make_line(make_return(commitment.contract, supplier, LAST), commitment)
    client.force_login(make_user("supplier", supplier))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("supplier-home")).status_code == 200
    assert len(captured) <= 10, len(captured)


# --- beginning ----------------------------------------------------------------------------


def test_a_return_is_begun_with_a_button_and_then_found_again(client: Client) -> None:
    commitment = promise(title="Help with reading")
    signed_in(client, commitment)
    address = reverse("supplier-return-begin", args=[commitment.contract_id, LAST.code])
    assert address in client.get(reverse("supplier-home")).text
    assert "Help with reading" in client.get(address).text
    assert not DeliveryReturn.objects.exists()
    answer = client.post(address)
    row = DeliveryReturn.objects.get()
    assert answer["Location"] == reverse("supplier-return", args=[row.pk])
    assert client.get(address)["Location"] == answer["Location"]
    assert client.post(address)["Location"] == answer["Location"]
    assert row.lines.count() == 1


@pytest.mark.parametrize("quarter", ["2026-27-Q9", "rubbish", "9999-00-Q4", "0001-02-Q1"])
def test_a_quarter_that_is_none_is_not_found(client: Client, quarter: str) -> None:
    commitment = promise()
    signed_in(client, commitment)
    address = f"/supplier/returns/begin/{commitment.contract_id}/{quarter}/"
    assert client.get(address).status_code == 404
    assert not DeliveryReturn.objects.exists()


def test_a_coming_quarter_says_from_when(client: Client) -> None:
    commitment = promise()
    signed_in(client, commitment)
    coming = LAST.next.next
    address = reverse("supplier-return-begin", args=[commitment.contract_id, coming.code])
    assert "This quarter has not begun" in words(client.get(address))
    client.post(address)
    assert not DeliveryReturn.objects.exists()


# --- filling in ---------------------------------------------------------------------------


def test_the_page_says_what_was_promised_and_asks_by_the_rule(client: Client) -> None:
    commitment = promise(measure=make_measure(counting="hours_people"), title="Reading hours")
    row = begun(commitment)
    signed_in(client, commitment)
    said = words(client.get(reverse("supplier-return", args=[row.pk])))
    assert "Planned for this quarter: 25 hours, of 100 promised in all." in said
    assert "Hours of the session" in said and "People who came" in said
    assert "Nothing is sent yet. It was due on" in said


def test_a_draft_is_saved_and_two_hours_for_eight_people_are_said_to_count_16(
    client: Client,
) -> None:
    commitment = promise(measure=make_measure(counting="hours_people"))
    row = begun(commitment)
    line = row.lines.get()
    signed_in(client, commitment)
    posted = form_of(client, row)
    posted |= {
        f"line-{line.pk}-hours_quantity": "2 hours",
        f"line-{line.pk}-people_quantity": "8",
        f"line-{line.pk}-happened_on": f"{LAST.start:%-d/%-m/%Y}",
        "narrative": "A good start.",
        "then": "save",
    }
    answer = client.post(reverse("supplier-return", args=[row.pk]), posted)
    assert answer.status_code == 302
    line.refresh_from_db()
    row.refresh_from_db()
    assert (line.hours_quantity, line.people_quantity, line.happened_on) == (2, 8, LAST.start)
    assert (row.narrative, row.state) == ("A good start.", "draft")
    assert "2 hours x 8 people = 16" in words(client.get(answer["Location"]))


def test_what_is_wrong_is_said_beside_its_box_and_nothing_typed_is_lost(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    line = row.lines.get()
    signed_in(client, commitment)
    posted = form_of(client, row)
    name = f"line-{line.pk}-given_quantity"
    for typed, said in (("ten", "is not a number"), ("12 people", "counted in hours"), ("-3", "cannot be negative")):  # fmt: skip
        page = client.post(
            reverse("supplier-return", args=[row.pk]),
            {**posted, name: typed, f"line-{line.pk}-narrative": "Kept words"},
        )
        assert page.status_code == 200
        assert said in words(page)
        assert f'value="{typed}"' in page.text and "Kept words" in page.text
        assert "Error: " in page.text
    line.refresh_from_db()
    assert line.given_quantity is None


@pytest.mark.parametrize(
    ("then", "name"),
    [
        ("line", "supplier-line-edit"),
        ("files", "supplier-line-files"),
        ("share", "supplier-line-share"),
        ("remove", "supplier-line-remove"),
    ],
)
def test_each_button_saves_before_it_leads_away(client: Client, then: str, name: str) -> None:
    commitment = promise()
    row = begun(commitment)
    line = row.lines.get()
    signed_in(client, commitment)
    posted = form_of(client, row)
    posted |= {f"line-{line.pk}-given_quantity": "7", "then": f"{then}-{line.pk}"}
    answer = client.post(reverse("supplier-return", args=[row.pk]), posted)
    assert answer["Location"] == reverse(name, args=[line.pk])
    line.refresh_from_db()
    assert line.given_quantity == 7
    assert client.get(answer["Location"]).status_code == 200


def test_a_line_is_added_and_taken_off(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    signed_in(client, commitment)
    here = reverse("supplier-return", args=[row.pk])
    client.post(here, {**form_of(client, row), "then": f"add-{commitment.pk}"})
    second = row.lines.get(number=2)
    other = promise()
    client.post(here, {**form_of(client, row), "then": f"add-{other.pk}"})
    assert row.lines.count() == 2
    address = reverse("supplier-line-remove", args=[second.pk])
    assert client.post(address, {"version": "9"}).status_code == 409
    assert row.lines.count() == 2
    assert client.post(address, {"version": "1"})["Location"] == here
    assert [line.number for line in row.lines.all()] == [1]
    only = row.lines.get()
    page = client.post(reverse("supplier-line-remove", args=[only.pk]), {"version": "1"})
    assert "the only line for its commitment" in words(page)


def test_all_of_a_line_can_be_filled_in_on_its_own_page(client: Client) -> None:
    commitment = promise()
    hub = make_organisation("Invented Hub", "hub")
    line = begun(commitment).lines.get()
    signed_in(client, commitment)
    address = reverse("supplier-line-edit", args=[line.pk])
    page = client.get(address)
    assert "Invented Hub" in page.text and "Save and add files" in page.text
    posted = {
        "version": "1",
        "given_quantity": "12.5",
        "happened_on": f"{LAST.start:%-d/%-m/%Y}",
        "place": "M33",
        "partner": str(hub.pk),
        "narrative": "Twelve residents came.",
        "attribution_share": "33.33",
        "warning_reason": "",
    }
    assert "full postcode" in words(client.post(address, {**posted, "place": "M33 1AA"}))
    assert "at most two decimals" in words(
        client.post(address, {**posted, "attribution_share": "33.333"})
    )
    assert client.post(address, posted).status_code == 302
    line.refresh_from_db()
    assert (line.given_quantity, line.place, line.partner) == (Decimal("12.5"), "M33", hub)
    assert line.attribution_share == Decimal("0.3333")
    files = client.post(address, {**posted, "version": "2", "then": "files"})
    assert files["Location"] == reverse("supplier-line-files", args=[line.pk])


def test_many_lines_come_in_pages(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    for _ in range(44):
        make_line(row, commitment, None)
    signed_in(client, commitment)
    here = reverse("supplier-return", args=[row.pk])
    first, second = client.get(here), client.get(f"{here}?page=2")
    assert first.text.count("-given_quantity") > 40 * 2 > second.text.count("-given_quantity")
    assert "Lines 41 to 45 of 45" in words(second)
    last = row.lines.order_by("-number")[0]
    form = second.context["form"]
    posted = {name: form[name].value() or "" for name in form.fields}
    posted[f"line-{last.pk}-given_quantity"] = "3"
    assert client.post(f"{here}?page=2", posted)["Location"] == f"{here}?page=2"
    last.refresh_from_db()
    assert last.given_quantity == 3


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_the_page_asks_as_often_for_thirty_lines_as_for_one(client: Client, state: str) -> None:
    counts = []
    for number in (1, 30):
        commitment = promise()
        row = make_return(commitment.contract, commitment.supplier, LAST, state=state)
        for _ in range(number):
            line = make_line(row, commitment, "3")
            make_evidence(commitment.supplier, line, content=str(line.pk).encode())
        signed_in(client, commitment)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("supplier-return", args=[row.pk])).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12, counts


# --- two at once --------------------------------------------------------------------------


def test_two_people_type_on_one_line_and_choose_and_nothing_is_lost(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    line = row.lines.get()
    add_line(delivery_return=row, commitment=commitment, by=None, now=timezone.now())
    first, second = Client(), Client()
    signed_in(first, commitment)
    signed_in(second, commitment)
    here = reverse("supplier-return", args=[row.pk])
    name, told = f"line-{line.pk}-given_quantity", f"line-{line.pk}-narrative"
    mine, theirs = form_of(first, row), form_of(second, row)
    assert first.post(here, {**mine, name: "3", "narrative": "From one"}).status_code == 302
    page = second.post(here, {**theirs, name: "9", told: "Nine came", "narrative": "From two"})
    assert page.status_code == 409
    said = words(page)
    assert "Line 1: How much, in hours" in said
    assert "Nine came" in page.text and "From two" in page.text and "From one" in page.text
    differences = {item.name: item for item in page.context["page"].differences}
    assert (differences[name].stored, differences[name].mine) == ("3", "9")
    # They keep the stored quantity and their own words.
    again = dict(page.context["page"].carried) | {"version": page.context["page"].version}
    for key, item in differences.items():
        again[item.stored_name] = item.stored_input
        again[item.keep_name] = "stored" if key == name else "mine"
    assert second.post(here, again).status_code == 302
    line.refresh_from_db()
    row.refresh_from_db()
    assert (line.given_quantity, line.narrative) == (3, "Nine came")
    assert row.narrative == "From two"


def test_two_people_on_two_lines_do_not_meet(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    one = row.lines.get()
    two = add_line(delivery_return=row, commitment=commitment, by=None, now=timezone.now())
    first, second = Client(), Client()
    signed_in(first, commitment)
    signed_in(second, commitment)
    here = reverse("supplier-return", args=[row.pk])
    mine, theirs = form_of(first, row), form_of(second, row)
    assert first.post(here, {**mine, f"line-{one.pk}-given_quantity": "3"}).status_code == 302
    assert second.post(here, {**theirs, f"line-{two.pk}-given_quantity": "4"}).status_code == 302
    assert [line.given_quantity for line in row.lines.all()] == [3, 4]


def test_a_colleague_who_sent_it_meanwhile_loses_nobodys_words(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    line = row.lines.get()
    signed_in(client, commitment)
    posted = {**form_of(client, row), f"line-{line.pk}-given_quantity": "9"}
    save_line(
        line=line, changes={"given_quantity": Decimal(3)}, expected_version=1, by=None,
        now=timezone.now(),
    )  # fmt: skip
    submit_return(
        delivery_return=row, declared_this_agreement=True, declared_committed=True, by=None,
        now=timezone.now(),
    )  # fmt: skip
    page = client.post(reverse("supplier-return", args=[row.pk]), posted)
    assert page.status_code in {200, 409}
    assert "9" in page.text
    line.refresh_from_db()
    assert line.given_quantity == 3


# --- checking and sending -----------------------------------------------------------------


def test_check_lists_what_is_missing_with_a_way_there(client: Client) -> None:
    commitment = promise(evidence_rule="A sign-in sheet")
    row = begun(commitment)
    line = row.lines.get()
    ReturnLine.objects.filter(pk=line.pk).update(given_quantity=400)
    signed_in(client, commitment)
    page = client.get(reverse("supplier-return-check", args=[row.pk]))
    assert "2 things to settle first" in words(page)
    assert reverse("supplier-line-files", args=[line.pk]) in page.text
    assert "more than 3 times the whole promise" in words(page)
    answer = client.post(
        reverse("supplier-return-check", args=[row.pk]),
        {"fingerprint": page.context["detail"].fingerprint},
    )
    assert "Tick this if everything here happened" in words(answer)
    row.refresh_from_db()
    assert row.state == "draft"


def sent_by(client: Client, row: DeliveryReturn) -> Any:
    address = reverse("supplier-return-check", args=[row.pk])
    fingerprint = client.get(address).context["detail"].fingerprint
    return client.post(
        address,
        {
            "fingerprint": fingerprint,
            "declared_this_agreement": "on",
            "declared_committed": "on",
        },
    )


def test_a_return_is_sent_read_and_taken_back(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    ReturnLine.objects.filter(delivery_return=row).update(given_quantity=40)
    signed_in(client, commitment)
    answer = sent_by(client, row)
    assert answer["Location"] == reverse("supplier-return", args=[row.pk])
    page = client.get(answer["Location"])
    said = words(page)
    assert "Your return is sent" in said and "40 hours, £400.00" in said
    assert "Not verified yet" in said and 'name="then"' not in page.text
    assert client.get(reverse("supplier-return-check", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    back = reverse("supplier-return-take-back", args=[row.pk])
    assert back in page.text
    assert client.post(back, {"version": "1"}).status_code == 409
    assert client.post(back, {"version": str(row.version)}).status_code == 302
    row.refresh_from_db()
    assert row.state == "draft"


def test_a_change_by_a_colleague_since_the_check_is_shown_and_not_sent(client: Client) -> None:
    commitment = promise()
    row = begun(commitment)
    line = row.lines.get()
    ReturnLine.objects.filter(pk=line.pk).update(given_quantity=4)
    signed_in(client, commitment)
    address = reverse("supplier-return-check", args=[row.pk])
    fingerprint = client.get(address).context["detail"].fingerprint
    save_line(
        line=line, changes={"given_quantity": Decimal(44)}, expected_version=1, by=None,
        now=timezone.now(),
    )  # fmt: skip
    posted = {"declared_this_agreement": "on", "declared_committed": "on"}
    for text in (fingerprint, "", "altered"):
        page = client.post(address, {**posted, "fingerprint": text})
        assert page.status_code == 409
        assert "it was not sent" in words(page) and "44 hours" in words(page)
    row.refresh_from_db()
    assert row.state == "draft"


def test_sent_back_lines_have_boxes_and_accepted_ones_are_read(client: Client) -> None:
    commitment = promise()
    row = make_return(commitment.contract, commitment.supplier, LAST, state="sent_back")
    accepted = make_line(row, commitment, "10", verified="10")
    back = make_line(row, commitment, "20")
    ReturnLine.objects.filter(pk=back.pk).update(
        state="sent_back", decision_reason="Which day was it?"
    )
    signed_in(client, commitment)
    page = client.get(reverse("supplier-return", args=[row.pk]))
    said = words(page)
    assert "Sent back because: Which day was it?" in said
    assert f"line-{back.pk}-given_quantity" in page.text
    assert f"line-{accepted.pk}-given_quantity" not in page.text
    assert client.get(reverse("supplier-line-edit", args=[accepted.pk])).status_code == 302
    ReturnLine.objects.filter(pk=back.pk).update(given_quantity=18)
    assert sent_by(client, row).status_code == 302
    back.refresh_from_db()
    assert (back.state, back.reported_quantity) == ("open", 18)


def test_what_the_hub_did_not_confirm_is_shown_as_disputed(client: Client) -> None:
    # Reported 40, the hub confirms 25: 15 are disputed.
    commitment = promise()
    row = make_return(commitment.contract, commitment.supplier, LAST, state="verified")
    line = make_line(row, commitment, "40", verified="25")
    ConfirmationRequest.objects.create(
        line=line, organisation=make_organisation("Invented Hub", "hub"), token_hash="x",
        state="answered", asked_quantity=40, asked_at=timezone.now(), asked_by_name="An officer",
        expires_at=timezone.now(), confirmed_quantity=25, comment="Only two groups came.",
        answered_at=timezone.now(), answered_by_role="Hub manager",
    )  # fmt: skip
    signed_in(client, commitment)
    said = words(client.get(reverse("supplier-return", args=[row.pk])))
    assert "Disputed 15 hours" in said
    assert "Only two groups came." in said


def test_pounds_of_a_line_obey_the_licence(client: Client) -> None:
    measure = make_measure(make_edition(values_may_be_published=False), value="12.34")
    commitment = promise(measure=measure)
    make_line(make_return(commitment.contract, commitment.supplier, LAST), commitment, "40")
    signed_in(client, commitment)
    said = words(client.get(reverse("supplier-return", args=[DeliveryReturn.objects.get().pk])))
    assert "£493.60" not in said
    assert "licence of this edition" in said


# --- a shared activity --------------------------------------------------------------------


def test_shares_of_an_activity_are_claimed_by_code(client: Client) -> None:
    commitments = [promise(measure=make_measure(needs_attribution=True)) for _ in range(3)]
    lines = [begun(each).lines.get() for each in commitments]
    signed_in(client, commitments[0])
    address = reverse("supplier-line-share", args=[lines[0].pk])
    posted = {"version": "1", "code": "", "title": "", "share": "50"}
    assert "Type the code" in words(client.post(address, posted))
    assert not SharedActivity.objects.exists()
    client.post(address, {**posted, "title": "Jobs fair"})
    code = SharedActivity.objects.get().code
    assert code in client.get(address).text
    assert client.post(address, {**posted, "code": code}).status_code == 409
    client.force_login(make_user("supplier", commitments[1].supplier))
    second = reverse("supplier-line-share", args=[lines[1].pk])
    assert client.post(second, {**posted, "code": code, "share": "30%"}).status_code == 302
    signed_in(client, commitments[2])
    third = reverse("supplier-line-share", args=[lines[2].pk])
    page = client.post(third, {**posted, "code": code, "share": "30"})
    assert "50% and 30% are claimed already, so 20% is left." in words(page)
    assert commitments[0].supplier.name not in page.text
    assert "at most two decimals" in words(
        client.post(third, {**posted, "code": code, "share": "0.123"})
    )
    client.post(third, {**posted, "code": code, "share": "20"})
    lines[2].refresh_from_db()
    assert lines[2].attribution_share == Decimal("0.2")
    client.post(third, {"version": lines[2].version, "release": "yes"})
    lines[2].refresh_from_db()
    assert lines[2].attribution_share == 1


def test_a_new_activity_is_not_kept_when_its_share_cannot_be_claimed(client: Client) -> None:
    commitment = promise()
    line = begun(commitment).lines.get()
    signed_in(client, commitment)
    address = reverse("supplier-line-share", args=[line.pk])
    page = client.post(address, {"version": "7", "title": "Fair", "share": "50", "code": ""})
    assert page.status_code == 409
    for share in ("0", "101", "-5", "NaN", "much"):
        client.post(address, {"version": "1", "title": "Fair", "share": share, "code": ""})
    assert not SharedActivity.objects.exists()


# --- the list -----------------------------------------------------------------------------


def test_the_list_filters_sorts_exports_and_asks_as_often_for_twenty(client: Client) -> None:
    supplier = make_organisation()
    counts = []
    client.force_login(make_user("supplier", supplier))
    address = reverse("supplier-returns")
    assert "No returns yet" in words(client.get(address))
    for number in (1, 19):
        for _ in range(number):
            commitment = promise(supplier=supplier)
            make_line(make_return(commitment.contract, supplier, LAST), commitment)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8, counts
    row = DeliveryReturn.objects.first()
    assert row is not None
    DeliveryReturn.objects.filter(pk=row.pk).update(state="verified")
    assert client.get(f"{address}?state=verified").context["count"] == 1
    assert client.get(f"{address}?q={row.contract.reference}").context["count"] == 1
    assert client.get(f"{address}?quarter={LAST.code}&sort=sent").context["count"] == 20
    assert client.get(f"{address}?counted={LAST.next.code}").context["count"] == 0
    assert client.get(f"{address}?quarter=rubbish").context["filters_valid"] is False
    export = b"".join(client.get(f"{address}?format=csv&state=verified")).decode()  # type: ignore[arg-type]
    assert row.contract.reference in export and export.count("\n") == 2


# --- nobody else's ------------------------------------------------------------------------


def test_another_suppliers_return_does_not_exist_by_any_address(client: Client) -> None:
    commitment = promise()
    line = begun(commitment).lines.get()
    # They share the contract, and still see nothing of each other.
    signed_in(client, promise(contract=commitment.contract))
    for name, key in (
        ("supplier-return", line.delivery_return_id),
        ("supplier-return-check", line.delivery_return_id),
        ("supplier-return-take-back", line.delivery_return_id),
        ("supplier-line-edit", line.pk),
        ("supplier-line-remove", line.pk),
        ("supplier-line-share", line.pk),
    ):
        for number in (key, 999_999, 10**30):
            address = reverse(name, args=[number])
            assert client.get(address).status_code == 404, name
            assert client.post(address, {"version": "1"}).status_code == 404, name
    assert commitment.supplier.name not in client.get(reverse("supplier-returns")).text
    line.refresh_from_db()
    assert line.version == 1


def test_a_line_of_somebody_else_in_the_post_is_not_touched(client: Client) -> None:
    commitment, other = promise(), promise()
    row, theirs = begun(commitment), begun(other).lines.get()
    signed_in(client, commitment)
    posted = form_of(client, row)
    posted |= {f"line-{theirs.pk}-version": "1", f"line-{theirs.pk}-given_quantity": "5"}
    assert client.post(reverse("supplier-return", args=[row.pk]), posted).status_code == 302
    theirs.refresh_from_db()
    assert theirs.given_quantity is None


def test_an_officer_does_not_report_for_a_supplier(client: Client) -> None:
    row = begun(promise())
    for role in ("coordinator", "administrator", "auditor"):
        client.force_login(make_user(role))
        assert client.get(reverse("supplier-home")).status_code == 403
        assert client.get(reverse("supplier-return", args=[row.pk])).status_code == 403


# --- colleagues ---------------------------------------------------------------------------


INVITE = {"name": "A colleague", "email": "colleague@example.org", "job_title": "Manager"}


def test_a_colleague_is_invited_by_a_link_and_gets_the_same_role_and_no_other(
    client: Client,
) -> None:
    commitment = promise()
    user = signed_in(client, commitment)
    answer = client.post(
        reverse("supplier-person-invite"), {**INVITE, "role": "administrator", "organisation": "1"}
    )
    assert answer["Location"] == reverse("supplier-people")
    colleague = User.objects.get(email="colleague@example.org")
    grant = colleague.grants.get()
    assert (grant.role, grant.organisation) == ("supplier", commitment.supplier)
    assert grant.granted_by_name == str(user)
    assert len(mail.outbox) == 1 and "/account/invitation/" in mail.outbox[0].body
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"person added", "role granted", "invitation made"} <= verbs
    page = client.get(reverse("supplier-people"))
    said = words(page)
    assert "A colleague" in said and "Invited" in said and "Accounts are free" in said
    client.post(reverse("supplier-person-invite-again", args=[colleague.pk]))
    assert len(mail.outbox) == 2
    assert Invitation.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_only_colleagues_without_a_password_are_invited_again(client: Client) -> None:
    commitment = promise()
    signed_in(client, commitment)
    stranger = make_user("supplier", make_organisation())
    assert (
        client.post(reverse("supplier-person-invite-again", args=[stranger.pk])).status_code == 404
    )
    active = make_user("supplier", commitment.supplier)
    active.set_password("three words of mine")
    active.save()
    client.post(reverse("supplier-person-invite-again", args=[active.pk]))
    both = make_user("supplier", commitment.supplier)
    RoleGrant.objects.create(
        user=both, role="administrator", starts=datetime.date(2020, 1, 1), granted_by_name="A test"
    )
    client.post(reverse("supplier-person-invite-again", args=[both.pk]))
    assert not Invitation.objects.exists() and not mail.outbox


def test_an_address_that_has_an_account_is_refused_without_saying_so(client: Client) -> None:
    signed_in(client, promise())
    officer = make_user()
    page = client.post(reverse("supplier-person-invite"), {**INVITE, "email": officer.email})
    assert "This address cannot be invited here" in words(page)
    assert officer.grants.count() == 1


def test_invitations_are_limited_by_day_and_people_by_number(client: Client) -> None:
    commitment = promise()
    signed_in(client, commitment)
    address = reverse("supplier-person-invite")
    for number in range(MOST_INVITATIONS_A_DAY):
        client.post(address, {**INVITE, "email": f"colleague{number}@example.org"})
    assert Invitation.objects.count() == MOST_INVITATIONS_A_DAY
    assert "Try again tomorrow" in words(client.post(address, INVITE))
    Invitation.objects.update(sent_at=timezone.now() - datetime.timedelta(days=2))
    for _ in range(MOST_PEOPLE - MOST_INVITATIONS_A_DAY - 1):
        make_user("supplier", commitment.supplier)
    assert "which is the most" in words(client.post(address, INVITE))
    assert not User.objects.filter(email=INVITE["email"]).exists()


def test_nobody_asks_of_many_addresses_whether_they_have_an_account(client: Client) -> None:
    cache.clear()
    signed_in(client, promise())
    known = [make_user("auditor").email for _ in range(21)]
    address = reverse("supplier-person-invite")
    answers = [client.post(address, {**INVITE, "email": email}).status_code for email in known]
    assert answers == [200] * 20 + [429]
    cache.clear()


def test_another_suppliers_people_are_not_shown(client: Client) -> None:
    other = make_user("supplier", make_organisation("Quagga Holdings"))
    other.name = "Somebody Else"
    other.save()
    signed_in(client, promise())
    assert "Somebody Else" not in client.get(reverse("supplier-people")).text
