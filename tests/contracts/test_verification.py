"""What an officer makes of a return. Every pound below is worked by hand."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contracts.models import (
    ConfirmationRequest,
    DeliveryReturn,
    DuplicateFlag,
    ReturnEvent,
    ReturnLine,
)
from contracts.services import confirmations, verification
from contracts.services.verification import ceiling_of
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    NOON,
    Q1,
    make_commitment,
    make_line,
    make_measure,
    make_return,
    make_value,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.quarters import QuarterClosed, close_quarter, reopen_quarter
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
LATER = NOON + datetime.timedelta(days=200)
D = Decimal


def line_of(quantity: str | None = "40", **values: Any) -> ReturnLine:
    """One open line of a submitted return: hours at £10 each."""
    commitment = values.pop("commitment", None) or make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    return make_line(held, commitment, quantity, **values)


def accept(line: ReturnLine, by: Any = None, version: int | None = None) -> ReturnLine:
    return verification.accept_line(
        line=line,
        expected_version=line.version if version is None else version,
        by=by or make_user(),
        now=LATER,
    )


def part(line: ReturnLine, quantity: str, reason: str = "The sheet shows fewer.") -> ReturnLine:
    return verification.accept_part(
        line=line,
        quantity=D(quantity),
        reason=reason,
        expected_version=line.version,
        by=make_user(),
        now=LATER,
    )


def send_back(line: ReturnLine, reason: str = "Add the sign-in sheet.") -> ReturnLine:
    return verification.send_back_line(
        line=line, reason=reason, expected_version=line.version, by=make_user(), now=LATER
    )


def ask(line: ReturnLine, hub: Any = None) -> ConfirmationRequest:
    return confirmations.ask_confirmation(
        line=line,
        organisation=hub or make_organisation("", "hub"),
        email="hub@example.org",
        expected_version=ReturnLine.objects.get(pk=line.pk).version,
        by=make_user(),
        now=LATER,
    )


def answer(request: ConfirmationRequest, quantity: str) -> ConfirmationRequest:
    return confirmations.answer_confirmation(
        token=confirmations.link_of(request=request).rstrip("/").rsplit("/", 1)[-1],
        quantity=D(quantity),
        comment="We counted them.",
        role="Centre manager",
        now=LATER,
    )


def fresh(line: ReturnLine) -> ReturnLine:
    return ReturnLine.objects.select_related("delivery_return").get(pk=line.pk)


def messages(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(error.value.messages)


# --- accepting ----------------------------------------------------------------------------


def test_an_accepted_line_is_verified_whole_and_priced_by_its_pinned_value() -> None:
    # 40 hours x £10 = £400. A newer value of £99 changes nothing: the promise pinned £10.
    line = line_of("40")
    make_value(line.commitment.measure, "99", datetime.date(2026, 5, 1))
    accept(line)
    line = fresh(line)
    assert (line.state, line.verified_quantity, line.verified_pounds) == ("accepted", D(40), D(400))
    assert (line.reported_quantity, line.reported_pounds) == (D(40), D(400))
    assert line.delivery_return.state == DeliveryReturn.State.VERIFIED


def test_a_share_of_an_activity_is_priced_as_a_share() -> None:
    # 33 hours x £10 x 0.3333 = £109.989, half up £109.99.
    line = line_of("33", attribution_share=D("0.3333"))
    accept(line)
    assert fresh(line).verified_pounds == D("109.99")


def test_half_a_penny_rounds_up() -> None:
    # 1 x £0.005 = £0.005, half up £0.01.
    line = line_of("1", commitment=make_commitment(measure=make_measure(value="0.005")))
    accept(line)
    assert fresh(line).verified_pounds == D("0.01")


def test_what_is_only_counted_has_a_quantity_and_no_pounds() -> None:
    line = line_of("7", commitment=make_commitment(measure=make_measure(value=None, kind="record_only")))  # fmt: skip
    accept(line)
    line = fresh(line)
    assert (line.verified_quantity, line.verified_pounds) == (D(7), None)


def test_a_reported_nothing_is_verified_as_nothing() -> None:
    line = line_of("0")
    accept(line)
    line = fresh(line)
    assert (line.state, line.verified_quantity, line.verified_pounds) == ("accepted", D(0), D(0))


def test_a_blank_is_not_verified() -> None:
    with pytest.raises(ValidationError, match="Nothing is reported on line 1"):
        accept(line_of(None))


def test_a_part_needs_a_reason_and_stays_within_what_was_reported() -> None:
    line = line_of("40")
    with pytest.raises(ValidationError, match="Say why only a part"):
        part(line, "30", "  ")
    with pytest.raises(ValidationError, match="reported 40"):
        part(line, "40.5")
    with pytest.raises(ValidationError, match="0 or more"):
        part(line, "-1")
    with pytest.raises(ValidationError, match="0 or more"):
        part(line, "NaN")
    part(line, "30")
    line = fresh(line)
    # 30 x £10 = £300
    assert (line.state, line.verified_quantity, line.verified_pounds) == ("part", D(30), D(300))
    assert line.delivery_return.state == DeliveryReturn.State.PART_VERIFIED


def test_the_states_of_a_return_follow_its_lines() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    first, second, blank = (make_line(held, commitment, each) for each in ("4", "5", None))

    def state() -> str:
        return DeliveryReturn.objects.get(pk=held.pk).state

    accept(first)
    assert state() == "part_verified"
    send_back(second)
    assert state() == "sent_back"
    again = verification.reopen_line(
        line=fresh(second), reason="The sheet had come by post.",
        expected_version=fresh(second).version, by=make_user(), now=LATER,
    )  # fmt: skip
    assert state() == "part_verified"
    accept(again)
    assert state() == "verified"
    assert fresh(blank).state == "open"


def test_a_draft_or_a_line_not_sent_yet_is_not_decided() -> None:
    commitment = make_commitment()
    draft = make_return(commitment.contract, commitment.supplier, state="draft")
    with pytest.raises(ValidationError, match="is a draft"):
        accept(make_line(draft, commitment))
    other = make_commitment()
    back = make_return(other.contract, other.supplier, state="sent_back")
    with pytest.raises(ValidationError, match="not submitted yet"):
        accept(make_line(back, other, is_counted=False))


def test_nobody_verifies_what_they_submitted() -> None:
    line = line_of()
    officer = make_user()
    DeliveryReturn.objects.update(submitted_by_id=officer.pk)
    with pytest.raises(ValidationError, match="You submitted this return"):
        accept(line, by=officer)
    with pytest.raises(ValidationError, match="You submitted this return"):
        verification.send_back_line(
            line=line, reason="No", expected_version=1, by=officer, now=LATER
        )
    colleague = make_user("supplier", line.delivery_return.supplier)
    with pytest.raises(ValidationError, match="You report delivery for this supplier"):
        accept(line, by=colleague)
    accept(line)


def test_the_second_of_two_officers_is_told() -> None:
    line = line_of()
    accept(line)
    with pytest.raises(Collision):
        accept(line, version=1)
    with pytest.raises(ValidationError, match="decided by An officer already"):
        accept(fresh(line))
    assert ReturnEvent.objects.filter(action="accepted").count() == 1


# --- sending back -------------------------------------------------------------------------


def test_a_line_sent_back_keeps_what_was_reported_and_says_why() -> None:
    line = line_of()
    send_back(line)
    line = fresh(line)
    assert (line.state, line.decision_reason) == ("sent_back", "Add the sign-in sheet.")
    assert (line.reported_quantity, line.verified_quantity) == (D(40), None)
    assert line.delivery_return.sent_back_reason == "Line 1: Add the sign-in sheet."
    with pytest.raises(ValidationError, match="when the supplier has submitted it again"):
        accept(line)
    with pytest.raises(ValidationError, match="Say what the supplier should change"):
        send_back(line_of(), " ")


def test_a_whole_return_goes_back_but_for_what_was_accepted() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    first, second, third = (make_line(held, commitment, "4") for _ in range(3))
    accept(first)
    held.refresh_from_db()
    verification.send_back_return(
        delivery_return=held, reason="The dates are of another quarter.",
        expected_version=held.version, by=make_user(), now=LATER,
    )  # fmt: skip
    assert [fresh(each).state for each in (first, second, third)] == [
        "accepted", "sent_back", "sent_back",
    ]  # fmt: skip
    held.refresh_from_db()
    assert (held.state, held.sent_back_reason) == ("sent_back", "The dates are of another quarter.")
    assert ReturnEvent.objects.filter(action="sent_back").count() == 1
    with pytest.raises(ValidationError, match="Every line of this return is decided"):
        verification.send_back_return(
            delivery_return=held, reason="Again", expected_version=held.version,
            by=make_user(), now=LATER,
        )  # fmt: skip


def test_a_request_that_is_out_is_withdrawn_when_its_line_goes_back() -> None:
    line = line_of()
    request = ask(line)
    send_back(fresh(line))
    request.refresh_from_db()
    assert (request.state, request.sent_to) == ("withdrawn", "")


# --- everything at once -------------------------------------------------------------------


def verify(held: DeliveryReturn, lines: list[ReturnLine]) -> verification.Verified:
    held.refresh_from_db()
    return verification.verify_return(
        delivery_return=held,
        expected_version=held.version,
        versions={line.pk: line.version for line in lines},
        by=make_user(),
        now=LATER,
    )


def test_accepting_all_leaves_what_waits_or_may_be_double_and_says_why() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    plain, waiting, doubtful, unseen = (make_line(held, commitment, "4") for _ in range(4))
    other = line_of()
    ask(waiting)
    pair = sorted([doubtful, other], key=lambda line: line.pk)
    DuplicateFlag.objects.create(first=pair[0], second=pair[1], kind="same_event", found_at=NOON)
    done = verify(held, [plain, waiting, doubtful])
    assert done.accepted == (1,)
    assert [number for number, _ in done.left] == [2, 3]
    assert "waits for the answer" in done.left[0][1]
    assert "claimed twice" in done.left[1][1]
    assert fresh(unseen).state == "open"  # it was not on the page that the person confirmed
    assert done.delivery_return.state == "part_verified"


def test_accepting_all_stops_where_a_line_has_changed_since() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    first, second = (make_line(held, commitment, "4") for _ in range(2))
    ReturnLine.objects.filter(pk=second.pk).update(version=2, reported_quantity=400)
    with pytest.raises(Collision):
        verify(held, [first, second])
    assert fresh(first).state == "open"


def test_a_return_that_reports_nothing_can_be_seen_and_done() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    blank = make_line(held, commitment, None)
    assert verify(held, [blank]).delivery_return.state == "verified"
    assert (fresh(blank).state, fresh(blank).verified_quantity) == ("open", None)
    with pytest.raises(ValidationError, match="No line of this return is left"):
        verify(held, [blank])


# --- a beneficiary was asked --------------------------------------------------------------


def test_forty_hours_claimed_and_twenty_five_confirmed() -> None:
    """The supplier claims 40 hours, the hub confirms 25: reported 40, verified 25, disputed 15.

    25 x £10 = £250 verified; £400 stay reported.
    """
    line = line_of("40")
    answer(ask(line, make_organisation("Invented Hub", "hub")), "25")
    accept(line)
    line = fresh(line)
    assert (line.reported_quantity, line.reported_pounds) == (D(40), D(400))
    assert (line.verified_quantity, line.verified_pounds) == (D(25), D(250))
    assert line.state == "part"
    assert line.decision_reason == "Invented Hub confirmed 25 of 40."
    settled = ceiling_of(line=line).settle(line.reported_quantity, line.verified_quantity)
    assert settled.disputed == D(15)


def test_while_the_answer_is_out_the_line_waits() -> None:
    line = line_of()
    request = ask(line)
    with pytest.raises(ValidationError, match="waits for the answer"):
        accept(line)
    with pytest.raises(ValidationError, match="waits for the answer"):
        part(line, "0")
    confirmations.withdraw_confirmation(
        request=request, reason="The hub has closed.", by=make_user(), now=LATER
    )
    accept(line)
    assert fresh(line).verified_quantity == D(40)


def test_no_part_above_what_was_confirmed_and_no_whole_above_what_was_reported() -> None:
    line = line_of("40")
    answer(ask(line), "25")
    with pytest.raises(ValidationError, match="confirmed 25"):
        part(line, "26")
    more = line_of("40")
    answer(ask(more), "60")
    accept(more)
    assert fresh(more).verified_quantity == D(40)


class NeverAboveItsCeilings(TestCase):
    """verified <= reported, and <= confirmed where somebody was asked; whatever is tried."""

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(
        reported=st.decimals("0.0001", 500, places=4),
        confirmed=st.none() | st.decimals(0, 600, places=4),
        tried=st.none() | st.decimals(0, 600, places=4),
    )
    def test_it_holds(self, reported: D, confirmed: D | None, tried: D | None) -> None:
        line = line_of(str(reported))
        if confirmed is not None:
            answer(ask(line), str(confirmed))
        try:
            accept(line) if tried is None else part(line, str(tried))
        except ValidationError:
            assert tried is not None
            assert tried > min(reported, reported if confirmed is None else confirmed)
        stored = fresh(line)
        if stored.verified_quantity is not None:
            assert stored.verified_quantity <= reported
            assert confirmed is None or stored.verified_quantity <= confirmed
            exact = stored.verified_quantity * 10
            assert abs((stored.verified_pounds or 0) - exact) <= D("0.005")
        assert stored.reported_quantity == reported


# --- claimed twice ------------------------------------------------------------------------


def flagged() -> tuple[ReturnLine, ReturnLine, DuplicateFlag]:
    first, second = line_of(), line_of()
    flag = DuplicateFlag.objects.create(
        first=first, second=second, kind="same_event", found_at=NOON
    )
    return first, second, flag


def decide(flag: DuplicateFlag, state: str, expected: str = "open") -> DuplicateFlag:
    return verification.decide_duplicate(
        flag=flag,
        state=state,
        reason="Compared the two sheets.",
        expected_state=expected,
        by=make_user(),
        now=LATER,
    )


def test_a_possible_double_is_looked_at_before_anything_is_accepted() -> None:
    first, second, flag = flagged()
    with pytest.raises(ValidationError, match="may be claimed twice"):
        accept(first)
    decide(flag, "fine")
    accept(first)
    accept(second)
    assert [fresh(line).state for line in (first, second)] == ["accepted", "accepted"]


def test_of_one_thing_claimed_twice_only_one_is_accepted_whole() -> None:
    first, second, flag = flagged()
    decide(flag, "double")
    accept(first)
    with pytest.raises(ValidationError, match="the other claim is accepted already"):
        accept(second)
    part(second, "0", "It is the session on the other line.")
    assert fresh(second).verified_pounds == D(0)


def test_a_double_is_decided_once_and_its_log_names_no_other_place() -> None:
    first, second, flag = flagged()
    decide(flag, "double")
    with pytest.raises(Collision):
        decide(flag, "fine")
    decide(flag, "fine", expected="double")
    said = " ".join(ReturnEvent.objects.filter(action="compared").values_list("words", flat=True))
    assert "Compared the two sheets" not in said
    for line in (first, second):
        assert line.delivery_return.contract.reference not in said
    with pytest.raises(ValidationError, match="Say what you compared"):
        verification.decide_duplicate(
            flag=flag, state="fine", reason="", expected_state="fine", by=make_user(), now=LATER
        )
    with pytest.raises(ValidationError, match="Choose one"):
        decide(flag, "open", expected="fine")


# --- a closed quarter ---------------------------------------------------------------------


def test_a_closed_quarter_refuses_every_decision() -> None:
    line, decided = line_of(), line_of()
    accept(decided)
    request = ask(line_of())
    boss = make_user()
    close_quarter(quarter=Q1, by=boss, now=LATER)
    held = line.delivery_return
    events = ReturnEvent.objects.count()
    tries = (
        lambda: accept(line),
        lambda: part(line, "3"),
        lambda: send_back(line),
        lambda: ask(line),
        lambda: verify(held, [line]),
        lambda: confirmations.withdraw_confirmation(
            request=request, reason="No", by=boss, now=LATER
        ),
        lambda: verification.send_back_return(
            delivery_return=held, reason="No", expected_version=1, by=boss, now=LATER
        ),
        lambda: verification.reopen_line(
            line=fresh(decided), reason="No", expected_version=2, by=boss, now=LATER
        ),
    )
    for each in tries:
        with pytest.raises(QuarterClosed, match="was closed on"):
            each()
    assert fresh(line).state == "open"
    assert fresh(decided).state == "accepted"
    assert ReturnEvent.objects.count() == events
    reopen_quarter(quarter=Q1, by=boss, now=LATER, reason="A line was forgotten")
    accept(line)
    assert fresh(line).state == "accepted"


def test_a_late_return_is_locked_by_the_quarter_it_counts_in_not_by_its_own() -> None:
    line = line_of()
    DeliveryReturn.objects.update(counted_year=2026, counted_quarter=2)
    ReturnLine.objects.update(counted_year=2026, counted_quarter=2)
    close_quarter(quarter=Q1, by=make_user(), now=LATER)
    accept(line)
    assert fresh(line).delivery_return.counted_in == Q1.next


def test_of_lines_that_count_in_two_quarters_the_closed_one_is_left() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    first = make_line(held, commitment, "4")
    late = make_line(held, commitment, "4", counted_quarter=2)
    close_quarter(quarter=Q1, by=make_user(), now=LATER)
    done = verify(held, [first, late])
    assert done.accepted == (2,)
    assert [number for number, _ in done.left] == [1]
    assert "was closed on" in done.left[0][1]


# --- on record for ever -------------------------------------------------------------------


def test_each_decision_leaves_one_entry_that_both_sides_see_and_one_in_the_audit_log() -> None:
    line = line_of()
    part(line, "30")
    (event,) = ReturnEvent.objects.all()
    assert (event.action, event.event_quantity, event.words, event.line_number) == (
        "part", D(30), "The sheet shows fewer.", 1,
    )  # fmt: skip
    audit = AuditEvent.objects.get(verb="return line accepted in part")
    assert audit.after["verified_quantity"].startswith("30")
    assert audit.reason == "The sheet shows fewer."
    assert line.history.count() == 2  # as it was made, and as it was decided


def test_a_decision_that_fails_half_way_leaves_nothing() -> None:
    commitment = make_commitment()
    held = make_return(commitment.contract, commitment.supplier)
    first, second = (make_line(held, commitment, "4") for _ in range(2))
    with pytest.raises(Collision):
        verify(held, [first, ReturnLine(pk=second.pk, version=9)])
    assert ReturnEvent.objects.count() == 0
    assert not AuditEvent.objects.filter(subject_type="returnline").exists()


def test_no_code_of_ours_changes_or_deletes_an_entry() -> None:
    """Entries go only with their whole return, and no code deletes a return that was submitted."""
    root = Path(__file__).resolve().parents[2]
    writes = re.compile(
        r"ReturnEvent\.objects[^\n]*\.(update|delete|bulk_update)\(|\.events[^\n]*\.(update|delete)\("
    )
    found = [
        f"{path.relative_to(root)}:{number}"
        for app in ("contracts", "reporting", "trafford_sv")
        for path in (root / app).rglob("*.py")
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if writes.search(text)
    ]
    assert found == []
