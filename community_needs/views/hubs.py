"""Hubs and the wards they serve: for anyone; the catchments are edited by officers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.charts import Place, WardMap, ward_map
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.parts import EmptyState, Table
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..filters import HubFilter
from ..forms.needs import HubForm
from ..models import Hub
from ..selectors.hubs import WardService, hub_rows, wards_and_hubs
from ..services.hubs import change_hub, stored_wards
from .need_editing import crumbs


def service_map(wards: list[WardService], *, key: str = "service") -> WardMap:
    """Three plain classes: a hub stands here, one serves it from elsewhere, none does."""
    stands = sum(1 for ward in wards if ward.has_a_hub)
    unserved = sum(1 for ward in wards if not ward.is_served)
    title = f"A hub stands in {stands} of {len(wards)} wards; "
    title += (
        "the others are served from nearby"
        if not unserved
        else f"{unserved} {'ward has' if unserved == 1 else 'wards have'} no hub at all"
    )
    words = {0: "No hub", 1: "Served from nearby", 2: "A hub stands here"}
    return ward_map(
        key=key,
        title=title,
        subtitle="Wards of 2023 by the hub that serves them",
        places=[
            Place(
                row.ward.code,
                row.ward.name,
                row.ward.geometry,
                Decimal(value),
                words[value],
                reverse("area-detail", args=[row.ward.code, row.ward.boundary_year]),
            )
            for row in wards
            for value in [2 if row.has_a_hub else 1 if row.is_served else 0]
        ],
        headings=("Ward", "Hub"),
        breaks=[Decimal(1), Decimal(2)],
        text=lambda value: words[int(value)],
    )


def catchment_map(hub: Hub, wards: list[WardService], form: HubForm) -> WardMap:
    """The wards that the form has ticked, as it stands."""
    ticked = {str(key) for key in form["wards"].value() or ()}
    return ward_map(
        key="catchment",
        title=f"Wards that {hub} serves",
        subtitle=f"{len(ticked)} {'ward is' if len(ticked) == 1 else 'wards are'} chosen",
        places=[
            Place(
                row.ward.code,
                row.ward.name,
                row.ward.geometry,
                Decimal(str(row.ward.pk) in ticked),
                "Served" if str(row.ward.pk) in ticked else "Not served",
            )
            for row in wards
        ],
        headings=("Ward", "Served"),
        breaks=[Decimal(1)],
    )


def service_table(wards: list[WardService]) -> Table:
    """Who serves each ward, for reading beside the map."""
    return Table(
        "The hubs of each ward",
        ("Ward", "Hub that stands there", "Hubs that serve it from nearby"),
        [
            (row.ward.name, ", ".join(row.stands) or "None", ", ".join(row.serves) or "None")
            for row in wards
        ],
        is_stacked=True,
    )


class HubList(ListMixin, PublicView):
    title = "Community hubs"
    noun = "hub"
    introduction = (
        "Each hub serves the wards near it. A ward without a hub of its own is served from nearby, "
        "and its needs are counted all the same."
    )
    filterset_class = HubFilter
    template_name = "community_needs/hub_list.html"
    row_template = "community_needs/_hub_rows.html"
    columns = (
        Column("Hub", sort="name"),
        Column("Wards it serves"),
        Column("Opening hours"),
        Column("Needs", sort="needs", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "name": Sort("Name", ("organisation__name",)),
        "needs": Sort("Needs", ("needs", "organisation__name"), "fewest first", "most first"),
    }
    default_sort = "name"
    export_name = "hubs"
    export_columns = (
        ExportColumn("Hub", "organisation.name"),
        ExportColumn("Address", "organisation.address"),
        ExportColumn("Postcode", "organisation.postcode"),
        ExportColumn("Opening hours", "organisation.opening_hours"),
        ExportColumn("Website", "organisation.website"),
        ExportColumn("Wards served", "wards_served"),
        ExportColumn("Needs", "needs"),
    )
    empty_state = EmptyState("No hubs yet", "Community hubs will be listed here.")

    def get_queryset(self) -> QuerySet[Any]:
        return hub_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        wards = wards_and_hubs()
        for row in rows:
            row.wards = [item.ward.name for item in wards if row.organisation_id in item.hubs]
        return {
            "rows": rows,
            "may_change": can(self.request.user, "change_catchments"),
            "map": service_map(wards) if wards else None,
            "table": service_table(wards),
            "unserved": [row.ward.name for row in wards if not row.is_served],
            "breadcrumbs": crumbs((self.title, None)),
        }


class HubEdit(EditMixin, PermissionView):
    """The list of wards with boxes, beside the map; and the address for rounds."""

    permission = "change_catchments"

    def record(self, pk: int) -> Hub:
        hub = get_object_or_404(
            Hub.objects.visible_to(self.request.user).select_related("organisation"), pk=pk
        )
        self.check(hub)
        return hub

    @staticmethod
    def stored_form(hub: Hub) -> HubForm:
        wards = [row.ward_id for row in stored_wards(hub)]
        return HubForm(initial=HubForm.initial_of(hub, wards))

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        hub = self.record(pk)
        return self.page(hub, self.stored_form(hub))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        hub = self.record(pk)
        form = HubForm(self.posted())
        if not form.is_valid():
            return self.page(hub, form)
        try:
            change_hub(
                hub=hub,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                **form.changes(),
            )
        except Collision as collision:
            return self.both_shown(collision.stored)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(hub, form)
        messages.success(request, f"{hub} is saved.")
        return redirect("hub-list")

    def both_shown(self, stored: Hub) -> HttpResponse:
        """What was typed stays in the boxes; what is stored stands above them in words."""
        data = self.request.POST.copy()
        data["version"] = str(stored.version)
        form = HubForm(data)
        names = ", ".join(sorted(row.ward.name for row in stored_wards(stored)))
        form.add_error(
            None,
            f"Somebody saved this hub after you opened it. Stored are now: {names}; e-mail "
            f"{stored.email or 'none'}. Yours are below. Save again to put them in their place.",
        )
        return self.page(stored, form, status=409)

    def page(self, hub: Hub, form: HubForm, status: int = 200) -> HttpResponse:
        wards = wards_and_hubs()
        context = {
            "title": str(hub),
            "hub": hub,
            "form": form,
            "choice": catchment_map(hub, wards, form) if wards else None,
            "history": history_of(hub),
            "breadcrumbs": crumbs(("Community hubs", reverse("hub-list")), (str(hub), None)),
        }
        return render(self.request, "community_needs/hub_form.html", context, status=status)
