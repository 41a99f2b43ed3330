"""Editions as pages, API and e-mails read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from contracts.models import EvidenceFile

from ..datasets import Dataset, Evidence, Figure, Recomputed, Row, RowSet, read_dataset, recompute
from ..datasets.formulas import FormulaError, matching
from ..edition_folder import DATA, manifest_of
from ..editions import Period
from ..models import EditionFile, ReportEdition


def editions_seen(user: Any) -> QuerySet[ReportEdition]:
    """Without their texts, which only a page about one needs."""
    return ReportEdition.objects.visible_to(user).defer("dataset_text")


def edition_at(user: Any, kind: str, period: Period, number: int) -> ReportEdition | None:
    """None where there is none or this person may not read it. One query."""
    return (
        ReportEdition.objects.visible_to(user).of_period(kind, period).filter(number=number).first()
    )


def later_edition(edition: ReportEdition) -> ReportEdition | None:
    """The one that stands instead. One query."""
    return (
        ReportEdition.objects.of_period(edition.kind, edition.period)
        .filter(number__gt=edition.number)
        .order_by("-number")
        .defer("dataset_text")
        .first()
    )


@lru_cache(maxsize=8)
def _held(sha256: str, text: str) -> Dataset:
    return read_dataset(text)


def dataset_of(edition: ReportEdition) -> Dataset:
    """Read once a process: the text never changes."""
    return _held(edition.sha256, edition.dataset_text)


@dataclass(frozen=True)
class OpenFigure:
    """A figure with the rows it counts, worked out again. `parts`: the figures it is made of."""

    figure: Figure
    again: Recomputed
    rows: RowSet | None
    counted: tuple[Row, ...]
    parts: tuple[Figure, ...]
    evidence: tuple[Evidence, ...]


def open_figure(dataset: Dataset, key: str) -> OpenFigure | None:
    figure = dataset.by_id.get(key)
    if figure is None:
        return None
    rows = dataset.row_sets.get(figure.formula.rows)
    counted: tuple[Any, ...] = ()
    if rows is not None:
        try:
            counted = tuple(matching(rows, figure.formula))
        except FormulaError:
            counted = ()
    keys = {row[0] for row in counted}
    return OpenFigure(
        figure=figure,
        again=recompute(dataset, figure),
        rows=rows,
        counted=counted,
        parts=tuple(dataset.by_id[one] for one in figure.formula.figures if one in dataset.by_id),
        evidence=tuple(
            one
            for one in dataset.evidence
            if rows is not None and one.rows == rows.id and one.row in keys
        ),
    )


def evidence_addresses(user: Any, evidence: tuple[Evidence, ...]) -> dict[str, Any]:
    """The key of each file that this person may open, by hash. One query, none without evidence."""
    hashes = {one.sha256 for one in evidence}
    if not hashes or not getattr(user, "is_authenticated", False):
        return {}
    found = EvidenceFile.objects.visible_to(user).filter(sha256__in=hashes)
    return dict(found.values_list("sha256", "pk"))


def files_of(edition: ReportEdition) -> list[EditionFile]:
    """In the order in which they are offered; one query."""
    files = list(edition.files.all())
    for file in files:
        file.edition = edition
    return files


def manifest_sha256(edition: ReportEdition, files: list[EditionFile]) -> str:
    """One hash of the data and every file drawn from it; "" until all are made, as it would change."""
    if not files or not all(file.is_ready for file in files):
        return ""
    drawn = {f"report.{file.format}": file.sha256 for file in files if file.format != "json"}
    return manifest_of({DATA: edition.sha256, **drawn})


def web_address(edition: ReportEdition) -> str:
    """For e-mails and documents."""
    return f"{settings.SITE_URL}{edition.get_absolute_url()}"
