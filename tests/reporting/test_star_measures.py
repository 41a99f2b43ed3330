"""Measures from their definition to what is on record, and their approved sets."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import (
    Contract,
    CpvCode,
    MeasureOutcome,
    MeasureTheme,
    Payee,
    SpendCategory,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from reporting.demo import load_measures, load_readings, remove_measures
from reporting.models import (
    MeasureComment,
    MeasureReading,
    MeasureSet,
    PublishedFigure,
    StarMeasure,
)
from reporting.selectors.figures import FigureReader
from reporting.selectors.star_measures import measure_lines, set_in_force
from reporting.services.reference import load_published_figures, load_star_measures
from reporting.services.star_measures import change_measure, define_measure
from reporting.services.star_readings import (
    supply_reading,
    work_out_measures,
    work_out_open_quarters,
    write_comment,
)
from reporting.services.star_sets import approve_set, prepare_set
from tests.factories import make_organisation, make_user, make_ward
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import QuarterClosed, close_quarter, reopen_quarter

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(days=40)
Q1 = Quarter.parse("2026-27 Q1")
DAY = datetime.date(2026, 4, 1)


@pytest.fixture
def at_now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def library() -> dict[str, StarMeasure]:
    load_star_measures(NOW, False)
    load_published_figures(NOW, False)
    return {one.key: one for one in StarMeasure.objects.all()}


def computed(name: str = "Verified", **values: Any) -> StarMeasure:
    return define_measure(
        values={
            "name": name, "words": "What was proven.", "numerator": "social_value",
            "numerator_basis": "verified", "period": "quarter", **values,
        },
        by=None, now=NOW,
    )  # fmt: skip


def test_the_five_of_2020_21_and_the_three_headlines_ship_and_load_twice(
    library: dict[str, StarMeasure],
) -> None:
    held = MeasureSet.objects.get()
    assert [one.name for one in held.measures.order_by("places__place")] == [
        "Savings", "Return on investment", "Income", "Social value against contract value",
        "Verified spend",
    ]  # fmt: skip
    assert set_in_force(datetime.date(2020, 7, 1)) == held
    assert set_in_force(datetime.date(2021, 4, 1)) is None
    assert [str(one.value_quantity) for one in PublishedFigure.objects.all()] == [
        "0.5300", "24000000.0000", "0.7640",
    ]  # fmt: skip
    for load in (load_star_measures, load_published_figures):
        again = load(LATER, False)
        assert (again.created, again.updated) == (0, 0)


# --- definitions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"numerator": ""}, "numerator", "Choose the figure"),
        ({"numerator": "moonshine"}, "numerator", "not in the catalogue"),
        ({"numerator_basis": "award"}, "numerator_basis", "offered, committed"),
        (
            {"denominator": "agreements", "denominator_basis": "record"},
            "denominator",
            "Pounds are divided by pounds",
        ),
        ({"numerator": "spend_known", "numerator_basis": "invoice", "ward": "E05015239"}, "ward", "cannot be limited"),
        ({"target_quantity": Decimal("-1")}, "target_quantity", "0 or more"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_be_worked_out_is_refused_at_its_field(
    values: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        computed(**values)
    assert says in refused.value.message_dict[field][0]
    assert not StarMeasure.objects.exists()


def test_a_ratio_is_a_share_and_a_sum_has_the_unit_of_its_figure() -> None:
    assert computed().unit == "pounds"
    ratio = computed("Ratio", denominator="social_value", denominator_basis="committed")
    assert ratio.unit == "share"
    changed = change_measure(
        measure=ratio, changes={"denominator": "", "denominator_basis": ""},
        expected_version=ratio.version, by=None, now=NOW,
    )  # fmt: skip
    assert changed.unit == "pounds"


# --- readings -----------------------------------------------------------------------------


def delivered(quantity: str) -> Any:
    made = make_commitment()
    back = make_return(made.contract, made.supplier, quarter=Q1)
    return make_line(back, made, quantity, verified=quantity)


def test_a_reading_is_put_on_record_once_and_restated_when_it_changes() -> None:
    measure, line = computed(), delivered("40")
    assert work_out_measures(quarter=Q1, by=None, now=NOW) == (1, [])
    assert work_out_measures(quarter=Q1, by=None, now=LATER) == (0, [])
    first = MeasureReading.objects.get()
    assert first.value_quantity == line.verified_pounds and first.returns_received == 1
    type(line).objects.filter(pk=line.pk).update(verified_pounds=line.verified_pounds + 1)
    assert work_out_measures(quarter=Q1, by=None, now=LATER) == (1, [])
    (now_known,) = measure_lines([measure], Q1)
    (then_known,) = measure_lines([measure], Q1, as_known=NOW)
    assert now_known.reading and then_known.reading
    assert now_known.reading.value == line.verified_pounds + 1
    assert now_known.reading.restated == 1
    assert then_known.reading.value == line.verified_pounds and then_known.reading.restated == 0


def test_a_figure_that_is_gone_stops_its_measure_and_no_other() -> None:
    computed("Good")
    bad = computed("Bad")
    StarMeasure.objects.filter(pk=bad.pk).update(numerator="moonshine")
    added, problems = work_out_measures(quarter=Q1, by=None, now=NOW)
    assert added == 1 and "moonshine" in problems[0]


def test_a_closed_quarter_is_not_worked_out_by_night() -> None:
    computed()
    delivered("4")
    close_quarter(quarter=Q1, by=None, now=NOW)
    work_out_open_quarters(today=datetime.date(2026, 11, 30), by=None, now=LATER)
    held = {row.period for row in MeasureReading.objects.all() if row.known_at == LATER}
    assert Quarter.parse("2026-27 Q3") in held and Q1 not in held


def test_closing_a_quarter_puts_its_last_word_on_record() -> None:
    computed()
    line = delivered("4")
    close_quarter(quarter=Q1, by=None, now=NOW)
    row = MeasureReading.objects.get()
    assert (row.period, row.value_quantity, row.known_at) == (Q1, line.verified_pounds, NOW)


def test_the_demos_set_loads_once_and_leaves_without_trace(
    library: dict[str, StarMeasure],
) -> None:
    today = datetime.date(2026, 11, 30)
    assert (
        load_measures(by=None, now=NOW, today=today).created == 6
    )  # the set, four targets, a comment
    # Eight quarters before the one that runs, of which one is closed already: seven of nine.
    # What names somebody is of a closing; what names nobody, of the load.
    close_quarter(quarter=Q1, by=make_user("coordinator"), now=NOW, is_demo=True)
    at_closing = MeasureReading.objects.filter(is_demo=True).count()
    found = load_readings(by=None, now=NOW, today=today)
    assert at_closing > 5 and found.created == at_closing + 7 * 9
    for load in (load_measures, load_readings):
        assert load(by=None, now=LATER, today=today).created == 0
    assert set_in_force(today) == MeasureSet.objects.get(is_demo=True)
    assert not StarMeasure.objects.filter(is_demo=False).exclude(target_quantity=None).exists()
    remove_measures()
    assert set_in_force(today) is None and not MeasureReading.objects.exists()
    assert not StarMeasure.objects.filter(key__startswith="demo-").exists()
    assert not StarMeasure.history.filter(key__startswith="demo-").exists()
    assert set_in_force(datetime.date(2020, 7, 1)) is not None


def test_many_measures_read_each_scope_once(library: dict[str, StarMeasure]) -> None:
    """Three queries for a scope and period, one for spend, however many measures ask."""
    reader = FigureReader()
    wanted = [one for one in library.values() if one.source == "computed"]
    for measure in wanted:
        reader.read(measure, Q1)
    with CaptureQueriesContext(connection) as queries:
        for measure in wanted:
            reader.read(measure, Q1)
    assert len(queries) == 0


def test_a_spend_figure_says_how_much_of_the_spend_has_a_known_place(
    library: dict[str, StarMeasure], client: Client
) -> None:
    """100 in Trafford and 300 somewhere unknown: all that is known stayed, and a quarter is known."""
    source = SpendSource.objects.create(name="Our council", is_own_council=True)
    unit = SpendUnit.objects.create(source=source, name="Adults")
    category = SpendCategory.objects.create(source=source, code="1", label="Care")
    here = make_organisation("Invented Greens", locality="trafford")
    for name, organisation, amount in (("Greens", here, 100), ("Somebody", None, 300)):
        payee = Payee.objects.create(
            source=source, name=name, key=name.lower(), organisation=organisation,
            state="matched" if organisation else "undecided",
        )  # fmt: skip
        SpendTotal.objects.create(
            source=source, payee=payee, category=category, unit=unit, financial_year=2026,
            quarter=1, lines=1, amount_pounds=amount,
        )  # fmt: skip
    work_out_measures(quarter=Q1, by=None, now=NOW)
    (line,) = measure_lines([library["spend-retained"]], Q1)
    assert line.reading and line.reading.value == 1
    assert line.reading.evidence == "Location known for 25% of contestable spend"
    client.force_login(make_user("auditor"))
    page = client.get(f"{line.measure.get_absolute_url()}?quarter={Q1.code}").text
    assert page.count("Location known for 25% of contestable spend") == 2


def test_a_supplied_value_names_its_source_and_is_restated(
    library: dict[str, StarMeasure],
) -> None:
    savings, officer = library["savings"], make_user("star_officer")
    with pytest.raises(ValidationError) as refused:
        supply_reading(measure=savings, quarter=Q1, value=None, evidence=" ", by=officer, now=NOW)
    assert set(refused.value.message_dict) == {"value", "evidence"}
    common = {"measure": savings, "quarter": Q1, "by": officer}
    supply_reading(value=Decimal("1200.50"), evidence="Board paper 4", now=NOW, **common)
    supply_reading(value=Decimal("1300"), evidence="Board paper 5", now=LATER, **common)
    (line,) = measure_lines([savings], Q1)
    assert line.reading and (line.reading.value, line.reading.restated) == (1300, 1)
    with pytest.raises(ValidationError, match="worked out here"):
        supply_reading(
            measure=library["spend-retained"], quarter=Q1, value=Decimal(1), evidence="x",
            by=officer, now=NOW,
        )  # fmt: skip
    with pytest.raises(ValidationError, match="has not begun"):
        supply_reading(
            measure=savings, quarter=Quarter.parse("2030-31 Q1"), value=Decimal(1), evidence="x",
            by=officer, now=NOW,
        )  # fmt: skip


# --- sets ---------------------------------------------------------------------------------


def five() -> list[StarMeasure]:
    return [computed(f"Measure {number}") for number in range(5)]


def a_set(name: str, starts: datetime.date, measures: list[StarMeasure], **more: Any) -> MeasureSet:
    return prepare_set(values={"name": name, "starts": starts, **more}, measures=measures, by=None, now=NOW)  # fmt: skip


def approved(held: MeasureSet) -> MeasureSet:
    return approve_set(
        measure_set=held, approved_by="Joint Committee", approved_on=datetime.date(2026, 3, 2),
        reference="", expected_version=held.version, by=None, now=NOW,
    )  # fmt: skip


def test_four_or_six_measures_are_not_approved() -> None:
    measures = five()
    with pytest.raises(ValidationError, match="Add 1"):
        approved(a_set("Four", DAY, measures[:4]))
    with pytest.raises(ValidationError, match="Take away 1"):
        approved(a_set("Six", DAY, [*measures, computed("Measure 6")]))
    assert not MeasureSet.objects.filter(state="approved").exists()


def test_one_set_is_in_force_on_a_day() -> None:
    measures = five()
    first = approved(a_set("First", DAY, measures))
    second = approved(a_set("Second", datetime.date(2027, 4, 1), measures))
    first.refresh_from_db()
    assert first.ends == datetime.date(2027, 3, 31)
    assert set_in_force(datetime.date(2027, 3, 31)) == first
    assert set_in_force(datetime.date(2027, 4, 1)) == second
    with pytest.raises(ValidationError, match="“First” is in force"):
        approved(a_set("Third", DAY, measures, ends=datetime.date(2026, 6, 30)))


def test_an_approved_set_does_not_change(client: Client) -> None:
    held = approved(a_set("First", DAY, five()))
    client.force_login(make_user("coordinator"))
    answer = client.get(reverse("measure-set-edit", args=[held.pk]), follow=True)
    assert "does not change" in answer.text


def test_a_measure_of_an_approved_set_keeps_its_definition_and_is_copied(client: Client) -> None:
    measures = [*five()[:4], computed("Fifth", target_quantity=Decimal("500"))]
    draft, measure = a_set("First", DAY, measures), measures[4]
    common: dict[str, Any] = {"measure": measure, "by": None, "now": NOW}
    measure = change_measure(changes={"words": "Still a draft."}, expected_version=1, **common)
    approved(draft)
    for changes in (
        {"numerator": "agreements", "numerator_basis": "record"},
        {"words": "Other words."},
        {"target_quantity": Decimal("400")},
        {"direction": "lower"},
        {"name": "Another name"},
    ):
        with pytest.raises(ValidationError, match="the approved set “First”, so its definition"):
            change_measure(changes=changes, expected_version=2, **common)
    same = {"words": "Still a draft.", "target_quantity": Decimal("500.0000"), "note": "Two gaps."}
    assert change_measure(changes=same, expected_version=2, **common).note == "Two gaps."

    client.force_login(make_user("star_officer"))
    page = client.get(measure.get_absolute_url()).text
    assert "What was approved does not change" in page and "like this one" in page
    address = reverse("star-measure-edit", args=[measure.key])
    shown = client.get(address)
    assert list(shown.context["form"].fields) == ["note", "version"]
    old_page = {
        "name": "Fifth", "words": "Mine", "source": "computed", "numerator": "social_value",
        "numerator_basis": "verified", "period": "quarter", "direction": "higher", "version": 3,
    }  # fmt: skip
    refused = client.post(address, old_page)
    assert "so its definition does not change" in refused.text and "Mine" in refused.text
    assert client.post(address, {"note": "Three gaps.", "version": 3}).status_code == 302
    measure.refresh_from_db()
    assert (measure.words, measure.note) == ("Still a draft.", "Three gaps.")

    shown = client.get(reverse("star-measure-create"), {"like": measure.key}).context["form"]
    assert "name" not in shown.initial and shown.initial["words"] == "Still a draft."
    typed = {name: value for name, value in shown.initial.items() if value is not None}
    client.post(reverse("star-measure-create"), {**typed, "name": "Sixth"})
    copy = StarMeasure.objects.get(key="sixth")
    assert (copy.numerator, copy.target_quantity) == ("social_value", Decimal(500))


# --- pages --------------------------------------------------------------------------------


def test_the_home_of_reports_costs_the_same_for_many_readings(client: Client) -> None:
    measures = five()
    approved(a_set("First", DAY, measures))
    work_out_measures(quarter=Q1, by=None, now=NOW)
    client.force_login(make_user("steering_member"))
    address = reverse("report-home") + f"?quarter={Q1.code}"
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
        quarter = Q1
        for _ in range(7):
            quarter = quarter.previous
            work_out_measures(quarter=quarter, by=None, now=NOW)
    assert counts[0] == counts[1] <= 10


def test_an_officer_defines_a_measure_and_reads_it(client: Client) -> None:
    client.force_login(make_user("star_officer"))
    delivered("4")
    typed = {
        "name": "Proven against promised", "words": "Proven of promised.", "source": "computed",
        "numerator": "social_value", "numerator_basis": "verified", "denominator": "social_value",
        "denominator_basis": "committed", "period": "cumulative", "target_quantity": "25%",
        "direction": "higher",
    }  # fmt: skip
    answer = client.post(reverse("star-measure-create"), typed)
    measure = StarMeasure.objects.get()
    assert answer["Location"] == measure.get_absolute_url()
    assert measure.target_quantity == Decimal("0.25")
    assert client.post(reverse("measures-work-out", args=[Q1.code])).status_code == 302
    page = client.get(f"{measure.get_absolute_url()}?quarter={Q1.code}").text
    assert "Show the rows" in page and "The first divided by the second" in page
    shown = client.get(reverse("star-measure-edit", args=[measure.key])).context["form"]
    assert shown.initial["target_quantity"] == "25%"


SUM: dict[str, Any] = {"numerator": "social_value", "numerator_basis": "verified"}
SHARE = {**SUM, "denominator": "social_value", "denominator_basis": "committed"}
COUNT = {"numerator": "agreements", "numerator_basis": "record"}


@pytest.mark.parametrize(
    ("formula", "typed", "kept"),
    [
        (SUM, "25%", None), (SUM, "£25", "25"), (SUM, "1,250.50", "1250.50"),
        (SHARE, "£53", None), (SHARE, "53%", "0.53"), (SHARE, "53", "0.53"),
        (COUNT, "£12", None), (COUNT, "12%", None), (COUNT, "12", "12"),
        ({"source": "supplied", "unit": "share"}, "£53", None),
        ({"source": "supplied", "unit": "ratio"}, "£5.20", "5.20"),
        # What is left over of a computed measure does not make a supplied one a share.
        ({**SHARE, "source": "supplied", "unit": "pounds"}, "£53", "53"),
    ],
)  # fmt: skip
def test_a_targets_sign_fits_the_measures_unit(
    client: Client, formula: dict[str, Any], typed: str, kept: str | None
) -> None:
    client.force_login(make_user("star_officer"))
    page = client.post(
        reverse("star-measure-create"),
        {"name": "One", "words": "Words.", "source": "computed", "period": "quarter",
         "direction": "higher", "target_quantity": typed, **formula},
    )  # fmt: skip
    if kept is None:
        errors = page.context["form"].errors
        assert list(errors) == ["target_quantity"], errors
        assert f"“{typed}” does not fit: this measure is" in errors["target_quantity"][0]
        assert f'value="{typed}"' in page.text and not StarMeasure.objects.exists()
    else:
        assert StarMeasure.objects.get().target_quantity == Decimal(kept)


def test_a_sum_that_becomes_a_share_asks_about_its_target(client: Client) -> None:
    measure = computed(target_quantity=Decimal("9"))
    client.force_login(make_user("star_officer"))
    address = reverse("star-measure-edit", args=[measure.key])
    held = client.get(address).context["form"].initial
    typed = {name: value for name, value in held.items() if value is not None}
    page = client.post(address, {**typed, **SHARE})
    assert "“£9” does not fit" in page.context["form"].errors["target_quantity"][0]


@pytest.mark.usefixtures("at_now")
def test_a_supplied_values_sign_fits_the_measures_unit(client: Client) -> None:
    client.force_login(make_user("star_officer"))
    for unit, wrong, right, kept in (
        ("pounds", "25%", "£25", "25"), ("share", "£53", "53%", "0.53"), ("count", "£12", "12", "12"),
    ):  # fmt: skip
        measure = computed(f"In {unit}", source="supplied", unit=unit, numerator_basis="")
        address = reverse("star-measure-supply", args=[measure.key, Q1.code])
        page = client.post(address, {"value": wrong, "evidence": "Paper 4"})
        assert f"“{wrong}” does not fit" in page.context["form"].errors["value"][0]
        assert f'value="{wrong}"' in page.text and "Paper 4" in page.text
        assert client.post(address, {"value": right, "evidence": "Paper 4"}).status_code == 302
        assert measure.readings.get().value_quantity == Decimal(kept)


@pytest.mark.usefixtures("at_now")
def test_a_measure_is_narrowed_on_the_page_and_counts_what_is_left(client: Client) -> None:
    """Hours at £10: 30 fit in every way, and 20, 10, 5, 2 and 1 each miss one of the five."""
    ward, place, elsewhere = (
        make_ward(),
        make_organisation("Place", "council_service"),
        make_organisation("Children", "council_service"),
    )
    edition = make_edition()
    green = MeasureTheme.objects.create(edition=edition, title="Green")
    outcome = MeasureOutcome.objects.create(theme=green, title="Cleaner air")
    jobs = make_measure(edition)  # of the theme “Jobs”
    building = CpvCode.objects.create(code="45000000", name="Construction work")
    homes = CpvCode.objects.create(code="45211000", name="Homes")
    care = CpvCode.objects.create(code="85000000", name="Health and care")
    for hours, measure, serves, directorate, kind, category in (
        ("30", jobs, True, place, "contract", homes),
        ("20", make_measure(edition, outcome=outcome), True, place, "contract", building),
        ("10", jobs, False, place, "contract", homes),
        ("5", jobs, True, elsewhere, "contract", homes),
        ("2", jobs, True, place, "grant", homes),
        ("1", jobs, True, place, "contract", care),
    ):
        made = make_commitment(measure=measure)
        Contract.objects.filter(pk=made.contract_id).update(
            directorate=directorate, kind=kind, category=category
        )
        if serves:
            made.wards.add(ward)
        make_line(
            make_return(made.contract, made.supplier, quarter=Q1), made, hours, verified=hours
        )
    client.force_login(make_user("star_officer"))
    limits = {
        "theme": "Jobs", "ward": ward.code, "directorate": str(place.pk), "agreement": "contract",
        "division": "45",
    }  # fmt: skip
    for name, chosen, pounds in (
        ("Everything", {}, 680), ("Jobs", {"theme": "Jobs"}, 480),
        ("Here", {"ward": ward.code}, 580), ("Place", {"directorate": str(place.pk)}, 630),
        ("Contracts", {"agreement": "contract"}, 660), ("Building", {"division": "45"}, 670),
        ("All five", limits, 300),
    ):  # fmt: skip
        typed = {
            "name": name, "words": "What was proven.", "source": "computed", "period": "quarter",
            "direction": "higher", "target_quantity": "£400", **SUM, **chosen,
        }  # fmt: skip
        assert client.post(reverse("star-measure-create"), typed).status_code == 302, name
        measure = StarMeasure.objects.get(name=name)
        assert client.post(reverse("measures-work-out", args=[Q1.code])).status_code == 302
        (line,) = measure_lines([measure], Q1)
        assert line.reading and line.reading.value == pounds, name
    page = client.get(f"{measure.get_absolute_url()}?quarter={Q1.code}").text
    assert "£300 for April to June 2026" in page and "Below target" in page
    limited = f"the kind “Contract”, Place, Construction work, Jobs, {ward.name}"
    assert limited in page and "division=45" in page
    assert measure.readings.get().definition["division"] == "45"
    whole = StarMeasure.objects.get(name="Everything").readings.get()
    assert "division" not in whole.definition, "as readings had it before there were categories"


def test_as_known_on_a_day_before_anything_was_known_says_so(client: Client) -> None:
    measure = computed()
    work_out_measures(quarter=Q1, by=None, now=NOW)
    client.force_login(make_user("auditor"))
    address = f"{measure.get_absolute_url()}?quarter={Q1.code}&as_known_on=1/7/2026"
    page = client.get(address).text
    assert "as known on that day" in page


def test_the_api_answers_as_the_page_does(client: Client) -> None:
    measure, line = computed(), delivered("4")
    work_out_measures(quarter=Q1, by=None, now=NOW)
    client.force_login(make_user("steering_chair"))
    (row,) = client.get("/api/v1/star-readings/?quarter=2026-27-Q1").json()["results"]
    assert row["measure"] == measure.key and row["quarter"] == "2026-27-Q1"
    assert Decimal(row["value"]) == line.verified_pounds
    assert client.get("/api/v1/star-readings/?as_of=2026-07-01").json()["results"] == []


def test_a_second_comment_meets_the_first(client: Client) -> None:
    measure, officer = computed(), make_user("coordinator")
    held = write_comment(
        measure=measure, quarter=Q1, text="Low: two returns are out.", expected_version=None,
        by=officer, now=NOW,
    )  # fmt: skip
    client.force_login(officer)
    address = reverse("star-measure-comment", args=[measure.key, Q1.code])
    stale = client.post(address, {"text": "Mine", "version": held.version + 5})
    assert stale.status_code == 409 and "Low: two returns" in stale.text and "Mine" in stale.text


# --- a closed quarter -----------------------------------------------------------------------


@pytest.mark.usefixtures("at_now")
def test_nothing_is_written_into_a_closed_quarter_until_it_is_reopened(
    library: dict[str, StarMeasure], client: Client
) -> None:
    savings, officer = library["savings"], make_user("star_officer")
    common: dict[str, Any] = {"measure": savings, "quarter": Q1, "by": officer, "now": LATER}
    close_quarter(quarter=Q1, by=None, now=NOW)
    readings = MeasureReading.objects.count()
    delivered("4")
    writes = (
        lambda: supply_reading(value=Decimal(9), evidence="Paper 4", **common),
        lambda: write_comment(text="Later words", expected_version=None, **common),
        lambda: work_out_measures(quarter=Q1, by=officer, now=LATER),
    )
    for write in writes:
        with pytest.raises(QuarterClosed, match="Ask the social value co-ordinator to reopen it"):
            write()
    client.force_login(officer)
    at = [savings.key, Q1.code]
    for name, typed in (
        ("star-measure-supply", {"value": "1234", "evidence": "Paper 4"}),
        ("star-measure-comment", {"text": "Typed and kept"}),
    ):
        page = client.post(reverse(name, args=at), typed)
        assert page.status_code == 200 and "co-ordinator can reopen it with a reason" in page.text
        assert "was closed on 30 November 2026" in page.text
        assert all(words in page.text for words in typed.values())
    page = client.post(reverse("measures-work-out", args=[Q1.code]), follow=True).text
    assert "was closed on 30 November 2026" in page
    assert "Work out this quarter again" not in page and "reopen it with a reason" in page
    page = client.get(f"{savings.get_absolute_url()}?quarter={Q1.code}").text
    assert "reopen it with a reason" in page
    assert "Put a value on record" not in page and "Write a commentary" not in page
    assert (MeasureReading.objects.count(), MeasureComment.objects.count()) == (readings, 0)
    reopen_quarter(quarter=Q1, by=None, now=LATER, reason="STAR sent its value late.")
    for write in writes:
        write()
    assert MeasureComment.objects.get().text == "Later words"


def test_a_set_does_not_take_the_place_of_another_in_a_closed_quarter(client: Client) -> None:
    standing = approved(a_set("Standing", datetime.date(2025, 4, 1), five()))
    quarter = Quarter(2025, 4)
    ClosedQuarter.objects.create(
        financial_year=quarter.start_year, quarter=quarter.number, closed_at=NOW, closed_by_name="A"
    )
    late = a_set("Late", datetime.date(2025, 10, 1), list(standing.measures.all()))
    with pytest.raises(ValidationError, match="is closed and keeps the measures .* 1 April 2026"):
        approved(late)
    standing.refresh_from_db()
    assert standing.ends is None
    due = a_set("Due", quarter.next.start, list(standing.measures.all()))
    client.force_login(make_user("star_officer"))
    page = client.get(reverse("measure-set-approve", args=[due.pk])).content.decode()
    assert "“Standing”, which has no last day, then ends on 31 March 2026." in page
    assert approved(due).state == MeasureSet.State.APPROVED


def test_a_day_of_the_past_has_the_name_that_dashboards_give_it_too(client: Client) -> None:
    measure = computed("Measure")
    client.force_login(make_user())
    for name in ("as_known_on", "as_of"):
        page = client.get(measure.get_absolute_url(), {name: "2026-03-01"}).content.decode()
        assert "As known on 1 March 2026" in page.replace("as known on 1", "As known on 1"), name
    wrong = client.get(measure.get_absolute_url(), {"as_of": "2026-02-30"}).content.decode()
    assert "Enter a day that exists, like 27/3/2026" in wrong
