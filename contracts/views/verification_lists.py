"""The officers' inbox, every return, and the returns of one agreement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.access import can, reach
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, State, Tag, Tone
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.views_base import PermissionView

from ..contract_tabs import contract_tabs, permissions_here
from ..due_dates import due_on, sent_words
from ..filters_returns import AllReturnsFilter, ReturnFilter
from ..licensing import WITHHELD, may_show_value
from ..models import Contract, DeliveryReturn
from ..selectors.verification import (
    LONG_WAIT_DAYS,
    ORDERING,
    contract_grid,
    inbox_figures,
    quarter_completeness,
    return_rows,
    waiting_returns,
    with_totals,
)

RETURN_TONES = {
    DeliveryReturn.State.SUBMITTED: Tone.INFO,
    DeliveryReturn.State.SENT_BACK: Tone.WARNING,
    DeliveryReturn.State.PART_VERIFIED: Tone.INFO,
    DeliveryReturn.State.VERIFIED: Tone.GOOD,
}


def return_tag(state: str) -> Tag:
    held = DeliveryReturn.State(state)
    return Tag(str(held.label), RETURN_TONES.get(held, Tone.NEUTRAL))


def officers_only(user: Any) -> None:
    """A supplier reads its own returns in its own place, never in the officers' lists."""
    if not can(user, "see_dashboard"):
        raise PermissionDenied


def came_words(row: DeliveryReturn) -> str:
    """When it came, against its due date."""
    if row.first_submitted_at is None:
        return "Not sent yet"
    return sent_words(row.period, timezone.localtime(row.first_submitted_at).date())


def is_late(row: DeliveryReturn) -> bool:
    return row.first_submitted_at is not None and timezone.localtime(
        row.first_submitted_at
    ).date() > due_on(row.period)


def _outward(name: str) -> Callable[[Any], Any]:
    """An amount for a file, left out where a licence does not allow it."""
    return lambda row: None if row.has_withheld else getattr(row, name)


WITHHELD_COLUMN = ExportColumn(
    "Amounts withheld", lambda row: WITHHELD if row.has_withheld else ""
)  # fmt: skip


class ReturnRows(ListPage):
    """What the lists of returns share."""

    noun = "return"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if can(request.user, self.permission):
            officers_only(request.user)
        return super().dispatch(request, *args, **kwargs)

    def show(self, rows: Any) -> None:
        sees = can(self.request.user, "see_licensed_values")
        for row in rows:
            row.shows_pounds = may_show_value(
                not row.has_withheld, may_see_licensed=sees, outward=False
            )
            row.tag = return_tag(row.state)
            row.came = came_words(row)
            row.came_late = is_late(row)
            row.waits_days = (self.now - row.submitted_at).days if row.submitted_at else None


class VerificationInbox(ReturnRows):
    permission = "verify_delivery"
    title = "To verify"
    caption = "Returns with something to decide, in the order of the rule above"
    introduction = ORDERING
    filterset_class = ReturnFilter
    template_name = "contracts/verification_inbox.html"
    row_template = "contracts/_inbox_rows.html"
    columns = (
        Column("Return", sort="title"),
        Column("Waits", sort="waits"),
        Column("To decide", numeric=True),
        Column("Questions"),
        Column("Value at stake", sort="stake", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "order": Sort(
            "What needs you most",
            ("-has_waited_long", "-stake_pounds", "submitted_at"),
            "first to last",
            "last to first",
        ),
        "stake": Sort("Value at stake", ("stake_pounds",), "smallest first", "largest first"),
        "waits": Sort("Sent", ("submitted_at",), "longest wait first", "shortest wait first"),
        "title": Sort("Agreement", ("contract__title",)),
    }
    default_sort = "order"
    export_name = "returns-to-verify"
    export_columns = (
        ExportColumn("Agreement", "contract.title"),
        ExportColumn("Reference", "contract.reference"),
        ExportColumn("Kind of agreement", lambda row: row.contract.get_kind_display()),
        ExportColumn("Directorate", "contract.directorate.name"),
        ExportColumn("Supplier", "supplier.name"),
        ExportColumn("Quarter", lambda row: str(row.period)),
        ExportColumn("Counts in", lambda row: str(row.counted_in or "")),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Sent", lambda row: row.submitted_at),
        ExportColumn("Came", came_words),
        ExportColumn("Lines", "lines_count"),
        ExportColumn("Lines to decide", "open_lines"),
        ExportColumn("Files", "files_count"),
        ExportColumn("Possibly claimed twice", "open_flags"),
        ExportColumn("Waiting for a beneficiary", "asked_count"),
        ExportColumn("Answered by a beneficiary", "answered_count"),
        ExportColumn("Social value at stake, reported, pounds", _outward("stake_social_pounds")),
        ExportColumn(
            "Local economic value at stake, reported, pounds", _outward("stake_local_pounds")
        ),
        WITHHELD_COLUMN,
    )
    empty_state = EmptyState(
        "Nothing waits for you",
        "When a supplier sends a return, it appears here with the value that depends on your "
        "decision. Returns that count in a closed quarter are not listed.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return waiting_returns(self.request.user, now=self.now)

    def get_context(self) -> dict[str, Any]:
        self.show(self.page.object_list)
        may_see = can(self.request.user, "see_licensed_values")
        found = inbox_figures(self.page.paginator.object_list, may_see_licensed=may_see)  # type: ignore[arg-type]
        left_out = (
            f"Without {found.withheld} of them: a licence keeps their values back"
            if found.withheld
            else ""
        )
        waits = (self.now - found.oldest).days if found.oldest else None
        return {
            "figures": [
                _stake("Social value at stake", found.stake.social_pounds, left_out),
                _stake(
                    "Local economic value at stake",
                    found.stake.local_economic_pounds,
                    left_out,
                    local=True,
                ),
                Figure("Returns to decide", f"{found.returns:,}"),
                Figure(
                    "Longest wait",
                    None if waits is None else f"{waits:,} {'day' if waits == 1 else 'days'}",
                    completeness=f"{found.waited_long} waited more than {LONG_WAIT_DAYS} days",
                    missing="Nothing waits",
                ),
            ]
            if found.returns
            else [],
            "all_returns": reverse("return-list"),
        }


def _stake(label: str, amount: Any, left_out: str, *, local: bool = False) -> Figure:
    return Figure(
        label,
        None if amount is None else readable(amount),
        exact="" if amount is None else exact(amount),
        state=State.REPORTED,
        completeness=left_out,
        missing="None in pounds",
        local_economic=local,
    )


class ReturnList(ReturnRows):
    permission = "view_returns"
    title = "Delivery returns"
    introduction = (
        "Every return that was sent, of every kind of agreement. Reported is what the "
        "supplier says; verified is what an officer accepted of it."
    )
    filterset_class = AllReturnsFilter
    template_name = "contracts/return_list.html"
    row_template = "contracts/_return_rows.html"
    columns = (
        Column("Return", sort="title"),
        Column("Quarter", sort="quarter"),
        Column("State", sort="state"),
        Column("Came", sort="came"),
        Column("Reported", numeric=True),
        Column("Verified", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "quarter": Sort("Quarter", ("financial_year", "quarter"), "oldest first", "newest first"),
        "came": Sort("Came", ("first_submitted_at",), "oldest first", "newest first"),
        "state": Sort("State", ("state",)),
        "title": Sort("Agreement", ("contract__title",)),
    }
    default_sort = "-quarter"
    export_name = "returns"
    export_columns = (
        *VerificationInbox.export_columns[:11],
        ExportColumn("Files", "files_count"),
        ExportColumn("Social value reported, pounds", _outward("reported_social_pounds")),
        ExportColumn("Local economic value reported, pounds", _outward("reported_local_pounds")),
        ExportColumn("Social value verified, pounds", _outward("verified_social_pounds")),
        ExportColumn("Local economic value verified, pounds", _outward("verified_local_pounds")),
        WITHHELD_COLUMN,
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No returns yet",
        "When a supplier begins to report what it has done in a quarter, its return is listed "
        "here, with what was reported and what was verified.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return with_totals(return_rows(self.request.user, now=self.now))

    @property
    def quarter(self) -> Quarter:
        """The one filtered for, or the last that is over."""
        try:
            return Quarter.parse(self.request.GET.get("quarter", ""))
        except PeriodError:
            return Quarter.of(self.today).previous

    def get_context(self) -> dict[str, Any]:
        self.show(self.page.object_list)
        found = quarter_completeness(self.request.user, self.quarter)
        return {
            "about": self.quarter,
            "completeness": found,
            "may_verify": can(self.request.user, "verify_delivery"),
        }


class ContractReturns(PermissionView):
    """Quarter by quarter: what came, what is late, and how complete that makes the figures."""

    permission = "verify_delivery"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=pk)
        except OverflowError:
            raise Http404 from None
        self.check(contract)
        everything, own = reach(request.user, "view_returns")
        if not everything and ("contract_manager", contract.directorate_id) not in own:
            raise Http404
        grid = contract_grid(contract, request.user, as_of=self.today, now=self.now)
        sees = can(request.user, "see_licensed_values")
        for cell in grid.cells:
            if cell.row is not None:
                cell.row.tag = return_tag(cell.row.state)
                cell.row.came = came_words(cell.row)
                cell.row.came_late = is_late(cell.row)
                cell.row.shows_pounds = may_show_value(
                    not cell.row.has_withheld, may_see_licensed=sees, outward=False
                )
        return render(
            request,
            "contracts/contract_returns.html",
            {
                "title": f"Returns of {contract.title}",
                "contract": contract,
                "tabs": contract_tabs(
                    contract.pk, permissions_here(request.user, contract.directorate_id), "returns"
                ),
                "breadcrumbs": [
                    ("Contracts", reverse("contract-list")),
                    (contract.title, contract.get_absolute_url()),
                    ("Returns", None),
                ],
                "grid": grid,
                "several": len({cell.supplier for cell in grid.cells}) > 1,
                "export": Link(
                    "Download them from the list of returns",
                    f"{reverse('return-list')}?q={contract.reference}",
                ),
            },
        )
