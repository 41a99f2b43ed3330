"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import detail, editing, listing, thresholds

urlpatterns: list[URLPattern | URLResolver] = [
    path("", listing.ContractList.as_view(), name="contract-list"),
    path("new/", editing.ContractCreate.as_view(), name="contract-create"),
    path("expiring/", listing.ExpiringContracts.as_view(), name="contract-expiring"),
    path("categories/", listing.CategoryList.as_view(), name="category-list"),
    path("thresholds/", thresholds.ThresholdList.as_view(), name="threshold-list"),
    path("thresholds/new/", thresholds.ThresholdCreate.as_view(), name="threshold-create"),
    path("thresholds/<int:pk>/edit/", thresholds.ThresholdEdit.as_view(), name="threshold-edit"),
    path("<int:pk>/", detail.ContractPage.as_view(), name="contract-detail"),
    path("<int:pk>/edit/", editing.ContractEdit.as_view(), name="contract-edit"),
    path("<int:pk>/awards/new/", editing.AwardCreate.as_view(), name="award-create"),
    path("awards/<int:pk>/edit/", editing.AwardEdit.as_view(), name="award-edit"),
    path("<int:pk>/successor/", editing.SuccessorLink.as_view(), name="successor-link"),
    path(
        "<int:pk>/successor/<int:successor_pk>/unlink/",
        editing.SuccessorUnlink.as_view(),
        name="successor-unlink",
    ),
]
