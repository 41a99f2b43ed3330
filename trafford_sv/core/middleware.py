"""Nobody gets past this without signing in, except to views that say they are public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

PUBLIC_VIEW_PREFIXES = ("drf_spectacular.",)


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view that anyone may open. Everything else needs a signed-in person."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class AccessMiddleware:
    """Denied by default: a view without `@public` asks for sign-in before it runs.

    API views answer 401 themselves, in their own words, so they pass through.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # Asked for again each time; signing out empties what the browser holds for Back.
            response["Cache-Control"] = "private, no-cache"
        return response

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        view_class = getattr(view_func, "view_class", None) or getattr(view_func, "cls", None)
        if not getattr(view_class, "is_api", False) and any(
            "\0" in part for part in kwargs.values() if isinstance(part, str)
        ):
            raise Http404  # nothing has such a name, and PostgreSQL would refuse to look
        if request.user.is_authenticated:
            return None
        if getattr(view_func, "is_public", False) or getattr(view_class, "is_public", False):
            return None
        if getattr(view_class, "is_api", False):
            return None
        module = view_func.__module__
        if view_class is not None:
            module = view_class.__module__
        if module.startswith(PUBLIC_VIEW_PREFIXES):
            return None
        if request.path.startswith(settings.STATIC_URL):
            return None
        return redirect_to_login(request.get_full_path())
