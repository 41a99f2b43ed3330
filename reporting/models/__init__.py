"""What reports keep: measures, their approved sets, their readings, published figures and editions."""

from .closing import AcceptedCheck, ClosingMail, ClosingReminder
from .committee import CommitteePaper
from .editions import EditionFile, EditionIsFrozen, ReportEdition
from .mailings import (
    Audience,
    ClaimedMail,
    EditionMail,
    LateNudge,
    MailSchedule,
    MailSubscription,
)
from .pack_mails import KeptPack, PackMail, PackPreference
from .star_measures import (
    MeasureComment,
    MeasureReading,
    MeasureSet,
    PublishedFigure,
    SetMember,
    StarMeasure,
)

__all__ = [
    "AcceptedCheck",
    "ClosingMail",
    "ClosingReminder",
    "Audience",
    "ClaimedMail",
    "EditionMail",
    "LateNudge",
    "MailSchedule",
    "MailSubscription",
    "CommitteePaper",
    "EditionFile",
    "EditionIsFrozen",
    "MeasureComment",
    "MeasureReading",
    "MeasureSet",
    "KeptPack",
    "PackMail",
    "PackPreference",
    "PublishedFigure",
    "SetMember",
    "ReportEdition",
    "StarMeasure",
]
