"""The one way to hand work to the background from a page.

A page has written what is to be done before it hands the work over, so a queue that is away loses
nothing: a run of the schedule picks the work up, or the page says what to do. So the page must not
fail, and must not wait long.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# As Celery does it by default, but once less: it mends a line that the broker had closed, and lets
# a page go on within a second where the broker is not there.
RETRIES = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


def hand_over(task: Task, *args: Any) -> bool:
    """Whether the broker took it. Call it after the commit, so that the worker sees what was written.

    Where work runs in the same process (`CELERY_EAGER`), it is done when this returns.
    """
    try:
        task.apply_async(args, retry=True, retry_policy=RETRIES)
    except (OperationalError, OSError) as error:
        logger.warning("%s could not be queued: %s", task.name, error)
        return False
    return True
