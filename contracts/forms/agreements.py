"""The form of an agreement that is no contract: a grant, a planning obligation, a pledge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from trafford_sv.core.access import reach
from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.directory.models import Area, Organisation, RoleGrant

from ..agreement_words import Words
from ..models import Contract
from .contracts import NAMED_HELP, NAMED_LABEL

Stage = Contract.Stage
# Nothing is tendered or evaluated here.
STAGES = (
    Stage.PIPELINE,
    Stage.AWARDED,
    Stage.MOBILISING,
    Stage.LIVE,
    Stage.ENDED,
    Stage.TERMINATED,
)
_STAGE_WORDS = {Stage.PIPELINE: "Being prepared", Stage.AWARDED: "Settled, not started"}
_REFERENCES = {
    "grant": "The council’s own, for example GRANT-2026-07",
    "planning": "The planning application’s, for example 123456/FUL/26",
    "pledge": "The council’s own, for example PLEDGE-2026-03",
}
_TITLES = {
    "grant": "What it is for. For example, Warm spaces in Stretford, winter 2026",
    "planning": "The development. For example, New homes at the old mill",
    "pledge": "What is pledged, in a few words",
}


class AgreementForm(VersionedModelForm):
    reason = forms.CharField(
        label="Why are you changing it?",
        required=False,
        max_length=300,
        help_text="Stays on record beside the change",
    )
    not_stored = ("reason",)

    class Meta:
        model = Contract
        fields = (
            "title", "reference", "description", "stage", "directorate", "manager", "start",
            "end", "is_named_in_public", "wards",
        )  # fmt: skip
        field_classes = {"wards": SeveralField}
        labels = {
            "start": "Start date", "end": "End date", "wards": "Wards served",
            "is_named_in_public": NAMED_LABEL,
        }  # fmt: skip
        help_texts = {
            "wards": "Tick those where people will notice it. Leave all empty if not known",
            "is_named_in_public": NAMED_HELP,
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            "wards": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, user: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        fields: dict[str, Any] = self.fields
        fields["title"].help_text = _TITLES[words.kind]
        fields["reference"].help_text = _REFERENCES[words.kind]
        if words.kind == "planning":
            fields["reference"].label = "Planning application reference"
        fields["stage"].choices = [(key, _STAGE_WORDS.get(key, key.label)) for key in STAGES]
        directorates = Organisation.objects.current().of_kind("council_service")
        everything, own = reach(user, "change_contracts")
        if not everything:
            directorates = directorates.filter(pk__in=[pk for _, pk in own])
            fields["directorate"].required = True
        fields["directorate"].queryset = directorates.order_by("name")
        fields["directorate"].empty_label = "Not recorded"
        fields["directorate"].label = words.giver
        holders = RoleGrant.objects.filter(role="contract_manager")
        fields["manager"].queryset = User.objects.filter(
            Q(is_active=True, pk__in=holders.values("user")) | Q(pk=self.instance.manager_id)
        ).order_by("name")
        fields["manager"].empty_label = "Nobody yet"
        fields["manager"].label = "Who looks after it"
        wards = Area.objects.wards(2023)
        if self.instance.pk:
            wards = wards | Area.objects.filter(pk__in=self.instance.wards.values("pk"))
        else:
            del self.fields["reason"]
        fields["wards"].queryset = wards.order_by("name", "boundary_year")
