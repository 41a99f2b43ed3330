"""Tenders and bids for programs. What is sealed or blind on the pages is null here.

A supplier reads its own bids and the tenders it was invited to, and nothing that would tell it
of another bidder; it may write its own offers until bids close.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.access import reach
from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView
from trafford_sv.core.api.writes import PatchMixin, StrictSerializer

from ..filters_bids import BidFilter, TenderFilter
from ..licensing import may_show_text, may_show_value
from ..models import Bid, Evaluator, Tender
from ..selectors.bids import (
    OPENED,
    STANDING,
    offered_by_bid,
    requested_rows,
    tender_rows,
    withheld_totals,
)
from ..services.bids import Answer, save_bid

SETTLED = (Tender.State.MODERATED, Tender.State.AWARDED)


def suppliers_of(user: Any) -> set[int]:
    """The organisations whose bids are this person's own; empty for an officer of everything."""
    _, own = reach(user, "view_tenders")
    return {pk for role, pk in own if role == "supplier"}


def undeclared(user: Any) -> set[int]:
    """Tenders whose bids this evaluator may not read before declaring no interest."""
    rows = Evaluator.objects.filter(user=user.pk, no_interest_declared_at__isnull=True)
    return set(rows.values_list("tender_id", flat=True))


def _figure(name: str, help_text: str, places: int = 2) -> Column:
    """A decimal as text, attached to the row; null where there is none to show."""
    return Column(
        name,
        serializers.DecimalField(
            max_digits=20,
            decimal_places=places,
            help_text=help_text,
            read_only=True,
            allow_null=True,
        ),
    )


def _share(name: str, help_text: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=5, decimal_places=4, help_text=help_text, read_only=True
    )
    return Column(name, schema, name)


def _moment(name: str, help_text: str) -> Column:
    return Column(
        name, serializers.DateTimeField(help_text=help_text, read_only=True, allow_null=True), name
    )


def _count(name: str, help_text: str, source: str) -> Column:
    schema = serializers.IntegerField(help_text=help_text, read_only=True, allow_null=True)
    return Column(name, schema, source)


class Tenders(ListView):
    """Tenders that ask for social value. A supplier sees those that it was invited to."""

    permission = "view_tenders"
    tag, noun, file_name = "bids", "tenders", "tenders"
    filterset_class = TenderFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("contract_id", "The contract that is tendered."),
        text("contract_reference", "The council's reference of it.", "contract__reference"),
        text("contract_title", "What is bought.", "contract__title"),
        choice("state", "Where the tender is.", Tender.State.choices),
        whole("edition_id", "The edition whose measures are asked for."),
        date("priced_on", "The day whose values per unit price every bid.", null=False),
        _moment("closes_at", "Until when bids are taken; null while none is set."),
        _share("weighting_share", "Social value's share of the whole evaluation."),
        _share("quantitative_share", "The quantities' share of the social value score."),
        choice("quantitative_method", "How quantities are scored.", Tender.Method.choices),
        _count("bidders_invited", "null for suppliers.", "invited_count"),
        _count("bids_submitted", "null for suppliers.", "submitted_count"),
        yes_no("is_demo", "Invented, for showing the product."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Tender]:
        return tender_rows(self.request.user)

    def attach(self, rows: list[Row]) -> None:
        if suppliers_of(self.request.user):
            # How many others there are is nobody's business but the council's.
            for row in rows:
                row["invited_count"] = row["submitted_count"] = None


class AskedSerializer(serializers.Serializer):
    """One measure that bidders are asked to offer against."""

    measure_code = serializers.CharField()
    measure_title = serializers.CharField(
        allow_null=True, help_text="null where the licence keeps it in."
    )
    unit = serializers.CharField()
    kind = serializers.CharField()
    value_pounds = serializers.DecimalField(
        max_digits=18,
        decimal_places=6,
        allow_null=True,
        help_text="Of one unit; null: counted only, or the licence keeps it in.",
    )
    must_be_answered = serializers.BooleanField()
    note = serializers.CharField()


class TenderSerializer(serializers.Serializer):
    """One tender with what it asks for."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    contract_id = serializers.IntegerField()
    contract_reference = serializers.CharField()
    contract_title = serializers.CharField()
    state = serializers.ChoiceField(choices=Tender.State.choices)
    priced_on = serializers.DateField()
    closes_at = serializers.DateTimeField(allow_null=True)
    weighting_share = serializers.DecimalField(max_digits=5, decimal_places=4)
    quantitative_share = serializers.DecimalField(max_digits=5, decimal_places=4)
    quantitative_method = serializers.ChoiceField(choices=Tender.Method.choices)
    highest_score = serializers.DecimalField(max_digits=5, decimal_places=2)
    note_to_bidders = serializers.CharField()
    measures = AskedSerializer(many=True)


class TenderDetail(DetailView):
    """What one tender asks for, and how it is scored."""

    permission = "view_tenders"
    tag, noun = "bids", "tender"
    one = "a tender"
    response_serializer = TenderSerializer

    def rows(self) -> QuerySet[Tender]:
        return Tender.objects.visible_to(self.request.user).select_related("contract", "edition")

    def body(self, record: Tender) -> dict[str, Any]:
        shows = may_show_value(
            record.edition.values_may_be_published, may_see_licensed=False, outward=True
        )
        says = may_show_text(record.edition.text_may_be_published, is_public=False, outward=True)
        return {
            "id": record.pk,
            "version": record.version,
            "contract_id": record.contract_id,
            "contract_reference": record.contract.reference,
            "contract_title": record.contract.title,
            "state": record.state,
            "priced_on": text_of(record.priced_on),
            "closes_at": text_of(record.closes_at),
            "weighting_share": text_of(record.weighting_share),
            "quantitative_share": text_of(record.quantitative_share),
            "quantitative_method": record.quantitative_method,
            "highest_score": text_of(record.highest_score),
            "note_to_bidders": record.note_to_bidders,
            "measures": [
                {
                    "measure_code": row.measure.code,
                    "measure_title": row.measure.title if says else None,
                    "unit": row.measure.unit,
                    "kind": row.measure.kind,
                    "value_pounds": text_of(row.value.value_pounds)
                    if row.value and shows
                    else None,
                    "must_be_answered": row.must_be_answered,
                    "note": row.note,
                }
                for row in requested_rows(record)
            ],
        }


class Bids(ListView):
    """Bids with their totals. What is in one is null for officers until the bids are opened."""

    permission = "view_tenders"
    tag, noun, file_name = "bids", "bids", "bids"
    filterset_class = BidFilter
    more_sources = ("tender__state", "score", "tender__edition__values_may_be_published")
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("tender_id", "The tender that it answers."),
        text("contract_reference", "The contract's reference.", "tender__contract__reference"),
        whole("organisation_id", "Who bids."),
        text("organisation_name", "Its name.", "organisation__name"),
        choice("state", "Where the bid is.", Bid.State.choices),
        _moment("submitted_at", "When it was submitted; null before."),
        yes_no("is_readable", "False: sealed, and the amounts are null for that.", "is_readable"),
        _figure("social_pounds", "Social value offered; null: none priced, sealed, or withheld."),
        _figure("local_economic_pounds", "Local economic value offered; the same."),
        _figure("agreed_score", "For the answers; null until scores are agreed."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Bid]:
        rows = Bid.objects.visible_to(self.request.user)
        return rows.annotate(is_readable=F("pk"), score=F("moderated_score"))

    def attach(self, rows: list[Row]) -> None:
        mine, closed = suppliers_of(self.request.user), undeclared(self.request.user)
        for row in rows:
            own = row["organisation_id"] in mine
            row["is_readable"] = (
                own
                or readable(row["tender__state"], row["state"])
                and (row["tender_id"] not in closed)
            )
            told = row["state"] in (Bid.State.WON, Bid.State.LOST)
            agreed = told if own else row["tender__state"] in SETTLED
            row["agreed_score"] = row["score"] if agreed and row["is_readable"] else None
        offered = offered_by_bid(
            [row["pk"] for row in rows if row["is_readable"]], is_combinable=False, kinds=()
        )
        for row in rows:
            found = offered.get(row["pk"])
            row["social_pounds"] = found.totals.social_pounds if found else None
            row["local_economic_pounds"] = found.totals.local_economic_pounds if found else None
        hidden = withheld_totals(
            {
                row["pk"]: row["organisation_id"] in mine
                for row in rows
                if row["pk"] in offered
                and not may_show_value(
                    row["tender__edition__values_may_be_published"],
                    may_see_licensed=False,
                    outward=True,
                )
            }
        )
        for row in rows:
            for kind in hidden.get(row["pk"], ()):
                row[f"{kind}_pounds"] = None


def readable(tender_state: str, bid_state: str) -> bool:
    """Whether officers may read the bid at all."""
    return tender_state in OPENED and bid_state in STANDING


class OfferSerializer(serializers.Serializer):
    """What is offered for one measure."""

    measure_code = serializers.CharField()
    offered_quantity = serializers.DecimalField(
        max_digits=16, decimal_places=4, allow_null=True, help_text="null: no offer; 0: none."
    )
    offered_pounds = serializers.DecimalField(
        max_digits=16,
        decimal_places=2,
        allow_null=True,
        help_text="null: counted only, no offer, or the licence keeps it in.",
    )
    method_statement = serializers.CharField()
    partner_name = serializers.CharField()


class BidSerializer(serializers.Serializer):
    """One bid. `offers` and `method_statement` are null while it is sealed for the reader."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    tender_id = serializers.IntegerField()
    organisation_id = serializers.IntegerField()
    organisation_name = serializers.CharField()
    state = serializers.ChoiceField(choices=Bid.State.choices)
    submitted_at = serializers.DateTimeField(allow_null=True)
    is_readable = serializers.BooleanField()
    method_statement = serializers.CharField(allow_null=True)
    offers = OfferSerializer(many=True, allow_null=True)


class OfferWriteSerializer(StrictSerializer):
    measure_code = serializers.CharField(max_length=40)
    offered_quantity = serializers.DecimalField(
        max_digits=16, decimal_places=4, required=False, allow_null=True, min_value=0
    )
    method_statement = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    partner_name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class BidWriteSerializer(StrictSerializer):
    """A bidder's own answers; what is not named stays. Submitting is done on the page."""

    method_statement = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    offers = OfferWriteSerializer(many=True, required=False)


class BidDetail(PatchMixin, DetailView):
    """One bid. Its own organisation may change its answers until bids close."""

    permission = "view_tenders"
    write_permission = "submit_bids"
    tag, noun = "bids", "bid"
    one = "a bid"
    write_serializer = BidWriteSerializer
    response_serializer = BidSerializer

    def rows(self) -> QuerySet[Bid]:
        return Bid.objects.visible_to(self.request.user).select_related(
            "tender__contract", "tender__edition", "organisation"
        )

    def body(self, record: Bid) -> dict[str, Any]:
        user, tender = self.request.user, record.tender
        own = record.organisation_id in suppliers_of(user)
        open_to_reader = own or (
            readable(tender.state, record.state) and tender.pk not in undeclared(user)
        )
        shows = may_show_value(
            tender.edition.values_may_be_published, may_see_licensed=False, outward=True
        )
        offers = record.offers.select_related("requested__measure") if open_to_reader else None
        return {
            "id": record.pk,
            "version": record.version,
            "tender_id": record.tender_id,
            "organisation_id": record.organisation_id,
            "organisation_name": record.organisation.name,
            "state": record.state,
            "submitted_at": text_of(record.submitted_at),
            "is_readable": open_to_reader,
            "method_statement": record.method_statement if open_to_reader else None,
            "offers": None
            if offers is None
            else [
                {
                    "measure_code": offer.requested.measure.code,
                    "offered_quantity": text_of(offer.offered_quantity),
                    "offered_pounds": text_of(offer.offered_pounds) if shows else None,
                    "method_statement": offer.method_statement,
                    "partner_name": offer.partner_name,
                }
                for offer in offers
            ],
        }

    def change(self, record: Bid, values: dict[str, Any], version: int) -> None:
        asked = {row.measure.code: row for row in requested_rows(record.tender)}
        held = {offer.requested_id: offer for offer in record.offers.all()}
        answers: dict[int, Answer] = {}
        for offer in values.get("offers", []):
            row = asked.get(offer["measure_code"])
            if row is None:
                raise ValidationError(
                    {"offers": [f"“{offer['measure_code']}” is not asked for in this tender."]}
                )
            before = held.get(row.pk)
            quantity: Decimal | None = before.offered_quantity if before else None
            answers[row.pk] = Answer(
                offer.get("offered_quantity", quantity),
                offer.get("method_statement", before.method_statement if before else ""),
                offer.get("partner_name", before.partner_name if before else ""),
            )
        save_bid(
            bid=record,
            answers=answers,
            method_statement=values.get("method_statement"),
            expected_version=version,
            by=self.request.user,
            now=self.now,
        )


urlpatterns = [
    path("tenders/", Tenders.as_view(), name="api-tenders"),
    path("tenders/<int:pk>/", TenderDetail.as_view(), name="api-tender"),
    path("bids/", Bids.as_view(), name="api-bids"),
    path("bids/<int:pk>/", BidDetail.as_view(), name="api-bid"),
]
