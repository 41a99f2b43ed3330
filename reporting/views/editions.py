"""Reports that were published, and their drafts: the page, its files, and each figure opened."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn, export_response
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Table
from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.serving import file_response
from trafford_sv.core.views_base import PermissionView, PublicView

from ..datasets import Dataset, figure_words
from ..datasets.words import formula_words, rests_on, rounding_words
from ..editions import EditionKind, NotReady, Period, UnknownKind, kind_of, kinds, period_code
from ..filters import EditionFilter
from ..models import EditionFile, ReportEdition
from ..rendering import Sheet, sections_of
from ..rendering.sheet import row_words
from ..selectors import editions as reading
from ..selectors.reopened import reopened_since
from ..services.edition_files import try_again
from ..services.editions import draft_of
from ..tasks import draw_edition

ROWS_SHOWN = 200
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
Crumbs = list[tuple[str, str | None]]


def crumbs(*more: tuple[str, str | None]) -> Crumbs:
    return [("Published reports", reverse("edition-list")), *more]


def asked_kind(key: str) -> EditionKind:
    try:
        return kind_of(key)
    except UnknownKind:
        raise Http404 from None


def asked_period(kind: EditionKind, code: str) -> Period:
    """As addresses write it, so that each period has one address."""
    try:
        period = kind.parse_period(code)
    except PeriodError:
        raise Http404 from None
    if period_code(period) != code or not 2000 <= period.start_year <= 2200:
        raise Http404
    return period


def latest_period(kind: EditionKind, today: Any) -> Period:
    """The last that is over."""
    if kind.is_yearly:
        return FinancialYear(FinancialYear.of(today).start_year - 1)
    return Quarter.of(today).previous


def sheet_of(edition: ReportEdition) -> Sheet:
    """From the text as read once a process."""
    return Sheet(reading.dataset_of(edition), edition.sha256, edition.get_absolute_url())


class EditionList(ListMixin, PublicView):
    """Every edition that this person may read, the latest period first."""

    title = "Published reports"
    noun = "edition"
    introduction = (
        "Each report is published once and then never changed. Every number in it can be opened "
        "to the rows that made it. A correction is a new edition that says what changed."
    )
    filterset_class = EditionFilter
    template_name = "reporting/edition_list.html"
    row_template = "reporting/_edition_rows.html"
    columns = (
        Column("Report", sort="title"),
        Column("Period", sort="period"),
        Column("Edition"),
        Column("Published", sort="published"),
    )
    sorts = {
        "title": Sort("Report", ("title",)),
        "period": Sort(
            "Period", ("financial_year", "quarter", "number"), "oldest first", "latest first"
        ),
        "published": Sort("Published", ("published_at",), "oldest first", "latest first"),
    }
    default_sort = "-period"
    export_columns = (
        ExportColumn("Report", "title"),
        ExportColumn("Period", "period_code"),
        ExportColumn("Edition", "number"),
        ExportColumn("Published", "published_at"),
        ExportColumn("What changed", "what_changed"),
        ExportColumn("SHA-256", "sha256"),
    )
    empty_state = EmptyState(
        "No report is published yet", "The first appears here once a quarter is closed."
    )

    def get_queryset(self) -> QuerySet[ReportEdition]:
        return reading.editions_seen(self.request.user)

    def get_context(self) -> dict[str, Any]:
        drafts = []
        if can(self.request.user, "view_reports"):
            for kind in kinds():
                period = latest_period(kind, self.today)
                address = reverse("edition-draft", args=[kind.key, period_code(period)])
                drafts.append(Link(f"{kind.name}, {period.label}", address))
        return {"drafts": drafts}


class _One(PublicView):
    """One published edition; what a person may not read is not there for them."""

    def edition(self, kind: str, period: str, number: int) -> ReportEdition:
        held = asked_kind(kind)
        found = reading.edition_at(
            self.request.user, kind, asked_period(held, period), min(number, 10_000)
        )
        if found is None:
            raise Http404
        return found


class EditionPage(_One):
    def get(self, request: HttpRequest, kind: str, period: str, number: int) -> HttpResponse:
        edition = self.edition(kind, period, number)
        sheet, files = sheet_of(edition), reading.files_of(edition)
        later = reading.later_edition(edition)
        context = {
            **body_of(sheet),
            "edition": edition,
            "later": later,
            "reopened": reopened_since(edition) if later is None else (),
            # Words of the house: a reason is written for colleagues.
            "may_read_reasons": can(request.user, "view_reports"),
            "files": files,
            "has_failed": any(file.state == EditionFile.State.FAILED for file in files),
            "manifest_sha256": reading.manifest_sha256(edition, files),
            "may_publish": can(request.user, "publish_reports"),
            "publish_address": reverse("edition-publish", args=[kind, period]),
            "breadcrumbs": crumbs((str(edition), None)),
        }
        return render(request, "reporting/edition_detail.html", context)


def body_of(sheet: Sheet) -> dict[str, Any]:
    """What the page of an edition and of a draft have in common."""
    dataset = sheet.dataset
    period = f", {dataset.subtitle}" if dataset.subtitle else ""
    edition = f", edition {dataset.number}" if dataset.number else ", draft"
    return {
        "title": f"{dataset.title}{period}{edition}",
        "dataset": dataset,
        "sheet": sheet,
        "sections": sections_of(sheet),
        "figures_address": f"{sheet.address}figures/",
    }


class SaysWhatIsMissing(PermissionView):
    """A report that cannot be gathered yet says what is missing, and nothing of it is shown."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotReady as error:
            held = asked_kind(kwargs["kind"])
            when = asked_period(held, kwargs["period"])
            context = {
                "title": f"{held.name}, {when.label}: not ready yet",
                "sentence": str(error),
                "papers": reverse("committee-paper-list") if held.key == "committee-paper" else "",
                "breadcrumbs": crumbs((f"{held.name}, {when.label}", None)),
            }
            return render(request, "reporting/edition_not_ready.html", context)


class DraftPage(SaysWhatIsMissing):
    """What would be published now, live: gathered anew each time."""

    permission = "view_reports"

    def draft(self, kind: str, period: str) -> tuple[EditionKind, Period, Dataset]:
        held = asked_kind(kind)
        when = asked_period(held, period)
        return held, when, draft_of(kind, when, now=self.now)

    def get(self, request: HttpRequest, kind: str, period: str) -> HttpResponse:
        held, when, dataset = self.draft(kind, period)
        sheet = Sheet(dataset, "", request.path)
        context = {
            **body_of(sheet),
            "may_publish": can(request.user, "publish_reports"),
            "publish_address": reverse("edition-publish", args=[kind, period]),
            "breadcrumbs": crumbs((f"Draft: {held.name}, {when.label}", None)),
        }
        return render(request, "reporting/edition_detail.html", context)


class EditionFigures(_One):
    """Every figure of an edition, with its value in full."""

    def get(self, request: HttpRequest, kind: str, period: str, number: int) -> HttpResponse:
        edition = self.edition(kind, period, number)
        return figures_page(request, sheet_of(edition), str(edition), edition.get_absolute_url())


class DraftFigures(DraftPage):
    def get(self, request: HttpRequest, kind: str, period: str) -> HttpResponse:
        held, when, dataset = self.draft(kind, period)
        address = reverse("edition-draft", args=[kind, period])
        name = f"Draft: {held.name}, {when.label}"
        return figures_page(request, Sheet(dataset, "", address), name, address)


def figures_page(request: HttpRequest, sheet: Sheet, name: str, address: str) -> HttpResponse:
    dataset = sheet.dataset
    table = Table(
        "Figures, each with the page that opens it",
        ("Figure", "Value", "Rests on", "Completeness"),
        [
            (
                Link(figure.label, sheet.figure_address(figure.id)),
                figure_words(figure, "exact"),
                rests_on(figure, dataset),
                figure.completeness or figure.reason,
            )
            for figure in dataset.figures
        ],
        frozenset({1}),
        is_stacked=True,
    )
    context = {
        "title": f"Figures of {name}",
        "table": table,
        "count": len(dataset.figures),
        "breadcrumbs": crumbs((name, address), ("Figures", None)),
    }
    return render(request, "reporting/edition_figures.html", context)


class EditionFigure(_One):
    """One figure opened: formula, rounding, rows, evidence."""

    def get(
        self, request: HttpRequest, kind: str, period: str, number: int, figure: str
    ) -> HttpResponseBase:
        edition = self.edition(kind, period, number)
        return figure_page(
            request, sheet_of(edition), figure, str(edition), edition.get_absolute_url()
        )


class DraftFigure(DraftPage):
    def get(  # type: ignore[override]
        self, request: HttpRequest, kind: str, period: str, figure: str
    ) -> HttpResponseBase:
        held, when, dataset = self.draft(kind, period)
        address = reverse("edition-draft", args=[kind, period])
        name = f"Draft: {held.name}, {when.label}"
        return figure_page(request, Sheet(dataset, "", address), figure, name, address)


def figure_page(
    request: HttpRequest, sheet: Sheet, key: str, name: str, address: str
) -> HttpResponseBase:
    opened = reading.open_figure(sheet.dataset, key)
    if opened is None:
        raise Http404
    figure, rows = opened.figure, opened.rows
    if request.GET.get("format") in ("csv", "xlsx") and rows is not None:
        columns = [
            ExportColumn(column.label, _cell(place, column.type))
            for place, column in enumerate(rows.columns)
        ]
        return export_response(
            request.GET["format"],
            columns,
            opened.counted,
            name=f"{figure.id}-rows",
            title=figure.id,
        )
    context = {
        "title": f"{figure.label}: how it came about{'' if sheet.sha256 else ', in the draft'}",
        "name": name,
        "address": address,
        "opened": opened,
        "figure": figure,
        "words": figure_words(figure),
        "exact": figure_words(figure, "exact"),
        "summary": _summary(sheet.dataset, opened),
        "parts": [
            (part, figure_words(part, "exact"), sheet.figure_address(part.id))
            for part in opened.parts
        ],
        "rows": _rows(opened),
        "rows_left": max(0, len(opened.counted) - ROWS_SHOWN),
        "evidence": _evidence(request.user, opened),
        "breadcrumbs": crumbs((name, address), (figure.label, None)),
    }
    return render(request, "reporting/edition_figure.html", context)


def cell_value(value: str | None, type_of: str) -> Any:
    """For a spreadsheet: numbers stay numbers, days stay days."""
    if value is None or type_of == "text":
        return value
    return datetime.date.fromisoformat(value) if type_of == "date" else Decimal(value)


def _summary(dataset: Dataset, opened: reading.OpenFigure) -> list[SummaryRow]:
    figure, again = opened.figure, opened.again
    if again.problem:
        said = again.problem
    elif again.value is None:
        said = "Not available, as published." if figure.value is None else "Not available."
    else:
        said = f"{again.value}, difference {again.difference}"
    return [
        SummaryRow("Rests on", rests_on(figure, dataset)),
        SummaryRow("Period", figure.period, missing="The report’s own"),
        SummaryRow("Completeness", figure.completeness, missing="Does not depend on returns"),
        SummaryRow("Formula", formula_words(figure, dataset)),
        SummaryRow("Rounding", rounding_words(figure)),
        SummaryRow("Worked out again from the rows", said),
        SummaryRow("Measure and library", figure.measure_edition, missing="None: it is a count or a sum of record"),
        *([SummaryRow("To know", figure.note)] if figure.note else []),
        SummaryRow("Id", figure.id, note="The same in the API, the files and the exported folder."),
    ]  # fmt: skip


def _rows(opened: reading.OpenFigure) -> Table | None:
    """What the formula adds stands third, after what a row is about; a row's own key is in the files."""
    rows = opened.rows
    if rows is None or not opened.counted:
        return None
    columns = [one for one in rows.columns if one.key != "key" or len(rows.columns) < 3]
    wanted = [one for one in columns if one.key == opened.figure.formula.column]
    rest = [one for one in columns if one not in wanted]
    columns = [*rest[:2], *wanted, *rest[2:]]
    return Table(
        rows.title,
        [column.label for column in columns],
        [
            [row_words(row[rows.places[column.key]], column.type) for column in columns]
            for row in opened.counted[:ROWS_SHOWN]
        ],
        frozenset(n for n, one in enumerate(columns) if one.type in ("decimal", "integer")),
    )


def _evidence(user: Any, opened: reading.OpenFigure) -> list[tuple[Any, str]]:
    shown = opened.evidence[:ROWS_SHOWN]
    keys = reading.evidence_addresses(user, shown)
    return [
        (one, reverse("evidence-detail", args=[keys[one.sha256]]) if one.sha256 in keys else "")
        for one in shown
    ]


class EditionFileDownload(_One):
    """A stored file, as it was made; nothing is drawn here."""

    def get(
        self, request: HttpRequest, kind: str, period: str, number: int, format: str
    ) -> HttpResponseBase:
        edition = self.edition(kind, period, number)
        if format == EditionFile.Format.JSON:
            # The text itself: there from the moment of publication.
            response = HttpResponse(edition.dataset_text.encode(), content_type="application/json")
            response["Content-Disposition"] = f'attachment; filename="{edition.file_stem}.json"'
            return response
        file = edition.files.filter(format=format).first()
        if file is None:
            raise Http404
        if not file.is_ready:
            messages.info(request, _why_not_ready(file))
            return redirect(edition)
        return file_response(
            file.file, name=file.file_name, content_type=CONTENT_TYPES[format], how="attachment"
        )


def _why_not_ready(file: EditionFile) -> str:
    """Reading starts no work: the files are drawn by the queue and the schedule."""
    if file.state == EditionFile.State.FAILED:
        return (
            f"The {file.get_format_display()} could not be made. An officer can have it made again."
        )
    return (
        f"The {file.get_format_display()} is being made. New files are there in a few minutes: try "
        "again then. The data can be downloaded now."
    )


class EditionFilesAgain(PermissionView):
    """Files that could not be made are tried once more."""

    permission = "publish_reports"

    def get(self, request: HttpRequest, kind: str, period: str, number: int) -> HttpResponseBase:
        return redirect("edition-detail", kind, period, number)

    def post(self, request: HttpRequest, kind: str, period: str, number: int) -> HttpResponseBase:
        found = reading.edition_at(
            request.user, kind, asked_period(asked_kind(kind), period), min(number, 10_000)
        )
        if found is None:
            raise Http404
        try_again(edition=found, by=request.user, now=self.now)
        hand_over(draw_edition, found.pk)  # the schedule draws what the queue did not take
        messages.success(request, "The files are made again. That takes a few minutes.")
        return redirect(found)


def _cell(place: int, type_of: str) -> Callable[[Any], Any]:
    """The value of one column of a row, as its type is exported."""
    return lambda row: cell_value(row[place], type_of)
