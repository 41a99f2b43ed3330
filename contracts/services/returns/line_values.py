"""What may be typed on a line, judged by the measure's rule of counting."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trafford_sv.directory.models import Organisation

from ...counting import PARTS, CountingError, CountingRule, Inputs, count
from ...models import ReturnLine
from ...selectors.return_detail import inputs_of
from ...typed_quantities import unit_problem

QUANTITIES = (
    "given_quantity",
    "fte_quantity",
    "months_quantity",
    "people_quantity",
    "hours_quantity",
)
TEXTS = ("happened_on", "place", "narrative", "partner", "warning_reason", "attribution_share")
LINE_FIELDS = (*QUANTITIES, *TEXTS)
# The measure's part behind each typed field.
PART_OF = {
    "given_quantity": "quantity",
    "fte_quantity": "fte",
    "months_quantity": "months",
    "people_quantity": "people",
    "hours_quantity": "hours",
}
LONGEST_TEXT = 5000
_FULL_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]?\s*[0-9][A-Z]{2}\b", re.IGNORECASE)

Sentences = dict[str, list[str]]


def fields_for(rule: CountingRule | str) -> tuple[str, ...]:
    """The typed fields of a rule of counting, in the order in which they are asked."""
    names = {part: field for field, part in PART_OF.items()}
    return tuple(names[part] for part in PARTS[CountingRule(rule)])


def line_problems(
    line: ReturnLine, today: datetime.date, given_unit: str = "", *, complete: bool = False
) -> Sentences:
    """Sentences by field for what cannot be stored. A part that is missing may come later.

    `complete`: the line is about to be sent, so its parts must be there.
    """
    found: Sentences = {}
    rule = CountingRule(line.commitment.measure.counting)
    for name in QUANTITIES:
        sentence = _size_problem(name, getattr(line, name))
        if sentence:
            found[name] = [sentence]
    if rule == CountingRule.FIRST_YEAR and line.given_quantity is not None:
        found.setdefault("given_quantity", []).append(
            "Give the number of people and the months that each was kept, not one quantity: "
            "only the first 12 months of each person count."
        )
    if not found:
        found |= _counting_problem(line, rule, complete)
    wrong_unit = unit_problem(given_unit, line.commitment.measure.unit)
    if wrong_unit:
        found.setdefault(fields_for(rule)[0], []).append(wrong_unit)
    if line.happened_on is not None and line.happened_on > today:
        found["happened_on"] = [
            f"{line.happened_on:%-d %B %Y} has not come yet. Give the day on which it happened."
        ]
    if _FULL_POSTCODE.search(line.place):
        found["place"] = [
            "This looks like a full postcode, which can point to one person’s home. Give its "
            "first part only, such as M33."
        ]
    for name, label in (("narrative", "What you did"), ("warning_reason", "The reason")):
        length = len(getattr(line, name))
        if length > LONGEST_TEXT:
            found[name] = [f"{label} is {length:,} characters long; {LONGEST_TEXT:,} fit here."]
    if len(line.place) > 120:
        found["place"] = ["Give the place in 120 characters or fewer."]
    share = line.attribution_share
    if not share.is_finite() or not 0 < share <= 1:
        found["attribution_share"] = ["Give a share above 0% and up to 100%."]
    elif share != share.quantize(Decimal("0.0001")):
        found["attribution_share"] = ["Give the share with at most two decimals, like 33.33%."]
    if line.partner_id is not None and line.partner_id == line.delivery_return.supplier_id:
        found["partner"] = ["Name the organisation that was helped, not your own."]
    return found


def apply(line: ReturnLine, values: Mapping[str, Any]) -> list[str]:
    """Set the values on the line; the fields that differ from before."""
    differing = []
    for name in LINE_FIELDS:
        if name not in values:
            continue
        value = values[name]
        if isinstance(value, str):
            value = value.replace("\x00", "").replace("\r\n", "\n").strip()
        if getattr(line, name) != value:
            setattr(line, name, value)
            differing.append(name)
    return differing


def in_words(line: ReturnLine, names: list[str]) -> dict[str, Any]:
    """For the audit log: the values, an organisation by its name."""
    shown = {}
    for name in names:
        value = getattr(line, name)
        shown[f"line {line.number} {name}"] = (
            value.name if isinstance(value, Organisation) else value
        )
    return shown


def _size_problem(name: str, value: Decimal | None) -> str:
    if value is None:
        return ""
    if not value.is_finite():
        return "This is not a number."
    if value < 0:
        return "A quantity cannot be negative. Give 0 or more, or leave it empty."
    field: Any = ReturnLine._meta.get_field(name)
    if abs(value) >= Decimal(10) ** (field.max_digits - field.decimal_places):
        return "This is more than the system can hold. Check the figure."
    step = Decimal(1).scaleb(-field.decimal_places)
    if value != value.quantize(step):
        return f"Give at most {field.decimal_places} decimals."
    return ""


def _counting_problem(line: ReturnLine, rule: CountingRule, complete: bool) -> Sentences:
    names = fields_for(rule)
    missing = [name for name in names if getattr(line, name) is None]
    inputs = inputs_of(line)
    if missing and len(missing) < len(names) and not complete:
        # The parts that are there are still judged, with 0 for the missing ones.
        filled = {PART_OF[name]: getattr(line, name) or Decimal(0) for name in names}
        inputs = Inputs(**filled)
    try:
        count(rule, inputs)
    except CountingError as error:
        return {(missing or list(names))[0]: [str(error)]}
    return {}
