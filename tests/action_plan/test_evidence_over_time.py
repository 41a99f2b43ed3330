"""Evidence that is a figure of the product, an action's yardstick, and files whose time is up."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from action_plan.models import Criterion, CriterionEvidence
from action_plan.offered_figures import offered_names, read_figure
from action_plan.services.maturity import add_file
from action_plan.services.maturity.evidence import forget_old_evidence
from reporting.catalogue import CATALOGUE
from tests.factories import make_user
from tests.factories_maturity import NOW, make_opened
from tests.factories_offers import make_fit, make_promise
from tests.factories_plan import make_action
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db


def put(client: Any, assessment: Any, **values: Any) -> Any:
    criterion = Criterion.objects.get(code="GO-1a")
    address = reverse("criterion-evidence-add", args=[assessment.pk, criterion.pk, "figure"])
    return client.post(address, {"note": "It shows it", **values})


def test_reporting_offers_each_figure_of_its_catalogue_with_its_basis() -> None:
    names = offered_names()
    assert names["social_value.verified"] == "Social value, verified with evidence"
    assert {key.partition(".")[0] for key in names if not key.endswith("_share")} == set(CATALOGUE)
    for key in names:
        reading = read_figure(key, datetime.date(2026, 8, 3))
        assert reading is not None and reading.on == datetime.date(2026, 6, 30), key
    assert read_figure("typed by hand", datetime.date(2026, 8, 3)) is None


def test_a_figure_of_the_product_is_taken_as_it_stood(client: Any) -> None:
    assessment = make_opened()
    make_promise(make_fit())
    make_promise(make_fit())
    client.force_login(make_user("coordinator"))
    assert put(client, assessment, offered="commitments").status_code == 302
    row = CriterionEvidence.objects.get()
    assert (row.metric_key, row.figure_quantity) == ("commitments", Decimal(2))
    assert row.figure_on == Quarter.of(timezone.localdate()).previous.end
    assert row.words.startswith("Commitments: 2 on ")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"offered": "spend_retained"}, "Nothing is recorded for this figure yet"),
        ({"offered": "commitments", "figure_quantity": "3"}, "not both"),
        ({"offered": "a\0b"}, "There is a problem"),
        ({}, "Say which figure it is, or choose one of this product"),
        ({"metric_key": "Tenders", "figure_on": "1/4/2026"}, "Enter the value"),
        ({"metric_key": "Tenders", "figure_quantity": "1"}, "Enter the day"),
    ],
)
def test_what_is_no_figure_is_said(client: Any, values: Any, sentence: str) -> None:
    assessment = make_opened()
    client.force_login(make_user("coordinator"))
    answer = put(client, assessment, **values)
    assert answer.status_code == 200 and sentence in answer.text
    assert not CriterionEvidence.objects.exists()


def test_an_action_shows_what_its_yardstick_reads_to_members_alone(client: Any) -> None:
    make_promise(make_fit())
    action = make_action(metric_key="commitments")
    assert "Commitments: 1" not in client.get(action.get_absolute_url()).text
    client.force_login(make_user("coordinator"))
    assert "Commitments: 1" in client.get(action.get_absolute_url()).text
    empty = make_action(metric_key="spend_retained_share")
    page = client.get(empty.get_absolute_url()).text
    assert "that is retained: nothing recorded yet" in page
    assert "my.own" in client.get(make_action(metric_key="my.own").get_absolute_url()).text


def test_a_file_goes_when_its_time_is_up_and_what_it_showed_stays(
    settings: Any, tmp_path: Any, client: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.EVIDENCE_FILE_DAYS = 10
    assessment = make_opened()
    row = add_file(
        assessment=assessment, criterion=Criterion.objects.get(code="GO-1a"),
        file=SimpleUploadedFile("plan.txt", b"The plan of the year"), original_name="plan.txt",
        note="The plan", by=None, now=NOW,
    )  # fmt: skip
    # Made on 4 May 2026: the tenth day after is 14 May, and it goes on the day after that.
    assert row.delete_after == datetime.date(2026, 5, 14)
    last_day = NOW + datetime.timedelta(days=10)
    assert forget_old_evidence(now=last_day) == 0
    path = tmp_path / str(row.file.name)
    assert path.exists()
    assert forget_old_evidence(now=last_day + datetime.timedelta(days=1)) == 1
    assert forget_old_evidence(now=last_day + datetime.timedelta(days=2)) == 0
    row.refresh_from_db()
    assert not path.exists() and not row.file and row.deleted_at and row.sha256
    event = AuditEvent.objects.get(verb="evidence deleted")
    assert event.after["file"] == "plan.txt" and "14 May 2026" in event.reason
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("assessment-theme", args=[assessment.pk, "governance"])).text
    assert "plan.txt, deleted 15 May 2026 because its time was up" in page
    gone = client.get(reverse("criterion-evidence-file", args=[row.pk]))
    assert gone.status_code == 404


def test_without_a_limit_files_are_kept(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.EVIDENCE_FILE_DAYS = 0
    row = add_file(
        assessment=make_opened(), criterion=Criterion.objects.get(code="GO-1a"),
        file=SimpleUploadedFile("plan.txt", b"The plan"), original_name="plan.txt", note="x",
        by=None, now=NOW,
    )  # fmt: skip
    assert row.delete_after is None
    assert forget_old_evidence(now=NOW + datetime.timedelta(days=9_999)) == 0
