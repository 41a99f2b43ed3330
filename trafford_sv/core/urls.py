"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import audit, flags, health, imports, quarters, styleguide

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
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.ImportNew.as_view(), name="import-new"),
    path("imports/values/", flags.FlagList.as_view(), name="flag-list"),
    path("imports/values/<int:pk>/", flags.FlagDecide.as_view(), name="flag-decide"),
    path("imports/<uuid:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<uuid:pk>/columns/", imports.ImportColumns.as_view(), name="import-columns"),
    path("imports/<uuid:pk>/answers/", imports.ImportAnswers.as_view(), name="import-answers"),
    path("imports/<uuid:pk>/check/", imports.ImportCheck.as_view(), name="import-check"),
    path("imports/<uuid:pk>/apply/", imports.ImportApply.as_view(), name="import-apply"),
    path("imports/<uuid:pk>/cancel/", imports.ImportCancel.as_view(), name="import-cancel"),
    path("imports/<uuid:pk>/rejects/", imports.ImportRejects.as_view(), name="import-rejects"),
]
