"""Small believable rows about needs for tests. Append; change nothing that others rely on."""

from __future__ import annotations

import datetime
import itertools
from decimal import Decimal
from typing import Any

from community_needs.models import (
    Catchment,
    Hub,
    Invitation,
    Need,
    Priority,
    Question,
    Response,
    Round,
)
from tests.factories import make_organisation, make_ward
from trafford_sv.directory.models import Area, Organisation

_numbers = itertools.count(1)
NOW = datetime.datetime(2026, 11, 30, 9, 0, tzinfo=datetime.UTC)


def make_priority(name: str = "", **values: Any) -> Priority:
    number = next(_numbers)
    return Priority.objects.create(
        key=f"priority-{number}", name=name or f"Priority {number}", summary="In words", **values
    )


def make_hub(name: str = "", *wards: Area, **values: Any) -> Hub:
    """A hub and its catchment; one new ward unless told."""
    organisation = make_organisation(name or f"Invented Hub {next(_numbers)}", "hub")
    for ward in wards or (make_ward(),):
        Catchment.objects.create(hub=organisation, ward=ward)
    return Hub.objects.create(organisation=organisation, **values)


def make_need(*wards: Area, quantity: str | None = None, **values: Any) -> Need:
    """An open, public need; in one new ward unless told."""
    number = next(_numbers)
    need = Need.objects.create(
        **{
            "priority": values.get("priority") or make_priority(),
            "title": f"Need {number}",
            "needed_quantity": None if quantity is None else Decimal(quantity),
            "unit": "" if quantity is None else "sessions",
            "open_from": NOW.date() - datetime.timedelta(days=30),
            "raised_from": Need.RaisedFrom.OFFICER,
            "raised_at": NOW,
            "raised_by_name": "A test",
            **values,
        }
    )
    need.wards.set(wards or [make_ward()])
    return need


def make_round(*priorities: Priority, **values: Any) -> Round:
    """An open round that asks about two priorities and for words, until told otherwise."""
    number = next(_numbers)
    asked = Round.objects.create(
        **{
            "name": f"Round {number}",
            "introduction": "We ask so that businesses know where to help.",
            "opens_on": NOW.date() - datetime.timedelta(days=7),
            "closes_on": NOW.date() + datetime.timedelta(days=7),
            "state": Round.State.OPEN,
            "opened_at": NOW,
            **values,
        }
    )
    asked.priorities.set(priorities or [make_priority(), make_priority()])
    kinds = [
        ("priorities", "Which of these matter most?", ""),
        ("text", "What would help most?", ""),
        ("quantity", "How many sessions?", "sessions"),
        ("for_whom", "Who is it for?", ""),
    ]
    for at, (kind, text, unit) in enumerate(kinds, 1):
        Question.objects.create(round=asked, number=at, kind=kind, text=text, unit=unit)
    return asked


def make_response(
    asked: Round, organisation: Organisation | None = None, **values: Any
) -> Response:
    return Response.objects.create(
        **{
            "round": asked,
            "organisation": organisation,
            "channel": Response.Channel.PAPER,
            "state": Response.State.SENT,
            "started_at": NOW,
            "saved_at": NOW,
            "sent_at": NOW,
            **values,
        }
    )


def make_invitation(asked: Round, hub: Hub, **values: Any) -> Invitation:
    number = next(_numbers)
    return Invitation.objects.create(
        **{
            "round": asked,
            "organisation": hub.organisation,
            "email": "hub@example.org",
            "link_seed": f"seed-{number}",
            "token_hash": f"hash-{number}",
            "created_at": NOW,
            "created_by_name": "A test",
            **values,
        }
    )
