"""Commitments, mobilisation, and agreements that are not contracts."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import agreements, commitments, commitments_editing, mobilisation

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "contracts/<int:pk>/mobilisation/",
        mobilisation.MobilisationPage.as_view(),
        name="contract-mobilisation",
    ),
    path(
        "contracts/<int:pk>/mobilisation/go-live/",
        mobilisation.GoLive.as_view(),
        name="contract-go-live",
    ),
    path(
        "contracts/<int:pk>/commitments/new/",
        commitments_editing.CommitmentCreate.as_view(),
        name="commitment-create",
    ),
    path(
        "contracts/<int:pk>/commitments/from-offers/",
        commitments_editing.CommitmentsFromOffers.as_view(),
        name="commitments-from-offers",
    ),
    path("agreements/", agreements.AgreementList.as_view(), name="agreement-list"),
    path("agreements/new/", agreements.AgreementCreate.as_view(), name="agreement-create"),
    path("agreements/<int:pk>/edit/", agreements.AgreementEdit.as_view(), name="agreement-edit"),
    path("commitments/", commitments.CommitmentList.as_view(), name="commitment-list"),
    path("commitments/<int:pk>/", commitments.CommitmentPage.as_view(), name="commitment-detail"),
    path(
        "commitments/<int:pk>/edit/",
        commitments_editing.CommitmentEdit.as_view(),
        name="commitment-edit",
    ),
    path(
        "commitments/<int:pk>/profile/",
        commitments_editing.CommitmentProfile.as_view(),
        name="commitment-profile",
    ),
    path(
        "commitments/<int:pk>/propose/",
        commitments_editing.CommitmentPropose.as_view(),
        name="commitment-propose",
    ),
    path(
        "commitments/<int:pk>/accept/",
        commitments_editing.CommitmentAccept.as_view(),
        name="commitment-accept",
    ),
    path(
        "commitments/<int:pk>/withdraw/",
        commitments_editing.CommitmentWithdraw.as_view(),
        name="commitment-withdraw",
    ),
    path(
        "commitments/<int:pk>/vary/",
        commitments_editing.CommitmentVary.as_view(),
        name="commitment-vary",
    ),
    path(
        "commitments/<int:pk>/answers/",
        commitments_editing.CommitmentThread.as_view(),
        name="commitment-thread-edit",
    ),
]
