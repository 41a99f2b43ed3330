"""The maturity index, its assessments, and the stage that the Group agreed for each theme.

Scores are blind until moderation opens: `visible_to` hides what fellow assessors wrote, and the
audit log holds no stage before then. What is agreed is never changed again; the rows refuse it.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import can
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Organisation

from ..offered_figures import offered_names
from ..stages import STAGE_CHOICES, Stage
from .plan import Action, Theme

_STAGES = [key for key, _ in STAGE_CHOICES]


class AgreedError(TypeError):
    """Somebody tried to change what was agreed."""


class MaturityEdition(Versioned):
    """One edition of the index. Criteria change while it is a draft; what is in use stands."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_USE = "in_use", "In use"
        RETIRED = "retired", "No longer used"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    publisher = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    first_number = models.PositiveSmallIntegerField(
        "number of the lowest stage",
        default=0,
        choices=[(0, "0 to 4"), (1, "1 to 5")],
        help_text="Some editions number the same five stages 0 to 4, others 1 to 5.",
    )
    licence = models.CharField(max_length=200, blank=True)
    provenance = models.TextField("where it comes from", blank=True)
    is_own_words = models.BooleanField("criteria are in our own words", default=True)
    taken_into_use_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_number__in=[0, 1]), name="an_edition_numbers_from_0_or_1"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("maturity-edition", kwargs={"pk": self.pk})

    def number_of(self, stage: Stage) -> int:
        """The edition's own number of a stage."""
        return self.first_number + stage.rank


class EditionStage(models.Model):
    """What one of the five stages is called and means in an edition."""

    edition = models.ForeignKey(MaturityEdition, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=12, choices=STAGE_CHOICES)
    name = models.CharField(max_length=80)
    meaning = models.TextField(blank=True)

    class Meta:
        ordering = ["edition", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "stage"], name="a_stage_stands_once_in_an_edition"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_STAGES), name="an_edition_has_the_five_stages"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> int:
        return self.edition.number_of(Stage(self.stage))


class Criterion(Versioned):
    """One thing that must be so for a theme to stand at a stage."""

    edition = models.ForeignKey(MaturityEdition, on_delete=models.CASCADE, related_name="criteria")
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="criteria")
    stage = models.CharField(max_length=12, choices=STAGE_CHOICES)
    code = models.CharField(max_length=20, help_text="Short, once in the edition: GO-3a")
    wording = models.TextField("criterion")
    proof_hint = models.TextField(
        "what would show it", blank=True, help_text="A document, a figure, an action."
    )
    actions = models.ManyToManyField(
        Action, through="CriterionAction", related_name="criteria", blank=True
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["theme__position", "code"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "code"],
                name="a_criterion_has_its_own_code",
                violation_error_message="This edition has a criterion of that code. Choose another.",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_STAGES), name="a_criterion_is_of_one_of_five_stages"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.wording}"

    @property
    def rank(self) -> int:
        return Stage(self.stage).rank


class CriterionAction(models.Model):
    """This action would satisfy this criterion, once it is done."""

    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="action_links")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="criterion_links")
    linked_at = models.DateTimeField()
    linked_by_name = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["criterion", "action"]
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "action"], name="an_action_is_linked_to_a_criterion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} for {self.criterion.code}"


class FrozenQuerySet(models.QuerySet[Any]):
    """Refuses to change many rows at once where one of them is agreed."""

    def update(self, **values: Any) -> int:
        _refuse_agreed(self.filter(state="agreed"))
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse_agreed(self.filter(state="agreed"))
        return super().delete()


class AssessmentQuerySet(FrozenQuerySet):
    def visible_to(self, user: Any) -> AssessmentQuerySet:
        return self if can(user, "view_maturity") else self.none()

    def agreed(self) -> AssessmentQuerySet:
        return self.filter(state=Assessment.State.AGREED)


class Assessment(Versioned):
    """One look at all themes, dated: scored blind, moderated, agreed. Agreed is never changed."""

    class State(models.TextChoices):
        SCORING = "scoring", "Being scored"
        MODERATION = "moderation", "In moderation"
        AGREED = "agreed", "Agreed"

    name = models.CharField(max_length=200)
    edition = models.ForeignKey(
        MaturityEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="assessments"
    )
    assessed_on = models.DateField("date of the assessment")
    day_is_known = models.BooleanField(default=True, help_text="Otherwise the month alone is.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCORING)
    overall_words = models.CharField(
        "overall, in words", max_length=300, blank=True, help_text="As a source gives it."
    )
    source = models.TextField(blank=True)
    is_of_record = models.BooleanField(
        default=False, help_text="As a published report gives it; made before this product."
    )
    note = models.TextField(blank=True)
    scores_due = models.DateField("scores wanted by", null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    opened_by_name = models.CharField(max_length=200, blank=True, editable=False)
    agreed_at = models.DateTimeField(null=True, blank=True, editable=False)
    agreed_by_name = models.CharField(max_length=200, blank=True, editable=False)
    left_out_reason = models.TextField("why themes have no stage", blank=True)
    created_at = models.DateTimeField(editable=False)
    is_demo = models.BooleanField(default=False, editable=False)

    objects = AssessmentQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-assessed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="scoring") | Q(opened_at__isnull=False) | Q(is_of_record=True),
                name="moderation_was_opened_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(agreed_at__isnull=False) | Q(is_of_record=True),
                name="an_agreed_assessment_says_when",
            ),
            models.CheckConstraint(
                condition=Q(edition__isnull=False) | Q(is_of_record=True),
                name="an_assessment_goes_by_an_edition",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("assessment-detail", kwargs={"pk": self.pk})

    @property
    def is_blind(self) -> bool:
        return self.state == self.State.SCORING

    @property
    def day(self) -> str:
        """The day, or the month alone where no more is known."""
        return f"{self.assessed_on:%-d %B %Y}" if self.day_is_known else f"{self.assessed_on:%B %Y}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse_agreed(Assessment.objects.filter(pk=self.pk, state=self.State.AGREED))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _refuse_agreed(Assessment.objects.filter(pk=self.pk, state=self.State.AGREED))
        return super().delete(*args, **kwargs)


def _refuse_agreed(rows: models.QuerySet[Any]) -> None:
    if rows.exists():
        raise AgreedError("What was agreed stays as it is. Begin another assessment.")


class OfAnAssessment(models.Model):
    """A row that is frozen with its assessment."""

    assessment: Any

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_when_agreed()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_when_agreed()
        return super().delete(*args, **kwargs)

    def _refuse_when_agreed(self) -> None:
        _refuse_agreed(
            Assessment.objects.filter(pk=self.assessment_id, state=Assessment.State.AGREED)  # type: ignore[attr-defined]
        )


class Assessor(OfAnAssessment):
    """Somebody who scores from their own service. Names stay when the account is gone."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="assessors")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="assessing"
    )
    user_name = models.CharField(max_length=200)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    service = models.CharField(max_length=200, help_text="The service they score from.")
    sent_at = models.DateTimeField("scores sent", null=True, blank=True)

    class Meta:
        ordering = ["service", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"], name="a_person_scores_an_assessment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_name}, {self.service}"


class MaturityScoreQuerySet(models.QuerySet["Score"]):
    def visible_to(self, user: Any) -> MaturityScoreQuerySet:
        """One's own; those of others once moderation is open, and then only what was sent."""
        if not can(user, "view_maturity"):
            return self.none()
        opened = Q(assessor__sent_at__isnull=False) & ~Q(assessment__state=Assessment.State.SCORING)
        return self.filter(Q(assessor__user=user.pk) | opened)


class Score(Versioned, OfAnAssessment):
    """One assessor's stage for one theme, with reasons. No stage: cannot say from that service."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="scores")
    assessor = models.ForeignKey(Assessor, on_delete=models.CASCADE, related_name="scores")
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=STAGE_CHOICES, null=True, blank=True)
    reasons = models.TextField("reasons")
    saved_at = models.DateTimeField()

    objects = MaturityScoreQuerySet.as_manager()

    class Meta:
        ordering = ["theme__position", "assessor"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessor", "theme"], name="an_assessor_scores_a_theme_once"
            ),
            models.CheckConstraint(
                condition=Q(stage__isnull=True) | Q(stage__in=_STAGES),
                name="a_score_is_one_of_the_five_stages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theme}, {self.assessor}"


class ThemeResult(Versioned, OfAnAssessment):
    """The stage of one theme in one assessment: proposed in moderation, then agreed for good."""

    class State(models.TextChoices):
        OPEN = "open", "To be moderated"
        PROPOSED = "proposed", "Proposed"
        AGREED = "agreed", "Agreed"

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="results")
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="results")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    stage = models.CharField(max_length=12, choices=STAGE_CHOICES, null=True, blank=True)
    reasons = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by_name = models.CharField(max_length=200, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    agreed_by_name = models.CharField(max_length=200, blank=True)
    decision = models.CharField(
        "where it was decided",
        max_length=200,
        blank=True,
        help_text="For example: Steering Group, 3 May 2026, item 4",
    )

    objects = FrozenQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["assessment", "theme__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "theme"], name="a_theme_has_one_result_an_assessment"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | (Q(stage__isnull=False) & ~Q(reasons="")),
                name="a_moderated_stage_has_its_reasons",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(agreed_at__isnull=False),
                name="an_agreed_stage_says_when",
            ),
            models.CheckConstraint(
                condition=Q(stage__isnull=True) | Q(stage__in=_STAGES),
                name="a_result_is_one_of_the_five_stages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theme} in {self.assessment}"

    def get_absolute_url(self) -> str:
        return reverse(
            "assessment-theme", kwargs={"pk": self.assessment_id, "theme": self.theme.key}
        )

    def _refuse_when_agreed(self) -> None:
        super()._refuse_when_agreed()
        if self.pk:
            _refuse_agreed(ThemeResult.objects.filter(pk=self.pk, state=self.State.AGREED))


class CriterionReason(OfAnAssessment):
    """Why the Group holds a criterion met, or not needed here, without evidence."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="reasons")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="reasons")
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["assessment", "criterion"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"], name="one_reason_a_criterion"
            )
        ]

    def __str__(self) -> str:
        return f"{self.criterion.code} in {self.assessment}"


class ResultComment(OfAnAssessment):
    """What somebody said to a proposed stage before it was agreed. Never edited."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="comments")
    result = models.ForeignKey(ThemeResult, on_delete=models.CASCADE, related_name="comments")
    words = models.TextField("comment")
    stage = models.CharField(max_length=12, choices=STAGE_CHOICES, help_text="proposed then")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return f"{self.made_by_name} on {self.result}"


class CriterionEvidenceQuerySet(models.QuerySet["CriterionEvidence"]):
    def visible_to(self, user: Any) -> CriterionEvidenceQuerySet:
        """One's own and what belongs to nobody; what others put once moderation is open."""
        if not can(user, "view_maturity"):
            return self.none()
        return self.filter(
            Q(added_by=user.pk) | Q(is_common=True) | ~Q(assessment__state=Assessment.State.SCORING)
        )

    def opened(self) -> CriterionEvidenceQuerySet:
        """What everyone may know of, and so what counts."""
        return self.filter(Q(is_common=True) | ~Q(assessment__state=Assessment.State.SCORING))


class CriterionEvidence(OfAnAssessment):
    """What shows that a criterion is met: a file, a link, an action, or a figure on a day."""

    class Kind(models.TextChoices):
        FILE = "file", "File"
        LINK = "link", "Link"
        ACTION = "action", "Action of the plan"
        FIGURE = "figure", "Figure"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="evidence")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    note = models.CharField("what it shows", max_length=300)
    url = models.URLField("address", max_length=500, blank=True)
    action = models.ForeignKey(
        Action, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    metric_key = models.CharField("figure", max_length=80, blank=True)
    figure_quantity = models.DecimalField(
        "value", max_digits=20, decimal_places=4, null=True, blank=True
    )
    figure_on = models.DateField("as it stood on", null=True, blank=True)
    original_name = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    file_kind = models.CharField(max_length=20, blank=True)
    file_bytes = models.PositiveBigIntegerField(default=0)
    file = models.FileField(upload_to="maturity/%Y/%m/", blank=True)
    warnings = models.JSONField(default=list, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_by_name = models.CharField(max_length=200)
    added_at = models.DateTimeField()
    delete_after = models.DateField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_common = models.BooleanField(
        default=False, help_text="The product's own or the co-ordinator's: no assessor's opinion."
    )

    objects = CriterionEvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="link") & ~Q(url=""))
                | (Q(kind="action") & Q(action__isnull=False))
                | (
                    Q(kind="figure")
                    & ~Q(metric_key="")
                    & Q(figure_quantity__isnull=False, figure_on__isnull=False)
                )
                | (Q(kind="file") & ~Q(sha256="")),
                name="evidence_is_a_file_a_link_an_action_or_a_figure",
            )
        ]

    def __str__(self) -> str:
        return self.note

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        if self.kind == self.Kind.FILE:
            return self.original_name
        if self.kind == self.Kind.ACTION:
            return str(self.action)
        if self.kind == self.Kind.LINK:
            return self.url
        value = format(Decimal(self.figure_quantity or 0).normalize(), "f")
        name = offered_names().get(self.metric_key, self.metric_key)
        return f"{name}: {value} on {self.figure_on:%-d %B %Y}"


def covered_criteria(assessment: Any) -> models.QuerySet[Criterion]:
    """The criteria of the assessment's edition, each with `has_evidence` and `has_reason`."""
    here = {"assessment": assessment, "criterion": OuterRef("pk")}
    return Criterion.objects.filter(edition=assessment.edition_id).annotate(
        has_evidence=Exists(CriterionEvidence.objects.opened().filter(**here)),
        has_reason=Exists(CriterionReason.objects.filter(**here)),
    )
