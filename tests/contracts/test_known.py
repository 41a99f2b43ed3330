"""As known on a day: replaying history to any moment says what the figures said at that moment."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.models import Bid, Commitment, Contract, ReturnLine
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_report import portfolio_report
from contracts.selectors.restated_lines import restated_since
from tests.factories import (
    make_award,
    make_category,
    make_contract,
    make_organisation,
    make_user,
    make_ward,
)
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_line,
    make_return,
    make_tender,
)
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
START = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)


def at(step: int) -> datetime.datetime:
    return START + datetime.timedelta(days=step)


def keep(record: Any, moment: datetime.datetime, **values: Any) -> None:
    """Saved as a service saves it: with its moment in the history."""
    for name, value in values.items():
        setattr(record, name, value)
    record._history_date = moment
    record.save()


def said(as_known: datetime.datetime | None = None, scopes: tuple[Scope, ...] = (Scope(),)) -> Any:
    """Everything that a board shows of each scope, as known at a moment."""
    found = []
    for scope in scopes:
        report = portfolio_report(
            EVERYWHERE, scope, first=None, last=Q1.next, returns_of=Q1, as_known=as_known
        )
        found.append((report.position, report.completeness))
    return found


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([
            "verify", "undo", "restate", "withdraw", "vary", "remove", "take back", "delete",
            "value", "no value", "cancel", "new award", "drop award", "offer", "drop offer", "lose",
            "directorate", "category", "kind", "end", "framework", "ward",
        ]),
        st.integers(0, 2),
        st.decimals(0, 100, places=2),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip
# Besides everything, two parts of it.
PARTS = st.lists(st.integers(1, 4), min_size=2, max_size=2, unique=True)


def story() -> list[ReturnLine]:
    """Three agreements with a line each, known since the day before the first change."""
    lines = []
    with time_machine.travel(at(-1)):
        for _ in range(3):
            made = make_commitment()
            tender = make_tender(made.contract, measures=[made.measure], state="awarded")
            bid = make_bid(tender, made.supplier, quantity="90", state="won")
            keep(made, at(0), offer=bid.offers.get())
            lines.append(make_line(make_return(made.contract, made.supplier, Q1), made, "40"))
    return lines


def places() -> tuple[list[Any], list[Any], list[Any]]:
    """Two directorates, two categories and two wards that agreements move between."""
    return (
        [make_organisation(f"Invented {name}", "council_service") for name in ("Place", "Care")],
        [make_category(), make_category("80000000", "Education and training services")],
        [make_ward(), make_ward()],
    )


def scopes_of(found: tuple[list[Any], list[Any], list[Any]]) -> tuple[Scope, ...]:
    directorates, _, wards = found
    return (
        Scope(),
        Scope(directorate=directorates[0].pk),
        Scope(division="80"),
        Scope(agreement="grant"),
        Scope(ward=wards[0].code),
    )


def change_agreement(
    promised: Commitment, what: str, amount: Decimal, now: Any, found: Any
) -> None:
    """Of the agreement, its award and its winning bid; what is not there is left as it is."""
    directorates, categories, wards = found
    even = int(amount) % 2
    contract = Contract.objects.get(pk=promised.contract_id)
    award = contract.awards.order_by("pk").first()
    bid = Bid.objects.get(tender__contract=contract)
    offer = bid.offers.first()
    match what:
        case "value" if award:
            keep(award, now, value_pounds=amount * 1000)
        case "no value" if award:
            keep(award, now, value_pounds=None)
        case "cancel" if award:
            keep(award, now, status="cancelled" if even else "active")
        case "new award":
            with time_machine.travel(now):
                make_award(contract, value=amount, awarded_on=datetime.date(2026, 5, 1))
        case "drop award" if award:
            award._history_date = now
            award.delete()
        case "offer" if offer:
            keep(offer, now, offered_quantity=amount, offered_pounds=amount * 10)
        case "drop offer" if offer and not Commitment.objects.filter(offer=offer).exists():
            offer._history_date = now
            offer.delete()
        case "drop offer":
            keep(Commitment.objects.get(offer=offer) if offer else promised, now, offer=None)
        case "lose":
            keep(bid, now, state="lost" if even else "won")
        case "directorate":
            keep(contract, now, directorate=directorates[even])
        case "category":
            keep(contract, now, category=categories[even])
        case "kind":
            keep(contract, now, kind="grant" if even else "contract")
        case "end":
            end = datetime.date(2026, 3, 31) if even else datetime.date(2027, 3, 31)
            keep(contract, now, start=datetime.date(2026, 3, 1), end=end)
        case "framework":
            keep(contract, now, is_framework=bool(even))
        case "ward":
            promised._history_date = now
            promised.wards.set([wards[even]])


def change(
    lines: list[ReturnLine], what: str, which: int, amount: Decimal, now: Any, found: Any = None
) -> None:
    line = lines[which]
    if not ReturnLine.objects.filter(pk=line.pk).exists():
        return  # deleted by an earlier change
    line.refresh_from_db()
    promised = Commitment.objects.get(pk=line.commitment_id)
    if found is not None:
        change_agreement(promised, what, amount, now, found)
    match what:
        case "delete":
            line._history_date = now
            line.delete()
        case "verify":
            part = min(amount, line.reported_quantity or Decimal(0))
            keep(line, now, verified_quantity=part, verified_pounds=part * 10, state="accepted")
        case "undo":
            keep(line, now, verified_quantity=None, verified_pounds=None, state="open")
        case "restate":
            keep(line, now, verified_quantity=None, verified_pounds=None, state="open",
                 reported_quantity=amount, reported_pounds=amount * 10)  # fmt: skip
        case "withdraw":
            if promised.state == "agreed":
                keep(promised, now, state="withdrawn")
        case "vary":
            if promised.state == "agreed":
                with time_machine.travel(now):
                    make_commitment(
                        promised.contract, supplier=promised.supplier, measure=promised.measure,
                        replaces=promised, agreed_on=now.date(), quantity=str(amount + 1),
                    )  # fmt: skip
                keep(promised, now, state="withdrawn")
        case "remove":
            keep(line, now, is_counted=False)
        case "take back":
            keep(line.delivery_return, now, state="draft")
            keep(line, now, is_counted=False)


@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(CHANGES, PARTS)
def test_history_replayed_to_any_day_says_what_was_said_on_that_day(
    changes: Any, chosen: Any
) -> None:
    with transaction.atomic():
        with time_machine.travel(at(-2)):
            found = places()
        every = scopes_of(found)
        lines, scopes = story(), (every[0], *(every[one] for one in chosen))
        stored = {at(0): said(None, scopes)}
        for step, (what, which, amount) in enumerate(changes, start=1):
            change(lines, what, which, amount, at(step), found)
            stored[at(step)] = said(None, scopes)
        for moment, then in stored.items():
            # At the moment itself, and on the evening before the next change.
            assert said(moment, scopes) == then
            assert said(moment + datetime.timedelta(hours=20)) == then[:1]
        transaction.set_rollback(True)


def test_what_counts_otherwise_since_is_listed() -> None:
    """£400 reported on 30 June; £300 of it verified on 2 July: then none, now £300."""
    line, *_ = story()
    assert restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(0)) == ((), False)
    change([line], "verify", 0, Decimal(30), at(1))
    (one,), more = restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(0))
    assert not more and one.return_pk == line.delivery_return_id
    assert (one.reported_then, one.reported_now) == (400, 400)
    assert (one.verified_then, one.verified_now) == (None, 300)
    assert restated_since(EVERYWHERE, Scope(), first=None, last=Q1, as_known=at(1)) == ((), False)


def test_a_board_of_another_day_says_so_and_lists_what_changed(client: Client) -> None:
    line, *_ = story()
    change([line], "verify", 0, Decimal(30), at(1))
    with time_machine.travel(at(30)):
        client.force_login(make_user())
        address = reverse("board-officer")
        now = client.get(address, {"quarter": Q1.code}).content.decode()
        assert "£300" in now and "Restatements since" not in now
        then = client.get(address, {"quarter": Q1.code, "as_of": "2026-07-01"}).content.decode()
        assert "As known on 1 July 2026" in then and "Deliveries that count otherwise now" in then
        assert "Verified social value" in then and "None in pounds yet" in then
        future = client.get(address, {"as_of": "2030-01-01"}).content.decode()
        assert "This day has not come yet" in future
        for bad in ("spring", "2026-13-01", "\x00", "9" * 300):
            assert client.get(address, {"as_of": bad}).status_code == 200


def test_what_an_agreement_was_on_a_day_worked_by_hand() -> None:
    """Offered £900 (90 hours at £10) on a contract of £1,000,000 of Place. On 2 July the contract
    goes to Care, on 3 July its value is £2,000,000, on 4 July the offer is £500.
    """
    with time_machine.travel(at(-2)):
        found = places()
    place, care = found[0]
    with time_machine.travel(at(-1)):
        made = make_commitment()
        keep(made.contract, at(0), directorate=place)
        bid = make_bid(
            make_tender(made.contract, measures=[made.measure]), made.supplier,
            quantity="90", state="won",
        )  # fmt: skip
    keep(made.contract, at(1), directorate=care)
    keep(made.contract.awards.get(), at(2), value_pounds=Decimal(2_000_000))
    keep(bid.offers.get(), at(3), offered_pounds=Decimal(500))

    def of(directorate: Any, step: int) -> tuple[Any, Any]:
        scope = Scope(directorate=directorate.pk)
        told = position(EVERYWHERE, scope, first=None, last=Q1, as_known=at(step))
        offered = told.figures.offered
        return told.contract_value_pounds, offered.social_pounds if offered else None

    assert of(place, 0) == (1_000_000, 900)
    assert of(place, 1) == (None, None) and of(care, 1) == (1_000_000, 900)
    assert of(care, 2) == (2_000_000, 900)
    assert of(care, 3) == (2_000_000, 500)
    assert of(care, -5) == (None, None)  # nothing was known yet


def test_an_agreement_recorded_after_its_promise_is_as_first_known() -> None:
    """A promise of £1,000 known since 30 June; its agreement's history begins on 5 July, in Place,
    and goes on in Care on 6 July.
    """
    with time_machine.travel(at(-2)):
        found = places()
    place, care = found[0]
    with time_machine.travel(at(4)):
        contract = make_contract(directorate=place, start=datetime.date(2026, 4, 1))
    with time_machine.travel(at(-1)):
        make_commitment(contract, due=datetime.date(2027, 3, 31))
    keep(contract, at(5), directorate=care)

    def committed(directorate: Any, step: int) -> Any:
        scope = Scope(directorate=directorate.pk)
        told = position(EVERYWHERE, scope, first=None, last=Q1, as_known=at(step))
        return told.figures.committed and told.figures.committed.social_pounds

    assert (committed(place, 0), committed(care, 0)) == (1000, None)
    assert (committed(place, 4), committed(care, 4)) == (1000, None)
    assert (committed(place, 5), committed(care, 5)) == (None, 1000)


def test_a_day_of_the_past_asks_no_more_often_than_today(django_assert_num_queries: Any) -> None:
    """Today asks once which closed quarters keep their sums; a day of the past reads lines alone."""
    story()
    for moment, queries in ((None, 3), (at(0), 2)):
        with django_assert_num_queries(queries):
            portfolio_report(EVERYWHERE, Scope(), first=None, last=Q1, as_known=moment)
