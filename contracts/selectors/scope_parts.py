"""Which parts of the council there are, so that a filter by one that is not there is refused."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Q, Value

from trafford_sv.directory.models import Area, Organisation

from ..models import Contract, CpvCode, MeasureTheme
from .position_scope import Scope


def parts_not_there(scope: Scope) -> dict[str, str]:
    """The parts that a scope names and that are on no record: {name: what was asked for}. One query,
    none where it names no part. A kind of agreement is a fixed choice, and is not asked about.
    """
    asked = {
        name: str(value)
        for name in ("directorate", "division", "theme", "ward")
        if (value := getattr(scope, name)) not in ("", None)
    }
    if not asked:
        return {}
    rows = [_rows(name, scope) for name in asked]
    there = set(rows[0].union(*rows[1:], all=True).order_by() if rows[1:] else rows[0])
    return {name: value for name, value in asked.items() if name not in there}


def _rows(name: str, scope: Scope) -> Any:
    """The name itself, as often as the part is on record."""
    found: Any
    if name == "directorate":
        services = Organisation.objects.of_kind("council_service").order_by().values("pk")
        found = Organisation.objects.filter(
            Q(pk__in=services) | Q(pk__in=Contract.objects.order_by().values("directorate")),
            pk=scope.directorate or 0,
        )
    elif name == "division":
        found = CpvCode.objects.filter(code=f"{scope.division}000000")
    elif name == "theme":
        found = MeasureTheme.objects.filter(title=scope.theme)
    else:
        found = Area.objects.wards(2023).filter(code=scope.ward)
    return (
        found.order_by()
        .annotate(part=Value(name, output_field=CharField()))
        .values_list("part", flat=True)
    )
