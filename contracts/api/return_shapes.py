"""What the API sends and takes for returns, in serialisers that also make the schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from trafford_sv.core.api.writes import StrictSerializer, VisibleKey

from ..models import Contract, DeliveryReturn, ReturnEvent, ReturnLine
from .shapes import ContractReferenceSerializer, ReferenceSerializer

QUANTITY: dict[str, Any] = {"max_digits": 16, "decimal_places": 4, "allow_null": True}
POUNDS: dict[str, Any] = {"max_digits": 16, "decimal_places": 2, "allow_null": True}


class LineSerializer(serializers.Serializer):
    """One line. Quantities are null where nothing was reported; 0 is "nothing was done"."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Send it in If-Match to change this line.")
    number = serializers.IntegerField(help_text="Within its return; never reused.")
    commitment_id = serializers.IntegerField()
    measure_code = serializers.CharField()
    measure_title = serializers.CharField(
        allow_null=True, help_text="null: the edition’s licence does not allow its text."
    )
    unit = serializers.CharField()
    counting = serializers.CharField(help_text="The rule of counting: which parts are asked.")
    given_quantity = serializers.DecimalField(**QUANTITY)
    fte_quantity = serializers.DecimalField(**QUANTITY)
    months_quantity = serializers.DecimalField(**QUANTITY)
    people_quantity = serializers.DecimalField(**QUANTITY)
    hours_quantity = serializers.DecimalField(**QUANTITY)
    happened_on = serializers.DateField(allow_null=True)
    place = serializers.CharField()
    narrative = serializers.CharField()
    attribution_share = serializers.DecimalField(max_digits=5, decimal_places=4)
    warning_reason = serializers.CharField()
    state = serializers.ChoiceField(choices=ReturnLine.State.choices)
    decision_reason = serializers.CharField()
    is_counted = serializers.BooleanField(help_text="Sent, so it is in “reported”.")
    reported_quantity = serializers.DecimalField(**QUANTITY)
    reported_pounds = serializers.DecimalField(**POUNDS)
    verified_quantity = serializers.DecimalField(**QUANTITY)
    verified_pounds = serializers.DecimalField(**POUNDS)
    pounds_withheld = serializers.BooleanField(
        help_text="true: the edition’s licence keeps the pounds of a line from publication."
    )


class WholeLineSerializer(LineSerializer):
    """A line by itself, with how it would be counted as it is typed now."""

    return_id = serializers.IntegerField()
    counted_now = serializers.DecimalField(**QUANTITY)
    explanation = serializers.CharField(help_text="How the quantity comes about, in words.")
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="To be answered with a warning_reason."
    )


class EventSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(choices=ReturnEvent.Action.choices)
    line = serializers.IntegerField(allow_null=True, help_text="The line’s number.")
    quantity = serializers.DecimalField(**QUANTITY)
    words = serializers.CharField()


class ReturnSerializer(serializers.Serializer):
    """One return with its lines and what happened to it."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Counts changes of the return itself.")
    fingerprint = serializers.CharField(
        help_text="Changes with the return and each of its lines; may be sent with submit."
    )
    contract = ContractReferenceSerializer()
    supplier = ReferenceSerializer()
    quarter = serializers.CharField(help_text="The quarter that it is about: 2026-27-Q1.")
    counted_quarter = serializers.CharField(
        allow_null=True, help_text="The quarter it counts in; null before it is sent."
    )
    due_on = serializers.DateField()
    state = serializers.ChoiceField(choices=DeliveryReturn.State.choices)
    narrative = serializers.CharField()
    declared_this_agreement = serializers.BooleanField()
    declared_committed = serializers.BooleanField()
    first_submitted_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    sent_back_reason = serializers.CharField()
    is_demo = serializers.BooleanField()
    lines = LineSerializer(many=True)
    events = EventSerializer(many=True)


class ReturnCreateSerializer(StrictSerializer):
    """Begins a return, or finds the one that is there."""

    contract = VisibleKey(queryset=Contract.objects.all(), help_text="The agreement’s id.")
    quarter = serializers.CharField(max_length=20, help_text="Like 2026-27-Q1.")
    supplier = serializers.IntegerField(
        required=False, help_text="For whom, where you report for more than one supplier."
    )


class ReturnWriteSerializer(StrictSerializer):
    narrative = serializers.CharField(required=False, allow_blank=True, max_length=20000)


class LineWriteSerializer(StrictSerializer):
    """What a supplier types. Leave out what stays; null empties; 0 means nothing was done."""

    given_quantity = serializers.DecimalField(**QUANTITY, required=False)
    fte_quantity = serializers.DecimalField(**QUANTITY, required=False)
    months_quantity = serializers.DecimalField(**QUANTITY, required=False)
    people_quantity = serializers.DecimalField(**QUANTITY, required=False)
    hours_quantity = serializers.DecimalField(**QUANTITY, required=False)
    unit = serializers.CharField(
        required=False,
        max_length=120,
        help_text="If sent, it must be the measure’s unit: a guard against mistakes.",
    )
    happened_on = serializers.DateField(required=False, allow_null=True)
    place = serializers.CharField(required=False, allow_blank=True, max_length=120)
    narrative = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    attribution_share = serializers.DecimalField(max_digits=5, decimal_places=4, required=False)
    warning_reason = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class SubmitSerializer(StrictSerializer):
    """The two declarations; both must be true."""

    declared_this_agreement = serializers.BooleanField(
        help_text="It happened because of this agreement, in this quarter."
    )
    declared_committed = serializers.BooleanField(help_text="It is a commitment in this agreement.")
    fingerprint = serializers.CharField(
        required=False, max_length=64, help_text="As read: a return changed since is not sent."
    )
