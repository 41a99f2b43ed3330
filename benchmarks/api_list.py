"""100 contracts from the API, against `.values()` and `json.dumps` of the same columns."""

from __future__ import annotations

import json
from collections.abc import Iterator

from . import rows
from .base import Result, by_turns, number_of_queries, opened, settled, signed_in
from .by_hand import ROWS


def measure(rounds: int) -> Iterator[Result]:
    client = signed_in(rows.reference())
    rows.contracts(1_000)
    settled()
    answer = opened(client, f"/api/v1/contracts/?limit={ROWS}")
    by_hand = opened(client, "/by-hand/contracts.json")
    if len(json.loads(answer())["results"]) != ROWS or len(json.loads(by_hand())) != ROWS:
        raise RuntimeError(f"An answer does not hold {ROWS} rows.")
    ours, theirs, ratio = by_turns(answer, by_hand, rounds=rounds)
    yield Result(
        "Contracts in the API, 100 rows",
        ours,
        theirs,
        ratio,
        target=3,
        queries=number_of_queries(answer),
    )
