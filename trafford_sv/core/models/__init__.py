"""The ground floor's records."""

from .audit import AuditEvent, AuditHead
from .drawn import Drawing, DrawnDocument
from .idempotency import IdempotentAnswer
from .imports import ColumnMapping, ImportRow, ImportRun
from .mail_rows import MailQuerySet, MailRow, MailState
from .periods import ClosedQuarter
from .records import DataFlag, Versioned
from .users import ApiToken, Invitation, User

__all__ = [
    "ApiToken",
    "AuditEvent",
    "AuditHead",
    "ClosedQuarter",
    "ColumnMapping",
    "DataFlag",
    "Drawing",
    "DrawnDocument",
    "IdempotentAnswer",
    "ImportRow",
    "ImportRun",
    "Invitation",
    "MailQuerySet",
    "MailRow",
    "MailState",
    "User",
    "Versioned",
]
