"""Why a measure moved: by hand, as a property over random rows, and the page with its rows."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.filters_deliveries import DeliveryFilter
from contracts.licensing import TotalReader
from contracts.models import ReturnLine
from contracts.selectors.position import Scope
from reporting.catalogue import CATALOGUE, FigureGone
from reporting.models import StarMeasure
from reporting.movements import Part, ratio_parts, ratio_stages, sum_parts
from reporting.selectors.figures import FigureReader
from reporting.selectors.movements import Span, figure_movement, why_it_moved
from reporting.services.star_measures import define_measure
from reporting.star_measures import Movement
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
    make_value,
)
from trafford_sv.core.charts import Step, Total, waterfall_chart
from trafford_sv.core.periods import Quarter

ANYBODY = TotalReader()
Q1 = Quarter(2026, 1)
Q2 = Q1.next
NOW = datetime.datetime(2026, 10, 5, 9, tzinfo=datetime.UTC)
_money = st.decimals(0, 10**7, places=2)


def a_measure(name: str = "Verified", **values: Any) -> StarMeasure:
    return define_measure(
        values={
            "name": name, "words": "A test.", "numerator": "social_value",
            "numerator_basis": "verified", "period": "quarter", **values,
        },
        by=None, now=NOW,
    )  # fmt: skip


def a_story() -> dict[str, Any]:
    """An agreement that delivers in both quarters and late; one that is new in Q2; one that was
    varied from £10 to £12 an hour on 1 July.

    Q1: 40 h x £10 = 400 (old), 10 h x £10 = 100 (varied). Together 500.
    Q2: 30 h x £10 = 300 (old), 5 h x £10 = 50 about Q1 (late), 20 h x £10 = 200 (new),
        10 h x £12 = 120 (varied). Together 670.
    Late +50, new +200, values 10 x (12 - 10) = +20, and the rest: 670 - 270 = 400 against 500: -100.
    """
    old = make_commitment()
    first = make_return(old.contract, old.supplier, Q1)
    make_line(first, old, "40", verified="40")
    second = make_return(old.contract, old.supplier, Q2)
    make_line(second, old, "30", verified="30")
    make_line(first, old, "5", verified="5", counted_year=Q2.start_year, counted_quarter=Q2.number)
    new = make_commitment()
    make_line(make_return(new.contract, new.supplier, Q2), new, "20", verified="20")
    measure = make_measure()
    before = make_commitment(measure=measure)
    make_line(make_return(before.contract, before.supplier, Q1), before, "10", verified="10")
    make_value(measure, "12", datetime.date(2026, 7, 1))
    varied = make_commitment(
        before.contract, supplier=before.supplier, measure=measure, replaces=before,
        agreed_on=datetime.date(2026, 7, 1),
    )  # fmt: skip
    make_line(make_return(varied.contract, varied.supplier, Q2), varied, "10", verified="10")
    return {"old": old, "new": new, "varied": varied}


@pytest.mark.django_db
def test_the_story_by_hand() -> None:
    a_story()
    why = why_it_moved(a_measure(), Q1, Q2, reader=ANYBODY)
    assert (why.before, why.after, why.change) == (500, 670, 170)
    assert {part.part: part.change for part in why.parts} == {
        Part.DELIVERY: -100, Part.NEW: 200, Part.VALUES: 20, Part.LATE: 50,
    }  # fmt: skip
    assert why.largest is not None and why.largest.part is Part.NEW
    assert [one.change for one in why.agreements] == [200, -50, 20] and why.others == 0


@pytest.mark.django_db
def test_a_ratio_moves_along_one_path_and_nothing_is_left_over() -> None:
    """Verified against committed: 500 / 3,000 = 0.1667, then 670 / 4,... by the rows. All three
    agreements are in force in both quarters, so only promises that were agreed by then count.
    """
    a_story()
    measure = a_measure(denominator="social_value", denominator_basis="committed")
    why = why_it_moved(measure, Q1, Q2, reader=ANYBODY)
    assert why.before == FigureReader().read(measure, Q1).reading.value
    assert why.after == FigureReader().read(measure, Q2).reading.value
    assert sum((part.change for part in why.parts), Decimal(0)) == why.change


@pytest.mark.django_db
@pytest.mark.parametrize("key", sorted(CATALOGUE))
@pytest.mark.parametrize("first", [None, Q1])
def test_every_figure_of_the_catalogue_is_split_as_it_is_read(
    key: str, first: Quarter | None
) -> None:
    a_story()
    for basis in CATALOGUE[key].bases:
        moved = figure_movement(key, basis, Scope(), Span(first, Q1), Span(first, Q2))
        for value, last in ((moved.before, Q1), (moved.after, Q2)):
            read = FigureReader().value(key, basis, Scope(), first, last)
            assert value == (read or 0), (key, basis)
        assert sum((amount for _, amount in moved.rows), Decimal(0)) == moved.change


@pytest.mark.django_db
def test_each_part_opens_exactly_its_rows() -> None:
    story = a_story()
    user = make_user()

    def opened(url: str) -> list[int]:
        from django.http import QueryDict
        from django.test import RequestFactory

        request = RequestFactory().get(url)
        request.user = user
        data = QueryDict(url.split("?", 1)[1])
        rows = ReturnLine.objects.visible_to(user)
        return sorted(
            DeliveryFilter(data, queryset=rows, request=request).qs.values_list(
                "commitment_id", flat=True
            )
        )

    why = why_it_moved(a_measure(), Q1, Q2, reader=ANYBODY)
    urls = {part.part: (part.rows_after, part.rows_before) for part in why.parts}
    old, new, varied = (story[name].pk for name in ("old", "new", "varied"))
    assert opened(urls[Part.LATE][0]) == [old] and opened(urls[Part.LATE][1]) == []
    assert opened(urls[Part.NEW][0]) == [new]
    assert opened(urls[Part.VALUES][0]) == [varied]
    assert opened(urls[Part.DELIVERY][0]) == sorted([old, varied])
    assert len(opened(urls[Part.DELIVERY][1])) == 2
    no_quarter = urls[Part.NEW][0].replace("compared=2026-27-Q1", "compared=spring")
    assert opened(no_quarter) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),  # which agreement
            st.sampled_from([Quarter(2025, 4), Q1, Q2]),  # about
            st.sampled_from([Quarter(2025, 4), Q1, Q2]),  # counts in
            st.decimals(0, 500, places=2),
        ),
        max_size=12,
    )
)
@pytest.mark.django_db
def test_whatever_was_delivered_the_parts_add_up(rows: list[Any]) -> None:
    from django.db import transaction

    with transaction.atomic():
        promised = [make_commitment() for _ in range(3)]
        for which, about, counts, quantity in rows:
            made = promised[which]
            sent = made.contract.returns.filter(
                financial_year=about.start_year, quarter=about.number
            ).first() or make_return(made.contract, made.supplier, about)
            make_line(
                sent, made, str(quantity), verified=str(quantity),
                counted_year=counts.start_year, counted_quarter=counts.number,
            )  # fmt: skip
        for period in ("quarter", "year_to_date", "cumulative"):
            measure = a_measure(f"Verified {period}", period=period)
            why = why_it_moved(measure, Q1, Q2, reader=ANYBODY)
            assert why.change is not None
            assert sum((part.change for part in why.parts), Decimal(0)) == why.change
            shown = sum((one.change for one in why.agreements), Decimal(0))
            assert shown + why.others == why.change
        transaction.set_rollback(True)


@given(*[st.tuples(_money, _money, _money, _money, _money, _money)] * 2)
def test_parts_of_a_ratio_add_up_to_its_change(top: Any, base: Any) -> None:
    def made(numbers: Any) -> Movement:
        before, after, late, new, values, _ = numbers
        return Movement(before, after, late, new, values, after - before - late - new - values)

    up, down = made(top), made(base)
    assert sum((part.change for part in sum_parts(up)), Decimal(0)) == up.change
    stages = ratio_stages(up, down)
    parts = None if stages is None else ratio_parts(stages)
    if down.before <= 0 or down.after <= 0:
        assert parts is None
        return
    assert parts is not None
    old = (up.before / down.before).quantize(Decimal("0.0001"), "ROUND_HALF_UP")
    new = (up.after / down.after).quantize(Decimal("0.0001"), "ROUND_HALF_UP")
    assert sum((part.change for part in parts), Decimal(0)) == new - old


def test_a_waterfall_that_does_not_arrive_is_a_mistake() -> None:
    ends = {"before": Total("Q1", Decimal(5), "£5"), "after": Total("Q2", Decimal(9), "£9")}
    words = {"key": "w", "title": "t", "subtitle": "s", "headings": ("Part", "Change")}
    chart = waterfall_chart(
        steps=[Step("More", Decimal(6), "+£6"), Step("Less", Decimal(-2), "−£2")], **ends, **words
    )
    assert [row[1] for row in chart.table.rows] == ["£5", "+£6", "−£2", "£9"]
    boxes = chart.wide.boxes
    assert boxes[1].x + boxes[1].width == boxes[2].x + boxes[2].width, "the next begins at its end"
    with pytest.raises(ValueError, match="do not add up"):
        waterfall_chart(steps=[Step("More", Decimal(6), "+£6")], **ends, **words)


# --- the page -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_says_why_and_leads_to_the_rows(client: Client) -> None:
    a_story()
    measure = a_measure()
    with time_machine.travel(NOW):
        client.force_login(make_user())
        address = reverse("why-it-moved", args=[measure.key])
        page = client.get(address, {"quarter": Q2.code}).content.decode()
        assert "It rose from £500 to £670." in page
        assert "The largest part: new agreements, £200 more." in page
        assert "moved=late" in page and "compared=2026-27-Q1" in page
        assert "<svg" in page and "Together" in page
        backwards = client.get(address, {"quarter": Q1.code, "compare": Q2.code})
        assert "comes before the other one" in backwards.content.decode()
        for bad in ({"quarter": "spring"}, {"compare": "\x00"}, {"compare": "9" * 400}):
            assert client.get(address, bad).status_code == 200
        StarMeasure.objects.filter(pk=measure.pk).update(numerator="moonshine")
        gone = client.get(address, {"quarter": Q2.code}).content.decode()
        assert "not in the catalogue any more" in gone


@pytest.mark.django_db
def test_the_api_gives_the_parts_of_the_page_and_they_add_up(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    """£500 to £670: delivery -100, new +200, values +20, late +50."""
    a_story()
    measure = a_measure()
    client.force_login(make_user("auditor"))
    address = reverse("api-star-movements")
    asked = {"measure": measure.key, "quarter": Q2.code, "compare": Q1.code}
    # Two to sign in, one for the measure, one for the licence, three for the parts, whatever there is.
    with django_assert_max_num_queries(7):
        found = client.get(address, asked).json()
    assert (found["before"], found["after"], found["change"]) == ("500.00", "670.00", "170.00")
    parts = {one["part"]: one for one in found["parts"]}
    assert {key: Decimal(one["change"]) for key, one in parts.items()} == {
        "delivery": -100, "new": 200, "values": 20, "late": 50,
    }  # fmt: skip
    late = client.get(parts["late"]["rows_after_url"]).json()["results"]
    assert [row["verified_quantity"] for row in late] == ["5.0000"]
    assert parts["new"]["rows_before_url"] == ""

    ratio = a_measure("Ratio", denominator="social_value", denominator_basis="committed")
    with django_assert_max_num_queries(10):
        told = client.get(address, {**asked, "measure": ratio.key}).json()
    total = sum((Decimal(one["change"]) for one in told["parts"]), Decimal(0))
    assert total == Decimal(told["change"])


@pytest.mark.django_db
@pytest.mark.parametrize("basis", ["offered", "committed", "reported", "verified"])
def test_what_a_licence_keeps_in_is_told_neither_by_the_page_nor_by_the_api(
    client: Client, basis: str
) -> None:
    """One licensed measure at £7 beside the open ones: the change would tell the £7."""
    a_story()
    licensed = make_measure(make_edition(values_may_be_published=False), value="7")
    made = make_commitment(measure=licensed)
    make_line(make_return(made.contract, made.supplier, Q2), made, "3", verified="3")
    make_bid(make_tender(made.contract, measures=[licensed]), made.supplier, state="won")
    plain = a_measure(numerator_basis=basis)
    ratio = a_measure(
        "Ratio", numerator="local_economic_value", denominator="social_value",
        denominator_basis=basis,
    ) if basis == "committed" else plain  # fmt: skip
    kept = "A licence keeps in a part of it, so it is not told."
    with time_machine.travel(NOW):
        for measure in (plain, ratio):
            page = reverse("why-it-moved", args=[measure.key]) + f"?quarter={Q2.code}"
            client.force_login(make_user("auditor"))
            text = client.get(page).text
            assert kept in text and "Part by part" not in text and "Where it came from" not in text
            asked = {"measure": measure.key, "quarter": Q2.code}
            client.force_login(make_user())  # an answer leaves the product, whoever asks
            told = client.get(reverse("api-star-movements"), asked).json()
            assert (told["before"], told["after"], told["change"]) == (None, None, None)
            assert told["parts"] == [] and told["reason"] == kept
            # Whoever may see each value on its own page may see what moved.
            assert kept not in client.get(page).text


@pytest.mark.django_db
def test_the_api_says_what_is_wrong_with_a_question(client: Client) -> None:
    measure = a_measure()
    client.force_login(make_user("auditor"))
    address = reverse("api-star-movements")
    for asked, word in (
        ({}, "key of a measure"),
        ({"measure": "moonshine"}, "key of a measure"),
        ({"measure": "\x00"}, "key of a measure"),
        ({"measure": measure.key, "quarter": "spring"}, "quarter"),
        ({"measure": measure.key, "quarter": Q1.code, "compare": Q2.code}, "comes before"),
        ({"measure": measure.key, "since": "2026"}, "not a parameter"),
    ):
        answer = client.get(address, asked)
        assert answer.status_code == 400 and word in answer.content.decode(), asked
    supplied = a_measure(
        "From STAR", numerator="", numerator_basis="", source="supplied", unit="pounds"
    )
    found = client.get(address, {"measure": supplied.key}).json()
    assert found["parts"] == [] and found["change"] is None and "STAR supplies" in found["reason"]
    client.force_login(make_user("supplier", make_organisation()))
    assert client.get(address, {"measure": measure.key}).status_code == 403


@pytest.mark.django_db
def test_what_cannot_be_split_says_so() -> None:
    ratio = a_measure("Ratio", denominator="social_value", denominator_basis="committed")
    why = why_it_moved(ratio, Q1, Q2, reader=ANYBODY)
    assert why.parts == () and "no social value to divide by" in why.reason
    supplied = a_measure(
        "From STAR", numerator="", numerator_basis="", source="supplied", unit="pounds"
    )
    assert "STAR supplies" in why_it_moved(supplied, Q1, Q2, reader=ANYBODY).reason
    with pytest.raises(FigureGone):
        figure_movement("moonshine", "verified", Scope(), Span(Q1, Q1), Span(Q2, Q2))
    with pytest.raises(FigureGone, match="Choose its basis"):
        figure_movement("social_value", "award", Scope(), Span(Q1, Q1), Span(Q2, Q2))
