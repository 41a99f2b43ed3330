"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import path

from .views import dashboard, public

urlpatterns = [
    path("", public.Home.as_view(), name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("accessibility/", public.Accessibility.as_view(), name="accessibility"),
    path("privacy/", public.Privacy.as_view(), name="privacy"),
]
