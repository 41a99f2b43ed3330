"""Published editions for programs: their hash, their files, and each figure with the rows behind it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, text, whole
from trafford_sv.core.api.views import DetailView, ListView
from trafford_sv.core.periods import FinancialYear, Quarter

from ..datasets import Dataset, Figure
from ..datasets.canonical import as_plain
from ..datasets.words import formula_words, rounding_words
from ..filters import EditionFilter
from ..models import ReportEdition
from ..selectors import editions as reading


def _period(row: dict[str, Any]) -> str:
    if row["quarter"] is None:
        return str(FinancialYear(row["financial_year"]))
    return Quarter(row["financial_year"], row["quarter"]).code


class Editions(ListView):
    """Every edition that you may read, corrected ones included."""

    permission = "use_api"
    tag, noun, file_name = "reports", "editions", "editions"
    filterset_class = EditionFilter
    more_sources = ("financial_year", "quarter")
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("kind", "star-quarterly, steering-pack, annual or committee-paper."),
        Column(
            "period",
            serializers.CharField(help_text="2026-27-Q1, or 2026-27 for a year.", read_only=True),
            "financial_year",
            make=_period,
        ),
        whole("number", "1, then 2 for a correction, and so on."),
        text("title", "Its title."),
        text("what_changed", "Of a correction: what it corrects. Empty for edition 1."),
        Column(
            "published_at",
            serializers.DateTimeField(help_text="When it was frozen.", read_only=True),
            "published_at",
        ),
        whole("schema", "Schema number of its data."),
        text("sha256", "Of its data’s exact bytes."),
    )

    def rows(self) -> QuerySet[ReportEdition]:
        return ReportEdition.objects.visible_to(self.request.user)


class EditionFileSerializer(serializers.Serializer):
    format = serializers.ChoiceField(
        choices=[("pdf", "PDF"), ("docx", "Word"), ("xlsx", "Excel"), ("json", "Data")],
        read_only=True,
    )
    state = serializers.CharField(help_text="waiting, made or failed.", read_only=True)
    sha256 = serializers.CharField(help_text="Empty until it is made.", read_only=True)
    size_bytes = serializers.IntegerField(read_only=True)
    address = serializers.CharField(help_text="Where it is downloaded.", read_only=True)


class EditionSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    kind = serializers.CharField(read_only=True)
    period = serializers.CharField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    title = serializers.CharField(read_only=True)
    what_changed = serializers.CharField(read_only=True)
    published_at = serializers.DateTimeField(read_only=True)
    schema = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    manifest_sha256 = serializers.CharField(
        help_text="Of the data and all files drawn from it; empty until all are made.",
        read_only=True,
    )
    figures = serializers.IntegerField(help_text="How many figures it has.", read_only=True)
    address = serializers.CharField(help_text="Its page.", read_only=True)
    files = EditionFileSerializer(many=True, read_only=True)


class _One(DetailView):
    permission = "use_api"
    tag = "reports"

    def rows(self) -> QuerySet[ReportEdition]:
        return ReportEdition.objects.visible_to(self.request.user)

    def check(self, record: Any) -> None:
        """`rows` has left out what this person may not read; an edition belongs to the council."""


class OneEdition(_One):
    """An edition with its files."""

    noun = "edition"
    response_serializer = EditionSerializer

    def body(self, record: ReportEdition) -> dict[str, Any]:
        page, files = record.get_absolute_url(), reading.files_of(record)
        return {
            "id": record.pk,
            "kind": record.kind,
            "period": record.period_code,
            "number": record.number,
            "title": record.title,
            "what_changed": record.what_changed,
            "published_at": record.published_at.isoformat(),
            "schema": record.schema,
            "sha256": record.sha256,
            "manifest_sha256": reading.manifest_sha256(record, files),
            "figures": len(reading.dataset_of(record).figures),
            "address": page,
            "files": [
                {
                    "format": file.format,
                    "state": file.state,
                    "sha256": file.sha256,
                    "size_bytes": file.size_bytes,
                    "address": f"{page}files/{file.format}/",
                }
                for file in files
            ],
        }


class EditionFigureSerializer(serializers.Serializer):
    id = serializers.CharField(help_text="As it is in the PDF’s list of figures.", read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    unit = serializers.CharField(
        help_text="pounds, count, share (of 1) or ratio (pounds for each pound).", read_only=True
    )
    basis = serializers.CharField(
        help_text="offered, committed, reported, verified ...", read_only=True
    )
    value = serializers.CharField(
        help_text="Exact; null with a reason where it is not available.",
        allow_null=True,
        read_only=True,
    )
    reason = serializers.CharField(read_only=True)
    places = serializers.IntegerField(help_text="Decimals it is rounded to.", read_only=True)
    rounding = serializers.CharField(read_only=True)
    completeness = serializers.CharField(read_only=True)
    period = serializers.CharField(read_only=True)
    measure_edition = serializers.CharField(read_only=True)
    note = serializers.CharField(read_only=True)
    formula = serializers.DictField(
        help_text="`op` with rows, column, where and present, or with the figures it is made of.",
        read_only=True,
    )
    formula_words = serializers.CharField(read_only=True)
    address = serializers.CharField(help_text="The figure’s page.", read_only=True)


class FiguresSerializer(serializers.Serializer):
    edition = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    count = serializers.IntegerField(read_only=True)
    figures = EditionFigureSerializer(many=True, read_only=True)


class ColumnSerializer(serializers.Serializer):
    key = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    type = serializers.CharField(help_text="text, decimal, integer or date.", read_only=True)


class OpenedSerializer(EditionFigureSerializer):
    columns = ColumnSerializer(many=True, help_text="Of `rows`.", read_only=True)
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(allow_null=True)),
        help_text="Those that the formula counts; empty for a figure made of other figures.",
        read_only=True,
    )
    worked_out_again = serializers.CharField(
        help_text="From the rows, just now.", allow_null=True, read_only=True
    )
    evidence = serializers.ListField(
        child=serializers.CharField(), help_text="SHA-256 of each file it rests on.", read_only=True
    )


def figure_body(dataset: Dataset, figure: Figure, page: str) -> dict[str, Any]:
    return {
        "id": figure.id,
        "label": figure.label,
        "unit": str(figure.unit),
        "basis": str(figure.basis),
        "value": figure.value,
        "reason": figure.reason,
        "places": figure.places,
        "rounding": rounding_words(figure),
        "completeness": figure.completeness,
        "period": figure.period,
        "measure_edition": figure.measure_edition,
        "note": figure.note,
        "formula": as_plain(figure.formula),
        "formula_words": formula_words(figure, dataset),
        "address": f"{page}figures/{figure.id}/",
    }


class EditionFigures(_One):
    """Every figure of an edition; `figures/ID/` has its rows."""

    noun = "edition_figures"
    response_serializer = FiguresSerializer

    def body(self, record: ReportEdition) -> dict[str, Any]:
        dataset, page = reading.dataset_of(record), record.get_absolute_url()
        return {
            "edition": record.pk,
            "sha256": record.sha256,
            "count": len(dataset.figures),
            "figures": [figure_body(dataset, figure, page) for figure in dataset.figures],
        }


class EditionFigure(_One):
    """One figure with the rows it counts, worked out again from them."""

    noun = "edition_figure"
    response_serializer = OpenedSerializer

    def body(self, record: ReportEdition) -> dict[str, Any]:
        dataset = reading.dataset_of(record)
        opened = reading.open_figure(dataset, self.kwargs["figure"])
        if opened is None:
            raise Http404
        return {
            **figure_body(dataset, opened.figure, record.get_absolute_url()),
            "columns": [
                {"key": column.key, "label": column.label, "type": column.type}
                for column in (opened.rows.columns if opened.rows else ())
            ],
            "rows": [list(row) for row in opened.counted],
            "worked_out_again": opened.again.value,
            "evidence": [one.sha256 for one in opened.evidence],
        }


urlpatterns: list[URLPattern | URLResolver] = [
    path("editions/", Editions.as_view(), name="api-editions"),
    path("editions/<int:pk>/", OneEdition.as_view(), name="api-edition"),
    path("editions/<int:pk>/figures/", EditionFigures.as_view(), name="api-edition-figures"),
    path(
        "editions/<int:pk>/figures/<slug:figure>/",
        EditionFigure.as_view(),
        name="api-edition-figure",
    ),
]
