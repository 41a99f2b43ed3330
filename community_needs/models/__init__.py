"""Priorities, hubs and their catchments, consultation rounds, needs, and who follows them."""

from .following import BulletinIssue, BulletinMail, NearMail, Subscription
from .hubs import Catchment, Hub
from .needs import MergeDecision, Need, NeedSource
from .priorities import Priority
from .responses import Answer, PriorityAnswer, Response
from .rounds import Invitation, Question, Round, RoundMail

__all__ = [
    "Answer",
    "BulletinIssue",
    "BulletinMail",
    "Catchment",
    "Hub",
    "Invitation",
    "MergeDecision",
    "NearMail",
    "Need",
    "NeedSource",
    "Priority",
    "PriorityAnswer",
    "Question",
    "Response",
    "Round",
    "RoundMail",
    "Subscription",
]
