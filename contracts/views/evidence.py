"""Evidence: its page, its bytes as a download, and its picture."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from trafford_sv.core.access import can
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.views_base import PermissionView
from trafford_sv.core.workbooks import size_words

from ..evidence_kinds import KINDS
from ..models import EvidenceFile
from ..selectors.evidence import evidence_detail
from ..thresholds import day_words

# Whatever the bytes are, nothing in them runs, loads or speaks for this site.
NOTHING_RUNS = "sandbox; default-src 'none'"
BYTES_ARE = "application/octet-stream"


class _EvidenceView(PermissionView):
    permission = "view_returns"

    def file_of(self, pk: UUID) -> EvidenceFile:
        return get_object_or_404(EvidenceFile.objects.visible_to(self.request.user), pk=pk)

    def answer(self, stored: Any, name: str, content_type: str, how: str) -> HttpResponseBase:
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


class EvidenceBytes(_EvidenceView):
    """The file as it was sent, always as a download."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.file_of(pk)
        if row.deleted_at is not None or not row.file:
            return _gone(request, row)
        kind = KINDS.get(row.kind)
        return self.answer(
            row.file, row.original_name, kind.content_type if kind else BYTES_ARE, "attachment"
        )


class EvidencePicture(_EvidenceView):
    """A picture drawn again by us, for the page. Nothing else is ever shown in the browser."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.file_of(pk)
        kind = KINDS.get(row.kind)
        if kind is None or not kind.is_picture or not row.shown_file:
            raise Http404
        return self.answer(row.shown_file, row.original_name, kind.content_type, "inline")


class EvidencePage(_EvidenceView):
    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            detail = evidence_detail(pk, request.user)
        except EvidenceFile.DoesNotExist:
            raise Http404 from None
        row = detail.row
        return render(
            request,
            "contracts/evidence_detail.html",
            {
                "title": row.original_name,
                "file": row,
                "about": about_rows(row),
                "lines": detail.lines,
                "hidden": detail.hidden,
                "may_report": can(request.user, "report_delivery", on=row),
            },
        )


def about_rows(row: EvidenceFile) -> list[SummaryRow]:
    kind = KINDS.get(row.kind)
    return [
        SummaryRow("Sent by", f"{row.uploaded_by_name}, for {row.supplier}"),
        SummaryRow("Sent", day_words(timezone.localtime(row.uploaded_at).date())),
        SummaryRow(
            "Kept until",
            day_words(row.delete_after) if row.delete_after else "",
            missing="No end was set",
        ),
        SummaryRow("Kind", kind.words if kind else row.kind),
        SummaryRow("Size", size_words(row.file_bytes)),
        SummaryRow("Fingerprint (SHA-256)", row.sha256, note="The same bytes always have the same"),
    ]


def _gone(request: HttpRequest, row: EvidenceFile) -> HttpResponse:
    return render(
        request,
        "contracts/evidence_gone.html",
        {"title": "This file was deleted", "file": row},
        status=410,
    )


def disposition(how: str, name: str) -> str:
    """`name` in letters that every browser reads, and once more as it is."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip(" .") or "file"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
