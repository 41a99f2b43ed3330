"""What is typed about contracts, awards and thresholds."""

from .contracts import AwardForm, ContractForm, SuccessorForm
from .thresholds import ThresholdForm

__all__ = ["AwardForm", "ContractForm", "SuccessorForm", "ThresholdForm"]
