"""The measure library."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import (
    counting,
    local_priorities,
    measure_detail,
    measure_editing,
    measures,
    restatement,
)

urlpatterns: list[URLPattern | URLResolver] = [
    # Before every address that takes a name of its own after the slash.
    path("counting/", counting.CountingRules.as_view(), name="counting-rules"),
    path("", measures.MeasureList.as_view(), name="measure-list"),
    path("rates/", measures.RateList.as_view(), name="measure-rates"),
    path("method/", measures.MethodPage.as_view(), name="measure-method"),
    path("compare/", measure_detail.ComparePage.as_view(), name="measure-compare"),
    path("editions/", measures.EditionList.as_view(), name="measure-edition-list"),
    path("restatement/", restatement.RestatementPage.as_view(), name="measure-restatement"),
    path("priorities/", local_priorities.YearList.as_view(), name="priority-year-list"),
    path("priorities/new/", local_priorities.YearCreate.as_view(), name="priority-year-create"),
    path(
        "priorities/<int:pk>/", local_priorities.YearDetail.as_view(), name="priority-year-detail"
    ),
    path(
        "priorities/<int:pk>/edit/", local_priorities.YearEdit.as_view(), name="priority-year-edit"
    ),
    path(
        "priorities/<int:pk>/weights/",
        local_priorities.WeightsEdit.as_view(),
        name="priority-weights-edit",
    ),
    path(
        "priorities/<int:pk>/views/", local_priorities.ViewAdd.as_view(), name="priority-view-add"
    ),
    path(
        "priorities/<int:pk>/views/<int:view_pk>/remove/",
        local_priorities.ViewRemove.as_view(),
        name="priority-view-remove",
    ),
    path(
        "priorities/<int:pk>/decide/",
        local_priorities.YearDecide.as_view(),
        name="priority-year-decide",
    ),
    path("<slug:key>/", measures.EditionDetail.as_view(), name="measure-edition-detail"),
    path("<slug:key>/edit/", measure_editing.EditionEdit.as_view(), name="measure-edition-edit"),
    path("<slug:key>/<str:code>/", measure_detail.MeasurePage.as_view(), name="measure-detail"),
]
