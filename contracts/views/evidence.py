"""Evidence: its page, its bytes as a download, and its picture."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from trafford_sv.core.access import can
from trafford_sv.core.files.kinds import KINDS
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.serving import BYTES_ARE, file_response
from trafford_sv.core.views_base import PermissionView
from trafford_sv.core.workbooks import size_words

from ..models import EvidenceFile
from ..selectors.evidence import evidence_detail
from ..thresholds import day_words


class _EvidenceView(PermissionView):
    permission = "view_returns"

    def file_of(self, pk: UUID) -> EvidenceFile:
        return get_object_or_404(EvidenceFile.objects.visible_to(self.request.user), pk=pk)


class EvidenceBytes(_EvidenceView):
    """The file as it was sent, always as a download."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.file_of(pk)
        if row.deleted_at is not None or not row.file:
            return _gone(request, row)
        kind = KINDS.get(row.kind)
        return file_response(
            row.file,
            name=row.original_name,
            content_type=kind.content_type if kind else BYTES_ARE,
            how="attachment",
        )


class EvidencePicture(_EvidenceView):
    """A picture drawn again by us, for the page. Nothing else is ever shown in the browser."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.file_of(pk)
        kind = KINDS.get(row.kind)
        if kind is None or not kind.is_picture or not row.shown_file:
            raise Http404
        return file_response(
            row.shown_file, name=row.original_name, content_type=kind.content_type, how="inline"
        )


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
