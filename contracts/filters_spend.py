"""What payments, payees and exclusions can be narrowed by; shared by pages and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter
from trafford_sv.directory.models import Organisation

from .models import Payee, Payment, SpendCategory, SpendExclusion, SpendSource, SpendUnit
from .retained import PLACES, WIDER_PLACES
from .selectors.spend import paid_in, place_is

ANY_PLACE = [*PLACES.items(), *WIDER_PLACES.items()]
NONE = "none"


class _Period(forms.CharField):
    """A year or a quarter of it, as addresses write them. Cleans to FinancialYear or Quarter."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        for read in (FinancialYear.parse, Quarter.parse):
            try:
                return read(text)
            except PeriodError:
                continue
        raise forms.ValidationError(
            f"“{text}” is not a year or a quarter. Write it like 2025-26 or 2025-26-Q1."
        )


class PeriodFilter(django_filters.Filter):
    field_class = _Period


class _Hidden(django_filters.ModelChoiceFilter):
    """Set by the links that lead here, and shown as a tag that can be taken off."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.HiddenInput, **options)


class PaymentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label="Search", method="search", help_text="Payee, purpose or transaction number"
    )
    year = PeriodFilter(
        label="Year or quarter", method="in_period", help_text="Like 2025-26 or 2025-26-Q1"
    )
    quarter = PeriodFilter(label="Quarter", method="in_period", widget=forms.HiddenInput)
    since = PeriodFilter(label="Paid from", method="paid_since", widget=forms.HiddenInput)
    until = PeriodFilter(label="Paid up to", method="paid_until", widget=forms.HiddenInput)
    place = django_filters.ChoiceFilter(
        label="Where the payee is",
        method="in_place",
        choices=ANY_PLACE,
        empty_label="Anywhere",
    )
    payee = _Hidden(queryset=Payee.objects.all(), label="Payee")
    category = _Hidden(queryset=SpendCategory.objects.all(), label="Category")
    unit = _Hidden(queryset=SpendUnit.objects.all(), label="Part of the council")
    # A category and a part of the council are on every payment, if only as one without a name.
    directorate = _Hidden(
        queryset=Organisation.objects.all(),
        field_name="unit__directorate",
        label="Directorate",
        null_value=NONE,
        null_label="Not linked to a directorate",
    )
    source = django_filters.ModelChoiceFilter(
        queryset=SpendSource.objects.all(),
        label="Published by",
        empty_label="The council itself",
    )

    class Meta:
        model = Payment
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        # Payees first: a few thousand names, against every payment's text.
        payees = Payee.objects.filter(name__icontains=value).values("pk")
        return (
            rows.filter(payee__in=payees)
            | rows.filter(transaction_number=value)
            | rows.filter(purpose__icontains=value)
        )

    def in_period(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(paid_on__gte=value.start, paid_on__lte=value.end)

    def paid_since(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(paid_on__gte=value.start)

    def paid_until(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(paid_on__lte=value.end)

    def in_place(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(place_is(value))


class PayeeFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")
    place = django_filters.ChoiceFilter(
        label="Where it is",
        method="in_place",
        choices=ANY_PLACE,
        empty_label="Anywhere",
    )
    state = django_filters.ChoiceFilter(
        choices=Payee.State.choices, label="Decision", empty_label="Any"
    )
    source = django_filters.ModelChoiceFilter(
        queryset=SpendSource.objects.all(), label="Published by", empty_label="The council itself"
    )

    class Meta:
        model = Payee
        fields: list[str] = []

    def in_place(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(place_is(value, payee=""))


class PayeesPaidFilter(PayeeFilter):
    """Of the page, whose sums are those of the period: payees with a payment in it."""

    year = PeriodFilter(
        label="Year or quarter", method="in_period", help_text="Like 2025-26 or 2025-26-Q1"
    )

    def in_period(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return paid_in(rows, value).filter(line_count__isnull=False)


class ExclusionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")
    why = django_filters.ChoiceFilter(
        choices=SpendExclusion.Why.choices, label="Kind", empty_label="Any"
    )

    class Meta:
        model = SpendExclusion
        fields: list[str] = []


class UnitFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")
    linked = django_filters.ChoiceFilter(
        method="is_linked",
        label="Linked to a directorate",
        choices=[("yes", "Yes"), ("no", "Not yet")],
        empty_label="Either",
    )

    class Meta:
        model = SpendUnit
        fields: list[str] = []

    def is_linked(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(directorate__isnull=value == "no")
