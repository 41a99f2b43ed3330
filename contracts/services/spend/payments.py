"""From checked lines to payments: what is new, then all of it in one transaction."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.quarters import closed_quarters, hold_quarters
from trafford_sv.directory.names import name_key

from ...models import Payee, SpendCategory, SpendExclusion, SpendSource, SpendUnit
from ...payee_matching import is_withheld
from . import staging
from .indexes import built_at_once

DEMO_ENDING = "(demo)"
_PAYEES_AT_ONCE = 5_000
ZERO = Decimal("0.00")


class LinesChanged(ValueError):
    """What would be written is no longer what was shown; the message says what to do."""


@dataclass(frozen=True)
class StagedCounts:
    """What the waiting lines would do. `missing` counts payments that earlier files held for
    the same dates and this one does not: they are kept. `net_pounds` is of all good lines.
    """

    lines: int
    created: int
    unchanged: int
    missing: int
    net_pounds: Decimal
    new_pounds: Decimal
    negative: int
    suppliers: int
    new_suppliers: int
    first_day: datetime.date | None
    last_day: datetime.date | None


def _sql(text: str, run_id: uuid.UUID) -> str:
    lines, heads = staging.table_of(run_id), staging.heads_of(run_id)
    return text.replace("STAGING", lines).replace("HEADS", heads)


# The lines of the file, each digest's occurrences numbered, beside how many of it are held.
_NUMBERED = """
    SELECT s.*, row_number() OVER (PARTITION BY s.digest ORDER BY s.row_number) AS occurrence
    FROM STAGING s
"""
_HELD = """
    SELECT p.digest, count(*) AS held FROM contracts_payment p
    WHERE p.source_id = %(source)s AND p.paid_on BETWEEN %(first)s AND %(last)s
    GROUP BY p.digest
"""


def count_staged(*, run_id: uuid.UUID, source: SpendSource | None) -> StagedCounts:
    """Compare the waiting lines with what the source already has. Changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        _whole_files(cursor)
        cursor.execute(
            _sql(
                "SELECT count(*), sum(amount), sum(CASE WHEN amount < 0 THEN 1 ELSE 0 END),"
                " min(paid_on), max(paid_on) FROM STAGING",
                run_id,
            )
        )
        lines, net, negative, first, last = cursor.fetchone()
        cursor.execute(
            _sql(
                "SELECT count(*), coalesce(sum(CASE WHEN p.id IS NULL THEN 1 ELSE 0 END), 0)"
                " FROM (SELECT DISTINCT payee FROM HEADS) s LEFT JOIN contracts_payee p"
                " ON p.source_id = %(source)s AND p.name = s.payee",
                run_id,
            ),
            {"source": source.pk if source else None},
        )
        suppliers, new_suppliers = cursor.fetchone()
        unchanged, held, new_net = 0, 0, net
        params = {"source": source.pk if source else None, "first": first, "last": last}
        if source and lines:
            cursor.execute(
                "SELECT count(*) FROM contracts_payment WHERE source_id = %(source)s"
                " AND paid_on BETWEEN %(first)s AND %(last)s",
                params,
            )
            held = cursor.fetchone()[0]
        if held:
            # All lines of one digest have one amount, so the new money is amount x new lines.
            cursor.execute(
                _sql(
                    f"""
                    SELECT coalesce(sum(CASE WHEN h.held IS NULL THEN 0
                               WHEN h.held < n.lines THEN h.held ELSE n.lines END), 0),
                           coalesce(sum(n.amount * (CASE WHEN h.held IS NULL THEN n.lines
                               WHEN h.held < n.lines THEN n.lines - h.held ELSE 0 END)), 0)
                    FROM (SELECT digest, count(*) AS lines, min(amount) AS amount
                          FROM STAGING GROUP BY digest) n
                    LEFT JOIN ({_HELD}) h ON h.digest = n.digest
                    """,
                    run_id,
                ),
                params,
            )
            unchanged, new_net = cursor.fetchone()
    return StagedCounts(
        lines=lines,
        created=lines - int(unchanged),
        unchanged=int(unchanged),
        missing=held - int(unchanged),
        net_pounds=_pounds(net),
        new_pounds=_pounds(new_net),
        negative=negative or 0,
        suppliers=suppliers,
        new_suppliers=new_suppliers,
        first_day=_day(first),
        last_day=_day(last),
    )


def _whole_files(cursor: Any) -> None:
    """The planner knows nothing of rows written a moment ago, and would join them in nested
    loops; whole files are joined by hash, in memory, until the transaction ends."""
    if connection.vendor == "postgresql":
        for setting in ("work_mem = '64MB'", "enable_nestloop = off", "jit = off"):
            cursor.execute(f"SET LOCAL {setting}")


def _pounds(value: Any) -> Decimal:
    """SQLite adds as binary floats; a sum of pence is exact again once rounded."""
    return Decimal(str(value if value is not None else 0)).quantize(Decimal("0.01"))


def _day(value: Any) -> datetime.date | None:
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def closed_days(first: datetime.date | None, last: datetime.date | None) -> list[Quarter]:
    """The closed quarters that the days from `first` to `last` touch."""
    if first is None or last is None:
        return []
    return sorted(q for q in closed_quarters() if q.start <= last and q.end >= first)


# The lines of closed quarters that are new; QUARTERS are whole numbers of ours.
_NEW_IN = f"""
    SELECT s.row_number, s.quarter FROM ({_NUMBERED}) s
    LEFT JOIN (
        SELECT p.digest, count(*) AS held FROM contracts_payment p
        WHERE p.source_id = %(source)s GROUP BY p.digest
    ) h ON h.digest = s.digest
    WHERE s.occurrence > coalesce(h.held, 0) AND s.quarter IN (QUARTERS)
"""


def _new_in(run_id: uuid.UUID, quarters: Sequence[Quarter]) -> str:
    numbers = ", ".join(str(q.start_year * 4 + q.number - 1) for q in quarters)
    return _sql(_NEW_IN, run_id).replace("QUARTERS", numbers)


def new_lines_in(
    *, run_id: uuid.UUID, source: SpendSource | None, quarters: Sequence[Quarter]
) -> Iterator[tuple[int, Quarter]]:
    """(row number, its quarter) of waiting lines that are new in these quarters."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_new_in(run_id, quarters)} ORDER BY s.row_number",
            {"source": source.pk if source else None},
        )
        while rows := cursor.fetchmany(2_000):
            for row_number, quarter in rows:
                yield row_number, Quarter(quarter // 4, quarter % 4 + 1)


def remove_new_lines_in(
    *, run_id: uuid.UUID, source: SpendSource | None, quarters: Sequence[Quarter]
) -> None:
    """Take the new lines of closed quarters out of the waiting ones; those already held stay."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _sql("DELETE FROM STAGING WHERE row_number IN (SELECT row_number FROM (", run_id)
            + _new_in(run_id, quarters)
            + ") n)",
            {"source": source.pk if source else None},
        )
        cursor.execute(
            _sql("DELETE FROM HEADS WHERE head NOT IN (SELECT s.head FROM STAGING s)", run_id)
        )


@dataclass(frozen=True)
class Added:
    """What an import wrote."""

    payments: int
    payees: int
    pounds: Decimal


def _keep_demo_apart() -> None:
    """Once the council's real payments are here, invented ones no longer count as its own."""
    own = SpendSource.objects.filter(is_own_council=True)
    if own.exclude(name__endswith=DEMO_ENDING).exists():
        own.filter(name__endswith=DEMO_ENDING).update(is_own_council=False)


def add_staged_payments(
    *,
    run_id: uuid.UUID,
    source_name: str,
    is_own_council: bool,
    identity_fields: Iterable[str],
    by: Any,
    now: datetime.datetime,
    beat: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[SpendSource, Added]:
    """Write the waiting lines that are new, with their payees, categories, units and the roll-up,
    in one transaction. Lines that are held already change nothing.

    Raises LinesChanged when a quarter was closed after the lines were checked.
    """
    with transaction.atomic():
        source, _ = SpendSource.objects.get_or_create(
            name=source_name,
            defaults={
                "is_own_council": is_own_council,
                "identity_fields": sorted(identity_fields),
            },
        )
        _keep_demo_apart()
        # One import of a publisher at a time: the second waits here and then finds the lines held.
        source = SpendSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                _sql(
                    "SELECT count(*), sum(amount), min(paid_on), max(paid_on) FROM STAGING", run_id
                )
            )
            count, net, first, last = cursor.fetchone()
            first, last = _day(first), _day(last)
            if first and last:
                hold_quarters(first=first, last=last)
            closed = closed_days(first, last)
            if closed and any(new_lines_in(run_id=run_id, source=source, quarters=closed)):
                raise LinesChanged(
                    "A quarter was closed after this file was checked. Check the file again."
                )
            _whole_files(cursor)
            params = {
                "source": source.pk,
                "run": run_id if connection.vendor == "postgresql" else run_id.hex,
                "first": first,
                "last": last,
            }
            steps = 6
            _add_labels(cursor, run_id, params)
            beat(1, steps)
            payees = _add_payees(cursor, run_id, source)
            beat(2, steps)
            if connection.vendor == "postgresql":
                cursor.execute(
                    "ANALYZE contracts_payee, contracts_spendcategory, contracts_spendunit"
                )
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM contracts_payment WHERE source_id = %(source)s"
                " AND paid_on BETWEEN %(first)s AND %(last)s)",
                params,
            )
            if cursor.fetchone()[0]:
                count, net = _add_what_is_new(cursor, run_id, params, beat)
            else:
                _add_all(cursor, run_id, params, beat)
            beat(5, steps)
        apply_exclusions_to(source=source)
        staging.drop(run_id)
        added = Added(count, payees, _pounds(net))
        record_event(
            by=by,
            now=now,
            verb="payments added",
            subject=source,
            after={
                "payments": added.payments,
                "pounds": added.pounds,
                "payees": added.payees,
                "import": str(run_id),
            },
        )
    return source, added


def _add_what_is_new(
    cursor: Any, run_id: uuid.UUID, params: dict[str, Any], beat: Callable[[int, int], None]
) -> tuple[int, Any]:
    """How many payments were added, and their net sum."""
    cursor.execute("SELECT coalesce(max(id), 0) FROM contracts_payment")
    params["before"] = cursor.fetchone()[0]
    cursor.execute(_sql(_INSERT_NEW, run_id), params)
    beat(4, 6)
    cursor.execute(_sql(_ROLL_UP_NEW, run_id), params)
    cursor.execute(
        "SELECT count(*), sum(amount_pounds) FROM contracts_payment WHERE id > %(before)s"
        " AND source_id = %(source)s",
        params,
    )
    return cursor.fetchone()


def _add_all(
    cursor: Any, run_id: uuid.UUID, params: dict[str, Any], beat: Callable[[int, int], None]
) -> None:
    """The same where the publisher has no payment of these dates yet: nothing to compare with."""
    with built_at_once(cursor):
        cursor.execute(_sql(_INSERT_ALL, run_id), params)
    beat(4, 6)
    cursor.execute(_sql(_ROLL_UP_ALL, run_id), params)


def _add_labels(cursor: Any, run_id: uuid.UUID, params: dict[str, Any]) -> None:
    cursor.execute(
        _sql(
            "INSERT INTO contracts_spendcategory (source_id, code, label)"
            " SELECT %(source)s, s.code, s.label FROM ("
            "   SELECT category_code AS code, max(category_label) AS label"
            "   FROM HEADS GROUP BY category_code) s"
            " WHERE s.code <> '' ON CONFLICT (source_id, code) DO NOTHING",
            run_id,
        ),
        params,
    )
    cursor.execute(
        _sql(
            "INSERT INTO contracts_spendunit (source_id, name)"
            " SELECT %(source)s, s.unit FROM (SELECT DISTINCT unit FROM HEADS) s"
            " WHERE true ON CONFLICT (source_id, name) DO NOTHING",
            run_id,
        ),
        params,
    )
    SpendCategory.objects.get_or_create(
        source_id=params["source"], code="", defaults={"label": "Not classified"}
    )
    SpendUnit.objects.get_or_create(source_id=params["source"], name="")


def _add_payees(cursor: Any, run_id: uuid.UUID, source: SpendSource) -> int:
    """New spellings, in portions, so that a file of a million payees takes no more memory."""
    added, after = 0, ""
    while True:
        cursor.execute(
            _sql(
                "SELECT s.payee, s.number, s.vat FROM"
                " (SELECT payee, max(payee_number) AS number, max(vat) AS vat"
                "  FROM HEADS GROUP BY payee) s"
                " LEFT JOIN contracts_payee p ON p.source_id = %(source)s AND p.name = s.payee"
                " WHERE p.id IS NULL AND s.payee > %(after)s"
                " ORDER BY s.payee LIMIT %(limit)s",
                run_id,
            ),
            {"source": source.pk, "after": after, "limit": _PAYEES_AT_ONCE},
        )
        rows = cursor.fetchall()
        payees = []
        for name, number, vat in rows:
            withheld = is_withheld(name)
            payees.append(
                Payee(
                    source=source,
                    name=name,
                    key=name_key(name)[:300],
                    number="" if withheld else number,
                    vat_number="" if withheld else vat,
                    is_withheld=withheld,
                    state=Payee.State.UNLOCATABLE if withheld else Payee.State.UNDECIDED,
                    decided_by_name="Withheld by the publisher" if withheld else "",
                )
            )
        Payee.objects.bulk_create(payees, batch_size=500)
        added += len(payees)
        if len(rows) < _PAYEES_AT_ONCE:
            return added
        after = rows[-1][0]


# What every head stands for, found once and not again for each line.
_WHO = """
    WITH who AS MATERIALIZED (
        SELECT h.head, p.id AS payee_id, c.id AS category_id, u.id AS unit_id
        FROM HEADS h
        JOIN contracts_payee p ON p.source_id = %(source)s AND p.name = h.payee
        JOIN contracts_spendcategory c ON c.source_id = %(source)s AND c.code = h.category_code
        JOIN contracts_spendunit u ON u.source_id = %(source)s AND u.name = h.unit
    )
"""
_INSERT_ALL = f"""
    {_WHO}
    INSERT INTO contracts_payment
        (source_id, digest, occurrence, payee_id, category_id, unit_id, paid_on, amount_pounds,
         transaction_number, purpose, run_id, row_number)
    SELECT %(source)s, s.digest, s.occurrence, who.payee_id, who.category_id, who.unit_id,
           s.paid_on, s.amount, s.transaction_number, s.purpose, %(run)s,
           s.row_number %% 10000000
    FROM ({_NUMBERED}) s
    JOIN who ON who.head = s.head
"""
_INSERT_NEW = f"""
    {_INSERT_ALL}
    LEFT JOIN ({_HELD}) h ON h.digest = s.digest
    WHERE s.occurrence > coalesce(h.held, 0)
"""
_TOTALS = """
    INSERT INTO contracts_spendtotal
        (source_id, payee_id, category_id, unit_id, financial_year, quarter, amount_pounds, lines)
    SELECT %(source)s, n.payee_id, n.category_id, n.unit_id, n.quarter / 4, n.quarter %% 4 + 1,
           round(sum(n.pounds), 2), sum(n.lines)
"""
_ADDED_UP = """
    GROUP BY n.payee_id, n.category_id, n.unit_id, n.quarter
    ON CONFLICT (payee_id, category_id, unit_id, financial_year, quarter) DO UPDATE
    SET amount_pounds = round(contracts_spendtotal.amount_pounds + excluded.amount_pounds, 2),
        lines = contracts_spendtotal.lines + excluded.lines
"""
_ROLL_UP_ALL = f"""
    {_WHO}
    {_TOTALS}
    FROM (
        SELECT who.payee_id, who.category_id, who.unit_id, s.quarter, s.pounds, s.lines
        FROM (
            SELECT head, quarter, sum(amount) AS pounds, count(*) AS lines
            FROM STAGING GROUP BY head, quarter
        ) s
        JOIN who ON who.head = s.head
    ) n
    {_ADDED_UP}
"""
_ROLL_UP_NEW = f"""
    {_TOTALS}
    FROM (
        SELECT p.payee_id, p.category_id, p.unit_id, d.quarter, p.amount_pounds AS pounds,
               1 AS lines
        FROM contracts_payment p
        JOIN (SELECT DISTINCT paid_on, quarter FROM STAGING) d ON d.paid_on = p.paid_on
        WHERE p.id > %(before)s AND p.source_id = %(source)s
    ) n
    {_ADDED_UP}
"""


def apply_exclusions_to(*, source: SpendSource | None = None, keys: Iterable[str] = ()) -> int:
    """Point payees at the exclusion of their key, in the caller's transaction. How many changed.

    `keys` limits it to these; `source` to one publisher's payees. Exclusions out of use let go.
    """
    keys = list(keys)
    payees = Payee.objects.all()
    if source:
        payees = payees.filter(source=source)
    if keys:
        payees = payees.filter(key__in=keys)
    in_use = SpendExclusion.objects.filter(is_active=True)
    let_go = payees.filter(exclusion__isnull=False).exclude(
        exclusion__in=in_use.filter(key=OuterRef("key")).values("pk")
    )
    changed = let_go.update(exclusion=None)
    return changed + payees.filter(exclusion__isnull=True, key__in=in_use.values("key")).update(
        exclusion=Subquery(in_use.filter(key=OuterRef("key")).values("pk")[:1])
    )
