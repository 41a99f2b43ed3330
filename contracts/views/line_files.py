"""A supplier puts files to a line, several at once, and takes them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from trafford_sv.core.files.kinds import ACCEPT, KINDS, KINDS_WORDS, clean_name, too_large_words
from trafford_sv.core.uploads import too_large
from trafford_sv.core.workbooks import size_words

from ..models import EvidenceFile, ReturnLine
from ..selectors.evidence import files_for_another_line, files_of_line
from ..services.evidence import (
    NOT_CHANGEABLE,
    is_changeable,
    link_evidence,
    store_evidence,
    unlink_evidence,
)
from .supplier_base import SupplierView

MOST_AT_ONCE = 20
Problems = list[tuple[str, str]]


class LineFiles(SupplierView):
    upload_limits = ("EVIDENCE_MAX_BYTES", "EVIDENCE_REQUEST_MAX_BYTES")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.line(pk), [])

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        action = request.POST.get("action", "send")
        if action == "send":
            problems = self.send(line)
        else:
            problems = self.change(line, action)
        if problems:
            return self.page(line, problems)
        return redirect("supplier-line-files", line.pk)

    def send(self, line: ReturnLine) -> Problems:
        """Each file by itself: one that is no good keeps none of the others out."""
        files = self.request.FILES.getlist("files")
        problems = [
            (clean_name(name), too_large_words(None, self.largest_file))
            for name in too_large(self.request)
        ]
        if not files and not problems:
            return [("", "Choose at least one file.")]
        if len(files) > MOST_AT_ONCE:
            return [("", f"Choose at most {MOST_AT_ONCE} files at once. None of them was kept.")]
        kept = 0
        for file in files:
            try:
                self.keep(line, file)
                kept += 1
            except ValidationError as error:
                problems.append((clean_name(file.name or ""), " ".join(error.messages)))
        if kept:
            of = kept + len(problems)
            words = "1 file is" if kept == 1 else f"{kept} files are"
            messages.success(
                self.request,
                f"{words} with this line now." if not problems
                else f"{kept} of {of} files {'is' if kept == 1 else 'are'} with this line now.",
            )  # fmt: skip
        return problems

    def keep(self, line: ReturnLine, file: Any) -> None:
        if not is_changeable(line):  # before anything is kept
            raise ValidationError(NOT_CHANGEABLE)
        stored = store_evidence(
            file=file,
            original_name=file.name or "",
            supplier=line.delivery_return.supplier,
            by=self.request.user,
            now=self.now,
        )
        link_evidence(file=stored, line=line, by=self.request.user, now=self.now)

    def change(self, line: ReturnLine, action: str) -> Problems:
        file = self.own_file(line)
        if file is None or action not in {"use", "take-off"}:
            return [("", "Choose a file from the list.")]
        service = link_evidence if action == "use" else unlink_evidence
        try:
            service(file=file, line=line, by=self.request.user, now=self.now)
        except ValidationError as error:
            return [(file.original_name, " ".join(error.messages))]
        messages.success(
            self.request,
            f"“{file.original_name}” is with this line now."
            if action == "use"
            else f"“{file.original_name}” is taken off this line. You can put it back below.",
        )
        return []

    def own_file(self, line: ReturnLine) -> EvidenceFile | None:
        try:
            key = UUID(self.request.POST.get("file", ""))
        except ValueError:
            return None
        return EvidenceFile.objects.filter(
            pk=key, supplier=line.delivery_return.supplier_id
        ).first()

    @property
    def largest_file(self) -> int:
        return settings.EVIDENCE_MAX_BYTES

    def page(self, line: ReturnLine, problems: Problems) -> HttpResponse:
        files = [shown(file) for file in files_of_line(line)]
        changeable = is_changeable(line)
        return render(
            self.request,
            "contracts/line_files.html",
            {
                "title": f"Files for line {line.number}",
                "breadcrumbs": self.crumbs(line.delivery_return, f"Files for line {line.number}"),
                "line": line,
                "delivery_return": line.delivery_return,
                "asked": line.commitment.evidence_rule or line.commitment.measure.evidence_asked,
                "files": files,
                "warned": any(file.warnings for file in files),
                "others": [shown(file) for file in files_for_another_line(line)]
                if changeable
                else [],
                "changeable": changeable,
                "problems": problems,
                "has_errors": bool(problems),
                "accept": ACCEPT,
                "hint": f"{KINDS_WORDS}. Up to {size_words(self.largest_file)} each, {MOST_AT_ONCE} at once.",
            },
        )


def shown(file: EvidenceFile) -> EvidenceFile:
    """The row with what its list says about it in words."""
    kind = KINDS.get(file.kind)
    file.words = f"{kind.words if kind else file.kind}, {size_words(file.file_bytes)}"  # type: ignore[attr-defined]
    return file
