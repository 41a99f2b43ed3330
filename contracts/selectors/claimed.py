"""What an agreement claims of the quantity of a line, in SQL: as `counting.claimed` has it.

Where an activity serves several agreements a line holds the whole activity and the share that is
claimed of it. Every sum of quantities takes that share, here or there, so that a commitment has one
figure on every page. Pounds had it when the line was priced.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, DecimalField, ExpressionWrapper, F, When

from ..counting import CountingRule

QUANTITY: DecimalField[Any, Any] = DecimalField(max_digits=24, decimal_places=8)


def claimed_quantity(name: str, *, line: str = "", commitment: str = "commitment__") -> Case:
    """`name`: a quantity of a line; `line` and `commitment`: the ways to it and its promise."""
    return Case(
        When(
            **{f"{commitment}measure__counting": CountingRule.PERCENTAGE.value},
            then=ExpressionWrapper(F(f"{line}{name}"), output_field=QUANTITY),
        ),
        default=ExpressionWrapper(
            F(f"{line}{name}") * F(f"{line}attribution_share"), output_field=QUANTITY
        ),
        output_field=QUANTITY,
    )
