"""The menu: one list, in the order it is shown. A page that does not exist yet is left out.

Whoever may open only a few pages sees them side by side. Whoever may open more sees sections, and the
pages of the section they are in on a second line. A section's link leads to its first page, so every
page is two links away, with or without scripts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.urls import NoReverseMatch, reverse

# Entries that still fit on one line of a laptop, and are taken in at a glance.
FEW = 7


class Section(StrEnum):
    """The headings of the menu. One that holds a single page is shown as that page."""

    CONTRACTS = "Contracts"
    SOCIAL_VALUE = "Social value"
    CHARTER = "Charter"
    PLAN = "Action Plan"
    NEEDS = "Needs"
    REPORTS = "Reports"
    ADMINISTRATION = "Administration"


@dataclass(frozen=True)
class NavigationItem:
    """`permission` None means anyone signed in or not; `signed_in` hides it from visitors.

    `section` None stands by itself on the first line. Who holds the permission `besides` has a place
    of their own for this, and is not shown it.
    """

    label: str
    url_name: str
    permission: str | None = None
    section: Section | None = None
    besides: str | None = None
    signed_in: bool = False


_CONTRACTS = Section.CONTRACTS
_VALUE = Section.SOCIAL_VALUE
_NEEDS = Section.NEEDS
_OFFICE = Section.ADMINISTRATION
_SUPPLIER = "report_delivery"

NAVIGATION: tuple[NavigationItem, ...] = (
    NavigationItem("Dashboard", "dashboard", "see_dashboard"),
    NavigationItem("Your promises", "supplier-home", "report_delivery"),
    NavigationItem("Your bids", "supplier-bid-list", "submit_bids"),
    NavigationItem("Contracts", "contract-list", "view_contracts", _CONTRACTS),
    NavigationItem("Tenders", "tender-list", "view_tenders", _CONTRACTS, besides="submit_bids"),
    NavigationItem("Agreements", "agreement-list", "view_commitments", _CONTRACTS, _SUPPLIER),
    NavigationItem("Ending soon", "contract-expiring", "view_contracts", _CONTRACTS, _SUPPLIER),
    NavigationItem("Organisations", "organisation-list", "view_organisations", _CONTRACTS),
    NavigationItem("Portfolio", "portfolio", "see_dashboard", _VALUE),
    NavigationItem("Verify", "verification-inbox", "verify_delivery", _VALUE),
    NavigationItem("Commitments", "commitment-list", "view_commitments", _VALUE, _SUPPLIER),
    NavigationItem("Returns", "return-list", "view_returns", _VALUE, _SUPPLIER),
    NavigationItem("Deliveries", "delivery-list", "view_commitments", _VALUE, _SUPPLIER),
    NavigationItem("Pacing", "pacing-list", "view_commitments", _VALUE),
    NavigationItem("Recovery actions", "recovery-list", "view_commitments", _VALUE, _SUPPLIER),
    NavigationItem("Ratings", "rating-list", "view_returns", _VALUE, _SUPPLIER),
    NavigationItem("Charter", "charter", section=Section.CHARTER),
    NavigationItem("Adopters", "adoption-list", section=Section.CHARTER),
    NavigationItem("Pledges", "pledge-list", section=Section.CHARTER),
    NavigationItem("Case studies", "case-study-list", section=Section.CHARTER),
    NavigationItem("Requests to adopt", "adoption-request-list", "view_charter", Section.CHARTER),
    NavigationItem("Action Plan", "plan-board", None, Section.PLAN),
    NavigationItem("All actions", "action-list", "view_plan", Section.PLAN),
    NavigationItem("Updates", "update-inbox", "change_plan", Section.PLAN),
    NavigationItem("Maturity", "maturity-overview", None, Section.PLAN),
    NavigationItem("Steering Group", "steering-group", section=Section.PLAN),
    NavigationItem("Decisions", "decision-list", "view_steering", Section.PLAN),
    NavigationItem("Actions arising", "arising-list", "view_steering", Section.PLAN),
    NavigationItem("Your hub", "hub-home", "raise_needs"),
    NavigationItem("Needs", "needs-home", None, _NEEDS),
    NavigationItem("Rounds", "round-list", "view_rounds", _NEEDS),
    NavigationItem("Hubs", "hub-list", "view_rounds", _NEEDS),
    NavigationItem("Bulletins", "bulletin-list", "run_bulletin", _NEEDS),
    NavigationItem("Priorities", "priority-list", "change_needs", _NEEDS),
    NavigationItem("May be the same", "need-merge-list", "change_needs", _NEEDS),
    NavigationItem("Measures", "measure-list"),
    NavigationItem("Reports", "report-home", "view_reports", Section.REPORTS),
    NavigationItem("Published reports", "edition-list", None, Section.REPORTS),
    NavigationItem("Committee papers", "committee-paper-list", "view_reports", Section.REPORTS),
    NavigationItem("Closing a quarter", "closing-now", "view_reports", Section.REPORTS),
    NavigationItem("For a committee paper", "committee-block", "see_dashboard", Section.REPORTS),
    NavigationItem("Measure definitions", "star-measure-list", "view_reports", Section.REPORTS),
    NavigationItem("Sets of measures", "measure-set-list", "view_reports", Section.REPORTS),
    NavigationItem("Reports by e-mail", "mailing-home", "run_mailings", Section.REPORTS),
    NavigationItem("Spending", "spend-retained", "view_spend"),
    NavigationItem("Needs you could meet", "supplier-needs", "offer_help"),
    NavigationItem("Offers for your hub", "need-offer-list", "answer_offers"),
    NavigationItem("Coverage", "coverage", "see_dashboard", Section.NEEDS),
    NavigationItem("Offers", "need-offer-list", "match_needs", Section.NEEDS),
    NavigationItem("Ask for this", "ask-for-this", "match_needs", Section.NEEDS),
    NavigationItem("Imports", "import-list", "view_imports", _OFFICE),
    NavigationItem("Values to check", "flag-list", "view_imports", _OFFICE),
    NavigationItem("Quarters", "quarter-list", "close_quarters", _OFFICE),
    NavigationItem("Thresholds", "threshold-list", "change_reference", _OFFICE),
    NavigationItem("Reminders", "reminder-list", "settle_reminders", _OFFICE),
    NavigationItem("People", "person-list", "manage_people", _OFFICE),
    NavigationItem("Audit log", "audit-list", "view_audit", _OFFICE),
)

FOOTER: tuple[NavigationItem, ...] = (
    NavigationItem("What is proven", "public-board"),
    NavigationItem("Near me", "near-me"),
    NavigationItem("Where needs are met", "coverage"),
    NavigationItem("Wards and postcodes", "area-list"),
    NavigationItem("Get reports by e-mail", "report-mail-sign-up"),
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


@dataclass(frozen=True)
class Menu:
    """The first line, and the pages of the section one is in: `section` is its name, or ""."""

    links: tuple[NavigationLink, ...] = ()
    section: str = ""
    pages: tuple[NavigationLink, ...] = ()


def url_of(name: str) -> str:
    """The address, or "" for a page that is not there."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _open_to(
    items: Collection[NavigationItem],
    permissions: Collection[str],
    *,
    path: str,
    signed_in: bool,
) -> list[tuple[NavigationItem, NavigationLink]]:
    found = [
        (item, url)
        for item in items
        if (item.permission is None or item.permission in permissions)
        and (item.besides is None or item.besides not in permissions)
        and (signed_in or not item.signed_in)
        and (url := url_of(item.url_name))
    ]
    holding = max((url for _, url in found if path.startswith(url)), key=len, default="")
    return [
        (
            item,
            NavigationLink(
                item.label, url, ("page" if url == path else "true") if url == holding else ""
            ),
        )
        for item, url in found
    ]


def navigation_for(
    items: Collection[NavigationItem],
    permissions: Collection[str],
    *,
    path: str,
    signed_in: bool,
) -> list[NavigationLink]:
    """What this person may open, side by side, with the entry that holds `path` marked."""
    return [link for _, link in _open_to(items, permissions, path=path, signed_in=signed_in)]


def menu_for(
    items: Collection[NavigationItem],
    permissions: Collection[str],
    *,
    path: str,
    signed_in: bool,
) -> Menu:
    """What this person may open: a few entries as they are, more of them in their sections."""
    entries = _open_to(items, permissions, path=path, signed_in=signed_in)
    if len(entries) <= FEW:
        return Menu(tuple(link for _, link in entries))
    sections: dict[Section, list[NavigationLink]] = {}
    for item, link in entries:
        if item.section is not None:
            sections.setdefault(item.section, []).append(link)
    first_line: list[NavigationLink] = []
    second_line = Menu()
    for item, link in entries:
        pages = sections.get(item.section, []) if item.section is not None else []
        if item.section is None or len(pages) == 1:
            first_line.append(link)
        elif link is pages[0]:
            here = any(page.current for page in pages)
            first_line.append(NavigationLink(item.section, link.url, "true" if here else ""))
            if here:
                second_line = Menu(section=item.section, pages=tuple(pages))
    return Menu(tuple(first_line), second_line.section, second_line.pages)
