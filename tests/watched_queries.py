"""Which parameters of its query a page reads, seen by watching it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.test import Client


class Noted(QueryDict):
    """A query that writes down which of its parameters were asked for."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def getlist(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().getlist(key, default)


def get_watched(client: Client, url: str) -> tuple[Any, set[str]]:
    """The answer at this address, and the names of the parameters that were read for it."""
    Noted.asked.clear()
    with pytest.MonkeyPatch.context() as watched:
        watched.setattr(
            WSGIRequest, "GET", property(lambda self: Noted(self.META.get("QUERY_STRING", "")))
        )
        answer = client.get(url)
    return answer, set(Noted.asked)


def read_whole(answer: Any) -> bytes:
    """All bytes of an answer. A stream that is read to its end closes itself as the test client
    wants it; `answer.close()` would hang up a PostgreSQL connection in the test's transaction."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
