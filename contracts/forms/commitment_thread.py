"""Which needs a commitment answers, and which principle of the Charter it serves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from charter.models import CharterVersion, Principle
from community_needs.models import Need
from trafford_sv.core.form_fields import SeveralField
from trafford_sv.core.forms import VersionedModelForm

from ..models import Commitment, Contract
from ..selectors.need_links import needs_to_answer

LABELS = {"principle": "Charter principle", "needs": "Needs that it answers"}
HELP_TEXTS = {
    "principle": "Leave empty to use the one that the measure serves",
    "needs": "The open needs that come closest to this agreement’s wards. Others are proposed on "
    "their own page, under “Who could help”",
}


def offer_thread(fields: Any, instance: Commitment, contract: Contract) -> None:
    """What may be chosen: principles of approved charters, and needs that this could answer."""
    approved = CharterVersion.objects.approved()
    fields["principle"].queryset = Principle.objects.filter(
        Q(charter_version__in=approved) | Q(pk=instance.principle_id or 0)
    ).select_related("charter_version")
    fields["principle"].empty_label = "None"
    linked = set(instance.needs.values_list("pk", flat=True)) if instance.pk else set()
    wanted = needs_to_answer(contract, linked)
    fields["needs"].queryset = Need.objects.filter(pk__in=wanted).order_by("title", "pk")


class CommitmentThreadForm(VersionedModelForm):
    """Alone, for a commitment that is agreed: neither changes what was promised."""

    class Meta:
        model = Commitment
        fields = ("principle", "needs")
        field_classes = {"needs": SeveralField}
        labels = LABELS
        help_texts = HELP_TEXTS
        widgets = {"needs": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["needs"].required = False
        offer_thread(self.fields, self.instance, self.instance.contract)
