"""An edition whose licence keeps its values and words in, on every page, export and API answer.

No total may give it away either: every amount that is told is divided by every quantity that somebody
could know. The walk finds addresses by itself. A value per unit of a licensed edition goes out to nobody, and
is on a page only for people who may see licensed values; its words leave with no export and no
answer of the API, and a visitor reads them nowhere.
"""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.access_table import OBJECTS, PUBLIC, TABLE, World
from tests.factories import make_contract
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_evidence,
    make_flag,
    make_line,
    make_measure,
    make_recovery,
    make_request,
    make_tender,
)
from tests.test_access import ADDRESSES, make_world, may_open
from tests.watched_queries import get_watched, read_whole
from trafford_sv.core.models import ApiToken
from trafford_sv.core.roles import ROLES

# A value that no other amount contains: 7,319.47 for a unit, 21,958.41 for three, 51,236.29 for seven.
VALUE = "7319.47"
SHOWN = ("7319.47", "7,319.47")
ONE_LINE = ("21958.41", "21,958.41")
# 12 promised, 3 and 7 reported and so 10 in all, 2 verified, 3 offered.
QUANTITIES = (2, 3, 7, 10, 12)
AMOUNT = re.compile(r"£\s?([0-9][0-9,]*(?:\.[0-9]{2})?)|\b([0-9]{4,}\.[0-9]{2})\b")
WORDS = "Kept-in words of a licensed measure"
EXPORTS = ("format=csv", "format=xlsx")


@pytest.fixture
def world(db: None) -> World:
    """The access table's world, with everything of its own side in a licensed edition."""
    world = make_world()
    own = world.own
    edition = make_edition(
        key="licensed",
        values_may_be_published=False,
        text_may_be_published=False,
        licence="A licence that the council holds",
    )
    measure = make_measure(edition, value=VALUE, title=WORDS, code="LIC1")
    make_measure(make_edition(key="open"), code="LIC1")
    contract, supplier = own["contract"], own["supplier"]
    promised = make_commitment(contract, supplier=supplier, measure=measure, quantity="12")
    own["commitment"] = promised
    own["line"] = make_line(own["delivery_return"], promised, "3", verified="2")
    # A second line keeps any total apart from one line's pounds.
    own["second"] = make_line(own["delivery_return"], promised, "7")
    own["evidence"] = make_evidence(supplier, own["line"], content=b"another sheet\n")
    tender = make_tender(
        make_contract(title="Tendered again", directorate=contract.directorate), measures=[measure]
    )
    own["tender"], own["bid"] = tender, make_bid(tender, supplier, quantity="3")
    own["recovery"] = make_recovery(promised)
    own["request"] = make_request(own["line"])
    own["flag"] = make_flag(own["line"], own["second"])
    own["token"], _ = ApiToken.objects.create(user=world.people["supplier"], name="A test")
    own["measure"] = measure
    return world


# Forms to fill in rather than exports: whoever is to promise or to report must read what.
WORKBOOKS = {"supplier-return-workbook-file", "supplier-bid-workbook"}
# Addresses that show an edition when they are asked for it.
ASKED = {
    "measure-list": "edition=licensed",
    "measure-compare": "a=licensed&b=open&day=2026-05-01",
    "measure-restatement": "first=2026-27-Q1&last=2026-27-Q1&before=pinned&before_basis=verified"
    "&after=licensed&after_basis=reported",
    "api-measures": "edition=licensed",
}


def url_of(name: str, world: World) -> str | None:
    if name in ASKED:
        return f"{ADDRESSES[name].at()}?{ASKED[name]}"
    if name.startswith(("measure-edition", "api-measure-edition")) and ADDRESSES[name].parts:
        return ADDRESSES[name].at({ADDRESSES[name].parts[0][0]: "licensed"})
    if name in {"measure-detail", "api-measure"}:
        parts = [part for part, _ in ADDRESSES[name].parts]
        return ADDRESSES[name].at(dict(zip(parts, ("licensed", "LIC1"), strict=False)))
    if name in OBJECTS:
        return ADDRESSES[name].at(OBJECTS[name](world.own))
    return None if ADDRESSES[name].parts else ADDRESSES[name].at()


def words_of(answer: Any) -> str:
    """All that is in an answer; of a workbook what is in its parts."""
    body = read_whole(answer)
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist())
    return body.decode(errors="replace")


def tells_by_division(text: str) -> list[str]:
    """Amounts that are the value times a quantity, also rounded to the pound for reading."""
    found = []
    for in_words, plain in AMOUNT.findall(text):
        amount = Decimal((in_words or plain).replace(",", ""))
        if any(abs(amount - Decimal(VALUE) * quantity) < 1 for quantity in QUANTITIES):
            found.append(in_words or plain)
    return found


def narrowed(world: World) -> list[tuple[str, str]]:
    """Totals narrowed and broken down until hardly anything is left in them."""
    contract, supplier = world.own["contract"].pk, world.own["supplier"].pk
    parts = ("agreement", "directorate", "theme", "supplier")
    api = [
        ("api-portfolio", f"{ADDRESSES['api-portfolio'].at()}?by={by}{more}")
        for by in (*parts, "contract")
        for more in ("", f"&contract={contract}", f"&supplier={supplier}&theme=Jobs",
                     "&period=2026-27-Q1&span=quarter")
    ]  # fmt: skip
    page = [
        ("portfolio", f"{ADDRESSES['portfolio'].at()}?by={by}&quarter=2026-27-Q1{more}")
        for by in parts
        for more in ("", "&span=quarter&theme=Jobs", "&format=csv")
    ]
    return api + page


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def is_outward(answer: Any) -> bool:
    return not answer.headers.get("Content-Type", "").startswith("text/html")


@pytest.mark.parametrize("who", [None, "supplier", "steering_member", "coordinator"])
def test_a_licensed_value_is_where_its_licence_allows_and_nowhere_else(
    world: World, who: str | None
) -> None:
    client = Client()
    sees = False
    if who is not None:
        client.force_login(world.people[who])
        sees = "see_licensed_values" in ROLES[who].permissions
    told, exports, shown = [], 0, 0
    for name in ADDRESSES:
        if name not in TABLE or name in {"account_logout", "readyz", "styleguide"}:
            continue
        if not (TABLE[name] == PUBLIC or (who and may_open(who, name))):
            continue
        url = url_of(name, world)
        if url is None:
            continue
        answer, parameters = get_watched(client, url)
        answers = [(url, answer)]
        if "format" in parameters:
            exports += 1
            answers += [
                (with_query(url, query), client.get(with_query(url, query))) for query in EXPORTS
            ]
        for address, each in answers:
            goes_out, text = is_outward(each), words_of(each)
            if any(amount in text for amount in SHOWN):
                shown += 1
                if goes_out or not sees:
                    told.append(f"{address} shows {who} the value")
            if (goes_out or not sees) and any(amount in text for amount in ONE_LINE):
                told.append(f"{address} shows {who} the pounds of one line")
            if goes_out or not sees:
                told += [
                    f"{address} tells {who} the value by {amount}"
                    for amount in tells_by_division(text)
                ]
            if WORDS in text and (who is None or (goes_out and name not in WORKBOOKS)):
                told.append(f"{address} shows {who} the words")
    for name, url in narrowed(world) if who else []:
        if not may_open(who, name):
            continue
        answer = client.get(url)
        assert answer.status_code == 200, url
        if is_outward(answer) or not sees:
            told += [
                f"{url} tells {who} the value by {amount}"
                for amount in tells_by_division(words_of(answer))
            ]
    assert told == []
    assert exports > 5 or who is None
    # The walk reaches pages that do show it to whoever may see it.
    assert bool(shown) is sees
