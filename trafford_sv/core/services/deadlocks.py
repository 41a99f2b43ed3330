"""One more try, where PostgreSQL ended a transaction so that another could go on.

Services lock rows in one order (docs/architecture.md), so this should not happen. Where it does all
the same, a person would lose what they typed to an error that is gone a moment later.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
# Deadlock found, and the transactions' order cannot be kept: what PostgreSQL asks to be tried again.
ENDED_FOR_ANOTHER = frozenset({"40P01", "40001"})


def once_more(service: Callable[P, R]) -> Callable[P, R]:
    """For a service that is one transaction and does nothing outside it.

    Inside somebody else's transaction the error goes on to them: only the whole can be tried again.
    """

    @functools.wraps(service)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return service(*args, **kwargs)
        except OperationalError as error:
            is_ended = getattr(error.__cause__, "pgcode", "") in ENDED_FOR_ANOTHER
            if not is_ended or transaction.get_connection().in_atomic_block:
                raise
            logger.warning("%s is tried again: %s", service.__qualname__, error)
        # Or it would have the row again before the one that waits for it has woken up.
        time.sleep(PAUSE_SECONDS)
        return service(*args, **kwargs)

    return tried
