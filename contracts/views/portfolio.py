"""The four figures over all agreements, and over one."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import CONTENT_TYPES, ExportColumn, export_response
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.periods import MONTHS, Quarter
from trafford_sv.core.views_base import PermissionView

from ..contract_tabs import contract_tabs, permissions_here
from ..forms.position import PortfolioForm
from ..four_figures import ValueState
from ..licensing import WITHHELD_TOTAL
from ..models import Contract
from ..selectors.contract_promises import promises_of
from ..selectors.delivery_sums import summed_quarters
from ..selectors.position import Scope
from ..selectors.position_groups import Group, breakdown, by_quarter
from ..selectors.position_report import portfolio_report
from ..valuation import Kind
from . import position_parts as parts

QUARTERS_OFFERED = 12
BREAKDOWNS = {
    "agreement": ("Kind of agreement", "By kind of agreement"),
    "directorate": ("Directorate", "By directorate"),
    "theme": ("Theme", "By theme"),
    "supplier": ("Supplier or partner", "By supplier"),
}


def _pounds(state: ValueState, kind: Kind, group: Group) -> Decimal | str | None:
    if group.figures.is_withheld(state, kind):
        return WITHHELD_TOTAL
    return group.figures.pounds(state, kind)


def file_columns(heading: str) -> list[ExportColumn]:
    """Plain numbers for a file; empty where there is none."""
    columns = [ExportColumn(heading, "label")]
    for kind, words in ((Kind.SOCIAL, "Social"), (Kind.LOCAL_ECONOMIC, "Local economic")):
        for state in (ValueState.COMMITTED, ValueState.REPORTED, ValueState.VERIFIED):
            columns.append(
                ExportColumn(
                    f"{words} {state.value}, pounds",
                    partial(_pounds, state, kind),
                )
            )
    return [*columns, ExportColumn("Deliveries counted", "lines")]


def _up_to(quarter: Quarter) -> str:
    """Everything up to the end of September 2026 (Q2 2026/27)."""
    return f"Everything up to the end of {MONTHS[quarter.end.month - 1]} {quarter.end.year} ({quarter.short})"


class Portfolio(PermissionView):
    """Where promises stand, for the whole council or a part of it."""

    permission = "see_dashboard"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        # The last quarter that is over: nobody owes a return for the one that runs.
        latest = Quarter.of(self.today).previous
        offered = [latest.next, latest]
        while len(offered) < QUARTERS_OFFERED:
            offered.append(offered[-1].previous)
        choices = [(quarter.code, quarter.label) for quarter in offered]
        asked = {"quarter": latest.code, "span": "to-date", **request.GET.dict()}
        form = PortfolioForm(asked, user=request.user, quarters=choices)
        values = form.cleaned_data if form.is_valid() else {}
        last = Quarter.parse(values.get("quarter") or latest.code)
        first = last if values.get("span") == "quarter" else None
        scope = Scope(
            agreement=values.get("agreement", ""),
            directorate=int(values["directorate"]) if values.get("directorate") else None,
            division=values.get("division", ""),
            theme=values.get("theme", ""),
            ward=values.get("ward", ""),
        )
        by = request.GET.get("by", "")
        if by not in BREAKDOWNS:
            by = "directorate"
        if not form.is_valid():
            # What could be read of the choice is another choice, and its figures would pass for this one's.
            title = "Social value"
            context = {
                "title": title,
                "breadcrumbs": [("Dashboard", reverse("dashboard")), (title, None)],
                "has_errors": True,
                "form": form,
                "by": by,
                "sentence": title,
            }
            return render(request, "contracts/portfolio.html", context)
        kind = request.GET.get("format", "")
        closings = summed_quarters(request.user, scope)
        groups = breakdown(
            request.user, scope, by, first=first, last=last, outward=kind in CONTENT_TYPES,
            closings=closings,
        )  # fmt: skip
        if kind in CONTENT_TYPES:
            return export_response(
                kind,
                file_columns(BREAKDOWNS[by][0]),
                groups,
                name=f"social-value-by-{by}",
                title=f"Social value {BREAKDOWNS[by][1].lower()}",
            )
        report = portfolio_report(request.user, scope, first=first, last=last, closings=closings)
        found = report.position
        trend = by_quarter(request.user, scope, last=last, closings=closings)
        period = f"In {last.label}" if first else _up_to(last)
        heading, caption = BREAKDOWNS[by]
        return render(
            request,
            "contracts/portfolio.html",
            {
                "title": "Social value",
                "breadcrumbs": [("Dashboard", reverse("dashboard")), ("Social value", None)],
                "form": form,
                "is_narrowed": any(request.GET.get(name) for name in form.fields),
                "sentence": parts.headline(found),
                "period": period,
                "report": report,
                "position": found,
                "social": parts.four_tiles(found, report.completeness, Kind.SOCIAL),
                "local": parts.four_tiles(found, report.completeness, Kind.LOCAL_ECONOMIC),
                "has_local": parts.has_kind(found.figures, Kind.LOCAL_ECONOMIC),
                "chart": parts.four_chart("four", found, Kind.SOCIAL, period),
                "trend": parts.quarters_chart("trend", trend),
                "tables": parts.group_tables(caption, heading, groups, found),
                "by": by,
                "choices": [
                    (key, words, self._address(request, by=key))
                    for key, (words, _) in BREAKDOWNS.items()
                ],
                "exports": [
                    Link(words, self._address(request, by=by, format=name))
                    for name, words in (("csv", "CSV"), ("xlsx", "Excel"))
                ],
                "offered_share": found.offered_share,
                "empty": self._empty(found.counts.commitments, found.counts.lines),
            },
        )

    @staticmethod
    def _address(request: HttpRequest, **more: str) -> str:
        query = request.GET.copy()
        for name, value in more.items():
            query[name] = value
        return f"?{query.urlencode()}"

    @staticmethod
    def _empty(commitments: int, lines: int) -> EmptyState | None:
        if commitments or lines:
            return None
        return EmptyState(
            "Nothing is promised here yet",
            "Once commitments are agreed, what was offered, committed, reported and verified "
            "stands here side by side.",
            Link("See the commitments", reverse("commitment-list")),
        )


class ContractSocialValue(PermissionView):
    """One agreement: the four figures, promise by promise, with the way to each row."""

    permission = "view_commitments"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = (
            Contract.objects.visible_to(request.user)
            .select_related("directorate")  # type: ignore[attr-defined]
            .filter(pk=pk)
            .first()
        )
        if contract is None:
            raise Http404
        self.check(contract)
        last = Quarter.of(self.today)
        scope = Scope(contract=contract.pk)
        report = portfolio_report(
            request.user, scope, first=None, last=last, returns_of=last.previous
        )
        found = report.position
        promises = promises_of(request.user, contract)
        return render(
            request,
            "contracts/contract_social_value.html",
            {
                "title": f"Social value: {contract.title}",
                "contract": contract,
                "breadcrumbs": [
                    ("Contracts", reverse("contract-list")),
                    (contract.title, reverse("contract-detail", args=[contract.pk])),
                    ("Social value", None),
                ],
                "tabs": contract_tabs(
                    contract.pk,
                    permissions_here(request.user, contract.directorate_id),
                    "social-value",
                ),
                "sentence": parts.headline(found),
                "report": report,
                "position": found,
                "social": parts.four_tiles(found, report.completeness, Kind.SOCIAL),
                "local": parts.four_tiles(found, report.completeness, Kind.LOCAL_ECONOMIC),
                "has_local": parts.has_kind(found.figures, Kind.LOCAL_ECONOMIC),
                "chart": parts.four_chart("four", found, Kind.SOCIAL, _up_to(last)),
                "trend": parts.quarters_chart(
                    "trend", by_quarter(request.user, scope, last=last, quarters=12)
                ),
                "promises": promises,
                "may_draw_up": can(request.user, "change_commitments", on=contract),
                "deliveries_url": parts.deliveries_url(scope.query()),
            },
        )
