"""Which deliveries, and under which two editions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django import forms

from trafford_sv.core.periods import Quarter

from ..models import MeasureEdition

PINNED = "pinned"
QUARTERS_OFFERED = 16
BASES = [("verified", "Verified"), ("reported", "Reported")]


class RestatementForm(forms.Form):
    reference = forms.CharField(
        label="Reference of one contract",
        required=False,
        max_length=80,
        help_text="Every agreement of the council if it is empty",
    )
    first = forms.ChoiceField(label="From")
    last = forms.ChoiceField(label="To")
    before = forms.ChoiceField(label="Priced first by")
    before_day = forms.DateField(
        label="Its values of which day?", required=False, help_text="Today if empty"
    )
    before_basis = forms.ChoiceField(label="Which quantities?", choices=BASES)
    after = forms.ChoiceField(label="Priced then by")
    after_day = forms.DateField(
        label="Its values of which day?", required=False, help_text="Today if empty"
    )
    after_basis = forms.ChoiceField(label="Which quantities?", choices=BASES)

    def __init__(
        self,
        *args: Any,
        editions: Iterable[MeasureEdition],
        today: datetime.date,
        **kwargs: Any,
    ) -> None:
        quarters = [Quarter.of(today)]
        while len(quarters) < QUARTERS_OFFERED:
            quarters.append(quarters[-1].previous)
        editions = list(editions)
        ended = quarters[1]
        kwargs["initial"] = {
            # The year so far: the quarter that runs has nothing verified yet.
            "first": Quarter(ended.start_year, 1).code,
            "last": ended.code,
            "before": PINNED,
            "before_basis": "verified",
            "after": editions[0].key if editions else "",
            "after_basis": "verified",
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)
        for name in ("first", "last"):
            self.fields[name].choices = [(each.code, each.label) for each in quarters]  # type: ignore[attr-defined]
        priced = [
            (PINNED, "The values pinned when each promise was agreed"),
            *((edition.key, edition.name) for edition in editions),
        ]
        for name in ("before", "after"):
            self.fields[name].choices = priced  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("first") and cleaned.get("last"):
            if Quarter.parse(cleaned["last"]) < Quarter.parse(cleaned["first"]):
                self.add_error("last", "The last quarter is before the first. Check both.")
        return cleaned
