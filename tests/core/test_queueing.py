"""Work is handed over where a broker takes it, and a page goes on where none does."""

from __future__ import annotations

import logging
import time

import pytest
from celery import shared_task

from trafford_sv.core.queueing import hand_over

DONE: list[tuple[int, str]] = []


@shared_task(name="tests.note")
def note(number: int, word: str) -> None:
    if word == "wrong":
        raise ValueError("the task itself is wrong")
    DONE.append((number, word))


def test_work_that_is_taken_says_so():
    DONE.clear()
    assert hand_over(note, 7, "good") is True
    assert DONE == [(7, "good")]


def test_a_queue_that_is_away_is_said_in_the_log_and_holds_the_page_up_for_a_moment(
    queue_away, caplog
):
    DONE.clear()
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="trafford_sv.core.queueing"):
        assert hand_over(note, 7, "good") is False
    assert time.monotonic() - began < 5
    assert "tests.note could not be queued" in caplog.text
    assert DONE == []


def test_what_is_wrong_in_the_work_itself_is_not_taken_for_a_queue_that_is_away():
    with pytest.raises(ValueError, match="itself is wrong"):
        hand_over(note, 7, "wrong")
