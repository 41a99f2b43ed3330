"""The filters of a dashboard and of a figure's page, read from the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from contracts.selectors.position import Scope
from trafford_sv.core.periods import MONTHS, Quarter

from ..forms.boards import BoardForm
from ..selectors.boards import BoardScope

QUARTERS_OFFERED = 12


def up_to(about: BoardScope) -> str:
    last = about.last
    if about.first:
        return f"In {last.label}"
    return (
        f"Everything up to the end of {MONTHS[last.end.month - 1]} {last.end.year} ({last.short})"
    )


class Narrowed:
    """Reads the filters of a board, a figure's page or the public page from the address."""

    def read(
        self,
        request: HttpRequest,
        user: Any,
        latest: Quarter,
        *,
        newest: Quarter | None = None,
        only: Sequence[Quarter] = (),
    ) -> tuple[BoardForm, BoardScope]:
        """`only`: these quarters alone, as known now."""
        offered = list(only[:QUARTERS_OFFERED]) or [newest or latest]
        while not only and len(offered) < QUARTERS_OFFERED:
            offered.append(offered[-1].previous)
        choices = [(one.code, one.label) for one in offered]
        data = {"quarter": latest.code, "span": "to-date", **request.GET.dict()}
        if only:
            data.pop("as_of", None)
        today = request.today  # type: ignore[attr-defined]
        form = BoardForm(data, user=user, quarters=choices, today=today)
        values = form.cleaned_data if form.is_valid() else {}
        last = Quarter.parse(values.get("quarter") or latest.code)
        scope = Scope(
            agreement=values.get("agreement", ""),
            directorate=int(values["directorate"]) if values.get("directorate") else None,
            division=values.get("division", ""),
            theme=values.get("theme", ""),
            ward=values.get("ward", ""),
        )
        first = last if values.get("span") == "quarter" else None
        return form, BoardScope(scope, first, last, values.get("as_of"))


def refused(
    request: HttpRequest, title: str, form: BoardForm, crumbs: Sequence[object], **more: Any
) -> HttpResponse:
    """A board whose choice makes no sense: what is wrong with it, the filters, and no figure."""
    context = {"title": title, "form": form, "has_errors": True, "breadcrumbs": crumbs, **more}
    return render(request, "reporting/board.html", context)


def address(request: HttpRequest, **more: str) -> str:
    query = request.GET.copy()
    for name, value in more.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"?{query.urlencode()}"
