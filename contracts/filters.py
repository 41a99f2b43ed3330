"""What the contracts list can be narrowed by: one set for the page and the API.

The queryset must come from `contracts.selectors.contracts.contract_rows` (it needs
`with_figures`), and the request must carry `today`, which the bases of views set.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q

from trafford_sv.core.form_fields import PoundsField
from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter
from trafford_sv.directory.models import Organisation

from .models import Award, AwardSupplier, Contract, CpvCode
from .quarter_filters import QuarterText
from .selectors.contracts import filter_choices
from .selectors.position_rows import awards_in
from .selectors.position_scope import Scope

NONE = "none"
MUST_CARRY = {"yes": True, "no": False, "cannot-say": None}
YEARS_OFFERED = 10


class Choice(django_filters.Filter):
    """One of a list that is known only when the request is."""

    field_class = forms.ChoiceField


class _YearField(forms.ChoiceField):
    """Offers recent years and accepts any: an old year is a right answer too."""

    def valid_value(self, value: Any) -> bool:
        try:
            FinancialYear.parse(str(value))
        except PeriodError:
            return False
        return True


class _DivisionField(forms.ChoiceField):
    """Offers the categories that have rows and accepts any two digits: no rows is a right answer too."""

    def valid_value(self, value: Any) -> bool:
        text = str(value)
        return super().valid_value(value) or (
            text.isascii() and text.isdecimal() and len(text) == 2
        )


class Division(django_filters.Filter):
    field_class = _DivisionField


class _KindField(django_filters.fields.ChoiceField):
    """Contracts are what is listed with none chosen, and have a name for a figure's address."""

    def valid_value(self, value: Any) -> bool:
        return str(value) == Contract.Kind.CONTRACT or super().valid_value(value)


class _Kind(django_filters.ChoiceFilter):
    field_class = _KindField


class Year(django_filters.Filter):
    field_class = _YearField


class Pounds(django_filters.Filter):
    field_class = PoundsField


class Days(django_filters.Filter):
    field_class = forms.IntegerField


BUYER_GROUPS = (
    ("own", "This council, or none recorded"),
    ("greater-manchester", "Any buyer in Greater Manchester"),
)


class ContractFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Title, reference, supplier or OCID"
    )
    agreement = _Kind(
        method="of_kind",
        label="Kind of agreement",
        empty_label="Contracts",
        choices=[
            *(choice for choice in Contract.Kind.choices if choice[0] != Contract.Kind.CONTRACT),
            ("all", "Every kind"),
        ],
    )
    portfolio = django_filters.ChoiceFilter(
        method="in_portfolio",
        label="Which contracts",
        empty_label="Every contract",
        choices=[("current", "Awarded and not over"), ("all", "Awarded, over or not")],
    )
    must_carry = django_filters.ChoiceFilter(
        method="carrying",
        label="Must carry social value",
        empty_label="Yes or no",
        choices=[("yes", "Yes"), ("no", "No"), ("cannot-say", "Cannot be said yet")],
    )
    social_value = django_filters.ChoiceFilter(
        method="recorded",
        label="Social value recorded",
        empty_label="Anything",
        choices=[*Contract.SocialValue.choices, ("missing", "Not included, or not recorded")],
    )
    stage = django_filters.MultipleChoiceFilter(
        label="Stage", choices=Contract.Stage.choices, widget=forms.CheckboxSelectMultiple
    )
    directorate = Choice(method="of_directorate", label="Directorate")
    buyer = Choice(method="of_buyer", label="Buyer")
    division = Choice(method="of_division", label="Category")
    ward = Choice(method="serving", label="Ward served")
    award_year = Year(method="awarded_in", label="Financial year of award")
    ending_within = Days(
        method="ends_within",
        label="Ending within (days)",
        min_value=0,
        max_value=3660,
        help_text="For example, 90",
    )
    notice_within = Days(
        method="notice_due_within",
        label="Notice due within (days)",
        min_value=0,
        max_value=3660,
        help_text="Includes notice dates missed in the last 30 days",
    )
    until = QuarterText(
        method="counted",
        label="In force up to the quarter",
        help_text="For example, 2026-27-Q1. Only what the totals count",
    )
    since = QuarterText(
        method="counted",
        label="Not over before the quarter",
        help_text="Together with the one above, for the totals of one quarter",
    )
    tendered = django_filters.ChoiceFilter(
        method="counted",
        label="Winning bid on record",
        empty_label="On record or not",
        choices=[("yes", "On record, and the whole value known")],
        help_text="Together with a quarter above",
    )
    value_from = Pounds(method="worth_from", label="Value from (£)")
    value_to = Pounds(method="worth_to", label="Value to (£)")
    locality = django_filters.ChoiceFilter(
        method="by_supplier_from",
        label="A supplier is in",
        empty_label="Anywhere",
        choices=Organisation.Locality.choices,
    )

    class Meta:
        model = Contract
        fields: list[str] = []

    @property
    def today(self) -> datetime.date:
        return self.request.today  # type: ignore[no-any-return]

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        return filter_choices(self.request.user)

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            self._offer(form, "directorate", "Any directorate", (NONE, "No directorate recorded"))
            self._offer(form, "buyer", "Any buyer", (NONE, "No buyer recorded"), *BUYER_GROUPS)
            self._offer(form, "division", "Any category", (NONE, "No category recorded"))
            self._offer(form, "ward", "Any ward", (NONE, "No ward recorded"))
            this_year = FinancialYear.of(self.today)
            years = [FinancialYear(this_year.start_year + 1 - n) for n in range(YEARS_OFFERED + 1)]
            form.fields["award_year"].choices = [
                ("", "Any year"),
                *((str(year), year.label) for year in years),
            ]
        return form

    def _offer(
        self,
        form: Any,
        name: str,
        anything: str,
        last: tuple[str, str],
        *first: tuple[str, str],
    ) -> None:
        if name not in form.fields:  # a list that leaves some filters out
            return
        # A callable: read only when the list is drawn or a choice must be checked.
        offered: Callable[[], list[tuple[str, str]]] = lambda: [  # noqa: E731
            ("", anything),
            *first,
            *self._held[name],
            last,
        ]
        form.fields[name].choices = offered

    def filter_queryset(self, queryset: Any) -> Any:
        """Contracts only, unless another kind is asked for."""
        rows = self.in_force(super().filter_queryset(queryset))
        return rows if self.form.cleaned_data.get("agreement") else rows.contracts()

    def in_force(self, rows: Any) -> Any:
        """Those whose awards the totals of the period add up."""
        asked = self.form.cleaned_data
        until, since = asked.get("until"), asked.get("since")
        if not (until or since):
            return rows
        kind = asked.get("agreement") or ""
        last = Quarter.parse(until) if until else Quarter.of(self.today)
        awards: Any = awards_in(
            self.request.user,
            Scope(agreement="" if kind == "all" else kind),
            Quarter.parse(since).start if since else None,
            last.end,
        )
        if asked.get("tendered"):
            awards = awards.filter(in_base=True, contract__is_framework=False)
        return rows.filter(pk__in=awards.order_by().values("contract"))

    def counted(self, rows: Any, name: str, value: str) -> Any:
        return rows  # all of them together, above

    def of_kind(self, rows: Any, name: str, value: str) -> Any:
        return rows if value == "all" else rows.filter(kind=value)

    def search(self, rows: Any, name: str, value: str) -> Any:
        """Every word must be found somewhere."""
        for word in value.split()[:10]:
            named = AwardSupplier.objects.filter(
                Q(organisation__name__icontains=word) | Q(name_as_given__icontains=word),
                award__contract=OuterRef("pk"),
                award__status__in=Award.COUNTED_STATUSES,
            )
            rows = rows.filter(
                Q(title__icontains=word)
                | Q(reference__icontains=word)
                | Q(ocid__icontains=word)
                | Exists(named)
            )
        return rows

    def in_portfolio(self, rows: Any, name: str, value: str) -> Any:
        return (
            rows.current_on(self.today)
            if value == "current"
            else rows.filter(awarded_on__lte=self.today)
        )

    def carrying(self, rows: Any, name: str, value: str) -> Any:
        wanted = MUST_CARRY[value]
        return (
            rows.filter(must_carry__isnull=True)
            if wanted is None
            else rows.filter(must_carry=wanted)
        )

    def recorded(self, rows: Any, name: str, value: str) -> Any:
        if value == "missing":
            return rows.exclude(social_value_now=Contract.SocialValue.INCLUDED)
        return rows.filter(social_value_now=value)

    def of_directorate(self, rows: Any, name: str, value: str) -> Any:
        return _same(rows, "directorate_id", value)

    def of_buyer(self, rows: Any, name: str, value: str) -> Any:
        if value == "own":
            return rows.of_own_council()
        if value == "greater-manchester":
            return rows.filter(
                buyer__locality__in=[
                    Organisation.Locality.TRAFFORD,
                    Organisation.Locality.GREATER_MANCHESTER,
                ]
            )
        return _same(rows, "buyer_id", value)

    def of_division(self, rows: Any, name: str, value: str) -> Any:
        if value == NONE:
            return rows.filter(category__isnull=True)
        return rows.filter(category__code__startswith=value)

    def serving(self, rows: Any, name: str, value: str) -> Any:
        links = Contract.wards.through.objects
        if value == NONE:
            return rows.exclude(pk__in=links.values("contract_id"))
        return rows.filter(pk__in=links.filter(area__code=value).values("contract_id"))

    def awarded_in(self, rows: Any, name: str, value: str) -> Any:
        year = FinancialYear.parse(value)
        return rows.filter(awarded_on__gte=year.start, awarded_on__lte=year.end)

    def ends_within(self, rows: Any, name: str, value: int) -> Any:
        return rows.ending_between(self.today, self.today + datetime.timedelta(days=value))

    def notice_due_within(self, rows: Any, name: str, value: int) -> Any:
        return rows.notice_due(self.today, value)

    def worth_from(self, rows: Any, name: str, value: Decimal) -> Any:
        return rows.filter(value_pounds__gte=value)

    def worth_to(self, rows: Any, name: str, value: Decimal) -> Any:
        return rows.filter(value_pounds__lte=value)

    def by_supplier_from(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(
            Exists(
                AwardSupplier.objects.filter(
                    award__contract=OuterRef("pk"),
                    award__status__in=Award.COUNTED_STATUSES,
                    organisation__locality=value,
                )
            )
        )


def _same(rows: Any, field: str, value: str) -> Any:
    if value == NONE:
        return rows.filter(**{f"{field}__isnull": True})
    return rows.filter(**{field: int(value)})


class CategoryFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="For example, cleaning, or 9091"
    )

    class Meta:
        model = CpvCode
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:6]:
            rows = rows.filter(Q(name__icontains=word) | Q(code__startswith=word))
        return rows
