"""Recording and changing contracts: what is refused, in which words, and what is kept."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from contracts.models import Award, Contract, ThresholdRule
from contracts.services.contracts import (
    change_award,
    change_contract,
    link_successor,
    record_award,
    record_contract,
    unlink_successor,
)
from contracts.services.reference import load_cpv_codes, load_threshold_rules
from contracts.services.thresholds import change_threshold, record_threshold
from tests.factories import make_award, make_contract, make_organisation, make_user, make_ward
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.audit import verify_chain
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
DAY = datetime.date
NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.UTC)


def refusals(act, **arguments) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        act(by=None, now=NOW, **arguments)
    return refused.value.message_dict


def basic(**more):
    return {"reference": "T-1", "title": "Tree works", **more}


def test_a_contract_is_recorded_with_wards_history_and_one_event() -> None:
    user, ward = make_user(), make_ward(name="Sale Moor")
    contract = record_contract(values=basic(wards=[ward]), by=user, now=NOW, reason="New register")
    assert list(contract.wards.all()) == [ward]
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor_name, event.reason) == (
        "contract recorded",
        "An officer",
        "New register",
    )
    assert event.after["wards"] == ["Sale Moor"]
    assert verify_chain().broken == ()


def test_ends_before_it_starts() -> None:
    found = refusals(record_contract, values=basic(start=DAY(2026, 5, 3), end=DAY(2026, 5, 2)))
    assert found == {
        "end": [
            "The contract ends on 2 May 2026, before it starts on 3 May 2026. Check both dates."
        ]
    }
    assert not Contract.objects.exists() and not AuditEvent.objects.exists()


def test_notice_after_the_end() -> None:
    found = refusals(
        record_contract, values=basic(end=DAY(2026, 5, 2), notice_date=DAY(2026, 5, 3))
    )
    assert "after the contract ends on 2 May 2026" in found["notice_date"][0]


def test_a_reference_is_used_once() -> None:
    make_contract(reference="T-1")
    found = refusals(record_contract, values=basic())
    assert found == {
        "reference": ["The reference “T-1” belongs to another contract. Give this one its own."]
    }


def test_an_end_date_before_the_award_is_refused_also_when_it_comes_later() -> None:
    contract = make_contract(value="60000", awarded_on=DAY(2026, 5, 3))
    found = refusals(
        change_contract, contract=contract, changes={"end": DAY(2026, 5, 1)}, expected_version=1
    )
    assert "was awarded on 3 May 2026, after this end date" in found["end"][0]


def test_a_contract_with_a_value_cannot_become_a_framework() -> None:
    contract = make_contract(value="60000", awarded_on=DAY(2026, 5, 3))
    found = refusals(
        change_contract, contract=contract, changes={"is_framework": True}, expected_version=1
    )
    assert "A framework has no value of its own" in found["is_framework"][0]


def test_nobody_follows_themselves_nor_in_a_circle() -> None:
    first, second, third = make_contract(), make_contract(), make_contract()
    second = link_successor(contract=first, successor=second, expected_version=1, by=None, now=NOW)
    third = link_successor(contract=second, successor=third, expected_version=1, by=None, now=NOW)
    itself = refusals(link_successor, contract=first, successor=first, expected_version=1)
    assert itself == {"predecessor": ["A contract cannot replace itself. Choose another contract."]}
    circle = refusals(link_successor, contract=third, successor=first, expected_version=1)
    assert "already follows" in circle["predecessor"][0]
    unlink_successor(contract=second, successor=third, expected_version=2, by=None, now=NOW)
    assert link_successor(contract=third, successor=first, expected_version=1, by=None, now=NOW)


def test_a_second_saver_collides_and_nothing_is_lost() -> None:
    contract = make_contract(title="As opened")
    change_contract(
        contract=contract, changes={"title": "Hers"}, expected_version=1, by=None, now=NOW
    )
    with pytest.raises(Collision) as clash:
        change_contract(
            contract=contract, changes={"title": "His"}, expected_version=1, by=None, now=NOW
        )
    assert clash.value.stored.title == "Hers"
    assert clash.value.attempted == {"title": "His"}


def test_an_award_makes_its_winners_suppliers_and_counts_once() -> None:
    contract, charity = make_contract(), make_organisation("Invented Trust", "voluntary")
    award = record_award(
        contract=contract,
        values={
            "awarded_on": DAY(2026, 5, 3),
            "value_pounds": Decimal("90000"),
            "suppliers": [charity, make_organisation()],
        },
        by=None,
        now=NOW,
    )
    assert {kind.kind for kind in charity.kinds.all()} == {"voluntary", "supplier"}
    assert award.suppliers.count() == 2
    assert Contract.objects.with_figures().get().value_pounds == Decimal("90000")


@pytest.mark.parametrize(
    ("contract", "values", "field", "words"),
    [
        ({}, {"value_pounds": Decimal("1")}, "awarded_on", "Give the award date"),
        ({}, {"value_pounds": Decimal("-1")}, "value_pounds", "cannot be below zero"),
        (
            {"is_framework": True},
            {"value_pounds": Decimal("1"), "awarded_on": DAY(2026, 1, 1)},
            "value_pounds",
            "A framework has no value of its own",
        ),
        (
            {"end": DAY(2026, 1, 1)},
            {"awarded_on": DAY(2026, 1, 2)},
            "awarded_on",
            "after the contract ends on 1 January 2026",
        ),
    ],
)
def test_awards_that_make_no_sense(contract, values, field, words) -> None:
    found = refusals(record_award, contract=make_contract(**contract), values=values)
    assert words in found[field][0]
    assert not Award.objects.exists()


def test_changing_an_award_is_judged_as_it_would_stand() -> None:
    contract = make_contract()
    award = make_award(contract, value="100", awarded_on=DAY(2026, 1, 1))
    found = refusals(change_award, award=award, changes={"awarded_on": None}, expected_version=1)
    assert "Give the award date" in found["awarded_on"][0]
    changed = change_award(
        award=award, changes={"value_pounds": Decimal("200")}, expected_version=1, by=None, now=NOW
    )
    assert (changed.value_pounds, changed.version) == (Decimal("200"), 2)


def test_reference_data_loads_twice_without_change_and_keeps_an_officers_word() -> None:
    first = load_threshold_rules(NOW, False)
    rule = ThresholdRule.objects.get(duty="considered")
    assert (first.created, rule.is_confirmed, rule.amount_pounds) == (3, False, Decimal("25000"))
    change_threshold(
        rule=rule,
        changes={"starts": DAY(2023, 4, 1), "is_confirmed": True},
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert load_threshold_rules(NOW, False).created == 0
    rule.refresh_from_db()
    assert (rule.starts, rule.is_confirmed) == (DAY(2023, 4, 1), True)
    assert load_cpv_codes(NOW, False).created == 9454
    again = load_cpv_codes(NOW, False)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 9454)


def test_two_rules_of_a_kind_cannot_begin_on_one_day() -> None:
    load_threshold_rules(NOW, False)
    found = refusals(
        record_threshold,
        values={
            "duty": "required",
            "amount_pounds": Decimal("1"),
            "starts": DAY(2019, 4, 1),
            "source": "x",
        },
    )
    assert "There is a rule for this from 1 April 2019 already" in found["starts"][0]


def test_what_a_notice_broke_does_not_stop_other_corrections() -> None:
    # As published: a framework whose award has a value and a date after the end.
    contract = make_contract(
        value="60000", awarded_on=DAY(2026, 5, 3), end=DAY(2026, 4, 30), is_framework=True
    )
    contract = change_contract(
        contract=contract,
        # A form sends every field; those that stay as they are change nothing.
        changes={"title": "Tree works", "end": DAY(2026, 4, 30), "is_framework": True},
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert (contract.title, contract.version) == ("Tree works", 2)
    award = change_award(
        award=contract.awards.get(),
        changes={"title": "Lot 1", "value_pounds": Decimal("60000")},
        expected_version=1,
        by=None,
        now=NOW,
    )
    assert award.title == "Lot 1"

    contract_, award_ = (
        {"contract": contract, "expected_version": 2},
        {"award": award, "expected_version": 2},
    )
    end = refusals(change_contract, changes={"end": DAY(2026, 4, 1)}, **contract_)
    assert list(end) == ["end"]
    notice = refusals(change_contract, changes={"notice_date": DAY(2026, 5, 1)}, **contract_)
    assert list(notice) == ["notice_date"]
    value = refusals(change_award, changes={"value_pounds": Decimal("5")}, **award_)
    assert list(value) == ["value_pounds"]
    day = refusals(change_award, changes={"awarded_on": DAY(2026, 5, 4)}, **award_)
    assert list(day) == ["awarded_on"]

    award = change_award(changes={"value_pounds": None}, by=None, now=NOW, **award_)
    contract = change_contract(changes={"end": DAY(2027, 4, 30)}, by=None, now=NOW, **contract_)
    assert award.value_pounds is None and contract.end == DAY(2027, 4, 30)


def test_a_contract_without_a_problem_cannot_get_one_by_a_second_award() -> None:
    contract = make_contract(end=DAY(2026, 4, 30), is_framework=True)
    make_award(contract, value="60000", awarded_on=DAY(2026, 4, 1))  # as published
    found = refusals(
        record_award,
        contract=contract,
        values={"value_pounds": Decimal("5"), "awarded_on": DAY(2026, 5, 1)},
    )
    assert sorted(found) == ["awarded_on", "value_pounds"]
