"""From mobilising to live: only when nothing stands in the way."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError

from ...models import Contract
from ..contracts import change_contract


def go_live(
    *, contract: Contract, expected_version: int, by: Any, now: datetime.datetime
) -> Contract:
    """The agreement's stage becomes live. `change_contract` refuses while a promise is unsettled."""
    if contract.stage == Contract.Stage.LIVE:
        raise ValidationError(f"{contract.reference} is live already.")
    if contract.stage not in (Contract.Stage.AWARDED, Contract.Stage.MOBILISING):
        raise ValidationError(
            f"{contract.reference} is at the stage “{contract.get_stage_display()}”. "
            "Only an agreement that is awarded or mobilising goes live."
        )
    return change_contract(
        contract=contract,
        changes={"stage": Contract.Stage.LIVE},
        expected_version=expected_version,
        by=by,
        now=now,
        reason="Every promise is agreed.",
    )
