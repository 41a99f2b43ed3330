"""One e-mail to the mail server, with what became of it told apart: sent, refused, or in doubt.

What the server refused surely did not go and may be tried again. Where the line broke while the
server had the text, the server may have taken it: it is in doubt, and a person settles it.
"""

from __future__ import annotations

import re
import smtplib
from typing import Any

from django.core.mail import EmailMessage, get_connection

SENT, FAILED, IN_DOUBT = "sent", "failed", "in_doubt"
# "4.4.2" and "5.1.1": RFC 3463.
_ENHANCED = re.compile(r"^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")


class MailServerAway(OSError):
    """The mail server could not be reached; nothing was claimed, so the next run begins anew."""


def open_connection() -> Any:
    """Raises MailServerAway."""
    connection = get_connection()
    reopen(connection)
    return connection


def reopen(connection: Any) -> None:
    """Make sure that a line is open, before anything is claimed. Raises MailServerAway."""
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        _close(connection)
        raise MailServerAway(f"The mail server did not answer: {error}") from error


def largest_message_bytes(connection: Any) -> int | None:
    """What the server says that it takes at most (RFC 1870); None where it says nothing."""
    line = getattr(connection, "connection", None)
    if not isinstance(line, smtplib.SMTP):
        return None
    try:
        line.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException):
        return None  # the message itself will meet the same
    size = str(line.esmtp_features.get("size", "")).strip()
    return int(size) if size.isascii() and size.isdigit() and int(size) else None


def send_one(connection: Any, message: EmailMessage) -> tuple[str, str]:
    """(SENT, FAILED or IN_DOUBT; why, in words). The connection may be used again after any.

    Where the server had hung up meanwhile, as many do after a hundred messages or a minute, a new
    line is opened and the message handed over: the server had not seen its text.
    """
    for is_last in (False, True):
        try:
            fresh = bool(connection.open())
        except (OSError, smtplib.SMTPException) as error:
            _close(connection)
            return FAILED, _words(error)
        stage = _watched(connection)
        try:
            connection.send_messages([message])
        except ValueError as error:  # a line break in a header: it never reached the server
            return FAILED, _words(error)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            _close(connection)
            if _hung_up(error) and not fresh and not is_last:
                continue
            return FAILED, _words(error)
        except (OSError, smtplib.SMTPException) as error:
            _close(connection)
            if stage is None or stage.text_begun:
                return IN_DOUBT, _words(error)
            if fresh or is_last:
                return FAILED, _words(error)
            continue
        return SENT, ""
    raise AssertionError("both tries return")


class _Stage:
    """How far one message came on one line."""

    def __init__(self) -> None:
        self.text_begun = False


def _watched(connection: Any) -> _Stage | None:
    """Told when the text of a message begins to go out; None where this cannot be known."""
    line = getattr(connection, "connection", None)
    if not isinstance(line, smtplib.SMTP):
        return None
    stage = _Stage()

    def data(text: Any) -> Any:
        stage.text_begun = True
        return type(line).data(line, text)

    line.data = data  # type: ignore[method-assign, assignment]
    return stage


def _hung_up(error: Exception) -> bool:
    return _words(error).startswith("421")


def _close(connection: Any) -> None:
    """The next message opens it anew. A line that broke is not waited for."""
    line = getattr(connection, "connection", None)
    if isinstance(line, smtplib.SMTP):
        line.close()
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        connection.connection = None


def has_no_such_address(words: str) -> bool:
    """The server says that nobody is there: trying again is of no use. A 550 about policy
    (5.7.1, for example) says nothing about the address."""
    if enhanced := _enhanced(words):
        return enhanced.startswith("5.1.")
    return words[:3] in {"550", "551", "553"}


def is_too_large(words: str) -> bool:
    """The server takes no message of this size: 552, or 5.2.3 and 5.3.4 of RFC 3463."""
    return words[:3] == "552" or _enhanced(words) in {"5.2.3", "5.3.4"}


def _enhanced(words: str) -> str:
    found = _ENHANCED.match(words)
    return found[1] if found else ""


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        replies = error.recipients.values()
        return "; ".join(f"{code} {_text(said)}" for code, said in replies)[:500]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:500]
    return (str(error) or type(error).__name__)[:500]


def _text(said: Any) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
