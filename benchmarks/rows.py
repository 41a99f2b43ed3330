"""Invented rows in bulk: contracts of every kind, and a year's payments rolled up."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

from django.core.management import call_command

from contracts.models import (
    Award,
    AwardSupplier,
    Contract,
    CpvCode,
    Payee,
    SpendCategory,
    SpendExclusion,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from trafford_sv.core.models import User
from trafford_sv.directory.models import Area, Organisation, OrganisationKind, RoleGrant

from .base import TODAY

BATCH = 1000
LINES_PER_TOTAL = 4  # payments that one roll-up row stands for, as in the council's own files
_STAGES = ["live"] * 6 + ["awarded", "mobilising", "ended", "tender"]
_LOCALITIES = ["trafford", "greater_manchester", "elsewhere", "unknown", "unknown"]


def reference() -> User:
    """Wards, categories and thresholds as released, and a co-ordinator."""
    names = ["areas", "categories", "threshold rules"]
    call_command("load_reference", only=names, stdout=StringIO())
    user = User.objects.create_user(email="coordinator@example.org", name="A co-ordinator")
    RoleGrant.objects.create(
        user=user, role="coordinator", starts=datetime.date(2020, 1, 1), granted_by_name="Nobody"
    )
    return user


def _organisations(names: list[str], kind: str) -> list[Organisation]:
    made = Organisation.objects.bulk_create(
        [
            Organisation(name=name, locality=_LOCALITIES[number % len(_LOCALITIES)])
            for number, name in enumerate(names)
        ],
        batch_size=BATCH,
    )
    OrganisationKind.objects.bulk_create(
        [OrganisationKind(organisation=one, kind=kind) for one in made], batch_size=BATCH
    )
    return made


def contracts(wanted: int) -> None:
    """More contracts, until there are `wanted`: one award each, now and then two, with one to
    three suppliers, some frameworks, some values and wards not recorded."""
    first = Contract.objects.count()
    if not first:
        _organisations([f"Invented directorate {n}" for n in range(8)], "council_service")
    directorates = list(Organisation.objects.filter(kinds__kind="council_service"))
    suppliers = _organisations(
        [f"Invented supplies {n}" for n in range(first, first + (wanted - first) // 4 + 4)],
        "supplier",
    )
    categories = list(CpvCode.objects.values_list("pk", flat=True)[::37])
    wards = list(Area.objects.wards(2023))
    made = Contract.objects.bulk_create(
        [_contract(n, directorates, categories) for n in range(first, wanted)], batch_size=BATCH
    )
    awards = Award.objects.bulk_create(
        [award for n, one in enumerate(made, first) for award in _awards(n, one)],
        batch_size=BATCH,
    )
    AwardSupplier.objects.bulk_create(
        [
            AwardSupplier(award=award, organisation=suppliers[(n + more) % len(suppliers)])
            for n, award in enumerate(awards)
            for more in range(3 if n % 15 == 0 else 1)
        ],
        batch_size=BATCH,
    )
    through = Contract.wards.through
    through.objects.bulk_create(
        [
            through(contract=one, area=wards[(n + more) % len(wards)])
            for n, one in enumerate(made)
            if n % 4
            for more in range(n % 3 + 1)
        ],
        batch_size=BATCH,
    )


def _contract(n: int, directorates: list[Organisation], categories: list[str]) -> Contract:
    start = TODAY - datetime.timedelta(days=n * 7 % 1500)
    end = start + datetime.timedelta(days=700 + n * 13 % 900)
    return Contract(
        reference=f"B-{n:06d}",
        title=f"Invented contract for things that are needed, number {n}",
        ocid=f"ocds-invented-{n:06d}",
        directorate=directorates[n % len(directorates)] if n % 20 else None,
        buyer=directorates[0],
        category_id=categories[n % len(categories)] if n % 10 else None,
        stage=_STAGES[n % len(_STAGES)],
        is_framework=n % 25 == 0,
        is_light_touch=n % 7 == 0,
        start=start,
        end=end if n % 30 else None,
        notice_date=end - datetime.timedelta(days=90) if n % 3 else None,
        social_value=["unknown", "included", "not_included"][n % 3],
    )


def _awards(n: int, contract: Contract) -> Iterator[Award]:
    day = contract.start - datetime.timedelta(days=30)
    for part in range(2 if n % 12 == 0 else 1):
        value = None if n % 17 == 0 else Decimal(5_000 + n * 7919 % 900_000 + part)
        yield Award(contract=contract, awarded_on=day, value_pounds=value)


def payments(wanted: int) -> None:
    """The roll-up of `wanted` payments in the last two financial years, over `wanted` / 40 payees."""
    source, _ = SpendSource.objects.get_or_create(name="An invented council", is_own_council=True)
    there = SpendTotal.objects.filter(source=source).count() * LINES_PER_TOTAL
    places = list(
        Organisation.objects.filter(kinds__kind="supplier").order_by("pk")[: wanted // 60 + 1]
    )
    exclusion, _ = SpendExclusion.objects.get_or_create(
        key="tax",
        defaults={
            "name": "Tax",
            "why": "tax",
            "reason": "Tax",
            "reviewed_on": TODAY,
            "reviewed_by_name": "Nobody",
        },
    )
    categories = [
        SpendCategory.objects.get_or_create(source=source, code=str(n), label=f"Category {n}")[0]
        for n in range(20)
    ]
    units = [SpendUnit.objects.get_or_create(source=source, name=f"Unit {n}")[0] for n in range(12)]
    first = Payee.objects.filter(source=source).count()
    Payee.objects.bulk_create(
        [
            Payee(
                source=source,
                name=f"Invented payee {n}",
                key=f"invented payee {n}",
                exclusion=exclusion if n % 50 == 49 else None,
                organisation=places[n % len(places)] if places and n % 3 else None,
                state="matched" if places and n % 3 else "undecided",
            )
            for n in range(first, wanted // 40)
        ],
        batch_size=BATCH,
    )
    payees = list(Payee.objects.filter(source=source).order_by("pk"))
    year = TODAY.year - (TODAY.month < 4)
    # Each payee in turn meets another category, unit and quarter, so that few rows stand twice.
    for number in range(there // LINES_PER_TOTAL, wanted // LINES_PER_TOTAL, BATCH):
        SpendTotal.objects.bulk_create(
            [
                SpendTotal(
                    source=source,
                    payee=payees[n % len(payees)],
                    category=categories[n // len(payees) % len(categories)],
                    unit=units[n * 5 % len(units)],
                    financial_year=year - n % 2,
                    quarter=n // 2 % 4 + 1,
                    amount_pounds=Decimal(n * 7919 % 5_000_000) / 100,
                    lines=LINES_PER_TOTAL,
                )
                for n in range(number, min(number + BATCH, wanted // LINES_PER_TOTAL))
            ],
            ignore_conflicts=True,
        )
