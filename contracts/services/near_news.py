"""Telling followers of a ward by e-mail what is new there."""

from __future__ import annotations

import datetime
from typing import Any

from django.urls import reverse

from community_needs.services.near_mails import (
    Entry,
    followed_wards,
    make_near_mails,
    send_near_mails,
)
from trafford_sv.directory.models import Area

from ..selectors.near_me import near
from ..selectors.near_news import near_news


def tell_followers(*, by: Any, now: datetime.datetime, today: datetime.date) -> dict[str, int]:
    """Makes the mails that are due and sends all that wait. Must not run inside a transaction.

    Run as often as you like: nobody is told twice, nor more than once a week.
    """
    made = 0
    for ward in followed_wards():
        entries = [Entry(one.key, one.title, one.words) for one in near_news(near(ward, today))]
        made += make_near_mails(ward=ward, entries=entries, now=now)
    return {"made": made, **send_near_mails(page_of=_page, by=by, now=now)}


def _page(ward: Area) -> str:
    return reverse("near-me-ward", kwargs={"code": ward.code})
