"""What a committee paper begins with where there is no earlier one: words to change, not to send. Pure."""

from __future__ import annotations

NONE_FOLLOWS = "None as a consequence of this report."

STARTING: dict[str, str] = {
    "report_to": "Executive",
    "report_for": "Information",
    "title": "Social value in Trafford: what was promised and what was proved",
    "summary": (
        "In the quarter suppliers proved [[verified-social-quarter]] of social value with evidence, and "
        "[[verified-local-quarter]] of local economic value, which is counted apart and never added. "
        "[[returns-received]] of [[returns-expected]] expected returns came in."
    ),
    "recommendations": "That the committee notes the figures of the quarter.",
    "background_papers": "None",
    "implication_policy": (
        "Social value supports the Council’s corporate priorities through the Social Value Charter and its Action Plan."
    ),
    "implication_financial": NONE_FOLLOWS,
    "implication_legal": (
        "The Public Services (Social Value) Act 2012 requires public bodies to consider the social good that could "
        "come from buying services before they begin."
    ),
    "implication_equality": NONE_FOLLOWS,
    "implication_resources": NONE_FOLLOWS,
    "implication_risk": NONE_FOLLOWS,
    "implication_safety": NONE_FOLLOWS,
    "body": (
        "# Background\n\n"
        "Social value is what the Council gets for its communities beyond what it bought. The Council tells apart what "
        "was offered in bids, what was committed in agreements, what suppliers report and what officers have verified.\n\n"
        "# What was promised and what was proved\n\n"
        "Agreements in force carry commitments of [[committed-social]] of social value and [[committed-local]] of local "
        "economic value. To date [[kept-social]] of that social value is verified.\n\n"
        "In the year so far [[verified-social-year]] of social value and [[verified-local-year]] of local economic value "
        "were verified.\n\n"
        "# Contracts over the threshold\n\n"
        "[[contracts-carrying]] of [[contracts-over]] contracts that must carry social value have it included.\n\n"
        "# Where the Council’s money went\n\n"
        "[[spend-retained-share]] of the spend that can be placed stayed in Trafford and Greater Manchester. For "
        "[[spend-unknown-share]] of it the place is unknown.\n\n"
        "# Next steps\n\n"
        "[[actions]] actions of the Social Value Action Plan are published; [[actions-overdue]] of them are past their due "
        "day. The Steering Group reviews them at each meeting."
    ),
    "other_options": "None: the report is for information.",
    "reasons": "So that the committee knows what was promised to Trafford’s communities and what was proved.",
    "key_decision": "No",
}
# What is new in every paper and is never taken over from the one before.
NEVER_TAKEN_OVER = (
    "meeting_on", "finance_clearance", "legal_clearance", "key_decision", "notice_given",
)  # fmt: skip
