"""A calendar as iCalendar (RFC 5545): escaped, folded at 75 octets, lines ended by CRLF. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST = 75


@dataclass(frozen=True)
class DayEvent:
    """Something on one whole day. `uid` never changes; `sequence` grows with each change."""

    uid: str
    day: datetime.date
    summary: str
    description: str = ""
    url: str = ""
    sequence: int = 0
    is_cancelled: bool = False


def escaped(text: str) -> str:
    """TEXT of RFC 5545: no control characters but the line breaks, which become \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(letter for letter in text if letter in "\n\t" or not _is_control(letter))
    for plain, code in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, code)
    return text


def _is_control(letter: str) -> bool:
    return ord(letter) < 32 or ord(letter) == 127


def folded(line: str) -> str:
    """The line in pieces of at most 75 octets, a space before each but the first; no character
    is cut through."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode("utf-8", "replace"))
        limit = _LONGEST if not pieces else _LONGEST - 1
        if size + octets > limit:
            pieces.append(piece)
            piece, size = "", 0
        piece, size = piece + letter, size + octets
    pieces.append(piece)
    return "\r\n ".join(pieces)


def calendar_text(*, name: str, events: Iterable[DayEvent], made_at: datetime.datetime) -> str:
    """The whole calendar; every line ends in CRLF. `made_at` is an aware moment."""
    stamp = made_at.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Trafford Social Value//Action Plan//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        "X-PUBLISHED-TTL:P1D",
    ]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{escaped(event.uid)}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{_next(event.day):%Y%m%d}",
            f"SUMMARY:{escaped(event.summary)}",
        ]
        if event.description:
            lines.append(f"DESCRIPTION:{escaped(event.description)}")
        if event.url:
            lines.append(f"URL:{event.url}")
        lines += [
            f"SEQUENCE:{event.sequence}",
            f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _next(day: datetime.date) -> datetime.date:
    return day if day == datetime.date.max else day + datetime.timedelta(days=1)
