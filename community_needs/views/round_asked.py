"""Who was asked in a round: each hub with its mails, those in doubt, and answers by ward."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.services.mail_rows import is_in_doubt
from trafford_sv.core.views_base import PermissionView

from ..models import Round, RoundMail
from ..selectors.rounds import hub_answers, ward_answers
from .need_editing import crumbs
from .round_inviting import post_soon
from .rounds import is_officer
from .settling import settle_from


class RoundAsked(PermissionView):
    permission = "view_rounds"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = get_object_or_404(Round.objects.visible_to(request.user), pk=pk)
        self.check(asked)
        here = reverse("round-detail", args=[asked.pk])
        if not is_officer(request.user) or asked.is_history:
            return redirect(here)  # type: ignore[return-value]
        hubs = hub_answers(asked)
        for row in hubs:
            for mail in row.mails:
                mail.doubtful = is_in_doubt(mail, self.now)  # type: ignore[attr-defined]
        context: dict[str, Any] = {
            "title": f"Who was asked: {asked.name}",
            "round": asked,
            "hubs": hubs,
            "wards": ward_answers(asked, hubs),
            "may_run": can(request.user, "run_rounds"),
            "takes_answers": asked.takes_answers_on(self.today),
            "breadcrumbs": crumbs(
                ("Rounds", reverse("round-list")), (asked.name, here), ("Who was asked", None)
            ),
        }
        return render(request, "community_needs/round_asked.html", context)


class RoundMailSettle(PermissionView):
    """A mail in doubt: it arrived, or it is sent again. A POST from the list of who was asked."""

    permission = "run_rounds"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mail = get_object_or_404(RoundMail.objects.select_related("invitation__round"), pk=pk)
        self.check(mail.invitation.round)
        settle_from(request, mail, self.now, again=post_soon)
        return redirect("round-asked", mail.invitation.round_id)
