"""Signing in and out, resetting a password, tokens: as a person meets them."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_organisation, make_user
from trafford_sv.core.models import ApiToken, AuditEvent, User
from trafford_sv.core.services.tokens import create_token

PASSWORD = "harbour-lantern-42-teapot"
OTHER = "orchard-violin-77-compass"


@pytest.fixture
def officer(db: None) -> User:
    user = make_user("coordinator")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_person_signs_in_by_e_mail_and_out(client: Client, officer: User) -> None:
    assert client.get(reverse("account_login")).status_code == 200
    answer = sign_in(client, officer.email.upper(), PASSWORD)
    assert answer.status_code == 302
    assert answer["Location"] == reverse("after-sign-in")
    assert client.get(reverse("my-account")).status_code == 200
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.get(reverse("my-account")).status_code == 200, "asking is not signing out"
    client.post(reverse("account_logout"))
    assert client.get(reverse("my-account")).status_code == 302


def test_a_wrong_password_says_so_without_saying_who_has_an_account(
    client: Client, officer: User
) -> None:
    known = sign_in(client, officer.email, "wrong")
    unknown = sign_in(client, "nobody@example.org", "wrong")
    assert known.status_code == unknown.status_code == 200
    words = [
        re.findall(r"govuk-error-summary.*?</ul>", answer.content.decode(), re.DOTALL)
        for answer in (known, unknown)
    ]
    assert words[0] and words[0] == words[1]


def test_the_eleventh_failed_sign_in_answers_429_and_another_person_is_not_locked_out(
    client: Client, officer: User
) -> None:
    answers = [sign_in(client, officer.email, "wrong").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    refused = sign_in(client, officer.email, PASSWORD)
    assert refused.status_code == 429
    assert "wait" in refused.content.decode().lower()
    other = make_user("coordinator")
    other.set_password(OTHER)
    other.save()
    assert sign_in(Client(), other.email, OTHER).status_code == 302
    cache.clear()
    assert sign_in(client, officer.email, PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("role", "lands_on"),
    [
        ("administrator", "/dashboard/"),
        ("coordinator", "/dashboard/"),
        ("auditor", "/dashboard/"),
        ("supplier", "/supplier/"),
        ("hub", "/hub/"),
        ("", "/account/"),
    ],
)
def test_each_role_lands_on_its_own_page(
    client: Client, db: None, role: str, lands_on: str
) -> None:
    organisation = make_organisation() if role in {"supplier", "hub"} else None
    client.force_login(make_user(role, organisation))
    assert client.get(reverse("after-sign-in"))["Location"] == lands_on


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("supplier", "You can see the contracts of Lowfold Invented Ltd"),
        ("hub", "You are signed in for Lowfold Invented Ltd"),
    ],
)
def test_whoever_has_no_dashboard_is_told_what_there_is_to_do(
    client: Client, db: None, role: str, says: str
) -> None:
    client.force_login(make_user(role, make_organisation(name="Lowfold Invented Ltd")))
    assert says in client.get(reverse("my-account")).content.decode()


def test_a_password_is_reset_by_a_link_from_a_real_mail(
    client: Client, officer: User, smtp: Any, settings: Any
) -> None:
    client.post(reverse("account_reset_password"), {"email": officer.email})
    (mail,) = smtp.messages
    assert mail["To"] == officer.email
    assert mail["Subject"] == "Choose a new password for Trafford Social Value"
    (link,) = re.findall(r"http\S+", mail.get_content())
    assert link.startswith(settings.SITE_URL)
    page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    assert "Choose a new password" in page.content.decode()
    done = client.post(
        page.request["PATH_INFO"], {"password1": OTHER, "password2": OTHER}, follow=True
    )
    assert "Your password is changed" in done.content.decode()
    assert sign_in(client, officer.email, PASSWORD).status_code == 200
    assert sign_in(client, officer.email, OTHER).status_code == 302
    again = Client().get(link.removeprefix(settings.SITE_URL), follow=True)
    assert "This link no longer works" in again.content.decode()


def test_a_reset_for_a_stranger_tells_the_page_nothing(
    client: Client, officer: User, smtp: Any
) -> None:
    known = client.post(reverse("account_reset_password"), {"email": officer.email}, follow=True)
    unknown = client.post(
        reverse("account_reset_password"), {"email": "no@example.org"}, follow=True
    )
    assert known.request["PATH_INFO"] == unknown.request["PATH_INFO"]
    assert [mail["To"] for mail in smtp.messages] == [officer.email, "no@example.org"]
    assert "There is no account with this address" in smtp.messages[1].get_content()


def test_a_weak_new_password_is_refused_with_a_sentence(client: Client, officer: User) -> None:
    client.force_login(officer)
    create_token(user=officer, name="Report", days=30, by=officer, now=timezone.now())
    page = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "short", "password2": "short"},
    )
    assert page.status_code == 200
    assert ApiToken.objects.filter(user=officer).count() == 1
    assert "12 characters" in page.content.decode()
    changed = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER},
    )
    assert changed.status_code == 302
    officer.refresh_from_db()
    assert officer.check_password(OTHER)
    event = AuditEvent.objects.get(verb="password changed")
    assert (event.actor_id, event.subject_id) == (officer.pk, str(officer.pk))
    assert event.before == event.after == {}
    # Whoever knew the old password may have made it.
    assert not ApiToken.objects.filter(user=officer).exists()
    assert AuditEvent.objects.filter(verb="API token taken back").count() == 1


@pytest.mark.parametrize(
    "path", ["email/", "password/set/", "confirm-email/", "reauthenticate/", "2fa/"]
)
def test_what_is_not_built_has_no_address(client: Client, officer: User, path: str) -> None:
    client.force_login(officer)
    assert client.get(f"/account/{path}").status_code == 404


def test_nobody_registers_alone(client: Client, db: None) -> None:
    assert "by invitation" in client.get(reverse("account_signup")).content.decode()
    data = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_signup"), data).status_code == 405
    assert not User.objects.exists()


def test_a_token_is_shown_once_works_and_is_taken_back(client: Client, officer: User) -> None:
    client.force_login(officer)
    page = client.post(reverse("token-create"), {"name": "Monthly figures", "days": "30"})
    token = ApiToken.objects.get()
    text = re.search(r'value="([0-9a-f]{64})"', page.content.decode())
    assert text is not None
    assert page["Cache-Control"].startswith("max-age=0")
    assert text[1] not in client.get(reverse("my-account")).content.decode()
    assert token.digest != text[1]
    assert datetime.timedelta(days=29) < token.expiry - token.created < datetime.timedelta(days=31)
    assert text[1] not in str(AuditEvent.objects.get(verb="API token made").after)

    bearer = {"HTTP_AUTHORIZATION": f"Token {text[1]}"}
    assert Client().get("/api/v1/contracts/", **bearer).status_code == 200
    assert client.get(reverse("token-revoke", args=[token.token_key])).status_code == 200
    client.post(reverse("token-revoke", args=[token.token_key]))
    assert Client().get("/api/v1/contracts/", **bearer).status_code == 401
    assert AuditEvent.objects.filter(verb="API token taken back").count() == 1


def test_nobody_takes_back_another_persons_token(client: Client, officer: User) -> None:
    token, _ = ApiToken.objects.create(user=make_user("coordinator"), name="Theirs")
    client.force_login(officer)
    assert client.post(reverse("token-revoke", args=[token.token_key])).status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_ten_tokens_are_enough(client: Client, officer: User) -> None:
    client.force_login(officer)
    for number in range(11):
        page = client.post(reverse("token-create"), {"name": f"Use {number}", "days": "30"})
    assert "Take one back" in page.content.decode()
    assert ApiToken.objects.count() == 10


def test_the_roles_page_is_the_table_itself(client: Client, db: None) -> None:
    from trafford_sv.core.roles import PERMISSIONS, ROLES

    page = client.get(reverse("roles-help")).content.decode()
    for role in ROLES.values():
        if role.key != "public":
            assert role.name in page and role.who in page
    assert all(words in page.replace("&#x27;", "'") for words in PERMISSIONS.values())


def test_a_closed_account_is_signed_out_and_cannot_come_back(client: Client, officer: User) -> None:
    client.force_login(officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get(reverse("my-account")).status_code == 302
    assert sign_in(client, officer.email, PASSWORD).status_code in {200, 302}
    assert client.get(reverse("my-account")).status_code == 302


def test_signing_in_is_no_change_to_the_persons_history(client: Client, officer: User) -> None:
    before = officer.history.count()
    sign_in(client, officer.email, PASSWORD)
    officer.refresh_from_db()
    assert officer.last_login is not None
    assert officer.history.count() == before
