"""Commitments for programs. What a licence keeps in is null here for everyone, whoever asks.

Drafts can be written; accepting is for people, on the pages.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import DecimalField, QuerySet, Value
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.access import can
from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    serializer_of,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView
from trafford_sv.core.api.writes import CreateMixin, PatchMixin, StrictSerializer, VisibleKey
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.directory.models import Organisation

from ..filters_commitments import CommitmentFilter
from ..licensing import may_show_text, may_show_value
from ..models import Commitment, Contract, Measure, ProfileQuarter
from ..selectors.commitments import commitment_rows
from ..selectors.measures import visible_measures
from ..services.commitments import change_commitment, draft_commitment, set_profile
from .shapes import WardsField

WITHHELD_HINT = "null where the edition's licence does not let it be published."


def _shows_text(row: Row) -> bool:
    return may_show_text(
        row["measure__edition__text_may_be_published"], is_public=False, outward=True
    )


def _shows_value(row: Row) -> bool:
    return may_show_value(
        row["measure__edition__values_may_be_published"], may_see_licensed=False, outward=True
    )


def _words(name: str, help_text: str, source: str) -> Column:
    schema = serializers.CharField(
        help_text=f"{help_text} {WITHHELD_HINT}", read_only=True, allow_null=True
    )
    return Column(
        name,
        schema,
        source,
        is_text=True,
        make=lambda row: row[source] if _shows_text(row) else None,
    )


def _number(name: str, help_text: str, source: str, places: int, *, licensed: bool) -> Column:
    hint = f"{help_text} {WITHHELD_HINT}" if licensed else help_text
    schema = serializers.DecimalField(
        max_digits=20, decimal_places=places, help_text=hint, read_only=True, allow_null=licensed
    )

    def read(row: Row) -> str | None:
        value = row[source]
        if value is None or (licensed and not _shows_value(row)):
            return None
        return f"{Decimal(value):.{places}f}"

    return Column(name, schema, source, make=read)


class ProfileSerializer(serializers.Serializer):
    quarter = serializers.CharField(help_text="A quarter of a financial year: 2026-27-Q1.")
    due_quantity = serializers.DecimalField(max_digits=16, decimal_places=4)


COLUMNS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    whole("contract_id", "The agreement.", "contract_id"),
    text("contract_reference", "The agreement's reference.", "contract__reference"),
    choice("agreement", "The kind of agreement.", Contract.Kind.choices, "contract__kind"),
    whole("number", "Within the agreement, from 1."),
    whole("supplier_id", "Who promises it."),
    text("supplier_name", "The name of who promises it.", "supplier__name"),
    choice("state", "Only agreed commitments count as committed.", Commitment.State.choices),
    text("title", "In the agreement's own words; may be empty."),
    text("edition", "The key of the measure's edition.", "measure__edition__key"),
    text("measure_code", "The measure's code in its edition.", "measure__code"),
    _words("measure_title", "What is counted.", "measure__title"),
    _words("unit", "What one of it is.", "measure__unit"),
    choice("kind", "What it adds to.", Measure.Kind.choices, "measure__kind"),
    _number("promised_quantity", "How much is promised.", "promised_quantity", 4, licensed=False),
    _number(
        "value_pounds",
        "The value of one unit, pinned when it was agreed.",
        "value__value_pounds",
        6,
        licensed=True,
    ),
    _number(
        "committed_pounds",
        "Quantity times the pinned value, half up; null until agreed and for what is only counted.",
        "committed_pounds",
        2,
        licensed=True,
    ),
    _number(
        "counted_pounds",
        "In a list asked for with `until`: what the total “committed” counts of it. A promise that no "
        "longer stands counts with what was verified under it; else null.",
        "counted_pounds",
        2,
        licensed=True,
    ),
    text("owner_name", "The role that answers for it."),
    text("evidence_rule", "What will prove it."),
    whole("partner_id", "The community partner.", null=True),
    text("partner_name", "The community partner's name.", "partner__name", null=True),
    date("starts", "Delivery starts."),
    date("due", "Due by."),
    date("agreed_on", "The day on which both sides had accepted it."),
    whole("replaces_id", "The commitment that this one varies.", null=True),
    Column(
        "profile",
        ProfileSerializer(many=True, help_text="How much each quarter brings."),
        in_csv=False,
    ),
    Column(
        "ward_codes",
        serializers.ListField(child=serializers.CharField(), help_text="Wards; may be empty."),
    ),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Send it in If-Match to change a draft."),
)
MORE = ("measure__edition__text_may_be_published", "measure__edition__values_may_be_published")


def _uncounted(rows: Any) -> Any:
    """With the column that the filter `until` fills."""
    return rows.annotate(counted_pounds=Value(None, DecimalField(null=True)))


def attach_parts(rows: list[Row]) -> None:
    """Quarters and wards of all of these rows, in two queries."""
    keys = [row["pk"] for row in rows]
    profile: dict[int, list[dict[str, str]]] = defaultdict(list)
    for part in ProfileQuarter.objects.filter(commitment__in=keys):
        profile[part.commitment_id].append(
            {"quarter": part.period.code, "due_quantity": f"{part.due_quantity:.4f}"}
        )
    wards: dict[int, list[str]] = defaultdict(list)
    for commitment, code in (
        Commitment.wards.through.objects.filter(commitment__in=keys)
        .order_by("area__code")
        .values_list("commitment_id", "area__code")
    ):
        wards[commitment].append(code)
    for row in rows:
        row["profile"] = profile[row["pk"]]
        row["ward_codes"] = wards[row["pk"]]


class MeasureKey(VisibleKey):
    def get_queryset(self) -> Any:
        return visible_measures(self.context["view"].request.user)


class QuarterField(serializers.CharField):
    def to_internal_value(self, data: Any) -> Quarter:  # type: ignore[override]
        try:
            return Quarter.parse(super().to_internal_value(data))
        except PeriodError as error:
            raise serializers.ValidationError(str(error)) from error


class ProfileWriteSerializer(StrictSerializer):
    quarter = QuarterField(help_text="2026-27-Q1")
    due_quantity = serializers.DecimalField(max_digits=16, decimal_places=4, min_value=0)


class CommitmentWriteSerializer(StrictSerializer):
    """A draft's terms. The pounds are computed when it is agreed, never sent."""

    supplier = VisibleKey(queryset=Organisation.objects.all(), required=False)
    measure = MeasureKey(queryset=Measure.objects.all(), required=False)
    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    promised_quantity = serializers.DecimalField(max_digits=16, decimal_places=4, required=False)
    owner_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    evidence_rule = serializers.CharField(required=False, allow_blank=True)
    partner = VisibleKey(queryset=Organisation.objects.all(), required=False, allow_null=True)
    partner_named = serializers.CharField(max_length=200, required=False, allow_blank=True)
    starts = serializers.DateField(required=False, allow_null=True)
    due = serializers.DateField(required=False, allow_null=True)
    exclusion_reason = serializers.CharField(required=False, allow_blank=True)
    wards = WardsField(required=False, help_text="Codes of wards.")
    profile = ProfileWriteSerializer(
        many=True, required=False, help_text="Sums to the promise; spread evenly if left out."
    )
    reason = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Why; kept in the audit log."
    )


class CommitmentCreateSerializer(CommitmentWriteSerializer):
    contract = VisibleKey(queryset=Contract.objects.all(), help_text="The agreement's id.")
    supplier = VisibleKey(queryset=Organisation.objects.all())
    measure = MeasureKey(queryset=Measure.objects.all())
    promised_quantity = serializers.DecimalField(max_digits=16, decimal_places=4)


CommitmentSerializer = serializer_of("CommitmentSerializer", COLUMNS)


class Commitments(CreateMixin, ListView):
    """Commitments that this person may see, by id. A supplier sees its own, without drafts."""

    permission = "view_commitments"
    write_permission = "change_commitments"
    tag, noun, file_name = "commitments", "commitments", "commitments"
    one = "a commitment"
    filterset_class = CommitmentFilter
    write_serializer = CommitmentCreateSerializer
    response_serializer = CommitmentSerializer
    more_sources = MORE
    columns: ClassVar[tuple[Column, ...]] = COLUMNS

    def rows(self) -> QuerySet[Commitment]:
        return _uncounted(Commitment.objects.visible_to(self.request.user))

    def attach(self, rows: list[Row]) -> None:
        attach_parts(rows)

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        contract = values.pop("contract")
        if not can(self.request.user, "change_commitments", on=contract):
            raise PermissionDenied("You can draw up commitments for your own directorate only.")
        profile, reason = values.pop("profile", None), values.pop("reason", "")
        made = draft_commitment(
            contract=contract, values=values, by=self.request.user, now=self.now, reason=reason
        )
        if profile is not None:
            _set(self, made, profile, made.version)
        return self.created(made.pk, CommitmentDetail, "api-commitment")


class CommitmentDetail(PatchMixin, DetailView):
    """One commitment. A draft, or one that waits for acceptance, can be changed."""

    permission = "view_commitments"
    write_permission = "change_commitments"
    tag, noun = "commitments", "commitment"
    one = "a commitment"
    write_serializer = CommitmentWriteSerializer
    response_serializer = CommitmentSerializer

    def rows(self) -> QuerySet[Commitment]:
        return commitment_rows(self.request.user)

    def body(self, record: Commitment) -> dict[str, Any]:
        sources = [column.source for column in COLUMNS if column.source]
        row = _uncounted(Commitment.objects.filter(pk=record.pk)).values(*sources, *MORE).get()
        attach_parts([row])
        return {
            column.name: text_of(
                column.make(row) if column.make else row.get(column.source or column.name)
            )
            for column in COLUMNS
        }

    @transaction.atomic
    def change(self, record: Commitment, values: dict[str, Any], version: int) -> None:
        profile, reason = values.pop("profile", None), values.pop("reason", "")
        if values:
            record = change_commitment(
                commitment=record,
                changes=values,
                expected_version=version,
                by=self.request.user,
                now=self.now,
                reason=reason,
            )
            version = record.version
        if profile is not None:
            _set(self, record, profile, version)


def _set(view: Any, commitment: Commitment, profile: list[dict[str, Any]], version: int) -> None:
    set_profile(
        commitment=commitment,
        profile=[(part["quarter"], part["due_quantity"]) for part in profile],
        expected_version=version,
        by=view.request.user,
        now=view.now,
    )


urlpatterns = [
    path("commitments/", Commitments.as_view(), name="api-commitments"),
    path("commitments/<int:pk>/", CommitmentDetail.as_view(), name="api-commitment"),
]
