"""Organisations: list, page, recording and editing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Table
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters import OrganisationFilter
from ..forms.organisations import OrganisationForm
from ..models import Identifier, Organisation
from ..sections import sections_of
from ..selectors.organisations import merges_kept, where_it_is, with_identity
from ..services.organisations import create_organisation, find_organisation, update_organisation

_REGISTERS = (Identifier.Scheme.COMPANY, Identifier.Scheme.CHARITY, Identifier.Scheme.PPON)
Crumbs = list[tuple[str, str | None]]


def crumbs(*more: tuple[str, str | None]) -> Crumbs:
    return [("Organisations", reverse("organisation-list")), *more]


class OrganisationList(ListPage):
    """Every current organisation; those that were merged into another are left out."""

    permission = "view_organisations"
    title = "Organisations"
    introduction = "Suppliers, partners, council services and community hubs, each recorded once."
    noun = "organisation"
    filterset_class = OrganisationFilter
    row_template = "directory/_organisation_rows.html"
    columns = (
        Column("Name", sort="name"),
        Column("What it is"),
        Column("Where it is", sort="where"),
        Column("Size", sort="size"),
        Column("Number"),
    )
    sorts = {
        "name": Sort("Name", ("name",)),
        "where": Sort("Where it is", ("locality", "name")),
        "size": Sort("Size", ("size", "name")),
    }
    default_sort = "name"
    export_columns = (
        ExportColumn("Name", "name"),
        ExportColumn("Registered name", "legal_name"),
        ExportColumn("What it is", lambda row: "; ".join(str(kind) for kind in row.kinds.all())),
        ExportColumn("Size", lambda row: row.get_size_display()),
        ExportColumn(
            "Voluntary, community or social enterprise",
            lambda row: {True: "Yes", False: "No", None: "Not known"}[row.is_voluntary],
        ),
        ExportColumn("Postcode", "postcode"),
        ExportColumn("Ward code", lambda row: row.ward.code if row.ward else ""),
        ExportColumn("Ward", lambda row: row.ward.name if row.ward else ""),
        ExportColumn("Where it is", lambda row: row.get_locality_display()),
        ExportColumn("How sure", lambda row: row.get_location_precision_display()),
        ExportColumn("Company number", lambda row: _number(row, Identifier.Scheme.COMPANY)),
        ExportColumn("Charity number", lambda row: _number(row, Identifier.Scheme.CHARITY)),
    )
    empty_state = EmptyState(
        "No organisations yet",
        "Suppliers arrive with the contracts you import. You can also record one by hand.",
    )

    def get_queryset(self) -> Any:
        return (
            Organisation.objects.visible_to(self.request.user)
            .current()
            .select_related("ward")
            .defer("ward__geometry")
            .prefetch_related(
                "kinds",
                # The registers' numbers; a file's own ids would only puzzle a reader here.
                Prefetch("identifiers", Identifier.objects.filter(scheme__in=_REGISTERS)),
            )
        )

    def get_main_action(self) -> Link | None:
        if not can(self.request.user, "change_organisations"):
            return None
        return Link("Record an organisation", reverse("organisation-create"))


def _number(row: Organisation, scheme: str) -> str:
    return "; ".join(held.value for held in row.identifiers.all() if held.scheme == scheme)


class OrganisationView(PermissionView):
    """Finds the organisation among those this person may see, and checks it."""

    permission = "view_organisations"

    def record(self, pk: int) -> Organisation:
        rows = (
            Organisation.objects.visible_to(self.request.user)
            .select_related("ward", "merged_into")
            .defer("ward__geometry")
        )
        organisation = get_object_or_404(rows, pk=pk)
        self.check(organisation)
        return with_identity(organisation)


class OrganisationDetail(OrganisationView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        organisation = self.record(pk)
        place = where_it_is(organisation)
        may_change = can(request.user, "change_organisations", on=organisation)
        return render(
            request,
            "directory/organisation_detail.html",
            {
                "title": organisation.name,
                "breadcrumbs": crumbs((organisation.name, None)),
                "organisation": organisation,
                "place": place,
                "facts": _facts(organisation),
                "where": _where(organisation, place),
                "identifiers": _identifiers(organisation),
                "merges": merges_kept(organisation),
                "sections": sections_of(organisation, request.user, self.today),
                "history": history_of(organisation, limit=20),
                "may_change": may_change and organisation.merged_into_id is None,
                "may_undo": may_change,
            },
        )


def _facts(organisation: Organisation) -> list[SummaryRow]:
    voluntary = {True: "Yes", False: "No", None: None}[organisation.is_voluntary]
    size = organisation.get_size_display() if organisation.size != "unknown" else None
    rows = [
        SummaryRow("What it is", ", ".join(str(kind) for kind in organisation.kinds.all())),
        SummaryRow("Size", size),
        SummaryRow("Voluntary, community or social enterprise", voluntary),
    ]
    if organisation.legal_name:
        rows.insert(0, SummaryRow("Registered name", organisation.legal_name))
    if organisation.opening_hours:
        rows.append(SummaryRow("Opening hours", organisation.opening_hours))
    if organisation.aliases.all():
        names = "; ".join(alias.name for alias in organisation.aliases.all())
        rows.append(SummaryRow("Other names and spellings", names))
    if organisation.website:
        link = format_html(
            '<a class="govuk-link" href="{0}" rel="noreferrer">{0}</a>', organisation.website
        )
        rows.append(SummaryRow("Website", link))
    if organisation.note:
        rows.append(SummaryRow("Note", organisation.note))
    return rows


def _where(organisation: Organisation, place: Any) -> list[SummaryRow]:
    rows = [
        SummaryRow("Address", linebreaksbr(organisation.address)),
        SummaryRow("Postcode", organisation.postcode),
        SummaryRow("Counts as", place.locality, note=place.precision),
    ]
    ward = organisation.ward
    if ward:
        url = reverse("area-detail", args=[ward.code, ward.boundary_year])
        rows.append(SummaryRow("Ward", ward.name, action=Link("Open", url)))
    if place.authority:
        rows.append(SummaryRow("Local authority", place.authority))
    return rows


def _identifiers(organisation: Organisation) -> Table | None:
    held = list(organisation.identifiers.all())
    if not held:
        return None
    return Table(
        caption="Numbers by which registers and files know it",
        headings=("Kind", "Number", "Source"),
        rows=[(row.get_scheme_display(), row.value, row.source or "Recorded here") for row in held],
    )


class OrganisationFormView(EditMixin, OrganisationView):
    """What recording and editing share."""

    permission = "change_organisations"

    def typed(self) -> Any:
        """The POST, with a proposed postcode in place where the person accepted it."""
        data = self.posted()
        accepted = data.get("use_postcode")
        if accepted:
            data = data.copy()
            data["postcode"] = accepted
        return data

    def page(self, form: OrganisationForm, **context: Any) -> HttpResponse:
        return render(self.request, "directory/organisation_form.html", {"form": form, **context})


class OrganisationCreate(OrganisationFormView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(OrganisationForm(initial={"kinds": request.GET.getlist("kind")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OrganisationForm(self.typed())
        if not form.is_valid():
            return self.show(form)
        if not form.cleaned_data["record_anyway"]:
            match = find_organisation(
                name=form.cleaned_data["name"],
                identifiers=[pair[:2] for pair in form.identifiers()],
                postcode=form.cleaned_data["postcode"],
            )
            if match:
                same = Organisation.objects.get(pk=match.organisation_id)
                return self.show(form, same=same, match=match)
        try:
            organisation = create_organisation(
                values=form.changes(),
                kinds=form.cleaned_data["kinds"],
                identifiers=form.identifiers(),
                aliases=form.aliases_typed(),
                stated_locality=form.cleaned_data["stated_locality"],
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.show(form)
        messages.success(request, f"{organisation.name} is recorded.")
        return redirect("organisation-detail", organisation.pk)

    def show(self, form: OrganisationForm, **context: Any) -> HttpResponse:
        title = "Record an organisation"
        return self.page(
            form,
            title=title,
            breadcrumbs=crumbs((title, None)),
            cancel_url=reverse("organisation-list"),
            **context,
        )


class OrganisationEdit(OrganisationFormView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        organisation = self.record(pk)
        if organisation.merged_into_id:
            return redirect("organisation-detail", organisation.merged_into_id)
        return self.show(OrganisationForm(organisation=organisation), organisation)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        organisation = self.record(pk)
        if organisation.merged_into_id:
            return redirect("organisation-detail", organisation.merged_into_id)
        form = OrganisationForm(self.typed(), organisation=organisation)
        if not form.is_valid():
            return self.show(form, organisation)
        try:
            update_organisation(
                organisation=organisation,
                changes=form.changes(),
                expected_version=form.expected_version,
                kinds=form.cleaned_data["kinds"],
                identifiers=form.identifiers(),
                aliases=form.aliases_typed(),
                stated_locality=form.cleaned_data["stated_locality"],
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = OrganisationForm(organisation=collision.stored)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.show(form, organisation)
        messages.success(request, "Your changes are saved.")
        return redirect("organisation-detail", organisation.pk)

    def show(self, form: OrganisationForm, organisation: Organisation) -> HttpResponse:
        home = reverse("organisation-detail", args=[organisation.pk])
        return self.page(
            form,
            title=f"Edit {organisation.name}",
            breadcrumbs=crumbs((organisation.name, home), ("Edit", None)),
            cancel_url=home,
        )
