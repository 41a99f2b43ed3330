"""Stories: consent before publication, a picture without its place, few people not counted out."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import ExifTags, Image

from charter import sections
from charter.models import CaseStudy
from charter.services import case_studies
from charter.services.reference import load_case_studies, load_charter
from tests.charter.rows import NOW, TODAY, make_case_study, publish
from tests.factories import make_user
from trafford_sv.directory.sections import Section

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def picture() -> bytes:
    """A JPEG into which a camera wrote where it was."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Invented Camera"
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (53.0, 25.0, 1.0)}
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


def publish_now(row: CaseStudy) -> CaseStudy:
    row.refresh_from_db()
    return case_studies.publish_case_study(
        case_study=row, published_on=TODAY, expected_version=row.version, by=None, now=NOW
    )


def test_a_story_without_consent_is_not_published_by_anybody():
    row = make_case_study()
    with pytest.raises(ValidationError, match="Record who agreed"):
        publish_now(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseStudy.objects.filter(pk=row.pk).update(state="published")
    case_studies.change_case_study(
        case_study=row, changes={"consent_words": "All of them", "consent_on": TODAY},
        expected_version=1, by=None, now=NOW,
    )  # fmt: skip
    assert publish_now(row).published_on == TODAY
    with pytest.raises(ValidationError, match="before it is published"):
        case_studies.change_case_study(
            case_study=row, changes={"consent_words": ""}, expected_version=3, by=None, now=NOW
        )


def test_a_draft_is_seen_by_officers_alone(client: Client):
    row = make_case_study()
    assert client.get(row.get_absolute_url()).status_code == 404
    assert row.title not in client.get(reverse("case-study-list")).text
    client.force_login(make_user("steering_member"))
    assert client.get(row.get_absolute_url()).status_code == 200


def test_fewer_than_five_people_are_not_counted_out_in_public(client: Client):
    row = publish(make_case_study(people_helped=3))
    for address in (row.get_absolute_url(), reverse("case-study-list")):
        assert "fewer than 5 people" in client.get(address).text
    csv = client.get(reverse("case-study-list") + "?format=csv")
    assert ",3," not in b"".join(csv.streaming_content).decode()
    client.force_login(make_user())
    assert "3 people" in client.get(row.get_absolute_url()).text


def test_a_picture_is_kept_without_its_place_and_only_with_words_for_it(client: Client):
    row = publish(make_case_study())
    client.force_login(make_user())
    address = reverse("case-study-picture-set", args=[row.key])
    sent = {"version": row.version, "picture_credit": "A hub"}
    answer = client.post(address, {**sent, "picture": SimpleUploadedFile("a.jpg", picture())})
    assert "Say what the picture shows" in answer.text
    sent["picture_alt"] = "A garden"
    bad = client.post(address, {**sent, "picture": SimpleUploadedFile("a.jpg", b"%PDF-1.4")})
    assert bad.status_code == 200 and not CaseStudy.objects.get().picture
    good = client.post(address, {**sent, "picture": SimpleUploadedFile("a.jpg", picture())})
    assert good.status_code == 302
    client.logout()
    body = b"".join(client.get(reverse("case-study-picture", args=[row.key])).streaming_content)
    shown = Image.open(io.BytesIO(body))
    assert shown.size == (40, 30)
    assert not shown.getexif() and b"Invented Camera" not in body
    assert 'alt="A garden"' in client.get(row.get_absolute_url()).text
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseStudy.objects.update(picture_alt="")


def test_a_withdrawn_story_and_its_picture_are_gone(
    client: Client, tmp_path: Any, django_capture_on_commit_callbacks: Any
):
    row = publish(make_case_study())
    with django_capture_on_commit_callbacks(execute=True):
        row = case_studies.set_picture(
            case_study=row, file=io.BytesIO(picture()), name="a.jpg", alt="A garden", credit="",
            expected_version=row.version, by=None, now=NOW,
        )  # fmt: skip
    assert len(list(tmp_path.rglob("*.jpeg"))) == 1
    with django_capture_on_commit_callbacks(execute=True):
        case_studies.withdraw_case_study(
            case_study=row, reason="Consent taken back", expected_version=row.version,
            by=None, now=NOW,
        )  # fmt: skip
    assert list(tmp_path.rglob("*.jpeg")) == []
    assert client.get(row.get_absolute_url()).status_code == 404
    assert client.get(reverse("case-study-picture", args=[row.key])).status_code == 404


def test_the_two_examples_of_the_report_are_published_and_say_where_they_come_from(client: Client):
    load_charter(timezone.now(), False)
    assert load_case_studies(timezone.now(), False).created == 2
    assert load_case_studies(timezone.now(), False).created == 0
    page = client.get("/charter/case-studies/hong-kong-newcomers/").text
    assert "at least 200 people" in page and "24 October 2022" in page
    assert "The Growth Company" in page
    assert "not yet what was delivered" in client.get("/charter/case-studies/trafford-carers-centre/").text  # fmt: skip


def test_the_storeys_above_show_what_hangs_on_a_story(client: Client):
    row = publish(make_case_study())

    def linked(case_study: Any, user: Any, today: Any) -> Section:
        return Section("needs", f"Needs of {case_study.key}", "components/messages.html")

    sections.register_case_study_section("test", linked)
    try:
        assert f"Needs of {row.key}" in client.get(row.get_absolute_url()).text
    finally:
        sections._CASE_STUDIES.pop("test")
