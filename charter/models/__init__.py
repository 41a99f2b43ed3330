"""The charter's versions, and who stands behind it."""

from .adoptions import Adoption, AdoptionRequest, Reaffirmation, ReaffirmationReminder
from .case_studies import CaseStudy
from .pledges import Pledge, PledgeConfirmation
from .versions import CharterVersion, FocusArea, Initiative, Origin, Principle

__all__ = [
    "Adoption",
    "AdoptionRequest",
    "CaseStudy",
    "CharterVersion",
    "FocusArea",
    "Initiative",
    "Origin",
    "Pledge",
    "PledgeConfirmation",
    "Principle",
    "Reaffirmation",
    "ReaffirmationReminder",
]
