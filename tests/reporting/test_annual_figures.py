"""The annual report's dataset: each figure by hand, the same as the pages', and what must not be in it."""

from __future__ import annotations

import base64
import datetime
import io
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.django import TestCase
from PIL import Image

from charter.models import CaseStudy
from contracts.models import Contract, Measure
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.valuation import Kind
from reporting.datasets import (
    Dataset,
    Picture,
    RowsTable,
    Table,
    Words,
    canonical_json,
    mentioned,
    problems,
    read_dataset,
)
from reporting.selectors.annual import gather_annual
from reporting.selectors.annual.charter import PICTURE_GONE
from reporting.selectors.offered_totals import offer_totals
from reporting.selectors.report_book import KEPT_BACK, KEPT_IN
from reporting.selectors.report_rows import HELD_BACK, UNNAMED, code_of
from tests.factories import make_contract, make_organisation, make_threshold, make_ward
from tests.factories_delivery import (
    Q1,
    make_bid,
    make_commitment,
    make_edition,
    make_evidence,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from tests.factories_needs import make_need
from tests.factories_plan import make_action
from trafford_sv.core.periods import FinancialYear

pytestmark = pytest.mark.django_db
YEAR = FinancialYear(2026)
NOW = datetime.datetime(2027, 6, 1, 12, tzinfo=datetime.UTC)


def gathered() -> Dataset:
    dataset = gather_annual(YEAR, NOW)
    assert problems(dataset) == []
    return dataset


def live(**values: Any) -> Any:
    supplier = make_organisation()
    return make_contract(
        **{
            "value": "1000000", "awarded_on": datetime.date(2026, 3, 1), "suppliers": [supplier],
            "start": datetime.date(2026, 4, 1), "end": datetime.date(2027, 3, 31),
            "stage": Contract.Stage.LIVE, **values,
        }
    ), supplier  # fmt: skip


def value(dataset: Dataset, key: str) -> str | None:
    return dataset.by_id[key].value


def test_a_year_worked_by_hand() -> None:
    # One contract of £1,000,000 over the threshold of £50,000, and one of £20,000 under it.
    # Offered 120 hours at £10 = 1,200; committed 100 hours = 1,000; local: 10 weeks at £300 = 3,000.
    # Q1: 40 hours reported = 400, 25 accepted = 250; 4 weeks reported = 1,200, not looked at yet.
    # Q2: 0 hours reported and accepted = 0. Q3 and Q4 never came: 2 of 4 returns.
    make_threshold()
    contract, supplier = live()
    make_contract(value="20000", awarded_on=datetime.date(2026, 5, 1))
    hours = make_measure(value="10")
    weeks = make_measure(value="300", kind=Measure.Kind.LOCAL_ECONOMIC, unit="weeks")
    tender = make_tender(contract, measures=[hours])
    make_bid(tender, supplier, quantity="120", state="won")
    make_bid(tender, quantity="900", state="lost")
    promised = make_commitment(contract, supplier=supplier, measure=hours)
    local = make_commitment(contract, supplier=supplier, measure=weeks, quantity="10")
    first = make_return(contract, supplier, Q1)
    line = make_line(first, promised, "40", verified="25")
    make_line(first, local, "4")
    make_line(make_return(contract, supplier, Q1.next), promised, "0", verified="0")
    file = make_evidence(supplier, line)

    found = gathered()
    for key, expected in {
        "offered-social": "1200.00", "committed-social": "1000.00", "reported-social": "400.00",
        "verified-social": "250.00", "kept-social": "0.2500", "verified-social-year": "250.00",
        "verified-social-before": None, "offered-local": None, "committed-local": "3000.00",
        "reported-local": "1200.00", "verified-local": None, "kept-local": None,
        "verified-social-2026-27-q1": "250.00", "verified-social-2026-27-q2": "0.00",
        "verified-social-2026-27-q3": None, "returns-expected": "4", "returns-received": "2",
        "returns-share": "0.5000", "contracts": "2", "contracts-over": "1",
        "contracts-over-pounds": "1000000.00", "contracts-carrying": "1", "contracts-awarded": "1",
        "contracts-awarded-pounds": "20000.00", "rows-deliveries": "3",
    }.items():  # fmt: skip
        assert value(found, key) == expected, key
    assert found.by_id["verified-social"].completeness == "2 of 4 returns received"
    assert [(one.sha256, one.row) for one in found.evidence] == [
        (file.sha256, f"line-{code_of('line', line.pk)}")
    ]
    assert read_dataset(canonical_json(found)) == found
    # Everything that is printed is a figure of the dataset; gathered again it says the same.
    assert set(mentioned(found)) <= set(found.by_id)
    assert gathered() == found


def test_an_empty_council_makes_a_report_that_says_so() -> None:
    found = gathered()
    said = " ".join(
        block.text for section in found.sections for block in section.blocks if isinstance(block, Words)
    )  # fmt: skip
    for sentence in (
        "Nothing was verified in 2026/27.", "No Charter was in force", "No payment of the year",
        "No need has been published yet.", "The plan has no published action yet.",
        "No theme has an agreed stage yet.", "No return was expected in the year.",
    ):  # fmt: skip
        assert sentence in said, sentence


def test_few_people_are_never_counted_out() -> None:
    contract, supplier = live()
    people = make_measure(value="100", unit="people")
    miles = make_measure(value="1", unit="miles")
    many = make_measure(value="5", unit="people")
    sent = make_return(contract, supplier, Q1)
    for measure, quantity in ((people, "3"), (miles, "2"), (many, "7")):
        promise = make_commitment(contract, supplier=supplier, measure=measure)
        make_line(sent, promise, quantity, verified=quantity)
    found = gathered()
    rows = found.row_sets["quantities"]
    held = {row[1]: row[rows.places["quantity"]] for row in rows.rows}
    assert held == {people.title: None, miles.title: "2.0000", many.title: "7.0000"}
    table = next(
        block for section in found.sections for block in section.blocks
        if isinstance(block, Table) and block.id == "quantities-table"
    )  # fmt: skip
    assert {cell.text for row in table.rows for cell in row} >= {"Fewer than five"}


def licensed(*values: str) -> Dataset:
    """A year in which 100 hours of each measure were promised and 10 verified, in two agreements by
    turns; no value may be published. Beside them one open measure at £1, 100 promised and 10 verified.
    """
    edition = make_edition(values_may_be_published=False, text_may_be_published=False)
    both = [live(), live()]
    sent = [make_return(contract, supplier, Q1) for contract, supplier in both]
    measures = [
        make_measure(edition, value=value, title=f"A secret title {value}") for value in values
    ]
    for place, measure in enumerate([make_measure(value="1"), *measures]):
        contract, supplier = both[place % 2]
        promise = make_commitment(contract, supplier=supplier, measure=measure)
        make_line(sent[place % 2], promise, "10", verified="10")
    for (_, supplier), one in zip(both, sent, strict=True):
        make_evidence(supplier, *one.lines.exclude(commitment__measure__edition=edition))
    return gathered()


def held_rows(found: Dataset, rows: str) -> list[tuple[str | None, ...]]:
    held = found.row_sets[rows]
    return [row for row in held.rows if row[held.places["measure"]] == HELD_BACK]


def test_three_licensed_values_are_one_row_without_a_name() -> None:
    found = licensed("10", "20", "40")
    # 100 hours at £10, £20 and £40 = 7,000 and the open 100; a tenth of each is verified.
    assert value(found, "committed-social") == "7100.00"
    assert value(found, "verified-social-year") == "710.00"
    (promise,), (line,) = held_rows(found, "commitments"), held_rows(found, "deliveries")
    assert promise[1:8] == (HELD_BACK,) * 7 and promise[-1] == "7000.00"
    assert line[1:8] == (HELD_BACK,) * 7 and line[-1] == "700.00"
    assert KEPT_IN not in found.by_id["committed-social"].completeness
    assert len(found.row_sets["quantities"].rows) == 1
    assert "secret" not in canonical_json(found)


@pytest.mark.parametrize("values", [("10",), ("10", "20")])
def test_fewer_have_no_pounds_and_every_total_says_so(values: tuple[str, ...]) -> None:
    found = licensed(*values)
    for rows in ("commitments", "deliveries"):
        (row,) = held_rows(found, rows)
        assert row[1:8] == (HELD_BACK,) * 7 and row[-1] is None
    for figure, pounds in (("committed-social", "100.00"), ("verified-social-year", "10.00")):
        assert value(found, figure) == pounds
        assert KEPT_IN in found.by_id[figure].completeness
    # A year in which all is held back has no figure, and does not say that nothing was done.
    theme = next(
        one for one in found.figures
        if one.id.startswith("committed-theme-") and one.label.startswith(HELD_BACK)
    )  # fmt: skip
    assert theme.value is None and theme.reason == KEPT_BACK
    # Of local economic value nothing is held back.
    assert KEPT_IN not in found.by_id["committed-local"].completeness
    assert problems(found) == []


def test_of_an_offer_no_total_is_told_that_few_licensed_values_add_to() -> None:
    edition = make_edition(values_may_be_published=False)
    for values in (("10", "20"), ("10", "20", "40")):
        contract, supplier = live()
        measures = [make_measure(edition, value=worth) for worth in values]
        make_bid(make_tender(contract, measures=measures), supplier, quantity="3", state="won")
    found = gathered()
    offers = found.row_sets["offers"]
    # Only of three: 3 of each at £10, £20 and £40 = 210.
    assert sorted(str(row[offers.places["offered_pounds"]]) for row in offers.rows) == [
        "210.00",
        "None",
    ]
    assert value(found, "offered-social") == "210.00"
    assert KEPT_IN in found.by_id["offered-social"].completeness


def test_a_licensed_measure_that_adds_nothing_hides_none_among_three() -> None:
    """Two at £10 and £20 and a third of which nothing is offered, promised or verified: no total."""
    edition = make_edition(values_may_be_published=False)
    contract, supplier = live()
    measures = [make_measure(edition, value=worth) for worth in ("10", "20", "40")]
    bid = make_bid(make_tender(contract, measures=measures), supplier, quantity="3", state="won")
    bid.offers.filter(requested__measure=measures[2]).update(offered_quantity=0, offered_pounds=0)
    sent = make_return(contract, supplier, Q1)
    for measure, quantity in zip(measures, ("3", "3", "0"), strict=True):
        promised = "0.0001" if quantity == "0" else quantity  # £0.00 to the penny
        promise = make_commitment(contract, supplier=supplier, measure=measure, quantity=promised)
        make_line(sent, promise, quantity, verified=quantity)
    found = gathered()
    for name, column in (
        ("offers", "offered_pounds"), ("commitments", "committed_pounds"),
        ("deliveries", "reported_pounds"), ("deliveries", "verified_pounds"),
    ):  # fmt: skip
        rows = found.row_sets[name]
        assert [row[rows.places[column]] for row in rows.rows] == [None], column
    (told,) = offer_totals(
        EVERYWHERE, Kind.SOCIAL.value, Scope(), None, Q1, outward=True
    )  # fmt: skip
    assert told.is_withheld and told.offered_pounds is None
    bid.offers.filter(requested__measure=measures[2]).update(offered_quantity=1, offered_pounds=40)
    (told,) = offer_totals(EVERYWHERE, Kind.SOCIAL.value, Scope(), None, Q1, outward=True)
    assert told.offered_pounds == 130


def told_of(found: Dataset, *names: str) -> set[str]:
    """The sets of rows and the printed sections that hold one of the names."""
    rows = {
        rows.id for rows in found.row_sets.values()
        if any(name in (cell or "") for row in rows.rows for cell in row for name in names)
    }  # fmt: skip
    printed = {
        section.id for section in found.sections
        if any(name in canonical_json(replace(found, sections=(section,), rows=(), figures=())) for name in names)
    }  # fmt: skip
    figures = {one.id for one in found.figures if any(name in one.label for name in names)}
    return rows | printed | figures


def test_an_agreement_is_named_beside_pounds_only_where_it_may_be() -> None:
    make_threshold()
    secret = make_contract(
        title="Quagga works", reference="QUAGGA-1", value="1000000", stage=Contract.Stage.LIVE,
        awarded_on=datetime.date(2026, 3, 1), start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31), suppliers=[make_organisation("Quagga Holdings")],
    )  # fmt: skip
    supplier = secret.awards.get().suppliers.get()
    hours = make_measure(value="10")
    make_bid(make_tender(secret, measures=[hours]), supplier, quantity="120", state="won")
    promise = make_commitment(secret, supplier=supplier, measure=hours)
    line = make_line(make_return(secret, supplier, Q1), promise, "40", verified="25")
    make_evidence(supplier, line)

    found = gathered()
    names = ("Quagga", "QUAGGA")
    # That the contract was let, to whom and for how much is on the public record; the rest is not.
    assert told_of(found, *names) == {"contracts", "contracts-over"}
    rows = found.row_sets["commitments"]
    assert rows.rows[0][1:5:3] == (f"Agreement {code_of('agreement', secret.pk)}", UNNAMED)
    assert [row[0] for row in rows.rows] == [f"commitment-{code_of('commitment', promise.pk)}"]
    (delivered,) = found.row_sets["deliveries"].rows
    assert delivered[0] == found.evidence[0].row == f"line-{code_of('line', line.pk)}"
    assert value(found, "committed-agreement-1-social") == "1000.00"

    Contract.objects.filter(pk=secret.pk).update(is_named_in_public=True)
    assert told_of(gathered(), *names) >= {
        "commitments",
        "deliveries",
        "offers",
        "returns",
        "agreements",
    }


def test_no_key_of_ours_stands_in_the_rows_of_an_agreement_that_may_not_be_named() -> None:
    """The public feed of a ward says "promise-12" beside a supplier, so no row may say 12, nor by its place."""
    made = []
    for number in range(12):
        supplier = make_organisation(f"Quagga {number}")
        secret = make_contract(suppliers=[supplier], value="1000", awarded_on=Q1.start)
        hours = make_measure(value="10", unit="hours")
        make_bid(make_tender(secret, measures=[hours]), supplier, quantity="120", state="won")
        promise = make_commitment(secret, supplier=supplier, measure=hours)
        line = make_line(make_return(secret, supplier, Q1), promise, "40", verified="25")
        make_evidence(supplier, line)
        made.append((secret, promise, line))
    found = gathered()
    assert found.evidence
    told = [one.row for one in found.evidence]
    for name in ("commitments", "deliveries", "offers", "returns"):
        rows = found.row_sets[name]
        told += [cell or "" for row in rows.rows for cell in row[:2]]
        references = [row[1] or "" for row in rows.rows if name != "returns" or Q1.code in row]
        assert references == sorted(references) and len(set(references)) == 12
        assert references != [f"Agreement {code_of('agreement', one.pk)}" for one, _, _ in made]
    # Digits are left in quarters and in the number of a return among those of one agreement.
    own = re.compile(r"^(\d{4}-\d\d-Q\d-)|(?<=[A-P]{8})-1$")
    assert [one for one in told if re.search(r"\d", own.sub("", one))] == []
    # One agreement has one code in every list, and its records have codes of their own.
    (secret, promise, line) = made[0]
    codes = {
        code_of("agreement", secret.pk),
        code_of("commitment", secret.pk),
        code_of("line", secret.pk),
    }
    assert len(codes) == 3 and all(re.fullmatch("[A-P]{8}", one) for one in codes)


def story(**values: Any) -> CaseStudy:
    return CaseStudy.objects.create(
        **{
            "key": "a-garden", "title": "A garden of 12 beds", "summary": "Neighbours made a garden.",
            "story": "They dug.\n\nThey planted.", "state": "published", "consent_words": "All agreed.",
            "consent_on": datetime.date(2026, 9, 1), "published_on": datetime.date(2026, 9, 2),
            "people_helped": 3, **values,
        }
    )  # fmt: skip


def test_a_story_is_told_with_its_picture_and_what_it_shows() -> None:
    row = story(picture_alt="Four raised beds in front of a terrace.", picture_credit="A neighbour")
    picture = io.BytesIO()
    Image.new("RGB", (1600, 900), "#0b5563").save(picture, "PNG")
    row.picture.save("garden.png", ContentFile(picture.getvalue()))
    story(key="draft", title="Not told", state="draft", consent_on=None, consent_words="")
    found = gathered()
    blocks = next(one for one in found.sections if one.id == "story-a-garden").blocks
    shown = next(one for one in blocks if isinstance(one, Picture))
    assert shown.alternative == "Four raised beds in front of a terrace."
    with Image.open(io.BytesIO(base64.b64decode(shown.content))) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (1100, 619))
    assert "Not told" not in canonical_json(found)
    assert any("Fewer than 5 people" in one.text for one in blocks if isinstance(one, Words))

    row.picture.storage.delete(row.picture.name)
    gone = next(one for one in gathered().sections if one.id == "story-a-garden").blocks
    assert not any(isinstance(one, Picture) for one in gone)
    assert any(one.text == PICTURE_GONE for one in gone if isinstance(one, Words))


def test_nothing_that_is_not_public_is_in_it() -> None:
    make_action(title="Seen by all", is_public=True)
    make_action(title="Seen by members", is_public=False)
    make_need(
        make_ward(name="Seenward"), title="A need for all", open_from=datetime.date(2026, 5, 1)
    )
    make_need(title="A hidden need", is_public=False, open_from=datetime.date(2026, 5, 1))
    text = canonical_json(gathered())
    assert "Seen by all" in text and "A need for all" in text
    assert "Seen by members" not in text and "A hidden need" not in text


LAST_ROWS = ("All themes", "All directorates", "All agreements", "The year", "All categories")


class ColumnsAdd(TestCase):
    """Whatever is recorded: printed columns sum to the printed total, and pages say the same."""

    @settings(max_examples=12)
    @given(
        some.lists(
            some.tuples(
                some.decimals("0.01", "999.99", places=2), some.decimals("0", "99", places=2),
                some.sampled_from([0, 1, 2]), some.booleans(), some.sampled_from([0, 1, 2, 3]),
            ),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    def test_printed_columns_sum_to_their_totals(self, lines: list[Any]) -> None:
        make_threshold()
        directorates = [make_organisation(f"Directorate {n}", "council_service") for n in "ABC"]
        for unit, quantity, which, is_local, quarter in lines:
            contract, supplier = live(directorate=directorates[which])
            kind = Measure.Kind.LOCAL_ECONOMIC if is_local else Measure.Kind.SOCIAL
            promise = make_commitment(
                contract, supplier=supplier, measure=make_measure(value=str(unit), kind=kind)
            )
            sent = make_return(contract, supplier, YEAR.quarters[quarter])
            make_line(sent, promise, str(quantity), verified=str(quantity / 2))
        found = gather_annual(YEAR, NOW)
        assert problems(found) == []
        checked = 0
        for section in found.sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.rows and block.rows[-1][0].text in LAST_ROWS:
                    checked += _adds_up(found, block)
        assert checked >= 8
        pages = position(EVERYWHERE, Scope(), first=YEAR.quarters[0], last=YEAR.quarters[3]).figures
        for state in ("reported", "verified"):
            assert _amount(found, f"{state}-social-year") == pages.pounds(state, Kind.SOCIAL)
            assert _amount(found, f"{state}-local-year") == pages.pounds(state, Kind.LOCAL_ECONOMIC)
        assert _amount(found, "committed-social") == pages.pounds("committed", Kind.SOCIAL)


def _amount(dataset: Dataset, key: str) -> Decimal | None:
    return dataset.by_id[key].amount


def _adds_up(dataset: Dataset, table: Table) -> int:
    """Of each numeric column that is no share."""
    columns = 0
    for place in table.numeric:
        cells = [row[place] for row in table.rows]
        figures = [dataset.by_id[cell.figure] for cell in cells]
        if figures[-1].unit == "share":
            continue
        known = [one.amount for one in figures[:-1] if one.amount is not None]
        if figures[-1].unit == "pounds":
            assert {cell.form for cell in cells} == {"exact"}, table.id
        assert figures[-1].amount == (sum(known, Decimal(0)) if known else None), table.id
        columns += 1
    return columns


def test_the_list_of_contracts_holds_those_over_the_threshold_alone() -> None:
    make_threshold()
    contract, _ = live(title="Over it")
    make_contract(title="Under it", value="49999", awarded_on=datetime.date(2026, 5, 1))
    make_contract(title="Over and done", value="900000", awarded_on=datetime.date(2020, 5, 1),
                  end=datetime.date(2026, 3, 31))  # fmt: skip
    found = gathered()
    table = next(
        block for section in found.sections for block in section.blocks
        if isinstance(block, RowsTable) and block.id == "contract-list-table"
    )  # fmt: skip
    rows = found.row_sets[table.rows]
    assert [row[rows.places["title"]] for row in rows.rows] == ["Over it"]
    assert contract.reference == rows.rows[0][0]


def test_pounds_of_pledges_are_said_apart_and_which_pledges_have_none() -> None:
    """A contract of 100 hours at £10 and a pledge of 50, of which 20 and 5 were verified in the year."""
    hours = make_measure(value="10")
    for kind, quantity, proved in (("contract", "100", "20"), ("pledge", "50", "5")):
        contract, supplier = live(kind=kind)
        promise = make_commitment(contract, supplier=supplier, measure=hours, quantity=quantity)
        make_line(make_return(contract, supplier, Q1), promise, proved, verified=proved)
    found = gathered()
    assert value(found, "committed-social") == "1500.00"
    assert value(found, "committed-social-pledged") == "500.00"
    assert value(found, "verified-social-year-pledged") == "50.00"
    assert value(found, "committed-local-pledged") is None
    year = next(one for one in found.sections if one.id == "year")
    note = next(one for one in year.blocks if isinstance(one, Words) and "pledges" in one.text)
    assert "[[committed-social-pledged]] of the [[committed-social]] committed" in note.text
    tables = [one for part in found.sections for one in part.blocks if isinstance(one, Table)]
    by_kind = next(one for one in tables if one.id == "agreement-kind-social")
    assert "Pledges of the Charter are not in it" in by_kind.note


def test_without_an_agreement_that_is_a_pledge_nothing_is_said_of_one() -> None:
    make_commitment()
    year = next(one for one in gathered().sections if one.id == "year")
    assert not any("pledges" in one.text for one in year.blocks if isinstance(one, Words))


def test_who_took_part_reads_right_for_any_words() -> None:
    said = (": Advice on CVs.", ": The venue, without charge", ": IT lessons", "")
    lines = [f"Organisation {letter}{did}" for letter, did in zip("ABCD", said, strict=True)]
    story(partner_words="\n".join(lines))
    part = next(one for one in gathered().sections if one.id == "story-a-garden")
    assert any(
        one.text
        == "Took part: Organisation A (advice on CVs); Organisation B (the venue, without charge); "
        "Organisation C (IT lessons); Organisation D."
        for one in part.blocks
        if isinstance(one, Words)
    )
