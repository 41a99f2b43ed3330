"""The bulletin that officers send, who follows, and mails in doubt."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Figure, Link, Tag, Tone
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.following import AddressesForm, BulletinForm
from ..models import BulletinIssue, BulletinMail, NearMail, Subscription
from ..services.bulletins import bulletin_data, make_bulletin
from ..services.following import (
    bring_in_addresses,
)
from ..tasks import send_bulletins
from .following import send_links_soon
from .need_editing import crumbs, form_page
from .settling import settle_from


def doubtful_mails(now: datetime.datetime) -> list[dict[str, Any]]:
    """Copies of bulletins and mails about a ward that may or may not have gone. Two queries."""
    kinds: list[tuple[str, Any]] = [
        ("bulletin", BulletinMail.objects.in_doubt(now)),
        ("near", NearMail.objects.in_doubt(now)),
    ]
    related = {"bulletin": ("issue", "subscription"), "near": ("subscription__ward",)}
    return [
        {
            "what": str(mail.issue) if kind == "bulletin" else f"News of {mail.subscription.ward}",
            "email": mail.subscription.email,
            "mail": mail,
            "action": reverse("follower-mail-settle", args=[kind, mail.pk]),
        }
        for kind, rows in kinds
        for mail in rows.select_related(*related[kind])[:50]
    ]


class FollowerMailSettle(PermissionView):
    """A copy in doubt: it arrived, or it is sent again. A POST from the list of bulletins."""

    permission = "run_bulletin"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
        models: dict[str, Any] = {"bulletin": BulletinMail, "near": NearMail}
        if kind not in models:
            raise Http404
        settle_from(request, get_object_or_404(models[kind], pk=pk), self.now, again=post_soon)
        return redirect("bulletin-list")


MAIL_TONES = {
    Subscription.State.PENDING: Tone.NEUTRAL,
    Subscription.State.ACTIVE: Tone.GOOD,
    Subscription.State.LEFT: Tone.NEUTRAL,
    Subscription.State.BOUNCING: Tone.BAD,
}


class BulletinList(ListPage):
    """Every bulletin with what became of its copies; followers as counts, addresses only of mail
    that comes back."""

    permission = "run_bulletin"
    title = "Needs bulletins"
    noun = "bulletin"
    introduction = (
        "Each tells followers what is needed on a day. A copy goes once to each follower."
    )
    template_name = "community_needs/bulletin_list.html"
    row_template = "community_needs/_bulletin_rows.html"
    columns = (
        Column("Bulletin", sort="number"),
        Column("Needs", numeric=True),
        Column("Sent", numeric=True),
        Column("Not sent"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "number": Sort("Number", ("number",), "oldest first", "newest first")
    }
    default_sort = "-number"
    empty_state = EmptyState(
        "No bulletin yet", "Make the first one when there are needs to tell about."
    )

    def get_queryset(self) -> QuerySet[Any]:
        def copies(*states: str) -> Count:
            return Count("mails", filter=Q(mails__state__in=states))

        return BulletinIssue.objects.annotate(
            sent=copies(BulletinMail.State.SENT),
            waiting=copies(BulletinMail.State.WAITING),
            failed=copies(BulletinMail.State.FAILED),
            doubtful=copies(BulletinMail.State.CLAIMED),
        )

    def get_main_action(self) -> Link:
        return Link("Make a bulletin", reverse("bulletin-make"))

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        for row in rows:
            row.needs = len(row.dataset["needs"])
        followers = Subscription.objects.all()
        bulletin, wards = Subscription.Topic.NEEDS, Subscription.Topic.NEAR_ME
        counts: dict[tuple[str, str], int] = {
            (topic, state): rows
            for topic, state, rows in followers.order_by()
            .values_list("topic", "state")
            .annotate(rows=Count("pk"))
        }
        states = Subscription.State

        def count(state: str) -> str:
            return f"{counts.get((bulletin, state), 0):,}"

        return {
            "rows": rows,
            "figures": [
                Figure("Followers", count(states.ACTIVE)),
                Figure("Waiting for their click", count(states.PENDING)),
                Figure("Mail comes back", count(states.BOUNCING)),
                Figure("Left", count(states.LEFT)),
                Figure("Follow one ward", f"{counts.get((wards, states.ACTIVE), 0):,}"),
            ],
            "doubtful": doubtful_mails(self.now),
            "bouncing": [
                (row, Tag(row.get_state_display(), MAIL_TONES[Subscription.State(row.state)]))
                for row in followers.filter(bounced_at__isnull=False).exclude(state=states.LEFT)[
                    :50
                ]
            ],
            "breadcrumbs": crumbs(("Bulletins", None)),
        }


class BulletinMake(EditMixin, PermissionView):
    """Look at what it will say, then send it."""

    permission = "run_bulletin"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(BulletinForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = BulletinForm(request.POST)
        if not form.is_valid() or request.POST.get("step") != "send":
            return self.page(form, checked=form.is_valid())
        try:
            issue = make_bulletin(
                introduction=form.cleaned_data["introduction"],
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        post_soon()
        messages.success(
            request, f"Bulletin {issue.number} is made. It goes out within a quarter of an hour."
        )
        return redirect("bulletin-list")

    def page(self, form: BulletinForm, *, checked: bool = False) -> HttpResponse:
        active = Subscription.objects.filter(
            topic=Subscription.Topic.NEEDS, state=Subscription.State.ACTIVE
        )
        context = {
            "title": "Check the bulletin" if checked else "Make a bulletin",
            "form": form,
            "checked": checked,
            "data": bulletin_data(self.today),
            "followers": active.count(),
            "breadcrumbs": crumbs(("Bulletins", reverse("bulletin-list")), ("Make", None)),
        }
        return render(self.request, "community_needs/bulletin_make.html", context)


def post_soon() -> None:
    """Where the queue is away the copies wait, and the next scheduled run sends them."""
    transaction.on_commit(lambda: hand_over(send_bulletins))


class BulletinAddresses(EditMixin, PermissionView):
    """Addresses from a list: each is asked, none is added, and whoever left stays out."""

    permission = "run_bulletin"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(AddressesForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AddressesForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        lines = form.cleaned_data["addresses"].replace(",", "\n").replace(";", "\n").splitlines()
        if len(lines) > 500:
            form.add_error("addresses", "Bring at most 500 addresses at a time.")
            return self.page(form)
        found = bring_in_addresses(
            addresses=lines, source=form.cleaned_data["source"], by=request.user, now=self.now
        )
        send_links_soon()
        said = [f"{len(found.asked)} asked", f"{found.known} known already"]
        if found.left_before:
            said.append(f"{found.left_before} left before and stay out")
        messages.success(request, f"{', '.join(said)}.")
        if found.not_addresses:
            messages.warning(
                request, f"These are not e-mail addresses: {', '.join(found.not_addresses[:10])}"
            )
        return redirect("bulletin-list")

    def page(self, form: AddressesForm) -> HttpResponse:
        return form_page(
            self.request,
            form,
            title="Ask people from a list",
            button="Ask them",
            cancel=reverse("bulletin-list"),
            breadcrumbs=crumbs(("Bulletins", reverse("bulletin-list")), ("From a list", None)),
        )
