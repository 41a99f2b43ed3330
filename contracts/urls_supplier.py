"""The supplier's place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

urlpatterns: list[URLPattern | URLResolver] = []

# Files and workbooks
from .views import line_files  # noqa: E402

urlpatterns += [
    path("lines/<int:pk>/files/", line_files.LineFiles.as_view(), name="supplier-line-files"),
]

# Commitments to accept
from .views import commitments_supplier  # noqa: E402

urlpatterns += [
    path(
        "commitments/",
        commitments_supplier.SupplierCommitments.as_view(),
        name="supplier-commitments",
    ),
    path(
        "commitments/<int:pk>/accept/",
        commitments_supplier.SupplierAccept.as_view(),
        name="supplier-commitment-accept",
    ),
    path(
        "commitments/<int:pk>/change/",
        commitments_supplier.SupplierSendBack.as_view(),
        name="supplier-commitment-send-back",
    ),
]

# Yearly ratings
from .views import ratings  # noqa: E402

urlpatterns += [
    path("ratings/<int:pk>/", ratings.SupplierRating.as_view(), name="supplier-rating"),
]

# Tenders and bids
from .views import bids_supplier  # noqa: E402

urlpatterns += [
    path("bids/", bids_supplier.SupplierBidList.as_view(), name="supplier-bid-list"),
    path("bids/<int:pk>/", bids_supplier.SupplierBid.as_view(), name="supplier-bid"),
    path("bids/<int:pk>/edit/", bids_supplier.SupplierBidEdit.as_view(), name="supplier-bid-edit"),
    path(
        "bids/<int:pk>/submit/",
        bids_supplier.SupplierBidSubmit.as_view(),
        name="supplier-bid-submit",
    ),
    path(
        "bids/<int:pk>/withdraw/",
        bids_supplier.SupplierBidWithdraw.as_view(),
        name="supplier-bid-withdraw",
    ),
    path(
        "bids/<int:pk>/workbook/",
        bids_supplier.SupplierBidWorkbook.as_view(),
        name="supplier-bid-workbook",
    ),
    path(
        "bids/<int:pk>/workbook/upload/",
        bids_supplier.SupplierBidUpload.as_view(),
        name="supplier-bid-upload",
    ),
]
