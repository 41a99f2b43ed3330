"""Closing and reopening quarters."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ..forms import ReasonForm
from ..periods import PeriodError, Quarter
from ..selectors.quarters import quarter_rows
from ..services.quarters import QuarterStateError, close_quarter, reopen_quarter
from ..views_base import PermissionView


def _quarter(code: str) -> Quarter:
    try:
        return Quarter.parse(code)
    except PeriodError as error:
        raise Http404 from error


class QuarterList(PermissionView):
    permission = "close_quarters"

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "core/quarter_list.html", {"rows": quarter_rows(today=self.today)})


class QuarterClose(PermissionView):
    """Says what closing does, then closes."""

    permission = "close_quarters"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        return render(
            request,
            "core/quarter_close.html",
            {"quarter": quarter, "is_over": self.today > quarter.end},
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        try:
            close_quarter(quarter=quarter, by=request.user, now=self.now)
        except QuarterStateError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{quarter.label} is closed.")
        return redirect("quarter-list")


class QuarterReopen(PermissionView):
    """Asks why, then reopens."""

    permission = "close_quarters"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return render(
            request, "core/quarter_reopen.html", {"quarter": _quarter(code), "form": ReasonForm()}
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        quarter = _quarter(code)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return render(request, "core/quarter_reopen.html", {"quarter": quarter, "form": form})
        try:
            reopen_quarter(
                quarter=quarter, by=request.user, now=self.now, reason=form.cleaned_data["reason"]
            )
        except QuarterStateError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{quarter.label} is open again.")
        return redirect("quarter-list")
