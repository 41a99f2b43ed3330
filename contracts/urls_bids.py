"""Tenders and bids, under /contracts/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import bids, bids_evaluating, bids_preparing

urlpatterns: list[URLPattern | URLResolver] = [
    path("tenders/", bids.TenderList.as_view(), name="tender-list"),
    path("<int:pk>/tender/", bids.TenderDetail.as_view(), name="tender-detail"),
    path("<int:pk>/tender/new/", bids_preparing.TenderCreate.as_view(), name="tender-create"),
    path("<int:pk>/tender/edit/", bids_preparing.TenderEdit.as_view(), name="tender-edit"),
    path(
        "<int:pk>/tender/measures/", bids_preparing.TenderMeasures.as_view(), name="tender-measures"
    ),
    path("<int:pk>/tender/bidders/", bids_preparing.TenderInvite.as_view(), name="tender-invite"),
    path(
        "<int:pk>/tender/steps/<slug:step>/",
        bids_preparing.TenderStep.as_view(),
        name="tender-step",
    ),
    path(
        "<int:pk>/tender/evaluators/",
        bids_evaluating.TenderEvaluators.as_view(),
        name="tender-evaluators",
    ),
    path(
        "<int:pk>/tender/declare/", bids_evaluating.TenderDeclare.as_view(), name="tender-declare"
    ),
    path("<int:pk>/tender/finish/", bids_evaluating.TenderFinish.as_view(), name="tender-finish"),
    path("<int:pk>/tender/award/", bids_evaluating.TenderAward.as_view(), name="tender-award"),
    path("<int:pk>/tender/bids/<int:bid>/", bids.BidDetail.as_view(), name="bid-detail"),
    path(
        "<int:pk>/tender/bids/<int:bid>/score/",
        bids_evaluating.BidScore.as_view(),
        name="bid-score",
    ),
    path(
        "<int:pk>/tender/bids/<int:bid>/moderate/",
        bids_evaluating.BidModerate.as_view(),
        name="bid-moderate",
    ),
]
