"""Following what is needed: by e-mail, by feed, on paper."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.link_views import SendThrottle
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.views.drawn import DrawnPdf, Wanted, wanted_document
from trafford_sv.core.views.errors import too_many_requests
from trafford_sv.core.views_base import EditMixin, PublicView
from trafford_sv.directory.models import Area

from ..forms.following import FollowForm
from ..models import Subscription
from ..selectors.needs import needs_to_answer
from ..services.bulletins import bulletin_data
from ..services.following import (
    CONFIRM,
    LEAVE,
    ask_to_follow,
    confirm_following,
    find_subscription,
    stop_following,
)
from ..tasks import send_follow_links
from .need_editing import crumbs, form_page

FEED_LENGTH = 50


class BulletinFollow(EditMixin, PublicView):
    """Step one. What it says does not tell whether the address is known."""

    topic: str = Subscription.Topic.NEEDS
    ward: Area | None = None

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(FollowForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = FollowForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        if not SendThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        try:
            ask_to_follow(
                email=form.cleaned_data["email"],
                topic=self.topic,
                ward=self.ward,
                by=None,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        send_links_soon()
        return redirect("bulletin-asked")

    def page(self, form: FollowForm) -> HttpResponse:
        return form_page(
            self.request,
            form,
            title="Get an e-mail about what is needed",
            button="Send me the link",
            cancel=reverse("needs-home"),
            introduction="A few times a year: what communities need, and where help counts most. We "
            "send you a link first, so that nobody signs up for somebody else.",
            breadcrumbs=crumbs(("By e-mail", None)),
        )


class BulletinAsked(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.said("Look at your e-mail", "If the address is right, a link comes in a few minutes. "
                         "Open it, and you are in. Look in the junk folder too.")  # fmt: skip

    def said(self, title: str, text: str, status: int = 200, **more: Any) -> HttpResponse:
        context = {"title": title, "text": text, "breadcrumbs": crumbs((title, None)), **more}
        return render(self.request, "community_needs/said.html", context, status=status)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class BulletinConfirm(BulletinAsked):
    """Step two. Opening the link asks, the button answers: mail scanners open links too."""

    def get(self, request: HttpRequest, token: str = "") -> HttpResponse:
        found = find_subscription(token=token, purpose=CONFIRM)
        if found is None or found.state == Subscription.State.LEFT:
            return self.unknown()
        if found.ward is not None:
            return self.said(
                "One more click",
                f"Press the button and you get an e-mail when something is new in {found.ward}.",
                button="Yes, write to me",
            )
        return self.said(
            "One more click",
            "Press the button and you get an e-mail when there is a new bulletin.",
            button="Yes, send me the bulletin",
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        found = confirm_following(token=token, by=None, now=self.now)
        if found is None:
            return self.unknown()
        if found.ward_id is not None:
            return self.said(
                "You are in",
                "The first e-mail says what is there now; then we write when something is new. "
                "Each has a link to stop them.",
            )
        return self.said("You are in", "You get the next bulletin. Each has a link to stop them.")

    def unknown(self) -> HttpResponse:
        return self.said(
            "We do not know this link",
            "A part of it may have been lost, or a newer e-mail took its place. Ask for a new one.",
            status=404,
        )


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class BulletinLeave(BulletinAsked):
    """The link in each e-mail. Opening it asks; a mail program's one click posts without asking.

    Free of the token against forged forms, because a mail program has none: the link is the proof,
    and all it does is stop these e-mails.
    """

    def get(self, request: HttpRequest, token: str = "") -> HttpResponse:
        found = find_subscription(token=token, purpose=LEAVE)
        if found is None:
            return self.unknown()
        if found.state == Subscription.State.LEFT:
            return self.gone()
        return self.said("Stop these e-mails?", "You will get no more of them.", button="Stop them")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if stop_following(token=token, by=None, now=self.now) is None:
            return self.unknown()
        return self.gone()

    def gone(self) -> HttpResponse:
        return self.said(
            "You get no more of these e-mails",
            "Your address is deleted. No list brings it back; only you can, by asking again.",
        )

    def unknown(self) -> HttpResponse:
        return self.said(
            "We do not know this link",
            "A part of it may have been lost on the way. Open it from the e-mail again.",
            status=404,
        )


class NeedsFeed(PublicView):
    """Atom: needs that wait for help, newest first. The same words as the page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        feed = NeedFeed(
            title="What communities need in Trafford",
            link=request.build_absolute_uri(reverse("needs-home")),
            description="Needs that wait for help",
            language="en-gb",
            feed_url=request.build_absolute_uri(request.path),
            feed_guid="urn:trafford-social-value:needs",
        )
        for need in needs_to_answer(self.today, most=FEED_LENGTH):
            parts = [need.words, need.wanted, f"For {need.for_whom}" if need.for_whom else ""]
            parts += [f"Wards: {', '.join(need.wards)}"]
            parts += ["Invented, for the demonstration"] if need.is_demo else []
            feed.add_item(
                title=need.title,
                link=request.build_absolute_uri(reverse("need-detail", args=[need.key])),
                description=clean("\n".join(part for part in parts if part)),
                unique_id=f"urn:trafford-social-value:need:{need.key}",
                pubdate=need.raised_at,
                updateddate=need.raised_at,
                categories=[need.priority],
            )
        return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


class NeedFeed(Atom1Feed):
    """An empty feed has a date too, but not one that changes with each look."""

    def latest_post_date(self) -> datetime.datetime:
        if not self.items:
            return datetime.datetime(2022, 10, 24, tzinfo=datetime.UTC)
        return super().latest_post_date()


def clean(text: str) -> str:
    """Without the characters that no XML may hold."""
    return "".join(sign for sign in text if sign in "\n\t" or sign >= " ")


class BulletinPdf(DrawnPdf, PublicView):
    """What is needed today, to print and pin up."""

    def wanted(self, request: HttpRequest) -> Wanted:
        data = bulletin_data(self.today)
        needs = data["needs"]
        context = {
            "title": "What communities need",
            "subtitle": "Where businesses can help",
            "kicker": "Trafford Social Value",
            "date_line": f"{self.today:%-d %B %Y}",
            "focus": data["focus"],
            "needs": needs[:60],
            "more": max(0, len(needs) - 60),
            # Not the host that was asked: the same bulletin is one file.
            "address": settings.SITE_URL + reverse("needs-home"),
            "some_invented": any(need["is_demo"] for need in needs),
        }
        return wanted_document(
            template="community_needs/documents/bulletin.html", context=context,
            name=f"Needs bulletin {self.today:%Y-%m-%d}", back=("needs", reverse("needs-home")),
        )  # fmt: skip


def send_links_soon() -> None:
    """In the background, so that the answer takes as long for an address that is known."""
    # Where the queue is away the links wait, and the next scheduled run sends them.
    hand_over(send_follow_links)
