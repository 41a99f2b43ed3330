"""The contracts page with 100 rows of 1,000, against one query and a bare template."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.views.listing import ContractList

from . import rows
from .base import Result, by_turns, number_of_queries, opened, settled, signed_in
from .by_hand import ROWS


def measure(rounds: int) -> Iterator[Result]:
    client = signed_in(rows.reference())
    rows.contracts(1_000)
    settled()
    ContractList.page_size = ROWS
    page = opened(client, "/contracts/")
    by_hand = opened(client, "/by-hand/contracts/")
    for body in (page(), by_hand()):
        if body.count(b'<th scope="row"') != ROWS:
            raise RuntimeError(f"A page does not show {ROWS} rows.")
    ours, theirs, ratio = by_turns(page, by_hand, rounds=rounds)
    yield Result(
        "Contracts page, 100 rows",
        ours,
        theirs,
        ratio,
        target=2.5,
        queries=number_of_queries(page),
    )
