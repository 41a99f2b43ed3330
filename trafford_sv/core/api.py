"""What every API view shares: pages by cursor, problem details, CSV, access."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer


class Allowed(BasePermission):
    """Denied unless the view says otherwise."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class CursorPages(CursorPagination):
    ordering = "pk"


class CSVRenderer(BaseRenderer):
    media_type = "text/csv"
    format = "csv"


def problem_details(exc: Exception, context: dict[str, Any]) -> Any:
    from rest_framework.views import exception_handler

    return exception_handler(exc, context)
