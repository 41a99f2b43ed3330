"""A return filled in offline: download, upload, look at each cell, accept all or part."""

from __future__ import annotations

import hashlib
import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.exports import CONTENT_TYPES
from trafford_sv.core.files.kinds import clean_name
from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.serving import disposition
from trafford_sv.core.uploads import too_large
from trafford_sv.core.workbooks import FileRefused, size_words

from ..imports.return_comparison import read_return_workbook
from ..imports.return_workbook import MOST_BYTES, write_return_workbook
from ..models import DeliveryReturn, ReturnUpload
from ..return_cells import COLUMNS, in_words
from ..return_rules import return_is_editable
from ..services.return_uploads import (
    ACCEPTED,
    CONFLICT,
    ERROR,
    OPEN_STATES,
    OUTCOME_WORDS,
    WITHOUT_A_QUESTION,
    accept_upload,
    cancel_upload,
    keep_upload,
    refuse_upload,
)
from .supplier_base import SupplierView

CELLS_ON_A_PAGE = 100
TONES = {CONFLICT: Tone.WARNING, ERROR: Tone.BAD, ACCEPTED: Tone.GOOD}
UPLOAD_TONES = {
    ReturnUpload.State.CHECKED: Tone.INFO,
    ReturnUpload.State.PART: Tone.WARNING,
    ReturnUpload.State.ACCEPTED: Tone.GOOD,
    ReturnUpload.State.REFUSED: Tone.BAD,
    ReturnUpload.State.CANCELLED: Tone.NEUTRAL,
}


class WorkbookView(SupplierView):
    def own_return(self, pk: int) -> DeliveryReturn:
        try:
            return (
                DeliveryReturn.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
                .filter(supplier__in=self.suppliers)
                .select_related("contract", "supplier")
                .get(pk=pk)
            )
        except (DeliveryReturn.DoesNotExist, OverflowError):
            raise Http404 from None


class WorkbookPage(WorkbookView):
    """What to do, the upload, and the uploads before."""

    upload_limits = ("EVIDENCE_MAX_BYTES", "EVIDENCE_MAX_BYTES")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.own_return(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.own_return(pk)
        file = request.FILES.get("file")
        if file is None:
            if too_large(request):
                return self.page(row, _too_large())
            return self.page(row, "Choose the workbook that you filled in.")
        if not any(return_state_takes(row)):
            return self.page(
                row,
                "This return is with the council and takes no changes now. Nothing was changed.",
            )
        if file.size is None or file.size > MOST_BYTES:
            return self.page(row, _too_large())
        body = file.read()
        name, digest = clean_name(file.name or ""), hashlib.sha256(body).hexdigest()
        try:
            preview = read_return_workbook(io.BytesIO(body), row, today=self.today)
        except FileRefused as refused:
            refuse_upload(
                delivery_return=row,
                original_name=name,
                file_sha256=digest,
                sentence=str(refused),
                by=request.user,
                now=self.now,
            )
            return self.page(row, str(refused))
        if not preview.cells and not preview.notes:
            return self.page(
                row, "", "This workbook changes nothing: every cell is as it is stored here."
            )
        upload = keep_upload(
            delivery_return=row,
            original_name=name,
            file_sha256=digest,
            cells=preview.cells,
            notes=preview.notes,
            by=request.user,
            now=self.now,
        )
        return redirect("supplier-return-upload", row.pk, upload.pk)

    def page(self, row: DeliveryReturn, problem: str = "", note: str = "") -> HttpResponse:
        uploads = list(row.uploads.defer("cells").order_by("-uploaded_at")[:10])
        for each in uploads:
            tone = UPLOAD_TONES[ReturnUpload.State(each.state)]
            each.tag = Tag(each.get_state_display(), tone)  # type: ignore[attr-defined]
            each.is_open = each.state != ReturnUpload.State.REFUSED  # type: ignore[attr-defined]
        return render(
            self.request,
            "contracts/return_workbook.html",
            {
                "title": "Fill in the return in a workbook",
                "breadcrumbs": self.crumbs(row, "Workbook"),
                "row": row,
                "takes": any(return_state_takes(row)),
                "problem": problem,
                "note": note,
                "has_errors": bool(problem),
                "uploads": uploads,
                "largest": size_words(MOST_BYTES),
            },
        )


def return_state_takes(row: DeliveryReturn) -> tuple[bool, bool]:
    """May the return change, or at least a line that was sent back?"""
    return (
        return_is_editable(row.state),
        row.lines.filter(state="sent_back").exists(),
    )


def _too_large() -> str:
    return (
        f"This file is more than {size_words(MOST_BYTES)}. Upload the workbook that you "
        "downloaded here, without pictures in it."
    )


class WorkbookFile(WorkbookView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        detail = self.detail(pk)
        out = io.BytesIO()
        write_return_workbook(out, detail)
        response = HttpResponse(out.getvalue(), content_type=CONTENT_TYPES["xlsx"])
        name = f"Return {detail.row.contract.reference} {detail.period.code}.xlsx"
        response["Content-Disposition"] = disposition("attachment", name.replace("/", "-"))
        response["X-Content-Type-Options"] = "nosniff"
        return response


class UploadPage(WorkbookView):
    """Each cell of an upload: what stands here, what the workbook says, what would become of it."""

    def upload_of(self, row: DeliveryReturn, pk: UUID) -> ReturnUpload:
        try:
            return row.uploads.get(pk=pk)
        except ReturnUpload.DoesNotExist:
            raise Http404 from None

    def get(self, request: HttpRequest, pk: int, upload: UUID) -> HttpResponse:
        row = self.own_return(pk)
        return self.page(row, self.upload_of(row, upload))

    def post(self, request: HttpRequest, pk: int, upload: UUID) -> HttpResponseBase:
        row = self.own_return(pk)
        stored = self.upload_of(row, upload)
        action = request.POST.get("action", "")
        if action == "leave":
            cancel_upload(upload=stored, by=request.user, now=self.now)
            messages.success(request, "The rest of the workbook is left. Nothing else was changed.")
            return redirect("supplier-return-workbook", row.pk)
        ticked = request.POST.getlist("cell")
        try:
            outcome = accept_upload(
                upload=stored,
                cells=None if action == "all" else ticked,
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            return self.page(row, stored, tuple(error.messages), ticked)
        if outcome.problems:
            return self.page(row, outcome.upload, outcome.problems, ticked)
        count = outcome.accepted
        messages.success(
            request, "1 change is accepted." if count == 1 else f"{count:,} changes are accepted."
        )
        if outcome.upload.state == ReturnUpload.State.ACCEPTED:
            return redirect("supplier-return", row.pk)
        return redirect("supplier-return-upload", row.pk, stored.pk)

    def page(
        self,
        row: DeliveryReturn,
        upload: ReturnUpload,
        problems: tuple[str, ...] = (),
        ticked: list[str] | None = None,
    ) -> HttpResponse:
        is_open = upload.state in OPEN_STATES
        pages = Paginator(upload.cells, CELLS_ON_A_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        outcomes = [each["outcome"] for each in upload.cells]
        counts = {name: outcomes.count(name) for name in OUTCOME_WORDS}
        return render(
            self.request,
            "contracts/return_upload.html",
            {
                "title": "What the workbook would change"
                if is_open
                else "What the workbook changed",
                "breadcrumbs": [
                    *self.crumbs(row, "Workbook")[:-1],
                    ("Workbook", reverse("supplier-return-workbook", args=[row.pk])),
                    (upload.original_name, None),
                ],
                "row": row,
                "upload": upload,
                "is_open": is_open,
                "cells": [shown_cell(each, is_open, ticked) for each in page.object_list],
                "page": page,
                "sentence": counts_sentence(counts),
                "plain": sum(counts[name] for name in WITHOUT_A_QUESTION),
                "conflicts": counts[CONFLICT],
                "notes": upload.message.splitlines(),
                "problems": problems,
                "has_errors": bool(problems),
            },
        )


def shown_cell(cell: dict[str, Any], is_open: bool, ticked: list[str] | None) -> dict[str, Any]:
    """A cell in words. What raises no question is ticked to begin with; a conflict is not."""
    outcome, name = cell["outcome"], cell["field"]
    may_tick = is_open and outcome in WITHOUT_A_QUESTION | {CONFLICT}
    return {
        "cell": cell["cell"],
        "where": f"Line {cell['line']}"
        if cell["line"] is not None
        else f"New line, row {cell['row']}",
        "commitment": cell["commitment"],
        "field": COLUMNS.get(name, name),
        "before": in_words(name, cell["before"]),
        "base": in_words(name, cell["base"]) if cell["base"] != cell["before"] else "",
        "is_conflict": outcome == CONFLICT,
        "after": in_words(name, cell["after"]),
        "tag": Tag(OUTCOME_WORDS[outcome], TONES.get(outcome, Tone.INFO)),
        "sentence": cell["sentence"],
        "may_tick": may_tick,
        "ticked": cell["cell"] in ticked if ticked is not None else outcome in WITHOUT_A_QUESTION,
    }


def counts_sentence(counts: dict[str, int]) -> str:
    """12 cells would change, 1 was changed here too, and 2 cannot be taken."""
    change = sum(counts[name] for name in WITHOUT_A_QUESTION)
    parts = []
    if change:
        parts.append(f"{change:,} {'cell' if change == 1 else 'cells'} would change")
    if counts[CONFLICT]:
        parts.append(
            f"{counts[CONFLICT]:,} {'was' if counts[CONFLICT] == 1 else 'were'} changed here too"
        )
    if counts[ERROR]:
        parts.append(f"{counts[ERROR]:,} cannot be taken")
    if counts[ACCEPTED]:
        parts.append(f"{counts[ACCEPTED]:,} {'is' if counts[ACCEPTED] == 1 else 'are'} accepted")
    if not parts:
        return "No cell would change."
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text}."
