"""Organisations and wards for programs, by the same rules as the pages."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, Row, choice, text, whole, yes_no
from trafford_sv.core.api.views import (
    DetailView,
    ListView,
)
from trafford_sv.core.api.writes import CreateMixin, PatchMixin, StrictSerializer

from .filters import AreaFilter, OrganisationFilter
from .models import Area, Identifier, Organisation, OrganisationKind
from .services.organisations import create_organisation, update_organisation

KINDS = OrganisationKind.Kind.choices


class WardReference(serializers.Serializer):
    code = serializers.CharField(help_text="The official code. Never join wards on their names.")
    boundary_year = serializers.IntegerField(help_text="The year of the boundaries.")
    name = serializers.CharField()


class OrganisationReference(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class IdentifierSerializer(StrictSerializer):
    scheme = serializers.ChoiceField(choices=Identifier.Scheme.choices)
    value = serializers.CharField(max_length=80)
    source = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")  # type: ignore[assignment]


class OrganisationSerializer(serializers.Serializer):
    """One organisation with its numbers and other spellings."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(
        help_text="Counts changes; it is the first part of the ETag."
    )
    name = serializers.CharField()
    legal_name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))
    identifiers = IdentifierSerializer(many=True)
    aliases = serializers.ListField(child=serializers.CharField())
    size = serializers.ChoiceField(choices=Organisation.Size.choices)
    is_voluntary = serializers.BooleanField(allow_null=True, help_text="null: not known.")
    address = serializers.CharField()
    postcode = serializers.CharField()
    website = serializers.CharField()
    opening_hours = serializers.CharField()
    note = serializers.CharField()
    ward = WardReference(allow_null=True)
    la_code = serializers.CharField(help_text="The local authority's code; empty where not known.")
    locality = serializers.ChoiceField(choices=Organisation.Locality.choices)
    location_precision = serializers.ChoiceField(choices=Organisation.Precision.choices)
    is_demo = serializers.BooleanField()
    merged_into = OrganisationReference(
        allow_null=True, help_text="The organisation that took this one's place, after a merge."
    )


class OrganisationWriteSerializer(StrictSerializer):
    """What may be recorded. The location is worked out from the postcode."""

    name = serializers.CharField(max_length=300)
    legal_name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS), required=False, max_length=len(KINDS)
    )
    identifiers = IdentifierSerializer(many=True, required=False)
    aliases = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, max_length=200
    )
    size = serializers.ChoiceField(choices=Organisation.Size.choices, required=False)
    is_voluntary = serializers.BooleanField(required=False, allow_null=True)
    address = serializers.CharField(required=False, allow_blank=True)
    postcode = serializers.CharField(max_length=8, required=False, allow_blank=True)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    opening_hours = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    stated_locality = serializers.ChoiceField(
        choices=Organisation.Locality.choices,
        required=False,
        help_text="Counts only where the postcode says nothing.",
    )
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Why; kept in the audit log."
    )


_NOT_FIELDS = ("kinds", "identifiers", "aliases", "stated_locality", "reason")


def _arguments(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the organisation's own fields, the services' other arguments) from a request's body."""
    own = {name: value for name, value in values.items() if name not in _NOT_FIELDS}
    others = {name: values[name] for name in _NOT_FIELDS if name in values}
    if "identifiers" in others:
        others["identifiers"] = [
            (item["scheme"], item["value"], item.get("source", ""))
            for item in others["identifiers"]
        ]
    return own, others


def organisation_body(record: Organisation) -> dict[str, Any]:
    """As `OrganisationSerializer` describes it; relations prefetched by `organisation_rows`."""
    ward, kept = record.ward, record.merged_into
    return {
        "id": record.pk,
        "version": record.version,
        "name": record.name,
        "legal_name": record.legal_name,
        "kinds": [item.kind for item in record.kinds.all()],
        "identifiers": [
            {"scheme": item.scheme, "value": item.value, "source": item.source}
            for item in record.identifiers.all()
        ],
        "aliases": [item.name for item in record.aliases.all()],
        "size": record.size,
        "is_voluntary": record.is_voluntary,
        "address": record.address,
        "postcode": record.postcode,
        "website": record.website,
        "opening_hours": record.opening_hours,
        "note": record.note,
        "ward": ward
        and {"code": ward.code, "boundary_year": ward.boundary_year, "name": ward.name},
        "la_code": record.la_code,
        "locality": record.locality,
        "location_precision": record.location_precision,
        "is_demo": record.is_demo,
        "merged_into": kept and {"id": kept.pk, "name": kept.name},
    }


def organisation_rows(user: Any) -> QuerySet[Organisation]:
    return (
        Organisation.objects.visible_to(user)
        .select_related("ward", "merged_into")
        .defer("ward__geometry")
        .prefetch_related("kinds", "identifiers", "aliases")
    )


class Organisations(CreateMixin, ListView):
    """Organisations that were not merged into another, by id."""

    permission = "view_organisations"
    write_permission = "change_organisations"
    tag, noun, file_name = "organisations", "organisations", "organisations"
    one = "an organisation"
    filterset_class = OrganisationFilter
    write_serializer = OrganisationWriteSerializer
    response_serializer = OrganisationSerializer
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("name", "The name in use."),
        Column(
            "kinds",
            serializers.ListField(child=serializers.ChoiceField(choices=KINDS)),
        ),
        choice("size", "By people employed.", Organisation.Size.choices),
        yes_no(
            "is_voluntary", "Voluntary, community or social enterprise; null: not known.", null=True
        ),
        text("postcode", "Empty where not recorded."),
        text("ward_code", "The 2023 ward in Trafford, if any.", "ward__code", null=True),
        text("la_code", "The local authority's code; empty where not known."),
        choice("locality", "Where it stands, for retained spend.", Organisation.Locality.choices),
        choice("location_precision", "How sure that is.", Organisation.Precision.choices),
        yes_no("is_demo", "Invented, for showing the product."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Organisation]:
        return Organisation.objects.visible_to(self.request.user).current()

    def attach(self, rows: list[Row]) -> None:
        kinds: dict[int, list[str]] = defaultdict(list)
        for organisation, kind in (
            OrganisationKind.objects.filter(organisation__in=[row["pk"] for row in rows])
            .order_by("kind")
            .values_list("organisation_id", "kind")
        ):
            kinds[organisation].append(kind)
        for row in rows:
            row["kinds"] = kinds[row["pk"]]

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        own, others = _arguments(values)
        made = create_organisation(values=own, **others, by=self.request.user, now=self.now)
        return self.created(made.pk, OrganisationDetail, "api-organisation")


class OrganisationDetail(PatchMixin, DetailView):
    """One organisation. One that was merged says into which."""

    permission = "view_organisations"
    write_permission = "change_organisations"
    tag, noun = "organisations", "organisation"
    one = "an organisation"
    write_serializer = OrganisationWriteSerializer
    response_serializer = OrganisationSerializer

    def rows(self) -> QuerySet[Organisation]:
        return organisation_rows(self.request.user)

    def body(self, record: Organisation) -> dict[str, Any]:
        return organisation_body(record)

    def change(self, record: Organisation, values: dict[str, Any], version: int) -> None:
        own, others = _arguments(values)
        update_organisation(
            organisation=record,
            changes=own,
            expected_version=version,
            **others,
            by=self.request.user,
            now=self.now,
        )


class WardSerializer(WardReference):
    """A ward of one set of boundaries."""

    longitude = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True)
    latitude = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True)
    parent_code = serializers.CharField(allow_null=True, help_text="The local authority's code.")
    geometry = serializers.DictField(
        allow_null=True, required=False, help_text="GeoJSON; only with geometry=true."
    )


def _decimal(name: str, words: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=9, decimal_places=6, allow_null=True, read_only=True, help_text=words
    )
    return Column(name, schema, name)


class Wards(ListView):
    """Wards of both sets of boundaries. A ward is its code and boundary year, never its name."""

    permission = "use_api"
    tag, noun, file_name = "wards", "wards", "wards"
    filterset_class = AreaFilter
    hidden_filters = frozenset({*ListView.hidden_filters, "kind"})
    parameters: ClassVar[dict[str, str]] = {"geometry": "true adds each ward's outline as GeoJSON."}
    flags = ("geometry",)
    _plain: ClassVar[tuple[Column, ...]] = (
        text("code", "The official code."),
        whole("boundary_year", "The year of the boundaries."),
        text("name", "The name; ten old and new wards share one."),
        text("parent_code", "The local authority's code.", "parent__code", null=True),
        _decimal("longitude", "Of the centre, in degrees."),
        _decimal("latitude", "Of the centre, in degrees."),
    )
    _outline = Column(
        "geometry",
        serializers.DictField(
            allow_null=True, required=False, help_text="GeoJSON; with geometry=true."
        ),
        "geometry",
        in_csv=False,
    )
    columns = (*_plain, _outline)

    def rows(self) -> QuerySet[Area]:
        if not self.flag_parameter("geometry"):
            self.columns = self._plain  # type: ignore[misc]
        return Area.objects.filter(kind=Area.Kind.WARD)


class WardDetail(DetailView):
    """One ward of one boundary year."""

    permission = "use_api"
    tag, noun = "wards", "ward"
    one = "a ward"
    response_serializer = WardSerializer
    parameters: ClassVar[dict[str, str]] = Wards.parameters
    flags = Wards.flags

    def find(self) -> Any:
        return {"code": self.kwargs["code"], "boundary_year": self.kwargs["boundary_year"]}

    def rows(self) -> QuerySet[Area]:
        return Area.objects.filter(kind=Area.Kind.WARD).select_related("parent")

    def check(self, record: Any) -> None:
        """Wards are public record: whoever may use the API may read them."""

    def body(self, record: Area) -> dict[str, Any]:
        body: dict[str, Any] = {
            "code": record.code,
            "boundary_year": record.boundary_year,
            "name": record.name,
            "parent_code": record.parent.code if record.parent else None,
            "longitude": None if record.longitude is None else format(record.longitude, "f"),
            "latitude": None if record.latitude is None else format(record.latitude, "f"),
        }
        if self.flag_parameter("geometry"):
            body["geometry"] = record.geometry
        return body


urlpatterns = [
    path("organisations/", Organisations.as_view(), name="api-organisations"),
    path("organisations/<int:pk>/", OrganisationDetail.as_view(), name="api-organisation"),
    path("wards/", Wards.as_view(), name="api-wards"),
    path("wards/<int:boundary_year>/<slug:code>/", WardDetail.as_view(), name="api-ward"),
]
