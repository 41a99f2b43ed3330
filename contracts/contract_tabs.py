"""The pages of one agreement, in the order of the work. A page that is not there is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from trafford_sv.core.access import grants_of
from trafford_sv.core.roles import ROLES, Reach

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


def permissions_here(user: Any, directorate: int | None) -> frozenset[str]:
    """What somebody who may see an agreement of this directorate may do there, without a query.

    What they may do in another directorate, or for their own organisation, opens no page here.
    """
    held: set[str] = set()
    for grant in grants_of(user):
        role = ROLES[grant.role]
        if role.reach is Reach.EVERYTHING:
            held |= role.permissions
        elif grant.role == "supplier":
            # Their own bid is in their own place; whether there was a tender is not told here.
            held |= role.permissions - {"view_tenders"}
        elif directorate is not None and grant.organisation_id == directorate:
            held |= role.permissions
    return frozenset(held)


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
