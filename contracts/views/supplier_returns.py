"""A supplier's returns: the list of them all, and beginning one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.directory.models import Organisation

from ..due_dates import due_on, due_sentence, due_words
from ..filters_own_returns import OwnReturnFilter
from ..models import Commitment, Contract, DeliveryReturn
from ..selectors.returns import expected_commitments, own_suppliers
from ..services.returns import open_return
from .supplier_base import SupplierView, return_tag


class OwnReturns(ListPage):
    """Every return that was begun, the latest quarter first."""

    permission = "report_delivery"
    title = "Your returns"
    introduction = "Every return of yours, with what was sent and what became of it."
    noun = "return"
    filterset_class = OwnReturnFilter
    row_template = "contracts/_own_return_rows.html"
    columns = (
        Column("Return", sort="quarter"),
        Column("State"),
        Column("Sent", sort="sent"),
        Column("Lines", numeric=True),
        Column("Counts in"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "quarter": Sort(
            "Quarter",
            ("financial_year", "quarter", "contract__reference"),
            "oldest first",
            "latest first",
        ),
        "sent": Sort("Day sent", ("submitted_at",), "oldest first", "latest first"),
        "agreement": Sort("Agreement", ("contract__reference",)),
    }
    default_sort = "-quarter"
    export_name = "returns"
    export_columns = (
        ExportColumn("Agreement", "contract.reference"),
        ExportColumn("Title", "contract.title"),
        ExportColumn("Supplier", "supplier.name"),
        ExportColumn("Quarter", lambda row: str(row.period)),
        ExportColumn("Due", lambda row: due_on(row.period)),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("First sent", "first_submitted_at"),
        ExportColumn("Last sent", "submitted_at"),
        ExportColumn("Sent by", "submitted_by_name"),
        ExportColumn("Counts in", lambda row: str(row.counted_in) if row.counted_in else None),
        ExportColumn("Lines", "lines_count"),
        ExportColumn("Sent back because", "sent_back_reason"),
        ExportColumn("Narrative", "narrative"),
    )
    empty_state = EmptyState(
        "No returns yet",
        "A return for each quarter and agreement begins on the page “Your promises”.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return (
            DeliveryReturn.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
            .filter(supplier__in=own_suppliers(self.request.user))
            .select_related("contract", "supplier")
            .annotate(lines_count=Count("lines"))
        )

    def get_main_action(self) -> Link | None:
        return Link("See what is due", reverse("supplier-home"))

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.state_tag = return_tag(row.state)
            row.is_late_in = row.counted_in is not None and row.counted_in != row.period
            sent = row.first_submitted_at
            row.due_words = "" if sent else due_words(row.period, self.today)
        return {
            "breadcrumbs": SupplierView.crumbs(here="Your returns"),
        }


class ReturnBegin(SupplierView):
    """What a quarter's return will ask, and a button that begins it."""

    def get(self, request: HttpRequest, contract: int, quarter: str) -> HttpResponseBase:
        agreement, supplier, period = self.named(contract, quarter)
        row = DeliveryReturn.objects.filter(
            contract=agreement,
            supplier=supplier,
            financial_year=period.start_year,
            quarter=period.number,
        ).first()
        if row is not None:
            return redirect("supplier-return", row.pk)
        return self.page(agreement, supplier, period)

    def post(self, request: HttpRequest, contract: int, quarter: str) -> HttpResponseBase:
        agreement, supplier, period = self.named(contract, quarter)
        try:
            row = open_return(
                contract=agreement, supplier=supplier, quarter=period, by=request.user, now=self.now
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("supplier-home")
        return redirect("supplier-return", row.pk)

    def named(self, contract: int, quarter: str) -> tuple[Contract, Organisation, Quarter]:
        """Where somebody reports for two suppliers on one contract, `?supplier=` names which."""
        try:
            period = Quarter.parse(quarter)
            held = {
                each.supplier_id: each
                for each in Commitment.objects.counted()
                .filter(contract=contract, supplier__in=self.suppliers)
                .select_related("contract", "supplier")
            }
        except (PeriodError, OverflowError):
            raise Http404 from None
        if not held or not 2000 <= period.start_year < 2100:
            raise Http404
        wanted = self.request.GET.get("supplier", "")
        key = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 18 else 0
        chosen = held.get(key) or held[min(held)]
        return chosen.contract, chosen.supplier, period

    def page(self, agreement: Contract, supplier: Organisation, period: Quarter) -> HttpResponse:
        expected = (
            expected_commitments(period)
            .filter(contract=agreement, supplier=supplier)
            .select_related("measure")
            .order_by("number")
        )
        context = {
            "title": f"Begin the return for {period.label}",
            "breadcrumbs": self.crumbs(here="Begin a return"),
            "contract": agreement,
            "supplier": supplier,
            "period": period,
            "has_begun": period.start <= self.today,
            "due_sentence": due_sentence(period, self.today),
            "expected": list(expected),
            "action": self.request.get_full_path(),
        }
        return render(self.request, "contracts/supplier_return_begin.html", context)
