"""The maturity room as people and programs meet it."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from action_plan.models import (
    Assessment,
    Criterion,
    CriterionAction,
    CriterionEvidence,
    DesiredOutcome,
    MaturityEdition,
    Score,
    ThemeResult,
)
from action_plan.selectors.maturity import awaiting_agreement, plan_gaps, points_of, standing
from action_plan.services.maturity import add_evidence, open_moderation
from action_plan.stages import Stage
from tests.factories import make_user
from tests.factories_maturity import (
    NOW,
    make_assessment,
    make_assessor,
    make_criterion,
    make_maturity_edition,
    make_opened,
    score_all,
)
from tests.factories_plan import THEMES, make_action, make_theme

pytestmark = pytest.mark.django_db
SECRET = "Quagga reasons"
TODAY = datetime.date(2026, 11, 30)


def signed_in(who) -> Client:
    client = Client()
    client.force_login(who if not isinstance(who, str) else make_user(who))
    return client


def agreed(day: str, stage: str, **values) -> Assessment:
    """An assessment that was agreed at one stage for Governance, written straight."""
    edition = MaturityEdition.objects.first() or make_maturity_edition()
    row = Assessment.objects.create(
        name=f"Assessment of {day}", assessed_on=datetime.date.fromisoformat(day), edition=edition,
        created_at=NOW, opened_at=NOW, **values,
    )  # fmt: skip
    ThemeResult.objects.create(
        assessment=row, theme=make_theme("GO"), state="agreed", stage=stage, reasons="Yes.",
        agreed_at=NOW,
    )  # fmt: skip
    row.state, row.agreed_at = "agreed", NOW
    row.save()
    return row


def blind() -> tuple[Assessment, Client]:
    """Scored by one assessor with secret words; and a fellow assessor, signed in."""
    assessment = make_assessment()
    mine = make_assessor(assessment)
    score_all(mine, Stage.LEADER, SECRET)
    add_evidence(
        assessment=assessment, criterion=Criterion.objects.get(code="GO-3a"), kind="link",
        values={"url": "https://example.org/secret-link", "note": SECRET}, by=mine.user, now=NOW,
    )  # fmt: skip
    return assessment, signed_in(make_assessor(assessment, service="Planning").user)


def every_address(assessment: Assessment) -> list[str]:
    pk = assessment.pk
    return [
        reverse("maturity-overview"),
        reverse("maturity-theme", args=["governance"]),
        reverse("assessment-list"),
        reverse("assessment-list") + "?format=csv",
        reverse("assessment-detail", args=[pk]),
        reverse("assessment-theme", args=[pk, "governance"]),
        reverse("assessment-score", args=[pk, "governance"]),
        reverse("scores-send", args=[pk]),
        reverse("maturity-edition", args=[assessment.edition_id]),
        reverse("api-assessments"),
        reverse("api-assessments") + "?format=csv",
        reverse("api-assessment", args=[pk]),
        reverse("api-maturity-criteria"),
    ]


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code in {200, 302}, address
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


@pytest.mark.parametrize("who", ["fellow", "coordinator", "auditor"])
def test_no_page_export_api_or_log_shows_a_score_or_its_evidence_before_moderation(who):
    assessment, fellow = blind()
    client = fellow if who == "fellow" else signed_in(who)
    addresses = every_address(assessment)
    if who != "fellow":
        addresses = [a for a in addresses if "/scores/" not in a and not a.endswith("/send/")]
        addresses.append(reverse("audit-list"))
    for address in addresses:
        text = text_of(client, address)
        assert SECRET not in text, address
        assert "secret-link" not in text, address
    evidence = CriterionEvidence.objects.get()
    assert client.get(reverse("criterion-evidence-file", args=[evidence.pk])).status_code == 404
    assert not Score.objects.visible_to(make_user("coordinator")).exists()


def test_after_moderation_opens_first_scores_are_read_by_all_and_stay_visible():
    assessment, fellow = blind()
    open_moderation(assessment=assessment, by=None, now=NOW)
    for address in (
        reverse("assessment-theme", args=[assessment.pk, "governance"]),
        reverse("api-assessment", args=[assessment.pk]),
    ):
        assert SECRET in text_of(fellow, address)


def test_an_assessor_scores_theme_by_theme_checks_and_sends():
    assessment = make_assessment()
    client = signed_in(make_assessor(assessment).user)
    address = reverse("assessment-score", args=[assessment.pk, "internal-management"])
    for _ in THEMES:
        assert client.get(address).status_code == 200
        answer = client.post(
            address, {"version": "0", "stage": "cannot_say", "reasons": "Not from here."}
        )
        address = answer["Location"]
    assert address == reverse("scores-send", args=[assessment.pk])
    assert "Send my scores" in text_of(client, address)
    client.post(address)
    assert Score.objects.filter(stage=None, assessor__sent_at__isnull=False).count() == 7
    shown = client.get(reverse("assessment-detail", args=[assessment.pk])).content.decode()
    assert "Take my scores back" in shown


def test_who_is_not_named_cannot_score():
    assessment = make_assessment()
    client = signed_in("steering_member")
    address = reverse("assessment-score", args=[assessment.pk, "governance"])
    values = {"version": "0", "stage": "leader", "reasons": "x"}
    assert client.get(address).status_code == 403
    assert client.post(address, values).status_code == 403
    assert not Score.objects.exists()


def test_a_score_without_reasons_is_asked_for_and_the_choice_is_kept():
    assessment = make_assessment()
    client = signed_in(make_assessor(assessment).user)
    address = reverse("assessment-score", args=[assessment.pk, "governance"])
    answer = client.post(address, {"version": "0", "stage": "leader", "reasons": ""})
    assert "Give your reasons" in answer.content.decode()
    assert answer.context["form"]["stage"].value() == "leader"


def test_the_chair_proposes_proves_and_agrees_and_the_page_then_offers_nothing():
    assessment = make_opened()
    client = signed_in("steering_chair")
    page = reverse("assessment-theme", args=[assessment.pk, "governance"])
    propose = reverse("stage-propose", args=[assessment.pk, "governance"])
    client.post(propose, {"version": "1", "stage": "minimum", "reasons": "They do."})
    agree = reverse("stage-agree", args=[assessment.pk, "governance"])
    answer = client.post(agree, {"version": "2", "decision": ""})
    assert "Criterion GO-0a has neither evidence nor a recorded reason" in answer.content.decode()
    criterion = Criterion.objects.get(code="GO-0a")
    client.post(
        reverse("criterion-reason", args=[assessment.pk, criterion.pk]), {"reason": "Known well."}
    )
    assert client.post(agree, {"version": "2", "decision": "Item 4"})["Location"] == page
    shown = client.get(page).content.decode()
    assert "Agreed: 0 Minimum" in shown
    assert "Propose a stage" not in shown
    assert "Put evidence" not in shown
    assert client.get(agree)["Location"] == page
    answer = client.post(propose, {"version": "3", "stage": "leader", "reasons": "More."})
    assert "was agreed and stays as it is" in answer.content.decode()


def test_the_co_ordinator_is_told_when_nobody_has_scored_yet():
    assessment = make_assessment()
    client = signed_in("coordinator")
    address = reverse("moderation-open", args=[assessment.pk])
    assert "Nobody has sent scores yet" in text_of(client, address)
    answer = client.post(address, follow=True)
    assert "Nobody has sent scores yet" in answer.content.decode()
    assert Assessment.objects.get().state == "scoring"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("link", {"url": "https://example.org/plan"}),
        ("figure", {"metric_key": "Tenders that ask", "figure_quantity": "0.8",
                    "figure_on": "31/3/2026"}),
        ("action", {}),
        ("file", {}),
    ],
)  # fmt: skip
def test_each_kind_of_evidence_is_put_shown_and_taken_off(kind, values, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assessment = make_opened()
    client = signed_in("coordinator")
    criterion = Criterion.objects.get(code="GO-1a")
    values = {**values, "note": "It shows the plan"}
    if kind == "action":
        values["action"] = make_action().pk
    if kind == "file":
        values["file"] = SimpleUploadedFile("plan.txt", b"The plan of the year")
    address = reverse("criterion-evidence-add", args=[assessment.pk, criterion.pk, kind])
    assert client.get(address).status_code == 200
    assert client.post(address, values).status_code == 302
    page = reverse("assessment-theme", args=[assessment.pk, "governance"])
    assert "It shows the plan" in text_of(client, page)
    row = CriterionEvidence.objects.get()
    if kind == "file":
        download = client.get(reverse("criterion-evidence-file", args=[row.pk]))
        assert download["Content-Disposition"].startswith("attachment")
        assert b"".join(download) == b"The plan of the year"
    client.post(reverse("criterion-evidence-remove", args=[row.pk]))
    assert not CriterionEvidence.objects.exists()


def test_a_program_disguised_as_evidence_is_refused_with_a_sentence():
    assessment = make_opened()
    client = signed_in("coordinator")
    criterion = Criterion.objects.get(code="GO-1a")
    address = reverse("criterion-evidence-add", args=[assessment.pk, criterion.pk, "file"])
    answer = client.post(
        address, {"note": "x", "file": SimpleUploadedFile("plan.pdf", b"MZ\x90\x00\x03")}
    )
    assert "program or a script" in answer.content.decode()
    assert not CriterionEvidence.objects.exists()


def test_the_public_sees_agreed_stages_and_the_baseline_and_no_working():
    agreed("2026-04-14", "developing")
    Assessment.objects.create(
        name="Baseline", assessed_on=datetime.date(2021, 2, 1), is_of_record=True, state="agreed",
        overall_words="developing to becoming an innovator", created_at=NOW,
    )  # fmt: skip
    shown = text_of(Client(), reverse("maturity-overview"))
    assert "developing to becoming an innovator" in shown
    assert "Overall: developing." in shown
    assert "Criteria without proof" not in shown
    theme = text_of(Client(), reverse("maturity-theme", args=["governance"]))
    assert "Governance stands at Developing" in theme
    assert "What stands between" not in theme
    member = text_of(signed_in("steering_member"), reverse("maturity-theme", args=["governance"]))
    assert "What stands between here and Mature" in member


def test_what_is_agreed_counts_only_once_the_whole_assessment_is():
    assessment = make_opened()
    row = ThemeResult.objects.get(assessment=assessment, theme__code="GO")
    row.state, row.stage, row.reasons, row.agreed_at = "agreed", "mature", "Yes.", NOW
    row.save()
    assert all(line.stage is None for line in standing(as_of=TODAY).themes)


def test_history_goes_by_the_day_and_each_theme_keeps_its_latest_stage():
    agreed("2024-04-14", "developing")
    agreed("2026-04-14", "mature")
    theme = make_theme("GO")
    for day, stage in (("2025-03-31", "mature"), ("2028-03-31", "leader")):
        DesiredOutcome.objects.create(theme=theme, words="x", target_stage=stage, by_date=day)
    found = standing(as_of=TODAY)
    own = next(row for row in found.themes if row.theme == theme)
    assert (own.stage, own.to_go) == (Stage.MATURE, 1)
    assert [(str(p.day), p.planned, p.achieved) for p in points_of(theme, found)] == [
        ("2024-04-14", None, Stage.DEVELOPING),
        ("2025-03-31", Stage.MATURE, Stage.DEVELOPING),
        ("2026-04-14", Stage.MATURE, Stage.MATURE),
        ("2028-03-31", Stage.LEADER, None),
    ]
    earlier = standing(as_of=datetime.date(2025, 1, 1))
    assert next(row for row in earlier.themes if row.theme == theme).stage is Stage.DEVELOPING


def test_the_gap_names_what_blocks_and_the_shortest_set_of_living_actions():
    agreed("2026-04-14", "developing")
    edition = MaturityEdition.objects.get()
    second = make_criterion(edition, "mature", code="GO-2b")
    first = Criterion.objects.get(code="GO-2a")
    both, one, gone = make_action(), make_action(), make_action(status="cancelled")
    for criterion, action in ((first, both), (second, both), (first, one), (second, gone)):
        CriterionAction.objects.create(
            criterion=criterion, action=action, linked_at=NOW, linked_by_name="x"
        )
    gap = plan_gaps(found=standing(as_of=TODAY)).of(make_theme("GO")).gap
    codes = {row.pk: row.code for row in Criterion.objects.all()}
    assert [codes[key] for key in gap.blocking] == ["GO-0a", "GO-1a", "GO-2a", "GO-2b"]
    assert gap.cover.chosen == (both.pk,)
    assert [codes[key] for key in gap.cover.unmet] == ["GO-0a", "GO-1a"]
    shown = text_of(signed_in("coordinator"), reverse("maturity-theme", args=["governance"]))
    assert "do not suffice. This one satisfies everything that any of them would." in shown
    assert str(both) in shown


def test_what_awaits_the_groups_agreement_is_gathered_with_what_blocks_it():
    assessment = make_opened()
    row = ThemeResult.objects.get(assessment=assessment, theme__code="GO")
    row.state, row.stage, row.reasons = "proposed", "developing", "Yes."
    row.save()
    (waiting,) = awaiting_agreement(found=standing(as_of=TODAY))
    assert (waiting.before, waiting.blocked) == (None, ("GO-0a", "GO-1a"))
    assert "Blocked by GO-0a, GO-1a" in text_of(
        signed_in("steering_chair"), reverse("maturity-overview")
    )


def test_the_api_begins_and_changes_an_assessment_with_its_version():
    make_maturity_edition()
    client = signed_in("coordinator")
    made = client.post(
        reverse("api-assessments"), {"name": "By program", "assessed_on": "2026-12-01"},
        content_type="application/json",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    address, etag = made["Location"], made["ETag"]
    change = {"data": {"name": "Changed"}, "content_type": "application/json"}
    assert client.patch(address, **change).status_code == 428
    assert client.patch(address, headers={"if-match": etag}, **change).json()["name"] == "Changed"
    assert client.patch(address, headers={"if-match": etag}, **change).status_code == 412


def test_a_page_makes_as_many_queries_for_a_long_history_as_for_a_short_one():
    agreed("2024-04-14", "developing")
    client = signed_in("coordinator")
    addresses = [
        (reverse("maturity-overview"), 10),
        (reverse("maturity-theme", args=["governance"]), 12),
        (reverse("assessment-list"), 8),
        (reverse("api-assessments"), 7),
        (reverse("api-maturity-criteria"), 7),
    ]

    def count(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text_of(client, address)
        return len(queries)

    before = [count(address) for address, _ in addresses]
    edition = MaturityEdition.objects.get()
    for year in range(2000, 2020):
        agreed(f"{year}-04-14", "minimum")
        action = make_action()
        criterion = make_criterion(edition, "mature", code=f"GO-{year}")
        CriterionAction.objects.create(
            criterion=criterion, action=action, linked_at=NOW, linked_by_name="x"
        )
    after = [count(address) for address, _ in addresses]
    assert after == before
    assert all(number <= most for number, (_, most) in zip(after, addresses, strict=True)), after
