"""Paces, recovery actions and yearly ratings for programs: what the pages list, by the same filters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, Row, choice, date, quantity, text, whole, yes_no
from trafford_sv.core.api.views import ListView

from ..delivery_rating import WORDS
from ..filters_pacing import PacingFilter, RatingFilter, RecoveryFilter
from ..licensing import may_show_text
from ..models import Commitment, Contract, DeliveryRating, RecoveryAction
from ..pacing import METHOD, Rating
from ..selectors.pacing_rows import paced_rows
from ..selectors.ratings import visible_ratings

RATINGS = [
    (Rating.RED.value, "Red: behind"),
    (Rating.AMBER.value, "Amber: at risk"),
    (Rating.GREEN.value, "Green: on pace"),
    (Rating.NOT_YET.value, "Nothing to judge yet"),
]
CODES = [(str(code.value), word) for code, word in WORDS.items()]


def _words(row: Row, prefix: str = "") -> str | None:
    """The agreement's own words, or the measure's where its licence lets them out."""
    own = row[f"{prefix}title"]
    if own:
        return str(own)
    may_publish = may_show_text(
        row[f"{prefix}measure__edition__text_may_be_published"], is_public=False, outward=True
    )
    return str(row[f"{prefix}measure__title"]) if may_publish else None


def in_words(prefix: str = "") -> Column:
    schema = serializers.CharField(
        help_text="In the agreement's words or the measure's; null where the licence withholds it.",
        read_only=True,
        allow_null=True,
    )
    return Column("in_words", schema, is_text=True, make=lambda row: _words(row, prefix))


def _sources(prefix: str = "") -> tuple[str, ...]:
    return tuple(
        f"{prefix}{name}"
        for name in ("title", "measure__title", "measure__edition__text_may_be_published")
    )


class Paces(ListView):
    """Agreed commitments against their profile. Without `rating`: what is behind, red and amber."""

    permission = "view_commitments"
    tag, noun, file_name = "pacing", "paces", "pacing"
    filterset_class = PacingFilter
    more_sources = _sources()
    envelope_schema: ClassVar[dict[str, Any]] = {
        "as_of": {"type": "string", "format": "date"},
        "basis": {"type": "string"},
        "method": {"type": "string"},
    }
    columns: ClassVar[tuple[Column, ...]] = (
        whole("commitment_id", "The commitment.", "pk"),
        whole("contract_id", "The agreement."),
        text("contract_reference", "The agreement's reference.", "contract__reference"),
        choice("kind", "The kind of agreement.", Contract.Kind.choices, "contract__kind"),
        whole("supplier_id", "The supplier."),
        text("supplier_name", "The supplier's name.", "supplier__name"),
        whole("number", "Of the commitment within the agreement."),
        text("measure_code", "The measure.", "measure__code"),
        in_words(),
        text("unit", "What is counted.", "measure__unit"),
        quantity("promised_quantity", "The whole promise."),
        quantity(
            "expected_quantity", "By the profile, in the quarters whose lines are all decided."
        ),
        quantity("verified_quantity", "Verified in those quarters.", "delivered_quantity"),
        Column(
            "verified_share",
            serializers.DecimalField(
                max_digits=20,
                decimal_places=4,
                read_only=True,
                allow_null=True,
                help_text="verified / expected; null where nothing was expected yet.",
            ),
            "pace_share",
            make=lambda row: (
                None
                if row["pace_share"] is None
                else f"{Decimal(row['pace_share']).quantize(Decimal('0.0001')):f}"
            ),
        ),
        yes_no("lacks_return", "A return that is due has not come in."),
        choice("rating", "Red, amber, green, or nothing to judge yet.", RATINGS),
    )

    def rows(self) -> QuerySet[Commitment]:
        return paced_rows(self.request.user, as_of=self.today)

    def envelope(self) -> dict[str, Any]:
        return {"as_of": self.today.isoformat(), "basis": "verified", "method": METHOD}


class Recoveries(ListView):
    """Recovery actions of commitments that fell behind. Without `state`: the open ones."""

    permission = "view_commitments"
    tag, noun, file_name = "pacing", "recoveries", "recovery-actions"
    filterset_class = RecoveryFilter
    more_sources = _sources("commitment__")
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("commitment_id", "The commitment that fell behind."),
        text("contract_reference", "The agreement's reference.", "commitment__contract__reference"),
        text("supplier_name", "The supplier.", "commitment__supplier__name"),
        text("measure_code", "The measure.", "commitment__measure__code"),
        in_words("commitment__"),
        choice("state", "Open, done or no longer needed.", RecoveryAction.State.choices),
        quantity("shortfall_quantity", "Expected at the end, as it was opened."),
        text("unit", "What is counted.", "commitment__measure__unit"),
        text("owner_name", "Who answers for it; empty for nobody yet."),
        date("due", "By when."),
        text("reason", "What is behind."),
        text("plan", "What will be done."),
        text("outcome", "What came of it; empty while it is open."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[RecoveryAction]:
        seen = Commitment.objects.visible_to(self.request.user)
        return RecoveryAction.objects.filter(commitment__in=seen)


class Ratings(ListView):
    """Yearly ratings of contracts above the threshold: proposed, replied to, agreed."""

    permission = "view_returns"
    tag, noun, file_name = "pacing", "ratings", "ratings"
    filterset_class = RatingFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("contract_id", "The contract."),
        text("contract_reference", "The contract's reference.", "contract__reference"),
        text("ocid", "The Open Contracting id; empty where there is none.", "contract__ocid"),
        text("supplier_name", "The supplier.", "supplier__name"),
        date("year_starts", "First day of the year rated.", null=False),
        date("year_ends", "Last day of the year rated.", null=False),
        choice("state", "Proposed, replied to or agreed.", DeliveryRating.State.choices),
        choice("proposed_code", "What the rule proposed.", CODES),
        Column(
            "agreed_code",
            serializers.ChoiceField(
                choices=CODES, read_only=True, allow_null=True, help_text="null until it is agreed."
            ),
            "agreed_code",
            make=lambda row: row["agreed_code"] or None,
        ),
        Column(
            "reasons",
            serializers.ListField(
                child=serializers.CharField(), read_only=True, help_text="The rule's reasons."
            ),
            "reasons",
            is_text=True,
        ),
        text("agreed_reason", "Why it was agreed differently; empty where it was not."),
        text("reply", "The supplier's reply; empty where there is none."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[DeliveryRating]:
        return visible_ratings(self.request.user).select_related(None)


urlpatterns = [
    path("pacing/", Paces.as_view(), name="api-pacing"),
    path("recovery-actions/", Recoveries.as_view(), name="api-recovery-actions"),
    path("ratings/", Ratings.as_view(), name="api-ratings"),
]
