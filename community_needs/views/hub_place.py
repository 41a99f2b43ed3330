"""`/hub/`: a hub's own place. What it asked for, what it may answer, and a way to ask for more."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import reach
from trafford_sv.core.parts import Need as NeedsYou
from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.directory.models import Organisation

from ..forms.needs import HubNeedForm
from ..models import Catchment, Invitation, Need, Round
from ..sections import hub_needs
from ..selectors.needs import need_rows, wanted_words
from ..services.needs import change_need, raise_need
from .need_editing import NeedWithdraw, form_page
from .needs import state_tag, wards_words


class HubView(PermissionView):
    """For somebody at a hub; `self.hubs` are the hubs they belong to."""

    permission = "raise_needs"

    @property
    def hubs(self) -> QuerySet[Organisation]:
        _, own = reach(self.request.user, self.permission)
        return Organisation.objects.filter(pk__in=[pk for _, pk in own]).order_by("name")


class HubHome(HubView):
    def get(self, request: HttpRequest) -> HttpResponse:
        hubs = list(self.hubs)
        needs = list(need_rows(request.user).filter(hub__in=hubs)[:100])
        for need in needs:
            need.tag = state_tag(need, self.today)  # type: ignore[attr-defined]
            need.wanted = wanted_words(need)  # type: ignore[attr-defined]
            need.place = wards_words([ward.name for ward in need.wards.all()])  # type: ignore[attr-defined]
        context = {
            "title": " and ".join(hub.name for hub in hubs) or "Your hub",
            "needs_you": [
                *(question(row) for row in asked_now(hubs, self.today)),
                *hub_needs([hub.pk for hub in hubs], request.user),
            ],
            "needs": needs,
            "waiting": sum(1 for need in needs if not need.is_public),
        }
        return render(request, "community_needs/hub_home.html", context)


def asked_now(hubs: list[Organisation], day: datetime.date) -> QuerySet[Invitation]:
    rows = Invitation.objects.unanswered().filter(organisation__in=hubs)
    rows = rows.filter(round__state=Round.State.OPEN, round__closes_on__gte=day)
    return rows.select_related("round", "organisation")


def question(invitation: Invitation) -> NeedsYou:
    asked = invitation.round
    return NeedsYou(
        f"Answer “{asked.name}”",
        reverse("hub-answer", kwargs={"pk": invitation.pk}),
        detail=f"{invitation.organisation.name}. It takes about ten minutes.",
        tag=Tag(f"Until {asked.closes_on:%-d %B}" if asked.closes_on else "Open", Tone.WARNING),
    )


class HubNeedCreate(EditMixin, HubView):
    """A hub asks at any time; an officer looks at the words before anyone can read them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        hubs = list(self.hubs)
        wards = Catchment.objects.filter(hub__in=hubs[:1]).values_list("ward", flat=True)
        initial = {"open_from": self.today, "wards": list(wards) if wards.count() == 1 else []}
        return self.page(HubNeedForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = HubNeedForm(request.POST)
        hub = self.chosen()
        if hub is None:
            form.add_error(None, "Choose which hub this is for.")
        if not form.is_valid() or hub is None:
            return self.page(form)
        values: dict[str, Any] = form.changes()
        try:
            raise_need(
                values={**values, "hub": hub, "is_public": False},
                raised_from=Need.RaisedFrom.HUB,
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(
            request, "Thank you. We have it. We read it once, then show it to businesses."
        )
        return redirect("hub-home")

    def chosen(self) -> Organisation | None:
        """The hub named in the form, or the only one there is."""
        hubs = {str(hub.pk): hub for hub in self.hubs}
        if len(hubs) == 1:
            return next(iter(hubs.values()))
        return hubs.get(self.request.POST.get("hub", ""))

    def page(self, form: HubNeedForm) -> HttpResponse:
        hubs = list(self.hubs)
        if len(hubs) > 1:
            form.fields["hub"] = forms.ChoiceField(
                label="Which hub is it for?", choices=[(hub.pk, hub.name) for hub in hubs]
            )
        return form_page(
            self.request,
            form,
            title="Ask for something",
            button="Send it",
            cancel=reverse("hub-home"),
            introduction="Tell us what would help people near you. One thing at a time is best.",
            breadcrumbs=[("Your hub", reverse("hub-home")), ("Ask for something", None)],
        )


class HubNeedEdit(EditMixin, HubView):
    """A hub puts its own words right; they are read once more before they are shown."""

    def record(self, pk: int) -> Need:
        need = get_object_or_404(Need.objects.visible_to(self.request.user), pk=pk)
        self.check(need)
        return need

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(HubNeedForm(instance=self.record(pk)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        need = self.record(pk)
        form = HubNeedForm(self.posted(), instance=self.record(pk))
        if not form.is_valid():
            return self.page(form)
        try:
            change_need(
                need=need,
                changes={**form.changes(), "is_public": False},
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, HubNeedForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "It is saved. We read it once more, then show it to businesses.")
        return redirect("hub-home")

    def page(self, form: HubNeedForm) -> HttpResponse:
        return form_page(
            self.request,
            form,
            title="Change what you asked for",
            button="Save it",
            cancel=reverse("hub-home"),
            breadcrumbs=[("Your hub", reverse("hub-home")), ("Change", None)],
        )


class HubNeedWithdraw(NeedWithdraw):
    permission = "raise_needs"
