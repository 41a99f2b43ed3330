"""The rows behind the reports of a year or a quarter, read for the whole council. Each function adds one row set.

What is confidential never comes this far: no bid's own lines, no action that is not public, no need
that is not published, no person. Where an edition's licence keeps its values back, its lines stand
together in one row without a name for each kind of value and quarter, and that row has no pounds where
so few measures add to it that one value could be told (`contracts/licensing.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils.crypto import salted_hmac

from contracts.licensing import TotalReader, may_show_text
from contracts.models import (
    Award,
    AwardSupplier,
    Contract,
    CpvCode,
    DeliveryReturn,
    EvidenceLink,
    Measure,
    SpendTotal,
)
from contracts.near_words import SMALLEST_TOLD, counts_people
from contracts.retained import PLACES
from contracts.selectors.claimed import claimed_quantity
from contracts.selectors.position import EVERYWHERE, Scope, commitments_in, lines_in, offers_in
from contracts.selectors.position_scope import held_measure
from contracts.selectors.returns import expected_returns
from contracts.selectors.spend import place_case
from contracts.valuation import Kind
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import FinancialYear, Quarter

from ..datasets import Evidence
from ..editions import Period
from .report_book import Book, Given, quarters_of

HELD_BACK = "Held back by the licence"
UNNAMED = "Not named in public"
EVERYTHING = Scope()
KINDS = {Kind.SOCIAL.value, Kind.LOCAL_ECONOMIC.value}
NO_DIRECTORATE = "No directorate recorded"


# Anybody may read an edition, for ever.
TOTALS = TotalReader()


def held_measures(path: str, amount: str) -> Any:
    """How many different measures whose values a licence keeps in add to a sum of `amount`.

    One that adds nothing, or is not priced, hides nothing among the others.
    """
    return Count(held_measure(path), distinct=True, filter=Q(**{f"{amount}__gt": 0}))


_LETTERS = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")


def code_of(kind: str, pk: int) -> str:
    """Eight capital letters in place of a key of ours, the same in every report.

    The keys themselves stand on public pages beside names, so a key in an edition would name the row.
    Nobody can work out the letters without the secret key of the installation.
    """
    code = salted_hmac("reporting.report_rows", f"{kind}-{pk}", algorithm="sha256").hexdigest()
    return code[:8].translate(_LETTERS)


def row_of(kind: str, pk: int, *, is_named: bool) -> str:
    """The key of a row about one record: its own where the agreement may be named, else a code."""
    return f"{kind}-{pk if is_named else code_of(kind, pk)}"


def names_of(row: dict[str, Any], contract: str, supplier: str = "") -> tuple[str, str, str]:
    """(reference, title, supplier) as anybody may read them beside pounds.

    An agreement is named where its officer recorded that it may be; else it has a code that says
    nothing and is the same in every report. `contract` and `supplier` are where they stand in the row.
    """
    if row[f"{contract}__is_named_in_public"]:
        return (
            row[f"{contract}__reference"],
            row[f"{contract}__title"],
            row[f"{supplier}__name"] if supplier else "",
        )
    return f"Agreement {code_of('agreement', row[f'{contract}_id'])}", UNNAMED, UNNAMED


@dataclass(frozen=True)
class Line:
    """A promise or a delivery as a row holds it. `pounds`: one for each column of the rows.

    `may_show`: its edition's values may be published. `in_force`: "yes" or "no" of its agreement in
    the period.
    """

    key: str
    reference: str
    agreement: str
    agreement_kind: str
    supplier: str
    directorate: str
    theme: str
    measure: str
    value_kind: str
    quarter: str
    in_force: str
    pounds: tuple[Decimal | None, ...]
    measure_pk: int
    may_show: bool


def _held_together(book: Book, rows: str, lines: Iterable[Line], *columns: str) -> list[Line]:
    """Lines that may not be shown become one of their kind of value and quarter, with no name on it.

    What such a row may not tell is left out of `columns`, and the book remembers that it is.
    """
    kept: list[Line] = []
    held: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        if line.may_show:
            kept.append(line)
        else:
            held.setdefault((line.value_kind, line.quarter, line.in_force), []).append(line)
    for (kind, quarter, in_force), together in held.items():
        pounds: list[Decimal | None] = []
        for place, column in enumerate(columns):
            told = [(one.measure_pk, one.pounds[place]) for one in together]
            known = {measure for measure, amount in told if amount}
            if TOTALS.may_have(len(known)):
                amounts = [amount for _, amount in told if amount is not None]
                pounds.append(sum(amounts, Decimal(0)) if amounts else None)
            else:
                pounds.append(None)
                book.leave_out(
                    rows,
                    column,
                    value_kind=kind,
                    quarter=quarter,
                    year=quarter[:7],
                    in_force=in_force,
                )
        kept.append(
            Line(
                key="-".join(part for part in ("held", kind, quarter, in_force) if part),
                reference=HELD_BACK, agreement=HELD_BACK, agreement_kind=HELD_BACK,
                supplier=HELD_BACK, directorate=HELD_BACK, theme=HELD_BACK, measure=HELD_BACK,
                value_kind=kind, quarter=quarter, in_force=in_force, pounds=tuple(pounds),
                measure_pk=0, may_show=False,
            )
        )  # fmt: skip
    return kept


def _texts(row: dict[str, Any], path: str) -> tuple[str, str]:
    """Theme and measure, where the licence lets anybody read them."""
    if not may_show_text(row[f"{path}edition__text_may_be_published"], is_public=True):
        return HELD_BACK, HELD_BACK
    return row[f"{path}outcome__theme__title"], row[f"{path}title"]


def _pounds(amount: Decimal | None) -> Decimal | None:
    """To the penny: what SQLite adds comes back without its last zeros."""
    return None if amount is None else pounds(amount)


_AGREEMENT = (
    ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
    ("agreement_kind", "Kind of agreement", "text"), ("supplier", "Supplier", "text"),
    ("directorate", "Directorate", "text"), ("theme", "Theme", "text"),
    ("measure", "Measure", "text"), ("value_kind", "Kind of value", "text"),
)  # fmt: skip


def _said_of(line: Line) -> tuple[Given, ...]:
    return (
        line.key, line.reference, line.agreement, line.agreement_kind, line.supplier,
        line.directorate, line.theme, line.measure, line.value_kind,
    )  # fmt: skip


def add_commitments(book: Book, period: Period) -> None:
    """The rows that "committed" adds up: agreed by the end of the period, on agreements in force in it."""
    held: Any = commitments_in(EVERYWHERE, EVERYTHING, period.start, period.end)
    found: Any = held.values(
        "pk", "contract_id", "contract__reference", "contract__title", "contract__is_named_in_public",
        "contract__kind", "supplier__name", "contract__directorate__name", "measure__outcome__theme__title", "measure__title",
        "measure__kind", "measure_id", "measure__edition__values_may_be_published",
        "measure__edition__text_may_be_published", "counted_pounds",
    )  # fmt: skip
    lines = [
        Line(
            row_of("commitment", row["pk"], is_named=row["contract__is_named_in_public"]),
            reference, title,
            Contract.Kind(row["contract__kind"]).label, supplier,
            row["contract__directorate__name"] or NO_DIRECTORATE,
            *_texts(row, "measure__"), row["measure__kind"], "", "",
            (_pounds(row["counted_pounds"]),), row["measure_id"],
            row["measure__edition__values_may_be_published"],
        )
        for row in found.order_by()
        for reference, title, supplier in (names_of(row, "contract", "supplier"),)
    ]  # fmt: skip
    # By what is shown: the order of our keys would tell which is which.
    lines.sort(key=lambda line: (line.reference, line.key))
    book.add_rows(
        "commitments", "Commitments",
        (("key", "Row", "text"), *_AGREEMENT, ("committed_pounds", "Committed, pounds", "decimal")),
        (
            (*_said_of(line), *line.pounds)
            for line in _held_together(book, "commitments", lines, "committed_pounds")
        ),
        "One promise in an agreement that was in force in the period, at the value of one unit that was pinned "
        "when both sides agreed it. No pounds: it is counted and not priced.",
    )  # fmt: skip


def add_deliveries(book: Book, period: Period) -> None:
    """The rows that "reported" and "verified" add up, since the beginning, each with its quarter."""
    in_force = set(
        commitments_in(EVERYWHERE, EVERYTHING, period.start, period.end)
        .order_by()
        .values_list("contract_id", flat=True)
        .distinct()
    )
    found: Any = lines_in(EVERYWHERE, EVERYTHING, None, quarters_of(period)[-1]).values(
        "pk", "commitment__contract_id", "commitment__contract__reference",
        "commitment__contract__title", "commitment__contract__is_named_in_public",
        "commitment__contract__kind", "commitment__supplier__name",
        "commitment__contract__directorate__name", "commitment__measure__outcome__theme__title",
        "commitment__measure__title", "commitment__measure__kind", "commitment__measure_id",
        "commitment__measure__edition__values_may_be_published",
        "commitment__measure__edition__text_may_be_published", "counted_year", "counted_quarter",
        "reported_pounds", "verified_pounds",
    )  # fmt: skip
    lines = [
        Line(
            row_of("line", row["pk"], is_named=row["commitment__contract__is_named_in_public"]),
            reference, title,
            Contract.Kind(row["commitment__contract__kind"]).label, supplier,
            row["commitment__contract__directorate__name"] or NO_DIRECTORATE,
            *_texts(row, "commitment__measure__"), row["commitment__measure__kind"],
            Quarter(row["counted_year"], row["counted_quarter"]).code,
            "yes" if row["commitment__contract_id"] in in_force else "no",
            (row["reported_pounds"], row["verified_pounds"]), row["commitment__measure_id"],
            row["commitment__measure__edition__values_may_be_published"],
        )
        for row in found.order_by()
        for reference, title, supplier in (
            names_of(row, "commitment__contract", "commitment__supplier"),
        )
    ]  # fmt: skip
    lines.sort(key=lambda line: (line.quarter, line.reference, line.key))
    book.add_rows(
        "deliveries", "Deliveries",
        (
            ("key", "Row", "text"), *_AGREEMENT, ("quarter", "Counts in", "text"),
            ("year", "Financial year", "text"), ("in_force", "Agreement in force in the period", "text"),
            ("reported_pounds", "Reported, pounds", "decimal"),
            ("verified_pounds", "Verified, pounds", "decimal"),
        ),
        (
            (*_said_of(line), line.quarter, line.quarter[:7], line.in_force, *line.pounds)
            for line in _held_together(
                book, "deliveries", lines, "reported_pounds", "verified_pounds"
            )
        ),
        "One line of a supplier’s return, in the quarter in which it counts. Verified is what an officer "
        "accepted of it on evidence.",
    )  # fmt: skip


def add_offers(book: Book, period: Period) -> None:
    """What the winners offered, one row for an agreement and kind of value: a bid's lines are sealed."""
    found = (
        offers_in(EVERYWHERE, EVERYTHING, period.start, period.end)
        .order_by()
        .values(
            "bid__tender__contract_id", "bid__tender__contract__reference",
            "bid__tender__contract__title", "bid__tender__contract__is_named_in_public",
            "requested__measure__kind",
        )
        .annotate(
            pounds=Sum("offered_pounds"), held=held_measures("requested__measure", "offered_pounds")
        )
    )  # fmt: skip
    rows: list[tuple[Given, ...]] = []
    for row in found:
        reference, title, _ = names_of(row, "bid__tender__contract")
        kind = row["requested__measure__kind"]
        is_told = TOTALS.may_have(row["held"])
        if not is_told:
            book.leave_out("offers", "offered_pounds", value_kind=kind)
        rows.append(
            (
                f"{reference}-{kind}",
                reference,
                title,
                kind,
                _pounds(row["pounds"]) if is_told else None,
            )
        )
    book.add_rows(
        "offers", "What winning bids offered",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"),
            ("agreement", "Title", "text"), ("value_kind", "Kind of value", "text"),
            ("offered_pounds", "Offered, pounds", "decimal"),
        ),
        sorted(rows, key=lambda one: str(one[0])),
        "The total of a winning bid, one row for each kind of value. Single lines of a bid are not published, nor "
        "totals from which a value that a licence keeps back could be told.",
    )  # fmt: skip


def add_returns(book: Book, period: Period) -> None:
    """Each return that was expected for a quarter of the year, and whether it came."""
    rows: list[tuple[Given, ...]] = []
    for quarter in quarters_of(period):
        came = DeliveryReturn.objects.received().filter(  # type: ignore[attr-defined]
            contract=OuterRef("contract_id"), supplier=OuterRef("supplier_id"),
            financial_year=quarter.start_year, quarter=quarter.number,
        )  # fmt: skip
        named = (
            expected_returns(quarter)
            .annotate(came=Exists(came))
            .order_by()
            .values(
                "contract_id", "contract__reference", "contract__title",
                "contract__is_named_in_public", "supplier__name", "came",
            )
        )  # fmt: skip
        owed: Counter[str] = Counter()
        for reference, title, supplier, has_come in sorted(
            (*names_of(row, "contract", "supplier"), "yes" if row["came"] else "no")
            for row in named
        ):
            owed[reference] += 1
            rows.append(
                (
                    f"{quarter.code}-{reference}-{owed[reference]}", reference, title, supplier,
                    quarter.code, has_come,
                )
            )  # fmt: skip
    book.add_rows(
        "returns", "Returns expected",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"),
            ("agreement", "Title", "text"), ("supplier", "Supplier", "text"),
            ("quarter", "Quarter", "text"), ("came", "Came in", "text"),
        ),
        rows,
        "One return that a supplier owed for an agreement and a quarter.",
    )  # fmt: skip


def in_force_in(period: Period) -> Any:
    """The council's own contracts that were awarded by the end of the period and not over before it."""
    over = [Contract.Stage.ENDED, Contract.Stage.TERMINATED]
    rows: Any = Contract.objects.contracts().of_own_council().with_figures()
    return rows.filter(
        Q(end__gte=period.start) | (Q(end__isnull=True) & ~Q(stage__in=over)),
        awarded_on__lte=period.end,
    )


SAID_OF_DUTY = {True: "yes", False: "no", None: "cannot say"}


def add_contracts(book: Book, period: Period) -> None:
    found = list(
        in_force_in(period)
        .order_by("reference")
        .values(
            "pk", "reference", "title", "directorate__name", "category_id", "value_pounds",
            "awarded_on", "start", "end", "must_carry", "social_value_now", "is_framework",
        )
    )  # fmt: skip
    suppliers: dict[int, list[str]] = {}
    for pk, supplier in (
        AwardSupplier.objects.filter(
            award__contract__in=[row["pk"] for row in found],
            award__status__in=Award.COUNTED_STATUSES,
        )
        .order_by("organisation__name")
        .values_list("award__contract_id", "organisation__name")
        .distinct()
    ):
        suppliers.setdefault(pk, []).append(supplier)
    divisions = {
        code[:2]: held
        for code, held in CpvCode.objects.filter(
            code__in={f"{row['category_id'][:2]}000000" for row in found if row["category_id"]}
        ).values_list("code", "name")
    }
    book.add_rows(
        "contracts", "Contracts in force in the period",
        (
            ("reference", "Reference", "text"), ("title", "Contract", "text"),
            ("supplier", "Supplier", "text"), ("directorate", "Directorate", "text"),
            ("category", "Category", "text"), ("value_pounds", "Value, pounds", "decimal"),
            ("awarded_on", "Awarded", "date"), ("award_year", "Year of award", "text"),
            ("end", "Ends", "date"), ("over_threshold", "Must carry social value", "text"),
            ("social_value", "Social value", "text"), ("framework", "Framework", "text"),
        ),
        (
            (
                row["reference"], row["title"],
                ", ".join(suppliers.get(row["pk"], [])) or "Not recorded",
                row["directorate__name"] or NO_DIRECTORATE,
                divisions.get((row["category_id"] or "")[:2], "No category recorded"),
                _pounds(row["value_pounds"]),
                row["awarded_on"],
                str(FinancialYear.of(row["awarded_on"])) if row["awarded_on"] else None,
                row["end"], SAID_OF_DUTY[row["must_carry"]],
                Contract.SocialValue(row["social_value_now"]).label,
                "yes" if row["is_framework"] else "no",
            )
            for row in found
        ),
        "One contract of the council’s own. Its value stands on the award, excluding VAT, once for all its "
        "suppliers; a framework has none of its own.",
    )  # fmt: skip


def add_spend(book: Book, years: Iterable[FinancialYear]) -> None:
    """Payments rolled up by quarter, category and where the money went."""
    found = (
        SpendTotal.objects.filter(
            source__is_own_council=True, financial_year__in=[year.start_year for year in years]
        )
        .annotate(place=place_case())
        .order_by()
        .values("financial_year", "quarter", "category_id", "category__label", "place")
        .annotate(net=Sum("amount_pounds"), count=Sum("lines"))
        .order_by("financial_year", "quarter", "category__label", "category_id", "place")
    )
    book.add_rows(
        "spend", "Payments by quarter, category and place",
        (
            ("key", "Row", "text"), ("year", "Financial year", "text"), ("quarter", "Quarter", "text"),
            ("category", "Category", "text"), ("place", "Where it went", "text"),
            ("net_pounds", "Net, pounds", "decimal"), ("payments", "Payments", "integer"),
        ),
        (
            (
                f"{quarter.code}-{row['category_id']}-{row['place']}", str(quarter.year), quarter.code,
                row["category__label"] or "Not classified", PLACES[row["place"]],
                pounds(row["net"]), row["count"],
            )
            for row in found
            for quarter in (Quarter(row["financial_year"], row["quarter"]),)
        ),
        "The council’s published payments of a quarter, added up by category and by where the payee is.",
    )  # fmt: skip


def add_quantities(book: Book, period: Period) -> None:
    """What was verified in the period, by measure, in its own unit.

    One to four of what may be people is left out of the row itself, so that nobody can be recognised.
    Shares in per cent are never added up, and what a licence keeps back is not here.
    """
    found = (
        lines_in(EVERYWHERE, EVERYTHING, quarters_of(period)[0], quarters_of(period)[-1])
        .filter(
            commitment__measure__edition__values_may_be_published=True,
            commitment__measure__edition__text_may_be_published=True,
        )
        .exclude(commitment__measure__counting=Measure.Counting.PERCENTAGE)
        .order_by()
        .values(
            "commitment__measure_id", "commitment__measure__title", "commitment__measure__unit",
            "commitment__measure__kind", "commitment__measure__outcome__theme__title",
        )
        .annotate(quantity=Sum(claimed_quantity("verified_quantity")))
        .order_by("commitment__measure__outcome__theme__position", "commitment__measure__position",
                  "commitment__measure_id")
    )  # fmt: skip
    rows = []
    for row in found:
        quantity, unit = row["quantity"], row["commitment__measure__unit"]
        few = quantity is not None and 0 < quantity < SMALLEST_TOLD and counts_people(unit)
        rows.append(
            (
                f"measure-{row['commitment__measure_id']}", row["commitment__measure__title"],
                row["commitment__measure__outcome__theme__title"], unit,
                row["commitment__measure__kind"], "yes" if few else "no",
                None if few or quantity is None else quantity.quantize(Decimal("0.0001")),
            )
        )  # fmt: skip
    book.add_rows(
        "quantities", "What was verified, by measure",
        (
            ("key", "Row", "text"), ("measure", "Measure", "text"), ("theme", "Theme", "text"),
            ("unit", "Unit", "text"), ("value_kind", "Kind of value", "text"),
            ("too_few", "Too few to say", "text"), ("quantity", "Verified quantity", "decimal"),
        ),
        rows,
        "The verified quantity of one measure over the period. Fewer than five of what may be people is left out.",
    )  # fmt: skip


def evidence_of(period: Period) -> tuple[Evidence, ...]:
    """The hash of each file behind a line of `add_deliveries`, never its bytes or its name."""
    lines = lines_in(EVERYWHERE, EVERYTHING, None, quarters_of(period)[-1])
    found = (
        EvidenceLink.objects.filter(
            line__in=lines, line__commitment__measure__edition__values_may_be_published=True
        )
        .order_by()
        .values_list(
            "file__sha256", "file__kind", "file__file_bytes", "line_id",
            "line__commitment__contract__is_named_in_public",
        )
    )  # fmt: skip
    held = sorted(
        (row_of("line", line, is_named=is_named), sha256, kind, size)
        for sha256, kind, size, line, is_named in found
    )
    return tuple(
        Evidence(sha256, kind, size, "deliveries", row) for row, sha256, kind, size in held
    )
