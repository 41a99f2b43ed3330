"""Too much is refused at the door: before it is read where its length says so, else on the way.

A view that takes files names its two limits: `upload_limits = (setting of one file, setting of
one request)`. A file over its limit is read past and kept nowhere; `too_large(request)` names it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .workbooks import size_words

MEGABYTE = 1024 * 1024
# For the other fields of a form and what stands between its parts.
_AROUND = MEGABYTE
_PIECE = 256 * 1024


class LimitedUpload(FileUploadHandler):
    """Stands before the handlers that keep files, and lets none pass that is over the limit."""

    def __init__(self, request: HttpRequest, largest_bytes: int) -> None:
        super().__init__(request)
        self.largest_bytes = largest_bytes

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > self.largest_bytes:
            self.request.files_too_large = [*too_large(self.request), self.file_name]  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def too_large(request: Any) -> list[str]:
    """Names of the files that were left out of `request.FILES` for their size."""
    return list(getattr(request, "files_too_large", ()))


class UploadLimitMiddleware:
    """Stands before the middleware that looks for the form's token, which reads the whole form."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.method not in {"POST", "PUT", "PATCH"}:
            return None
        limits = getattr(getattr(view_func, "view_class", None), "upload_limits", None)
        largest_file = settings.UPLOAD_MAX_BYTES
        largest_request = settings.UPLOAD_MAX_BYTES
        if limits:
            largest_file, largest_request = (getattr(settings, name) for name in limits)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
        if _length(request) > largest_request + _AROUND:
            _read_past(request, at_most=largest_request)
            return render(
                request,
                "413.html",
                {
                    "largest_file": size_words(largest_file),
                    "largest_request": size_words(largest_request),
                    "several": largest_request > largest_file,
                    "back": request.path,
                },
                status=413,
            )
        if limits:
            request.upload_handlers.insert(0, LimitedUpload(request, largest_file))
        return None


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read_past(request: HttpRequest, *, at_most: int) -> None:
    """A browser shows no answer while it is still sending, so a little too much is read past,
    in pieces that are kept nowhere. Of far too much no more is read than of what is allowed."""
    read = 0
    while read < at_most:
        piece = request.read(_PIECE)
        if not piece:
            return
        read += len(piece)
