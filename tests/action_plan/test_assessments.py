"""Assessments: blind scores, one opening, moderation, and what is agreed for good."""

from __future__ import annotations

import io
import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from action_plan.models import (
    AgreedError,
    Assessment,
    Criterion,
    CriterionEvidence,
    MaturityEdition,
    Score,
    Theme,
    ThemeResult,
)
from action_plan.services.maturity import (
    add_criterion,
    add_evidence,
    add_file,
    agree_assessment,
    agree_stage,
    change_assessment,
    change_criterion,
    comment_on_stage,
    copy_edition,
    link_actions,
    open_moderation,
    propose_stage,
    record_reason,
    record_score,
    remove_assessor,
    remove_evidence,
    send_scores,
    take_into_use,
    take_scores_back,
)
from action_plan.services.maturity import evidence as evidence_service
from action_plan.stages import Stage
from tests.factories import make_user
from tests.factories_maturity import (
    DAY,
    NOW,
    make_assessment,
    make_assessor,
    make_maturity_edition,
    make_opened,
    score_all,
)
from tests.factories_plan import make_action, make_theme
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
SECRET = "Quagga reasons"


def result_of(assessment: Assessment, code: str = "GO") -> ThemeResult:
    return ThemeResult.objects.get(assessment=assessment, theme__code=code)


def proposed(assessment: Assessment, stage: Stage = Stage.DEVELOPING, code: str = "GO"):
    row = result_of(assessment, code)
    return propose_stage(
        result=row, stage=stage, reasons="Minutes show it.", expected_version=row.version,
        by=None, now=NOW,
    )  # fmt: skip


def prove(assessment: Assessment, code: str) -> CriterionEvidence:
    return add_evidence(
        assessment=assessment,
        criterion=Criterion.objects.get(code=code),
        kind="link",
        values={"url": "https://example.org/minutes", "note": "The minutes"},
        by=None,
        now=NOW,
    )


def agree(row: ThemeResult, **values) -> ThemeResult:
    return agree_stage(
        **{"result": row, "expected_version": row.version, "by": None, "now": NOW, **values}
    )


# --- blind ---


def test_before_moderation_nobody_sees_a_fellow_assessors_score_and_the_log_holds_none():
    assessment = make_assessment()
    mine, theirs = make_assessor(assessment), make_assessor(assessment, service="Planning")
    score_all(mine, Stage.LEADER, SECRET)
    assert Score.objects.visible_to(mine.user).count() == 7
    assert not Score.objects.visible_to(theirs.user).exists()
    assert not Score.objects.visible_to(make_user("coordinator")).exists()
    log = json.dumps(list(AuditEvent.objects.values("verb", "before", "after", "reason")))
    assert SECRET not in log
    assert "leader" not in log.lower()
    opened = open_moderation(assessment=assessment, by=None, now=NOW)
    assert Score.objects.visible_to(theirs.user).count() == 7
    event = AuditEvent.objects.get(verb="first scores shown")
    assert event.after[str(mine)]["Governance"] == "leader"
    assert opened.state == "moderation"


def test_a_draft_that_was_not_sent_stays_its_authors_after_moderation_opens():
    assessment = make_assessment()
    score_all(make_assessor(assessment))
    late = make_assessor(assessment, service="Planning")
    record_score(
        assessor=late, theme=make_theme("GO"), stage=Stage.LEADER, reasons=SECRET,
        expected_version=0, by=late.user, now=NOW,
    )  # fmt: skip
    open_moderation(assessment=assessment, by=None, now=NOW)
    assert not Score.objects.visible_to(make_user("coordinator")).filter(reasons=SECRET).exists()
    with pytest.raises(ValidationError, match="Moderation is open"):
        send_scores(assessor=late, by=late.user, now=NOW)


def test_an_assessors_evidence_is_their_own_until_moderation_opens():
    assessment = make_assessment()
    mine, theirs = make_assessor(assessment), make_assessor(assessment, service="Planning")
    row = add_evidence(
        assessment=assessment, criterion=Criterion.objects.get(code="GO-3a"), kind="link",
        values={"url": "https://example.org/a", "note": SECRET}, by=mine.user, now=NOW,
    )  # fmt: skip
    assert CriterionEvidence.objects.visible_to(mine.user).get() == row
    assert not CriterionEvidence.objects.visible_to(theirs.user).exists()
    assert SECRET not in json.dumps(list(AuditEvent.objects.values("after", "subject_name")))
    common = prove(assessment, "GO-1a")
    assert CriterionEvidence.objects.visible_to(theirs.user).get() == common


def test_a_score_is_written_by_its_assessor_alone():
    assessor = make_assessor(make_assessment())
    with pytest.raises(ValidationError, match="somebody else"):
        record_score(
            assessor=assessor, theme=make_theme("GO"), stage=Stage.LEADER, reasons="x",
            expected_version=0, by=make_user("coordinator"), now=NOW,
        )  # fmt: skip


def test_a_score_saved_from_two_windows_shows_both():
    assessor = make_assessor(make_assessment())
    values = {
        "assessor": assessor, "theme": make_theme("GO"), "reasons": "x", "by": assessor.user,
        "now": NOW, "expected_version": 0,
    }  # fmt: skip
    record_score(stage=Stage.LEADER, **values)
    with pytest.raises(Collision) as lost:
        record_score(stage=None, **values)
    assert lost.value.stored.stage == "leader"


def test_scores_are_sent_whole_and_cannot_say_is_an_answer():
    assessor = make_assessor(make_assessment())
    with pytest.raises(ValidationError, match="Internal Management"):
        send_scores(assessor=assessor, by=assessor.user, now=NOW)
    score_all(assessor, None)
    assert Score.objects.filter(stage=None).count() == 7
    with pytest.raises(ValidationError, match="sent"):
        remove_assessor(assessor=assessor, by=None, now=NOW)
    take_scores_back(assessor=assessor, by=assessor.user, now=NOW)
    remove_assessor(assessor=assessor, by=None, now=NOW)
    assert not Score.objects.exists()


# --- opening ---


def test_moderation_is_not_opened_on_nobodys_score():
    assessment = make_assessment()
    make_assessor(assessment)
    with pytest.raises(ValidationError, match="Nobody has sent scores yet"):
        open_moderation(assessment=assessment, by=None, now=NOW)
    assert not ThemeResult.objects.exists()


def test_moderation_is_opened_once_and_says_who_did():
    assessment = make_opened()
    with pytest.raises(ValidationError, match="The system opened moderation on 4 May 2026"):
        open_moderation(assessment=assessment, by=None, now=NOW)


# --- moderation ---


def test_a_stage_is_not_agreed_while_a_criterion_of_it_or_below_has_neither_proof_nor_reason():
    assessment = make_opened()
    row = proposed(assessment)
    with pytest.raises(ValidationError, match="Criteria GO-0a, GO-1a have neither"):
        agree(row)
    prove(assessment, "GO-1a")
    with pytest.raises(ValidationError, match="Criterion GO-0a has neither"):
        agree(row)
    record_reason(
        assessment=assessment, criterion=Criterion.objects.get(code="GO-0a"),
        reason="The law has been met since 2013.", by=None, now=NOW,
    )  # fmt: skip
    done = agree(row, decision="Steering Group, 3 May 2026")
    assert (done.state, done.stage, done.agreed_by_name) == ("agreed", "developing", "The system")


def test_a_stage_above_does_not_ask_for_the_proof_of_higher_ones():
    assessment = make_opened()
    prove(assessment, "GO-0a")
    assert agree(proposed(assessment, Stage.MINIMUM)).state == "agreed"


def test_an_agreed_stage_refuses_every_change_by_service_and_by_row():
    assessment = make_opened()
    evidence = prove(assessment, "GO-0a")
    row = agree(proposed(assessment, Stage.MINIMUM))
    stays = "was agreed and stays"
    with pytest.raises(ValidationError, match=stays):
        proposed(assessment, Stage.LEADER)
    with pytest.raises(ValidationError, match=stays):
        agree(row)
    with pytest.raises(ValidationError, match=stays):
        comment_on_stage(result=row, words="But", by=make_user("steering_member"), now=NOW)
    with pytest.raises(ValidationError, match=stays):
        prove(assessment, "GO-1a")
    with pytest.raises(ValidationError, match=stays):
        remove_evidence(evidence=evidence, by=make_user("coordinator"), now=NOW)
    with pytest.raises(ValidationError, match=stays):
        record_reason(
            assessment=assessment, criterion=Criterion.objects.get(code="GO-0a"), reason="x",
            by=None, now=NOW,
        )  # fmt: skip
    row.stage = "leader"
    with pytest.raises(AgreedError):
        row.save()
    with pytest.raises(AgreedError):
        row.delete()
    with pytest.raises(AgreedError):
        ThemeResult.objects.filter(assessment=assessment).update(stage="leader")
    assert result_of(assessment).stage == "minimum"


def test_two_moderators_at_once_the_second_sees_what_the_first_proposed():
    assessment = make_opened()
    before = result_of(assessment)
    proposed(assessment, Stage.MATURE)
    for lost in (
        lambda: propose_stage(
            result=before, stage=Stage.LEADER, reasons="x", expected_version=before.version,
            by=None, now=NOW,
        ),
        lambda: agree(before),
    ):  # fmt: skip
        with pytest.raises(Collision) as collision:
            lost()
        assert collision.value.stored.stage == "mature"


def test_there_is_a_right_of_comment_while_a_stage_is_proposed():
    assessment, member = make_opened(), make_user("steering_member")
    with pytest.raises(ValidationError, match="no proposed stage"):
        comment_on_stage(result=result_of(assessment), words="But", by=member, now=NOW)
    made = comment_on_stage(
        result=proposed(assessment), words="Planning sees less.", by=member, now=NOW
    )
    assert (made.stage, made.made_by_name) == ("developing", str(member))


def test_an_assessment_is_closed_with_a_reason_for_what_is_left_out_and_then_stands():
    assessment = make_opened()
    close = {"assessment": assessment, "by": None, "now": NOW}
    with pytest.raises(ValidationError, match="No theme has an agreed stage"):
        agree_assessment(left_out_reason="Later", **close)
    prove(assessment, "GO-0a")
    agree(proposed(assessment, Stage.MINIMUM))
    with pytest.raises(ValidationError, match="Say why the other themes"):
        agree_assessment(**close)
    done = agree_assessment(left_out_reason="Not looked at this year.", **close)
    assert done.state == "agreed"
    with pytest.raises(ValidationError, match="stays as it is"):
        change_assessment(
            assessment=done, changes={"name": "x"}, expected_version=done.version, by=None, now=NOW
        )
    done.name = "Another"
    for change in (done.save, done.delete, Assessment.objects.all().delete):
        with pytest.raises(AgreedError):
            change()
    with pytest.raises(AgreedError):
        Score.objects.first().delete()
    assert Assessment.objects.get().name != "Another"


def test_an_assessment_has_a_name_a_date_and_scores_before_it():
    with pytest.raises(ValidationError) as refused:
        make_assessment(name=" ", scores_due=DAY.replace(month=6))
    assert set(refused.value.message_dict) == {"name", "scores_due"}


# --- evidence ---


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("link", {"url": "", "note": "x"}, "url"),
        ("link", {"url": "javascript:alert(1)", "note": "x"}, "url"),
        ("link", {"url": "https://example.org", "note": " "}, "note"),
        ("action", {"action": None, "note": "x"}, "action"),
        ("figure", {"metric_key": "k", "figure_quantity": None, "figure_on": DAY, "note": "x"},
         "figure_quantity"),
        ("poem", {"note": "x"}, "kind"),
    ],
)  # fmt: skip
def test_evidence_that_shows_nothing_is_refused_with_the_field(kind, values, field):
    assessment = make_assessment()
    with pytest.raises(ValidationError) as refused:
        add_evidence(
            assessment=assessment, criterion=Criterion.objects.first(), kind=kind, values=values,
            by=None, now=NOW,
        )  # fmt: skip
    assert field in refused.value.message_dict
    assert not CriterionEvidence.objects.exists()


def test_a_figure_of_nothing_is_a_figure():
    row = add_evidence(
        assessment=make_assessment(), criterion=Criterion.objects.first(), kind="figure",
        values={"metric_key": "verified pounds", "figure_quantity": 0, "figure_on": DAY,
                "note": "None yet"},
        by=None, now=NOW,
    )  # fmt: skip
    assert row.words == "verified pounds: 0 on 4 May 2026"


def test_a_file_is_told_by_its_bytes_and_leaves_the_disk_when_it_is_taken_off(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    assessment, member = make_assessment(), make_user("steering_member")
    send = {
        "assessment": assessment, "criterion": Criterion.objects.first(), "note": "Plan",
        "by": member, "now": NOW,
    }  # fmt: skip
    with pytest.raises(ValidationError, match="program"):
        add_file(file=io.BytesIO(b"MZ\x00\x00"), original_name="plan.exe", **send)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    row = add_file(file=io.BytesIO(b"Minutes of May"), original_name="minutes.txt", **send)
    assert (row.file_kind, row.original_name) == ("txt", "minutes.txt")
    with pytest.raises(ValidationError, match="Somebody else"):
        remove_evidence(evidence=row, by=make_user("steering_member"), now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        remove_evidence(evidence=row, by=member, now=NOW)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_at_the_limit_nothing_is_added_and_everything_can_be_taken_off(monkeypatch):
    monkeypatch.setattr(evidence_service, "MOST_A_CRITERION", 2)
    given = {
        "assessment": make_assessment(), "criterion": Criterion.objects.first(), "kind": "link",
        "by": make_user("steering_member"), "now": NOW,
    }  # fmt: skip
    rows = [
        add_evidence(values={"url": f"https://example.org/{n}", "note": "Report"}, **given)
        for n in range(2)
    ]
    with pytest.raises(ValidationError, match="at most 2 pieces"):
        add_evidence(values={"url": "https://example.org/x", "note": "Report"}, **given)
    remove_evidence(evidence=rows[0], by=given["by"], now=NOW)
    add_evidence(values={"url": "https://example.org/x", "note": "Report"}, **given)


# --- editions ---


def test_criteria_of_an_edition_in_use_stand_and_a_copy_of_it_may_change():
    edition = make_maturity_edition()
    criterion = edition.criteria.get(code="GO-1a")
    link_actions(criterion=criterion, actions=[make_action()], by=None, now=NOW)
    change = {"changes": {"wording": "Otherwise."}, "by": None, "now": NOW}
    with pytest.raises(ValidationError, match="in use"):
        change_criterion(criterion=criterion, expected_version=1, **change)
    draft = copy_edition(edition=edition, name="Second edition", by=None, now=NOW)
    copied = draft.criteria.get(code="GO-1a")
    assert copied.action_links.count() == 1
    assert change_criterion(criterion=copied, expected_version=1, **change).wording == "Otherwise."
    with pytest.raises(ValidationError, match="criterion of that code"):
        add_criterion(
            edition=draft,
            values={"theme": make_theme("GO"), "stage": "leader", "code": "GO-1a", "wording": "x"},
            by=None,
            now=NOW,
        )
    take_into_use(edition=draft, by=None, now=NOW)
    assert MaturityEdition.objects.get(pk=edition.pk).state == "retired"
    with pytest.raises(ValidationError, match="in use"):
        make_assessment(edition=edition)


def test_an_edition_numbers_its_stages_its_own_way():
    zero, one = MaturityEdition(first_number=0), MaturityEdition(first_number=1)
    assert (zero.number_of(Stage.INNOVATOR), one.number_of(Stage.INNOVATOR)) == (4, 5)


def test_the_baseline_is_as_the_report_gives_it_and_loads_twice_without_change():
    names = ["--only", "themes of the Action Plan", "--only", "maturity index"]
    names += ["--only", "maturity baseline"]
    call_command("load_reference", *names, stdout=io.StringIO())
    before = AuditEvent.objects.count()
    call_command("load_reference", *names, stdout=io.StringIO())
    assert AuditEvent.objects.count() == before
    baseline = Assessment.objects.get()
    assert baseline.overall_words == "developing to becoming an innovator"
    assert (baseline.day, baseline.is_of_record) == ("February 2021", True)
    assert not baseline.results.exists()
    edition = MaturityEdition.objects.get()
    assert edition.is_own_words
    assert {row.theme.code for row in edition.criteria.select_related("theme")} == set(
        Theme.objects.values_list("code", flat=True)
    )
