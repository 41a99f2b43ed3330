"""People, their roles and their accounts. For administrators."""

from __future__ import annotations

import smtplib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.forms import PersonForm
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.models import User
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.invitations import (
    IssuedInvitation,
    email_invitation,
    issue_invitation,
)
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters_people import PersonFilter
from ..forms.people import EndForm, GrantForm, InviteForm
from ..models import RoleGrant
from ..selectors.people import people_with_roles, roles_of
from ..services.grants import (
    GrantRefused,
    LastAdministrator,
    change_person,
    deactivate_person,
    end_role,
    grant_role,
    invite_person,
    reactivate_person,
)


class PersonList(ListPage):
    """Everyone with an account."""

    permission = "manage_people"
    title = "People"
    introduction = "Everyone who has an account, and the roles they hold today."
    noun, noun_plural = "person", "people"
    filterset_class = PersonFilter
    sorts = {
        "name": Sort("Name", ("name",)),
        "joined": Sort("Date added", ("joined_at",), up="oldest first", down="newest first"),
    }
    default_sort = "name"
    row_template = "directory/people_rows.html"
    columns = (
        Column("Name", sort="name"),
        Column("Roles today"),
        Column("Account"),
        Column("Added", sort="joined"),
    )
    empty_state = EmptyState("Nobody is here yet", "Invite the first person to begin.")

    def get_queryset(self) -> QuerySet[Any]:
        return people_with_roles(today=self.today)

    def get_main_action(self) -> Link | None:
        return Link("Invite a person", reverse("person-invite"))


class InvitingView(PermissionView):
    permission = "manage_people"

    def send(self, request: HttpRequest, issued: IssuedInvitation) -> None:
        """The invitation is kept already: where the mail server refuses, the person can be asked again."""
        email = issued.invitation.user.email
        try:
            email_invitation(issued=issued, by=request.user, now=self.now)
        except (OSError, smtplib.SMTPException):
            messages.warning(
                request,
                f"The account is ready, but the e-mail to {email} could not be sent. "
                "Try “Send a new invitation” in a few minutes.",
            )
        else:
            expires = timezone.localtime(issued.invitation.expires_at)
            messages.success(
                request,
                f"An invitation is on its way to {email}. Its link works until {expires:%-d %B %Y}.",
            )


class PersonInvite(InvitingView):
    """A new person, with a role and a one-time link."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, InviteForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self.page(request, form)
        try:
            issued = invite_person(**form.cleaned_data, by=request.user, now=self.now)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(request, form)
        self.send(request, issued)
        return redirect("person-detail", pk=issued.invitation.user_id)

    def page(self, request: HttpRequest, form: InviteForm) -> HttpResponse:
        return render(request, "directory/people_invite.html", {"form": form})


class PersonInviteAgain(InvitingView):
    """A fresh link; the old one stops working."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = get_object_or_404(User, pk=pk)
        try:
            self.send(request, issue_invitation(user=user, by=request.user, now=self.now))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("person-detail", pk=pk)


class PersonDetail(PermissionView):
    """One person: roles, invitation, history."""

    permission = "manage_people"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        held = roles_of(person, today=self.today)
        return render(
            request,
            "directory/people_detail.html",
            {
                "person": person,
                "is_self": person.pk == request.user.pk,
                "current": [item for item in held if item.in_force],
                "past": [item for item in held if not item.in_force],
                "invitation": person.invitations.first(),
                "has_password": person.has_usable_password(),
                "history": history_of(person, limit=20),
                "now": self.now,
            },
        )


class PersonEdit(EditMixin, PermissionView):
    """Name, address and job title."""

    permission = "manage_people"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        return self.page(person, self.form_for(person))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        form = PersonForm(self.posted())
        if not form.is_valid():
            return self.page(person, form)
        try:
            change_person(
                user=person,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, self.form_for(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(person, form)
        messages.success(request, "Saved.")
        return redirect("person-detail", pk=pk)

    def form_for(self, person: User) -> PersonForm:
        names = ("name", "email", "job_title", "version")
        return PersonForm(initial={name: getattr(person, name) for name in names})

    def page(self, person: User, form: PersonForm) -> HttpResponse:
        return render(self.request, "directory/people_edit.html", {"form": form, "person": person})


class RoleGrantCreate(PermissionView):
    """One more role."""

    permission = "manage_people"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(request, get_object_or_404(User, pk=pk), GrantForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        form = GrantForm(request.POST)
        if not form.is_valid():
            return self.page(request, person, form)
        try:
            grant = grant_role(user=person, **form.cleaned_data, by=request.user, now=self.now)
        except GrantRefused as error:
            form.add_error(None, str(error))
            return self.page(request, person, form)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(request, person, form)
        messages.success(request, f"{person} now holds the role “{grant}”.")
        return redirect("person-detail", pk=pk)

    def page(self, request: HttpRequest, person: User, form: GrantForm) -> HttpResponse:
        return render(request, "directory/people_grant.html", {"form": form, "person": person})


class ConfirmView(PermissionView):
    """Asks for a reason, does one thing, says what was done or why not."""

    permission = "manage_people"
    template_name = "directory/people_confirm.html"
    title = button = sentence = consequence = ""
    warning = True

    def subject(self, person: User, **kwargs: Any) -> Any:
        return person

    def act(self, subject: Any, reason: str) -> None:
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        return self.page(person, self.subject(person, **kwargs), EndForm())

    def post(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        subject = self.subject(person, **kwargs)
        form = EndForm(request.POST)
        if not form.is_valid():
            return self.page(person, subject, form)
        try:
            self.act(subject, form.cleaned_data["reason"])
        except (LastAdministrator, GrantRefused) as error:
            form.add_error(None, str(error))
            return self.page(person, subject, form)
        messages.success(request, self.sentence.format(person=person, subject=subject))
        return redirect("person-detail", pk=pk)

    def page(self, person: User, subject: Any, form: EndForm) -> HttpResponse:
        words = {"person": person, "subject": subject}
        return render(
            self.request,
            self.template_name,
            {
                "form": form,
                "person": person,
                "title": self.title.format(**words),
                "consequence": self.consequence.format(**words),
                "button": self.button,
                "warning": self.warning,
            },
        )


class RoleGrantEnd(ConfirmView):
    title = "End the role “{subject}” of {person}"
    button = "End this role"
    sentence = "{person} no longer holds the role “{subject}”."
    consequence = "They lose what this role allows at once. What they did stays on record."

    def subject(self, person: User, **kwargs: Any) -> RoleGrant:
        return get_object_or_404(RoleGrant, pk=kwargs["grant"], user=person)

    def act(self, subject: RoleGrant, reason: str) -> None:
        end_role(grant=subject, by=self.request.user, now=self.now, reason=reason)


class PersonClose(ConfirmView):
    title = "Close the account of {person}"
    button = "Close this account"
    sentence = "The account of {person} is closed."
    consequence = (
        "They are signed out and cannot sign in, their API tokens stop working, and open invitations "
        "are withdrawn. What they did stays on record. You can reopen the account later."
    )

    def act(self, subject: User, reason: str) -> None:
        deactivate_person(user=subject, by=self.request.user, now=self.now, reason=reason)


class PersonReopen(ConfirmView):
    title = "Reopen the account of {person}"
    button = "Reopen this account"
    sentence = "{person} can sign in again."
    consequence = (
        "They can sign in with the password they had, and hold the roles that have not ended."
    )
    warning = False

    def act(self, subject: User, reason: str) -> None:
        reactivate_person(user=subject, by=self.request.user, now=self.now, reason=reason)
