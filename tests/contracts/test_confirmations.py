"""A hub's one-time link: the mail, the page without an account, and every way it can go wrong."""

from __future__ import annotations

import datetime
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contracts.models import ConfirmationRequest, ReturnEvent, ReturnLine
from contracts.services import confirmations
from contracts.tasks import forget_confirmation_addresses, send_confirmation
from tests.core.conftest import smtp  # noqa: F401 - the mail server of the ground floor
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_request,
    make_return,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services import one_mail

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def now() -> datetime.datetime:
    return timezone.now()


@pytest.fixture
def hub() -> Any:
    return make_organisation("Invented Hub", "hub")


def a_line(quantity: str = "40", **values: Any) -> ReturnLine:
    supplier = make_organisation("Invented Builders Ltd")
    contract = values.pop("contract", None) or make_contract(
        title="Park benches", suppliers=[supplier], start=datetime.date(2026, 4, 1)
    )
    commitment = make_commitment(
        contract,
        supplier=supplier,
        measure=values.pop("measure", None),
        title=values.pop("title", "Gardening help for the hub"),
    )
    values = {"happened_on": datetime.date(2026, 5, 3), "place": "M33"} | values
    return make_line(make_return(contract, supplier), commitment, quantity, **values)


def ask(line: ReturnLine, hub: Any, now: datetime.datetime, email: str = "hub@example.org") -> Any:
    return confirmations.ask_confirmation(
        line=line, organisation=hub, email=email, expected_version=line.version,
        by=make_user(), now=now,
    )  # fmt: skip


def address(request: ConfirmationRequest) -> str:
    return confirmations.link_of(request=request).removeprefix("http://127.0.0.1:8000")


YES = {"is_right": "yes", "role": "Centre manager", "comment": "", "quantity": ""}
NO = {**YES, "is_right": "no", "quantity": "25", "comment": "Half of them left early."}


# --- the mail -----------------------------------------------------------------------------


def test_the_mail_says_what_is_claimed_and_carries_a_link_that_works(
    client: Client, smtp: Any, hub: Any, now: datetime.datetime, settings: Any  # noqa: F811
) -> None:  # fmt: skip
    line = a_line()
    officer = make_user()
    client.force_login(officer)
    page = client.get(reverse("line-ask-confirmation", args=[line.pk]))
    assert "Invented Hub" in page.text
    answer = client.post(
        reverse("line-ask-confirmation", args=[line.pk]),
        {"version": line.version, "organisation": hub.pk, "email": "hub@example.org"},
    )
    assert answer.status_code == 302
    (mail,) = smtp.messages
    assert mail["To"] == "hub@example.org"
    text, rich = (part.get_content() for part in mail.iter_parts())
    for words in ("Invented Builders Ltd", "Gardening help", "40 hours", "3 May 2026", "Park benches"):  # fmt: skip
        assert words in text
        assert words in html.unescape(rich)
    (link,) = re.findall(r"http\S+", text)
    assert link in html.unescape(rich)
    request = ConfirmationRequest.objects.get()
    assert request.emailed_at is not None
    assert request.expires_at - request.asked_at == datetime.timedelta(days=settings.CONFIRMATION_DAYS)  # fmt: skip
    # Neither the token nor anything it could be made from without the secret key is stored.
    token = link.rstrip("/").rsplit("/", 1)[-1]
    assert token not in str(vars(request))
    assert client.get(link.removeprefix(settings.SITE_URL)).status_code == 200
    assert not AuditEvent.objects.filter(after__icontains="hub@example.org").exists()


@pytest.mark.parametrize(
    ("kind", "words", "noun"),
    [
        ("contract", "has a contract with the Council", "Contract"),
        ("grant", "has a grant from the Council", "Grant"),
        ("planning", "has a planning agreement with the Council", "Planning obligation"),
        ("pledge", "has made a pledge to the Council", "Pledge"),
    ],
)
def test_the_page_says_what_kind_of_agreement_it_is_and_what_becomes_of_the_address(
    client: Client, hub: Any, now: datetime.datetime, kind: str, words: str, noun: str
) -> None:
    contract = make_contract(kind=kind)
    line = a_line(contract=contract)
    page = client.get(address(ask(line, hub, now))).text
    assert words in page and f">{noun}</dt>" in page and "ompany" not in page
    assert "We delete your e-mail address when you have answered, or within a day" in page
    assert "do not keep" not in page


def test_a_mail_of_which_nobody_knows_whether_it_went_waits_for_a_person(
    client: Client, smtp: Any, hub: Any, monkeypatch: Any  # noqa: F811
) -> None:  # fmt: skip
    """Two ways: the worker was lost between sending and marking, or the line broke in between."""
    line = a_line()
    request = ask(line, hub, timezone.now())
    client.force_login(make_user())
    page = reverse("return-detail", args=[line.delivery_return_id])

    def send() -> bool:
        return confirmations.email_confirmation(request_pk=request.pk, by=None, now=timezone.now())

    def lost(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as at_the_mark:
        at_the_mark.setattr(one_mail, "send_one", lost)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert send() is False and smtp.messages == []
    assert "The e-mail is on its way." in client.get(page).text
    later = timezone.now() + datetime.timedelta(minutes=16)
    ConfirmationRequest.objects.update(mail_claimed_at=later - datetime.timedelta(minutes=32))
    assert "The e-mail may have gone out, or not." in client.get(page).text
    assert send() is False and smtp.messages == []

    client.post(reverse("confirmation-again", args=[request.pk]), {"email": "hub@example.org"})
    assert len(smtp.messages) == 1
    assert "The e-mail went out" in client.get(page).text

    confirmations.send_again(request=request, email="hub@example.org", by=None, now=timezone.now())
    with monkeypatch.context() as on_the_line:
        on_the_line.setattr(one_mail, "send_one", lambda *_: ("in_doubt", "Connection lost"))
        assert send() is False
    text = client.get(page).text
    assert "The e-mail may have gone out, or not." in text and "Connection lost" in text
    assert send() is False and len(smtp.messages) == 1


def test_a_mail_that_is_refused_is_seen_and_can_be_sent_again_with_a_new_link(
    client: Client, smtp: Any, hub: Any  # noqa: F811
) -> None:  # fmt: skip
    line = a_line()
    smtp.refuse = True
    client.force_login(make_user())
    client.post(
        reverse("line-ask-confirmation", args=[line.pk]),
        {"version": line.version, "organisation": hub.pk, "email": "hub@example.org"},
    )
    request = ConfirmationRequest.objects.get()
    assert "did not take it" in request.mail_failure
    assert request.emailed_at is None
    page = client.get(reverse("return-detail", args=[line.delivery_return_id]))
    assert "The e-mail did not go out." in page.text
    old = address(request)
    smtp.refuse = False
    client.post(reverse("confirmation-again", args=[request.pk]), {"email": "other@example.org"})
    (mail,) = smtp.messages
    assert mail["To"] == "other@example.org"
    request.refresh_from_db()
    assert (request.mail_failure, request.sent_to) == ("", "other@example.org")
    assert client.get(old).status_code == 404
    assert client.get(address(request)).status_code == 200


def test_a_queue_that_delivers_twice_sends_once(
    smtp: Any, hub: Any, now: datetime.datetime  # noqa: F811
) -> None:  # fmt: skip
    request = ask(a_line(), hub, now)
    assert send_confirmation(request.pk) is True
    assert send_confirmation(request.pk) is False
    assert len(smtp.messages) == 1


# --- the page -----------------------------------------------------------------------------


def test_a_hub_confirms_in_three_steps_without_an_account_or_a_cookie(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    line = a_line()
    request = ask(line, hub, now)
    url = address(request)
    page = client.get(url)
    for words in ("Invented Hub", "Invented Builders Ltd", "Gardening help", "40 hours", "3 May 2026", "M33", "Park benches"):  # fmt: skip
        assert words in page.text
    assert "csrfmiddlewaretoken" not in page.text
    check = client.post(url, YES)
    assert "Check your answer" in check.text
    assert ConfirmationRequest.objects.get().state == "asked"
    done = client.post(url, {**YES, "step": "send"})
    assert done["Location"] == reverse("confirmation-thanks")
    assert "Thank you" in client.get(done["Location"]).text
    assert not client.cookies
    request.refresh_from_db()
    assert (request.state, request.confirmed_quantity, request.sent_to) == ("answered", D(40), "")
    event = ReturnEvent.objects.get(action="confirmed")
    assert event.actor_name == "Centre manager, Invented Hub"
    assert event.event_quantity == D(40)


def test_a_hub_corrects_the_number_and_says_why(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    request = ask(a_line(), hub, now)
    check = client.post(address(request), NO)
    assert "25 hours" in check.text
    assert "no more than you say" in check.text
    client.post(address(request), {**NO, "step": "send"})
    request.refresh_from_db()
    assert request.confirmed_quantity == D(25)
    event = ReturnEvent.objects.get(action="confirmed")
    assert event.words == "Confirmed 25 of 40. Half of them left early."


def test_changing_one_s_mind_on_the_check_page_keeps_what_was_typed(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    request = ask(a_line(), hub, now)
    page = client.post(address(request), {**NO, "step": "change"})
    assert "Half of them left early." in page.text
    assert 'value="25"' in page.text
    assert ConfirmationRequest.objects.get().state == "asked"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"is_right": ""}, "Choose yes or no."),
        ({"is_right": "no", "quantity": ""}, "Tell us how much it was."),
        ({"is_right": "no", "quantity": "-1"}, "Enter 0 or more."),
        ({"is_right": "no", "quantity": "lots"}, "Enter a number"),
        ({"is_right": "no", "quantity": "NaN"}, "Enter a number"),
        ({"is_right": "no", "quantity": "1e30"}, "too large"),
        ({"role": ""}, "Tell us your job or role"),
    ],
)
def test_an_answer_that_cannot_be_right_is_said_in_words(
    client: Client, hub: Any, now: datetime.datetime, typed: dict[str, str], sentence: str
) -> None:
    request = ask(a_line(), hub, now)
    page = client.post(address(request), {**YES, **typed, "step": "send"})
    assert sentence in page.text
    assert ConfirmationRequest.objects.get().state == "asked"


def test_nothing_was_delivered_is_an_answer(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    request = ask(a_line(), hub, now)
    client.post(address(request), {**NO, "quantity": "0", "step": "send"})
    request.refresh_from_db()
    assert request.confirmed_quantity == D(0)


def test_looking_uses_nothing_up_and_the_page_keeps_to_itself(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    request = ask(a_line(), hub, now)
    for method in (client.get, client.head, client.get):
        answer = method(address(request))
        assert answer.status_code == 200
    assert ConfirmationRequest.objects.get().state == "asked"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]


def test_a_program_that_tries_links_is_slowed_down(client: Client) -> None:
    url = reverse("confirmation-answer", args=["guess"])
    answers = [client.get(url).status_code for _ in range(62)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_the_licence_keeps_the_measure_s_text_off_the_public_page(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    closed = make_edition(text_may_be_published=False, values_may_be_published=False)
    measure = make_measure(closed, title="A licensed sentence", unit="licensed units")
    request = ask(a_line(measure=measure, title=""), hub, now)
    page = client.get(address(request)).text
    assert "A licensed sentence" not in page
    assert "licensed units" not in page
    assert "Promise number 1 of this contract" in page
    assert "£" not in page


# --- links that cannot be used ------------------------------------------------------------


def spoil(request: ConfirmationRequest, how: str) -> str:
    """The link's address after something happened to it, and the request as it then stands."""
    url = address(request)
    if how == "altered":
        return url[:-3] + ("A" if url[-3] != "A" else "B") + url[-2:]
    if how == "used":
        confirmations.answer_confirmation(
            token=url.rstrip("/").rsplit("/", 1)[-1], quantity=D(40), comment="", role="Manager",
            now=timezone.now(),
        )  # fmt: skip
    if how == "expired":
        ConfirmationRequest.objects.update(expires_at=timezone.now())
    if how == "withdrawn":
        confirmations.withdraw_confirmation(
            request=request, reason="Not needed", by=make_user(), now=timezone.now()
        )
    return url


@pytest.mark.parametrize(
    ("how", "status", "sentence"),
    [
        ("used", 410, "This link has been used"),
        ("expired", 410, "This link is too old"),
        ("withdrawn", 410, "We no longer need this answer"),
        ("altered", 404, "We do not know this link"),
    ],
)
def test_a_link_that_cannot_be_used_says_so_and_changes_nothing(
    client: Client, hub: Any, now: datetime.datetime, how: str, status: int, sentence: str
) -> None:
    request = ask(a_line(), hub, now)
    url = spoil(request, how)
    before = ConfirmationRequest.objects.values().get()
    events = ReturnEvent.objects.count()
    for answer in (client.get(url), client.post(url, {**NO, "step": "send"})):
        assert answer.status_code == status
        assert sentence in answer.text
    assert ConfirmationRequest.objects.values().get() == before
    assert ReturnEvent.objects.count() == events


# --- asking -------------------------------------------------------------------------------


def test_who_may_be_asked_about_what(hub: Any, now: datetime.datetime) -> None:
    line = a_line()
    ask(line, hub, now)
    with pytest.raises(ValidationError, match="Somebody is asked about this line already"):
        ask(line, hub, now)
    with pytest.raises(ValidationError, match="Nothing is claimed"):
        ask(a_line("0"), hub, now)
    own = a_line()
    with pytest.raises(ValidationError, match="cannot confirm its own delivery"):
        ask(own, own.delivery_return.supplier, now)
    with pytest.raises(ValidationError, match="name@example.org"):
        ask(own, hub, now, email="no address")
    with pytest.raises(ValidationError, match="decided or with the supplier"):
        ask(a_line(verified="40"), hub, now)


def test_only_a_question_that_is_out_is_withdrawn_or_sent_again(
    hub: Any, now: datetime.datetime
) -> None:
    request = ask(a_line(), hub, now)
    with pytest.raises(ValidationError, match="Say why"):
        confirmations.withdraw_confirmation(request=request, reason=" ", by=make_user(), now=now)
    spoil(request, "used")
    with pytest.raises(ValidationError, match="answered or withdrawn already"):
        confirmations.withdraw_confirmation(request=request, reason="No", by=make_user(), now=now)
    with pytest.raises(ValidationError, match="answered or withdrawn"):
        confirmations.send_again(request=request, email="a@example.org", by=make_user(), now=now)


def test_addresses_are_forgotten_when_the_question_is_over(hub: Any) -> None:
    out = make_request(a_line(), hub)
    over = make_request(a_line(), hub, expires_at=timezone.now() - datetime.timedelta(days=1))
    assert forget_confirmation_addresses() == 1
    assert forget_confirmation_addresses() == 0
    out.refresh_from_db()
    over.refresh_from_db()
    assert (out.sent_to, over.sent_to) == ("hub@example.org", "")
    assert AuditEvent.objects.filter(verb="addresses forgotten").count() == 1


def test_what_is_disputed_shows_to_the_officer(
    client: Client, hub: Any, now: datetime.datetime
) -> None:
    """40 claimed, 25 confirmed, so 15 disputed; accepting takes the 25."""
    line = a_line()
    request = ask(line, hub, now)
    client.post(address(request), {**NO, "step": "send"})
    client.force_login(make_user())
    page = client.get(reverse("return-detail", args=[line.delivery_return_id])).text
    assert "confirmed 25 of 40" in page
    assert "15 is disputed" in page
    assert "Accept the 25 confirmed" in page
    client.post(reverse("line-accept", args=[line.pk]), {"version": line.version})
    line.refresh_from_db()
    assert (line.reported_quantity, line.verified_quantity) == (D(40), D(25))
