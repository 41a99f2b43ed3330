"""An edition made ready to be sent: checked against its hashes, put into words, encoded once.

Everything that can go wrong with the report itself goes wrong here, before anybody is claimed.
"""

from __future__ import annotations

import hashlib

from django.conf import settings

from trafford_sv.core.periods import PeriodError
from trafford_sv.core.services.opt_in import row_token

from ...datasets import DatasetUnreadable, sha256_of
from ...editions import UnknownKind
from ...mailings.letters import Enclosure, Letter, Wording, letter_of
from ...mailings.strict import VariableMissing
from ...models import Audience, EditionFile, MailSubscription, ReportEdition

LEAVE, CONFIRM = "reporting.leave", "reporting.confirm"


class NotSendable(ValueError):
    """Why nobody can be sent this edition now; the sentence is for a person."""


class NotReady(NotSendable):
    """It will be, by itself: its PDF is still being made."""


def leave_token(subscription: MailSubscription) -> str:
    return row_token(subscription, purpose=LEAVE)


def confirm_token(subscription: MailSubscription) -> str:
    return row_token(subscription, purpose=CONFIRM, seed="click_seed")


class PreparedEdition:
    """The wordings of one edition, each made once. `by_link` is set when the server takes no PDF."""

    def __init__(self, edition: ReportEdition) -> None:
        """Raises NotSendable."""
        self.edition = edition
        self.by_link = ""
        self.letter = _letter(edition)
        self._pdf: EditionFile | None = edition.files.filter(format=EditionFile.Format.PDF).first()
        self._content: bytes | None = None
        self._wordings: dict[tuple[Audience, int, bool, str], Wording] = {}

    def wording(self, audience: Audience, corrects: int, *, attaches: bool) -> Wording:
        """Raises NotSendable where the PDF is not ready or not what was published, or where the
        message cannot be put together."""
        enclosure = self._enclosure(attaches)
        key = (audience, corrects, enclosure.content is not None, enclosure.reason)
        if key not in self._wordings:
            made = Wording(self.letter, audience, corrects, enclosure)
            try:
                if made.size_bytes <= 0:
                    raise NotSendable("The message is empty.")
            except (VariableMissing, ValueError) as error:
                raise NotSendable(f"{self.edition}: {error}") from error
            self._wordings[key] = made
        return self._wordings[key]

    def _enclosure(self, attaches: bool) -> Enclosure:
        if not attaches:
            return Enclosure()
        pdf = self._pdf
        if pdf is None or pdf.state == EditionFile.State.WAITING:
            raise NotReady(f"{self.edition}: its PDF is still being made.")
        if pdf.state == EditionFile.State.FAILED:
            raise NotSendable(
                f"{self.edition}: its PDF could not be made. Make it again, or send by link."
            )
        if self.by_link:
            return Enclosure(reason=self.by_link)
        if pdf.size_bytes > settings.MAIL_ATTACHMENT_BYTES:
            return Enclosure(
                reason=f"The PDF is too large for an e-mail ({pdf.size_bytes / 1_000_000:.1f} MB)."
            )
        if self._content is None:
            self._content = _bytes_of(self.edition, pdf)
        return Enclosure(pdf.file_name, self._content)


def _letter(edition: ReportEdition) -> Letter:
    if sha256_of(edition.dataset_text) != edition.sha256:
        raise NotSendable(
            f"{edition}: its stored data is not what was published (the hash differs). "
            "Nothing is sent."
        )
    try:
        return letter_of(edition, edition.dataset())
    except (DatasetUnreadable, UnknownKind, PeriodError) as error:
        raise NotSendable(f"{edition}: {error}") from error
    except KeyError as error:
        raise NotSendable(f"{edition}: it has no figure {error}, which the e-mail says.") from error


def _bytes_of(edition: ReportEdition, pdf: EditionFile) -> bytes:
    try:
        with pdf.file.open("rb") as stored:
            content: bytes = stored.read()
    except (OSError, ValueError) as error:
        raise NotSendable(f"{edition}: its PDF is gone from the store. Nothing is sent.") from error
    if hashlib.sha256(content).hexdigest() != pdf.sha256:
        raise NotSendable(
            f"{edition}: its PDF is not the one that was made (the hash differs). Nothing is sent."
        )
    return content
