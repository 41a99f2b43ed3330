"""What a community hub is beside an organisation: whom to write to, and which wards it serves."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Area, Organisation

CATCHMENT_YEAR = 2023


class HubQuerySet(models.QuerySet["Hub"]):
    def current(self) -> HubQuerySet:
        return self.filter(organisation__merged_into__isnull=True)

    def visible_to(self, user: Any) -> HubQuerySet:
        """Hubs are public record; the address we write to is not, and pages leave it out."""
        return self


class Hub(Versioned):
    """A community hub as the consultation knows it. Its version also guards its catchment."""

    PERSONAL_FIELDS = ("email",)

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="hub")
    email = models.EmailField(
        "e-mail address for rounds", max_length=254, blank=True,
        help_text="A shared address of the hub, not a person’s own",
    )  # fmt: skip
    prefers_paper = models.BooleanField("answers on paper", default=False)
    catchment_is_agreed = models.BooleanField(
        default=False, help_text="false while the catchment is our proposal"
    )
    is_demo = models.BooleanField(default=False)

    objects = HubQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["organisation__name"]

    def __str__(self) -> str:
        return str(self.organisation)

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "contract_manager" or self.organisation_id == organisation_id


class Catchment(models.Model):
    """One ward that a hub serves. The ward is a row of the 2023 boundaries, never a name."""

    hub = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="catchment")
    ward = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="catchments")

    class Meta:
        ordering = ["hub", "ward"]
        verbose_name = "ward of a catchment"
        verbose_name_plural = "wards of catchments"
        constraints = [
            models.UniqueConstraint(fields=["hub", "ward"], name="a_hub_serves_a_ward_once")
        ]

    def __str__(self) -> str:
        return f"{self.ward}, served by {self.hub}"


def own_hubs(user: Any, permission: str) -> tuple[bool, list[int]]:
    """(sees everything, the organisations whose rows they see) of whoever holds the permission."""
    everything, own = reach(user, permission)
    everything = everything or any(role == "contract_manager" for role, _ in own)
    return everything, [pk for role, pk in own if role == "hub"]
