"""Wards, and where a postcode is. Public record, for anyone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.charts import Place, WardMap, ward_map
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.views_base import PublicView

from ..filters import AreaFilter
from ..forms.organisations import PostcodeForm
from ..models import Area, Organisation
from ..selectors.places import WardLine, locate, other_vintages, wards_with_counts


class AreaList(PublicView):
    """Trafford's wards: the map and the list say the same."""

    def get(self, request: HttpRequest) -> HttpResponse:
        may_count = can(request.user, "view_organisations")
        years = [2023, 2022]
        filterset = AreaFilter(request.GET, queryset=Area.objects.all(), request=request)
        asked = filterset.form.cleaned_data.get("boundary_year") if filterset.is_valid() else None
        year = int(asked) if asked in years else years[0]
        # Community hubs are public record; who else is in a ward is for those who may read it.
        counted = (
            Organisation.objects.visible_to(request.user).current()
            if may_count
            else Organisation.objects.current().of_kind("hub")
        )
        wards = wards_with_counts(year, counted)
        return render(
            request,
            "directory/area_list.html",
            {
                "title": "Wards of Trafford",
                "wards": wards,
                "map": _map(wards, may_count) if wards and year == years[0] else None,
                "year": year,
                "years": years,
            },
        )


def _map(wards: Sequence[WardLine], may_count: bool) -> WardMap:
    """Officers see every organisation; anyone sees the community hubs."""
    total = sum(ward.organisations for ward in wards)
    held = sum(1 for ward in wards if ward.organisations)
    what = "organisation" if may_count else "community hub"
    if not total:
        title = f"No {what} is placed in a ward yet"
    elif total == 1:
        title = f"One {what} stands in one of {len(wards)} wards"
    else:
        title = f"{total:,} {what}s stand in {held} of {len(wards)} wards"
    largest = max(ward.organisations for ward in wards)
    return ward_map(
        key="wards",
        title=title,
        subtitle=f"{what[:1].upper()}{what[1:]}s by ward, from their exact postcodes",
        places=[
            Place(
                ward.code,
                ward.name,
                ward.geometry,
                Decimal(ward.organisations),
                f"{ward.organisations:,}",
                reverse("area-detail", args=[ward.code, ward.boundary_year]),
            )
            for ward in wards
        ],
        headings=("Ward", f"{what[:1].upper()}{what[1:]}s"),
        # A ward without any is a class of its own: none is not few.
        breaks=[Decimal(1), *_steps(largest)],
    )


def _steps(largest: int) -> list[Decimal]:
    """Up to three round bounds between 1 and the largest."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        bounds = [step * number + 1 for number in (1, 2, 3) if step * number + 1 <= largest]
        if step * 4 >= largest:
            return [Decimal(bound) for bound in bounds]
    return []


class AreaDetail(PublicView):
    def get(self, request: HttpRequest, code: str, year: int) -> HttpResponse:
        area = get_object_or_404(
            Area.objects.select_related("parent__parent"), code=code.upper(), boundary_year=year
        )
        nested = []
        above = area.parent
        while above is not None:
            nested.append(above.name)
            above = above.parent
        rows = [
            SummaryRow("Official code", area.code),
            SummaryRow("Boundaries of", str(area.boundary_year)),
            SummaryRow("Lies in", ", ".join(nested), missing="Nothing larger that we record"),
        ]
        organisations: list[Organisation] = []
        count = None
        if can(request.user, "view_organisations"):
            here = Organisation.objects.visible_to(request.user).current().filter(ward=area)
            count = here.count()
            organisations = list(here.prefetch_related("kinds")[:20])
        return render(
            request,
            "directory/area_detail.html",
            {
                "title": area.name,
                "breadcrumbs": [("Wards", reverse("area-list")), (area.name, None)],
                "area": area,
                "rows": rows,
                "others": other_vintages(area),
                "count": count,
                "organisations": organisations,
                "is_current": area.boundary_year == 2023,
                "all_url": f"{reverse('organisation-list')}?ward={area.code}",
            },
        )


class AreaLookup(PublicView):
    """Where is this postcode, and how sure are we?"""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = PostcodeForm(request.GET if "postcode" in request.GET else None)
        found = locate(form.cleaned_data["postcode"]) if form.is_bound and form.is_valid() else None
        ward_url = ""
        if found and found.ward_code:
            ward_url = reverse("area-detail", args=[found.ward_code, found.ward_year])
        return render(
            request,
            "directory/area_lookup.html",
            {
                "title": "Look up a postcode",
                "breadcrumbs": [("Wards", reverse("area-list")), ("Look up a postcode", None)],
                "form": form,
                "found": found,
                "ward_url": ward_url,
                "localities": dict(Organisation.Locality.choices),
            },
        )
