"""No deadlock: the services take their rows in one order, and where one is ended it is tried again."""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from contracts.models import Commitment, Contract, DeliveryReturn
from contracts.services.bids import award_tender
from contracts.services.commitments import (
    accept_commitment,
    propose_commitment,
    vary_commitment,
)
from contracts.services.confirmations import answer_confirmation, ask_confirmation, link_of
from contracts.services.contracts import change_award, change_contract
from contracts.services.evidence import link_evidence
from contracts.services.need_offers import accept_offer, agree_offer
from contracts.services.returns import open_return, submit_return
from contracts.services.verification import accept_line, decide_duplicate, verify_return
from tests.factories import make_award, make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_bid,
    make_commitment,
    make_evidence,
    make_flag,
    make_line,
    make_return,
    make_tender,
)
from tests.factories_offers import make_asked, make_offer, make_promise
from tests.watched_locks import Row, watched_locks
from trafford_sv.core.services.deadlocks import once_more

from .test_races import at_once

NOW = datetime.datetime(2026, 7, 10, 12, tzinfo=datetime.UTC)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def documented_order() -> list[str]:
    text = PAGE.read_text().split("### The order of locks")[1].split("## ")[0]
    return [
        name
        for line in re.findall(r"^\d\. (.*)$", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", line)
        if name != "record_event"
    ]


def out_of_turn(rows: list[Row], order: list[str]) -> list[tuple[Row, Row]]:
    """Each row that is taken after one that stands behind it."""
    ranked = [
        ((order.index(name), str(pk)) if not isinstance(pk, int) else (order.index(name), pk), row)
        for row in rows
        for name, pk in [(row[0].split("_", 1)[-1].split("_")[-1], row[1])]
        if name in order
    ]
    found = []
    for position, (rank, row) in enumerate(ranked):
        for earlier, before in ranked[:position]:
            if earlier > rank:
                found.append((before, row))
                break
    return found


def a_variation() -> tuple[Commitment, Commitment, DeliveryReturn]:
    """An agreed commitment with a return to send, and one that will replace it."""
    old = make_commitment(evidence_rule="", owner_name="Somebody")
    row = make_return(old.contract, old.supplier, state="draft")
    make_line(row, old, None, given_quantity=5)
    new = vary_commitment(
        commitment=old,
        changes={"evidence_rule": "A list"},
        reason="A second school joined.",
        expected_version=old.version,
        by=None,
        now=NOW,
    )
    new = propose_commitment(commitment=new, expected_version=new.version, by=None, now=NOW)
    new = accept_commitment(
        commitment=new, side="council", expected_version=new.version, by=None, now=NOW
    )
    return old, new, row


def accept(new: Commitment) -> Any:
    return accept_commitment(
        commitment=new, side="supplier", expected_version=new.version, by=None, now=NOW
    )


def send(row: DeliveryReturn) -> Any:
    return submit_return(
        delivery_return=row,
        declared_this_agreement=True,
        declared_committed=True,
        by=None,
        now=NOW,
    )


def scenarios() -> dict[str, Callable[[], Any]]:
    person = make_user()
    old, new, row = a_variation()
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="30")
    offer = make_offer(need, promise)
    lines = [a_line() for _ in range(3)]
    flags = [make_flag(lines[0], each, state="fine") for each in lines[1:]]
    undecided = make_flag(*(a_line() for _ in range(2)))
    whole = make_return(lines[0].contract_of, lines[0].supplier_of, Q1.next)
    several = [make_line(whole, lines[0].commitment, "5") for _ in range(3)]
    tender = make_tender(state="moderated")
    bids = [make_bid(tender, make_organisation()) for _ in range(3)]
    award = make_award(make_contract(), suppliers=[make_organisation()])
    draft = make_return(old.contract, old.supplier, Q1.next, state="draft")
    draft_line = make_line(draft, old, None, given_quantity=5)
    asked = ask_confirmation(
        line=lines[1],
        organisation=make_organisation("", "hub"),
        email="hub@example.org",
        expected_version=lines[1].version,
        by=person,
        now=NOW,
    )
    token = link_of(request=asked).rstrip("/").rsplit("/", 1)[-1]
    fresh = make_commitment()
    assert flags
    return {
        "a return is sent": lambda: send(row),
        "a variation is accepted": lambda: accept(new),
        "a supplier agrees to an offer": lambda: agree_offer(
            offer=offer, expected_version=offer.version, by=None, now=NOW
        ),
        "a hub accepts it": lambda: accept_offer(
            offer=offer, expected_version=offer.version + 1, by=None, now=NOW
        ),
        "a line is accepted": lambda: accept_line(
            line=lines[0], expected_version=lines[0].version, by=person, now=NOW
        ),
        "a return is accepted whole": lambda: verify_return(
            delivery_return=whole,
            expected_version=whole.version,
            versions={each.pk: each.version for each in several},
            by=person,
            now=NOW,
        ),
        "a possible double is decided": lambda: decide_duplicate(
            flag=undecided, state="double", reason="One list", expected_state="open",
            by=person, now=NOW,
        ),
        "a tender is awarded": lambda: award_tender(
            tender=tender, bid=bids[1], awarded_on=NOW.date(), value_pounds=Decimal(1000),
            expected_version=tender.version, by=None, now=NOW,
        ),
        "a contract is changed": lambda: change_contract(
            contract=award.contract, changes={"title": "Another"},
            expected_version=award.contract.version, by=None, now=NOW,
        ),
        "an award is changed": lambda: change_award(
            award=award, changes={"suppliers": [make_organisation()]},
            expected_version=award.version, by=None, now=NOW,
        ),
        "a return is begun": lambda: open_return(
            contract=fresh.contract, supplier=fresh.supplier, quarter=Q1, by=None, now=NOW
        ),
        "a file is put to a line": lambda: link_evidence(
            file=make_evidence(old.supplier), line=draft_line, by=None, now=NOW
        ),
        "a hub answers": lambda: answer_confirmation(
            token=token, quantity=Decimal(3), comment="", role="Manager", now=NOW
        ),
    }  # fmt: skip


def a_line() -> Any:
    commitment = make_commitment()
    line: Any = make_line(make_return(commitment.contract, commitment.supplier), commitment, "40")
    line.contract_of, line.supplier_of = commitment.contract, commitment.supplier
    return line


def test_every_service_takes_its_rows_in_the_documented_order(on_servers):
    order = documented_order()
    assert order[-1] == "audithead" and len(order) > 10
    wrong = {}
    for name, work in scenarios().items():
        with watched_locks() as rows:
            work()
        assert rows, f"Nothing was locked: {name}"
        # Whatever comes after the head is the head.
        heads = [at for at, (table, _) in enumerate(rows) if table == "core_audithead"]
        assert heads == [len(rows) - 1], (name, rows)
        if found := out_of_turn(rows, order):
            wrong[name] = found
    assert not wrong, wrong


def test_a_row_out_of_turn_is_seen(on_servers):
    first, second = make_contract(), make_contract()
    with watched_locks() as rows, transaction.atomic():
        Contract.objects.select_for_update().get(pk=second.pk)
        Contract.objects.filter(pk=first.pk).update(title="Later")
    assert out_of_turn(rows, documented_order()) == [
        (("contracts_contract", second.pk), ("contracts_contract", first.pk))
    ]


def until_waiting(number: int) -> None:
    """So many of this database's sessions wait for a lock."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= number:
                return
        time.sleep(0.05)
    pytest.fail(f"Fewer than {number} wait")


def test_a_return_that_is_sent_while_a_variation_is_accepted(on_servers):
    """The return is first in the queue for the old commitment, the acceptance second."""
    old, new, row = a_variation()
    results: dict[str, Any] = {}

    def run(name: str, work: Callable[[], Any]) -> threading.Thread:
        def inside() -> None:
            try:
                results[name] = work()
            except Exception as error:
                results[name] = error
            finally:
                connection.close()

        thread = threading.Thread(target=inside)
        thread.start()
        return thread

    # Without the second try, or it would hide what this is about.
    bare_send = submit_return.__wrapped__
    bare_accept = accept_commitment.__wrapped__
    with transaction.atomic():
        Commitment.objects.select_for_update().get(pk=old.pk)
        threads = [
            run(
                "sent",
                lambda: bare_send(
                    delivery_return=row, declared_this_agreement=True, declared_committed=True,
                    by=None, now=NOW,
                ),
            )
        ]  # fmt: skip
        until_waiting(1)
        threads.append(
            run(
                "accepted",
                lambda: bare_accept(
                    commitment=new, side="supplier", expected_version=new.version, by=None, now=NOW
                ),
            )
        )
        until_waiting(2)
    for thread in threads:
        thread.join(timeout=60)
    assert not [each for each in results.values() if isinstance(each, Exception)], results
    assert len(results) == 2


def test_who_was_ended_for_another_is_tried_again_once(on_servers):
    first, second = make_contract(), make_contract()
    gate = threading.Barrier(2)
    tries: list[str] = []

    def taking(name: str, *pks: int) -> Callable[[], Any]:
        @once_more
        def work() -> str:
            tries.append(name)
            with transaction.atomic():
                Contract.objects.select_for_update().get(pk=pks[0])
                if len(tries) <= 2:
                    gate.wait(timeout=20)
                Contract.objects.select_for_update().get(pk=pks[1])
            return name

        return work

    results = at_once(taking("one", first.pk, second.pk), taking("two", second.pk, first.pk))
    assert results == ["one", "two"]
    assert len(tries) == 3


def test_another_error_is_not_tried_again(on_servers):
    tries = []

    @once_more
    def work() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 1")
            try:
                cursor.execute("SELECT pg_sleep(1)")
            finally:
                cursor.execute("SET statement_timeout = 0")

    with pytest.raises(OperationalError):
        work()
    assert tries == [1]
