"""An exported edition: checked anywhere, and whatever is altered in it is named."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting.datasets import canonical_json
from reporting.edition_folder import (
    DATA,
    HASHES,
    SUMS,
    _exact,
    _root,
    _sums,
    check_folder,
    digest,
    folder_of,
    manifest_of,
)
from reporting.models import ReportEdition
from reporting.services.edition_export import export_edition
from reporting.services.edition_files import make_files
from reporting.services.editions import publish_edition
from tests.factories import make_user

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset

ROOT = Path(__file__).resolve().parents[2]
QUICK = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@cache
def folder() -> dict[str, bytes]:
    made = make_dataset(number=1, published_at="2026-05-04T12:00:00+00:00")
    drawn = {"report.pdf": b"%PDF- a report", "report.docx": b"PK a document"}
    return folder_of(canonical_json(made), drawn)


def test_a_folder_that_nobody_touched_holds():
    found = check_folder(folder(), published=json.loads(folder()[HASHES])["sha256"])
    assert found.holds and (found.figures, found.recomputed) == (5, 5)


@given(st.sampled_from(sorted(folder())), st.integers(0, 10**6), st.integers(1, 255))
@QUICK
def test_one_byte_altered_in_any_file_is_named(name, place, change):
    content = bytearray(folder()[name])
    content[place % len(content)] ^= change
    found = check_folder({**folder(), name: bytes(content)})
    assert not found.holds
    # A byte of the data is named by the part in which it lies, or as data that cannot be read.
    parts = ("row", "figure", "section", "field", "evidence", "order", "headings", DATA)
    assert any(
        said.startswith(name) or (name == DATA and said.startswith(parts)) for said in found.altered
    ), found.altered
    if name != DATA:
        assert all(said.startswith(name) for said in found.altered)


def rewritten(plain: dict[str, Any]) -> dict[str, bytes]:
    """The data written again as cleanly as before, with what was changed in it."""
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**folder(), DATA: text.encode()}


@given(st.data())
@QUICK
def test_one_cell_of_a_row_altered_names_the_row(data):
    plain = json.loads(folder()[DATA])
    row = data.draw(st.sampled_from(plain["rows"][0]["rows"]))
    place = data.draw(st.integers(1, len(row) - 1))
    was = row[place]
    row[place] = data.draw(st.one_of(st.none(), st.text("0123456789.-", max_size=8)).filter(lambda new: new != was))  # fmt: skip
    found = check_folder(rewritten(plain))
    assert f"row “{row[0]}” of “lines” was altered" in found.altered


def test_a_row_taken_away_added_or_moved_is_named_and_its_figures_differ():
    plain = json.loads(folder()[DATA])
    rows = plain["rows"][0]["rows"]
    taken = rows.pop(1)
    found = check_folder(rewritten(plain))
    assert "row “b” of “lines” was taken away" in found.altered
    assert any(said.startswith("reported: it says 150.10") for said in found.differences)
    rows[:] = [taken, *rows]
    assert check_folder(rewritten(plain)).altered == ("order of the rows “lines” was altered",)
    rows[:] = [["z", "social", "1.00", None, None], *rows]
    assert "row “z” of “lines” was added" in check_folder(rewritten(plain)).altered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(published_at="2026-05-05T12:00:00+00:00"), "field “published_at”"),
        (lambda d: d.update(as_of="2026-05-05T12:00:00+00:00"), "field “as_of”"),
        (lambda d: d.update(number=2), "field “number”"),
        (lambda d: d["rows"][0]["rows"][0].__setitem__(4, "2026-04-03"), "row “a” of “lines”"),
        (lambda d: d["figures"][0].update(value="150.11"), "figure “reported”"),
        (lambda d: d["figures"][0].update(completeness="4 of 4"), "figure “reported”"),
        (lambda d: d["sections"][0].update(title="Other figures"), "section “figures”"),
        (lambda d: d["evidence"][0].update(sha256="cd" * 32), "evidence 1"),
        (lambda d: d["rows"][0]["columns"][2].update(label="Pounds"), "headings of the rows"),
    ],
)
def test_a_date_a_number_or_a_word_altered_is_named(change, said):
    plain = json.loads(folder()[DATA])
    change(plain)
    found = check_folder(rewritten(plain))
    assert any(one.startswith(said) for one in found.altered), found.altered


def test_a_figure_that_was_changed_everywhere_still_does_not_follow_from_its_rows():
    """Somebody who writes the whole folder anew, hashes included, is found by the rows."""
    plain = json.loads(folder()[DATA])
    plain["figures"][0]["value"] = "151.10"
    forged = folder_of(json.dumps(plain), {})
    found = check_folder(forged, published=json.loads(folder()[HASHES])["sha256"])
    assert found.differences[0].startswith("reported: it says 151.10")
    assert any("not the one that was published" in one for one in found.altered)


@pytest.mark.parametrize("value", [">0.05", "sNaN", "1e999999999", ""])
def test_a_value_that_is_no_number_is_named(value):
    plain = json.loads(folder()[DATA])
    plain["figures"][0]["value"] = value
    found = check_folder(rewritten(plain))
    assert "figure “reported” was altered" in found.altered
    assert any(said.startswith("reported: it says") for said in found.differences)


def test_a_swapped_file_with_rewritten_lists_is_named_by_a_hash_from_outside():
    """The hash of the data proves nothing about what was drawn from it, and it is said."""
    published = json.loads(folder()[HASHES])["sha256"]
    text = folder()[DATA].decode()
    forged = folder_of(text, {"report.pdf": b"%PDF forged", "report.docx": b"PK a document"})
    alone = check_folder(forged, published=published)
    assert alone.holds and alone.unproved == ("report.docx", "report.pdf")
    true = check_folder(folder(), published=published)
    both = check_folder(forged, published=published, manifest=true.manifest_sha256)
    assert not both.holds and "report.pdf" in both.altered[0] and DATA not in both.altered[0]
    each = [digest(folder()[name]) for name in ("report.pdf", "report.docx")]
    named = check_folder(forged, published=published, each=each)
    assert [one.split(" ")[0] for one in named.altered] == ["report.pdf"]
    whole = check_folder(folder(), published=published, manifest=true.manifest_sha256)
    assert whole.holds and whole.unproved == ()
    assert check_folder(folder(), published=published, each=each).unproved == ()
    # Nothing from outside: nothing is proved.
    assert set(check_folder(folder()).unproved) >= {DATA, "report.pdf", "report.docx"}
    less = folder_of(text, {"report.docx": b"PK a document"})
    assert not check_folder(less, manifest=true.manifest_sha256).holds


def test_the_list_of_evidence_follows_from_the_data():
    text, drawn = folder()[DATA].decode(), {"report.pdf": b"%PDF- a report"}
    forged = {**folder_of(text, drawn), "evidence.csv": b"sha256,kind,size_bytes,rows,row\n"}
    plain = json.loads(forged[HASHES])
    plain["files"]["evidence.csv"] = digest(forged["evidence.csv"])
    plain["root"] = _root(plain)
    forged[HASHES] = _exact(plain)
    forged[SUMS] = _sums(forged)
    assert check_folder(forged).altered == (f"evidence.csv does not follow from {DATA}",)


def test_files_that_are_missing_or_too_many_are_named():
    less = {name: content for name, content in folder().items() if name != "report.pdf"}
    assert check_folder(less).altered == ("report.pdf is missing",)
    more = {**folder(), "extra.pdf": b"x"}
    assert check_folder(more).altered == ("extra.pdf is no part of the edition",)
    without = {name: content for name, content in folder().items() if name != HASHES}
    assert check_folder(without).altered == (f"{HASHES} is missing",)


def test_evidence_laid_beside_it_is_checked_by_its_hash():
    listed = f"evidence/{'ab' * 32}.pdf"
    assert check_folder({**folder(), listed: b"other"}).altered == (f"{listed} was altered",)
    strange = f"evidence/{'00' * 32}.pdf"
    assert "is no evidence" in check_folder({**folder(), strange: b"x"}).altered[0]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema":7}', b"null", b"[" * 9999]
)
def test_data_that_is_none_gets_a_sentence(content):
    found = check_folder({**folder(), DATA: content})
    assert not found.holds and any("cannot be read" in one for one in found.altered)


# --- a real report ------------------------------------------------------------------------

SAMPLES = Path(__file__).parent / "samples"
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def annual() -> dict[str, bytes]:
    """An annual report of an invented council: charts, a map, a picture, fifteen sets of rows."""
    text = (SAMPLES / "annual_schema_1.json").read_text()
    return folder_of(text, {"report.pdf": b"%PDF- a report"})


def annual_with(plain: dict[str, Any]) -> dict[str, bytes]:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**annual(), DATA: text.encode()}


def test_a_real_report_holds_and_has_a_chart_a_map_and_a_picture():
    found = check_folder(annual())
    assert found.holds and found.recomputed == found.figures > 100
    plain = json.loads(annual()[DATA])
    blocks = {block["kind"] for section in plain["sections"] for block in section["blocks"]}
    assert {"chart", "drawing", "picture", "rows", "table"} <= blocks | {"rows"}


@given(st.sampled_from(sorted(annual())), st.integers(0, 10**7), st.integers(1, 255))
@FEW
def test_one_byte_of_a_real_report_is_named(name, place, change):
    content = bytearray(annual()[name])
    content[place % len(content)] ^= change
    found = check_folder({**annual(), name: bytes(content)})
    parts = ("row", "figure", "section", "field", "evidence", "order", "headings", DATA)
    named = parts if name == DATA else (name,)
    assert found.altered and any(said.startswith(named) for said in found.altered), found.altered


@given(st.data())
@FEW
def test_one_cell_of_any_rows_of_a_real_report_names_the_row(data):
    plain = json.loads(annual()[DATA])
    held = data.draw(st.sampled_from([rows for rows in plain["rows"] if rows.get("rows")]))
    row = data.draw(st.sampled_from(held["rows"]))
    place, was = data.draw(st.integers(1, len(row) - 1)), list(row)
    row[place] = data.draw(st.one_of(st.none(), st.text(max_size=8)).filter(lambda new: new != was[place]))  # fmt: skip
    assert (
        f"row “{row[0]}” of “{held['id']}” was altered" in check_folder(annual_with(plain)).altered
    )


def leaves(held: Any, way: tuple[Any, ...] = ()) -> Any:
    """(way to it, text) of every text of the data."""
    if isinstance(held, str):
        yield way, held
    for key, inner in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():  # fmt: skip
        yield from leaves(inner, (*way, key))


@cache
def days() -> list[tuple[Any, ...]]:
    plain = json.loads(annual()[DATA])
    return [way for way, text in leaves(plain) if A_DAY.match(text)]


@given(st.data())
@FEW
def test_one_date_of_a_real_report_is_named(data):
    plain = json.loads(annual()[DATA])
    *way, last = data.draw(st.sampled_from(days()))
    held = plain
    for key in way:
        held = held[key]
    held[last] = "1999-12-31" + held[last][10:]
    found = check_folder(annual_with(plain))
    assert not found.holds and found.altered[0].startswith(("row", "field", "figure", "section"))


@pytest.mark.parametrize(
    ("kind", "part"), [("chart", "title"), ("drawing", "svg"), ("picture", "content")]
)
def test_a_chart_a_map_or_a_picture_altered_names_its_section(kind, part):
    plain = json.loads(annual()[DATA])
    section, block = next(
        (section, block)
        for section in plain["sections"]
        for block in section["blocks"]
        if block["kind"] == kind
    )
    middle = len(block[part]) // 2
    block[part] = block[part][:middle] + "Q" + block[part][middle + 1 :] + "Q"
    assert check_folder(annual_with(plain)).altered == (f"section “{section['id']}” was altered",)


# --- the commands -------------------------------------------------------------------------


def run(name: str, *words: str) -> tuple[int, dict[str, Any] | None, str]:
    out, errors = StringIO(), StringIO()
    code = 0
    try:
        call_command(name, *words, stdout=out, stderr=errors)
    except SystemExit as ended:
        code = int(ended.code or 0)
    lines = out.getvalue().splitlines()
    told = json.loads(lines[-1]) if "--json" in words and lines else None
    return code, told, out.getvalue() + errors.getvalue()


@pytest.fixture
def report() -> Any:
    with kind_that_gathers(make_dataset()) as held:
        yield held


@pytest.mark.django_db
def test_publishing_to_a_folder_and_checking_it(report, tmp_path):
    where = tmp_path / "q4"
    words = ("test-report", "2025-26-Q4", "--out", str(where), "--json")
    code, told, _ = run("publish_edition", *words)
    assert code == 0 and told is not None
    assert {"dataset.json", "report.pdf", "report.docx", "report.xlsx", "hashes.json"} <= set(
        told["files"]
    )
    assert told["number"] == 1 and told["sha256"] == ReportEdition.objects.get().sha256
    code, said, _ = run("verify_edition", str(where), "--sha256", told["sha256"], "--json")
    assert (code, said and said["recomputed"], said and said["differences"]) == (0, 5, 0)
    assert run("verify_edition", str(told["edition"]), "--json")[0] == 0
    # Once more: it is published, and a correction says what it corrects.
    assert run("publish_edition", *words)[0] == 2
    code, told, _ = run("publish_edition", "test-report", "2025-26-Q4", "--existing", "--json")
    assert code == 0 and told and told["number"] == 1
    assert ReportEdition.objects.count() == 1


@pytest.mark.django_db
def test_a_rehearsal_writes_nothing(report, tmp_path):
    where = tmp_path / "q4"
    code, told, _ = run(
        "publish_edition", "test-report", "2025-26-Q4", "--out", str(where), "--dry-run", "--json"
    )
    assert code == 0 and told and told["edition"] is None
    assert not where.exists() and not ReportEdition.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gossip", "2025-26-Q4"), "no kind of report"),
        (("test-report", "2025-26"), "is not a quarter"),
        (("test-report", "2125-26-Q4"), "can be published after that"),
        (("test-report", "2025-26-Q4", "--existing"), "is published yet"),
    ],
)
def test_what_cannot_be_published_ends_with_2_and_a_sentence(report, words, said):
    code, _, text = run("publish_edition", *words)
    assert code == 2 and said in text and not ReportEdition.objects.exists()


@pytest.mark.django_db
def test_a_folder_that_is_not_empty_is_left_alone(report, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    code, _, text = run("publish_edition", "test-report", "2025-26-Q4", "--out", str(tmp_path))
    assert code == 2 and "not empty" in text
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["99", "no-such-folder", "1" * 40, "\x00", "-1"])
def test_there_is_nothing_to_check_is_a_2(what):
    assert run("verify_edition", "--", what)[0] == 2


@pytest.mark.django_db
def test_a_stored_file_that_was_altered_is_named(report):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    make_files(edition=edition, by=None, now=NOW)
    file = edition.files.get(format="pdf")
    default_storage.delete(file.file.name)
    with default_storage.open(file.file.name, "wb") as stored:
        stored.write(b"%PDF- another")
    code, _, text = run("verify_edition", str(edition.pk))
    assert code == 1 and "The stored PDF was altered" in text


@pytest.mark.django_db
def test_the_page_and_the_api_show_the_hashes_that_prove_the_folder(report, tmp_path, client):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    client.force_login(make_user("auditor"))
    page = client.get(edition.get_absolute_url()).content.decode()
    assert "SHA-256 of all files" not in page  # they are still to be drawn
    make_files(edition=edition, by=None, now=NOW)
    export_edition(edition, tmp_path / "q4")
    (tmp_path / "q4" / "report.pdf").write_bytes(b"%PDF- forged")
    code, said, text = run("verify_edition", str(tmp_path / "q4"), "--json")
    assert code == 1 and said and "report.pdf" in said["unproved"]
    answer = client.get(reverse("api-edition", args=[edition.pk])).json()
    page = client.get(edition.get_absolute_url()).content.decode()
    assert answer["manifest_sha256"] in page
    assert all(file["sha256"] in page for file in answer["files"])
    drawn = {f"report.{file['format']}": file["sha256"] for file in answer["files"]}
    drawn["dataset.json"] = drawn.pop("report.json")
    assert answer["manifest_sha256"] == manifest_of(drawn)
    code, _, text = run(
        "verify_edition", str(tmp_path / "q4"), "--sha256", edition.sha256,
        "--file-sha256", drawn["report.pdf"], "--file-sha256", drawn["report.docx"],
        "--file-sha256", drawn["report.xlsx"],
    )  # fmt: skip
    assert code == 1 and "report.pdf is none of the files that were published" in text


@pytest.mark.django_db
def test_a_stored_file_that_is_gone_is_named(report):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    make_files(edition=edition, by=None, now=NOW)
    default_storage.delete(edition.files.get(format="pdf").file.name)
    code, told, text = run("verify_edition", str(edition.pk), "--json")
    assert code == 1 and "The stored PDF is gone" in text
    # What is left is checked all the same.
    assert told and told["recomputed"] == 5 and len(told["altered"]) == 1


def test_checking_a_folder_needs_no_database_and_no_network(tmp_path):
    """A process of its own, whose database and broker cannot be reached."""
    for name, content in folder().items():
        (tmp_path / name).write_bytes(content)

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "verify_edition", str(tmp_path), "--json"],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={
                **os.environ, "DEPLOYMENT": "test", "DATABASE_URL": "postgres://no:no@127.0.0.1:1/no",
                "REDIS_URL": "redis://127.0.0.1:1/0",
            },
        )  # fmt: skip

    done = check()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["differences"] == 0
    (tmp_path / "report.pdf").write_bytes(b"%PDF- another report")
    done = check()
    assert done.returncode == 1 and "report.pdf was altered" in done.stdout
