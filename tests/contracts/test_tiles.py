"""Every figure opens exactly the rows that it adds up: each link is followed and its rows are summed."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from contracts.models import Commitment, Contract, Measure
from tests.contracts.test_position import Q1, Q2, live
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from trafford_sv.core.parts import Figure, Table

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def world(time_machine):
    """Two contracts with two kinds of value; two editions that share a code; a promise varied, one
    withdrawn, one of a shared supplier; another council's contract; one that was over before Q2.
    """
    time_machine.move_to("2026-10-25")
    home = make_organisation("Directorate of Parks", "council_service")
    hours = make_measure(make_edition(key="one"), value="10", code="SAME")
    again = make_measure(make_edition(key="two"), value="13", code="SAME")
    wages = make_measure(value="300", kind=Measure.Kind.LOCAL_ECONOMIC)
    first, supplier = live(title="Lamps", directorate=home)
    second, other = live(title="Benches")
    make_bid(make_tender(first, measures=[hours, wages]), supplier, quantity="7", state="won")
    stands = make_commitment(first, supplier=supplier, measure=hours)
    local = make_commitment(first, supplier=supplier, measure=wages, quantity="9")
    gone = make_commitment(first, supplier=supplier, measure=hours, quantity="50")
    varied = make_commitment(first, supplier=supplier, measure=hours, quantity="30")
    make_commitment(first, supplier=supplier, measure=hours, quantity="20", replaces=varied,
                    agreed_on=datetime.date(2026, 7, 15))  # fmt: skip
    partner = make_commitment(first, supplier=other, measure=again, quantity="11")
    newer = make_commitment(second, supplier=other, measure=again, quantity="40")
    Commitment.objects.filter(pk__in=[gone.pk, varied.pk]).update(state="withdrawn")
    over, third = live(title="Paths", start=datetime.date(2024, 4, 1),
                       end=datetime.date(2025, 6, 30))  # fmt: skip
    make_commitment(over, supplier=third, measure=hours, quantity="6",
                    agreed_on=datetime.date(2024, 4, 1))  # fmt: skip
    foreign = make_organisation("Elsewhere Council", "public_body")
    theirs, _ = live(title="Theirs", buyer=foreign, supplier=other)
    make_commitment(theirs, supplier=other, measure=again, quantity="77")
    for quarter, done in ((Q1, "8"), (Q2, "5")):
        sent, by_other = make_return(first, supplier, quarter), make_return(first, other, quarter)
        for promise in (stands, local):
            make_line(sent, promise, done, verified="4")
        make_line(sent, stands, "3")  # waits to be checked
        make_line(by_other, partner, done, verified=done)
        make_line(make_return(second, other, quarter), newer, done, verified="2")
    old = make_return(first, supplier, Q1.previous)
    make_line(old, gone, "25", verified="25")
    make_line(old, varied, "12", verified="10")
    return {
        "home": home, "first": first, "second": second, "supplier": supplier, "other": other,
        "hours": hours, "again": again,
    }  # fmt: skip


def addresses(world):
    portfolio = reverse("portfolio")
    return [
        portfolio,
        f"{portfolio}?quarter={Q1.code}",
        f"{portfolio}?quarter={Q2.code}&span=quarter",
        f"{portfolio}?quarter={Q1.code}&span=quarter&directorate={world['home'].pk}",
        f"{portfolio}?theme=Jobs&agreement=contract&by=supplier",
        reverse("contract-social-value", args=[world["first"].pk]),
        reverse("contract-social-value", args=[world["second"].pk]),
        reverse("organisation-detail", args=[world["supplier"].pk]),
        reverse("organisation-detail", args=[world["other"].pk]),
        reverse("measure-detail", args=["one", "SAME"]),
        reverse("measure-detail", args=["two", "SAME"]),
    ]


def all_of(kind, held, seen=None):
    """Everything of a kind in what a page was drawn from, however deep."""
    seen = set() if seen is None else seen
    if id(held) in seen:
        return
    seen.add(id(held))
    if isinstance(held, kind):
        yield held
    elif isinstance(held, dict):
        for each in held.values():
            yield from all_of(kind, each, seen)
    elif isinstance(held, (list, tuple)):
        for each in held:
            yield from all_of(kind, each, seen)
    elif type(held).__name__ == "Section":
        yield from all_of(kind, vars(held), seen)


def drawn(answer, kind):
    return list(all_of(kind, [layer for context in answer.context for layer in context.dicts]))


def summed(client, url, column):
    """The pounds of every row behind an address; None where no row has an amount."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    rows = answer.context["rows"]
    assert len(rows) < 25  # all of them on one page
    known = [amount for row in rows if (amount := getattr(row, column)) is not None]
    return sum(known, D(0)) if known else None


COLUMNS = {
    "Committed": "listed_pounds",
    "Reported": "reported_pounds",
    "Verified": "verified_pounds",
}


def test_each_tile_is_the_sum_of_the_rows_that_it_opens(client, world):
    client.force_login(make_user("coordinator"))
    followed = set()
    for address in addresses(world):
        page = client.get(address)
        assert page.status_code == 200, address
        tiles = [tile for tile in drawn(page, Figure) if tile.label in COLUMNS and tile.way_in]
        assert tiles, address
        for tile in tiles:
            said = D(re.sub(r"[^0-9.]", "", tile.exact))
            found = summed(client, tile.way_in.url, COLUMNS[tile.label])
            assert found == said, (address, tile.label, tile.way_in.url)
            followed.add((tile.label, tile.local_economic))
    assert len(followed) == 6  # three states that have rows, of both kinds


def test_each_line_of_a_breakdown_is_the_sum_of_the_rows_that_it_opens(client, world):
    client.force_login(make_user("coordinator"))
    followed = 0
    for query in (f"quarter={Q2.code}", f"quarter={Q2.code}&span=quarter"):
        for by in ("agreement", "directorate", "theme", "supplier"):
            page = client.get(f"{reverse('portfolio')}?{query}&by={by}")
            tables = [t for t in drawn(page, Table) if t.caption.startswith("By ")]
            assert tables
            for table in tables:
                assert ("Verified of committed" in table.headings) is ("span" not in query)
                for row in table.rows:
                    if isinstance(row[0], str):
                        continue
                    for place, column in ((2, "reported_pounds"), (3, "verified_pounds")):
                        found = summed(client, row[0].url, column)
                        said = (
                            None
                            if row[place] == "none"
                            else D(row[place].strip("£").replace(",", ""))
                        )
                        assert found == said, (by, row)
                        followed += 1
    assert followed > 20


def test_one_quarter_says_what_it_brought_and_no_share_of_the_whole_promise(client, world):
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("portfolio"), {"quarter": Q2.code, "span": "quarter"})
    # 4 hours at £10 = 40, 5 at £13 = 65 and 2 at £13 = 26: £131 of social value in July to September.
    assert page.context["sentence"] == f"£131 of social value is verified in {Q2.short}"
    assert "So far" not in page.content.decode()
    assert "of everything committed" not in page.content.decode()
    for tile in page.context["social"]:
        if tile.way_in:
            assert parse_qs(urlsplit(tile.way_in.url).query)["since"] == [Q2.code]
    page = client.get(reverse("portfolio"), {"quarter": Q1.previous.code, "span": "quarter"})
    assert page.context["sentence"].startswith("£350 of social value")
    page = client.get(
        reverse("portfolio"), {"quarter": Q1.previous.previous.code, "span": "quarter"}
    )
    assert page.context["sentence"].startswith("No social value is verified in")


def test_the_list_says_what_a_promise_that_no_longer_stands_counts_with(client, world):
    client.force_login(make_user("coordinator"))
    url = f"{reverse('commitment-list')}?contract={world['first'].pk}&until={Q2.code}&kind=social"
    page = client.get(url).content.decode()
    assert "verified, of £500.00 promised" in page
    rows = client.get(
        f"/api/v1/commitments/?contract={world['first'].pk}&until={Q2.code}&kind=social"
    ).json()["results"]
    # 1,000 + 250 withdrawn + 100 varied + 200 that replaced it + 11 x 13 = 143 of the partner.
    assert sum(D(row["counted_pounds"]) for row in rows) == D("1693.00")
    # Before the variation was agreed the varied one counted in full, and the new one not at all.
    rows = client.get(
        f"/api/v1/commitments/?contract={world['first'].pk}&until={Q1.code}&kind=social"
    ).json()["results"]
    assert sum(D(row["counted_pounds"]) for row in rows) == D("1693.00") - 100 + 300 - 200


@pytest.mark.parametrize("name", ["commitment-list", "delivery-list"])
def test_an_agreement_or_edition_that_is_not_there_finds_nothing(client, world, name):
    client.force_login(make_user("coordinator"))
    for query in ("contract=99999", "edition=99999", "edition=99999999999999", "contract=-1"):
        assert not client.get(f"{reverse(name)}?{query}").context["rows"], query
    assert client.get(f"{reverse(name)}?edition={world['again'].edition_id}").context["rows"]
    assert client.get(f"{reverse(name)}?until=soon").status_code == 200
    assert Contract.objects.count() == 4
