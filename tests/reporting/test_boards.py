"""The dashboards: what is verified comes first, filters survive, each figure opens to its rows."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.models import ReturnLine
from contracts.selectors.position import EVERYWHERE, Scope
from contracts.services.delivery_sums import check_delivery_sums
from reporting.catalogue import CATALOGUE, FigureGone
from reporting.selectors.boards import BoardScope, figure_trace
from reporting.selectors.figures import FigureReader
from reporting.selectors.public_board import TOO_FEW, public_board
from reporting.selectors.star_measures import measure_lines
from reporting.services.star_measures import change_measure, define_measure
from reporting.services.star_readings import supply_reading, work_out_measures, write_comment
from reporting.star_measures import TargetState
from tests.factories import make_category, make_organisation, make_user, make_ward
from tests.factories_delivery import (
    make_commitment,
    make_evidence,
    make_line,
    make_measure,
    make_return,
)
from tests.reporting.test_closing import a_set
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
NOW = datetime.datetime(2026, 8, 3, 9, tzinfo=datetime.UTC)
BOARDS = ("board-officer", "board-star", "board-steering")


def delivered(number: int = 1, **values: Any) -> ReturnLine:
    """An agreement with 100 hours at £10 promised, 40 reported and 30 of them verified."""
    for _ in range(number):
        made = make_commitment(**values)
        line = make_line(make_return(made.contract, made.supplier, Q1), made, "40", verified="30")
    return line


def page(client: Client, name: str, **query: str) -> str:
    return page_of(client, reverse(name), **query)


def page_of(client: Client, path: str, **query: str) -> str:
    with time_machine.travel(NOW):
        answer = client.get(path, query)
        assert answer.status_code == 200
        return answer.content.decode()


def test_a_figure_is_traced_to_its_rows_files_editions_formula_and_rounding() -> None:
    """30 of 40 hours at £10: £300 verified in one row with one file, by one edition."""
    line = delivered()
    make_evidence(line.commitment.supplier, line)
    trace = figure_trace(make_user(), "social_value", "verified", BoardScope(Scope(), None, Q1))
    assert (trace.value, trace.rows, trace.evidence_files) == (300, 1, 1)
    (part,) = trace.editions
    assert (part.name, part.lines, part.value_pounds) == (
        line.commitment.measure.edition.name, 1, 300,
    )  # fmt: skip
    assert "half up to the penny" in trace.rounding and "verified pounds" in trace.formula
    assert trace.rows_url == "/deliveries/?until=2026-27-Q1&kind=social" or (
        "kind=social" in trace.rows_url and "until=2026-27-Q1" in trace.rows_url
    )
    with pytest.raises(FigureGone, match="offered, committed"):
        figure_trace(make_user(), "social_value", "award", BoardScope(Scope(), None, Q1))


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_every_figure_of_the_catalogue_can_be_traced_and_says_what_the_measures_say(
    key: str,
) -> None:
    delivered(2)
    for basis in CATALOGUE[key].bases:
        for first in (None, Q1):
            trace = figure_trace(EVERYWHERE, key, basis, BoardScope(Scope(), first, Q1))
            assert trace.value == FigureReader().value(key, basis, Scope(), first, Q1)
            if trace.editions:
                parts = [part.value_pounds or Decimal(0) for part in trace.editions]
                assert sum(parts, Decimal(0)) == (trace.value or 0)


def test_the_api_says_what_the_page_says_and_its_rows_add_up(client: Client) -> None:
    """Two agreements of one directorate and category, one of neither: 300 + 300 of 900."""
    place = make_organisation("Place", "council_service")
    line = delivered()
    delivered()
    category = make_category()
    line.commitment.contract.__class__.objects.update(directorate=place, category=category)
    other = delivered()
    other.commitment.contract.__class__.objects.filter(pk=other.commitment.contract_id).update(
        directorate=None, category=None
    )
    client.force_login(make_user())
    with time_machine.travel(NOW):
        query = {
            "figure": "social_value", "basis": "verified", "quarter": Q1.code,
            "directorate": str(place.pk), "division": category.code[:2],
        }  # fmt: skip
        found = client.get(reverse("api-figures"), query).json()
        assert (found["value"], found["rows"], found["span"]) == ("600.00", 2, "to-date")
        rows = client.get(found["rows_url"]).json()["results"]
        assert sum(Decimal(row["verified_pounds"]) for row in rows) == Decimal(found["value"])
        detail = reverse("figure-detail", args=["social_value", "verified"])
        shown = client.get(detail, {k: v for k, v in query.items() if k not in ("figure", "basis")})
        text = shown.content.decode()
        assert "£600.00" in text and "Show the rows" in text and "half up to the penny" in text
        for bad in (
            {"figure": "moonshine"}, {"basis": "award"}, {"quarter": "spring"}, {"span": "ever"},
            {"directorate": "x"}, {"directorate": "9" * 40}, {"theme": "\x00"}, {"page": "1"},
        ):  # fmt: skip
            assert client.get(reverse("api-figures"), bad).status_code == 400, bad
        assert (
            client.get(reverse("figure-detail", args=["moonshine", "verified"])).status_code == 404
        )


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_says_what_is_verified_first_and_never_one_offered_pound_alone(
    client: Client, name: str
) -> None:
    delivered()
    client.force_login(make_user())
    text = page(client, name)
    assert text.count('class="sv-figure ') <= 4
    first = text.index('class="sv-figure ')
    assert "Verified social value" in text[first : first + 300]
    assert "£300" in text and "30% of everything committed" in text
    assert "1 of 1 return received" in text
    assert "<svg" in text and "A version to print" in text


def test_filters_survive_from_board_to_board_and_to_a_figure(client: Client) -> None:
    line = delivered()
    ward = make_ward()
    line.commitment.wards.add(ward)
    delivered()
    client.force_login(make_user())
    text = page(client, "board-officer", ward=ward.code, quarter=Q1.code, agreement="contract")
    assert "£300" in text
    for address in (reverse("board-star"), reverse("board-steering")):
        assert f"{address}?" in text
    link = text[text.index(reverse("board-star")) :].split('"', 1)[0]
    assert f"ward={ward.code}" in link and "agreement=contract" in link and Q1.code in link
    traced = text[text.index("/reports/figures/social_value/verified/") :].split('"', 1)[0]
    assert f"ward={ward.code}" in traced
    for bad in (
        {"ward": "nowhere"},
        {"quarter": "spring"},
        {"division": "\x00"},
        {"by": "x" * 300},
    ):
        page(client, "board-officer", **bad)


def test_the_printable_view_has_its_tables_and_no_form(client: Client) -> None:
    delivered()
    client.force_login(make_user())
    text = page(client, "board-officer", print="yes")
    assert 'class="sv-filter"' not in text and "Back to the page with filters" in text


def test_a_supplier_sees_its_own_alone(client: Client) -> None:
    line = delivered()
    delivered()
    client.force_login(make_user("supplier", line.commitment.supplier))
    text = page(client, "board-supplier")
    assert "30% of everything committed" in text and "£300" in text and "£600" not in text
    with time_machine.travel(NOW):
        assert client.get(reverse("board-officer")).status_code == 403


def test_the_public_reads_closed_quarters_and_no_figure_of_one_alone(client: Client) -> None:
    # Two suppliers: each could work the other's figure out.
    delivered(4, supplier=make_organisation())
    delivered()
    assert "No quarter is closed yet" in page(client, "public-board")
    close_quarter(quarter=Q1, by=None, now=NOW)
    few = page(client, "public-board")
    assert "Too few suppliers" in few and "£1,500" not in few
    delivered()
    check_delivery_sums(by=None, now=NOW)  # no service put it into the closed quarter
    text = page(client, "public-board")
    assert "£1,800" in text and "30% of everything committed" in text
    assert "How these are counted" in text and text.count('class="sv-figure ') <= 4
    assert reverse("delivery-list") not in text and "Invented" not in text
    reopen_quarter(quarter=Q1, by=None, now=NOW, reason="A test")
    assert "No quarter is closed yet" in page(client, "public-board")


def test_in_public_nobodys_part_is_told_by_subtraction(client: Client) -> None:
    """Place 5 suppliers, Homes 3, Children 1: all less Place and Homes would be Children's £300, so
    Homes goes with it, and what is left unsaid is of four."""
    held = {
        name: make_organisation(name, "council_service") for name in ("Place", "Homes", "Children")
    }
    for name, number in (("Place", 5), ("Homes", 3), ("Children", 1)):
        for _ in range(number):
            made = delivered().commitment.contract
            made.directorate = held[name]
            made.save()
    close_quarter(quarter=Q1, by=None, now=NOW)

    def shown(**query: str) -> str:
        text = page(client, "public-board", **query)
        return (
            "few"
            if "Too few suppliers" in text
            else "two"
            if "one of directorate" in text
            else "yes"
        )

    said = {name: shown(directorate=str(one.pk)) for name, one in held.items()}
    assert said == {"Place": "yes", "Homes": "few", "Children": "few"}
    assert (shown(), shown(agreement="contract"), shown(agreement="grant")) == ("yes", "yes", "few")
    assert shown(directorate=str(held["Place"].pk), agreement="contract") == "two"
    # The days before, one after another, would tell whose delivery came when.
    text = page(client, "public-board", as_of="2020-08-01")
    assert "£2,700" in text and "As known" not in text


def moved_to(quarter: Quarter, *lines: ReturnLine) -> None:
    ReturnLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        counted_year=quarter.start_year, counted_quarter=quarter.number
    )


def test_a_quarter_in_which_few_suppliers_proved_something_says_nothing_of_itself() -> None:
    # Q1: three suppliers, 6 x £300. In Q2 one of them alone proves £300.
    first, second, third = Q1, Q1.next, Q1.next.next
    one = make_organisation()
    delivered(4, supplier=one)
    delivered(2)
    moved_to(second, delivered(supplier=one))
    # Its own sum would be what all up to it have more than all before it.
    assert public_board(BoardScope(Scope(), None, second)) == (None, TOO_FEW)
    assert public_board(BoardScope(Scope(), second, second)) == (None, TOO_FEW)
    # What came before is told as long as no sum holds the lone one.
    assert public_board(BoardScope(Scope(), None, first), second)[1] == ""
    # Four suppliers in Q3: now Q2 is withheld, and the smallest other quarter with it.
    for _ in range(4):
        moved_to(third, delivered())
    found, why_not = public_board(BoardScope(Scope(), None, third))
    assert found is not None and why_not == ""
    # £300 of each of the eleven lines stands in the sum. Less the £1,200 of Q3, two quarters are left.
    assert found.report.position.figures.pounds("verified", "social") == 3300
    bars = {group.key: group.figures for group in found.trend}
    assert bars[third.code].pounds("verified", "social") == 1200
    for hidden in (first, second):
        assert bars[hidden.code].pounds("verified", "social") is None
        assert bars[hidden.code].is_withheld("verified", "social")
        # Nor by itself, nor as the difference of two sums.
        assert public_board(BoardScope(Scope(), hidden, hidden), third) == (None, TOO_FEW)
        assert public_board(BoardScope(Scope(), None, hidden), third) == (None, TOO_FEW)


def test_in_public_who_proves_something_counts_and_not_who_promises() -> None:
    """Place: 5 suppliers promise and prove. Homes: 3 promise, one of them proves £300: the whole less
    Place would be that £300, so Place is not told either."""
    place, homes = (make_organisation(name, "council_service") for name in ("Place", "Homes"))
    for directorate, proves in [(place, True)] * 5 + [(homes, True)] + [(homes, False)] * 2:
        line = delivered()
        if not proves:
            ReturnLine.objects.filter(pk=line.pk).update(
                verified_quantity=None, verified_pounds=None
            )
        line.commitment.contract.directorate = directorate
        line.commitment.contract.save()
    for directorate in (place, homes):
        scope = Scope(directorate=directorate.pk)
        assert public_board(BoardScope(scope, None, Q1)) == (None, TOO_FEW)
    assert public_board(BoardScope(Scope(), None, Q1))[1] == ""


def test_in_public_deliveries_without_pounds_hide_nobodys() -> None:
    delivered()
    for line in (delivered(), delivered()):
        ReturnLine.objects.filter(pk=line.pk).update(verified_pounds=None)
    assert public_board(BoardScope(Scope(), None, Q1)) == (None, TOO_FEW)


def test_local_economic_value_of_few_is_left_out_in_public(client: Client) -> None:
    # Social value of four suppliers; local economic value of one of them.
    delivered(3)
    local = make_measure(kind="local_economic", value="10")
    delivered(measure=local, supplier=delivered().commitment.supplier)
    close_quarter(quarter=Q1, by=None, now=NOW)
    text = page(client, "public-board")
    assert "£1,200" in text and "local economic value, counted apart" not in text
    reopen_quarter(quarter=Q1, by=None, now=NOW, reason="A test")
    delivered(2, measure=local)
    close_quarter(quarter=Q1, by=None, now=NOW + datetime.timedelta(hours=1))
    assert "£900 of local economic value, counted apart" in page(client, "public-board")


def test_the_public_chooses_among_closed_quarters_as_known_now(client: Client) -> None:
    for _ in range(5):
        delivered()
    close_quarter(quarter=Q1, by=None, now=NOW, is_demo=True)
    text = page(client, "public-board", quarter=Q1.previous.code)
    assert f'value="{Q1.previous.code}"' not in text
    assert "There is a problem" in text and "£1,500" not in text
    text = page(client, "public-board", quarter=Q1.code, as_of="2020-01-01")
    assert "£1,500" in text and "As known on" not in text
    assert "Invented for the demonstration" in text


@pytest.mark.parametrize(
    ("name", "most"),
    [*((name, 10) for name in BOARDS), ("public-board", 10), ("board-supplier", 10)],
)
def test_a_board_costs_the_same_however_much_there_is(client: Client, name: str, most: int) -> None:
    a_set()
    counted = []
    supplier = make_organisation()
    close_quarter(quarter=Q1, by=None, now=NOW)
    for number in (6, 20):
        for _ in range(number):
            delivered(**({"supplier": supplier} if name == "board-supplier" else {}))
        if name == "board-supplier":
            client.force_login(make_user("supplier", supplier))
        elif name != "public-board":
            client.force_login(make_user())
        with CaptureQueriesContext(connection) as seen:
            page(client, name)
        counted.append(len(seen))
    assert counted[0] == counted[1] <= most


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.decimals(0, 10**6, places=2)), min_size=1, max_size=8
    ),
    st.lists(st.integers(-5, 70), min_size=1, max_size=6),
)
def test_a_measure_replayed_to_any_day_says_what_was_on_record_on_that_day(
    supplied: list[tuple[int, Decimal]], asked: list[int]
) -> None:
    with transaction.atomic():
        measure = define_measure(
            values={"name": "From STAR", "words": "A test.", "source": "supplied",
                    "unit": "pounds", "period": "quarter"}, by=None, now=NOW,
        )  # fmt: skip
        stored: dict[int, Decimal] = {}
        for day, value in sorted(supplied, key=lambda pair: pair[0]):
            supply_reading(
                measure=measure, quarter=Q1, value=value, evidence="Table 2", by=None,
                now=NOW + datetime.timedelta(days=day),
            )  # fmt: skip
            stored[day] = value
        for day in asked:
            moment = NOW + datetime.timedelta(days=day, hours=1)
            (line,) = measure_lines([measure], Q1, as_known=moment)
            then = [value for known, value in sorted(stored.items()) if known <= day]
            assert (line.reading.value if line.reading else None) == (then[-1] if then else None)
        transaction.set_rollback(True)


def test_a_day_of_the_past_has_the_words_target_and_commentary_of_that_day(client: Client) -> None:
    """£20 against a target of £10 was met; that the target is £100 since then changes nothing of then."""
    days = [NOW - datetime.timedelta(days=back) for back in (9, 6, 3)]
    first, between, last = days
    other = define_measure(
        values={"name": "Another", "words": "Of another.", "source": "supplied", "unit": "pounds",
                "period": "quarter"},
        by=None, now=first,
    )  # fmt: skip
    for _ in range(3):  # rows of the history and measures are numbered apart
        other.save()
    measure = define_measure(
        values={"name": "From STAR", "words": "As agreed first.", "source": "supplied",
                "unit": "pounds", "period": "quarter", "target_quantity": Decimal(10)},
        by=None, now=first,
    )  # fmt: skip
    supply_reading(
        measure=measure, quarter=Q1, value=Decimal(20), evidence="Table 2", by=None, now=first
    )
    change_measure(
        measure=measure, changes={"target_quantity": Decimal(100), "words": "As agreed later."},
        expected_version=measure.version, by=None, now=last,
    )  # fmt: skip
    write_comment(
        measure=measure, quarter=Q1, text="Said later.", expected_version=None, by=None, now=last
    )
    measure.refresh_from_db()
    (then,) = measure_lines([measure], Q1, as_known=between)
    (now,) = measure_lines([measure], Q1)
    assert (then.target, then.comment, then.measure.words) == (
        TargetState.MET,
        None,
        "As agreed first.",
    )
    assert (now.target, now.measure.words) == (TargetState.NOT_MET, "As agreed later.")
    client.force_login(make_user())
    shown = page_of(
        client,
        reverse("star-measure-detail", args=[measure.key]),
        as_known_on=str(between.date()),
        quarter=Q1.code,
    )
    assert "As agreed first." in shown and "£100" not in shown and "Said later." not in shown


def test_the_five_of_a_past_day_are_those_of_that_day(client: Client) -> None:
    measure = a_set()[4]
    assert measure.source == "supplied"
    for value, days in ((5550, 3), (7770, 13)):
        supply_reading(
            measure=measure, quarter=Q1, value=Decimal(value), evidence="Table 2", by=None,
            now=NOW - datetime.timedelta(days=20 - days),
        )  # fmt: skip
    client.force_login(make_user())
    between = (NOW - datetime.timedelta(days=12)).date()
    text = page(client, "board-star", as_of=str(between), quarter=Q1.code)
    assert "£5,550" in text and "£7,770" not in text
    assert "£7,770" in page(client, "board-star", quarter=Q1.code)


def test_a_figures_page_does_not_pass_today_off_as_another_day(client: Client) -> None:
    with time_machine.travel(NOW - datetime.timedelta(days=9)):
        delivered()
    client.force_login(make_user())
    path = reverse("figure-detail", args=["social_value", "verified"])
    text = page_of(client, path, as_of="2020-01-01", quarter=Q1.code)
    assert "As known on 1 January 2020" in text and "Nothing is recorded" in text
    assert "Show the rows" not in text and "as_of=2020-01-01" in text  # the same for programs
    assert "Nothing is recorded." not in page_of(client, path, quarter=Q1.code)
    spent = reverse("figure-detail", args=["spend_known", "invoice"])
    text = page_of(client, spent, as_of="2020-01-01", quarter=Q1.code)
    assert "As known now: spending is not kept by day" in text
    today = str(NOW.date())
    board = page_of(client, reverse("board-officer"), as_of=today, quarter=Q1.code)
    assert f"as_of={today}" in board and "Show how it is made" in board


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"source": "supplied", "unit": "count", "target_quantity": Decimal("1.5")}, "target_quantity", "whole number"),
        ({"source": "supplied", "unit": "pounds", "target_quantity": Decimal("1.005")}, "target_quantity", "two decimals"),
        ({"source": "supplied", "unit": "share", "target_quantity": Decimal(53)}, "target_quantity", "per cent"),
        ({"numerator": "returns_received", "numerator_basis": "record", "denominator": "contract_value",
          "denominator_basis": "award"}, "denominator", "same unit"),
    ],
)  # fmt: skip
def test_a_target_or_formula_of_another_unit_is_refused_in_words(
    values: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        define_measure(
            values={"name": "A", "words": "B", "period": "quarter", **values}, by=None, now=NOW
        )
    assert says in refused.value.message_dict[field][0]


def test_a_measure_whose_base_is_empty_or_whose_figure_is_gone_has_a_page_that_says_so(
    client: Client,
) -> None:
    measure = define_measure(
        values={"name": "Ratio", "words": "B", "period": "quarter", "numerator": "social_value",
                "numerator_basis": "verified", "denominator": "social_value",
                "denominator_basis": "committed"}, by=None, now=NOW,
    )  # fmt: skip
    assert work_out_measures(quarter=Q1, by=None, now=NOW) == (1, [])
    client.force_login(make_user())
    with time_machine.travel(NOW):
        address = f"{measure.get_absolute_url()}?quarter={Q1.code}"
        assert "there is no social value to divide by" in client.get(address).content.decode()
        type(measure).objects.filter(pk=measure.pk).update(numerator="moonshine")
        assert client.get(address).status_code == 200
        again = client.post(reverse("measures-work-out", args=[Q1.code]), follow=True)
        assert "“moonshine” is not in the catalogue any more" in again.content.decode()
