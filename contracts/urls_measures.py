"""The measure library."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import counting, measure_detail, measure_editing, measures

urlpatterns: list[URLPattern | URLResolver] = [
    # Before every address that takes a name of its own after the slash.
    path("counting/", counting.CountingRules.as_view(), name="counting-rules"),
    path("", measures.MeasureList.as_view(), name="measure-list"),
    path("rates/", measures.RateList.as_view(), name="measure-rates"),
    path("method/", measures.MethodPage.as_view(), name="measure-method"),
    path("compare/", measure_detail.ComparePage.as_view(), name="measure-compare"),
    path("editions/", measures.EditionList.as_view(), name="measure-edition-list"),
    path("<slug:key>/", measures.EditionDetail.as_view(), name="measure-edition-detail"),
    path("<slug:key>/edit/", measure_editing.EditionEdit.as_view(), name="measure-edition-edit"),
    path("<slug:key>/<str:code>/", measure_detail.MeasurePage.as_view(), name="measure-detail"),
]
