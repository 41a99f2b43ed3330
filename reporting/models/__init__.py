"""What reports keep: measures, their approved sets, their readings, published figures and editions."""

from .editions import EditionFile, EditionIsFrozen, ReportEdition
from .pack_mails import PackMail
from .star_measures import (
    MeasureComment,
    MeasureReading,
    MeasureSet,
    PublishedFigure,
    SetMember,
    StarMeasure,
)

__all__ = [
    "EditionFile",
    "EditionIsFrozen",
    "MeasureComment",
    "MeasureReading",
    "MeasureSet",
    "PackMail",
    "PublishedFigure",
    "SetMember",
    "ReportEdition",
    "StarMeasure",
]
