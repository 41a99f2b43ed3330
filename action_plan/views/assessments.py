"""Assessments: the list, one of them, who scores, and the scoring form, one theme a page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters_maturity import AssessmentFilter
from ..forms.maturity import CANNOT_SAY, AssessmentForm, AssessorForm, ScoreForm
from ..models import Assessment, Assessor, MaturityEdition, Score, Theme, ThemeResult
from ..selectors.assessments import AssessmentDetail, ThemeLine, assessment_detail
from ..selectors.maturity import Standing, look_of, standing
from ..services.maturity import (
    begin_assessment,
    change_assessment,
    name_assessor,
    record_score,
    remove_assessor,
    send_scores,
    take_scores_back,
)
from ..stages import Stage
from .maturity import tabs_for

TONES = {
    Assessment.State.SCORING: Tone.INFO,
    Assessment.State.MODERATION: Tone.WARNING,
    Assessment.State.AGREED: Tone.GOOD,
}
RESULT_TONES = {
    ThemeResult.State.OPEN: Tone.NEUTRAL,
    ThemeResult.State.PROPOSED: Tone.WARNING,
    ThemeResult.State.AGREED: Tone.GOOD,
}


def state_tag(row: Assessment) -> Tag:
    if row.is_of_record:
        return Tag("On record")
    return Tag(row.get_state_display(), TONES[Assessment.State(row.state)])


def words_of(row: Assessment, found: Standing) -> str:
    """Overall, in a source's words or computed from what was agreed; "" before that."""
    if row.overall_words:
        return row.overall_words
    look = look_of(row, found)
    return look.overall([line.theme for line in found.themes]).words if look else ""


class AssessmentList(ListPage):
    permission = "view_maturity"
    title = "Assessments of maturity"
    noun = "assessment"
    template_name = "action_plan/assessment_list.html"
    filterset_class = AssessmentFilter
    row_template = "action_plan/_assessment_rows.html"
    columns = (
        Column("Assessment", sort="name"),
        Column("Date", sort="date"),
        Column("How it stands"),
        Column("Overall"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "date": Sort("Date", ("assessed_on",), "earliest first", "latest first"),
        "name": Sort("Name", ("name",)),
    }
    default_sort = "-date"
    export_name = "maturity-assessments"
    export_columns = (
        ExportColumn("Assessment", "name"),
        ExportColumn("Date", "assessed_on"),
        ExportColumn("How it stands", lambda row: row.get_state_display()),
        ExportColumn("Edition", lambda row: row.edition.name if row.edition else ""),
        ExportColumn("Overall as reported", "overall_words"),
        ExportColumn("Source", "source"),
        ExportColumn("Agreed", "agreed_at"),
        ExportColumn("Invented for the demonstration", "is_demo"),
    )
    empty_state = EmptyState(
        "No assessment yet",
        "Each assessment of the seven themes will be listed here. The co-ordinator begins one, "
        "names who scores, and opens moderation when the scores are in.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return Assessment.objects.visible_to(self.request.user).select_related("edition")

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_maturity"):
            return Link("Begin an assessment", reverse("assessment-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        found = standing(as_of=self.today)
        for row in self.page.object_list:
            row.tag = state_tag(row)
            row.words = words_of(row, found)
        return {"rows": self.page.object_list, "tabs": tabs_for(self.request.user, "assessments")}


class AssessmentView(EditMixin, PermissionView):
    """What the pages of one assessment share."""

    permission = "view_maturity"

    def assessment(self, pk: int) -> Assessment:
        return get_object_or_404(
            Assessment.objects.visible_to(self.request.user).select_related("edition"), pk=pk
        )

    def crumbs(self, row: Assessment, *here: str) -> list[tuple[str, str | None]]:
        crumbs: list[tuple[str, str | None]] = [
            ("Maturity", reverse("maturity-overview")),
            ("Assessments", reverse("assessment-list")),
        ]
        if not here:
            return [*crumbs, (row.name, None)]
        return [*crumbs, (row.name, row.get_absolute_url()), *((text, None) for text in here)]

    def form_page(
        self, row: Assessment, form: Any, title: str, button: str, **more: Any
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "caption": row.name,
            "cancel": row.get_absolute_url(),
            "breadcrumbs": self.crumbs(row, title),
            **more,
        }
        return render(self.request, "action_plan/maturity_form.html", context)

    def refused(self, error: ValidationError, to: str) -> HttpResponseBase:
        """A step that the service refuses, said on the page it was taken from."""
        messages.error(self.request, " ".join(error.messages))
        return redirect(to)


class AssessmentCreate(AssessmentView):
    permission = "change_maturity"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(AssessmentForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AssessmentForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        edition = MaturityEdition.objects.filter(state=MaturityEdition.State.IN_USE).first()
        if edition is None:
            form.add_error(None, "No edition of the index is in use. Take one into use first.")
            return self.page(form)
        try:
            row = begin_assessment(edition=edition, by=request.user, now=self.now, **form.changes())
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The assessment is begun. Name who scores next.")
        return redirect("assessor-create", row.pk)

    def page(self, form: AssessmentForm) -> HttpResponse:
        context = {
            "title": "Begin an assessment",
            "form": form,
            "button": "Begin the assessment",
            "cancel": reverse("assessment-list"),
            "breadcrumbs": [
                ("Maturity", reverse("maturity-overview")),
                ("Assessments", reverse("assessment-list")),
                ("Begin", None),
            ],
        }
        return render(self.request, "action_plan/maturity_form.html", context)


class AssessmentEdit(AssessmentView):
    permission = "change_maturity"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        if row.state == Assessment.State.AGREED:
            messages.error(request, "What was agreed stays as it is. Begin another assessment.")
            return redirect(row)
        return self.form_page(row, AssessmentForm(instance=row), "Edit the assessment", "Save")

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        form = AssessmentForm(self.posted(), instance=self.assessment(pk))
        if form.is_valid():
            try:
                change_assessment(
                    assessment=row,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = AssessmentForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect(row)
        return self.form_page(row, form, "Edit the assessment", "Save")


class AssessmentPage(AssessmentView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.assessment(pk)
        shown = assessment_detail(row, request.user)
        may_change = can(request.user, "change_maturity")
        may_moderate = can(request.user, "moderate_maturity")
        context = {
            "title": row.name,
            "assessment": row,
            "tag": state_tag(row),
            "shown": shown,
            "themes": [theme_line(line, row) for line in shown.themes],
            "facts": facts_of(row, shown),
            "may_change": may_change and not row.is_of_record and row.state != "agreed",
            "may_moderate": may_moderate,
            "action": main_action(row, shown, may_change, may_moderate),
            "history": history_of(row),
            "breadcrumbs": self.crumbs(row),
        }
        return render(request, "action_plan/assessment_detail.html", context)


def theme_line(line: ThemeLine, row: Assessment) -> dict[str, Any]:
    result, apart = line.result, line.spread
    scores = ""
    if apart.lowest and apart.highest:
        scores = apart.lowest.label
        if apart.lowest is not apart.highest:
            scores += f" to {apart.highest.label}"
    if apart.cannot_say:
        scores += f"{', ' if scores else ''}{apart.cannot_say} cannot say"
    return {
        "theme": line.theme,
        "scores": scores,
        "stage": result.get_stage_display() if result and result.stage else "",  # type: ignore[attr-defined]
        "tag": Tag(result.get_state_display(), RESULT_TONES[ThemeResult.State(result.state)])
        if result
        else None,
        "own": own_words(line.own, row),
    }


def own_words(score: Score | None, row: Assessment) -> str:
    if score is None:
        return ""
    return Stage(score.stage).label if score.stage else "Cannot say"


def facts_of(row: Assessment, shown: AssessmentDetail) -> list[SummaryRow]:
    rows = [
        SummaryRow("Date", row.day),
        SummaryRow(
            "Edition of the index", row.edition or "", missing="Not by an edition held here"
        ),
    ]
    if row.overall_words:
        rows.append(SummaryRow("Overall, as reported", f"“{row.overall_words}”"))
    if row.source:
        rows.append(SummaryRow("Source", row.source))
    if row.scores_due and row.is_blind:
        rows.append(SummaryRow("Scores wanted by", f"{row.scores_due:%-d %B %Y}"))
    if shown.assessors:
        rows.append(SummaryRow("Scores sent", f"{shown.sent} of {len(shown.assessors)} assessors"))
    if row.opened_at:
        rows.append(
            SummaryRow("Moderation opened", f"{row.opened_at:%-d %B %Y} by {row.opened_by_name}")
        )
    if row.agreed_at:
        rows.append(SummaryRow("Agreed", f"{row.agreed_at:%-d %B %Y} by {row.agreed_by_name}"))
    if row.left_out_reason:
        rows.append(SummaryRow("Why themes have no stage", row.left_out_reason))
    return rows


def main_action(
    row: Assessment, shown: AssessmentDetail, may_change: bool, may_moderate: bool
) -> Link | None:
    """The one thing this person does next."""
    if row.is_blind and shown.own is not None and shown.own.sent_at is None:
        theme = shown.first_unscored
        if theme is None:
            return Link("Check and send your scores", reverse("scores-send", args=[row.pk]))
        url = reverse("assessment-score", kwargs={"pk": row.pk, "theme": theme.key})
        return Link("Score the themes" if not shown.scored else f"Go on with {theme}", url)
    if row.is_blind and may_change:
        if not shown.assessors:
            return Link("Name who scores", reverse("assessor-create", args=[row.pk]))
        if shown.sent:
            return Link("Open moderation", reverse("moderation-open", args=[row.pk]))
    if row.state == Assessment.State.MODERATION and may_moderate:
        if shown.agreed == len(shown.themes):
            return Link("Agree the assessment", reverse("assessment-agree", args=[row.pk]))
        following = next(
            (line.theme for line in shown.themes if line.result and line.result.state != "agreed"),
            None,
        )
        if following is not None:
            url = reverse("assessment-theme", kwargs={"pk": row.pk, "theme": following.key})
            return Link(f"Moderate {following}", url)
    return None


class AssessorCreate(AssessmentView):
    permission = "change_maturity"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.assessment(pk)
        return self.page(row, AssessorForm(assessment=row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        form = AssessorForm(request.POST, assessment=row)
        if form.is_valid():
            try:
                made = name_assessor(
                    assessment=row, by=request.user, now=self.now, **form.cleaned_data
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"{made} scores in this assessment now.")
                return redirect("assessor-create", row.pk)
        return self.page(row, form)

    def page(self, row: Assessment, form: AssessorForm) -> HttpResponse:
        context = {
            "title": "Who scores?",
            "form": form,
            "assessment": row,
            "assessors": row.assessors.all(),
            "breadcrumbs": self.crumbs(row, "Who scores?"),
        }
        return render(self.request, "action_plan/assessors.html", context)


class AssessorRemove(AssessmentView):
    permission = "change_maturity"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, assessor: int) -> HttpResponseBase:
        row = self.assessment(pk)
        found = get_object_or_404(Assessor, pk=assessor, assessment=row)
        try:
            remove_assessor(assessor=found, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, reverse("assessor-create", args=[row.pk]))
        messages.success(request, f"{found} no longer scores in this assessment.")
        return redirect("assessor-create", row.pk)


class _OwnScores(AssessmentView):
    """Only for whoever is named as an assessor of this assessment."""

    permission = "score_maturity"

    def own(self, row: Assessment) -> Assessor:
        found = row.assessors.filter(user=self.request.user.pk).first()
        if found is None:
            raise PermissionDenied("You are not named as an assessor of this assessment.")
        return found


class ScoreTheme(_OwnScores):
    """One theme a page, with the stages' meaning beside the choices. Works on a phone."""

    def get(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row = self.assessment(pk)
        assessor = self.own(row)
        found = get_object_or_404(Theme, key=theme)
        if not row.is_blind or assessor.sent_at is not None:
            return redirect(row)
        score = Score.objects.filter(assessor=assessor, theme=found).first()
        return self.page(row, found, self.form(row, score))

    def form(self, row: Assessment, score: Any, data: Any = None) -> ScoreForm:
        initial = {"version": score.version if score and score.pk else 0}
        if score is not None and score.pk:
            initial |= {"stage": score.stage or CANNOT_SAY, "reasons": score.reasons}
        assert row.edition is not None
        return ScoreForm(data, initial=initial, edition=row.edition)

    def post(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row = self.assessment(pk)
        assessor = self.own(row)
        found = get_object_or_404(Theme, key=theme)
        if row.edition is None:
            return redirect(row)
        form = self.form(row, None, self.posted())
        if form.is_valid():
            try:
                record_score(
                    assessor=assessor,
                    theme=found,
                    stage=form.chosen,
                    reasons=form.cleaned_data["reasons"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                return self.show_collision(form, self.form(row, collision.stored), collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                return redirect(self.after(row, assessor, found))
        return self.page(row, found, form)

    def after(self, row: Assessment, assessor: Assessor, theme: Theme) -> str:
        """The next theme without a score, or the page that sends them."""
        left = list(
            Theme.objects.exclude(pk__in=Score.objects.filter(assessor=assessor).values("theme"))
        )
        following = next(
            (t for t in left if t.position > theme.position), left[0] if left else None
        )
        if following is None:
            return reverse("scores-send", args=[row.pk])
        return reverse("assessment-score", kwargs={"pk": row.pk, "theme": following.key})

    def page(self, row: Assessment, theme: Theme, form: ScoreForm) -> HttpResponse:
        criteria = theme.criteria.filter(edition=row.edition)
        by_stage = [(label, [c for c in criteria if c.stage == key]) for key, label in _stages(row)]
        context = {
            "title": theme.name,
            "theme": theme,
            "count": Theme.objects.count(),
            "assessment": row,
            "form": form,
            "by_stage": [(label, found) for label, found in by_stage if found],
            "breadcrumbs": self.crumbs(row, theme.name),
        }
        return render(self.request, "action_plan/score_form.html", context)


def _stages(row: Assessment) -> list[tuple[str, str]]:
    if row.edition is None:
        return []
    return [(stage.stage, f"{stage.number} {stage.name}") for stage in row.edition.stages.all()]


class ScoresSend(_OwnScores):
    """What was scored, theme by theme, before the Group gets it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        assessor = self.own(row)
        if not row.is_blind or assessor.sent_at is not None:
            return redirect(row)
        shown = assessment_detail(row, request.user)
        rows = []
        for line in shown.themes:
            url = reverse("assessment-score", kwargs={"pk": row.pk, "theme": line.theme.key})
            rows.append(
                SummaryRow(
                    line.theme.name,
                    own_words(line.own, row),
                    action=Link("Change" if line.own else "Score", url, line.theme.name),
                    missing="Not scored yet",
                    note=line.own.reasons if line.own else "",
                )
            )
        context = {
            "title": "Check your scores before you send them",
            "assessment": row,
            "assessor": assessor,
            "rows": rows,
            "is_whole": shown.first_unscored is None,
            "breadcrumbs": self.crumbs(row, "Check your scores"),
        }
        return render(request, "action_plan/scores_send.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        try:
            send_scores(assessor=self.own(row), by=request.user, now=self.now)
        except ValidationError as error:
            to = reverse("scores-send", args=[row.pk]) if row.is_blind else row.get_absolute_url()
            return self.refused(error, to)
        messages.success(
            request, "Your scores are sent. Nobody reads them before moderation opens."
        )
        return redirect(row)


class ScoresTakeBack(_OwnScores):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        try:
            take_scores_back(assessor=self.own(row), by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, row.get_absolute_url())
        messages.success(request, "Your scores are drafts again. Send them when you are done.")
        return redirect("scores-send", row.pk)
