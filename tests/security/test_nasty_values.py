"""Every address and form with hostile values in every parameter and path argument: never a server error.

The walk finds addresses, parameters and fields by itself, so a new page, filter or form is
tried without a change here. It runs on PostgreSQL as well, which refuses what SQLite takes.

Values take turns, so that the walk grows with the number of pages and not with pages times
values: every parameter and field of every page is tried, and every name with every value somewhere.
`WALK=product` tries each with each (the servers' run does), `WALK=everything` with more values.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import timezone

from action_plan.models import MeetingSeries, MinutesSection
from action_plan.services.agenda import add_paper
from action_plan.services.arising import record_arising
from action_plan.services.decisions import record_decision
from action_plan.services.minutes import draft_minutes
from contracts.models import Payee, SpendSource
from tests.access_table import OBJECTS, World
from tests.factories import make_organisation, make_user, make_ward
from tests.factories_steering import hold, make_chair, make_item, make_meeting, make_seat
from tests.test_access import ADDRESSES, Address, make_world, may_open
from tests.watched_queries import get_watched, read_whole
from trafford_sv.core.models import ApiToken

NUMBERS_LIKE = [
    "99999999999999999999",
    "-1",
    "9223372036854775808",
    "2147483648",
    "٣",
    "²",
    "1_000",
    "9" * 5000,
]
DECIMALS_LIKE = ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "£1e30", "0x10"]
DAYS_LIKE = ["0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "99999-01-01"]
PERIODS_LIKE = ["0000-01", "9999-00", "9998-99", "0001-02-Q1", "9999-00-Q4", "2025-26-Q9"]
TEXTS_LIKE = [
    "\x00",
    "a\x00b",
    "%",
    "_",
    "\\",
    "'\"><script>alert(1)</script>",
    "{{7*7}}{% debug %}",
    "\ud800",
    "\u202e",
    "a b " * 3000,
    "(a+)+$",
    "=cmd|' /C calc'!A0",
    "none",
    "",
]
# Signing out by accident would end the walk; the readiness page speaks to services.
LEFT_OUT = {"account_logout", "readyz"}
# The first of these who may open a page tries it.
WHO = ["administrator", "supplier", "hub", "contract_manager", "steering_member"]


EVERYTHING = [*NUMBERS_LIKE, *DECIMALS_LIKE, *DAYS_LIKE, *PERIODS_LIKE, *TEXTS_LIKE]
# The fewest that have ever broken anything.
QUERY_VALUES = [
    "99999999999999999999", "²", "1e999999", "0001-01-01", "9999-00", "a\x00b", "\ud800"
]  # fmt: skip
FIELD_VALUES = ["99999999999999999999", "²", "sNaN", "a\x00b"]
PART_VALUES = [*NUMBERS_LIKE[:6], "0", "\x00", "a\x00b", "%", "..", "x" * 500]
WALK = os.environ.get("WALK", "in turn")
if WALK == "everything":
    QUERY_VALUES = FIELD_VALUES = EVERYTHING
IN_TURN = WALK not in {"product", "everything"}
JSON_VALUES: list[Any] = [
    *FIELD_VALUES, 10**30, None, {}, [[]], ["\x00"], [10**30],
    [{"scheme": "GB-COH", "value": "\x00"}],
    [{"suppliers": [10**30], "value_pounds": "1e40", "awarded_on": "0001-01-01"}],
]  # fmt: skip


class Turns:
    """Which values a name is tried with at one place: one after another, or all of them."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.taken: Counter[str] = Counter()

    def at(self, name: str) -> list[Any]:
        if not IN_TURN:
            return self.values
        self.taken[name] += 1
        return [self.values[(self.taken[name] - 1) % len(self.values)]]

    def left(self, name: str) -> list[Any]:
        """The values that a name met nowhere, for the last place that has it."""
        return self.values[self.taken[name] :] if IN_TURN else []

    def together(self, names: Iterable[str], turn: int = 0) -> Iterator[dict[str, Any]]:
        """All names at once, each with another value than its neighbour."""
        for shift in range(turn, turn + 2) if IN_TURN else range(len(self.values)):
            yield {
                name: self.values[(shift + place) % len(self.values)]
                for place, name in enumerate(names)
            }


def fields_of(page: str) -> list[tuple[str, dict[str, str]]]:
    """(where it posts to, its fields as they stand) for each form that a page shows."""
    found = []
    for form in re.findall(
        r"<form\b[^>]*method=\"post\".*?</form>", page, re.DOTALL | re.IGNORECASE
    ):
        action = re.search(r"<form\b[^>]*action=\"([^\"]*)\"", form)
        fields: dict[str, str] = {}
        for tag in re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", form):
            name = re.search(r"\bname=\"([^\"]+)\"", tag)
            value = re.search(r"\bvalue=\"([^\"]*)\"", tag)
            if name and name[1] != "csrfmiddlewaretoken":
                fields.setdefault(name[1], unescape(value[1]) if value else "")
        found.append((unescape(action[1]) if action else "", fields))
    return found


def page_at(client: Client, url: str) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    """What the page at this address reads from its query, seen by watching it, and its forms."""
    page, parameters = get_watched(client, url)
    read_whole(page)
    is_page = page.status_code == 200 and page.headers.get("Content-Type", "").startswith(
        "text/html"
    )
    return sorted(parameters), fields_of(page.content.decode()) if is_page else []


@pytest.fixture
def world(db: None) -> World:
    """Both sides of the access table's world, one more person, and a payee."""
    make_ward()
    world = make_world()
    source = SpendSource.objects.create(name="Invented Council", is_own_council=True)
    world.own["payee"] = Payee.objects.create(source=source, name="Invented Supplies")
    world.own["person"] = make_user("hub", make_organisation("Invented Hall", "hub"))
    world.own.update(make_group())
    world.own["token"], _ = ApiToken.objects.create(user=world.people["supplier"], name="A test")
    return world


# The Group's records by the beginning of an address's name; the longest that fits counts.
GROUPS = {
    "meeting-": "meeting", "meeting-attendance": "held", "steering-pack": "meeting",
    "minutes-": "held", "minutes-draft": "meeting", "minutes-section-edit": "section",
    "agenda-item-create": "meeting", "agenda-item-": "item", "agenda-item-settle": "settled",
    "interest-": "item", "paper-add": "item", "paper-file": "paper", "paper-remove": "paper",
    "decision-detail": "decision", "decision-record": "settled", "decide-": "settled",
    "arising-": "arising", "arising-record": "settled", "seat-": "seat", "series-": "series",
    "api-steering-meeting": "meeting",
}  # fmt: skip


def make_group() -> dict[str, Any]:
    """A meeting that was held, with minutes being drafted, and the next one, with a paper."""
    chair, now = make_chair(), timezone.now()
    today = timezone.localdate()
    held = make_meeting(today - datetime.timedelta(days=30))
    settled = make_item(held)
    hold(held, chair, make_seat("Health"), make_seat("Parks"))
    decision = record_decision(item=settled, words="Agreed", by=None, now=now)
    arising = record_arising(
        item=settled, words="Ask the hubs", owner=chair, due=today, by=None, now=now
    )
    minutes = draft_minutes(meeting=held, by=None, now=now)
    meeting = make_meeting(today + datetime.timedelta(days=30))
    item = make_item(meeting)
    paper = add_paper(
        item=item, file=SimpleUploadedFile("a.txt", b"A paper of the Group."), title="Paper",
        is_confidential=False, by=None, now=now,
    )  # fmt: skip
    series = MeetingSeries.objects.create(name="Quarterly", begins=today)
    return {
        "held": held, "settled": settled, "decision": decision, "arising": arising,
        "section": MinutesSection.objects.filter(minutes=minutes).first(), "meeting": meeting, "item": item, "paper": paper,
        "seat": chair, "series": series,
    }  # fmt: skip


class Doors:
    """For each address somebody who may open it, signed in, and a record that is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: dict[str, Client] = {}

    def client(self, name: str) -> Client:
        who = next((who for who in WHO if may_open(who, name)), WHO[0])
        if who not in self.clients:
            self.clients[who] = Client(raise_request_exception=False)
            self.clients[who].force_login(self.world.people[who])
        return self.clients[who]

    def url(self, address: Address) -> str:
        return address.at(self.arguments(address))

    def arguments(self, address: Address) -> dict[str, Any]:
        made = address.samples()
        if address.name in OBJECTS:
            return made | OBJECTS[address.name](self.world.own)
        fits = [start for start in GROUPS if address.name.startswith(start)]
        if fits and address.parts:
            made[address.parts[0][0]] = self.world.own[GROUPS[max(fits, key=len)]].pk
            return made
        for word, record in (
            ("organisation", "supplier"),
            ("payee", "payee"),
            ("person", "person"),
        ):
            if address.name.removeprefix("api-").startswith(word) and address.parts:
                made[address.parts[0][0]] = self.world.own[record].pk
        return made


@pytest.fixture
def doors(world: World) -> Doors:
    return Doors(world)


def broken(client: Client, method: str, url: str, **how: Any) -> str:
    """The address and its status where the answer is a server error, else nothing."""
    # A database that refused a value in the middle of a test would refuse all that follows.
    with transaction.atomic():
        response = getattr(client, method)(url, **how)
        if getattr(response, "streaming", False):
            try:
                b"".join(response.streaming_content)
            except Exception as error:
                return f"{method} {url[:120]!r}: {type(error).__name__} while streaming"
    if response.status_code >= 500:
        cause = getattr(response, "exc_info", None)
        return f"{method} {url[:120]!r} {str(how)[:120]}: {cause[1]!r:.200}" if cause else url
    return ""


def get_view(address: Address) -> Any:
    return getattr(resolve(address.at({})).func, "cls", None)


def as_query(name: str, value: str) -> str:
    return urlencode({name: value}, errors="surrogatepass")


def view_of(url: str) -> str:
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return url


def test_no_value_of_a_parameter_or_field_breaks_a_page(doors: Doors) -> None:
    failures: list[str] = []
    tried: Counter[str] = Counter()
    queries, fields = Turns(QUERY_VALUES), Turns(FIELD_VALUES)
    last_asked: dict[str, tuple[Client, str]] = {}
    last_form: dict[str, tuple[Client, str, dict[str, str]]] = {}
    forms_seen = set()

    def ask(client: Client, url: str, parameter: str, value: str) -> None:
        tried["get"] += 1
        failures.append(broken(client, "get", f"{url}?{as_query(parameter, value)}"))

    def send(client: Client, url: str, body: dict[str, str], changed: str) -> None:
        tried["post"] += 1
        if failure := broken(client, "post", url, data=body):
            failures.append(f"{changed}: {failure}")

    for name, address in ADDRESSES.items():
        if name in LEFT_OUT:
            continue
        client, url = doors.client(name), doors.url(address)
        parameters, forms = page_at(client, url)
        for parameter in parameters:
            last_asked[parameter] = (client, url)
            for value in queries.at(parameter):
                ask(client, url, parameter, value)
        for action, form in forms if not address.is_api else []:
            target = action or url
            # The same form on many pages, such as a search in the header, is tried once.
            key = (view_of(target), tuple(sorted(form)))
            if target.startswith(reverse("account_logout")) or (key in forms_seen and IN_TURN):
                continue
            forms_seen.add(key)
            for field in form:
                last_form[field] = (client, target, form)
                for value in fields.at(field):
                    send(client, target, {**form, field: value}, field)
            for body in fields.together(form, len(forms_seen)):
                send(client, target, body, "all fields")
    for parameter, (client, url) in last_asked.items():
        for value in queries.left(parameter):
            ask(client, url, parameter, value)
    for field, (client, target, form) in last_form.items():
        for value in fields.left(field):
            send(client, target, {**form, field: value}, field)
    assert [failure for failure in failures if failure] == []
    assert tried["get"] > 300
    assert tried["post"] > 300
    assert len(forms_seen) > 50


def test_no_part_of_an_address_breaks_a_page(doors: Doors) -> None:
    """Numbers take turns over the addresses; the few words in addresses meet every value."""
    failures = []
    whole, tried = Turns([value for value in PART_VALUES if value.isascii()]), 0
    for name, address in ADDRESSES.items():
        if name in LEFT_OUT or not address.parts:
            continue
        has_words = any(kind == "str" for _, kind in address.parts)
        usual = doors.arguments(address)
        # All parts at once, and one alone beside a record that is there.
        changes = [set(usual), *({part} for part in usual if len(usual) > 1)]
        for changed, method in itertools.product(changes, ("get", "post", "head")):
            for value in whole.values if has_words or not IN_TURN else NUMBERS_LIKE[:1]:
                arguments = {
                    part: value
                    if part in changed and (kind != "int" or value.isdecimal())
                    else usual[part]
                    for part, kind in address.parts
                }
                try:
                    url = address.at(arguments)
                except NoReverseMatch:
                    continue
                tried += 1
                if failure := broken(doors.client(name), method, url):
                    failures.append(failure)
    assert failures == []
    assert tried > 200


def test_no_body_breaks_the_api(doors: Doors) -> None:
    """Each field of each body as each kind of JSON value, as new and as a change."""
    turns, tried, failures = Turns(JSON_VALUES), 0, []
    for address in ADDRESSES.values():
        if not address.is_api:
            continue
        serializer = getattr(get_view(address), "write_serializer", None)
        if serializer is None:
            continue
        names = list(serializer().fields)
        usual = {"title": "T", "reference": "R", "name": "N"}
        usual = {key: value for key, value in usual.items() if key in names}
        client, url = doors.client(address.name), doors.url(address)
        etag = client.get(url).headers.get("ETag", "")
        for method in ("post", "patch"):
            if getattr(client, method)(url).status_code == 405:
                continue
            bodies = [usual | {name: value} for name in names for value in turns.at(name)]
            for body in [*bodies, *turns.together(names)]:
                tried += 1
                failure = broken(
                    client, method, url, data=json.dumps(body),
                    content_type="application/json", headers={"If-Match": etag},
                )  # fmt: skip
                if failure:
                    failures.append(f"{sorted(body)}: {failure}")
    assert failures == []
    assert tried > 100
