"""A process that dies at any one point of sending, again and again, and what must hold afterwards.

A point is before and after each statement to the database, before and after each commit, and before
and after the mail server takes a message. A process that died does nothing more: whatever it still
tries in its `finally` dies as well, and the database takes back what it had not committed.
"""

from __future__ import annotations

import contextlib
import datetime
import smtplib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from reporting.mail_schedule import DOUBT_AFTER
from reporting.models import EditionMail, LateNudge, MailSubscription
from reporting.services.mailings.nudges import mark_told, tell_again
from reporting.services.mailings.sending import send_due_mailings
from reporting.services.mailings.settling import mark_arrived, send_again

from .mailings import DUE, NOON

BACKEND = "tests.reporting.mail_crashes.Server"


class Died(BaseException):
    """As SIGKILL: nothing in the code catches it."""


class Process:
    """Counts points; dies at number `dies_at`, and stays dead."""

    def __init__(self, dies_at: int = 0) -> None:
        self.points, self.dies_at, self.is_dead = 0, dies_at, False

    def point(self) -> None:
        self.points += 1
        if self.is_dead or self.points == self.dies_at:
            self.is_dead = True
            raise Died

    def statement(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.point()
        answer = execute(sql, params, many, context)
        self.point()
        return answer


class World:
    """What stays when processes die: what the mail server took, and how it behaves."""

    process: Process = Process()
    taken: Counter[str] = Counter()
    # Address: what the server does with the next messages to it, one word each.
    moods: dict[str, list[str]] = {}


class Server(BaseEmailBackend):
    """A mail server in one object."""

    def open(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            World.process.point()
            (address,) = message.to
            assert message.message().as_bytes(linesep="\r\n")
            waiting = World.moods.get(address)
            mood = waiting.pop(0) if waiting else "takes"
            if mood == "refuses":
                raise smtplib.SMTPRecipientsRefused({address: (451, b"4.3.0 later")})
            if mood == "breaks":
                raise smtplib.SMTPServerDisconnected("before it took it")
            World.taken[address] += 1
            World.process.point()
            if mood == "takes and breaks":
                raise smtplib.SMTPServerDisconnected("after it took it")
        return len(messages)


@contextlib.contextmanager
def running(process: Process) -> Iterator[Process]:
    World.process = process
    commit = connection.commit

    def dangerous() -> None:
        try:
            process.point()
        except Died:
            # The database sees it; else Django, on its way out, would meet an open transaction.
            connection.connection.rollback()
            raise
        commit()
        process.point()

    connection.commit = dangerous  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(process.statement):
            yield process
    finally:
        connection.commit = commit  # type: ignore[method-assign]
        World.process = Process()


def run(now: datetime.datetime, dies_at: int = 0, *, as_of: datetime.date = DUE) -> Process:
    """One run of the task, to its end or its death."""
    process = Process(dies_at)
    with running(process), contextlib.suppress(Died):
        send_due_mailings(as_of=as_of, by=None, now=now)
    if process.is_dead:
        _take_back()
    return process


def _take_back() -> None:
    """The database sees that the process is gone: what it had not committed never was."""
    connection.connection.rollback()
    connection.in_atomic_block = connection.needs_rollback = False
    connection.savepoint_ids, connection.atomic_blocks = [], []
    connection.run_on_commit = []
    connection._before_end = []  # type: ignore[attr-defined]
    if connection.vendor != "sqlite":  # a file in memory would be gone
        connection.close()


def begin_anew(moods: dict[str, list[str]]) -> None:
    EditionMail.objects.all().delete()
    MailSubscription.objects.all().update(bounces=0, state="active")
    World.taken = Counter()
    World.moods = {address: list(words) for address, words in moods.items()}


def hold(deaths: int, breaks: int) -> int:
    """Nobody twice, nobody lost unseen; returns how many a person has to settle."""
    end = NOON + datetime.timedelta(days=2)
    readers = set(MailSubscription.objects.values_list("email", flat=True))
    rows = {row.address: row for row in EditionMail.objects.select_related("subscription")}
    assert set(rows) == readers, "each reader has a row"
    shown = set(EditionMail.objects.in_doubt(end, DOUBT_AFTER).values_list("address", flat=True))
    for address, row in rows.items():
        assert World.taken[address] <= 1, f"{address} got it twice"
        if row.state == "sent":
            assert World.taken[address] == 1, f"{address} is marked and got nothing"
        elif row.state == "claimed":
            assert address in shown, f"{address} is lost without a trace"
        else:
            raise AssertionError(f"{address} is {row.state} after two days")
    assert len(shown) <= deaths + breaks, "a death leaves one in doubt at most"
    return len(shown)


def settle() -> None:
    """A person reads the mail server's log, and settles each."""
    World.moods = {}
    end = NOON + datetime.timedelta(days=2)
    for row in EditionMail.objects.in_doubt(end, DOUBT_AFTER).select_related("subscription"):
        if World.taken[row.address]:
            mark_arrived(mail=row, by=None, now=end)
        else:
            assert send_again(mail=row, by=None, now=end) == "sent"
    assert set(World.taken.values()) == {1}
    assert set(EditionMail.objects.values_list("state", flat=True)) == {"sent"}


def drill(moods: dict[str, list[str]], dies_at: int, *, again_at: int = 0) -> int:
    """Die at one point, be restarted (and die again), live on until nothing waits; how many deaths."""
    begin_anew(moods)
    deaths = int(run(NOON, dies_at).is_dead)
    if deaths and again_at:
        deaths += run(NOON + datetime.timedelta(minutes=1), again_at).is_dead
    for minutes in (5, 25, 65, 140, 300):
        run(NOON + datetime.timedelta(minutes=minutes))
        if not EditionMail.objects.filter(state__in=["waiting", "failed"]).exists():
            break
    breaks = sum("breaks" in word for words in moods.values() for word in words)
    hold(deaths, breaks)
    settle()
    return deaths


def points_of(moods: dict[str, list[str]]) -> int:
    """How many points a run has in which nobody dies."""
    begin_anew(moods)
    return run(NOON).points


# --- that a report is late, told to the co-ordinators -----------------------------------------

DAY_AFTER, NOON_AFTER = DUE + datetime.timedelta(days=1), NOON + datetime.timedelta(days=1)


def run_late(minutes: int = 0, dies_at: int = 0) -> Process:
    return run(NOON_AFTER + datetime.timedelta(minutes=minutes), dies_at, as_of=DAY_AFTER)


def drill_late(dies_at: int) -> int:
    """Die at one point, be restarted until nothing waits; each is told once, or stands in doubt."""
    LateNudge.objects.all().delete()
    World.taken, World.moods = Counter(), {}
    deaths = int(run_late(0, dies_at).is_dead)
    for minutes in (5, 65):
        run_late(minutes)
    end = NOON_AFTER + datetime.timedelta(hours=5)
    shown = set(LateNudge.objects.in_doubt(end, DOUBT_AFTER).values_list("pk", flat=True))
    for row in LateNudge.objects.select_related("user"):
        assert World.taken[row.address] <= 1, f"{row} was told twice"
        assert row.state == "sent" or row.pk in shown, f"{row} is lost without a trace"
        assert row.state != "sent" or World.taken[row.address] == 1, f"{row} was told nothing"
    assert len(shown) <= deaths, "a death leaves one in doubt at most"
    for row in LateNudge.objects.filter(pk__in=shown).select_related("user"):
        if World.taken[row.address]:
            mark_told(nudge=row, by=None, now=end)
        else:
            assert tell_again(nudge=row, by=None, now=end) == "sent"
    assert set(World.taken.values()) == {1}
    assert set(LateNudge.objects.values_list("state", flat=True)) == {"sent"}
    return deaths
