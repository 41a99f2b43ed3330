"""What closed quarters add up to is what their lines add up to, whatever happened to them before."""

from __future__ import annotations

import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.four_figures import Amounts
from contracts.models import DeliverySum, Measure, ReturnLine
from contracts.selectors.delivery_sums import summed_quarters
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_groups import breakdown, by_quarter
from contracts.services.delivery_sums import check_delivery_sums
from contracts.tasks import check_delivery_sums as nightly
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter

pytestmark = pytest.mark.django_db
BY = ("agreement", "directorate", "contract", "theme")
Q2, Q3 = Q1.next, Q1.next.next
NOW = datetime.datetime(2027, 2, 1, 9, tzinfo=datetime.UTC)


def close(quarter: Any) -> None:
    close_quarter(quarter=quarter, by=None, now=NOW)


def one_line() -> ReturnLine:
    """40 hours at £10 in Q1."""
    promised = make_commitment()
    return make_line(make_return(promised.contract, promised.supplier), promised)


def said(user: Any, scope: Scope, *, first: Any = None, last: Any = Q3, **more: Any) -> Any:
    """Everything that a board says of deliveries."""
    return (
        position(user, scope, first=first, last=last, **more),
        by_quarter(user, scope, last=last, **more),
        [breakdown(user, scope, by, first=first, last=last, **more) for by in BY],
    )


def agree(
    user: Any, scope: Scope, *, first: Any = None, last: Any = Q3, ways: Any = (False, True)
) -> None:
    for outward in ways:
        from_lines = said(user, scope, first=first, last=last, outward=outward, closings={})
        assert said(user, scope, first=first, last=last, outward=outward) == from_lines


def test_two_closed_quarters_worked_by_hand() -> None:
    """Q1: 40 hours at £10 of which 25 were verified, and a line left blank: £400, £250.
    Q2: 10 hours, not yet decided: £100. Q3, open: 2 hours = £20. All: £520 and £250."""
    promised = make_commitment()
    first = make_return(promised.contract, promised.supplier, Q1)
    make_line(first, promised, "40", verified="25")
    make_line(first, promised, None)
    make_line(make_return(promised.contract, promised.supplier, Q2), promised, "10")
    make_line(make_return(promised.contract, promised.supplier, Q3), promised, "2")
    close(Q1)
    close(Q2)

    one, two = DeliverySum.objects.order_by("pk")
    assert (one.reported_pounds, one.verified_pounds) == (400, 250)
    assert (one.lines, one.lines_not_reported, one.lines_undecided) == (2, 1, 1)
    assert (two.reported_pounds, two.verified_pounds, two.lines) == (100, None, 1)
    assert one.measure is None and set(summed_quarters(EVERYWHERE, Scope())) == {Q1, Q2}
    found = position(EVERYWHERE, Scope(), first=None, last=Q3)
    assert found.figures.reported == Amounts(Decimal("520.00"), None)
    assert found.figures.verified == Amounts(Decimal("250.00"), None)
    assert (found.counts.lines, found.counts.lines_not_reported) == (4, 1)
    assert found.counts.lines_undecided == 3
    agree(EVERYWHERE, Scope())
    agree(EVERYWHERE, Scope(), first=Q1, last=Q2)


def test_only_what_stays_closed_is_read_from_its_sums() -> None:
    line = one_line()
    assert summed_quarters(EVERYWHERE, Scope()) == {}
    close(Q1)
    reopen_quarter(quarter=Q1, by=None, now=NOW, reason="A late return.")
    assert summed_quarters(EVERYWHERE, Scope()) == {}
    ReturnLine.objects.filter(pk=line.pk).update(reported_pounds=7)
    close(Q1)
    assert DeliverySum.objects.get().reported_pounds == 7
    agree(EVERYWHERE, Scope())


def test_a_part_of_an_agreement_and_a_supplier_ask_the_lines(django_assert_num_queries) -> None:
    promised = make_commitment()
    line = make_line(make_return(promised.contract, promised.supplier), promised)
    close(Q1)
    # Nobody could change it by a service; so it is seen which of the two was read.
    ReturnLine.objects.filter(pk=line.pk).update(reported_pounds=7)
    reads = make_user("supplier", promised.supplier)
    measure = promised.measure
    asked = [
        (EVERYWHERE, Scope(contract=promised.contract_id)),
        (EVERYWHERE, Scope(supplier=promised.supplier_id)),
        (EVERYWHERE, Scope(measure=measure.code, edition=measure.edition_id)),
        (EVERYWHERE, Scope(theme="Jobs")),
        (reads, Scope()),
    ]
    for user, scope in asked:
        summed_quarters(user, scope)  # a person's roles are asked for once
        with django_assert_num_queries(0):
            assert summed_quarters(user, scope) == {}
        assert position(user, scope, first=None, last=Q3).figures.reported.social_pounds == 7
    assert position(EVERYWHERE, Scope(), first=None, last=Q3).figures.reported.social_pounds == 400


def test_a_manager_reads_the_sums_of_own_directorates_alone() -> None:
    own, other = make_organisation(), make_organisation()
    for directorate in (own, other):
        supplier = make_organisation()
        contract = make_contract(directorate=directorate, suppliers=[supplier])
        promised = make_commitment(contract, supplier=supplier)
        make_line(make_return(contract, supplier), promised, "4")
    close(Q1)
    manager = make_user("contract_manager", own)
    assert position(manager, Scope(), first=None, last=Q3).figures.reported.social_pounds == 40
    agree(manager, Scope())


def test_a_licence_that_changes_is_heeded_at_once_and_the_quarter_is_cut_anew() -> None:
    edition = make_edition()
    for _ in range(2):
        promised = make_commitment(measure=make_measure(edition))
        make_line(make_return(promised.contract, promised.supplier), promised, "4", verified="4")
    close(Q1)
    edition.values_may_be_published = False
    edition.save()
    assert summed_quarters(EVERYWHERE, Scope()) == {}  # two measures are in one sum
    agree(EVERYWHERE, Scope())
    found = check_delivery_sums(by=None, now=NOW)
    assert (found.quarters, found.added, found.differing) == (1, 1, ())
    assert set(summed_quarters(EVERYWHERE, Scope())) == {Q1}
    assert DeliverySum.objects.exclude(measure=None).count() == 2
    agree(EVERYWHERE, Scope())
    public = position(EVERYWHERE, Scope(), first=None, last=Q3, outward=True)
    assert public.figures.is_withheld("reported", "social")  # two different values give one away
    edition.values_may_be_published = True
    edition.save()
    agree(EVERYWHERE, Scope())
    assert check_delivery_sums(by=None, now=NOW).differing == ()


def test_a_difference_is_told_and_put_right() -> None:
    line = one_line()
    close(Q1)
    call_command("check_delivery_sums", stdout=StringIO())
    ReturnLine.objects.filter(pk=line.pk).update(reported_pounds=7)
    with pytest.raises(RuntimeError, match="April to June 2026.*was not what its lines say"):
        nightly()
    assert nightly() == 1
    assert position(EVERYWHERE, Scope(), first=None, last=Q3).figures.reported.social_pounds == 7
    ReturnLine.objects.filter(pk=line.pk).update(reported_pounds=8)
    with pytest.raises(SystemExit):
        call_command("check_delivery_sums", "--dry-run", stdout=StringIO(), stderr=StringIO())
    assert DeliverySum.objects.get().reported_pounds == 7
    said = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_delivery_sums", stdout=StringIO(), stderr=said)
    assert stopped.value.code == 1 and "was not what its lines say" in said.getvalue()


def test_a_quarter_that_was_closed_before_there_were_sums_gets_them() -> None:
    one_line()
    close(Q1)
    DeliverySum.objects.all().delete()
    assert summed_quarters(EVERYWHERE, Scope()) == {}
    assert check_delivery_sums(by=None, now=NOW).added == 1
    assert set(summed_quarters(EVERYWHERE, Scope())) == {Q1}


def test_nothing_is_summed_twice() -> None:
    one_line()
    close(Q1)
    one = DeliverySum.objects.get()
    one.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save(force_insert=True)


LINES = st.lists(
    st.tuples(
        st.integers(0, 5),  # which promise
        st.sampled_from([Q1, Q2, Q3]),
        st.none() | st.decimals(0, 90, places=2),
        st.sampled_from([None, "0", "0.5", "1"]),  # of it verified
    ),
    max_size=9,
)
STEPS = st.lists(
    st.sampled_from(["close 1", "close 2", "reopen 1", "reopen 2", "check", "licence"]),
    max_size=6,
)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(LINES, LINES, STEPS)
def test_sums_and_lines_agree_after_any_history(before: Any, after: Any, steps: Any) -> None:
    with transaction.atomic():
        edition, kept_in = make_edition(), make_edition(values_may_be_published=False)
        promises = []
        for number in range(6):
            kinds = (Measure.Kind.SOCIAL, Measure.Kind.LOCAL_ECONOMIC, Measure.Kind.RECORD_ONLY)
            measure = make_measure(kept_in if number % 2 else edition, kind=kinds[number // 2])
            directorate = make_organisation() if number % 3 else None
            contract = make_contract(
                directorate=directorate, kind=("contract", "grant")[number // 4]
            )
            promises.append(make_commitment(contract, measure=measure))
        closed: set[Any] = set()

        def report(lines: Any) -> None:
            for which, quarter, quantity, part in lines:
                promised = promises[which]
                if quarter in closed:
                    continue
                made = promised.contract.returns.filter(
                    financial_year=quarter.start_year, quarter=quarter.number
                ).first() or make_return(promised.contract, promised.supplier, quarter)
                checked = (
                    None if quantity is None or part is None else str(quantity * Decimal(part))
                )
                make_line(
                    made, promised, None if quantity is None else str(quantity), verified=checked
                )

        report(before)
        for step in steps:
            match step.split():
                case ["close", number]:
                    quarter = (Q1, Q2)[int(number) - 1]
                    if quarter not in closed:
                        close(quarter)
                        closed.add(quarter)
                case ["reopen", number]:
                    quarter = (Q1, Q2)[int(number) - 1]
                    if quarter in closed:
                        reopen_quarter(quarter=quarter, by=None, now=NOW, reason="Late.")
                        closed.discard(quarter)
                case ["check"]:
                    assert check_delivery_sums(by=None, now=NOW).differing == ()
                case ["licence"]:
                    edition.values_may_be_published = not edition.values_may_be_published
                    edition.save()
            report(after[:2])
        report(after)
        assert set(summed_quarters(EVERYWHERE, Scope())) <= closed
        agree(EVERYWHERE, Scope(), ways=[True])
        agree(
            EVERYWHERE,
            Scope(directorate=promises[1].contract.directorate_id),
            first=Q1,
            last=Q2,
            ways=[False],
        )
        transaction.set_rollback(True)
