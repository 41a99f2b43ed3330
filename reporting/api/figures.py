"""One figure of the catalogue for programs: value, formula, rounding, editions, and where its rows are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.urls import URLPattern, URLResolver, path, reverse
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.api.scopes import SCOPE_PARAMETERS, ScopedView
from contracts.models import Contract
from trafford_sv.core.access import can
from trafford_sv.core.api.views import etag_of
from trafford_sv.core.periods import Quarter

from ..catalogue import CATALOGUE, Basis, FigureGone, Unit
from ..forms.boards import NOT_YET
from ..selectors.boards import BoardScope, FigureTrace, figure_trace
from ..selectors.narrowed_measures import not_limited, not_limited_words


class EditionPartSerializer(serializers.Serializer):
    edition = serializers.CharField(help_text="The edition's key.")
    name = serializers.CharField()
    licence = serializers.CharField(allow_blank=True)
    rows = serializers.IntegerField()
    pounds = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)


class OfferTotalSerializer(serializers.Serializer):
    contract_id = serializers.IntegerField()
    rows = serializers.IntegerField()
    pounds = serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True,
        help_text="null: nothing is priced, or a licence keeps it in.",
    )  # fmt: skip
    withheld = serializers.BooleanField()


class CatalogueFigureSerializer(serializers.Serializer):
    """A figure with everything that is needed to check it."""

    figure = serializers.ChoiceField(choices=sorted(CATALOGUE))
    basis = serializers.ChoiceField(choices=[one.value for one in Basis])
    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=[one.value for one in Unit])
    period = serializers.CharField(help_text="The quarter, or the last of them.")
    span = serializers.ChoiceField(choices=("to-date", "quarter"))
    as_of = serializers.DateField(
        allow_null=True, help_text="It is as known at the end of this day; null: as known now."
    )
    value = serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True,
        help_text="null: nothing is recorded, which is not 0, or it is withheld.",
    )  # fmt: skip
    withheld = serializers.BooleanField(
        help_text="There is a value that a licence keeps in: as known on a day of the past wherever it keeps in a part."
    )
    formula = serializers.CharField()
    rounding = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True, help_text="How many rows it adds up.")
    rows_url = serializers.CharField(
        allow_blank=True,
        help_text="The API's list of exactly those rows; empty where none has them.",
    )
    rows_words = serializers.CharField(
        allow_blank=True, help_text="What that list does not show by itself, or why there is none."
    )
    totals = OfferTotalSerializer(
        many=True, help_text="Of what was offered: by agreement, in place of the sealed lines."
    )
    evidence_url = serializers.CharField(
        allow_blank=True, help_text="The API’s list of the rows that have files; empty without any."
    )
    evidence_files = serializers.IntegerField(allow_null=True, help_text="Files on those rows.")
    editions = EditionPartSerializer(many=True)
    returns_expected = serializers.IntegerField()
    returns_received = serializers.IntegerField()


class Figures(ScopedView):
    """Any figure of the catalogue, over what this token may read."""

    permission = "view_commitments"
    tag, noun, one = "reports", "figures", "figure"
    response_serializer = CatalogueFigureSerializer
    parameters: ClassVar[dict[str, str]] = {
        "figure": "Its key, for example social_value.",
        "basis": "What it rests on: one of those that the figure can be read as.",
        "quarter": "A quarter, such as 2026-27-Q1; the last that is over unless given.",
        "span": "`quarter` counts that quarter alone, `to-date` everything up to its end.",
        "as_of": "As known at the end of that day, such as 2026-11-22; as known now unless given.",
        **SCOPE_PARAMETERS,
    }
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "figure": tuple(sorted(CATALOGUE)),
        "basis": tuple(one.value for one in Basis),
        "span": ("to-date", "quarter"),
        "agreement": tuple(Contract.Kind.values),
    }

    def get(self, request: Request) -> Response:
        key = self._one_of("figure") or "social_value"
        wanted = CATALOGUE[key]
        basis = self._one_of("basis") or wanted.bases[-1].value
        if key.startswith("spend_") and not can(request.user, "view_spend"):
            raise exceptions.PermissionDenied
        last = self.quarter("quarter", Quarter.of(self.today).previous)
        span = self._one_of("span") or "to-date"
        scope = self.scope()
        if cannot := not_limited(key, scope):
            said = [not_limited_words(key, scope)]
            raise exceptions.ValidationError({one.value: said for one in cannot})
        as_of = self.day_parameter("as_of") if request.query_params.get("as_of") else None
        if as_of is not None and as_of > self.today:
            raise exceptions.ValidationError({"as_of": [NOT_YET]})
        about = BoardScope(scope, last if span == "quarter" else None, last, as_of)
        try:
            trace = figure_trace(request.user, key, basis, about, outward=True)
        except FigureGone as gone:
            field = "basis" if basis not in wanted.bases else "as_of"
            raise exceptions.ValidationError({field: [str(gone)]}) from gone
        body = body_of(trace, span)
        return Response(body, headers={"ETag": etag_of(body, None)})

    def _one_of(self, name: str) -> str | None:
        return self.one_of(name, self.choices[name])


def body_of(trace: FigureTrace, span: str) -> dict[str, Any]:
    return {
        "figure": trace.figure.key,
        "basis": trace.basis,
        "name": trace.figure.name,
        "unit": trace.figure.unit.value,
        "period": trace.about.last.code,
        "span": span,
        "as_of": trace.about.as_of,
        "value": None if trace.value is None else f"{trace.value:.2f}",
        "withheld": trace.is_withheld,
        "formula": trace.formula,
        "rounding": trace.rounding,
        "rows": trace.rows,
        "rows_url": "" if trace.figure.key == "returns_expected" else api_rows(trace.rows_url),
        "rows_words": trace.rows_words,
        "totals": [
            {
                "contract_id": one.contract,
                "rows": one.rows,
                "pounds": None if one.offered_pounds is None else f"{one.offered_pounds:.2f}",
                "withheld": one.is_withheld,
            }
            for one in trace.totals
        ],
        "evidence_files": trace.evidence_files,
        "evidence_url": api_rows(trace.evidence_url),
        "editions": [
            {
                "edition": part.key,
                "name": part.name,
                "licence": part.licence,
                "rows": part.lines,
                "pounds": None if part.value_pounds is None else f"{part.value_pounds:.2f}",
            }
            for part in trace.editions
        ],
        "returns_expected": trace.completeness.expected,
        "returns_received": trace.completeness.received,
    }


# The list for programs beside each page's list; both have the same filters under the same names.
PROMISES = {
    "delivery-list": "api-deliveries",
    "commitment-list": "api-commitments",
    "contract-list": "api-contracts",
}
LISTS = {**PROMISES, "return-list": "api-returns", "payment-list": "api-spend"}


def api_rows(page: str, lists: Mapping[str, str] = LISTS) -> str:
    """The same list for programs; "" where there is none among these."""
    for name, api in lists.items():
        if page.startswith(reverse(name) + "?"):
            return reverse(api) + page[len(reverse(name)) :]
    return ""


urlpatterns: list[URLPattern | URLResolver] = [
    path("figures/", Figures.as_view(), name="api-figures"),
]
