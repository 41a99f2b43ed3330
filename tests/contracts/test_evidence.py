"""What may come in as evidence, by its bytes; how it is kept, put to lines and forgotten."""

from __future__ import annotations

import datetime
import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import weasyprint  # noqa: F401  # once loaded it would have Pillow accept what was cut short
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contracts.models import EvidenceFile, EvidenceLink, ReturnEvent, ReturnLine
from contracts.services.evidence import (
    forget_old_evidence,
    link_evidence,
    store_evidence,
    sweep_evidence,
    unlink_evidence,
)
from tests.contracts import evidence_files as made
from tests.factories import make_organisation, make_user
from tests.factories_delivery import NOON, make_commitment, make_line, make_return
from trafford_sv.core.files.kinds import KINDS, clean_name, look_at
from trafford_sv.core.files.personal_data import warnings_about
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.workbooks import FileRefused

DAY = datetime.timedelta(days=1)
VBA = "word__vbaProject_dot_bin"
REMOTE = (
    '<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/attachedTemplate" Target="https://example.org/t.dotm" '
    'TargetMode="External"/></Relationships>'
)

TAKEN = {
    "pdf": ("minutes.pdf", made.pdf()),
    "jpeg": ("Photo.JPG", made.picture()),
    "png": ("photo.png", made.picture("PNG")),
    "webp": ("photo.webp", made.picture("WEBP")),
    "docx": ("notes.v2.docx", made.docx()),
    "xlsx": ("counts.xlsx", made.xlsx([["Ward", "People"], ["Longford", 12]])),
    "csv": ("counts.csv", b"ward,people\nLongford,12\n"),
    "txt": ("note.txt", "Café: ten people came.".encode()),
}
REFUSED = {
    "nothing in it": ("empty.pdf", b"", "empty"),
    "only blank lines": ("blank.txt", b" \r\n\n", "nothing but empty lines"),
    "locked pdf": ("a.pdf", made.pdf(trailer="/Encrypt 9 0 R"), "password"),
    "locked office": ("a.docx", made.locked_office(), "password"),
    "locked zip": ("a.docx", made.locked_zip(), "password"),
    "old office": ("a.doc", made.OLE + b"\x00" * 600, "old Office file"),
    "macros by name": ("a.docm", made.docx(), "macros"),
    "macros by content": ("a.docx", made.docx(**{VBA: b"\x00"}), "macros"),
    "macros by type": (
        "a.docx",
        made.docx(
            more='<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
        ),
        "macros",
    ),
    "excel 4 macros": (
        "a.xlsx",
        made.zipped(
            {
                "[Content_Types].xml": made.TYPES.format(more=""),
                "xl/workbook.xml": "<workbook/>",
                "xl/macrosheets/sheet1.xml": "<x/>",
            }
        ),
        "macros",
    ),
    "template from elsewhere": (
        "a.docx",
        made.docx(word___rels__settings_dot_xml_dot_rels=REMOTE),
        "somewhere else",
    ),
    "embedded object": (
        "a.docx",
        made.docx(word__embeddings__oleObject1_dot_bin=made.OLE),
        "embedded",
    ),
    "two endings": ("report.pdf.exe", b"MZ" + b"\x00" * 60, "two endings"),
    "two endings, the last one harmless": ("report.exe.pdf", made.pdf(), "two endings"),
    "a program": ("setup.exe", b"MZ" + b"\x00" * 60, "program"),
    "a program by another name": ("photo.jpg", b"MZ" + b"\x00" * 60, "program"),
    "a script by another name": ("notes.txt", b"#!/bin/sh\necho hello\n", "program"),
    "a name that lies": ("photo.png", made.picture("JPEG"), "really|but the file is a JPEG"),
    "a pdf called text": ("a.txt", made.pdf(), "but the file is a PDF"),
    "text called pdf": ("a.pdf", b"Ten people came", "but the file is plain text"),
    "turned round": ("photo\u202egpj.exe", b"MZ" + b"\x00" * 60, "program"),
    "a web page": ("a.html", b"<!DOCTYPE html><p>Hello", "web page"),
    "a web page called text": ("a.txt", b"\xef\xbb\xbf  <html><script>1</script>", "web page"),
    "a script inside text": ("a.txt", b"Hello <script src=x></script>", "web page"),
    "a drawing": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "web page or drawing"),
    "a drawing called picture": ("a.png", b"<svg/>", "web page or drawing"),
    "an archive": ("a.zip", made.zipped({"a.txt": "x"}), "archive"),
    "an archive by another name": ("a.docx", made.zipped({"a.txt": "x"}), "archive"),
    "a bomb": (
        "a.docx",
        made.docx(word__media__a_dot_xml=b"\x00" * (30 * 1024 * 1024)),
        "zip bomb",
    ),
    "a cut document": ("a.docx", made.docx()[:-40], "damaged"),
    "a cut pdf": ("a.pdf", made.pdf()[:200], "damaged"),
    "a cut picture": ("a.jpg", made.picture(size=(400, 400))[:-600], "damaged"),
    "a phone's own picture": ("a.heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "JPEG"),
    "a pdf with a script": (
        "a.pdf",
        made.pdf(catalog="/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
        "script",
    ),
    "a pdf with a script spelt round": (
        "a.pdf",
        made.pdf(catalog="/OpenAction << /S /J#61v#61Script /JS (app.alert(1)) >>"),
        "script",
    ),
    "a pdf with a packed script": (
        "a.pdf",
        made.pdf(extra=made.packed_objects("1 0 << /S /JavaScript /JS (app.alert(1)) >>")),
        "script",
    ),
    "a pdf packed in another way": (
        "a.pdf",
        made.pdf(extra=made.packed_objects("", filter_name="LZWDecode", body=b"\x80\x0b\x60\x50")),
        "cannot be checked",
    ),
    "a pdf that starts a program": (
        "a.pdf",
        made.pdf(catalog="/OpenAction << /S /Launch /F (calc.exe) >>"),
        "script or an action",
    ),
    "a pdf with a file in it": (
        "a.pdf",
        made.pdf(catalog="/Names << /EmbeddedFiles << /Names [] >> >>"),
        "hidden in this PDF",
    ),
    "a table that starts a program": (
        "a.csv",
        b"a,b\n=cmd|'/C calc'!A0,1\n",
        "start a program",
    ),
    "an e-mail": ("a.eml", b"From: a@example.org\nSubject: x\n\nHello", "e-mail"),
    "no ending": ("evidence", made.pdf(), "no ending"),
    "an unknown ending": ("a.xyz", b"Ten people came", "not taken"),
    "zeros": ("a.txt", b"Ten\x00people", "no kind of file"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken(kind):
    name, body = TAKEN[kind]
    looked = look_at(io.BytesIO(body), name)
    assert (looked.kind.key, looked.file_bytes) == (kind, len(body))


def test_each_kind_is_tried():
    assert set(TAKEN) == set(KINDS)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_with_a_sentence(case):
    name, body, words = REFUSED[case]
    with pytest.raises(FileRefused, match=words) as refused:
        look_at(io.BytesIO(body), name)
    assert str(refused.value).rstrip().endswith(".")


def test_too_large():
    with pytest.raises(FileRefused, match=r"This file is 2 MB; the most we take is 1 MB"):
        look_at(io.BytesIO(b"x" * 2 * 1024 * 1024), "a.txt", largest_bytes=1024 * 1024)


@given(st.text(max_size=400))
def test_a_clean_name_is_short_one_line_and_no_path(name):
    clean = clean_name(name)
    assert 1 <= len(clean) <= 255
    assert not set(clean) & set("/\\\r\n\0\u202e\u200f\u2028")
    assert clean not in {".", ".."}
    assert clean_name(clean) == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\sheet.pdf", "sheet.pdf"),
        ("a\r\nContent-Type: text/html\r\n.pdf", "aContent-Type: text_html.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ],
)
def test_names_that_mean_harm(name, clean):
    # A slash begins a new folder, so what stands before it goes with it.
    expected = clean if "_" not in clean else "html.pdf"
    assert clean_name(name) == expected


# --- people's data ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("QQ 12 34 56 C came", None),  # no such prefix is ever given out
        ("AB 12 34 56 C came", "a National Insurance number"),
        ("ab123456c, AB123456C and CE 12 34 56 A", "2 National Insurance numbers"),
        ("in M33 we met", None),
        ("at M33 7ZZ we met", "a full postcode"),
        ("write to someone@example.org", "an e-mail address"),
        ("call 0161 496 0000", "a telephone number"),
        ("call +44 7700 900123", "a telephone number"),
        ("order 2026 0045 1234 5678", None),
        ("Zed Quill\nAda Example\nBo Sample\nCy Invented\nDi Madeup", "a list of people’s names"),
        ("First name,Hours\nA,2", "names or dates of birth"),
        ("Community Hub,12\nOld Trafford,3", None),
    ],
)
def test_what_looks_like_peoples_data(text, words):
    found = warnings_about(text)
    if words is None:
        assert found == ()
    else:
        assert any(words in each for each in found)
        assert all("M33" in each and "leave names out" in each for each in found)


def test_a_warning_never_repeats_what_it_found():
    said = " ".join(warnings_about("AB 12 34 56 C at M17 9ZZ, someone@example.org, 0161 496 0000"))
    for part in ("AB", "12 34", "M17", "someone", "496"):
        assert part not in said


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.docx", made.docx("Paid to AB 12 34 56 C")),
        ("a.xlsx", made.xlsx([["Who"], ["AB123456C"]])),
        ("a.csv", b"who\nAB123456C\n"),
        ("a.pdf", made.pdf(page="[(Paid to AB 12) 20 ( 34 56 C)] TJ")),
    ],
)
def test_the_scan_reads_each_kind_of_text(name, body):
    looked = look_at(io.BytesIO(body), name)
    assert "National Insurance" in warnings_about(looked.text)[0]


# --- keeping ------------------------------------------------------------------------------


def keep(supplier, name="minutes.pdf", body=None, now=NOON):
    body = made.pdf() if body is None else body
    return store_evidence(
        file=ContentFile(body), original_name=name, supplier=supplier, by=make_user(), now=now
    )


def read(field):
    with field.open("rb") as file:
        return file.read()


def stored_paths():
    root = Path(settings.MEDIA_ROOT)
    return sorted(
        str(each.relative_to(root))
        for folder in ("evidence", "evidence-shown")
        for each in (root / folder).rglob("*")
        if each.is_file()
    )


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def draft(db):
    commitment = make_commitment()
    delivery_return = make_return(commitment.contract, commitment.supplier, state="draft")
    return make_line(delivery_return, commitment)


@pytest.mark.django_db
def test_a_file_is_kept_under_our_own_name_with_its_hash(media):
    supplier = make_organisation()
    kept = keep(supplier, "../../minutes.pdf")
    assert kept.original_name == "minutes.pdf"
    assert stored_paths() == [f"evidence/2026/05/{kept.file.name.rsplit('/')[-1]}"]
    assert read(kept.file) == made.pdf()
    assert kept.delete_after == datetime.date(2026, 5, 4) + datetime.timedelta(days=2192)
    assert AuditEvent.objects.filter(verb="evidence stored").count() == 1


@pytest.mark.django_db
def test_the_same_bytes_are_one_file_for_one_supplier_and_another_for_another(media):
    first, other = make_organisation(), make_organisation()
    assert keep(first).pk == keep(first, "again.pdf").pk
    assert keep(other).pk != keep(first).pk
    assert EvidenceFile.objects.count() == 2
    assert len(stored_paths()) == 2


@pytest.mark.django_db
def test_the_picture_that_is_shown_does_not_say_where_it_was_taken(media):
    original = made.picture(place=True)
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(0x8825)
    kept = keep(make_organisation(), "photo.jpg", original)
    assert read(kept.file) == original
    shown = read(kept.shown_file)
    assert not Image.open(io.BytesIO(shown)).getexif()
    assert b"Exif" not in shown and b"Invented Cameras" not in shown
    assert "where this picture was taken" in kept.warnings[0]


@pytest.mark.django_db
def test_a_refused_file_leaves_nothing(media):
    with pytest.raises(ValidationError, match="password"):
        keep(make_organisation(), "a.docx", made.locked_office())
    assert stored_paths() == []
    assert not EvidenceFile.objects.exists()
    assert not AuditEvent.objects.filter(verb="evidence stored").exists()


@pytest.mark.django_db
def test_a_failing_row_takes_its_bytes_with_it(media, monkeypatch):
    class Full(Exception):
        pass

    def fail(**_):
        raise Full

    monkeypatch.setattr("contracts.services.evidence.record_event", fail)
    with pytest.raises(Full):
        keep(make_organisation(), "photo.jpg", made.picture())
    assert stored_paths() == []
    assert not EvidenceFile.objects.exists()


@pytest.mark.django_db
def test_what_a_crash_leaves_on_the_disk_is_swept(media):
    """A process that dies between file and row leaves a file and no row."""
    kept = keep(make_organisation())
    script = textwrap.dedent(
        f"""
        import os
        from pathlib import Path
        from django.conf import settings
        settings.configure(MEDIA_ROOT={str(settings.MEDIA_ROOT)!r}, USE_TZ=True)
        from django.core.files.base import ContentFile
        from django.core.files.storage import default_storage
        default_storage.save("evidence/2026/05/cut-off", ContentFile(b"half"))
        os.kill(os.getpid(), 9)
        """
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -9
    assert len(stored_paths()) == 2
    modified = default_storage.get_modified_time("evidence/2026/05/cut-off")
    assert sweep_evidence(now=modified) == 0  # it may still be on its way in
    assert sweep_evidence(now=modified + datetime.timedelta(days=2)) == 1
    assert stored_paths() == [kept.file.name]


# --- lines --------------------------------------------------------------------------------


def test_a_file_serves_several_lines_and_each_step_is_said(media, draft):
    second = make_line(draft.delivery_return, draft.commitment)
    kept = keep(draft.delivery_return.supplier)
    by = make_user()
    for line in (draft, second, draft):
        link_evidence(file=kept, line=line, by=by, now=NOON)
    assert EvidenceLink.objects.count() == 2
    unlink_evidence(file=kept, line=draft, by=by, now=NOON)
    unlink_evidence(file=kept, line=draft, by=by, now=NOON)
    assert list(kept.lines.all()) == [second]
    assert list(ReturnEvent.objects.values_list("action", "line_number", "words")) == [
        ("file_added", 1, "minutes.pdf"),
        ("file_added", 2, "minutes.pdf"),
        ("file_removed", 1, "minutes.pdf"),
    ]


@pytest.mark.parametrize(
    ("return_state", "line_state", "changeable"),
    [
        ("draft", "open", True),
        ("sent_back", "sent_back", True),
        ("sent_back", "open", True),
        ("sent_back", "accepted", False),
        ("sent_back", "part", False),
        ("submitted", "open", False),
        ("part_verified", "sent_back", True),
        ("verified", "accepted", False),
    ],
)
def test_files_change_only_while_the_line_does(media, draft, return_state, line_state, changeable):
    kept = keep(draft.delivery_return.supplier)
    by = make_user()
    other = keep(draft.delivery_return.supplier, "b.txt", b"ten people")
    link_evidence(file=other, line=draft, by=by, now=NOON)
    type(draft.delivery_return).objects.update(state=return_state)
    type(draft).objects.update(state=line_state)
    if changeable:
        link_evidence(file=kept, line=draft, by=by, now=NOON)
        unlink_evidence(file=other, line=draft, by=by, now=NOON)
        assert list(draft.evidence.all()) == [kept]
        return
    with pytest.raises(ValidationError, match="cannot be changed now"):
        link_evidence(file=kept, line=draft, by=by, now=NOON)
    with pytest.raises(ValidationError, match="cannot be changed now"):
        unlink_evidence(file=other, line=draft, by=by, now=NOON)
    assert list(draft.evidence.all()) == [other]


def test_nobody_puts_anothers_file_to_a_line(media, draft):
    kept = keep(make_organisation())
    with pytest.raises(ValidationError, match="belongs to somebody else"):
        link_evidence(file=kept, line=draft, by=make_user(), now=NOON)
    assert not EvidenceLink.objects.exists()


# --- forgetting ---------------------------------------------------------------------------


def test_bytes_are_deleted_when_their_time_is_up_and_the_hash_stays(media, draft, settings):
    settings.EVIDENCE_PICTURE_DAYS, settings.EVIDENCE_FILE_DAYS = 10, 20
    photo = keep(draft.delivery_return.supplier, "photo.jpg", made.picture())
    sheet = keep(draft.delivery_return.supplier)
    link_evidence(file=photo, line=draft, by=make_user(), now=NOON)
    ReturnLine.objects.filter(pk=draft.pk).update(state="accepted")
    day = datetime.timedelta(days=1)
    assert forget_old_evidence(now=NOON + 10 * day) == 0  # on its last day it is still there
    assert forget_old_evidence(now=NOON + 11 * day) == 1
    photo.refresh_from_db()
    sheet.refresh_from_db()
    assert photo.deleted_at == NOON + 11 * day and not photo.file and not photo.shown_file
    assert len(photo.sha256) == 64 and list(draft.evidence.all()) == [photo]
    assert stored_paths() == [sheet.file.name]
    event = AuditEvent.objects.get(verb="evidence deleted")
    assert event.after["sha256"] == photo.sha256
    assert event.reason == "Its time was up on 14 May 2026."
    assert forget_old_evidence(now=NOON + 12 * day) == 0
    # Sent again, it comes back under the same number.
    again = keep(draft.delivery_return.supplier, "photo.jpg", made.picture(), now=NOON + 13 * day)
    assert again.pk == photo.pk and again.deleted_at is None
    assert read(again.file) == made.picture()


def test_a_file_that_proves_something_again_has_its_time_again(media, draft, settings):
    """10 days from the 3rd of May: to the 13th. Put to a line on the 10th: to the 20th."""
    settings.EVIDENCE_PICTURE_DAYS = 10
    photo = keep(draft.delivery_return.supplier, "photo.jpg", made.picture())
    first = photo.delete_after
    link_evidence(file=photo, line=draft, by=None, now=NOON + 7 * DAY)
    photo.refresh_from_db()
    assert photo.delete_after == first + 7 * DAY
    # The same bytes again on the 15th: to the 25th.
    again = keep(draft.delivery_return.supplier, "photo.jpg", made.picture(), now=NOON + 12 * DAY)
    assert (again.pk, again.delete_after) == (photo.pk, first + 12 * DAY)
    event = AuditEvent.objects.get(verb="evidence sent again")
    assert event.after == {"delete_after": (first + 12 * DAY).isoformat()}
    # A shorter time for files takes nothing back, and what is kept for ever stays so.
    settings.EVIDENCE_PICTURE_DAYS = 1
    assert keep(photo.supplier, "p.jpg", made.picture(), now=NOON).delete_after == first + 12 * DAY
    settings.EVIDENCE_PICTURE_DAYS = 0
    assert keep(photo.supplier, "p.jpg", made.picture(), now=NOON).delete_after is None
    settings.EVIDENCE_PICTURE_DAYS = 10
    assert keep(photo.supplier, "p.jpg", made.picture(), now=NOON).delete_after is None


@pytest.mark.parametrize("state", ["open", "sent_back"])
def test_what_serves_a_line_that_nobody_has_decided_stays(media, draft, settings, state):
    settings.EVIDENCE_FILE_DAYS = 5
    sheet = keep(draft.delivery_return.supplier)
    link_evidence(file=sheet, line=draft, by=None, now=NOON)
    ReturnLine.objects.filter(pk=draft.pk).update(state=state)
    assert forget_old_evidence(now=NOON + 400 * DAY) == 0
    sheet.refresh_from_db()
    assert sheet.file and sheet.deleted_at is None
    ReturnLine.objects.filter(pk=draft.pk).update(state=ReturnLine.State.PART)
    assert forget_old_evidence(now=NOON + 400 * DAY) == 1


@pytest.mark.django_db
def test_0_days_keeps_for_ever(media, settings):
    settings.EVIDENCE_FILE_DAYS = 0
    assert keep(make_organisation()).delete_after is None
    assert forget_old_evidence(now=NOON + datetime.timedelta(days=40000)) == 0


@pytest.mark.django_db
def test_a_file_that_the_disk_will_not_give_up_is_not_said_to_be_deleted(
    media, settings, monkeypatch
):
    settings.EVIDENCE_FILE_DAYS = 1
    kept = keep(make_organisation())

    def refuse(*_):
        raise OSError("read-only")

    monkeypatch.setattr(type(default_storage._wrapped), "delete", refuse)
    assert forget_old_evidence(now=NOON + datetime.timedelta(days=5)) == 0
    kept.refresh_from_db()
    assert kept.deleted_at is None and kept.file
    assert not AuditEvent.objects.filter(verb="evidence deleted").exists()
