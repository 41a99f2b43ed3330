"""What every page needs to know: the menu this person may use, and where the site is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .access import permissions_of


def site(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {
        "permissions": permissions_of(user) if user is not None else frozenset(),
        "site_url": settings.SITE_URL,
        "product_name": "Trafford Social Value",
        "demo_banner": settings.DEMO_BANNER,
    }
