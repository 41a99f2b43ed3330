"""The menu: one list, in the order it is shown. A page that does not exist yet is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class NavigationItem:
    """`permission` None means anyone signed in or not; `signed_in` hides it from visitors."""

    label: str
    url_name: str
    permission: str | None = None
    signed_in: bool = False


NAVIGATION: tuple[NavigationItem, ...] = (
    NavigationItem("Dashboard", "dashboard", "see_dashboard"),
    NavigationItem("Contracts", "contract-list", "view_contracts"),
    NavigationItem("Your promises", "supplier-home", "report_delivery"),
    NavigationItem("Your bids", "supplier-bid-list", "submit_bids"),
    NavigationItem("Social value", "portfolio", "see_dashboard"),
    NavigationItem("Verify", "verification-inbox", "verify_delivery"),
    NavigationItem("Pacing", "pacing-list", "view_commitments"),
    NavigationItem("Measures", "measure-list"),
    NavigationItem("Organisations", "organisation-list", "view_organisations"),
    NavigationItem("Spending", "spend-retained", "view_spend"),
    NavigationItem("Imports", "import-list", "view_imports"),
    NavigationItem("Quarters", "quarter-list", "close_quarters"),
    NavigationItem("People", "person-list", "manage_people"),
    NavigationItem("Audit log", "audit-list", "view_audit"),
)

FOOTER: tuple[NavigationItem, ...] = (
    NavigationItem("Wards and postcodes", "area-list"),
    NavigationItem("Accessibility", "accessibility"),
    NavigationItem("Privacy", "privacy"),
    NavigationItem("Who may do what", "roles-help", signed_in=True),
    NavigationItem("Sources and licences", "attributions"),
    NavigationItem("Page parts", "styleguide"),
)


@dataclass(frozen=True)
class NavigationLink:
    """`current` is "page" on the very page, "true" on a page below it, and "" elsewhere."""

    label: str
    url: str
    current: str


def url_of(name: str) -> str:
    """The address, or "" for a page that is not there."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def navigation_for(
    items: Collection[NavigationItem],
    permissions: Collection[str],
    *,
    path: str,
    signed_in: bool,
) -> list[NavigationLink]:
    """What this person may open, with the entry that holds `path` marked."""
    links = [
        (item.label, url)
        for item in items
        if (item.permission is None or item.permission in permissions)
        and (signed_in or not item.signed_in)
        and (url := url_of(item.url_name))
    ]
    holding = max((url for _, url in links if path.startswith(url)), key=len, default="")
    return [
        NavigationLink(label, url, ("page" if url == path else "true") if url == holding else "")
        for label, url in links
    ]
