"""A council's own licensed workbook of measures: any columns in any order, mapped by a person.

Values of an edition that may not be published leave no trace outside the library: not in the
preview, not in the file of rejected rows, not in the audit log.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.importing import Beat, FileRefused
from trafford_sv.core.models import ImportRow, ImportRun
from trafford_sv.core.services.imports import PlanIsStale
from trafford_sv.core.workbooks import headings_hash, read_tables

from ..forms.measures import NEW, EditionQuestions
from ..licensing import WITHHELD
from ..measure_words import unit_value
from ..models import Measure, MeasureEdition
from ..services.measures.importing import (
    FACTS,
    FIXED,
    STALE,
    EditionFacts,
    MeasureFacts,
    ValueFacts,
    bring_in_measures,
    create_edition,
)
from .measure_rows import FIELDS, Draft, Places, read_row

MOST = 5_000
Outcome = ImportRow.Outcome
# What a licence that keeps values or words in keeps out of the file of rejected rows.
_VALUES = ("value", "method")
_WORDS = ("title", "unit", "theme", "outcome", "method", "evidence_asked", "source_title")


class MeasuresImporter:
    kind = "measures"
    title = "Measures, from a council’s own workbook"
    description = (
        "An edition of Themes, Outcomes and Measures that the council holds a licence for, one "
        "measure to a row. You say which column is which, and what the licence allows."
    )
    permission = "change_measures"
    extensions = (".csv", ".xlsx")
    needs_source_name = False
    fields = FIELDS

    def headings(self, run: ImportRun) -> list[str]:
        with run.file.open("rb") as file:
            return next(read_tables(file)).headings

    def question_form(self, run: ImportRun) -> type[EditionQuestions]:
        held = MeasureEdition.objects.exclude(source="reference").values_list("key", "name")
        return type("Questions", (EditionQuestions,), {"editions": tuple(held)})

    # --- planning -------------------------------------------------------------------------

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        lacking = [spec.label for spec in FIELDS if spec.required and spec.name not in run.columns]
        if lacking:
            raise FileRefused(f"Choose the column that holds the {lacking[0].lower()}.")
        if not run.answers:
            raise FileRefused("Say first which edition this is and what its licence allows.")
        edition = _edition_of(run)
        if edition is None and run.answers["edition"] != NEW:
            raise FileRefused("The edition that was chosen is not here any more. Choose again.")
        drafts = list(self._drafts(run, beat))
        if not drafts:
            raise FileRefused("There are no measures in this file.")
        _check_together(drafts, edition, run.columns)
        self._keep(run, drafts, edition)

    def _drafts(self, run: ImportRun, beat: Beat) -> Iterator[Draft]:
        places = Places()
        first_day = datetime.date.fromisoformat(run.answers["valid_from"])
        wanted, number_read = "", 0
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
                    number_read += 1
                    if number_read > MOST:
                        raise FileRefused(
                            f"This file has more than {MOST:,} rows. Is it a list of measures?"
                        )
                    draft = Draft(number, table.sheet)
                    read_row(draft, table.headings, cells, run.columns, first_day, places)
                    yield draft
                    beat(number_read, 0)
        if left_out:
            run.facts = {**run.facts, "sheets_left_out": left_out}

    def _keep(self, run: ImportRun, drafts: list[Draft], edition: MeasureEdition | None) -> None:
        stored = _stored(edition)
        hidden = _hidden(run, edition)
        rows, new_codes, values = [], set(), 0
        for draft in drafts:
            known = stored.get(draft.code)
            changes = _changes(draft, known) if known and not draft.problems else []
            if draft.problems:
                outcome, run.rejected = Outcome.REJECTED, run.rejected + 1
            elif known is None:
                outcome, run.created = Outcome.NEW, run.created + 1
                new_codes.add(draft.code)
                values += draft.value is not None
            elif draft.value is not None and _held(known, draft.value) is None:
                outcome, run.created = Outcome.NEW, run.created + 1
                values += 1
            elif changes:
                outcome, run.changed = Outcome.CHANGED, run.changed + 1
            else:
                run.unchanged += 1
                continue
            rows.append(_row(run, draft, outcome, changes, hidden))
        ImportRow.objects.bulk_create(rows, batch_size=400)
        run.rows = len(drafts)
        run.facts = {
            **run.facts,
            "edition": edition.name if edition else run.answers["name"],
            "measures": len({draft.code for draft in drafts if not draft.problems}),
            "new_measures": len(new_codes),
            "new_values": values,
            "licence": edition.licence if edition else run.answers["licence"],
        }

    def figures(self, run: ImportRun) -> list[tuple[str, str]]:
        facts = run.facts
        lines = [
            ("Edition", facts.get("edition")),
            ("Licence", facts.get("licence")),
            ("New measures", f"{facts.get('new_measures', 0):,}"),
            ("New values", f"{facts.get('new_values', 0):,}"),
            ("Sheets left out, with other headings", ", ".join(facts.get("sheets_left_out", []))),
        ]
        return [(label, text) for label, text in lines if text]

    def describe(self, row: ImportRow) -> list[tuple[str, str]]:
        if not row.values:
            return []
        fields, value = row.values["fields"], row.values["value"]
        lines = [
            ("Unit", fields["unit"]),
            ("Kind", dict(Measure.Kind.choices)[fields["kind"]]),
        ]
        if value:
            shown = row.values["shows_value"]
            day = datetime.date.fromisoformat(value["valid_from"])
            lines.append(
                (
                    "Value of one unit",
                    f"{unit_value(Decimal(value['value_pounds']))} from {day:%-d %B %Y}"
                    if shown
                    else f"A value from {day:%-d %B %Y}. {WITHHELD}",
                )
            )
        return lines

    # --- applying -------------------------------------------------------------------------

    def apply(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None:
        rows = [
            _facts(row) for row in run.planned_rows.exclude(outcome=Outcome.REJECTED).order_by("pk")
        ]
        try:
            edition = _edition_of(run)
            if edition is None:
                edition = create_edition(facts=_edition_facts(run), by=by, now=now)
            bring_in_measures(edition=edition, rows=rows, by=by, now=now)
        except ValidationError as error:
            raise PlanIsStale(STALE) from error
        run.facts = {**run.facts, "edition_key": edition.key}
        beat(len(rows), len(rows))

    def discard(self, run: ImportRun) -> None:
        """Everything this kind plans is in ImportRow."""


# --- which edition ------------------------------------------------------------------------


def _edition_of(run: ImportRun) -> MeasureEdition | None:
    """The edition that is here already; None for a new one."""
    key = run.answers["edition"]
    return None if key == NEW else MeasureEdition.objects.filter(key=key).first()


def _edition_facts(run: ImportRun) -> EditionFacts:
    said = run.answers
    is_confirmed = bool(said.get("confirmed"))
    return EditionFacts(
        key=said["key"],
        name=said["name"],
        publisher=said["publisher"],
        valid_from=datetime.date.fromisoformat(said["valid_from"]),
        valid_to=datetime.date.fromisoformat(said["valid_to"]) if said.get("valid_to") else None,
        licence=said["licence"],
        licence_holder=said.get("licence_holder", ""),
        values_may_be_published=bool(said.get("values_may_be_published")),
        text_may_be_published=bool(said.get("text_may_be_published")),
        is_combinable=bool(said.get("is_combinable")),
        provenance=f"Imported from {run.original_name}, SHA-256 {run.file_sha256}.",
        source=f"import:{run.pk}",
        confirmed_by=(said.get("confirmed_by") or said["answered_by"]) if is_confirmed else "",
        confirmed_at=datetime.datetime.fromisoformat(said["answered_at"]),
    )


def _hidden(run: ImportRun, edition: MeasureEdition | None) -> set[str]:
    """The fields that the licence keeps inside the library."""
    allows: Callable[[str], bool] = (
        (lambda name: bool(getattr(edition, name)))
        if edition
        else (lambda name: bool(run.answers.get(name)))
    )
    hidden: set[str] = set()
    if not allows("values_may_be_published"):
        hidden.update(_VALUES)
    if not allows("text_may_be_published"):
        hidden.update(_WORDS)
    return hidden


# --- rows together, and with what is recorded ---------------------------------------------


def _check_together(
    drafts: list[Draft], edition: MeasureEdition | None, columns: dict[str, str]
) -> None:
    stored = _stored(edition)
    seen: dict[Any, Draft] = {}
    firsts: dict[str, Draft] = {}
    codes = {draft.code for draft in drafts} | set(stored)
    for draft in drafts:
        if not draft.code:
            continue
        first = firsts.setdefault(draft.code, draft)
        twin = seen.setdefault(draft.dated, draft)
        if twin is not draft:
            for each in {id(twin): twin, id(draft): draft}.values():
                other = draft if each is twin else twin
                _once(
                    each,
                    columns["code"],
                    f"“{draft.code}” is in this file more than once, also in row "
                    f"{other.row_number}. Keep one of them, or give each its own date or area.",
                )
        elif first is not draft and _differs(first, draft):
            draft.problem(
                columns["code"],
                draft.code,
                f"“{draft.code}” has another title, unit or kind in row {first.row_number}.",
            )
        unknown = [code for code in draft.exclusive_with if code not in codes]
        if unknown:
            draft.problem(
                columns["exclusive_with"],
                "; ".join(draft.exclusive_with),
                f"“{unknown[0]}” is not a measure of this file or edition.",
            )
        known = stored.get(draft.code)
        if known is not None and not draft.problems:
            _check_known(draft, known, columns)


def _once(draft: Draft, column: str, sentence: str) -> None:
    if not any(problem["column"] == column for problem in draft.problems):
        draft.problem(column, draft.code, sentence)


def _differs(first: Draft, second: Draft) -> bool:
    return any(first.fields[name] != second.fields[name] for name in ("title", "unit", "kind"))


def _check_known(draft: Draft, known: Measure, columns: dict[str, str]) -> None:
    for name in FIXED:
        if name == "counting" and "counting" not in columns:
            draft.fields["counting"] = known.counting
        if draft.fields[name] != getattr(known, name):
            words = {"unit": "unit", "kind": "kind", "counting": "way of counting"}[name]
            draft.problem(
                columns[name],
                str(draft.fields[name]),
                f"{known.code} is recorded with another {words}, and promises may lean on it. "
                "Give it a code of its own, or import a new edition.",
            )
    if draft.value is not None:
        held = _held(known, draft.value)
        if held is not None and held != draft.value.value_pounds:
            draft.problem(
                columns["value"],
                f"{draft.value.value_pounds:f}",
                f"Another value is recorded from {draft.value.valid_from:%-d %B %Y}, and promises "
                "may be priced by it. A correction needs a start date of its own.",
            )


def _stored(edition: MeasureEdition | None) -> dict[str, Measure]:
    if edition is None:
        return {}
    measures = edition.measures.select_related("outcome__theme").prefetch_related("values")
    return {measure.code: measure for measure in measures}


def _held(known: Measure, value: ValueFacts) -> Decimal | None:
    for held in known.values.all():
        if (held.area_id, held.valid_from) == (value.area_id, value.valid_from):
            return held.value_pounds
    return None


def _changes(draft: Draft, known: Measure) -> list[dict[str, str]]:
    labels = {spec.name: spec.label for spec in FIELDS}
    pairs = [(name, getattr(known, name), draft.fields[name]) for name in FACTS]
    pairs += [
        ("theme", known.outcome.theme.title, draft.theme),
        ("outcome", known.outcome.title, draft.outcome),
    ]
    return [
        {"field": name, "label": labels[name], "before": str(old), "after": str(new)}
        for name, old, new in pairs
        if old != new
    ]


def _row(
    run: ImportRun, draft: Draft, outcome: str, changes: list[dict[str, str]], hidden: set[str]
) -> ImportRow:
    columns = {heading: name for name, heading in run.columns.items()}

    def shown(heading: str, text: str) -> str:
        return WITHHELD if text and columns.get(heading) in hidden else text

    values: dict[str, Any] = {}
    if not draft.problems:
        values = {
            "theme": draft.theme,
            "outcome": draft.outcome,
            "fields": draft.fields,
            "exclusive_with": draft.exclusive_with,
            "value": _json(asdict(draft.value)) if draft.value else None,
            "shows_value": "value" not in hidden,
        }
    is_rejected = bool(draft.problems)
    return ImportRow(
        run=run,
        sheet=draft.sheet[:120],
        row_number=draft.row_number,
        outcome=outcome,
        key=draft.code[:300],
        title=draft.fields.get("title", "")[:300],
        raw={name: shown(name, text) for name, text in draft.raw.items()} if is_rejected else {},
        values=values,
        changes=[
            {**change, "before": WITHHELD, "after": WITHHELD}
            if change["field"] in hidden and change["field"] in _VALUES
            else change
            for change in changes
        ],
        problems=[
            {
                **problem,
                "value": shown(problem["column"], problem["value"]),
                # What a cell held is quoted in the sentence, too.
                "sentence": problem["sentence"].replace(f"“{problem['value']}”", "This")
                if columns.get(problem["column"]) in hidden and problem["value"]
                else problem["sentence"],
            }
            for problem in draft.problems
        ],
    )


def _json(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: format(value, "f")
        if isinstance(value, Decimal)
        else value.isoformat()
        if isinstance(value, datetime.date)
        else value
        for name, value in values.items()
    }


def _facts(row: ImportRow) -> MeasureFacts:
    kept = row.values
    value = None
    if kept["value"]:
        raw = dict(kept["value"])
        raw["value_pounds"] = Decimal(raw["value_pounds"])
        raw["valid_from"] = datetime.date.fromisoformat(raw["valid_from"])
        raw["valid_to"] = datetime.date.fromisoformat(raw["valid_to"]) if raw["valid_to"] else None
        value = ValueFacts(**raw)
    return MeasureFacts(
        code=row.key,
        theme=kept["theme"],
        outcome=kept["outcome"],
        fields=kept["fields"],
        exclusive_with=tuple(kept["exclusive_with"]),
        value=value,
    )
