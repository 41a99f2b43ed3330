"""How an action's standing reads on a page."""

from __future__ import annotations

import datetime

from trafford_sv.core.parts import Tag, Tone

from ..progress import Status
from ..selectors.plan import ActionRow

TONES = {
    Status.NOT_STARTED: Tone.NEUTRAL,
    Status.ON_TRACK: Tone.INFO,
    Status.AT_RISK: Tone.WARNING,
    Status.OFF_TRACK: Tone.BAD,
    Status.COMPLETE: Tone.GOOD,
    Status.CANCELLED: Tone.NEUTRAL,
}


def status_tag(status: Status) -> Tag:
    return Tag(status.label, TONES[status])


def tags_of(row: ActionRow, today: datetime.date) -> list[Tag]:
    """The status, and what is computed: overdue by how much, silent for how long."""
    tags = [status_tag(row.status)]
    if row.is_overdue and row.due:
        tags.append(Tag(f"{days_words((today - row.due).days)} overdue", Tone.BAD))
    if row.is_stale:
        silent = row.quarters_silent
        word = "quarter" if silent == 1 else "quarters"
        tags.append(Tag(f"No update for {silent} {word}", Tone.WARNING))
    if not row.is_public:
        tags.append(Tag("Members only", Tone.NEUTRAL))
    if row.is_demo:
        tags.append(Tag("Invented", Tone.NEUTRAL))
    return tags


def days_words(days: int) -> str:
    if days < 60:
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{days // 30} months"


def milestones_words(row: ActionRow) -> str:
    """ "2 of 5 milestones reached"; "" where there are none."""
    if not row.milestones_total:
        return ""
    word = "milestone" if row.milestones_total == 1 else "milestones"
    late = f", {row.milestones_late} late" if row.milestones_late else ""
    return f"{row.milestones_done} of {row.milestones_total} {word} reached{late}"
