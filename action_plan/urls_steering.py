"""The Steering Group: seats, meetings, agenda, decisions, minutes. Under `/steering-group/`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import steering_agenda as agenda
from .views import steering_decisions as effects
from .views import steering_holding as holding
from .views import steering_home as home
from .views import steering_meetings as meetings
from .views import steering_minutes as minutes
from .views import steering_seats as seats

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.SteeringHome.as_view(), name="steering-group"),
    path("terms/", home.SteeringTerms.as_view(), name="steering-terms"),
    path("seats/", seats.SeatList.as_view(), name="seat-list"),
    path("seats/new/", seats.SeatCreate.as_view(), name="seat-create"),
    path("seats/chair/", seats.ChairName.as_view(), name="chair-name"),
    path("seats/quorum/", seats.QuorumRules.as_view(), name="quorum-rules"),
    path("seats/<int:pk>/", seats.SeatDetail.as_view(), name="seat-detail"),
    path("seats/<int:pk>/edit/", seats.SeatEdit.as_view(), name="seat-edit"),
    path("meetings/", meetings.MeetingList.as_view(), name="meeting-list"),
    path("meetings/new/", meetings.MeetingCreate.as_view(), name="meeting-create"),
    path("meetings/series/new/", meetings.SeriesCreate.as_view(), name="series-create"),
    path("meetings/series/<int:pk>/edit/", meetings.SeriesEdit.as_view(), name="series-edit"),
    path("meetings/series/<int:pk>/dates/", meetings.SeriesDates.as_view(), name="series-dates"),
    path("meetings/<int:pk>/", meetings.MeetingDetail.as_view(), name="meeting-detail"),
    path("meetings/<int:pk>/edit/", meetings.MeetingEdit.as_view(), name="meeting-edit"),
    path("meetings/<int:pk>/publish/", meetings.MeetingCall.as_view(), name="meeting-call"),
    path("meetings/<int:pk>/call-off/", meetings.MeetingCancel.as_view(), name="meeting-cancel"),
    path("meetings/<int:pk>/coming/", agenda.Apologies.as_view(), name="meeting-apologies"),
    path(
        "meetings/<int:pk>/attendance/",
        holding.AttendanceRecord.as_view(),
        name="meeting-attendance",
    ),
    path("meetings/<int:pk>/items/new/", agenda.ItemCreate.as_view(), name="agenda-item-create"),
    path("items/<int:pk>/", agenda.ItemDetail.as_view(), name="agenda-item-detail"),
    path("items/<int:pk>/edit/", agenda.ItemEdit.as_view(), name="agenda-item-edit"),
    path("items/<int:pk>/take-off/", agenda.ItemRemove.as_view(), name="agenda-item-remove"),
    path("items/<int:pk>/move/", agenda.ItemMove.as_view(), name="agenda-item-move"),
    path("items/<int:pk>/settle/", holding.ItemSettle.as_view(), name="agenda-item-settle"),
    path("items/<int:pk>/comment/", agenda.ItemComment.as_view(), name="agenda-item-comment"),
    path("items/<int:pk>/interest/", agenda.InterestDeclare.as_view(), name="interest-declare"),
    path(
        "items/<int:pk>/interest/record/",
        agenda.InterestRecord.as_view(),
        name="interest-record",
    ),
    path("items/<int:pk>/papers/new/", agenda.PaperAdd.as_view(), name="paper-add"),
    path("items/<int:pk>/decisions/new/", holding.DecisionRecord.as_view(), name="decision-record"),
    path(
        "items/<int:pk>/decisions/new-action/",
        effects.DecideNewAction.as_view(),
        name="decide-new-action",
    ),
    path(
        "items/<int:pk>/decisions/action-change/",
        effects.DecideActionChange.as_view(),
        name="decide-action-change",
    ),
    path("items/<int:pk>/decisions/stage/", effects.DecideStage.as_view(), name="decide-stage"),
    path(
        "items/<int:pk>/decisions/charter/",
        effects.DecideCharter.as_view(),
        name="decide-charter",
    ),
    path("items/<int:pk>/actions/new/", holding.ArisingRecord.as_view(), name="arising-record"),
    path("papers/<uuid:pk>/", agenda.PaperFile.as_view(), name="paper-file"),
    path("papers/<uuid:pk>/take-off/", agenda.PaperRemove.as_view(), name="paper-remove"),
    path("decisions/", holding.DecisionList.as_view(), name="decision-list"),
    path("decisions/<int:pk>/", holding.DecisionDetail.as_view(), name="decision-detail"),
    path("actions/", holding.ArisingList.as_view(), name="arising-list"),
    path("actions/<int:pk>/", holding.ArisingDetail.as_view(), name="arising-detail"),
    path("actions/<int:pk>/edit/", holding.ArisingEdit.as_view(), name="arising-edit"),
    path("actions/<int:pk>/close/", holding.ArisingClose.as_view(), name="arising-close"),
    path("meetings/<int:pk>/minutes/", minutes.MinutesDetail.as_view(), name="minutes-detail"),
    path("meetings/<int:pk>/minutes/draft/", minutes.MinutesDraft.as_view(), name="minutes-draft"),
    path("meetings/<int:pk>/minutes/edit/", minutes.MinutesEdit.as_view(), name="minutes-edit"),
    path(
        "meetings/<int:pk>/minutes/publish/",
        minutes.MinutesPublish.as_view(),
        name="minutes-publish",
    ),
    path(
        "meetings/<int:pk>/minutes/confirm/",
        minutes.MinutesConfirm.as_view(),
        name="minutes-confirm",
    ),
    path(
        "meetings/<int:pk>/minutes/reply/", minutes.MinutesReplySend.as_view(), name="minutes-reply"
    ),
    path(
        "minutes/sections/<int:pk>/edit/",
        minutes.SectionEdit.as_view(),
        name="minutes-section-edit",
    ),
]
