"""An edition as it is told in an e-mail: its headlines in words, one link, the PDF where it fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils import timezone

from ..datasets import Dataset, Figure, figure_words, filled, with_period
from ..datasets.changes import Change, changes_in
from ..editions import kind_of, parse_code
from ..models import Audience, ReportEdition
from .strict import render_strictly

HEADLINES_SHOWN = 6
CHANGES_SHOWN = 5
REASONS = {
    Audience.STAR_BOARD: "you are on the list of the STAR Board",
    Audience.JOINT_COMMITTEE: "you are on the list of the STAR Joint Committee",
    Audience.AUDIT_COMMITTEE: "you are on the list of the Audit Committee",
    Audience.STEERING_GROUP: "you are on the list of the Social Value Steering Group",
    Audience.SUBSCRIBERS: "you asked for it",
}
BASIS_WORDS = {
    "offered": "offered in bids",
    "committed": "committed in agreements",
    "reported": "reported by suppliers, not yet checked",
    "verified": "verified with evidence",
    "award": "by contracts awarded",
    "invoice": "by payments made",
    "record": "from the council’s records",
    "supplied": "supplied by STAR with its evidence",
    "published": "as published; the formula is not known",
    "mixed": "",
}
# Stand in for what differs from one reader to the next, and are the length of nothing.
_TOKEN, _TO, _ID = "0ffTokenGoesHere0", "reader@to-be-named.invalid", "<number@to-be-named.invalid>"

_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
)


@dataclass(frozen=True)
class LetterLine:
    """One headline: "£1.24 million", "Social value verified", what it rests on."""

    label: str
    number: str
    note: str


@dataclass(frozen=True)
class Letter:
    """What is the same for every reader of one edition."""

    title: str
    period: str
    number: int
    published: str
    lines: tuple[LetterLine, ...]
    what_changed: str
    link: str
    is_demo: bool
    is_public: bool
    changed: tuple[Change, ...] | None = None  # of a correction; None where it holds no such list

    @property
    def since(self) -> int:
        """The edition that its changes are told from."""
        return self.number - 1

    @property
    def first_changed(self) -> tuple[Change, ...]:
        return (self.changed or ())[:CHANGES_SHOWN]

    @property
    def more_changed(self) -> int:
        """How many more stand behind the link."""
        return max(0, len(self.changed or ()) - CHANGES_SHOWN)

    @property
    def nothing_changed(self) -> bool:
        return self.changed == ()

    @property
    def period_beside(self) -> str:
        """The period beside the title; "" where the title says it."""
        return "" if self.period in self.title else self.period

    def subject(self, corrects: int) -> str:
        start = f"Corrected (edition {self.number}): " if corrects else ""
        return " ".join(f"{start}{with_period(self.title, self.period)}".split())


def letter_of(edition: ReportEdition, dataset: Dataset) -> Letter:
    """From the stored dataset alone. Raises KeyError for a headline that is not in it."""
    return Letter(
        title=filled(dataset.title, dataset),
        period=parse_code(dataset.period).label,
        number=dataset.number,
        published=f"{timezone.localtime(edition.published_at):%-d %B %Y}",
        lines=tuple(_line(dataset.by_id[key]) for key in dataset.headlines[:HEADLINES_SHOWN]),
        what_changed=dataset.what_changed,
        changed=changes_in(dataset),
        link=settings.SITE_URL + edition.get_absolute_url(),
        is_demo=dataset.is_demo,
        is_public=kind_of(edition.kind).is_public,
    )


def _line(figure: Figure) -> LetterLine:
    notes = [BASIS_WORDS.get(figure.basis, figure.basis), figure.completeness]
    if figure.value is None:
        notes = [figure.reason]
    note = "; ".join(each.strip().rstrip(".") for each in notes if each.strip())
    return LetterLine(figure.label, figure_words(figure), note[:1].upper() + note[1:])


@dataclass(frozen=True)
class Enclosure:
    """The PDF, or why there is none. `content` None: by link."""

    file_name: str = ""
    content: bytes | None = None
    reason: str = ""

    @property
    def size_words(self) -> str:
        size = len(self.content or b"")
        if size < 1_000_000:
            return f"{max(1, round(size / 1000)):,} kB"
        return f"{size / 1_000_000:.1f} MB"


@dataclass(frozen=True)
class Wording:
    """One letter as one audience reads it: every reader's message is this with names put in.

    Rendered and encoded once: the PDF is not encoded anew for each of 500 readers.
    """

    letter: Letter
    audience: Audience
    corrects: int
    enclosure: Enclosure

    @cached_property
    def subject(self) -> str:
        return self.letter.subject(self.corrects)

    @cached_property
    def context(self) -> dict[str, Any]:
        return {
            "letter": self.letter,
            "subject": self.subject,
            "corrects": self.corrects,
            "enclosure": self.enclosure,
            "reason": REASONS[self.audience],
            "off": off_link(_TOKEN),
        }

    @cached_property
    def text(self) -> str:
        """Raises VariableMissing."""
        return render_strictly("reporting/email/edition.txt", self.context)

    @cached_property
    def html(self) -> str:
        """Raises VariableMissing."""
        return render_strictly("reporting/email/edition.html", self.context)

    @cached_property
    def _encoded(self) -> tuple[bytes, bytes]:
        """(head, body) with the stand-ins in place."""
        message = EmailMultiAlternatives(
            self.subject,
            self.text,
            to=[_TO],
            headers={
                "Message-ID": _ID,
                "Auto-Submitted": "auto-generated",
                "Precedence": "bulk",
                "List-Id": f"{self.audience.label} <{self.audience.value}.reports>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Date": "later",
            },
        )
        message.attach_alternative(self.html, "text/html")
        if self.enclosure.content is not None:
            message.attach(self.enclosure.file_name, self.enclosure.content, "application/pdf")
        made: Any = message.message()
        head, _, body = made.as_bytes(linesep="\r\n").partition(b"\r\n\r\n")
        if (
            head.count(_TO.encode()) != 1
            or head.count(_ID.encode()) != 1
            or body.count(_TOKEN.encode()) < 2
        ):
            raise ValueError("The message could not be put together: a stand-in was broken up.")
        kept = [line for line in head.split(b"\r\n") if line != b"Date: later"]
        return b"\r\n".join(kept), body

    @property
    def size_bytes(self) -> int:
        """Of the whole message, to within a reader's name. Also puts it together: call it before
        anything is claimed, and what cannot be built is said before anything is sent."""
        head, body = self._encoded
        return len(head) + len(body) + 400

    def to(self, address: str, *, message_id: str, token: str) -> EmailMultiAlternatives:
        """Raises ValidationError or BadHeaderError for what is no address."""
        validate_email(address)
        if any(sign in address + message_id + token for sign in "\r\n"):
            raise BadHeaderError("An address is one line.")
        return _Ready(self, address, message_id=message_id, token=token)


def off_link(token: str) -> str:
    return f"{settings.SITE_URL}/reports/by-email/stop/{token}/"


def _as_header(address: str) -> str:
    """An address as a header has it. Most are so already; the others cost their parsing."""
    return address if _PLAIN.fullmatch(address) else sanitize_address(address, "utf-8")


class _Bytes:
    """What a mail backend asks a message for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        return self.content if linesep == "\r\n" else self.content.replace(b"\r\n", b"\n")

    def get_charset(self) -> str:
        return "utf-8"


class _Ready(EmailMultiAlternatives):
    """A wording with one reader's address, number and way out put in, as bytes."""

    def __init__(self, wording: Wording, address: str, *, message_id: str, token: str) -> None:
        off = off_link(token)
        super().__init__(
            wording.subject,
            wording.text.replace(_TOKEN, token),
            to=[address],
            headers={
                "Message-ID": message_id,
                "List-Unsubscribe": f"<{off}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
        self.wording, self.token = wording, token
        self.attach_alternative(wording.html.replace(_TOKEN, token), "text/html")
        if wording.enclosure.content is not None:
            self.attach(wording.enclosure.file_name, wording.enclosure.content, "application/pdf")
        self._bytes = _Bytes(self._put_together())

    def message(self, *args: Any, **kwargs: Any) -> Any:
        return self._bytes

    def _put_together(self) -> bytes:
        """Raises ValueError for an address that no mail program could write."""
        head, body = self.wording._encoded
        address = _as_header(self.to[0]).encode()
        head = head.replace(_TO.encode(), address).replace(
            _ID.encode(), self.extra_headers["Message-ID"].encode()
        )
        lines = [
            head,
            f"Date: {formatdate()}".encode(),
            f"List-Unsubscribe: {self.extra_headers['List-Unsubscribe']}".encode(),
        ]
        return (
            b"\r\n".join(lines) + b"\r\n\r\n" + body.replace(_TOKEN.encode(), self.token.encode())
        )
