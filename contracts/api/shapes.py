"""What the API sends and takes for contracts, in serialisers that also make the schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from trafford_sv.core.api.writes import StrictSerializer, VisibleKey
from trafford_sv.directory.models import Area, Organisation

from ..models import Award, Contract, CpvCode

VALUE_STATES = [
    ("awarded", "The sum of the active awards, excluding VAT"),
    ("partial", "As awarded, and at least one award has no value recorded"),
    ("framework", "A framework has no value of its own"),
    ("not_recorded", "Nothing awarded, or no value recorded"),
]


class ReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ContractReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()


class CategorySerializer(serializers.Serializer):
    code = serializers.CharField(help_text="CPV 2008, without the check digit.")
    name = serializers.CharField()


class WardCodeSerializer(serializers.Serializer):
    code = serializers.CharField()
    boundary_year = serializers.IntegerField()
    name = serializers.CharField()


class SupplierSerializer(ReferenceSerializer):
    name_as_given = serializers.CharField(help_text="As the source spelt it; may be empty.")


class AwardSerializer(serializers.Serializer):
    """One decision to award. The value is the award's, however many suppliers share it."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Send it in If-Match to change this award.")
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Award.Status.choices)
    awarded_on = serializers.DateField(allow_null=True)
    value_pounds = serializers.DecimalField(
        max_digits=16,
        decimal_places=2,
        allow_null=True,
        help_text="Excluding VAT; null: not recorded.",
    )
    suppliers = SupplierSerializer(many=True)


class DutySerializer(serializers.Serializer):
    """One duty, by the rule in force on the award date."""

    duty = serializers.ChoiceField(choices=["required", "considered", "kpis"])
    applies = serializers.BooleanField(allow_null=True, help_text="null: it cannot be said.")
    explanation = serializers.CharField()
    threshold_pounds = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)


class ContractSerializer(serializers.Serializer):
    """One contract with its awards, and what it must carry and why."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(
        help_text="Counts changes; it is the first part of the ETag."
    )
    as_of = serializers.DateField(help_text="The day that the forecast for a coming award is for.")
    reference = serializers.CharField()
    ocid = serializers.CharField()
    kind = serializers.ChoiceField(choices=Contract.Kind.choices)
    title = serializers.CharField()
    description = serializers.CharField()
    buyer = ReferenceSerializer(allow_null=True)
    directorate = ReferenceSerializer(allow_null=True)
    manager_name = serializers.CharField(allow_null=True)
    star_lead_name = serializers.CharField(allow_null=True)
    category = CategorySerializer(allow_null=True)
    stage = serializers.ChoiceField(choices=Contract.Stage.choices)
    regime = serializers.ChoiceField(choices=Contract.Regime.choices)
    is_light_touch = serializers.BooleanField()
    is_framework = serializers.BooleanField()
    value_pounds = serializers.DecimalField(
        max_digits=18,
        decimal_places=2,
        allow_null=True,
        help_text="Of active awards, excluding VAT, once.",
    )
    value_state = serializers.ChoiceField(choices=VALUE_STATES)
    awarded_on = serializers.DateField(allow_null=True, help_text="The first active award's date.")
    estimated_value_pounds = serializers.DecimalField(
        max_digits=16,
        decimal_places=2,
        allow_null=True,
        help_text="Before award; never added to a value.",
    )
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
    extension_options = serializers.CharField()
    notice_date = serializers.DateField(allow_null=True)
    must_carry = serializers.BooleanField(
        allow_null=True, help_text="Must it carry social value? null: it cannot be said."
    )
    must_carry_explanation = serializers.CharField()
    duties = DutySerializer(many=True)
    social_value = serializers.ChoiceField(choices=Contract.SocialValue.choices)
    social_value_reason = serializers.CharField()
    is_named_in_public = serializers.BooleanField(
        help_text="May published reports name it beside what was promised and delivered?"
    )
    wards = WardCodeSerializer(many=True)
    predecessor = ContractReferenceSerializer(allow_null=True)
    successors = ContractReferenceSerializer(many=True)
    awards = AwardSerializer(many=True)
    source = serializers.CharField(help_text="Which import it came by; empty if typed.")  # type: ignore[assignment]
    is_demo = serializers.BooleanField()


class AwardWriteSerializer(StrictSerializer):
    title = serializers.CharField(max_length=500, required=False, allow_blank=True)
    status = serializers.ChoiceField(choices=Award.Status.choices, required=False)
    awarded_on = serializers.DateField(required=False, allow_null=True)
    value_pounds = serializers.DecimalField(
        max_digits=16, decimal_places=2, required=False, allow_null=True, min_value=0
    )
    suppliers = VisibleKey(
        queryset=Organisation.objects.all(),
        many=True,
        required=False,
        help_text="Organisations' ids.",
    )


class WardsField(serializers.ListField):
    """Wards by official code: codes differ between boundary years, names do not."""

    child = serializers.CharField(max_length=9)

    def to_internal_value(self, data: Any) -> list[Area]:
        codes = super().to_internal_value(data)
        found: dict[str, Area] = {}
        rows = Area.objects.filter(kind=Area.Kind.WARD, code__in=codes).defer("geometry")
        for ward in rows.order_by("boundary_year"):
            found[ward.code] = ward
        missing = sorted(set(codes) - set(found))
        if missing:
            raise serializers.ValidationError(
                f"There is no ward with the code {', '.join(missing)}."
            )
        return list(found.values())


class ContractWriteSerializer(StrictSerializer):
    """What may be recorded about a contract. The value is recorded on its awards."""

    reference = serializers.CharField(max_length=80)
    title = serializers.CharField(max_length=500)
    ocid = serializers.CharField(max_length=120, required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)
    buyer = VisibleKey(queryset=Organisation.objects.all(), required=False, allow_null=True)
    directorate = VisibleKey(queryset=Organisation.objects.all(), required=False, allow_null=True)
    category = serializers.PrimaryKeyRelatedField(
        queryset=CpvCode.objects.all(), required=False, allow_null=True, help_text="A CPV code."
    )
    stage = serializers.ChoiceField(choices=Contract.Stage.choices, required=False)
    regime = serializers.ChoiceField(choices=Contract.Regime.choices, required=False)
    is_light_touch = serializers.BooleanField(required=False)
    is_framework = serializers.BooleanField(required=False)
    estimated_value_pounds = serializers.DecimalField(
        max_digits=16, decimal_places=2, required=False, allow_null=True, min_value=0
    )
    start = serializers.DateField(required=False, allow_null=True)
    end = serializers.DateField(required=False, allow_null=True)
    extension_options = serializers.CharField(max_length=300, required=False, allow_blank=True)
    notice_date = serializers.DateField(required=False, allow_null=True)
    social_value = serializers.ChoiceField(choices=Contract.SocialValue.choices, required=False)
    social_value_reason = serializers.CharField(required=False, allow_blank=True)
    is_named_in_public = serializers.BooleanField(required=False)
    wards = WardsField(required=False, help_text="Codes of the wards served.")
    predecessor = VisibleKey(queryset=Contract.objects.all(), required=False, allow_null=True)
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Why; kept in the audit log."
    )


class ContractCreateSerializer(ContractWriteSerializer):
    """A new contract, with its awards if there are any yet."""

    awards = AwardWriteSerializer(many=True, required=False)
