"""Which role a person holds, for which organisation, from when to when."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.core.roles import ROLE_CHOICES, ROLES

from .organisations import Organisation

_OWN = [role.key for role in ROLES.values() if role.needs_organisation]


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    def in_force(self, day: datetime.date) -> RoleGrantQuerySet:
        """Those that count on a day. `ends` is the first day without the role."""
        return self.filter(Q(ends__isnull=True) | Q(ends__gt=day), starts__lte=day)


class RoleGrant(Versioned):
    """A person's role. Roles that reach only their own organisation must name it.

    `ends` is the first day without the role, so that ending one today takes it away at once.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants"
    )
    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    granted_by_name = models.CharField(max_length=200)

    objects = RoleGrantQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["user", "role"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__in=_OWN) | Q(organisation__isnull=False),
                name="a_limited_role_names_its_organisation",
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("starts")),
                name="a_grant_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        name = ROLES[self.role].name
        return f"{name}, {self.organisation}" if self.organisation_id else name
