"""Addresses of the plan's pages, under /action-plan/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import editing, reading, updates

urlpatterns: list[URLPattern | URLResolver] = [
    path("", reading.PlanBoard.as_view(), name="plan-board"),
    path("actions/", reading.ActionList.as_view(), name="action-list"),
    path("actions/new/", editing.ActionCreate.as_view(), name="action-create"),
    path("actions/<int:pk>/", editing.ActionPage.as_view(), name="action-detail"),
    path("actions/<int:pk>/edit/", editing.ActionEdit.as_view(), name="action-edit"),
    path(
        "actions/<int:pk>/milestones/new/",
        editing.MilestoneCreate.as_view(),
        name="milestone-create",
    ),
    path("milestones/<int:pk>/edit/", editing.MilestoneEdit.as_view(), name="milestone-edit"),
    path("themes/<slug:key>/targets/new/", editing.TargetCreate.as_view(), name="target-create"),
    path("targets/<int:pk>/edit/", editing.TargetEdit.as_view(), name="target-edit"),
    path("timeline/", reading.Timeline.as_view(), name="action-timeline"),
    path("changes/", reading.Changes.as_view(), name="plan-changes"),
    path("calendar/", reading.CalendarHelp.as_view(), name="action-calendar-help"),
    path("calendar.ics", reading.Calendar.as_view(), name="action-calendar"),
    path(
        "calendar/<str:token>.ics", reading.MemberCalendar.as_view(), name="action-calendar-member"
    ),
    path("updates/", updates.UpdateInbox.as_view(), name="update-inbox"),
    path("updates/all/", updates.UpdateList.as_view(), name="update-list"),
    path("updates/ask/<str:quarter>/", updates.UpdateAsk.as_view(), name="update-ask"),
    path("updates/<int:pk>/", updates.UpdateDecide.as_view(), name="update-decide"),
    path(
        "actions/<int:pk>/updates/<str:quarter>/",
        updates.UpdateWrite.as_view(),
        name="update-write",
    ),
    path(
        "actions/<int:pk>/updates/<str:quarter>/link/",
        updates.UpdateAskAgain.as_view(),
        name="update-ask-again",
    ),
    path(
        "updates/links/<int:pk>/send-again/",
        updates.UpdateLinkSettle.as_view(),
        name="update-link-settle",
    ),
    path("updates/answer/<str:token>/", updates.UpdateAnswer.as_view(), name="update-answer"),
    path("updates/thank-you/", updates.UpdateThanks.as_view(), name="update-thanks"),
]
