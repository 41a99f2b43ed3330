"""The register, what ends soon, and the category search."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.money import pounds
from trafford_sv.core.parts import EmptyState, Link, Tag, Tone

from ..filters import CategoryFilter, ContractFilter
from ..models import Award, AwardSupplier, Contract, CpvCode
from ..models.agreements import is_followed, notice_is_due
from ..selectors.contracts import contract_rows, contracts_by_category, supplier_names

_SHOWN = (
    "title", "reference", "kind", "stage", "social_value", "is_framework", "end", "directorate__name",
)  # fmt: skip
STAGE_TONES = {
    Contract.Stage.LIVE: Tone.GOOD,
    Contract.Stage.AWARDED: Tone.INFO,
    Contract.Stage.MOBILISING: Tone.INFO,
    Contract.Stage.TERMINATED: Tone.WARNING,
}


def stage_tag(stage: str, label: str) -> Tag:
    return Tag(label, STAGE_TONES.get(Contract.Stage(stage), Tone.NEUTRAL))


def carry_tag(must_carry: bool | None, social_value: str) -> Tag:
    """What the threshold asks and what is recorded, in a few words."""
    if must_carry is None:
        return Tag("Cannot be said yet")
    if not must_carry:
        return Tag("Not required")
    return {
        Contract.SocialValue.INCLUDED: Tag("Required, included", Tone.GOOD),
        Contract.SocialValue.NOT_INCLUDED: Tag("Required, not included", Tone.BAD),
    }.get(Contract.SocialValue(social_value), Tag("Required, not recorded", Tone.WARNING))


def _said(must_carry: bool | None) -> str:
    return {True: "Yes", False: "No", None: "Cannot be said"}[must_carry]


def _pounds(value: Decimal | None) -> Decimal | None:
    return None if value is None else pounds(value)


class ContractRows(ListPage):
    """What the pages over contracts share: rows with their suppliers, in one query more."""

    permission = "view_contracts"
    noun = "contract"

    def show_suppliers(self, rows: Any) -> None:
        rows = list(rows)
        names = supplier_names(row.pk for row in rows)
        for row in rows:
            held = names.get(row.pk, [])
            row.supplier = held[0] if held else ""
            row.more_suppliers = max(0, len(held) - 1)
            row.carry_tag = carry_tag(row.must_carry, row.social_value_now)


class ContractList(ContractRows):
    title = "Contracts"
    filterset_class = ContractFilter
    template_name = "contracts/contract_list.html"
    row_template = "contracts/_contract_rows.html"
    columns = (
        Column("Contract", sort="title"),
        Column("Supplier"),
        Column("Social value"),
        Column("Awarded", sort="awarded"),
        Column("Ends", sort="end"),
        Column("Value", sort="value", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "value": Sort("Value", ("value_pounds", "reference"), "smallest first", "largest first"),
        "end": Sort("End date", ("end", "reference"), "soonest first", "latest first"),
        "awarded": Sort("Award date", ("awarded_on", "reference"), "oldest first", "newest first"),
        "title": Sort("Title", ("title", "reference")),
    }
    default_sort = "-awarded"
    export_name = "contracts"
    export_columns = (
        ExportColumn("Reference", "reference"),
        ExportColumn("Title", "title"),
        ExportColumn("OCID", "ocid"),
        ExportColumn("Kind of agreement", lambda row: row.get_kind_display()),
        ExportColumn("Stage", lambda row: row.get_stage_display()),
        ExportColumn("Buyer", "buyer.name"),
        ExportColumn("Directorate", "directorate.name"),
        ExportColumn("Suppliers", lambda row: "; ".join(_names(row))),
        ExportColumn("Award date", "awarded_on"),
        ExportColumn("Value in pounds, excluding VAT", lambda row: _pounds(row.value_pounds)),
        ExportColumn("Must carry social value", lambda row: _said(row.must_carry)),
        ExportColumn(
            "Threshold on the award date in pounds", lambda row: _pounds(row.threshold_pounds)
        ),
        ExportColumn(
            "Social value recorded",
            lambda row: Contract.SocialValue(row.social_value_now).label,
        ),
        ExportColumn("Category code", "category_id"),
        ExportColumn("Category", "category.name"),
        ExportColumn("Procurement rules", lambda row: row.get_regime_display()),
        ExportColumn("Light touch", "is_light_touch"),
        ExportColumn("Framework", "is_framework"),
        ExportColumn("Start", "start"),
        ExportColumn("End", "end"),
        ExportColumn("Notice date", "notice_date"),
        ExportColumn("Wards served", lambda row: "; ".join(ward.name for ward in row.wards.all())),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No contracts yet",
        "Every contract, who won it, what it is worth and whether it must carry social value will "
        "be listed here. Record one, or import the council’s register.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        # What a row shows, and no more: building what nobody reads is most of a long page.
        return (
            contract_rows(self.request.user)
            .select_related(None)
            .select_related("directorate")
            .only(*_SHOWN)
        )

    def get_export_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        # Everything again, with what the file names.
        rows = rows.select_related("directorate", "buyer", "category").defer(None)
        links = AwardSupplier.objects.select_related("organisation")
        counted = Award.objects.filter(status__in=Award.COUNTED_STATUSES)
        return rows.prefetch_related(
            "wards",
            Prefetch("awards", counted.order_by("awarded_on", "pk"), to_attr="counted_awards"),
            Prefetch("counted_awards__supplier_links", links),
        )

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_contracts"):
            return Link("Record a contract", reverse("contract-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        self.show_suppliers(self.page.object_list)
        return {"may_see_thresholds": can(self.request.user, "see_dashboard")}


def _names(row: Any) -> list[str]:
    names = [
        link.organisation.name
        for award in row.counted_awards
        for link in award.supplier_links.all()
    ]
    return list(dict.fromkeys(names))


class ExpiringContracts(ContractRows):
    """Current contracts that end, or whose notice is due, within a chosen time."""

    title = "Ending soon"
    caption = "Contracts that end soon, with the date by which notice must be decided"
    template_name = "contracts/contract_expiring.html"
    row_template = "contracts/_expiring_rows.html"
    windows: ClassVar[dict[str, str]] = {"90": "3 months", "180": "6 months", "365": "12 months"}
    default_window = "180"
    columns = (
        Column("Contract", sort="title"),
        Column("Notice by", sort="notice"),
        Column("Ends", sort="end"),
        Column("What follows"),
        Column("Value", sort="value", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "notice": Sort("Notice date", ("notice_date", "end"), "soonest first", "latest first"),
        "end": Sort("End date", ("end", "reference"), "soonest first", "latest first"),
        "value": Sort("Value", ("value_pounds", "reference"), "smallest first", "largest first"),
        "title": Sort("Title", ("title", "reference")),
    }
    default_sort = "end"
    export_name = "contracts-ending-soon"
    export_columns = (
        ExportColumn("Reference", "reference"),
        ExportColumn("Title", "title"),
        ExportColumn("Directorate", "directorate.name"),
        ExportColumn("Notice date", "notice_date"),
        ExportColumn("End", "end"),
        ExportColumn("Extension options", "extension_options"),
        ExportColumn(
            "Followed by", lambda row: "; ".join(c.reference for c in row.visible_successors)
        ),
        ExportColumn("Value in pounds, excluding VAT", lambda row: _pounds(row.value_pounds)),
    )

    @property
    def window(self) -> str:
        wanted = self.request.GET.get("within", "")
        return wanted if wanted in self.windows else self.default_window

    @property
    def empty_state(self) -> EmptyState:  # type: ignore[override]
        return EmptyState(
            f"Nothing ends in the next {self.windows[self.window]}",
            "Contracts whose end or notice date is near will be listed here, soonest first. "
            "Dates are kept on each contract.",
            Link("See all contracts", reverse("contract-list")),
        )

    def get_queryset(self) -> QuerySet[Any]:
        last = self.today + datetime.timedelta(days=int(self.window))
        visible = Contract.objects.visible_to(self.request.user).order_by("start", "reference")
        return (
            contract_rows(self.request.user)
            .contracts()
            .current_on(self.today)
            .filter(
                Q(end__gte=self.today, end__lte=last) | notice_is_due(self.today, int(self.window))
            )
            .annotate(is_followed=is_followed())
            .prefetch_related(Prefetch("successors", visible, to_attr="visible_successors"))
        )

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.notice_tag = _notice_tag(row, self.today)
            row.days_left = (row.end - self.today).days if row.end else None
        return {
            "breadcrumbs": [("Contracts", reverse("contract-list")), (self.title, None)],
            "windows": [
                (Link(words, f"{self.request.path}?within={days}"), days == self.window)
                for days, words in self.windows.items()
            ],
        }


def _notice_tag(row: Any, today: datetime.date) -> Tag | None:
    if row.notice_date is None or row.is_followed:
        return None
    days = (row.notice_date - today).days
    if days < 0:
        return Tag(f"{-days} day{'' if days == -1 else 's'} ago", Tone.BAD)
    if days <= 30:
        return Tag(
            "Today" if days == 0 else f"In {days} day{'' if days == 1 else 's'}", Tone.WARNING
        )
    return None


class CategoryList(ListPage):
    """Finding the code of a category by its words."""

    permission = "view_contracts"
    title = "Categories"
    introduction = (
        "The Common Procurement Vocabulary sorts what is bought into 9,454 categories. "
        "Search by a word or by the first digits of a code."
    )
    noun = "category"
    noun_plural = "categories"
    filterset_class = CategoryFilter
    row_template = "contracts/_category_rows.html"
    columns = (
        Column("Code", sort="code"),
        Column("Category", sort="name"),
        Column("Contracts", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "code": Sort("Code", ("code",), "lowest first", "highest first"),
        "name": Sort("Name", ("name",)),
    }
    default_sort = "code"
    empty_state = EmptyState(
        "No categories yet", "They come with the reference data that an administrator loads."
    )

    def get_queryset(self) -> QuerySet[Any]:
        return CpvCode.objects.all()

    def get_context(self) -> dict[str, Any]:
        codes = [row.pk for row in self.page.object_list]
        counts = contracts_by_category(self.request.user, codes)
        for row in self.page.object_list:
            row.contracts_here = counts.get(row.pk, 0)
        return {"breadcrumbs": [("Contracts", reverse("contract-list")), (self.title, None)]}
