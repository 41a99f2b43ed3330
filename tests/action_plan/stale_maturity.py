"""The maturity room's edit addresses for `tests/test_stale_versions.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from action_plan.models import Assessment, Assessor, Score, ThemeResult
from tests.factories import make_user
from tests.factories_maturity import DAY, NOW, make_maturity_edition
from tests.factories_plan import make_theme


@dataclass
class Edit:
    """As in `tests/test_stale_versions.py`, which cannot be imported from here."""

    record: Any
    address: str
    role: str = "coordinator"
    post: Callable[[Client], dict[str, Any]] | None = None
    status: int = 409
    organisation: Any = None


def bare_assessment(**values: Any) -> Assessment:
    """Written without a service, so that the audit log is empty."""
    return Assessment.objects.create(
        name="Spring", assessed_on=DAY, edition=make_maturity_edition(), created_at=NOW, **values
    )


def assessment() -> Edit:
    row = bare_assessment()
    return Edit(row, reverse("assessment-edit", args=[row.pk]))


def edition() -> Edit:
    row = make_maturity_edition("draft", licence="Own", provenance="Here", publisher="Us")
    return Edit(row, reverse("maturity-edition-edit", args=[row.pk]))


def criterion() -> Edit:
    row = make_maturity_edition("draft").criteria.all()[0]
    return Edit(row, reverse("criterion-edit", args=[row.pk]))


def proposal() -> Edit:
    row = moderated()
    address = reverse("stage-propose", args=[row.assessment_id, row.theme.key])
    return Edit(row, address, post=lambda client: {**proposal_values(row)})


def proposal_values(row: ThemeResult) -> dict[str, Any]:
    return {"version": row.version, "stage": "leader", "reasons": "They do."}


def agreement() -> Edit:
    row = moderated()
    row.assessment.edition.criteria.all().delete()
    address = reverse("stage-agree", args=[row.assessment_id, row.theme.key])
    return Edit(row, address, "steering_chair")


def moderated() -> ThemeResult:
    held = bare_assessment(state="moderation", opened_at=NOW)
    return ThemeResult.objects.create(
        assessment=held, theme=make_theme("GO"), state="proposed", stage="mature", reasons="Yes."
    )


def score() -> Edit:
    held = bare_assessment()
    user = make_user("steering_member")
    named = Assessor.objects.create(assessment=held, user=user, user_name="A", service="Health")
    row = Score.objects.create(
        assessment=held, assessor=named, theme=make_theme("GO"), stage="mature", reasons="Yes.",
        saved_at=NOW,
    )  # fmt: skip

    def post(client: Client) -> dict[str, Any]:
        client.force_login(user)
        return {"version": row.version, "stage": "leader", "reasons": "Better now."}

    return Edit(row, reverse("assessment-score", args=[held.pk, "governance"]), post=post)


EDITS: dict[str, Callable[[], Any]] = {
    "assessment-edit": assessment,
    "assessment-score": score,
    "maturity-edition-edit": edition,
    "criterion-edit": criterion,
    "stage-propose": proposal,
    "stage-agree": agreement,
}
