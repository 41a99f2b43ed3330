"""Who may do what: one table, which is also the help page at `/account/roles/`.

A permission is a word and a sentence. A role is a set of permissions and a reach:
`everything`, `own organisation` (a directorate, a supplier, a hub) or `public`.
Nothing that is not written here is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    EVERYTHING = "everything"
    OWN = "own organisation"
    PUBLIC = "what is public"


PERMISSIONS: dict[str, str] = {
    "see_dashboard": "See the officers’ dashboard",
    "view_contracts": "Read contracts and their awards",
    "change_contracts": "Record and edit contracts",
    "view_tenders": "Read what a tender asks for and what bidders offered",
    "change_tenders": "Prepare tenders, name evaluators and settle scores",
    "score_bids": "Score bids, when named as an evaluator",
    "submit_bids": "Answer a tender for one’s own organisation",
    "view_commitments": "Read what was promised, and how delivery stands",
    "change_commitments": "Draw up and vary commitments, and open recovery actions",
    "accept_commitments": "Accept commitments for one’s own organisation",
    "view_returns": "Read delivery returns and their evidence",
    "report_delivery": "Report delivery for one’s own organisation",
    "verify_delivery": "Verify what was reported, or send it back",
    "rate_delivery": "Propose and agree yearly ratings of large contracts",
    "view_measures": "Read the whole measure library",
    "change_measures": "Bring in editions of the measure library",
    "see_licensed_values": "See values that an edition’s licence keeps from publication",
    "set_priorities": "Record local priorities and their decision",
    "view_plan": "Read the whole Action Plan, with who leads and what is not public",
    "change_plan": "Keep the Action Plan: actions, targets, and the approval of updates",
    "view_needs": "Read every need of the communities, published or not",
    "change_needs": "Raise, edit, publish, merge and withdraw needs, and edit priorities",
    "view_rounds": "Read consultation rounds and what was answered",
    "run_rounds": "Build rounds, invite hubs, type in paper answers, close and publish",
    "change_catchments": "Edit which wards a hub serves and where to write to it",
    "run_bulletin": "Make the needs bulletin and see who follows it",
    "raise_needs": "Raise needs for one’s own hub",
    "answer_rounds": "Answer a round for one’s own hub",
    "view_charter": "Read drafts of the charter, requests to adopt it, and unpublished case studies",
    "change_charter": "Write drafts of the charter and record its approval",
    "keep_adoptions": "Keep the register of adopters, pledges and case studies",
    "view_maturity": "Read maturity assessments and the criteria they go by",
    "score_maturity": "Score themes from one’s own service, when named as an assessor",
    "moderate_maturity": "Propose and agree a theme’s stage for the Steering Group",
    "change_maturity": "Keep the maturity index, begin assessments and open moderation",
    "view_steering": "Read meetings of the Steering Group, their papers and actions arising",
    "read_confidential_steering": "Read what is confidential at the Steering Group, without a seat",
    "take_part_in_steering": "Comment, send apologies and approve minutes, while one’s seat lasts",
    "run_steering": "Prepare Steering Group meetings, record decisions and minutes, keep the seats",
    "view_offers": "Read what is offered for a need, and what came of it",
    "match_needs": "Propose promises for needs, and edit which measures fit a priority",
    "offer_help": "Say yes or no for one’s own organisation, and offer what it can spare",
    "answer_offers": "Accept, decline and confirm what is offered to one’s own hub",
    "view_organisations": "Read organisations",
    "change_organisations": "Record, edit and merge organisations",
    "view_spend": "Read payments and retained spend",
    "decide_spend": "Decide who a payee is and which payees are not contestable",
    "view_imports": "Read what was imported and what was rejected",
    "run_imports": "Import files",
    "manage_people": "Invite people and grant roles",
    "view_audit": "Read the audit log",
    "settle_reminders": "See which reminders went out, and settle those in doubt",
    "close_quarters": "Close quarters, and accept what is outstanding",
    "reopen_quarters": "Reopen a closed quarter",
    "change_reference": "Change thresholds and other rules that have dates",
    "view_reports": "Read the approved measures, their values and how they came about",
    "change_star_measures": "Define measures, supply values and record approved sets",
    "publish_reports": "Publish reports and their corrections",
    "run_mailings": "Keep who gets reports by e-mail and when, and settle mail that is in doubt",
    "use_api": "Use the API with a token",
}
# What one party says for itself. No officer says it in its place.
_SUPPLIERS_OWN = frozenset({"submit_bids", "accept_commitments", "report_delivery", "offer_help"})
_HUBS_OWN = frozenset({"raise_needs", "answer_rounds", "answer_offers"})
_READ = frozenset(
    {
        "see_dashboard",
        "view_contracts",
        "view_tenders",
        "view_commitments",
        "view_returns",
        "view_measures",
        "view_plan",
        "view_needs",
        "view_rounds",
        "view_charter",
        "view_maturity",
        "view_offers",
        "view_organisations",
        "view_spend",
        "view_imports",
        "view_reports",
        "use_api",
    }
)
_STEERING = frozenset(
    {
        "see_dashboard",
        "view_contracts",
        "view_commitments",
        "view_measures",
        "view_plan",
        "view_needs",
        "view_rounds",
        "view_charter",
        "view_maturity",
        "view_steering",
        "take_part_in_steering",
        "view_offers",
        "view_organisations",
        "view_spend",
        "view_reports",
        "use_api",
    }
)


@dataclass(frozen=True)
class Role:
    """One line of the table: `key` is stored, `name` is shown, `who` says who it is for."""

    key: str
    name: str
    who: str
    reach: Reach
    permissions: frozenset[str]

    @property
    def needs_organisation(self) -> bool:
        return self.reach is Reach.OWN


ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        Role(
            "administrator",
            "Administrator",
            "Looks after people, roles and the running of the site.",
            Reach.EVERYTHING,
            # Reopening makes a new edition of what was published: the co-ordinator answers for it.
            frozenset(PERMISSIONS) - _SUPPLIERS_OWN - _HUBS_OWN - {"reopen_quarters"},
        ),
        Role(
            "coordinator",
            "Social value co-ordinator",
            "Brings contracts, delivery, needs and reports together for the whole council.",
            Reach.EVERYTHING,
            frozenset(PERMISSIONS) - _SUPPLIERS_OWN - _HUBS_OWN - {"manage_people"},
        ),
        Role(
            "contract_manager",
            "Contract manager",
            "Looks after the contracts of one directorate.",
            Reach.OWN,
            frozenset(
                {
                    "see_dashboard",
                    "view_contracts",
                    "change_contracts",
                    "view_tenders",
                    "change_tenders",
                    "score_bids",
                    "view_commitments",
                    "change_commitments",
                    "view_returns",
                    "verify_delivery",
                    "rate_delivery",
                    "view_measures",
                    "view_needs",
                    "view_offers",
                    "view_organisations",
                    "use_api",
                }
            ),
        ),
        Role(
            "star_officer",
            "STAR procurement officer",
            "Runs procurement for the council and reports to the STAR Board and Joint Committee.",
            Reach.EVERYTHING,
            _READ
            | {
                "score_maturity",
                "change_contracts",
                "change_tenders",
                "score_bids",
                "change_commitments",
                "change_measures",
                "see_licensed_values",
                "change_organisations",
                "run_imports",
                "decide_spend",
                "change_star_measures",
                "run_mailings",
            },
        ),
        Role(
            "steering_member",
            "Steering Group member",
            "Reviews the Action Plan as a standing agenda item.",
            Reach.EVERYTHING,
            _STEERING | {"score_maturity"},
        ),
        Role(
            "steering_chair",
            "Steering Group chair",
            "Chairs the Steering Group and settles its decisions.",
            Reach.EVERYTHING,
            _STEERING | {"score_maturity", "moderate_maturity", "run_steering"},
        ),
        Role(
            "supplier",
            "Supplier",
            "Answers tenders, accepts commitments and reports what it has delivered.",
            Reach.OWN,
            _SUPPLIERS_OWN
            | {
                "view_contracts",
                "view_tenders",
                "view_commitments",
                "view_returns",
                "view_measures",
                "view_offers",
                "use_api",
            },
        ),
        Role(
            "hub",
            "Community hub",
            "Says what its community needs and confirms what arrived.",
            Reach.OWN,
            _HUBS_OWN | {"view_needs", "view_rounds", "view_offers", "view_measures", "use_api"},
        ),
        Role(
            "auditor",
            "Auditor",
            "Reads everything but who gets reports by e-mail, and changes nothing.",
            Reach.EVERYTHING,
            _READ | {"view_audit", "view_steering", "read_confidential_steering"},
        ),
        Role(
            "public",
            "Public",
            "Anyone, without signing in.",
            Reach.PUBLIC,
            frozenset(),
        ),
    )
}
ROLE_CHOICES = [(role.key, role.name) for role in ROLES.values() if role.key != "public"]
