"""Signing in and what belongs to one's own account."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth_views
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from ..access import can, grants_of, permissions_of
from ..forms import ChoosePasswordForm, TokenForm
from ..models import ApiToken
from ..navigation import url_of
from ..roles import PERMISSIONS, ROLES, Reach
from ..services.invitations import InvitationRefused, accept_invitation, find_invitation
from ..services.tokens import create_token, revoke_token
from ..views_base import EditMixin, PermissionView, PublicView


class PlainForm:
    """allauth repeats each label inside its box; a label above is enough, and stays when typing."""

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(*args, **kwargs)  # type: ignore[misc]
        for field in form.fields.values():
            field.widget.attrs.pop("placeholder", None)
        return form


class SignIn(PlainForm, allauth_views.LoginView):
    is_public = True
    template_name = "account/login.html"


class SignOut(allauth_views.LogoutView):
    is_public = True
    template_name = "account/logout.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = super().post(*args, **kwargs)
        # On a shared computer, Back must not show what the person before saw.
        answer["Clear-Site-Data"] = '"cache"'
        return answer


class SignUpClosed(PublicView):
    """Accounts come by invitation; whoever looks for registration is told so."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/signup_closed.html")


class Inactive(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/account_inactive.html")


class ResetPassword(PlainForm, allauth_views.PasswordResetView):
    is_public = True
    template_name = "account/password_reset.html"


class ResetPasswordSent(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/password_reset_done.html")


class ResetPasswordFromLink(PlainForm, allauth_views.PasswordResetFromKeyView):
    is_public = True
    template_name = "account/password_reset_from_key.html"


class ResetPasswordDone(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/password_reset_from_key_done.html")


class SignedInView(View):
    """For anyone with an account, whatever their role. The access middleware keeps visitors out."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            raise PermissionDenied
        self.now = timezone.now()
        self.today = timezone.localdate()
        return super().dispatch(request, *args, **kwargs)


class ChangePassword(PlainForm, allauth_views.PasswordChangeView):
    template_name = "account/password_change.html"
    success_url = reverse_lazy("my-account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            # There is nothing to change yet: a mail to their own address sets the first one.
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, "Your password is changed.")
        return answer


class AfterSignIn(SignedInView):
    """The first page of each role."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if can(request.user, "see_dashboard"):
            return redirect("dashboard")
        own_place = url_of("supplier-home") if can(request.user, "report_delivery") else ""
        if not own_place and can(request.user, "raise_needs"):
            own_place = url_of("hub-home")
        return redirect(own_place or "my-account")


class AccountHome(SignedInView):
    """Who I am here, what I may do, my tokens."""

    def get(self, request: HttpRequest) -> HttpResponse:
        may_use_api = can(request.user, "use_api")
        grants = grants_of(request.user)
        own = sorted({str(grant.organisation) for grant in grants if grant.organisation_id})
        return render(
            request,
            "core/account_home.html",
            {
                "grants": [{"role": ROLES[grant.role], "grant": grant} for grant in grants],
                "own_names": " and ".join(own),
                "may_do": [
                    sentence
                    for key, sentence in PERMISSIONS.items()
                    if key in permissions_of(request.user)
                ],
                "may_use_api": may_use_api,
                "tokens": ApiToken.objects.filter(user_id=request.user.pk) if may_use_api else (),
                "now": self.now,
            },
        )


@method_decorator(never_cache, name="dispatch")
class TokenCreate(PermissionView):
    """A token's text is in this one answer and nowhere else."""

    permission = "use_api"

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "core/token_form.html", {"form": TokenForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST)
        if form.is_valid():
            try:
                token, text = create_token(
                    user=request.user,  # type: ignore[arg-type]
                    name=form.cleaned_data["name"],
                    days=form.cleaned_data["days"],
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                EditMixin.add_errors(form, error)
            else:
                return render(request, "core/token_created.html", {"token": token, "text": text})
        return render(request, "core/token_form.html", {"form": form})


class TokenRevoke(PermissionView):
    """Asks once, then takes the token back."""

    permission = "use_api"

    def token(self, request: HttpRequest, key: str) -> ApiToken:
        # A token is named by its beginning, which is stored and is no secret by itself.
        return get_object_or_404(ApiToken, user_id=request.user.pk, token_key=key)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return render(request, "core/token_revoke.html", {"token": self.token(request, key)})

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        token = self.token(request, key)
        name = token.name
        revoke_token(token=token, by=request.user, now=self.now)
        messages.success(request, f"The token “{name}” no longer works.")
        return redirect("my-account")


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("password", "again"), name="dispatch")
class InvitationAccept(PublicView):
    """The page behind a one-time link."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = find_invitation(token=token, now=self.now)
        except InvitationRefused as refused:
            return self.refuse(request, refused)
        return self.page(request, ChoosePasswordForm(), invitation.user)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = find_invitation(token=token, now=self.now)
            form = ChoosePasswordForm(request.POST)
            if not form.is_valid():
                return self.page(request, form, invitation.user)
            accept_invitation(token=token, password=form.cleaned_data["password"], now=self.now)
        except InvitationRefused as refused:
            return self.refuse(request, refused)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(request, form, invitation.user)
        messages.success(request, "Your password is set. Sign in with it now.")
        return redirect("account_login")

    def page(self, request: HttpRequest, form: ChoosePasswordForm, person: Any) -> HttpResponse:
        return render(request, "account/invitation_accept.html", {"form": form, "person": person})

    def refuse(self, request: HttpRequest, refused: InvitationRefused) -> HttpResponse:
        status = 404 if refused.state == "unknown" else 410
        return render(
            request, "account/invitation_refused.html", {"state": refused.state}, status=status
        )


class RolesHelp(PublicView):
    """The roles table, in words. It is the same table that the site obeys."""

    def get(self, request: HttpRequest) -> HttpResponse:
        roles = [role for role in ROLES.values() if role.key != "public"]
        return render(
            request,
            "core/roles_help.html",
            {
                "roles": [
                    {
                        "role": role,
                        "own": role.reach is Reach.OWN,
                        "may": [
                            words for key, words in PERMISSIONS.items() if key in role.permissions
                        ],
                    }
                    for role in roles
                ],
                "grid": [
                    {"words": words, "held": [(role, key in role.permissions) for role in roles]}
                    for key, words in PERMISSIONS.items()
                ],
            },
        )
