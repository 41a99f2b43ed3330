"""The officers' pages: the order of the inbox, what each page shows to whom, and its queries."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.models import (
    Contract,
    DeliveryReturn,
    DuplicateFlag,
    EvidenceFile,
    ReturnEvent,
    ReturnLine,
)
from contracts.selectors.verification import waiting_returns
from contracts.services import verification
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_commitment,
    make_edition,
    make_evidence,
    make_flag,
    make_line,
    make_measure,
    make_request,
    make_return,
)
from trafford_sv.core.services.quarters import close_quarter
from trafford_sv.directory.models import RoleGrant

pytestmark = pytest.mark.django_db
D = Decimal
NOW = timezone.now()
LIST, DETAIL = 8, 12


def days_ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def a_return(
    title: str, *quantities: str | None, sent_days_ago: int = 1, directorate: Any = None,
    measure: Any = None, **values: Any,
) -> DeliveryReturn:  # fmt: skip
    """A submitted return of hours at £10 each."""
    supplier = values.pop("supplier", None) or make_organisation()
    contract = make_contract(
        title=title, suppliers=[supplier], directorate=directorate,
        start=datetime.date(2026, 4, 1), end=datetime.date(2027, 3, 31),
    )  # fmt: skip
    commitment = make_commitment(contract, supplier=supplier, measure=measure)
    held = make_return(contract, supplier)
    DeliveryReturn.objects.filter(pk=held.pk).update(submitted_at=days_ago(sent_days_ago))
    for quantity in quantities:
        make_line(held, commitment, quantity, **values)
    return DeliveryReturn.objects.get(pk=held.pk)


@pytest.fixture
def officer(client: Client) -> Any:
    person = make_user("coordinator")
    client.force_login(person)
    return person


def rows_of(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(f"{url}{'&' if '?' in url else '?'}format=csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


# --- the inbox ----------------------------------------------------------------------------


def test_the_inbox_is_in_the_order_that_its_page_states(client: Client, officer: Any) -> None:
    """Long waits first; in each group the largest value; then the longest wait.

    Old small £100 (40 days) comes before new large £9,000 (1 day); £9,000 before £50; of two
    with £50 the one of 3 days before the one of 2.
    """
    a_return("New and small, later", "5", sent_days_ago=2)
    a_return("New and large", "900", sent_days_ago=1)
    a_return("New and small, sooner", "5", sent_days_ago=3)
    a_return("Old and small", "10", sent_days_ago=40)
    found = rows_of(client, reverse("verification-inbox"))
    assert [row["Agreement"] for row in found] == [
        "Old and small", "New and large", "New and small, sooner", "New and small, later",
    ]  # fmt: skip
    page = client.get(reverse("verification-inbox")).text
    assert "waited for us more than 20 days come first" in page
    # 5 + 900 + 5 + 10 = 920 hours at £10.
    assert "£9,200" in page
    assert "40 days" in page


def test_what_waits_and_what_does_not(officer: Any) -> None:
    open_one = a_return("Open", "5")
    blank = a_return("All blank", None)
    a_return("Decided", "5", verified="5")
    DeliveryReturn.objects.filter(contract__title="Decided").update(state="verified")
    a_return("Draft", "5")
    DeliveryReturn.objects.filter(contract__title="Draft").update(state="draft")
    late = a_return("Counts later", "5")
    DeliveryReturn.objects.filter(pk=late.pk).update(counted_quarter=2)
    now = timezone.now()
    assert {row.pk for row in waiting_returns(officer, now=now)} == {open_one.pk, blank.pk, late.pk}
    close_quarter(quarter=Q1, by=officer, now=now)
    assert {row.pk for row in waiting_returns(officer, now=now)} == {late.pk}


def test_filters_of_the_inbox(client: Client, officer: Any) -> None:
    parks = make_organisation("Parks", "council_service")
    mine = a_return("Benches", "5", directorate=parks, sent_days_ago=50)
    other = a_return("Roads", "6")
    make_flag(mine.lines.get(), other.lines.get())
    third = a_return("Grant for a garden", "7")
    Contract.objects.filter(pk=third.contract_id).update(kind="grant")
    # Due on 20 July 2026: one came on the 21st.
    tz = timezone.get_current_timezone()
    DeliveryReturn.objects.update(first_submitted_at=datetime.datetime(2026, 7, 20, 23, 59, tzinfo=tz))  # fmt: skip
    DeliveryReturn.objects.filter(pk=third.pk).update(
        first_submitted_at=datetime.datetime(2026, 7, 21, 0, 0, tzinfo=tz)
    )

    def titles(query: str) -> set[str]:
        return {row["Agreement"] for row in rows_of(client, f"{reverse('verification-inbox')}?{query}")}  # fmt: skip

    assert titles(f"directorate={parks.pk}") == {"Benches"}
    assert titles(f"supplier={other.supplier_id}") == {"Roads"}
    assert titles("doubles=yes") == {"Benches", "Roads"}
    assert titles("doubles=no") == {"Grant for a garden"}
    assert titles("late=waited") == {"Benches"}
    assert titles("late=came") == {"Grant for a garden"}
    assert titles("kind=grant") == {"Grant for a garden"}
    assert titles("quarter=2026-27-Q1") == {"Benches", "Roads", "Grant for a garden"}
    assert titles("quarter=2026-27-Q2") == set()
    assert titles("theme=Jobs") == {"Benches", "Roads", "Grant for a garden"}
    assert titles("q=bench") == {"Benches"}


def licensed() -> Any:
    edition = make_edition(values_may_be_published=False)
    return make_measure(edition, value="123")


def test_amounts_that_a_licence_keeps_back_are_in_no_file_and_on_the_page_of_few(
    client: Client,
) -> None:
    parks = make_organisation("Parks", "council_service")
    held = a_return("Licensed", "2", directorate=parks, measure=licensed())
    a_return("Open", "3", directorate=parks)
    coordinator, manager = make_user("coordinator"), make_user("contract_manager", parks)
    for person, sees in ((coordinator, True), (manager, False)):
        client.force_login(person)
        for name in ("verification-inbox", "return-list"):
            rows = {row["Agreement"]: row for row in rows_of(client, reverse(name))}
            assert "246" not in str(rows["Licensed"])
            assert "Withheld" in rows["Licensed"]["Amounts withheld"]
            assert "30" in str(rows["Open"])
        inbox = client.get(reverse("verification-inbox")).text
        assert ("£276" in inbox) is sees  # £246 + £30
        assert ("Without 1 of them" in inbox) is not sees
        page = client.get(reverse("return-detail", args=[held.pk])).text
        assert ("£246.00" in page) is sees


def test_nobody_s_inbox_is_empty_in_words(client: Client, officer: Any) -> None:
    page = client.get(reverse("verification-inbox"))
    assert "Nothing waits for you" in page.text


# --- one return ---------------------------------------------------------------------------


def test_a_return_s_page_shows_what_was_promised_claimed_and_decided(
    client: Client, officer: Any
) -> None:
    held = a_return("Benches", "40", sent_days_ago=3)
    line = held.lines.get()
    make_evidence(held.supplier, line)
    ReturnLine.objects.update(
        people_quantity=8, hours_quantity=5, given_quantity=None, happened_on=datetime.date(2026, 5, 3)
    )  # fmt: skip
    line.commitment.measure.counting = "hours_people"
    line.commitment.measure.save()
    page = client.get(reverse("return-detail", args=[held.pk])).text
    assert "Promised 100 hours in all" in page
    assert "Due in this quarter: 25" in page
    assert "5 hours x 8 people = 40" in page
    assert "sign-in sheet.txt" in page
    assert "£400.00 reported" in page
    for words in ("Accept all of it", "Accept a part", "Send back to supplier", "Ask who was helped"):  # fmt: skip
        assert words in page


def test_the_decisions_work_by_plain_forms(client: Client, officer: Any) -> None:
    held = a_return("Benches", "40", "30", "20")
    first, second, third = held.lines.order_by("number")
    answer = client.post(
        reverse("line-accept", args=[first.pk]), {"version": first.version}, follow=True
    )
    assert "Line 1 is accepted: 40." in answer.text
    client.post(
        reverse("line-verify", args=[second.pk]),
        {"version": second.version, "quantity": "12.5", "reason": "The sheet shows fewer."},
    )
    client.post(
        reverse("line-send-back", args=[third.pk]),
        {"version": third.version, "reason": "Add the sheet."},
    )
    assert [
        (line.state, line.verified_quantity) for line in held.lines.order_by("number")
    ] == [("accepted", D(40)), ("part", D("12.5")), ("sent_back", None)]  # fmt: skip
    page = client.get(reverse("return-detail", args=[held.pk])).text
    assert "Line 3: Add the sheet." in page
    assert "12.5 of 30 verified" in page
    assert "Line 2: accepted in part, 12.5" in page
    assert "Open it again" in page
    client.post(reverse("line-reopen", args=[second.pk]), {"version": 2, "reason": "Found more."})
    assert ReturnLine.objects.get(pk=second.pk).state == "open"


def test_everything_open_is_accepted_after_one_more_look(client: Client, officer: Any) -> None:
    held = a_return("Benches", "40", "30")
    url = reverse("return-verify", args=[held.pk])
    page = client.get(url).text
    assert "Line 1: 40 hours" in page
    lines = {f"line-{line.pk}": line.version for line in held.lines.all()}
    answer = client.post(url, {"version": held.version, **lines}, follow=True)
    assert "2 lines are accepted." in answer.text
    held.refresh_from_db()
    assert held.state == "verified"
    again = client.post(url, {"version": 1, **lines})
    assert again.status_code == 409
    assert "was changed while you had it open" in again.text


def test_the_whole_return_goes_back_with_a_reason(client: Client, officer: Any) -> None:
    held = a_return("Benches", "40")
    url = reverse("return-send-back", args=[held.pk])
    page = client.post(url, {"version": held.version, "reason": " "})
    assert "Say what the supplier should change." in page.text
    client.post(url, {"version": held.version, "reason": "It is of another quarter."})
    held.refresh_from_db()
    assert (held.state, held.sent_back_reason) == ("sent_back", "It is of another quarter.")


@pytest.mark.parametrize("name", ["line-verify", "line-send-back", "line-reopen", "line-ask-confirmation"])  # fmt: skip
def test_the_second_of_two_officers_is_told_and_keeps_what_was_typed(
    client: Client, officer: Any, name: str
) -> None:
    held = a_return("Benches", "40")
    line = held.lines.get()
    verification.accept_line(
        line=line, expected_version=1, by=make_user(), now=timezone.now()
    )  # fmt: skip
    hub = make_organisation("Invented Hub", "hub")
    answer = client.post(
        reverse(name, args=[line.pk]),
        {"version": 1, "quantity": "3", "reason": "My own words.", "organisation": hub.pk, "email": "a@example.org"},
    )  # fmt: skip
    assert answer.status_code == 409
    assert "An officer decided line 1 while you had it open: accepted." in answer.text
    assert ("a@example.org" if name == "line-ask-confirmation" else "My own words.") in answer.text
    plain = client.post(reverse("line-accept", args=[line.pk]), {"version": 1}, follow=True)
    assert "An officer decided line 1 while you had it open" in plain.text
    assert ReturnEvent.objects.count() == 1


def test_a_closed_quarter_is_said_and_decides_nothing(client: Client, officer: Any) -> None:
    held = a_return("Benches", "40")
    line = held.lines.get()
    close_quarter(quarter=Q1, by=officer, now=timezone.now())
    page = client.get(reverse("return-detail", args=[held.pk])).text
    assert "nothing can be decided now" in page
    assert reverse("line-accept", args=[line.pk]) not in page
    answer = client.post(reverse("line-accept", args=[line.pk]), {"version": 1}, follow=True)
    assert "was closed on" in answer.text
    answer = client.post(
        reverse("line-send-back", args=[line.pk]), {"version": 1, "reason": "Words"}
    )
    assert answer.status_code == 409
    assert "was closed on" in answer.text
    assert held.lines.get().state == "open"


def test_who_submitted_sees_no_button(client: Client, officer: Any) -> None:
    held = a_return("Benches", "40")
    DeliveryReturn.objects.update(submitted_by_id=officer.pk)
    page = client.get(reverse("return-detail", args=[held.pk])).text
    assert "somebody else must verify it" in page
    assert reverse("line-accept", args=[held.lines.get().pk]) not in page


def test_what_a_supplier_is_still_writing_is_its_own(client: Client) -> None:
    """A draft's lines, words and files: on pages, lists, exports and the API."""
    parks = make_organisation("Parks", "council_service")
    held = a_return("Benches", "40", directorate=parks)
    line = held.lines.get()
    file = make_evidence(held.supplier, line)
    DeliveryReturn.objects.update(state="draft", narrative="Quagga words")
    ReturnLine.objects.update(narrative="Quagga line", is_counted=False)
    names = ("return-list", "verification-inbox", "delivery-list")
    for person in (
        make_user("coordinator"),
        make_user("contract_manager", parks),
        make_user("auditor"),
    ):
        client.force_login(person)
        for url in (
            reverse("return-detail", args=[held.pk]),
            reverse("evidence-detail", args=[file.pk]),
            reverse("evidence-file", args=[file.pk]),
        ):
            assert client.get(url).status_code == 404, (person, url)
        for url in [
            *(reverse(name) for name in names),
            *(f"{reverse(name)}?format=csv" for name in names),
            reverse("contract-returns", args=[held.contract_id]),
            reverse("commitment-detail", args=[line.commitment_id]),
        ]:
            answer = client.get(url)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert b"Quagga" not in body, (person, url)
    for officers in (make_user("coordinator"), make_user("contract_manager", parks)):
        assert not DeliveryReturn.objects.visible_to(officers).exists()
        assert not ReturnLine.objects.visible_to(officers).exists()
        assert not EvidenceFile.objects.visible_to(officers).exists()
    # Whoever is in the supplier's place reads its own, also with another role.
    both = make_user("coordinator")
    RoleGrant.objects.create(
        user=both, role="supplier", organisation=held.supplier, starts=datetime.date(2026, 1, 1)
    )
    for own in (make_user("supplier", held.supplier), both):
        assert DeliveryReturn.objects.visible_to(own).get() == held
        assert ReturnLine.objects.visible_to(own).get() == line
        assert EvidenceFile.objects.visible_to(own).get() == file
    held.refresh_from_db()
    line = ReturnLine.objects.get()
    assert not held.in_reach_of(parks.pk, "contract_manager")
    assert not line.in_reach_of(parks.pk, "contract_manager")
    assert not file.in_reach_of(parks.pk, "contract_manager")


def test_a_line_added_to_a_return_that_is_back_is_read_when_it_is_sent(
    client: Client, officer: Any
) -> None:
    held = a_return("Benches", "40")
    DeliveryReturn.objects.update(state="sent_back")
    make_line(
        held, held.lines.get().commitment, "7", is_counted=False, narrative="Quagga line"
    )  # fmt: skip
    assert "Quagga" not in client.get(reverse("return-detail", args=[held.pk])).text


def test_a_supplier_is_not_let_into_the_officers_pages(client: Client) -> None:
    held = a_return("Benches", "40")
    other = a_return("Roads", "30")
    client.force_login(make_user("supplier", held.supplier))
    for name in ("verification-inbox", "return-list"):
        assert client.get(reverse(name)).status_code == 403
    assert client.get(reverse("return-detail", args=[other.pk])).status_code == 404
    assert client.get(reverse("return-detail", args=[held.pk])).status_code in {302, 404}
    assert client.post(
        reverse("line-accept", args=[held.lines.get().pk]), {"version": 1}
    ).status_code == 403  # fmt: skip
    assert held.lines.get().state == "open"


# --- claimed twice ------------------------------------------------------------------------


def test_both_places_are_shown_and_decided(client: Client, officer: Any) -> None:
    one, two = a_return("Benches", "40"), a_return("Roads", "40")
    flag = make_flag(one.lines.get(), two.lines.get())
    page = client.get(reverse("return-detail", args=[one.pk])).text
    assert "Possibly claimed twice" in page
    assert "Roads" in page
    url = reverse("duplicate-decide", args=[flag.pk])
    assert "Roads" in client.get(f"{url}?line={one.lines.get().pk}").text
    stale = {"state": "double", "reason": "The same sheet.", "expected_state": "open"}
    client.post(url, stale)
    flag.refresh_from_db()
    assert (flag.state, flag.reason) == ("double", "The same sheet.")
    again = client.post(url, {**stale, "state": "fine"})
    assert again.status_code == 409
    assert "decided this while you had it open: claimed twice" in again.text


def test_a_manager_sees_that_there_is_another_place_and_not_whose(client: Client) -> None:
    parks = make_organisation("Parks", "council_service")
    mine = a_return("Benches", "40", directorate=parks)
    theirs = a_return("Quagga roads", "41", directorate=make_organisation("Roads", "council_service"))  # fmt: skip
    flag = make_flag(mine.lines.get(), theirs.lines.get(), reason="Quagga has it too", state="fine")
    DuplicateFlag.objects.update(state="open")
    client.force_login(make_user("contract_manager", parks))
    for url in (
        reverse("return-detail", args=[mine.pk]),
        reverse("duplicate-decide", args=[flag.pk]),
    ):
        page = client.get(url).text
        assert "another directorate" in page
        assert "Quagga" not in page
    assert client.get(reverse("return-detail", args=[theirs.pk])).status_code == 404


# --- every return, and an agreement's -----------------------------------------------------


def test_completeness_of_a_quarter(client: Client, officer: Any) -> None:
    """Three agreements run through the quarter; two returns have come, one is a draft."""
    a_return("First", "1")
    a_return("Second", None)
    draft = a_return("Third", "3")
    DeliveryReturn.objects.filter(pk=draft.pk).update(state="draft")
    page = client.get(f"{reverse('return-list')}?quarter=2026-27-Q1").text
    assert "2 of 3 returns received" in page
    states = {row["Agreement"]: row["State"] for row in rows_of(client, reverse("return-list"))}
    # A draft is its supplier's own.
    assert states == {"First": "Submitted", "Second": "Submitted"}


def test_the_returns_of_an_agreement_quarter_by_quarter(
    client: Client, officer: Any, settings: Any
) -> None:
    """From April 2026: what came, and each quarter since that is over and has no return."""
    held = a_return("Benches", "40")
    page = client.get(reverse("contract-returns", args=[held.contract_id])).text
    assert "April to June 2026" in page
    over = 0
    quarter = Q1
    while quarter.end < timezone.localdate() and quarter.start <= datetime.date(2027, 3, 31):
        over += 1
        quarter = quarter.next
    assert f"1 of {over} return" in page
    assert "£400" in page
    if over > 1:
        assert "Not come" in page


# --- queries ------------------------------------------------------------------------------


def grow(number: int) -> DeliveryReturn:
    """One return with as many lines, each with a file, a question and a flag; and as many others."""
    supplier = make_organisation()
    held = a_return("Grown", *(["3"] * number), supplier=supplier)
    other = a_return("Beside", "3")
    mark = other.lines.get()
    for line in held.lines.all():
        make_evidence(supplier, line, content=str(line.pk).encode())
        make_request(line)
        make_flag(line, mark)
    for n in range(number):
        a_return(f"More {n}", "2")
    return held


@pytest.mark.parametrize(
    ("name", "most"),
    [("verification-inbox", LIST), ("return-list", LIST), ("return-detail", DETAIL), ("contract-returns", DETAIL), ("return-verify", DETAIL)],
)  # fmt: skip
def test_a_page_asks_as_often_for_twenty_as_for_one(
    client: Client, officer: Any, name: str, most: int
) -> None:
    counts = []
    for number in (1, 20):
        held = grow(number)
        arguments = {
            "return-detail": [held.pk],
            "return-verify": [held.pk],
            "contract-returns": [held.contract_id],
        }.get(name, [])
        url = reverse(name, args=arguments)
        client.get(url)
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= most, [query["sql"][:200] for query in queries.captured_queries]
