"""Coverage for anyone: a map, a matrix of wards and priorities, and the unmet needs ranked."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from community_needs.coverage import Cell, Tally
from community_needs.matching import joined, plain
from community_needs.models import Priority
from trafford_sv.core.access import can
from trafford_sv.core.charts import Place, WardMap, ward_map
from trafford_sv.core.exports import ExportColumn, export_response
from trafford_sv.core.parts import Figure, Link
from trafford_sv.core.views_base import PublicView

from ..selectors.need_coverage import Coverage, UnmetRow, coverage_on
from .offer_parts import need_url

SHOW = {
    "unmet": "Open: nothing accepted yet",
    "needs": "All needs",
    "matched": "Matched: an offer is accepted",
    "met": "Met: the hub has confirmed it",
}


class CoveragePage(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        found = coverage_on(self.today, request.user)
        if request.GET.get("format") in ("csv", "xlsx"):
            return _export(request.GET["format"], found)
        show = request.GET.get("show", "")
        show = show if show in SHOW else "unmet"
        by_key = {one.key: one for one in found.priorities}
        chosen = by_key.get(request.GET.get("priority", ""))
        is_officer = can(request.user, "match_needs")
        total = found.matrix.total
        context = {
            "title": "Where needs are met, and where not",
            "has_needs": total.needs > 0,
            "figures": _figures(total),
            "map": _map(found, show, chosen),
            "show": show,
            "choices": list(SHOW.items()),
            "chosen": chosen,
            "priorities": found.priorities,
            "rows": [_row(found, row) for row in found.matrix.rows],
            "columns": [
                (one.name, _total(found.matrix.by_priority[one.key])) for one in found.priorities
            ],
            "anywhere": [
                (one.name, found.anywhere[one.key])
                for one in found.priorities
                if found.anywhere.get(one.key)
            ],
            "not_asked": [found.ward(code).name for code in found.matrix.not_asked],
            "unmet": [_unmet(found, row, is_officer) for row in found.unmet],
            "unmet_total": found.unmet_total,
            "is_officer": is_officer,
            "sources": sorted(
                {
                    (each.label, each.period, each.source)
                    for held in found.indicators.values()
                    for each in held.values()
                }
            ),
            "links": _links(request.user),
            "may_export": True,
        }
        return render(request, "contracts/coverage.html", context)


def _links(user: Any) -> list[Link]:
    links = []
    if can(user, "view_offers"):
        links.append(Link("Offers for needs", reverse("need-offer-list")))
        links.append(Link("Which measures fit which priority", reverse("priority-fit-list")))
    if can(user, "view_tenders") and can(user, "view_needs"):
        links.append(Link("Ask for this in coming contracts", reverse("ask-for-this")))
    if can(user, "match_needs"):
        links.append(Link("Is every hub seen?", reverse("hub-exposure")))
    return links


def _figures(total: Tally) -> list[Figure]:
    def figure(label: str, number: int, of: str = "") -> Figure:
        return Figure(label, f"{number:,}", of_what=of)

    of = f"of {total.needs:,} needs"
    return [
        figure("Open", total.unmet, of),
        figure("Matched", total.matched, of),
        figure("Met in part", total.part_met, of),
        figure("Met", total.met, of),
    ]


def _value(tally: Tally | None, show: str) -> int | None:
    if tally is None:
        return None
    return {
        "needs": tally.needs,
        "matched": tally.matched,
        "met": tally.met,
    }.get(show, tally.unmet)


def _map(found: Coverage, show: str, chosen: Priority | None) -> WardMap:
    places = []
    for row in found.matrix.rows:
        ward = found.ward(row.ward)
        tally = row.total
        if chosen is not None:
            tally = next(cell.tally for cell in row.cells if cell.priority == chosen.key)
        number = _value(tally, show)
        places.append(
            Place(
                ward.code,
                ward.name,
                ward.geometry,
                None if number is None else Decimal(number),
                "Nobody was asked" if number is None else f"{number:,}",
            )
        )
    held = [place for place in places if place.value]
    what = {"unmet": "open needs", "needs": "needs", "matched": "matched needs", "met": "met needs"}
    about = f" in “{chosen.name}”" if chosen else ""
    if held:
        most = max(place.value or Decimal(0) for place in held)
        first = [place.name for place in held if place.value == most]
        title = f"{most} {what[show]}{about} in each of {len(first)} wards, more than elsewhere"
        if len(first) == 1:
            title = f"{first[0]} has the most {what[show]}{about}: {most}"
        elif len(first) <= 3:
            title = f"{joined(first)} have the most {what[show]}{about}: {most} each"
    else:
        title = f"No ward has {what[show]}{about}"
    return ward_map(
        key="coverage",
        title=title,
        subtitle=f"{what[show].capitalize()} by ward{about}. A need in several wards is in each.",
        places=places,
        headings=("Ward", what[show].capitalize()),
        breaks=_breaks(max((place.value or Decimal(0) for place in places), default=Decimal(0))),
    )


def _breaks(largest: Decimal) -> list[Decimal]:
    """None is a class of its own; then up to three even steps."""
    step = max(1, -(-int(largest) // 4))
    return [Decimal(1), *[Decimal(step * n + 1) for n in (1, 2, 3) if step * n + 1 <= largest]]


def _cell(cell: Cell) -> dict[str, Any]:
    tally = cell.tally
    if tally is None:
        return {"words": "", "is_unknown": True}
    if not tally.needs:
        return {"words": "0", "live": cell.live, "is_empty": True}
    return {
        "words": f"{tally.unmet} open of {tally.needs}",
        "live": cell.live,
        "is_gap": cell.is_gap,
    }


def _total(tally: Tally | None) -> str:
    if tally is None:
        return "Nobody asked"
    return f"{tally.unmet} open of {tally.needs}" if tally.needs else "0"


def _row(found: Coverage, row: Any) -> dict[str, Any]:
    held = found.indicators.get(row.ward, {})
    imd = held.get("imd")
    return {
        "name": found.ward(row.ward).name,
        "code": row.ward,
        "cells": [
            (priority.name, _cell(cell))
            for priority, cell in zip(found.priorities, row.cells, strict=True)
        ],
        "total": _total(row.total),
        "imd": plain(imd.value) if imd else "",
        "indicators": [
            (each.label, f"{plain(each.value)} {each.unit}")
            for key, each in held.items()
            if key != "imd"
        ],
    }


def _unmet(found: Coverage, row: UnmetRow, is_officer: bool) -> dict[str, Any]:
    facts = row.facts
    why = []
    if facts.live == 0:
        why.append("no live promise fits it here")
    else:
        word = "promise fits" if facts.live == 1 else "promises fit"
        why.append(f"{facts.live} live {word} it here")
    if facts.days_left is not None:
        why.append(f"closes in {facts.days_left} day{'' if facts.days_left == 1 else 's'}")
    if facts.deprivation is not None:
        why.append(
            f"deprivation score of its wards {plain(facts.deprivation.quantize(Decimal('0.1')))}"
        )
    why.append(f"open for {facts.days_open} day{'' if facts.days_open == 1 else 's'}")
    names = [found.ward(code).name for code in row.wards if code in _codes(found)]
    return {
        "place": row.place,
        "need": row.need,
        "url": need_url(row.need),
        "wards": ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        "why": "; ".join(why),
        "match_url": reverse("need-matches", kwargs={"pk": row.need.pk}) if is_officer else "",
        "ask_url": reverse("need-ask", kwargs={"pk": row.need.pk}) if is_officer else "",
    }


def _codes(found: Coverage) -> frozenset[str]:
    return frozenset(ward.code for ward in found.wards)


def _export(kind: str, found: Coverage) -> Any:
    names = {one.key: one.name for one in found.priorities}
    rows = [
        {
            "ward_code": row.ward,
            "ward": found.ward(row.ward).name,
            "priority": names[cell.priority],
            "open": cell.tally.open if cell.tally else None,
            "matched": cell.tally.matched if cell.tally else None,
            "part_met": cell.tally.part_met if cell.tally else None,
            "met": cell.tally.met if cell.tally else None,
            "live": cell.live,
            "imd": found.indicators[row.ward]["imd"].value
            if row.ward in found.indicators
            else None,
        }
        for row in found.matrix.rows
        for cell in row.cells
    ]
    labels = {
        "ward_code": "Ward code (2023)", "ward": "Ward", "priority": "Priority", "open": "Open needs",
        "matched": "Matched", "part_met": "Met in part", "met": "Met",
        "live": "Live promises that fit", "imd": "Index of Multiple Deprivation 2025, score",
    }  # fmt: skip
    columns = [ExportColumn(text, itemgetter(key)) for key, text in labels.items()]
    return export_response(kind, columns, rows, name="coverage")
