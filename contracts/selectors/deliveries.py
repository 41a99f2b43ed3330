"""The lines of submitted returns, for lists, exports and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from trafford_sv.core.access import reach

from ..models import ReturnLine


def delivery_rows(user: Any) -> QuerySet[ReturnLine]:
    """What counts, of the commitments this person may see.

    Whoever reads commitments reads what came of them; files and narratives are in the return,
    which asks for more (`view_returns`).
    """
    rows: QuerySet[ReturnLine] = ReturnLine.objects.filter(is_counted=True).select_related(
        "commitment__contract",
        "commitment__supplier",
        "commitment__measure__edition",
        "delivery_return",
    )
    everything, own = reach(user, "view_commitments")
    if everything:
        return rows
    directorates = [pk for role, pk in own if role == "contract_manager"]
    suppliers = [pk for role, pk in own if role == "supplier"]
    return rows.filter(
        Q(commitment__contract__directorate_id__in=directorates)
        | Q(commitment__supplier_id__in=suppliers)
    )
