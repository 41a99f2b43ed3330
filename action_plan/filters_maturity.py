"""What the list of assessments can be narrowed by: one set for page and API."""

from __future__ import annotations

import django_filters

from .models import Assessment, Criterion
from .stages import STAGE_CHOICES


class AssessmentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")
    state = django_filters.ChoiceFilter(
        label="How it stands", choices=Assessment.State.choices, empty_label="Any"
    )
    since = django_filters.DateFilter(label="From", field_name="assessed_on", lookup_expr="gte")
    until = django_filters.DateFilter(label="To", field_name="assessed_on", lookup_expr="lte")

    class Meta:
        model = Assessment
        fields: list[str] = []


class CriterionFilter(django_filters.FilterSet):
    """For the API: the pages show an edition's criteria whole."""

    q = django_filters.CharFilter(field_name="wording", lookup_expr="icontains", label="Search")
    edition = django_filters.CharFilter(field_name="edition__key", label="Edition, by its key")
    theme = django_filters.CharFilter(field_name="theme__key", label="Theme, by its key")
    stage = django_filters.ChoiceFilter(choices=STAGE_CHOICES, label="Stage")

    class Meta:
        model = Criterion
        fields: list[str] = []
