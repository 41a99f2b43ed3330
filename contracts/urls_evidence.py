"""Evidence files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import evidence

urlpatterns: list[URLPattern | URLResolver] = [
    path("evidence/<uuid:pk>/", evidence.EvidenceBytes.as_view(), name="evidence-file"),
    path(
        "evidence/<uuid:pk>/picture/", evidence.EvidencePicture.as_view(), name="evidence-picture"
    ),
    path("evidence/<uuid:pk>/about/", evidence.EvidencePage.as_view(), name="evidence-detail"),
]
