"""Every address and what opens it: reviewed by a person, obeyed by `tests/test_access.py`.

Adding a page? Add its URL name here with PUBLIC, SIGNED_IN or the permissions a reader needs
(all of them). If a role with a limited reach holds those permissions and the address names a
record, also add a line to OBJECTS (their own record and somebody else's), or to EVERYONES with
the reason why it is nobody's in particular.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PUBLIC = "public"
SIGNED_IN = "signed in"

TABLE: dict[str, str | tuple[str, ...]] = {
    # The ground floor
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "styleguide": PUBLIC,
    "my-account": SIGNED_IN,
    "after-sign-in": SIGNED_IN,
    "roles-help": PUBLIC,
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "invitation-accept": PUBLIC,
    "token-create": "use_api",
    "token-revoke": "use_api",
    "audit-list": "view_audit",
    "audit-detail": "view_audit",
    "quarter-list": "close_quarters",
    "quarter-close": "close_quarters",
    "quarter-reopen": "close_quarters",
    "import-list": "view_imports",
    "import-new": "run_imports",
    "import-detail": "view_imports",
    "import-columns": "run_imports",
    "import-answers": "run_imports",
    "import-check": "run_imports",
    "import-apply": "run_imports",
    "import-cancel": "run_imports",
    "import-rejects": "view_imports",
    "flag-list": "view_imports",
    "flag-decide": "run_imports",
    # Directory
    "person-list": "manage_people",
    "person-invite": "manage_people",
    "person-detail": "manage_people",
    "person-edit": "manage_people",
    "person-invite-again": "manage_people",
    "role-grant": "manage_people",
    "role-end": "manage_people",
    "person-close": "manage_people",
    "person-reopen": "manage_people",
    "organisation-list": "view_organisations",
    "organisation-create": "change_organisations",
    "organisation-detail": "view_organisations",
    "organisation-edit": "change_organisations",
    "organisation-merge": "change_organisations",
    "organisation-merge-confirm": "change_organisations",
    "organisation-merge-undo": "change_organisations",
    "attributions": PUBLIC,
    "area-list": PUBLIC,
    "area-lookup": PUBLIC,
    "area-detail": PUBLIC,
    # Contracts
    "contract-list": "view_contracts",
    "contract-create": "change_contracts",
    "contract-expiring": "view_contracts",
    "category-list": "view_contracts",
    "threshold-list": "view_contracts",
    "threshold-create": "change_reference",
    "threshold-edit": "change_reference",
    "contract-detail": "view_contracts",
    "contract-edit": "change_contracts",
    "award-create": "change_contracts",
    "award-edit": "change_contracts",
    "successor-link": "change_contracts",
    "successor-unlink": "change_contracts",
    "spend-retained": "view_spend",
    "payment-list": "view_spend",
    "payee-list": "view_spend",
    "payee-detail": "view_spend",
    "payee-decide": "decide_spend",
    "spend-unknown": "view_spend",
    "spend-matches": "view_spend",
    "spend-exclusion-list": "view_spend",
    "spend-exclusion-create": "decide_spend",
    "spend-exclusion-edit": "decide_spend",
    "spend-units": "view_spend",
    "spend-unit-link": "decide_spend",
    # How it is counted
    "counting-rules": PUBLIC,
    # Verification and confirmation
    "confirmation-answer": PUBLIC,
    "confirmation-thanks": PUBLIC,
    # The measure library
    "measure-list": PUBLIC,
    "measure-rates": PUBLIC,
    "measure-method": PUBLIC,
    "measure-compare": PUBLIC,
    "measure-edition-list": PUBLIC,
    "measure-edition-detail": PUBLIC,
    "measure-edition-edit": "change_measures",
    "measure-detail": PUBLIC,
    "api-measure-editions": ("use_api", "view_measures"),
    "api-measures": ("use_api", "view_measures"),
    # Evidence
    "evidence-file": "view_returns",
    "evidence-picture": "view_returns",
    "evidence-detail": "view_returns",
    "supplier-line-files": "report_delivery",
    # Commitments and mobilisation
    "contract-mobilisation": "change_commitments",
    "contract-go-live": "change_commitments",
    "commitment-create": "change_commitments",
    "commitments-from-offers": "change_commitments",
    "commitment-list": "view_commitments",
    "commitment-detail": "view_commitments",
    "commitment-edit": "change_commitments",
    "commitment-profile": "change_commitments",
    "commitment-propose": "change_commitments",
    "commitment-accept": "change_commitments",
    "commitment-withdraw": "change_commitments",
    "commitment-vary": "change_commitments",
    "supplier-commitments": "accept_commitments",
    "supplier-commitment-accept": "accept_commitments",
    "supplier-commitment-send-back": "accept_commitments",
    # Pacing, recovery, reminders and ratings
    "pacing-list": "view_commitments",
    "contract-pacing": "view_commitments",
    "commitment-pacing": "view_commitments",
    "recovery-create": "change_commitments",
    "recovery-list": "view_commitments",
    "recovery-detail": "view_commitments",
    "recovery-edit": "change_commitments",
    "recovery-close": "change_commitments",
    "rating-list": "view_returns",
    "rating-detail": "view_returns",
    "rating-agree": "rate_delivery",
    "rating-notice": "view_returns",
    "rating-propose": "rate_delivery",
    "supplier-rating": "report_delivery",
    # Tenders and bids
    "tender-list": "view_tenders",
    "tender-detail": "view_tenders",
    "tender-create": "change_tenders",
    "tender-edit": "change_tenders",
    "tender-measures": "change_tenders",
    "tender-invite": "change_tenders",
    "tender-step": "change_tenders",
    "tender-evaluators": "change_tenders",
    "tender-declare": "score_bids",
    "tender-finish": "score_bids",
    "tender-award": "change_tenders",
    "bid-detail": "view_tenders",
    "bid-score": "score_bids",
    "bid-moderate": "change_tenders",
    "supplier-bid-list": "submit_bids",
    "supplier-bid": "submit_bids",
    "supplier-bid-edit": "submit_bids",
    "supplier-bid-submit": "submit_bids",
    "supplier-bid-withdraw": "submit_bids",
    "supplier-bid-workbook": "submit_bids",
    "supplier-bid-upload": "submit_bids",
    # Reporting
    "home": PUBLIC,
    "dashboard": "see_dashboard",
    "accessibility": PUBLIC,
    "privacy": PUBLIC,
    # The API
    "api-index": PUBLIC,
    "api-schema": PUBLIC,
    "api-docs": PUBLIC,
    "api-problems": PUBLIC,
    "api-problem": PUBLIC,
    "api-nowhere": PUBLIC,
    "api-organisations": ("use_api", "view_organisations"),
    "api-organisation": ("use_api", "view_organisations"),
    "api-wards": "use_api",
    "api-ward": "use_api",
    "api-contracts": ("use_api", "view_contracts"),
    "api-contract": ("use_api", "view_contracts"),
    "api-awards": ("use_api", "change_contracts"),
    "api-award": ("use_api", "view_contracts"),
    "api-categories": "use_api",
    "api-spend": ("use_api", "view_spend"),
    "api-spend-retained": ("use_api", "view_spend"),
    "api-spend-exclusions": ("use_api", "view_spend"),
    "api-spend-units": ("use_api", "view_spend"),
    "api-payees": ("use_api", "view_spend"),
    "api-payee": ("use_api", "view_spend"),
}


@dataclass(frozen=True)
class World:
    """Two of everything: `own` belongs to the person who asks, `other` to somebody else.

    `people[role]` is a person with that role; those with a limited reach belong to `own`.
    """

    people: dict[str, Any]
    own: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)


Arguments = dict[str, Any]
# URL name -> (side of the world) -> the address's arguments. Both sides are tried.
OBJECTS: dict[str, Callable[[dict[str, Any]], Arguments]] = {
    "contract-detail": lambda side: {"pk": side["contract"].pk},
    "contract-edit": lambda side: {"pk": side["contract"].pk},
    "award-create": lambda side: {"pk": side["contract"].pk},
    "award-edit": lambda side: {"pk": side["award"].pk},
    "successor-link": lambda side: {"pk": side["contract"].pk},
    "successor-unlink": lambda side: {
        "pk": side["contract"].pk,
        "successor_pk": side["successor"].pk,
    },
    # Commitments and mobilisation
    "contract-mobilisation": lambda side: {"pk": side["contract"].pk},
    "contract-go-live": lambda side: {"pk": side["contract"].pk},
    "commitment-create": lambda side: {"pk": side["contract"].pk},
    "commitments-from-offers": lambda side: {"pk": side["contract"].pk},
    "commitment-detail": lambda side: {"pk": side["commitment"].pk},
    "commitment-edit": lambda side: {"pk": side["commitment"].pk},
    "commitment-profile": lambda side: {"pk": side["commitment"].pk},
    "commitment-propose": lambda side: {"pk": side["commitment"].pk},
    "commitment-accept": lambda side: {"pk": side["commitment"].pk},
    "commitment-withdraw": lambda side: {"pk": side["commitment"].pk},
    "commitment-vary": lambda side: {"pk": side["commitment"].pk},
    "supplier-commitment-accept": lambda side: {"pk": side["commitment"].pk},
    "supplier-commitment-send-back": lambda side: {"pk": side["commitment"].pk},
    # Pacing, recovery and ratings
    "contract-pacing": lambda side: {"pk": side["contract"].pk},
    "commitment-pacing": lambda side: {"pk": side["commitment"].pk},
    "recovery-create": lambda side: {"pk": side["commitment"].pk},
    "recovery-detail": lambda side: {"pk": side["recovery"].pk},
    "recovery-edit": lambda side: {"pk": side["recovery"].pk},
    "recovery-close": lambda side: {"pk": side["recovery"].pk},
    "rating-detail": lambda side: {"pk": side["rating"].pk},
    "rating-agree": lambda side: {"pk": side["rating"].pk},
    "rating-notice": lambda side: {"pk": side["rating"].pk},
    "rating-propose": lambda side: {"pk": side["contract"].pk},
    "supplier-rating": lambda side: {"pk": side["rating"].pk},
    # Tenders and bids
    "tender-detail": lambda side: {"pk": side["tender"].contract_id},
    "tender-create": lambda side: {"pk": side["contract"].pk},
    "tender-edit": lambda side: {"pk": side["tender"].contract_id},
    "tender-measures": lambda side: {"pk": side["tender"].contract_id},
    "tender-invite": lambda side: {"pk": side["tender"].contract_id},
    "tender-step": lambda side: {"pk": side["tender"].contract_id, "step": "unseal"},
    "tender-evaluators": lambda side: {"pk": side["tender"].contract_id},
    "tender-declare": lambda side: {"pk": side["tender"].contract_id},
    "tender-finish": lambda side: {"pk": side["tender"].contract_id},
    "tender-award": lambda side: {"pk": side["tender"].contract_id},
    "bid-detail": lambda side: {"pk": side["tender"].contract_id, "bid": side["bid"].pk},
    "bid-score": lambda side: {"pk": side["tender"].contract_id, "bid": side["bid"].pk},
    "bid-moderate": lambda side: {"pk": side["tender"].contract_id, "bid": side["bid"].pk},
    "supplier-bid": lambda side: {"pk": side["bid"].pk},
    "supplier-bid-edit": lambda side: {"pk": side["bid"].pk},
    "supplier-bid-submit": lambda side: {"pk": side["bid"].pk},
    "supplier-bid-withdraw": lambda side: {"pk": side["bid"].pk},
    "supplier-bid-workbook": lambda side: {"pk": side["bid"].pk},
    "supplier-bid-upload": lambda side: {"pk": side["bid"].pk},
    # The API
    "api-contract": lambda side: {"pk": side["contract"].pk},
    "api-awards": lambda side: {"pk": side["contract"].pk},
    "api-award": lambda side: {"pk": side["contract"].pk, "award": side["award"].pk},
    "token-revoke": lambda side: {"key": side["token"].token_key},
    # Evidence
    "evidence-file": lambda side: {"pk": side["evidence"].pk},
    "evidence-picture": lambda side: {"pk": side["evidence"].pk},
    "evidence-detail": lambda side: {"pk": side["evidence"].pk},
    "supplier-line-files": lambda side: {"pk": side["line"].pk},
}
# Addresses with a record that everyone who holds the permission may open, and why.
EVERYONES: dict[str, str] = {
    "organisation-detail": "a contract manager looks up any supplier; nobody else limited may",
    "api-organisation": "the same as organisation-detail",
    "api-ward": "wards are published geography",
}
