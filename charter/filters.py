"""What the lists of the charter can be narrowed by: one set each for the page and the API."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from .models import Adoption, AdoptionRequest, CaseStudy, CharterVersion, Pledge, Principle
from .selectors.principles import principle_choices


class VersionFilter(django_filters.FilterSet):
    """`status` is what a version is today."""

    status = django_filters.ChoiceFilter(
        method="is_today", label="State", choices=CharterVersion.Status.choices, empty_label="Any"
    )

    class Meta:
        model = CharterVersion
        fields: list[str] = []

    def is_today(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today: datetime.date = self.request.today
        status = CharterVersion.Status
        if value == status.DRAFT:
            return rows.filter(state=CharterVersion.State.DRAFT)
        approved = rows.filter(state=CharterVersion.State.APPROVED)
        if value == status.COMING:
            return approved.filter(in_force_from__gt=today)
        in_force = CharterVersion.objects.in_force_on(today).values_list("pk", flat=True)
        if value == status.IN_FORCE:
            return approved.filter(pk__in=list(in_force))
        return approved.filter(in_force_from__lte=today).exclude(pk__in=list(in_force))


class PrincipleFilter(django_filters.FilterSet):
    version = django_filters.NumberFilter(
        field_name="charter_version__number", label="Version", decimal_places=0, min_value=1,
        max_value=32767,
    )  # fmt: skip

    class Meta:
        model = Principle
        fields: list[str] = []


class AdoptionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="Words of the name")
    state = django_filters.ChoiceFilter(
        method="stands", label="State", empty_label="All",
        choices=[("standing", "Stands by the charter"), ("withdrawn", "Withdrawn")],
    )  # fmt: skip
    since = django_filters.DateFilter(
        field_name="adopted_on", lookup_expr="gte", label="Adopted from"
    )

    class Meta:
        model = Adoption
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(organisation__name__icontains=value) | Q(lead_words__icontains=value))

    def stands(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(withdrawn_on__isnull=value == "standing")


class RequestFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="State", choices=AdoptionRequest.State.choices, empty_label="All"
    )

    class Meta:
        model = AdoptionRequest
        fields: list[str] = []


class _PrincipleKey(django_filters.Filter):
    """One of the principles; they are known only when the request is."""

    field_class = forms.ChoiceField


class _OfPrinciple(django_filters.FilterSet):
    """By the key of a principle, which is the same in every version."""

    principle = _PrincipleKey(field_name="principle__key", label="Principle")

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            # A callable: read only when the list is drawn or a choice must be checked.
            form.fields["principle"].choices = lambda: [("", "Any"), *principle_choices()]
        return form


class PledgeFilter(_OfPrinciple):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the pledge or the organisation"
    )
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=Pledge.State.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Pledge
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(title__icontains=value)
            | Q(words__icontains=value)
            | Q(organisation__name__icontains=value)
        )


class CaseStudyFilter(_OfPrinciple):
    q = django_filters.CharFilter(method="search", label="Search", help_text="Words of the story")
    state = django_filters.ChoiceFilter(
        label="State", choices=CaseStudy.State.choices, empty_label="All"
    )

    class Meta:
        model = CaseStudy
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(title__icontains=value) | Q(summary__icontains=value) | Q(story__icontains=value)
        )
