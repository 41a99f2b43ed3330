"""Pages for when something is wrong; each tells the person what to do next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

PLAIN = (
    "<!DOCTYPE html><html lang='en'><title>Something went wrong</title>"
    "<h1>Something went wrong on our side</h1><p>Try again in a few minutes.</p></html>"
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def too_many_requests(request: HttpRequest, *args: Any) -> HttpResponse:
    return render(request, "429.html", status=429)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """Rendered without a request, so that no context processor and no database is asked."""
    try:
        page = get_template("500.html").render({})
    except Exception:
        page = PLAIN
    return HttpResponse(page, status=500)
