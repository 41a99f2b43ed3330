"""Social value as a figure in any paper: a paragraph to copy, with its source and its day (2.2)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.parts import State
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PermissionView

from ..forms.committee import CommitteeForm
from ..selectors.committee_block import committee_block

QUARTERS_OFFERED = 12


class CommitteeBlockPage(PermissionView):
    permission = "see_dashboard"

    def get(self, request: HttpRequest) -> HttpResponse:
        latest = Quarter.of(self.today).previous
        offered = [latest]
        while len(offered) < QUARTERS_OFFERED:
            offered.append(offered[-1].previous)
        usual = {"figure": "verified", "quarter": latest.code, "span": "to-date"}
        form = CommitteeForm(
            {**usual, **{k: v for k, v in request.GET.dict().items() if v}},
            quarters=[(quarter.code, quarter.label) for quarter in offered],
        )
        values = form.cleaned_data if form.is_valid() else usual
        chosen = {name: values.get(name) or usual[name] for name in usual}
        block = committee_block(
            request.user,
            figure=chosen["figure"],
            quarter=Quarter.parse(chosen["quarter"]),
            to_date=chosen["span"] == "to-date",
            today=self.today,
        )
        context = {
            "title": "Social value for a committee paper",
            "form": form,
            "has_errors": not form.is_valid(),
            "said": block,
            "state": State(block.figure).sentence,
            "breadcrumbs": [
                ("Dashboard", reverse("dashboard")),
                ("For a committee paper", None),
            ],
        }
        return render(request, "reporting/committee_block.html", context)
