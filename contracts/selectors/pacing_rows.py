"""The pace of every agreed commitment in SQL: the same answer as `contracts.pacing`, for lists.

`contracts.selectors.pacing` gives the whole pace of the few that a page shows.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, ExtractMonth, ExtractYear, Round

from trafford_sv.core.periods import Quarter

from ..counting import CountingRule
from ..models import (
    Commitment,
    Contract,
    DeliveryReturn,
    ProfileQuarter,
    RecoveryAction,
    ReturnLine,
)
from ..pacing import AMBER_FROM, GREEN_FROM, WORST_FIRST, Rating
from ..profiles import elapsed
from .claimed import claimed_quantity
from .pacing import last_due

QUANTITY: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=4)
MILLIONTH = Value(Decimal("0.000001"))
OVER = (Contract.Stage.ENDED, Contract.Stage.TERMINATED)


def _number(quarter: Quarter) -> int:
    return quarter.start_year * 4 + quarter.number


_PROFILE_NUMBER = F("financial_year") * 4 + F("quarter")
# The quarter that holds the agreement's last day, by the same count; none where it has no end.
_LAST_NUMBER = (
    ExtractYear("commitment__contract__end") * 4
    + (ExtractMonth("commitment__contract__end") + 8) / 3
    - 3
)


def paced_rows(user: Any, *, as_of: datetime.date) -> QuerySet[Commitment]:
    """Agreed commitments of agreements that are not ended, each with `expected_quantity` (due in
    the quarters that are decided), `delivered_quantity` (verified in them), `pace_share`, `rating`,
    `severity` (0 is worst), `gap_pounds` and `lacks_return`.
    """
    rows = Commitment.objects.visible_to(user).filter(state=Commitment.State.AGREED)
    return annotated(rows.exclude(contract__stage__in=OVER), as_of=as_of)


def annotated(rows: Any, *, as_of: datetime.date) -> Any:
    """The figures of `paced_rows` on any commitments."""
    now, overdue = Quarter.of(as_of), last_due(as_of)
    said = ReturnLine.objects.filter(
        commitment=OuterRef("commitment"),
        is_counted=True,
        reported_quantity__isnull=False,
        delivery_return__financial_year=OuterRef("financial_year"),
        delivery_return__quarter=OuterRef("quarter"),
    )
    is_decided = Exists(said) & ~Exists(said.filter(verified_quantity__isnull=True))
    profile = ProfileQuarter.objects.filter(commitment=OuterRef("pk")).order_by()
    over = Case(
        When(place__lt=_number(now), then=F("due_quantity")),
        When(place=_number(now), then=F("due_quantity") * Value(elapsed(now, as_of))),
        default=Value(Decimal(0)),
        output_field=QUANTITY,
    )
    expected = (
        profile.annotate(place=_PROFILE_NUMBER)
        .filter(is_decided)
        .values("commitment")
        .annotate(s=Round(Sum(over), 4))
        .values("s")
    )
    undecided = ReturnLine.objects.filter(
        commitment=OuterRef("commitment"),
        is_counted=True,
        reported_quantity__isnull=False,
        verified_quantity__isnull=True,
        delivery_return__financial_year=OuterRef("delivery_return__financial_year"),
        delivery_return__quarter=OuterRef("delivery_return__quarter"),
    )
    decided = ReturnLine.objects.filter(
        ~Exists(undecided),
        commitment=OuterRef("pk"),
        is_counted=True,
        verified_quantity__isnull=False,
    )
    delivered = (
        decided.order_by()
        .values("commitment")
        .annotate(s=Round(Sum(claimed_quantity("verified_quantity")), 4))
        .values("s")
    )
    latest = decided.order_by(
        "-delivery_return__financial_year", "-delivery_return__quarter", "-number"
    ).values("verified_quantity")[:1]
    arrived = DeliveryReturn.objects.filter(
        contract=OuterRef("commitment__contract"),
        supplier=OuterRef("commitment__supplier"),
        financial_year=OuterRef("financial_year"),
        quarter=OuterRef("quarter"),
        state__in=DeliveryReturn.RECEIVED_STATES,
    )
    asked = (
        profile.filter(due_quantity__gt=0)
        .annotate(place=_PROFILE_NUMBER, last=_LAST_NUMBER)
        .filter(~Exists(said))
        .filter(Q(last__isnull=True) | Q(place__lte=F("last")))
    )
    missing = asked.filter(~Exists(arrived), place__lte=_number(overdue))
    blank = asked.filter(Exists(arrived), place__lt=_number(now))
    is_percentage = Q(measure__counting=CountingRule.PERCENTAGE.value)
    rows = rows.annotate(
        delivered_quantity=Case(
            When(is_percentage, then=Subquery(latest, output_field=QUANTITY)),
            default=Subquery(delivered, output_field=QUANTITY),
            output_field=QUANTITY,
        ),
        lacks_return=Exists(missing),
        is_unknown=Exists(missing) | Exists(blank),
    ).annotate(
        expected_quantity=Case(
            When(is_percentage & Q(delivered_quantity__isnull=False), then=F("promised_quantity")),
            When(is_percentage, then=Value(None)),
            default=Subquery(expected, output_field=QUANTITY),
            output_field=QUANTITY,
        )
    )
    return _rated(rows, is_percentage)


def _rated(rows: Any, is_percentage: Q) -> Any:
    below = {
        limit: ExpressionWrapper(F("expected_quantity") * Value(limit), output_field=QUANTITY)
        for limit in (AMBER_FROM, GREEN_FROM)
    }
    is_known = Q(expected_quantity__gt=0, delivered_quantity__isnull=False)
    rows = rows.annotate(
        amber_from=Round(below[AMBER_FROM], 4), green_from=Round(below[GREEN_FROM], 4)
    ).annotate(
        rating=Case(
            When(
                ~is_percentage & Q(delivered_quantity__gte=F("promised_quantity")),
                then=Value(Rating.GREEN.value),
            ),
            When(is_known & Q(delivered_quantity__lt=F("amber_from")), then=Value("red")),
            When(is_known & Q(delivered_quantity__lt=F("green_from")), then=Value("amber")),
            When(is_unknown=True, then=Value("amber")),
            When(is_known, then=Value("green")),
            default=Value("not_yet"),
            output_field=CharField(),
        ),
        pace_share=Case(
            When(
                is_known,
                then=ExpressionWrapper(
                    # SQLite divides whole numbers into whole numbers: millionths first.
                    F("delivered_quantity") * 1_000_000 / F("expected_quantity") * MILLIONTH,
                    output_field=DecimalField(max_digits=20, decimal_places=6),
                ),
            ),
            default=Value(None),
            output_field=DecimalField(max_digits=20, decimal_places=6),
        ),
    )
    return rows.annotate(
        severity=Case(
            *(When(rating=one.value, then=Value(place)) for place, one in enumerate(WORST_FIRST)),
            output_field=IntegerField(),
        ),
        gap_pounds=Case(
            When(
                is_known & Q(committed_pounds__isnull=False),
                then=ExpressionWrapper(
                    (F("expected_quantity") - F("delivered_quantity"))
                    * F("committed_pounds")
                    * 100
                    / F("promised_quantity")
                    * Value(Decimal("0.01")),
                    output_field=DecimalField(max_digits=20, decimal_places=2),
                ),
            ),
            default=Value(None),
            output_field=DecimalField(max_digits=20, decimal_places=2),
        ),
    )


def count_of(rows: Any) -> dict[str, int]:
    """How many of the rows have each rating."""
    found: dict[str, int] = dict.fromkeys((one.value for one in WORST_FIRST), 0)
    for rating in rows.order_by().values_list("rating", flat=True):
        found[rating] += 1
    return found


def with_recoveries(rows: Any) -> Any:
    """Adds `recovery_pk`, `recovery_due` and `recovery_owner` of the open action, for a list."""
    held = RecoveryAction.objects.filter(
        commitment=OuterRef("pk"), state=RecoveryAction.State.OPEN
    ).order_by()
    return rows.annotate(
        recovery_pk=Subquery(held.values("pk")[:1]),
        recovery_due=Subquery(held.values("due")[:1]),
        recovery_owner=Subquery(held.values("owner_name")[:1]),
    )


def pacing_choices(user: Any) -> dict[str, list[tuple[str, str]]]:
    """Directorates, suppliers and themes of the commitments this person may see. One query."""
    seen = Commitment.objects.visible_to(user).filter(state=Commitment.State.AGREED).order_by()

    def branch(kind: str, key: str, label: str) -> Any:
        return seen.annotate(
            choice_kind=Value(kind, CharField()),
            choice_key=Cast(key, CharField()),
            choice_label=Cast(label, CharField()),
        ).values_list("choice_kind", "choice_key", "choice_label")

    rows = branch("directorate", "contract__directorate", "contract__directorate__name").union(
        branch("supplier", "supplier", "supplier__name"),
        branch("theme", "measure__outcome__theme", "measure__outcome__theme__title"),
    )
    held: dict[str, list[tuple[str, str]]] = {"directorate": [], "supplier": [], "theme": []}
    for kind, key, label in rows:
        if key is not None:
            held[kind].append((key, label))
    for options in held.values():
        options.sort(key=lambda option: option[1].casefold())
    return held
