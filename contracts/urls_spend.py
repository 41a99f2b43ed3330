"""Addresses under /spend/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import spend_decisions, spend_lists, spend_overview

urlpatterns: list[URLPattern | URLResolver] = [
    path("", spend_overview.SpendOverview.as_view(), name="spend-retained"),
    path("payments/", spend_lists.PaymentList.as_view(), name="payment-list"),
    path("payees/", spend_lists.PayeeList.as_view(), name="payee-list"),
    path("payees/<int:pk>/", spend_decisions.PayeeDetail.as_view(), name="payee-detail"),
    path("payees/<int:pk>/decide/", spend_decisions.PayeeDecide.as_view(), name="payee-decide"),
    path("unknown/", spend_decisions.UnknownSuppliers.as_view(), name="spend-unknown"),
    path("matches/", spend_decisions.Matches.as_view(), name="spend-matches"),
    path("exclusions/", spend_lists.ExclusionList.as_view(), name="spend-exclusion-list"),
    path(
        "exclusions/new/", spend_decisions.ExclusionCreate.as_view(), name="spend-exclusion-create"
    ),
    path(
        "exclusions/<int:pk>/edit/",
        spend_decisions.ExclusionEdit.as_view(),
        name="spend-exclusion-edit",
    ),
    path("units/", spend_decisions.UnitList.as_view(), name="spend-units"),
    path("units/<int:pk>/link/", spend_decisions.UnitLink.as_view(), name="spend-unit-link"),
]
