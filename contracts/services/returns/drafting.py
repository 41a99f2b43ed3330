"""Beginning a return and filling it in, by several people at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from trafford_sv.core.periods import Quarter
from trafford_sv.core.selectors.history import version_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision, create_record, update_record

from ...models import Commitment, Contract, DeliveryReturn, ReturnEvent, ReturnLine
from ...return_rules import line_is_editable
from ...selectors.returns import expected_commitments
from .line_values import LINE_FIELDS, apply, in_words, line_problems
from .locks import check_version, lines_of, locked_return, refuse_unless_editable, write_lines

MOST_LINES = 5000


@dataclass(frozen=True)
class LineChange:
    """What somebody typed on a line, and the version that they saw. `unit` where it came along."""

    expected_version: int
    values: Mapping[str, Any]
    unit: str = ""


class LinesChanged(Exception):
    """Somebody saved these lines in between. Nothing is written."""

    def __init__(self, collisions: tuple[Collision, ...]) -> None:
        super().__init__("Someone else saved these lines after you opened them.")
        self.collisions = collisions


def open_return(
    *, contract: Contract, supplier: Any, quarter: Quarter, by: Any, now: datetime.datetime
) -> DeliveryReturn:
    """The supplier's return for the quarter, begun if it is not there: one line for each commitment.

    A draft gets a line for what was agreed since. Raises ValidationError where nothing was agreed.
    """
    today = timezone.localtime(now).date()
    if quarter.start > today:
        raise ValidationError(
            f"{quarter.label} has not begun. Its return can be filled in from "
            f"{quarter.start:%-d %B %Y}."
        )
    with transaction.atomic():
        Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        held = {
            "contract": contract,
            "supplier": supplier,
            "financial_year": quarter.start_year,
            "quarter": quarter.number,
        }
        row = DeliveryReturn.objects.select_for_update(no_key=True).filter(**held).first()
        if row is not None and row.state != DeliveryReturn.State.DRAFT:
            return row
        own = Commitment.objects.counted().filter(contract=contract, supplier=supplier)
        agreed = list(own.order_by("number"))
        if row is None and not agreed:
            raise ValidationError(
                f"Nothing has been agreed with you in {contract.reference} yet, so there is "
                "nothing to report."
            )
        expected = set(
            expected_commitments(quarter)
            .filter(contract=contract, supplier=supplier)
            .values_list("pk", flat=True)
        )
        # Where nothing is planned for the quarter, what was done all the same can be reported.
        wanted = [each for each in agreed if each.pk in expected] or ([] if row else agreed)
        if row is None:
            row = create_record(
                model=DeliveryReturn,
                values={**held, "is_demo": contract.is_demo},
                by=by,
                now=now,
                verb="return begun",
            )
            _note(row, ReturnEvent.Action.STARTED, by=by, now=now)
        _fill(row, wanted, by=by, now=now)
        return row


def save_return(
    *,
    delivery_return: DeliveryReturn,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> DeliveryReturn:
    """The narrative and the two declarations. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = locked_return(delivery_return.pk)
        if all(getattr(stored, name) == value for name, value in changes.items()):
            return stored
        if stored.version != expected_version:
            raise Collision(stored, changes)
        refuse_unless_editable(stored)
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="return changed",
        )


def save_lines(
    *,
    delivery_return: DeliveryReturn,
    lines: Mapping[int, LineChange],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> list[ReturnLine]:
    """Save what was typed on some lines, by their keys, all or nothing; those that changed.

    Raises LinesChanged where somebody else saved one of them meanwhile, and ValidationError with
    sentences under `line-<key>-<field>`. A line that this person left alone never collides.
    """
    with transaction.atomic():
        row = locked_return(delivery_return.pk)
        stored = lines_of(row, lines)
        missing = set(lines) - {line.pk for line in stored}
        if missing:
            raise ValidationError(
                "A line of this return was removed meanwhile. Open the return again."
            )
        collisions: list[Collision] = []
        problems: dict[str, list[str]] = {}
        changed: list[ReturnLine] = []
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for line in stored:
            change = lines[line.pk]
            values = _touched(line, change)
            was = {name: getattr(line, name) for name in LINE_FIELDS}
            differing = apply(line, values)
            if not differing and not change.unit:
                continue
            if line.version != change.expected_version and differing:
                attempted = {name: getattr(line, name) for name in differing}
                for name, value in was.items():
                    setattr(line, name, value)
                collisions.append(Collision(line, attempted))
                continue
            found = _refusals(line, differing, change.unit, timezone.localtime(now).date())
            problems |= {f"line-{line.pk}-{name}": said for name, said in found.items()}
            if differing:
                now_words = in_words(line, differing)
                after |= now_words
                before |= {
                    key: was[name] if name != "partner" else str(was[name] or "")
                    for key, name in zip(now_words, differing, strict=True)
                }
                changed.append(line)
        if collisions:
            raise LinesChanged(tuple(collisions))
        if problems:
            raise ValidationError(problems)
        if changed:
            write_lines(changed, LINE_FIELDS, by=by, now=now, reason=reason or "Lines filled in")
            record_event(
                by=by,
                now=now,
                verb="return lines saved",
                subject=row,
                before=before,
                after=after,
                reason=reason,
            )
        return changed


def save_line(
    *,
    line: ReturnLine,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    unit: str = "",
) -> ReturnLine:
    """One line alone. Raises Collision, or ValidationError with sentences by field."""
    change = LineChange(expected_version, changes, unit)
    try:
        with transaction.atomic():
            row = locked_return(line.delivery_return_id)
            stored = lines_of(row, [line.pk])
            # On a page of its own even an untouched box shows what is no longer there.
            if stored and stored[0].version != expected_version:
                raise Collision(stored[0], changes)
            save_lines(delivery_return=row, lines={line.pk: change}, by=by, now=now)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        raise ValidationError(
            {name.split("-", 2)[2]: said for name, said in error.message_dict.items()}
        ) from error
    return ReturnLine.objects.get(pk=line.pk)


def save_draft(
    *,
    delivery_return: DeliveryReturn,
    changes: Mapping[str, Any],
    expected_version: int,
    lines: Mapping[int, LineChange],
    by: Any,
    now: datetime.datetime,
) -> DeliveryReturn:
    """The whole page at once: narrative and lines, all or nothing.

    Raises LinesChanged with every collision, the return's own among them, or ValidationError.
    """
    collisions: tuple[Collision, ...] = ()
    with transaction.atomic():
        row = delivery_return
        if changes:
            try:
                row = save_return(
                    delivery_return=row,
                    changes=_untouched_left_out(row.pk, changes, expected_version),
                    expected_version=expected_version,
                    by=by,
                    now=now,
                )
            except Collision as collision:
                collisions = (collision,)
        try:
            save_lines(delivery_return=row, lines=lines, by=by, now=now)
        except LinesChanged as changed:
            collisions += changed.collisions
        if collisions:
            raise LinesChanged(collisions)
    return row


def add_line(
    *,
    delivery_return: DeliveryReturn,
    commitment: Commitment,
    by: Any,
    now: datetime.datetime,
) -> ReturnLine:
    """One more line for a commitment: a second session, another group. Raises ValidationError."""
    with transaction.atomic():
        row = locked_return(delivery_return.pk)
        refuse_unless_editable(row)
        stored = Commitment.objects.select_related("measure").get(pk=commitment.pk)
        if (stored.contract_id, stored.supplier_id) != (row.contract_id, row.supplier_id):
            raise ValidationError(
                "This is not one of your commitments in this agreement. Choose one from the list."
            )
        if stored.state != Commitment.State.AGREED:
            raise ValidationError(
                f"Commitment {stored.number} is {stored.get_state_display().lower()}. "
                "Report against one that is agreed."
            )
        if row.lines.count() >= MOST_LINES:
            raise ValidationError(
                f"A return holds at most {MOST_LINES:,} lines. Put several days on one line."
            )
        return create_record(
            model=ReturnLine,
            values={
                "delivery_return": row,
                "commitment": stored,
                "number": _next_number(row),
            },
            by=by,
            now=now,
            verb="return line added",
        )


def remove_line(
    *, line: ReturnLine, expected_version: int, by: Any, now: datetime.datetime
) -> None:
    """Take a line off a draft; its history stays. Raises Collision or ValidationError."""
    with transaction.atomic():
        row = locked_return(line.delivery_return_id)
        found = lines_of(row, [line.pk])
        if not found:
            return
        stored = found[0]
        check_version(stored, expected_version)
        refuse_unless_editable(row)
        if stored.is_counted:
            raise ValidationError(
                f"Line {stored.number} was sent already, so it stays on record. "
                "Type 0 if nothing was done."
            )
        if not row.lines.filter(commitment=stored.commitment_id).exclude(pk=stored.pk).exists():
            raise ValidationError(
                "This is the only line for its commitment. Leave it empty if you do not report "
                "it this time, or type 0 if nothing was done."
            )
        record_event(
            by=by,
            now=now,
            verb="return line removed",
            subject=row,
            before=in_words(stored, list(LINE_FIELDS)),
        )
        stored._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
        stored._history_date = now  # type: ignore[attr-defined]
        stored._change_reason = "Line removed"  # type: ignore[attr-defined]
        stored.delete()


# --- inside -------------------------------------------------------------------------------


def _touched(line: ReturnLine, change: LineChange) -> Mapping[str, Any]:
    """Of the values that came, those that this person changed since they opened the line."""
    if line.version == change.expected_version:
        return change.values
    opened = version_of(line, change.expected_version)
    if opened is None:
        return change.values
    return {
        name: value
        for name, value in change.values.items()
        if not hasattr(opened, name) or _plain(getattr(opened, name)) != _plain(value)
    }


def _untouched_left_out(
    pk: int, changes: Mapping[str, Any], expected_version: int
) -> Mapping[str, Any]:
    row = DeliveryReturn.objects.get(pk=pk)
    opened = version_of(row, expected_version) if row.version != expected_version else None
    if opened is None:
        return changes
    return {name: value for name, value in changes.items() if getattr(opened, name) != value}


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _refusals(
    line: ReturnLine, differing: list[str], unit: str, today: datetime.date
) -> dict[str, list[str]]:
    if differing and not line_is_editable(line.delivery_return.state, line.state):
        said = "accepted" if line.state != ReturnLine.State.OPEN else "being checked"
        return {
            differing[0]: [
                f"Line {line.number} is {said}, so it is locked. "
                "Ask the council’s officer to open it again."
            ]
        }
    if "attribution_share" in differing and getattr(line, "claim", None) is not None:
        return {
            "attribution_share": [
                f"This line claims a share of activity {line.claim.activity.code}. "
                "Change the share there."
            ]
        }
    return line_problems(line, today, unit)


def _fill(
    row: DeliveryReturn, wanted: list[Commitment], *, by: Any, now: datetime.datetime
) -> None:
    """A blank line for each commitment that has none. Blank is "not reported", never 0."""
    held = set(row.lines.values_list("commitment_id", flat=True))
    first = _next_number(row)
    missing = [each for each in wanted if each.pk not in held]
    bulk_create_with_history(
        [
            ReturnLine(delivery_return=row, commitment=each, number=first + place)
            for place, each in enumerate(missing)
        ],
        ReturnLine,
        batch_size=200,
        default_user=by if getattr(by, "pk", None) else None,
        default_change_reason="Return begun",
        default_date=now,
    )


def _next_number(row: DeliveryReturn) -> int:
    """Above every number that the return ever had, also those of lines that are gone."""
    held = row.lines.aggregate(top=Max("number"))["top"] or 0
    gone = (
        ReturnLine.history.filter(delivery_return_id=row.pk).aggregate(top=Max("number"))["top"]
        or 0
    )
    return int(max(held, gone)) + 1


def _note(row: DeliveryReturn, action: str, *, by: Any, now: datetime.datetime) -> None:
    ReturnEvent.objects.create(
        delivery_return=row, at=now, actor_name=actor_name(by), action=action
    )
