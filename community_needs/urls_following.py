"""The bulletin, its followers and the feed."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import bulletins, following

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
    path("needs/bulletins/", bulletins.BulletinList.as_view(), name="bulletin-list"),
    path("needs/bulletins/new/", bulletins.BulletinMake.as_view(), name="bulletin-make"),
    path(
        "needs/bulletins/mails/<slug:kind>/<int:pk>/settle/",
        bulletins.FollowerMailSettle.as_view(),
        name="follower-mail-settle",
    ),
    path(
        "needs/bulletins/addresses/",
        bulletins.BulletinAddresses.as_view(),
        name="bulletin-addresses",
    ),
]
