"""Coverage of 21 wards and 30 priorities by 5,000 needs and 100,000 commitments, and one need
matched against all of them: time and queries, beside the same with a hundredth of it.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from community_needs.models import Need, Priority
from contracts.generated_load import generate
from contracts.models import Commitment, Contract, Measure, NeedOffer, PriorityFit
from contracts.selectors.need_coverage import coverage_on
from contracts.selectors.need_matching import candidates_for
from trafford_sv.directory.models import Area, Organisation

from .base import TODAY, Result, number_of_queries, opened, settled, signed_in
from .rows import reference

SCALE = Decimal(os.environ.get("BENCHMARK_SCALE", "1"))
PRIORITIES, NEEDS, COMMITMENTS, DELIVERIES = 30, 5_000, 100_000, 100_000
UNTIL = TODAY + datetime.timedelta(days=200)


def measure(rounds: int) -> Iterator[Result]:
    user = reference()
    call_command(
        "load_reference", only=["open measures", "open rates", "charter"], stdout=StringIO()
    )
    for part in (Decimal("0.01"), Decimal(1)):
        _grow(part * SCALE)
        settled()
        needs, promises = Need.objects.count(), Commitment.objects.count()
        about = f"{needs:,} needs, {promises:,} commitments"
        need = Need.objects.select_related("priority", "hub").order_by("pk")[0]
        yield _timed(f"Coverage, {about}", lambda: coverage_on(TODAY, user), rounds)
        yield _timed(
            f"Matching one need, {about}",
            lambda need=need: candidates_for(need, as_of=TODAY),  # type: ignore[misc]
            rounds,
        )
        for name, arguments in (("coverage", []), ("need-matches", [need.pk])):
            page = opened(signed_in(user), reverse(name, args=arguments))
            yield _timed(f"Page {name}, {about}", page, rounds)


def _timed(name: str, work: Callable[[], Any], rounds: int) -> Result:
    """The middle of a few runs, in milliseconds, after one that warms up."""
    queries = number_of_queries(work)
    spent = []
    for _ in range(max(3, rounds // 12)):
        begin = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begin) * 1000)
    return Result(name, sorted(spent)[len(spent) // 2], queries=queries)


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
                priority=priorities[n % len(priorities)], title=f"Invented need {n}", unit="hours",
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
