"""A council's own workbook: any column order, checked row by row, and its licence obeyed."""

from __future__ import annotations

import datetime
import io
import json
from decimal import Decimal

import pytest
import xlsxwriter
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from contracts.models import Measure, MeasureEdition, MeasureValue
from contracts.selectors.measures import value_for
from contracts.services.measures.importing import (
    MeasureFacts,
    ValueFacts,
    bring_in_measures,
)
from tests.factories import make_user
from tests.factories_delivery import make_commitment, make_edition, make_measure
from trafford_sv.core.models import AuditEvent, ImportRun
from trafford_sv.directory.models import Area

pytestmark = pytest.mark.django_db
# Headings of its own, in an order of its own. No text or value is anybody else's.
TABLE = """Proxy (£),Ref,Measure,Units,Type,Themes,Not together,From
12.5,X-1,Invented hours,hours,Social value,Invented theme,X-2,01/04/2026
"1,000.00",X-2,Invented jobs,people,local economic,Invented theme,,
,X-3,Invented count,people,record only,Invented theme,,
"""
BAD = """-4321,X-4,Invented bad,people,social,,,
3,X-1,Invented hours,hours,Social value,Invented theme,X-2,01/04/2026
1,X-5,Bad kind,hours,wonderful,,,
1,X-6,Bad unit,,social,,,
1,X-7,Bad date,hours,social,,,31/31/2026
98765x,X-8,Bad value,hours,social,,,
1,X-9,Unknown other,hours,social,,X-99,
5,X-10,Priced count,people,record only,,,
1,X/11,Bad code,hours,social,,,
"""
ANSWERS = {
    "edition": "new",
    "name": "Invented council measures",
    "key": "council-2026",
    "publisher": "Invented publisher",
    "valid_from": "1 April 2025",
    "licence": "Invented closed licence",
    "licence_holder": "The council",
    "values_may_be_published": "no",
    "text_may_be_published": "no",
    "is_combinable": "no",
    "confirmed": "on",
}
COLUMNS = {
    "code": "Ref",
    "title": "Measure",
    "unit": "Units",
    "kind": "Type",
    "value": "Proxy (£)",
    "theme": "Themes",
    "exclusive_with": "Not together",
    "valid_from": "From",
}


@pytest.fixture
def officer(client):
    user = make_user("coordinator")
    client.force_login(user)
    return user


def send(client, text=TABLE, name="measures.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    client.post(reverse("import-new"), {"kind": "measures", "file": SimpleUploadedFile(name, data)})
    return ImportRun.objects.order_by("-created_at").first()


def bring_in(client, text=TABLE, columns=COLUMNS, only_valid=False, **answers):
    run = send(client, text)
    client.post(reverse("import-columns", args=[run.pk]), columns)
    client.post(reverse("import-answers", args=[run.pk]), {**ANSWERS, **answers})
    client.post(reverse("import-apply", args=[run.pk]), {"only_valid": "yes"} if only_valid else {})
    run.refresh_from_db()
    return run


def test_from_a_workbook_to_an_edition(client, officer):
    run = send(client)
    answer = client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    assert answer.url == reverse("import-answers", args=[run.pk])
    page = client.get(answer.url).text
    assert "I confirm that the council holds this licence" in page
    answer = client.post(answer.url, ANSWERS)
    assert answer.url == reverse("import-detail", args=[run.pk])
    page = client.get(answer.url).text
    assert "Invented hours" in page and "3 rows are new" in page
    assert not MeasureEdition.objects.exists()  # the preview changes nothing
    client.post(reverse("import-apply", args=[run.pk]))
    edition = MeasureEdition.objects.get(key="council-2026")
    assert edition.status == "in_use" and not edition.is_default
    assert not edition.values_may_be_published and not edition.text_may_be_published
    assert (edition.licence, edition.licence_holder) == ("Invented closed licence", "The council")
    assert edition.licence_confirmed_by_name == str(officer)
    assert edition.licence_confirmed_at.date() == timezone.now().date()
    assert run.file_sha256 in edition.provenance
    measures = {each.code: each for each in edition.measures.all()}
    assert {code: each.kind for code, each in measures.items()} == {
        "X-1": "social",
        "X-2": "local_economic",
        "X-3": "record_only",
    }
    assert list(measures["X-2"].exclusive_with.all()) == [measures["X-1"]]
    # A row with its own date, and one that takes the edition's first day.
    assert value_for(measures["X-1"], datetime.date(2026, 3, 31)) is None
    assert value_for(measures["X-1"], datetime.date(2026, 4, 1)).value_pounds == Decimal("12.5")
    assert value_for(measures["X-2"], datetime.date(2025, 4, 1)).value_pounds == Decimal(1000)


def test_without_the_confirmation_nothing_goes_on(client, officer):
    run = send(client)
    client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    answers = {name: value for name, value in ANSWERS.items() if name != "confirmed"}
    page = client.post(reverse("import-answers", args=[run.pk]), answers).text
    assert "Confirm that the council holds this licence" in page
    client.post(reverse("import-check", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == "refused" and "what its licence allows" in run.message


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("values_may_be_published", "", "Choose yes or no. If you are not sure, choose no."),
        ("licence", "", "Enter the licence that it comes under."),
        ("key", "Council 2026", "Use small letters, digits and hyphens only"),
        ("key", "priorities", "is the address of another page"),
        ("valid_to", "1/4/2024", "The edition ends before it starts"),
    ],
)
def test_an_answer_that_is_missing_is_asked_for_in_words(client, officer, name, value, sentence):
    run = send(client)
    client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    page = client.post(reverse("import-answers", args=[run.pk]), {**ANSWERS, name: value}).text
    assert sentence in page
    run.refresh_from_db()
    assert run.answers == {}


def sentences(run):
    return {
        row.row_number: [problem["sentence"] for problem in row.problems]
        for row in run.planned_rows.filter(outcome="rejected")
    }


def test_each_bad_row_is_rejected_with_a_sentence_and_the_good_ones_stay(client, officer):
    run = bring_in(client, TABLE + BAD, only_valid=True, values_may_be_published="yes")
    found = sentences(run)
    assert sorted(found) == [2, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert "more than once, also in row 6" in found[2][0]
    assert found[5] == ["A value of one unit cannot be below zero."]
    assert "more than once, also in row 2" in found[6][0]
    assert "“wonderful” is not a kind that we know" in found[7][0]
    assert found[8] == ["A measure needs a unit. This cell is empty."]
    assert found[9] == ["“31/31/2026” is not a day in the calendar."]
    assert "98765x" in found[10][0]
    assert "“X-99” is not a measure of this file or edition." in found[11]
    assert "counted and not priced has no value" in found[12][0]
    assert "cannot be a code" in found[13][0]
    assert set(Measure.objects.values_list("code", flat=True)) == {"X-2", "X-3"}


def test_the_licence_keeps_values_out_of_the_preview_the_rejects_and_the_log(client, officer):
    run = bring_in(client, TABLE + BAD, only_valid=True)
    auditor = make_user("auditor")
    client.force_login(auditor)
    address = reverse("import-detail", args=[run.pk])
    shown = [client.get(address, {"show": kind}).text for kind in ("new", "rejected")]
    rejects = b"".join(client.get(reverse("import-rejects", args=[run.pk])).streaming_content)
    log = json.dumps([event.after for event in AuditEvent.objects.all()], default=str)
    for text in (*shown, rejects.decode(), log):
        for secret in ("1,000.00", "1000.00", "£12.50", "4321", "98765"):
            assert secret not in text
    assert "Withheld" in rejects.decode()
    assert "Bad kind" not in rejects.decode()  # its words may not be published either
    assert "“wonderful”" in rejects.decode()  # what to correct is still said


def test_an_open_licence_shows_what_was_rejected(client, officer):
    run = bring_in(
        client,
        TABLE + BAD,
        only_valid=True,
        values_may_be_published="yes",
        text_may_be_published="yes",
    )
    rejects = b"".join(client.get(reverse("import-rejects", args=[run.pk])).streaming_content)
    assert "4321" in rejects.decode() and "Bad kind" in rejects.decode()


def test_the_same_file_again_changes_nothing(client, officer):
    bring_in(client)
    before = list(MeasureValue.objects.values())
    run = bring_in(client, edition="council-2026")
    assert (run.created, run.changed, run.unchanged, run.rejected) == (0, 0, 3, 0)
    assert before == list(MeasureValue.objects.values())


def test_a_later_value_is_a_new_row_and_a_pinned_one_never_changes(client, officer):
    bring_in(client)
    measure = Measure.objects.get(code="X-1")
    pinned = make_commitment(measure=measure, quantity="10").value
    later = TABLE.replace("12.5,X-1", "15,X-1").replace("01/04/2026", "01/04/2027")
    run = bring_in(client, later, edition="council-2026")
    assert (run.created, run.rejected) == (1, 0)
    pinned.refresh_from_db()
    assert pinned.value_pounds == Decimal("12.5")
    assert value_for(measure, datetime.date(2027, 4, 1)).value_pounds == Decimal(15)
    assert value_for(measure, datetime.date(2027, 3, 31)) == pinned


def test_another_value_for_a_day_that_is_recorded_is_rejected(client, officer):
    bring_in(client)
    run = bring_in(client, TABLE.replace("12.5,X-1", "13,X-1"), edition="council-2026")
    assert "A correction needs a start date of its own" in sentences(run)[2][0]
    assert not MeasureValue.objects.filter(value_pounds=13).exists()


def test_another_unit_under_a_known_code_is_rejected_and_new_words_are_a_change(client, officer):
    bring_in(client)
    run = bring_in(client, TABLE.replace("hours,hours", "hours,days"), edition="council-2026")
    assert "recorded with another unit" in sentences(run)[2][0]
    run = bring_in(client, TABLE.replace("Invented count", "Another count"), edition="council-2026")
    assert (run.created, run.changed, run.rejected) == (0, 1, 0)
    assert Measure.objects.get(code="X-3").title == "Another count"
    assert Measure.history.filter(code="X-3").count() == 2


def test_values_of_two_places_and_two_years_share_a_code(client, officer):
    area = Area.objects.create(code="X9", boundary_year=2023, name="Invented Place", kind="ward")
    text = """Ref,Measure,Units,Type,Proxy (£),From,Area
X-1,Hours,hours,social,10,01/04/2025,
X-1,Hours,hours,social,11,01/04/2026,
X-1,Hours,hours,social,12,01/04/2026,Invented Place
X-1,Other,hours,social,13,01/04/2027,
X-1,Hours,hours,social,14,01/04/2028,Nowhere
"""
    columns = {**COLUMNS, "area": "Area", "theme": "", "exclusive_with": ""}
    run = bring_in(client, text, columns, only_valid=True)
    assert "another title, unit or kind in row 2" in sentences(run)[5][0]
    assert "“Nowhere” is not one area that we know" in sentences(run)[6][0]
    measure = Measure.objects.get(code="X-1")
    day = datetime.date(2026, 5, 1)
    assert value_for(measure, day).value_pounds == Decimal(11)
    assert value_for(measure, day, area).value_pounds == Decimal(12)


def test_an_address_of_a_source_must_be_one(client, officer):
    text = "Ref,Measure,Units,Type,Proxy (£),Link\nX-1,Hours,hours,social,10,javascript:alert(1)\n"
    columns = {name: COLUMNS[name] for name in ("code", "title", "unit", "kind", "value")}
    run = bring_in(client, text, {**columns, "source_address": "Link"})
    assert "not an address on the web" in sentences(run)[2][0]


def workbook():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Measures")
    for column, heading in enumerate(("Kind", "Unit", "Code", "Title", "Value")):
        sheet.write(0, column, heading)
    for column, cell in enumerate(("social", "hours", "X-1", "Invented hours")):
        sheet.write(1, column, cell)
    sheet.write_formula(1, 4, "=5*2.5", None, 12.5)
    book.close()
    return out.getvalue()


def test_a_workbook_with_a_formula_gives_its_saved_result(client, officer):
    run = send(client, workbook(), "measures.xlsx")
    page = client.get(reverse("import-columns", args=[run.pk])).text
    assert '<option value="Value" selected>' in page  # found whatever its place
    client.post(
        reverse("import-columns", args=[run.pk]),
        {"code": "Code", "title": "Title", "unit": "Unit", "kind": "Kind", "value": "Value"},
    )
    client.post(reverse("import-answers", args=[run.pk]), ANSWERS)
    client.post(reverse("import-apply", args=[run.pk]))
    assert MeasureValue.objects.get().value_pounds == Decimal("12.5")


def test_a_library_that_moved_after_the_preview_is_not_written_over(client, officer):
    bring_in(client)
    run = send(client, TABLE.replace("12.5,X-1", "15,X-1").replace("01/04/2026", "01/04/2027"))
    client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    client.post(reverse("import-answers", args=[run.pk]), {**ANSWERS, "edition": "council-2026"})
    MeasureValue.objects.create(
        measure=Measure.objects.get(code="X-1"),
        value_pounds=Decimal(14),
        valid_from=datetime.date(2027, 4, 1),
        source_title="Meanwhile",
    )
    page = client.post(reverse("import-apply", args=[run.pk]), follow=True).text
    assert "The library has changed since this file was checked" in page
    assert not MeasureValue.objects.filter(value_pounds=15).exists()


def test_the_open_library_is_not_offered_to_be_written_into(client, officer):
    make_edition(key="open-2026", name="Trafford open measures", source="reference")
    run = send(client)
    client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    page = client.get(reverse("import-answers", args=[run.pk])).text
    assert "Trafford open measures" not in page
    answers = {**ANSWERS, "edition": "open-2026"}
    client.post(reverse("import-answers", args=[run.pk]), answers)
    run.refresh_from_db()
    assert run.answers == {}


def test_the_service_writes_nothing_where_one_row_clashes():
    edition = make_edition()
    measure = make_measure(edition, code="X-1", value="10")
    value = ValueFacts(
        Decimal(11), datetime.date(2020, 4, 1), None, None, "", "Invented", "", "", "", "confirmed"
    )
    fields = {"title": "New", "unit": "hours", "kind": "social", "counting": "units"}
    rows = [
        MeasureFacts("X-2", "Theme", "Outcome", fields),
        MeasureFacts("X-1", "Theme", "Outcome", {**fields, "title": measure.title}, (), value),
    ]
    with pytest.raises(ValidationError, match="has changed since"):
        bring_in_measures(edition=edition, rows=rows, by=None, now=timezone.now())
    assert edition.measures.count() == 1


# --- the command --------------------------------------------------------------------------


def command(path, capsys, *options):
    try:
        call_command("import_measures", str(path), *options, "--json")
        code = 0
    except SystemExit as ended:
        code = ended.code
    out = capsys.readouterr()
    return code, json.loads(out.out.splitlines()[-1]) if out.out else None, out.err


def test_the_command_makes_a_closed_draft_unless_told_otherwise(tmp_path, capsys):
    path = tmp_path / "invented-2026.csv"
    path.write_text(TABLE)
    assert command(path, capsys, "--dry-run")[:2] == (
        0,
        {"edition": "invented-2026", "measures": 3, "rejected": 0},
    )
    assert not MeasureEdition.objects.exists() and not ImportRun.objects.exists()
    code, said, _ = command(path, capsys)
    assert (code, said) == (0, {"edition": "invented-2026", "measures": 3, "rejected": 0})
    edition = MeasureEdition.objects.get()
    assert edition.status == "draft" and edition.licence_confirmed_at is None
    assert not edition.values_may_be_published and not edition.text_may_be_published
    assert command(path, capsys)[1]["measures"] == 3
    assert MeasureValue.objects.count() == 2


def test_the_command_records_who_confirmed_the_licence(tmp_path, capsys):
    path = tmp_path / "m.csv"
    path.write_text(TABLE)
    code, said, _ = command(
        path, capsys, "--edition", "council-2026", "--licence", "Invented",
        "--holder", "The council", "--confirmed-by", "Social value co-ordinator",
        "--values-may-be-published",
    )  # fmt: skip
    assert code == 0 and said["edition"] == "council-2026"
    edition = MeasureEdition.objects.get()
    assert edition.status == "in_use" and edition.values_may_be_published
    assert edition.licence_confirmed_by_name == "Social value co-ordinator"


def test_the_command_ends_in_1_with_rejects_and_2_when_refused(tmp_path, capsys):
    path = tmp_path / "m.csv"
    path.write_text(TABLE + BAD)
    code, said, errors = command(path, capsys)
    # X-1 is there twice, so are left.
    assert code == 1 and said["measures"] == 2 and said["rejected"] == 10
    assert "row 5, Proxy (£): A value of one unit cannot be below zero." in errors
    path.write_text("Something,Else\n1,2\n")
    assert command(path, capsys)[0] == 2
    assert command(tmp_path / "nowhere.csv", capsys)[0] == 2
