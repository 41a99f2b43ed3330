"""One button makes everybody who holds a seat a reader of the Steering Group's reports."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from reporting.models import MailSubscription
from reporting.services.mailings.seats import add_seat_holders
from tests.factories import make_user
from tests.factories_steering import at, make_seat
from trafford_sv.core.models import AuditEvent, User

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 30)
NOW = at(TODAY)


def readers() -> dict[str, str]:
    return dict(
        MailSubscription.objects.filter(audience="steering-group").values_list(
            "user__email", "state"
        )
    )


def member(**values: object) -> User:
    user = make_user("steering_member")
    make_seat(user.email, user, **values)
    return user


def add(by: User | None = None):
    return add_seat_holders(as_of=TODAY, by=by, now=NOW)


def test_everybody_with_a_seat_in_force_and_an_address_is_added_once() -> None:
    officer, one, two = make_user(), member(), member()
    make_seat("A second seat", one)
    member(ends=TODAY - datetime.timedelta(days=1))
    member(starts=TODAY + datetime.timedelta(days=1))
    make_seat("Vacant")
    gone = member()
    User.objects.filter(pk=gone.pk).update(is_active=False)
    found = add(officer)
    assert readers() == {one.email: "active", two.email: "active"}
    assert len(found.added) == 2 and found.already == 0
    assert sorted(found.without_address) == sorted(["Vacant: lead", f"{gone.email}: lead"])
    event = AuditEvent.objects.get(verb="holders of seats added as readers")
    assert event.after == {"added": 2, "already": 0} and event.actor_name == str(officer)

    again = add(officer)
    assert again.added == () and again.already == 2 and len(readers()) == 2
    assert AuditEvent.objects.filter(verb="holders of seats added as readers").count() == 1


@pytest.mark.parametrize("state", ["ended", "left", "suspended"])
def test_whoever_ended_or_left_is_not_brought_back(state: str) -> None:
    user = member()
    add()
    MailSubscription.objects.update(state=state)
    found = add()
    assert readers() == {user.email: state}
    assert found.added == () and len(found.as_they_are) == 1


def test_the_button_says_how_many_were_added_and_who_has_no_address(client: Client) -> None:
    member()
    make_seat("Vacant")
    client.force_login(make_user("coordinator"))
    assert "Add everybody who holds a seat" in client.get(reverse("mail-subscription-list")).text
    address = reverse("mail-subscription-seats")
    page = client.post(address, follow=True).text
    assert "1 reader was added." in page
    assert "Without an account that has an address: Vacant: lead." in page
    page = client.post(address, follow=True).text
    assert "Nobody was added, 1 was on the list already." in page
    assert client.get(address).status_code == 302
    client.force_login(make_user("steering_member"))
    assert client.post(address).status_code == 403
