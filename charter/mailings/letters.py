"""Plain letters: the yearly question to an adopter, and the question to whom a pledge was for."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.cells import one_line
from trafford_sv.core.one_time_links import token_of

from ..models import AdoptionRequest, PledgeConfirmation, ReaffirmationReminder

AFFIRM_SALT = "charter.reaffirmation"
PLEDGE_SALT = "charter.pledge"
PRODUCT = "Trafford Social Value"


def affirm_link(reminder: ReaffirmationReminder) -> str:
    token = token_of(reminder.link_seed, salt=AFFIRM_SALT)
    return settings.SITE_URL + reverse("adoption-affirm", kwargs={"token": token})


def pledge_link(asked: PledgeConfirmation) -> str:
    token = token_of(asked.link_seed, salt=PLEDGE_SALT)
    return settings.SITE_URL + reverse("pledge-answer", kwargs={"token": token})


def affirmation_email(reminder: ReaffirmationReminder) -> EmailMessage:
    adoption = reminder.adoption
    context = {
        "adoption": adoption,
        "due_on": reminder.due_on,
        "link": affirm_link(reminder),
        "charter_link": settings.SITE_URL + reverse("charter"),
        "product_name": PRODUCT,
    }
    return EmailMessage(
        subject=one_line(f"Does {adoption.organisation.name} still stand by the charter?")[:150],
        body=render_to_string("charter/email/affirmation.txt", context),
        to=[adoption.contact_email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def request_answer_email(request: AdoptionRequest) -> EmailMessage:
    """What became of a request to adopt. `request` with `adoption__organisation` joined."""
    adoption = request.adoption
    context = {
        "request": request,
        "adoption": adoption,
        "link": settings.SITE_URL + adoption.get_absolute_url() if adoption else "",
        "certificate": settings.SITE_URL + reverse("adoption-certificate", args=[adoption.pk])
        if adoption
        else "",
        "charter_link": settings.SITE_URL + reverse("charter"),
        "product_name": PRODUCT,
    }
    what = "is in the register of adopters" if adoption else "is not in the register of adopters"
    return EmailMessage(
        subject=f"{' '.join(request.organisation_name.split())[:90]} {what}",
        body=render_to_string("charter/email/request_answer.txt", context),
        to=[request.contact_email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def pledge_email(asked: PledgeConfirmation) -> EmailMultiAlternatives:
    context = {"asked": asked, "pledge": asked.pledge, "link": pledge_link(asked), "product_name": PRODUCT}  # fmt: skip
    message = EmailMultiAlternatives(
        subject="Please check what reached you",
        body=render_to_string("charter/email/pledge.txt", context),
        to=[asked.sent_to],
    )
    message.attach_alternative(render_to_string("charter/email/pledge.html", context), "text/html")
    return message
