"""Contracts and the money that is paid under them."""

from .agreements import Award, AwardSupplier, Contract, CpvCode, ThresholdRule
from .spend import (
    Payee,
    PayeeProposal,
    Payment,
    SpendCategory,
    SpendExclusion,
    SpendSource,
    SpendTotal,
    SpendUnit,
)

__all__ = [
    "Award",
    "AwardSupplier",
    "Contract",
    "CpvCode",
    "Payee",
    "PayeeProposal",
    "Payment",
    "SpendCategory",
    "SpendExclusion",
    "SpendSource",
    "SpendTotal",
    "SpendUnit",
    "ThresholdRule",
]
