"""PDFs of pages: drawn outside the web process when somebody asks, kept by the hash of what they say."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from charter.services.reference import load_charter
from tests.drawn import drawn, stored
from tests.factories import make_user
from tests.factories_steering import hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.models import AuditEvent, DrawnDocument
from trafford_sv.core.services import drawn_documents
from trafford_sv.core.services.drawings import CUT_OFF
from trafford_sv.core.services.drawn_documents import forget_documents
from trafford_sv.core.tasks import draw_document, draw_documents, forget_drawn_documents
from trafford_sv.core.views import drawn as view

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    load_charter(timezone.now(), False)
    return reverse("charter-pdf")


@pytest.fixture
def drawings(monkeypatch: Any) -> list[str]:
    """The html of each drawing that is made."""
    made: list[str] = []
    draw = drawn_documents.html_pdf

    def counted(html: str) -> bytes:
        made.append(html)
        return draw(html)

    monkeypatch.setattr(drawn_documents, "html_pdf", counted)
    return made


@pytest.fixture
def away(monkeypatch: Any) -> list[Any]:
    """What is handed to a queue that is away."""
    handed: list[Any] = []

    def refuse(task: Any, *args: Any) -> bool:
        handed.append((task.name, *args))
        return False

    monkeypatch.setattr(view, "hand_over", refuse)
    return handed


def test_it_is_drawn_once_for_everybody_and_read_from_its_file(
    client: Client, address: str, drawings: list[str]
) -> None:
    assert "There is no PDF of this yet" in client.get(address).text
    assert drawings == [] and not DrawnDocument.objects.exists(), "reading starts no work"
    first = drawn(client, address)
    row = DrawnDocument.objects.get()
    assert len(drawings) == 1 and row.state == "made" and row.html == ""
    assert (
        row.size_bytes == len(first) and AuditEvent.objects.filter(verb="document drawn").exists()
    )
    other = Client()
    with CaptureQueriesContext(connection) as queries:
        answer = other.get(address)
    assert len(queries) <= 12 and b"".join(answer.streaming_content) == first
    assert (
        'filename="' in answer["Content-Disposition"]
        and "sandbox" in answer["Content-Security-Policy"]
    )
    assert other.post(address).status_code == 302 and len(drawings) == 1


def test_another_look_of_documents_is_another_content(address: str, monkeypatch: Any) -> None:
    before = view.content_sha256("<p>The same")
    monkeypatch.setattr("trafford_sv.core.documents._look", lambda: b"another style")
    assert view.content_sha256("<p>The same") != before


def test_a_queue_that_is_away_is_said_and_the_schedule_draws(
    client: Client, address: str, drawings: list[str], away: list[Any]
) -> None:
    page = client.post(address, follow=True).text
    assert "is away just now" in page and "is being made" in page and "Look again" in page
    row = DrawnDocument.objects.get()
    assert away == [("trafford_sv.core.tasks.draw_document", row.pk)] and drawings == []
    assert "longer than it should" not in client.get(address).text
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11)):
        assert "longer than it should" in client.get(address).text
    assert draw_documents() == 1 and draw_documents() == 0
    assert stored(client, address) and len(drawings) == 1


def test_a_strangers_presses_start_the_work_once_and_are_few(
    address: str, away: list[Any], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = [".example.org"]
    bulletin = reverse("bulletin-pdf")
    before = AuditEvent.objects.count()
    answers = [Client().post(bulletin, HTTP_HOST=f"h{n}.example.org") for n in range(11)]
    assert [answer.status_code for answer in answers] == [302] * 10 + [429]
    assert len(away) == 1 and DrawnDocument.objects.count() == 1
    assert f"{settings.SITE_URL}/needs/" in DrawnDocument.objects.get().html
    # Whoever has an account is not counted with the others at the same address.
    reader = Client()
    reader.force_login(make_user())
    assert reader.post(bulletin, HTTP_HOST="h.example.org").status_code == 302
    # One that failed is work again, and no event.
    DrawnDocument.objects.update(state="failed", tries=3)
    for _ in range(2):
        reader.post(bulletin, HTTP_HOST="h.example.org")
    assert len(away) == 2 and AuditEvent.objects.count() == before


def test_one_that_fails_says_so_and_can_be_asked_for_again(
    client: Client, address: str, away: list[Any], monkeypatch: Any
) -> None:
    def broken(html: str) -> bytes:
        raise RuntimeError("no fonts")

    client.post(address)
    with monkeypatch.context() as patch:
        patch.setattr(drawn_documents, "html_pdf", broken)
        assert draw_documents() == 0
        assert "is tried again" in client.get(address).text
        assert [draw_documents(), draw_documents()] == [0, 0]
    row = DrawnDocument.objects.get()
    assert (row.state, row.tries, row.failure) == ("failed", 3, "no fonts")
    page = client.get(address).text
    assert "could not be made" in page and "no fonts" not in page
    assert draw_documents() == 0
    client.post(address)
    assert draw_documents() == 1 and stored(client, address)


@pytest.fixture
def own_storage(settings: Any, tmp_path: Any) -> Path:
    """Where the files of this test alone lie: other tests that run beside it write documents too."""
    settings.MEDIA_ROOT = tmp_path
    return Path(tmp_path) / drawn_documents.FOLDER


def make(row: DrawnDocument) -> bool:
    return drawn_documents.make_document(document=row, by=None, now=timezone.now())


def test_of_two_workers_that_begin_at_once_one_draws(
    own_storage: Path, client: Client, address: str, away: list[Any], drawings: list[str]
) -> None:
    client.post(address)
    first, second = DrawnDocument.objects.get(), DrawnDocument.objects.get()
    assert [make(first), make(second)] == [True, False] and len(drawings) == 1
    _only_file(own_storage)


def test_two_workers_leave_one_file(
    own_storage: Path, client: Client, address: str, away: list[Any], monkeypatch: Any
) -> None:
    """The second begins while the first still draws, and is done before it."""
    client.post(address)
    draw, inner = drawn_documents.html_pdf, []

    def slow(html: str) -> bytes:
        monkeypatch.setattr(drawn_documents, "html_pdf", draw)
        inner.append(make(DrawnDocument.objects.get()))
        return draw(html)

    monkeypatch.setattr(drawn_documents, "html_pdf", slow)
    assert make(DrawnDocument.objects.get()) is False and inner == [True]
    _only_file(own_storage)


def _only_file(folder: Path) -> None:
    row = DrawnDocument.objects.get()
    assert [file.name for file in folder.iterdir()] == [row.file.name.rsplit("/", 1)[1]]


def test_one_that_kills_its_worker_holds_up_no_other(monkeypatch: Any) -> None:
    class Killed(BaseException):
        pass

    def draw(html: str) -> bytes:
        if html == "deadly":
            raise Killed
        return b"%PDF-"

    monkeypatch.setattr(drawn_documents, "html_pdf", draw)
    now = timezone.now()
    for place, html in enumerate(("deadly", "harmless")):
        asked = now + datetime.timedelta(seconds=place)
        DrawnDocument.objects.create(content_sha256=html, html=html, asked_at=asked)
    states = []
    for _ in range(3):
        with pytest.raises(Killed):
            draw_documents()
        states.append(dict(DrawnDocument.objects.values_list("html", "tries")))
    assert states == [{"deadly": 1, "harmless": 0}, {"deadly": 2, "": 1}, {"deadly": 3, "": 1}]
    assert draw_documents() == 0
    deadly = DrawnDocument.objects.get(html="deadly")
    assert (deadly.state, deadly.failure) == ("failed", CUT_OFF)


def test_one_that_was_given_up_while_its_last_try_ran_is_kept(
    own_storage: Path, monkeypatch: Any
) -> None:
    row = DrawnDocument.objects.create(
        content_sha256="slow", html="slow", asked_at=timezone.now(), tries=2
    )

    def slow(html: str) -> bytes:
        assert draw_documents() == 0
        row.refresh_from_db()
        assert row.state == "failed"
        return b"%PDF-"

    monkeypatch.setattr(drawn_documents, "html_pdf", slow)
    assert draw_documents() == 1
    row.refresh_from_db()
    assert (row.state, row.failure) == ("made", "")
    _only_file(own_storage)


def test_one_that_was_forgotten_meanwhile_is_no_error(own_storage: Path, monkeypatch: Any) -> None:
    assert draw_document(4_000_000) is False
    row = DrawnDocument.objects.create(content_sha256="gone", html="x", asked_at=timezone.now())

    def forget(html: str) -> bytes:
        DrawnDocument.objects.all().delete()
        return b"%PDF-"

    monkeypatch.setattr(drawn_documents, "html_pdf", forget)
    assert draw_document(row.pk) is False and list(own_storage.iterdir()) == []


def test_old_ones_are_forgotten_with_their_files(client: Client, address: str) -> None:
    drawn(client, address)
    default_storage.delete(DrawnDocument.objects.get().file.name)
    assert drawn(client, address)[:5] == b"%PDF-", "a file that is gone is drawn again"
    path = DrawnDocument.objects.get().file.name
    assert forget_drawn_documents() == 0 and default_storage.exists(path)
    later = timezone.now() + datetime.timedelta(days=91)
    assert forget_documents(days=90, by=None, now=later) == 1
    assert not DrawnDocument.objects.exists() and not default_storage.exists(path)
    assert drawn(client, address)[:5] == b"%PDF-"


def test_a_pack_is_drawn_anew_when_it_changes_not_each_day(
    client: Client, drawings: list[str]
) -> None:
    chair, member = make_chair(), make_user("steering_member")
    seat = make_seat("Health board", member)
    before = make_meeting(timezone.localdate() - datetime.timedelta(days=40))
    hold(before, chair, seat, chair=chair)
    meeting = make_meeting(timezone.localdate() + datetime.timedelta(days=30))
    make_item(meeting, "Grants for hubs")
    make_item(meeting, "Secret name", is_confidential=True)
    address = reverse("steering-pack-pdf", args=[meeting.pk])
    client.force_login(member)
    drawn(client, address)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        next_day = Client()
        next_day.force_login(member)
        assert stored(next_day, address)
    drawn(client, address + "?version=public")
    members, public = drawings
    assert "Secret name" in members and "Secret name" not in public
    make_item(meeting, "Added since")
    assert "what it shows has changed" in client.get(address).text
    assert "Added since" in (drawn(client, address) and drawings[-1])
    # A stranger gets nothing of a draft, and nothing is drawn for them.
    made = len(drawings)
    assert Client().post(address).status_code == 404 and len(drawings) == made
    hold(meeting, chair, seat, chair=chair)
    drawn(Client(), address)
    assert "Secret name" not in drawings[-1]
