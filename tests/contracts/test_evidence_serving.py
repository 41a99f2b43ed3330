"""Evidence on its way to a browser: who gets it, and that nothing in it runs; and its way in."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from contracts.models import EvidenceFile, EvidenceLink, ReturnEvent
from contracts.services.evidence import store_evidence
from tests.contracts import evidence_files as made
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import NOON, make_commitment, make_line, make_return
from tests.watched_queries import read_whole
from trafford_sv.core.serving import disposition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def line():
    commitment = make_commitment()
    return make_line(
        make_return(commitment.contract, commitment.supplier, state="draft"), commitment
    )


@pytest.fixture
def sent_line(line):
    """The same, once it was sent: before, it is its supplier's own."""
    type(line.delivery_return).objects.update(state="submitted")
    type(line).objects.update(is_counted=True)
    return line


def signed_in(role="coordinator", organisation=None):
    client = Client()
    client.force_login(make_user(role, organisation))
    return client


def keep(line, name="minutes.pdf", body=None):
    file = store_evidence(
        file=ContentFile(made.pdf() if body is None else body),
        original_name=name,
        supplier=line.delivery_return.supplier,
        by=None,
        now=NOON,
    )
    EvidenceLink.objects.create(file=file, line=line, linked_at=NOON, linked_by_name="A test")
    return file


def address(file, name="evidence-file"):
    return reverse(name, kwargs={"pk": file.pk})


def test_the_bytes_are_a_download_in_which_nothing_runs(sent_line):
    response = signed_in().get(address(keep(sent_line)))
    assert b"".join(response.streaming_content) == made.pdf()
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith('attachment; filename="minutes.pdf";')
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"


def test_a_picture_is_shown_as_we_drew_it_and_downloaded_as_it_was_sent(sent_line):
    original = made.picture(place=True)
    file, client = keep(sent_line, "photo.jpg", original), signed_in()
    shown = client.get(address(file, "evidence-picture"))
    body = b"".join(shown.streaming_content)
    assert not Image.open(io.BytesIO(body)).getexif()
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Content-Disposition"].startswith("inline;")
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    whole = client.get(address(file))
    assert b"".join(whole.streaming_content) == original
    assert whole["Content-Disposition"].startswith("attachment;")


def test_nothing_but_a_picture_is_shown_in_the_browser(sent_line):
    assert signed_in().get(address(keep(sent_line), "evidence-picture")).status_code == 404


@pytest.mark.parametrize("name", ["evidence-file", "evidence-picture", "evidence-detail"])
def test_who_gets_it(sent_line, name):
    file = keep(sent_line, "photo.jpg", made.picture())
    mine, other = make_organisation("", "council_service"), make_organisation("", "council_service")
    contract = sent_line.delivery_return.contract
    contract.directorate = mine
    contract.save()

    def answer(role, organisation=None):
        response = signed_in(role, organisation).get(address(file, name))
        read_whole(response)
        return response.status_code

    assert answer("coordinator") == answer("auditor") == 200
    assert answer("contract_manager", mine) == 200
    assert answer("supplier", sent_line.delivery_return.supplier) == 200
    assert answer("contract_manager", other) == 404
    assert answer("supplier", make_organisation()) == 404
    assert answer("hub", make_organisation("", "hub")) == 403
    assert answer("steering_member") == 403
    assert Client().get(address(file, name)).status_code == 302


def test_the_file_has_no_other_address(line):
    file = keep(line)
    client = signed_in()
    for path in (f"/media/{file.file.name}", f"/{file.file.name}", f"/static/{file.file.name}"):
        assert client.get(path).status_code == 404


def test_a_forgotten_file_says_so(sent_line):
    file = keep(sent_line)
    EvidenceFile.objects.update(deleted_at=NOON, file="")
    client = signed_in()
    response = client.get(address(file))
    assert response.status_code == 410
    assert "4 May 2026" in response.content.decode()
    assert client.get(address(file, "evidence-detail")).status_code == 200


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain.pdf", "attachment; filename=\"plain.pdf\"; filename*=UTF-8''plain.pdf"),
        ("Café “x”.pdf", "filename=\"Cafe x.pdf\"; filename*=UTF-8''Caf%C3%A9%20%E2%80%9Cx%E2%80%9D.pdf"),
        ('a"; filename="b.html', 'filename="a__ filename__b.html"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'filename="a__Set-Cookie_ x_1.pdf"'),
        ("报告", "filename=\"file\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A"),
    ],
)  # fmt: skip
def test_the_name_in_the_header(name, header):
    given = disposition("attachment", name)
    assert header in given
    assert given.isascii() and "\r" not in given and "\n" not in given


def test_the_page_says_what_else_it_serves_without_saying_where(
    sent_line, django_assert_max_num_queries
):
    supplier = sent_line.delivery_return.supplier
    mine = make_organisation("", "council_service")
    sent_line.delivery_return.contract.directorate = mine
    sent_line.delivery_return.contract.save()
    file = keep(sent_line)
    elsewhere = make_contract(title="Quagga paddock", reference="QUAGGA-1")
    commitment = make_commitment(elsewhere, supplier=supplier)
    unseen = make_line(make_return(elsewhere, supplier), commitment)
    EvidenceLink.objects.create(file=file, line=unseen, linked_at=NOON, linked_by_name="A test")
    client = signed_in("contract_manager", mine)
    with django_assert_max_num_queries(12):
        page = client.get(address(file, "evidence-detail")).content.decode()
    assert "And 1 line in an agreement you cannot see." in page
    assert "QUAGGA" not in page
    everything = signed_in().get(address(file, "evidence-detail")).content.decode()
    assert "QUAGGA-1" in everything and "you cannot see" not in everything
    assert file.sha256 in page


# --- the supplier's page ------------------------------------------------------------------


def files_address(line):
    return reverse("supplier-line-files", kwargs={"pk": line.pk})


def sent(name, body):
    return SimpleUploadedFile(name, body)


def test_several_files_at_once_and_one_that_is_no_good(line):
    client = signed_in("supplier", line.delivery_return.supplier)
    response = client.post(
        files_address(line),
        {
            "action": "send",
            "files": [
                sent("minutes.pdf", made.pdf()),
                sent("photo.jpg", made.picture(place=True)),
                sent("macros.docm", made.docx()),
            ],
        },
    )
    page = response.content.decode()
    assert response.status_code == 200
    assert "macros.docm: This file has macros in it" in page
    assert "2 of 3 files are with this line now." in page
    assert "where this picture was taken" in page
    assert sorted(line.evidence.values_list("original_name", flat=True)) == [
        "minutes.pdf",
        "photo.jpg",
    ]
    assert ReturnEvent.objects.filter(action="file_added").count() == 2


def test_taking_off_and_using_again(line):
    supplier = line.delivery_return.supplier
    file = keep(line)
    client = signed_in("supplier", supplier)
    page = client.post(files_address(line), {"action": "take-off", "file": file.pk}, follow=True)
    assert "is taken off this line. You can put it back below." in page.content.decode()
    assert "Use a file that you have sent already" in page.content.decode()
    assert not line.evidence.exists() and EvidenceFile.objects.count() == 1
    client.post(files_address(line), {"action": "use", "file": file.pk})
    assert list(line.evidence.all()) == [file]


def test_a_supplier_cannot_use_or_reach_what_is_anothers(line):
    commitment = make_commitment()
    theirs = make_line(
        make_return(commitment.contract, commitment.supplier, state="draft"), commitment
    )
    unseen = keep(theirs, "quagga.pdf")
    client = signed_in("supplier", line.delivery_return.supplier)
    page = client.post(files_address(line), {"action": "use", "file": unseen.pk})
    assert "Choose a file from the list." in page.content.decode()
    assert "quagga" not in client.get(files_address(line)).content.decode()
    assert client.get(files_address(theirs)).status_code == 404
    assert client.post(files_address(theirs), {"files": [sent("a.txt", b"x")]}).status_code == 404
    assert not line.evidence.exists()


def test_a_submitted_line_keeps_its_files_and_keeps_no_new_ones(line):
    file = keep(line)
    type(line.delivery_return).objects.update(state="submitted")
    client = signed_in("supplier", line.delivery_return.supplier)
    assert "Send the files" not in client.get(files_address(line)).content.decode()
    page = client.post(files_address(line), {"files": [sent("b.txt", b"ten people")]})
    assert "cannot be changed now" in page.content.decode()
    page = client.post(files_address(line), {"action": "take-off", "file": file.pk})
    assert "cannot be changed now" in page.content.decode()
    assert list(EvidenceFile.objects.all()) == list(line.evidence.all()) == [file]


@pytest.mark.parametrize("files", [1, 20])
def test_the_page_asks_the_same_for_many_files(line, files, django_assert_max_num_queries):
    for number in range(files):
        keep(line, f"note {number}.txt", f"{number} people came".encode())
    client = signed_in("supplier", line.delivery_return.supplier)
    client.get(files_address(line))
    with django_assert_max_num_queries(10):
        client.get(files_address(line))


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.txt",
        "a\\..\\b.txt",
        "x" * 300 + ".txt",
        "in\u202etxt.txt",
        "a%0D%0Ab.txt",
    ],
)
def test_a_name_never_becomes_a_path(line, name, settings):
    client = signed_in("supplier", line.delivery_return.supplier)
    client.post(files_address(line), {"files": [sent(name, b"ten people came")]})
    kept = EvidenceFile.objects.get()
    assert len(kept.original_name) <= 255 and kept.original_name.endswith("txt")
    assert not set(kept.original_name) & set("/\\\r\n\u202e")
    assert kept.file.name.startswith("evidence/") and ".." not in kept.file.name


# --- too much -----------------------------------------------------------------------------


def test_a_file_over_the_limit_is_read_past_and_kept_nowhere(line, settings, tmp_path):
    settings.EVIDENCE_MAX_BYTES = 1024 * 1024
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    client = signed_in("supplier", line.delivery_return.supplier)
    response = client.post(
        files_address(line),
        {"files": [sent("big.txt", b"x" * 4_000_000), sent("small.txt", b"ten people")]},
    )
    page = response.content.decode()
    assert "big.txt: This file is too large: the most we take is 1 MB." in page
    assert list(line.evidence.values_list("original_name", flat=True)) == ["small.txt"]
    assert [each for each in tmp_path.iterdir() if each.name != "media"] == []


class _Endless(io.RawIOBase):
    """A body that says how much of it was read."""

    def __init__(self):
        self.taken = 0

    def readable(self):
        return True

    def read(self, size=-1):
        assert size and size > 0, "it would be read whole"
        self.taken += size
        return b"x" * size


@pytest.mark.parametrize("signed", [True, False])
def test_2_gigabytes_are_refused_by_their_length(line, settings, signed):
    body = _Endless()
    client = signed_in("supplier", line.delivery_return.supplier) if signed else Client()
    response = client.generic(
        "POST",
        files_address(line),
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(2 * 1024**3),
        **{"wsgi.input": body},
    )
    if signed:
        assert response.status_code == 413
        assert "One file may be up to 25 MB" in response.content.decode()
        assert body.taken <= settings.EVIDENCE_REQUEST_MAX_BYTES + 1024 * 1024
    else:
        assert response.status_code == 302
        assert body.taken == 0
    assert not EvidenceFile.objects.exists()
