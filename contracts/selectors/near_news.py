"""What is new in a ward, newest first, for its feed and for those who follow it by e-mail."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from .near_me import Near

MOST = 50


@dataclass(frozen=True)
class News:
    """One thing that happened. `key` stays for ever, so that nobody is told twice."""

    key: str
    title: str
    words: str
    moment: datetime.datetime


def near_news(found: Near) -> list[News]:
    """Promises agreed, help accepted, help that came, needs raised."""
    told = [
        News(
            f"offer-{one.pk}-{'came' if one.has_come else 'coming'}",
            f"{'Help came' if one.has_come else 'Help is on its way'}: {one.need}",
            f"{one.supplier}: {one.amount.words or one.need}, for “{one.need}”.",
            one.moment,
        )
        for one in found.help
    ]
    told += [
        News(
            f"promise-{promise.pk}",
            f"Promised by {promise.supplier}",
            promise.sentence,
            datetime.datetime.combine(promise.since, datetime.time(), datetime.UTC),
        )
        for promise in found.promises
    ]
    told += [
        News(f"need-{need.pk}", f"Needed: {need.title}", need.words or need.title, need.raised_at)
        for need in found.needs
    ]
    told.sort(key=lambda one: (one.moment, one.key), reverse=True)
    return told[:MOST]
