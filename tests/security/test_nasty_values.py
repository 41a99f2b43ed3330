"""Every address and form with hostile values in every parameter and path argument: never a server error.

The walk finds addresses, parameters and fields by itself, so a new page, filter or form is
tried without a change here. It runs on PostgreSQL as well, which refuses what SQLite takes.
"""

from __future__ import annotations

import datetime
import json
import os
import re
from html import unescape
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse

from contracts.models import Contract, Payee, SpendSource
from tests.factories import make_award, make_contract, make_organisation, make_user, make_ward
from tests.test_access import ADDRESSES, Address

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


EVERYTHING = [*NUMBERS_LIKE, *DECIMALS_LIKE, *DAYS_LIKE, *PERIODS_LIKE, *TEXTS_LIKE]
# The fewest that have ever broken anything; all of them with WALK=everything (some minutes).
QUERY_VALUES = [
    "99999999999999999999", "²", "1e999999", "0001-01-01", "9999-00", "a\x00b", "\ud800"
]  # fmt: skip
FIELD_VALUES = ["99999999999999999999", "²", "sNaN", "a\x00b"]
if os.environ.get("WALK") == "everything":
    QUERY_VALUES = FIELD_VALUES = EVERYTHING


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


def parameters_of(client: Client, monkeypatch: pytest.MonkeyPatch, url: str) -> list[str]:
    """What the page at this address reads from its query, seen by watching it."""
    Noted.asked.clear()
    with monkeypatch.context() as watched:
        watched.setattr(
            WSGIRequest, "GET", property(lambda self: Noted(self.META.get("QUERY_STRING", "")))
        )
        client.get(url)
    return sorted(Noted.asked)


@pytest.fixture
def coordinator(client: Client, db: None) -> Client:
    ward = make_ward()
    supplier = make_organisation("Invented Supplies", postcode="M33 7ZF", ward=ward)
    directorate = make_organisation("Directorate of Parks", "council_service")
    contract = make_contract(title="Park benches", directorate=directorate)
    make_award(
        contract,
        value="60000",
        awarded_on=datetime.date(2025, 5, 3),
        suppliers=[supplier],
    )
    client.raise_request_exception = False
    client.force_login(make_user("administrator"))
    return client


@pytest.fixture
def shelf(db: None) -> dict[str, Any]:
    """The first word of URL names -> a record that they name."""
    contract = Contract.objects.get()
    award = contract.awards.get()
    source = SpendSource.objects.create(name="Invented Council", is_own_council=True)
    payee = Payee.objects.create(source=source, name="Invented Supplies")
    return {
        "contract": contract.pk,
        "award": award.pk,
        "successor": contract.pk,
        "organisation": award.suppliers.get().pk,
        "payee": payee.pk,
        "person": make_user("hub", make_organisation("Invented Hub", "hub")).pk,
    }


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


def arguments_of(address: Address, shelf: dict[str, Any]) -> dict[str, Any]:
    """A record that is there, so that the page itself is reached."""
    made: dict[str, Any] = {}
    for name, kind in address.parts:
        if kind == "int":
            made[name] = 1
    for prefix, pk in shelf.items():
        if address.name.removeprefix("api-").startswith(prefix) and address.parts:
            made[address.parts[0][0]] = pk
    return made


def test_no_value_of_a_parameter_breaks_a_page(
    coordinator: Client, shelf: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, tried = [], 0
    for name, address in ADDRESSES.items():
        if name in LEFT_OUT:
            continue
        url = address.at(arguments_of(address, shelf))
        for parameter in parameters_of(coordinator, monkeypatch, url):
            for value in QUERY_VALUES:
                tried += 1
                if failure := broken(coordinator, "get", f"{url}?{as_query(parameter, value)}"):
                    failures.append(failure)
    assert failures == []
    assert tried > 300


def test_no_part_of_an_address_breaks_a_page(coordinator: Client) -> None:
    failures = []
    for name, address in ADDRESSES.items():
        if name in LEFT_OUT or not address.parts:
            continue
        for value in [*NUMBERS_LIKE[:6], "0", "\x00", "a\x00b", "%", "..", "x" * 500]:
            arguments = {
                part: (value if value.isdecimal() else 1) if kind == "int" else value
                for part, kind in address.parts
            }
            try:
                url = address.at(arguments)
            except NoReverseMatch:
                continue
            for method in ("get", "post", "head"):
                if failure := broken(coordinator, method, url):
                    failures.append(failure)
    assert failures == []


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


def test_no_value_of_a_field_breaks_a_form(coordinator: Client, shelf: dict[str, Any]) -> None:
    failures, tried = [], 0
    for name, address in ADDRESSES.items():
        if name in LEFT_OUT or address.is_api:
            continue
        url = address.at(arguments_of(address, shelf))
        page = coordinator.get(url)
        if page.status_code != 200 or getattr(page, "streaming", False):
            continue
        for action, fields in fields_of(page.content.decode()):
            if action.startswith(reverse("account_logout")):
                continue
            for field in fields:
                for value in FIELD_VALUES:
                    tried += 1
                    body = {**fields, field: value}
                    if failure := broken(coordinator, "post", action or url, data=body):
                        failures.append(f"{field}: {failure}")
    assert failures == []
    assert tried > 300


def test_no_body_breaks_the_api(coordinator: Client, shelf: dict[str, Any]) -> None:
    """Each field of each body as each kind of JSON value, as new and as a change."""
    values: list[Any] = [
        *FIELD_VALUES, 10**30, None, {}, [[]], ["\x00"], [10**30],
        [{"scheme": "GB-COH", "value": "\x00"}],
        [{"suppliers": [10**30], "value_pounds": "1e40", "awarded_on": "0001-01-01"}],
    ]  # fmt: skip
    failures = []
    for address in ADDRESSES.values():
        if not address.is_api:
            continue
        serializer = getattr(get_view(address), "write_serializer", None)
        if serializer is None:
            continue
        url = address.at(arguments_of(address, shelf))
        etag = coordinator.get(url).headers.get("ETag", "")
        for method in ("post", "patch"):
            if getattr(coordinator, method)(url).status_code == 405:
                continue
            for field in serializer().fields:
                for value in values:
                    body = {"title": "T", "reference": "R", "name": "N", field: value}
                    body = {key: body[key] for key in body if key in serializer().fields}
                    failure = broken(
                        coordinator, method, url, data=json.dumps(body),
                        content_type="application/json", headers={"If-Match": etag},
                    )  # fmt: skip
                    if failure:
                        failures.append(f"{field}: {failure}")
    assert failures == []
