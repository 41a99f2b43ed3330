"""Whom a round asks: inviting, reminding, another address, mail that came back."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.queueing import hand_over

from ..forms.rounds import (
    AddressForm,
    BounceForm,
    InviteForm,
    StepForm,
)
from ..models import Hub, Invitation, Round
from ..services.rounds import (
    change_address,
    invite_hubs,
    record_bounce,
    remind_hubs,
)
from ..tasks import send_round_mails
from .need_editing import crumbs
from .round_running import RoundView


class RoundInvite(RoundView):
    """Whom to ask, checked once more before a mail goes out."""

    heading = "Invite hubs"

    def hubs(self, asked: Round) -> list[Hub]:
        held = asked.invitations.values("organisation")
        rows = Hub.objects.current().filter(organisation__is_demo=asked.is_demo)
        return list(rows.exclude(organisation__in=held).select_related("organisation"))

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        hubs = self.hubs(asked)
        return self.shown(asked, InviteForm(hubs=hubs))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = InviteForm(request.POST, hubs=self.hubs(asked))
        if not form.is_valid():
            return self.shown(asked, form)
        addresses = form.addresses()
        if not addresses:
            form.add_error(None, "Choose at least one hub.")
            return self.shown(asked, form)
        if request.POST.get("step") != "send":
            return self.shown(asked, form, check=addresses)
        try:
            made = invite_hubs(round=asked, addresses=addresses, by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.shown(asked, form)
        post_soon()
        by_mail = sum(1 for item in made if item.email)
        said = (
            f"{len(made)} {'hub is' if len(made) == 1 else 'hubs are'} asked, {by_mail} by e-mail."
        )
        return self.done(asked, said)

    def shown(
        self, asked: Round, form: InviteForm, check: dict[int, str] | None = None
    ) -> HttpResponse:
        here = reverse("round-detail", args=[asked.pk])
        names = {hub.organisation_id: hub.organisation.name for hub in form.hubs}
        context = {
            "title": "Check whom you ask" if check else "Invite hubs",
            "round": asked,
            "form": form,
            "check": [(names[key], address) for key, address in (check or {}).items()],
            "carried": [
                (name, form.data.get(name, "")) for name in form.fields if name in form.data
            ],
            "breadcrumbs": crumbs((asked.name, here), ("Invite hubs", None)),
        }
        return render(self.request, "community_needs/round_invite.html", context)


def post_soon() -> None:
    """The mails go out at once where there is a worker, and with the next scheduled run otherwise."""
    transaction.on_commit(lambda: hand_over(send_round_mails))


class RoundRemind(RoundView):
    """Only those that have not answered."""

    heading, button = "Remind hubs", "Send the reminders"
    introduction = (
        "Each hub that was asked by e-mail and has not answered gets one mail with its link. "
        "A hub that had a mail in the last day gets none."
    )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.page(asked, StepForm(initial={"version": asked.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.page(asked, form)
        try:
            count = remind_hubs(round=asked, by=request.user, now=self.now, today=self.today)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        post_soon()
        said = f"{count} {'hub is' if count == 1 else 'hubs are'} reminded."
        return self.done(asked, said if count else "No hub needed a reminder today.")


class InvitationView(RoundView):
    def invitation(self, pk: int) -> Invitation:
        row = get_object_or_404(Invitation.objects.select_related("round", "organisation"), pk=pk)
        self.check(row.round)
        return row


class InvitationAddress(InvitationView):
    heading, button = "Send it to another address", "Send a new link"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.invitation(pk)
        return self.page(row.round, AddressForm(), introduction=str(row.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.invitation(pk)
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self.page(row.round, form)
        try:
            change_address(
                invitation=row, email=form.cleaned_data["email"], by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row.round, form)
        post_soon()
        return self.done(row.round, "A new link goes out in a few minutes.")


class InvitationBounce(InvitationView):
    heading, button = "The mail came back", "Save it"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.invitation(pk)
        return self.page(row.round, BounceForm(), introduction=str(row.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.invitation(pk)
        form = BounceForm(request.POST)
        if not form.is_valid():
            return self.page(row.round, form)
        record_bounce(
            invitation=row, words=form.cleaned_data["words"], by=request.user, now=self.now
        )
        return self.done(
            row.round, "It is noted. Send the link to another address, or ask on paper."
        )
