"""The Action Plan: themes, desired outcomes, actions, milestones, quarterly updates."""

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
    "DesiredOutcome",
    "Milestone",
    "Theme",
    "UpdateLink",
]
