"""Yearly ratings of contracts above five million: when, by what rule, who replies and who agrees."""

from __future__ import annotations

import csv
import datetime
import io
import json
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from contracts.models import Contract, DeliveryRating
from contracts.selectors.ratings import ContractYear, rating_basis, rating_refusal, years_over
from contracts.services.ratings import agree_rating, propose_rating, record_reply
from tests.factories import make_contract, make_organisation, make_threshold, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.periods import FinancialYear, Quarter

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 23)
NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)
YEAR = ContractYear(datetime.date(2025, 4, 1), datetime.date(2026, 3, 31))
QUARTERS = FinancialYear(2025).quarters


@pytest.fixture(autouse=True)
def the_act():
    make_threshold("5000000", datetime.date(2025, 2, 24), duty="kpis", exempts_light_touch=True)


def large(supplier=None, directorate=None, **values) -> Contract:
    """£6 million from 1 April 2025 for two years."""
    return make_contract(
        **{
            "value": "6000000",
            "awarded_on": datetime.date(2025, 3, 1),
            "suppliers": [supplier or make_organisation()],
            "directorate": directorate,
            "start": datetime.date(2025, 4, 1),
            "end": datetime.date(2027, 3, 31),
            "stage": Contract.Stage.LIVE,
            **values,
        }
    )


def kpis(contract, supplier, *verified, quantity="200", **values):
    """One commitment of 25 a quarter over two years for each; what is verified each quarter."""
    eight = [*QUARTERS, *FinancialYear(2026).quarters]
    for each in verified:
        commitment = make_commitment(
            contract,
            supplier=supplier,
            quantity=quantity,
            profile=dict.fromkeys(eight, "25"),
            **values,
        )
        for quarter, amount in zip(QUARTERS, each, strict=False):
            found = contract.returns.filter(
                supplier=supplier, financial_year=2025, quarter=quarter.number
            ).first() or make_return(contract, supplier, quarter)
            if amount is not None:
                make_line(found, commitment, amount, verified=amount)


FULL = ("25", "25", "25", "25")


def rated(*verified, **values):
    supplier = make_organisation()
    contract = large(supplier, **values)
    kpis(contract, supplier, *(verified or (FULL, FULL, FULL)))
    return contract, supplier


def proposed(contract, supplier, **values) -> DeliveryRating:
    return propose_rating(
        **{
            "contract": contract,
            "supplier": supplier,
            "year_starts": YEAR.starts,
            "by": make_user(),
            "now": NOW,
            "today": TODAY,
            **values,
        }
    )


def test_all_that_was_due_is_good_and_its_basis_stays_as_it_stood():
    contract, supplier = rated()
    rating = proposed(contract, supplier)
    assert (rating.proposed_code, rating.year_ends) == ("1", YEAR.ends)
    assert rating.reply_due == datetime.date(2026, 12, 23)
    assert [kpi["verified"] for kpi in rating.basis["kpis"]] == ["100", "100", "100"]
    contract.commitments.first().lines.update(verified_quantity=Decimal(0))
    rating.refresh_from_db()
    assert rating.basis["kpis"][0]["verified"] == "100"
    assert "pounds" not in json.dumps(rating.basis)


def test_the_rating_is_the_average_weighed_by_pounds_none_above_all():
    # Three commitments of £1,000 for the year: 100 of 100, 160 of 100 (counts as all), 60 of 100.
    # (100% + 100% + 60%) / 3 = 86.7%: approaching target.
    contract, supplier = rated(FULL, ("40",) * 4, ("15",) * 4)
    rating = proposed(contract, supplier)
    assert rating.proposed_code == "2"
    assert "86.7% of what was due is verified, by weight." in rating.reasons
    assert [kpi["word"] for kpi in rating.basis["kpis"]] == ["Good", "Good", "Requires improvement"]


def test_what_is_not_known_is_not_nothing_and_keeps_it_from_good():
    # The fourth quarter of one commitment is blank: its known part is all there, so 100%.
    contract, supplier = rated(FULL, FULL, ("25", "25", "25", None))
    rating = proposed(contract, supplier)
    assert rating.proposed_code == "2"
    assert rating.basis["kpis"][2]["not_known"] == ["2025-26 Q4"]
    assert rating.basis["kpis"][2]["share"] == "1.0000"
    # Nothing at all: less than half of the weight is known.
    nothing = (None, None, None, None)
    contract, supplier = rated(nothing, nothing, FULL)
    assert proposed(contract, supplier).proposed_code == "5"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"is_light_touch": True}, "light-touch contract, which the Act exempts"),
        ({"value": "5000000"}, "It covers contracts over that amount"),
        ({"value": "4999999.99"}, "needs no published key performance indicators"),
        ({"awarded_on": datetime.date(2025, 2, 23)}, "before the rule came into force on 24 February 2025"),
        ({"value": None}, "Add the value to see"),
        ({"kind": "grant"}, "Yearly ratings are for contracts. This is a grant."),
        ({"regime": "pcr2015"}, "under the rules before the Procurement Act 2023"),
        ({"start": datetime.date(2025, 12, 1)}, "is not over before 1 December 2026"),
        ({"start": None}, "no start date yet"),
    ],
)  # fmt: skip
def test_it_is_refused_with_a_reason(values, sentence):
    contract, supplier = rated(**values)
    assert sentence in (rating_refusal(contract, as_of=TODAY) or "")
    with pytest.raises(ValidationError) as refused:
        proposed(contract, supplier)
    assert sentence in refused.value.messages[0]


def test_fewer_than_three_kpis_are_refused():
    contract, supplier = rated(FULL, FULL)
    assert "2 key performance indicators" in (rating_refusal(contract, as_of=TODAY) or "")


def test_a_year_is_counted_from_the_first_day_and_must_be_over():
    contract, supplier = rated(start=datetime.date(2024, 2, 29), end=datetime.date(2026, 8, 15))
    assert [(year.starts, year.ends) for year in years_over(contract, TODAY)] == [
        (datetime.date(2026, 2, 28), datetime.date(2026, 8, 15)),
        (datetime.date(2025, 2, 28), datetime.date(2026, 2, 27)),
        (datetime.date(2024, 2, 29), datetime.date(2025, 2, 27)),
    ]
    contract, supplier = rated()
    with pytest.raises(ValidationError, match="A running year has no rating yet"):
        proposed(contract, supplier, year_starts=datetime.date(2026, 4, 1))
    proposed(contract, supplier)
    with pytest.raises(ValidationError, match="There is a rating"):
        proposed(contract, supplier)


def test_every_quarter_belongs_to_one_year():
    supplier = make_organisation()
    contract = large(supplier, start=datetime.date(2025, 5, 15), end=datetime.date(2027, 5, 14))
    kpis(contract, supplier, FULL)
    first, second = years_over(contract, datetime.date(2028, 1, 1))[::-1]
    due = [
        rating_basis(contract, supplier, year, as_of=TODAY).entries[0]["due"]
        for year in (first, second)
    ]
    # The quarters to March 2026 end in the first year, the other four in the second.
    assert due == ["100", "100"]


def test_the_supplier_replies_once_and_a_person_agrees_with_a_reason_where_it_differs():
    contract, supplier = rated()
    rating = proposed(contract, supplier)

    def agree(code, reason="", version=1, today=TODAY):
        return agree_rating(
            rating=rating, code=code, reason=reason, expected_version=version, by=None, now=NOW,
            today=today,
        )  # fmt: skip

    with pytest.raises(ValidationError, match="may reply until 23 December 2026"):
        agree("1")
    with pytest.raises(ValidationError, match="Write your reply"):
        record_reply(rating=rating, reply=" ", by=None, now=NOW)
    replied = record_reply(rating=rating, reply="We did more.", by=make_user(""), now=NOW)
    assert (replied.state, replied.reply) == ("replied", "We did more.")
    with pytest.raises(ValidationError, match="sent already"):
        record_reply(rating=rating, reply="And more.", by=None, now=NOW)
    with pytest.raises(ValidationError) as refused:
        agree("3", version=2)
    assert "Say why “Requires improvement” is right." in refused.value.messages[0]
    agreed = agree("3", "Two complaints were upheld.", version=2)
    assert (agreed.state, agreed.agreed_code, agreed.proposed_code) == ("agreed", "3", "1")
    with pytest.raises(ValidationError, match="agreed already"):
        agree("1", version=3)


def test_without_a_reply_it_is_agreed_after_the_time_to_reply():
    contract, supplier = rated()
    rating = proposed(contract, supplier)
    agreed = agree_rating(
        rating=rating, code="1", reason="", expected_version=1, by=None, now=NOW,
        today=datetime.date(2026, 12, 24),
    )  # fmt: skip
    assert agreed.state == "agreed"


@time_machine.travel("2026-11-23 10:00", tick=False)
def test_the_pages_from_the_contract_to_the_notice(client):
    parks = make_organisation("Directorate of Parks", "council_service")
    supplier = make_organisation("Invented Builders")
    contract = large(supplier, parks, reference="TRF-1", title="Park benches", ocid="ocds-x-1")
    open_words = make_measure(title="Hours of help")
    closed = make_measure(
        make_edition(values_may_be_published=False, text_may_be_published=False),
        code="CL1", title="Licensed words", value="33.33",
    )  # fmt: skip
    kpis(contract, supplier, FULL, FULL, measure=open_words)
    kpis(contract, supplier, FULL, measure=closed)
    manager = make_user("contract_manager", parks)
    client.force_login(manager)
    page = client.get(reverse("contract-pacing", args=[contract.pk]))
    assert reverse("rating-propose", args=[contract.pk]) in page.text
    page = client.get(reverse("rating-propose", args=[contract.pk]))
    assert "1 April 2025 to 31 March 2026" in page.text
    chosen = {"year": f"{supplier.pk}:2025-04-01"}
    assert client.post(reverse("rating-propose", args=[contract.pk]), chosen).status_code == 302
    rating = DeliveryRating.objects.get()
    assert "Park benches" in client.get(reverse("rating-list")).text

    client.force_login(make_user("supplier", supplier))
    shown = client.get(reverse("supplier-rating", args=[rating.pk]))
    assert "Reply by 23 December 2026" in shown.text
    assert client.get(reverse("rating-agree", args=[rating.pk])).status_code == 403
    address = reverse("supplier-rating", args=[rating.pk])
    assert client.post(address, {"reply": "Fair."}).status_code == 302
    client.force_login(make_user("supplier", make_organisation()))
    for name in ("supplier-rating", "rating-detail", "rating-notice"):
        assert client.get(reverse(name, args=[rating.pk])).status_code == 404

    client.force_login(manager)
    version = DeliveryRating.objects.get().version
    answer = client.post(
        reverse("rating-agree", args=[rating.pk]),
        {"version": version, "agreed_code": "1", "agreed_reason": ""},
    )
    assert answer.status_code == 302
    assert "Fair." in client.get(reverse("rating-detail", args=[rating.pk])).text
    notice = reverse("rating-notice", args=[rating.pk])
    held = client.get(notice, {"format": "json"}).json()
    assert held["contract"] == {"reference": "TRF-1", "ocid": "ocds-x-1", "title": "Park benches"}
    assert (held["supplier"]["name"], held["rating"]["word"]) == ("Invented Builders", "Good")
    assert held["period"] == {"from": "2025-04-01", "to": "2026-03-31"}
    assert [kpi["description"] for kpi in held["kpis"]] == ["Hours of help", "Hours of help", "CL1"]
    answer = client.get(notice, {"format": "csv"})
    text = b"".join(answer).decode("utf-8-sig") if answer.streaming else answer.text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert len(rows) == 3
    assert rows[2]["KPI in words"] == "CL1" and rows[0]["Verified"] == "100"
    assert rows[0]["Rating of the contract"] == "Good" and rows[0]["State"] == "Agreed"
    for said in (json.dumps(held), text):
        assert "Licensed words" not in said and "£" not in said and "33.33" not in said


@time_machine.travel("2026-11-23 10:00", tick=False)
def test_the_page_says_why_there_is_none(client):
    contract, _ = rated(is_light_touch=True)
    client.force_login(make_user())
    page = client.get(reverse("rating-propose", args=[contract.pk]))
    assert "light-touch contract, which the Act exempts" in page.text
    assert "Propose the rating" not in page.text


def test_a_quarter_parsed_from_the_basis_is_a_quarter():
    contract, supplier = rated(FULL, FULL, ("25", None, "25", "25"))
    (unknown,) = proposed(contract, supplier).basis["kpis"][2]["not_known"]
    assert Quarter.parse(unknown) == Quarter(2025, 2)
