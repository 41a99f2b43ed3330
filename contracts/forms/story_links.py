"""Linking a case study: a need from the list, a commitment by its name or the address of its page."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from community_needs.models import Need

from ..models import Commitment

ADDRESS = re.compile(r"/commitments/([0-9]{1,9})/", re.ASCII)
NAME = re.compile(r"\s*(\S[^\n]{0,99}?)\s*/\s*([0-9]{1,4})\s*", re.ASCII)


class StoryLinkForm(forms.Form):
    need = forms.ModelChoiceField(
        label="A need", required=False, queryset=Need.objects.none(), empty_label="None"
    )
    commitment = forms.CharField(
        label="A commitment",
        required=False,
        max_length=300,
        help_text=(
            "The agreement’s reference and the commitment’s number, like SV-2024-01/3, or the "
            "address of its page."
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        fields: Any = self.fields
        fields["need"].queryset = (
            Need.objects.visible_to(user)
            .filter(merged_into__isnull=True)
            .exclude(state=Need.State.WITHDRAWN)
            .order_by("title", "pk")
        )

    def clean_commitment(self) -> Commitment | None:
        text = (self.cleaned_data.get("commitment") or "").strip()
        if not text:
            return None
        rows = Commitment.objects.visible_to(self.user).filter(state=Commitment.State.AGREED)
        if address := ADDRESS.search(text):
            rows = rows.filter(pk=int(address[1]))
        elif name := NAME.fullmatch(text):
            rows = rows.filter(contract__reference__iexact=name[1], number=int(name[2]))
        else:
            raise forms.ValidationError(
                "Write the agreement’s reference, a slash and the commitment’s number, or paste the "
                "address of the commitment’s page."
            )
        found = rows.first()
        if found is None:
            raise forms.ValidationError(
                "No agreed commitment has this name. Check it on the page of the agreement."
            )
        return found  # type: ignore[return-value]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("need") and not cleaned.get("commitment"):
            raise forms.ValidationError("Choose a need, or name a commitment.")
        return cleaned
