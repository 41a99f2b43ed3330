"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import audit, health, quarters, styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.Healthz.as_view(), name="healthz"),
    path("readyz", health.Readyz.as_view(), name="readyz"),
    path("account/", include("trafford_sv.core.urls_account")),
    path("audit/", audit.AuditList.as_view(), name="audit-list"),
    path("audit/<int:sequence>/", audit.AuditDetail.as_view(), name="audit-detail"),
    path("quarters/", quarters.QuarterList.as_view(), name="quarter-list"),
    path("quarters/<str:code>/close/", quarters.QuarterClose.as_view(), name="quarter-close"),
    path("quarters/<str:code>/reopen/", quarters.QuarterReopen.as_view(), name="quarter-reopen"),
    path("styleguide/", styleguide.Styleguide.as_view(), name="styleguide"),
]
