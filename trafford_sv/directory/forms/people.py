"""Inviting a person and granting a role."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.models.users import normalise_email
from trafford_sv.core.roles import ROLES

from ..models import Organisation


class RoleForm(forms.Form):
    """A role, the organisation it is for where it needs one, and until when."""

    role = forms.ChoiceField(
        label="Role",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role."},
    )
    organisation = forms.ModelChoiceField(
        label="Organisation",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="None",
        help_text="Needed for a contract manager (their directorate), a supplier and a community hub.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.key, f"{role.name}: {role.who[0].lower()}{role.who[1:]}")
            for role in ROLES.values()
            if role.key != "public"
        ]
        self.fields["organisation"].queryset = Organisation.objects.current().order_by("name", "pk")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role = ROLES.get(cleaned.get("role") or "")
        if role and role.needs_organisation and not cleaned.get("organisation"):
            if "organisation" not in self.errors:
                self.add_error(
                    "organisation",
                    f"Choose the organisation. A {role.name.lower()} sees only what belongs to it.",
                )
        return cleaned


class InviteForm(RoleForm):
    """A new person, with their first role."""

    name = forms.CharField(
        label="Full name",
        max_length=200,
        error_messages={"required": "Enter the person’s name."},
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The link goes here, and they will sign in with it.",
        # Somebody else's: the browser must not offer the administrator's own.
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Enter an e-mail address.",
            "invalid": "Enter an e-mail address like name@example.gov.uk.",
        },
    )
    job_title = forms.CharField(label="Job title", max_length=200, required=False)
    field_order = ("name", "email", "job_title", "role", "organisation")

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


class GrantForm(RoleForm):
    """One more role for a person who has an account."""

    ends = forms.DateField(
        label="First day without the role",
        required=False,
        widget=forms.DateInput,
        help_text="Leave empty if it goes on. For example, 1/4/2027.",
    )
    reason = forms.CharField(label="Reason", max_length=500, required=False)


class EndForm(forms.Form):
    """Why a role ends or an account is closed or reopened."""

    reason = forms.CharField(
        label="Reason", max_length=500, required=False, help_text="It stays on record."
    )
