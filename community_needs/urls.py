"""Needs and hubs, for anyone and for officers."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import hubs, need_editing, needs

urlpatterns: list[URLPattern | URLResolver] = [
    path("", needs.NeedsHome.as_view(), name="needs-home"),
    path("all/", needs.NeedList.as_view(), name="need-list"),
    path("new/", need_editing.NeedCreate.as_view(), name="need-create"),
    path("<int:pk>/", needs.NeedPage.as_view(), name="need-detail"),
    path("<int:pk>/edit/", need_editing.NeedEdit.as_view(), name="need-edit"),
    path("<int:pk>/publish/", need_editing.NeedPublish.as_view(), name="need-publish"),
    path("<int:pk>/withdraw/", need_editing.NeedWithdraw.as_view(), name="need-withdraw"),
    path("alike/", need_editing.MergeList.as_view(), name="need-merge-list"),
    path("alike/<int:first>/<int:second>/", need_editing.NeedMerge.as_view(), name="need-merge"),
    path("priorities/", need_editing.PriorityList.as_view(), name="priority-list"),
    path("priorities/new/", need_editing.PriorityCreate.as_view(), name="priority-create"),
    path("priorities/<int:pk>/edit/", need_editing.PriorityEdit.as_view(), name="priority-edit"),
    path("hubs/", hubs.HubList.as_view(), name="hub-list"),
    path("hubs/<int:pk>/edit/", hubs.HubEdit.as_view(), name="hub-edit"),
]
