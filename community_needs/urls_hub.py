"""A hub's own place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import hub_place

urlpatterns: list[URLPattern | URLResolver] = [
    path("", hub_place.HubHome.as_view(), name="hub-home"),
    path("needs/new/", hub_place.HubNeedCreate.as_view(), name="hub-need-create"),
    path("needs/<int:pk>/edit/", hub_place.HubNeedEdit.as_view(), name="hub-need-edit"),
    path("needs/<int:pk>/withdraw/", hub_place.HubNeedWithdraw.as_view(), name="hub-need-withdraw"),
]
