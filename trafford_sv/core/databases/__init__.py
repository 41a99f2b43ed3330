"""The two databases, each with one thing added: work that is done last before a transaction ends.

The audit log has one head, and every transaction that is logged locks it. Locked in the middle, it
would be held while waiting for another row, whose holder may be waiting for the head: a deadlock
that no order among the other rows can exclude. What is registered with `before_end` is done
immediately before the commit, when no other row is waited for any more, and is held for no longer
than the commit takes. It is part of the transaction: all of it is stored, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Work = Callable[[list[Any]], None]


class WorkBeforeTheEnd:
    """Mixed into Django's DatabaseWrapper, before it. Like `on_commit`, but inside."""

    atomic_blocks: list[Any]
    savepoint_ids: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before_end: list[tuple[frozenset[Any], Work, Any]] = []

    @property
    def has_open_block(self) -> bool:
        """Inside `transaction.atomic()`. What a test wraps around itself does not count."""
        return any(not getattr(block, "_from_testcase", False) for block in self.atomic_blocks)

    def before_end(self, work: Work, item: Any) -> None:
        """Call `work([item, ...])` once for all its items, in their order, before the outermost
        block ends. An item is dropped with the savepoint in which it was registered."""
        self._before_end.append((frozenset(self.savepoint_ids), work, item))

    def _do_before_end(self) -> None:
        waiting, self._before_end = self._before_end, []
        items: dict[Work, list[Any]] = {}
        for _, work, item in waiting:
            items.setdefault(work, []).append(item)
        for work, each in items.items():
            work(each)

    def commit(self) -> None:
        if self._before_end:
            try:
                self._do_before_end()
            except BaseException:
                self.rollback()
                raise
        super().commit()  # type: ignore[misc]

    def savepoint_commit(self, sid: str) -> None:
        # In a test the outermost block is a savepoint of the test's own transaction.
        if self._before_end and not self.has_open_block:
            self._do_before_end()
        super().savepoint_commit(sid)  # type: ignore[misc]

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)  # type: ignore[misc]
        self._before_end = [each for each in self._before_end if sid not in each[0]]

    def rollback(self) -> None:
        self._before_end = []
        super().rollback()  # type: ignore[misc]

    def connect(self) -> None:
        self._before_end = []
        super().connect()  # type: ignore[misc]

    def close(self) -> None:
        self._before_end = []
        super().close()  # type: ignore[misc]
