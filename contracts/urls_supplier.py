"""The supplier's place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

urlpatterns: list[URLPattern | URLResolver] = []

# Files and workbooks
from .views import line_files  # noqa: E402

urlpatterns += [
    path("lines/<int:pk>/files/", line_files.LineFiles.as_view(), name="supplier-line-files"),
]
