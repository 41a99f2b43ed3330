"""Signing up for reports and stopping them: for anybody, without an account."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.link_views import SendThrottle
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.views.errors import too_many_requests
from trafford_sv.core.views_base import EditMixin, PublicView

from ...editions import kinds
from ...forms.mailings import SignUpForm
from ...models import MailSubscription
from ...services.mailings.preparing import CONFIRM, LEAVE
from ...services.mailings.subscriptions import (
    ask_for_reports,
    confirm_reader,
    find_reader,
    stop_reports,
)
from ...tasks import send_reader_links

State = MailSubscription.State


class SignUp(EditMixin, PublicView):
    """Step one. What it says does not tell whether the address is known."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(SignUpForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = SignUpForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        if not SendThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        try:
            ask_for_reports(
                email=form.cleaned_data["email"],
                wanted=form.cleaned_data["wanted"],
                by=None,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        # In the background, so that the answer takes as long for an address that is held.
        hand_over(send_reader_links)
        return redirect("report-mail-asked")

    def page(self, form: SignUpForm) -> HttpResponse:
        context = {
            "title": "Get the reports by e-mail",
            "form": form,
            "breadcrumbs": [("Reports by e-mail", None)],
        }
        return render(self.request, "reporting/mailings/sign_up.html", context)


class Asked(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.said(
            "Look at your e-mail",
            "If the address is right, a link comes in a few minutes. Open it, and you are in. "
            "Look in the junk folder too.",
        )

    def said(self, title: str, text: str, status: int = 200, **more: Any) -> HttpResponse:
        context = {"title": title, "text": text, "breadcrumbs": [(title, None)], **more}
        return render(self.request, "reporting/mailings/said.html", context, status=status)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class Confirm(Asked):
    """Step two. Opening the link asks, the button answers: mail scanners open links too."""

    def get(self, request: HttpRequest, token: str = "") -> HttpResponse:
        found = find_reader(token=token, purpose=CONFIRM)
        if found is None or (
            found.state not in (State.PENDING, State.ACTIVE) and found.asked_kinds is None
        ):
            return self.unknown()
        names = [kind.name for kind in kinds() if kind.key in found.wanted]
        return self.said(
            "One more click",
            "Press the button and you get the next report by e-mail. You asked for: "
            f"{', '.join(names) or 'every report that is published'}.",
            button="Yes, send me the reports",
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if confirm_reader(token=token, by=None, now=self.now) is None:
            return self.unknown()
        return self.said("You are in", "You get the next report. Each has a link to stop them.")

    def unknown(self) -> HttpResponse:
        return self.said(
            "We do not know this link",
            "A part of it may have been lost, or a newer e-mail took its place. Ask for a new one.",
            status=404,
        )


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class Stop(Asked):
    """The link in each e-mail. Opening it asks; a mail program's one click posts without asking.

    Free of the token against forged forms, because a mail program has none: the link is the proof,
    and all it does is stop these e-mails.
    """

    def get(self, request: HttpRequest, token: str = "") -> HttpResponse:
        found = find_reader(token=token, purpose=LEAVE)
        if found is None:
            return self.unknown()
        if found.state == State.LEFT:
            return self.gone(found)
        return self.said(
            "Stop these e-mails?",
            f"You get them as one of: {found.get_audience_display()}. You will get no more of them.",
            button="Stop them",
        )

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        found = stop_reports(token=token, by=None, now=self.now)
        return self.unknown() if found is None else self.gone(found)

    def gone(self, found: MailSubscription) -> HttpResponse:
        if found.user_id is not None:
            return self.said(
                "You get no more of these e-mails",
                "Your account is as it was. The co-ordinator can put you back if you ask.",
            )
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
