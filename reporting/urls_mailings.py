"""Reports by e-mail: officers' pages, and signing up and stopping for anybody."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views.mailings import home, log, public, readers

urlpatterns: list[URLPattern | URLResolver] = [
    path("reports/mailings/", home.MailingHome.as_view(), name="mailing-home"),
    path("reports/mailings/send/", home.SendNow.as_view(), name="mailing-send"),
    path("reports/mailings/rehearsal/", home.Rehearsal.as_view(), name="mailing-rehearsal"),
    path("reports/mailings/preview/<int:pk>/", home.Preview.as_view(), name="mailing-preview"),
    path(
        "reports/mailings/preview/<int:pk>/html/",
        home.PreviewHtml.as_view(),
        name="mailing-preview-html",
    ),
    path(
        "reports/mailings/schedule/new/",
        home.ScheduleCreate.as_view(),
        name="mail-schedule-create",
    ),
    path(
        "reports/mailings/schedule/<int:pk>/edit/",
        home.ScheduleEdit.as_view(),
        name="mail-schedule-edit",
    ),
    path("reports/mailings/readers/", readers.ReaderList.as_view(), name="mail-subscription-list"),
    path(
        "reports/mailings/readers/seats/",
        readers.ReadersOfSeats.as_view(),
        name="mail-subscription-seats",
    ),
    path(
        "reports/mailings/readers/new/",
        readers.ReaderCreate.as_view(),
        name="mail-subscription-create",
    ),
    path(
        "reports/mailings/readers/<int:pk>/",
        readers.ReaderDetail.as_view(),
        name="mail-subscription-detail",
    ),
    path(
        "reports/mailings/readers/<int:pk>/edit/",
        readers.ReaderEdit.as_view(),
        name="mail-subscription-edit",
    ),
    path(
        "reports/mailings/readers/<int:pk>/decide/",
        readers.ReaderDecide.as_view(),
        name="mail-subscription-decide",
    ),
    path("reports/mailings/log/", log.MailLog.as_view(), name="mailing-log"),
    path("reports/mailings/log/<int:pk>/", log.MailDetail.as_view(), name="mailing-mail"),
    path("reports/mailings/late/", log.LateNudges.as_view(), name="mailing-late"),
    path("reports/by-email/", public.SignUp.as_view(), name="report-mail-sign-up"),
    path("reports/by-email/asked/", public.Asked.as_view(), name="report-mail-asked"),
    path("reports/by-email/yes/<str:token>/", public.Confirm.as_view(), name="report-mail-yes"),
    path("reports/by-email/stop/<str:token>/", public.Stop.as_view(), name="report-mail-stop"),
]
