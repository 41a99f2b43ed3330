"""Offers for needs, coverage, “ask for this”, and what happens near a resident."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import (
    near_me,
    need_clauses,
    need_coverage,
    need_matching,
    need_offers,
    need_suppliers,
    priority_fits,
    story_links,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "charter/case-studies/<slug:key>/links/",
        story_links.CaseStudyLinks.as_view(),
        name="case-study-links",
    ),
    path(
        "charter/case-studies/links/<int:pk>/remove/",
        story_links.CaseStudyUnlink.as_view(),
        name="case-study-unlink",
    ),
    path("needs/coverage/", need_coverage.CoveragePage.as_view(), name="coverage"),
    path("needs/seen/", need_matching.HubExposure.as_view(), name="hub-exposure"),
    path("needs/<int:pk>/matches/", need_matching.NeedMatches.as_view(), name="need-matches"),
    path(
        "needs/<int:pk>/propose/<str:kind>/<int:source>/",
        need_matching.OfferPropose.as_view(),
        name="offer-propose",
    ),
    path("needs/<int:pk>/trace/", need_clauses.NeedTrace.as_view(), name="need-trace"),
    path("needs/ask/", need_clauses.AskForThis.as_view(), name="ask-for-this"),
    path("needs/<int:pk>/ask/", need_clauses.NeedAsk.as_view(), name="need-ask"),
    path(
        "needs/<int:pk>/ask/<int:contract>/",
        need_clauses.ClauseCreate.as_view(),
        name="clause-create",
    ),
    path("needs/clauses/<int:pk>/edit/", need_clauses.ClauseEdit.as_view(), name="clause-edit"),
    path(
        "needs/clauses/<int:pk>/settle/",
        need_clauses.ClauseSettle.as_view(),
        name="clause-settle",
    ),
    path("needs/offers/", need_offers.OfferList.as_view(), name="need-offer-list"),
    path("needs/offers/<int:pk>/", need_offers.OfferPage.as_view(), name="need-offer-detail"),
    path("needs/offers/<int:pk>/agree/", need_offers.OfferAgree.as_view(), name="offer-agree"),
    path("needs/offers/<int:pk>/refuse/", need_offers.OfferRefuse.as_view(), name="offer-refuse"),
    path("needs/offers/<int:pk>/accept/", need_offers.OfferAccept.as_view(), name="offer-accept"),
    path(
        "needs/offers/<int:pk>/decline/", need_offers.OfferDecline.as_view(), name="offer-decline"
    ),
    path(
        "needs/offers/<int:pk>/deliver/", need_offers.OfferDeliver.as_view(), name="offer-deliver"
    ),
    path(
        "needs/offers/<int:pk>/confirm/", need_offers.OfferConfirm.as_view(), name="offer-confirm"
    ),
    path(
        "needs/offers/<int:pk>/withdraw/",
        need_offers.OfferWithdraw.as_view(),
        name="offer-withdraw",
    ),
    path(
        "needs/offers/mails/<int:pk>/settle/",
        need_offers.OfferMailSettle.as_view(),
        name="offer-mail-settle",
    ),
    path("needs/fits/", priority_fits.FitList.as_view(), name="priority-fit-list"),
    path("needs/fits/new/", priority_fits.FitCreate.as_view(), name="priority-fit-create"),
    path("needs/fits/<int:pk>/edit/", priority_fits.FitEdit.as_view(), name="priority-fit-edit"),
    path(
        "needs/fits/<int:pk>/remove/",
        priority_fits.FitRemove.as_view(),
        name="priority-fit-remove",
    ),
    path("supplier/needs/", need_suppliers.SupplierNeeds.as_view(), name="supplier-needs"),
    path("supplier/spare/new/", need_suppliers.SpareCreate.as_view(), name="spare-create"),
    path("supplier/spare/<int:pk>/edit/", need_suppliers.SpareEdit.as_view(), name="spare-edit"),
    path(
        "supplier/spare/<int:pk>/take-back/",
        need_suppliers.SpareTakeBack.as_view(),
        name="spare-take-back",
    ),
    path("near-me/", near_me.NearMe.as_view(), name="near-me"),
    path("near-me/<slug:code>/", near_me.NearMeWard.as_view(), name="near-me-ward"),
    path("near-me/<slug:code>/by-email/", near_me.NearMeFollow.as_view(), name="near-me-follow"),
    path("near-me/<slug:code>/feed/", near_me.NearMeFeed.as_view(), name="near-me-feed"),
]
