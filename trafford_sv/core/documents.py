"""Pages that become PDF: tagged as PDF/UA-1, from templates that extend `documents/base.html`.

The context a template gets is all there is: no request, no user and, by the rule of the house, no
query. Only files of our own below `static/` are read; an address anywhere else raises.
"""

from __future__ import annotations

import gc
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

STYLES = ("css/document.css", "css/document-zh-hant.css")
_HERE = "http://static.invalid/"


class OutsideFile(ValueError):
    """A template asked for a file that is not ours to give."""


def render_pdf(*, template: str, context: Mapping[str, Any]) -> bytes:
    """The template as PDF/UA-1. About 50 ms a page, so it belongs to a task (`views.drawn`).

    Raises OutsideFile where the template names a file outside `static/`.
    """
    return html_pdf(document_html(template=template, context=context))


def document_html(*, template: str, context: Mapping[str, Any]) -> str:
    """What the PDF is drawn from. `context["title"]` becomes the document's title and is required."""
    if not context.get("title"):
        raise ValueError("A PDF needs a title.")
    return render_to_string(template, {**context, "is_document": True})


def content_sha256(html: str) -> str:
    """Of what a document says and how it looks: another release may draw the same words otherwise."""
    digest = hashlib.sha256(html.encode())
    digest.update(_look())
    return digest.hexdigest()


@cache
def _look() -> bytes:
    """The styles of every document."""
    digest = hashlib.sha256()
    for name in STYLES:
        digest.update(Path(str(finders.find(name))).read_bytes())
    return digest.digest()


def html_pdf(html: str) -> bytes:
    """As PDF/UA-1. Raises OutsideFile."""
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
