"""Where the money went: the year, its quarters, categories and directorates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from trafford_sv.core.access import can
from trafford_sv.core.charts import Chart, Part, Stack, stacked_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, Need
from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter
from trafford_sv.core.views_base import PermissionView

from ..retained import RetainedSpend
from ..selectors.spend import PLACES, RetainedGroup, retained_spend, retained_spend_by, spend_years
from ..selectors.spend_worklist import unknown_worklist

_ZERO = Decimal(0)
_PARTS = (
    Part("Trafford", Paint.VERIFIED),
    Part("Rest of Greater Manchester", Paint.REPORTED),
    Part("Elsewhere", Paint.OTHER),
    Part("Location unknown", Paint.UNKNOWN),
)
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
            "chart": retained_chart(spend, quarters, year),
            "places": place_rows(spend, period),
            "bounds": (spend.lowest_share, spend.highest_share),
            "categories": _with_links(
                retained_spend_by(
                    request.user, "category", year=year, quarter=quarter, limit=GROUPS_SHOWN
                ),
                "category",
                period,
            ),
            "directorates": _with_links(
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


def payments_url(**filters: Any) -> str:
    return f"{reverse('payment-list')}?{urlencode(filters)}"


def figures(spend: RetainedSpend, period: str) -> list[Figure]:
    known = (
        f"Location is known for {percentage(spend.known_share)} of "
        f"{readable(spend.contestable_pounds)}"
    )
    return [
        Figure(
            "Stayed in Greater Manchester",
            percentage(spend.retained_share, 1) if spend.retained_share is not None else None,
            exact=f"{exact(spend.retained_pounds)} of {exact(spend.known_pounds)}",
            of_what="of spend whose location is known",
            completeness=known,
            missing="Cannot be said yet",
        ),
        Figure(
            "Stayed in Trafford itself",
            percentage(spend.trafford_share, 1) if spend.trafford_share is not None else None,
            exact=f"{exact(spend.trafford_pounds)} of {exact(spend.known_pounds)}",
            of_what="of spend whose location is known",
            completeness=known,
            missing="Cannot be said yet",
            way_in=Link("Show these payments", payments_url(year=period, place="trafford")),
        ),
        Figure(
            "Location unknown",
            readable(spend.unknown_pounds),
            exact=exact(spend.unknown_pounds),
            of_what=f"of {readable(spend.contestable_pounds)} the council could choose where to spend",
            completeness=f"{readable(spend.withheld_pounds)} of it under names the publisher withheld"
            if spend.withheld_pounds
            else "",
            way_in=Link("See whom to place first", f"{reverse('spend-unknown')}?year={period[:7]}"),
        ),
    ]


def place_rows(spend: RetainedSpend, period: str) -> list[dict[str, Any]]:
    """The five places, always together, that sum to the total."""
    amounts = {
        "trafford": spend.trafford_pounds,
        "greater_manchester": spend.greater_manchester_pounds,
        "elsewhere": spend.elsewhere_pounds,
        "unknown": spend.unknown_pounds,
        "excluded": spend.excluded_pounds,
    }
    return [
        {"label": label, "pounds": amounts[place], "url": payments_url(year=period, place=place)}
        for place, label in PLACES.items()
    ]


def _with_links(groups: list[RetainedGroup], by: str, period: str) -> list[dict[str, Any]]:
    return [
        {
            "label": group.label,
            "spend": group.spend,
            "url": payments_url(year=period, **{by: group.key}) if group.key else "",
        }
        for group in groups
        if group.spend.contestable_pounds or group.spend.lines
    ]


def retained_chart(
    spend: RetainedSpend, quarters: list[RetainedGroup], year: FinancialYear
) -> Chart | None:
    if not quarters:
        return None
    if spend.retained_share is None:
        title = "No supplier of this year has a known location yet"
    else:
        title = (
            f"{percentage(spend.retained_share)} of what can be placed stayed in Greater Manchester; "
            f"{percentage(1 - (spend.known_share or _ZERO))} cannot be placed yet"
        )
    return stacked_chart(
        key="retained",
        title=title,
        subtitle=f"Paid to suppliers the council could choose, {str(year).replace('-', '/')}, by place",
        parts=_PARTS,
        stacks=[_stack(group) for group in quarters],
        heading="Quarter",
        note=(
            "Tax, pensions, precepts and payments to other authorities are left out: "
            "nobody else could have been paid."
        ),
    )


def _stack(group: RetainedGroup) -> Stack:
    spend = group.spend
    values = (
        spend.trafford_pounds,
        spend.greater_manchester_pounds,
        spend.elsewhere_pounds,
        spend.unknown_pounds,
    )
    return Stack(
        label=group.label,
        # Refunds can outweigh payments; such a part is drawn as nothing and read in the table.
        values=[max(value, _ZERO) for value in values],
        texts=[readable(value) for value in values],
        total_text=readable(spend.contestable_pounds),
    )
