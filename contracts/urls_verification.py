"""Verification by officers and confirmation by beneficiaries."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import confirmation

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "confirm/thank-you/", confirmation.ConfirmationThanks.as_view(), name="confirmation-thanks"
    ),
    path(
        "confirm/<str:token>/",
        confirmation.ConfirmationAnswer.as_view(),
        name="confirmation-answer",
    ),
]
