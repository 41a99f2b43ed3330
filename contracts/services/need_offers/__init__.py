"""Every write about offers for needs: proposing, answering, delivering, confirming."""

from .answering import accept_offer, agree_offer, decline_offer, refuse_offer
from .delivering import confirm_offer, deliver_offer
from .proposing import propose_offer, withdraw_offer

__all__ = [
    "accept_offer",
    "agree_offer",
    "confirm_offer",
    "decline_offer",
    "deliver_offer",
    "propose_offer",
    "refuse_offer",
    "withdraw_offer",
]
