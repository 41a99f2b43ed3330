"""The demo's closed quarters: eight or more, one reopened for a reason, the demo's alone, and gone on reset."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from contracts.demo_quarters import demo_quarters
from contracts.models import DeliveryReturn
from contracts.services.measures.reference import load_open_library, load_open_rates
from contracts.services.reference import load_cpv_codes, load_threshold_rules
from reporting.closing_checks import CheckKey
from reporting.demo import remove_measures
from reporting.demo_closing import remove_closings
from reporting.demo_editions import remove_editions
from reporting.demo_mailings import LINES, remove_mailings
from reporting.demo_papers import remove_papers
from reporting.models import (
    AcceptedCheck,
    Audience,
    CommitteePaper,
    EditionMail,
    MailSchedule,
    MailSubscription,
    MeasureComment,
    MeasureReading,
    MeasureSet,
    ReportEdition,
    StarMeasure,
)
from reporting.selectors.closing import (
    checks_outstanding,
    closing_board,
    measures_of_quarter,
)
from reporting.selectors.public_board import public_quarters
from reporting.selectors.reopened import reopenings
from reporting.services.closing import accept_everything
from reporting.services.reference import load_star_measures
from reporting.star_measures import TargetState
from tests.factories import make_contract, make_user
from trafford_sv.core.models import ClosedQuarter, User
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.quarters import close_quarter, closed_quarters, reopen_quarter
from trafford_sv.directory.services.reference import load_areas, load_hubs

pytestmark = pytest.mark.django_db


def load(*arguments: str) -> tuple[dict[str, int], str]:
    """What it answers to a program, and what it says beside."""
    out, beside = io.StringIO(), io.StringIO()
    call_command("load_demo", "--json", *arguments, stdout=out, stderr=beside)
    return json.loads(out.getvalue().splitlines()[-1]), beside.getvalue()


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The reference data and the demo, once for this file; each test undoes its own changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        # As in a test case: the demo's mails are claimed in transactions that insist on committing.
        connection.atomic_blocks[-1]._from_testcase = True
        now = timezone.now()
        for step in (
            load_areas, load_hubs, load_cpv_codes, load_threshold_rules, load_open_rates,
            load_open_library, load_star_measures,
        ):  # fmt: skip
            step(now, False)
        yield load()[1]
        transaction.set_rollback(True)


def sizes() -> dict[str, int]:
    models: tuple[Any, ...] = (
        ClosedQuarter, AcceptedCheck, MeasureReading, MeasureComment, MeasureSet, StarMeasure,
        ReportEdition, CommitteePaper, EditionMail, MailSubscription, MailSchedule, DeliveryReturn,
    )  # fmt: skip
    return {model.__name__: model.objects.count() for model in models}


def test_all_are_closed_but_the_last_and_the_public_may_read_them(demo) -> None:
    *before, left_open = demo_quarters(timezone.localdate())
    assert demo == "" and closed_quarters() == set(before) and len(before) >= 8
    assert public_quarters().quarters == tuple(reversed(before))
    assert public_quarters().invented == set(before)
    # Something is left to do, and it can be done.
    board = closing_board(left_open, today=timezone.localdate())
    keys = {check.key for check in board.outstanding}
    assert {CheckKey.RETURNS, CheckKey.VERIFICATION, CheckKey.COMMENTARY} <= keys
    assert CheckKey.PREVIOUS not in keys and board.missing_returns
    for quarter in before:
        assert not checks_outstanding(quarter), quarter
    for accepted in AcceptedCheck.objects.all():
        assert accepted.is_demo and accepted.reason.startswith("Invented:")


def test_each_closed_quarter_has_its_figures_and_its_report(demo) -> None:
    *before, left_open = demo_quarters(timezone.localdate())
    for quarter in before:
        of_it = {"financial_year": quarter.start_year, "quarter": quarter.number}
        closed = ClosedQuarter.objects.filter(**of_it).earliest("closed_at")
        readings = MeasureReading.objects.filter(**of_it)
        first = readings.filter(known_at=closed.closed_at)
        assert first.count() >= 5 and not readings.filter(known_at__lt=closed.closed_at).exists()
        assert first.get(measure__key="social-value-verified").value_quantity > 0
        edition = ReportEdition.objects.get(kind="star-quarterly", number=1, **of_it)
        assert edition.is_demo and edition.published_at > closed.closed_at
    assert not MeasureReading.objects.filter(is_demo=False).exists()
    years = ReportEdition.objects.filter(kind="annual", is_demo=True)
    assert [one.financial_year for one in years.order_by("financial_year")] == [
        before[0].start_year, before[0].start_year + 1,
    ]  # fmt: skip
    assert all(str(one).count(one.period_label) == 1 for one in years)
    assert not ReportEdition.objects.filter(
        kind="star-quarterly", financial_year=left_open.start_year, quarter=left_open.number
    ).exists()


def test_the_correction_follows_from_a_quarter_that_was_reopened(demo) -> None:
    quarter = demo_quarters(timezone.localdate())[-2]
    (reopened,) = reopenings(quarter)
    second = ReportEdition.objects.get(number=2)
    first = ReportEdition.objects.get(
        kind=second.kind, financial_year=quarter.start_year, quarter=quarter.number, number=1
    )
    assert reopened.reason.startswith("Invented:") and reopened.reason in second.what_changed
    assert reopened.closed_at < first.published_at < reopened.at < second.published_at
    values = [
        {figure.id: figure.amount for figure in one.dataset().figures} for one in (first, second)
    ]
    assert values[0]["verified-social"] < values[1]["verified-social"]
    assert values[0]["reported-social"] == values[1]["reported-social"]
    # A return that came between closing and reopening counts in the next quarter.
    late = DeliveryReturn.objects.exclude(state="draft").exclude(quarter=F("counted_quarter")).get()
    assert late.period == quarter and late.counted_in == quarter.next


def test_targets_are_met_and_missed_and_somebody_says_why(demo) -> None:
    """Invented targets stand on measures of the demo's own; the product's measures have none."""
    *_, last, left_open = demo_quarters(timezone.localdate())
    for quarter in (last, left_open):
        lines = measures_of_quarter(quarter).lines
        states = [line.target for line in lines]
        assert len(lines) == 5 and states.count(TargetState.NO_TARGET) == 1
        assert {TargetState.MET, TargetState.NOT_MET} <= set(states)
        missed = [line for line in lines if line.target is TargetState.NOT_MET]
        said = [line.comment.text for line in missed if line.comment is not None]
        assert said and all(text.startswith("Invented commentary:") for text in said)
    targets = StarMeasure.objects.exclude(target_quantity=None)
    assert targets.count() == 4 and all("(demo)" in one.name and one.is_demo for one in targets)
    assert all("Invented" in one.note for one in targets)
    text = ReportEdition.objects.get(number=2).dataset_text
    assert "Returns received (demo)" in text and "Below target" in text


def test_a_committee_paper_is_published_and_the_next_is_begun(demo) -> None:
    *_, last, left_open = demo_quarters(timezone.localdate())
    edition = ReportEdition.objects.get(kind="committee-paper")
    assert edition.is_demo and edition.period == last
    assert "AB (invented)" in edition.dataset_text
    begun, written = CommitteePaper.objects.order_by("-financial_year", "-quarter")
    assert (begun.period, written.period) == (left_open, last)
    assert begun.is_demo and written.meeting_on.weekday() < 5 and begun.meeting_on is None


def test_readers_get_what_was_published_once_and_one_message_is_in_doubt(demo) -> None:
    readers = MailSubscription.objects.filter(is_demo=True)
    assert all(reader.address.endswith("@demo.example") for reader in readers)
    states = {row.email.split("@")[0]: row.state for row in readers if row.email}
    assert states.pop("has.not.clicked") == MailSubscription.State.PENDING
    assert states.pop("left.the.post") == MailSubscription.State.SUSPENDED
    assert set(states.values()) == {MailSubscription.State.ACTIVE} and len(states) == 6
    lines = MailSchedule.objects.filter(is_demo=True)
    assert {(one.kind, one.audience) for one in lines} == {line[:2] for line in LINES}
    mails = EditionMail.objects.select_related("subscription", "edition")
    assert len({(mail.edition_id, mail.address_key) for mail in mails}) == len(mails) > 5
    (doubtful,) = (mail for mail in mails if mail.state == EditionMail.State.CLAIMED)
    assert doubtful.failure.endswith("(invented).") and doubtful.edition.number == 2
    assert not {mail.address.split("@")[0] for mail in mails} & {"has.not.clicked", "left.the.post"}
    # The correction went by link to who had got the first; who is to get the PDF waits until it is drawn.
    sent = mails.filter(edition__number=2, state=EditionMail.State.SENT)
    assert {mail.subscription.audience for mail in sent} == {Audience.SUBSCRIBERS}
    corrected = doubtful.edition
    first = mails.filter(
        edition__number=1, edition__kind=corrected.kind, edition__quarter=corrected.quarter,
        edition__financial_year=corrected.financial_year, state=EditionMail.State.SENT,
    )  # fmt: skip
    assert {mail.address for mail in sent} < {mail.address for mail in first}


def test_what_the_demo_wrote_for_reports_can_be_taken_away(demo) -> None:
    for remove in (
        remove_papers,
        remove_mailings,
        remove_editions,
        remove_closings,
        remove_measures,
    ):
        assert remove() > 0
    left = sizes()
    assert [left[name] for name in ("CommitteePaper", "MailSubscription", "MailSchedule")] == [
        0
    ] * 3
    assert [left[name] for name in ("ReportEdition", "EditionMail", "MeasureReading")] == [0] * 3
    assert not StarMeasure.objects.filter(is_demo=True).exists()


def test_a_second_load_changes_nothing_and_mail_went_out(demo) -> None:
    before = sizes()
    again, beside = load()
    assert again["created"] == again["updated"] == 0 and beside == "" and sizes() == before
    assert EditionMail.objects.filter(edition__number=2, state="sent").exists()


def test_reset_leaves_nothing_of_it_and_takes_what_its_accounts_did(demo) -> None:
    """A visitor closes the last quarter too; reset opens it, and all is as it was."""
    before, left_open = sizes(), demo_quarters(timezone.localdate())[-1]
    visitor = User.objects.get(email__startswith="coordinator@")
    accept_everything(quarter=left_open, reason="Tried out.", by=visitor, now=timezone.now())
    close_quarter(quarter=left_open, by=visitor, now=timezone.now(), checked=True)
    assert left_open in closed_quarters() and sizes() != before
    load("--reset")
    assert sizes() == before and left_open not in closed_quarters()
    remove_closings()
    assert not ClosedQuarter.objects.exists() and not AcceptedCheck.objects.exists()
    # The council's own closing of the same quarter.
    row = close_quarter(quarter=left_open.previous, by=make_user(), now=timezone.now())
    assert not row.is_demo


def test_a_quarter_that_the_council_closed_stays_and_nobody_is_shut_out(demo) -> None:
    *_, last, left_open = demo_quarters(timezone.localdate())
    remove_closings()
    mine = close_quarter(quarter=left_open, by=make_user(), now=timezone.now())
    _, beside = load("--reset")
    assert "closed quarters of its own" in beside
    assert list(ClosedQuarter.objects.all()) == [mine] and last not in closed_quarters()
    assert not ReportEdition.objects.exclude(kind="steering-pack").exists()
    again, _ = load()
    assert again["created"] == 0
    reopen_quarter(quarter=left_open, by=None, now=timezone.now(), reason="A test")


def test_an_agreement_of_the_councils_own_keeps_every_quarter_open(demo) -> None:
    make_contract(title="A real one")
    record_event(by=None, now=timezone.now(), verb="a real event", subject_type="x", subject_id="1")
    _, beside = load("--reset")
    assert "agreements of its own" in beside and not ClosedQuarter.objects.exists()
    assert load()[0]["created"] == 0
