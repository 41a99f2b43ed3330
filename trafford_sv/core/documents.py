"""Pages that become PDF: tagged as PDF/UA-1, from templates that extend `documents/base.html`.

The context a template gets is all there is: no request, no user and, by the rule of the house, no
query. Only files of our own below `static/` are read; an address anywhere else raises.
"""

from __future__ import annotations

import gc
import mimetypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify

STYLE = "css/document.css"
_HERE = "http://static.invalid/"


class OutsideFile(ValueError):
    """A template asked for a file that is not ours to give."""


def render_pdf(*, template: str, context: Mapping[str, Any]) -> bytes:
    """The template as PDF/UA-1. `context["title"]` becomes the document's title and is required.

    About 50 ms a page: more than ten pages belong to a Celery task.
    Raises OutsideFile where the template names a file outside `static/`.
    """
    if not context.get("title"):
        raise ValueError("A PDF needs a title.")
    # Imported late: it loads fonts and shaping libraries that most processes never need.
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Page(HTML):  # type: ignore[misc]
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return [_plain_sheet()]

    class OwnFiles(URLFetcher):  # type: ignore[misc]
        """Reads static files of ours, and pictures that stand in the page itself."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:image/"):
                return super().fetch(url, headers)
            path = _static_path(url)
            with open(path, "rb") as file:
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                return URLFetcherResponse(url, file.read(), {"Content-Type": kind})

    html = render_to_string(template, {**context, "is_document": True})
    fetcher = OwnFiles(fail_on_errors=True)
    try:
        with without_collector():
            document = Page(string=html, base_url=_HERE, url_fetcher=fetcher)
            return document.write_pdf(pdf_variant="pdf/ua-1")  # type: ignore[no-any-return]
    except FatalURLFetchingError as error:
        raise OutsideFile(str(error)) from error


@cache
def _plain_sheet() -> Any:
    """The drawing library's own style, without footnotes and with markers for list items alone.

    As it comes it gives every element six styles of notes and markers that no document of ours
    has: a fifth of the memory, and of the time. Should a new release of the library look for
    its style elsewhere, documents look the same and cost what they did.
    """
    from weasyprint import CSS
    from weasyprint.html import UA

    without_notes = re.sub(r"^::(?:footnote|note)-[a-z]+ \{.*\}$", "", UA, flags=re.M)
    return CSS(string=re.sub(r"^::marker ", "li::marker ", without_notes, flags=re.M))


@contextmanager
def without_collector() -> Iterator[None]:
    """The cycle collector looks through every box of a growing document again and again, a fifth of
    the time, and finds nothing until it is done. Then it runs once, so that the memory comes back."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()


def _static_path(url: str) -> str:
    relative = url.removeprefix(_HERE)
    found = None if relative == url or ".." in relative else finders.find(relative)
    if not isinstance(found, str):
        raise OutsideFile(f"A document may only use files of the product: {url[:200]}")
    return found


def pdf_response(body: bytes, *, name: str) -> HttpResponse:
    """A download named after `name` ("Annual report 2025/26" becomes annual-report-202526.pdf)."""
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name) or "document"}.pdf"'
    return response
