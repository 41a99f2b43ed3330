"""The four figures on an organisation's page and on a measure's; the pages ask by registry."""

from __future__ import annotations

import datetime
from typing import Any

from trafford_sv.core.access import can
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.sections import Section

from ..licensing import may_show_value
from ..models import Measure
from ..selectors.commitments import sees_licensed
from ..selectors.position import Scope
from ..selectors.position_report import PositionReport, portfolio_report
from ..valuation import Kind
from . import position_parts as parts


def organisation_position(
    organisation: Organisation, user: Any, today: datetime.date
) -> Section | None:
    """What it promised and what is proven, for those who read commitments. 2 queries."""
    if not can(user, "view_commitments"):
        return None
    now = Quarter.of(today)
    scope = Scope(supplier=organisation.pk)
    report = portfolio_report(user, scope, first=None, last=now, returns_of=now.previous)
    return _section(report, "Promised and proven")


def measure_position(measure: Measure, user: Any, today: datetime.date) -> Section | None:
    """What agreements promise of it. Left out where its pounds would give its value away."""
    if not can(user, "view_commitments"):
        return None
    if not may_show_value(
        measure.edition.values_may_be_published,
        may_see_licensed=sees_licensed(user),
        outward=False,
    ):
        return None
    scope = Scope(measure=measure.code, edition=measure.edition_id)
    now = Quarter.of(today)
    report = portfolio_report(user, scope, first=None, last=now, returns_of=now.previous)
    return _section(report, "Promised and proven")


def _section(report: PositionReport, title: str) -> Section | None:
    found = report.position
    if not (found.counts.commitments or found.counts.lines or parts.has_any(found.figures.offered)):
        return None
    kinds = [
        kind for kind in (Kind.SOCIAL, Kind.LOCAL_ECONOMIC) if parts.has_kind(found.figures, kind)
    ]
    social = parts.four_tiles(found, report.completeness, Kind.SOCIAL)
    local = parts.four_tiles(found, report.completeness, Kind.LOCAL_ECONOMIC)
    return Section(
        "promised",
        title,
        "contracts/_position_section.html",
        {
            "report": report,
            "position": found,
            "social": social if Kind.SOCIAL in kinds else [],
            "local": local if Kind.LOCAL_ECONOMIC in kinds else [],
        },
    )
