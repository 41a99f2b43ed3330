"""Addresses of the pages about people and their roles."""

from __future__ import annotations

from django.urls import path

from .views import people

urlpatterns = [
    path("", people.PersonList.as_view(), name="person-list"),
    path("invite/", people.PersonInvite.as_view(), name="person-invite"),
    path("<int:pk>/", people.PersonDetail.as_view(), name="person-detail"),
    path("<int:pk>/edit/", people.PersonEdit.as_view(), name="person-edit"),
    path("<int:pk>/invite-again/", people.PersonInviteAgain.as_view(), name="person-invite-again"),
    path("<int:pk>/roles/add/", people.RoleGrantCreate.as_view(), name="role-grant"),
    path("<int:pk>/roles/<int:grant>/end/", people.RoleGrantEnd.as_view(), name="role-end"),
    path("<int:pk>/close/", people.PersonClose.as_view(), name="person-close"),
    path("<int:pk>/reopen/", people.PersonReopen.as_view(), name="person-reopen"),
]
