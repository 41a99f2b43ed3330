"""Addresses of closing a quarter, of the dashboards, and of why a figure is what it is."""

from __future__ import annotations

from django.urls import path

from .views import boards, closing, figure_detail, public_board, why

urlpatterns = [
    path("closing/", closing.ClosingNow.as_view(), name="closing-now"),
    path("closing/<slug:quarter>/", closing.ClosingBoard.as_view(), name="closing-board"),
    path("closing/<slug:quarter>/remind/", closing.ClosingRemind.as_view(), name="closing-remind"),
    path(
        "closing/<slug:quarter>/accept/<slug:check>/",
        closing.ClosingAccept.as_view(),
        name="closing-accept",
    ),
    path("measures/<slug:key>/why/", why.WhyItMovedPage.as_view(), name="why-it-moved"),
    path("boards/officers/", boards.OfficerBoard.as_view(), name="board-officer"),
    path("boards/star/", boards.StarBoard.as_view(), name="board-star"),
    path("boards/steering-group/", boards.SteeringBoard.as_view(), name="board-steering"),
    path("boards/supplier/", boards.SupplierBoard.as_view(), name="board-supplier"),
    path("public/", public_board.PublicBoard.as_view(), name="public-board"),
    path(
        "figures/<slug:key>/<slug:basis>/",
        figure_detail.FigureDetail.as_view(),
        name="figure-detail",
    ),
]
