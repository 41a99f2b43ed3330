"""The unknown suppliers that matter most, as a short list with its totals, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Subquery, Sum, Window
from django.db.models.functions import Round

from trafford_sv.core.money import pounds
from trafford_sv.core.periods import FinancialYear
from trafford_sv.directory.models import Organisation

from ..models import Payee, SpendTotal
from ..retained import ZERO
from .spend import place_is


@dataclass(frozen=True)
class UnknownLine:
    """A payee whose location is unknown, and its net pounds in the year."""

    pk: int
    name: str
    pounds: Decimal


@dataclass(frozen=True)
class UnknownWorklist:
    """The first lines by value, of `total` payees with `pounds` between them."""

    total: int
    pounds: Decimal
    lines: tuple[UnknownLine, ...]


def unknown_worklist(user: Any, year: FinancialYear | None, *, limit: int = 3) -> UnknownWorklist:
    """Payees of the council's own files that somebody could place: not excluded, not withheld,
    not given up on. Only those whose net spend is above zero. One query."""
    sums = SpendTotal.objects.filter(payee=OuterRef("pk"))
    if year:
        sums = sums.filter(financial_year=year.start_year)
    # A sum per payee first, because SQL has no window over an aggregate that is filtered too.
    rows = (
        Payee.objects.visible_to(user)
        .filter(
            place_is(Organisation.Locality.UNKNOWN, payee=""),
            source__is_own_council=True,
            is_withheld=False,
        )
        .exclude(state=Payee.State.UNLOCATABLE)
        .annotate(
            pounds=Subquery(
                sums.order_by()
                .values("payee")
                .annotate(s=Round(Sum("amount_pounds"), 2))
                .values("s")
            )
        )
        .filter(pounds__gt=0)
    )
    found = list(
        rows.annotate(all_rows=Window(Count("*")), all_pounds=Window(Sum("pounds")))
        .order_by("-pounds", "pk")
        .values("pk", "name", "pounds", "all_rows", "all_pounds")[:limit]
    )
    return UnknownWorklist(
        total=found[0]["all_rows"] if found else 0,
        pounds=pounds(found[0]["all_pounds"]) if found else ZERO,
        lines=tuple(UnknownLine(row["pk"], row["name"], pounds(row["pounds"])) for row in found),
    )
