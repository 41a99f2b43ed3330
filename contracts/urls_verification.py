"""Verification by officers and confirmation by beneficiaries."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import confirmation
from .views import verification_decisions as decisions
from .views import verification_lists as lists
from .views import verification_page as page

urlpatterns: list[URLPattern | URLResolver] = [
    path("verification/", lists.VerificationInbox.as_view(), name="verification-inbox"),
    path(
        "verification/duplicates/<int:pk>/",
        decisions.DuplicateDecide.as_view(),
        name="duplicate-decide",
    ),
    path(
        "verification/requests/<int:pk>/again/",
        decisions.ConfirmationAgain.as_view(),
        name="confirmation-again",
    ),
    path(
        "verification/requests/<int:pk>/withdraw/",
        decisions.ConfirmationWithdraw.as_view(),
        name="confirmation-withdraw",
    ),
    path("returns/", lists.ReturnList.as_view(), name="return-list"),
    path("returns/<int:pk>/", page.ReturnPage.as_view(), name="return-detail"),
    path("returns/<int:pk>/accept/", decisions.ReturnVerify.as_view(), name="return-verify"),
    path(
        "returns/<int:pk>/send-back/", decisions.ReturnSendBack.as_view(), name="return-send-back"
    ),
    path("returns/lines/<int:pk>/accept/", decisions.LineAccept.as_view(), name="line-accept"),
    path("returns/lines/<int:pk>/part/", decisions.LineVerify.as_view(), name="line-verify"),
    path(
        "returns/lines/<int:pk>/send-back/",
        decisions.LineSendBack.as_view(),
        name="line-send-back",
    ),
    path("returns/lines/<int:pk>/reopen/", decisions.LineReopen.as_view(), name="line-reopen"),
    path(
        "returns/lines/<int:pk>/ask/",
        decisions.LineAskConfirmation.as_view(),
        name="line-ask-confirmation",
    ),
    path("contracts/<int:pk>/returns/", lists.ContractReturns.as_view(), name="contract-returns"),
    path(
        "confirm/thank-you/", confirmation.ConfirmationThanks.as_view(), name="confirmation-thanks"
    ),
    path(
        "confirm/<str:token>/",
        confirmation.ConfirmationAnswer.as_view(),
        name="confirmation-answer",
    ),
]
