"""The rows behind the quarterly report: one for an agreement, a theme and a kind of value.

So there are as many rows as there are agreements, however many deliveries; no single line of a
return, no quantity and no person is in them. What a licence keeps back stands together in one row
for each kind of value, and has no pounds where so few measures add to it that one could be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum

from contracts.licensing import may_show_text
from contracts.models import Contract, DeliveryReturn, EvidenceLink
from contracts.selectors.position import (
    EVERYWHERE,
    Scope,
    agreements_of,
    awards_in,
    commitments_in,
    lines_in,
    offers_in,
)
from contracts.selectors.position_rows import promised_in
from contracts.selectors.returns import expected_returns
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import Quarter

from ...datasets import Evidence
from ...star_measures import Movement
from ..report_book import Book, Given
from ..report_rows import HELD_BACK, NO_DIRECTORATE, TOTALS, code_of, held_measures, names_of

# The agreement and the supplier as `_agreement_of` has them, the theme and the kind of value.
Key = tuple[str, str, str, str]
NOBODY = "0"


@dataclass(frozen=True)
class Span:
    """`id` is what its row sets end in. `first` None is since the beginning."""

    id: str
    scope: Scope
    first: Quarter | None
    last: Quarter


@dataclass
class _Row:
    said: tuple[Given, ...]
    committed: Decimal | None = None
    promises: int = 0
    reported: Decimal | None = None
    verified: Decimal | None = None
    lines: int = 0


_ABOUT = (
    "contract_id", "contract__reference", "contract__title", "contract__kind",
    "contract__is_named_in_public",
    "contract__directorate__name", "supplier_id", "supplier__name",
    "measure__outcome__theme__title", "measure__kind", "measure__edition__text_may_be_published",
    "measure__edition__values_may_be_published",
)  # fmt: skip


def add_position(book: Book, span: Span) -> str:
    """Committed, reported and verified of every agreement in the span. Two queries."""
    starts = span.first.start if span.first else None
    rows: dict[Key, _Row] = {}
    found: Any = commitments_in(EVERYWHERE, span.scope, starts, span.last.end)
    for one in _grouped(found, "").annotate(total=Sum("counted_pounds"), n=_promises(span)):
        row = _row(rows, one, "")
        row.committed, row.promises = _plus(row.committed, one["total"]), row.promises + one["n"]
    found = lines_in(EVERYWHERE, span.scope, span.first, span.last)
    for one in _grouped(found, "commitment__").annotate(
        said=Sum("reported_pounds"), proved=Sum("verified_pounds"), n=Count("pk")
    ):
        row = _row(rows, one, "commitment__")
        row.reported = _plus(row.reported, one["said"])
        row.verified = _plus(row.verified, one["proved"])
        row.lines += one["n"]
    id = f"agreements-{span.id}"
    _withhold(book, id, rows, span)
    book.add_rows(
        id,
        "What agreements promised and delivered",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
            ("agreement_kind", "Kind of agreement", "text"), ("supplier", "Supplier", "text"),
            ("directorate", "Directorate", "text"), ("theme", "Theme", "text"),
            ("value_kind", "Kind of value", "text"), ("commitments", "Commitments", "integer"),
            ("committed", "Committed, pounds", "decimal"), ("lines", "Lines reported on", "integer"),
            ("reported", "Reported, pounds", "decimal"), ("verified", "Verified, pounds", "decimal"),
        ),
        (
            (
                row_key(key), *row.said, row.promises, row.committed, row.lines, row.reported,
                row.verified,
            )
            for key, row in sorted(rows.items(), key=lambda item: (str(item[1].said[0]), item[0]))
        ),
        "One agreement and supplier, with one theme and one kind of value. Its commitments count at the "
        "value of one unit that was pinned when both sides agreed.",
    )  # fmt: skip
    return id


def _promises(span: Span) -> Any:
    stood = Q(state="agreed") | Q(replaced_by__agreed_on__gt=span.last.end)
    return Count("pk", filter=stood)


def _grouped(rows: Any, path: str) -> Any:
    return rows.order_by().values(*(f"{path}{name}" for name in _ABOUT))


def _key(one: dict[str, Any], path: str) -> Key:
    theme = one[f"{path}measure__outcome__theme__title"]
    if not may_show_text(one[f"{path}measure__edition__text_may_be_published"], is_public=True):
        theme = HELD_BACK
    kind = one[f"{path}measure__kind"]
    if not one[f"{path}measure__edition__values_may_be_published"]:
        return held_key(kind)
    # Suppliers of an agreement that is not named are one, so that none is told by its number.
    is_named = one[f"{path}contract__is_named_in_public"]
    supplier = str(one[f"{path}supplier_id"]) if is_named else NOBODY
    return (_agreement_of(one, f"{path}contract"), supplier, theme, kind)


def _agreement_of(one: dict[str, Any], contract: str) -> str:
    """What stands for the agreement in a row's key: its key where it may be named, else its code."""
    pk: int = one[f"{contract}_id"]
    return str(pk) if one[f"{contract}__is_named_in_public"] else code_of("agreement", pk)


def _row(rows: dict[Key, _Row], one: dict[str, Any], path: str) -> _Row:
    key = _key(one, path)
    if key not in rows:
        rows[key] = _Row(_said_of_held(key[3]) if key[0] == NOBODY else _said(one, path, key))
    return rows[key]


def _said(one: dict[str, Any], path: str, key: Key) -> tuple[Given, ...]:
    reference, title, supplier = names_of(one, f"{path}contract", f"{path}supplier")
    return (
        reference, title, Contract.Kind(one[f"{path}contract__kind"]).label, supplier,
        one[f"{path}contract__directorate__name"] or NO_DIRECTORATE, key[2], key[3],
    )  # fmt: skip


def held_key(kind: str) -> Key:
    return (NOBODY, NOBODY, HELD_BACK, kind)


def _said_of_held(kind: str) -> tuple[Given, ...]:
    return (HELD_BACK, *([HELD_BACK] * 5), kind)


def _withhold(book: Book, id: str, rows: dict[Key, _Row], span: Span) -> None:
    """No pounds of what is held back where few measures add to them. Two queries, none without such."""
    held = {key: row for key, row in rows.items() if key[0] == NOBODY}
    if not held:
        return
    starts = span.first.start if span.first else None
    promises: Any = commitments_in(EVERYWHERE, span.scope, starts, span.last.end)
    lines: Any = lines_in(EVERYWHERE, span.scope, span.first, span.last)
    for found, path, columns in (
        (promises, "measure", {"committed": "counted_pounds"}),
        (
            lines,
            "commitment__measure",
            {"reported": "reported_pounds", "verified": "verified_pounds"},
        ),
    ):
        counts = {
            row[f"{path}__kind"]: row
            for row in found.order_by()
            .values(f"{path}__kind")
            .annotate(**{name: held_measures(path, amount) for name, amount in columns.items()})
        }
        for key, row in held.items():
            for name in columns:
                if not TOTALS.may_have(counts.get(key[3], {}).get(name, 0)):
                    setattr(row, name, None)
                    book.leave_out(id, name, value_kind=key[3])


def row_key(key: Key) -> str:
    contract, supplier, theme, kind = key
    return f"{contract}-{supplier}-{kind}-{theme}"


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Pennies; what SQLite adds comes back without its last zeros."""
    if other is None:
        return one
    return pounds(other) if one is None else one + pounds(other)


def add_offers(book: Book, span: Span) -> str:
    """What the winners offered: a total for an agreement and kind of value, as a bid's lines are sealed."""
    starts = span.first.start if span.first else None
    found = (
        offers_in(EVERYWHERE, span.scope, starts, span.last.end)
        .order_by()
        .values(
            "bid__tender__contract_id", "bid__tender__contract__reference",
            "bid__tender__contract__title", "bid__tender__contract__is_named_in_public",
            "requested__measure__kind", "in_base",
        )
        .annotate(
            total=Sum("offered_pounds"),
            held=held_measures("requested__measure", "offered_pounds"),
        )
        .order_by()
    )  # fmt: skip
    id = f"offers-{span.id}"
    for one in found:
        if not TOTALS.may_have(one["held"]):
            book.leave_out(id, "offered", value_kind=one["requested__measure__kind"])
    book.add_rows(
        id,
        "What winning bids offered",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
            ("value_kind", "Kind of value", "text"), ("in_base", "Whole value known", "text"),
            ("offered", "Offered, pounds", "decimal"),
        ),
        sorted(
            (
                (
                    f"{_agreement_of(one, 'bid__tender__contract')}-{one['requested__measure__kind']}",
                    *names_of(one, "bid__tender__contract")[:2],
                    one["requested__measure__kind"], "yes" if one["in_base"] else "no",
                    _plus(None, one["total"]) if TOTALS.may_have(one["held"]) else None,
                )
                for one in found
            ),
            key=lambda row: (str(row[1]), str(row[0])),
        ),
        "The total of a winning bid, one row for each kind of value. Single lines of a bid are not published, nor "
        "totals from which a value that a licence keeps back could be told.",
    )  # fmt: skip
    return id


def add_awards(book: Book, span: Span) -> str:
    starts = span.first.start if span.first else None
    found: Any = awards_in(EVERYWHERE, span.scope, starts, span.last.end).order_by(
        "contract__reference", "pk"
    )
    id = f"awards-{span.id}"
    book.add_rows(
        id,
        "Awards of agreements in force",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
            ("awarded_on", "Awarded", "date"), ("value", "Value, pounds", "decimal"),
            ("framework", "Framework", "text"), ("has_bid", "Winning bid on record", "text"),
            ("in_base", "Winning bid on record and whole value known", "text"),
        ),
        (
            (
                one["pk"], one["contract__reference"], one["contract__title"], one["awarded_on"],
                None if one["contract__is_framework"] else _plus(None, one["value_pounds"]),
                "yes" if one["contract__is_framework"] else "no", "yes" if one["has_bid"] else "no",
                "yes" if one["in_base"] else "no",
            )
            for one in found.values(
                "pk", "contract__reference", "contract__title", "awarded_on", "value_pounds",
                "contract__is_framework", "has_bid", "in_base",
            )
        ),
        "One award, excluding VAT. A framework has no value of its own.",
    )  # fmt: skip
    return id


def add_returns(book: Book, span: Span) -> str:
    """Each return that was due for the last quarter of the span, and whether it came."""
    quarter = span.last
    came = DeliveryReturn.objects.received().filter(  # type: ignore[attr-defined]
        contract=OuterRef("contract_id"), supplier=OuterRef("supplier_id"),
        financial_year=quarter.start_year, quarter=quarter.number,
    )  # fmt: skip
    contracts = Contract.objects.filter(agreements_of(span.scope)).values("pk")
    found = (
        expected_returns(quarter, contracts=contracts, seen=promised_in(span.scope))
        .annotate(came=Exists(came))
        .order_by()
        .values(
            "contract_id", "contract__reference", "contract__title",
            "contract__is_named_in_public", "supplier__name", "contract__directorate__name", "came",
        )
    )  # fmt: skip
    id = f"returns-{span.id}"
    book.add_rows(
        id,
        f"Returns due for {quarter.short}",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
            ("directorate", "Directorate", "text"), ("supplier", "Supplier", "text"),
            ("came", "Came in", "text"),
        ),
        (
            (f"{agreement}-{place}", reference, title, directorate, supplier, came)
            # Numbered in the order of what is shown.
            for place, (reference, title, supplier, came, agreement, directorate) in enumerate(
                sorted(
                    (
                        *names_of(one, "contract", "supplier"), "yes" if one["came"] else "no",
                        _agreement_of(one, "contract"),
                        one["contract__directorate__name"] or NO_DIRECTORATE,
                    )
                    for one in found
                ),
                start=1,
            )
        ),
        "One return that a supplier owed for an agreement.",
    )  # fmt: skip
    return id


def add_movement(book: Book, id: str, quarter: Quarter, split: Mapping[int, Movement]) -> str:
    """What each agreement adds to a change since the quarter before, split into its causes. One query."""
    before = quarter.previous
    contracts = Contract.objects.only("reference", "title", "is_named_in_public").in_bulk(split)
    about = {
        pk: {
            "contract_id": pk, "contract__reference": one.reference, "contract__title": one.title,
            "contract__is_named_in_public": one.is_named_in_public,
        }
        for pk, one in contracts.items()
    }  # fmt: skip
    rows = sorted(
        (*names_of(about[pk], "contract")[:2], _agreement_of(about[pk], "contract"), pk)
        for pk in split
    )
    book.add_rows(
        id,
        f"What moved since {before.short}",
        (
            ("key", "Row", "text"), ("reference", "Agreement", "text"), ("agreement", "Title", "text"),
            ("before", f"At {before.short}, pounds", "decimal"),
            ("after", f"At {quarter.short}, pounds", "decimal"),
            ("delivery", "Of agreements that were there before, pounds", "decimal"),
            ("new", "New agreements, pounds", "decimal"),
            ("values", "Values of one unit, pounds", "decimal"),
            ("late", "Returns that came late, pounds", "decimal"),
        ),
        (
            (
                key, reference, title, moved.before, moved.after, moved.delivery, moved.new_agreements,
                moved.values_of_a_unit, moved.late_returns,
            )
            for reference, title, key, pk in rows
            for moved in (split[pk],)
        ),
        "One agreement, and what it adds to the change since the quarter before.",
    )  # fmt: skip
    return id


def evidence_in(span: Span) -> tuple[Evidence, ...]:
    """The hash of each file behind the quarter's rows, once for each row. One query."""
    lines = lines_in(EVERYWHERE, span.scope, span.first, span.last)
    found: Any = (
        EvidenceLink.objects.filter(line__in=lines)
        .order_by()
        .values(
            "file__sha256", "file__kind", "file__file_bytes",
            *(f"line__commitment__{name}" for name in _ABOUT),
        )
        .distinct()
    )  # fmt: skip
    held = {
        (
            row_key(_key(one, "line__commitment__")),
            one["file__sha256"], one["file__kind"], one["file__file_bytes"],
        )
        for one in found
    }  # fmt: skip
    return tuple(
        Evidence(sha256, kind, size, f"agreements-{span.id}", key)
        for key, sha256, kind, size in sorted(held)
    )
