"""Indexes of the payments, built at once after a first file instead of line by line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, connection, transaction

from ...models import Payment

_TABLE = Payment._meta.db_table
# Every index but the primary key; a unique one that stands for a constraint is named by it.
_INDEXES = """
    SELECT quote_ident(i.relname), c.conname IS NOT NULL,
           coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.oid))
    FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid
    LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.conrelid = x.indrelid
    WHERE x.indrelid = %s::regclass AND NOT x.indisprimary
    ORDER BY i.relname
"""


@contextlib.contextmanager
def built_at_once(cursor: Any) -> Iterator[None]:
    """While the block fills an empty table of payments, on PostgreSQL, it has no secondary index;
    they are built again, the same, before the caller's transaction ends.

    The table is locked from here on, so this is done only where there is nothing in it that
    anyone could be reading, nobody is reading it, and it is ours to change: in every other case
    the block just runs.
    """
    indexes = _taken_down(cursor)
    yield
    for name, is_constraint, definition in indexes:
        cursor.execute(
            f"ALTER TABLE {_TABLE} ADD CONSTRAINT {name} {definition}"
            if is_constraint
            else definition
        )


def _taken_down(cursor: Any) -> list[tuple[str, bool, str]]:
    if connection.vendor != "postgresql" or Payment.objects.exists():
        return []
    try:
        with transaction.atomic():
            cursor.execute(f"LOCK TABLE {_TABLE} IN ACCESS EXCLUSIVE MODE NOWAIT")
            if Payment.objects.exists():  # written a moment ago, by an import of another publisher
                return []
            cursor.execute(_INDEXES, [_TABLE])
            indexes = cursor.fetchall()
            for name, is_constraint, _ in indexes:
                cursor.execute(
                    f"ALTER TABLE {_TABLE} DROP CONSTRAINT {name}"
                    if is_constraint
                    else f"DROP INDEX {name}"
                )
            return indexes
    except DatabaseError:
        return []
