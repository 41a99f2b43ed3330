"""The same deliveries under two editions, read in a fixed number of queries."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from trafford_sv.core.periods import Quarter

from ..models import Measure, MeasureEdition
from ..models.agreements import own_agreements
from ..restatement import NOTHING, RestatedLine, Restatement, restate, restate_by_kind
from ..valuation import Kind
from .deliveries import delivery_rows
from .measures import Sight, values_for

MOST_LINES = 50_000


class TooManyLines(ValueError):
    """More lines than one page works out; the message says what to do."""


@dataclass(frozen=True)
class Side:
    """How deliveries are priced. `edition` None: by the value pinned in each commitment."""

    edition: MeasureEdition | None
    day: datetime.date
    is_verified: bool

    @property
    def name(self) -> str:
        basis = "verified" if self.is_verified else "reported"
        if self.edition is None:
            return f"As agreed, {basis}"
        return f"{self.edition.name}, values of {self.day:%-d %B %Y}, {basis}"


@dataclass(frozen=True)
class MeasureChange:
    """The lines of one code added up. With `is_withheld` the licence keeps its pounds in."""

    code: str
    title: str
    kind: str
    lines: int
    before_pounds: Decimal
    after_pounds: Decimal
    delivery_pounds: Decimal
    value_pounds: Decimal
    scope_pounds: Decimal
    is_withheld: bool
    words_withheld: bool


@dataclass(frozen=True)
class Restated:
    before: Side
    after: Side
    lines: int
    by_kind: Mapping[Kind, Restatement]
    combined: Restatement | None
    measures: tuple[MeasureChange, ...]
    unmapped: tuple[str, ...]


@dataclass
class _Sum:
    title: str
    kind: str
    editions: set[int] = field(default_factory=set)
    lines: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)


_STEPS = ("before_pounds", "after_pounds", "delivery_pounds", "value_pounds", "scope_pounds")


def restated(
    user: Any,
    *,
    first: Quarter,
    last: Quarter,
    before: Side,
    after: Side,
    contract: int | None = None,
    sight: Sight,
) -> Restated:
    """Lines that count from the first to the last quarter. Raises TooManyLines."""
    rows = delivery_rows(user).filter(_between(first, last))
    rows = (
        rows.filter(commitment__contract_id=contract)
        if contract is not None
        else rows.filter(own_agreements("commitment__contract__"))
    )
    found: list[Any] = list(
        rows.select_related(None)
        .order_by("pk")
        .values(
            "pk",
            "reported_quantity",
            "verified_quantity",
            "attribution_share",
            "commitment__measure__code",
            "commitment__measure__title",
            "commitment__measure__kind",
            "commitment__measure__edition_id",
            "commitment__value__value_pounds",
        )[: MOST_LINES + 1]
    )
    if len(found) > MOST_LINES:
        raise TooManyLines(
            f"There are more than {MOST_LINES:,} lines. Choose one contract or fewer quarters."
        )
    codes = {row["commitment__measure__code"] for row in found}
    sides = [(side, _priced(found, side, codes)) for side in (before, after)]
    old, new = (lines for _, lines in sides)
    by_kind = restate_by_kind(old, new)
    editions = [side.edition for side in (before, after) if side.edition is not None]
    may_add = len(editions) == 2 and all(edition.is_combinable for edition in editions)
    return Restated(
        before=before,
        after=after,
        lines=len(found),
        by_kind=by_kind,
        combined=restate(old, new) if may_add else None,
        measures=_by_measure(found, by_kind, (before, after), sight),
        unmapped=_unmapped(found, old, new),
    )


def _between(first: Quarter, last: Quarter) -> Q:
    start = Q(counted_year__gt=first.start_year) | Q(
        counted_year=first.start_year, counted_quarter__gte=first.number
    )
    end = Q(counted_year__lt=last.start_year) | Q(
        counted_year=last.start_year, counted_quarter__lte=last.number
    )
    return start & end


def _priced(found: list[dict[str, Any]], side: Side, codes: set[str]) -> list[RestatedLine]:
    """Each delivery as this side sees it: found by code, in scope where the edition has it."""
    measures: dict[str, Measure] = {}
    amounts: dict[int, Decimal] = {}
    if side.edition is not None:
        measures = {
            each.code: each for each in Measure.objects.filter(edition=side.edition, code__in=codes)
        }
        values = values_for(measures.values(), side.day)
        amounts = {key: value.value_pounds for key, value in values.items()}
    lines = []
    for row in found:
        code = row["commitment__measure__code"]
        measure = measures.get(code)
        if side.edition is None:
            unit, kind, in_scope = (
                row["commitment__value__value_pounds"],
                row["commitment__measure__kind"],
                True,
            )
        else:
            unit = amounts.get(measure.pk) if measure else None
            kind = measure.kind if measure else row["commitment__measure__kind"]
            in_scope = measure is not None
        lines.append(
            RestatedLine(
                key=row["pk"],
                measure=code,
                quantity=row["verified_quantity" if side.is_verified else "reported_quantity"],
                value_per_unit=unit,
                in_scope=in_scope,
                kind=Kind(kind),
                share=row["attribution_share"],
            )
        )
    return lines


def _by_measure(
    found: list[dict[str, Any]],
    by_kind: Mapping[Kind, Restatement],
    sides: tuple[Side, Side],
    sight: Sight,
) -> tuple[MeasureChange, ...]:
    rows = {row["pk"]: row for row in found}
    sums: dict[tuple[str, str], _Sum] = {}
    for kind, restatement in by_kind.items():
        for change in restatement.per_line:
            if change.before_pounds is None and change.after_pounds is None:
                continue
            row = rows[int(change.key)]
            total = sums.setdefault(
                (change.measure, kind), _Sum(row["commitment__measure__title"], kind)
            )
            total.lines += 1
            total.editions.add(row["commitment__measure__edition_id"])
            for name in _STEPS:
                amount = getattr(change, name) or NOTHING
                total.amounts[name] = total.amounts.get(name, NOTHING) + amount
    own = {
        edition.pk: edition
        for edition in MeasureEdition.objects.filter(
            pk__in={pk for total in sums.values() for pk in total.editions}
        )
    }
    named = [side.edition for side in sides if side.edition is not None]
    uses_pinned = any(side.edition is None for side in sides)
    return tuple(
        MeasureChange(
            code=code,
            title=total.title,
            kind=total.kind,
            lines=total.lines,
            is_withheld=not all(
                sight.value(edition)
                for edition in [*named, *(_of(own, total.editions) if uses_pinned else ())]
            ),
            words_withheld=not all(sight.text(edition) for edition in _of(own, total.editions)),
            **total.amounts,
        )
        for (code, _), total in sorted(sums.items())
    )


def _of(editions: Mapping[int, MeasureEdition], keys: Iterable[int]) -> list[MeasureEdition]:
    return [editions[key] for key in keys]


def _unmapped(
    found: list[dict[str, Any]], old: list[RestatedLine], new: list[RestatedLine]
) -> tuple[str, ...]:
    """Codes that one of the editions does not have."""
    missing = {line.measure for line in (*old, *new) if not line.in_scope}
    return tuple(sorted(missing))
