"""The portfolio's position in one quarter, over 10,000 contracts, 100,000 commitments and
1,000,000 deliveries, beside one statement written by hand for it. And an agreement's page with
500 commitments and 12 quarters: its queries, beside the same page with one.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from contracts.generated_load import FIRST_QUARTER, generate
from contracts.models import Commitment, Contract
from contracts.selectors.position import EVERYWHERE, Scope, position

from .base import Result, by_turns, number_of_queries, opened, settled, signed_in
from .rows import reference

# Smaller with BENCHMARK_SCALE=0.01, to try the benchmark itself.
SCALE = Decimal(os.environ.get("BENCHMARK_SCALE", "1"))
QUARTER = FIRST_QUARTER.next.next.next

BY_HAND = """
WITH own AS MATERIALIZED (
    SELECT c.id FROM contracts_contract c
    LEFT JOIN directory_organisation o ON o.id = c.buyer_id
    WHERE (c.kind <> 'contract' OR c.buyer_id IS NULL OR o.name_key LIKE 'trafford%%')
),
priced AS (
    SELECT p.id, p.contract_id, m.kind, p.committed_pounds, p.state, p.agreed_on
    FROM contracts_commitment p JOIN contracts_measure m ON m.id = p.measure_id
    WHERE p.contract_id IN (SELECT id FROM own)
)
SELECT 'committed', priced.kind, SUM(CASE
        WHEN priced.state = 'agreed' OR later.agreed_on > %(last)s THEN priced.committed_pounds
        ELSE (SELECT SUM(l.verified_pounds) FROM contracts_returnline l
            WHERE l.commitment_id = priced.id AND l.is_counted AND (l.counted_year < %(year)s
                OR (l.counted_year = %(year)s AND l.counted_quarter <= %(quarter)s)))
    END), NULL::numeric, COUNT(*) FROM priced
    JOIN contracts_contract c ON c.id = priced.contract_id
    LEFT JOIN contracts_commitment later ON later.replaces_id = priced.id
    WHERE priced.state IN ('agreed', 'withdrawn')
        AND priced.agreed_on <= %(last)s
        AND (c.start IS NULL OR c.start <= %(last)s) AND (c."end" IS NULL OR c."end" >= %(first)s)
    GROUP BY 2
UNION ALL
SELECT 'delivered', priced.kind, SUM(l.reported_pounds), SUM(l.verified_pounds), COUNT(*)
    FROM contracts_returnline l JOIN priced ON priced.id = l.commitment_id
    WHERE l.counted_year = %(year)s AND l.counted_quarter = %(quarter)s AND l.is_counted
    GROUP BY 2
UNION ALL
SELECT 'offered', m.kind, SUM(f.offered_pounds), NULL, COUNT(*)
    FROM contracts_offer f JOIN contracts_bid b ON b.id = f.bid_id AND b.state = 'won'
    JOIN contracts_tender t ON t.id = b.tender_id
    JOIN contracts_requestedmeasure r ON r.id = f.requested_id
    JOIN contracts_measure m ON m.id = r.measure_id
    WHERE t.contract_id IN (SELECT id FROM own) GROUP BY 2
UNION ALL
SELECT 'value', 'value', SUM(a.value_pounds), NULL, COUNT(*) FROM contracts_award a
    JOIN contracts_contract c ON c.id = a.contract_id
    WHERE c.kind = 'contract' AND a.status = 'active' AND a.awarded_on <= %(last)s
        AND c.id IN (SELECT id FROM own)
        AND (c.start IS NULL OR c.start <= %(last)s) AND (c."end" IS NULL OR c."end" >= %(first)s)
"""


def measure(rounds: int) -> Iterator[Result]:
    user = reference()
    call_command("load_reference", only=["open measures", "open rates"], stdout=StringIO())
    if connection.vendor == "postgresql":
        yield from _position(rounds)
    yield from _page(user)


def _position(rounds: int) -> Iterator[Result]:
    contracts, commitments, deliveries = (int(n * SCALE) for n in (10_000, 100_000, 1_000_000))
    generate(
        contracts=contracts,
        commitments=commitments,
        deliveries=deliveries,
        seed=1,
        by=None,
        now=timezone.now(),
        beat=lambda done, total: None,
    )
    settled()

    def ours() -> object:
        return position(EVERYWHERE, Scope(), first=QUARTER, last=QUARTER)

    def by_hand() -> object:
        with connection.cursor() as cursor:
            cursor.execute(
                BY_HAND,
                {
                    "first": QUARTER.start,
                    "last": QUARTER.end,
                    "year": QUARTER.start_year,
                    "quarter": QUARTER.number,
                },
            )
            return cursor.fetchall()

    _agree(ours(), by_hand())  # type: ignore[arg-type]
    mine, theirs, ratio = by_turns(ours, by_hand, rounds=max(5, rounds // 6))
    yield Result(
        f"Portfolio, one quarter of {deliveries:,} deliveries",
        mine, theirs, ratio, 1.5, number_of_queries(ours),
    )  # fmt: skip


def _agree(found: object, rows: list[tuple[str, str, Decimal, Decimal, int]]) -> None:
    """A comparison of two things that differ says nothing."""
    figures = found.figures  # type: ignore[attr-defined]
    said = {(figure, kind): (one, two) for figure, kind, one, two, _ in rows}
    assert figures.committed.social_pounds == said["committed", "social"][0]
    assert figures.reported.social_pounds == said["delivered", "social"][0]
    assert figures.verified.social_pounds == said["delivered", "social"][1]
    assert found.contract_value_pounds == said["value", "value"][0]  # type: ignore[attr-defined]


def _page(user: object) -> Iterator[Result]:
    for commitments, deliveries in ((1, 1), (500, 6000)):
        before = set(Contract.objects.values_list("pk", flat=True))
        generate(
            contracts=1,
            commitments=commitments,
            deliveries=deliveries,
            seed=2,
            by=None,
            now=timezone.now(),
            beat=lambda done, total: None,
        )
        contract = Contract.objects.exclude(pk__in=before).get()
        promised = Commitment.objects.filter(contract=contract).count()
        for name in ("contract-social-value", "contract-pacing", "contract-returns"):
            request = opened(signed_in(user), reverse(name, args=[contract.pk]))
            request()
            queries = number_of_queries(request)
            begin = datetime.datetime.now()
            request()
            spent = (datetime.datetime.now() - begin).total_seconds() * 1000
            yield Result(f"{name}, {promised} commitments", spent, queries=queries)
