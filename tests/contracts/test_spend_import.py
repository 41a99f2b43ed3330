"""Spending files through the importer: what is added once, what is refused, and in which words."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.imports.spend import is_own_council
from contracts.imports.spend_lines import CellProblem, LineReader, read_amount, read_day
from contracts.models import Payee, Payment, SpendCategory, SpendSource, SpendTotal
from contracts.services.spend import staging
from trafford_sv.core.models import ImportRun
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services import imports
from trafford_sv.core.services.quarters import close_quarter, reopen_quarter
from trafford_sv.core.workbooks import FileRefused

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
HEADINGS = [
    "OrganisationLabel",
    "OrganisationalUnit",
    "BeneficiaryName",
    "BeneficiaryOtherID",
    "PaymentDate",
    "TransactionNumber",
    "Amount",
    "Purpose",
    "ProclassLabel",
    "ProclassCode",
    "VATRegistrationNumber",
]


def line(
    payee: str = "Invented Builders Ltd",
    amount: str = "100.00",
    day: str = "2025-05-19",
    transaction: str = "5100",
    code: str = "391300",
    label: str = "CONSTRUCTION : Open Spaces",
    unit: str = "PARKS",
    purpose: str = "WORKS",
    number: str = "3213",
    vat: str = "NA",
) -> list[str]:
    return ["Trafford Council (invented)", unit, payee, number, day, transaction, amount, purpose, label, code, vat]  # fmt: skip


def as_csv(lines: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *lines])
    return text.getvalue().encode()


def check(content: bytes, name: str = "spend.csv", source: str = "") -> ImportRun:
    run = imports.upload_file(
        kind="spend",
        file=ContentFile(content),
        name=name,
        source_name=source,
        by=None,
        now=NOW,
    )
    run = imports.queue_planning(run=run, by=None, now=NOW)
    return imports.plan_run(run=run, by=None, now=NOW)


def bring_in(content: bytes, **options: Any) -> ImportRun:
    run = check(content, **options)
    assert run.state == ImportRun.State.PLANNED, run.message
    if run.created:
        run = imports.apply_run(run=run, only_valid=True, by=None, now=NOW)
    return run


def held() -> list[tuple[Any, ...]]:
    """What the database holds as a multiset of lines, whatever their order and digests."""
    return sorted(
        Payment.objects.values_list(
            "payee__name",
            "paid_on",
            "amount_pounds",
            "category__code",
            "unit__name",
            "transaction_number",
            "purpose",
        )
    )


def assert_rolled_up() -> None:
    """The roll-up says what the payments say, payee by payee and quarter by quarter."""
    wanted: dict[tuple[Any, ...], list[Any]] = {}
    for payment in Payment.objects.all():
        quarter = Quarter.of(payment.paid_on)
        key = (
            payment.payee_id,
            payment.category_id,
            payment.unit_id,
            quarter.start_year,
            quarter.number,
        )
        row = wanted.setdefault(key, [Decimal(0), 0])
        row[0] += payment.amount_pounds
        row[1] += 1
    rolled = {
        (t.payee_id, t.category_id, t.unit_id, t.financial_year, t.quarter): [
            t.amount_pounds,
            t.lines,
        ]
        for t in SpendTotal.objects.all()
    }
    assert rolled == wanted


# --- identity -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_identical_lines_are_separate_payments_and_a_second_import_changes_nothing() -> None:
    content = as_csv([line(), line(), line(amount="-100.00"), line()])
    first = bring_in(content)
    assert (first.rows, first.created, first.unchanged, first.rejected) == (4, 4, 0, 0)
    second = bring_in(content)
    assert (second.rows, second.created, second.unchanged, second.rejected) == (4, 0, 4, 0)
    assert Payment.objects.count() == 4
    assert Payment.objects.aggregate(s=Sum("amount_pounds"))["s"] == Decimal("200.00")
    assert_rolled_up()


@pytest.mark.django_db
def test_a_grown_file_in_another_order_adds_only_its_new_lines() -> None:
    bring_in(as_csv([line(), line(payee="Imaginary Homes Ltd"), line()]))
    grown = [line(day="2025-06-02"), line(), line(payee="Imaginary Homes Ltd"), line(), line()]
    run = bring_in(as_csv(grown))
    assert (run.created, run.unchanged) == (2, 3)
    assert sorted(Payment.objects.filter(paid_on="2025-05-19", payee__name__startswith="Inv").values_list("occurrence", flat=True)) == [1, 2, 3]  # fmt: skip


@pytest.mark.django_db
def test_lines_that_a_reissue_lacks_are_counted_and_kept() -> None:
    bring_in(as_csv([line(day="2025-05-01"), line(), line(), line(day="2025-07-01")]))
    run = bring_in(as_csv([line(day="2025-05-01"), line(), line(day="2025-06-30")]))
    # One of the two of 19 May is missing; 1 July lies outside the days this file covers.
    assert run.facts["missing_lines"] == 1
    assert Payment.objects.count() == 5


@pytest.mark.django_db
def test_the_spacing_of_a_label_or_a_name_makes_no_new_line() -> None:
    bring_in(as_csv([line(label="SOCIAL CARE : Equipment", payee="Grange School (invented)")]))
    run = bring_in(
        as_csv([line(label="SOCIAL CARE: Equipment ", payee="Grange School\u00a0(invented) ")])
    )
    assert (run.created, run.unchanged) == (0, 1)
    assert SpendCategory.objects.exclude(code="").count() == 1


cells = st.builds(
    line,
    payee=st.sampled_from(
        ["Invented Builders Ltd", "Imaginary Homes", "Redacted", "Back\\slash & Co"]
    ),
    amount=st.sampled_from(["100.00", "-100.00", "0.01", "0.00", "1,234.50", "(12.00)"]),
    day=st.sampled_from(["2025-03-31", "2025-04-01", "2025-06-30", "2025-07-01", "31/12/2025"]),
    code=st.sampled_from(["391300", "NA"]),
    unit=st.sampled_from(["PARKS", "NA"]),
)


@pytest.mark.django_db
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.lists(cells, min_size=1, max_size=8),
    second=st.lists(cells, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_a_then_a_and_b_is_the_same_as_a_and_b_at_once(
    first: list[list[str]], second: list[list[str]], order: Any
) -> None:
    both = [*first, *second]
    order.shuffle(both)
    forget()
    bring_in(as_csv(both))
    at_once = held()
    assert len(at_once) == len(both)
    assert_rolled_up()
    forget()
    bring_in(as_csv(first))
    bring_in(as_csv(both))
    assert held() == at_once
    assert_rolled_up()
    assert bring_in(as_csv(list(reversed(both)))).created == 0


def forget() -> None:
    for model in (SpendTotal, Payment, Payee, SpendCategory):
        model.objects.all().delete()
    SpendSource.objects.all().delete()


@pytest.mark.django_db
def test_nulls_are_not_classified_and_withheld_names_are_nobody() -> None:
    bring_in(as_csv([line(code="NA", label="Not Classified", unit="NA", transaction="NA"), line(payee="Redacted", vat="GB123456789")]))  # fmt: skip
    payment = Payment.objects.get(payee__name="Invented Builders Ltd")
    assert (payment.category.code, payment.category.label) == ("", "Not classified")
    assert (str(payment.unit), payment.transaction_number) == ("Not stated", "")
    redacted = Payee.objects.get(name="Redacted")
    assert redacted.is_withheld and redacted.state == Payee.State.UNLOCATABLE
    assert redacted.vat_number == "" and redacted.exclusion is None


# --- cells --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("1234.5", "1234.50"),
        ("1,234.00", "1234.00"),
        ("£1,234", "1234.00"),
        ("(500)", "-500.00"),
        ("-0.00", "0.00"),
        ("500.00-", "-500.00"),
        (" 12.00\u00a0", "12.00"),
        ("007.10", "7.10"),
    ],
)
def test_amounts_as_people_write_them(text: str, understood: str) -> None:
    assert read_amount(text) == understood


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NA", "no amount"),
        ("", "no amount"),
        ("1e5", "scientific"),
        ("100-200", "range"),
        ("€50", "not in pounds"),
        ("50 USD", "not in pounds"),
        ("=SUM(A1:A9)", "formula"),
        ("1.005", "fractions of a penny"),
        ("1,23.00", "not an amount"),
        ("twelve", "not an amount"),
        ("9999999999999", "larger"),
    ],
)
def test_what_is_no_amount_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(CellProblem, match=words):
        read_amount(text)


def test_days_are_read_day_first_and_checked_against_the_calendar() -> None:
    for text in ("2025-03-04", "04/03/2025", "4.3.25", "4 March 2025", "04-Mar-25", "2025-03-04T00:00:00"):  # fmt: skip
        assert read_day(text) == datetime.date(2025, 3, 4), text
    for text in ("31/02/2025", "2025-13-01", "45719", "soon", "NA", "", "01/01/1899"):
        with pytest.raises(CellProblem):
            read_day(text)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_amount_in_pence_comes_through_unchanged(amount: Decimal) -> None:
    assert Decimal(read_amount(f"{amount:.2f}")) == amount
    assert Decimal(read_amount(f"{amount:,.2f}")) == amount


def test_the_memories_of_a_reader_are_bounded() -> None:
    reader = LineReader({"payee": 0, "amount": 1, "paid_on": 2}, 3)
    rows = ((n, [f"Payee {n}", f"{n}.00", "2025-05-01"]) for n in range(60_000))
    assert sum(1 for _ in reader.lines(rows, lambda *_: None)) == 60_000
    assert len(reader._heads) <= 50_000 and len(reader._amounts) <= 50_000
    assert len(reader.heads) == 60_000  # written away, and emptied, with every portion of lines


# --- bad input ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_unreadable_line_never_loses_the_rest_and_each_fault_is_named() -> None:
    run = check(
        as_csv(
            [
                line(),
                line(day="31/02/2025"),
                line(amount="NA", payee=""),
                line(amount="1e5"),
                [*line(), "stray"],
                line(payee="=cmd()"),
                line(amount="100.00"),
            ]
        )
    )
    assert (run.rows, run.created, run.rejected) == (7, 2, 5)
    rows = list(run.planned_rows.order_by("row_number"))
    assert [row.row_number for row in rows] == [3, 4, 5, 6, 7]
    assert rows[0].problems == [
        {
            "column": "PaymentDate",
            "value": "31/02/2025",
            "sentence": "“31/02/2025” is not a day in the calendar. Check the day and the month.",
        }
    ]
    assert [problem["column"] for problem in rows[1].problems] == ["BeneficiaryName", "Amount"]
    assert rows[1].raw["Amount"] == "NA"
    assert "12 cells under 11 headings" in rows[3].problems[0]["sentence"]
    assert rows[3].raw["Extra cell 1"] == "stray"
    with pytest.raises(imports.ImportStateError):
        imports.apply_run(run=run, only_valid=False, by=None, now=NOW)
    assert Payment.objects.count() == 0
    imports.apply_run(run=run, only_valid=True, by=None, now=NOW)
    assert Payment.objects.count() == 2


def truncated_zip() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spend.csv", as_csv([line(transaction=str(n)) for n in range(500)]))
    return body.getvalue()[:-200]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"",
        as_csv([]),
        b"%PDF-1.7 not a spreadsheet",
        truncated_zip(),
        b"Colour,Shape\r\nred,round\r\n",
        '{"releases": []}'.encode("utf-16"),
    ],
    ids=["empty", "headings only", "PDF", "truncated zip", "other headings", "unknown encoding"],
)
def test_a_file_that_is_no_good_is_refused_whole(content: bytes) -> None:
    try:
        run = check(content)
    except FileRefused as error:
        assert str(error)
    else:
        assert run.state == ImportRun.State.REFUSED and run.message
        assert staging.lines_in(run.pk) is None
    assert not Payment.objects.exists() and not SpendSource.objects.exists()


@pytest.mark.django_db
def test_windows_1252_and_other_headings_need_no_mapping_by_hand() -> None:
    content = "Service Label,Expenditure code,Expenditure category,Payment date,Transaction Number,Net Amount,Supplier Number,Supplier Name\r\nParks,4550,Fees,04/06/2019,19,10.00,E3,Caf\u00e9 Imaginaire \u2019s\r\n"  # fmt: skip
    run = bring_in(content.encode("cp1252"), source="Elsewhere Council (invented)")
    assert (run.created, run.rejected) == (1, 0)
    assert Payee.objects.get().name == "Café Imaginaire ’s"
    assert not SpendSource.objects.get().is_own_council


@pytest.mark.django_db
def test_a_zip_of_two_months_is_one_import() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("april.csv", as_csv([line(day="2025-04-01"), line(day="bad")]))
        archive.writestr("may.csv", as_csv([line(), line()]))
    run = bring_in(body.getvalue(), name="year.zip")
    assert (run.created, run.rejected) == (3, 1)
    assert run.planned_rows.get().sheet == "april.csv"


@pytest.mark.django_db
def test_other_columns_for_a_known_publisher_are_refused_before_they_double_everything() -> None:
    bring_in(as_csv([line()]))
    run = check(
        as_csv([[*row[:7], *row[8:]] for row in [line()]], [h for h in HEADINGS if h != "Purpose"])
    )
    assert run.state == ImportRun.State.REFUSED
    assert "Purpose" in run.message


@pytest.mark.django_db
def test_new_lines_of_a_closed_quarter_are_rejected_and_held_ones_are_not() -> None:
    bring_in(as_csv([line()]))
    quarter = Quarter(2025, 1)
    close_quarter(quarter=quarter, by=None, now=NOW)
    run = bring_in(as_csv([line(), line(), line(day="2025-07-01")]))
    assert (run.rows, run.created, run.unchanged, run.rejected) == (3, 1, 1, 1)
    row = run.planned_rows.get()
    assert row.row_number == 3 and "closed" in row.problems[0]["sentence"]
    reopen_quarter(quarter=quarter, by=None, now=NOW, reason="A late file")
    assert bring_in(as_csv([line(), line(), line(day="2025-07-01")])).created == 1


@pytest.mark.django_db
def test_a_quarter_closed_between_check_and_apply_stops_the_apply() -> None:
    run = check(as_csv([line()]))
    close_quarter(quarter=Quarter(2025, 1), by=None, now=NOW)
    with pytest.raises(imports.PlanIsStale, match="closed"):
        imports.apply_run(run=run, only_valid=False, by=None, now=NOW)
    assert not Payment.objects.exists()
    assert ImportRun.objects.get().state == ImportRun.State.PLANNED


@pytest.mark.django_db
def test_two_checked_imports_of_one_file_add_it_once() -> None:
    content = as_csv([line(), line()])
    first, second = check(content), check(content)
    imports.apply_run(run=first, only_valid=False, by=None, now=NOW)
    late = imports.apply_run(run=second, only_valid=False, by=None, now=NOW)
    assert (late.created, late.unchanged) == (0, 2)
    assert Payment.objects.count() == 2
    assert_rolled_up()


@pytest.mark.django_db
def test_an_apply_that_dies_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = check(as_csv([line(), line()]))

    def die(**_: Any) -> None:
        raise RuntimeError("the worker was killed")

    with monkeypatch.context() as patched:
        patched.setattr("contracts.services.spend.payments.apply_exclusions_to", die)
        with pytest.raises(RuntimeError):
            imports.apply_run(run=run, only_valid=False, by=None, now=NOW)
    assert not Payment.objects.exists() and not Payee.objects.exists()
    assert not SpendTotal.objects.exists()
    imports.apply_run(run=ImportRun.objects.get(), only_valid=False, by=None, now=NOW)
    assert Payment.objects.count() == 2


def payment_indexes() -> dict[str, Any]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, Payment._meta.db_table)


@pytest.mark.django_db
def test_a_first_file_leaves_every_index_and_constraint_of_payments_as_it_was() -> None:
    before = payment_indexes()
    bring_in(as_csv([line(), line(day="2025-07-01")]))
    assert payment_indexes() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        again = Payment.objects.first()
        again.pk = None
        again.save()


@pytest.mark.django_db
def test_a_file_of_other_dates_comes_to_the_same_totals_as_one_with_both() -> None:
    bring_in(as_csv([line(), line()]))
    bring_in(as_csv([line(day="2025-07-01")]))  # nothing held in its dates: nothing to compare
    bring_in(as_csv([line(), line(), line(), line(day="2025-07-01"), line(day="2025-08-01")]))
    assert Payment.objects.count() == 5
    assert_rolled_up()


@pytest.mark.django_db
def test_only_closed_quarters_lines_bring_no_payee() -> None:
    bring_in(as_csv([line()]))
    close_quarter(quarter=Quarter(2025, 1), by=None, now=NOW)
    bring_in(as_csv([line(payee="Never Paid Ltd"), line(day="2025-07-01")]))
    assert not Payee.objects.filter(name="Never Paid Ltd").exists()


@pytest.mark.django_db
def test_cancelling_throws_the_staged_lines_away() -> None:
    run = check(as_csv([line()]))
    assert staging.lines_in(run.pk) is not None
    imports.cancel_run(run=run, by=None, now=NOW)
    assert staging.lines_in(run.pk) is None


@pytest.mark.django_db
def test_tables_left_by_a_killed_process_are_cleared_by_the_next_check() -> None:
    run = check(as_csv([line()]))
    ImportRun.objects.all().delete()
    assert staging.lines_in(run.pk) is not None
    check(as_csv([line()]))
    assert staging.lines_in(run.pk) is None


# --- the command --------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spend.csv"
    path.write_bytes(as_csv([line(), line(amount="NA")]))
    with pytest.raises(SystemExit) as dry:
        call_command("import_spend", path, "--dry-run", "--json")
    assert dry.value.code == 1 and not Payment.objects.exists() and not ImportRun.objects.exists()
    with pytest.raises(SystemExit) as done:
        call_command("import_spend", path, "--json")
    assert done.value.code == 1
    out = capsys.readouterr()
    assert '"created": 1' in out.out and '"net_pounds": "100.00"' in out.out
    assert "row 3, Amount: There is no amount here" in out.err
    with pytest.raises(SystemExit) as refused:
        call_command("import_spend", path, "--mapping", "No such mapping")
    assert refused.value.code == 2


# --- real files ---------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "source", "rows"),
    [
        ("bradford_2019-06_clean.csv", "Bradford Council", 9501),
        ("calderdale_2017-12.csv", "", 1852),
        ("manchester_2021-05.csv", "", 2516),
    ],
)
def test_other_councils_files_come_in_whole(
    shared_data: Path, name: str, source: str, rows: int
) -> None:
    content = (shared_data / "spend" / "other_councils" / name).read_bytes()
    run = bring_in(content, name=name, source=source)
    assert (run.rows, run.created, run.rejected) == (rows, rows, 0)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    own_sum = Decimal(0)
    for row in csv.DictReader(io.StringIO(text)):
        own_sum += Decimal(row.get("Net Amount") or row["Amount"])
    assert Decimal(run.facts["net_pounds"]) == own_sum
    # SQLite adds as binary floats; rounded to the penny the sum is exact again.
    assert pounds(Payment.objects.aggregate(s=Sum("amount_pounds"))["s"]) == own_sum
    assert bring_in(content, name=name, source=source).created == 0


@pytest.mark.services
@pytest.mark.django_db
def test_the_whole_year_on_postgresql(shared_data: Path) -> None:
    assert connection.vendor == "postgresql"
    content = (shared_data / "spend" / "trafford-supplier-spend-2025-26.zip").read_bytes()
    run = bring_in(content, name="year.zip")
    assert (run.rows, run.created, run.rejected) == (241_764, 241_764, 0)
    assert run.facts["net_pounds"] == "621913624.42"
    total = SpendTotal.objects.aggregate(s=Sum("amount_pounds"), n=Sum("lines"))
    assert total == {"s": Decimal("621913624.42"), "n": 241_764}
    again = bring_in(content, name="year.zip")
    assert (again.created, again.unchanged) == (0, 241_764)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Trafford Council", True),
        ("TRAFFORD METROPOLITAN BOROUGH COUNCIL", True),
        ("Trafford", True),
        ("Trafford College Group", False),
        ("Trafford Housing Trust", False),
        ("Salford City Council", False),
    ],
)
def test_whose_payments_are_the_councils_own(name: str, own: bool) -> None:
    assert is_own_council(name) is own


@pytest.mark.django_db
@pytest.mark.parametrize("real_first", [True, False])
def test_invented_payments_stop_counting_once_real_ones_are_here(real_first: bool) -> None:
    """Whichever comes first: the demo's own-council flag goes, its payments stay."""
    names = ["Trafford Council", "Trafford Council (demo)"]
    for name in names if real_first else reversed(names):
        bring_in(as_csv([line(amount="7.00")]), source=name)
    assert dict(SpendSource.objects.values_list("name", "is_own_council")) == {
        "Trafford Council": True,
        "Trafford Council (demo)": False,
    }
    assert Payment.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["DELETE FROM {lines}", "DROP TABLE {heads}"])
def test_checked_lines_that_are_gone_are_never_taken_for_known_ones(what: str) -> None:
    """A crash empties the waiting lines; an upgrade may not know their tables."""
    run = check(as_csv([line(), line(amount="2.00")]))
    with connection.cursor() as cursor:
        cursor.execute(what.format(lines=staging.table_of(run.pk), heads=staging.heads_of(run.pk)))
    with pytest.raises(imports.PlanIsStale, match="Check the file again"):
        imports.apply_run(run=run, only_valid=False, by=None, now=NOW)
    run.refresh_from_db()
    assert run.state == ImportRun.State.PLANNED
    assert Payment.objects.count() == 0


@pytest.mark.services
@pytest.mark.django_db
def test_the_quarters_of_what_is_added_are_held_open() -> None:
    """Two shared advisory locks, for the quarters of 19 May and 1 August, until the end."""
    assert connection.vendor == "postgresql"
    bring_in(as_csv([line(), line(day="2025-08-01")]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid = pg_backend_pid() AND mode = 'ShareLock'"
        )
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cell", "most"),
    [("purpose", 5_000), ("vat", 60), ("number", 40), ("label", 200), ("unit", 200)],
)
def test_a_cell_is_kept_whole_or_refused_and_never_cut(cell: str, most: int) -> None:
    whole, longer = "x" * most, "x" * (most + 1)
    run = check(as_csv([line(**{cell: whole}), line(**{cell: longer})]))
    assert (run.created, run.rejected) == (1, 1)
    problem = run.planned_rows.get().problems[0]
    assert problem["sentence"] == f"This is {most + 1} characters long; at most {most} fit."
    imports.apply_run(run=run, only_valid=True, by=None, now=NOW)
    payment = Payment.objects.select_related("payee", "category", "unit").get()
    kept = {
        "purpose": payment.purpose,
        "vat": payment.payee.vat_number.lower(),
        "number": payment.payee.number,
        "label": payment.category.label,
        "unit": payment.unit.name,
    }
    assert kept[cell] == whole
