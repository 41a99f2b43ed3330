"""What must hold of its measures before the STAR report of a quarter is published."""

from __future__ import annotations

from django.db.models import Q

from trafford_sv.core.periods import Quarter

from ..closing_checks import CheckKey, CheckState
from ..editions import Period
from ..models import MeasureSet, StarMeasure
from ..star_measures import TargetState
from .closing import closing_checks, measures_of_quarter
from .star_measures import set_in_force

STAR_REPORT = "star-quarterly"


def set_ended_early(quarter: Quarter) -> str:
    """A sentence where a set was in force in the quarter, and none at its end; "" else."""
    if set_in_force(quarter.end) is not None:
        return ""
    last = (
        MeasureSet.objects.filter(
            Q(ends__gte=quarter.start), state=MeasureSet.State.APPROVED, starts__lte=quarter.end
        )
        .order_by("-ends")
        .first()
    )
    if last is None or last.ends is None:
        return ""
    return (
        f"The approved set “{last.name}” ends on {last.ends:%-d %B %Y}, before {quarter.label} does. "
        "Have the set approved that follows it, then publish."
    )


def star_report_checks(kind: str, period: Period) -> list[str]:
    """Values that STAR owes, and targets missed without a word, unless a reason was accepted when
    the quarter was closed.
    """
    if kind != STAR_REPORT or not isinstance(period, Quarter):
        return []
    if early := set_ended_early(period):
        return [early]
    open_keys = {
        check.key for check in closing_checks(period) if check.state is CheckState.OUTSTANDING
    }
    found = []
    for line in measures_of_quarter(period).lines:
        measure = line.measure
        supplied = measure.source == StarMeasure.Source.SUPPLIED
        if supplied and line.reading is None and CheckKey.SUPPLIED in open_keys:
            found.append(
                f"“{measure.name}” has no value from STAR for {period.label}. Put it on record, or "
                "accept on the closing board that it is missing. A closed quarter is reopened first."
            )
        missed = line.target is TargetState.NOT_MET and line.comment is None
        if missed and CheckKey.COMMENTARY in open_keys:
            found.append(
                f"“{measure.name}” is below its target for {period.label} and nobody says why. Write "
                "a commentary, or accept on the closing board that there is none. A closed quarter "
                "is reopened first."
            )
    return found
