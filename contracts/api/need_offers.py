"""Offers for needs, and coverage, for programs: the same rows and figures as the pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Case, CharField, QuerySet, Value, When
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community_needs.coverage import Tally
from trafford_sv.core.api.columns import Column, choice, date, text, text_of, whole
from trafford_sv.core.api.views import ApiView, ListView, etag_of

from ..filters_offers import SOURCES, OfferFilter
from ..models import Contract, NeedOffer
from ..selectors.need_coverage import coverage_on


def amount(name: str, help_text: str, source: str | None = None) -> Column:
    schema = serializers.DecimalField(
        max_digits=14, decimal_places=2, help_text=help_text, read_only=True, allow_null=True
    )
    key = source or name
    return Column(
        name,
        schema,
        key,
        make=lambda row: None if row[key] is None else f"{Decimal(row[key]):.2f}",
    )


class Offers(ListView):
    """Promises proposed for needs, and what came of each."""

    permission = "view_offers"
    tag, noun, file_name = "offers", "offers", "offers-for-needs"
    filterset_class = OfferFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("need_id", "The need."),
        text("need_title", "What is needed.", "need__title"),
        text("priority", "The need's priority, by its key.", "need__priority__key"),
        text("hub_name", "The hub that asks; null for none.", "need__hub__name", null=True),
        whole("supplier_id", "Who helps."),
        text("supplier_name", "Who helps, by name.", "supplier__name"),
        choice("source", "What is offered.", SOURCES, "source_kind_sql"),
        whole("commitment_id", "The commitment or pledge; null for a spare offer.", null=True),
        choice("state", "How far it is.", NeedOffer.State.choices),
        text("unit", "What is counted; empty for a need that is not.", "need__unit"),
        amount("offered_quantity", "In the need's unit; null for a need that is not counted."),
        amount("accepted_quantity", "What the hub took; null before."),
        amount("delivered_quantity", "What the supplier says it brought; null before."),
        amount("confirmed_quantity", "What the hub says arrived; null before, 0 for nothing."),
        date("delivered_on", "When it was done; null before."),
        whole("rank", "Its place in the ranking when it was proposed.", null=True),
        amount("score", "Its points of 100 when it was proposed."),
        text("declined_reason", "Why the hub said no; empty where it did not."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[NeedOffer]:
        found: Any = NeedOffer.objects.visible_to(self.request.user)
        return found.annotate(  # type: ignore[no-any-return]
            source_kind_sql=Case(
                When(spare__isnull=False, then=Value("spare")),
                When(commitment__contract__kind=Contract.Kind.PLEDGE, then=Value("pledge")),
                default=Value("commitment"),
                output_field=CharField(),
            )
        )


class CellSerializer(serializers.Serializer):
    ward_code = serializers.CharField(help_text="Of the 2023 boundaries.")
    ward_name = serializers.CharField()
    priority = serializers.CharField(help_text="The priority's key.")
    open = serializers.IntegerField(
        allow_null=True, help_text="Nothing accepted yet; null where nobody was asked."
    )
    matched = serializers.IntegerField(allow_null=True)
    part_met = serializers.IntegerField(allow_null=True)
    met = serializers.IntegerField(allow_null=True)
    live_promises = serializers.IntegerField(
        help_text="Agreed commitments and pledges that name the ward and fit the priority."
    )


class TotalSerializer(serializers.Serializer):
    priority = serializers.CharField()
    open = serializers.IntegerField()
    matched = serializers.IntegerField()
    part_met = serializers.IntegerField()
    met = serializers.IntegerField()
    live_promises_without_ward = serializers.IntegerField()


class IndicatorSerializer(serializers.Serializer):
    ward_code = serializers.CharField()
    indicator = serializers.CharField(help_text="Its key.")
    title = serializers.CharField()
    value = serializers.DecimalField(max_digits=12, decimal_places=4)
    unit = serializers.CharField()
    period = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class CoverageSerializer(serializers.Serializer):
    """Needs by ward and priority. A need in several wards is in each cell, once in a total."""

    as_of = serializers.DateField()
    wards_not_asked = serializers.ListField(child=serializers.CharField())
    totals = TotalSerializer(many=True)
    cells = CellSerializer(many=True)
    indicators = IndicatorSerializer(many=True)


class CoverageView(ApiView):
    """Needs, matched and met, by ward and priority, beside live promises and deprivation."""

    permission = "view_needs"
    tag, noun, one = "coverage", "coverage", "coverage"
    response_serializer = CoverageSerializer
    parameters: ClassVar[dict[str, str]] = {
        "as_of": "A day: needs open by then and promises live then. Today unless given.",
    }

    def get(self, request: Request) -> Response:
        found = coverage_on(self.day_parameter("as_of") or self.today, request.user, most=0)
        names = {ward.code: ward.name for ward in found.wards}
        body = {
            "as_of": found.as_of.isoformat(),
            "wards_not_asked": list(found.matrix.not_asked),
            "totals": [
                {
                    "priority": one.key,
                    **_tally(found.matrix.by_priority[one.key]),
                    "live_promises_without_ward": found.anywhere.get(one.key, 0),
                }
                for one in found.priorities
            ],
            "cells": [
                {
                    "ward_code": row.ward,
                    "ward_name": names[row.ward],
                    "priority": cell.priority,
                    **_tally(cell.tally),
                    "live_promises": cell.live,
                }
                for row in found.matrix.rows
                for cell in row.cells
            ],
            "indicators": [
                {
                    "ward_code": code,
                    "indicator": each.key,
                    "title": each.label,
                    "value": text_of(each.value),
                    "unit": each.unit,
                    "period": each.period,
                    "source": each.source,
                }
                for code, held in found.indicators.items()
                for each in held.values()
            ],
        }
        return Response(body, headers={"ETag": etag_of(body, None)})


def _tally(tally: Tally | None) -> dict[str, int | None]:
    if tally is None:
        return {"open": None, "matched": None, "part_met": None, "met": None}
    return {
        "open": tally.open,
        "matched": tally.matched,
        "part_met": tally.part_met,
        "met": tally.met,
    }


urlpatterns: list[URLPattern | URLResolver] = [
    path("offers/", Offers.as_view(), name="api-offers"),
    path("coverage/", CoverageView.as_view(), name="api-coverage"),
]
