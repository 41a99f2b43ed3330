"""Measure editions and measures for programs, as each edition's licence allows.

Where a licence keeps values or words in, they are null here for everyone, whoever asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, Row, choice, date, text, text_of, whole, yes_no
from trafford_sv.core.api.views import ListView

from ..filters_measures import MeasureFilter
from ..licensing import may_show_text, may_show_value
from ..models import Measure, MeasureEdition, MeasureValue
from ..models.measures import CONFIDENCE
from ..selectors.measures import measure_rows, visible_editions


class MeasureEditions(ListView):
    """Editions of the measure library: licence, holder, validity, and what may be published."""

    permission = "view_measures"
    tag, noun, file_name = "measures", "measure_editions", "measure-editions"
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("key", "What `edition` may be in the list of measures."),
        text("name", "Its name."),
        text("publisher", "Who published it."),
        choice("status", "Whether it is offered for new contracts.", MeasureEdition.Status.choices),
        yes_no("is_default", "Offered first for a new contract."),
        date("valid_from", "First day.", null=False),
        date("valid_to", "Last day; null while no end is set."),
        text("licence", "The licence."),
        text("licence_address", "Where the licence can be read; may be empty."),
        text("licence_holder", "Who holds the licence."),
        text("licence_confirmed_by_name", "Who confirmed that it is held; empty where nobody did."),
        yes_no("values_may_be_published", "If false, `value_pounds` of its measures is null."),
        yes_no("text_may_be_published", "If false, titles and methods are null."),
        yes_no("is_combinable", "May social and local economic value be added into one total?"),
        text("attribution", "The words to print wherever it is used."),
        text("provenance", "Where it came from."),
        text("method_note", "What a reader should know about its method."),
        whole("measures", "How many measures it has.", "measure_count"),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[MeasureEdition]:
        return visible_editions(self.request.user).annotate(measure_count=Count("measures"))


def _shows_text(row: Row) -> bool:
    return may_show_text(row["edition__text_may_be_published"], is_public=False, outward=True)


def _shows_value(row: Row) -> bool:
    return may_show_value(
        row["edition__values_may_be_published"], may_see_licensed=False, outward=True
    )


def _words(
    name: str, help_text: str, source: str = "", shown: Callable[[Row], bool] = _shows_text
) -> Column:
    """A text that is null where the edition's licence keeps it in."""
    schema = serializers.CharField(help_text=help_text, read_only=True, allow_null=True)
    path_of = source or name
    return Column(
        name, schema, path_of, is_text=True, make=lambda row: row[path_of] if shown(row) else None
    )


def _amount(name: str, help_text: str, read: Callable[[Row], Any], source: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=18, decimal_places=6, help_text=help_text, read_only=True, allow_null=True
    )
    return Column(name, schema, source, make=lambda row: six_places(read(row)))


def six_places(amount: Decimal | None) -> str | None:
    """As it is stored, whatever the database hands over for a subquery."""
    return None if amount is None else f"{amount:.6f}"


class DatedValueSerializer(serializers.Serializer):
    value_pounds = serializers.DecimalField(max_digits=18, decimal_places=6)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
    area_code = serializers.CharField(allow_null=True, help_text="null: everywhere")
    price_year = serializers.CharField()
    source_title = serializers.CharField()
    source_address = serializers.CharField()
    licence = serializers.CharField()
    method = serializers.CharField(help_text="The arithmetic in words.")
    confidence = serializers.ChoiceField(choices=CONFIDENCE)


class Measures(ListView):
    """Measures with the value of one unit in force on a day, and its whole history."""

    permission = "view_measures"
    tag, noun, file_name = "measures", "measures", "measures"
    filterset_class = MeasureFilter
    parameters: ClassVar[dict[str, str]] = {
        "as_of": "A day (2026-11-22), today unless given: `value_pounds` is the one in force then."
    }
    envelope_schema: ClassVar[dict[str, Any]] = {"as_of": {"type": "string", "format": "date"}}
    more_sources = ("edition__text_may_be_published",)
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("edition", "The edition's key.", "edition__key"),
        text("edition_name", "The edition's name.", "edition__name"),
        text("licence", "The edition's licence.", "edition__licence"),
        text("code", "Its code in the edition."),
        _words("theme", "The theme.", "outcome__theme__title"),
        _words("outcome", "The outcome.", "outcome__title"),
        _words("title", "What is promised."),
        _words("unit", "What one of it is."),
        choice("kind", "What it adds to.", Measure.Kind.choices),
        choice("counting", "How a quantity comes about.", Measure.Counting.choices),
        yes_no("needs_attribution", "A return must say which share it claims."),
        _words("evidence_asked", "What proves it."),
        # A method may hold the value's arithmetic.
        _words(
            "method",
            "How it is valued.",
            shown=lambda row: _shows_text(row) and _shows_value(row),
        ),
        text("charter_principle", "The number of the Charter's principle; may be empty."),
        choice("confidence", "Whether it was confirmed at its source.", CONFIDENCE),
        _amount(
            "value_pounds",
            "The value of one unit in force that day; null: none, or withheld.",
            lambda row: row["current_value_pounds"] if _shows_value(row) else None,
            "current_value_pounds",
        ),
        Column(
            "value_is_withheld",
            serializers.BooleanField(
                help_text="There is a value, and its licence keeps it in.", read_only=True
            ),
            "edition__values_may_be_published",
            make=lambda row: row["current_value_pounds"] is not None and not _shows_value(row),
        ),
        Column(
            "exclusive_with",
            serializers.ListField(
                child=serializers.CharField(), help_text="Codes that may not be claimed beside it."
            ),
        ),
        Column("values", DatedValueSerializer(many=True), in_csv=False),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Measure]:
        self.as_of = self.day_parameter("as_of") or self.today
        return measure_rows(self.request.user, self.as_of)

    def envelope(self) -> dict[str, Any]:
        return {"as_of": self.as_of.isoformat()}

    def attach(self, rows: list[Row]) -> None:
        keys = [row["pk"] for row in rows]
        others: dict[int, list[str]] = defaultdict(list)
        for measure, code in (
            Measure.exclusive_with.through.objects.filter(from_measure__in=keys)
            .order_by("to_measure__code")
            .values_list("from_measure_id", "to_measure__code")
        ):
            others[measure].append(code)
        open_keys = [row["pk"] for row in rows if _shows_value(row)]
        values: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for value in MeasureValue.objects.filter(measure__in=open_keys).select_related("area"):
            values[value.measure_id].append(
                {
                    "value_pounds": six_places(value.value_pounds),
                    "valid_from": text_of(value.valid_from),
                    "valid_to": text_of(value.valid_to),
                    "area_code": value.area.code if value.area else None,
                    "price_year": value.price_year,
                    "source_title": value.source_title,
                    "source_address": value.source_address,
                    "licence": value.licence,
                    "method": value.method,
                    "confidence": value.confidence,
                }
            )
        for row in rows:
            row["exclusive_with"] = others[row["pk"]]
            row["values"] = values[row["pk"]]


urlpatterns = [
    path("measure-editions/", MeasureEditions.as_view(), name="api-measure-editions"),
    path("measures/", Measures.as_view(), name="api-measures"),
]
