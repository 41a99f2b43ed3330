"""The pack of a meeting: on the page and as PDF, from one gathered tree."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from action_plan.models import Meeting
from action_plan.selectors.meetings import PUBLIC_READER
from action_plan.views.steering_base import GroupPage, RunPage
from action_plan.words import day_words
from trafford_sv.core.documents import pdf_response, render_pdf
from trafford_sv.core.sending import MailServerAway

from ..models import PackMail
from ..selectors.pack_mails import mails_of
from ..selectors.steering_pack import gather_steering_pack
from ..services.pack_mails import mark_pack_sent, send_pack_again
from ..steering_pack import SteeringPack


class _Pack(GroupPage):
    def pack(self, meeting: Meeting) -> SteeringPack:
        if meeting.state == Meeting.State.CANCELLED:
            raise Http404
        reader, user = self.reader, self.request.user
        if self.request.GET.get("version") == "public":
            reader = PUBLIC_READER
        return gather_steering_pack(meeting, user=user, reader=reader, now=self.now)


class PackPage(_Pack):
    """For anybody once the agenda is out; members read more."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        pack = self.pack(meeting)
        query = "?version=public" if pack.is_public and self.reader.works else ""
        context = {
            "title": f"Pack for {day_words(meeting.day)}",
            "pack": pack,
            "meeting": meeting,
            "works": self.reader.works,
            "runs": self.standing.runs,
            "mails": mails_of(meeting, now=self.now) if self.standing.runs else None,
            "pdf": reverse("steering-pack-pdf", args=[pk]) + query,
            "breadcrumbs": self.meeting_crumbs(meeting, ("Pack", None)),
        }
        return render(request, "reporting/steering_pack.html", context)


class PackPdf(_Pack):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        pack = self.pack(meeting)
        return pdf_response(pack_pdf(pack), name=f"Steering Group pack {meeting.day.isoformat()}")


def pack_pdf(pack: SteeringPack) -> bytes:
    """From the gathered tree alone: no query."""
    context: dict[str, Any] = {
        "title": f"Pack for the meeting of {day_words(pack.day)}",
        "kicker": "Social Value Steering Group",
        "subtitle": f"{day_words(pack.day)}, {pack.time:%H:%M}"
        + (f", {pack.place}" if pack.place else ""),
        "date_line": f"Prepared {day_words(pack.prepared_at.date())}"
        + (", public version" if pack.is_public else ", for members"),
        "pack": pack,
    }
    return render_pdf(template="documents/steering_pack.html", context=context)


class PackMailSettle(RunPage):
    """An e-mail of which nobody knows whether it went: somebody says so, or sends it again."""

    permission = "run_steering"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mail = self.mail(pk)
        return redirect("steering-pack", mail.meeting_id)

    def mail(self, pk: int) -> PackMail:
        found = PackMail.objects.filter(pk=pk).select_related("meeting").first()
        if found is None:
            raise Http404
        return found

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mail = self.mail(pk)
        try:
            if request.POST.get("what") == "sent":
                mark_pack_sent(mail=mail, by=request.user, now=self.now)
                messages.success(request, "It is marked as sent.")
            else:
                outcome = send_pack_again(mail=mail, by=request.user, now=self.now)
                if outcome == "sent":
                    messages.success(request, "The pack is sent.")
                else:
                    messages.error(request, "It did not go out. The list says why.")
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        except MailServerAway as error:
            messages.error(request, str(error))
        return redirect("steering-pack", mail.meeting_id)
