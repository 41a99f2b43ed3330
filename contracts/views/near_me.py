"""`/near-me/`: a postcode in, plain words out. For anyone, without a script or an account."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from community_needs.forms.following import FollowForm
from community_needs.models import Subscription
from community_needs.views.following import BulletinFollow
from community_needs.views.need_editing import form_page
from trafford_sv.core.navigation import url_of
from trafford_sv.core.views_base import PublicView
from trafford_sv.directory.forms.organisations import PostcodeForm
from trafford_sv.directory.models import Area
from trafford_sv.directory.selectors.places import Location, locate

from ..selectors.near_me import near
from ..selectors.near_news import near_news
from .offer_parts import need_url

YEAR = 2023


def answer_words(found: Location) -> str:
    """What to do about a postcode that has no ward here; empty where it has one."""
    if found.ward_code and found.ward_year == YEAR:
        return ""
    if not found.postcode:
        return "Type your postcode, for example M32 0TH."
    if found.proposal:
        return f"“{found.postcode}” is not a postcode. Did you mean {found.proposal}?"
    if found.precision == "unknown" and found.locality == "unknown" and not found.la_code:
        if "not a postcode" in found.sentence:
            return f"“{found.postcode}” is not a postcode. Check it and try again."
        return (
            f"We do not know {found.postcode}. It may be new, or no longer in use. "
            "Choose your ward from the list."
        )
    if found.locality == "trafford":
        return (
            f"{found.postcode} is not on our list of February 2025. It may be new, or no longer in "
            "use. Choose your ward from the list."
        )
    if found.precision == "approximate":
        return (
            f"{found.postcode} seems to be in {found.la_name}, not in Trafford. We only hold what "
            "happens in Trafford. If you do live here, choose your ward from the list."
        )
    place = found.la_name or "another place"
    return (
        f"{found.postcode} is in {place}, not in Trafford. We only hold what happens in Trafford."
    )


class NearMe(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        form = PostcodeForm(request.GET if "postcode" in request.GET else None)
        said = proposal = ""
        if form.is_bound and form.is_valid():
            found = locate(form.cleaned_data["postcode"])
            said = answer_words(found)
            if not said and found.ward_code:
                return redirect("near-me-ward", code=found.ward_code)
            proposal = found.proposal
            form.add_error("postcode", said)
        context = {
            "title": "What happens near me",
            "form": form,
            "proposal": proposal,
            "wards": Area.objects.wards(YEAR).defer("geometry").order_by("name"),
        }
        return render(request, "contracts/near_me.html", context)


def _ward(code: str) -> Area:
    try:
        return Area.objects.wards(YEAR).defer("geometry").get(code=code.upper())
    except Area.DoesNotExist:
        raise Http404 from None


class NearMeWard(PublicView):
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        ward = _ward(code)
        found = near(ward, self.today)
        context = {
            "title": f"What happens in {ward.name}",
            "ward": ward,
            "near": found,
            "needs": [(need, need_url(need)) for need in found.needs],
            "feed_url": reverse("near-me-feed", kwargs={"code": ward.code}),
            "email_url": reverse("near-me-follow", kwargs={"code": ward.code}),
            "bulletin_url": url_of("bulletin-follow"),
            "breadcrumbs": [("Near me", reverse("near-me")), (ward.name, None)],
        }
        return render(request, "contracts/near_me_ward.html", context)


class NearMeFollow(BulletinFollow):
    """By e-mail when something is new in the ward: a link is sent first, and one click stops it."""

    topic = Subscription.Topic.NEAR_ME

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.ward = _ward(kwargs.pop("code"))
        return super().dispatch(request, *args, **kwargs)

    def page(self, form: FollowForm) -> HttpResponse:
        assert self.ward is not None
        here = reverse("near-me-ward", kwargs={"code": self.ward.code})
        return form_page(
            self.request,
            form,
            title=f"Get an e-mail about {self.ward.name}",
            button="Send me the link",
            cancel=here,
            introduction=f"We write when something is promised, asked for or delivered in "
            f"{self.ward.name}, at most once a week. We send you a link first, so that nobody "
            "signs up for somebody else.",
            breadcrumbs=[
                ("Near me", reverse("near-me")), (self.ward.name, here), ("By e-mail", None)
            ],
        )  # fmt: skip


class NearMeFeed(PublicView):
    """An Atom feed of one ward: promises agreed, help accepted, help that came, needs raised."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        ward = _ward(code)
        page = request.build_absolute_uri(reverse("near-me-ward", kwargs={"code": ward.code}))
        feed = Atom1Feed(
            title=f"Social value in {ward.name}",
            link=page,
            description=f"What was promised and what came in {ward.name} ward, Trafford",
            feed_url=request.build_absolute_uri(),
            language="en-gb",
        )
        host = request.get_host().partition(":")[0]
        for one in near_news(near(ward, self.today)):
            feed.add_item(
                title=one.title,
                description=one.words,
                unique_id=f"tag:{host},2026:{one.key}",
                pubdate=one.moment,
                updateddate=one.moment,
                link=page,
            )
        return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
