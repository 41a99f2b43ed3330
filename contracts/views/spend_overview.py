"""Where the money went: the year, its quarters, categories and directorates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, Need
from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter
from trafford_sv.core.views_base import PermissionView

from ..filters_spend import NONE
from ..retained import (
    CONTESTABLE,
    KNOWN,
    PLACES,
    RETAINED,
    TRAFFORD,
    UNKNOWN,
    WIDER_PLACES,
    RetainedSpend,
)
from ..selectors.spend import RetainedGroup, retained_spend, retained_spend_by, spend_years
from ..selectors.spend_worklist import unknown_worklist
from .retained_parts import payments_url, retained_chart, share_words, stayed_figure

GROUPS_SHOWN = 15


class SpendOverview(PermissionView):
    permission = "view_spend"

    def get(self, request: HttpRequest) -> HttpResponse:
        years = spend_years(request.user)
        context: dict[str, Any] = {
            "title": "Where the money went",
            "years": years,
            "may_decide": can(request.user, "decide_spend"),
        }
        if not years:
            context["empty"] = EmptyState(
                "No spending has been imported yet",
                "The council publishes what it pays, line by line. Import that file, and this page "
                "shows how much of it stayed in Trafford and in Greater Manchester.",
                Link("Import a spending file", reverse("import-list"))
                if can(request.user, "run_imports")
                else None,
            )
            return render(request, "contracts/spend_overview.html", context)
        year, quarter, problem = self._period(years[0])
        spend = retained_spend(request.user, year=year, quarter=quarter)
        quarters = retained_spend_by(request.user, "quarter", year=year)
        period = quarter.code if quarter else str(year)
        worklist = unknown_worklist(request.user, year)
        context |= {
            "year": year,
            "quarter": quarter,
            "problem": problem,
            "period": period,
            "period_words": _words(year, quarter),
            "quarters": [Quarter.parse(group.key) for group in quarters],
            "spend": spend,
            "figures": figures(spend, period),
            "chart": retained_chart(quarters, year),
            "places": place_rows(spend, period),
            "everything": payments_url(year=period),
            "contestable": payments_url(year=period, place=CONTESTABLE),
            "bounds": None
            if spend.lowest_share is None
            else (share_words(spend.lowest_share), share_words(spend.highest_share)),
            "categories": group_rows(
                retained_spend_by(
                    request.user, "category", year=year, quarter=quarter, limit=GROUPS_SHOWN
                ),
                "category",
                period,
            ),
            "directorates": group_rows(
                retained_spend_by(request.user, "directorate", year=year, quarter=quarter),
                "directorate",
                period,
            ),
            "needs": [
                Need(
                    line.name,
                    reverse("payee-detail", args=[line.pk]),
                    "Where is it?",
                    amount=line.pounds,
                )
                for line in worklist.lines
            ],
            "worklist": worklist,
        }
        return render(request, "contracts/spend_overview.html", context)

    def _period(self, latest: FinancialYear) -> tuple[FinancialYear, Quarter | None, str]:
        asked = self.request.GET.get("quarter") or self.request.GET.get("year") or ""
        if not asked:
            return latest, None, ""
        for read in (FinancialYear.parse, Quarter.parse):
            try:
                found = read(asked)
            except PeriodError:
                continue
            if isinstance(found, Quarter):
                return found.year, found, ""
            return found, None, ""
        return latest, None, f"“{asked[:40]}” is not a year or a quarter, so this shows the latest."


def _words(year: FinancialYear, quarter: Quarter | None) -> str:
    return quarter.label if quarter else year.label


def figures(spend: RetainedSpend, period: str) -> list[Figure]:
    show = "Show these payments"
    return [
        stayed_figure(
            spend,
            spend.retained_pounds,
            label="Stayed in Greater Manchester",
            way_in=Link(show, payments_url(year=period, place=RETAINED), WIDER_PLACES[RETAINED]),
        ),
        stayed_figure(
            spend,
            spend.trafford_pounds,
            label="Stayed in Trafford itself",
            way_in=Link(show, payments_url(year=period, place=TRAFFORD), PLACES[TRAFFORD]),
        ),
        Figure(
            "Location unknown",
            readable(spend.unknown_pounds),
            exact=exact(spend.unknown_pounds),
            of_what=f"of {readable(spend.contestable_pounds)} the council could choose where to spend",
            completeness=f"{readable(spend.withheld_pounds)} of it under names the publisher withheld"
            if spend.withheld_pounds
            else "",
            way_in=Link(show, payments_url(year=period, place=UNKNOWN), PLACES[UNKNOWN]),
        ),
    ]


def place_rows(spend: RetainedSpend, period: str) -> list[dict[str, Any]]:
    """The five places, always together, that sum to the total."""
    return [
        {
            "label": label,
            "pounds": getattr(spend, f"{place}_pounds"),
            "url": payments_url(year=period, place=place),
        }
        for place, label in PLACES.items()
    ]


def group_rows(groups: list[RetainedGroup], by: str, period: str) -> list[dict[str, Any]]:
    """A row for each group, each of its figures with the payments behind it."""
    return [
        {
            "label": group.label,
            "spend": group.spend,
            "stayed": share_words(group.spend.retained_share),
            "known": share_words(group.spend.known_share),
            "url": _of_group(by, group, period, CONTESTABLE),
            "urls": {place: _of_group(by, group, period, place) for place in (RETAINED, KNOWN)},
        }
        for group in groups
        if group.spend.contestable_pounds or group.spend.lines
    ]


def _of_group(by: str, group: RetainedGroup, period: str, place: str) -> str:
    key = NONE if group.key is None else group.key
    return payments_url(year=period, place=place, **{by: key})
