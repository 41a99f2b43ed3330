"""Routing: each app keeps its own `urls` and the roof joins them."""

from django.urls import include, path

urlpatterns = [
    path("", include("trafford_sv.core.urls")),
    path("", include("trafford_sv.directory.urls")),
    path("contracts/", include("contracts.urls")),
    path("contracts/", include("contracts.urls_bids")),
    path("measures/", include("contracts.urls_measures")),
    path("supplier/", include("contracts.urls_supplier")),
    path("", include("contracts.urls_commitments")),
    path("", include("contracts.urls_verification")),
    path("", include("contracts.urls_evidence")),
    path("", include("contracts.urls_pacing")),
    path("", include("contracts.urls_needs")),
    path("", include("contracts.urls_portfolio")),
    path("spend/", include("contracts.urls_spend")),
    path("steering-group/", include("action_plan.urls_steering")),
    path("action-plan/", include("action_plan.urls_plan")),
    path("", include("reporting.urls")),
    path("api/v1/", include("trafford_sv.api")),
]
handler400 = "trafford_sv.core.views.errors.bad_request"
handler403 = "trafford_sv.core.views.errors.forbidden"
handler404 = "trafford_sv.core.views.errors.not_found"
handler429 = "trafford_sv.core.views.errors.too_many_requests"  # asked for by allauth
handler500 = "trafford_sv.core.views.errors.server_error"
