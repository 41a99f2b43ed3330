"""Which rows a piece of work locks on PostgreSQL, in the order in which it takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

Row = tuple[str, Any]
_LOCKING = re.compile(r"\bFOR (NO KEY )?UPDATE\b")
_TABLE = re.compile(r'\bFROM "(\w+)"')
_UPDATE = re.compile(r'^UPDATE "(\w+)" SET .*?( WHERE .*)$', re.DOTALL)


@contextmanager
def watched_locks() -> Iterator[list[Row]]:
    """(table, primary key) of each row that is locked or updated, once, in order."""
    found: list[Row] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        rows = [] if many else _rows(str(sql), params)
        found.extend(row for row in rows if row not in found)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


def _rows(sql: str, params: Any) -> list[Row]:
    """Asked of the database by the same statement without its lock."""
    params = tuple(params or ())
    if sql.startswith("SELECT") and (at := _LOCKING.search(sql)):
        named = _TABLE.search(sql)
        assert named is not None, sql
        start = named.start()
        skipped = sql[:start].count("%s")
        query, params = sql[start : at.start()], params[skipped:]
    elif (update := _UPDATE.match(sql)) is not None:
        named = re.match(r'^UPDATE "(\w+)"', sql)
        assert named is not None
        query = f'FROM "{update[1]}"{update[2]}'
        params = params[len(params) - update[2].count("%s") :]
    else:
        return []
    with connection.connection.cursor() as cursor:
        table = named[1]
        cursor.execute(f'SELECT "{table}"."id" {query}', params)
        return [(table, pk) for (pk,) in cursor.fetchall()]
