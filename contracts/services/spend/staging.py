"""Where checked lines wait between the check and the decision: two tables for each import.

A line points at its head: who was paid, for what, by which part of the council. A year has
thirty times as many lines as heads, so a head's texts are written, and later looked up, once.
Neither table has an index nor, on PostgreSQL, a write-ahead log: what is lost in a crash is
checked again from the file. They are dropped when their import is applied, cancelled or
checked anew.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from itertools import islice

from django.db import connection, transaction

from trafford_sv.core.models import ImportRun

PREFIX = "contracts_spend_staging_"
# Heads carry a payee's numbers and a category's label too, as a file may spell these in many
# ways: one payee, category and unit can have several heads, and a number is never used twice.
HEAD_COLUMNS = ("head", "payee", "category_code", "unit", "category_label", "payee_number", "vat")
# `quarter` is that of the payment's day: start_year * 4 + number - 1.
COLUMNS = (
    "row_number",
    "digest",
    "head",
    "paid_on",
    "quarter",
    "amount",
    "transaction_number",
    "purpose",
)
_POSTGRES_TYPES = "integer uuid integer date smallint numeric(14,2) text text".split()
_SQLITE_TYPES = "integer char(32) integer date integer decimal text text".split()
_HEAD_TYPES = "integer text text text text text text".split()
_HEADS = "_heads"
_BLOCK = 256  # lines joined before they are handed to the server
_BATCH = 5_000


def table_of(run_id: uuid.UUID) -> str:
    """The quoted name of an import's table; made of hexadecimal digits only."""
    return f'"{PREFIX}{run_id.hex}"'


def heads_of(run_id: uuid.UUID) -> str:
    """The quoted name of the table that its lines' heads are in."""
    return f'"{PREFIX}{run_id.hex}{_HEADS}"'


def create(run_id: uuid.UUID) -> None:
    drop(run_id)
    postgres = connection.vendor == "postgresql"
    types = _POSTGRES_TYPES if postgres else _SQLITE_TYPES
    with connection.cursor() as cursor:
        for table, names, kinds in (
            (table_of(run_id), COLUMNS, types),
            (heads_of(run_id), HEAD_COLUMNS, _HEAD_TYPES),
        ):
            columns = ", ".join(
                f"{name} {kind} NOT NULL" for name, kind in zip(names, kinds, strict=True)
            )
            cursor.execute(f"CREATE {'UNLOGGED ' if postgres else ''}TABLE {table} ({columns})")


def drop(run_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        for table in (table_of(run_id), heads_of(run_id)):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def lines_in(run_id: uuid.UUID) -> int | None:
    """How many lines wait; None where the tables are gone. An unlogged table is emptied when
    the server crashes, so that it exists says nothing about what it holds."""
    there = set(connection.introspection.table_names())
    if not {table_of(run_id).strip('"'), heads_of(run_id).strip('"')} <= there:
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table_of(run_id)}")
        return int(cursor.fetchone()[0])


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
    gone = {
        name.removeprefix(PREFIX).removesuffix(_HEADS)
        for name in connection.introspection.table_names()
        if name.startswith(PREFIX)
    } - waiting
    for digits in gone:
        drop(uuid.UUID(digits))
    return len(gone)


def fill(
    run_id: uuid.UUID,
    lines: Iterator[str],
    heads: list[str],
    *,
    pause: Callable[[int], None],
    every: int,
) -> int:
    """Write the lines, each its cells in the order of COLUMNS, joined by tabs and ended by a
    line break; and the heads in the order of HEAD_COLUMNS that `lines` adds to `heads` as it
    goes, which is emptied. Between portions of `every` lines, when the connection is free, call
    `pause` with the count so far. Returns the count.
    """
    write = _copy if connection.vendor == "postgresql" else _executemany
    return write(run_id, lines, heads, pause, every)


class _Portion:
    """Up to `every` lines as a file that COPY reads. An error while reading lines is kept and
    raised after the COPY, which would otherwise bury it in its own."""

    def __init__(self, lines: Iterator[str], every: int) -> None:
        self._lines, self._left = lines, every
        self.count, self.finished = 0, False
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        if self.finished or self._left <= 0:
            return b""
        try:
            block = list(islice(self._lines, _BLOCK))
        except Exception as error:  # raised again by `_copy`
            self.error, self.finished = error, True
            return b""
        self.finished = len(block) < _BLOCK
        self.count += len(block)
        self._left -= len(block)
        return _copied(block)


def _copied(block: list[str]) -> bytes:
    text = "".join(block)
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.encode()


def _copy(
    run_id: uuid.UUID,
    lines: Iterator[str],
    heads: list[str],
    pause: Callable[[int], None],
    every: int,
) -> int:
    done = 0
    while True:
        portion = _Portion(lines, every)
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table_of(run_id)} FROM STDIN", portion, 1 << 17)
            if portion.error:
                raise portion.error
            cursor.copy_expert(f"COPY {heads_of(run_id)} FROM STDIN", io.BytesIO(_copied(heads)))
        heads.clear()
        done += portion.count
        pause(done)
        if portion.finished:
            return done


def _executemany(
    run_id: uuid.UUID,
    lines: Iterator[str],
    heads: list[str],
    pause: Callable[[int], None],
    every: int,
) -> int:
    inserts = [
        f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(columns))})"
        for table, columns in ((table_of(run_id), COLUMNS), (heads_of(run_id), HEAD_COLUMNS))
    ]
    done = paused = 0
    while batch := list(islice(lines, _BATCH)):
        with transaction.atomic(), connection.cursor() as cursor:
            for insert, rows in zip(inserts, (batch, heads), strict=True):
                cursor.executemany(insert, [row[:-1].split("\t") for row in rows])
        heads.clear()
        done += len(batch)
        if done - paused >= every:
            paused = done
            pause(done)
    pause(done)
    return done
