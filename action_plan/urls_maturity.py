"""Addresses of the maturity room, under /action-plan/maturity/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import assessments, maturity, maturity_editions, moderation

urlpatterns: list[URLPattern | URLResolver] = [
    path("", maturity.MaturityOverview.as_view(), name="maturity-overview"),
    path("themes/<slug:theme>/", maturity.MaturityTheme.as_view(), name="maturity-theme"),
    path("assessments/", assessments.AssessmentList.as_view(), name="assessment-list"),
    path("assessments/new/", assessments.AssessmentCreate.as_view(), name="assessment-create"),
    path("assessments/<int:pk>/", assessments.AssessmentPage.as_view(), name="assessment-detail"),
    path(
        "assessments/<int:pk>/edit/", assessments.AssessmentEdit.as_view(), name="assessment-edit"
    ),
    path(
        "assessments/<int:pk>/assessors/",
        assessments.AssessorCreate.as_view(),
        name="assessor-create",
    ),
    path(
        "assessments/<int:pk>/assessors/<int:assessor>/remove/",
        assessments.AssessorRemove.as_view(),
        name="assessor-remove",
    ),
    path(
        "assessments/<int:pk>/scores/<slug:theme>/",
        assessments.ScoreTheme.as_view(),
        name="assessment-score",
    ),
    path("assessments/<int:pk>/send/", assessments.ScoresSend.as_view(), name="scores-send"),
    path(
        "assessments/<int:pk>/take-back/",
        assessments.ScoresTakeBack.as_view(),
        name="scores-take-back",
    ),
    path("assessments/<int:pk>/open/", moderation.ModerationOpen.as_view(), name="moderation-open"),
    path(
        "assessments/<int:pk>/agree/", moderation.AssessmentAgree.as_view(), name="assessment-agree"
    ),
    path(
        "assessments/<int:pk>/themes/<slug:theme>/",
        moderation.AssessmentTheme.as_view(),
        name="assessment-theme",
    ),
    path(
        "assessments/<int:pk>/themes/<slug:theme>/propose/",
        moderation.StagePropose.as_view(),
        name="stage-propose",
    ),
    path(
        "assessments/<int:pk>/themes/<slug:theme>/agree/",
        moderation.StageAgree.as_view(),
        name="stage-agree",
    ),
    path(
        "assessments/<int:pk>/themes/<slug:theme>/comment/",
        moderation.StageComment.as_view(),
        name="stage-comment",
    ),
    path(
        "assessments/<int:pk>/criteria/<int:criterion>/reason/",
        moderation.ReasonRecord.as_view(),
        name="criterion-reason",
    ),
    path(
        "assessments/<int:pk>/criteria/<int:criterion>/evidence/<slug:kind>/",
        moderation.EvidenceAdd.as_view(),
        name="criterion-evidence-add",
    ),
    path(
        "evidence/<uuid:pk>/remove/",
        moderation.EvidenceRemove.as_view(),
        name="criterion-evidence-remove",
    ),
    path(
        "evidence/<uuid:pk>/file/",
        moderation.EvidenceDownload.as_view(),
        name="criterion-evidence-file",
    ),
    path("editions/", maturity_editions.EditionList.as_view(), name="maturity-edition-list"),
    path("editions/<int:pk>/", maturity_editions.EditionPage.as_view(), name="maturity-edition"),
    path(
        "editions/<int:pk>/edit/",
        maturity_editions.EditionEdit.as_view(),
        name="maturity-edition-edit",
    ),
    path(
        "editions/<int:pk>/copy/",
        maturity_editions.EditionCopy.as_view(),
        name="maturity-edition-copy",
    ),
    path(
        "editions/<int:pk>/use/",
        maturity_editions.EditionUse.as_view(),
        name="maturity-edition-use",
    ),
    path(
        "editions/<int:pk>/criteria/new/",
        maturity_editions.CriterionCreate.as_view(),
        name="criterion-create",
    ),
    path(
        "criteria/<int:pk>/edit/", maturity_editions.CriterionEdit.as_view(), name="criterion-edit"
    ),
    path(
        "criteria/<int:pk>/remove/",
        maturity_editions.CriterionRemove.as_view(),
        name="criterion-remove",
    ),
    path(
        "criteria/<int:pk>/actions/",
        maturity_editions.CriterionActions.as_view(),
        name="criterion-actions",
    ),
]
