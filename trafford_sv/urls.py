"""Routing: each app keeps its own `urls` and the roof joins them."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
]
