"""What a list costs at least: one query written by hand, and the shortest way to show it.

The same middleware, the same frame, the same columns; no filters, sorts, pages or count.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from contracts.models import AwardSupplier, Contract
from contracts.selectors.contracts import contract_rows
from trafford_sv.core.middleware import public
from trafford_sv.urls import urlpatterns as real

ROWS = 100
_STAGES = dict(Contract.Stage.choices)
_SQL = """
with figure as (
    select contract_id, min(awarded_on) as awarded_on, sum(value_pounds) as value_pounds,
           max(case when value_pounds is null then 1 else 0 end) as is_partial
    from contracts_award where status = 'active' group by contract_id
), supplier as (
    select a.contract_id, min(o.name) as name, count(distinct o.id) - 1 as more
    from contracts_award a
    join contracts_awardsupplier s on s.award_id = a.id
    join directory_organisation o on o.id = s.organisation_id
    where a.status = 'active' group by a.contract_id
)
select c.id, c.title, c.reference, d.name, c.stage, s.name, s.more,
       case when r.amount_pounds is null or (r.exempts_light_touch and c.is_light_touch)
                then 'Not required'
            when c.is_framework or f.value_pounds is null then 'Cannot be said yet'
            when f.value_pounds > r.amount_pounds then 'Required, ' || c.social_value
            when f.is_partial = 1 then 'Cannot be said yet' else 'Not required' end,
       f.awarded_on, c."end", case when c.is_framework then null else f.value_pounds end
from contracts_contract c
left join figure f on f.contract_id = c.id
left join supplier s on s.contract_id = c.id
left join directory_organisation d on d.id = c.directorate_id
left join contracts_thresholdrule r on r.duty = 'required' and r.starts <= f.awarded_on
     and (r.ends is null or r.ends >= f.awarded_on)
order by f.awarded_on desc nulls last, c.reference desc, c.id limit %s
"""


def _day(value: Any) -> datetime.date | None:
    """SQLite has no dates of its own."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


@public
def contracts_page(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [ROWS])
        found = cursor.fetchall()
    rows = [
        {
            "pk": pk,
            "title": title,
            "reference": reference,
            "directorate": directorate,
            "stage": _STAGES[stage],
            "supplier": supplier,
            "more": more,
            "carries": carries,
            "awarded_on": _day(awarded_on),
            "end": _day(end),
            "value": None if value is None else Decimal(str(value)),
        }
        for (
            pk, title, reference, directorate, stage, supplier, more, carries, awarded_on, end, value,
        ) in found
    ]  # fmt: skip
    return render(request, "by_hand.html", {"title": "Contracts", "rows": rows})


_COLUMNS = (
    "pk", "reference", "ocid", "title", "buyer_id", "buyer__name", "directorate_id",
    "directorate__name", "category_id", "category__name", "stage", "regime", "is_light_touch",
    "is_framework", "value_pounds", "value_is_partial", "awarded_on", "estimated_value_pounds",
    "start", "end", "notice_date", "must_carry", "social_value", "is_demo", "version",
)  # fmt: skip


@public
def contracts_json(request: HttpRequest) -> HttpResponse:
    """The columns of the API, less the sentence that explains, straight from `.values()`."""
    rows = list(contract_rows(request.user).values(*_COLUMNS).order_by("pk")[:ROWS])
    by_key = {row["pk"]: row for row in rows}
    for row in rows:
        row["suppliers"], row["wards"] = [], []
    for key, pk, name in AwardSupplier.objects.filter(
        award__contract__in=by_key, award__status="active"
    ).values_list("award__contract_id", "organisation_id", "organisation__name"):
        by_key[key]["suppliers"].append({"id": pk, "name": name})
    for key, code in Contract.wards.through.objects.filter(contract__in=by_key).values_list(
        "contract_id", "area__code"
    ):
        by_key[key]["wards"].append(code)
    return HttpResponse(json.dumps(rows, default=str), content_type="application/json")


urlpatterns = [
    path("by-hand/contracts/", contracts_page),
    path("by-hand/contracts.json", contracts_json),
    *real,
]
handler500 = "trafford_sv.core.views.errors.server_error"
