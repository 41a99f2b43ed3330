"""The pages of pacing: words and shapes, who sees what, files, and the number of queries."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Commitment, Contract
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db
Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-23 10:00", tick=False):
        yield


@pytest.fixture
def directorate():
    return make_organisation("Directorate of Parks", "council_service")


def agreement(directorate=None, supplier=None, **values):
    supplier = supplier or make_organisation()
    contract = make_contract(
        title="Park benches",
        directorate=directorate,
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.LIVE,
        **values,
    )
    return contract, supplier


def short(contract, supplier, verified="5", **values) -> Commitment:
    """25 due in each quarter; `verified` of 20 reported in each of the two that are over."""
    commitment = make_commitment(contract, supplier=supplier, **values)
    for quarter in (Q1, Q2):
        made = contract.returns.filter(
            supplier=supplier, financial_year=2026, quarter=quarter.number
        ).first() or make_return(contract, supplier, quarter)
        make_line(made, commitment, "20", verified=verified)
    return commitment


def test_an_agreements_page_says_its_pace_in_words_and_a_shape_with_reasons(client, directorate):
    contract, supplier = agreement(directorate)
    short(contract, supplier, title="Hours for young people")
    client.force_login(make_user("contract_manager", directorate))
    answer = client.get(reverse("contract-pacing", args=[contract.pk]))
    assert answer.status_code == 200
    # 10 of 50 is 20%; at this pace the other 50 bring 10 more: 20. 90 remain for two quarters.
    assert "▲ Red: behind" in answer.text
    assert "10 delivered of 50 expected in the quarters reported, which is 20%." in answer.text
    assert "At this pace it ends at 20 of 100." in answer.text
    assert "Each of the 2 remaining quarters must bring 45 to keep the promise." in answer.text
    assert "By what is reported: ◆ Amber: at risk" in answer.text  # 40 of 50 is 80%
    assert "2 of 2 returns" not in answer.text and "1 of 1 returns for Q2 2026/27" in answer.text
    assert "Social value: 1 of 1 commitment is behind" in answer.text
    assert "Expected at the end = delivered so far" in answer.text
    assert "Open a recovery action" in answer.text


def test_a_supplier_reads_its_own_part_and_changes_nothing(client, directorate):
    contract, mine = agreement(directorate)
    theirs = make_organisation("Quagga Holdings")
    contract.awards.get().supplier_links.create(organisation=theirs)
    short(contract, mine, title="Mine to keep")
    other = short(contract, theirs, title="Zebra hours")
    client.force_login(make_user("supplier", mine))
    page = client.get(reverse("contract-pacing", args=[contract.pk]))
    assert "Mine to keep" in page.text and "Zebra hours" not in page.text
    assert "Quagga" not in page.text and "Open a recovery action" not in page.text
    assert "1 commitment:" in page.text and "1 of 1 returns" in page.text
    assert client.get(reverse("commitment-pacing", args=[other.pk])).status_code == 404
    listed = client.get(reverse("pacing-list"))
    assert "Mine to keep" in listed.text and "Zebra" not in listed.text
    exported = client.get(reverse("pacing-list"), {"format": "csv", "supplier": theirs.pk})
    assert (
        b"Zebra" not in b"".join(exported) if exported.streaming else "Zebra" not in exported.text
    )


def test_a_commitments_page_shows_each_quarter_and_what_is_known_of_it(client):
    contract, supplier = agreement()
    commitment = make_commitment(contract, supplier=supplier)
    made = make_return(contract, supplier, Q1)
    make_line(made, commitment, "20")
    client.force_login(make_user())
    page = client.get(reverse("commitment-pacing", args=[commitment.pk]))
    assert page.status_code == 200
    assert "Waits for verification" in page.text
    assert "Return not in" in page.text  # the second quarter, due on 20 October
    assert "To come" in page.text
    assert "A gap is a quarter that is not known" in page.text


def test_the_list_shows_what_is_behind_worst_first_and_filters(client, directorate):
    contract, supplier = agreement(directorate)
    make_commitment(contract, supplier=supplier, title="Late alone")  # amber: a return is missing
    grant, _ = agreement(kind="grant")
    bad = short(grant, supplier, title="Worst of all")
    good = short(grant, supplier, verified="20", title="Almost", quantity="80")
    client.force_login(make_user())
    page = client.get(reverse("pacing-list"))
    assert page.text.index("Worst of all") < page.text.index("Late alone")
    assert good.title not in page.text
    # 20 a quarter of 80 is exactly the profile: green, and shown when every rating is asked for.
    assert good.title in client.get(reverse("pacing-list"), {"rating": "green"}).text
    only = client.get(reverse("pacing-list"), {"kind": "grant"})
    assert "Worst of all" in only.text and "Late alone" not in only.text
    of = client.get(reverse("pacing-list"), {"directorate": directorate.pk})
    assert "Late alone" in of.text and "Worst of all" not in of.text
    theme = bad.measure.outcome.theme
    assert "Worst of all" in client.get(reverse("pacing-list"), {"theme": theme.pk}).text
    exported = client.get(reverse("pacing-list"), {"format": "csv", "rating": "every"})
    text = b"".join(exported).decode() if exported.streaming else exported.text
    assert "Worst of all" in text and "20.0%" in text and "Almost" in text


def test_a_licence_keeps_values_and_words_out_of_the_file(client):
    edition = make_edition(values_may_be_published=False, text_may_be_published=False)
    measure = make_measure(edition, value="33.33", title="Secret words", code="XX1")
    contract, supplier = agreement()
    short(contract, supplier, measure=measure)
    client.force_login(make_user())
    exported = client.get(reverse("pacing-list"), {"format": "csv"})
    text = b"".join(exported).decode() if exported.streaming else exported.text
    assert "3333" not in text and "Secret words" not in text and "XX1" in text
    assert "Withheld" in text
    # The co-ordinator may see licensed values on pages; a supplier may not.
    assert "£" in client.get(reverse("contract-pacing", args=[contract.pk])).text
    client.force_login(make_user("supplier", supplier))
    assert "£" not in client.get(reverse("contract-pacing", args=[contract.pk])).text


def test_one_or_five_hundred_commitments_take_the_same_queries(client):
    client.force_login(make_user())

    def queries(number: int, quarters: int, name: str) -> int:
        contract, supplier = agreement()
        measure = make_measure()
        span = [Q1, Q2, Q2.next, Q2.next.next][:quarters]
        held = [
            make_commitment(
                contract, supplier=supplier, measure=measure, profile=dict.fromkeys(span, "25")
            )
            for _ in range(number)
        ]
        for quarter in span[:2]:
            made = make_return(contract, supplier, quarter)
            for commitment in held:
                make_line(made, commitment, "20", verified="5")
        address = reverse(name, args=[contract.pk]) if "contract" in name else reverse(name)
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    assert queries(1, 1, "contract-pacing") == queries(20, 4, "contract-pacing") <= 12
    assert queries(1, 1, "pacing-list") == queries(20, 4, "pacing-list") <= 8


def test_nothing_agreed_says_what_will_be_here(client):
    contract, _ = agreement()
    client.force_login(make_user())
    assert (
        "Nothing is agreed yet" in client.get(reverse("contract-pacing", args=[contract.pk])).text
    )
