"""Organisations: what they are, what they are called, how others number them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned

from ..identifiers import clean_identifier
from ..names import name_key
from .places import Area


class NameKeyField(models.CharField):
    """The comparison key of the record's `name`, set on every save, bulk or not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 320)
        kwargs.setdefault("db_index", True)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = name_key(getattr(model_instance, "name", ""))[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def current(self) -> OrganisationQuerySet:
        """Without those that were merged into another."""
        return self.filter(merged_into__isnull=True)

    def of_kind(self, *kinds: str) -> OrganisationQuerySet:
        return self.filter(kinds__kind__in=kinds).distinct()

    def matching(self, text: str) -> OrganisationQuerySet:
        """Those with the words in a name or another spelling, or with exactly that number."""
        text = text.strip()
        if not text:
            return self
        numbers = {text} | {clean_identifier(scheme, text) for scheme in Identifier.Scheme.values}
        held = Identifier.objects.filter(organisation=OuterRef("pk"), value__in=numbers)
        wanted = Q(Exists(held)) | Q(name__icontains=text) | Q(legal_name__icontains=text)
        key = name_key(text)
        if key:
            spelt = OrganisationAlias.objects.filter(organisation=OuterRef("pk"), key__contains=key)
            wanted |= Q(name_key__contains=key) | Q(Exists(spelt))
        return self.filter(wanted)

    def visible_to(self, user: Any) -> OrganisationQuerySet:
        everything, own = reach(user, "view_organisations")
        if everything or any(role == "contract_manager" for role, _ in own):
            # A contract manager looks up any supplier; only contracts are limited to a directorate.
            return self
        return self.filter(pk__in=[organisation for _, organisation in own])


class Organisation(Versioned):
    """A body that buys, supplies, helps or is helped."""

    class Size(models.TextChoices):
        UNKNOWN = "unknown", "Not known"
        MICRO = "micro", "Micro (under 10 people)"
        SMALL = "small", "Small (10 to 49)"
        MEDIUM = "medium", "Medium (50 to 249)"
        SME = "sme", "Small or medium, not said which"
        LARGE = "large", "Large (250 or more)"

    class Locality(models.TextChoices):
        """The nested answer that retained spend needs."""

        TRAFFORD = "trafford", "Trafford"
        GREATER_MANCHESTER = "greater_manchester", "Rest of Greater Manchester"
        ELSEWHERE = "elsewhere", "Elsewhere"
        UNKNOWN = "unknown", "Location unknown"

    class Precision(models.TextChoices):
        EXACT = "exact", "Exact postcode"
        APPROXIMATE = "approximate", "Approximate, from the postcode sector"
        STATED = "stated", "Stated by an officer"
        UNKNOWN = "unknown", "Unknown"

    name = models.CharField(max_length=300)
    name_key = NameKeyField()
    legal_name = models.CharField(max_length=300, blank=True)
    size = models.CharField(max_length=10, choices=Size.choices, default=Size.UNKNOWN)
    is_voluntary = models.BooleanField(
        "voluntary, community or social enterprise", null=True, blank=True
    )
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    website = models.URLField(blank=True)
    note = models.TextField(blank=True)
    opening_hours = models.TextField(blank=True)
    # Computed from the postcode by `directory.services.organisations`, kept for joins.
    ward = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="organisations"
    )
    la_code = models.CharField(max_length=9, blank=True)
    locality = models.CharField(max_length=20, choices=Locality.choices, default=Locality.UNKNOWN)
    location_precision = models.CharField(
        max_length=12, choices=Precision.choices, default=Precision.UNKNOWN
    )
    is_demo = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed"
    )

    objects = OrganisationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["name"]), models.Index(fields=["locality"])]

    def __str__(self) -> str:
        return self.name

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "contract_manager" or self.pk == organisation_id


class OrganisationKind(models.Model):
    """One thing an organisation is; a college may be a partner and a supplier."""

    class Kind(models.TextChoices):
        COUNCIL_SERVICE = "council_service", "Council service"
        PUBLIC_BODY = "public_body", "Public body"
        SUPPLIER = "supplier", "Supplier"
        PARTNER = "partner", "Partner"
        VOLUNTARY = "voluntary", "Voluntary or community organisation"
        SCHOOL = "school", "School or college"
        HUB = "hub", "Community hub"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="kinds")
    kind = models.CharField(max_length=20, choices=Kind.choices)

    class Meta:
        ordering = ["kind"]
        verbose_name = "kind of organisation"
        verbose_name_plural = "kinds of organisation"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind"], name="a_kind_is_said_once")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Identifier(models.Model):
    """A number that somebody gave an organisation. A VAT number may be shared by a group."""

    class Scheme(models.TextChoices):
        COMPANY = "GB-COH", "Company number"
        CHARITY = "GB-CHC", "Charity number"
        VAT = "GB-VAT", "VAT number"
        PPON = "GB-PPON", "Public procurement organisation number"
        CONTRACTS_FINDER = "GB-CFS", "Contracts Finder id"
        SPEND = "spend", "Payee number in a spending file"
        OTHER = "other", "Other source's id"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="identifiers"
    )
    scheme = models.CharField(max_length=20, choices=Scheme.choices)
    value = models.CharField(max_length=80)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["scheme", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                condition=~Q(scheme__in=["GB-VAT", "other", "spend"]),
                name="an_identifier_names_one_organisation",
            ),
            models.UniqueConstraint(
                fields=["organisation", "scheme", "value"], name="an_identifier_is_held_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.value}"


class OrganisationAlias(models.Model):
    """Another spelling under which an organisation appears; `key` is what is compared."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=300)
    key = NameKeyField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "other name"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="an_alias_is_kept_once")
        ]

    def __str__(self) -> str:
        return self.name


class OrganisationMerge(models.Model):
    """What a merge moved, row by row, so that it can be undone."""

    kept = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="merges_kept")
    absorbed = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="merges_absorbed"
    )
    moved = models.JSONField(
        help_text='[{"model": "app.Model", "field": "...", "pks": [...], "removed": [...]}]'
    )
    reason = models.TextField()
    merged_at = models.DateTimeField()
    merged_by_name = models.CharField(max_length=200)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-merged_at"]

    def __str__(self) -> str:
        return f"{self.absorbed} into {self.kept}"
