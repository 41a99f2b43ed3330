"""Coverage of 21 wards and 30 priorities by 5,000 needs and 100,000 commitments, one need matched
against all of them, and needs that may be one: beside a hundredth of it, and beside SQL by hand.
"""

from __future__ import annotations

import datetime
import os
import statistics
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from community_needs.models import Need, Priority
from community_needs.selectors.needs import merge_proposals
from contracts.generated_load import generate
from contracts.models import Commitment, Contract, Measure, NeedOffer, PriorityFit, ReturnLine
from contracts.selectors.need_coverage import coverage_on
from contracts.selectors.need_matching import candidates_for, needs_for_suppliers
from trafford_sv.directory.models import Area, Organisation

from .base import (
    TODAY,
    Result,
    by_turns,
    number_of_queries,
    opened,
    settled,
    signed_in,
    timed,
)
from .rows import reference

SCALE = Decimal(os.environ.get("BENCHMARK_SCALE", "1"))
PRIORITIES, NEEDS, COMMITMENTS, DELIVERIES = 30, 5_000, 100_000, 100_000
UNTIL = TODAY + datetime.timedelta(days=200)


def measure(rounds: int) -> Iterator[Result]:
    user = reference()
    call_command(
        "load_reference", only=["open measures", "open rates", "charter"], stdout=StringIO()
    )
    turns = max(3, rounds // 6)
    for part in (Decimal("0.01"), Decimal(1)):
        _grow(part * SCALE)
        settled()
        needs, promises = Need.objects.count(), Commitment.objects.count()
        about = f"{needs:,} needs, {promises:,} promises"
        need = Need.objects.select_related("priority", "hub").order_by("pk")[0]
        supplier = Commitment.objects.order_by("pk")[0].supplier_id
        ward = need.wards.order_by("code")[0]

        def matched(need: Need = need) -> Any:
            return candidates_for(need, as_of=TODAY)

        def matched_by_hand(need: Need = need) -> Any:
            return _rows(_MATCHING, {"need": need.pk, "priority": need.priority_id, "on": TODAY})

        # Of a few rows the fixed cost of asking is all there is, so only the whole has a target.
        target = 3.0 if part == 1 else None
        yield _beside(
            f"Coverage, {about}", lambda: coverage_on(TODAY, user), _coverage_by_hand, turns, target
        )
        yield _beside(f"Matching one need, {about}", matched, matched_by_hand, turns, target)
        yield _alone(f"Needs that may be one, {about}", lambda: merge_proposals(user), turns)
        yield _alone(
            f"Needs for a supplier, {about}",
            lambda pk=supplier: needs_for_suppliers([pk], as_of=TODAY),  # type: ignore[misc]
            turns,
        )
        pages: list[tuple[str, list[Any]]] = [
            ("coverage", []), ("need-matches", [need.pk]), ("need-merge-list", []),
            ("need-list", []), ("needs-home", []), ("hub-exposure", []), ("near-me-ward", [ward.code]),
        ]  # fmt: skip
        for name, arguments in pages:
            page = opened(signed_in(user), reverse(name, args=arguments))
            yield _alone(f"Page {name}, {about}", page, turns)


def _alone(name: str, work: Callable[[], Any], turns: int) -> Result:
    """The middle of a few turns, after one that warms up."""
    work()
    queries = number_of_queries(work)
    return Result(name, statistics.median(timed(work) for _ in range(turns)), queries=queries)


def _beside(
    name: str, ours: Callable[[], Any], by_hand: Callable[[], Any], turns: int, target: float | None
) -> Result:
    ours()  # what a person may do is read once
    queries = number_of_queries(ours)
    one, other, ratio = by_turns(ours, by_hand, rounds=turns)
    return Result(name, one, by_hand=other, ratio=ratio, target=target, queries=queries)


# --- the same by hand ---------------------------------------------------------------------------
# No access, no words, no reasons: only the sums, and the best 200 by what they are narrowed by.

_LIVE = """
    {commitment} c JOIN {contract} k ON k.id = c.contract_id JOIN {measure} m ON m.id = c.measure_id
    WHERE c.state = 'agreed' AND (c.due IS NULL OR c.due >= %(on)s)
    AND k.stage NOT IN ('ended', 'terminated') AND m.counting <> 'percentage'"""
_CELLS = """SELECT a.code, n.priority_id, n.state, count(*) FROM {need} n
    JOIN {need_wards} w ON w.need_id = n.id JOIN {area} a ON a.id = w.area_id
    WHERE n.state <> 'withdrawn' AND n.open_from <= %(on)s AND a.boundary_year = 2023
    GROUP BY 1, 2, 3"""
_TOTALS = """SELECT priority_id, state, count(*) FROM {need}
    WHERE state <> 'withdrawn' AND open_from <= %(on)s GROUP BY 1, 2"""
_PROMISED = """SELECT w.area_id, f.priority_id, count(*) FROM (SELECT c.id, c.measure_id FROM"""
_PROMISED += (
    _LIVE
    + """) live JOIN {fit} f ON f.measure_id = live.measure_id
    LEFT JOIN {commitment_wards} w ON w.commitment_id = live.id GROUP BY 1, 2"""
)
_MATCHING = (
    """WITH held AS (SELECT commitment_id, sum(held_quantity) taken,
        sum(CASE WHEN state IN ('delivered', 'confirmed') THEN held_quantity ELSE 0 END) brought
        FROM {offer} GROUP BY 1),
    done AS (SELECT commitment_id, sum(reported_quantity * attribution_share) quantity
        FROM {line} WHERE is_counted GROUP BY 1),
    near AS (SELECT w.commitment_id, count(*) shared FROM {commitment_wards} w
        JOIN {need_wards} n ON n.area_id = w.area_id WHERE n.need_id = %(need)s GROUP BY 1)
    SELECT c.id, c.title, c.promised_quantity, held.taken, done.quantity, near.shared FROM"""
    + _LIVE.replace(
        " WHERE",
        """ JOIN {fit} f ON f.measure_id = m.id AND f.priority_id = %(priority)s
        LEFT JOIN held ON held.commitment_id = c.id LEFT JOIN done ON done.commitment_id = c.id
        LEFT JOIN near ON near.commitment_id = c.id WHERE""",
    )
    + """ AND c.promised_quantity - coalesce(held.taken, 0)
        - CASE WHEN coalesce(done.quantity, 0) > coalesce(held.brought, 0)
          THEN coalesce(done.quantity, 0) - coalesce(held.brought, 0) ELSE 0 END > 0
    ORDER BY CASE WHEN f.fit = 'strong' THEN 35 ELSE 17.5 END + 10 * coalesce(near.shared, 0) DESC,
        c.due, c.id LIMIT 200"""
)


def _rows(statement: str, values: dict[str, Any]) -> list[Any]:
    tables: dict[str, Any] = {
        "commitment": Commitment, "contract": Contract, "measure": Measure, "need": Need,
        "area": Area, "fit": PriorityFit, "offer": NeedOffer, "line": ReturnLine,
        "need_wards": Need.wards.through, "commitment_wards": Commitment.wards.through,
    }  # fmt: skip
    names = {name: model._meta.db_table for name, model in tables.items()}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**names), values)
        return cursor.fetchall()


def _coverage_by_hand() -> list[Any]:
    return [_rows(statement, {"on": TODAY}) for statement in (_CELLS, _TOTALS, _PROMISED)]


_WORDS = (
    "warm room evening meals laptops lessons advice debt rides shopping company walking gardening "
    "painting repairs mentors interviews translation childcare cooking music sewing parcels visits"
).split()


def _title(n: int) -> str:
    """Three of 24 words, so that many needs are nearly alike and some are the same."""
    return " ".join(_WORDS[n * step % len(_WORDS)] for step in (1, 7, 5)).capitalize()


def _grow(part: Decimal) -> None:
    wards = list(Area.objects.wards(2023).order_by("code"))
    for number in range(Priority.objects.count(), PRIORITIES):
        Priority.objects.create(key=f"p{number}", name=f"Priority {number}", summary="Invented")
    priorities = list(Priority.objects.order_by("pk"))
    promised = int(COMMITMENTS * part) - Commitment.objects.count()
    generate(
        contracts=max(1, promised // 100), commitments=promised, deliveries=int(DELIVERIES * part),
        seed=3, by=None, now=timezone.now(), beat=lambda done, total: None,
    )  # fmt: skip
    Contract.objects.update(stage=Contract.Stage.LIVE)
    Commitment.objects.update(due=UNTIL)
    measures = list(Measure.objects.order_by("pk"))
    PriorityFit.objects.bulk_create(
        [
            PriorityFit(
                priority=priority, measure=one, fit="strong" if (n + m) % 2 else "part",
                reason="Invented.",
            )
            for n, priority in enumerate(priorities)
            for m, one in enumerate(measures)
            if (n + m) % 5 == 0
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    served = Commitment.wards.through
    bare = list(Commitment.objects.filter(wards__isnull=True).values_list("pk", flat=True))
    served.objects.bulk_create(
        [
            served(commitment_id=pk, area=wards[(pk + step) % len(wards)])
            for pk in bare
            for step in (0, 7)
        ],
        batch_size=5000,
        ignore_conflicts=True,
    )
    hub = Organisation.objects.get_or_create(name="Invented hub of the benchmark")[0]
    first = Need.objects.count()
    made = Need.objects.bulk_create(
        [
            Need(
                priority=priorities[n % len(priorities)], title=_title(n), unit="hours",
                needed_quantity=Decimal(40), open_from=TODAY - datetime.timedelta(days=n % 200),
                closes=UNTIL if n % 3 else None, hub=hub, raised_from="officer",
                raised_at=timezone.now(), raised_by_name="Nobody",
                state=["open", "open", "matched", "met"][n % 4],
            )
            for n in range(first, int(NEEDS * part))
        ],
        batch_size=1000,
    )  # fmt: skip
    asked = Need.wards.through
    asked.objects.bulk_create(
        [
            asked(need=need, area=wards[(n + step) % len(wards)])
            for n, need in enumerate(made)
            for step in (0, 3)
        ],
        batch_size=5000,
    )
    promises = list(Commitment.objects.order_by("pk")[: len(made)])
    NeedOffer.objects.bulk_create(
        [
            NeedOffer(
                need=need, commitment=promise, supplier_id=promise.supplier_id, state="agreed",
                offered_quantity=1, drawn_quantity=1, held_quantity=1, proposed_at=timezone.now(),
                proposed_by_name="Nobody",
            )
            for need, promise in zip(made, promises, strict=False)
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )  # fmt: skip
