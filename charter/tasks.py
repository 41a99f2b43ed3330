"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import affirmations, pledges, request_letters


@shared_task
def ask_adopters() -> int:
    """By day: who adopted the charter a year ago, or last said so then, is asked again. Answers to
    requests that did not go out are tried once more."""
    request_letters.send_waiting_answers(by=None, now=timezone.now())
    return affirmations.ask_adopters(as_of=timezone.localdate(), by=None, now=timezone.now()).sent


@shared_task
def send_request_answer(request_pk: int) -> str:
    return request_letters.send_request_answer(request_pk=request_pk, by=None, now=timezone.now())


@shared_task
def send_pledge_question(asked_pk: int) -> bool:
    return pledges.email_pledge_question(asked_pk=asked_pk, by=None, now=timezone.now())


@shared_task
def forget_pledge_addresses() -> int:
    return pledges.forget_pledge_addresses(by=None, now=timezone.now())
