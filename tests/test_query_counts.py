"""A page asks the database as often for a thousand rows as for ten.

The pages that are not counted beside their other tests: contracts, organisations, wards and
the API's lists are counted there.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.models import (
    Payee,
    PayeeProposal,
    Payment,
    SpendCategory,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent, ImportRun, User
from trafford_sv.directory.models import Organisation, RoleGrant

pytestmark = pytest.mark.django_db
DAY = datetime.date(2025, 6, 2)
LIST, DETAIL = 8, 12


def payees(numbers: range) -> None:
    """Each with a total, a payment and a proposed match of its own; half of them matched."""
    source, _ = SpendSource.objects.get_or_create(name="Our council", is_own_council=True)
    common = {
        "source": source,
        "category": SpendCategory.objects.get_or_create(source=source, code="1", label="Care")[0],
        "unit": SpendUnit.objects.get_or_create(source=source, name="Adults")[0],
        "amount_pounds": 10,
    }
    bodies = Organisation.objects.bulk_create(Organisation(name=f"Body {n}") for n in numbers)
    made = Payee.objects.bulk_create(
        Payee(
            source=source,
            name=f"Payee {n}",
            key=f"payee {n}",
            organisation=body if n % 2 else None,
            state="matched" if n % 2 else "undecided",
        )
        for n, body in zip(numbers, bodies, strict=True)
    )
    SpendTotal.objects.bulk_create(
        SpendTotal(payee=payee, financial_year=2025, quarter=1, lines=1, **common) for payee in made
    )
    Payment.objects.bulk_create(
        Payment(payee=payee, digest=uuid.uuid4(), occurrence=1, paid_on=DAY, row_number=1, **common)
        for payee in made
    )
    PayeeProposal.objects.bulk_create(
        PayeeProposal(payee=payee, organisation=body, score="0.9")
        for payee, body in zip(made, bodies, strict=True)
    )


def payments_of_one(numbers: range) -> None:
    """Of the one payee, in another unit each time, with another organisation proposed."""
    source, _ = SpendSource.objects.get_or_create(name="Our council", is_own_council=True)
    payee, _ = Payee.objects.get_or_create(source=source, name="Payee", key="payee")
    category, _ = SpendCategory.objects.get_or_create(source=source, code="1", label="Care")
    units = SpendUnit.objects.bulk_create(
        SpendUnit(source=source, name=f"Unit {n}") for n in numbers
    )
    common = {"source": source, "payee": payee, "category": category, "amount_pounds": 10}
    SpendTotal.objects.bulk_create(
        SpendTotal(unit=unit, financial_year=2025, quarter=1, lines=1, **common) for unit in units
    )
    Payment.objects.bulk_create(
        Payment(unit=unit, digest=uuid.uuid4(), occurrence=1, paid_on=DAY, row_number=1, **common)
        for unit in units
    )
    bodies = Organisation.objects.bulk_create(Organisation(name=f"Body {n}") for n in numbers)
    PayeeProposal.objects.bulk_create(
        PayeeProposal(payee=payee, organisation=body, score="0.9") for body in bodies
    )


def import_runs(numbers: range) -> None:
    person = User.objects.first()
    ImportRun.objects.bulk_create(
        ImportRun(
            kind="spend",
            state="applied",
            original_name=f"{n}.csv",
            file_sha256="0" * 64,
            file_bytes=1,
            started_by=person,
            started_by_name="An officer",
            applied_by=person,
            created_at=timezone.now(),
            rejected=n % 3,
        )
        for n in numbers
    )


def people(numbers: range) -> None:
    """Each with two roles, one of them for an organisation."""
    body = make_organisation()
    made = User.objects.bulk_create(
        User(email=f"somebody{n}@example.org", name=f"Person {n}") for n in numbers
    )
    RoleGrant.objects.bulk_create(
        RoleGrant(
            user=user, role=role, organisation=place, starts=DAY, granted_by_name="An officer"
        )
        for user in made
        for role, place in (("auditor", None), ("supplier", body))
    )


def events(numbers: range) -> None:
    first = AuditEvent.objects.count() + 1
    AuditEvent.objects.bulk_create(
        AuditEvent(
            sequence=first + n,
            at=timezone.now(),
            actor_name="An officer",
            verb="contract changed",
            subject_type="contract",
            subject_id=str(n),
            subject_name=f"Contract {n}",
            hash=f"{first + n:064}",
        )
        for n in numbers
    )


PAGES: list[tuple[str, str, Callable[[range], None], int]] = [
    ("payee-list", "?q=payee&sort=-name", payees, LIST),
    ("payment-list", "?q=payee", payees, LIST),
    ("spend-unknown", "", payees, LIST),
    ("spend-matches", "", payees, LIST),
    ("spend-retained", "", payees, DETAIL),
    ("spend-units", "", payments_of_one, LIST),
    ("payee-detail", "", payments_of_one, DETAIL),
    ("import-list", "", import_runs, LIST),
    ("person-list", "?q=person&state=active", people, LIST),
    ("audit-list", "?verb=contract+changed", events, LIST),
]


@pytest.fixture
def administrator(client: Client) -> Iterator[Client]:
    client.force_login(make_user("administrator"))
    yield client


@pytest.mark.parametrize(
    ("name", "query", "make", "budget"), PAGES, ids=[page[0] for page in PAGES]
)
def test_a_page_makes_the_same_few_queries_for_10_100_and_1000_rows(
    administrator: Client, name: str, query: str, make: Callable[[range], None], budget: int
) -> None:
    counts = []
    for numbers in (range(10), range(10, 100), range(100, 1000)):
        make(numbers)
        of = [Payee.objects.get().pk] if name == "payee-detail" else []
        with CaptureQueriesContext(connection) as seen:
            assert administrator.get(reverse(name, args=of) + query).status_code == 200
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= budget, [found["sql"][:200] for found in seen]
