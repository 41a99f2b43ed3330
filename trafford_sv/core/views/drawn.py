"""A PDF that is drawn by the queue and kept: served where it is stored, else a page that says where it stands."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify

from ..documents import content_sha256, document_html
from ..link_views import SendThrottle
from ..models import DrawnDocument
from ..queueing import hand_over
from ..services.drawn_documents import ask_for_document, is_gone
from ..serving import file_response
from ..tasks import draw_document
from .errors import too_many_requests

# A drawing takes seconds, and the schedule looks every two minutes.
LONG = datetime.timedelta(minutes=10)


@dataclass(frozen=True)
class Wanted:
    """A document as it would be drawn now: its text, the hash of its content, what its file is called,
    and (words, address) of the page that it belongs to."""

    html: str
    key: str
    name: str
    back: tuple[str, str]


def wanted_document(
    *,
    template: str,
    context: Mapping[str, Any],
    name: str,
    back: tuple[str, str],
    not_content: Collection[str] = (),
) -> Wanted:
    """`not_content` names parts of the context that alone are no reason to draw it anew, such as the day
    on which it was prepared."""
    html = bare = document_html(template=template, context=context)
    if not_content:
        bare = document_html(
            template=template, context={**context, **dict.fromkeys(not_content, "")}
        )
    return Wanted(html, content_sha256(bare), name, back)


class DrawnPdf:
    """For a view with a `wanted(request, ...)`, which also asks who may read it."""

    now: datetime.datetime
    wanted: Callable[..., Wanted]

    def get(self, request: HttpRequest, *args: Any, **where: Any) -> HttpResponseBase:
        """Starts no work."""
        wanted = self.wanted(request, *args, **where)
        row = DrawnDocument.objects.filter(content_sha256=wanted.key).defer("html").first()
        if row is not None and is_gone(row):
            row = None
        if row is not None and row.state == DrawnDocument.State.MADE:
            return file_response(
                row.file, name=f"{slugify(wanted.name) or 'document'}.pdf",
                content_type="application/pdf", how="attachment",
            )  # fmt: skip
        words, address = wanted.back
        context = {
            "title": f"{wanted.name}, as PDF",
            "row": row,
            "is_late": row is not None and self.now - row.asked_at > LONG,
            "back": {"words": words, "address": address},
            "breadcrumbs": [(words[:1].upper() + words[1:], address), ("PDF", None)],
        }
        return render(request, "core/drawn_document.html", context)

    def post(self, request: HttpRequest, *args: Any, **where: Any) -> HttpResponseBase:
        """What waits already is not handed over again: the schedule draws it where the queue lost it."""
        if not request.user.is_authenticated and not SendThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        wanted = self.wanted(request, *args, **where)
        row, is_work = ask_for_document(content_sha256=wanted.key, html=wanted.html, now=self.now)
        if is_work and not hand_over(draw_document, row.pk):
            messages.warning(
                request,
                "The queue that makes documents is away just now. The PDF waits, and is made when it is back.",
            )
        return redirect(request.get_full_path())
