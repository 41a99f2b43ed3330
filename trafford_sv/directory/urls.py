"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .views import areas, attributions, merging, organisations

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/people/", include("trafford_sv.directory.urls_people")),
    path("organisations/", organisations.OrganisationList.as_view(), name="organisation-list"),
    path(
        "organisations/new/", organisations.OrganisationCreate.as_view(), name="organisation-create"
    ),
    path(
        "organisations/<int:pk>/",
        organisations.OrganisationDetail.as_view(),
        name="organisation-detail",
    ),
    path(
        "organisations/<int:pk>/edit/",
        organisations.OrganisationEdit.as_view(),
        name="organisation-edit",
    ),
    path("organisations/<int:pk>/merge/", merging.MergeChoose.as_view(), name="organisation-merge"),
    path(
        "organisations/<int:pk>/merge/<int:other>/",
        merging.MergeConfirm.as_view(),
        name="organisation-merge-confirm",
    ),
    path(
        "organisations/<int:pk>/merges/<int:merge>/undo/",
        merging.MergeUndo.as_view(),
        name="organisation-merge-undo",
    ),
    path("sources/", attributions.Attributions.as_view(), name="attributions"),
    path("areas/", areas.AreaList.as_view(), name="area-list"),
    path("areas/lookup/", areas.AreaLookup.as_view(), name="area-lookup"),
    path("areas/<slug:code>/<int:year>/", areas.AreaDetail.as_view(), name="area-detail"),
]
