"""Each role against each address, and nobody else's records by any of them.

The expectations are in `tests/access_table.py`; an address that is not in it fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern

from tests.access_table import APPS, EVERYONES, OBJECTS, PUBLIC, SIGNED_IN, TABLE, World
from tests.factories import make_award, make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_evidence,
    make_flag,
    make_line,
    make_picture,
    make_rating,
    make_recovery,
    make_request,
    make_return,
    make_tender,
    make_upload,
)
from tests.watched_queries import get_watched, read_whole
from trafford_sv.core.models import ApiToken
from trafford_sv.core.roles import PERMISSIONS, ROLES, Reach

ANONYMOUS, NO_ROLE = "anonymous", "no role"
ROLE_KEYS = [key for key in ROLES if key != "public"]
LIMITED = [key for key in ROLE_KEYS if ROLES[key].reach is Reach.OWN]
UNSEEN_CONTRACT, UNSEEN_SUPPLIER = "Zebra crossing repairs", "Quagga Holdings"


@dataclass(frozen=True)
class Address:
    """One pattern of the whole resolver. `parts` are its arguments with their converters."""

    name: str
    pattern: str
    parts: tuple[tuple[str, str], ...]
    is_api: bool

    def samples(self) -> dict[str, Any]:
        """An argument of the right kind for each part, though no record may have it."""
        samples = {"int": 1, "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
        return {name: samples.get(kind, "a") for name, kind in self.parts}

    def at(self, arguments: dict[str, Any] | None = None) -> str:
        values = self.samples() | (arguments or {})
        if not values and "(" in self.pattern:
            return "/" + re.sub(r"\^|\$|\.\*", "", self.pattern)
        return reverse(self.name, kwargs=values)


def addresses() -> Iterator[Address]:
    def walk(
        patterns: list[Any], prefix: str, inherited: tuple[tuple[str, str], ...]
    ) -> Iterator[Address]:
        for item in patterns:
            parts = inherited
            if isinstance(item.pattern, RoutePattern):
                parts += tuple(
                    (
                        name,
                        type(converter)
                        .__name__.removesuffix("Converter")
                        .lower()
                        .replace("string", "str"),
                    )
                    for name, converter in item.pattern.converters.items()
                )
            elif isinstance(item.pattern, RegexPattern):
                parts += tuple((name, "str") for name in item.pattern.regex.groupindex)
            path = prefix + str(item.pattern)
            if isinstance(item, URLPattern):
                view = getattr(item.callback, "view_class", None) or getattr(
                    item.callback, "cls", None
                )
                yield Address(item.name or path, path, parts, bool(getattr(view, "is_api", False)))
            else:
                yield from walk(item.url_patterns, path, parts)

    seen = set()
    for address in walk(get_resolver().url_patterns, "", ()):
        if address.name not in seen:
            seen.add(address.name)
            yield address


ADDRESSES = {address.name: address for address in addresses()}


def needed(name: str) -> tuple[str, ...]:
    entry = TABLE[name]
    return (entry,) if isinstance(entry, str) else entry


def may_open(who: str, name: str) -> bool:
    """What the table says, with the roles as `core.roles` has them."""
    if TABLE[name] == PUBLIC:
        return True
    if who == ANONYMOUS:
        return False
    if TABLE[name] == SIGNED_IN:
        return True
    return who in ROLES and set(needed(name)) <= ROLES[who].permissions


def refused(response: Any, *, is_api: bool) -> bool:
    if response.status_code in {401, 403}:
        return True
    return (
        not is_api
        and response.status_code == 302
        and response["Location"].startswith("/account/login/")
    )


def knock(client: Client, method: str, address: Address, arguments: dict[str, Any] | None) -> Any:
    if method == "post" and address.is_api:
        return client.post(address.at(arguments), "{}", content_type="application/json")
    answer = getattr(client, method)(address.at(arguments))
    read_whole(answer)
    return answer


def make_world() -> World:
    mine = make_organisation("Directorate of Parks", "council_service")
    theirs = make_organisation("Directorate of Roads", "council_service")
    supplier = make_organisation("Invented Supplies")
    unseen = make_organisation(UNSEEN_SUPPLIER)
    hub = make_organisation("Invented Hub", "hub")
    homes = {"contract_manager": mine, "supplier": supplier, "hub": hub}
    people = {key: make_user(key, homes.get(key)) for key in ROLE_KEYS}
    people[NO_ROLE] = make_user("")

    def side(title: str, directorate: Any, company: Any) -> dict[str, Any]:
        contract = make_contract(title=title, reference=title[:5].upper(), directorate=directorate)
        award = make_award(contract, value="60000", suppliers=[company])
        successor = make_contract(
            title=f"{title}, next", directorate=directorate, predecessor=contract
        )
        # Each with its side's words in it, so that whatever leaks is known by them.
        commitment = make_commitment(contract, supplier=company, title=f"{title}, promised")
        delivery_return = make_return(contract, company)
        line = make_line(delivery_return, commitment, narrative=f"{title}, as it went")
        tender = make_tender(
            make_contract(title=f"{title}, tendered", directorate=directorate), measures=[]
        )
        records = {
            "contract": contract,
            "award": award,
            "successor": successor,
            "commitment": commitment,
            "delivery_return": delivery_return,
            "line": line,
            "evidence": make_evidence(company, line),
            "picture": make_picture(company, line),
            "return_upload": make_upload(delivery_return),
            "tender": tender,
            "bid": make_bid(tender, company),
            "supplier": company,
            "recovery": make_recovery(commitment),
            "rating": make_rating(contract, company),
            "request": make_request(line),
            "flag": make_flag(line, make_line(delivery_return, commitment, "7")),
        }
        records["evidence"].original_name = f"{title}, sign-in sheet.txt"
        records["evidence"].save()
        records["bid"].method_statement = f"{title}, how we would"
        records["bid"].save()
        for app in APPS:
            app.extend(records)
        return records

    return World(
        people=people,
        own=side("Park benches", mine, supplier),
        other=side(UNSEEN_CONTRACT, theirs, unseen),
    )


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def test_every_address_is_in_the_table() -> None:
    unknown = sorted(set(ADDRESSES) - set(TABLE))
    assert unknown == [], f"Add these to tests/access_table.py: {unknown}"


def test_the_table_names_nothing_that_is_gone() -> None:
    assert sorted(set(TABLE) - set(ADDRESSES)) == []
    assert sorted((set(OBJECTS) | set(EVERYONES)) - set(ADDRESSES)) == []
    for name in TABLE:
        assert TABLE[name] in {PUBLIC, SIGNED_IN} or set(needed(name)) <= set(PERMISSIONS), name


def test_every_record_that_a_limited_role_could_open_is_tried() -> None:
    missing = [
        name
        for name, address in ADDRESSES.items()
        if name in TABLE
        and address.parts
        and TABLE[name] not in {PUBLIC, SIGNED_IN}
        and any(may_open(role, name) for role in LIMITED)
        and name not in OBJECTS
        and name not in EVERYONES
    ]
    assert missing == [], f"Add these to OBJECTS (or EVERYONES) in tests/access_table.py: {missing}"


@pytest.mark.parametrize("who", [ANONYMOUS, NO_ROLE, *ROLE_KEYS])
def test_each_role_opens_what_the_table_says_and_nothing_else(
    client: Client, world: World, who: str
) -> None:
    client.raise_request_exception = False
    if who != ANONYMOUS:
        client.force_login(world.people[who])
    wrong = []
    for name, address in ADDRESSES.items():
        if name not in TABLE or name in {"account_logout", "readyz"}:
            continue
        if TABLE[name] == PUBLIC and who not in {ANONYMOUS, NO_ROLE}:
            continue  # what is open to a visitor is open to everyone
        expected = may_open(who, name)
        # A record that is there, so that "not found" cannot hide a door that stands open.
        arguments = OBJECTS[name](_with_token(world, who).own) if name in OBJECTS else None
        limited = who in LIMITED and name in OBJECTS
        methods = ("get",) if expected else ("get", "post")
        for method in methods:
            response = knock(client, method, address, arguments)
            if response.status_code == 405:
                continue  # nobody gets in by a method that is not there
            if response.status_code >= 500 and name != "readyz":
                wrong.append(f"{method} {name}: {response.status_code}")
            elif refused(response, is_api=address.is_api) is expected and not (
                limited and name == "token-revoke"
            ):
                verb = "is refused" if expected else f"gets in ({response.status_code})"
                wrong.append(f"{method} {name}: {who} {verb}")
    assert wrong == []


def _with_token(world: World, who: str) -> World:
    """Each side with a token: on the own side the asking person's, on the other someone else's."""
    person = world.people.get(who, world.people[NO_ROLE])
    for side, user in ((world.own, person), (world.other, world.people["administrator"])):
        if "token" not in side or side["token"].user_id != user.pk:
            side["token"], _ = ApiToken.objects.create(user=user, name="A test")
    return world


@pytest.mark.parametrize("who", LIMITED)
def test_a_limited_role_opens_its_own_records_and_nobody_elses(
    client: Client, world: World, who: str
) -> None:
    client.raise_request_exception = False
    client.force_login(world.people[who])
    _with_token(world, who)
    wrong = []
    for name, arguments in OBJECTS.items():
        address = ADDRESSES[name]
        for method in ("get", "post"):
            answer = knock(client, method, address, arguments(world.other))
            if answer.status_code not in {403, 404, 405}:
                wrong.append(f"{method} {name}: {answer.status_code} for somebody else's record")
        if may_open(who, name):
            answer = knock(client, "get", address, arguments(world.own))
            if answer.status_code not in {200, 302, 405} or refused(answer, is_api=address.is_api):
                wrong.append(f"get {name}: {answer.status_code} for their own record")
    assert wrong == []


@pytest.mark.parametrize("who", LIMITED)
def test_no_page_list_or_export_shows_a_limited_role_somebody_elses_contract(
    client: Client, world: World, who: str
) -> None:
    client.raise_request_exception = False
    client.force_login(world.people[who])
    _with_token(world, who)
    leaks, searched = [], 0
    for name, address in ADDRESSES.items():
        if TABLE.get(name, PUBLIC) == PUBLIC or not may_open(who, name):
            continue
        if address.parts and name not in OBJECTS:
            continue
        url = address.at(OBJECTS[name](world.own) if name in OBJECTS else None)
        plain, parameters = get_watched(client, url)
        answers = [plain]
        for query in ("format=csv", "q=Zebra", "search=Zebra"):
            # A page that does not read it would only show the same once more.
            if query.split("=")[0] in parameters:
                answers.append(client.get(f"{url}?{query}"))
                searched += 1
        text = ""
        for answer in answers:
            text += read_whole(answer).decode(errors="replace")
        if UNSEEN_CONTRACT in text:
            leaks.append(f"{name} shows {who} another directorate's contract")
        # A contract manager may look up any supplier (see EVERYONES); the others may not.
        if who != "contract_manager" and UNSEEN_SUPPLIER in text:
            leaks.append(f"{name} shows {who} another supplier")
    assert leaks == []
    assert searched > 5 or who == "hub"


def test_the_public_list_is_short_and_read(client: Client, world: World) -> None:
    """Whatever is public shows nothing of any contract to a visitor."""
    client.raise_request_exception = False
    for name, address in ADDRESSES.items():
        if TABLE.get(name) != PUBLIC or name in {"readyz", "styleguide"}:
            continue
        response = client.get(address.at())
        assert response.status_code < 500, name
        assert UNSEEN_CONTRACT.encode() not in response.content, name
