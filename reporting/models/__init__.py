"""What reports keep: measures, their approved sets, their readings, and published figures."""

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
    "MeasureComment",
    "MeasureReading",
    "MeasureSet",
    "PackMail",
    "PublishedFigure",
    "SetMember",
    "StarMeasure",
]
