"""The demo council: invented, marked, the same twice, and gone without a trace of anything else."""

from __future__ import annotations

import datetime
import io
import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from contracts.demo import FOLLOWS, PLANS
from contracts.demo_spend import spending_file
from contracts.models import Contract, CpvCode, Payment
from contracts.services.reference import load_cpv_codes, load_threshold_rules
from trafford_sv.directory.demo import SUPPLIERS
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.reference import load_areas


def load(*arguments: str) -> dict[str, int]:
    out = io.StringIO()
    call_command("load_demo", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def reference(db) -> None:
    now = timezone.now()
    load_areas(now, False)
    load_cpv_codes(now, False)
    load_threshold_rules(now, False)


def test_without_reference_data_it_refuses_and_writes_nothing(db) -> None:
    with pytest.raises(SystemExit) as refused:
        load()
    assert refused.value.code == 2
    assert not Organisation.objects.exists()


def test_it_loads_with_no_more_than_the_areas_codes_and_thresholds(reference) -> None:
    """What a whole load, a second one and a reset leave is in `test_demo_delivery.py`."""
    assert load()["created"] > 100
    assert Contract.objects.filter(is_demo=True).count() == len(PLANS) == 60
    assert Payment.objects.count() > 2500


def test_everything_in_it_says_that_it_is_invented() -> None:
    assert all(facts[0].endswith("(demo)") for facts in SUPPLIERS.values())
    assert len(SUPPLIERS) == 40
    text, lines = spending_file(datetime.date(2026, 11, 22))
    # Ten whole quarters of some 330 lines, and nearly two months of the eleventh.
    assert 10 * 320 < lines < 11 * 340
    payees = {line.split(",")[0] for line in text.decode().splitlines()[1:]}
    assert all(payee.endswith("(demo)") or payee.startswith("Demo ") for payee in payees)


def test_plans_name_what_exists(reference) -> None:
    assert {plan.cpv for plan in PLANS} <= set(CpvCode.objects.values_list("code", flat=True))
    assert {key for plan in PLANS for key in plan.suppliers.split(",") if key} <= set(SUPPLIERS)
    numbers = {plan.number for plan in PLANS}
    assert set(FOLLOWS) | set(FOLLOWS.values()) <= numbers


def test_a_later_day_adds_lines_and_changes_none() -> None:
    early, _ = spending_file(datetime.date(2026, 11, 22))
    late, _ = spending_file(datetime.date(2026, 12, 24))
    assert set(early.splitlines()) < set(late.splitlines())
