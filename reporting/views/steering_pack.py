"""The pack of a meeting: on the page and as PDF, from one gathered tree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from action_plan.models import Meeting
from action_plan.selectors.meetings import PUBLIC_READER
from action_plan.views.steering_base import GroupPage, RunPage, WorkingPage
from action_plan.words import day_words
from trafford_sv.core.access import can
from trafford_sv.core.sending import MailServerAway
from trafford_sv.core.views.drawn import DrawnPdf, Wanted, wanted_document
from trafford_sv.core.views_base import PermissionView, PublicView

from ..datasets import sha256_of
from ..mailings.pack import user_of
from ..models import KeptPack, PackMail, PackPreference
from ..pack_text import PackUnreadable, read_pack
from ..selectors.pack_mails import kept_packs, mails_of
from ..selectors.steering_pack import gather_steering_pack
from ..services.pack_mails import choose_packs, mark_pack_sent, send_pack_again
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
            "kept": kept_packs(meeting) if self.reader.works else (),
            "mails": mails_of(meeting, now=self.now) if self.standing.runs else None,
            "pdf": reverse("steering-pack-pdf", args=[pk]) + query,
            "breadcrumbs": self.meeting_crumbs(meeting, ("Pack", None)),
        }
        return render(request, "reporting/steering_pack.html", context)


class PackPdf(DrawnPdf, _Pack):
    def wanted(self, request: HttpRequest, pk: int) -> Wanted:
        meeting = self.meeting(pk)
        name = f"Steering Group pack {meeting.day.isoformat()}"
        address = reverse("steering-pack", args=[pk])
        query = "?version=public" if request.GET.get("version") == "public" else ""
        # The day on which it was prepared alone makes no other file.
        return pack_document(self.pack(meeting), name, address + query, not_content=("date_line",))


def pack_document(
    pack: SteeringPack, name: str, address: str, not_content: Collection[str] = ()
) -> Wanted:
    """Readers of the same pack get the same file."""
    return wanted_document(
        template="documents/steering_pack.html", context=pack_context(pack), name=name,
        back=("the pack", address), not_content=not_content,
    )  # fmt: skip


def pack_context(pack: SteeringPack) -> dict[str, Any]:
    """From the gathered tree alone: no query."""
    return {
        "title": f"Pack for the meeting of {day_words(pack.day)}",
        "kicker": "Social Value Steering Group",
        "subtitle": f"{day_words(pack.day)}, {pack.time:%H:%M}"
        + (f", {pack.place}" if pack.place else ""),
        "date_line": f"Prepared {day_words(pack.prepared_at.date())}"
        + (", public version" if pack.is_public else ", for members"),
        "pack": pack,
    }


class _KeptPack(WorkingPage):
    """A pack as members got it, from the text that was kept: for whoever reads the members' pack."""

    def kept(self, pk: int, kept: int) -> tuple[KeptPack, SteeringPack]:
        try:
            found = get_object_or_404(
                KeptPack.objects.select_related("meeting"), meeting=pk, pk=kept
            )
        except OverflowError:  # SQLite's driver, before it looks
            raise Http404 from None
        if not self.reader.works or sha256_of(found.text) != found.sha256:
            raise Http404
        try:
            pack = read_pack(found.text)
        except PackUnreadable as error:
            raise Http404 from error
        if pack.measures and not can(self.request.user, "see_dashboard"):
            pack = replace(pack, measures=None)
        return found, pack


class KeptPackPage(_KeptPack):
    def get(self, request: HttpRequest, pk: int, kept: int) -> HttpResponse:
        found, pack = self.kept(pk, kept)
        context = {
            "title": f"Pack for {day_words(pack.day)}, as it was sent",
            "pack": pack,
            "meeting": found.meeting,
            "as_sent": found,
            "pdf": reverse("kept-pack-pdf", args=[pk, kept]),
            "breadcrumbs": self.meeting_crumbs(
                found.meeting, ("Pack", reverse("steering-pack", args=[pk])), ("As sent", None)
            ),
        }
        return render(request, "reporting/steering_pack.html", context)


class KeptPackPdf(DrawnPdf, _KeptPack):
    def wanted(self, request: HttpRequest, pk: int, kept: int) -> Wanted:
        found, pack = self.kept(pk, kept)
        name = f"Steering Group pack {pack.day.isoformat()} as sent"
        return pack_document(pack, name, found.get_absolute_url())


class PackChoice(PermissionView):
    """A member's own choice: packs by e-mail, or none."""

    permission = "view_steering"

    def get(self, request: HttpRequest) -> HttpResponse:
        held = PackPreference.objects.filter(user=request.user.pk).first()
        context = {
            "title": "Your packs by e-mail",
            "wants": held.wants_packs if held else True,
            "breadcrumbs": [
                ("Steering Group", reverse("steering-group")),
                ("Your packs by e-mail", None),
            ],
        }
        return render(request, "reporting/pack_choice.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        choose_packs(
            user=request.user,  # type: ignore[arg-type]
            wants_packs=request.POST.get("what") == "on",
            by=request.user,
            now=self.now,
        )
        messages.success(request, "Your choice is saved.")
        return redirect("pack-choice")


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class PacksOff(PublicView):
    """The link in each e-mail. Opening it asks; a mail program's one click posts without asking.

    Free of the token against forged forms, because a mail program has none: the signed address is
    the proof, and all it does is stop that person's packs.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page(user_of(token) is not None, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = user_of(token)
        if user is not None:
            choose_packs(user=user, wants_packs=False, by=user, now=self.now)
        return self.page(user is not None, done=True)

    def page(self, known: bool, *, done: bool) -> HttpResponse:
        context = {"title": "Stop packs by e-mail", "known": known, "done": done}
        return render(
            self.request, "reporting/packs_off.html", context, status=200 if known else 404
        )


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
