"""The supplier's place."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

urlpatterns: list[URLPattern | URLResolver] = []

# Home, returns and people
from .views import (  # noqa: E402
    supplier_home,
    supplier_lines,
    supplier_people,
    supplier_return,
    supplier_returns,
)

urlpatterns += [
    path("", supplier_home.SupplierHome.as_view(), name="supplier-home"),
    path("returns/", supplier_returns.OwnReturns.as_view(), name="supplier-returns"),
    path(
        "returns/begin/<int:contract>/<str:quarter>/",
        supplier_returns.ReturnBegin.as_view(),
        name="supplier-return-begin",
    ),
    path("returns/<int:pk>/", supplier_return.ReturnPage.as_view(), name="supplier-return"),
    path(
        "returns/<int:pk>/check/",
        supplier_return.ReturnCheck.as_view(),
        name="supplier-return-check",
    ),
    path(
        "returns/<int:pk>/take-back/",
        supplier_return.ReturnTakeBack.as_view(),
        name="supplier-return-take-back",
    ),
    path("lines/<int:pk>/edit/", supplier_lines.LineEdit.as_view(), name="supplier-line-edit"),
    path(
        "lines/<int:pk>/remove/", supplier_lines.LineRemove.as_view(), name="supplier-line-remove"
    ),
    path("lines/<int:pk>/share/", supplier_lines.LineShare.as_view(), name="supplier-line-share"),
    path("people/", supplier_people.SupplierPeople.as_view(), name="supplier-people"),
    path(
        "people/invite/", supplier_people.ColleagueInvite.as_view(), name="supplier-person-invite"
    ),
    path(
        "people/<int:pk>/invite-again/",
        supplier_people.ColleagueInviteAgain.as_view(),
        name="supplier-person-invite-again",
    ),
]

# Files and workbooks
from .views import line_files, return_workbook  # noqa: E402

urlpatterns += [
    path("lines/<int:pk>/files/", line_files.LineFiles.as_view(), name="supplier-line-files"),
    path(
        "returns/<int:pk>/workbook/",
        return_workbook.WorkbookPage.as_view(),
        name="supplier-return-workbook",
    ),
    path(
        "returns/<int:pk>/workbook/download/",
        return_workbook.WorkbookFile.as_view(),
        name="supplier-return-workbook-file",
    ),
    path(
        "returns/<int:pk>/workbook/<uuid:upload>/",
        return_workbook.UploadPage.as_view(),
        name="supplier-return-upload",
    ),
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
