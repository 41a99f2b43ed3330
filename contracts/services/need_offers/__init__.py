"""Every write about offers for needs: proposing, answering, delivering, confirming."""

from .answering import accept_offer, agree_offer, decline_offer, refuse_offer
from .delivering import confirm_offer, deliver_offer
from .proposing import propose_offer, withdraw_offer
from .telling import send_offer_mails

__all__ = [
    "accept_offer",
    "agree_offer",
    "confirm_offer",
    "decline_offer",
    "deliver_offer",
    "propose_offer",
    "refuse_offer",
    "send_offer_mails",
    "withdraw_offer",
]
