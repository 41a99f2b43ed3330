"""Django looks for the class of this name here (ENGINE in the settings)."""

from __future__ import annotations

from django.db.backends.postgresql import base

from .. import WorkBeforeTheEnd


class DatabaseWrapper(WorkBeforeTheEnd, base.DatabaseWrapper):  # type: ignore[misc]
    pass
