"""The measure library."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import counting

urlpatterns: list[URLPattern | URLResolver] = [
    # Before every address that takes a name of its own after the slash.
    path("counting/", counting.CountingRules.as_view(), name="counting-rules"),
]
