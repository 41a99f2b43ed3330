"""What the three contract importers share: plan through drafts, apply, nothing else staged."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from trafford_sv.core.importing import Beat, FieldSpec
from trafford_sv.core.models import ImportRow, ImportRun
from trafford_sv.core.money import exact, pounds

from ..models import SpendSource
from ..services.spend.proposals import propose_for_new_payees
from .applying import Applier
from .drafts import ContractDraft, Flag, from_json

# Digits typed to fill a box, not an amount.
SUSPICIOUS = frozenset(
    Decimal(text)
    for text in ("1234567890", "123456789", "12345678", "999999999", "9999999999", "111111111")
)


class ContractImporter:
    kind = ""
    title = ""
    description = ""
    permission = "change_contracts"
    extensions: tuple[str, ...] = (".csv",)
    needs_source_name = False
    fields: tuple[FieldSpec, ...] = ()

    def headings(self, run: ImportRun) -> list[str]:
        raise NotImplementedError

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        raise NotImplementedError

    def apply(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None:
        Applier(run, by=by, now=now, beat=beat).apply()
        # Suppliers that a file brings may be whom an earlier spending file paid.
        for source in SpendSource.objects.all():
            propose_for_new_payees(source=source)

    def figures(self, run: ImportRun) -> list[tuple[str, str]]:
        facts = run.facts
        lines = [
            ("Releases in the file", facts.get("releases")),
            ("Awards", facts.get("awards")),
            ("Suppliers named", facts.get("suppliers")),
            ("Organisations not recorded before", facts.get("new_organisations")),
            ("Organisations that get a postcode", facts.get("located_organisations")),
            ("Values that need a look", facts.get("flags")),
        ]
        shown_lines = [(label, f"{count:,}") for label, count in lines if count]
        if left_out := facts.get("sheets_left_out"):
            shown_lines.append(("Sheets left out, with other headings", ", ".join(left_out)))
        return shown_lines

    def describe(self, row: ImportRow) -> list[tuple[str, str]]:
        if not row.values:
            return []
        draft = from_json(row.values, key=row.key, row_number=row.row_number)
        values = [award.value_pounds for award in draft.awards if award.value_pounds is not None]
        names = list(
            dict.fromkeys(party.name for award in draft.awards for party in award.suppliers)
        )
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines = [
            ("Suppliers", ", ".join(names[:3]) + more if names else "None named"),
            ("Value", exact(sum(values, Decimal())) if values else "Not known"),
        ]
        if draft.buyer:
            lines.append(("Buyer", draft.buyer.name))
        return lines

    def discard(self, run: ImportRun) -> None:
        """Everything this kind plans is in ImportRow."""


def published_value(
    draft: ContractDraft, value: Decimal | None, *, field: str, column: str
) -> Decimal | None:
    """The amount of a published notice: 0 and 1 stand for "not said" and become None with a
    flag; fractions of a penny are rounded, and one that looks typed to fill a box is kept, with a
    flag. Below zero is a problem.
    """
    if value is None:
        return None
    raw = format(value, "f")
    if value < 0:
        draft.problem(column, raw, f"“{raw}” is below zero, which a contract’s value cannot be.")
        return None
    if value in (0, 1):
        draft.flags.append(
            Flag(
                field,
                "placeholder_value",
                raw,
                f"The notice gives {exact(value)}, which stands for “not said”.",
            )
        )
        return None
    rounded = pounds(value)
    if rounded != value:
        draft.flags.append(
            Flag(
                field,
                "rounded_value",
                raw,
                f"“{raw}” has fractions of a penny and was rounded to {exact(rounded)}.",
                understood=f"{rounded:f}",
            )
        )
    value = rounded
    if value in SUSPICIOUS:
        draft.flags.append(
            Flag(
                field,
                "suspicious_value",
                raw,
                f"{exact(value)} looks like digits typed to fill the box. Check it with the buyer.",
                understood=raw,
            )
        )
    return value


def check_order(draft: ContractDraft) -> None:
    """An end before the start is flagged and left out: the rest of the notice still holds."""
    start, end = draft.fields.get("start"), draft.fields.get("end")
    if start and end and end < start:
        draft.flags.append(
            Flag(
                "end",
                "ends_before_start",
                end.isoformat(),
                f"The notice ends the contract on {end:%d/%m/%Y}, before it starts. The end was left out.",
            )
        )
        draft.fields["end"] = None
