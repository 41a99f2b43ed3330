"""Addresses of sign-in and of one's own account.

Only the pages that we have drawn are routed, under the names that allauth looks for. What it
could also do (registration, several addresses, second factors) has no address until it is built.
"""

from __future__ import annotations

from django.urls import path, re_path

from .views import account

urlpatterns = [
    path("", account.AccountHome.as_view(), name="my-account"),
    path("after-sign-in/", account.AfterSignIn.as_view(), name="after-sign-in"),
    path("roles/", account.RolesHelp.as_view(), name="roles-help"),
    path("login/", account.SignIn.as_view(), name="account_login"),
    path("logout/", account.SignOut.as_view(), name="account_logout"),
    path("signup/", account.SignUpClosed.as_view(), name="account_signup"),
    path("inactive/", account.Inactive.as_view(), name="account_inactive"),
    path("password/change/", account.ChangePassword.as_view(), name="account_change_password"),
    path("password/reset/", account.ResetPassword.as_view(), name="account_reset_password"),
    path(
        "password/reset/done/",
        account.ResetPasswordSent.as_view(),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.ResetPasswordFromLink.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.ResetPasswordDone.as_view(),
        name="account_reset_password_from_key_done",
    ),
    path("invitation/<str:token>/", account.InvitationAccept.as_view(), name="invitation-accept"),
    path("tokens/add/", account.TokenCreate.as_view(), name="token-create"),
    path("tokens/<str:key>/take-back/", account.TokenRevoke.as_view(), name="token-revoke"),
]
