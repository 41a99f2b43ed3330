"""An agreement's promises side by side with what came of each. Two queries, however many."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F

from ..counting import CountingRule, aggregate, claimed, quantity_words
from ..licensing import may_show_value
from ..models import Commitment, Contract, ReturnLine
from .commitments import commitment_rows, sees_licensed


@dataclass(frozen=True)
class Promise:
    """Quantities are the measure's own; pounds are None where the licence withholds them."""

    commitment: Commitment
    reported_quantity: Decimal | None
    verified_quantity: Decimal | None
    reported_pounds: Decimal | None
    verified_pounds: Decimal | None
    shows_pounds: bool
    lines: int

    def _words(self, quantity: Decimal | None) -> str:
        if quantity is None:
            return ""
        unit = "%" if self.commitment.measure.counting == CountingRule.PERCENTAGE else ""
        return f"{quantity_words(quantity)}{unit}"

    @property
    def promised_words(self) -> str:
        words = self._words(self.commitment.promised_quantity)
        return words if words.endswith("%") else f"{words} {self.commitment.measure.unit}"

    @property
    def reported_words(self) -> str:
        return self._words(self.reported_quantity)

    @property
    def verified_words(self) -> str:
        return self._words(self.verified_quantity)

    @property
    def is_varied(self) -> bool:
        """Replaced by one that both sides agreed, as `position.VARIED` has it."""
        return self.is_withdrawn and getattr(self.commitment, "replaced_on", None) is not None

    @property
    def is_withdrawn(self) -> bool:
        return self.commitment.state == Commitment.State.WITHDRAWN


def promises_of(user: Any, contract: Contract) -> list[Promise]:
    """What this person may see of it: agreed ones, and withdrawn ones that something was done for."""
    commitments = [
        one
        for one in commitment_rows(user)
        .filter(contract=contract)
        .annotate(replaced_on=F("replaced_by__agreed_on"))
        .order_by("number")
        if one.state in (Commitment.State.AGREED, Commitment.State.WITHDRAWN)
    ]
    done: dict[int, list[ReturnLine]] = {}
    for line in (
        ReturnLine.objects.filter(commitment__in=[one.pk for one in commitments], is_counted=True)
        .order_by("counted_year", "counted_quarter", "pk")
        .only(
            "commitment_id", "reported_quantity", "verified_quantity", "reported_pounds",
            "verified_pounds", "attribution_share",
        )
    ):  # fmt: skip
        done.setdefault(line.commitment_id, []).append(line)
    licensed = sees_licensed(user)
    found = []
    for one in commitments:
        lines = done.get(one.pk, [])
        if one.state == Commitment.State.WITHDRAWN and not lines:
            continue
        rule = CountingRule(one.measure.counting)
        shows = may_show_value(
            one.measure.edition.values_may_be_published, may_see_licensed=licensed, outward=False
        )
        found.append(
            Promise(
                commitment=one,
                reported_quantity=_counted(rule, lines, "reported_quantity"),
                verified_quantity=_counted(rule, lines, "verified_quantity"),
                reported_pounds=_sum(lines, "reported_pounds") if shows else None,
                verified_pounds=_sum(lines, "verified_pounds") if shows else None,
                shows_pounds=shows,
                lines=len(lines),
            )
        )
    return found


def _counted(rule: CountingRule, lines: list[ReturnLine], name: str) -> Decimal | None:
    """The part of each activity that this agreement claims; percentages are never added."""
    return aggregate(rule, (claimed(rule, getattr(x, name), x.attribution_share) for x in lines))


def _sum(lines: list[ReturnLine], name: str) -> Decimal | None:
    amounts = [amount for line in lines if (amount := getattr(line, name)) is not None]
    return sum(amounts, Decimal(0)) if amounts else None
