"""Why a measure moved between two quarters, from the rows of both, added up in SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Abs, Coalesce

from contracts.licensing import TotalReader
from contracts.models import Commitment, Contract, SpendTotal
from contracts.selectors.movement import Moved, summed
from contracts.selectors.position import (
    EVERYWHERE,
    Scope,
    agreements_of,
    awards_in,
    commitments_in,
    offers_in,
    quarters_between,
    stood,
)
from contracts.selectors.position_rows import promised_in
from contracts.selectors.returns import expected_returns, received_of
from contracts.selectors.spend import place_is
from trafford_sv.core.money import PENNY
from trafford_sv.core.periods import Quarter

from ..catalogue import FigureGone, figure
from ..models import StarMeasure
from ..movements import MovedBy, Part, Stage, ratio_parts, ratio_stages, sum_parts
from ..star_measures import Movement, Parts, movement, ratio_reading
from .figures import scope_of, span_rows
from .movement_splits import (
    VALUE_KINDS,
    Span,
    holds_kept_in,
    lines_by_agreement,
    lines_of,
    promises_by_agreement,
    together,
)

LARGEST_SHOWN = 10
KEPT_IN = "A licence keeps in a part of it, so it is not told."
# A framework has no value of its own.
_AWARDS: dict[str, dict[str, Any]] = {
    "agreements": {},
    "contract_value": {"contract__is_framework": False},
    "tendered_value": {"in_base": True},
}
_PLACES = {
    "spend_contestable": ("contestable",),
    "spend_known": ("trafford", "greater_manchester", "elsewhere"),
    "spend_retained": ("trafford", "greater_manchester"),
    "spend_trafford": ("trafford",),
}


@dataclass(frozen=True)
class MovedLine:
    """One part with the lists of exactly its rows, after and before; "" where no list has them."""

    part: Part
    name: str
    change: Decimal
    rows_after: str = ""
    rows_before: str = ""


@dataclass(frozen=True)
class MovedAgreement:
    """What one agreement counts in each of the two periods, in pounds."""

    pk: int
    label: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class WhyItMoved:
    """The parts add up to `after - before` exactly, in the measure's unit; a share in 0..1.

    `reason` says why there are no parts. `agreements`: those that moved most, of a figure that
    returns make; what the others moved together is `others`. `stages`: of a share, what its parts are the
    steps between.
    """

    measure: StarMeasure
    first: Quarter
    second: Quarter
    before: Decimal | None
    after: Decimal | None
    parts: tuple[MovedLine, ...] = ()
    reason: str = ""
    agreements: tuple[MovedAgreement, ...] = ()
    others: Decimal = Decimal(0)
    stages: tuple[Stage, ...] = ()

    @property
    def change(self) -> Decimal | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def largest(self) -> MovedLine | None:
        """The part that moved it most; None where nothing moved."""
        found = max(self.parts, key=lambda part: abs(part.change), default=None)
        return found if found is not None and found.change else None


def why_it_moved(
    measure: StarMeasure,
    first: Quarter,
    second: Quarter,
    *,
    reader: TotalReader,
    with_agreements: bool = True,
    top: Movement | None = None,
) -> WhyItMoved:
    """From the quarter `first` to `second`. Raises FigureGone. At most eight queries, one less without agreements.

    `top`: what is counted, where the caller has split it already.

    Whoever may not read every value that a licence keeps in is told nothing where one is a part: from
    parts and agreements beside each other a single one could be worked out.
    """
    if measure.source == StarMeasure.Source.SUPPLIED:
        return WhyItMoved(
            measure, first, second, None, None,
            reason="STAR supplies this measure, so its rows are not here. Its commentary says why it moved.",
        )  # fmt: skip
    scope, before, after = scope_of(measure), Span.of(measure, first), Span.of(measure, second)
    figures = (
        (measure.numerator, measure.numerator_basis),
        (measure.denominator, measure.denominator_basis),
    )
    if not reader.may_have_each and holds_kept_in(figures, scope, before, after):
        return WhyItMoved(measure, first, second, None, None, reason=KEPT_IN)
    top = top or figure_movement(
        measure.numerator, measure.numerator_basis, scope, before, after, over=measure.denominator
    )
    agreements: tuple[MovedAgreement, ...] = ()
    others = Decimal(0)
    if with_agreements:
        agreements, others = _agreements(measure, scope, before, after, top.change)
    if not measure.is_ratio:
        parts = _named(measure, scope, before, after, sum_parts(top))
        return WhyItMoved(
            measure, first, second, top.before, top.after, parts,
            agreements=agreements, others=others,
        )  # fmt: skip
    base = figure_movement(measure.denominator, measure.denominator_basis, scope, before, after)
    stages = ratio_stages(top, base)
    names = {
        "numerator_name": figure(measure.numerator).name,
        "denominator_name": figure(measure.denominator).name,
    }
    old = ratio_reading(top.before, base.before, **names)
    new = ratio_reading(top.after, base.after, **names)
    if stages is None:
        return WhyItMoved(
            measure, first, second, old.value, new.value, reason=old.reason or new.reason,
            agreements=agreements, others=others,
        )  # fmt: skip
    return WhyItMoved(
        measure, first, second, old.value, new.value,
        _named(measure, scope, before, after, ratio_parts(stages)), agreements=agreements,
        others=others, stages=stages,
    )  # fmt: skip


def figure_movement(
    key: str, basis: str, scope: Scope, before: Span, after: Span, *, over: str = ""
) -> Movement:
    """Why one figure of the catalogue moved, in its unit. Raises FigureGone.

    `over`: the figure that it is divided by, as `FigureReader.value` has it.
    """
    wanted = figure(key)
    if basis not in wanted.bases:
        raise FigureGone(f"“{wanted.name}” cannot be read as “{basis}”. Choose its basis.")
    if key in VALUE_KINDS and basis in ("reported", "verified"):
        return together(lines_by_agreement(VALUE_KINDS[key], basis, scope, before, after))
    if key in VALUE_KINDS and basis == "committed":
        return together(promises_by_agreement(VALUE_KINDS[key], scope, before, after))
    if key in _PLACES:
        return _of_spend(key, before, after)
    if key.startswith("returns_"):
        return _of_returns(key, scope, before, after)
    rows, agreement, amount = _plain_rows(key, VALUE_KINDS.get(key, ""), scope, over)
    return _of_rows(rows, agreement, amount, before, after)


# --- the families of figures --------------------------------------------------------------


def _plain_rows(
    key: str, kind: str, scope: Scope, over: str
) -> tuple[Callable[[Span], QuerySet[Any]], str, str]:
    """Rows of a span, the way to their agreement, and what is added ("" counts)."""
    if kind:
        # What was offered is divided by the value of the contracts that it was offered for.
        base = {"in_base": True} if over == "tendered_value" else {}
        return (
            lambda span: offers_in(EVERYWHERE, scope, span.starts, span.last.end).filter(
                requested__measure__kind=kind, **base
            ),
            "bid__tender__contract",
            "offered_pounds",
        )
    if key == "commitments":
        return (
            lambda span: commitments_in(EVERYWHERE, scope, span.starts, span.last.end).filter(
                stood(span.last.end)
            ),
            "contract",
            "",
        )
    return (
        lambda span: awards_in(EVERYWHERE, scope, span.starts, span.last.end).filter(
            **_AWARDS[key]
        ),
        "contract",
        "" if key == "agreements" else "value_pounds",
    )


def _of_rows(
    rows: Callable[[Span], QuerySet[Any]], agreement: str, amount: str, before: Span, after: Span
) -> Movement:
    """A figure of agreements in force: those that were not in force before are new. Three queries."""
    old, new = rows(before), rows(after)
    there = old.order_by().values(agreement)
    fresh = new.exclude(**{f"{agreement}__in": there})

    def total(found: QuerySet[Any]) -> Decimal:
        if amount:
            return summed(found, amount)
        if found.model is Commitment:
            return Decimal(found.order_by().count())
        return Decimal(found.order_by().values(agreement).distinct().count())

    newly = total(fresh)
    return movement(Parts(other=total(old)), Parts(new=newly, other=total(new) - newly))


def _of_returns(key: str, scope: Scope, before: Span, after: Span) -> Movement:
    """Of the last quarter of each period. Three queries."""

    def rows(span: Span) -> QuerySet[Any, Any]:
        expected = expected_returns(
            span.last, contracts=_agreements_of(scope), seen=promised_in(scope)
        )
        return received_of(expected, span.last) if key == "returns_received" else expected

    there = expected_returns(before.last).values("contract_id")
    fresh = Decimal(rows(after).exclude(contract_id__in=there).count())
    old, new = Decimal(rows(before).count()), Decimal(rows(after).count())
    return movement(Parts(other=old), Parts(new=fresh, other=new - fresh))


def _agreements_of(scope: Scope) -> Any:
    return Contract.objects.filter(agreements_of(scope)).values("pk")


def _of_spend(key: str, before: Span, after: Span) -> Movement:
    """New is a payee that was not paid by the end of the period before. Three queries."""
    place = Q()
    for one in _PLACES[key]:
        place |= place_is(one)
    own = SpendTotal.objects.filter(place, source__is_own_council=True)

    def within(span: Span) -> QuerySet[SpendTotal]:
        return own.filter(quarters_between(span.first, span.last, "financial_year", "quarter"))

    there = SpendTotal.objects.filter(
        quarters_between(None, before.last, "financial_year", "quarter")
    ).values("payee")
    old, new = (summed(within(span), "amount_pounds") for span in (before, after))
    fresh = summed(within(after).exclude(payee__in=there), "amount_pounds")
    return movement(Parts(other=old), Parts(new=fresh, other=new - fresh))


# --- words and rows -----------------------------------------------------------------------


def part_names(measure: StarMeasure) -> dict[Part, str]:
    """What each part is called for this measure; a part that cannot move it is left out."""
    key, basis = measure.numerator, measure.numerator_basis
    names = {
        Part.DELIVERY: "Agreements that were there before",
        Part.NEW: "New agreements",
    }
    if key in _PLACES:
        names = {Part.DELIVERY: "Payees paid before", Part.NEW: "Payees not paid before"}
    elif key in VALUE_KINDS and basis in ("reported", "verified"):
        names = {
            Part.DELIVERY: "Delivery on agreements that were there before",
            Part.NEW: "New agreements",
            Part.VALUES: "Values of one unit",
            Part.LATE: "Returns that came late",
        }
    elif key in VALUE_KINDS and basis == "committed":
        names = {
            Part.DELIVERY: "Promises of agreements that were there before",
            Part.NEW: "New agreements",
            Part.VALUES: "Values of one unit",
        }
    if measure.is_ratio:
        base = figure(measure.denominator).name
        base = base[:1].lower() + base[1:]
        newly = "new payees" if measure.denominator in _PLACES else "new agreements"
        names[Part.BASE_NEW] = f"More {base} from {newly}, to divide by"
        names[Part.BASE_REST] = f"Other changes of {base}, to divide by"
    return names


def _named(
    measure: StarMeasure, scope: Scope, before: Span, after: Span, parts: tuple[MovedBy, ...]
) -> tuple[MovedLine, ...]:
    names = part_names(measure)
    found = []
    for one in parts:
        if one.part not in names:
            assert not one.change  # a part that a figure does not have cannot move it
            continue
        rows_after, rows_before = _rows_of(measure, scope, one.part, before, after)
        found.append(MovedLine(one.part, names[one.part], one.change, rows_after, rows_before))
    return tuple(found)


_MOVED = {
    Part.DELIVERY: Moved.REST,
    Part.NEW: Moved.NEW,
    Part.VALUES: Moved.REVALUED,
    Part.LATE: Moved.LATE,
}


def _rows_of(
    measure: StarMeasure, scope: Scope, part: Part, before: Span, after: Span
) -> tuple[str, str]:
    is_base = part in (Part.BASE_NEW, Part.BASE_REST)
    key = measure.denominator if is_base else measure.numerator
    basis = measure.denominator_basis if is_base else measure.numerator_basis
    if is_base or key not in VALUE_KINDS or basis not in ("reported", "verified"):
        return (
            span_rows(scope, key, basis, after.first, after.last),
            span_rows(scope, key, basis, before.first, before.last),
        )
    narrowed = {"moved": _MOVED[part].value, "compared": before.last.code}
    rows_after = span_rows(scope, key, basis, after.first, after.last, **narrowed)
    if part in (Part.NEW, Part.VALUES):
        return rows_after, ""
    # Before, whatever did not come late was ordinary delivery, new agreements among it.
    late = {"moved": "late" if part is Part.LATE else "in_time", "compared": before.last.code}
    return rows_after, span_rows(scope, key, basis, before.first, before.last, **late)


def _agreements(
    measure: StarMeasure, scope: Scope, before: Span, after: Span, change: Decimal
) -> tuple[tuple[MovedAgreement, ...], Decimal]:
    """Those that moved a figure of returns most, and what the others moved together. One query."""
    key, basis = measure.numerator, measure.numerator_basis
    if key not in VALUE_KINDS or basis not in ("reported", "verified"):
        return (), Decimal(0)
    start = None if before.first is None or after.first is None else min(before.first, after.first)
    whole = Span(start, max(before.last, after.last))
    amount, agreement = f"{basis}_pounds", "commitment__contract"

    def within(span: Span) -> Any:
        inside = quarters_between(span.first, span.last, "counted_year", "counted_quarter")
        return Coalesce(Sum(amount, filter=inside), Decimal(0))

    rows = (
        lines_of(VALUE_KINDS[key], scope, whole)
        .order_by()
        .values(agreement, f"{agreement}__reference", f"{agreement}__title")
        .annotate(old=within(before), new=within(after))
        .annotate(moved=F("new") - F("old"))
        .exclude(moved=0)
        .order_by(Abs("moved").desc(), f"{agreement}__reference")
    )
    found = tuple(
        MovedAgreement(
            row[agreement],
            f"{row[f'{agreement}__reference']} {row[f'{agreement}__title']}",
            row["old"].quantize(PENNY),
            row["new"].quantize(PENNY),
        )
        for row in rows[:LARGEST_SHOWN]
    )
    return found, change - sum((one.change for one in found), Decimal(0))
