"""Addresses of this app's pages."""

from __future__ import annotations

from django.urls import include, path

from .urls_mailings import urlpatterns as mailing_urls
from .views import (
    committee_block,
    committee_paper,
    dashboard,
    edition_publishing,
    editions,
    public,
    star_measure_changes,
    star_measures,
    star_sets,
    steering_pack,
)

urlpatterns = [
    *mailing_urls,
    path("", public.Home.as_view(), name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("accessibility/", public.Accessibility.as_view(), name="accessibility"),
    path("privacy/", public.Privacy.as_view(), name="privacy"),
    path(
        "steering-group/meetings/<int:pk>/pack/",
        steering_pack.PackPage.as_view(),
        name="steering-pack",
    ),
    path(
        "steering-group/meetings/<int:pk>/pack.pdf",
        steering_pack.PackPdf.as_view(),
        name="steering-pack-pdf",
    ),
    path(
        "steering-group/meetings/<int:pk>/pack/sent/<int:kept>/",
        steering_pack.KeptPackPage.as_view(),
        name="kept-pack",
    ),
    path(
        "steering-group/meetings/<int:pk>/pack/sent/<int:kept>/pack.pdf",
        steering_pack.KeptPackPdf.as_view(),
        name="kept-pack-pdf",
    ),
    path("steering-group/pack-mails/", steering_pack.PackChoice.as_view(), name="pack-choice"),
    path(
        "steering-group/pack-mails/stop/<str:token>/",
        steering_pack.PacksOff.as_view(),
        name="packs-off",
    ),
    path(
        "steering-group/pack-mails/<int:pk>/",
        steering_pack.PackMailSettle.as_view(),
        name="pack-mail-settle",
    ),
    path(
        "reports/committee-block/",
        committee_block.CommitteeBlockPage.as_view(),
        name="committee-block",
    ),
    path("reports/", star_measures.ReportHome.as_view(), name="report-home"),
    path(
        "reports/work-out/<slug:quarter>/",
        star_measure_changes.WorkOut.as_view(),
        name="measures-work-out",
    ),
    path("reports/measures/", star_measures.StarMeasureList.as_view(), name="star-measure-list"),
    path(
        "reports/measures/new/",
        star_measure_changes.StarMeasureCreate.as_view(),
        name="star-measure-create",
    ),
    path(
        "reports/measures/<slug:key>/",
        star_measures.StarMeasureDetail.as_view(),
        name="star-measure-detail",
    ),
    path(
        "reports/measures/<slug:key>/edit/",
        star_measure_changes.StarMeasureEdit.as_view(),
        name="star-measure-edit",
    ),
    path(
        "reports/measures/<slug:key>/<slug:quarter>/supply/",
        star_measure_changes.Supply.as_view(),
        name="star-measure-supply",
    ),
    path(
        "reports/measures/<slug:key>/<slug:quarter>/comment/",
        star_measure_changes.Comment.as_view(),
        name="star-measure-comment",
    ),
    path("reports/", include("reporting.urls_boards")),
    path("reports/sets/", star_sets.MeasureSetList.as_view(), name="measure-set-list"),
    path("reports/sets/new/", star_sets.MeasureSetCreate.as_view(), name="measure-set-create"),
    path(
        "reports/sets/<int:pk>/",
        star_sets.MeasureSetDetail.as_view(),
        name="measure-set-detail",
    ),
    path(
        "reports/sets/<int:pk>/edit/",
        star_sets.MeasureSetEdit.as_view(),
        name="measure-set-edit",
    ),
    path(
        "reports/sets/<int:pk>/approve/",
        star_sets.MeasureSetApprove.as_view(),
        name="measure-set-approve",
    ),
    path(
        "reports/committee-papers/",
        committee_paper.CommitteePapers.as_view(),
        name="committee-paper-list",
    ),
    path(
        "reports/committee-papers/begin/",
        committee_paper.BeginPaper.as_view(),
        name="committee-paper-begin",
    ),
    path(
        "reports/committee-papers/<slug:quarter>/",
        committee_paper.PaperPage.as_view(),
        name="committee-paper-detail",
    ),
    path(
        "reports/committee-papers/<slug:quarter>/edit/",
        committee_paper.PaperEdit.as_view(),
        name="committee-paper-edit",
    ),
    path("reports/editions/", editions.EditionList.as_view(), name="edition-list"),
    path(
        "reports/editions/<slug:kind>/<slug:period>/",
        include(
            [
                path("draft/", editions.DraftPage.as_view(), name="edition-draft"),
                path(
                    "draft/figures/", editions.DraftFigures.as_view(), name="edition-draft-figures"
                ),
                path(
                    "draft/figures/<slug:figure>/",
                    editions.DraftFigure.as_view(),
                    name="edition-draft-figure",
                ),
                path(
                    "publish/", edition_publishing.PublishEdition.as_view(), name="edition-publish"
                ),
                path("<int:number>/", editions.EditionPage.as_view(), name="edition-detail"),
                path(
                    "<int:number>/figures/",
                    editions.EditionFigures.as_view(),
                    name="edition-figures",
                ),
                path(
                    "<int:number>/figures/<slug:figure>/",
                    editions.EditionFigure.as_view(),
                    name="edition-figure",
                ),
                path(
                    "<int:number>/files/again/",
                    editions.EditionFilesAgain.as_view(),
                    name="edition-files-again",
                ),
                path(
                    "<int:number>/files/<slug:format>/",
                    editions.EditionFileDownload.as_view(),
                    name="edition-file",
                ),
            ]
        ),
    ),
]
