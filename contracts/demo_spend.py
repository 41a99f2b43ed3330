"""The demo council's payments: a generated file that goes in through the ordinary import.

Each quarter's lines depend on the quarter alone, so that a later load adds later quarters and
changes nothing else. Payees are invented. Some are the demo's suppliers under their own name,
some under another spelling, some nobody knows, and some are not contestable.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from trafford_sv.core.importing import importers
from trafford_sv.core.models import ImportRun
from trafford_sv.core.periods import Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.imports import (
    apply_run,
    plan_run,
    queue_planning,
    remember_mapping,
    suggest_mapping,
    upload_file,
)
from trafford_sv.directory.demo import DIRECTORATES, SUPPLIERS
from trafford_sv.directory.models import Organisation

from .demo_quarters import demo_quarters
from .models import Payee, Payment, SpendExclusion, SpendSource, SpendTotal, SpendUnit
from .services.spend.decisions import link_unit, match_payee
from .services.spend.exclusions import record_exclusion

SOURCE = "Trafford Council (demo)"
LINES_A_QUARTER = 340
MATCHED = 32  # suppliers whose payee somebody has matched; the others wait on the work list
HEADINGS = [
    "BeneficiaryName", "PaymentDate", "Amount", "TransactionNumber", "ProclassCode", "ProclassLabel",
    "OrganisationalUnit",
]  # fmt: skip
CATEGORIES = [
    ("111000", "Building works (demo)"), ("181300", "Home care (demo)"), ("270000", "Highways (demo)"),
    ("171100", "Cleaning (demo)"), ("151200", "Software (demo)"), ("211000", "Consultancy (demo)"),
    ("281400", "Passenger transport (demo)"), ("131000", "Catering (demo)"),
]  # fmt: skip
UNKNOWN_PAYEES = [
    f"{name} (demo)"
    for name in (
        "Applewhite Signs", "Barrowdale Hire", "Candleford Couriers", "Dunnock Design", "Elderbank Tutors",
        "Foxglove Events", "Gatepost Fencing", "Heathercote Homes", "Inkwell Stationers", "Jackdaw Scaffolding",
        "Kingcup Florists", "Limekiln Plant", "Mayfly Media", "Netherby Nurseries", "Otterburn Optics",
        "Pearmain Produce", "Quarryside Aggregates", "Rushlight Electrical", "Sallow Lane Stables", "Teasel Textiles",
    )
]  # fmt: skip
NOT_CONTESTABLE = [
    ("Demo Pension Fund", "pension", 95_000),
    ("Demo Combined Authority Levy", "precept", 210_000),
    ("Demo Tax Office", "tax", 120_000),
]


def load_payments(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """Nothing where this product has no spending import (yet), or the same file is in already."""
    if "spend" not in importers():
        return Counts()
    content, lines = spending_file(today)
    digest = hashlib.sha256(content).hexdigest()
    if ImportRun.objects.filter(
        kind="spend", source_name=SOURCE, file_sha256=digest, state=ImportRun.State.APPLIED
    ).exists():
        return Counts(unchanged=lines)
    run = upload_file(
        kind="spend",
        file=ContentFile(content),
        name=f"demo-spending-to-{today:%Y-%m-%d}.csv",
        source_name=SOURCE,
        by=by,
        now=now,
    )
    columns, _ = suggest_mapping(kind="spend", headings=HEADINGS)
    run = remember_mapping(
        run=run, headings=HEADINGS, columns=columns, name="Demo spending", by=by, now=now
    )
    run = plan_run(run=queue_planning(run=run, by=by, now=now), by=by, now=now)
    if run.state != ImportRun.State.PLANNED:
        raise RuntimeError(f"The demo’s spending file was refused: {run.message}")
    # Where a council closed a quarter of its own, the demo's lines of it are left out.
    run = apply_run(run=run, only_valid=bool(run.rejected), by=by, now=now)
    _decide(by=by, now=now, today=today)
    return Counts(created=run.created, unchanged=run.unchanged)


def spending_file(today: datetime.date) -> tuple[bytes, int]:
    """(the file, its lines): the demo's whole quarters and this one up to today."""
    out = io.StringIO()
    pen = csv.writer(out)
    pen.writerow(HEADINGS)
    quarters = (*demo_quarters(today), Quarter.of(today))
    lines = 0
    for quarter in quarters:
        for row in _lines(quarter):
            if row[1] <= today.isoformat():
                pen.writerow(row)
                lines += 1
    return out.getvalue().encode(), lines


def _lines(quarter: Quarter) -> Iterator[list[str]]:
    chance = random.Random(f"demo spending {quarter}")
    days = (quarter.end - quarter.start).days
    units = list(DIRECTORATES.values())
    suppliers = [facts[0] for facts in SUPPLIERS.values()]
    # Early suppliers are the big ones, as in life: a few take most of the money.
    weights = [1 / (place + 2) for place in range(len(suppliers))]
    number = 0

    def line(payee: str, pounds: Decimal) -> list[str]:
        nonlocal number
        number += 1
        day = quarter.start + datetime.timedelta(days=chance.randrange(days + 1))
        code, label = chance.choice(CATEGORIES)
        transaction_number = f"{quarter.start_year}{quarter.number}{number:04d}"
        return [
            payee,
            day.isoformat(),
            f"{pounds:.2f}",
            transaction_number,
            code,
            label,
            chance.choice(units),
        ]

    for _ in range(LINES_A_QUARTER - 12):
        if chance.random() < 0.8:
            payee = chance.choices(suppliers, weights)[0]
            if chance.random() < 0.12:
                payee = f"{payee.removesuffix(' (demo)')} Ltd (demo)"
            most = 60_000
        else:
            payee, most = chance.choice(UNKNOWN_PAYEES), 9_000
        pence = int(chance.paretovariate(1.2) * 40_000) % (most * 100)
        amount = Decimal(pence + 500) / 100
        yield line(payee, -amount if chance.random() < 0.04 else amount)
    for payee, _, most in NOT_CONTESTABLE:
        for _ in range(4):
            yield line(payee, Decimal(chance.randrange(most // 2, most)))


def _decide(*, by: Any, now: datetime.datetime, today: datetime.date) -> None:
    """What an officer would have decided by now; the rest is left as work to show."""
    for name, why, _ in NOT_CONTESTABLE:
        if not SpendExclusion.objects.filter(name=name).exists():
            record_exclusion(
                values={
                    "name": name,
                    "why": why,
                    "reason": "Invented for the demo council.",
                    "reviewed_on": today,
                    "reviewed_by_name": "Demo Co-ordinator",
                },
                by=by,
                now=now,
            )
    undecided = Payee.objects.filter(source__name=SOURCE, state=Payee.State.UNDECIDED)
    located = list(SUPPLIERS.values())[:MATCHED]
    by_name = {
        row.name: row
        for row in Organisation.objects.filter(
            is_demo=True, name__in=[facts[0] for facts in located]
        )
    }
    for payee in undecided.filter(name__in=by_name):
        match_payee(
            payee=payee,
            organisation=by_name[payee.name],
            expected_version=payee.version,
            by=by,
            now=now,
        )
    directorates = {
        row.name: row
        for row in Organisation.objects.filter(is_demo=True, name__in=DIRECTORATES.values())
    }
    for unit in SpendUnit.objects.filter(source__name=SOURCE, directorate=None):
        if unit.name in directorates:
            link_unit(
                unit=unit,
                directorate=directorates[unit.name],
                expected_version=unit.version,
                by=by,
                now=now,
            )


def remove_payments() -> int:
    """Deletes the demo source with all that came by it."""
    with transaction.atomic():
        source = SpendSource.objects.filter(name=SOURCE).first()
        removed = 0
        if source is not None:
            SpendTotal.objects.filter(source=source).delete()
            removed = Payment.objects.filter(source=source).delete()[0]
            Payee.objects.filter(source=source).delete()
            source.delete()
        for exclusion in SpendExclusion.objects.filter(
            name__in=[row[0] for row in NOT_CONTESTABLE]
        ):
            SpendExclusion.history.filter(id=exclusion.pk).delete()
            exclusion.delete()
        for run in ImportRun.objects.filter(kind="spend", source_name=SOURCE):
            # The file goes only when the rows are really gone: a rehearsal keeps both.
            transaction.on_commit(partial(run.file.storage.delete, str(run.file.name)))
            run.delete()
    return removed
