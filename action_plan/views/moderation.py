"""Moderation: first scores side by side, the stage put forward, evidence, comments, agreement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.files.kinds import KINDS
from trafford_sv.core.parts import Tag
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.serving import BYTES_ARE, file_response
from trafford_sv.core.uploads import too_large

from ..forms.maturity import (
    AgreeForm,
    CloseForm,
    CommentForm,
    CriterionReasonForm,
    EvidenceForm,
    ProposeForm,
)
from ..models import (
    Action,
    Assessment,
    Assessor,
    Criterion,
    CriterionEvidence,
    CriterionReason,
    Theme,
    ThemeResult,
)
from ..selectors.assessments import assessment_detail, theme_detail
from ..services.maturity import (
    add_evidence,
    add_file,
    agree_assessment,
    agree_stage,
    comment_on_stage,
    open_moderation,
    propose_stage,
    record_reason,
    remove_evidence,
)
from ..stages import Stage
from .assessments import RESULT_TONES, AssessmentView
from .maturity import action_link


class ModerationOpen(AssessmentView):
    """Says what will be shown to whom before it is done."""

    permission = "change_maturity"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        if not row.is_blind:
            return redirect(row)
        context = {
            "title": "Open moderation",
            "assessment": row,
            "shown": assessment_detail(row, request.user),
            "breadcrumbs": self.crumbs(row, "Open moderation"),
        }
        return render(request, "action_plan/moderation_open.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        try:
            open_moderation(assessment=row, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, row.get_absolute_url())
        messages.success(request, "Moderation is open. Everyone can read the scores now.")
        return redirect(row)


class _ThemeView(AssessmentView):
    def theme(self, key: str, row: Assessment | None = None) -> Any:
        """With `reader_scores`: whether the reader is an assessor of `row`."""
        own = Assessor.objects.filter(assessment=row, user=self.request.user.pk)
        return get_object_or_404(Theme.objects.annotate(reader_scores=Exists(own)), key=key)

    def result(self, row: Assessment, theme: Theme) -> ThemeResult:
        """Before moderation there is none."""
        found = ThemeResult.objects.filter(assessment=row, theme=theme)
        return get_object_or_404(found.select_related("theme", "assessment"))

    @staticmethod
    def url(row: Assessment, theme: Theme) -> str:
        return reverse("assessment-theme", kwargs={"pk": row.pk, "theme": theme.key})

    def theme_form(
        self, row: Assessment, theme: Theme, form: Any, title: str, button: str, **more: Any
    ) -> HttpResponse:
        crumbs = self.crumbs(row, title)
        crumbs.insert(-1, (theme.name, self.url(row, theme)))
        return self.form_page(
            row,
            form,
            title,
            button,
            **{
                "caption": f"{row.name} · {theme.name}",
                "cancel": self.url(row, theme),
                "breadcrumbs": crumbs,
                **more,
            },
        )


class AssessmentTheme(_ThemeView):
    """One theme of one assessment: everything that speaks for a stage."""

    def get(self, request: HttpRequest, pk: int, theme: str) -> HttpResponse:
        row = self.assessment(pk)
        if row.edition is None:
            raise Http404
        found = self.theme(theme, row)
        shown = theme_detail(row, found, request.user)
        result = shown.line.result
        for line in shown.criteria:
            for item in line.evidence:
                item.link = action_link(item.action) if item.action else None  # type: ignore[attr-defined]
        is_live = row.state != Assessment.State.AGREED and (
            result is None or result.state != ThemeResult.State.AGREED
        )
        may_moderate = can(request.user, "moderate_maturity")
        may_put = may_moderate or can(request.user, "change_maturity") or found.reader_scores
        context = {
            "title": found.name,
            "assessment": row,
            "theme": found,
            "shown": shown,
            "result": result,
            "tag": Tag(result.get_state_display(), RESULT_TONES[ThemeResult.State(result.state)])
            if result
            else None,
            "stage": _numbered(row, result.stage) if result else "",
            "could_agree": _numbered(row, shown.could_agree),
            "spread": shown.line.spread,
            "blocked_words": f"It cannot be agreed yet: {', '.join(shown.blocked)} "
            f"{'has' if len(shown.blocked) == 1 else 'have'} neither evidence nor a recorded reason.",
            "may_propose": may_moderate and is_live and result is not None,
            "may_agree": may_moderate
            and is_live
            and result is not None
            and result.state == ThemeResult.State.PROPOSED,
            "may_comment": is_live
            and can(request.user, "score_maturity")
            and result is not None
            and result.state == ThemeResult.State.PROPOSED,
            "may_put": may_put and is_live,
            "may_reason": may_moderate and is_live and result is not None,
            "history": history_of(result) if result else (),
            "breadcrumbs": self.crumbs(row, found.name),
        }
        return render(request, "action_plan/assessment_theme.html", context)


def _numbered(row: Assessment, stage: Any) -> str:
    if not stage or row.edition is None:
        return ""
    return f"{row.edition.number_of(Stage(stage))} {Stage(stage).label}"


class StagePropose(_ThemeView):
    permission = "moderate_maturity"

    def form(self, result: ThemeResult, data: Any = None) -> ProposeForm:
        edition = result.assessment.edition
        assert edition is not None  # only one on record has none, and that has no results
        initial = {
            "version": result.version,
            "stage": result.stage or "",
            "reasons": result.reasons,
        }
        return ProposeForm(data, initial=initial, edition=edition)

    def get(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        result = self.result(row, found)
        if result.state == ThemeResult.State.AGREED:
            return redirect(result)
        return self.page(row, found, self.form(result))

    def post(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        result = self.result(row, found)
        form = self.form(result, self.posted())
        if form.is_valid():
            try:
                propose_stage(
                    result=result,
                    stage=Stage(form.cleaned_data["stage"]),
                    reasons=form.cleaned_data["reasons"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                return self.show_collision(form, self.form(collision.stored), collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The stage is proposed. Members can comment on it now.")
                return redirect(result)
        return self.page(row, found, form)

    def page(self, row: Assessment, theme: Theme, form: ProposeForm) -> HttpResponse:
        return self.theme_form(row, theme, form, "Propose a stage", "Propose the stage")


class StageAgree(_ThemeView):
    """Final: what it means is said before, and a changed proposal is shown instead."""

    permission = "moderate_maturity"

    def get(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        result = self.result(row, found)
        if result.state != ThemeResult.State.PROPOSED:
            return redirect(result)
        return self.page(row, found, result, AgreeForm(initial={"version": result.version}))

    def post(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        result = self.result(row, found)
        form = AgreeForm(self.posted())
        if form.is_valid():
            try:
                agree_stage(
                    result=result,
                    decision=form.cleaned_data["decision"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                # Not field by field: whoever agrees must have read what they agree to.
                fresh = AgreeForm(
                    {"decision": form.cleaned_data["decision"], "version": collision.stored.version}
                )
                fresh.add_error(
                    None,
                    "Someone else changed the proposal after you opened this page. It stands above "
                    "as it is now: agree to it if it is what the Group decided.",
                )
                return self.page(row, found, collision.stored, fresh, status=409)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"{found}: the stage is agreed and stands.")
                return redirect(result)
        return self.page(row, found, self.result(row, found), form)

    def page(
        self, row: Assessment, theme: Theme, result: ThemeResult, form: AgreeForm, status: int = 200
    ) -> HttpResponse:
        response = self.theme_form(
            row,
            theme,
            form,
            "Agree the stage",
            "Agree the stage for good",
            proposal=f"{_numbered(row, result.stage)}. {result.reasons}" if result.stage else "",
            warning="An agreed stage is never changed. Where things change, begin another assessment.",
        )
        response.status_code = status
        return response


class StageComment(_ThemeView):
    permission = "score_maturity"

    def get(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        if self.result(row, found).state != ThemeResult.State.PROPOSED:
            return redirect(self.url(row, found))
        return self.page(row, found, CommentForm())

    def post(self, request: HttpRequest, pk: int, theme: str) -> HttpResponseBase:
        row, found = self.assessment(pk), self.theme(theme)
        form = CommentForm(request.POST)
        if form.is_valid():
            try:
                comment_on_stage(
                    result=self.result(row, found),
                    words=form.cleaned_data["words"],
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your comment is on record.")
                return redirect(self.url(row, found))
        return self.page(row, found, form)

    def page(self, row: Assessment, theme: Theme, form: CommentForm) -> HttpResponse:
        return self.theme_form(row, theme, form, "Comment on the stage", "Send the comment")


class _CriterionView(_ThemeView):
    def criterion(self, row: Assessment, pk: int) -> Criterion:
        found = Criterion.objects.filter(edition=row.edition_id).select_related("theme")
        return get_object_or_404(found, pk=pk)


class ReasonRecord(_CriterionView):
    permission = "moderate_maturity"

    def get(self, request: HttpRequest, pk: int, criterion: int) -> HttpResponse:
        row = self.assessment(pk)
        found = self.criterion(row, criterion)
        held = CriterionReason.objects.filter(assessment=row, criterion=found).first()
        form = CriterionReasonForm(initial={"reason": held.reason if held else ""})
        return self.page(row, found, form)

    def post(self, request: HttpRequest, pk: int, criterion: int) -> HttpResponseBase:
        row = self.assessment(pk)
        found = self.criterion(row, criterion)
        form = CriterionReasonForm(request.POST)
        if form.is_valid():
            try:
                record_reason(
                    assessment=row,
                    criterion=found,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    now=self.now,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"{found.code}: saved.")
                return redirect(self.url(row, found.theme))
        return self.page(row, found, form)

    def page(self, row: Assessment, found: Criterion, form: CriterionReasonForm) -> HttpResponse:
        return self.theme_form(
            row, found.theme, form, "Record a reason", "Save the reason", proposal=str(found)
        )


class EvidenceAdd(_CriterionView):
    """A file, a link, an action or a figure. For assessors, and for whoever keeps the assessment."""

    permission = "score_maturity"
    upload_limits = ("EVIDENCE_MAX_BYTES", "EVIDENCE_MAX_BYTES")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if kwargs.get("kind") not in CriterionEvidence.Kind.values:
            kwargs["kind"] = CriterionEvidence.Kind.LINK.value
        return super().dispatch(request, *args, **kwargs)

    def may(self, row: Assessment) -> None:
        if not row.assessors.filter(user=self.request.user.pk).exists():
            permission = "moderate_maturity"
            self.check(row, permission)

    def form(self, kind: str, data: Any = None, files: Any = None) -> EvidenceForm:
        actions = Action.objects.visible_to(self.request.user)
        return EvidenceForm(data, files, kind=kind, actions=actions, today=self.today)

    def get(self, request: HttpRequest, pk: int, criterion: int, kind: str) -> HttpResponse:
        row = self.assessment(pk)
        self.may(row)
        return self.page(row, self.criterion(row, criterion), self.form(kind))

    def post(self, request: HttpRequest, pk: int, criterion: int, kind: str) -> HttpResponseBase:
        row = self.assessment(pk)
        self.may(row)
        found = self.criterion(row, criterion)
        form = self.form(kind, request.POST, request.FILES)
        if too_large(request):
            form.errors.pop("file", None)
            form.add_error("file", "This file is too large. Send a smaller one, or a link to it.")
        if form.is_valid():
            common: dict[str, Any] = {
                "assessment": row, "criterion": found, "by": request.user, "now": self.now
            }  # fmt: skip
            try:
                if kind == CriterionEvidence.Kind.FILE:
                    add_file(
                        file=form.upload,
                        original_name=form.upload.name or "",
                        note=form.cleaned_data["note"],
                        **common,
                    )
                else:
                    add_evidence(kind=kind, values=form.cleaned_data, **common)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"The evidence is with {found.code} now.")
                return redirect(self.url(row, found.theme))
        return self.page(row, found, form)

    def page(self, row: Assessment, found: Criterion, form: EvidenceForm) -> HttpResponse:
        blind = "Only you see it until moderation opens." if row.is_blind else ""
        return self.theme_form(
            row,
            found.theme,
            form,
            "Put evidence to a criterion",
            "Put it to the criterion",
            proposal=str(found),
            warning="" if can(self.request.user, "change_maturity") else blind,
            is_upload=True,
            others=[
                (label, reverse("criterion-evidence-add", args=[row.pk, found.pk, key]))
                for key, label in CriterionEvidence.Kind.choices
                if key != form.kind
            ],
        )


class _EvidenceView(AssessmentView):
    def evidence(self, pk: UUID) -> CriterionEvidence:
        rows = CriterionEvidence.objects.visible_to(self.request.user)
        return get_object_or_404(rows.select_related("assessment", "criterion__theme"), pk=pk)


class EvidenceRemove(_EvidenceView):
    permission = "score_maturity"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.evidence(pk)
        to = _ThemeView.url(row.assessment, row.criterion.theme)
        try:
            remove_evidence(evidence=row, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, to)
        messages.success(request, f"Taken off {row.criterion.code}.")
        return redirect(to)


class EvidenceDownload(_EvidenceView):
    """Always as a download; a picture as drawn anew, without where it was taken."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        row = self.evidence(pk)
        if not row.file:
            raise Http404
        kind = KINDS.get(row.file_kind)
        return file_response(
            row.file,
            name=row.original_name,
            content_type=kind.content_type if kind else BYTES_ARE,
            how="attachment",
        )


class AssessmentAgree(AssessmentView):
    permission = "moderate_maturity"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        if row.state != Assessment.State.MODERATION:
            return redirect(row)
        return self.page(row, CloseForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.assessment(pk)
        form = CloseForm(request.POST)
        if form.is_valid():
            try:
                agree_assessment(assessment=row, by=request.user, now=self.now, **form.cleaned_data)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The assessment is agreed and stands.")
                return redirect(row)
        return self.page(row, form)

    def page(self, row: Assessment, form: CloseForm) -> HttpResponse:
        shown = assessment_detail(row, self.request.user)
        left = [
            line.theme.name
            for line in shown.themes
            if line.result is None or line.result.state != ThemeResult.State.AGREED
        ]
        if not left:
            del form.fields["left_out_reason"]
        words = f"Without an agreed stage: {', '.join(left)}." if left else "Every theme is agreed."
        return self.form_page(
            row, form, "Agree the assessment", "Agree the assessment for good", proposal=words,
            warning="An agreed assessment is never changed.",
        )  # fmt: skip
