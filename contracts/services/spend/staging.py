"""Where checked lines wait between the check and the decision: one table for each import.

It has no index and, on PostgreSQL, no write-ahead log: what is lost in a crash is checked
again from the file. It is dropped when its import is applied, cancelled or checked anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from trafford_sv.core.models import ImportRun

PREFIX = "contracts_spend_staging_"
COLUMNS = (
    "row_number",
    "digest",
    "payee",
    "paid_on",
    "amount",
    "category_code",
    "unit",
    "transaction_number",
    "purpose",
    "category_label",
    "payee_number",
    "vat_number",
    "financial_year",
    "quarter",
)
_POSTGRES_TYPES = (
    "integer uuid text date numeric(14,2) text text text text text text text smallint smallint"
).split()
_SQLITE_TYPES = (
    "integer char(32) text date decimal text text text text text text text integer integer"
).split()
_BLOCK = 256  # lines joined before they are handed to the server
_BATCH = 5_000
CheckedLine = tuple[int, str, str, str]


def table_of(run_id: uuid.UUID) -> str:
    """The quoted name of an import's table; made of hexadecimal digits only."""
    return f'"{PREFIX}{run_id.hex}"'


def create(run_id: uuid.UUID) -> None:
    drop(run_id)
    postgres = connection.vendor == "postgresql"
    types = _POSTGRES_TYPES if postgres else _SQLITE_TYPES
    columns = ", ".join(
        f"{name} {kind} NOT NULL" for name, kind in zip(COLUMNS, types, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE {'UNLOGGED ' if postgres else ''}TABLE {table_of(run_id)} ({columns})"
        )


def drop(run_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table_of(run_id)}")


def exists(run_id: uuid.UUID) -> bool:
    return table_of(run_id).strip('"') in connection.introspection.table_names()


def drop_abandoned() -> int:
    """Tables whose import is over or gone, left by a process that was killed. How many."""
    waiting = {
        run.hex
        for run in ImportRun.objects.filter(
            state__in=(
                ImportRun.State.UPLOADED,
                ImportRun.State.PLANNING,
                ImportRun.State.PLANNED,
                ImportRun.State.APPLYING,
            )
        ).values_list("pk", flat=True)
    }
    gone = [
        name.removeprefix(PREFIX)
        for name in connection.introspection.table_names()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in waiting
    ]
    for digits in gone:
        drop(uuid.UUID(digits))
    return len(gone)


def fill(
    run_id: uuid.UUID, lines: Iterator[CheckedLine], *, pause: Callable[[int], None], every: int
) -> int:
    """Write the lines; between portions of `every` lines, when the connection is free, call
    `pause` with the count so far. Returns the count.
    """
    write = _copy if connection.vendor == "postgresql" else _executemany
    return write(table_of(run_id), lines, pause, every)


class _Portion:
    """Up to `every` lines as a file that COPY reads. An error while reading lines is kept and
    raised after the COPY, which would otherwise bury it in its own."""

    def __init__(self, lines: Iterator[CheckedLine], every: int) -> None:
        self._lines, self._left = lines, every
        self.count, self.finished = 0, False
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        if self.finished or self._left <= 0:
            return b""
        block = []
        try:
            for number, digest, identity, rest in self._lines:
                block.append(f"{number}\t{digest}\t{identity}\t{rest}\n")
                if len(block) == _BLOCK:
                    break
            else:
                self.finished = True
        except Exception as error:  # raised again by `_copy`
            self.error, self.finished = error, True
            return b""
        self.count += len(block)
        self._left -= len(block)
        text = "".join(block)
        if "\\" in text:
            text = text.replace("\\", "\\\\")
        return text.encode()


def _copy(
    table: str, lines: Iterator[CheckedLine], pause: Callable[[int], None], every: int
) -> int:
    done = 0
    while True:
        portion = _Portion(lines, every)
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} FROM STDIN", portion, 1 << 17)
        if portion.error:
            raise portion.error
        done += portion.count
        pause(done)
        if portion.finished:
            return done


def _executemany(
    table: str, lines: Iterator[CheckedLine], pause: Callable[[int], None], every: int
) -> int:
    marks = ", ".join(["%s"] * len(COLUMNS))
    insert = f"INSERT INTO {table} VALUES ({marks})"
    done = paused = 0
    batch: list[tuple[Any, ...]] = []

    def write() -> None:
        nonlocal done
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, batch)
        done += len(batch)
        batch.clear()

    for number, digest, identity, rest in lines:
        batch.append((number, digest, *identity.split("\t"), *rest.split("\t")))
        if len(batch) == _BATCH:
            write()
            if done - paused >= every:
                paused = done
                pause(done)
    write()
    pause(done)
    return done
