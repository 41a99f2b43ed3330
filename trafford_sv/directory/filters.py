"""What organisations and areas can be narrowed by; the same on the pages and in the API."""

from __future__ import annotations

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import CheckboxSelectMultiple

from .models import Area, Organisation, OrganisationKind

VOLUNTARY = [("yes", "Yes"), ("no", "No"), ("unknown", "Not known")]
_VOLUNTARY = {"yes": True, "no": False, "unknown": None}


class OrganisationFilter(filters.FilterSet):
    """Every filter narrows; several values of one filter widen."""

    q = filters.CharFilter(label="Search", method="search", help_text="Name or number")
    kind = filters.MultipleChoiceFilter(
        label="What it is",
        choices=OrganisationKind.Kind.choices,
        method="of_kind",
        widget=CheckboxSelectMultiple,
    )
    locality = filters.MultipleChoiceFilter(
        label="Where it is",
        choices=Organisation.Locality.choices,
        distinct=False,
        widget=CheckboxSelectMultiple,
    )
    size = filters.MultipleChoiceFilter(
        label="Size",
        choices=Organisation.Size.choices,
        distinct=False,
        widget=CheckboxSelectMultiple,
    )
    voluntary = filters.MultipleChoiceFilter(
        label="Voluntary, community or social enterprise",
        choices=VOLUNTARY,
        method="by_voluntary",
        widget=CheckboxSelectMultiple,
    )
    ward = filters.CharFilter(
        label="Ward code", field_name="ward__code", lookup_expr="iexact", help_text="E05015240"
    )

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Organisation], name: str, value: str) -> QuerySet[Organisation]:
        return rows.matching(value)  # type: ignore[attr-defined]

    def of_kind(
        self, rows: QuerySet[Organisation], name: str, value: list[str]
    ) -> QuerySet[Organisation]:
        # Not a join: an organisation of two of the kinds would be listed twice.
        kinds = OrganisationKind.objects.filter(organisation=OuterRef("pk"), kind__in=value)
        return rows.filter(Exists(kinds)) if value else rows

    def by_voluntary(
        self, rows: QuerySet[Organisation], name: str, value: list[str]
    ) -> QuerySet[Organisation]:
        wanted = Q()
        for answer in value:
            known = _VOLUNTARY[answer]
            wanted |= Q(is_voluntary__isnull=True) if known is None else Q(is_voluntary=known)
        return rows.filter(wanted)


class AreaFilter(filters.FilterSet):
    """Areas by code and year, never joined by name."""

    q = filters.CharFilter(label="Search", field_name="name", lookup_expr="icontains")
    code = filters.CharFilter(label="Code", lookup_expr="iexact")
    boundary_year = filters.NumberFilter(label="Boundaries of")
    kind = filters.ChoiceFilter(label="Kind", choices=Area.Kind.choices)

    class Meta:
        model = Area
        fields: tuple[str, ...] = ()
