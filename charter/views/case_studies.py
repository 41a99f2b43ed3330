"""Case studies: the public list, one story, its picture, and the officers' forms."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.files.kinds import KINDS
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.serving import file_response
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..filters import CaseStudyFilter
from ..forms.case_studies import CaseStudyForm, PictureForm, WithdrawStoryForm
from ..models import CaseStudy
from ..sections import case_study_sections
from ..selectors.case_studies import case_study_rows, story_of
from ..services import case_studies
from ..uptake import people_words, public_count

State = CaseStudy.State
TONES = {State.DRAFT: Tone.WARNING, State.PUBLISHED: Tone.GOOD, State.WITHDRAWN: Tone.NEUTRAL}


def state_tag(row: CaseStudy) -> Tag:
    return Tag(row.get_state_display(), TONES[State(row.state)])


class CaseStudyList(ListMixin, PublicView):
    title = "Case studies"
    noun = "case study"
    noun_plural = "case studies"
    introduction = "What social value did for people, told with the consent of those it is about."
    filterset_class = CaseStudyFilter
    row_template = "charter/_case_study_rows.html"
    template_name = "charter/register_list.html"
    columns = (
        Column("Story", sort="title"),
        Column("Principle"),
        Column("People helped", numeric=True),
        Column("Published", sort="published"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "published": Sort("Published", ("published_on",), "oldest first", "newest first"),
        "title": Sort("Title", ("title",)),
    }
    default_sort = "-published"
    export_name = "case-studies"
    export_columns = (
        ExportColumn("Title", "title"),
        ExportColumn("Summary", "summary"),
        ExportColumn("Principle", lambda row: row.principle.title if row.principle else ""),
        ExportColumn("When", "happened_words"),
        ExportColumn(
            "People helped (1 to 4 left out)", lambda row: public_count(row.people_helped)
        ),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Published on", "published_on"),
        ExportColumn("Source", "source_title"),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No case studies yet",
        "When a story is published, with the consent of those it is about, it will be here.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return case_study_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        is_public = not can(self.request.user, "view_charter")
        for row in self.page.object_list:
            row.tag = None if row.state == State.PUBLISHED else state_tag(row)
            row.people = people_words(
                row.people_helped, is_at_least=row.is_at_least, is_public=is_public
            )
        links = []
        if can(self.request.user, "keep_adoptions"):
            links.append(Link("Write a case study", reverse("case-study-create")))
        return {
            "officer_links": links,
            "breadcrumbs": [("The charter", reverse("charter")), ("Case studies", None)],
        }


def case_study_of(request: HttpRequest, key: str) -> CaseStudy:
    return get_object_or_404(case_study_rows(request.user), key=key)


def crumbs(row: CaseStudy | None, here: str) -> list[tuple[str, str | None]]:
    return [
        ("The charter", reverse("charter")),
        ("Case studies", reverse("case-study-list")),
        *([(row.title, row.get_absolute_url())] if row and here else []),
        (here or str(row), None),
    ]


class CaseStudyPage(PublicView):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = case_study_of(request, key)
        reads = can(request.user, "view_charter")
        keeps = can(request.user, "keep_adoptions")
        context = {
            "title": row.title,
            "story": story_of(row, is_public=not reads),
            "row": row,
            "tag": state_tag(row),
            "reads": reads,
            "consent": [
                SummaryRow("Who has agreed to what", row.consent_words, missing="Not recorded"),
                SummaryRow("Agreed on", _day(row.consent_on), missing="Not recorded"),
            ],
            "sections": case_study_sections(row, request.user, self.today),
            "may_keep": keeps,
            "may_publish": keeps and row.state != State.PUBLISHED,
            "history": history_of(row, limit=20) if reads else None,
            "breadcrumbs": crumbs(row, ""),
        }
        return render(request, "charter/case_study_detail.html", context)


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


class CaseStudyPicture(PublicView):
    """The picture as we drew it again. It is as public as its story."""

    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = case_study_of(request, key)
        kind = KINDS.get(row.picture_kind)
        if not row.picture or kind is None or not kind.is_picture:
            raise Http404
        return file_response(
            row.picture,
            name=f"{row.key}.{row.picture_kind}",
            content_type=kind.content_type,
            how="inline",
        )


class _Keeping(EditMixin, PermissionView):
    permission = "keep_adoptions"

    def row(self, key: str) -> CaseStudy:
        return case_study_of(self.request, key)

    def show(
        self,
        form: BaseForm,
        title: str,
        button: str,
        row: CaseStudy | None = None,
        lead: str = "",
        has_files: bool = False,
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "lead": lead,
            "has_files": has_files,
            "cancel": row.get_absolute_url() if row else reverse("case-study-list"),
            "breadcrumbs": crumbs(row, title),
        }
        return render(self.request, "charter/keep_form.html", context)


class CaseStudyCreate(_Keeping):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(CaseStudyForm())

    def page(self, form: BaseForm) -> HttpResponse:
        return self.show(form, "Write a case study", "Save the draft")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = CaseStudyForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            made = case_studies.write_case_study(
                values=form.changes(), by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The draft is saved. Only officers see it.")
        return redirect(made)


class CaseStudyEdit(_Keeping):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.row(key)
        return self.show(CaseStudyForm(instance=row), "Edit the case study", "Save it", row)

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = self.row(key)
        form = CaseStudyForm(self.posted(), instance=self.row(key))
        if not form.is_valid():
            return self.show(form, "Edit the case study", "Save it", row)
        try:
            case_studies.change_case_study(
                case_study=row,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, CaseStudyForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.show(form, "Edit the case study", "Save it", row)
        messages.success(request, "The case study is saved.")
        return redirect(row)


class CaseStudyPictureSet(_Keeping):
    def unbound(self, row: CaseStudy) -> PictureForm:
        return PictureForm(
            initial={
                "version": row.version,
                "picture_alt": row.picture_alt,
                "picture_credit": row.picture_credit,
            }
        )

    def page(self, row: CaseStudy, form: PictureForm) -> HttpResponse:
        return self.show(form, "Set the picture", "Keep the picture", row, has_files=True)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.row(key)
        return self.page(row, self.unbound(row))

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = self.row(key)
        form = PictureForm(self.posted(), request.FILES)
        if not form.is_valid():
            return self.page(row, form)
        sent = form.cleaned_data["picture"]
        try:
            case_studies.set_picture(
                case_study=row,
                file=sent.file,
                name=sent.name,
                alt=form.cleaned_data["picture_alt"],
                credit=form.cleaned_data["picture_credit"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            form.add_error(
                None,
                "Somebody saved this case study after you opened it. Choose the picture again.",
            )
            form.data = {**request.POST.dict(), "version": str(collision.stored.version)}
            answer = self.page(row, form)
            answer.status_code = 409
            return answer
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "The picture is kept, without its place and camera.")
        return redirect(row)


class CaseStudyPublish(_Keeping):
    """One button: what is on the page is what will be public."""

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = self.row(key)
        version = request.POST.get("version", "")
        try:
            case_studies.publish_case_study(
                case_study=row,
                published_on=self.today,
                expected_version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
                by=request.user,
                now=self.now,
            )  # fmt: skip
        except Collision:
            messages.warning(request, "Somebody saved it after you opened it. Read it once more.")
            return redirect(row)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
            return redirect(row)
        messages.success(request, "The case study is published.")
        return redirect(row)


class CaseStudyWithdraw(_Keeping):
    LEAD = "It is no longer public, and its picture is deleted."

    def unbound(self, row: CaseStudy) -> WithdrawStoryForm:
        return WithdrawStoryForm(initial={"version": row.version})

    def page(self, row: CaseStudy, form: BaseForm) -> HttpResponse:
        return self.show(form, "Withdraw the case study", "Withdraw it", row, self.LEAD)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.row(key)
        return self.page(row, self.unbound(row))

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = self.row(key)
        form = WithdrawStoryForm(self.posted())
        if not form.is_valid():
            return self.page(row, form)
        try:
            case_studies.withdraw_case_study(
                case_study=row,
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, self.unbound(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row, form)
        messages.success(request, "The case study is withdrawn.")
        return redirect(row)
