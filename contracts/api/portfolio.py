"""The four figures for programs, and the lines that they add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from trafford_sv.core.api.columns import Column, Row, choice, text, whole
from trafford_sv.core.api.views import ListView, etag_of
from trafford_sv.core.money import pounds as to_pounds
from trafford_sv.core.periods import Quarter

from ..counting import claimed, four_places
from ..filters_deliveries import DeliveryFilter
from ..four_figures import Amounts, FourFigures
from ..licensing import may_show_text, may_show_value
from ..models import Contract, Measure, ReturnLine
from ..selectors.deliveries import delivery_rows
from ..selectors.position_groups import BREAKDOWNS, breakdown
from ..selectors.position_report import portfolio_report
from .scopes import SCOPE_PARAMETERS, ScopedView

FOUR = ("offered", "committed", "reported", "verified")
# A measure's own total beside its quantity would give its value away.
GROUPS = tuple(sorted(set(BREAKDOWNS) - {"measure"}))
METHOD = (
    "Each line is rounded half up to the penny, then lines are added. Offered, committed, "
    "reported and verified are never mixed; social and local economic value are never added. "
    "null means that nothing of that kind has an amount, which is not 0, or that `withheld` names it: "
    "then an edition's licence keeps in the values that it could be divided into."
)


class AmountsSerializer(serializers.Serializer):
    social_pounds = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    local_economic_pounds = serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True
    )


class FourSerializer(serializers.Serializer):
    offered = AmountsSerializer(help_text="In the bids that won.")
    committed = AmountsSerializer(help_text="Agreed by both sides.")
    reported = AmountsSerializer(help_text="What suppliers say, in submitted returns.")
    verified = AmountsSerializer(help_text="The part that an officer accepted on evidence.")
    withheld = serializers.ListField(
        child=serializers.CharField(),
        help_text="Amounts that are there and may not be told, such as `reported.social_pounds`.",
    )


class PositionGroupSerializer(FourSerializer):
    key = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    deliveries = serializers.IntegerField(help_text="Lines added up.")


class ReturnsSerializer(serializers.Serializer):
    expected = serializers.IntegerField()
    received = serializers.IntegerField()
    sentence = serializers.CharField()


class PortfolioSerializer(serializers.Serializer):
    """Where promises stand in a quarter, or in everything up to its end."""

    period = serializers.CharField(help_text="The quarter, or the last of them.")
    span = serializers.ChoiceField(choices=("to-date", "quarter"))
    method = serializers.CharField()
    contract_value_pounds = serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True
    )
    offered_share = serializers.DecimalField(
        max_digits=12, decimal_places=6, allow_null=True,
        help_text="Social value offered for each pound of those contracts whose winning bid and "
        "whole value are recorded; frameworks have no value.",
    )  # fmt: skip
    offers_left_out = serializers.IntegerField(
        help_text="Agreements with a winning offer that is no part of that share."
    )
    figures = FourSerializer()
    commitments = serializers.IntegerField()
    commitments_varied = serializers.IntegerField(
        help_text="Varied or withdrawn since, besides those: they count with what was verified "
        "under them."
    )
    deliveries = serializers.IntegerField()
    deliveries_undecided = serializers.IntegerField(help_text="No officer has looked yet.")
    returns = ReturnsSerializer(help_text="Of the last quarter.")
    by = serializers.ChoiceField(choices=GROUPS, allow_null=True)
    groups = PositionGroupSerializer(many=True, help_text="Empty unless `by` is given.")


class Portfolio(ScopedView):
    """The four figures over everything this token may read, or over a part of it."""

    permission = "view_commitments"
    tag, noun, one = "portfolio", "portfolio", "portfolio"
    response_serializer = PortfolioSerializer
    parameters: ClassVar[dict[str, str]] = {
        "period": "A quarter, such as 2026-27-Q1; the one that runs unless given.",
        "span": "`quarter` counts that quarter alone, `to-date` everything up to its end.",
        **SCOPE_PARAMETERS,
        "supplier": "The key of a supplier.",
        "contract": "The key of an agreement.",
        "by": f"Adds the figures for each {', '.join(GROUPS[:-1])} or {GROUPS[-1]}.",
    }
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "by": GROUPS,
        "span": ("to-date", "quarter"),
        "agreement": tuple(Contract.Kind.values),
    }

    def get(self, request: Request) -> Response:
        last = self.quarter("period", Quarter.of(self.today))
        span = self.one_of("span", ("to-date", "quarter")) or "to-date"
        first = last if span == "quarter" else None
        by = self.one_of("by", GROUPS)
        scope = self.scope(supplier=self.key("supplier"), contract=self.key("contract"))
        report = portfolio_report(request.user, scope, first=first, last=last, outward=True)
        found = report.position
        groups = (
            breakdown(request.user, scope, by, first=first, last=last, outward=True) if by else []
        )
        share = found.offered_share
        body = {
            "period": last.code,
            "span": span,
            "method": METHOD,
            "contract_value_pounds": _text(found.contract_value_pounds),
            "offered_share": None
            if share is None
            else str(share.quantize(Decimal("0.000001"), ROUND_HALF_UP)),
            "offers_left_out": found.offers_left_out,
            "figures": _four(found.figures),
            "commitments": found.counts.commitments,
            "commitments_varied": found.counts.commitments_varied,
            "deliveries": found.counts.lines,
            "deliveries_undecided": found.counts.lines_undecided,
            "returns": {
                "expected": report.completeness.expected,
                "received": report.completeness.received,
                "sentence": report.completeness.sentence,
            },
            "by": by,
            "groups": [
                {
                    "key": group.key,
                    "label": group.label,
                    "deliveries": group.lines,
                    **_four(group.figures),
                }
                for group in groups
            ],
        }
        return Response(body, headers={"ETag": etag_of(body, None)})


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{to_pounds(amount):f}"


def _four(figures: FourFigures) -> dict[str, Any]:
    found: dict[str, Any] = {
        "withheld": [f"{state}.{kind}_pounds" for state, kind in sorted(figures.withheld)]
    }
    for name in FOUR:
        amounts: Amounts = getattr(figures, name) or Amounts()
        found[name] = {
            "social_pounds": _text(amounts.social_pounds),
            "local_economic_pounds": _text(amounts.local_economic_pounds),
        }
    return found


_EDITION = "commitment__measure__edition__"


def _licensed(name: str, help_text: str) -> Column:
    """Pounds of one line, null where the edition's licence keeps its values in."""
    schema = serializers.DecimalField(
        max_digits=20, decimal_places=2, help_text=help_text, read_only=True, allow_null=True
    )

    def make(row: Row) -> str | None:
        shown = may_show_value(
            row[f"{_EDITION}values_may_be_published"], may_see_licensed=False, outward=True
        )
        return _text(row[name]) if shown else None

    return Column(name, schema, name, make=make)


def _quantity(name: str, help_text: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=16, decimal_places=4, help_text=help_text, read_only=True, allow_null=True
    )
    return Column(
        name, schema, name, make=lambda row: None if row[name] is None else f"{row[name]:.4f}"
    )


def _claimed(name: str, source: str, help_text: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=16, decimal_places=4, help_text=help_text, read_only=True, allow_null=True
    )

    def make(row: Row) -> str | None:
        quantity = claimed(
            row["commitment__measure__counting"], row[source], row["attribution_share"]
        )
        return None if quantity is None else f"{four_places(quantity):.4f}"

    return Column(name, schema, source, make=make)


def _measure_title(row: Row) -> str | None:
    shown = may_show_text(row[f"{_EDITION}text_may_be_published"], is_public=False, outward=True)
    return row["commitment__measure__title"] if shown else None


class Deliveries(ListView):
    """The lines of submitted returns that count, each with what was verified of it."""

    permission = "view_commitments"
    tag, noun, file_name = "portfolio", "deliveries", "deliveries"
    filterset_class = DeliveryFilter
    more_sources = (
        f"{_EDITION}values_may_be_published",
        f"{_EDITION}text_may_be_published",
        "commitment__measure__counting",
    )
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key; it never changes.", "pk"),
        whole("return_id", "The return that it stands in.", "delivery_return_id"),
        whole("line", "Its number there.", "number"),
        whole("contract_id", "The agreement.", "commitment__contract_id"),
        text("contract_reference", "Its reference.", "commitment__contract__reference"),
        choice("agreement", "Its kind.", Contract.Kind.choices, "commitment__contract__kind"),
        whole("commitment_id", "The promise."),
        whole("supplier_id", "Who promised.", "commitment__supplier_id"),
        text("supplier_name", "Its name.", "commitment__supplier__name"),
        text("measure", "The measure's code.", "commitment__measure__code"),
        text("measure_edition", "Its edition's key.", f"{_EDITION}key"),
        Column(
            "measure_title",
            serializers.CharField(help_text="null: withheld.", read_only=True, allow_null=True),
            "commitment__measure__title",
            is_text=True,
            make=_measure_title,
        ),
        choice("kind", "What it adds to.", Measure.Kind.choices, "commitment__measure__kind"),
        whole("about_year", "The year its quarter starts in.", "delivery_return__financial_year"),
        whole("about_quarter", "The quarter that it is about.", "delivery_return__quarter"),
        whole("counted_year", "The year it counts in.", null=True),
        whole("counted_quarter", "The quarter it counts in.", null=True),
        choice("state", "What an officer made of it.", ReturnLine.State.choices),
        _quantity("attribution_share", "The share of the activity that is claimed, 0 to 1."),
        _quantity("reported_quantity", "null: not reported, which is not 0."),
        _licensed("reported_pounds", "null: no value, not reported, or withheld."),
        _quantity("verified_quantity", "null: not verified."),
        _claimed(
            "claimed_reported_quantity",
            "reported_quantity",
            "The share of it that is claimed: this adds up to what is reported of the promise.",
        ),
        _claimed(
            "claimed_verified_quantity",
            "verified_quantity",
            "The share of it that is claimed: this adds up to what is verified of the promise.",
        ),
        _licensed("verified_pounds", "null: no value, not verified, or withheld."),
    )

    def rows(self) -> QuerySet[ReturnLine]:
        return delivery_rows(self.request.user).select_related(None)


urlpatterns: list[URLPattern | URLResolver] = [
    path("portfolio/", Portfolio.as_view(), name="api-portfolio"),
    path("deliveries/", Deliveries.as_view(), name="api-deliveries"),
]
