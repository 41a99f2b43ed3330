"""The Action Plan from a CSV or a workbook in the format in which it is exported."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.utils import timezone

from charter.models import Principle
from trafford_sv.core.cells import CellError, read_choice, read_date, read_text, read_yes_no
from trafford_sv.core.exports import neutralised
from trafford_sv.core.importing import Beat, FieldSpec, FileRefused
from trafford_sv.core.models import ImportRow, ImportRun
from trafford_sv.core.services.imports import PlanIsStale
from trafford_sv.core.services.records import Collision
from trafford_sv.core.workbooks import cell_text, headings_hash, read_tables
from trafford_sv.directory.models import Organisation

from ..dependencies import find_loop, loop_words
from ..models import Action, Theme
from ..progress import STATUS_CHOICES, Status
from ..selectors.plan import principles_on
from ..services.actions import (
    REFERENCE,
    TEXTS,
    change_action,
    create_action,
    field_problems,
    set_milestones,
)
from .columns import FIELDS, LABELS, steps_of, stored_cell

MOST = 5_000
Outcome = ImportRow.Outcome
STALE = (
    "The plan was changed after this file was checked. Check the file again to see what it "
    "would change now."
)


@dataclass
class Draft:
    """One row. `values` are ready to be stored as JSON; fields that are not there do not change."""

    row_number: int
    sheet: str
    raw: dict[str, str]
    reference: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, str]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def problem(self, column: str, value: Any, sentence: str) -> None:
        self.problems.append(
            {"column": column, "value": cell_text(value)[:200], "sentence": sentence}
        )


class ActionsImporter:
    kind = "actions"
    title = "Actions of the Action Plan"
    description = (
        "A CSV or Excel file with one action to a row, as “All actions” gives it for download. An "
        "empty cell empties the field; a column that is not there leaves it as it is."
    )
    permission = "change_plan"
    extensions = (".csv", ".xlsx")
    needs_source_name = False
    fields: tuple[FieldSpec, ...] = FIELDS

    def headings(self, run: ImportRun) -> list[str]:
        with run.file.open("rb") as file:
            return next(read_tables(file)).headings

    # --- planning -------------------------------------------------------------------------

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        lacking = [spec.label for spec in FIELDS if spec.required and spec.name not in run.columns]
        if lacking:
            raise FileRefused(f"Choose the column that holds the {lacking[0].lower()}.")
        today = timezone.localtime(now).date()
        known = _Known(today)
        drafts = list(self._drafts(run, known, today, beat))
        if not drafts:
            raise FileRefused("There are no actions in this file.")
        _refuse_twins(drafts)
        _check_dependencies(drafts, known)
        rows = []
        for draft in drafts:
            existing = known.actions.get(draft.reference)
            if draft.problems:
                outcome, run.rejected = Outcome.REJECTED, run.rejected + 1
            elif existing is None:
                outcome, run.created = Outcome.NEW, run.created + 1
            elif draft.changes:
                outcome, run.changed = Outcome.CHANGED, run.changed + 1
            else:
                run.unchanged += 1
                continue
            rows.append(_row(run, draft, outcome, existing))
        ImportRow.objects.bulk_create(rows, batch_size=400)
        run.rows = len(drafts)

    def _drafts(
        self, run: ImportRun, known: _Known, today: datetime.date, beat: Beat
    ) -> Iterator[Draft]:
        wanted, count = "", 0
        left_out: list[str] = []
        with run.file.open("rb") as file:
            for table in read_tables(file):
                wanted = wanted or headings_hash(table.headings)
                if headings_hash(table.headings) != wanted:
                    left_out.append(table.sheet)
                    for _ in table.rows:
                        pass
                    continue
                run.facts = {**run.facts, "headings": table.headings}
                for number, cells in table.rows:
                    count += 1
                    if count > MOST:
                        raise FileRefused(
                            f"This file has more than {MOST:,} rows. Is it an action plan?"
                        )
                    raw = {
                        name: cell_text(cell)
                        for name, cell in zip(table.headings, cells, strict=False)
                    }
                    draft = Draft(number, table.sheet, raw)
                    cells_by_heading = dict(zip(table.headings, cells, strict=False))
                    _Reader(draft, cells_by_heading, run.columns, known, today).read()
                    yield draft
                    beat(count, 0)
        if left_out:
            run.facts = {**run.facts, "sheets_left_out": left_out}

    def figures(self, run: ImportRun) -> list[tuple[str, str]]:
        left_out = ", ".join(run.facts.get("sheets_left_out", []))
        return [("Sheets left out, with other headings", left_out)] if left_out else []

    def describe(self, row: ImportRow) -> list[tuple[str, str]]:
        if not row.values:
            return []
        values = row.values["values"]
        due = values.get("due")
        status = values.get("status")
        return [
            ("Theme", row.values.get("theme_name", "")),
            ("Due", f"{datetime.date.fromisoformat(due):%-d %B %Y}" if due else "Not decided"),
            ("Status", Status(status).label if status else "Not started"),
        ]

    # --- applying -------------------------------------------------------------------------

    def apply(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None:
        rows = list(run.planned_rows.exclude(outcome=Outcome.REJECTED).order_by("pk"))
        reason = f"Imported from {run.original_name}"[:100]
        today = timezone.localtime(now).date()
        done: list[tuple[Action, dict[str, Any]]] = []
        try:
            for number, row in enumerate(rows, 1):
                done.append((_apply_row(row, reason, by, now, today), row.values["values"]))
                beat(number, len(rows))
            # Dependencies last: a row may wait for one that stands further down.
            by_reference = {
                action.reference: action
                for action in Action.objects.filter(
                    reference__in={
                        name for _, values in done for name in values.get("waits_for", [])
                    }
                )
            }
            for action, values in done:
                if "waits_for" in values:
                    change_action(
                        action=action,
                        changes={"waits_for": [by_reference[name] for name in values["waits_for"]]},
                        expected_version=action.version,
                        by=by,
                        now=now,
                        today=today,
                        reason=reason,
                    )
        except (Collision, ValidationError, KeyError, ObjectDoesNotExist) as error:
            raise PlanIsStale(STALE) from error

    def discard(self, run: ImportRun) -> None:
        """Everything this kind plans is in ImportRow."""


class _Known:
    """What is recorded, read once: seven queries however long the file is."""

    def __init__(self, day: datetime.date) -> None:
        rows = Action.objects.select_related("theme", "lead_organisation", "principle")
        self.actions = {row.reference: row for row in rows.prefetch_related("milestones")}
        self.pks = {row.reference: row.pk for row in self.actions.values()}
        self.edges: dict[int, set[int]] = defaultdict(set)
        through = Action.waits_for.through
        for one, two in through._default_manager.values_list("from_action_id", "to_action_id"):
            self.edges[one].add(two)
        self.themes: dict[str, Theme] = {}
        for theme in Theme.objects.all():
            for word in (theme.name, theme.key, theme.code):
                self.themes[word.casefold()] = theme
        self.principles: dict[str, int] = {}
        self.principle_names: list[str] = []
        for principle in principles_on(day):
            self.principle_names.append(principle.title)
            for word in (principle.title, principle.key, str(principle)):
                self.principles[word.casefold()] = principle.pk
        self.organisations: dict[str, list[int]] = defaultdict(list)
        for pk, name in Organisation.objects.current().values_list("pk", "name"):
            self.organisations[tidy(name).casefold()].append(pk)


class _Reader:
    """The cells of one row, against what is recorded."""

    def __init__(
        self,
        draft: Draft,
        cells: dict[str, Any],
        columns: dict[str, str],
        known: _Known,
        today: datetime.date,
    ) -> None:
        self.draft, self.cells, self.columns = draft, cells, columns
        self.known, self.today = known, today
        self.existing: Action | None = None

    def read(self) -> None:
        reference = tidy(self.cells.get(self.columns.get("reference", ""), ""))
        if reference and not REFERENCE.fullmatch(reference):
            self.draft.problem(
                LABELS["reference"], reference,
                "Write the reference as capital letters, a dash and a number: GO-07. "
                "Leave it empty for a new action.",
            )  # fmt: skip
            return
        self.draft.reference = reference
        self.existing = self.known.actions.get(reference)
        readers: dict[str, Callable[[Any], Any]] = {
            "theme": self.theme,
            **{name: self.text(longest) for name, longest in TEXTS.items()},
            "principle": self.principle,
            "lead_organisation": self.organisation,
            "starts": _day,
            "due": _day,
            "status": lambda cell: read_choice(cell, dict(STATUS_CHOICES)) or Status.NOT_STARTED,
            "completed_on": _day,
            "is_public": lambda cell: bool(read_yes_no(cell)),
            "waits_for": _references,
            "milestones": _steps,
        }
        for name, reader in readers.items():
            heading = self.columns.get(name)
            if heading is None:
                continue
            cell = self.cells.get(heading)
            before = stored_cell(self.existing, name) if self.existing else None
            if self.existing is not None and same_cell(cell, before):
                continue
            try:
                value = reader(cell)
            except (CellError, ValueError) as error:
                self.draft.problem(heading, cell, str(error))
                continue
            self.draft.values[name] = value
            self.draft.changes.append(
                {
                    "field": name,
                    "label": LABELS[name],
                    "before": _shown(before) or "Nothing",
                    "after": _shown(cell) or "Nothing",
                }
            )
        self.together()

    def text(self, longest: int) -> Callable[[Any], str]:
        def read(cell: Any) -> str:
            return _words(cell, longest)

        return read

    def theme(self, cell: Any) -> int:
        theme = self.known.themes.get(tidy(cell).casefold())
        if theme is None:
            names = ", ".join(dict.fromkeys(one.name for one in self.known.themes.values()))
            raise ValueError(f"The theme is one of: {names}.")
        return theme.pk

    def principle(self, cell: Any) -> int | None:
        words = tidy(_unquoted(cell))
        if not words:
            return None
        found = self.known.principles.get(words.casefold())
        if found is None:
            names = ", ".join(self.known.principle_names) or "none yet"
            raise ValueError(f"The principles of the Charter in force are: {names}.")
        return found

    def organisation(self, cell: Any) -> int | None:
        name = _words(cell, 320)
        if not name:
            return None
        found = self.known.organisations.get(name.casefold(), [])
        if not found:
            raise ValueError(
                f"There is no organisation called “{name}”. Record it first, or leave this empty."
            )
        if len(found) > 1:
            raise ValueError(
                f"There are {len(found)} organisations called “{name}”. Choose it on the action’s page."
            )
        return found[0]

    def together(self) -> None:
        """What the fields must say together, as the service will ask."""
        values, existing = self.draft.values, self.existing

        def after(name: str) -> Any:
            if name in values:
                return values[name]
            return getattr(existing, name) if existing is not None else None

        if not after("title") and not self.draft.problems:
            self.draft.problem(LABELS["title"], "", "An action needs a title.")
        merged: dict[str, Any] = {name: after(name) for name in ("starts", "due", "completed_on")}
        for name in merged:
            if isinstance(merged[name], str):
                merged[name] = datetime.date.fromisoformat(merged[name])
        merged["lead_email"] = values.get("lead_email", "")
        if after("status") != Status.COMPLETE and values.get("completed_on"):
            self.draft.problem(
                LABELS["completed_on"], values["completed_on"],
                "Only a complete action has a day of completion. Change one of the two.",
            )  # fmt: skip
        for name, sentences in field_problems(merged, self.today).items():
            for sentence in sentences:
                self.draft.problem(LABELS[name], cell_text(merged.get(name)), sentence)
        for _, done_on, title in values.get("milestones", []):
            if done_on and datetime.date.fromisoformat(done_on) > self.today:
                self.draft.problem(
                    LABELS["milestones"], title, f"“{title}” is reached on a day that lies ahead."
                )
            if len(title) > 200:
                self.draft.problem(
                    LABELS["milestones"], title, "A milestone’s name has 200 characters at most."
                )


# --- cells --------------------------------------------------------------------------------


def tidy(cell: Any) -> str:
    """A cell's text without what spreadsheets do to line ends and spaces."""
    text = cell_text(cell).replace("\u00a0", " ").replace("_x000D_", "")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def same_cell(cell: Any, stored: Any) -> bool:
    """Is this what an export writes for the stored value?"""
    if isinstance(stored, bool):
        try:
            return read_yes_no(cell) is stored
        except CellError:
            return False
    if isinstance(stored, datetime.date):
        try:
            return read_date(cell) == stored
        except CellError:
            return False
    said, was = tidy(cell), tidy("" if stored is None else str(stored))
    return said in (was, tidy(neutralised(was)))


def _unquoted(cell: Any) -> Any:
    """Without the apostrophe that an export puts before what a spreadsheet would run."""
    text = tidy(cell)
    if text.startswith("'") and neutralised(text[1:]) == text:
        return text[1:]
    return text


def _words(cell: Any, longest: int) -> str:
    """Text; a formula is refused, unless it is text that an export has quoted."""
    text = tidy(cell)
    unquoted = _unquoted(cell)
    if unquoted != text:
        read_text(text, longest=longest + 1)
        return str(unquoted)
    return read_text(text, longest=longest) or ""


def _day(cell: Any) -> str | None:
    day = read_date(cell)
    return day.isoformat() if day else None


def _references(cell: Any) -> list[str]:
    words = tidy(cell).replace(";", ",").replace("\n", ",").split(",")
    return sorted({word.strip() for word in words if word.strip()})


def _steps(cell: Any) -> list[list[str | None]]:
    return [
        [due.isoformat(), done_on.isoformat() if done_on else None, title]
        for due, done_on, title in steps_of(tidy(_unquoted(cell)))
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.date):
        return f"{value.day} {value:%B} {value.year}"
    return tidy("" if value is None else value)[:300]


# --- rows together ------------------------------------------------------------------------


def _refuse_twins(drafts: list[Draft]) -> None:
    seen: dict[str, Draft] = {}
    for draft in drafts:
        if not draft.reference:
            continue
        first = seen.setdefault(draft.reference, draft)
        if first is not draft:
            draft.problem(
                LABELS["reference"], draft.reference,
                f"“{draft.reference}” stands in row {first.row_number} too. Keep one of them.",
            )  # fmt: skip


def _check_dependencies(drafts: list[Draft], known: _Known) -> None:
    """Each reference is known or comes with the file, and nothing waits for itself in the end."""
    keys = dict(known.pks)
    for number, draft in enumerate(drafts, 1):
        if draft.reference and not draft.problems:
            keys.setdefault(draft.reference, -number)
    edges = {pk: set(found) for pk, found in known.edges.items()}
    for draft in drafts:
        wanted = draft.values.get("waits_for")
        if wanted is None:
            continue
        missing = [name for name in wanted if name not in keys]
        if missing:
            draft.problem(
                LABELS["waits_for"], ", ".join(missing),
                f"There is no action {missing[0]}, here or in the plan.",
            )  # fmt: skip
        elif draft.reference in keys:
            edges[keys[draft.reference]] = {keys[name] for name in wanted}
    names = {pk: reference for reference, pk in keys.items()}
    for draft in drafts:
        if draft.values.get("waits_for") and draft.reference in keys:
            loop = find_loop(edges, keys[draft.reference])
            if loop:
                draft.problem(
                    LABELS["waits_for"], ", ".join(draft.values["waits_for"]),
                    "These would wait for one another for ever: "
                    f"{loop_words([names[pk] for pk in loop])}. Take one of them out.",
                )  # fmt: skip


def _row(run: ImportRun, draft: Draft, outcome: str, existing: Action | None) -> ImportRow:
    title = str(draft.values.get("title") or (existing.title if existing else ""))
    stored: dict[str, Any] = {}
    if not draft.problems:
        stored = {
            "values": draft.values,
            "pk": existing.pk if existing else None,
            "version": existing.version if existing else None,
            "theme_name": draft.raw.get(run.columns["theme"], ""),
        }
    return ImportRow(
        run=run,
        sheet=draft.sheet[:120],
        row_number=draft.row_number,
        outcome=outcome,
        key=draft.reference[:300],
        title=title[:300],
        raw=draft.raw if draft.problems else {},
        values=stored,
        changes=draft.changes if existing is not None and not draft.problems else [],
        problems=draft.problems,
    )


def _apply_row(
    row: ImportRow, reason: str, by: Any, now: datetime.datetime, today: datetime.date
) -> Action:
    values = {
        name: value
        for name, value in row.values["values"].items()
        if name not in ("waits_for", "milestones")
    }
    if "theme" in values:
        values["theme"] = Theme.objects.get(pk=values["theme"])
    if "lead_organisation" in values and values["lead_organisation"] is not None:
        values["lead_organisation"] = Organisation.objects.get(pk=values["lead_organisation"])
    if values.get("principle") is not None:
        values["principle"] = Principle.objects.get(pk=values["principle"])
    for name in ("starts", "due", "completed_on"):
        if values.get(name):
            values[name] = datetime.date.fromisoformat(values[name])
    steps = row.values["values"].get("milestones")
    if row.values["pk"] is None:
        action = create_action(
            values={**values, "reference": row.key}, by=by, now=now, today=today, reason=reason
        )
    else:
        stored = Action.objects.get(pk=row.values["pk"])
        if stored.version != row.values["version"]:
            raise Collision(stored, values)
        action = stored
        if values:
            action = change_action(
                action=stored, changes=values, expected_version=row.values["version"],
                by=by, now=now, today=today, reason=reason,
            )  # fmt: skip
    if steps is not None:
        set_milestones(
            action=action,
            steps=[
                (
                    datetime.date.fromisoformat(due),
                    datetime.date.fromisoformat(done_on) if done_on else None,
                    title,
                )
                for due, done_on, title in steps
            ],
            by=by,
            now=now,
            today=today,
        )
    return action
