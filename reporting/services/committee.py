"""Beginning a committee paper and changing its words. Publishing is `services.editions`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.records import create_record, update_record

from ..committee_paper import problems_in
from ..committee_starting import NEVER_TAKEN_OVER, STARTING
from ..models import CommitteePaper
from ..selectors.committee import quarter_figures, words_of


def begin_paper(
    *, quarter: Quarter, by: Any, now: datetime.datetime, is_demo: bool = False
) -> CommitteePaper:
    """With the words of the latest paper before it, or with words to start from.

    Raises ValidationError where the quarter has a paper already.
    """
    if CommitteePaper.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number
    ).exists():
        raise ValidationError("The paper of this quarter is begun already. Open it.")
    values: dict[str, Any] = dict(STARTING)
    before = _latest_before(quarter)
    if before is not None:
        values = {
            key: text for key, text in words_of(before).items() if key not in NEVER_TAKEN_OVER
        }
    return create_record(
        model=CommitteePaper,
        values={
            **values,
            "financial_year": quarter.start_year,
            "quarter": quarter.number,
            "is_demo": is_demo,
        },
        by=by,
        now=now,
        verb="committee paper begun",
    )


def _latest_before(quarter: Quarter) -> CommitteePaper | None:
    for one in CommitteePaper.objects.order_by("-financial_year", "-quarter"):
        if one.period < quarter:
            return one
    return None


def write_paper(
    *,
    paper: CommitteePaper,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> CommitteePaper:
    """Raises Collision, or ValidationError at each field that names a figure that is not there."""
    named = {name: text for name, text in changes.items() if isinstance(text, str) and "[" in text}
    if named:
        known = quarter_figures(paper.period, now).figures
        errors = {name: list(problems_in(text, known)) for name, text in named.items()}
        if any(errors.values()):
            raise ValidationError({name: found for name, found in errors.items() if found})
    return update_record(
        record=paper,
        changes=changes,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="committee paper written",
    )
