"""Inviting people, granting and ending roles, closing accounts."""

# ruff: noqa: F811 - a fixture is imported, then named as an argument

from __future__ import annotations

import datetime
import re
import threading
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from tests.core.conftest import smtp  # noqa: F401 - the mail server of the ground floor
from tests.factories import make_organisation, make_user
from trafford_sv.core.access import can, grants_of
from trafford_sv.core.models import ApiToken, AuditEvent, Invitation, User
from trafford_sv.core.services.audit import verify_chain
from trafford_sv.core.services.invitations import (
    InvitationRefused,
    accept_invitation,
    issue_invitation,
)
from trafford_sv.directory.models import RoleGrant
from trafford_sv.directory.services.grants import (
    GrantRefused,
    LastAdministrator,
    deactivate_person,
    end_role,
    grant_role,
    invite_person,
    reactivate_person,
)

NOW = datetime.datetime(2026, 5, 4, 9, 0, tzinfo=datetime.UTC)
PASSWORD = "harbour-lantern-42-teapot"


def administrator() -> User:
    user = make_user("administrator")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def boss(db: None) -> User:
    return administrator()


@pytest.fixture
def as_boss(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


def invite(client: Client, **extra: str) -> Any:
    data = {"name": "Robin Invented", "email": "Robin@Example.org", "role": "auditor", **extra}
    return client.post(reverse("person-invite"), data)


def test_an_invitation_goes_by_mail_and_lets_the_person_in_once(
    as_boss: Client, smtp: Any, settings: Any
) -> None:
    page = invite(as_boss)
    person = User.objects.get(email="robin@example.org")
    assert page["Location"] == reverse("person-detail", args=[person.pk])
    (mail,) = smtp.messages
    assert mail["To"] == "robin@example.org"
    assert mail["Subject"] == "Your invitation to Trafford Social Value"
    assert "An officer has invited you" in mail.get_content()
    (link,) = re.findall(r"http\S+", mail.get_content())
    path = link.removeprefix(settings.SITE_URL)
    token = path.rstrip("/").rpartition("/")[2]
    invitation = Invitation.objects.get()
    assert token not in (invitation.token_hash, "") and invitation.emailed_at is not None
    assert not any(token in str(event.after) for event in AuditEvent.objects.all())

    guest = Client()
    assert "Welcome, Robin Invented" in guest.get(path).content.decode()
    weak = guest.post(path, {"password": "robin", "again": "robin"})
    assert "12 characters" in weak.content.decode()
    differing = guest.post(path, {"password": PASSWORD, "again": PASSWORD + "x"})
    assert "not the same" in differing.content.decode()
    done = guest.post(path, {"password": PASSWORD, "again": PASSWORD})
    assert done["Location"] == reverse("account_login")
    assert (
        guest.post(
            reverse("account_login"), {"login": "robin@example.org", "password": PASSWORD}
        ).status_code
        == 302
    )

    used = Client().get(path)
    assert used.status_code == 410 and "has been used" in used.content.decode()
    again = Client().post(path, {"password": PASSWORD + "2", "again": PASSWORD + "2"})
    assert again.status_code == 410
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert can(person, "view_audit") and not can(person, "manage_people")


def test_an_altered_link_is_unknown(as_boss: Client, smtp: Any, settings: Any) -> None:
    invite(as_boss)
    (link,) = re.findall(r"http\S+", smtp.messages[0].get_content())
    path = link.removeprefix(settings.SITE_URL)
    altered = Client().get(path[:-3] + ("AA/" if path[-3:] != "AA/" else "BB/"))
    assert altered.status_code == 404
    assert "do not know this invitation" in altered.content.decode()


def test_an_expired_link_says_whom_to_ask_and_a_new_one_replaces_it(
    as_boss: Client,
    smtp: Any,
    settings: Any,
) -> None:
    with time_machine.travel(NOW, tick=False):
        invite(as_boss)
    links = re.findall(r"http\S+", smtp.messages[0].get_content())
    path = links[0].removeprefix(settings.SITE_URL)
    with time_machine.travel(NOW + datetime.timedelta(days=7, seconds=-1), tick=False):
        assert Client().get(path).status_code == 200
    with time_machine.travel(NOW + datetime.timedelta(days=7), tick=False):
        late = Client().get(path)
        assert late.status_code == 410 and "too old" in late.content.decode()
        as_boss.force_login(User.objects.get(name="An officer"))
        person = User.objects.get(email="robin@example.org")
        as_boss.post(reverse("person-invite-again", args=[person.pk]))
        newer = re.findall(r"http\S+", smtp.messages[1].get_content())[0].removeprefix(
            settings.SITE_URL
        )
        assert Client().get(newer).status_code == 200
        replaced = Client().get(path)
        assert replaced.status_code == 410 and "newer one" in replaced.content.decode()


def test_a_mail_server_that_refuses_is_said_and_nothing_is_lost(as_boss: Client, smtp: Any) -> None:
    smtp.refuse = True
    page = invite(as_boss)
    person = User.objects.get(email="robin@example.org")
    detail = as_boss.get(page["Location"]).content.decode()
    assert "could not be sent" in detail
    assert "no e-mail went out" in detail
    assert Invitation.objects.get().emailed_at is None
    smtp.refuse = False
    as_boss.post(reverse("person-invite-again", args=[person.pk]))
    assert len(smtp.messages) == 1
    assert (
        Invitation.objects.filter(emailed_at__isnull=False, withdrawn_at__isnull=True).count() == 1
    )


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"email": "not an address"}, "like name@example.gov.uk"),
        ({"email": ""}, "Enter an e-mail address"),
        ({"name": ""}, "Enter the person’s name"),
        ({"role": ""}, "Choose a role"),
        ({"role": "public"}, "Select a valid choice"),
        ({"role": "supplier"}, "Choose the organisation"),
    ],
)
def test_a_bad_invitation_says_what_to_do_and_writes_nothing(
    as_boss: Client, extra: dict[str, str], words: str
) -> None:
    page = invite(as_boss, **extra)
    assert page.status_code == 200
    assert words in page.content.decode() or extra == {"role": "public"}
    assert User.objects.count() == 1
    assert not RoleGrant.objects.exclude(role="administrator").exists()


def test_an_address_that_has_an_account_is_refused(as_boss: Client, boss: User) -> None:
    page = invite(as_boss, email=boss.email.upper())
    assert "has an account already" in page.content.decode()


def test_a_limited_role_reaches_only_its_organisation(boss: User) -> None:
    mine, other = make_organisation("Mine"), make_organisation("Other")
    user = make_user("")
    grant_role(user=user, role="supplier", organisation=mine, by=boss, now=NOW)
    with time_machine.travel(NOW):
        (grant,) = grants_of(user)
        assert grant.organisation_id == mine.pk != other.pk
        assert not can(user, "see_dashboard")


def test_a_role_ended_today_is_gone_today(boss: User) -> None:
    user = make_user("")
    grant = grant_role(user=user, role="auditor", organisation=None, by=boss, now=NOW)
    with time_machine.travel(NOW):
        assert can(user, "view_audit")
        end_role(grant=grant, by=boss, now=NOW, reason="Moved on")
        assert not can(User.objects.get(pk=user.pk), "view_audit")
    event = AuditEvent.objects.get(verb="role ended")
    assert (event.actor_name, event.reason, event.subject_id) == (
        "An officer",
        "Moved on",
        str(user.pk),
    )


def test_a_role_with_an_end_is_gone_on_that_day(boss: User) -> None:
    user = make_user("")
    ends = datetime.date(2026, 6, 1)
    grant_role(user=user, role="auditor", organisation=None, by=boss, now=NOW, ends=ends)
    for day, held in ((datetime.date(2026, 5, 31), True), (ends, False)):
        assert bool(grants_of(user, on_day=day)) is held


def test_the_same_role_is_held_once(boss: User) -> None:
    user = make_user("auditor")
    with pytest.raises(ValidationError, match="holds this role already"):
        grant_role(user=user, role="auditor", organisation=None, by=boss, now=NOW)


def test_nobody_changes_their_own_roles_or_closes_their_own_account(boss: User) -> None:
    administrator()
    with pytest.raises(GrantRefused, match="your own roles"):
        grant_role(user=boss, role="auditor", organisation=None, by=boss, now=NOW)
    with pytest.raises(GrantRefused, match="your own roles"):
        end_role(grant=boss.grants.get(), by=boss, now=NOW)
    with pytest.raises(GrantRefused, match="your own account"):
        deactivate_person(user=boss, by=boss, now=NOW)


def test_the_last_administrator_who_can_sign_in_stays(as_boss: Client, boss: User) -> None:
    # A second administrator acts, so only the count can refuse. The third was invited and never came.
    second = administrator()
    invite_person(
        email="third@example.org",
        name="Third",
        role="administrator",
        organisation=None,
        by=boss,
        now=NOW,
    )
    deactivate_person(user=boss, by=second, now=NOW)
    third = User.objects.get(email="third@example.org")
    with pytest.raises(LastAdministrator, match="only administrator who can sign in"):
        end_role(grant=second.grants.get(), by=third, now=NOW)
    with pytest.raises(LastAdministrator):
        deactivate_person(user=second, by=third, now=NOW)
    second.refresh_from_db()
    assert second.is_active and second.grants.get().ends is None
    reactivate_person(user=boss, by=second, now=NOW)
    end_role(grant=second.grants.get(), by=boss, now=NOW)


def test_the_page_says_why_the_last_administrator_stays(client: Client, boss: User) -> None:
    other = make_user("administrator")  # invited, without a password
    client.force_login(other)
    page = client.post(reverse("role-end", args=[boss.pk, boss.grants.get().pk]), {"reason": ""})
    assert "only administrator who can sign in" in page.content.decode()
    page = client.post(reverse("person-close", args=[boss.pk]), {"reason": ""})
    assert "only administrator who can sign in" in page.content.decode()


def test_closing_an_account_takes_tokens_invitations_and_sessions(
    as_boss: Client, boss: User
) -> None:
    user = make_user("coordinator")
    theirs = Client()
    theirs.force_login(user)
    _, text = ApiToken.objects.create(user=user, name="Spreadsheet")
    issued = issue_invitation(user=user, by=boss, now=NOW)
    assert theirs.get(reverse("my-account")).status_code == 200

    as_boss.post(reverse("person-close", args=[user.pk]), {"reason": "Left the Council"})

    assert theirs.get(reverse("my-account")).status_code == 302
    bearer = {"HTTP_AUTHORIZATION": f"Token {text}"}
    assert Client().get("/api/v1/contracts/", **bearer).status_code == 401
    token = issued.link.rstrip("/").rpartition("/")[2]
    with pytest.raises(InvitationRefused) as refused:
        accept_invitation(token=token, password=PASSWORD, now=NOW)
    assert refused.value.state == "withdrawn"
    history = user.history.first()
    assert (history.history_user, history.history_change_reason) == (boss, "Left the Council")

    as_boss.post(reverse("person-reopen", args=[user.pk]), {"reason": "Back"})
    user.refresh_from_db()
    assert user.is_active and not ApiToken.objects.exists()


def test_a_new_address_closes_the_old_way_in(as_boss: Client, boss: User) -> None:
    user = make_user("auditor")
    issue_invitation(user=user, by=boss, now=NOW)
    data = {
        "name": "New Name",
        "email": "new@example.org",
        "job_title": "",
        "version": user.version,
    }
    assert as_boss.post(reverse("person-edit", args=[user.pk]), data).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.email, user.version) == ("New Name", "new@example.org", 2)
    assert user.invitations.get().withdrawn_at is not None
    event = AuditEvent.objects.get(verb="person changed")
    assert event.after == {"name": "New Name", "email": "new@example.org"}


def test_every_page_about_people_opens(as_boss: Client, boss: User) -> None:
    person = make_user("supplier", make_organisation("A & B <Supplies>"))
    ended = grant_role(user=person, role="auditor", organisation=None, by=boss, now=NOW)
    end_role(grant=ended, by=boss, now=NOW)
    grant = person.grants.get(role="supplier")
    for name, args in [
        ("person-list", []),
        ("person-invite", []),
        ("person-detail", [person.pk]),
        ("person-detail", [boss.pk]),
        ("person-edit", [person.pk]),
        ("role-grant", [person.pk]),
        ("role-end", [person.pk, grant.pk]),
        ("person-close", [person.pk]),
        ("person-reopen", [person.pk]),
    ]:
        page = as_boss.get(reverse(name, args=args))
        assert page.status_code == 200, name
        assert "<Supplies>" not in page.content.decode()
    assert as_boss.get(reverse("role-end", args=[boss.pk, grant.pk])).status_code == 404


@pytest.mark.parametrize(
    "query", ["q=robin", "role=auditor", "state=invited", "state=active", "state=closed"]
)
def test_people_are_found(as_boss: Client, query: str) -> None:
    make_user("auditor")
    assert as_boss.get(reverse("person-list") + "?" + query).status_code == 200


@pytest.mark.parametrize(("name", "budget"), [("person-list", 8), ("person-detail", 12)])
def test_the_number_of_queries_does_not_grow(
    as_boss: Client, boss: User, django_assert_max_num_queries: Any, name: str, budget: int
) -> None:
    counts = []
    person = make_user("auditor")
    for size in (1, 20):
        for number in range(size):
            make_user("supplier", make_organisation())
            grant = grant_role(
                user=person,
                role="supplier",
                organisation=make_organisation(),
                by=boss,
                now=NOW + datetime.timedelta(minutes=number),
            )
            end_role(grant=grant, by=boss, now=NOW, reason="Only a test")
            person.name = f"Name {size} {number}"
            person.save()
        with django_assert_max_num_queries(budget) as captured:
            as_boss.get(reverse(name, args=[person.pk] if name == "person-detail" else []))
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_create_administrator_prints_a_link_that_works(settings: Any) -> None:
    out = StringIO()
    call_command("create_administrator", "first@example.org", name="First Officer", stdout=out)
    link = re.findall(r"http\S+", out.getvalue())[0]
    assert Client().get(link.removeprefix(settings.SITE_URL)).status_code == 200
    user = User.objects.get()
    assert can(user, "manage_people")
    assert AuditEvent.objects.filter(actor_name="The system").exists()
    assert verify_chain().broken == ()


@pytest.mark.django_db
def test_create_administrator_refuses_and_rehearses() -> None:
    call_command(
        "create_administrator", "first@example.org", name="First", dry_run=True, stdout=StringIO()
    )
    assert not User.objects.exists() and not AuditEvent.objects.exists()
    call_command("create_administrator", "first@example.org", name="First", stdout=StringIO())
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("create_administrator", "FIRST@example.org", name="First", stderr=err)
    assert stopped.value.code == 2
    assert "has an account already" in err.getvalue()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one() -> None:
    assert connection.vendor == "postgresql", "The service tests run on PostgreSQL."
    for _ in range(5):
        User.objects.update(is_active=False)
        first, second = administrator(), administrator()
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def close(target: User, by: User, start: Any = start, outcomes: Any = outcomes) -> None:
            try:
                start.wait(timeout=20)
                deactivate_person(user=target, by=by, now=NOW)
                outcomes.append("closed")
            except LastAdministrator:
                outcomes.append("refused")
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=close, args=(first, second)),
            threading.Thread(target=close, args=(second, first)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["closed", "refused"]
        assert User.objects.filter(is_active=True).count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_clicks_on_one_link_set_one_password() -> None:
    issued = invite_person(
        email="robin@example.org", name="Robin", role="auditor", organisation=None, by=None, now=NOW
    )
    token = issued.link.rstrip("/").rpartition("/")[2]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def accept(password: str) -> None:
        try:
            start.wait(timeout=20)
            accept_invitation(token=token, password=password, now=NOW)
            outcomes.append("accepted")
        except InvitationRefused as refused:
            outcomes.append(refused.state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=(f"{PASSWORD}{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted", "used"]
