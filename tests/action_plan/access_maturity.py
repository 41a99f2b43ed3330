"""The maturity room's lines of the access table."""

from __future__ import annotations

from typing import Any

TABLE = {
    "maturity-overview": "public",
    "maturity-theme": "public",
    "assessment-list": "view_maturity",
    "assessment-create": "change_maturity",
    "assessment-detail": "view_maturity",
    "assessment-edit": "change_maturity",
    "assessor-create": "change_maturity",
    "assessor-remove": "change_maturity",
    "assessment-score": "score_maturity",
    "scores-send": "score_maturity",
    "scores-take-back": "score_maturity",
    "moderation-open": "change_maturity",
    "assessment-agree": "moderate_maturity",
    "assessment-theme": "view_maturity",
    "stage-propose": "moderate_maturity",
    "stage-agree": "moderate_maturity",
    "stage-comment": "score_maturity",
    "criterion-reason": "moderate_maturity",
    "criterion-evidence-add": "score_maturity",
    "criterion-evidence-remove": "score_maturity",
    "criterion-evidence-file": "view_maturity",
    "maturity-edition-list": "view_maturity",
    "maturity-edition": "view_maturity",
    "maturity-edition-edit": "change_maturity",
    "maturity-edition-copy": "change_maturity",
    "maturity-edition-use": "change_maturity",
    "criterion-create": "change_maturity",
    "criterion-edit": "change_maturity",
    "criterion-remove": "change_maturity",
    "criterion-actions": "change_maturity",
    "api-maturity-editions": "view_maturity",
    "api-maturity-criteria": "view_maturity",
    "api-assessments": "view_maturity",
    "api-assessment": "view_maturity",
}
OBJECTS: dict[str, Any] = {}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """Nobody with a limited reach opens any of these."""
