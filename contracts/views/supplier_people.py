"""The people of a supplier: who they are, and inviting one more."""

from __future__ import annotations

import smtplib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from trafford_sv.core.services.invitations import IssuedInvitation, email_invitation
from trafford_sv.core.views.errors import too_many_requests
from trafford_sv.directory.models import Organisation, RoleGrant
from trafford_sv.directory.services.colleagues import invite_colleague, invite_colleague_again

from ..forms.returns import ColleagueForm
from .supplier_base import SupplierView


class PeopleView(SupplierView):
    def grants(self) -> QuerySet[RoleGrant]:
        return (
            RoleGrant.objects.in_force(self.today)
            .filter(role="supplier", organisation__in=self.suppliers, user__is_active=True)
            .select_related("user", "organisation")
            .order_by("organisation__name", "user__name", "pk")
        )

    def send(self, issued: IssuedInvitation) -> None:
        """The invitation is kept already; where the mail server refuses, it can be sent again."""
        email = issued.invitation.user.email
        try:
            email_invitation(issued=issued, by=self.request.user, now=self.now)
        except (OSError, smtplib.SMTPException):
            messages.warning(
                self.request,
                f"The account is ready, but the e-mail to {email} could not be sent. "
                "Try “Send a new invitation” in a few minutes.",
            )
        else:
            expires = timezone.localtime(issued.invitation.expires_at)
            messages.success(
                self.request,
                f"An invitation is on its way to {email}. Its link works once, until "
                f"{expires:%-d %B %Y}.",
            )


class SupplierPeople(PeopleView):
    def get(self, request: HttpRequest) -> HttpResponse:
        people = [
            {
                "grant": grant,
                "person": grant.user,
                "is_self": grant.user_id == request.user.pk,
                "has_password": grant.user.has_usable_password(),
            }
            for grant in self.grants()
        ]
        context = {
            "title": "People",
            "breadcrumbs": self.crumbs(here="People"),
            "people": people,
            "several": len(self.suppliers) > 1,
        }
        return render(request, "contracts/supplier_people.html", context)


class TryThrottle(SimpleRateThrottle):
    """How often a supplier may try, whatever comes of it: a refusal tells that an address has an
    account, so nobody may ask about many."""

    rate = "20/day"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"invite-colleague-{min(view.suppliers, default=0)}"


class ColleagueInvite(PeopleView):
    def organisations(self) -> QuerySet[Organisation]:
        return Organisation.objects.filter(pk__in=self.suppliers).order_by("name")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(ColleagueForm(organisations=self.organisations()))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ColleagueForm(request.POST, organisations=self.organisations())
        if not form.is_valid():
            return self.page(form)
        if not TryThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        by: Any = request.user
        try:
            issued = invite_colleague(**form.cleaned_data, by=by, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        self.send(issued)
        return redirect("supplier-people")

    def page(self, form: ColleagueForm) -> HttpResponse:
        context = {
            "title": "Invite a colleague",
            "breadcrumbs": self.crumbs(here="Invite a colleague"),
            "form": form,
        }
        return render(self.request, "contracts/supplier_people_invite.html", context)


class ColleagueInviteAgain(PeopleView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        grant = self.grants().filter(user__pk=pk).first()
        if grant is None or grant.organisation is None:
            raise Http404
        by: Any = request.user
        try:
            issued = invite_colleague_again(
                organisation=grant.organisation, colleague=grant.user, by=by, now=self.now
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            self.send(issued)
        return redirect("supplier-people")
