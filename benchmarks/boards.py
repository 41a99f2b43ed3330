"""The officers' board of promises and proof over 10,000 contracts, 100,000 commitments and 1,000,000
deliveries in ten quarters, of which nine are closed: each of its figures beside one statement written
by hand over all the lines, checked to give the same; and the page beside the same queries and a
template by hand. It makes the same number of queries with one agreement as with all of them.

BENCHMARK_KEPT=yes uses the database that DATABASE_URL names as it is, and leaves it so: the load takes
minutes. It must be migrated, and its load generated with its quarters closed, by this benchmark
or by `generate_load`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.generated_load import FIRST_QUARTER, generate
from contracts.models import Contract
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_groups import breakdown, by_quarter
from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter

from .base import Result, by_turns, number_of_queries, opened, settled, signed_in, timed
from .portfolio import SCALE
from .rows import reference

QUARTERS = [FIRST_QUARTER]
while len(QUARTERS) < 10:
    QUARTERS.append(QUARTERS[-1].next)
LAST = QUARTERS[-1]

_OWN = "(c.kind <> 'contract' OR c.buyer_id IS NULL OR o.name_key LIKE 'trafford%%')"
_UP_TO = """l.is_counted AND (l.counted_year < %(year)s
    OR (l.counted_year = %(year)s AND l.counted_quarter <= %(quarter)s))"""
_AGREED = """p.state IN ('agreed', 'withdrawn') AND p.agreed_on <= %(last)s
    AND (c.start IS NULL OR c.start <= %(last)s)"""
_PROMISED = f"""CASE WHEN p.state = 'agreed' OR later.agreed_on > %(last)s THEN p.committed_pounds
    ELSE (SELECT SUM(l.verified_pounds) FROM contracts_returnline l
        WHERE l.commitment_id = p.id AND {_UP_TO}) END"""
_PROMISES = """contracts_commitment p JOIN contracts_measure m ON m.id = p.measure_id
    JOIN contracts_contract c ON c.id = p.contract_id
    LEFT JOIN directory_organisation o ON o.id = c.buyer_id"""
_DONE = "contracts_returnline l JOIN contracts_commitment p ON p.id = l.commitment_id\n" + (
    _PROMISES.removeprefix("contracts_commitment p")
)
_LATER = "LEFT JOIN contracts_commitment later ON later.replaces_id = p.id"
FOUR = f"""
SELECT 'committed', m.kind, SUM({_PROMISED}), NULL::numeric, COUNT(*)
    FROM {_PROMISES} {_LATER} WHERE {_AGREED} AND {_OWN} GROUP BY 2
UNION ALL
SELECT 'delivered', m.kind, SUM(l.reported_pounds), SUM(l.verified_pounds), COUNT(*)
    FROM {_DONE} WHERE {_UP_TO} AND {_OWN} GROUP BY 2
UNION ALL
SELECT 'offered', m.kind, SUM(f.offered_pounds), NULL, COUNT(*)
    FROM contracts_offer f JOIN contracts_bid b ON b.id = f.bid_id AND b.state = 'won'
    JOIN contracts_tender t ON t.id = b.tender_id
    JOIN contracts_contract c ON c.id = t.contract_id
    LEFT JOIN directory_organisation o ON o.id = c.buyer_id
    JOIN contracts_requestedmeasure r ON r.id = f.requested_id
    JOIN contracts_measure m ON m.id = r.measure_id WHERE {_OWN} GROUP BY 2
UNION ALL
SELECT 'value', 'value', SUM(a.value_pounds), NULL, COUNT(*) FROM contracts_award a
    JOIN contracts_contract c ON c.id = a.contract_id
    LEFT JOIN directory_organisation o ON o.id = c.buyer_id
    WHERE c.kind = 'contract' AND a.status = 'active' AND a.awarded_on <= %(last)s AND {_OWN}
        AND (c.start IS NULL OR c.start <= %(last)s)
"""
TREND = f"""
SELECT l.counted_year, l.counted_quarter, m.kind, SUM(l.reported_pounds), SUM(l.verified_pounds),
    COUNT(*) FROM {_DONE}
WHERE {_UP_TO} AND (l.counted_year > %(year)s - 2
    OR (l.counted_year = %(year)s - 2 AND l.counted_quarter > %(quarter)s)) AND {_OWN}
GROUP BY 1, 2, 3
"""
BY_DIRECTORATE = f"""
SELECT 'committed', c.directorate_id, d.name, m.kind, SUM({_PROMISED}), NULL::numeric
    FROM {_PROMISES} LEFT JOIN directory_organisation d ON d.id = c.directorate_id {_LATER}
    WHERE {_AGREED} AND {_OWN} GROUP BY 2, 3, 4
UNION ALL
SELECT 'delivered', c.directorate_id, d.name, m.kind, SUM(l.reported_pounds), SUM(l.verified_pounds)
    FROM {_DONE} LEFT JOIN directory_organisation d ON d.id = c.directorate_id
    WHERE {_UP_TO} AND {_OWN} GROUP BY 2, 3, 4
"""
_BARE = Template(
    "<!DOCTYPE html><title>Board</title><main>{% for rows in tables %}<table>{% for row in rows %}<tr>"
    "{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}</main>"
)


def measure(rounds: int) -> Iterator[Result]:
    is_kept = os.environ.get("BENCHMARK_KEPT") == "yes"
    user = coordinator() if is_kept else reference()
    page = opened(signed_in(user), f"{reverse('board-officer')}?quarter={LAST.code}")
    if not is_kept:
        call_command("load_reference", only=["open measures", "open rates"], stdout=StringIO())
        _generate(1, 1, 1)
        page()
        yield Result("Board of promises, 1 agreement", timed(page), queries=number_of_queries(page))
        sizes = [int(n * SCALE) for n in (10_000, 100_000, 1_000_000)]
        if connection.vendor != "postgresql":
            sizes = [max(1, n // 100) for n in sizes]
        _generate(*sizes)
        for quarter in QUARTERS[:-1]:
            close_quarter(quarter=quarter, by=None, now=timezone.now())
        settled()
    if connection.vendor == "postgresql":
        yield from _figures(rounds)
    page()
    with CaptureQueriesContext(connection) as seen:
        page()
    statements = [one["sql"] for one in seen.captured_queries if one["sql"].startswith(_READS)]

    def by_hand() -> object:
        with connection.cursor() as cursor:
            tables = []
            for statement in statements:
                cursor.execute(statement)
                tables.append(cursor.fetchall())
        return _BARE.render(Context({"tables": tables}))

    mine, theirs, ratio = by_turns(page, by_hand, rounds=max(5, rounds // 6))
    yield Result(
        f"Board of promises, {Contract.objects.count():,} agreements",
        mine, theirs, ratio, 2, number_of_queries(page),
    )  # fmt: skip


_READS = ("SELECT", "(SELECT")


def coordinator() -> User:
    return User.objects.get(email="coordinator@example.org")


def _generate(contracts: int, commitments: int, deliveries: int) -> None:
    generate(
        contracts=contracts, commitments=commitments, deliveries=deliveries, seed=1, by=None,
        now=timezone.now(), beat=lambda done, total: None,
    )  # fmt: skip


def _figures(rounds: int) -> Iterator[Result]:
    words: dict[str, Any] = {
        "last": LAST.end, "year": LAST.start_year, "quarter": LAST.number,
    }  # fmt: skip
    turns = max(5, rounds // 6)

    def hand(statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, words)
            return cursor.fetchall()

    def four() -> Any:
        return position(EVERYWHERE, Scope(), first=None, last=LAST)

    def trend() -> Any:
        return by_quarter(EVERYWHERE, Scope(), last=LAST)

    def groups() -> Any:
        return breakdown(EVERYWHERE, Scope(), "directorate", first=None, last=LAST)

    _agree(four(), hand(FOUR))
    found = {(row[0], row[1]): row[4] for row in hand(TREND) if row[2] == "social"}
    for group in trend():
        quarter = Quarter.parse(group.key)
        assert group.figures.verified.social_pounds == found[quarter.start_year, quarter.number]
    found = {str(row[1]): row[5] for row in hand(BY_DIRECTORATE) if row[3] == "social" and row[5]}
    for group in groups():
        assert group.figures.verified.social_pounds == found.get(group.key)
    lines = four().counts.lines
    for name, ours, statement in (
        ("Four figures to date", four, FOUR),
        ("By quarter", trend, TREND),
        ("By directorate", groups, BY_DIRECTORATE),
    ):
        mine, theirs, ratio = by_turns(ours, partial(hand, statement), rounds=turns)
        yield Result(
            f"{name}, {lines:,} deliveries", mine, theirs, ratio, 1.5, number_of_queries(ours)
        )


def _agree(found: Any, rows: list[tuple[str, str, Decimal, Decimal, int]]) -> None:
    """A comparison of two things that differ says nothing."""
    said = {(figure, kind): (one, two) for figure, kind, one, two, _ in rows}
    for kind, name in (("social", "social_pounds"), ("local_economic", "local_economic_pounds")):
        assert getattr(found.figures.committed, name) == said["committed", kind][0]
        assert getattr(found.figures.reported, name) == said["delivered", kind][0]
        assert getattr(found.figures.verified, name) == said["delivered", kind][1]
    assert found.contract_value_pounds == said["value", "value"][0]
