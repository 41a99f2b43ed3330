"""Pacing, recovery, reminders and ratings."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import pacing, ratings, recovery, reminders

urlpatterns: list[URLPattern | URLResolver] = [
    path("pacing/", pacing.PacingList.as_view(), name="pacing-list"),
    path("contracts/<int:pk>/pacing/", pacing.ContractPacing.as_view(), name="contract-pacing"),
    path(
        "commitments/<int:pk>/pacing/", pacing.CommitmentPacing.as_view(), name="commitment-pacing"
    ),
    path(
        "commitments/<int:pk>/recovery/new/",
        recovery.RecoveryCreate.as_view(),
        name="recovery-create",
    ),
    path("recovery/", recovery.RecoveryList.as_view(), name="recovery-list"),
    path("recovery/<int:pk>/", recovery.RecoveryPage.as_view(), name="recovery-detail"),
    path("recovery/<int:pk>/edit/", recovery.RecoveryEdit.as_view(), name="recovery-edit"),
    path("recovery/<int:pk>/close/", recovery.RecoveryClose.as_view(), name="recovery-close"),
    path("ratings/", ratings.RatingList.as_view(), name="rating-list"),
    path("ratings/<int:pk>/", ratings.RatingPage.as_view(), name="rating-detail"),
    path("ratings/<int:pk>/agree/", ratings.RatingAgree.as_view(), name="rating-agree"),
    path("ratings/<int:pk>/notice/", ratings.RatingNotice.as_view(), name="rating-notice"),
    path("contracts/<int:pk>/ratings/", ratings.RatingPropose.as_view(), name="rating-propose"),
    path(
        "account/reminders/",
        reminders.ReminderPreferences.as_view(),
        name="reminder-preferences",
    ),
    path(
        "account/reminders/stop/<str:token>/",
        reminders.ReminderOff.as_view(),
        name="reminder-off",
    ),
    path("reminders/", reminders.ReminderList.as_view(), name="reminder-list"),
    path("reminders/<int:pk>/settle/", reminders.ReminderSettle.as_view(), name="reminder-settle"),
]
