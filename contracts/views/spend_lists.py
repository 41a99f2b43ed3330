"""Lists behind the figures: payments, payees, exclusions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, KeysFirstPaginator, ListPage, Sort
from trafford_sv.core.money import pounds
from trafford_sv.core.parts import EmptyState, Link

from ..filters_spend import ExclusionFilter, PayeesPaidFilter, PaymentFilter
from ..models import Payee, Payment, SpendExclusion, SpendTotal
from ..retained import PLACES, place_of
from ..selectors.spend import paid_in, payments_figure


def place_words(payee: Payee) -> str:
    """One of the words of PLACES. The organisation must be joined."""
    locality = payee.organisation.locality if payee.organisation else None
    return PLACES[place_of(is_excluded=payee.exclusion_id is not None, locality=locality)]


def _paid(row: Any) -> Decimal | None:
    """A sum to the penny, however the database adds."""
    return None if row.pounds is None else pounds(row.pounds)


class PaymentList(ListPage):
    permission = "view_spend"
    title = "Payments"
    noun = "payment"
    filterset_class = PaymentFilter
    template_name = "contracts/spend_payments.html"
    row_template = "contracts/_payment_rows.html"
    columns = (
        Column("Paid to", sort=""),
        Column("Paid on", sort="date"),
        Column("For"),
        Column("Where"),
        Column("Amount", sort="amount", numeric=True),
    )
    sorts = {
        "date": Sort("Date", ("paid_on",), "earliest first", "latest first"),
        "amount": Sort("Amount", ("amount_pounds",), "smallest first", "largest first"),
    }
    default_sort = "-date"
    page_size = 100
    paginator_class = KeysFirstPaginator
    export_name = "payments"
    export_columns = (
        ExportColumn("Paid on", "paid_on"),
        ExportColumn("Payee", "payee.name"),
        ExportColumn("Amount, pounds", "amount_pounds"),
        ExportColumn("Category code", "category.code"),
        ExportColumn("Category", "category.label"),
        ExportColumn("Part of the council", lambda payment: str(payment.unit)),
        ExportColumn("Transaction number", "transaction_number"),
        ExportColumn("Purpose", "purpose"),
        ExportColumn("Place", lambda payment: place_words(payment.payee)),
        ExportColumn("Matched to", lambda payment: str(payment.payee.organisation or "")),
        ExportColumn("Published by", "source.name"),
    )
    empty_state = EmptyState(
        "No payments yet",
        "Import the council’s published spending file, and every line of it is listed here.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        rows = Payment.objects.visible_to(self.request.user)
        if not self.request.GET.get("source"):
            rows = rows.filter(source__is_own_council=True)
        return rows.select_related(
            "payee__organisation", "payee__exclusion", "category", "unit", "source"
        )

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.place_words = place_words(row.payee)
        if not self.filters_valid:
            return {}
        return {
            "figure": payments_figure(cast("QuerySet[Payment]", self.page.paginator.object_list))
        }


class PayeeList(ListPage):
    permission = "view_spend"
    title = "Payees"
    noun = "payee"
    filterset_class = PayeesPaidFilter
    row_template = "contracts/_payee_rows.html"
    columns = (
        Column("Payee", sort="name"),
        Column("Where"),
        Column("Payments", sort="lines", numeric=True),
        Column("Paid, net", sort="pounds", numeric=True),
    )
    sorts = {
        "name": Sort("Name", ("name",)),
        "lines": Sort("Payments", ("line_count",), "fewest first", "most first"),
        "pounds": Sort("Paid, net", ("pounds",), "smallest first", "largest first"),
    }
    default_sort = "-pounds"
    export_columns = (
        ExportColumn("Payee", "name"),
        ExportColumn("Paid, pounds", _paid),
        ExportColumn("Payments", "line_count"),
        ExportColumn("Place", place_words),
        ExportColumn("Decision", lambda payee: payee.get_state_display()),
        ExportColumn("Matched to", lambda payee: str(payee.organisation or "")),
        ExportColumn("Published by", "source.name"),
    )
    empty_state = EmptyState(
        "No payees yet", "They come in with the council’s published spending file."
    )

    def get_queryset(self) -> QuerySet[Any]:
        rows = Payee.objects.visible_to(self.request.user)
        if not self.request.GET.get("source"):
            rows = rows.filter(source__is_own_council=True)
        return paid_in(rows.select_related("organisation", "exclusion", "source"))

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.place_words = place_words(row)
        return {}


class ExclusionList(ListPage):
    permission = "view_spend"
    title = "Payees that are not contestable"
    caption = "Payees left out of contestable spend, with the reason"
    noun = "exclusion"
    introduction = (
        "Nobody could have been chosen instead of these: tax, pensions, precepts, other public "
        "authorities. Their payments count in the total and not in the share that stayed. Each has "
        "a reason and a date of review."
    )
    filterset_class = ExclusionFilter
    row_template = "contracts/_exclusion_rows.html"
    columns = (
        Column("Payee", sort="name"),
        Column("Reason"),
        Column("Reviewed", sort="reviewed"),
        Column("Paid in all", sort="pounds", numeric=True),
    )
    sorts = {
        "name": Sort("Payee", ("name",)),
        "reviewed": Sort("Reviewed", ("reviewed_on",), "longest ago first", "latest first"),
        "pounds": Sort("Paid in all", ("pounds",), "smallest first", "largest first"),
    }
    default_sort = "-pounds"
    export_columns = (
        ExportColumn("Payee", "name"),
        ExportColumn("Kind", lambda row: row.get_why_display()),
        ExportColumn("Reason", "reason"),
        ExportColumn("Reviewed on", "reviewed_on"),
        ExportColumn("Reviewed by", "reviewed_by_name"),
        ExportColumn("In use", "is_active"),
        ExportColumn("Paid, pounds", _paid),
    )
    empty_state = EmptyState(
        "Nobody is left out", "Add a payee that the council could not have chosen otherwise."
    )

    def get_queryset(self) -> QuerySet[Any]:
        totals = (
            SpendTotal.objects.filter(payee__exclusion=OuterRef("pk"), source__is_own_council=True)
            .order_by()
            .values("payee__exclusion")
            .annotate(s=Sum("amount_pounds"))
            .values("s")
        )
        return SpendExclusion.objects.visible_to(self.request.user).annotate(
            pounds=Subquery(totals)
        )

    def get_context(self) -> dict[str, Any]:
        return {"may_decide": can(self.request.user, "decide_spend")}

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "decide_spend"):
            return Link("Leave out a payee", reverse("spend-exclusion-create"))
        return None
