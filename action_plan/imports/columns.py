"""The one format of the plan as a table: what is exported is what is imported.

A cell is compared with what an export would have written for the stored action, so a file that
comes back as it went changes nothing, whatever a spreadsheet did to its line ends and spaces.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.importing import FieldSpec

STEP = re.compile(r"(\d{4}-\d{2}-\d{2}) \[(open|\d{4}-\d{2}-\d{2})\] (\S.*)")


def milestones_cell(action: Any) -> str:
    """One milestone to a line: its day, [open] or the day it was reached, its title."""
    return "\n".join(
        f"{step.due.isoformat()} [{step.done_on.isoformat() if step.done_on else 'open'}] {step.title}"
        for step in action.milestones.all()
    )


def _label(action: Any) -> str:
    return str(action.get_status_display())


# (field, heading, how it is exported, what other headings are known, a hint, for members only)
_COLUMNS: tuple[tuple[str, str, Any, tuple[str, ...], str, bool], ...] = (
    ("reference", "Reference", "reference", ("ref", "action reference"),
     "GO-07. Empty for a new action: it gets the next number of its theme.", False),
    ("theme", "Theme", "theme.name", (), "One of the seven, by its name.", False),
    ("title", "Title", "title", ("action",), "", False),
    ("description", "Description", "description", (), "", False),
    ("principle", "Principle", "principle.title", ("charter principle",),
     "Of the Charter, by its short name.", False),
    ("lead_organisation", "Lead organisation", "lead_organisation.name", ("organisation",),
     "As it is recorded under Organisations.", False),
    ("lead_name", "Lead", "lead_name", ("lead name", "lead officer"), "", True),
    ("lead_email", "Lead’s e-mail address", "lead_email", ("lead email", "lead e-mail"), "", True),
    ("starts", "Starts", "starts", ("start", "start date"), "", False),
    ("due", "Due", "due", ("due date", "end date"), "", False),
    ("status", "Status", _label, (),
     "Not started, On track, At risk, Off track, Complete or Cancelled.", False),
    ("completed_on", "Completed on", "completed_on", (), "", False),
    ("milestones", "Milestones", milestones_cell, (),
     "One to a line: 2026-06-30 [open] Survey out. When reached: 2026-06-30 [2026-06-12] Survey out.",
     False),
    ("waits_for", "Waits for", "waits_for_references", (), "References, with commas between.", True),
    ("is_public", "Public", "is_public", (), "Yes or no.", True),
    ("metric_key", "Yardstick", "metric_key", (), "", True),
    ("source", "Source", "source", (), "", True),
)  # fmt: skip
EXPORT = tuple(ExportColumn(heading, value) for _, heading, value, _, _, _ in _COLUMNS)
PUBLIC_EXPORT = tuple(
    ExportColumn(heading, value)
    for _, heading, value, _, _, is_members_only in _COLUMNS
    if not is_members_only
)
FIELDS = tuple(
    FieldSpec(name, heading, name in ("theme", "title"), hint, aliases)
    for name, heading, _, aliases, hint, _ in _COLUMNS
)
LABELS = {name: heading for name, heading, _, _, _, _ in _COLUMNS}
VALUES = {name: value for name, _, value, _, _, _ in _COLUMNS}


def stored_cell(action: Any, name: str) -> Any:
    """What an export writes for this field, before a spreadsheet sees it."""
    return ExportColumn("", VALUES[name]).of(action)


def steps_of(text: str) -> list[tuple[datetime.date, datetime.date | None, str]]:
    """(due, reached on or None, title) of each line. Raises ValueError with a sentence."""
    found = []
    for line in text.split("\n"):
        line = line.strip()
        if not line:
            continue
        match = STEP.fullmatch(line)
        try:
            if match is None:
                raise ValueError
            due = datetime.date.fromisoformat(match[1])
            done_on = None if match[2] == "open" else datetime.date.fromisoformat(match[2])
        except ValueError as error:
            raise ValueError(
                f"“{line[:80]}” is not a milestone. Write it like 2026-06-30 [open] Survey out."
            ) from error
        found.append((due, done_on, match[3].strip()))
    titles = [title for _, _, title in found]
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if twice:
        raise ValueError(f"“{twice[:80]}” is a milestone of this action twice. Keep one of them.")
    return found
