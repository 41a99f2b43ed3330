"""What the two buttons beside a mail in doubt do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from trafford_sv.core.services.mail_rows import settle_mail_row


def settle_from(request: HttpRequest, mail: Any, now: Any, *, again: Any) -> None:
    """`again` asks the queue to send what waits. Says what came of it on the next page."""
    action = request.POST.get("action")
    if action not in ("sent", "again"):
        return
    try:
        settle_mail_row(row=mail, went=action == "sent", by=request.user, now=now)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return
    if action == "again":
        again()
    said = "It is marked as sent." if action == "sent" else "It goes out again with the next run."
    messages.success(request, said)
