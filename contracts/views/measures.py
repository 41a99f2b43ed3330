"""The measure library: the list of measures, its editions, the dated rates, how values are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.navigation import NavigationLink, url_of
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.views_base import PublicView

from ..filters_measures import MeasureFilter
from ..licensing import TEXT_WITHHELD, WITHHELD
from ..measure_words import unit_value
from ..models import Measure, MeasureEdition, OpenRate
from ..selectors.measures import (
    Sight,
    edition_lines,
    measure_rows,
    theme_lines,
    visible_editions,
)

KIND_TAGS = {
    Measure.Kind.SOCIAL: Tag("Social value", Tone.INFO),
    Measure.Kind.LOCAL_ECONOMIC: Tag("Local economic value", Tone.WARNING),
    Measure.Kind.RECORD_ONLY: Tag("Counted, not priced", Tone.NEUTRAL),
}
SIX_PLACES = Decimal("0.000001")
UNCONFIRMED = Tag("Not confirmed yet", Tone.WARNING)
_OUTWARD = Sight(may_see_licensed=False, outward=True)


def _words(name: str) -> Any:
    """A column of words, withheld where the edition's licence keeps them in."""

    def of(row: Measure) -> str:
        if not _OUTWARD.text(row.edition):
            return TEXT_WITHHELD
        found: Any = row
        for part in name.split("."):
            found = getattr(found, part)
        return str(found)

    return of


def _method(row: Measure) -> str:
    """It may hold the value's arithmetic, so it needs both permissions."""
    if row.method and not _OUTWARD.value(row.edition):
        return WITHHELD
    return str(_words("method")(row))


def _value(row: Any) -> Any:
    if row.current_value_pounds is None:
        return None
    if not _OUTWARD.value(row.edition):
        return WITHHELD
    return row.current_value_pounds.quantize(SIX_PLACES)


class MeasureList(ListMixin, PublicView):
    title = "Measures"
    noun = "measure"
    introduction = (
        "What a supplier can promise, how it is counted, and what one unit of it is worth. "
        "Every value names its source and its day."
    )
    filterset_class = MeasureFilter
    template_name = "contracts/measure_list.html"
    row_template = "contracts/_measure_rows.html"
    columns = (
        Column("Measure", sort="title"),
        Column("Kind", sort="kind"),
        Column("Unit"),
        Column("Value of one unit today", numeric=True),
    )
    sorts = {
        "edition": Sort(
            "Theme",
            ("-edition__is_default", "edition__name", "position"),
            "as in the edition",
            "from the end",
        ),
        "title": Sort("Title", ("title",)),
        "code": Sort("Code", ("code",)),
        "kind": Sort("Kind", ("kind", "position")),
    }
    default_sort = "edition"
    export_columns = (
        ExportColumn("Edition", "edition.name"),
        ExportColumn("Licence", "edition.licence"),
        ExportColumn("Code", "code"),
        ExportColumn("Theme", _words("outcome.theme.title")),
        ExportColumn("Outcome", _words("outcome.title")),
        ExportColumn("Title", _words("title")),
        ExportColumn("Unit", _words("unit")),
        ExportColumn("Kind", lambda row: row.get_kind_display()),
        ExportColumn("How it is counted", lambda row: row.get_counting_display()),
        ExportColumn("Value of one unit today, pounds", _value),
        ExportColumn("Evidence asked", _words("evidence_asked")),
        ExportColumn("Method", _method),
        ExportColumn("Charter principle", "charter_principle"),
        ExportColumn("Attribution", "edition.attribution"),
    )
    export_name = "measures"
    empty_state = EmptyState(
        "No measures yet",
        "The open library comes with the reference data: run manage.py load_reference. "
        "A council’s own licensed workbook can be imported.",
    )

    def get_queryset(self) -> QuerySet[Measure]:
        return measure_rows(self.request.user, self.today)

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_measures") and can(self.request.user, "run_imports"):
            return Link("Import an edition", f"{reverse('import-new')}?kind=measures")
        return None

    def get_context(self) -> dict[str, Any]:
        sight = Sight.of(self.request.user)
        for row in self.page.object_list:
            row.kind_tag = KIND_TAGS[row.kind]
            row.shown_value = shown_value(row, sight)
            row.is_withheld = row.current_value_pounds is not None and not row.shown_value
            row.is_unconfirmed = "unconfirmed" in (row.confidence, row.current_confidence)
        path = reverse("measure-list")
        asked = self.request.GET.get("theme", "")
        return {
            "themes": [
                (theme.title, theme.measures, f"{path}?{urlencode({'theme': theme.title})}")
                for theme in theme_lines(self.request.user)
            ],
            "theme_asked": asked,
            "pages": library_pages(self.request),
        }


def shown_value(row: Any, sight: Sight) -> str:
    """The value in force as it reads; "" where there is none or the licence keeps it in."""
    if row.current_value_pounds is None or not sight.value(row.edition):
        return ""
    return unit_value(row.current_value_pounds)


def library_pages(request: HttpRequest) -> list[NavigationLink]:
    """The library's pages, with the one that is open marked."""
    offered = [
        ("Measures", "measure-list"),
        ("Editions", "measure-edition-list"),
        ("Compare two editions", "measure-compare"),
        ("Rates", "measure-rates"),
        ("Local priorities", "priority-year-list"),
        ("How values are made", "measure-method"),
        ("How measures are counted", "counting-rules"),
    ]
    if can(request.user, "see_dashboard"):
        offered.append(("The same deliveries under two editions", "measure-restatement"))
    found = [(text, url_of(name)) for text, name in offered]
    return [
        NavigationLink(text, url, "page" if url == request.path else "")
        for text, url in found
        if url
    ]


class RateList(ListMixin, PublicView):
    """The dated public rates that the open library's values are made from."""

    title = "Rates"
    noun = "rate"
    introduction = (
        "Public rates with the day from which each holds. The open library’s values are made "
        "from them. A rate that changes gets a new row; the old one stays."
    )
    row_template = "contracts/_rate_rows.html"
    template_name = "contracts/measure_rates.html"
    page_size = 60
    columns = (
        Column("Rate", sort="label"),
        Column("From", sort="from"),
        Column("To"),
        Column("Amount", numeric=True),
        Column("Source"),
    )
    sorts = {
        "label": Sort("Rate", ("label", "-valid_from")),
        "from": Sort("First day", ("valid_from",), "earliest first", "latest first"),
    }
    default_sort = "label"
    export_columns = (
        ExportColumn("Code", "code"),
        ExportColumn("Rate", "label"),
        ExportColumn("Amount", "rate_quantity"),
        ExportColumn("Unit", "unit"),
        ExportColumn("From", "valid_from"),
        ExportColumn("To", "valid_to"),
        ExportColumn("Price year", "price_year"),
        ExportColumn("Source", "source_title"),
        ExportColumn("Address", "source_address"),
        ExportColumn("Licence", "licence"),
        ExportColumn("Confidence", lambda row: row.get_confidence_display()),
        ExportColumn("Note", "note"),
    )
    empty_state = EmptyState(
        "No rates yet", "They come with the reference data: run manage.py load_reference."
    )

    def get_queryset(self) -> QuerySet[OpenRate]:
        return OpenRate.objects.all()

    def get_context(self) -> dict[str, Any]:
        return {"breadcrumbs": crumbs(("Rates", None)), "pages": library_pages(self.request)}


class EditionList(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        lines = edition_lines(request.user)
        context = {
            "title": "Editions",
            "lines": lines,
            "pages": library_pages(request),
            "may_import": can(request.user, "change_measures") and can(request.user, "run_imports"),
            "breadcrumbs": crumbs(("Editions", None)),
        }
        return render(request, "contracts/measure_edition_list.html", context)


class EditionDetail(PublicView):
    """What an edition is, who may use it, and what may be shown of it."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        edition = visible_editions(request.user).filter(key=key).first()
        if edition is None:
            raise Http404
        line = next(line for line in edition_lines(request.user) if line.edition.pk == edition.pk)
        may_change = can(request.user, "change_measures")
        may_read = edition.text_may_be_published or can(request.user, "view_measures")
        context = {
            "title": edition.name,
            "edition": edition,
            "line": line,
            "may_change": may_change,
            "may_read": may_read,
            "list_url": f"{reverse('measure-list')}?{urlencode({'edition': edition.key})}",
            "facts": edition_facts(edition),
            "history": history_of(edition) if may_change else None,
            "breadcrumbs": crumbs(
                ("Editions", reverse("measure-edition-list")), (edition.name, None)
            ),
        }
        return render(request, "contracts/measure_edition_detail.html", context)


def edition_facts(edition: MeasureEdition) -> list[SummaryRow]:
    confirmed = (
        f"{edition.licence_confirmed_by_name}, {edition.licence_confirmed_at:%-d %B %Y}"
        if edition.licence_confirmed_at
        else None
    )
    is_open = edition.values_may_be_published and edition.text_may_be_published
    return [
        SummaryRow("Publisher", edition.publisher),
        SummaryRow(
            "In force",
            f"From {edition.valid_from:%-d %B %Y}"
            + (f" to {edition.valid_to:%-d %B %Y}" if edition.valid_to else ", with no end set"),
        ),
        SummaryRow("Licence", edition.licence, note=edition.licence_address),
        SummaryRow("Who holds the licence", edition.licence_holder, missing="Not recorded"),
        SummaryRow(
            "Licence confirmed by",
            confirmed,
            missing="Nobody needs to: it is open to everyone"
            if is_open
            else "Nobody yet: it is treated as closed",
        ),
        SummaryRow(
            "May its values be published?",
            "Yes" if edition.values_may_be_published else "No",
            note=""
            if edition.values_may_be_published
            else "Totals of a contract are shown; values of one unit and pounds of one line are not",
        ),
        SummaryRow("May its words be published?", "Yes" if edition.text_may_be_published else "No"),
        SummaryRow(
            "May social and local economic value be added?",
            "Yes" if edition.is_combinable else "No, they stand apart",
        ),
        SummaryRow("Where it came from", edition.provenance),
    ]


class MethodPage(PublicView):
    """How values are made, and why they are low."""

    def get(self, request: HttpRequest) -> HttpResponse:
        edition = visible_editions(request.user).filter(is_default=True).first()
        context = {
            "title": "How values are made",
            "edition": edition,
            "pages": library_pages(request),
            "breadcrumbs": crumbs(("How values are made", None)),
        }
        return render(request, "contracts/measure_method.html", context)


def crumbs(*further: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [("Measures", reverse("measure-list")), *further]
