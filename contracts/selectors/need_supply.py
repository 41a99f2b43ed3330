"""What of a promise nobody has yet: promised, less what offers hold, less what went elsewhere."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Round

from ..models import Commitment, Contract, Measure, NeedOffer, ReturnLine, SpareOffer
from .claimed import claimed_quantity

QUANTITY: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=4)
_ZERO = Value(Decimal(0), output_field=QUANTITY)
OVER = (Contract.Stage.ENDED, Contract.Stage.TERMINATED)
BROUGHT = (NeedOffer.State.DELIVERED, NeedOffer.State.CONFIRMED)


def live_commitments(day: datetime.date) -> QuerySet[Commitment]:
    """Agreed, of an agreement that is not over, not past its date, and counted in units."""
    rows: QuerySet[Commitment] = Commitment.objects.filter(
        Q(due__isnull=True) | Q(due__gte=day), state=Commitment.State.AGREED
    )
    return rows.exclude(contract__stage__in=OVER).exclude(
        measure__counting=Measure.Counting.PERCENTAGE
    )


def with_free(rows: Any) -> Any:
    """Adds `free_quantity` to commitments; it may be below 0 where more was done than promised.

    What was reported and did not come through an offer went elsewhere, so it is gone. What an
    offer brought is held by it already and is not taken off twice.
    """
    held = NeedOffer.objects.filter(commitment=OuterRef("pk")).order_by().values("commitment")
    reported = (
        ReturnLine.objects.filter(commitment=OuterRef("pk"), is_counted=True)
        .order_by()
        .values("commitment")
        .annotate(total=Sum(claimed_quantity("reported_quantity")))
        .values("total")
    )
    return rows.annotate(
        held_total=_sum(held.annotate(total=Sum("held_quantity")).values("total")),
        brought_total=_sum(
            held.filter(state__in=BROUGHT).annotate(total=Sum("held_quantity")).values("total")
        ),
        reported_total=_sum(reported),
    ).annotate(
        free_quantity=Round(
            F("promised_quantity")
            - F("held_total")
            - Greatest(F("reported_total") - F("brought_total"), _ZERO),
            2,
            output_field=QUANTITY,
        )
    )


def with_free_spares(rows: Any) -> Any:
    """Adds `free_quantity` to spare offers."""
    held = NeedOffer.objects.filter(spare=OuterRef("pk")).order_by().values("spare")
    return rows.annotate(
        held_total=_sum(held.annotate(total=Sum("held_quantity")).values("total"))
    ).annotate(
        free_quantity=Round(F("offered_quantity") - F("held_total"), 2, output_field=QUANTITY)
    )


def open_spares(day: datetime.date) -> QuerySet[SpareOffer]:
    return SpareOffer.objects.filter(
        Q(ends__isnull=True) | Q(ends__gte=day), state=SpareOffer.State.OPEN
    )


def free_of(source: Commitment | SpareOffer) -> Decimal:
    """Of one promise. One query. Never below 0."""
    if isinstance(source, Commitment):
        rows = with_free(Commitment.objects.filter(pk=source.pk))
    else:
        rows = with_free_spares(SpareOffer.objects.filter(pk=source.pk))
    found: Decimal = rows.values_list("free_quantity", flat=True).get()
    return max(Decimal(found), Decimal(0))


def _sum(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows, output_field=QUANTITY), _ZERO, output_field=QUANTITY)
