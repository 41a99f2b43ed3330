"""Payments, payees and retained spend for programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, TypeVar

from django.db.models import Max, Min, QuerySet
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from trafford_sv.core.api.columns import Column, choice, date, pounds, text, text_of, whole, yes_no
from trafford_sv.core.api.views import ApiView, DetailView, ListView, etag_of
from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter

from ..filters_spend import ExclusionFilter, PayeeFilter, PaymentFilter, UnitFilter
from ..models import Payee, PayeeProposal, Payment, SpendExclusion, SpendSource, SpendUnit
from ..retained import PLACES, RetainedSpend
from ..selectors.spend import (
    payees_with_totals,
    place_case,
    retained_spend,
    retained_spend_by,
)

P = TypeVar("P")
YEAR = "A financial year, such as 2025-26."
QUARTER = "A quarter, such as 2025-26-Q1."
BASIS = "Net payments that the council published, by the day they were paid."
GROUPS = ("year", "quarter", "category", "unit", "directorate")
_ID = re.compile(r"[0-9]{1,18}")
_SHARE = Decimal("0.000001")


def _period(view: ApiView, name: str, parse: Callable[[str], P]) -> P | None:
    """A year or quarter from the query; None where it is not given or blank."""
    words = view.request.query_params.get(name, "")
    if not words:
        return None
    try:
        return parse(words)
    except PeriodError as error:
        raise exceptions.ValidationError({name: [str(error)]}) from error


class Payments(ListView):
    """Payments as published, one for each line, in the order they came in: the council's own,
    unless another publisher is asked for."""

    permission = "view_spend"
    tag, noun, file_name = "spend", "payments", "payments"
    filterset_class = PaymentFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key; larger ones came in later.", "pk"),
        text("source", "Who published it.", "source__name"),
        date("paid_on", "The day it was paid.", null=False),
        whole("payee_id", "The payee, as this source spells it."),
        text("payee_name", "The name as published.", "payee__name"),
        text("category_code", "Empty: not classified.", "category__code"),
        text("category_label", "The category in words.", "category__label"),
        text("unit_name", "The part of the council that paid; empty: not stated.", "unit__name"),
        whole("directorate_id", "The directorate of that part.", "unit__directorate_id", null=True),
        pounds("amount_pounds", "Net of VAT as published; below zero: money back.", null=False),
        choice("place", "Where the money went.", PLACES.items()),
        text("transaction_number", "The publisher's; it may repeat."),
        text("purpose", "As published; may be empty."),
    )

    def rows(self) -> QuerySet[Any]:
        rows = Payment.objects.visible_to(self.request.user)
        if not self.request.query_params.get("source"):
            rows = rows.filter(source__is_own_council=True)
        return rows.annotate(place=place_case())


class Payees(ListView):
    """Names that were paid, each as one source spells it, with what was paid in all or in a year."""

    permission = "view_spend"
    tag, noun, file_name = "spend", "payees", "payees"
    filterset_class = PayeeFilter
    parameters: ClassVar[dict[str, str]] = {"year": YEAR}
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("source", "Who published it.", "source__name"),
        text("name", "The name as published."),
        choice("state", "What a person decided.", Payee.State.choices),
        yes_no("is_withheld", "The publisher withheld the name."),
        text(
            "exclusion", "Why it is not contestable; null: it is.", "exclusion__reason", null=True
        ),
        whole("organisation_id", "The organisation it was matched to.", null=True),
        text("organisation_name", "That organisation's name.", "organisation__name", null=True),
        choice("place", "Where the money went.", PLACES.items()),
        pounds(
            "paid_pounds", "Net, in the year asked for or in all; null: nothing then.", "pounds"
        ),
        whole("lines", "Payments counted.", "line_count"),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Any]:
        year = _period(self, "year", FinancialYear.parse)
        # The council's own payees, unless another publisher is asked for.
        wanted = self.request.query_params.get("source", "")
        source = SpendSource.objects.filter(pk=wanted).first() if _ID.fullmatch(wanted) else None
        rows = payees_with_totals(self.request.user, source=source, year=year)
        return rows.annotate(place=place_case(""))


class ProposalSerializer(serializers.Serializer):
    organisation_id = serializers.IntegerField()
    organisation_name = serializers.CharField()
    score = serializers.DecimalField(max_digits=4, decimal_places=3, help_text="0 to 1.")
    reasons = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=PayeeProposal.State.choices)


class PayeeSerializer(serializers.Serializer):
    """A payee, what a person decided about it, and what is proposed."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    name = serializers.CharField()
    vat_number = serializers.CharField()
    state = serializers.ChoiceField(choices=Payee.State.choices)
    is_withheld = serializers.BooleanField()
    exclusion = serializers.CharField(allow_null=True)
    organisation_id = serializers.IntegerField(allow_null=True)
    organisation_name = serializers.CharField(allow_null=True)
    place = serializers.ChoiceField(choices=list(PLACES.items()))
    paid_pounds = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    lines = serializers.IntegerField()
    first_year = serializers.CharField(allow_null=True, help_text="With a payment.")
    last_year = serializers.CharField(allow_null=True)
    proposals = ProposalSerializer(many=True)


class PayeeDetail(DetailView):
    """One payee, of any source."""

    permission = "view_spend"
    tag, noun, one = "spend", "payee", "a payee"
    response_serializer = PayeeSerializer

    def rows(self) -> QuerySet[Any]:
        chosen = Payee.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"])
        source = chosen.select_related("source").first()
        if source is None:
            return chosen
        rows = payees_with_totals(self.request.user, source=source.source)
        return rows.annotate(
            place=place_case(""),
            first_year=Min("totals__financial_year"),
            last_year=Max("totals__financial_year"),
        ).select_related("source", "exclusion", "organisation")

    def body(self, record: Any) -> dict[str, Any]:
        years = [
            None if start is None else str(FinancialYear(start))
            for start in (record.first_year, record.last_year)
        ]
        return {
            "id": record.pk,
            "version": record.version,
            "source": record.source.name,
            "name": record.name,
            "vat_number": record.vat_number,
            "state": record.state,
            "is_withheld": record.is_withheld,
            "exclusion": record.exclusion and record.exclusion.reason,
            "organisation_id": record.organisation_id,
            "organisation_name": record.organisation and record.organisation.name,
            "place": record.place,
            "paid_pounds": None if record.pounds is None else f"{record.pounds:.2f}",
            "lines": record.line_count,
            "first_year": years[0],
            "last_year": years[1],
            "proposals": [
                {
                    "organisation_id": item.organisation_id,
                    "organisation_name": item.organisation.name,
                    "score": text_of(item.score),
                    "reasons": [str(reason) for reason in item.reasons],
                    "state": item.state,
                }
                for item in record.proposals.select_related("organisation")
            ],
        }

    def check(self, record: Any) -> None:
        """Whoever reads spend reads all of it: `visible_to` has answered already."""


class Exclusions(ListView):
    """Payees that no buyer could have chosen otherwise, reviewed, each with its reason."""

    permission = "view_spend"
    tag, noun, file_name = "spend", "exclusions", "exclusions"
    filterset_class = ExclusionFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key.", "pk"),
        text("name", "The payee as the file spells it."),
        choice("why", "What kind of payee it is.", SpendExclusion.Why.choices),
        text("reason", "Why it is left out."),
        date("reviewed_on", "The day of the review.", null=False),
        yes_no("is_active", "Whether it is in use."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Any]:
        return SpendExclusion.objects.visible_to(self.request.user)


class Units(ListView):
    """The parts of the council as the spending files name them, and the directorate of each."""

    permission = "view_spend"
    tag, noun, file_name = "spend", "spend_units", "spend-units"
    filterset_class = UnitFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key.", "pk"),
        text("source", "Who published it.", "source__name"),
        text("name", "Empty: not stated."),
        whole("directorate_id", "null: not linked yet.", null=True),
        text("directorate_name", "The directorate's name.", "directorate__name", null=True),
    )

    def rows(self) -> QuerySet[Any]:
        return SpendUnit.objects.visible_to(self.request.user)


_POUNDS = (
    ("total_pounds", "Everything paid, net: the five below together."),
    ("trafford_pounds", "To suppliers in Trafford."),
    ("greater_manchester_pounds", "To suppliers in the rest of Greater Manchester."),
    ("elsewhere_pounds", "To suppliers elsewhere."),
    ("unknown_pounds", "To payees whose location is not known."),
    ("excluded_pounds", "To payees that no buyer could have chosen otherwise."),
    ("withheld_pounds", "Part of unknown: the publisher withheld the name."),
    ("contestable_pounds", "Total without excluded."),
    ("known_pounds", "Contestable, where the location is known."),
    ("retained_pounds", "Trafford and the rest of Greater Manchester together."),
)
_SHARES = (
    ("known_share", "known / contestable. Always read retained_share beside it."),
    ("retained_share", "retained / known."),
    ("trafford_share", "Trafford / known."),
    ("lowest_share", "retained / contestable: nobody unknown is local."),
    ("highest_share", "(retained + unknown) / contestable: everybody unknown is local."),
)


def figure_body(spend: RetainedSpend) -> dict[str, Any]:
    """The figure with shares of 1 to six places; null where the base is empty."""
    shares = {name: getattr(spend, name) for name, _ in _SHARES}
    return {
        **{name: f"{getattr(spend, name):.2f}" for name, _ in _POUNDS},
        **{
            name: None if value is None else f"{value.quantize(_SHARE, rounding=ROUND_HALF_UP):f}"
            for name, value in shares.items()
        },
        "lines": spend.lines,
    }


FigureSerializer: type[serializers.Serializer] = type(
    "FigureSerializer",
    (serializers.Serializer,),
    {
        **{
            name: serializers.DecimalField(max_digits=20, decimal_places=2, help_text=words)
            for name, words in _POUNDS
        },
        **{
            name: serializers.DecimalField(
                max_digits=12, decimal_places=6, allow_null=True, help_text=words
            )
            for name, words in _SHARES
        },
        "lines": serializers.IntegerField(help_text="Payments counted."),
        "__doc__": "Net pounds by place, and shares with the share that is known.",
    },
)


class GroupSerializer(FigureSerializer):  # type: ignore[misc, valid-type]
    key = serializers.CharField(
        allow_null=True, help_text="Filters by this group; null: none named."
    )
    label = serializers.CharField()


class CompletenessSerializer(serializers.Serializer):
    quarters_with_payments = serializers.ListField(child=serializers.CharField())
    quarters_expected = serializers.IntegerField(
        allow_null=True, help_text="null: every year asked for."
    )
    sentence = serializers.CharField()


class RetainedSerializer(serializers.Serializer):
    """Where the money went, on what basis, and how complete that is."""

    year = serializers.CharField(allow_null=True, help_text="null: every year.")
    quarter = serializers.CharField(allow_null=True)
    basis = serializers.CharField()
    figure = FigureSerializer()
    completeness = CompletenessSerializer()
    by = serializers.ChoiceField(choices=GROUPS, allow_null=True)
    groups = GroupSerializer(many=True, help_text="Empty unless `by` is given.")


class Retained(ApiView):
    """The council's spend by where its suppliers are. The unknown share is always beside it."""

    permission = "view_spend"
    tag, noun, one = "spend", "retained_spend", "retained spend"
    response_serializer = RetainedSerializer
    parameters: ClassVar[dict[str, str]] = {
        "year": f"{YEAR} Every year unless given.",
        "quarter": f"{QUARTER} It must lie in the year, if both are given.",
        "by": f"Adds the same figure for each {', '.join(GROUPS[:-1])} or {GROUPS[-1]}.",
    }
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"by": GROUPS}

    def get(self, request: Request) -> Response:
        year = _period(self, "year", FinancialYear.parse)
        quarter = _period(self, "quarter", Quarter.parse)
        if year and quarter and quarter.year != year:
            raise exceptions.ValidationError({"quarter": [f"{quarter} does not lie in {year}."]})
        by = request.query_params.get("by") or None
        if by is not None and by not in GROUPS:
            raise exceptions.ValidationError({"by": [f"“{by}” is none of {', '.join(GROUPS)}."]})
        user = request.user
        quarters = [
            str(group.key)
            for group in retained_spend_by(user, "quarter", year=year, quarter=quarter)
        ]
        expected = 1 if quarter else 4 if year else None
        groups = retained_spend_by(user, by, year=year, quarter=quarter) if by else []
        body = {
            "year": str(year) if year else None,
            "quarter": quarter.code if quarter else None,
            "basis": BASIS,
            "figure": figure_body(retained_spend(user, year=year, quarter=quarter)),
            "completeness": {
                "quarters_with_payments": quarters,
                "quarters_expected": expected,
                "sentence": _complete(len(quarters), expected),
            },
            "by": by,
            "groups": [
                {
                    "key": None if group.key is None else str(group.key),
                    "label": group.label,
                    **figure_body(group.spend),
                }
                for group in groups
            ],
        }
        return Response(body, headers={"ETag": etag_of(body, None)})


def _complete(held: int, expected: int | None) -> str:
    if expected is None:
        return f"{held} quarters have payments."
    return f"{held} of {expected} {'quarter has' if expected == 1 else 'quarters have'} payments."


urlpatterns = [
    path("spend/", Payments.as_view(), name="api-spend"),
    path("spend/retained/", Retained.as_view(), name="api-spend-retained"),
    path("spend/exclusions/", Exclusions.as_view(), name="api-spend-exclusions"),
    path("spend/units/", Units.as_view(), name="api-spend-units"),
    path("payees/", Payees.as_view(), name="api-payees"),
    path("payees/<int:pk>/", PayeeDetail.as_view(), name="api-payee"),
]
