"""Writing a committee paper: begin it, write its words beside its figures, see it as it would be read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.parts import Table
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..committee_paper import missing_parts
from ..datasets import Dataset, figure_words
from ..editions import NotReady
from ..forms.committee_paper import BeginPaperForm, CommitteePaperForm
from ..models import CommitteePaper
from ..rendering import Sheet, sections_of
from ..selectors.committee import KIND, dataset_of, paper_for, quarter_figures, words_of
from ..services.committee import begin_paper, write_paper

QUARTERS_OFFERED = 8
# Named first beside the form: what a paper mostly says.
OFTEN_NAMED = (
    "verified-social-quarter", "verified-local-quarter", "verified-social-year", "verified-local-year",
    "committed-social", "committed-local", "offered-social", "offered-local", "kept-social", "kept-local",
    "returns-received", "returns-expected", "returns-share", "contracts-over", "contracts-carrying",
    "contracts-over-pounds", "spend-retained-share", "spend-unknown-share", "adopters", "needs", "needs-open",
    "actions", "actions-completed", "actions-overdue",
)  # fmt: skip


def crumbs(*more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [
        ("Measures and reports", reverse("report-home")),
        ("Committee papers", reverse("committee-paper-list")),
        *more,
    ]


class CommitteePapers(PermissionView):
    """The drafts, and where to begin one."""

    permission = "view_reports"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(BeginPaperForm(quarters=self.free()))

    def free(self) -> list[Quarter]:
        """The latest quarters that ended and have no paper yet."""
        begun = {(one.financial_year, one.quarter) for one in CommitteePaper.objects.all()}
        quarter, found = Quarter.of(self.today).previous, []
        for _ in range(QUARTERS_OFFERED):
            if (quarter.start_year, quarter.number) not in begun:
                found.append(quarter)
            quarter = quarter.previous
        return found

    def page(self, form: BeginPaperForm) -> HttpResponse:
        rows = [
            (one, one.get_absolute_url(), missing_parts(words_of(one)))
            for one in CommitteePaper.objects.all()
        ]
        context = {
            "title": "Committee papers",
            "form": form,
            "rows": rows,
            "may_write": can(self.request.user, "publish_reports"),
            "breadcrumbs": crumbs()[:-1] + [("Committee papers", None)],
        }
        return render(self.request, "reporting/committee_paper_list.html", context)


class BeginPaper(CommitteePapers):
    permission = "publish_reports"

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("committee-paper-list")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BeginPaperForm(request.POST, quarters=self.free())
        if not form.is_valid():
            return self.page(form)
        try:
            paper = begin_paper(
                quarter=Quarter.parse(form.cleaned_data["quarter"]), by=request.user, now=self.now
            )
        except ValidationError as error:
            form.add_error("quarter", error.messages)
            return self.page(form)
        return redirect("committee-paper-edit", paper.period.code)


class _Paper(PermissionView):
    def paper(self, quarter: str) -> CommitteePaper:
        try:
            found = paper_for(Quarter.parse(quarter))
        except PeriodError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return found


class PaperPage(_Paper):
    """The paper as it would be read, live, with what is still empty said first."""

    permission = "view_reports"

    def get(self, request: HttpRequest, quarter: str) -> HttpResponse:
        paper = self.paper(quarter)
        words = words_of(paper)
        dataset: Dataset | None = None
        problem = ""
        try:
            dataset = dataset_of(words, paper.period, self.now, may_be_unfinished=True)
        except NotReady as error:
            problem = str(error)
        draft = reverse("edition-draft", args=[KIND, paper.period.code])
        context = {
            "title": f"Committee paper for {paper.period.label}",
            "paper": paper,
            "missing": missing_parts(words),
            "problem": problem,
            "sections": sections_of(Sheet(dataset, "", draft)) if dataset else [],
            "may_write": can(request.user, "publish_reports"),
            "publish_address": reverse("edition-publish", args=[KIND, paper.period.code]),
            "breadcrumbs": crumbs((paper.period.label, None)),
        }
        return render(request, "reporting/committee_paper.html", context)


class PaperEdit(EditMixin, _Paper):
    permission = "publish_reports"

    def get(self, request: HttpRequest, quarter: str) -> HttpResponse:
        paper = self.paper(quarter)
        return self.page(CommitteePaperForm(instance=paper), paper)

    def page(self, form: CommitteePaperForm, paper: CommitteePaper) -> HttpResponse:
        book = quarter_figures(paper.period, self.now)
        rows = [
            (f"[[{one.id}]]", one.label, figure_words(one))
            for one in (book.figures[key] for key in OFTEN_NAMED if key in book.figures)
        ]
        context: dict[str, Any] = {
            "title": f"Write the committee paper for {paper.period.label}",
            "form": form,
            "paper": paper,
            "figures": Table("Figures that the words can name", ("Write this", "Figure", "It reads"), rows),
            "breadcrumbs": crumbs((paper.period.label, paper.get_absolute_url()), ("Write", None)),
        }  # fmt: skip
        return render(self.request, "reporting/committee_paper_edit.html", context)

    def post(self, request: HttpRequest, quarter: str) -> HttpResponseBase:
        paper = self.paper(quarter)
        form = CommitteePaperForm(self.posted(), instance=paper)
        if not form.is_valid():
            return self.page(form, self.paper(quarter))
        try:
            write_paper(
                paper=self.paper(quarter), changes=form.changes(), expected_version=form.expected_version,
                by=request.user, now=self.now,
            )  # fmt: skip
        except Collision as collision:
            return self.show_collision(
                form, CommitteePaperForm(instance=collision.stored), collision
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form, self.paper(quarter))
        messages.success(request, "The words are kept.")
        return redirect(paper.get_absolute_url())
