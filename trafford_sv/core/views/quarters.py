"""Closing and reopening quarters."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ..access import can
from ..closing import closing_board, outstanding_checks
from ..forms import ReasonForm
from ..periods import PeriodError, Quarter
from ..selectors.quarters import quarter_rows
from ..services.quarters import (
    ChecksOutstanding,
    QuarterStateError,
    close_quarter,
    closed_quarters,
    reopen_quarter,
)
from ..views_base import PermissionView


def _quarter(code: str) -> Quarter:
    try:
        return Quarter.parse(code)
    except PeriodError as error:
        raise Http404 from error


class QuarterList(PermissionView):
    permission = "close_quarters"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = quarter_rows(today=self.today)
        context = {
            "rows": [(row, closing_board(row.quarter)) for row in rows],
            "may_reopen": can(request.user, "reopen_quarters"),
        }
        return render(request, "core/quarter_list.html", context)


class QuarterClose(PermissionView):
    """Says what closing does, then closes."""

    permission = "close_quarters"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        context = {
            "quarter": quarter,
            "is_over": self.today > quarter.end,
            "is_closed": quarter in closed_quarters(),
            "outstanding": outstanding_checks(quarter, self.now),
            "board": closing_board(quarter),
        }
        return render(request, "core/quarter_close.html", context)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        try:
            close_quarter(quarter=quarter, by=request.user, now=self.now, checked=True)
        except ChecksOutstanding as error:
            messages.error(request, str(error))
            return redirect(closing_board(quarter) or "quarter-list")
        except QuarterStateError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{quarter.label} is closed.")
        return redirect("quarter-list")


class QuarterReopen(PermissionView):
    """Asks why, then reopens."""

    permission = "reopen_quarters"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return render(
            request,
            "core/quarter_reopen.html",
            {
                "quarter": (quarter := _quarter(code)),
                "form": ReasonForm(),
                "is_closed": quarter in closed_quarters(),
            },
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            context = {"quarter": quarter, "form": form, "is_closed": True}
            return render(request, "core/quarter_reopen.html", context)
        try:
            reopen_quarter(
                quarter=quarter, by=request.user, now=self.now, reason=form.cleaned_data["reason"]
            )
        except QuarterStateError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{quarter.label} is open again.")
        return redirect("quarter-list")
