"""What opens rounds and answers, and whose each is."""

from __future__ import annotations

from typing import Any

from community_needs.models import Hub, Invitation
from tests.factories_needs import make_response, make_round

PUBLIC = "public"
TABLE: dict[str, str | tuple[str, ...]] = {
    "round-list": PUBLIC,
    "round-detail": PUBLIC,
    "round-create": "run_rounds",
    "round-edit": "run_rounds",
    "round-translate": "run_rounds",
    "question-create": "run_rounds",
    "question-save": "run_rounds",
    "question-remove": "run_rounds",
    "round-preview": "view_rounds",
    "round-open": "run_rounds",
    "round-invite": "run_rounds",
    "round-remind": "run_rounds",
    "round-asked": "view_rounds",
    "round-mail-settle": "run_rounds",
    "round-close": "run_rounds",
    "round-publish": "run_rounds",
    "round-paper": "view_rounds",
    "round-paper-enter": "run_rounds",
    "response-list": "view_rounds",
    "response-detail": "view_rounds",
    "need-from-answers": "change_needs",
    "invitation-address": "run_rounds",
    "invitation-bounce": "run_rounds",
    "hub-answer": "answer_rounds",
    "round-answer": PUBLIC,
    "round-answer-check": PUBLIC,
    "round-answer-thanks": PUBLIC,
    "round-public": PUBLIC,
}
OBJECTS: dict[str, Any] = {
    "round-preview": lambda side: {"pk": side["round"].pk},
    "round-asked": lambda side: {"pk": side["round"].pk},
    "round-paper": lambda side: {"pk": side["round"].pk},
    "response-list": lambda side: {"pk": side["round"].pk},
    "response-detail": lambda side: {"pk": side["response"].pk},
    "hub-answer": lambda side: {"pk": side["invitation"].pk},
}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """A round of each side's hub; `access_needs` has made the hub."""
    hub = side["hub_record"]
    assert Hub.objects.filter(organisation=hub).exists()
    asked = make_round()
    side["round"] = asked
    side["invitation"] = Invitation.objects.create(
        round=asked, organisation=hub, link_seed="s", token_hash=f"h{asked.pk}",
        created_at=asked.opened_at, created_by_name="A test",
    )  # fmt: skip
    side["response"] = make_response(asked, hub)
