"""The rows behind reported and verified: one line a thing done."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Tag, Tone

from ..counting import four_places, quantity_words
from ..filters_deliveries import DeliveryFilter
from ..licensing import may_show_value
from ..models import ReturnLine
from ..selectors.commitments import reported_of, sees_licensed, sortable_pounds, verified_of
from ..selectors.deliveries import delivery_rows
from .commitments import whole_words

TONES = {
    ReturnLine.State.OPEN: Tone.INFO,
    ReturnLine.State.ACCEPTED: Tone.GOOD,
    ReturnLine.State.PART: Tone.WARNING,
    ReturnLine.State.SENT_BACK: Tone.BAD,
}


def outward(name: str) -> Any:
    """Pounds of one line leave the product only where the edition's licence allows it."""

    def cell(line: ReturnLine) -> Any:
        open_values = line.commitment.measure.edition.values_may_be_published
        shown = may_show_value(open_values, may_see_licensed=False, outward=True)
        return getattr(line, name) if shown else None

    return cell


def _claimed(line: ReturnLine, part: Any) -> Any:
    """What its agreement claims of the activity, to four decimals as quantities are kept."""
    quantity = part(line.commitment.measure.counting, line)
    return None if quantity is None else four_places(quantity)


class DeliveryList(ListPage):
    permission = "view_commitments"
    title = "Deliveries"
    noun = "delivery"
    noun_plural = "deliveries"
    introduction = (
        "Each line that a submitted return reported. Reported is what the supplier says; verified "
        "is the part that an officer accepted on evidence."
    )
    filterset_class = DeliveryFilter
    row_template = "contracts/_delivery_rows.html"
    columns = (
        Column("Promise"),
        Column("Counted in", sort="counted"),
        Column("State"),
        Column("Reported", sort="reported", numeric=True),
        Column("Verified", sort="verified", numeric=True),
        Column("Files", numeric=True),
    )
    sorts = {
        "counted": Sort(
            "Quarter", ("counted_year", "counted_quarter"), "earliest first", "latest first"
        ),
        "reported": Sort("Reported value", ("sorted_reported",), "smallest first", "largest first"),
        "verified": Sort("Verified value", ("sorted_verified",), "smallest first", "largest first"),
    }
    default_sort = "-counted"
    export_columns = (
        ExportColumn("Agreement", "commitment.contract.reference"),
        ExportColumn("Agreement title", "commitment.contract.title"),
        ExportColumn("Kind of agreement", lambda r: r.commitment.contract.get_kind_display()),
        ExportColumn("Commitment", "commitment.number"),
        ExportColumn("Supplier or partner", "commitment.supplier.name"),
        ExportColumn("Measure", "commitment.measure.code"),
        ExportColumn("Measure edition", "commitment.measure.edition.name"),
        ExportColumn("Unit", "commitment.measure.unit"),
        ExportColumn("Kind of value", lambda r: r.commitment.measure.get_kind_display()),
        ExportColumn("About the quarter", lambda r: str(r.delivery_return.period)),
        ExportColumn("Counted in the quarter", lambda r: f"{r.delivery_return.counted_in or ''}"),
        ExportColumn("State", lambda r: r.get_state_display()),
        ExportColumn("Share of the activity", "attribution_share"),
        ExportColumn("Reported quantity", "reported_quantity"),
        ExportColumn("Reported, pounds", outward("reported_pounds")),
        ExportColumn("Verified quantity", "verified_quantity"),
        ExportColumn("Claimed of the reported quantity", lambda r: _claimed(r, reported_of)),
        ExportColumn("Claimed of the verified quantity", lambda r: _claimed(r, verified_of)),
        ExportColumn("Verified, pounds", outward("verified_pounds")),
    )
    empty_state = EmptyState(
        "No deliveries here",
        "When a supplier submits a quarterly return, each of its lines is listed here.",
    )

    def get_queryset(self) -> QuerySet[ReturnLine]:
        user, edition = self.request.user, "commitment__measure__edition"
        return delivery_rows(user).annotate(
            sorted_reported=sortable_pounds(user, "reported_pounds", edition),
            sorted_verified=sortable_pounds(user, "verified_pounds", edition),
        )

    def get_context(self) -> dict[str, Any]:
        licensed = sees_licensed(self.request.user)
        rows: list[Any] = list(self.page.object_list)
        files = dict(
            ReturnLine.evidence.through.objects.filter(line__in=[row.pk for row in rows])  # type: ignore[attr-defined]
            .values_list("line")
            .annotate(number=Count("pk"))
            .order_by()
        )
        for row in rows:
            row.tag = Tag(row.get_state_display(), TONES[ReturnLine.State(row.state)])
            row.files = files.get(row.pk, 0)
            row.reported_words = _words(row, reported_of(row.commitment.measure.counting, row))
            row.verified_words = _words(row, verified_of(row.commitment.measure.counting, row))
            row.whole = whole_words(row, row.commitment.measure)
            row.shows_pounds = may_show_value(
                row.commitment.measure.edition.values_may_be_published,
                may_see_licensed=licensed,
                outward=False,
            )
        return {"rows": rows, "reads_returns": can(self.request.user, "view_returns")}


def _words(line: ReturnLine, quantity: Any) -> str:
    if quantity is None:
        return ""
    measure = line.commitment.measure
    unit = "%" if measure.counting == "percentage" else f" {measure.unit}"
    return f"{quantity_words(quantity)}{unit}"
