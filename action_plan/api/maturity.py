"""Maturity for programs: editions, criteria, assessments. Blind scores are as blind here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    serializer_of,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView
from trafford_sv.core.api.writes import CreateMixin, PatchMixin, StrictSerializer

from ..filters_maturity import AssessmentFilter, CriterionFilter
from ..models import (
    Assessment,
    Criterion,
    CriterionAction,
    CriterionEvidence,
    EditionStage,
    MaturityEdition,
    Score,
    ThemeResult,
)
from ..services.maturity import begin_assessment, change_assessment
from ..stages import STAGE_CHOICES, Stage


class StageSerializer(serializers.Serializer):
    stage = serializers.ChoiceField(choices=STAGE_CHOICES)
    number = serializers.IntegerField(help_text="The edition's own number of the stage.")
    name = serializers.CharField()
    meaning = serializers.CharField()


EDITION_COLUMNS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("key", "Stable; criteria are filtered by it."),
    text("name", "The edition's name."),
    text("publisher", "Who publishes it; may be empty."),
    choice("state", "New assessments go by the one in use.", MaturityEdition.State.choices),
    whole("first_number", "The number of the lowest stage: 0 or 1."),
    text("licence", "Under which terms its words may be used."),
    text("provenance", "Where its criteria come from."),
    yes_no("is_own_words", "Written by the council or for this product, not a publisher's words."),
    Column("stages", StageSerializer(many=True, help_text="The five, lowest first."), in_csv=False),
    whole("version", "Counts the changes."),
)


class MaturityEditions(ListView):
    """Editions of the maturity index with their five stages."""

    permission = "view_maturity"
    tag, noun, file_name = "maturity", "maturity_editions", "maturity-editions"
    columns: ClassVar[tuple[Column, ...]] = EDITION_COLUMNS
    response_serializer = serializer_of("MaturityEditionSerializer", EDITION_COLUMNS)

    def rows(self) -> QuerySet[MaturityEdition]:
        return MaturityEdition.objects.all()

    def attach(self, rows: list[Row]) -> None:
        first = {row["pk"]: row["first_number"] for row in rows}
        stages: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in EditionStage.objects.filter(edition__in=list(first)).order_by("pk"):
            stages[row.edition_id].append(
                {
                    "stage": row.stage,
                    "number": first[row.edition_id] + Stage(row.stage).rank,
                    "name": row.name,
                    "meaning": row.meaning,
                }
            )
        for each in rows:
            each["stages"] = stages[each["pk"]]


CRITERION_COLUMNS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("edition", "The edition's key.", "edition__key"),
    text("theme", "The theme's key.", "theme__key"),
    choice("stage", "The stage it belongs to.", STAGE_CHOICES),
    text("code", "Once in the edition."),
    text("wording", "What must be so."),
    text("proof_hint", "What would show it; may be empty."),
    Column(
        "actions",
        serializers.ListField(
            child=serializers.CharField(), help_text="References of actions that would satisfy it."
        ),
    ),
    whole("version", "Counts the changes."),
)


class MaturityCriteria(ListView):
    """Criteria of every edition, with the actions of the plan that would satisfy them."""

    permission = "view_maturity"
    tag, noun, file_name = "maturity", "maturity_criteria", "maturity-criteria"
    filterset_class = CriterionFilter
    columns: ClassVar[tuple[Column, ...]] = CRITERION_COLUMNS
    response_serializer = serializer_of("MaturityCriterionSerializer", CRITERION_COLUMNS)

    def rows(self) -> QuerySet[Criterion]:
        return Criterion.objects.all()

    def attach(self, rows: list[Row]) -> None:
        found: dict[int, list[str]] = defaultdict(list)
        for criterion, reference in (
            CriterionAction.objects.filter(criterion__in=[row["pk"] for row in rows])
            .order_by("action__reference")
            .values_list("criterion", "action__reference")
        ):
            found[criterion].append(reference)
        for row in rows:
            row["actions"] = found[row["pk"]]


class ThemeStageSerializer(serializers.Serializer):
    theme = serializers.CharField(help_text="The theme's key.")
    state = serializers.ChoiceField(choices=ThemeResult.State.choices)
    stage = serializers.ChoiceField(choices=STAGE_CHOICES, allow_null=True)
    reasons = serializers.CharField()
    decision = serializers.CharField(help_text="Where it was agreed; may be empty.")


ASSESSMENT_COLUMNS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("name", "The assessment's name."),
    date("assessed_on", "The day it speaks for.", null=False),
    yes_no("day_is_known", "False where the source gives the month alone."),
    choice("state", "Scores are blind while it is being scored.", Assessment.State.choices),
    text("edition", "The edition's key; null for one on record.", "edition__key", null=True),
    text("overall_words", "Overall, as a source reports it; may be empty."),
    text("source", "That source; may be empty."),
    yes_no("is_of_record", "As a published report gives it."),
    text("note", "A note for the assessors; may be empty."),
    date("scores_due", "When scores should be in."),
    Column(
        "stages",
        ThemeStageSerializer(
            many=True, help_text="Each theme's stage, from the opening of moderation on."
        ),
        in_csv=False,
    ),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Send it in If-Match to change it."),
)


class ScoreSerializer(serializers.Serializer):
    theme = serializers.CharField(help_text="The theme's key.")
    service = serializers.CharField()
    assessor = serializers.CharField()
    stage = serializers.ChoiceField(
        choices=STAGE_CHOICES, allow_null=True, help_text="null: cannot say from that service."
    )
    reasons = serializers.CharField()


class EvidenceSerializer(serializers.Serializer):
    criterion = serializers.CharField(help_text="The criterion's code.")
    kind = serializers.ChoiceField(choices=CriterionEvidence.Kind.choices)
    what = serializers.CharField(help_text="The file's name, address, action or figure.")
    note = serializers.CharField()


MORE_COLUMNS: tuple[Column, ...] = (
    Column(
        "scores",
        ScoreSerializer(many=True, help_text="One's own; those of others once moderation is open."),
        in_csv=False,
    ),
    Column("evidence", EvidenceSerializer(many=True), in_csv=False),
)
AssessmentSerializer = serializer_of("AssessmentSerializer", ASSESSMENT_COLUMNS)
AssessmentDetailSerializer = serializer_of(
    "AssessmentDetailSerializer", (*ASSESSMENT_COLUMNS, *MORE_COLUMNS)
)


def attach_stages(rows: list[Row]) -> None:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in ThemeResult.objects.filter(
        assessment__in=[row["pk"] for row in rows]
    ).select_related("theme"):
        found[row.assessment_id].append(
            {
                "theme": row.theme.key,
                "state": row.state,
                "stage": row.stage,
                "reasons": row.reasons,
                "decision": row.decision,
            }
        )
    for each in rows:
        each["stages"] = found[each["pk"]]


class AssessmentWriteSerializer(StrictSerializer):
    name = serializers.CharField(max_length=200)
    assessed_on = serializers.DateField()
    scores_due = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True)


class Assessments(CreateMixin, ListView):
    """Assessments, by id. A new one goes by the edition in use."""

    permission = "view_maturity"
    write_permission = "change_maturity"
    tag, noun, file_name = "maturity", "assessments", "assessments"
    one = "an assessment"
    filterset_class = AssessmentFilter
    write_serializer = AssessmentWriteSerializer
    response_serializer = AssessmentSerializer
    columns: ClassVar[tuple[Column, ...]] = ASSESSMENT_COLUMNS

    def rows(self) -> QuerySet[Assessment]:
        return Assessment.objects.visible_to(self.request.user)

    def attach(self, rows: list[Row]) -> None:
        attach_stages(rows)

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        edition = MaturityEdition.objects.filter(state=MaturityEdition.State.IN_USE).first()
        if edition is None:
            raise serializers.ValidationError("No edition of the index is in use.")
        made = begin_assessment(edition=edition, by=self.request.user, now=self.now, **values)
        return self.created(made.pk, AssessmentDetail, "api-assessment")


class AssessmentDetail(PatchMixin, DetailView):
    """One assessment with stages, evidence, and the scores that this person may read."""

    permission = "view_maturity"
    write_permission = "change_maturity"
    tag, noun = "maturity", "assessment"
    one = "an assessment"
    write_serializer = AssessmentWriteSerializer
    response_serializer = AssessmentDetailSerializer

    def rows(self) -> QuerySet[Assessment]:
        return Assessment.objects.visible_to(self.request.user)

    def body(self, record: Assessment) -> dict[str, Any]:
        sources = [column.source for column in ASSESSMENT_COLUMNS if column.source]
        row = Assessment.objects.filter(pk=record.pk).values(*sources).get()
        attach_stages([row])
        user = self.request.user
        row["scores"] = [
            {
                "theme": score.theme.key,
                "service": score.assessor.service,
                "assessor": score.assessor.user_name,
                "stage": score.stage,
                "reasons": score.reasons,
            }
            for score in Score.objects.visible_to(user)
            .filter(assessment=record)
            .select_related("assessor", "theme")
        ]
        row["evidence"] = [
            {
                "criterion": item.criterion.code,
                "kind": item.kind,
                "what": item.words,
                "note": item.note,
            }
            for item in CriterionEvidence.objects.visible_to(user)
            .filter(assessment=record)
            .select_related("criterion", "action")
        ]
        return {
            column.name: text_of(row.get(column.source or column.name))
            for column in (*ASSESSMENT_COLUMNS, *MORE_COLUMNS)
        }

    @transaction.atomic
    def change(self, record: Assessment, values: dict[str, Any], version: int) -> None:
        change_assessment(
            assessment=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
        )


urlpatterns = [
    path("maturity-editions/", MaturityEditions.as_view(), name="api-maturity-editions"),
    path("maturity-criteria/", MaturityCriteria.as_view(), name="api-maturity-criteria"),
    path("assessments/", Assessments.as_view(), name="api-assessments"),
    path("assessments/<int:pk>/", AssessmentDetail.as_view(), name="api-assessment"),
]
