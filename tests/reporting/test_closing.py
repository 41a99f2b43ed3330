"""Closing a quarter: what the board says, what keeps it open, who accepted what, and reopening."""

from __future__ import annotations

import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from action_plan.models import Action, Theme, UpdateLink
from contracts.models import ReminderDigest
from contracts.services.reminders import send_reminders
from reporting.closing_checks import CHECK_WORDS, Acceptance, Check, CheckKey, CheckState
from reporting.models import AcceptedCheck, ClosingReminder, MeasureReading, StarMeasure
from reporting.selectors.closing import checks_outstanding, closing_board
from reporting.selectors.reopened import reopenings
from reporting.services.closing import (
    accept_check,
    accept_everything,
    ask_for_missing,
    send_reminders_of,
)
from reporting.services.reference import load_star_measures
from reporting.services.star_measures import define_measure
from reporting.services.star_readings import supply_reading, work_out_measures, write_comment
from reporting.services.star_sets import approve_set, prepare_set
from tests.core import conftest as mail_server
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_flag,
    make_line,
    make_request,
    make_return,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import (
    ChecksOutstanding,
    QuarterStateError,
    close_quarter,
    closed_quarters,
    reopen_quarter,
)

pytestmark = pytest.mark.django_db
Mailbox = mail_server.Mailbox
smtp = mail_server.smtp
Q1 = Quarter(2026, 1)
NOW = datetime.datetime(2026, 8, 3, 9, tzinfo=datetime.UTC)
TODAY = NOW.date()
LATER = NOW + datetime.timedelta(days=1)


def keys(quarter: Quarter = Q1) -> set[str]:
    return {check.key.value for check in checks_outstanding(quarter)}


def an_action(**values: Any) -> Action:
    theme, _ = Theme.objects.get_or_create(
        key="governance", defaults={"code": "GO", "name": "Governance", "position": 7}
    )
    return Action.objects.create(
        **{
            "reference": f"GO-{Action.objects.count() + 1}",
            "theme": theme,
            "title": "Publish the plan",
            "status": "on_track",
            "starts": datetime.date(2026, 1, 1),
            "lead_name": "The plan’s lead",
            "lead_email": "lead@example.org",
            "created_at": NOW,
            **values,
        }
    )


def a_set() -> list[StarMeasure]:
    """Four computed measures and one that STAR supplies, approved for 2026/27."""
    values = {"words": "A test.", "period": "quarter"}
    measures = [
        define_measure(
            values={"name": f"Measure {n}", "numerator": "social_value",
                    "numerator_basis": basis, **values}, by=None, now=NOW,
        )
        for n, basis in enumerate(("offered", "committed", "reported", "verified"))
    ]  # fmt: skip
    measures.append(
        define_measure(
            values={"name": "From STAR", "source": "supplied", "unit": "pounds", **values},
            by=None, now=NOW,
        )
    )  # fmt: skip
    held = prepare_set(
        values={"name": "A set", "starts": datetime.date(2026, 4, 1)},
        measures=measures, by=None, now=NOW,
    )  # fmt: skip
    approve_set(
        measure_set=held, approved_by="Joint Committee", approved_on=datetime.date(2026, 4, 1),
        reference="", expected_version=held.version, by=None, now=NOW,
    )  # fmt: skip
    return measures


# --- the arithmetic of a check ------------------------------------------------------------


@given(st.integers(0, 50), st.one_of(st.none(), st.integers(1, 50)))
def test_an_acceptance_holds_for_as_much_as_it_was_given_for(
    number: int, accepted: int | None
) -> None:
    acceptance = Acceptance(accepted, "why", "An officer", NOW) if accepted else None
    state = Check(CheckKey.RETURNS, number, acceptance=acceptance).state
    if number == 0:
        assert state is CheckState.PASSED
    elif accepted is not None and number <= accepted:
        assert state is CheckState.ACCEPTED
    else:
        assert state is CheckState.OUTSTANDING


def test_every_check_has_its_words() -> None:
    assert set(CHECK_WORDS) == set(CheckKey)
    for key in CheckKey:
        for number in (0, 1, 2):
            assert Check(key, number).sentence.endswith(".")
    assert Check(CheckKey.RETURNS, 1204).sentence == "1,204 returns have not come in."


# --- what the checks see ------------------------------------------------------------------


def test_what_is_missing_is_counted_by_its_check() -> None:
    """Two commitments on two agreements: one return came with two lines, one of them undecided
    and asked about; the other return is missing. One action has no update. No set, no payments.
    """
    came, missing = make_commitment(), make_commitment()
    sent = make_return(came.contract, came.supplier, Q1)
    open_line = make_line(sent, came, "4")
    decided = make_line(sent, came, "5", verified="5")
    make_line(sent, came, None)  # a blank is no delivery that waits for a decision
    make_request(open_line)
    make_flag(open_line, decided)
    an_action()
    an_action(status="complete", completed_on=TODAY)
    an_action(starts=datetime.date(2026, 7, 1))
    board = closing_board(Q1, today=TODAY)
    numbers = {check.key: check.number for check in board.checks}
    assert numbers == {
        CheckKey.PREVIOUS: 0, CheckKey.RETURNS: 1, CheckKey.VERIFICATION: 1,
        CheckKey.CONFIRMATIONS: 1, CheckKey.DOUBLE_CLAIMS: 1, CheckKey.UPDATES: 1,
        CheckKey.APPROVALS: 0, CheckKey.SET: 1, CheckKey.FORMULAS: 0, CheckKey.SUPPLIED: 0,
        CheckKey.COMMENTARY: 0, CheckKey.SPENDING: 1,
    }  # fmt: skip
    assert (board.returns.expected, board.returns.received) == (2, 1)
    (late,) = board.missing_returns
    assert late.contract_pk == missing.contract_id and late.is_late
    assert board.unreachable == (missing.supplier.name,)
    assert board.updates_expected == 1


def test_measures_wait_for_star_for_words_and_for_their_formula() -> None:
    measures = a_set()
    assert {"supplied", "commentary"} <= keys() and "set" not in keys()
    supply_reading(
        measure=measures[-1], quarter=Q1, value=Decimal(5), evidence="Table 2", by=None, now=NOW
    )
    for measure in measures:
        write_comment(
            measure=measure, quarter=Q1, text="A test.", expected_version=None, by=None, now=NOW
        )
    assert not {"supplied", "commentary", "formulas"} & keys()
    StarMeasure.objects.filter(pk=measures[0].pk).update(numerator="moonshine")
    board = closing_board(Q1, today=TODAY)
    (gone,) = [check for check in board.checks if check.key is CheckKey.FORMULAS]
    assert gone.sentence == "1 measure names a figure that is gone."


def test_the_quarter_before_is_asked_about_once_there_was_a_first() -> None:
    assert "previous" not in keys(Q1.next)
    close_quarter(quarter=Q1, by=None, now=NOW)
    assert "previous" not in keys(Q1.next)
    assert "previous" in keys(Q1.next.next)
    reopen_quarter(quarter=Q1, by=None, now=LATER, reason="A test")
    assert "previous" in keys(Q1.next)


# --- accepting and closing ----------------------------------------------------------------


def test_closing_is_refused_until_each_check_is_accepted_with_a_reason() -> None:
    by = make_user("coordinator")
    make_commitment()
    with pytest.raises(ChecksOutstanding) as refused:
        close_quarter(quarter=Q1, by=by, now=NOW, checked=True)
    assert "1 return has not come in." in str(refused.value)
    assert "accept it with a reason" in str(refused.value)
    assert closed_quarters() == set() and not MeasureReading.objects.exists()
    for key in sorted(keys()):
        accept_check(quarter=Q1, key=key, reason="It is in dispute.", by=by, now=NOW)
    assert keys() == set()
    row = AcceptedCheck.objects.get(check_key="returns")
    assert (row.reason, row.accepted_by_name, row.accepted_at, row.number) == (
        "It is in dispute.", by.name, NOW, 1,
    )  # fmt: skip
    event = AuditEvent.objects.filter(verb="check accepted", after__says=row.words).get()
    assert event.reason == "It is in dispute."
    close_quarter(quarter=Q1, by=by, now=NOW, checked=True)
    assert closed_quarters() == {Q1}
    with pytest.raises(QuarterStateError, match="closed already"):
        close_quarter(quarter=Q1, by=by, now=NOW, checked=True)


def test_one_more_missing_return_opens_the_check_again() -> None:
    make_commitment()
    accept_check(quarter=Q1, key="returns", reason="Known.", by=None, now=NOW)
    assert "returns" not in keys()
    make_commitment()
    assert "returns" in keys()
    (check,) = [one for one in checks_outstanding(Q1) if one.key is CheckKey.RETURNS]
    assert check.is_worse


@pytest.mark.parametrize(
    ("key", "reason", "seen", "says"),
    [
        ("returns", "  ", None, "Say why"),
        ("weather", "Rain", None, "no such check"),
        ("updates", "None runs", None, "nothing to accept"),
        ("returns", "Fewer than now", 0, "More is outstanding"),
        ("returns", "x" * 501, None, "500"),
    ],
)
def test_an_acceptance_that_says_nothing_is_refused(
    key: str, reason: str, seen: int | None, says: str
) -> None:
    make_commitment()
    with pytest.raises(ValidationError) as refused:
        accept_check(quarter=Q1, key=key, reason=reason, by=None, now=NOW, seen_number=seen)
    assert says in " ".join(refused.value.messages)
    assert not AcceptedCheck.objects.exists()


def test_a_closed_quarter_takes_no_acceptance_and_no_reminder() -> None:
    make_commitment()
    close_quarter(quarter=Q1, by=None, now=NOW)
    with pytest.raises(ValidationError, match="was closed on"):
        accept_check(quarter=Q1, key="returns", reason="Late", by=None, now=LATER)
    with pytest.raises(ValidationError, match="is closed"):
        ask_for_missing(quarter=Q1, by=None, now=LATER, today=LATER.date())
    with pytest.raises(ValidationError, match="has not begun"):
        ask_for_missing(quarter=Quarter(2027, 1), by=None, now=LATER, today=LATER.date())


def test_reopening_asks_everything_again_and_is_told_to_editions() -> None:
    make_commitment()
    accept_everything(quarter=Q1, reason="Known.", by=None, now=NOW)
    close_quarter(quarter=Q1, by=None, now=NOW, checked=True)
    assert reopenings(Q1) == ()
    with pytest.raises(QuarterStateError, match="is not closed"):
        reopen_quarter(quarter=Q1.next, by=None, now=NOW, reason="A test")
    reopen_quarter(quarter=Q1, by=make_user("coordinator"), now=LATER, reason="A return was lost.")
    (told,) = reopenings(Q1)
    assert (told.closed_at, told.at, told.reason) == (NOW, LATER, "A return was lost.")
    assert "returns" in keys()
    accept_everything(quarter=Q1, reason="Known again.", by=None, now=LATER + (LATER - NOW))
    assert keys() == set()


def test_the_command_refuses_says_what_is_outstanding_and_accepts_with_a_reason() -> None:
    make_commitment()
    with time_machine.travel(NOW):
        err = StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("close_quarter", "2026-27-Q1", stderr=err, stdout=StringIO())
        assert stopped.value.code == 2 and "1 return has not come in." in err.getvalue()
        call_command(
            "close_quarter", "2026-27-Q1", accept="In dispute", dry_run=True, stdout=StringIO()
        )
        assert not AcceptedCheck.objects.exists() and closed_quarters() == set()
        call_command("close_quarter", "2026-27-Q1", accept="In dispute", stdout=StringIO())
    assert closed_quarters() == {Q1}
    assert set(AcceptedCheck.objects.values_list("reason", flat=True)) == {"In dispute"}


# --- reminding ----------------------------------------------------------------------------


def ask(now: datetime.datetime = NOW) -> ClosingReminder:
    return ask_for_missing(quarter=Q1, by=make_user("coordinator"), now=now, today=now.date())


def send(now: datetime.datetime = NOW) -> Any:
    return send_reminders_of(quarter=Q1, by=None, now=now, today=now.date())


def test_one_press_asks_suppliers_and_leads_and_nobody_twice_in_a_day(smtp: Mailbox) -> None:
    missing = make_commitment()
    person = make_user("supplier", missing.supplier)
    make_user("supplier", make_organisation())
    action = an_action()
    assert ask().leads_asked == 1
    done = send()
    assert (done.suppliers_written, done.leads_asked, done.refused) == (1, 1, 0)
    assert {mail["To"] for mail in smtp.messages} == {person.email, "lead@example.org"}
    assert "days late" in next(m for m in smtp.messages if m["To"] == person.email)["Subject"]
    again = send()
    assert (again.suppliers_written, len(smtp.messages)) == (0, 2)
    with pytest.raises(ValidationError, match="went out today"):
        ask(NOW + datetime.timedelta(hours=1))
    # The calendar's own reminder of the same day writes to nobody who was written to.
    assert send_reminders(as_of=TODAY, by=None, now=NOW).sent == 0
    # The next day the button works again; a lead whose link is still open is not asked again.
    assert ask(LATER).leads_asked == 0
    assert send(LATER).suppliers_written == 1
    assert UpdateLink.objects.filter(action=action).count() == 1
    stored = ClosingReminder.objects.get(day=TODAY)
    assert stored.finished_at == NOW and stored.suppliers_written == 1


def test_what_was_cut_off_may_be_begun_again_and_whoever_was_written_to_is_left_out(
    smtp: Mailbox,
) -> None:
    one, two = make_commitment(), make_commitment()
    first, second = make_user("supplier", one.supplier), make_user("supplier", two.supplier)
    ask()
    ReminderDigest.objects.create(
        user=first, day=TODAY, state=ReminderDigest.State.SENT, claimed_at=NOW, sent_at=NOW
    )
    ask(NOW + datetime.timedelta(hours=1))
    assert send(NOW + datetime.timedelta(hours=1)).suppliers_written == 1
    assert [mail["To"] for mail in smtp.messages] == [second.email]


def test_who_switched_reminders_off_and_who_has_sent_are_left_alone(smtp: Mailbox) -> None:
    from contracts.services.reminders import switch_off

    quiet, done = make_commitment(), make_commitment()
    person = make_user("supplier", quiet.supplier)
    make_user("supplier", done.supplier)
    switch_off(user=person, by=person, now=NOW)
    make_return(done.contract, done.supplier, Q1)
    ask()
    assert send().suppliers_written == 0
    assert closing_board(Q1, today=TODAY).unreachable == (quiet.supplier.name,)


def a_missed_target() -> list[StarMeasure]:
    """Of the set, STAR's own measure has no value; the first of the others is below its target."""
    measures = a_set()
    StarMeasure.objects.filter(pk=measures[0].pk).update(target_quantity=Decimal(5))
    return measures


def mails_of(smtp: Mailbox) -> dict[str, str]:
    assert len({mail["To"] for mail in smtp.messages}) == len(smtp.messages)
    return {mail["To"]: mail.get_content() for mail in smtp.messages}


def board_of(client: Client, person: Any) -> str:
    client.force_login(person)
    with time_machine.travel(NOW):
        page = client.get(reverse("closing-board", args=[Q1.code])).content.decode()
    return " ".join(page.split())


def test_the_button_reaches_who_owes_a_value_or_a_commentary(smtp: Mailbox, client: Client) -> None:
    measures = a_missed_target()
    supply_missed(measures)
    presser, other = make_user("coordinator"), make_user("coordinator")
    star, _closed, _auditor = (
        make_user("star_officer"),
        make_user("star_officer"),
        make_user("auditor"),
    )
    _closed.is_active = False
    _closed.save()
    page = board_of(client, presser)
    assert (
        "One e-mail each to STAR’s officers for the values that are missing and to STAR’s officers "
        "and co-ordinators for a word on each target that was missed." in page
    )
    row = ask_for_missing(quarter=Q1, by=presser, now=NOW, today=TODAY)
    assert {mail.user for mail in row.mails.all()} == {star, other}
    assert "on its way" in board_of(client, presser)
    done = send()
    assert (done.officers_written, done.suppliers_written, done.refused) == (2, 0, 0)
    told = mails_of(smtp)
    assert set(told) == {star.email, other.email}
    assert "From STAR" in told[star.email] and "Measure 0" in told[star.email]
    assert "From STAR" not in told[other.email] and "Measure 0" in told[other.email]
    assert f"?quarter={Q1.code}" in told[star.email] and "Measure 1" not in told[star.email]
    assert send().officers_written == 0 and len(smtp.messages) == 2
    # The log says whom, and for what.
    page = board_of(client, presser)
    assert f"{star} (value: From STAR; commentary: Measure 0)" in page
    assert f"{other} (commentary: Measure 0)" in page and "on its way" not in page
    event = AuditEvent.objects.get(verb="what is missing asked for")
    assert set(event.after["officers"]) == {str(star), str(other)}


def test_who_has_done_it_meanwhile_is_not_written_to(smtp: Mailbox, client: Client) -> None:
    measures = a_missed_target()
    supply_missed(measures)
    star, other = make_user("star_officer"), make_user("coordinator")
    ask()
    write_comment(
        measure=measures[0], quarter=Q1, text="Fewer tenders.", expected_version=None, by=star,
        now=NOW,
    )  # fmt: skip
    assert send().officers_written == 1
    assert set(mails_of(smtp)) == {star.email} and "Measure 0" not in mails_of(smtp)[star.email]
    assert "done before it went" in board_of(client, other)


def test_what_was_refused_is_in_the_log_and_goes_with_the_next_days_press(
    smtp: Mailbox, client: Client
) -> None:
    a_set()
    star = make_user("star_officer")
    smtp.refuse = True
    ask()
    done = send()
    assert (done.officers_written, done.refused) == (0, 1)
    assert "refused by the mail server" in board_of(client, star)
    smtp.refuse = False
    ask(LATER)
    assert send(LATER).officers_written == 1 and len(smtp.messages) == 1


def test_nothing_is_owed_by_officers_before_the_quarter_is_over(smtp: Mailbox) -> None:
    a_set()
    make_user("star_officer")
    early = datetime.datetime(2026, 6, 30, 9, tzinfo=datetime.UTC)
    with pytest.raises(ValidationError, match="nobody to remind"):
        ask(early)


def test_the_board_asks_as_often_however_many_were_reminded(client: Client) -> None:
    a_set()
    people = [make_user("star_officer") for _ in range(12)]

    def asked(number: int) -> int:
        reminder = ClosingReminder.objects.create(
            financial_year=2026, quarter=1, day=TODAY - datetime.timedelta(days=number),
            asked_at=NOW,
        )  # fmt: skip
        for person in people[:number]:
            reminder.mails.create(user=person, about="value: From STAR", state="sent")
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("closing-board", args=[Q1.code])).status_code == 200
        return len(seen)

    board_of(client, people[0])
    assert asked(1) == asked(11) <= 12


def supply_missed(measures: list[StarMeasure]) -> None:
    """What was worked out of the quarter is one pound, and the target asks for five."""
    work_out_measures(quarter=Q1, by=None, now=NOW)
    MeasureReading.objects.filter(measure=measures[0]).update(value_quantity=Decimal(1), reason="")
    assert closing_board(Q1, today=TODAY).by_officers.comments == (measures[0],)


def test_nothing_missing_is_nobody_to_remind() -> None:
    with pytest.raises(ValidationError, match="nobody to remind"):
        ask()


# --- pages --------------------------------------------------------------------------------


def test_the_board_leads_through_to_the_end(client: Client, smtp: Mailbox) -> None:
    make_commitment()
    with time_machine.travel(NOW):
        client.force_login(make_user("coordinator"))
        assert (
            client.get(reverse("closing-now")).headers["Location"] == "/reports/closing/2026-27-Q1/"
        )
        board = reverse("closing-board", args=[Q1.code])
        page = client.get(board).content.decode()
        assert "checks keep it open" in page and "1 return has not come in." in page
        assert "Send reminders" in page and "Close this quarter" not in page
        sent = client.post(reverse("closing-remind", args=[Q1.code]), follow=True)
        assert "Reminders are on their way" in sent.content.decode()
        twice = client.post(reverse("closing-remind", args=[Q1.code]), follow=True)
        assert "went out today" in twice.content.decode()
        refused = client.post(reverse("quarter-close", args=[Q1.code]), follow=True)
        assert "was not closed" in refused.content.decode() and closed_quarters() == set()
        for key in sorted(keys()):
            address = reverse("closing-accept", args=[Q1.code, key])
            assert client.get(address).status_code == 200
            blank = client.post(address, {"reason": "", "seen": "5"})
            assert "The reason stays on record" in blank.content.decode()
            assert client.post(address, {"reason": "Known.", "seen": "5"}).status_code == 302
        assert "Close this quarter" in client.get(board).content.decode()
        assert client.get(reverse("quarter-close", args=[Q1.code])).status_code == 200
        closed = client.post(reverse("quarter-close", args=[Q1.code]), follow=True)
        assert "is closed." in closed.content.decode()
        page = client.get(board).content.decode()
        assert "Closed on 3 August 2026" in page and "Known." in page
        for bad in ("2026-27-Q9", "spring"):
            assert client.get(reverse("closing-board", args=[bad])).status_code == 404
        assert client.get(reverse("closing-accept", args=[Q1.code, "weather"])).status_code == 404
        huge = client.post(
            reverse("closing-accept", args=[Q1.next.code, "set"]),
            {"reason": "a\x00b", "seen": "9" * 40},
        )
        assert huge.status_code == 200 and not AcceptedCheck.objects.filter(quarter=2).exists()


def test_only_the_coordinator_reopens(client: Client) -> None:
    close_quarter(quarter=Q1, by=None, now=NOW)
    address = reverse("quarter-reopen", args=[Q1.code])
    client.force_login(make_user("administrator"))
    assert client.post(address, {"reason": "I want to"}).status_code == 403
    client.force_login(make_user("coordinator"))
    assert "is open again" in client.post(address, {"reason": "Lost"}, follow=True).content.decode()
    assert "nothing to reopen" in client.get(address).content.decode()


@pytest.mark.parametrize("number", [1, 25])
def test_the_board_costs_the_same_however_much_is_missing(client: Client, number: int) -> None:
    for measure in a_set():
        measure.refresh_from_db()
    for _ in range(number):
        made = make_commitment()
        make_user("supplier", made.supplier)
        an_action()
    work_out_measures(quarter=Q1, by=None, now=NOW)
    with time_machine.travel(NOW):
        client.force_login(make_user("coordinator"))
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("closing-board", args=[Q1.code])).status_code == 200
    assert len(seen) == 11


def test_the_shipped_set_of_2020_21_is_what_its_quarters_ask_about() -> None:
    load_star_measures(NOW, False)
    assert "set" not in keys(Quarter(2020, 4))
