"""The officers' board of promises and proof over 10,000 contracts, 100,000 commitments and 1,000,000
deliveries: its four figures of everything up to a quarter beside one statement written by hand, and
the page: the same number of queries with one agreement as with all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from contracts.generated_load import FIRST_QUARTER, generate
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_groups import by_quarter

from .base import Result, by_turns, number_of_queries, opened, settled, signed_in, timed
from .portfolio import BY_HAND, QUARTER, SCALE, _agree
from .rows import reference

_ONE_QUARTER = "l.counted_year = %(year)s AND l.counted_quarter = %(quarter)s AND l.is_counted"
_UP_TO = (
    "(l.counted_year < %(year)s OR (l.counted_year = %(year)s "
    "AND l.counted_quarter <= %(quarter)s)) AND l.is_counted"
)
TO_DATE = BY_HAND.replace(_ONE_QUARTER, _UP_TO)
TREND = """
SELECT l.counted_year, l.counted_quarter, m.kind, SUM(l.reported_pounds), SUM(l.verified_pounds),
    COUNT(*)
FROM contracts_returnline l
JOIN contracts_commitment p ON p.id = l.commitment_id
JOIN contracts_measure m ON m.id = p.measure_id
JOIN contracts_contract c ON c.id = p.contract_id
LEFT JOIN directory_organisation o ON o.id = c.buyer_id
WHERE l.is_counted AND (l.counted_year > %(from)s - 1)
    AND (l.counted_year < %(year)s
        OR (l.counted_year = %(year)s AND l.counted_quarter <= %(quarter)s))
    AND (c.kind <> 'contract' OR c.buyer_id IS NULL OR o.name_key LIKE 'trafford%%')
GROUP BY 1, 2, 3
"""


def measure(rounds: int) -> Iterator[Result]:
    user = reference()
    call_command("load_reference", only=["open measures", "open rates"], stdout=StringIO())
    page = opened(signed_in(user), f"{reverse('board-officer')}?quarter={QUARTER.code}")
    _generate(1, 1, 1)
    page()
    yield Result("Board of promises, 1 agreement", timed(page), queries=number_of_queries(page))
    sizes = [int(n * SCALE) for n in (10_000, 100_000, 1_000_000)]
    if connection.vendor != "postgresql":
        sizes = [max(1, n // 100) for n in sizes]
    _generate(*sizes)
    settled()
    if connection.vendor == "postgresql":
        yield from _figures(sizes[2], rounds)
    page()
    yield Result(
        f"Board of promises, {sizes[0]:,} agreements", timed(page), queries=number_of_queries(page)
    )


def _generate(contracts: int, commitments: int, deliveries: int) -> None:
    generate(
        contracts=contracts, commitments=commitments, deliveries=deliveries, seed=1, by=None,
        now=timezone.now(), beat=lambda done, total: None,
    )  # fmt: skip


def _figures(deliveries: int, rounds: int) -> Iterator[Result]:
    words: dict[str, Any] = {
        "first": FIRST_QUARTER.start, "last": QUARTER.end, "from": FIRST_QUARTER.start_year,
        "year": QUARTER.start_year, "quarter": QUARTER.number,
    }  # fmt: skip

    def hand(statement: str) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, words)
            return cursor.fetchall()

    def four() -> object:
        return position(EVERYWHERE, Scope(), first=None, last=QUARTER)

    _agree(four(), hand(TO_DATE))  # type: ignore[arg-type]
    turns = max(5, rounds // 6)
    mine, theirs, ratio = by_turns(four, lambda: hand(TO_DATE), rounds=turns)
    yield Result(
        f"Four figures to date, {deliveries:,} deliveries",
        mine, theirs, ratio, 1.5, number_of_queries(four),
    )  # fmt: skip

    def trend() -> object:
        return by_quarter(EVERYWHERE, Scope(), last=QUARTER)

    mine, theirs, ratio = by_turns(trend, lambda: hand(TREND), rounds=turns)
    yield Result(
        f"By quarter, {deliveries:,} deliveries", mine, theirs, ratio, 1.5, number_of_queries(trend)
    )
