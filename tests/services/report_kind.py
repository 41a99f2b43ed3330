"""Brings the tests' own kind of report into a worker process: `celery worker -I` imports this."""

from __future__ import annotations

from reporting import editions
from tests.reporting.datasets import make_dataset

editions.register_kind(
    editions.EditionKind(
        key="test-report",
        name="Test report",
        noun="test report",
        is_public=True,
        needs_closed=False,
        gather=lambda period, as_of: make_dataset(),
    )
)
