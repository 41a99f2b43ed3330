"""Invented agreements, commitments and deliveries in bulk, to measure with. Never for real use.

The same seed gives the same rows. Amounts come from `contracts.valuation`, as everywhere.
"""

from __future__ import annotations

import datetime
import io
import random
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation, OrganisationKind

from .models import (
    Award,
    AwardSupplier,
    Commitment,
    Contract,
    DeliveryReturn,
    Measure,
    MeasureEdition,
    MeasureValue,
    ProfileQuarter,
    ReturnLine,
)
from .valuation import Kind, price_line

Beat = Callable[[int, int], None]
BATCH = 2000
FIRST_QUARTER = Quarter(2024, 1)
LINE_COLUMNS = (
    "delivery_return_id", "commitment_id", "number", "given_quantity", "narrative", "place",
    "attribution_share", "warning_reason", "reported_quantity", "reported_pounds",
    "verified_quantity", "verified_pounds", "state", "decision_reason", "decided_by_name",
    "is_counted", "counted_year", "counted_quarter", "version",
)  # fmt: skip


def generate(
    *,
    contracts: int,
    commitments: int,
    deliveries: int,
    seed: int,
    by: User | None,
    now: datetime.datetime,
    beat: Beat,
) -> None:
    """All or nothing. Raises ValueError where the counts make no sense."""
    if contracts < 1 or commitments < contracts or deliveries < 0:
        raise ValueError("Ask for at least one contract, and one commitment for each contract.")
    chance = random.Random(seed)
    with transaction.atomic():
        made = _contracts(contracts, now)
        promised = _commitments(made, commitments, chance, now, beat)
        rounds = -(-deliveries // commitments) if deliveries else 0
        quarters = _quarters(rounds)
        returns = _returns(made, quarters, now)
        _copy_lines(_lines(promised, returns, quarters, deliveries, chance), deliveries, beat)


def _quarters(number: int) -> list[Quarter]:
    found = [FIRST_QUARTER]
    while len(found) < number:
        found.append(found[-1].next)
    return found[:number]


def _contracts(number: int, now: datetime.datetime) -> list[tuple[int, int]]:
    """(contract, supplier) keys."""
    start = Contract.objects.count()
    services = Organisation.objects.bulk_create(
        [Organisation(name=f"Invented directorate {start + n}") for n in range(6)]
    )
    suppliers = Organisation.objects.bulk_create(
        [Organisation(name=f"Invented load {start + n}") for n in range(max(1, number // 4))],
        batch_size=BATCH,
    )
    OrganisationKind.objects.bulk_create(
        [
            *(OrganisationKind(organisation=one, kind="council_service") for one in services),
            *(OrganisationKind(organisation=one, kind="supplier") for one in suppliers),
        ],
        batch_size=BATCH,
    )
    kinds = ["contract"] * 17 + ["grant", "planning", "pledge"]
    made = Contract.objects.bulk_create(
        [
            Contract(
                reference=f"LOAD-{start + n:07d}",
                title=f"Invented agreement {start + n}",
                kind=kinds[n % 20],
                directorate=services[n % 6],
                stage=Contract.Stage.LIVE,
                start=FIRST_QUARTER.start,
                end=datetime.date(2029, 3, 31),
                is_demo=True,
            )
            for n in range(number)
        ],
        batch_size=BATCH,
    )
    awards = Award.objects.bulk_create(
        [
            Award(
                contract=one,
                awarded_on=FIRST_QUARTER.start,
                value_pounds=Decimal(50_000 + (n * 7919) % 900_000),
            )
            for n, one in enumerate(made)
        ],
        batch_size=BATCH,
    )
    AwardSupplier.objects.bulk_create(
        [
            AwardSupplier(award=award, organisation=suppliers[n % len(suppliers)])
            for n, award in enumerate(awards)
        ],
        batch_size=BATCH,
    )
    return [(one.pk, suppliers[n % len(suppliers)].pk) for n, one in enumerate(made)]


def _measures() -> list[tuple[Measure, MeasureValue | None]]:
    edition = MeasureEdition.objects.filter(is_default=True).first()
    if edition is None:
        raise ValueError("Load the reference data first: manage.py load_reference.")
    return [
        (measure, measure.values.filter(area__isnull=True).order_by("-valid_from").first())
        for measure in edition.measures.order_by("position", "code")
    ]


def _commitments(
    made: list[tuple[int, int]], number: int, chance: random.Random, now: Any, beat: Beat
) -> list[tuple[int, int, Decimal | None, str]]:
    """(commitment, index of its contract, value per unit, kind), stored with a first profile."""
    measures = _measures()
    rows = []
    for n in range(number):
        measure, value = measures[n % len(measures)]
        contract, supplier = made[n % len(made)]
        quantity = Decimal(chance.randint(4, 4000)) / 4
        unit = value.value_pounds if value else None
        rows.append(
            Commitment(
                contract_id=contract,
                supplier_id=supplier,
                number=n // len(made) + 1,
                measure=measure,
                value=value,
                state=Commitment.State.AGREED,
                promised_quantity=quantity,
                committed_pounds=price_line(quantity, unit, Kind(measure.kind)),
                owner_name="Invented role",
                evidence_rule="Invented",
                starts=FIRST_QUARTER.start,
                due=datetime.date(2029, 3, 31),
                agreed_on=FIRST_QUARTER.start,
                council_accepted_at=now,
                supplier_accepted_at=now,
                is_demo=True,
            )
        )
    stored = Commitment.objects.bulk_create(rows, batch_size=BATCH)
    ProfileQuarter.objects.bulk_create(
        [
            ProfileQuarter(
                commitment=one,
                financial_year=quarter.start_year,
                quarter=quarter.number,
                due_quantity=one.promised_quantity / 4,
            )
            for one in stored
            for quarter in _quarters(4)
        ],
        batch_size=BATCH,
    )
    beat(number, number)
    return [
        (
            one.pk,
            n % len(made),
            one.value.value_pounds if one.value else None,
            measures[n % len(measures)][0].kind,
        )
        for n, one in enumerate(stored)
    ]


def _returns(
    made: list[tuple[int, int]], quarters: list[Quarter], now: datetime.datetime
) -> list[list[int]]:
    """Keys of returns, by quarter, then by contract."""
    return [
        [
            one.pk
            for one in DeliveryReturn.objects.bulk_create(
                [
                    DeliveryReturn(
                        contract_id=contract,
                        supplier_id=supplier,
                        financial_year=quarter.start_year,
                        quarter=quarter.number,
                        counted_year=quarter.start_year,
                        counted_quarter=quarter.number,
                        state=DeliveryReturn.State.VERIFIED,
                        declared_this_agreement=True,
                        declared_committed=True,
                        first_submitted_at=now,
                        submitted_at=now,
                        submitted_by_name="Invented role",
                        is_demo=True,
                    )
                    for contract, supplier in made
                ],
                batch_size=BATCH,
            )
        ]
        for quarter in quarters
    ]


def _lines(
    promised: list[tuple[int, int, Decimal | None, str]],
    returns: list[list[int]],
    quarters: list[Quarter],
    number: int,
    chance: random.Random,
) -> Iterator[tuple[Any, ...]]:
    for n in range(number):
        commitment, contract, unit, kind = promised[n % len(promised)]
        turn = n // len(promised)
        quarter = quarters[turn]
        reported = Decimal(chance.randint(0, 400)) / 4
        verified = reported if n % 5 else None
        yield (
            returns[turn][contract], commitment, n // len(returns[turn]) + 1, reported, "", "",
            1, "", reported, price_line(reported, unit, kind),
            verified, price_line(verified, unit, kind),
            "open" if verified is None else "accepted", "", "" if verified is None else "Invented",
            True, quarter.start_year, quarter.number, 1,
        )  # fmt: skip


def _copy_lines(rows: Iterator[tuple[Any, ...]], total: int, beat: Beat) -> None:
    table = ReturnLine._meta.db_table
    done = 0
    with connection.cursor() as cursor:
        for batch in _batches(rows, 20_000):
            if connection.vendor == "postgresql":
                buffer = io.StringIO(
                    "".join(
                        "\t".join("\\N" if cell is None else str(cell) for cell in row) + "\n"
                        for row in batch
                    )
                )
                cursor.copy_expert(f"COPY {table} ({', '.join(LINE_COLUMNS)}) FROM STDIN", buffer)
            else:
                places = ", ".join(["%s"] * len(LINE_COLUMNS))
                cursor.executemany(
                    f"INSERT INTO {table} ({', '.join(LINE_COLUMNS)}) VALUES ({places})",
                    [tuple(str(c) if isinstance(c, Decimal) else c for c in row) for row in batch],
                )
            done += len(batch)
            beat(done, total)


def _batches(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
