"""The demo's closed quarters: every one that is over but the last, closed as an officer would close it.

One of them was reopened, with a reason, and closed again: a hub's answer had come after it was
closed. On a site that holds rows of its own nothing is closed, so that nobody is shut out.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from contracts.demo_delivery import delivered_world
from contracts.demo_delivery_rows import World
from contracts.demo_delivery_stories import answer_late, decide_late, send_late
from contracts.demo_spend import SOURCE
from contracts.models import Contract, Payment
from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter
from trafford_sv.directory.demo import DemoDirectory

from .closing_checks import CheckKey
from .demo import demo_key
from .demo_editions import QUARTERLY, correct_quarter, publish_quarter
from .models import (
    AcceptedCheck,
    ClosingReminder,
    MeasureReading,
    ReportEdition,
    StarMeasure,
)
from .selectors.closing import checks_outstanding
from .services.closing import accept_check
from .services.star_readings import write_comment

# Days after the end of a quarter.
CLOSED, PUBLISHED, REOPENED, CLOSED_AGAIN, CORRECTED = 40, 42, 54, 56, 57
REASON = (
    "Invented: a hub’s answer about volunteer hours came after the quarter was closed, so that the "
    "delivery can be decided now."
)
CHANGED = (
    f"The quarter was opened again and closed again. {REASON} What is verified is higher by that "
    "delivery, and what waits is lower."
)
ACCEPTED = {
    CheckKey.RETURNS: "Invented: the suppliers were asked three times. What comes now counts in the next quarter.",
    CheckKey.VERIFICATION: "Invented: a hub has still to answer about this delivery. It is decided when it does.",
    CheckKey.CONFIRMATIONS: "Invented: the hub was asked, and has promised to answer.",
    CheckKey.UPDATES: "Invented: the leads were asked. The plan’s own page says which updates are missing.",
    CheckKey.COMMENTARY: "Invented: the comments began later, with the reports to the STAR Board.",
}
OTHERWISE = "Invented: looked at and accepted for the demonstration."
COMMENTS = {
    "social-value-against-contract-value": "Most agreements keep to their plan; those behind it are on the Steering Group’s agenda.",
    "social-value-verified-against-committed": "Promises run for years, so that this share grows towards their end.",
    "social-value-verified": "Officers accepted what hubs and schools confirmed.",
    "returns-received": "Those that are missing were asked for by e-mail.",
    "spend-retained": "One large payee moved its office into the borough.",
}


def load_closings(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> tuple[Counts, str]:
    """Loaded once; a second time changes nothing. After the demo's payments and measures, before its
    other reports.

    And sentences: why the quarters are left open, or which report the records do not bear.
    """
    world = delivered_world(directory, now=now, today=today)
    if world is None:
        return Counts(unchanged=_held()), ""
    reason = why_nothing_is_closed()
    with transaction.atomic():
        if reason:
            send_late(world)
            answer_late(world)
            decide_late(world)
        else:
            reason = " ".join(_close_quarters(world, by))
    # And the late return, which the deliveries count from now on.
    return Counts(created=_held() + 1), reason


def why_nothing_is_closed() -> str:
    """What the site holds of its own, in a sentence; "" where it holds nothing but the demo."""
    own: tuple[tuple[str, Any], ...] = (
        ("closed quarters", ClosedQuarter.objects.filter(is_demo=False)),
        (
            "agreements",
            Contract.objects.filter(is_demo=False).exclude(buyer__is_demo=True),
        ),
        ("payments", Payment.objects.exclude(source__name=SOURCE)),
        # What the schedule works out names nobody.
        ("values of measures", MeasureReading.objects.filter(is_demo=False).exclude(by_name="")),
    )
    for what, rows in own:
        if rows.exists():
            return (
                f"No quarter was closed and no report of one was published: this site holds {what} of "
                "its own, and closing would lock what they count in."
            )
    return ""


def _held() -> int:
    """Closings and acceptances with the reports of the quarters."""
    return (
        ClosedQuarter.objects.filter(is_demo=True).count()
        + AcceptedCheck.objects.filter(is_demo=True).count()
        + ReportEdition.objects.filter(is_demo=True, kind=QUARTERLY).count()
    )


def remove_closings() -> int:
    """What the demo closed and accepted, and what its accounts did: the quarters are open after."""
    models: tuple[Any, ...] = (ClosingReminder, AcceptedCheck, ClosedQuarter)
    return sum(int(model.objects.filter(is_demo=True).delete()[0]) for model in models)


# --- closing ------------------------------------------------------------------------------


def _close_quarters(world: World, by: Any) -> list[str]:
    """Oldest first, and each as its day came. Why a report of one was not published, in sentences."""
    *before, last = world.quarters[:-1]
    refused = []
    for quarter in before:
        _close(world, quarter, CLOSED)
        refused.append(publish_quarter(quarter, by=by, now=_moment(quarter, PUBLISHED)))
    _write_comments(last, world.coordinator, _moment(last, CLOSED))
    _close(world, last, CLOSED)
    refused.append(publish_quarter(last, by=by, now=_moment(last, PUBLISHED)))
    send_late(world)
    answer_late(world)
    reopen_quarter(quarter=last, by=world.coordinator, now=_moment(last, REOPENED), reason=REASON)
    decide_late(world)
    _close(world, last, CLOSED_AGAIN)
    correct_quarter(last, what_changed=CHANGED, by=by, now=_moment(last, CORRECTED))
    return [sentence for sentence in refused if sentence]


def _close(world: World, quarter: Quarter, days: int) -> None:
    """Through the service of the page, each outstanding check accepted with a reason."""
    who, now = world.coordinator, _moment(quarter, days)
    looked = now - datetime.timedelta(hours=1)
    for check in checks_outstanding(quarter):
        accept_check(
            quarter=quarter, key=check.key.value, reason=ACCEPTED.get(check.key, OTHERWISE),
            by=who, now=looked, is_demo=True,
        )  # fmt: skip
    close_quarter(quarter=quarter, by=who, now=now, checked=True, is_demo=True)


def _write_comments(quarter: Quarter, by: Any, now: datetime.datetime) -> None:
    wanted = {demo_key(key): text for key, text in COMMENTS.items()}
    held = {one.key: one for one in StarMeasure.objects.filter(key__in=wanted)}
    for key, text in wanted.items():
        if key in held:
            write_comment(
                measure=held[key], quarter=quarter, text=f"Invented commentary: {text}",
                expected_version=None, by=by, now=now,
            )  # fmt: skip


def _moment(quarter: Quarter, days: int) -> datetime.datetime:
    day = quarter.end + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, datetime.time(15), timezone.get_current_timezone())
