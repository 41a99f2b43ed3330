"""One line of a spending file: what it says, or sentences about what cannot be read in it.

The quick path looks every cell up in small bounded memories (a year of payments has some 250
dates and 2,400 payees), so that a line costs a few dictionary look-ups and one digest. Whatever
the quick path stumbles over goes through the slow one, which finds every problem and words it.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from trafford_sv.core.importing import FieldSpec
from trafford_sv.core.money import PENNY, MoneyError, parse_pounds
from trafford_sv.core.periods import Quarter

FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "payee",
        "Who was paid",
        required=True,
        help="The supplier's or beneficiary's name.",
        aliases=(
            "BeneficiaryName",
            "Beneficiary Name",
            "Supplier Name",
            "Supplier",
            "Payee",
            "Payee Name",
            "Vendor Name",
            "Merchant Name",
            "Creditor Name",
            "Redacted Supplier Name",
        ),
    ),
    FieldSpec(
        "amount",
        "Amount in pounds, net of VAT",
        required=True,
        help="Negative amounts are credits and refunds.",
        aliases=(
            "Amount",
            "Net Amount",
            "Amount (£)",
            "Net Amount (£)",
            "Amount £",
            "Value",
            "Net",
            "Line Amount",
        ),
    ),
    FieldSpec(
        "paid_on",
        "Date paid",
        required=True,
        help="Like 2026-03-31 or 31/03/2026.",
        aliases=(
            "PaymentDate",
            "Payment Date",
            "Date Paid",
            "Paid Date",
            "Date",
            "Invoice Payment Date",
            "Transaction Date",
            "Date of payment",
            "Pay Date",
        ),
    ),
    FieldSpec(
        "category_code",
        "Category code",
        help="Categories are told apart by the code, because the spacing of labels varies.",
        aliases=(
            "ProclassCode",
            "Proclass Code",
            "Expenditure code",
            "Category Code",
            "Expenses Code",
            "CIPFA Code",
        ),
    ),
    FieldSpec(
        "category_label",
        "Category",
        aliases=(
            "ProclassLabel",
            "Proclass Label",
            "Expenditure category",
            "Expenditure Category",
            "Expense Type",
            "Expenses Type",
            "Category",
            "Expense Description",
            "Merchant Category",
        ),
    ),
    FieldSpec(
        "unit",
        "Part of the council that paid",
        aliases=(
            "OrganisationalUnit",
            "Organisational Unit",
            "Service Label",
            "Service Area",
            "Expense Area",
            "Department",
            "Directorate",
            "Service",
        ),
    ),
    FieldSpec(
        "transaction_number",
        "Transaction number",
        help="It may repeat: one payment can cover many lines.",
        aliases=(
            "TransactionNumber",
            "Transaction Number",
            "Transaction No",
            "Transaction Ref",
            "Transaction",
            "Payment Number",
        ),
    ),
    FieldSpec(
        "purpose", "Purpose", aliases=("Purpose", "Description", "Narrative", "Purpose of spend")
    ),
    FieldSpec(
        "vat_number",
        "The payee's VAT number",
        aliases=("VATRegistrationNumber", "VAT Registration Number", "VAT Number", "VAT Reg No"),
    ),
    FieldSpec(
        "payee_number",
        "The council's own number for the payee",
        aliases=(
            "BeneficiaryOtherID",
            "Supplier Number",
            "Supplier ID",
            "Supplier No",
            "Vendor Number",
            "Creditor Number",
        ),
    ),
    FieldSpec(
        "publisher",
        "The council that publishes",
        help="Used where no publisher's name is given.",
        aliases=("OrganisationLabel", "Organisation Label", "Body Name", "Organisation Name"),
    ),
)
# What tells one line from another. Not the category's label, whose spacing varies between
# issues, nor the payee's numbers, which publishers fill in later.
IDENTITY = ("payee", "paid_on", "amount", "category_code", "unit", "transaction_number", "purpose")
NOTHING = frozenset({"", "na", "n/a", "null", "none", "#n/a", "-", "not classified"})
_REMEMBERED = 50_000
# Nothing is cut: a longer cell is refused in words, and its line with it.
_LENGTHS = {
    "payee": 300,
    "category_code": 200,
    "category_label": 200,
    "unit": 200,
    "transaction_number": 60,
    "payee_number": 40,
    "vat_number": 60,
    "purpose": 5_000,
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_BRITISH = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?: 00:00(?::00)?)?")
_WORDED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{4}|\d{2})")
_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_AMOUNT = re.compile(r"-?(?:0|[1-9]\d{0,11})\.\d\d")


class CellProblem(ValueError):
    """What is wrong with one cell, in a sentence for the person who can correct it."""


@dataclass(frozen=True)
class Problem:
    """`field` is one of FIELDS' names, "" for the line as a whole."""

    field: str
    value: str
    sentence: str


def folded(text: str) -> str:
    """Without spaces at the ends, and every run of spaces (no-break ones too) as one."""
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


def is_nothing(text: str) -> bool:
    return text.casefold() in NOTHING


def read_day(text: str) -> datetime.date:
    """Day first, as councils write it. Raises CellProblem."""
    raw = folded(text)
    if is_nothing(raw):
        raise CellProblem(f"There is no date here: “{raw}”." if raw else "There is no date here.")
    if match := _ISO.fullmatch(raw):
        year, month, day = match[1], int(match[2]), match[3]
    elif match := _BRITISH.fullmatch(raw):
        day, month, year = match[1], int(match[2]), match[3]
    elif (match := _WORDED.fullmatch(raw)) and match[2][:3].lower() in _MONTHS:
        day, month, year = match[1], _MONTHS[match[2][:3].lower()], match[3]
    else:
        raise CellProblem(f"“{raw[:60]}” is not a date. Write it like 2026-03-31 or 31/03/2026.")
    number = int(year) + (2000 if len(year) == 2 else 0)
    try:
        found = datetime.date(number, month, int(day))
    except ValueError as error:
        raise CellProblem(
            f"“{raw}” is not a day in the calendar. Check the day and the month."
        ) from error
    if not 2000 <= found.year <= 2099:
        raise CellProblem(f"“{raw}” is not between 2000 and 2099. Check the year.")
    return found


def read_amount(text: str) -> str:
    """The amount in pounds and pence as "-1234.50". Raises CellProblem."""
    if _AMOUNT.fullmatch(text) and text != "-0.00":
        return text
    raw = folded(text)
    if is_nothing(raw):
        raise CellProblem(
            f"There is no amount here: “{raw}”." if raw else "There is no amount here."
        )
    if raw.startswith("="):
        raise CellProblem(f"“{raw[:60]}” is a formula. Save the file with its results.")
    if raw.endswith("-") and raw[:-1].strip()[:1].isdigit():  # some ledgers write minus last
        raw = "-" + raw[:-1].strip()
    try:
        amount = parse_pounds(raw)
    except MoneyError as error:
        raise CellProblem(str(error)) from error
    exact = amount.quantize(PENNY)
    if exact != amount:
        raise CellProblem(f"“{raw}” has fractions of a penny. Write pounds and pence.")
    if abs(exact) >= Decimal(10) ** 12:
        raise CellProblem(f"“{raw}” is larger than this system can hold. Check the amount.")
    return format(exact + 0, "f") if exact else "0.00"


def read_payee(text: str) -> str:
    name = folded(text)
    if is_nothing(name):
        raise CellProblem(
            f"There is no payee here: “{name}”." if name else "There is no payee here."
        )
    if name.startswith("="):
        raise CellProblem(
            f"“{name[:60]}” is a formula, not a name. Save the file with its results."
        )
    return _fits("payee", name)


def read_text(field: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.isdecimal() and len(text) <= _LENGTHS[field]:  # as most are: nothing to tidy
            return text
        found = folded(text)
        return "" if is_nothing(found) else _fits(field, found)

    return read


def read_purpose(text: str) -> str:
    return _fits("purpose", folded(text))


def read_vat(text: str) -> str:
    found = re.sub(r"[\s.-]", "", text).upper()
    return "" if is_nothing(found) else _fits("vat_number", found)


def _fits(field: str, text: str) -> str:
    most = _LENGTHS[field]
    if len(text) > most:
        raise CellProblem(f"This is {len(text)} characters long; at most {most} fit.")
    return text


def _day_with_quarter(text: str) -> tuple[str, str]:
    """The day, and the day with its quarter as staging keeps them."""
    day = read_day(text)
    quarter = Quarter.of(day)
    return day.isoformat(), f"{day}\t{quarter.start_year * 4 + quarter.number - 1}"


class _Memory(dict[Any, Any]):
    """Remembers what a cell was read as; forgets everything when it grows beyond bounds, so
    that a larger file takes no more memory. What cannot be read is not remembered."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read

    def __missing__(self, raw: Any) -> Any:
        value = self.read(raw)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[raw] = value
        return value


Rejected = Callable[[int, list[str], list[Problem]], None]


class LineReader:
    """Reads the lines of one table, whose columns stand at `positions` (field -> index).

    `heads` collects the heads of the lines read; whoever writes them away empties it. They are
    numbered by `numbers`, which all tables of a file share.
    """

    def __init__(
        self, positions: Mapping[str, int], width: int, numbers: Iterator[int] | None = None
    ) -> None:
        self.width = width
        self.positions = dict(positions)
        self.heads: list[str] = []
        self._head_numbers = itertools.count(1) if numbers is None else numbers
        self._days = _Memory(_day_with_quarter)
        self._amounts = _Memory(read_amount)
        self._transactions = _Memory(read_text("transaction_number"))
        self._purposes = _Memory(read_purpose)
        self._heads = _Memory(self._head)
        self._read_code, self._read_unit = read_text("category_code"), read_text("unit")

    def _head(self, raw: tuple[str, str, str, str, str, str]) -> tuple[str, str, int]:
        """The payee, the category's code with the unit, and the number of the head they make
        with the label and the payee's numbers. Where a publisher gives labels only, the label
        is the code.
        """
        payee = read_payee(raw[0])
        code, label = self._read_code(raw[1]), folded(raw[2])
        label = "" if is_nothing(label) else _fits("category_label", label)
        if "category_code" not in self.positions:
            code = _fits("category_code", label)
        unit, number = self._read_unit(raw[3]), _fits("payee_number", folded(raw[4]))
        head = next(self._head_numbers)
        self.heads.append(
            f"{head}\t{payee}\t{code}\t{unit}\t{label or code or 'Not classified'}\t"
            f"{'' if is_nothing(number) else number}\t{read_vat(raw[5])}\n"
        )
        return payee, f"{code}\t{unit}", head

    def lines(self, rows: Iterable[tuple[int, list[str]]], rejected: Rejected) -> Iterator[str]:
        """Each good line as staging takes it: row number, digest of what tells it from others (32
        hexadecimal digits), head, day, quarter, amount, transaction number, purpose, joined by
        tabs and ended by a line break. No cell holds either. The others go to `rejected`.
        """
        where = self.positions
        blank = self.width  # a cell that no column gives is read from one past the end
        at_day, at_amount = where["paid_on"], where["amount"]
        at_transaction = where.get("transaction_number", blank)
        at_purpose = where.get("purpose", blank)
        head_cells = itemgetter(
            where["payee"],
            where.get("category_code", blank),
            where.get("category_label", blank),
            where.get("unit", blank),
            where.get("payee_number", blank),
            where.get("vat_number", blank),
        )
        days, amounts, heads = self._days, self._amounts, self._heads
        transactions, purposes, width = self._transactions, self._purposes, self.width
        empty_digest = blake2b(digest_size=16).copy  # quicker than one made anew
        for number, cells in rows:
            if len(cells) != width:
                if any(cells[width:]):
                    rejected(number, cells, [_too_wide(cells, width)])
                    continue
                cells = [*cells[:width], *[""] * (width - len(cells))]
            cells.append("")
            try:
                day, day_with_quarter = days[cells[at_day]]
                amount = amounts[cells[at_amount]]
                last = f"{transactions[cells[at_transaction]]}\t{purposes[cells[at_purpose]]}"
                # Heads come last: only lines that are good have one.
                payee, code_and_unit, head = heads[head_cells(cells)]
            except CellProblem:
                rejected(number, cells[:width], self.problems(cells))
                continue
            digest = empty_digest()
            digest.update(f"{payee}\t{day}\t{amount}\t{code_and_unit}\t{last}".encode())
            yield (
                f"{number}\t{digest.hexdigest()}\t{head}\t{day_with_quarter}\t{amount}\t{last}\n"
            )

    def problems(self, cells: list[str]) -> list[Problem]:
        """Everything that is wrong with a line, cell by cell."""
        found: list[Problem] = []
        readers: tuple[tuple[str, Callable[[str], Any]], ...] = (
            ("payee", read_payee),
            ("amount", read_amount),
            ("paid_on", read_day),
            ("category_code", read_text("category_code")),
            ("unit", read_text("unit")),
            ("transaction_number", read_text("transaction_number")),
            ("category_label", read_text("category_label")),
            ("payee_number", read_text("payee_number")),
            ("vat_number", read_vat),
            ("purpose", read_purpose),
        )
        for field, read in readers:
            if field not in self.positions:
                continue
            cell = cells[self.positions[field]]
            try:
                read(cell)
            except CellProblem as problem:
                found.append(Problem(field, cell, str(problem)))
        return found


def _too_wide(cells: list[str], width: int) -> Problem:
    return Problem(
        "",
        "",
        f"This line has {len(cells)} cells under {width} headings. A comma inside a cell may "
        "stand without quotation marks; correct the line so that nothing lands in a wrong column.",
    )
