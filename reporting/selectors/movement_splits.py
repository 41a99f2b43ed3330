"""A movement of promises and deliveries, agreement by agreement: the one split for page, report and API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from contracts.models import Commitment
from contracts.selectors.movement import (
    CAME_LATE,
    Moved,
    any_row,
    kept_in,
    moved,
    revalued_commitments,
    revalued_lines,
    summed_by,
)
from contracts.selectors.position import EVERYWHERE, Scope, commitments_in, lines_in, offers_in
from trafford_sv.core.periods import Quarter

from ..catalogue import Basis
from ..models import StarMeasure
from ..star_measures import Movement, Parts, first_quarter, movement
from .figures import VALUE_KINDS, scope_of

ZERO = Decimal(0)
_SPLIT = (Basis.COMMITTED, Basis.REPORTED, Basis.VERIFIED)


@dataclass(frozen=True)
class Span:
    """The quarters that a period counts, both of them; `first` None is the beginning of records."""

    first: Quarter | None
    last: Quarter

    @classmethod
    def of(cls, measure: StarMeasure, last: Quarter) -> Span:
        return cls(first_quarter(measure.period, last), last)

    @property
    def starts(self) -> Any:
        return self.first.start if self.first else None


@dataclass(frozen=True)
class AgreementMovement:
    """One agreement's part of a movement. `is_kept_in`: a licence keeps in what it is made of."""

    movement: Movement
    is_kept_in: bool


def by_agreement(
    measure: StarMeasure, first: Quarter, second: Quarter
) -> dict[int, AgreementMovement] | None:
    """The movement of what a measure counts, agreement by agreement, as `why_it_moved` adds it up.

    None where its parts are not told by agreement: offers, counts, awards, payments, and what is supplied.
    """
    kind, basis = VALUE_KINDS.get(measure.numerator), measure.numerator_basis
    if measure.source == StarMeasure.Source.SUPPLIED or kind is None or basis not in _SPLIT:
        return None
    scope, before, after = scope_of(measure), Span.of(measure, first), Span.of(measure, second)
    if basis == Basis.COMMITTED:
        return promises_by_agreement(kind, scope, before, after)
    return lines_by_agreement(kind, basis, scope, before, after)


def lines_by_agreement(
    kind: str, basis: str, scope: Scope, before: Span, after: Span
) -> dict[int, AgreementMovement]:
    """What returns brought, reported or verified, split for each agreement of either period. Three queries."""
    amount, quantity = f"{basis}_pounds", f"{basis}_quantity"
    compared, agreement = before.last, "commitment__contract_id"
    asked = {
        "total": Sum(amount),
        "late": Sum(amount, filter=CAME_LATE),
        "kept_in": Count("pk", filter=kept_in("commitment__") & Q(**{f"{amount}__isnull": False})),
    }
    rows = lines_of(kind, scope, after)
    old, new = summed_by([lines_of(kind, scope, before), rows], agreement, **asked)
    fresh = moved(rows, Moved.NEW, compared).order_by().values_list(agreement, flat=True)
    revalued = revalued_lines(rows, compared, amount, quantity)
    return _split_by(old, new, set(fresh.distinct()), revalued)


def promises_by_agreement(
    kind: str, scope: Scope, before: Span, after: Span
) -> dict[int, AgreementMovement]:
    """What both sides agreed, in the same way. Three queries. No return is part of it, so none came late."""
    asked = {
        "total": Sum("counted_pounds"),
        "kept_in": Count("pk", filter=kept_in("") & Q(counted_pounds__isnull=False)),
    }
    rows = _promises_of(kind, scope, after)
    there = commitments_in(EVERYWHERE, scope, None, before.last.end).order_by().values("contract")
    old, new = summed_by([_promises_of(kind, scope, before), rows], "contract_id", **asked)
    fresh = rows.exclude(contract__in=there).order_by().values_list("contract_id", flat=True)
    revalued = revalued_commitments(rows.filter(contract__in=there), before.last)
    return _split_by(old, new, set(fresh.distinct()), revalued)


def holds_kept_in(figures: Sequence[tuple[str, str]], scope: Scope, *spans: Span) -> bool:
    """Whether a licence keeps in a value that pounds of one of the figures (key, basis) are made of, in any of the spans.

    One query; none for figures that no value of one unit makes.
    """
    return any_row(
        [
            _kept_in(VALUE_KINDS[key], basis, scope, span)
            for key, basis in dict.fromkeys(figures)
            if key in VALUE_KINDS
            for span in spans
        ]
    )


def _kept_in(kind: str, basis: str, scope: Scope, span: Span) -> QuerySet[Any]:
    rows: Any
    if basis == Basis.COMMITTED:
        rows = _promises_of(kind, scope, span)
        return rows.filter(kept_in(""), counted_pounds__isnull=False)
    if basis in _SPLIT:
        return lines_of(kind, scope, span).filter(
            kept_in("commitment__"), **{f"{basis}_pounds__isnull": False}
        )
    rows = offers_in(EVERYWHERE, scope, span.starts, span.last.end)
    return rows.filter(
        requested__measure__kind=kind,
        requested__measure__edition__values_may_be_published=False,
        offered_pounds__isnull=False,
    )


def lines_of(kind: str, scope: Scope, span: Span) -> QuerySet[Any]:
    return lines_in(EVERYWHERE, scope, span.first, span.last).filter(commitment__measure__kind=kind)


def _promises_of(kind: str, scope: Scope, span: Span) -> QuerySet[Commitment]:
    return commitments_in(EVERYWHERE, scope, span.starts, span.last.end).filter(measure__kind=kind)


def _split_by(
    old: dict[int, dict[str, Any]],
    new: dict[int, dict[str, Any]],
    fresh: set[int],
    revalued: dict[int, Decimal],
) -> dict[int, AgreementMovement]:
    """`fresh`: agreements with nothing before, of which whatever did not come late is new."""
    found = {}
    for pk in sorted({*old, *new}):
        was, now = old.get(pk, {}), new.get(pk, {})
        late_before, late = was.get("late", ZERO), now.get("late", ZERO)
        in_time = now.get("total", ZERO) - late
        newly, changed = (in_time if pk in fresh else ZERO), revalued.get(pk, ZERO)
        found[pk] = AgreementMovement(
            movement(
                Parts(late=late_before, other=was.get("total", ZERO) - late_before),
                Parts(late=late, new=newly, revalued=changed, other=in_time - newly - changed),
            ),
            is_kept_in=bool(was.get("kept_in") or now.get("kept_in")),
        )
    return found


def together(split: Mapping[int, AgreementMovement]) -> Movement:
    parts = [one.movement for one in split.values()]
    return Movement(
        *(
            sum((getattr(one, name) for one in parts), ZERO)
            for name in (
                "before", "after", "late_returns", "new_agreements", "values_of_a_unit", "delivery",
            )
        )
    )  # fmt: skip
