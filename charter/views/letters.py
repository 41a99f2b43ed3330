"""E-mails of the register that an officer sends on, or settles where nobody knows whether they went."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from trafford_sv.core.queueing import hand_over
from trafford_sv.core.sending import SENT, MailServerAway
from trafford_sv.core.views_base import PermissionView

from ..models import AdoptionRequest, ReaffirmationReminder
from ..services import affirmations, request_letters
from ..tasks import send_request_answer


class _Keeping(PermissionView):
    permission = "keep_adoptions"


def queue_answer(request_pk: int) -> None:
    """Where the queue is away, the answer stays due: the daily task or the page's button sends it."""
    hand_over(send_request_answer, request_pk)


class RequestLetterSettle(_Keeping):
    """An answer that waits, was refused, or may have gone: somebody says so, or sends it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect("adoption-request-detail", pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = get_object_or_404(AdoptionRequest.objects.visible_to(request.user), pk=pk)
        try:
            if request.POST.get("what") == "sent":
                request_letters.mark_answer_sent(request=row, by=request.user, now=self.now)
                messages.success(request, "It is marked as sent.")
            elif now_sent(row.pk, request.user, self.now):
                messages.success(request, "The answer is sent.")
            else:
                messages.error(request, "It did not go out. This page says why.")
        except (ValidationError, MailServerAway) as error:
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return redirect(row)


def now_sent(pk: int, by: Any, now: Any) -> bool:
    return (
        request_letters.send_request_answer(request_pk=pk, by=by, now=now, although_in_doubt=True)
        == SENT
    )


class ReminderSettle(_Keeping):
    """A yearly question of which nobody knows whether it went."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect("adoption-detail", self.reminder(pk).adoption_id)

    def reminder(self, pk: int) -> ReaffirmationReminder:
        return get_object_or_404(ReaffirmationReminder, pk=pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.reminder(pk)
        try:
            if request.POST.get("what") == "sent":
                affirmations.mark_question_sent(reminder=row, by=request.user, now=self.now)
                messages.success(request, "It is marked as sent.")
            elif (
                affirmations.send_question_again(reminder=row, by=request.user, now=self.now)
                == SENT
            ):
                messages.success(request, "The question is sent.")
            else:
                messages.error(request, "It did not go out. The list says why.")
        except (ValidationError, MailServerAway) as error:
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return redirect("adoption-detail", row.adoption_id)
