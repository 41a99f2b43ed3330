"""The quarterly report: its figures by hand, the same as the measures read elsewhere, published and proved."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Contract
from reporting.datasets import canonical_json, figure_words, problems
from reporting.demo import MEASURES
from reporting.editions import NotReady
from reporting.models import ReportEdition, StarMeasure
from reporting.movements import sum_parts
from reporting.selectors.figures import FigureReader, scope_of
from reporting.selectors.movement_splits import Span
from reporting.selectors.movements import figure_movement, why_it_moved
from reporting.selectors.report_rows import HELD_BACK, code_of
from reporting.selectors.star_quarterly import gather_star_quarterly
from reporting.services.closing import accept_check
from reporting.services.editions import NotPublishable, publish_edition
from reporting.services.reference import load_star_measures
from reporting.services.star_measures import define_measure
from reporting.services.star_readings import supply_reading, work_out_measures, write_comment
from reporting.services.star_sets import approve_set, prepare_set
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_evidence,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter

from .test_movements import ANYBODY, a_story

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


def approve(keys: tuple[str, ...] = MEASURES) -> dict[str, StarMeasure]:
    load_star_measures(NOW, False)
    held = {one.key: one for one in StarMeasure.objects.all()}
    values = {"name": "Five", "starts": datetime.date(2024, 4, 1)}
    made = prepare_set(values=values, measures=[held[key] for key in keys], by=None, now=NOW)
    approve_set(
        measure_set=made, approved_by="Joint Committee", approved_on=datetime.date(2024, 4, 1),
        reference="7", expected_version=made.version, by=None, now=NOW,
    )  # fmt: skip
    return held


@pytest.fixture
def held() -> dict[str, StarMeasure]:
    """Two promises of 100 hours at £10. In Q1 the first reported 40 and 30 were verified; the second
    owes its return. In Q2 the first did 10, and 5 more that were about Q1; the second did 20.
    """
    held = approve()
    one, two = make_commitment(), make_commitment()
    first = make_return(one.contract, one.supplier, Q1)
    make_evidence(one.supplier, make_line(first, one, "40", verified="30"))
    then = make_return(one.contract, one.supplier, Q2)
    make_line(then, one, "10", verified="10")
    make_line(first, one, "5", verified="5", counted_year=2026, counted_quarter=2)
    other = make_return(two.contract, two.supplier, Q2)
    make_line(other, two, "20", verified="20")
    for quarter in (Q1, Q2):
        work_out_measures(quarter=quarter, by=None, now=NOW)
    return held


def values_of(quarter: Quarter) -> dict[str, str | None]:
    dataset = gather_star_quarterly(quarter, NOW)
    assert problems(dataset) == []
    return {figure.id: figure.value for figure in dataset.figures}


def test_the_figures_of_a_quarter_by_hand(held):
    found = values_of(Q1)
    assert found["committed-social"] == "2000.00"
    assert (found["reported-social"], found["verified-social"]) == ("400.00", "300.00")
    assert (found["offered-social"], found["verified-local"]) == (None, None)
    assert (found["returns-expected"], found["returns-received"]) == ("2", "1")
    assert found["measure-returns-received"] == "0.5000"
    assert found["measure-social-value-verified"] == "300.00"
    assert found["measure-social-value-verified-against-committed"] == "0.1500"  # 300 of 2,000
    assert found["measure-spend-retained"] is None


def test_pounds_of_pledges_are_said_apart_beside_the_headlines(held):
    pledge = make_commitment(
        contract=make_contract(kind=Contract.Kind.PLEDGE, stage=Contract.Stage.LIVE)
    )
    make_line(make_return(pledge.contract, pledge.supplier, Q2), pledge, "7", verified="7")
    found = values_of(Q2)
    assert (found["committed-social"], found["committed-social-pledged"]) == ("3000.00", "1000.00")
    assert (found["verified-social"], found["verified-social-pledged"]) == ("420.00", "70.00")
    glance = gather_star_quarterly(Q2, NOW).sections[0]
    assert any(
        "[[verified-social-pledged]] of the" in getattr(one, "text", "") for one in glance.blocks
    )


def test_why_a_figure_moved_adds_up_to_the_change(held):
    """From 300 to 350: 50 came late, 200 of an agreement that had nothing before, so -200 is delivery."""
    found = values_of(Q2)
    assert found["measure-social-value-verified"] == "350.00"
    assert found["measure-social-value-verified-change"] == "50.00"
    assert found["measure-social-value-verified-moved-late"] == "50.00"
    assert found["measure-social-value-verified-moved-new"] == "200.00"
    assert found["measure-social-value-verified-moved-delivery"] == "-200.00"
    assert found["measure-social-value-verified-moved"] == "50.00"


def approve_ours(**asked: dict[str, Any]) -> list[StarMeasure]:
    """A set of measures of what is worth: {name: values}."""
    made = [
        define_measure(
            values={
                "name": name, "words": "A test.", "numerator": "social_value",
                "numerator_basis": "verified", "period": "quarter", **values,
            },
            by=None, now=NOW,
        )
        for name, values in asked.items()
    ]  # fmt: skip
    held = prepare_set(
        values={"name": "Ours", "starts": datetime.date(2024, 4, 1)},
        measures=made,
        by=None,
        now=NOW,
    )
    approve_set(
        measure_set=held, approved_by="Joint Committee", approved_on=datetime.date(2024, 4, 1),
        reference="7", expected_version=held.version, by=None, now=NOW,
    )  # fmt: skip
    return made


def work_out() -> None:
    for quarter in (Q1, Q2):
        work_out_measures(quarter=quarter, by=None, now=NOW)


def test_the_report_and_the_page_say_the_same_of_why_a_measure_moved():
    """The story of the page's own test, where a promise was varied at a new value."""
    story = a_story()
    measures = approve_ours(
        Quarterly={}, Yearly={"period": "year_to_date"},
        Always={"period": "cumulative", "numerator_basis": "reported"},
        Promised={"numerator_basis": "committed", "period": "cumulative"},
        Share={"denominator": "social_value", "denominator_basis": "committed"},
    )  # fmt: skip
    work_out()
    dataset = gather_star_quarterly(Q2, NOW)
    assert problems(dataset) == []
    for measure in measures:
        scope, before, after = scope_of(measure), Span.of(measure, Q1), Span.of(measure, Q2)
        page = sum_parts(
            figure_movement(
                measure.numerator, measure.numerator_basis, scope, before, after,
                over=measure.denominator,
            )
        )  # fmt: skip
        if not measure.is_ratio:
            told = {
                part.part: part.change
                for part in why_it_moved(measure, Q1, Q2, reader=ANYBODY).parts
            }
            assert told.items() <= {(one.part, one.change) for one in page} and told
        for part in page:
            mine = dataset.by_id.get(f"measure-{measure.key}-moved-{part.part.value}")
            assert part.change == (Decimal(str(mine.value)) if mine else 0), (measure.key, part)
    said = {
        part: dataset.by_id[f"measure-quarterly-moved-{part}"].value
        for part in ("delivery", "new", "values", "late")
    }
    assert said == {"delivery": "-100.00", "new": "200.00", "values": "20.00", "late": "50.00"}
    rows = dataset.row_sets["movement-quarterly"]
    varied = code_of("agreement", story["varied"].contract_id)
    (row,) = [row for row in rows.rows if row[0] == varied]
    assert (row[rows.places["values"]], row[rows.places["delivery"]]) == ("20.00", "0.00")
    assert "none of the change is a change of values" not in canonical_json(dataset)


def test_a_share_moves_in_points_by_the_same_steps_in_report_page_and_api(client: Client):
    """Verified of committed, the quarter alone. Q1: £500 of £2,000, 25%. In Q2 one agreement is new and one promise is
    varied; the steps of what is counted stand over the old base, then the base moves."""
    a_story()
    (share, *_) = approve_ours(
        Share={"denominator": "social_value", "denominator_basis": "committed", "period": "cumulative"},
        Back={"numerator": "returns_received", "numerator_basis": "record",
              "denominator": "returns_expected", "denominator_basis": "record"},
        Three={}, Four={}, Five={},
    )  # fmt: skip
    work_out()
    dataset = gather_star_quarterly(Q2, NOW)
    assert problems(dataset) == []
    found = {figure.id: figure.value for figure in dataset.figures}
    client.force_login(make_user())
    for key in (share.key, "back"):
        why = why_it_moved(StarMeasure.objects.get(key=key), Q1, Q2, reader=ANYBODY)
        with time_machine.travel(NOW):
            asked = {"measure": key, "compare": Q1.code, "quarter": Q2.code}
            told = client.get(reverse("api-star-movements"), asked).json()
            page = client.get(reverse("why-it-moved", args=[key]), asked).content.decode()
        assert len(why.parts) == len(told["parts"]) >= 4 and any(one.change for one in why.parts)
        for part, other in zip(why.parts, told["parts"], strict=True):
            mine = found[f"measure-{key}-points-{part.part.value.replace('_', '-')}"]
            assert Decimal(str(mine)) == part.change == Decimal(other["change"])
            points = abs(part.change * 100).quantize(Decimal("0.01"))
            assert f"{points} points" in page
        steps = [
            Decimal(str(value))
            for id, value in found.items()
            if id.startswith(f"measure-{key}-points-")
        ]
        whole = Decimal(str(found[f"measure-{key}-points"]))
        assert sum(steps) == whole == Decimal(str(found[f"measure-{key}-change"])) == why.change
        # Each row is what a calculator makes of it.
        rows = dataset.row_sets[f"steps-{key}"]
        last = None
        for row in rows.rows:
            cell = {name: row[place] for name, place in rows.places.items()}
            value = Decimal(str(cell["counted"])) / Decimal(str(cell["divided"]))
            value = value.quantize(Decimal("0.0001"), "ROUND_HALF_UP")
            assert value == Decimal(str(cell["value"]))
            assert cell["change"] == (None if last is None else f"{value - last:f}")
            last = value
    assert "percentage points" in canonical_json(dataset)


def test_the_steps_of_a_share_whose_rows_changed_since_are_of_the_rows_as_they_are(held):
    made = make_commitment()
    make_line(make_return(made.contract, made.supplier, Q1), made, "7", verified="7")
    key = "social-value-verified-against-committed"
    dataset = gather_star_quarterly(Q2, NOW)
    assert problems(dataset) == []
    found = {figure.id: figure.value for figure in dataset.figures}
    # 370 of 3,000 by the rows as they are now; 300 of 2,000 was put on record.
    assert (found[f"measure-{key}-points-before"], found[f"measure-{key}-2026-27-q1"]) == (
        "0.1233",
        "0.1500",
    )
    assert "The steps are of the rows as they are now" in canonical_json(dataset)


def test_no_step_is_told_where_a_licence_keeps_in_a_part_of_the_base():
    """What is counted is open; three licensed promises stand in what it is divided by."""
    approve_ours(
        Share={"denominator": "social_value", "denominator_basis": "committed", "period": "cumulative"},
        Two={}, Three={}, Four={}, Five={},
    )  # fmt: skip
    edition = make_edition(values_may_be_published=False)
    for _ in range(3):
        make_commitment(measure=make_measure(edition, value="7"))
    other = make_commitment()
    for quarter in (Q1, Q2):
        make_line(make_return(other.contract, other.supplier, quarter), other, "4", verified="4")
    work_out()
    dataset = gather_star_quarterly(Q2, NOW)
    assert "its steps are not told in percentage points" in canonical_json(dataset)
    assert not any("-points" in figure.id for figure in dataset.figures)
    assert "steps-share" not in dataset.row_sets


def test_a_cause_is_not_told_where_a_licence_keeps_in_the_value_before():
    """The licensed lines count in the quarter before alone: this quarter's rows hold nothing back."""
    approve_ours(**{name: {} for name in ("One", "Two", "Three", "Four", "Five")})
    edition = make_edition(values_may_be_published=False)
    for _ in range(3):  # so many that their total may be told
        made = make_commitment(measure=make_measure(edition, value="7"))
        make_line(make_return(made.contract, made.supplier, Q1), made, "3", verified="3")
    other = make_commitment()
    for quarter in (Q1, Q2):
        make_line(make_return(other.contract, other.supplier, quarter), other, "4", verified="4")
    work_out()
    dataset = gather_star_quarterly(Q2, NOW)
    assert "its causes are not told apart" in canonical_json(dataset)
    assert not any("-moved" in figure.id for figure in dataset.figures)


def test_rows_that_changed_since_they_were_put_on_record_are_said(held):
    one = make_commitment()
    make_line(make_return(one.contract, one.supplier, Q1), one, "7", verified="7")
    dataset = gather_star_quarterly(Q2, NOW)
    assert problems(dataset) == []
    assert dataset.by_id["measure-social-value-verified-moved-before"].value == "370.00"
    assert "have changed since it was put on record" in canonical_json(dataset)


def test_each_measure_says_what_it_says_elsewhere(held):
    """The rows add up to what the one selector of figures gives."""
    for quarter in (Q1, Q2):
        found, reader = values_of(quarter), FigureReader()
        for key in MEASURES:
            said = reader.read(held[key], quarter).reading.value
            mine = found[f"measure-{key}"]
            assert (said is None) == (mine is None), key
            assert said is None or said == Decimal(str(mine)), key


def test_it_is_the_same_when_it_is_gathered_twice_and_names_no_officer(held):
    write_comment(
        measure=held["returns-received"], quarter=Q1, expected_version=None, by="Olive Officer",
        now=NOW, text="3 returns are late.",
    )  # fmt: skip
    one, other = (canonical_json(gather_star_quarterly(Q1, NOW)) for _ in range(2))
    assert one == other
    assert "3 returns are late." in one and "Olive Officer" not in one


def test_evidence_is_known_by_its_hash_at_the_row_it_serves(held):
    dataset = gather_star_quarterly(Q1, NOW)
    (file,) = dataset.evidence
    assert file.row in {row[0] for row in dataset.row_sets[file.rows].rows}


def test_a_supplied_measure_stands_as_it_was_supplied():
    held = approve(("savings", *MEASURES[1:]))
    figure = gather_star_quarterly(Q1, NOW).by_id["measure-savings"]
    assert figure_words(figure) == "not available" and "not supplied" in figure.reason
    supply_reading(
        measure=held["savings"], quarter=Q1, value=Decimal(1_000_000), evidence="STAR, paper 4",
        by=None, now=NOW,
    )  # fmt: skip
    dataset = gather_star_quarterly(Q1, NOW)
    figure = dataset.by_id["measure-savings"]
    assert problems(dataset) == []
    assert (figure_words(figure), figure.note) == ("£1 million", "STAR, paper 4")


def test_a_measure_of_one_theme_counts_that_theme(held):
    theme = make_commitment().measure.outcome.theme.title
    narrowed = define_measure(
        values={
            "name": "Narrow", "words": "One theme.", "numerator": "social_value",
            "numerator_basis": "committed", "period": "quarter", "theme": theme,
        },
        by=None, now=NOW,
    )  # fmt: skip
    approve_over(held, narrowed)
    found = values_of(Q1)
    # Three promises of £1,000 stand under the theme of this name, one in each edition.
    assert found["measure-narrow"] == "3000.00"


def approve_over(held: dict[str, StarMeasure], measure: StarMeasure) -> None:
    made = prepare_set(
        values={"name": "Later", "starts": datetime.date(2026, 4, 1)},
        measures=[measure, *(held[key] for key in MEASURES[1:])], by=None, now=NOW,
    )  # fmt: skip
    approve_set(
        measure_set=made, approved_by="Joint Committee", approved_on=datetime.date(2026, 4, 1),
        reference="8", expected_version=made.version, by=None, now=NOW,
    )  # fmt: skip


def test_what_a_licence_keeps_back_cannot_be_told_from_the_rows(held):
    """Two measures of a licensed library tell nothing to anybody; three are told together."""
    edition = make_edition(values_may_be_published=False)
    for quantity in ("10", "20"):
        made = make_commitment(measure=make_measure(edition, value="7"))
        make_line(make_return(made.contract, made.supplier, Q1), made, quantity, verified=quantity)
    dataset = gather_star_quarterly(Q1, NOW)
    assert problems(dataset) == []
    assert dataset.by_id["verified-social"].value == "300.00"
    rows = dataset.row_sets["agreements-quarter"]
    (row,) = [row for row in rows.rows if row[1] == HELD_BACK]
    assert row[rows.places["verified"]] is None and row[rows.places["committed"]] is None
    third = make_commitment(measure=make_measure(edition, value="7"))
    make_line(make_return(third.contract, third.supplier, Q1), third, "30", verified="30")
    dataset = gather_star_quarterly(Q1, NOW)
    # 10, 20 and 30 hours at £7 beside the £300.
    assert dataset.by_id["verified-social"].value == "720.00"
    named = {row[1] for row in dataset.row_sets["agreements-quarter"].rows}
    assert third.contract.reference not in named


def test_no_agreement_is_named_beside_pounds_unless_it_may_be(held):
    supplier = make_organisation("Quagga Holdings")
    contract = make_contract(
        title="Quagga works",
        reference="QUAGGA-1",
        suppliers=[supplier],
        value="1000",
        awarded_on=datetime.date(2026, 3, 1),
    )
    made = make_commitment(contract, supplier=supplier, measure=make_measure(value="7"))
    make_evidence(supplier, make_line(make_return(contract, supplier, Q1), made, "3", verified="3"))

    def named() -> set[str]:
        found = gather_star_quarterly(Q1, NOW)
        assert problems(found) == []
        return {
            rows.id.rsplit("-", 1)[0] for rows in found.row_sets.values()
            if any("quagga" in (cell or "").lower() for row in rows.rows for cell in row)
        }  # fmt: skip

    # The award and its value are on the public record.
    assert named() == {"awards"}
    found, code = gather_star_quarterly(Q1, NOW), code_of("agreement", contract.pk)
    keys = {
        row[0] for rows in found.row_sets.values() for row in rows.rows if f"Agreement {code}" in row
    }  # fmt: skip
    theme = made.measure.outcome.theme.title
    # Its rows, its return and what it moved: none by a key that stands on public pages.
    assert keys >= {f"{code}-0-social-{theme}"}
    assert all(key == code or key.startswith(f"{code}-") for key in keys)
    assert f"{code}-0-social-{theme}" in {one.row for one in found.evidence}
    Contract.objects.filter(pk=contract.pk).update(is_named_in_public=True)
    assert named() >= {"awards", "agreements", "returns"}


def test_without_a_set_in_force_it_says_so():
    with pytest.raises(NotReady, match="No approved set"):
        gather_star_quarterly(Q1, NOW)


def test_an_open_quarter_is_not_published_and_a_closed_one_is(held):
    """`test_proof_by_kind` follows every figure of it."""
    with pytest.raises(NotPublishable, match="not closed yet"):
        publish_edition(kind="star-quarterly", period=Q2, number=1, by=None, now=NOW)
    close_quarter(quarter=Q2, by=None, now=NOW)
    edition = publish_edition(kind="star-quarterly", period=Q2, number=1, by=None, now=NOW)
    assert len(edition.dataset().figures) > 50


def test_a_measures_name_may_hold_digits_which_are_no_figures(held):
    """A sum, a ratio and a supplied one without a value, in Q2 with something to compare."""
    proven = {"numerator": "social_value", "numerator_basis": "verified"}
    named = [
        define_measure(
            values={"name": name, "words": "The 10 largest.", "period": "quarter", **values},
            by=None, now=NOW,
        )
        for name, values in (
            ("Value of the top 10 contracts", proven),
            ("4 of 5 promises kept",
             {**proven, "denominator": "social_value", "denominator_basis": "committed"}),
            ("ISO 14001 audits", {"source": "supplied", "unit": "count"}),
        )
    ]  # fmt: skip
    made = prepare_set(
        values={"name": "Set 3", "starts": datetime.date(2026, 4, 1)},
        measures=[*named, *(held[key] for key in MEASURES[:2])], by=None, now=NOW,
    )  # fmt: skip
    approve_set(
        measure_set=made, approved_by="Board 2", approved_on=datetime.date(2026, 4, 1),
        reference="8", expected_version=made.version, by=None, now=NOW,
    )  # fmt: skip
    supply_reading(
        measure=named[2], quarter=Q2, value=Decimal(3), evidence="Paper 4", by=None, now=NOW
    )
    for quarter in (Q1, Q2):
        work_out_measures(quarter=quarter, by=None, now=NOW)
        close_quarter(quarter=quarter, by=None, now=NOW)
    edition = publish_edition(kind="star-quarterly", period=Q2, number=1, by=None, now=NOW)
    figures = edition.dataset().by_id
    assert figures["measure-value-of-the-top-10-contracts"].value == "350.00"
    assert figures["measure-4-of-5-promises-kept-divided-by"].value == "2000.00"


def test_what_the_measures_still_owe_is_said_on_the_page_that_publishes(client):
    """STAR supplied nothing, and £1,000 is committed where £5,000 was the target."""
    load_star_measures(NOW, False)
    held = {one.key: one for one in StarMeasure.objects.all()}
    missed = define_measure(
        values={"name": "Promised", "words": "Pounds.", "numerator": "social_value",
                "numerator_basis": "committed", "period": "quarter",
                "target_quantity": Decimal("5000")}, by=None, now=NOW,
    )  # fmt: skip
    make_commitment()  # £1,000
    measures = [missed, held["savings"], *(held[key] for key in MEASURES[:3])]
    first = prepare_set(
        values={"name": "Short", "starts": datetime.date(2026, 4, 1),
                "ends": datetime.date(2026, 5, 15)}, measures=measures, by=None, now=NOW,
    )  # fmt: skip
    then = prepare_set(
        values={"name": "Next", "starts": datetime.date(2026, 5, 16)},
        measures=measures, by=None, now=NOW,
    )  # fmt: skip
    said = {"approved_by": "Board", "approved_on": datetime.date(2026, 4, 1), "reference": "",
            "by": None, "now": NOW}  # fmt: skip
    close_quarter(quarter=Q1, by=None, now=NOW)
    approve_set(measure_set=first, expected_version=1, **said)
    client.force_login(make_user("coordinator"))
    address = reverse("edition-publish", args=["star-quarterly", Q1.code])
    with time_machine.travel(NOW):
        page = client.get(address).content.decode()
        early = "“Short” ends on 15 May 2026, before April to June 2026 (Q1 2026/27) does"
        assert early in page
        with pytest.raises(NotPublishable, match="ends on 15 May 2026"):
            publish_edition(kind="star-quarterly", period=Q1, number=1, by=None, now=NOW)
        approve_set(measure_set=then, expected_version=1, **said)
        page = client.get(address).content.decode()
        assert early not in page
        assert "“Savings” has no value from STAR for April to June 2026" in page
        assert "“Promised” is below its target" in page and 'value="publish"' not in page
        answer = client.post(address, {"number": "1", "step": "publish"}).content.decode()
        assert "“Savings” has no value" in answer and not ReportEdition.objects.exists()

        reopen_quarter(quarter=Q1, by=None, now=NOW, reason="A test")
        later = NOW + datetime.timedelta(minutes=1)
        accept_check(quarter=Q1, key="supplied", reason="STAR is late.", by=None, now=later)
        write_comment(
            measure=missed, quarter=Q1, text="One promise of five.", expected_version=None, by=None,
            now=later,
        )  # fmt: skip
        close_quarter(quarter=Q1, by=None, now=later)
    edition = publish_edition(kind="star-quarterly", period=Q1, number=1, by=None, now=later)
    assert "in force since 16 May 2026 and judges the whole quarter" in edition.dataset_text


def test_the_queries_do_not_grow_with_the_agreements(held):
    def counted() -> int:
        with CaptureQueriesContext(connection) as asked:
            gather_star_quarterly(Q2, NOW)
        return len(asked)

    before = counted()
    for _ in range(12):
        made: Any = make_commitment()
        make_line(make_return(made.contract, made.supplier, Q2), made, "4", verified="4")
    # Of them ten for the steps of two shares.
    assert counted() == before <= 36
