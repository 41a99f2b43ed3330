"""Nested areas, wards of two vintages, and postcodes. An area is (code, boundary year)."""

from __future__ import annotations

from django.db import models


class AreaQuerySet(models.QuerySet["Area"]):
    def wards(self, boundary_year: int = 2023) -> AreaQuerySet:
        return self.filter(kind=Area.Kind.WARD, boundary_year=boundary_year)


class Area(models.Model):
    """A place with an official code. Never joined on its name: ten old wards share one."""

    class Kind(models.TextChoices):
        WARD = "ward", "Ward"
        LOCAL_AUTHORITY = "local_authority", "Local authority"
        COMBINED_AUTHORITY = "combined_authority", "Combined authority"

    code = models.CharField(max_length=9)
    boundary_year = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    geometry = models.JSONField(null=True, blank=True, help_text="GeoJSON Polygon or MultiPolygon")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        ordering = ["name", "boundary_year"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "boundary_year"], name="an_area_is_its_code_and_boundary_year"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Postcode(models.Model):
    """An exact postcode, without its space, with the authority and (in Trafford) the 2023 ward."""

    postcode = models.CharField(max_length=7, primary_key=True)
    la_code = models.CharField(max_length=9)
    ward = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    source = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"{self.postcode[:-3]} {self.postcode[-3:]}"


class PostcodeSector(models.Model):
    """A sector ("M17 1") with its best-fit authority and the share of its postcodes there."""

    sector = models.CharField(max_length=6, primary_key=True)
    la_code = models.CharField(max_length=9)
    share = models.DecimalField(max_digits=5, decimal_places=4)

    def __str__(self) -> str:
        return self.sector
