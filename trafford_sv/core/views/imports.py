"""Importing files: choose, map, check, look, apply; and what came of it."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from ..access import can
from ..exports import ExportColumn, export_response, zip_response
from ..forms_imports import MappingForm, StartForm
from ..importing import (
    FileRefused,
    Importer,
    description_of,
    figures_of,
    importer_for,
    importers,
    question_form_of,
    title_of,
)
from ..lists import Column, ListPage, Sort, changed
from ..models import DataFlag, ImportRow, ImportRun
from ..parts import EmptyState, Link, PageLink, Paging, SummaryRow, Tag, Tone
from ..queueing import hand_over
from ..selectors.imports import (
    RejectedRow,
    column_samples,
    progress_of,
    reject_headings,
    rejected_rows,
    rejected_sheets,
    suggest_mapping,
)
from ..services import imports
from ..tasks import apply_import, plan_import
from ..views_base import PermissionView

State = ImportRun.State
Outcome = ImportRow.Outcome
# A file up to this size is read while the person waits; a larger one goes to the background.
INLINE_BYTES = 2 * 1024 * 1024
ROWS_A_PAGE = 50
NOT_CHECKED_YET = (
    "The background worker cannot be reached just now. The file is kept, and is checked by itself "
    "a few minutes after the worker is back."
)
NOT_APPLIED = (
    "The background worker cannot be reached just now, so nothing was applied. The file and its "
    "check are kept: try again in a few minutes, or tell an administrator."
)
TONES = {
    State.UPLOADED: Tone.INFO,
    State.PLANNING: Tone.INFO,
    State.PLANNED: Tone.INFO,
    State.APPLYING: Tone.INFO,
    State.APPLIED: Tone.GOOD,
    State.REFUSED: Tone.BAD,
    State.CANCELLED: Tone.NEUTRAL,
}


def state_tag(run: ImportRun) -> Tag:
    return Tag(run.get_state_display(), TONES[State(run.state)])


def allowed_importers(user: Any) -> list[Importer]:
    return [each for each in importers().values() if can(user, each.permission)]


class ImportList(ListPage):
    permission = "view_imports"
    title = "Imports"
    noun = "import"
    introduction = "Files that were brought in, what they changed and what was left out."
    row_template = "core/_import_rows.html"
    columns = (
        Column("File", sort="name"),
        Column("State"),
        Column("New", numeric=True),
        Column("Changed", numeric=True),
        Column("Rejected", numeric=True),
        Column("When", sort="when"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "name": Sort("File", ("original_name",)),
        "when": Sort("When", ("created_at",), "oldest first", "newest first"),
    }
    default_sort = "-when"
    empty_state = EmptyState(
        "No files have been imported yet",
        "Contracts and spending come in from the files you have. Nothing is changed until you have "
        "seen what would change.",
        Link("Import a file", "/imports/new/"),
    )

    def get_queryset(self) -> QuerySet[ImportRun]:
        return ImportRun.objects.defer("columns", "facts")

    def get_main_action(self) -> Link | None:
        if not can(self.request.user, "run_imports"):
            return None
        return Link("Import a file", reverse("import-new"))

    template_name = "core/import_list.html"

    def get_context(self) -> dict[str, Any]:
        for run in self.page.object_list:
            run.tag, run.kind_title = state_tag(run), title_of(run.kind)
        return {"open_flags": DataFlag.objects.filter(state=DataFlag.State.OPEN).count()}


class _RunView(PermissionView):
    """A page about one import. `run_view` says who may change it: the kind's own permission too."""

    def run_of(self, pk: UUID) -> ImportRun:
        run = get_object_or_404(ImportRun, pk=pk)
        if self.permission == "run_imports":
            self.check_kind(run.kind)
        return run

    def check_kind(self, kind: str) -> None:
        importer = importers().get(kind)
        if importer is None or not can(self.request.user, importer.permission):
            raise PermissionDenied

    def may_run(self, run: ImportRun) -> bool:
        importer = importers().get(run.kind)
        return (
            importer is not None
            and can(self.request.user, "run_imports")
            and can(self.request.user, importer.permission)
        )

    def ask_or_plan(self, run: ImportRun) -> HttpResponseRedirect:
        """Some kinds ask more than the columns before the file is checked."""
        if question_form_of(run) is not None:
            return redirect("import-answers", run.pk)
        return self.start_planning(run)

    def start_planning(self, run: ImportRun) -> HttpResponseRedirect:
        try:
            run = imports.queue_planning(run=run, by=self.request.user, now=self.now)
        except imports.ImportStateError as error:
            messages.error(self.request, str(error))
            return redirect("import-detail", run.pk)
        if run.file_bytes <= INLINE_BYTES:
            imports.plan_run(run=run, by=self.request.user, now=self.now)
        elif not hand_over(plan_import, str(run.pk)):
            messages.error(self.request, NOT_CHECKED_YET)
        return redirect("import-detail", run.pk)


class ImportNew(_RunView):
    """Which kind, which file."""

    permission = "run_imports"

    def get(self, request: HttpRequest) -> HttpResponse:
        kind = request.GET.get("kind", "")
        return self.page(
            StartForm(importers=allowed_importers(request.user), initial={"kind": kind})
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = StartForm(request.POST, request.FILES, importers=allowed_importers(request.user))
        if not form.is_valid():
            return self.page(form)
        self.check_kind(form.cleaned_data["kind"])
        file = form.cleaned_data["file"]
        try:
            run = imports.upload_file(
                kind=form.cleaned_data["kind"],
                file=file,
                name=file.name,
                source_name=form.cleaned_data["source_name"],
                by=request.user,
                now=self.now,
            )
        except FileRefused as error:
            form.add_error("file", str(error))
            return self.page(form)
        if run.facts.get("headings") and importer_for(run.kind).fields:
            return redirect("import-columns", run.pk)
        return self.ask_or_plan(run)

    def page(self, form: StartForm) -> HttpResponse:
        described = [
            (each.title, each.description, ", ".join(each.extensions))
            for each in form.importers.values()
        ]
        return render(
            self.request,
            "core/import_new.html",
            {"form": form, "title": "Import a file", "described": described},
        )


class ImportColumns(_RunView):
    """Which column is which; remembered for the next file with these headings."""

    permission = "run_imports"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        if run.file_deleted_at:
            return redirect("import-detail", run.pk)
        suggested, name = suggest_mapping(kind=run.kind, headings=run.facts.get("headings", []))
        return self.page(run, self.form(run, run.columns or suggested), name)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        if run.file_deleted_at:
            return redirect("import-detail", run.pk)
        form = self.form(run, {}, request.POST)
        if not form.is_valid():
            return self.page(run, form, "")
        try:
            run = imports.remember_mapping(
                run=run,
                headings=run.facts["headings"],
                columns=form.cleaned_data,
                by=request.user,
                now=self.now,
            )
        except imports.ImportStateError as error:
            messages.error(request, str(error))
            return redirect("import-detail", run.pk)
        return self.ask_or_plan(run)

    def form(self, run: ImportRun, suggested: dict[str, str], data: Any = None) -> MappingForm:
        return MappingForm(
            data,
            importer=importer_for(run.kind),
            headings=run.facts.get("headings", []),
            suggested=suggested,
        )

    def page(self, run: ImportRun, form: MappingForm, remembered: str) -> HttpResponse:
        return render(
            self.request,
            "core/import_columns.html",
            {
                "form": form,
                "run": run,
                "title": "Which column is which?",
                "remembered": remembered,
                "samples": column_samples(run),
            },
        )


class ImportAnswers(_RunView):
    """What only a person can say about the file: under which licence it is held, say."""

    permission = "run_imports"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        form_class = question_form_of(run)
        if form_class is None or run.file_deleted_at:
            return redirect("import-detail", run.pk)
        return self.page(run, form_class(initial=run.answers))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        form_class = question_form_of(run)
        if form_class is None or run.file_deleted_at:
            return redirect("import-detail", run.pk)
        form = form_class(request.POST)
        if not form.is_valid():
            return self.page(run, form)
        try:
            run = imports.keep_answers(
                run=run, answers=form.cleaned_data, by=request.user, now=self.now
            )
        except imports.ImportStateError as error:
            messages.error(request, str(error))
            return redirect("import-detail", run.pk)
        return self.start_planning(run)

    def page(self, run: ImportRun, form: Any) -> HttpResponse:
        return render(
            self.request,
            "core/import_answers.html",
            {"form": form, "run": run, "title": form.title},
        )


class ImportDetail(_RunView):
    """Where an import stands: being checked, the preview, the result."""

    permission = "view_imports"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        may_run = self.may_run(run)
        context = {
            "run": run,
            "title": run.original_name,
            "kind_title": title_of(run.kind),
            "tag": state_tag(run),
            "may_run": may_run,
            "asks": question_form_of(run) is not None,
            "facts": self.facts(run),
        }
        if run.state in (State.PLANNING, State.APPLYING):
            done, total = progress_of(run)
            percent = min(99, done * 100 // total) if total else None
            context |= {
                "done": done,
                "total": total,
                "percent": percent,
                # Read out by a screen reader: each tenth, not each step.
                "said": f"{percent // 10 * 10}% done" if percent is not None else "",
                "follow": request.GET.get("follow") == "yes",
                "waiting": run.state == State.PLANNING and run.heartbeat_at is None,
            }
            return render(request, "core/import_progress.html", context)
        if run.state in (State.PLANNED, State.APPLIED) and not run.file_deleted_at:
            context |= self.preview(run, may_run)
        return render(request, "core/import_detail.html", context)

    def facts(self, run: ImportRun) -> list[SummaryRow]:
        rows = [
            SummaryRow("Kind", title_of(run.kind)),
            SummaryRow("Publisher", run.source_name) if run.source_name else None,
            SummaryRow("Brought in by", f"{run.started_by_name}, {_moment(run)}"),
        ]
        if run.state == State.APPLIED and run.applied_by_name:
            rows.append(SummaryRow("Applied by", run.applied_by_name))
        if run.state in (State.PLANNED, State.APPLIED):
            rows.append(SummaryRow("Rows in the file", f"{run.rows:,}"))
            rows += [SummaryRow(label, text) for label, text in figures_of(run)]
        rows.append(SummaryRow("Fingerprint (SHA-256)", run.file_sha256))
        return [row for row in rows if row]

    def preview(self, run: ImportRun, may_run: bool) -> dict[str, Any]:
        counts = {
            Outcome.NEW: run.created,
            Outcome.CHANGED: run.changed,
            Outcome.REJECTED: run.rejected,
        }
        wanted = self.request.GET.get("show", "")
        if wanted in Outcome.values:
            asked = Outcome(wanted)
        else:
            asked = next(
                (name for name in (Outcome.CHANGED, Outcome.NEW, Outcome.REJECTED) if counts[name]),
                Outcome.NEW,
            )
            if run.rejected and run.state == State.APPLIED:
                asked = Outcome.REJECTED
        if asked == Outcome.REJECTED and run.rejected and may_run:
            imports.mark_rejects_seen(run=run, by=self.request.user, now=self.now)
        paginator = Paginator(run.planned_rows.filter(outcome=asked).order_by("pk"), ROWS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("page"))
        rows: list[Any] = list(page.object_list)
        for row in rows:
            row.described = description_of(run, row)
        labels = {Outcome.NEW: "New", Outcome.CHANGED: "Changed", Outcome.REJECTED: "Rejected"}
        return {
            "show": asked,
            "rows": rows,
            "tabs": [
                {
                    "text": labels[name],
                    "count": count,
                    "url": changed(self.request, show=str(name), page=None),
                    "current": name == asked,
                }
                for name, count in counts.items()
            ],
            "paging": self.paging(paginator, page),
            "to_apply": run.created + run.changed,
            "unlisted": counts[asked] > paginator.count,
        }

    def paging(self, paginator: Paginator, page: Any) -> Paging:
        links = []
        if paginator.num_pages > 1:
            for number in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
                if isinstance(number, int):
                    links.append(
                        PageLink(
                            number, changed(self.request, page=str(number)), number == page.number
                        )
                    )
                else:
                    links.append(PageLink(None))
        return Paging(
            first=page.start_index(),
            last=page.end_index(),
            total=paginator.count,
            links=links,
            previous_url=changed(self.request, page=str(page.number - 1))
            if page.has_previous()
            else "",
            next_url=changed(self.request, page=str(page.number + 1)) if page.has_next() else "",
        )


def _moment(run: ImportRun) -> str:
    from ..templatetags.components import moment

    return moment(run.created_at)


class ImportCheck(_RunView):
    """Read the file once more, against the records as they are now."""

    permission = "run_imports"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.start_planning(self.run_of(pk))


class ImportApply(_RunView):
    permission = "run_imports"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        try:
            run = imports.claim_apply(
                run=run,
                only_valid=request.POST.get("only_valid") == "yes",
                by=request.user,
                now=self.now,
            )
            if run.file_bytes <= INLINE_BYTES:
                imports.apply_claimed(run=run, by=request.user, now=self.now)
                messages.success(request, "The import is done.")
            elif not hand_over(apply_import, str(run.pk)):
                imports.release_claim(run=run, by=request.user, message="")
                messages.error(request, NOT_APPLIED)
        except imports.ImportStateError as error:
            messages.error(request, str(error))
        return redirect("import-detail", run.pk)


class ImportCancel(_RunView):
    """Asks first: the file is thrown away."""

    permission = "run_imports"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        return render(
            request, "core/import_cancel.html", {"run": run, "title": "Cancel this import"}
        )

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = self.run_of(pk)
        try:
            imports.cancel_run(run=run, by=request.user, now=self.now)
        except imports.ImportStateError as error:
            messages.error(request, str(error))
            return redirect("import-detail", run.pk)
        messages.success(
            request, f"The import of {run.original_name} is cancelled. Nothing was changed."
        )
        return redirect("import-list")


class ImportRejects(_RunView):
    """The rejected rows as a file like the one that came, with why."""

    permission = "view_imports"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        run = self.run_of(pk)
        if run.file_deleted_at:
            return redirect("import-detail", run.pk)
        if run.rejected and self.may_run(run):
            imports.mark_rejects_seen(run=run, by=request.user, now=self.now)
        ending = run.original_name.lower().rpartition(".")[2]
        if ending in ("json", "jsonl", "ndjson"):
            return _json_package(run)
        if ending == "zip":
            return zip_response(
                (
                    (
                        f"rejected-{sheet.rpartition('.')[0] or sheet or 'rows'}",
                        _reject_columns(run, sheet),
                        rejected_rows(run, sheet),
                    )
                    for sheet in rejected_sheets(run) or [""]
                ),
                name=f"rejected-{run.pk}",
            )
        return export_response(
            "xlsx" if ending == "xlsx" else "csv",
            _reject_columns(run),
            rejected_rows(run),
            name=f"rejected-{run.pk}",
            title="Rejected",
        )


def _reject_columns(run: ImportRun, sheet: str | None = None) -> list[ExportColumn]:
    return [
        *(
            ExportColumn(heading, lambda row, name=heading: row.raw.get(name, ""))  # type: ignore[misc]
            for heading in reject_headings(run, sheet)
        ),
        ExportColumn("Row in the file", lambda row: row.row_number),
        ExportColumn("Why it was rejected", lambda row: row.why),
    ]


def _json_package(run: ImportRun) -> HttpResponse:
    """The rejected releases as a package, numbers as they were written; why, beside each."""
    kept: list[str] = []
    whys: list[dict[str, Any]] = []
    row: RejectedRow
    for row in rejected_rows(run):
        text = row.raw.get("json", "[]").strip()
        inner = text[1:-1].strip() if text.startswith("[") else text
        if inner:
            kept.append(inner)
        whys.append({"release": row.row_number, "why": row.why})
    body = (
        '{"version": "1.1", "rejected": '
        + json.dumps(whys, ensure_ascii=False)
        + ', "releases": [\n'
        + ",\n".join(kept)
        + "\n]}\n"
    )
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="rejected-{run.pk}.json"'},
    )
