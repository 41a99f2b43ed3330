"""The open library that ships: its counts, its dated values with their arithmetic, loaded twice."""

import csv
import datetime
import shutil
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contracts import open_values
from contracts.models import (
    Measure,
    MeasureCrosswalk,
    MeasureEdition,
    MeasureValue,
    OpenRate,
)
from contracts.open_values import Rate, Recipe
from contracts.selectors.measures import value_for, values_for
from contracts.services.measures.reference import (
    FOLDER,
    KEY,
    load_open_library,
    load_open_rates,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.reference_data import Counts, loaders
from trafford_sv.directory.models import Area


def day(text):
    return datetime.date.fromisoformat(text)


@pytest.fixture
def library(db):
    load_open_rates(timezone.now(), False)
    load_open_library(timezone.now(), False)
    return MeasureEdition.objects.get(key=KEY)


def measure(code):
    return Measure.objects.get(edition__key=KEY, code=code)


def worth(code, on):
    value = value_for(measure(code), day(on))
    return value and value.value_pounds


def test_the_shipped_files_are_35_measures_and_223_rates(library):
    kinds = list(library.measures.values_list("kind", flat=True))
    assert len(kinds) == 35
    assert kinds.count("social") == 19
    assert kinds.count("local_economic") == 4
    assert kinds.count("record_only") == 12
    assert OpenRate.objects.count() == 223


def test_only_what_is_counted_in_pounds_has_a_value(library):
    for each in library.measures.prefetch_related("values"):
        assert bool(each.values.all()) == (each.kind != "record_only"), each.code


def test_the_edition_says_what_may_be_done_with_it(library):
    assert library.is_default and not library.is_combinable
    assert library.values_may_be_published and library.text_may_be_published
    assert "Open Government Licence v3.0" in library.attribution
    assert "CC BY 4.0, figures selected and some parts left out" in library.attribution
    assert "floor" in library.method_note


def test_loads_twice_without_change(library):
    before = (
        list(MeasureValue.objects.order_by("pk").values()),
        list(Measure.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )
    rates = load_open_rates(timezone.now(), False)
    library_again = load_open_library(timezone.now(), False)
    assert (rates.created, rates.updated) == (0, 0)
    assert (library_again.created, library_again.updated) == (0, 0)
    assert before == (
        list(MeasureValue.objects.order_by("pk").values()),
        list(Measure.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )


def test_a_rehearsal_writes_nothing(db):
    assert load_open_library(timezone.now(), True).created > 35
    assert load_open_rates(timezone.now(), True) == Counts(223, 0, 0)
    assert not MeasureEdition.objects.exists() and not OpenRate.objects.exists()


def test_the_command_knows_both_loaders():
    assert {"open rates", "open measures"} <= set(loaders())


# --- values by day ------------------------------------------------------------------------


def test_the_mileage_rate_changes_on_6_april_2026(library):
    assert worth("TSV-C4", "2026-04-05") == Decimal("0.45")
    assert worth("TSV-C4", "2026-04-06") == Decimal("0.55")
    assert worth("TSV-C4", "2011-04-05") is None


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        # The National Living Wage that day, x 37.5 hours x 52 weeks = x 1,950.
        ("2019-04-01", "16009.50"),  # 8.21 x 1,950
        ("2024-12-31", "22308.00"),  # 11.44 x 1,950
        ("2026-03-31", "23809.50"),  # 12.21 x 1,950
        ("2026-04-01", "24784.50"),  # 12.71 x 1,950
    ],
)
def test_a_job_is_worth_a_year_at_the_living_wage_of_the_day(library, on, expected):
    assert worth("TSV-J1", on) == Decimal(expected)


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("TSV-C1", "2023-06-30", "10.42"),
        ("TSV-S1", "2025-10-01", "283.13"),  # 7.55 x 37.5 = 283.125, half up
        ("TSV-S1", "2026-10-01", "300.00"),  # 8.00 x 37.5
        ("TSV-E1", "2026-07-01", "264"),
        ("TSV-E1", "2025-07-01", "260"),
        ("TSV-E2", "2020-07-01", "0.06648"),  # 0.27584 x 241 / 1,000 = 0.06647744
        ("TSV-E2", "2025-07-01", "0.06998"),  # 0.26915 x 260 / 1,000 = 0.069979
        ("TSV-E2", "2026-07-01", "0.06998"),  # the 2026 factor is not confirmed: 2025 stays
        ("TSV-E3", "2025-07-01", "0.04602"),  # 0.17700 x 260 / 1,000
        ("TSV-E3", "2026-07-01", "0.03457"),  # 0.13096 x 264 / 1,000 = 0.03457344
        ("TSV-E4", "2026-03-31", "126.15"),
        ("TSV-E4", "2026-04-01", "130.75"),
        ("TSV-C5", "2026-04-01", "13000"),
    ],
)
def test_a_value_for_a_day_is_the_one_in_force_that_day(library, code, on, expected):
    assert worth(code, on) == Decimal(expected)


def test_there_is_no_carbon_value_before_2020(library):
    # Factors for 2019 are published; the carbon series begins in 2020.
    assert worth("TSV-E1", "2019-12-31") is None
    assert worth("TSV-E3", "2019-12-31") is None


def test_each_measure_is_worth_today_what_the_published_table_says(library):
    with (FOLDER / "open_measures.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected = Decimal(row["proxy_gbp"]) if row["proxy_gbp"] else None
            assert worth(row["code"], "2026-11-22") == expected, row["code"]


def test_each_derived_value_carries_its_arithmetic(library):
    value = value_for(measure("TSV-J1"), day("2026-05-01"))
    assert "12.71" in value.method and "37.5 hours a week x 52 weeks a year" in value.method
    assert "24,784.50" in value.method
    electricity = value_for(measure("TSV-E3"), day("2026-05-01"))
    assert "0.13096 (kgCO2e per kWh, 2026) x 264" in electricity.method
    assert electricity.licence == "Open Government Licence v3.0"


def test_an_unconfirmed_rate_makes_an_unconfirmed_value(library):
    # The last digit of the carbon value for 2031 is from memory.
    assert value_for(measure("TSV-E1"), day("2031-06-01")).confidence == "unconfirmed"
    assert value_for(measure("TSV-E1"), day("2030-06-01")).confidence == "confirmed"


def test_many_measures_are_priced_in_one_query(library, django_assert_num_queries):
    measures = list(library.measures.all())
    with django_assert_num_queries(1):
        found = values_for(measures, day("2026-06-01"))
    assert len(found) == 23


def test_the_nearest_area_wins_and_another_place_never_counts(library):
    region = Area.objects.create(code="X1", boundary_year=2023, name="Region", kind="region")
    here = Area.objects.create(
        code="X2", boundary_year=2023, name="Here", kind="ward", parent=region
    )
    there = Area.objects.create(code="X3", boundary_year=2023, name="There", kind="ward")
    volunteering = measure("TSV-C1")
    for area, amount in ((region, "13.50"), (there, "99")):
        MeasureValue.objects.create(
            measure=volunteering,
            area=area,
            value_pounds=Decimal(amount),
            valid_from=day("2024-01-01"),
            source_title="Invented",
        )
    on = day("2026-06-01")
    assert value_for(volunteering, on, here).value_pounds == Decimal("13.50")
    assert value_for(volunteering, on).value_pounds == Decimal("12.71")


# --- measures -----------------------------------------------------------------------------


def test_counting_rules_are_as_reviewed(library):
    rules = dict(library.measures.values_list("code", "counting"))
    assert rules["TSV-J1"] == "fte_years"
    assert {rules[f"TSV-J{number}"] for number in (2, 3, 4)} == {"first_year"}
    assert rules["TSV-C1"] == rules["TSV-C2"] == "hours_people"
    assert rules["TSV-F1"] == rules["TSV-L5"] == "percentage"
    # "Staff hours, not hours x audience": nobody is asked for a number of people.
    assert rules["TSV-S6"] == "units"
    assert list(library.measures.filter(needs_attribution=True).values_list("code", flat=True)) == [
        "TSV-C5"
    ]


def test_what_excludes_another_is_excluded_by_it(library):
    with (FOLDER / "open_measures.csv").open(encoding="utf-8", newline="") as file:
        expected = {
            row["code"]: set(filter(None, row["double_count_with"].split(";")))
            for row in csv.DictReader(file)
        }
    for each in library.measures.prefetch_related("exclusive_with"):
        others = {other.code for other in each.exclusive_with.all()}
        assert others == expected[each.code]
        assert all(each.code in expected[other] for other in others)


def test_crosswalks_that_nobody_could_read_are_marked(library):
    links = MeasureCrosswalk.objects.filter(measure__edition=library)
    assert not links.filter(framework__startswith="PPN 002", is_confirmed=True).exists()
    assert not links.exclude(framework__startswith="PPN 002").filter(is_confirmed=False).exists()
    assert {(link.framework, link.reference) for link in links.filter(measure__code="TSV-E2")} == {
        ("Greater Manchester priorities 2020", "2"),
        ("Greater Manchester priorities 2020", "5"),
        ("PPN 002 outcomes", "4"),
        ("UN Sustainable Development Goals", "11"),
        ("UN Sustainable Development Goals", "13"),
    }


# --- a newer file -------------------------------------------------------------------------


@pytest.fixture
def newer(tmp_path):
    for name in (
        "open_measures.csv",
        "open_rates.csv",
        "open_counting.csv",
        "open_crosswalks.csv",
    ):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def test_a_later_rate_is_a_new_row_and_the_old_value_stays(library, newer):
    pinned = value_for(measure("TSV-C4"), day("2026-06-01"))
    with (newer / "open_rates.csv").open("a", encoding="utf-8") as file:
        file.write(
            "AMAP-CAR,Invented later rate,GBP per mile,0.60,2027-04-06,,2027,Invented,,"
            "Open Government Licence v3.0,confirmed,\n"
        )
    assert load_open_rates(timezone.now(), False, newer).created == 1
    assert load_open_library(timezone.now(), False, newer).created == 1
    assert worth("TSV-C4", "2027-04-05") == Decimal("0.55")
    assert worth("TSV-C4", "2027-04-06") == Decimal("0.60")
    pinned.refresh_from_db()
    assert pinned.value_pounds == Decimal("0.55")


def test_another_amount_for_the_same_day_is_refused_and_changes_nothing(library, newer):
    path = newer / "open_rates.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace(",0.55,2026-04-06", ",0.56,2026-04-06")
    )
    before = list(MeasureValue.objects.order_by("pk").values())
    with pytest.raises(ValidationError, match="gives 0.56 from 6 April 2026"):
        load_open_rates(timezone.now(), False, newer)
    with pytest.raises(ValidationError, match="A correction is a new row"):
        load_open_library(timezone.now(), False, newer)
    assert before == list(MeasureValue.objects.order_by("pk").values())


def test_the_command_refuses_in_words(library, capsys):
    OpenRate.objects.filter(code="AMAP-CAR", valid_from="2026-04-06").update(
        rate_quantity=Decimal("0.5")
    )
    with pytest.raises(SystemExit) as refused:
        call_command("load_reference", "--only", "open rates")
    assert refused.value.code == 2
    assert "0.5 is recorded from that day" in capsys.readouterr().err


def test_an_officers_words_stay_and_another_default_is_respected(library):
    each = measure("TSV-C1")
    each.title = "Hours given by volunteers"
    each.save()
    load_open_library(timezone.now(), False)
    each.refresh_from_db()
    assert each.title == "Hours given by volunteers"


def test_a_council_that_chose_another_default_keeps_it(db):
    own = MeasureEdition.objects.create(
        key="own",
        name="Invented own edition",
        publisher="Invented",
        valid_from=day("2025-04-01"),
        licence="Invented",
        provenance="Invented",
        is_default=True,
    )
    load_open_library(timezone.now(), False)
    own.refresh_from_db()
    assert own.is_default and not MeasureEdition.objects.get(key=KEY).is_default


# --- properties ---------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=10_000, places=5)


def series(code, years):
    return [
        Rate(
            code,
            "Invented",
            "GBP per tonne",
            amount,
            datetime.date(year, 1, 1),
            datetime.date(year, 12, 31),
            "2020",
            "Invented",
            "",
            "OGL",
            True,
        )
        for year, amount in years.items()
    ]


@given(
    st.dictionaries(st.integers(2019, 2035), amounts),
    st.dictionaries(st.integers(2019, 2035), amounts),
)
def test_a_derived_value_needs_both_rates_and_is_their_product(factors, carbon):
    rates = series("GHG", factors) + series(open_values.CARBON, carbon)
    values = open_values.derive(Recipe("GHG", priced_by_carbon=True), rates)
    assert [value.valid_from.year for value in values] == sorted(factors.keys() & carbon.keys())
    for value in values:
        year = value.valid_from.year
        exact = factors[year] * carbon[year] / 1000
        assert abs(value.value_pounds - exact) <= Decimal("0.000005")
    assert values == open_values.derive(Recipe("GHG", priced_by_carbon=True), list(reversed(rates)))
