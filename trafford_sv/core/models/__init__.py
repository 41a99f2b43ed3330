"""The ground floor's records."""

from .audit import AuditEvent, AuditHead
from .imports import ColumnMapping, ImportRow, ImportRun
from .periods import ClosedQuarter
from .records import DataFlag, Versioned
from .users import Invitation, User

__all__ = [
    "AuditEvent",
    "AuditHead",
    "ClosedQuarter",
    "ColumnMapping",
    "DataFlag",
    "ImportRow",
    "ImportRun",
    "Invitation",
    "User",
    "Versioned",
]
