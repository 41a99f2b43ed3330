"""Needs: what a community asks for, where, for whom, and how far it has been answered."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from charter.models import Principle
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Area, Organisation

from ..need_progress import NeedState, Progress, still_wanted
from .hubs import own_hubs
from .priorities import Priority
from .responses import Response


class NeedQuerySet(models.QuerySet["Need"]):
    def public(self) -> NeedQuerySet:
        """What anyone may read: published, and not merged into another."""
        return self.filter(is_public=True, merged_into__isnull=True)

    def standing(self) -> NeedQuerySet:
        """Not withdrawn and not merged: what coverage counts."""
        return self.exclude(state=NeedState.WITHDRAWN)

    def wanting(self, day: datetime.date) -> NeedQuerySet:
        """What a supplier may answer on a day: not yet met or withdrawn, and not closed."""
        return self.filter(
            Q(closes__isnull=True) | Q(closes__gte=day),
            state__in=[NeedState.OPEN, NeedState.MATCHED, NeedState.PART_MET],
            open_from__lte=day,
        )

    def visible_to(self, user: Any) -> NeedQuerySet:
        """Officers read all, a hub its own and what is public, anyone what is public."""
        everything, hubs = own_hubs(user, "view_needs")
        if everything:
            return self
        public = Q(is_public=True, merged_into__isnull=True)
        return self.filter(public | Q(hub_id__in=hubs)) if hubs else self.filter(public)


class Need(Versioned):
    """`state` and the four counters are written by services alone, from what was accepted and
    confirmed (`services.needs.record_need_progress`)."""

    class State(models.TextChoices):
        OPEN = NeedState.OPEN.value, "Open"
        MATCHED = NeedState.MATCHED.value, "Matched"
        PART_MET = NeedState.PART_MET.value, "Part met"
        MET = NeedState.MET.value, "Met"
        WITHDRAWN = NeedState.WITHDRAWN.value, "Withdrawn"

    class RaisedFrom(models.TextChoices):
        RESPONSES = "responses", "From answers to a round"
        HUB = "hub", "By a hub"
        OFFICER = "officer", "By an officer"

    priority = models.ForeignKey(Priority, on_delete=models.PROTECT, related_name="needs")
    title = models.CharField(max_length=200)
    words = models.TextField(
        "what is needed", blank=True, help_text="In the community’s own words where you can"
    )
    for_whom = models.CharField("who it is for", max_length=300, blank=True)
    wards = models.ManyToManyField(Area, related_name="needs")
    needed_quantity = models.DecimalField(
        "how many", max_digits=14, decimal_places=2, null=True, blank=True,
        help_text="Leave empty for what cannot be counted",
    )  # fmt: skip
    unit = models.CharField(max_length=60, blank=True, help_text="For example, sessions")
    open_from = models.DateField()
    closes = models.DateField(null=True, blank=True)
    hub = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="needs",
        help_text="the hub that raised it, or that answers for it",
    )  # fmt: skip
    raised_from = models.CharField(max_length=10, choices=RaisedFrom.choices)
    raised_at = models.DateTimeField()
    raised_by_name = models.CharField(max_length=200)
    round = models.ForeignKey(
        "Round", null=True, blank=True, on_delete=models.PROTECT, related_name="needs"
    )
    principle = models.ForeignKey(
        Principle,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="needs",
        verbose_name="charter principle",
    )
    is_public = models.BooleanField("published", default=True, help_text="Anyone may read it")
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.OPEN, editable=False
    )
    accepted_quantity = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), editable=False
    )
    confirmed_quantity = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), editable=False
    )
    accepted_offers = models.PositiveIntegerField(default=0, editable=False)
    confirmed_offers = models.PositiveIntegerField(default=0, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed"
    )
    is_demo = models.BooleanField(default=False)

    objects = NeedQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[wards])

    class Meta:
        ordering = ["-raised_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "priority"]),
            models.Index(fields=["hub", "state"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(needed_quantity__isnull=True) | Q(needed_quantity__gt=0),
                name="a_need_is_for_more_than_nothing",
                violation_error_message="Enter how many are needed, more than 0, or leave it empty.",
            ),
            models.CheckConstraint(
                condition=Q(needed_quantity__isnull=True) | ~Q(unit=""),
                name="what_is_counted_has_a_unit",
                violation_error_message="Say what is counted, for example sessions or places.",
            ),
            models.CheckConstraint(
                condition=Q(closes__isnull=True) | Q(closes__gte=models.F("open_from")),
                name="a_need_closes_after_it_opens",
                violation_error_message="It closes before it opens. Change one of the dates.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_offers__lte=models.F("accepted_offers")),
                name="only_accepted_offers_are_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(state="withdrawn"),
                name="a_merged_need_stands_no_longer",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("need-detail", kwargs={"pk": self.pk})

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "contract_manager" or (role == "hub" and self.hub_id == organisation_id)

    @property
    def progress(self) -> Progress:
        return Progress(
            accepted_quantity=self.accepted_quantity,
            confirmed_quantity=self.confirmed_quantity,
            accepted_offers=self.accepted_offers,
            confirmed_offers=self.confirmed_offers,
        )

    @property
    def still_wanted_quantity(self) -> Decimal | None:
        return still_wanted(self.needed_quantity, self.progress)


class NeedSource(models.Model):
    """A response behind a need. Public pages count them and suppress counts under five."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="sources")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="needs")

    class Meta:
        ordering = ["need", "response"]
        verbose_name = "response behind a need"
        verbose_name_plural = "responses behind needs"
        constraints = [
            models.UniqueConstraint(
                fields=["need", "response"], name="a_response_stands_behind_a_need_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.response}, behind {self.need}"


class MergeDecision(models.Model):
    """Two needs that a person looked at and said are not the same, so that it is asked once."""

    first = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="+")
    decided_at = models.DateTimeField()
    decided_by_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="a_pair_is_decided_once"),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="a_pair_has_one_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second} are not the same"
