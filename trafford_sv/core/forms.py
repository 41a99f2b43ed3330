"""Forms of the ground floor, and the bases of every edit form."""

from __future__ import annotations

from typing import Any

from django import forms

from .form_fields import HiddenWithoutId
from .models.users import normalise_email


class _Versioned(forms.BaseForm):
    @property
    def expected_version(self) -> int:
        return int(self.cleaned_data["version"])

    def changes(self) -> dict[str, Any]:
        """The cleaned values for `update_record`, without the version and without extras."""
        extras = set(getattr(self, "not_stored", ())) | {"version"}
        return {name: value for name, value in self.cleaned_data.items() if name not in extras}


class VersionedForm(_Versioned, forms.Form):
    """A plain form over a versioned record: pass `initial={"version": record.version, ...}`.

    Name fields that are no fields of the record (a reason, say) in `not_stored`.
    """

    version = forms.IntegerField(widget=HiddenWithoutId)


class VersionedModelForm(_Versioned, forms.ModelForm):
    """A model form whose hidden `version` is the one the person opened. Never call `save()`."""

    version = forms.IntegerField(widget=HiddenWithoutId, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["version"].required = True
            self.initial.setdefault("version", self.instance.version)

    def _post_clean(self) -> None:
        """Services validate the record; here only the fields are checked, the instance is left alone."""


class PersonForm(VersionedForm):
    """A person's own facts, as an administrator edits them."""

    name = forms.CharField(label="Full name", max_length=200)
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="They sign in with it.",
    )
    job_title = forms.CharField(label="Job title", max_length=200, required=False)

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


class ChoosePasswordForm(forms.Form):
    """The two boxes behind an invitation. The service judges the password."""

    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Three words that only you would put together work well.",
    )
    again = forms.CharField(
        label="The same password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            cleaned.get("password")
            and cleaned.get("again")
            and cleaned["password"] != cleaned["again"]
        ):
            self.add_error("again", "The two passwords are not the same. Type the same one twice.")
        return cleaned


class TokenForm(forms.Form):
    """A key to the API."""

    name = forms.CharField(
        label="What is it for?",
        max_length=100,
        help_text="For example: monthly spreadsheet refresh",
        error_messages={"required": "Say what the token is for, so that you know it later."},
    )
    days = forms.TypedChoiceField(
        label="How long should it work?",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "One year")],
        initial="90",
        coerce=int,
        widget=forms.RadioSelect,
    )


class ReasonForm(forms.Form):
    """A sentence that stays on record."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why. The reason stays on record."},
    )
