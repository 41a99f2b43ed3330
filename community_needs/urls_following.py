"""The bulletin, its followers and the feed."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import following

urlpatterns: list[URLPattern | URLResolver] = [
    path("needs/feed/", following.NeedsFeed.as_view(), name="needs-feed"),
    path("needs/bulletin.pdf", following.BulletinPdf.as_view(), name="bulletin-pdf"),
    path("needs/by-email/", following.BulletinFollow.as_view(), name="bulletin-follow"),
    path("needs/by-email/asked/", following.BulletinAsked.as_view(), name="bulletin-asked"),
    path(
        "needs/by-email/yes/<str:token>/",
        following.BulletinConfirm.as_view(),
        name="bulletin-confirm",
    ),
    path(
        "needs/by-email/stop/<str:token>/",
        following.BulletinLeave.as_view(),
        name="bulletin-leave",
    ),
    path("needs/bulletins/", following.BulletinList.as_view(), name="bulletin-list"),
    path("needs/bulletins/new/", following.BulletinMake.as_view(), name="bulletin-make"),
    path(
        "needs/bulletins/mails/<slug:kind>/<int:pk>/settle/",
        following.FollowerMailSettle.as_view(),
        name="follower-mail-settle",
    ),
    path(
        "needs/bulletins/addresses/",
        following.BulletinAddresses.as_view(),
        name="bulletin-addresses",
    ),
]
