"""Tenders and bids: asking, answering, scoring and awarding.

Each refusal is a ValidationError in plain words. What a bidder writes goes into no audit event,
because bids are sealed; nor does a score, because evaluators are blind to each other.
"""

from .answering import Answer, save_bid, submit_bid, withdraw_bid
from .awarding import award_tender
from .evaluating import (
    agree_scores,
    declare_no_interest,
    finish_scoring,
    moderate_bid,
    name_evaluator,
    open_bids,
    score_bid,
    stand_down_evaluator,
)
from .preparing import (
    Request,
    change_tender,
    invite_bidder,
    open_tender,
    prepare_tender,
    request_measures,
    take_back_invitation,
    withdraw_tender,
)

__all__ = [
    "Answer",
    "Request",
    "agree_scores",
    "award_tender",
    "change_tender",
    "declare_no_interest",
    "finish_scoring",
    "invite_bidder",
    "moderate_bid",
    "name_evaluator",
    "open_bids",
    "open_tender",
    "prepare_tender",
    "request_measures",
    "save_bid",
    "score_bid",
    "stand_down_evaluator",
    "submit_bid",
    "take_back_invitation",
    "withdraw_bid",
    "withdraw_tender",
]
