"""A return workbook of 5,000 lines, looked at cell by cell, against only reading it.

    python -m benchmarks return_workbook

"By hand" reads every cell of the same file with the project's own reader, which measures each
part before it is opened, and makes nothing of it. "Ours" reads, knows whose it is, compares each
cell with what is stored now and what was stored on downloading, and judges what changed.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from decimal import Decimal

from benchmarks.base import Result, by_turns, number_of_queries
from contracts.imports.return_comparison import LIMITS, read_return_workbook
from contracts.imports.return_workbook import HEADINGS, write_return_workbook
from contracts.models import (
    Commitment,
    Contract,
    DeliveryReturn,
    Measure,
    MeasureEdition,
    MeasureOutcome,
    MeasureTheme,
    ReturnLine,
)
from contracts.return_cells import COLUMNS
from contracts.selectors.returns import return_detail
from trafford_sv.core.models import User
from trafford_sv.core.workbooks import read_tables
from trafford_sv.directory.models import Organisation, RoleGrant

LINES, PROMISES = 5_000, 50
DAY = datetime.date(2026, 5, 1)
# Less than twice the time of reading.
TARGET = 2.0


def measure(rounds: int) -> Iterator[Result]:
    row, user = _rows()
    out = io.BytesIO()
    write_return_workbook(out, return_detail(row.pk, user))
    for name, share in (
        ("Return workbook of 5,000 lines, nothing changed", 0),
        ("Return workbook of 5,000 lines, every tenth changed", 10),
        ("Return workbook of 5,000 lines, every line changed", 1),
    ):
        body = _filled_in(out.getvalue(), share)
        found = read_return_workbook(io.BytesIO(body), row, today=DAY)
        expected = 0 if not share else 2 * (LINES // share)
        if len(found.cells) != expected:
            raise RuntimeError(f"{len(found.cells)} cells would change instead of {expected}")

        def ours(body: bytes = body) -> None:
            read_return_workbook(io.BytesIO(body), row, today=DAY)

        def by_hand(body: bytes = body) -> None:
            for table in read_tables(io.BytesIO(body), limits=LIMITS):
                list(table.rows)

        mine, theirs, ratio = by_turns(ours, by_hand, rounds=max(5, rounds // 8))
        yield Result(name, mine, theirs, ratio, TARGET, number_of_queries(ours))


def _filled_in(body: bytes, share: int) -> bytes:
    """Hours and people typed into every `share`-th line; 0 leaves all as it was."""
    import python_calamine
    import xlsxwriter

    source = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "d mmm yyyy"})
    hours, people = (HEADINGS.index(COLUMNS[f"{name}_quantity"]) for name in ("hours", "people"))
    for name in source.sheet_names:
        sheet = book.add_worksheet(name)
        for number, cells in enumerate(source.get_sheet_by_name(name).to_python()):
            if name == "Lines" and share and number and number % share == 0:
                cells[hours], cells[people] = 2.5 + number % 8, 9 + number % 31
            for place, value in enumerate(cells):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(number, place, value, day)
                elif value != "":
                    sheet.write(number, place, value)
    book.close()
    return out.getvalue()


def _rows() -> tuple[DeliveryReturn, User]:
    supplier = Organisation.objects.create(name="Invented Works")
    user = User.objects.create_user(email="benchmark@example.org", name="A supplier's user")
    RoleGrant.objects.create(
        user=user, role="supplier", organisation=supplier, starts=datetime.date(2020, 1, 1)
    )
    contract = Contract.objects.create(reference="BENCH-1", title="Invented contract")
    edition = MeasureEdition.objects.create(
        key="bench", name="Invented measures", publisher="A benchmark",
        valid_from=datetime.date(2020, 4, 1), licence="Open Government Licence v3.0",
    )  # fmt: skip
    theme = MeasureTheme.objects.create(edition=edition, title="Jobs")
    outcome = MeasureOutcome.objects.create(theme=theme, title="More people in work")
    moment = datetime.datetime(2026, 4, 1, 12, tzinfo=datetime.UTC)
    promises = []
    for number in range(1, PROMISES + 1):
        asked = Measure.objects.create(
            edition=edition, outcome=outcome, code=f"B{number}", title=f"Hours of help {number}",
            unit="volunteer hours", kind=Measure.Kind.SOCIAL,
            counting=Measure.Counting.HOURS_PEOPLE,
        )  # fmt: skip
        promises.append(
            Commitment.objects.create(
                contract=contract, supplier=supplier, number=number, measure=asked,
                promised_quantity=Decimal(100_000), state=Commitment.State.AGREED,
                agreed_on=moment.date(), council_accepted_at=moment, supplier_accepted_at=moment,
            )
        )  # fmt: skip
    row = DeliveryReturn.objects.create(
        contract=contract, supplier=supplier, financial_year=2026, quarter=1
    )
    ReturnLine.objects.bulk_create(
        [
            ReturnLine(
                delivery_return=row, commitment=promises[number % PROMISES], number=number + 1,
                happened_on=DAY, hours_quantity=Decimal(2), people_quantity=Decimal(8),
                place="M33", narrative=f"Session {number} in the invented hall, with helpers",
            )
            for number in range(LINES)
        ],
        batch_size=500,
    )  # fmt: skip
    return row, user
