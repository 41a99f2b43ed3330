"""Whose data this is, for anyone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trafford_sv.core.views_base import PublicView


class Attributions(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "directory/attributions.html", {"title": "Sources and licences"})
