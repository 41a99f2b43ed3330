"""The same deliveries under two editions: what changed, and why, to the penny. Pure.

Every amount is rounded half up per line first. The change of each line is then told along one
path: first the quantity moves, priced as edition A prices it; then the edition changes at the
new quantity. So

* delivery = price(new quantity, A's value) - price(old quantity, A's value)
* scope = all of the second step where only one of the editions prices the line
* value = the second step where both price it: price(new, B's value) - price(new, A's value)

Each step is a difference of rounded amounts, so no remainder is ever left over: the three add to
the change exactly, on each line and in total. An edition prices a line when the line is in its
scope, has a value per unit there, and is not record only. A line that only one side has is
delivery, all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .valuation import WHOLE, Kind, price_line

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class RestatedLine:
    """One delivery as one edition sees it. `key` is the same on both sides."""

    key: str | int
    measure: str
    quantity: Decimal | None
    value_per_unit: Decimal | None
    in_scope: bool = True
    kind: Kind | str = Kind.SOCIAL
    share: Decimal = WHOLE


@dataclass(frozen=True)
class LineChange:
    """None: that side has no amount for the line. The three steps are always amounts."""

    key: str | int
    measure: str
    before_pounds: Decimal | None
    after_pounds: Decimal | None
    delivery_pounds: Decimal
    value_pounds: Decimal
    scope_pounds: Decimal

    @property
    def change_pounds(self) -> Decimal:
        return self.delivery_pounds + self.value_pounds + self.scope_pounds


@dataclass(frozen=True)
class Restatement:
    """delivery + value + scope == after - before, to the penny."""

    before_pounds: Decimal
    after_pounds: Decimal
    delivery_pounds: Decimal
    value_pounds: Decimal
    scope_pounds: Decimal
    per_line: tuple[LineChange, ...]

    @property
    def change_pounds(self) -> Decimal:
        return self.after_pounds - self.before_pounds


def restate(
    lines_before: Iterable[RestatedLine],
    lines_after: Iterable[RestatedLine],
    *,
    kind: Kind | None = None,
) -> Restatement:
    """Before and after, with the change split. In the order of the keys, whatever the input's.

    With `kind` only that kind is priced, and a line of another kind is out of scope. Without it
    kinds are added: only where both editions allow that. See `restate_by_kind`.
    """
    before, after = _by_key(lines_before), _by_key(lines_after)
    keys = sorted(before.keys() | after.keys(), key=lambda key: (str(type(key)), key))
    lines = tuple(_change(before.get(key), after.get(key), kind) for key in keys)

    def total(name: str) -> Decimal:
        amounts = (getattr(line, name) for line in lines)
        return sum((amount for amount in amounts if amount is not None), NOTHING)

    return Restatement(
        total("before_pounds"),
        total("after_pounds"),
        total("delivery_pounds"),
        total("value_pounds"),
        total("scope_pounds"),
        lines,
    )


def restate_by_kind(
    lines_before: Iterable[RestatedLine], lines_after: Iterable[RestatedLine]
) -> Mapping[Kind, Restatement]:
    """Social and local economic value apart. A measure that changes its kind leaves one by scope."""
    before, after = tuple(lines_before), tuple(lines_after)
    return {kind: restate(before, after, kind=kind) for kind in (Kind.SOCIAL, Kind.LOCAL_ECONOMIC)}


def _by_key(lines: Iterable[RestatedLine]) -> dict[str | int, RestatedLine]:
    found: dict[str | int, RestatedLine] = {}
    for line in lines:
        if line.key in found:
            raise ValueError(f"The line {line.key} is there twice on one side.")
        found[line.key] = line
    return found


def _change(
    before: RestatedLine | None, after: RestatedLine | None, kind: Kind | None
) -> LineChange:
    either = after or before
    assert either is not None  # a key comes from one of them
    old, new = _price(before, before, kind), _price(after, after, kind)
    if before is None or after is None:
        delivery, value, scope = _or_nothing(new) - _or_nothing(old), NOTHING, NOTHING
    else:
        # A's price of the new quantity: where the quantity moved to before the edition changed.
        midway = _price(after, before, kind)
        delivery = _or_nothing(midway) - _or_nothing(old)
        step = _or_nothing(new) - _or_nothing(midway)
        is_value = _prices(before, kind) and _prices(after, kind)
        value, scope = (step, NOTHING) if is_value else (NOTHING, step)
    return LineChange(either.key, either.measure, old, new, delivery, value, scope)


def _prices(line: RestatedLine, kind: Kind | None) -> bool:
    own = Kind(line.kind)
    is_wanted = own != Kind.RECORD_ONLY if kind is None else own == kind
    return line.in_scope and is_wanted and line.value_per_unit is not None


def _price(
    delivered: RestatedLine | None, edition: RestatedLine | None, kind: Kind | None
) -> Decimal | None:
    """The delivery of one side priced as the other side's edition prices it."""
    if delivered is None or edition is None or not _prices(edition, kind):
        return None
    return price_line(delivered.quantity, edition.value_per_unit, edition.kind, delivered.share)


def _or_nothing(amount: Decimal | None) -> Decimal:
    return NOTHING if amount is None else amount
