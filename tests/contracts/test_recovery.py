"""Recovery actions: who opens them, one at a time, with an owner and a date."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from contracts.models import Contract, RecoveryAction
from contracts.services.recovery import (
    change_recovery,
    close_recovery,
    open_recoveries,
    open_recovery,
)
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 23)
NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)
DUE = datetime.date(2026, 12, 23)


def red(directorate=None, manager=None):
    """10 of 50 hours verified."""
    supplier = make_organisation()
    contract = make_contract(
        suppliers=[supplier],
        directorate=directorate,
        manager=manager,
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.LIVE,
    )
    commitment = make_commitment(contract, supplier=supplier)
    for quarter in (Quarter(2026, 1), Quarter(2026, 2)):
        make_line(make_return(contract, supplier, quarter), commitment, "20", verified="5")
    return commitment


def opened(commitment=None, **values):
    return open_recovery(
        **{
            "commitment": commitment or red(),
            "owner": make_user(),
            "due": DUE,
            "reason": "The hall was closed.",
            "by": make_user(),
            "now": NOW,
            "today": TODAY,
            **values,
        }
    )


def test_it_keeps_the_shortfall_as_it_was_and_says_who_opened_it():
    action = opened()
    # 10 of 50 is a fifth: it ends at 20 of 100, so 80 are short.
    assert action.shortfall_quantity == 80
    assert (action.state, action.due, action.opened_by_name) == ("open", DUE, "An officer")
    assert AuditEvent.objects.get().verb == "recovery action opened"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("owner", None, "Choose who answers for it."),
        ("due", None, "Give the day by which it should be done."),
        ("due", datetime.date(2026, 11, 22), "22 November 2026 has passed"),
        ("reason", "  ", "Say what is behind"),
    ],
)
def test_without_an_owner_a_date_or_a_reason_it_is_refused(name, value, sentence):
    with pytest.raises(ValidationError) as refused:
        opened(**{name: value})
    assert sentence in str(refused.value.message_dict[name])
    assert not RecoveryAction.objects.exists()


def test_one_is_open_at_a_time():
    commitment = red()
    first = opened(commitment)
    with pytest.raises(ValidationError, match="A recovery action is open"):
        opened(commitment)
    close_recovery(
        recovery=first, state="done", outcome="The hall is open.", expected_version=1,
        by=None, now=NOW,
    )  # fmt: skip
    assert opened(commitment).pk != first.pk


def test_it_is_changed_and_closed_once():
    action = opened()
    changed = change_recovery(
        recovery=action,
        changes={"plan": "Another hall"},
        expected_version=1,
        by=None,
        now=NOW,
        today=datetime.date(2027, 1, 5),  # past its date, which may stay
    )
    assert changed.plan == "Another hall"
    with pytest.raises(Collision):
        change_recovery(
            recovery=action, changes={"plan": "A third"}, expected_version=1, by=None, now=NOW
        )
    with pytest.raises(ValidationError, match="Say what came of it"):
        close_recovery(
            recovery=action, state="done", outcome=" ", expected_version=2, by=None, now=NOW
        )
    closed = close_recovery(
        recovery=action, state="cancelled", outcome="Varied", expected_version=2, by=None, now=NOW
    )
    assert (closed.state, closed.closed_at, closed.closed_by_name) == (
        "cancelled",
        NOW,
        "The system",
    )
    with pytest.raises(ValidationError, match="is closed"):
        change_recovery(
            recovery=closed, changes={"plan": "Late"}, expected_version=3, by=None, now=NOW
        )


def test_every_night_each_red_commitment_gets_one_for_its_contract_manager():
    manager = make_user("contract_manager", make_organisation("Parks", "council_service"))
    commitment, nobodys = red(manager=manager), red()
    make_commitment()  # nothing reported: amber, not red
    assert open_recoveries(as_of=TODAY, by=None, now=NOW) == 2
    action = RecoveryAction.objects.get(commitment=commitment)
    assert (action.owner, action.due) == (manager, datetime.date(2026, 12, 23))
    assert "10 delivered of 50 expected" in action.reason
    assert action.opened_by_name == "The system"
    assert RecoveryAction.objects.get(commitment=nobodys).owner is None
    assert open_recoveries(as_of=TODAY, by=None, now=NOW) == 0


def test_what_was_just_closed_is_not_opened_again_before_the_next_quarter():
    commitment = red()
    action = opened(commitment)
    close_recovery(
        recovery=action, state="done", outcome="Agreed", expected_version=1, by=None, now=NOW
    )
    assert open_recoveries(as_of=TODAY, by=None, now=NOW) == 0
    assert open_recoveries(as_of=datetime.date(2027, 1, 2), by=None, now=NOW) == 1


@time_machine.travel("2026-11-23 10:00", tick=False)
def test_an_officer_opens_edits_and_closes_one_and_the_supplier_reads_it(client):
    parks = make_organisation("Directorate of Parks", "council_service")
    manager = make_user("contract_manager", parks)
    commitment = red(parks, manager)
    client.force_login(manager)
    page = client.get(reverse("recovery-create", args=[commitment.pk]))
    assert "10 delivered of 50 expected" in page.text
    values = {"owner": manager.pk, "due": "23/12/2026", "reason": "Behind", "plan": "More hours"}
    assert client.post(reverse("recovery-create", args=[commitment.pk]), values).status_code == 302
    action = RecoveryAction.objects.get()
    listed = client.get(reverse("recovery-list"))
    assert "1 recovery action" in listed.text
    assert client.get(reverse("recovery-list"), {"state": "overdue"}).text.count("<tr") == 0
    shown = client.get(reverse("recovery-detail", args=[action.pk]))
    assert "More hours" in shown.text and "History" in shown.text

    supplier = make_user("supplier", commitment.supplier)
    client.force_login(supplier)
    read = client.get(reverse("recovery-detail", args=[action.pk]))
    assert "More hours" in read.text and "Close it" not in read.text and "History" not in read.text
    for name in ("recovery-edit", "recovery-close"):
        assert client.get(reverse(name, args=[action.pk])).status_code == 403
    client.force_login(make_user("supplier", make_organisation()))
    assert client.get(reverse("recovery-detail", args=[action.pk])).status_code == 404
    assert "1 recovery action" not in client.get(reverse("recovery-list")).text

    client.force_login(manager)
    answer = client.post(
        reverse("recovery-close", args=[action.pk]),
        {"version": action.version, "state": "done", "outcome": "Back on its way"},
    )
    assert answer.status_code == 302
    action.refresh_from_db()
    assert (action.state, action.outcome) == ("done", "Back on its way")


@time_machine.travel("2026-11-23 10:00", tick=False)
def test_a_contract_manager_of_another_directorate_finds_nothing(client):
    parks, roads = (make_organisation(name, "council_service") for name in ("Parks", "Roads"))
    commitment = red(parks)
    action = opened(commitment)
    client.force_login(make_user("contract_manager", roads))
    for name, pk in (
        ("recovery-create", commitment.pk),
        ("recovery-detail", action.pk),
        ("recovery-edit", action.pk),
        ("recovery-close", action.pk),
        ("commitment-pacing", commitment.pk),
        ("contract-pacing", commitment.contract_id),
    ):
        assert client.get(reverse(name, args=[pk])).status_code == 404, name
