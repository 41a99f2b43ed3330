"""Recovery actions, reminders and ratings as people type them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES
from trafford_sv.directory.models import RoleGrant

from ..delivery_rating import WORDS
from ..models import Contract, RecoveryAction, ReminderPreference

# Whoever may change commitments may answer for a recovery.
OWNING_ROLES = [key for key, role in ROLES.items() if "change_commitments" in role.permissions]


class RecoveryForm(VersionedModelForm):
    """`contract` says whose people may own it."""

    class Meta:
        model = RecoveryAction
        fields = ("owner", "due", "reason", "plan")
        labels = {
            "owner": "Who answers for it?",
            "due": "By when?",
            "reason": "What is behind, and why?",
            "plan": "What will be done?",
        }
        help_texts = {
            "owner": "The contract manager, unless someone else takes it on",
            "plan": "Agree it with the supplier, who can read this page",
        }
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 4}),
            "plan": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holders = RoleGrant.objects.filter(role__in=OWNING_ROLES).filter(
            Q(organisation__isnull=True) | Q(organisation=contract.directorate_id)
        )
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(
            Q(is_active=True, pk__in=holders.values("user"))
            | Q(pk=self.instance.owner_id)
            | Q(is_active=True, pk=contract.manager_id)
        ).order_by("name")
        owner.empty_label = "Choose a person"
        owner.required = self.fields["due"].required = True


class RecoveryCloseForm(VersionedForm):
    state = forms.ChoiceField(
        label="How did it end?",
        choices=[("done", "Done: delivery is back on its way"), ("cancelled", "No longer needed")],
        widget=forms.RadioSelect,
    )
    outcome = forms.CharField(
        label="What came of it?", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class ReminderForm(forms.ModelForm):
    """Which reminders a person wants."""

    class Meta:
        model = ReminderPreference
        fields = ("before_30", "before_7", "on_the_day", "after_7", "after_30")


class RatingProposeForm(forms.Form):
    """Which of the years that are over, and of which supplier."""

    year = forms.ChoiceField(label="Which year?", widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = choices  # type: ignore[attr-defined]


class RatingReplyForm(forms.Form):
    reply = forms.CharField(
        label="Your reply",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What the council should know before the rating is agreed",
        error_messages={"required": "Write your reply before you send it."},
    )


class RatingAgreeForm(VersionedForm):
    agreed_code = forms.ChoiceField(
        label="The agreed rating",
        choices=[(str(code.value), word) for code, word in WORDS.items()],
        widget=forms.RadioSelect,
    )
    agreed_reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed where the agreed rating differs from the proposed one. It is published.",
    )
