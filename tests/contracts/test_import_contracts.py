"""Contracts from OCDS releases and Contracts Finder: what is understood, flagged, refused."""

from __future__ import annotations

import copy
import datetime
import io
import json
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command

from contracts.imports.contracts_finder import NEEDED, reference_from, unpack_suppliers
from contracts.imports.drafts import ContractDraft, from_json, to_json
from contracts.imports.ocds import gather, read_contract, read_releases, to_text
from contracts.imports.ocds_merging import merged
from contracts.imports.parties import Resolver
from contracts.models import Award, Contract
from contracts.selectors.contracts import contract_detail
from tests.factories import make_organisation, make_user
from trafford_sv.core.importing import FileRefused
from trafford_sv.core.models import DataFlag, ImportRun
from trafford_sv.directory.models import Identifier, Organisation

RELEASE = {
    "ocid": "ocds-test-1",
    "id": "r1",
    "date": "2024-05-01T10:00:00+01:00",
    "tag": ["award"],
    "tender": {
        "title": "Care at home",
        "description": "Visits.",
        "classification": {"scheme": "CPV", "id": "85000000"},
        "value": {"amount": 90000, "currency": "GBP"},
    },
    "parties": [
        {
            "id": "GB-CFS-1",
            "name": "Invented Borough Council",
            "roles": ["buyer"],
            "address": {"streetAddress": "Town Hall", "postalCode": "M32 0TH"},
        },
        {
            "id": "GB-COH-01234567",
            "name": "Invented Care Ltd",
            "roles": ["supplier"],
            "identifier": {"scheme": "GB-COH", "id": "01234567", "legalName": "Invented Care Ltd"},
            "address": {"streetAddress": "1 High Street\nSale\nm33 7zf\nGB"},
            "details": {"scale": "sme", "vcse": False},
        },
    ],
    "buyer": {"id": "GB-CFS-1", "name": "Invented Borough Council"},
    "awards": [
        {
            "id": "a1",
            "status": "active",
            "date": "2024-04-30T00:00:00+01:00",
            "value": {"amount": 100000.5, "currency": "GBP"},
            "suppliers": [{"id": "GB-COH-01234567", "name": "Invented Care Ltd"}],
            "contractPeriod": {
                "startDate": "2024-06-01T00:00:00+01:00",
                "endDate": "2026-05-31T23:59:59+01:00",
            },
        }
    ],
}


def release(**changes):
    made = copy.deepcopy(RELEASE)
    for path, value in changes.items():
        at = made
        *way, last = path.split("__")
        for step in way:
            at = at[int(step) if step.isdigit() else step]
        at[last] = value
    return made


def drafts(*releases):
    text = json.dumps({"releases": releases}).encode()
    return [read_contract(found) for found in gather(read_releases(io.BytesIO(text)))]


def draft(*releases):
    (found,) = drafts(*releases)
    return found


def sentences(found):
    return [problem["sentence"] for problem in found.problems]


def codes(found):
    return [flag.code for flag in found.flags]


def test_a_release_as_a_draft():
    found = draft(RELEASE)
    assert not found.problems
    assert not found.flags
    assert found.fields["start"] == datetime.date(2024, 6, 1)
    assert found.fields["end"] == datetime.date(2026, 5, 31)
    (award,) = found.awards
    assert (award.value_pounds, award.awarded_on) == (
        Decimal("100000.50"),
        datetime.date(2024, 4, 30),
    )
    (supplier,) = award.suppliers
    assert (supplier.postcode, supplier.size, supplier.is_voluntary) == ("M33 7ZF", "sme", False)
    assert supplier.identifiers == (("GB-COH", "01234567"),)
    assert found.buyer.postcode == "M32 0TH"
    again = from_json(json.loads(json.dumps(to_json(found))), key=found.key, row_number=1)
    assert (again.awards, again.buyer) == (found.awards, found.buyer)


def test_later_releases_win_award_by_award():
    corrected = release(
        id="r2", date="2024-07-01T00:00:00Z", awards__0__value={"amount": 70000, "currency": "GBP"}
    )
    second = release(id="r3", date="2024-06-01T00:00:00Z", awards__0__id="a2")
    second["tender"] = {"title": "Care at home, second lot"}
    found = draft(corrected, RELEASE, second, RELEASE)
    assert {a.source_id: a.value_pounds for a in found.awards} == {
        "a1": Decimal("70000"),
        "a2": Decimal("100000.50"),
    }
    assert found.fields["title"] == "Care at home"
    assert found.fields["description"] == "Visits."


def later(award, **more):
    return {
        "ocid": "ocds-test-1",
        "id": "r2",
        "date": "2024-08-01T10:00:00Z",
        "tag": ["awardUpdate"],
        "awards": [award],
        **more,
    }


def test_what_a_later_release_does_not_say_stays():
    found = draft(later({"id": "a1", "title": "Care in Sale", "value": {}}), RELEASE)
    (award,) = found.awards
    assert (award.title, award.value_pounds) == ("Care in Sale", Decimal("100000.50"))
    assert [party.postcode for party in award.suppliers] == ["M33 7ZF"]
    assert award.awarded_on == datetime.date(2024, 4, 30)
    assert found.fields["end"] == datetime.date(2026, 5, 31)
    assert (found.fields["title"], found.buyer.name) == ("Care at home", "Invented Borough Council")
    assert not found.flags


def test_a_later_amount_keeps_the_currency_and_null_takes_away():
    (award,) = draft(RELEASE, later({"id": "a1", "value": {"amount": 5000}})).awards
    assert award.value_pounds == Decimal("5000")
    gone = {"id": "a1", "value": None, "suppliers": None, "contractPeriod": {"endDate": None}}
    found = draft(RELEASE, later(gone))
    (award,) = found.awards
    assert (award.value_pounds, award.suppliers) == (None, [])
    assert (found.fields["start"], found.fields["end"]) == (datetime.date(2024, 6, 1), None)


def test_a_supplier_named_later_joins_those_named_before():
    other = {"id": "x-2", "name": "Invented Visits Ltd"}
    (award,) = draft(RELEASE, later({"id": "a1", "suppliers": [other]})).awards
    assert [p.name for p in award.suppliers] == ["Invented Care Ltd", "Invented Visits Ltd"]
    # The same one spoken of again is not a second one, and says nothing less.
    same = {"id": "GB-COH-01234567"}
    (award,) = draft(RELEASE, later({"id": "a1", "suppliers": [same]})).awards
    assert [p.name for p in award.suppliers] == ["Invented Care Ltd"]


def test_awards_without_an_id_are_those_in_the_same_place():
    first = release()
    del first["awards"][0]["id"]
    (award,) = draft(first, later({"status": "cancelled"})).awards
    assert (award.status, award.value_pounds) == ("cancelled", Decimal("100000.50"))


def test_merging_changes_none_of_the_releases():
    first, second = release(), later({"id": "a1", "value": None})
    kept = copy.deepcopy([first, second])
    assert merged([first, second])["awards"][0]["id"] == "a1"
    assert [first, second] == kept


def test_one_award_published_under_two_ids_is_flagged():
    assert codes(draft(RELEASE, release(id="r2", awards__0__id="a2"))) == ["possible_repeat"]


@pytest.mark.parametrize("amount", [0, 1, 0.0])
def test_a_placeholder_is_not_a_value(amount):
    found = draft(release(awards__0__value={"amount": amount, "currency": "GBP"}))
    assert found.awards[0].value_pounds is None
    assert codes(found) == ["placeholder_value"]


def test_suppliers_without_a_name_are_left_out_with_a_flag():
    found = draft(
        release(awards__0__suppliers=[{"id": "GB-CFS-9", "name": "N/A"}, {"id": "GB-CFS-8"}])
    )
    assert found.awards[0].suppliers == []
    assert codes(found) == ["supplier_without_name"] * 2


def test_a_dirty_postcode_is_only_proposed():
    found = draft(release(parties__1__address={"streetAddress": "1 High Street, M33 7ZF, M32 OTH"}))
    assert found.awards[0].suppliers[0].postcode == ""
    (flag,) = found.flags
    assert (flag.raw, flag.proposal, flag.about) == ("M32 OTH", "M32 0TH", "Invented Care Ltd")


def test_a_malformed_company_number_is_flagged_and_not_used():
    found = draft(
        release(parties__1__id="x", parties__1__identifier={"scheme": "GB-COH", "id": "1234567"},
                awards__0__suppliers=[{"id": "x", "name": "Invented Care Ltd"}])
    )  # fmt: skip
    assert found.awards[0].suppliers[0].identifiers == ()
    assert [(f.code, f.raw, f.proposal) for f in found.flags] == [
        ("malformed_number", "1234567", "01234567")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ocid": ""}, "Release 1 has no ocid"),
        ({"awards__0__value": {"amount": 5, "currency": "EUR"}}, "This value is in EUR"),
        ({"awards__0__value": {"amount": "10-20", "currency": "GBP"}}, "is a range"),
        ({"awards__0__value": {"amount": -5, "currency": "GBP"}}, "below zero"),
        ({"awards__0__date": "2024-02-31T00:00:00Z"}, "not a day in the calendar"),
        ({"awards__0__status": "maybe"}, "not the status of an award"),
    ],
)
def test_what_rejects_a_release(changes, words):
    found = draft(release(**changes))
    assert any(words in sentence for sentence in sentences(found))
    assert json.loads(found.raw["json"])[0]["id"] == "r1"


def test_a_release_without_an_ocid_does_not_stop_the_others():
    assert [bool(found.problems) for found in drafts(release(ocid=None), RELEASE, "junk")] == [
        True,
        False,
        True,
    ]


def test_numbers_keep_their_digits_when_they_go_back():
    text = b'{"releases": [{"tag": [], "value": 100000.10, "n": 1}]}'
    ((_, found),) = read_releases(io.BytesIO(text))
    assert '"value": 100000.10' in to_text(found)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"releases": [RELEASE]}),
        json.dumps({"releases": [RELEASE]}, indent=1),
        json.dumps([RELEASE]),
        json.dumps(RELEASE, indent=2),
        json.dumps({"records": [{"ocid": "ocds-test-1", "compiledRelease": RELEASE}]}),
        json.dumps({"records": [{"ocid": "ocds-test-1", "releases": [RELEASE]}]}),
        json.dumps(RELEASE) + "\n\n" + json.dumps(release(id="r2")) + "\n",
        json.dumps({"releases": [RELEASE]}) + "\n" + json.dumps({"releases": [release(id="r2")]}),
    ],
)
def test_every_shape_the_standard_comes_in(text):
    found = list(read_releases(io.BytesIO(text.encode("utf-8-sig"))))
    assert {made["ocid"] for _, made in found} == {"ocds-test-1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}', "not OCDS"),
        ("[1, 2]", "not OCDS"),
        ('[{"name": "x"}]', "not OCDS"),
        ('{"releases": [{"ocid": "x",', "not complete JSON"),
        ('{"releases": [NaN]}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"releases": []}\n{"releases": [\n', "in line 2"),
    ],
)
def test_json_that_is_no_good(text, words):
    with pytest.raises(FileRefused, match=words):
        list(read_releases(io.BytesIO(text.encode())))


def test_json_in_another_encoding():
    with pytest.raises(FileRefused, match="UTF-8"):
        list(read_releases(io.BytesIO(b'{"a": "\xe9"}')))


# --- Contracts Finder ---------------------------------------------------------------------

PACKED = (
    "[Invented One Ltd|1 High St,\nSale\nM33 7ZF|COMPANIES_HOUSE|01234567|Yes|No]"
    "[Two [North] Ltd|Unit 5 | Albany Park | M32 0TH|COMPANIES_HOUSE|217|No|Yes]"
    "[Three|null|NONE||No|No]"
)


def test_packed_suppliers_are_unpacked_from_both_ends():
    found = ContractDraft("x", 2)
    one, two, three = unpack_suppliers(found, PACKED)
    assert (one.name, one.postcode, one.size, one.identifiers) == (
        "Invented One Ltd", "M33 7ZF", "sme", (("GB-COH", "01234567"),),
    )  # fmt: skip
    assert (two.name, two.postcode, two.identifiers, two.is_voluntary) == (
        "Two [North] Ltd", "M32 0TH", (), True,
    )  # fmt: skip
    assert (three.name, three.address) == ("Three", "")
    assert codes(found) == ["malformed_number"]


@pytest.mark.parametrize("packed", ["One Ltd|Sale", "[One|x|No|No]", PACKED + "[cut short|1 High"])
def test_suppliers_packed_otherwise_are_a_problem(packed):
    found = ContractDraft("x", 2)
    unpack_suppliers(found, packed)
    assert len(found.problems) == 1


def test_a_long_identifier_is_shortened_and_stays_unique():
    first, second = "x" * 100 + "1", "x" * 100 + "2"
    assert len(reference_from(first)) == 80
    assert reference_from(first) != reference_from(second)
    assert reference_from("short") == "short"


def notice(**changes):
    return {
        "Notice Identifier": "N1",
        "Organisation Name": "Invented Borough Council",
        "Title": "Roads",
        "Awarded Value": "50000",
        NEEDED[-1]: "[Invented One Ltd|BL4 0NN|NONE||No|No]",
        "Published Date": "2020-09-11T15:48:45Z",
        "Awarded Date": "03/04/2020",
        "Contract start date": "01/05/2020",
        "Contract end date": "30/04/2030",
        "Value Low": "0",
        "Value High": "60000",
        "Contact Postcode": "M32 0TH",
        "Cpv Codes": "45000000 45233142 ",
        **changes,
    }


def finder_file(tmp_path, *notices):
    import csv

    path = tmp_path / "notices.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(notice()))
        writer.writeheader()
        writer.writerows(notices)
    return path


def command(capsys, *words):
    """(exit code, the JSON of the last line, what was said)."""
    code = 0
    try:
        call_command("import_contracts", *map(str, words), "--json")
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    lines = said.out.splitlines()
    return code, json.loads(lines[-1]) if lines else None, said.err


@pytest.mark.django_db
def test_the_command_imports_and_a_second_time_changes_nothing(tmp_path, capsys):
    path = finder_file(tmp_path, notice(), notice(**{"Notice Identifier": "N2"}))
    first = {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "rejected": 0, "suppliers": 1}
    assert command(capsys, path, "--format", "contracts-finder", "--dry-run")[:2] == (0, first)
    assert not Contract.objects.exists()
    assert not ImportRun.objects.exists()
    assert command(capsys, path, "--format", "contracts-finder")[:2] == (0, first)
    again = {**first, "created": 0, "unchanged": 2}
    assert command(capsys, path, "--format", "contracts-finder")[:2] == (0, again)
    contract = Contract.objects.get(reference="N1")
    assert (contract.start, contract.estimated_value_pounds) == (datetime.date(2020, 5, 1), 60000)
    assert contract.buyer.name == "Invented Borough Council"
    changed = finder_file(tmp_path, notice(**{"Awarded Value": "55000"}))
    assert command(capsys, changed, "--format", "contracts-finder")[1]["updated"] == 1
    assert Award.objects.get(contract=contract).value_pounds == 55000


@pytest.mark.django_db
def test_the_command_leaves_out_rejected_rows_and_says_so(tmp_path, capsys):
    path = finder_file(
        tmp_path,
        notice(),
        notice(**{"Notice Identifier": "N2", "Awarded Date": "31/02/2020"}),
        notice(**{"Notice Identifier": "N3"}),
        notice(**{"Notice Identifier": "N3"}),
    )
    code, counts, said = command(capsys, path, "--format", "contracts-finder", "--all-or-nothing")
    assert (code, counts) == (2, None)
    assert not Contract.objects.exists()
    code, counts, said = command(capsys, path, "--format", "contracts-finder")
    assert (code, counts["created"], counts["rejected"]) == (1, 1, 3)
    assert "row 3, Awarded Date: “31/02/2020” is not a day in the calendar." in said
    assert "in rows 4 and 5" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"a,b\n1,2\n", "contracts-finder", "not a Contracts Finder download"),
        (b"a,b\n1,2\n", "csv", "Choose the column that holds the reference"),
        (b'{"a": 1}', "ocds", "not OCDS"),
        (b"", "csv", "empty"),
    ],
)
def test_the_command_refuses_with_a_sentence(tmp_path, capsys, data, kind, words):
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    code, counts, said = command(capsys, path, "--format", kind)
    assert (code, counts) == (2, None)
    assert words in said
    assert command(capsys, tmp_path / "absent.csv", "--format", kind)[0] == 2


@pytest.mark.django_db
def test_dirty_values_of_a_notice_are_kept_beside_what_was_understood(tmp_path, capsys):
    path = finder_file(
        tmp_path,
        notice(
            **{
                "Awarded Value": "1234567890",
                "Value Low": "1500000",
                "Value High": "0",
                "Contract end date": "30/04/2019",
                "Cpv Codes": "99999999",
                NEEDED[-1]: "[Invented One Ltd|1 High St M32 OTH|COMPANIES_HOUSE|0|No|No]",
            }
        ),
    )
    assert command(capsys, path, "--format", "contracts-finder")[0] == 0
    contract = Contract.objects.get()
    assert (contract.end, contract.estimated_value_pounds, contract.category) == (None, None, None)
    flags = {flag.code: flag for flag in DataFlag.objects.all()}
    assert set(flags) == {
        "suspicious_value", "low_above_high", "ends_before_start", "unknown_category", "postcode",
        "malformed_number",
    }  # fmt: skip
    supplier = Organisation.objects.get(name="Invented One Ltd")
    assert supplier.postcode == ""
    assert (flags["postcode"].proposal, flags["postcode"].subject_id) == (
        "M32 0TH",
        str(supplier.pk),
    )
    assert flags["suspicious_value"].subject_id == str(contract.pk)


@pytest.mark.django_db
def test_one_value_for_many_suppliers(tmp_path, capsys):
    path = finder_file(tmp_path, notice(**{NEEDED[-1]: PACKED.replace("|217|", "||")}))
    command(capsys, path, "--format", "contracts-finder")
    contract = Contract.objects.with_figures().get()
    assert contract.value_pounds == 50000
    assert contract.awards.get().suppliers.count() == 3


@pytest.mark.django_db
def test_a_reference_of_another_buyer_is_not_taken_over(tmp_path, capsys):
    command(capsys, finder_file(tmp_path, notice()), "--format", "contracts-finder")
    other = finder_file(tmp_path, notice(**{"Organisation Name": "Another Council"}))
    code, counts, said = command(capsys, other, "--format", "contracts-finder")
    assert (code, counts["rejected"]) == (1, 1)
    assert "belongs to a contract of Invented Borough Council already" in said


@pytest.mark.django_db
def test_a_contracts_page_tells_what_files_did_to_it(tmp_path, capsys):
    for hour, value in ((9, "50000"), (10, "55000")):
        with time_machine.travel(
            datetime.datetime(2026, 11, 22, hour, tzinfo=datetime.UTC), tick=False
        ):
            path = finder_file(tmp_path, notice(**{"Awarded Value": value}))
            command(capsys, path, "--format", "contracts-finder")
    shown = contract_detail(
        Contract.objects.get().pk, make_user("auditor"), as_of=datetime.date(2026, 11, 22)
    )
    assert [(line.verb, line.by) for line in shown.history] == [
        ("contract changed", "The system"),
        ("contract recorded", "The system"),
    ]
    assert shown.history[0].reason == f"Imported from {path.name}"


@pytest.mark.django_db
def test_fractions_of_a_penny_do_not_come_back_as_a_change(tmp_path, capsys):
    path = finder_file(
        tmp_path,
        notice(**{"Awarded Value": "50000.125", "Value Low": "1", "Value High": "60000.005"}),
    )
    assert command(capsys, path, "--format", "contracts-finder")[1]["created"] == 1
    assert Award.objects.get().value_pounds == Decimal("50000.13")
    assert DataFlag.objects.get(code="rounded_value").raw == "50000.125"
    assert command(capsys, path, "--format", "contracts-finder")[1]["unchanged"] == 1
    table = tmp_path / "register.csv"
    table.write_text("Reference,Title,Value\nR1,Cleaning,100.005\n")
    assert "fractions of a penny" in command(capsys, table, "--format", "csv")[2]


@pytest.mark.django_db
def test_more_contracts_than_can_be_held_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("contracts.imports.planning.MOST", 1)
    path = finder_file(tmp_path, notice(), notice(**{"Notice Identifier": "N2"}))
    code, _, said = command(capsys, path, "--format", "contracts-finder")
    assert (code, Contract.objects.count()) == (2, 0)
    assert "more than 1 contracts. Split it" in said


@pytest.mark.django_db
def test_an_end_before_the_recorded_start_is_rejected_in_the_preview(tmp_path, capsys):
    path = tmp_path / "register.csv"
    path.write_text("Reference,Title,Start,End\nR1,Cleaning,2026-04-01,2027-03-31\n")
    command(capsys, path, "--format", "csv")
    path.write_text("Reference,Title,End\nR1,Cleaning,2026-03-31\n")
    code, counts, said = command(capsys, path, "--format", "csv")
    assert (code, counts["rejected"]) == (1, 1)
    assert "before it starts on 1 April 2026" in said


@pytest.mark.django_db
def test_a_contract_that_ends_on_the_last_day_in_london_is_over_the_day_after(tmp_path, capsys):
    path = tmp_path / "register.csv"
    path.write_text("Reference,Title,End\nR1,Cleaning,2026-06-30\n")
    # 23:30 on 30 June in UTC is 00:30 on 1 July in London.
    with time_machine.travel(
        datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC), tick=False
    ):
        command(capsys, path, "--format", "csv")
    assert Contract.objects.get().stage == Contract.Stage.ENDED


@pytest.mark.django_db
def test_suppliers_are_found_by_number_then_by_name_and_place():
    known = make_organisation("Invented Care Limited", postcode="M33 7ZF")
    numbered = make_organisation("Quite Another Name")
    Identifier.objects.create(organisation=numbered, scheme="GB-COH", value="01234567")
    resolver = Resolver()
    party = draft(RELEASE).awards[0].suppliers[0]
    assert resolver.number(party, "supplier") == numbered.pk
    from dataclasses import replace

    unnumbered = replace(party, identifiers=())
    assert resolver.number(unnumbered, "supplier") == known.pk
    assert resolver.number(replace(unnumbered, postcode=""), "supplier") == known.pk
    elsewhere = replace(unnumbered, postcode="B37 7YE")
    assert resolver.number(elsewhere, "supplier") == -1
    assert resolver.number(replace(elsewhere, name="INVENTED CARE LTD."), "supplier") == -1
    assert [row.postcode for row in resolver.rows()] == ["B37 7YE"]


@pytest.mark.django_db
def test_an_organisation_without_a_postcode_gets_the_published_one(tmp_path, capsys):
    known = make_organisation("Invented One Ltd")
    command(capsys, finder_file(tmp_path, notice()), "--format", "contracts-finder")
    known.refresh_from_db()
    assert (known.postcode, known.version) == ("BL4 0NN", 2)
    assert known.awards.count() == 1


@pytest.mark.django_db
def test_an_award_after_the_contract_ended_is_kept_and_flagged(tmp_path, capsys):
    dates = {"Awarded Date": "20/08/2028", "Contract end date": "31/07/2021"}
    assert (
        command(capsys, finder_file(tmp_path, notice(**dates)), "--format", "contracts-finder")[0]
        == 0
    )
    assert Contract.objects.get().awards.get().awarded_on == datetime.date(2028, 8, 20)
    flag = DataFlag.objects.get(code="awarded_after_end")
    assert "20 August 2028, after it ends on 31 July 2021" in flag.sentence


@pytest.mark.parametrize("name", ["import_contracts", "import_spend"])
@pytest.mark.django_db
def test_a_file_that_is_not_there_is_said_so(tmp_path, capsys, name):
    path = tmp_path / "missing.csv"
    options = ["--format", "ocds"] if name == "import_contracts" else []
    with pytest.raises(SystemExit) as ended:
        call_command(name, str(path), *options)
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == f"There is no file at {path}."


@pytest.mark.django_db
def test_only_those_given_the_role_are_offered_as_managers():
    from contracts.forms import ContractForm

    directorate = make_organisation("Place", "council_service")
    manager = make_user("contract_manager", directorate)
    make_user("supplier", make_organisation("Somebody Ltd"))
    form = ContractForm(user=make_user())
    assert list(form.fields["manager"].queryset) == [manager]
    assert not form.fields["star_lead"].queryset.exists()
