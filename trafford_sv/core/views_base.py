"""Bases that every page's view builds on: permission first, clock at the door."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.generic import View

from .access import can


class PermissionView(View):
    """Set `permission`. A view with a record must also call `self.check(record)`."""

    permission: str = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.permission:
            raise NotImplementedError(f"{type(self).__name__} names no permission.")
        if not can(request.user, self.permission):
            raise PermissionDenied
        self.now = timezone.now()
        self.today = timezone.localdate()
        return super().dispatch(request, *args, **kwargs)

    def check(self, record: Any, permission: str = "") -> None:
        """Refuse unless this person may do it to this record."""
        if not can(self.request.user, permission or self.permission, on=record):
            raise PermissionDenied


class PublicView(View):
    """A page for anyone."""

    is_public = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.now = timezone.now()
        self.today = timezone.localdate()
        return super().dispatch(request, *args, **kwargs)
