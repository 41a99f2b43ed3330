"""The pages of one agreement, in the order of the work. A page that is not there is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

TABS = (
    ("overview", "Overview", "contract-detail", "view_contracts"),
    ("tender", "Tender", "tender-detail", "view_tenders"),
    ("mobilisation", "Mobilisation", "contract-mobilisation", "change_commitments"),
    ("social-value", "Social value", "contract-social-value", "view_commitments"),
    ("returns", "Returns", "contract-returns", "verify_delivery"),
    ("pacing", "Pacing", "contract-pacing", "view_commitments"),
)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


def contract_tabs(contract_pk: int, permissions: Collection[str], current: str) -> list[Tab]:
    """The pages that somebody with these permissions may open. `current` is a key of TABS."""
    found = []
    for key, label, name, permission in TABS:
        if permission not in permissions:
            continue
        try:
            url = reverse(name, kwargs={"pk": contract_pk})
        except NoReverseMatch:
            continue
        found.append(Tab(label, url, key == current))
    return found
