"""What the Steering Group is for and who is on it, as the report of 24 October 2022 has it (4.1 to 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Trafford Council, report to the Executive of 24 October 2022, section 4"
PURPOSE = (
    "The Steering Group keeps Trafford Partnership’s promise to promote social value and drive it "
    "forward, in the organisation and in its supply chain, so that the whole community gains."
)
CHAIR = "Inclusive Economy and Communities Manager"
SUPPORT = "officers of the Inclusive Economy and Communities Team"


@dataclass(frozen=True)
class Objective:
    """One of the seven main objectives (4.2): a short name and what is meant."""

    name: str
    words: str


OBJECTIVES: tuple[Objective, ...] = (
    Objective(
        "The Action Plan",
        "Develop, monitor, review and update the Social Value Action Plan.",
    ),
    Objective(
        "Priorities",
        "Set clear social value priorities for Trafford, with priority areas and groups where they help.",
    ),
    Objective(
        "Needs",
        "Map what is needed across the borough, so that contracts can refer to it when they are awarded.",
    ),
    Objective(
        "What is delivered",
        "Map the social value that is delivered already and where practice is good, and find where it can grow.",
    ),
    Objective(
        "Planning and contracts",
        "Make the most of social value in the planning process and in contracts, to build up local "
        "community and voluntary organisations.",
    ),
    Objective(
        "Awareness",
        "Make local businesses, voluntary, community, faith and social enterprises and communities "
        "aware of what social value offers them.",
    ),
    Objective(
        "Influence",
        "Influence where decisions are made in Trafford, so that they take social value into account "
        "and record its impact on major programmes.",
    ),
)
# Services of the council first, then partner organisations, as 4.3 names them.
COUNCIL_SERVICES = ("Health", "Customer Service", "Development Management")
PARTNERS = (
    "Trafford College",
    "Trafford Council",
    "Trafford CCG",
    "Trafford Partnership",
    "STAR Procurement",
)
