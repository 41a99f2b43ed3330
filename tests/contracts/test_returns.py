"""A quarter's return from its first line to the quarter that it counts in, worked by hand."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from contracts.due_dates import due_on, due_words, sent_words
from contracts.models import (
    ActivityClaim,
    Commitment,
    Contract,
    DeliveryReturn,
    DeliverySum,
    EvidenceLink,
    Measure,
    ReturnEvent,
    ReturnLine,
    SharedActivity,
)
from contracts.selectors.returns import (
    completeness,
    expected_returns,
    return_detail,
    returns_due,
)
from contracts.services.delivery_sums import check_delivery_sums
from contracts.services.returns import (
    LineChange,
    LinesChanged,
    add_line,
    claim_share,
    open_return,
    release_share,
    remove_line,
    save_draft,
    save_line,
    save_lines,
    start_activity,
    submit_return,
    withdraw_return,
)
from contracts.typed_quantities import QuantityError, read_quantity, unit_problem
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_commitment,
    make_evidence,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter
from trafford_sv.core.services.records import Collision

JULY = datetime.datetime(2026, 7, 10, 9, tzinfo=datetime.UTC)
Q2 = Q1.next
db = pytest.mark.django_db


def begun(commitment: Commitment, quarter: Quarter = Q1, now: Any = JULY) -> DeliveryReturn:
    return open_return(
        contract=commitment.contract,
        supplier=commitment.supplier,
        quarter=quarter,
        by=None,
        now=now,
    )


def typed(line: ReturnLine, now: Any = JULY, **values: Any) -> ReturnLine:
    values = {
        name: Decimal(value) if name.endswith(("quantity", "share")) and value else value
        for name, value in values.items()
    }
    line.refresh_from_db()
    return save_line(line=line, changes=values, expected_version=line.version, by=None, now=now)


def sent(row: DeliveryReturn, now: Any = JULY, by: Any = None, **more: Any) -> DeliveryReturn:
    return submit_return(
        delivery_return=row,
        declared_this_agreement=True,
        declared_committed=True,
        by=by,
        now=now,
        **more,
    )


def one_line(**values: Any) -> ReturnLine:
    """A begun return of one commitment that asks for no evidence; its only line."""
    commitment = make_commitment(**{"evidence_rule": "", **values})
    return begun(commitment).lines.get()


def refused(action: Any, *words: str) -> str:
    with pytest.raises(ValidationError) as raised:
        action()
    said = " ".join(raised.value.messages)
    for each in words:
        assert each in said, said
    return said


# --- when it is due -----------------------------------------------------------------------


def test_a_return_is_due_twenty_days_after_its_quarter() -> None:
    # April to June ends on 30 June; 20 days later is 20 July.
    assert due_on(Q1) == datetime.date(2026, 7, 20)
    assert due_words(Q1, datetime.date(2026, 7, 26)) == "6 days late"
    assert due_words(Q1, datetime.date(2026, 7, 21)) == "1 day late"
    assert due_words(Q1, datetime.date(2026, 7, 20)) == "due today"
    assert due_words(Q1, datetime.date(2026, 7, 19)) == "due tomorrow"
    assert due_words(Q1, datetime.date(2026, 7, 8)) == "due in 12 days"
    assert sent_words(Q1, datetime.date(2026, 7, 20)) == "in time"
    assert sent_words(Q1, datetime.date(2026, 7, 22)) == "2 days after its due date"


@given(st.integers(2000, 2100), st.integers(1, 4), st.integers(-400, 400))
def test_days_late_and_days_left_never_overlap(year: int, number: int, days: int) -> None:
    quarter = Quarter(year, number)
    day = due_on(quarter) + datetime.timedelta(days=days)
    assert ("late" in due_words(quarter, day)) is (days > 0)


# --- what is typed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("", "hours", None),
        ("0", "hours", "0"),
        ("1,200", "hours", "1200"),
        (" 12.5 hours ", "hours", "12.5"),
        ("1 hour", "hours", "1"),
        ("40 hours", "volunteer hours", "40"),
        ("£1,000", "pounds", "1000"),
        ("30%", "per cent of workers", "30"),
        ("-3", "hours", "-3"),
    ],
)
def test_a_quantity_is_read_as_it_is_typed(text: str, unit: str, number: str | None) -> None:
    assert read_quantity(text, unit) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    "text", ["ten", "12 people", "1,20", "1.2.3", "=1+1", "1e5", "NaN", "12kg"]
)
def test_what_is_no_quantity_in_this_unit_is_refused_in_words(text: str) -> None:
    with pytest.raises(QuantityError):
        read_quantity(text, "hours")


def test_another_unit_is_said() -> None:
    assert unit_problem("Hour", "hours") == ""
    assert "counted in hours" in unit_problem("people", "hours")


# --- which returns are expected -----------------------------------------------------------


def pairs(quarter: Quarter, **scope: Any) -> set[tuple[int, int]]:
    return {(row["contract_id"], row["supplier_id"]) for row in expected_returns(quarter, **scope)}


@db
def test_a_return_is_expected_while_an_agreed_commitment_runs() -> None:
    commitment = make_commitment()  # April 2026 to March 2027
    own = (commitment.contract_id, commitment.supplier_id)
    assert [own in pairs(quarter) for quarter in (Q1.previous, Q1, Q1.next.next.next)] == [
        False, True, True,
    ]  # fmt: skip
    assert pairs(Quarter(2027, 1)) == set()
    assert pairs(Q1, suppliers=[commitment.supplier_id + 1]) == set()
    assert pairs(Q1, kinds=["grant"]) == set()


@db
def test_nothing_is_expected_of_a_draft_or_of_what_is_over() -> None:
    make_commitment(agreed=False)
    make_commitment(state="withdrawn", agreed=False)
    ended = make_commitment()
    Contract.objects.filter(pk=ended.contract_id).update(
        end=datetime.date(2026, 6, 1), stage="terminated"
    )
    no_end = make_commitment(due=None)
    Contract.objects.filter(pk=no_end.contract_id).update(end=None, stage="ended")
    assert pairs(Q2) == set()
    # The quarter in which it ended is still reported.
    assert pairs(Q1) == {(ended.contract_id, ended.supplier_id)}


@db
def test_a_profile_alone_or_dates_alone_make_it_expected() -> None:
    planned = make_commitment(
        starts=datetime.date(2026, 4, 1), due=datetime.date(2026, 6, 30), profile={Q2: "100"}
    )
    assert (planned.contract_id, planned.supplier_id) in pairs(Q2)
    plain = make_commitment(profile={}, starts=None, due=None)
    assert (plain.contract_id, plain.supplier_id) in pairs(Q2)


@db
def test_each_supplier_of_a_shared_contract_is_expected_once() -> None:
    first = make_commitment()
    make_commitment(first.contract, supplier=first.supplier)
    second = make_commitment(first.contract)
    assert pairs(Q1) == {
        (first.contract_id, first.supplier_id),
        (first.contract_id, second.supplier_id),
    }
    assert expected_returns(Q1).count() == 2


@db
def test_a_missing_return_lowers_completeness_and_a_zero_return_does_not() -> None:
    # Three returns are expected. One says 0, one is a draft only, one is not there:
    # 1 of 3 has come in.
    zero, drafted, _missing = (make_commitment(evidence_rule="") for _ in range(3))
    line = begun(zero).lines.get()
    typed(line, given_quantity="0")
    sent(line.delivery_return)
    begun(drafted)
    assert completeness(Q1).sentence == "1 of 3 returns received"
    line.refresh_from_db()
    assert (line.reported_quantity, line.reported_pounds) == (Decimal(0), Decimal("0.00"))
    assert line.is_counted
    assert completeness(Q1, contracts=[zero.contract_id]).is_complete
    assert completeness(Quarter(2030, 1)).sentence == "No returns are due yet"


@db
def test_what_is_due_is_listed_most_late_first(django_assert_num_queries: Any) -> None:
    commitment = make_commitment(evidence_rule="")
    make_commitment()
    day = datetime.date(2026, 11, 23)
    with django_assert_num_queries(2):
        due = returns_due([commitment.supplier_id], day)
    # July to September was due on 20 October, April to June on 20 July.
    assert [(each.quarter, each.days_left) for each in due] == [
        (Q1, -126), (Q2, -34), (Q2.next, 58),
    ]  # fmt: skip
    assert due[0].words == "126 days late"
    line = begun(commitment).lines.get()
    assert returns_due([commitment.supplier_id], day)[0].return_pk == line.delivery_return_id
    typed(line, given_quantity="1")
    sent(line.delivery_return)
    assert [each.quarter for each in returns_due([commitment.supplier_id], day)] == [Q2, Q2.next]
    assert len(returns_due(None, day, quarters=[Q1])) == 1


# --- beginning and filling in -------------------------------------------------------------


@db
def test_a_return_is_begun_once_with_a_blank_line_for_each_commitment() -> None:
    commitment = make_commitment()
    commitment.contract.is_demo = True
    make_commitment(commitment.contract, supplier=commitment.supplier)
    make_commitment(commitment.contract)  # somebody else's
    first, again = begun(commitment), begun(commitment)
    assert first.pk == again.pk
    assert first.is_demo
    assert [line.number for line in first.lines.all()] == [1, 2]
    assert {line.given_quantity for line in first.lines.all()} == {None}
    assert AuditEvent.objects.count() == 1
    assert [event.action for event in first.events.all()] == ["started"]
    # What is agreed meanwhile joins the draft.
    make_commitment(commitment.contract, supplier=commitment.supplier)
    assert begun(commitment).lines.count() == 3


@db
def test_a_return_of_a_coming_quarter_or_without_a_promise_is_not_begun() -> None:
    commitment = make_commitment()
    refused(lambda: begun(commitment, Q2.next), "has not begun")
    other = make_commitment(agreed=False)
    refused(lambda: begun(other), "Nothing has been agreed")
    assert not DeliveryReturn.objects.exists()


@db
def test_blank_stays_blank_and_zero_stays_zero() -> None:
    line = one_line()
    assert typed(line, given_quantity="0").given_quantity == Decimal(0)
    assert typed(line, given_quantity=None).given_quantity is None
    refused(lambda: sent(line.delivery_return), "Type 0 where nothing was done")


@db
@pytest.mark.parametrize(
    ("counting", "values", "sentence"),
    [
        ("units", {"given_quantity": "-1"}, "cannot be negative"),
        ("units", {"given_quantity": "NaN"}, "not a number"),
        ("units", {"given_quantity": "99999999999999"}, "more than the system can hold"),
        ("units", {"given_quantity": "1.23456"}, "at most 4 decimals"),
        ("percentage", {"given_quantity": "120"}, "more than 100%"),
        ("hours_people", {"people_quantity": "1.5"}, "whole number of people"),
        ("first_year", {"given_quantity": "3"}, "number of people and the months"),
        ("fte_years", {"fte_quantity": "1", "months_quantity": "700"}, "50 years"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(
    counting: str, values: dict[str, str], sentence: str
) -> None:
    line = one_line(measure=make_measure(counting=counting))
    refused(lambda: typed(line, **values), sentence)
    line.refresh_from_db()
    assert line.version == 1


@db
def test_other_fields_are_refused_in_words() -> None:
    line = one_line()
    refused(lambda: typed(line, happened_on=datetime.date(2026, 7, 11)), "has not come yet")
    refused(lambda: typed(line, place="M33 1AA"), "full postcode")
    refused(lambda: typed(line, partner=line.delivery_return.supplier), "not your own")
    refused(lambda: typed(line, attribution_share="1.5"), "up to 100%")
    refused(lambda: typed(line, narrative="x" * 6000), "characters long")
    wrong = LineChange(line.version, {"given_quantity": Decimal(3)}, "people")
    refused(
        lambda: save_lines(
            delivery_return=line.delivery_return, lines={line.pk: wrong}, by=None, now=JULY
        ),
        "counted in hours",
    )


@db
def test_half_a_group_session_is_kept_in_a_draft_and_asked_for_on_sending() -> None:
    line = one_line(measure=make_measure(counting="hours_people"))
    typed(line, hours_quantity="2")
    refused(lambda: sent(line.delivery_return), "the number of people as well")
    # 2 hours with 8 people count 16.
    typed(line, people_quantity="8")
    sent(line.delivery_return)
    line.refresh_from_db()
    assert (line.reported_quantity, line.reported_pounds) == (Decimal(16), Decimal("160.00"))


@db
def test_a_session_typed_with_people_first_is_the_same() -> None:
    line = one_line(measure=make_measure(counting="hours_people"))
    typed(line, people_quantity="8", hours_quantity="2")
    sent(line.delivery_return)
    line.refresh_from_db()
    assert line.reported_quantity == 16


@db
def test_twelve_and_a_half_jobs_for_two_years_count_25() -> None:
    line = one_line(measure=make_measure(counting="fte_years"), quantity="25")
    typed(line, fte_quantity="12.5", months_quantity="24")
    sent(line.delivery_return)
    line.refresh_from_db()
    assert line.reported_quantity == 25


@db
def test_a_hire_kept_for_eighteen_months_counts_twelve_over_all_quarters() -> None:
    # One person from 1 April 2026, reported for 3 months in each of six quarters. Months count
    # 3 + 3 + 3 + 3 + 0 + 0 = 12, so person-years 0.25 four times and then 0: one in all.
    measure = make_measure(counting="first_year", value="1000")
    supplier = make_organisation()
    contract = make_contract(
        suppliers=[supplier], start=datetime.date(2026, 4, 1), end=datetime.date(2028, 3, 31)
    )
    commitment = make_commitment(
        contract, supplier=supplier, measure=measure, quantity="1", evidence_rule=""
    )
    quarter, quantities = Q1, []
    for _ in range(6):
        now = datetime.datetime.combine(due_on(quarter), datetime.time(9), tzinfo=datetime.UTC)
        line = begun(commitment, quarter, now).lines.get()
        typed(
            line, now=now, people_quantity="1", months_quantity="3",
            happened_on=datetime.date(2026, 4, 1),
        )  # fmt: skip
        sent(line.delivery_return, now)
        line.refresh_from_db()
        quantities.append(line.reported_quantity)
        quarter = quarter.next
    assert quantities == [Decimal("0.25")] * 4 + [Decimal(0)] * 2
    total = sum(line.reported_pounds or 0 for line in commitment.lines.all())
    assert total == Decimal("1000.00")


@db
def test_another_group_has_its_own_twelve_months_and_a_variation_carries_them_on() -> None:
    measure = make_measure(counting="first_year", value="1000")
    commitment = make_commitment(measure=measure, quantity="2", evidence_rule="")
    line = begun(commitment).lines.get()
    started = datetime.date(2026, 4, 1)
    typed(line, people_quantity="1", months_quantity="9", happened_on=started)
    sent(line.delivery_return)
    Commitment.objects.filter(pk=commitment.pk).update(state="withdrawn")
    varied = make_commitment(
        commitment.contract, supplier=commitment.supplier, measure=measure, quantity="3",
        evidence_rule="", replaces=commitment,
    )  # fmt: skip
    october = datetime.datetime(2026, 10, 5, 9, tzinfo=datetime.UTC)
    second = begun(varied, Q2, october).lines.get()
    other = add_line(
        delivery_return=second.delivery_return, commitment=varied, by=None, now=october
    )
    typed(second, now=october, people_quantity="1", months_quantity="6", happened_on=started)
    typed(
        other, now=october, people_quantity="1", months_quantity="3",
        happened_on=datetime.date(2026, 7, 1),
    )  # fmt: skip
    detail = return_detail(
        second.delivery_return_id, make_user("supplier", second.delivery_return.supplier)
    )
    assert "9 counted before" in detail.lines[0].explanation
    sent(second.delivery_return, october)
    second.refresh_from_db()
    other.refresh_from_db()
    # Of 6 months only 3 are left; the other group counts its 3.
    assert [second.reported_quantity, other.reported_quantity] == [Decimal("0.25")] * 2


# --- questions that are asked before sending ----------------------------------------------


@db
def test_an_absurd_quantity_is_kept_with_its_reason() -> None:
    line = one_line()  # the whole promise is 100
    typed(line, given_quantity="301")
    refused(lambda: sent(line.delivery_return), "more than 3 times the whole promise of 100")
    typed(line, warning_reason="A second school asked us in.")
    sent(line.delivery_return)
    line.refresh_from_db()
    assert (line.reported_quantity, line.warning_reason) == (301, "A second school asked us in.")


@db
def test_a_day_outside_the_quarter_is_asked_about() -> None:
    line = one_line()
    typed(line, given_quantity="3", happened_on=datetime.date(2026, 3, 31))
    refused(lambda: sent(line.delivery_return), "31 March 2026 is not in April to June 2026")


@db
def test_evidence_is_asked_for_what_was_done_and_not_for_nothing() -> None:
    commitment = make_commitment(evidence_rule="A sign-in sheet")
    line = begun(commitment).lines.get()
    typed(line, given_quantity="5")
    refused(lambda: sent(line.delivery_return), "Line 1: add the evidence", "A sign-in sheet")
    typed(line, given_quantity="0")
    sent(line.delivery_return)
    withdraw_return(
        delivery_return=line.delivery_return,
        expected_version=DeliveryReturn.objects.get().version,
        by=None,
        now=JULY,
    )
    typed(line, given_quantity="5")
    make_evidence(commitment.supplier, line)
    assert sent(line.delivery_return).state == "submitted"


@db
def test_both_declarations_are_needed() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    with pytest.raises(ValidationError) as raised:
        submit_return(
            delivery_return=line.delivery_return,
            declared_this_agreement=False,
            declared_committed=False,
            by=None,
            now=JULY,
        )
    assert set(raised.value.message_dict) == {"declared_this_agreement", "declared_committed"}
    line.refresh_from_db()
    assert not line.is_counted and line.delivery_return.state == "draft"


# --- shares of one activity ---------------------------------------------------------------


def claim(line: ReturnLine, code: str, share: str) -> ReturnLine:
    line.refresh_from_db()
    return claim_share(
        line=line, code=code, share=Decimal(share), expected_version=line.version, by=None, now=JULY
    )


@db
def test_the_third_share_of_an_event_is_refused_with_what_is_left() -> None:
    # 50% + 30% = 80%; 20% is left, so 30% does not fit and 20% does.
    lines = [one_line(measure=make_measure(needs_attribution=True)) for _ in range(3)]
    activity = start_activity(title="Jobs fair", happened_on=None, by=None, now=JULY)
    claim(lines[0], activity.code, "0.5")
    claim(lines[1], activity.code.lower().replace("-", "- "), "0.3")
    said = refused(lambda: claim(lines[2], activity.code, "0.3"), "so 20% is left")
    assert "50% and 30% are claimed already" in said
    assert not ActivityClaim.objects.filter(line=lines[2]).exists()
    kept = claim(lines[2], activity.code, "0.2")
    assert kept.attribution_share == Decimal("0.2")
    typed(kept, given_quantity="10")
    sent(kept.delivery_return)
    kept.refresh_from_db()
    # 10 hours at £10, of which 20% is this agreement's: £20. The quantity stays as it was.
    assert (kept.reported_quantity, kept.reported_pounds) == (10, Decimal("20.00"))


@db
def test_a_share_can_be_changed_given_back_and_never_slips_by_the_line() -> None:
    line, other = one_line(), one_line()
    activity = start_activity(title="Jobs fair", happened_on=None, by=None, now=JULY)
    claim(line, activity.code, "0.9")
    claim(line, activity.code, "0.4")
    refused(lambda: typed(line, attribution_share="1"), "Change the share there")
    claim(other, activity.code, "0.6")
    line.refresh_from_db()
    release_share(line=line, expected_version=line.version, by=None, now=JULY)
    line.refresh_from_db()
    assert line.attribution_share == 1
    assert [held.claimed_share for held in activity.claims.all()] == [Decimal("0.6")]
    refused(lambda: claim(line, "NO-SUCH", "0.1"), "no shared activity with this code")
    refused(lambda: claim(line, activity.code, "0"), "above 0%")
    refused(lambda: start_activity(title=" ", happened_on=None, by=None, now=JULY), "Say what")
    assert SharedActivity.objects.count() == 1


# --- sending ------------------------------------------------------------------------------


@db
def test_sending_counts_prices_and_puts_it_into_its_quarter() -> None:
    line = one_line(measure=make_measure(value="0.005"))
    user = make_user("supplier", line.delivery_return.supplier)
    typed(line, given_quantity="1")
    row = sent(line.delivery_return, by=user)
    line.refresh_from_db()
    # 1 x £0.005 is half a penny, which rounds up.
    assert line.reported_pounds == Decimal("0.01")
    assert (row.state, row.counted_in, row.period) == ("submitted", Q1, Q1)
    assert (line.counted_year, line.counted_quarter, line.is_counted) == (2026, 1, True)
    assert (row.submitted_by_name, row.submitted_by_id) == (str(user), user.pk)
    assert row.declared_this_agreement and row.declared_committed
    event = row.events.get(action=ReturnEvent.Action.SUBMITTED)
    assert (event.actor_name, event.words) == (str(user), "")
    assert AuditEvent.objects.filter(verb="return submitted").count() == 1
    refused(lambda: sent(row), "Nothing in it waits to be sent")
    refused(lambda: typed(line, given_quantity="2"), "locked")


@db
def test_a_late_return_counts_in_the_next_open_quarter_with_its_true_period() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    october = datetime.datetime(2026, 10, 25, 9, tzinfo=datetime.UTC)
    close_quarter(quarter=Q1, by=None, now=october)
    row = sent(line.delivery_return, october)
    assert (row.period, row.counted_in) == (Q1, Q2)
    line.refresh_from_db()
    assert (line.counted_year, line.counted_quarter) == (2026, 2)
    assert "was closed. What is new here counts in July to September 2026" in (
        row.events.get(action="submitted").words
    )
    assert return_detail(row.pk, make_user()).is_late_into == Q2


@db
def test_a_closed_quarter_refuses_to_lose_what_it_counted() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    row = sent(line.delivery_return)
    october = datetime.datetime(2026, 10, 25, 9, tzinfo=datetime.UTC)
    close_quarter(quarter=Q1, by=None, now=october)
    refused(
        lambda: withdraw_return(
            delivery_return=row, expected_version=row.version, by=None, now=october
        ),
        "was closed on 25 October 2026",
    )
    # The same with a line that an officer had sent back before the quarter was closed.
    ReturnLine.objects.update(state="sent_back")
    DeliveryReturn.objects.update(state="sent_back")
    check_delivery_sums(by=None, now=october)
    line = typed(line, now=october, given_quantity="6")
    refused(lambda: sent(line.delivery_return, october), "reopen it")
    line.refresh_from_db()
    assert (line.reported_quantity, line.counted_quarter) == (5, 1)
    # Where nothing that it counted changes, it can be sent again.
    typed(line, now=october, given_quantity="5", narrative="As before, explained.")
    assert sent(line.delivery_return, october).state == "submitted"
    # Its sums follow without a word: nothing that is counted has changed.
    found = check_delivery_sums(by=None, now=october)
    assert (found.added, found.differing) == (1, ())
    assert DeliverySum.objects.get().lines_undecided == 1


@db
def test_what_is_sent_back_is_changed_and_what_is_accepted_is_locked() -> None:
    commitment = make_commitment(evidence_rule="")
    first = begun(commitment).lines.get()
    second = add_line(
        delivery_return=first.delivery_return, commitment=commitment, by=None, now=JULY
    )
    for line in (first, second):
        typed(line, given_quantity="10")
    row = sent(first.delivery_return)
    ReturnLine.objects.filter(pk=first.pk).update(
        state="accepted", verified_quantity=10, verified_pounds=100
    )
    ReturnLine.objects.filter(pk=second.pk).update(
        state="sent_back", decision_reason="Which day was it?"
    )
    DeliveryReturn.objects.update(state="sent_back", sent_back_reason="Which day was it?")
    refused(lambda: typed(first, given_quantity="11"), "Line 1 is accepted, so it is locked")
    typed(second, given_quantity="8")
    second.refresh_from_db()
    assert second.reported_quantity == 10  # as reported, until it is sent again
    row = sent(row)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.verified_quantity, first.version) == ("accepted", 10, 3)
    assert (second.state, second.reported_quantity, second.decision_reason) == ("open", 8, "")
    assert (row.state, row.sent_back_reason) == ("submitted", "")
    words = [event.words for event in row.events.filter(action="submitted")]
    assert words == ["", "Sent again, with line 2."]


@db
def test_a_return_is_taken_back_only_before_anybody_looked() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    row = sent(line.delivery_return)
    with pytest.raises(Collision):
        withdraw_return(delivery_return=row, expected_version=1, by=None, now=JULY)
    row = withdraw_return(delivery_return=row, expected_version=row.version, by=None, now=JULY)
    line.refresh_from_db()
    assert (row.state, row.counted_in, line.is_counted) == ("draft", None, False)
    assert (line.reported_quantity, line.given_quantity) == (None, 5)
    row = sent(row)
    ReturnLine.objects.update(state="accepted")
    refused(
        lambda: withdraw_return(
            delivery_return=row, expected_version=row.version, by=None, now=JULY
        ),
        "begun to check",
    )


@db
def test_a_crash_while_sending_leaves_a_whole_draft() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    before = ReturnLine.objects.values().get()

    class Falls:
        """Somebody whose name cannot be written: the last thing that is written fails."""

        pk = None

        def __str__(self) -> str:
            self.times = getattr(self, "times", 0) + 1
            if self.times > 2:
                raise RuntimeError("the power went")
            return "A supplier's user"

    with pytest.raises(RuntimeError):
        sent(line.delivery_return, by=Falls())
    assert ReturnLine.objects.values().get() == before
    assert DeliveryReturn.objects.get().state == "draft"
    assert not ReturnEvent.objects.filter(action="submitted").exists()
    assert not AuditEvent.objects.filter(verb="return submitted").exists()
    assert not line.history.filter(history_change_reason="Return sent").exists()


# --- several people -----------------------------------------------------------------------


@db
def test_two_who_type_on_one_line_are_told_and_on_two_lines_are_not() -> None:
    commitment = make_commitment(evidence_rule="")
    row = begun(commitment)
    first = row.lines.get()
    second = add_line(delivery_return=row, commitment=commitment, by=None, now=JULY)
    opened = {
        line.pk: LineChange(1, {"given_quantity": None, "narrative": ""})
        for line in (first, second)
    }

    def mine(line: ReturnLine, **values: Any) -> dict[int, LineChange]:
        values = {**opened[line.pk].values, **values}
        return {**opened, line.pk: LineChange(1, values)}

    def save(lines: dict[int, LineChange]) -> Any:
        return save_draft(
            delivery_return=row, changes={"narrative": ""}, expected_version=1, lines=lines,
            by=None, now=JULY,
        )  # fmt: skip

    save(mine(first, given_quantity=Decimal(3)))
    # The second person had the page open, and types on the other line only.
    save(mine(second, given_quantity=Decimal(4)))
    with pytest.raises(LinesChanged) as raised:
        save(mine(first, given_quantity=Decimal(9)))
    (collision,) = raised.value.collisions
    assert collision.attempted == {"given_quantity": Decimal(9)}
    assert [line.given_quantity for line in row.lines.all()] == [3, 4]
    assert [line.version for line in row.lines.all()] == [2, 2]


@db
def test_a_colleagues_change_since_the_check_is_not_sent_unseen() -> None:
    line = one_line()
    typed(line, given_quantity="5")
    detail = return_detail(
        line.delivery_return_id, make_user("supplier", line.delivery_return.supplier)
    )
    typed(line, given_quantity="50")
    with pytest.raises(Collision):
        sent(line.delivery_return, expected_fingerprint=detail.fingerprint)
    detail = return_detail(
        line.delivery_return_id, make_user("supplier", line.delivery_return.supplier)
    )
    assert sent(line.delivery_return, expected_fingerprint=detail.fingerprint).state == "submitted"


@db
def test_lines_are_added_and_removed_and_no_number_comes_back() -> None:
    commitment = make_commitment(evidence_rule="")
    row = begun(commitment)
    only = row.lines.get()
    refused(lambda: remove_line(line=only, expected_version=1, by=None, now=JULY), "the only line")
    second = add_line(delivery_return=row, commitment=commitment, by=None, now=JULY)
    with pytest.raises(Collision):
        remove_line(line=second, expected_version=7, by=None, now=JULY)
    remove_line(line=second, expected_version=1, by=None, now=JULY)
    third = add_line(delivery_return=row, commitment=commitment, by=None, now=JULY)
    assert [line.number for line in row.lines.all()] == [1, 3]
    assert third.number == 3
    refused(
        lambda: add_line(delivery_return=row, commitment=make_commitment(), by=None, now=JULY),
        "not one of your commitments",
    )


# --- reading one --------------------------------------------------------------------------


@db
@pytest.mark.parametrize("count", [1, 200])
def test_a_return_is_read_with_as_many_queries_for_one_line_as_for_200(count: int) -> None:
    commitment = make_commitment(measure=make_measure(counting="first_year"))
    row = make_return(commitment.contract, commitment.supplier, state="draft")
    for _ in range(count):
        line = make_line(row, commitment, None, people_quantity=1, months_quantity=3)
        make_evidence(commitment.supplier, line, content=str(line.pk).encode())
    user = make_user("supplier", commitment.supplier)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        detail = return_detail(row.pk, user)
    assert len(detail.lines) == count
    assert all(line.files for line in detail.lines)
    assert len(captured) <= 10, [query["sql"][:90] for query in captured]
    assert EvidenceLink.objects.count() == count


@db
def test_what_came_before_stands_beside_what_is_due() -> None:
    commitment = make_commitment()  # 25 in each quarter
    make_line(
        make_return(commitment.contract, commitment.supplier), commitment, "40", verified="25"
    )
    share = make_commitment(
        commitment.contract, supplier=commitment.supplier, quantity="30",
        measure=make_measure(kind="record_only", counting="percentage"),
    )  # fmt: skip
    make_line(DeliveryReturn.objects.get(), share, "20")
    row = make_return(commitment.contract, commitment.supplier, Q2, state="draft")
    promises = return_detail(row.pk, make_user("supplier", commitment.supplier)).promises
    assert (promises[0].due_quantity, promises[0].delivered_quantity) == (25, 40)
    assert promises[0].verified_quantity == 25
    assert promises[1].delivered_quantity == 20
    assert promises[0].lines == ()


@db
def test_a_supplier_reads_no_other_suppliers_return_on_a_shared_contract() -> None:
    commitment = make_commitment()
    row = make_return(commitment.contract, commitment.supplier)
    other = make_commitment(commitment.contract)
    with pytest.raises(DeliveryReturn.DoesNotExist):
        return_detail(row.pk, make_user("supplier", other.supplier))
    own = return_detail(row.pk, make_user("supplier", commitment.supplier))
    assert [promise.pk for promise in own.promises] == [commitment.pk]


@db
def test_the_measure_names_the_fields_that_are_asked() -> None:
    from contracts.services.returns.line_values import fields_for

    assert {rule: fields_for(rule) for rule in Measure.Counting.values} == {
        "units": ("given_quantity",),
        "fte_years": ("fte_quantity", "months_quantity"),
        "first_year": ("people_quantity", "months_quantity"),
        "hours_people": ("hours_quantity", "people_quantity"),
        "percentage": ("given_quantity",),
    }
