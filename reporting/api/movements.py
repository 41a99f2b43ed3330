"""Why a measure moved between two quarters, for programs: the parts of the page, which add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.urls import URLPattern, URLResolver, path
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.selectors.position_scope import total_reader
from trafford_sv.core.api.views import ApiView, etag_of
from trafford_sv.core.periods import PeriodError, Quarter

from ..catalogue import FigureGone, Unit
from ..models import StarMeasure
from ..movements import Part
from ..selectors.movements import MovedLine, WhyItMoved, why_it_moved
from ..star_measures import PERIOD_WORDS, Period
from .figures import PROMISES, api_rows


def _amount(help_text: str, *, allow_null: bool = False) -> serializers.CharField:
    return serializers.CharField(help_text=help_text, allow_null=allow_null)


class MovedPartSerializer(serializers.Serializer):
    part = serializers.ChoiceField(choices=[one.value for one in Part])
    name = serializers.CharField()
    change = _amount("In the measure's unit, with its sign.")
    rows_after_url = serializers.CharField(
        allow_blank=True,
        help_text="The API's list of exactly its rows in the later quarter; empty where none has them.",
    )
    rows_before_url = serializers.CharField(
        allow_blank=True, help_text="The same in the earlier quarter."
    )


class MovementSerializer(serializers.Serializer):
    """The parts add up to `change` exactly."""

    measure = serializers.CharField(help_text="The measure's key.")
    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=[one.value for one in Unit])
    period = serializers.CharField(help_text="What a quarter's value counts, in words.")
    compare = serializers.CharField(help_text="The earlier quarter, for example 2026-27-Q1.")
    quarter = serializers.CharField(help_text="The later quarter.")
    before = _amount("null: the quarter has no value, which is not 0.", allow_null=True)
    after = _amount("null: the quarter has no value, which is not 0.", allow_null=True)
    change = _amount("`after` less `before`; null where one of them is.", allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why there are no parts.")
    parts = MovedPartSerializer(many=True)


class Movements(ApiView):
    """Delivery, new agreements, values of one unit and late returns, from the rows as they are now."""

    permission = "view_reports"
    tag, noun, one = "reports", "star_movements", "star_movement"
    response_serializer = MovementSerializer
    parameters: ClassVar[dict[str, str]] = {
        "measure": "A measure's key; needed.",
        "quarter": "The later quarter, such as 2026-27-Q1; the last that is over unless given.",
        "compare": "The earlier quarter; the one before the later unless given.",
    }

    def get(self, request: Request) -> Response:
        key = request.query_params.get("measure", "")
        measure = (
            None
            if not key or "\x00" in key
            else StarMeasure.objects.select_related("directorate").filter(key=key).first()
        )
        if measure is None:
            raise exceptions.ValidationError(
                {"measure": ["Give the key of a measure; `star-measures/` lists them."]}
            )
        second = self._quarter("quarter") or Quarter.of(self.today).previous
        first = self._quarter("compare") or second.previous
        if first >= second:
            raise exceptions.ValidationError(
                {"compare": ["Choose a quarter that comes before the other one."]}
            )
        try:
            reader = total_reader(request.user, outward=True)
            why = why_it_moved(measure, first, second, reader=reader, with_agreements=False)
        except FigureGone as gone:
            why = WhyItMoved(measure, first, second, None, None, reason=str(gone))
        body = body_of(why)
        return Response(body, headers={"ETag": etag_of(body, None)})

    def _quarter(self, name: str) -> Quarter | None:
        words = self.request.query_params.get(name, "")
        if not words:
            return None
        try:
            return Quarter.parse(words)
        except PeriodError as error:
            raise exceptions.ValidationError({name: [str(error)]}) from error


def body_of(why: WhyItMoved) -> dict[str, Any]:
    return {
        "measure": why.measure.key,
        "name": why.measure.name,
        "unit": why.measure.unit,
        "period": PERIOD_WORDS[Period(why.measure.period)],
        "compare": why.first.code,
        "quarter": why.second.code,
        "before": _plain(why.before),
        "after": _plain(why.after),
        "change": _plain(why.change),
        "reason": why.reason,
        "parts": [_part(part) for part in why.parts],
    }


def _part(part: MovedLine) -> dict[str, Any]:
    return {
        "part": part.part.value,
        "name": part.name,
        "change": _plain(part.change),
        "rows_after_url": api_rows(part.rows_after, PROMISES),
        "rows_before_url": ""
        if part.part in (Part.NEW, Part.VALUES)
        else api_rows(part.rows_before, PROMISES),
    }


def _plain(amount: Decimal | None) -> str | None:
    """Text, so that no reader rounds it; never with an exponent."""
    return None if amount is None else f"{amount:f}"


urlpatterns: list[URLPattern | URLResolver] = [
    path("star-movements/", Movements.as_view(), name="api-star-movements"),
]
