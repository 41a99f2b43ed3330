"""The charter's versions, and who stands behind it."""

from .versions import CharterVersion, FocusArea, Initiative, Origin, Principle

__all__ = ["CharterVersion", "FocusArea", "Initiative", "Origin", "Principle"]
