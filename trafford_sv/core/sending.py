"""One e-mail to the mail server, with what became of it told apart: sent, refused, or in doubt.

What the server refused surely did not go and may be tried again. Where the line broke, the
server may have taken it: it is in doubt, and a person settles it.
"""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail import EmailMessage, get_connection

SENT, FAILED, IN_DOUBT = "sent", "failed", "in_doubt"


class MailServerAway(OSError):
    """The mail server could not be reached; nothing was claimed, so the next run begins anew."""


def open_connection() -> Any:
    """Raises MailServerAway."""
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerAway(f"The mail server did not answer: {error}") from error
    return connection


def send_one(connection: Any, message: EmailMessage) -> tuple[str, str]:
    """(SENT, FAILED or IN_DOUBT; why, in words). The connection may be used again after any."""
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        _close(connection)
        return FAILED, _words(error)
    try:
        connection.send_messages([message])
    except ValueError as error:  # a line break in a header: it never reached the server
        return FAILED, _words(error)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        _close(connection)
        return FAILED, _words(error)
    except (OSError, smtplib.SMTPException) as error:
        _close(connection)
        return IN_DOUBT, _words(error)
    return SENT, ""


def _close(connection: Any) -> None:
    """The next message opens it anew."""
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        connection.connection = None


def has_no_such_address(words: str) -> bool:
    """The server says that nobody is there (550, 551, 553 or 5.1.x): trying again is of no use."""
    return words[:3] in {"550", "551", "553"} or words[4:8] == "5.1."


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        replies = error.recipients.values()
        return "; ".join(f"{code} {_text(said)}" for code, said in replies)[:500]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:500]
    return (str(error) or type(error).__name__)[:500]


def _text(said: Any) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
