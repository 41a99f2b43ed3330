"""The block for committee papers, from the one selector of the four figures."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from contracts.four_figures import ValueState
from contracts.selectors.position import Scope
from contracts.selectors.position_report import portfolio_report
from contracts.valuation import Kind
from trafford_sv.core.periods import Quarter

from ..committee_words import CommitteeBlock


def committee_block(
    user: Any, *, figure: str, quarter: Quarter, to_date: bool, today: datetime.date
) -> CommitteeBlock:
    """3 queries. `figure`: offered, committed, reported or verified."""
    report = portfolio_report(user, Scope(), first=None if to_date else quarter, last=quarter)
    figures = report.position.figures
    query = urlencode({"quarter": quarter.code, "span": "to-date" if to_date else "quarter"})
    state = ValueState(figure)
    return CommitteeBlock(
        figure=figure,
        period=f"Up to the end of {quarter.label}" if to_date else f"In {quarter.label}",
        social_pounds=figures.pounds(state, Kind.SOCIAL),
        local_economic_pounds=figures.pounds(state, Kind.LOCAL_ECONOMIC),
        committed_pounds=figures.pounds(ValueState.COMMITTED, Kind.SOCIAL),
        completeness=report.completeness.sentence,
        source=f"{settings.SITE_URL}{reverse('portfolio')}?{query}",
        made_on=today,
    )
