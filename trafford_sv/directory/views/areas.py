"""Wards, and where a postcode is. Public record, for anyone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.views_base import PublicView

from ..filters import AreaFilter
from ..forms.organisations import PostcodeForm
from ..models import Area, Organisation
from ..selectors.places import locate, other_vintages, wards_with_counts


class AreaList(PublicView):
    """Trafford's wards: the map and the list say the same."""

    def get(self, request: HttpRequest) -> HttpResponse:
        may_count = can(request.user, "view_organisations")
        years = [2023, 2022]
        filterset = AreaFilter(request.GET, queryset=Area.objects.all(), request=request)
        asked = filterset.form.cleaned_data.get("boundary_year") if filterset.is_valid() else None
        year = int(asked) if asked in years else years[0]
        visible = Organisation.objects.visible_to(request.user).current() if may_count else None
        return render(
            request,
            "directory/area_list.html",
            {
                "title": "Wards of Trafford",
                "breadcrumbs": [("Wards", None)],
                "wards": wards_with_counts(year, visible),
                "year": year,
                "years": years,
                "may_count": may_count,
                "form": PostcodeForm(),
            },
        )


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
