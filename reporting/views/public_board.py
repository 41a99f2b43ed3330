"""The dashboard for anyone: closed quarters alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.selectors.position import EVERYWHERE
from contracts.selectors.spend import retained_spend_everywhere
from contracts.views import position_parts as parts
from trafford_sv.core.money import percentage
from trafford_sv.core.parts import EmptyState, Figure, Link
from trafford_sv.core.views_base import PublicView

from ..selectors.boards import Board, BoardScope
from ..selectors.narrowed_measures import is_part
from ..selectors.public_board import public_board, public_quarters
from .boards import returns_figure, verified_first
from .narrowed import Narrowed, address, refused, up_to

SPEND_LABEL = "Spending that stayed in Trafford and Greater Manchester"


class PublicBoard(PublicView):
    """For anyone: closed quarters alone, what is verified of what was promised, and where money went."""

    def get(self, request: HttpRequest) -> HttpResponse:
        closed = public_quarters()
        title = "What was promised, and what is proven"
        crumbs = [("Home", reverse("home")), ("What is proven", None)]
        context: dict[str, Any] = {
            "title": title,
            "breadcrumbs": crumbs,
            "is_public": True,
            "is_print": request.GET.get("print") == "yes",
            "print_url": address(request, print="yes"),
            "screen_url": address(request, print=""),
        }
        if not closed.quarters:
            context["empty"] = EmptyState(
                "No quarter is closed yet",
                "Figures are shown here once a quarter is closed and what was counted in it is locked.",
            )
            return render(request, "reporting/board.html", context)
        form, about = Narrowed().read(request, EVERYWHERE, closed.quarters[0], only=closed.quarters)
        if not form.is_valid():
            return refused(request, title, form, crumbs, is_public=True)
        found, why_not = public_board(about, closed.quarters[0])
        context |= {
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "period": up_to(about),
            "is_invented": about.last in closed.invented,
            "why_not": why_not,
        }
        if found is not None:
            context |= {
                "report": found.report,
                "sentence": parts.headline(found.report.position),
                "figures": list(self.figures(found)),
                "trend": parts.quarters_chart("trend", found.trend, has_ways=False),
            }
        return render(request, "reporting/board.html", context)

    def figures(self, found: Board) -> Iterator[Figure]:
        for item in (next(verified_first(found)), returns_figure(found)):
            yield _without_way(item)
        yield spend_figure(found.about)


def _without_way(item: Figure) -> Figure:
    """Its rows name suppliers' own work; the method stands below for everybody."""
    return replace(item, way_in=Link("How it is counted", "#method", item.label))


def spend_figure(about: BoardScope) -> Figure:
    """Payments are of no promise, so they have none of what a promise is narrowed by."""
    if is_part(about.scope):
        return Figure(
            SPEND_LABEL, None, missing="Not told for a part of the council",
            completeness="Payments are counted for the whole council only",
            way_in=Link("How it is counted", "#method", "Spending that stayed"),
        )  # fmt: skip
    spend = retained_spend_everywhere(first=about.first, last=about.last)
    kept = spend.retained_share
    return Figure(
        SPEND_LABEL,
        None if kept is None else percentage(kept),
        of_what="of payments whose place is known",
        completeness=f"The place is known for {percentage(spend.known_share)} of them",
        missing="No payment has a known place yet",
        way_in=Link("How it is counted", "#method", "Spending that stayed"),
    )
