"""A contract's page."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.access import can, permissions_of, reach
from trafford_sv.core.charts import Place, WardMap, ward_map
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import Figure, Link, SummaryRow, Tag, TimelineEntry, Tone
from trafford_sv.core.views_base import PermissionView
from trafford_sv.directory.selectors.places import current_wards

from ..agreement_words import Words, words_for
from ..contract_tabs import contract_tabs, permissions_here
from ..models import Contract
from ..selectors.contracts import ContractDetail, HistoryLine, contract_detail
from ..thresholds import day_words
from .listing import stage_tag


class ContractPage(PermissionView):
    permission = "view_contracts"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            contract = contract_detail(pk, request.user, as_of=self.today)
        except (Contract.DoesNotExist, OverflowError):
            raise Http404 from None
        # What colleagues wrote, and awards that came to nothing, are not for the supplier's eyes.
        officer = self._is_officer(contract)
        if not officer:
            counted = tuple(award for award in contract.awards if award.is_counted)
            contract = replace(contract, awards=counted, history=None)
        words = words_for(contract.kind)
        may_change = can(request.user, "change_contracts") and self._in_reach(contract)
        return render(
            request,
            "contracts/contract_detail.html",
            {
                "title": contract.title,
                "words": words,
                "is_contract": words.kind == Contract.Kind.CONTRACT,
                "edit_url": edit_url(contract),
                "tabs": contract_tabs(
                    contract.pk,
                    permissions_here(
                        request.user, contract.directorate.pk if contract.directorate else None
                    ),
                    "overview",
                ),
                "breadcrumbs": [home_of(contract.kind), (contract.title, None)],
                "contract": contract,
                "stage_tag": stage_tag(contract.stage, contract.stage_label),
                "figures": figures_for(contract, words),
                "social_value_tag": social_value_tag(contract),
                "about": about_rows(contract, officer),
                "dates": date_rows(contract),
                "history": [history_entry(line) for line in contract.history or ()],
                "officer": officer,
                "may_change": may_change,
                "map": served_map(contract),
                "main_action": main_link(contract) if may_change else None,
                "sees_organisations": "view_organisations" in permissions_of(request.user),
            },
        )

    def _is_officer(self, contract: ContractDetail) -> bool:
        everything, own = reach(self.request.user, "view_contracts")
        directorate = contract.directorate.pk if contract.directorate else None
        return everything or ("contract_manager", directorate) in own

    def _in_reach(self, contract: ContractDetail) -> bool:
        everything, own = reach(self.request.user, "change_contracts")
        directorate = contract.directorate.pk if contract.directorate else None
        return everything or any(pk == directorate for _, pk in own)


def home_of(kind: str) -> tuple[str, str | None]:
    """The list that an agreement of this kind is in, for the breadcrumbs."""
    if kind == Contract.Kind.CONTRACT:
        return ("Contracts", reverse("contract-list"))
    return ("Agreements", reverse("agreement-list"))


def edit_url(contract: ContractDetail) -> str:
    name = "contract-edit" if contract.kind == Contract.Kind.CONTRACT else "agreement-edit"
    return reverse(name, kwargs={"pk": contract.pk})


def figures_for(contract: ContractDetail, words: Words) -> list[Figure]:
    """The value where the kind has one; the duty where the thresholds apply, to contracts."""
    figures = [value_figure(contract, words)] if words.has_value else []
    if words.kind == Contract.Kind.CONTRACT:
        figures.append(duty_figure(contract))
    return figures


def value_figure(contract: ContractDetail, words: Words) -> Figure:
    """What it is worth, and what that number rests on."""
    label = words.value
    counted = [award for award in contract.awards if award.is_counted]
    if contract.is_framework:
        return Figure(
            label, None, missing="A framework has none",
            of_what="Each contract called off under it has its own",
        )  # fmt: skip
    if contract.value_pounds is None:
        estimate = contract.estimated_value_pounds
        missing = "Not known" if counted else "Not awarded yet"
        of_what = f"Estimated at {readable(estimate)}" if estimate is not None else ""
        return Figure(label, None, missing=missing, of_what=of_what)
    suppliers = len(contract.suppliers)
    shared = f", shared by {suppliers} {words.party}s" if suppliers > 1 else ""
    awards = "One award" if len(counted) == 1 else f"{len(counted)} awards"
    return Figure(
        label,
        readable(contract.value_pounds),
        exact=exact(contract.value_pounds),
        of_what=f"{awards}{shared}",
        completeness="At least one award has no value recorded"
        if contract.value_is_partial
        else "",
    )


def duty_figure(contract: ContractDetail) -> Figure:
    """The answer to the question that everybody opens the page with."""
    return Figure(
        "Must carry social value",
        {True: "Yes", False: "No", None: None}[contract.must_carry],
        missing="Cannot be said yet",
        of_what=contract.duty.sentence,
    )


def social_value_tag(contract: ContractDetail) -> Tag:
    if contract.social_value == Contract.SocialValue.INCLUDED:
        return Tag("Included", Tone.GOOD)
    if contract.social_value == Contract.SocialValue.NOT_INCLUDED:
        return Tag("Not included", Tone.BAD if contract.must_carry else Tone.NEUTRAL)
    return Tag("Not recorded", Tone.WARNING if contract.must_carry else Tone.NEUTRAL)


def about_rows(contract: ContractDetail, officer: bool) -> list[SummaryRow]:
    category = (
        f"{contract.category_name} ({contract.category_code})" if contract.category_code else ""
    )
    rules = contract.regime_label + (", light-touch" if contract.is_light_touch else "")
    rows = [
        SummaryRow("Reference", contract.reference),
        SummaryRow("Buyer", contract.buyer.name if contract.buyer else "", missing="Not recorded"),
        SummaryRow(
            words_for(contract.kind).giver,
            contract.directorate.name if contract.directorate else "",
            missing="Not recorded",
        ),
    ]
    if contract.kind == Contract.Kind.CONTRACT:
        rows += [
            SummaryRow("Category", category, missing="Not recorded"),
            SummaryRow("Procurement rules", rules),
        ]
    if officer:
        rows += [
            SummaryRow("Contract manager", contract.manager, missing="Nobody yet"),
        ]
        if contract.kind == Contract.Kind.CONTRACT:
            rows.append(SummaryRow("STAR lead", contract.star_lead, missing="Nobody yet"))
    if contract.ocid:
        rows.append(SummaryRow("Open Contracting ID", contract.ocid))
    if contract.source and officer:
        rows.append(SummaryRow("Came from", contract.source))
    return rows


def served_map(contract: ContractDetail) -> WardMap | None:
    """Where it serves, for a glance; the list beside it says the same. None without a 2023 ward."""
    served = {ward.code for ward in contract.wards if ward.boundary_year == 2023}
    if not served:
        return None
    return ward_map(
        key="served",
        title="Wards served",
        subtitle="Wards that this contract serves",
        places=[
            Place(
                code=ward.code,
                name=ward.name,
                geometry=ward.geometry,
                value=Decimal(ward.code in served),
                text="Served" if ward.code in served else "Not served",
            )
            for ward in current_wards()
        ],
        headings=("Ward", "Served"),
        breaks=(Decimal(1),),
        width=320,
    )


def date_rows(contract: ContractDetail) -> list[SummaryRow]:
    return [
        SummaryRow("Starts", _day(contract.start), missing="Not recorded"),
        SummaryRow(
            "Notice by",
            _day(contract.notice_date),
            missing="Not recorded",
            note=""
            if contract.successors or contract.is_over
            else days_words(contract.days_to_notice),
        ),
        SummaryRow(
            "Ends",
            _day(contract.end),
            missing="Not recorded",
            note=days_words(contract.days_to_end),
        ),
        SummaryRow("Extension options", contract.extension_options, missing="None recorded"),
    ]


def _day(value: datetime.date | None) -> str:
    return day_words(value) if value else ""


def days_words(days: int | None) -> str:
    """In 9 days; 21 days ago; in about 14 months."""
    if days is None:
        return ""
    if days == 0:
        return "Today"
    size = abs(days)
    if size <= 90:
        words = f"{size} day{'' if size == 1 else 's'}"
    elif size < 730:
        words = f"about {round(size / 30.44)} months"
    else:
        words = f"about {round(size / 365.25)} years"
    return f"In {words}" if days > 0 else f"{words[0].upper()}{words[1:]} ago"


def history_entry(line: HistoryLine) -> TimelineEntry:
    changed = f"Changed: {', '.join(line.fields)}." if line.fields else ""
    reason = f"“{line.reason}”" if line.reason else ""
    title = f"{line.verb[0].upper()}{line.verb[1:]}"
    return TimelineEntry(title, line.at, by=line.by, text=" ".join(filter(None, [changed, reason])))


def main_link(contract: ContractDetail) -> Link:
    """The one thing to do next."""
    if not contract.awards and not contract.is_over:
        words = words_for(contract.kind)
        said = "award" if contract.kind == Contract.Kind.CONTRACT else words.party
        return Link(f"Record the {said}", reverse("award-create", kwargs={"pk": contract.pk}))
    return Link(f"Edit {words_for(contract.kind).noun}", edit_url(contract))
