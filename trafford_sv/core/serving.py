"""A stored file on its way out: as what it is, and so that nothing in it runs for this site."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, Http404, HttpResponseBase

# Whatever the bytes are, nothing in them runs, loads or speaks for this site.
NOTHING_RUNS = "sandbox; default-src 'none'"
BYTES_ARE = "application/octet-stream"


def file_response(stored: Any, *, name: str, content_type: str, how: str) -> HttpResponseBase:
    """The bytes of a stored file; `how` is attachment or inline. Raises Http404 where they are gone."""
    try:
        bytes_of = stored.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(bytes_of, content_type=content_type)
    response["Content-Disposition"] = disposition(how, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def disposition(how: str, name: str) -> str:
    """`name` in letters that every browser reads, and once more as it is."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip(" .") or "file"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
