"""Every write about commitments: drawing them up, agreeing them, and going live."""

from .agreeing import (
    SENT_BACK,
    accept_commitment,
    pin_value,
    propose_commitment,
    send_back_commitment,
    vary_commitment,
    withdraw_commitment,
)
from .drawing_up import change_commitment, draft_commitment, draft_from_offers, set_profile
from .going_live import go_live

__all__ = [
    "SENT_BACK",
    "accept_commitment",
    "change_commitment",
    "draft_commitment",
    "draft_from_offers",
    "go_live",
    "pin_value",
    "propose_commitment",
    "send_back_commitment",
    "set_profile",
    "vary_commitment",
    "withdraw_commitment",
]
