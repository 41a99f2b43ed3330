"""The four figures over all agreements, and the rows behind them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import deliveries, portfolio

urlpatterns: list[URLPattern | URLResolver] = [
    path("portfolio/", portfolio.Portfolio.as_view(), name="portfolio"),
    path("deliveries/", deliveries.DeliveryList.as_view(), name="delivery-list"),
    path(
        "contracts/<int:pk>/social-value/",
        portfolio.ContractSocialValue.as_view(),
        name="contract-social-value",
    ),
]
