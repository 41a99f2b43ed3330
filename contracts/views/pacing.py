"""Delivery against its profile: everything that is behind, one agreement, one commitment."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.access import can, permissions_of
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort, changed
from trafford_sv.core.money import percentage
from trafford_sv.core.parts import EmptyState
from trafford_sv.core.views_base import PermissionView

from ..contract_tabs import contract_tabs, permissions_here
from ..filters_pacing import PacingFilter
from ..licensing import WITHHELD, may_show_text, may_show_value
from ..models import Commitment, Contract
from ..pacing import METHOD, METHOD_CONTRACT, METHOD_PERCENTAGE
from ..selectors.pacing import (
    JOINED,
    agreement_pace,
    commitment_paces,
    last_due,
    paces_of,
)
from ..selectors.pacing_rows import paced_rows, with_recoveries
from ..selectors.returns import completeness
from .pacing_parts import (
    WORDS,
    Rating,
    agreement_figures,
    pace_row,
    pounds_charts,
    quantity_chart,
    quarter_table,
    rating_tag,
)

ROWS_ON_A_PAGE = 50


def outward_text(commitment: Commitment) -> str:
    """A commitment's name in a file: the agreement's own words, or the measure's where allowed."""
    measure = commitment.measure
    if commitment.title or may_show_text(
        measure.edition.text_may_be_published, is_public=False, outward=True
    ):
        return commitment.title or measure.title
    return measure.code


def outward_pounds(commitment: Commitment) -> Any:
    if commitment.committed_pounds is None:
        return None
    if may_show_value(
        commitment.measure.edition.values_may_be_published, may_see_licensed=False, outward=True
    ):
        return commitment.committed_pounds
    return WITHHELD


class PacingList(ListPage):
    """Every agreed commitment that is behind, of agreements that are not ended, worst first."""

    permission = "view_commitments"
    title = "Pacing"
    noun = "commitment"
    caption = "Agreed commitments against their profile"
    introduction = (
        "What is verified of each agreed commitment, against what its profile expects in the "
        "quarters that are decided. Worst first; all kinds of agreement that are not ended."
    )
    filterset_class = PacingFilter
    template_name = "contracts/pacing_list.html"
    row_template = "contracts/_pacing_rows.html"
    columns = (
        Column("Commitment", sort="agreement"),
        Column("Pace", sort="pace"),
        Column("Verified of expected", sort="share", numeric=True),
        Column("Expected at the end", numeric=True),
        Column("Recovery"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "pace": Sort(
            "Pace", ("severity", "-gap_pounds", "pace_share"), "worst first", "best first"
        ),
        "share": Sort("Verified of expected", ("pace_share",), "smallest first", "largest first"),
        "agreement": Sort("Agreement", ("contract__title", "number")),
    }
    default_sort = "pace"
    export_name = "pacing"
    export_columns = (
        ExportColumn("Agreement", "contract.reference"),
        ExportColumn("Title", "contract.title"),
        ExportColumn("Kind", lambda row: row.contract.get_kind_display()),
        ExportColumn("Directorate", "contract.directorate.name"),
        ExportColumn("Supplier", "supplier.name"),
        ExportColumn("Commitment", "number"),
        ExportColumn("Measure", "measure.code"),
        ExportColumn("In words", outward_text),
        ExportColumn("Unit", "measure.unit"),
        ExportColumn("Promised quantity", "promised_quantity"),
        ExportColumn("Committed pounds", outward_pounds),
        ExportColumn("Expected in the quarters decided", "expected_quantity"),
        ExportColumn("Verified quantity", "delivered_quantity"),
        ExportColumn(
            "Verified of expected",
            lambda row: None if row.pace_share is None else percentage(row.pace_share, 1),
        ),
        ExportColumn("A due return is missing", "lacks_return"),
        ExportColumn("Rating", lambda row: WORDS[Rating(row.rating)]),
    )
    empty_state = EmptyState(
        "Nothing is behind",
        "Agreed commitments whose verified delivery falls short of their profile will be listed "
        "here, with what each remaining quarter must bring.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        joined = (*JOINED, "contract__directorate")
        rows = paced_rows(self.request.user, as_of=self.today).select_related(*joined)
        return with_recoveries(rows)

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        found = {
            one.commitment.pk: pace_row(one)
            for one in paces_of(rows, as_of=self.today, with_recoveries=False)
        }
        for row in rows:
            row.shown = found[row.pk]
            row.rating_tag = rating_tag(row.rating)
        return {
            "rows": rows,
            "method": METHOD,
            "may_change": can(self.request.user, "change_commitments"),
        }


class ContractPacing(PermissionView):
    """One agreement: its pace, its commitments worst first, and the drawing."""

    permission = "view_commitments"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=pk)
        permissions = permissions_of(request.user)
        found = agreement_pace(commitment_paces(contract, as_of=self.today, user=request.user))
        overdue = last_due(self.today)
        own = {row.commitment.supplier_id for row in found.rows}
        counted = completeness(overdue, contracts=[contract.pk], suppliers=own or [0])
        page = Paginator(found.rows, ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
        may_rate = can(request.user, "rate_delivery", on=contract)
        context = {
            "title": f"Pacing of {contract.title}",
            "contract": contract,
            "tabs": contract_tabs(
                contract.pk, permissions_here(request.user, contract.directorate_id), "pacing"
            ),
            "breadcrumbs": [
                ("Contracts", reverse("contract-list")),
                (contract.title, contract.get_absolute_url()),
                ("Pacing", None),
            ],
            "figures": agreement_figures(found, counted, overdue),
            "rows": [pace_row(one) for one in page.object_list],
            "page": page,
            "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
            "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
            "charts": pounds_charts(found.rows, "see_licensed_values" in permissions),
            "methods": (METHOD, METHOD_CONTRACT),
            "several_suppliers": len(own) > 1,
            "may_change": can(request.user, "change_commitments", on=contract),
            "may_rate": may_rate,
        }
        return render(request, "contracts/contract_pacing.html", context)


def _page_url(request: HttpRequest, number: int) -> str:
    return changed(request, page=str(number))


class CommitmentPacing(PermissionView):
    """One commitment, quarter by quarter."""

    permission = "view_commitments"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Commitment.objects.visible_to(request.user).filter(state=Commitment.State.AGREED)
        commitment = get_object_or_404(rows.select_related(*JOINED), pk=pk)
        self.check(commitment)
        (found,) = paces_of([commitment], as_of=self.today)
        contract = commitment.contract
        actions = commitment.recovery_actions.order_by("-opened_at", "-pk")
        context = {
            "title": f"Pace of {pace_row(found).name}",
            "contract": contract,
            "commitment": commitment,
            "row": pace_row(found),
            "reported": found.reported,
            "chart": quantity_chart(found),
            "table": quarter_table(found),
            "method": METHOD_PERCENTAGE if found.is_percentage else METHOD,
            "actions": actions,
            "may_change": can(request.user, "change_commitments", on=commitment),
            "breadcrumbs": [
                ("Contracts", reverse("contract-list")),
                (contract.title, contract.get_absolute_url()),
                ("Pacing", reverse("contract-pacing", kwargs={"pk": contract.pk})),
                (f"Commitment {commitment.number}", None),
            ],
        }
        return render(request, "contracts/commitment_pacing.html", context)
