"""The dashboard over ever more rows: the same queries, and time against its largest figure.

By hand is the portfolio's sums by directorate, category and year, and the spending by quarter,
each one `group by` over joins. The page reads those, the wards, the notices and the unknown
payees, and draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import connection

from . import rows
from .base import TODAY, Result, by_turns, number_of_queries, opened, settled, signed_in

SIZES = ((100, 1_000), (1_000, 10_000), (10_000, 100_000))
_PORTFOLIO = """
with figure as (
    select contract_id, min(awarded_on) as awarded_on, sum(value_pounds) as value_pounds
    from contracts_award where status = 'active' group by contract_id
)
select {key}, count(*), sum(f.value_pounds),
       sum(case when f.value_pounds > r.amount_pounds then f.value_pounds end),
       sum(case when f.value_pounds > r.amount_pounds and c.social_value = 'included'
                then 1 else 0 end)
from contracts_contract c
join figure f on f.contract_id = c.id
left join contracts_thresholdrule r on r.duty = 'required' and r.starts <= f.awarded_on
     and (r.ends is null or r.ends >= f.awarded_on)
where f.awarded_on <= %s and (c."end" is null or c."end" >= %s)
      and c.stage not in ('ended', 'terminated')
group by {key}
"""
_SPEND = """
select t.financial_year, t.quarter, o.locality, p.exclusion_id is null, sum(t.amount_pounds)
from contracts_spendtotal t
join contracts_payee p on p.id = t.payee_id
left join directory_organisation o on o.id = p.organisation_id
group by 1, 2, 3, 4
"""


def by_hand() -> None:
    with connection.cursor() as cursor:
        year = (
            "cast(strftime('%%Y', f.awarded_on) as integer)"
            if connection.vendor == "sqlite"
            else "extract(year from f.awarded_on)"
        )
        for key in ("c.directorate_id", "substr(c.category_id, 1, 2)", year):
            cursor.execute(_PORTFOLIO.format(key=key), [TODAY, TODAY])
            cursor.fetchall()
        cursor.execute(_SPEND)
        cursor.fetchall()


def measure(rounds: int) -> Iterator[Result]:
    client = signed_in(rows.reference())
    page: Callable[[], bytes] = opened(client, "/dashboard/")
    for contracts, payments in SIZES:
        rows.contracts(contracts)
        rows.payments(payments)
        settled()
        turns = max(5, rounds * 100 // contracts) if contracts > 100 else rounds
        ours, theirs, ratio = by_turns(page, by_hand, rounds=turns)
        yield Result(
            f"Dashboard, {contracts:,} contracts, {payments:,} payments",
            ours,
            theirs,
            ratio,
            queries=number_of_queries(page),
        )
