"""The Action Plan: themes, desired outcomes, actions, milestones, quarterly updates."""

from .maturity import (
    AgreedError,
    Assessment,
    Assessor,
    Criterion,
    CriterionAction,
    CriterionEvidence,
    CriterionReason,
    EditionStage,
    MaturityEdition,
    ResultComment,
    Score,
    ThemeResult,
    covered_criteria,
)
from .plan import (
    Action,
    ActionUpdate,
    DesiredOutcome,
    Milestone,
    Theme,
    UpdateLink,
)

__all__ = [
    "Action",
    "ActionUpdate",
    "AgreedError",
    "Assessment",
    "Assessor",
    "Criterion",
    "CriterionAction",
    "CriterionEvidence",
    "CriterionReason",
    "DesiredOutcome",
    "EditionStage",
    "MaturityEdition",
    "Milestone",
    "ResultComment",
    "Score",
    "Theme",
    "ThemeResult",
    "UpdateLink",
    "covered_criteria",
]
