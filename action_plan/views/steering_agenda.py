"""One agenda item: read, commented on, prepared; its papers; and what members say before a meeting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.files.kinds import KINDS, KINDS_WORDS, too_large_words
from trafford_sv.core.parts import Link
from trafford_sv.core.services.records import Collision
from trafford_sv.core.serving import BYTES_ARE, file_response
from trafford_sv.core.uploads import too_large
from trafford_sv.core.workbooks import size_words

from ..forms.meetings import (
    ApologiesForm,
    CommentForm,
    InterestForm,
    ItemForm,
    PaperForm,
)
from ..models import AgendaItem, Attendance, Meeting, Paper, Seat
from ..selectors.meetings import PaperLine, papers_for, view_item
from ..services.agenda import (
    add_item,
    add_paper,
    change_item,
    comment_on_item,
    declare_interest,
    move_item,
    remove_item,
    remove_paper,
    say_coming,
)
from ..words import day_words
from .steering_base import GroupPage, MembersPage, RunPage, WorkingPage

EFFECTS = (
    ("decide-new-action", "Decide on a new action", "change_plan"),
    ("decide-action-change", "Decide on a change to an action", "change_plan"),
    ("decide-stage", "Agree a maturity stage", "moderate_maturity"),
    ("decide-charter", "Approve a charter version", "change_charter"),
)


def paper_words(paper: PaperLine) -> str:
    """ "PDF, 1.2 MB"."""
    kind = KINDS.get(paper.kind)
    return f"{kind.words if kind else paper.kind}, {size_words(paper.file_bytes)}"


class ItemDetail(WorkingPage):
    """For members and officers: the papers, what others say, and a box to say something."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.item(pk), CommentForm())

    def page(self, item: AgendaItem, form: CommentForm) -> HttpResponse:
        meeting = item.meeting
        seen = view_item(item, confidential=self.reader.confidential, seat=self.standing.seat)
        return self.show(
            "item_detail",
            title=item.title,
            item=item,
            meeting=meeting,
            seen=seen,
            papers=[(paper, paper_words(paper)) for paper in seen.papers],
            form=form,
            runs=self.standing.runs,
            effects=self.effects(item),
            breadcrumbs=self.meeting_crumbs(meeting, (f"Item {item.position}", None)),
        )

    def effects(self, item: AgendaItem) -> list[Link]:
        """Decisions that set something in motion, for whoever may do that."""
        if not self.standing.runs:
            return []
        return [
            Link(words, reverse(name, args=[item.pk]))
            for name, words, needed in EFFECTS
            if can(self.request.user, needed)
        ]


class ItemComment(MembersPage):
    """The box of `ItemDetail`; what was typed is shown again where it could not be kept."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self.item(pk)
        return redirect("agenda-item-detail", pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = CommentForm(request.POST)
        if form.is_valid():
            try:
                comment_on_item(
                    item=item, text=form.cleaned_data["text"], by=request.user, now=self.now
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your comment is with the item now.")
                return redirect(f"{reverse('agenda-item-detail', args=[pk])}#comments")
        page = ItemDetail()
        page.setup(request, pk=pk)
        page.now, page.today = self.now, self.today
        return page.page(item, form)


class ItemCreate(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.meeting(pk), ItemForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = ItemForm(request.POST)
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            item = add_item(meeting=meeting, values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(request, "The item is on the agenda. Add its papers here.")
        return redirect("agenda-item-detail", item.pk)

    def page(self, meeting: Meeting, form: ItemForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Add an item",
            button="Add to the agenda",
            cancel=meeting.get_absolute_url(),
            caption=f"Meeting of {day_words(meeting.day)}",
            crumbs=self.meeting_crumbs(meeting, ("Add an item", None)),
        )


class ItemEdit(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        item = self.item(pk)
        return self.page(item, ItemForm(instance=item))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = ItemForm(self.posted(), instance=self.item(pk))
        if not form.is_valid():
            return self.page(item, form)
        try:
            change_item(
                item=item,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, ItemForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        messages.success(request, "Your changes are saved.")
        return redirect("agenda-item-detail", item.pk)

    def page(self, item: AgendaItem, form: ItemForm) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        return self.form_page(
            form,
            title="Edit the item",
            button="Save changes",
            cancel=back,
            caption=str(item),
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Edit", None)
            ),
        )


class ItemRemove(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.item(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        try:
            remove_item(item=item, by=request.user, now=self.now)
        except ValidationError as error:
            return self.page(item, " ".join(error.messages))
        messages.success(request, f"“{item.title}” is taken off the agenda.")
        return redirect(item.meeting)

    def page(self, item: AgendaItem, problem: str = "") -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        return self.form_page(
            None,
            title="Take the item off the agenda",
            button="Take it off",
            cancel=back,
            caption=str(item),
            warning=problem,
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Take off", None)
            ),
        )


class ItemMove(RunPage):
    """One place up or down; from the meeting's page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect(self.item(pk).meeting)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        try:
            move_item(item=item, up=request.POST.get("way") == "up", by=request.user, now=self.now)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect(f"{item.meeting.get_absolute_url()}#agenda")


class PaperAdd(RunPage):
    upload_limits = ("EVIDENCE_MAX_BYTES", "EVIDENCE_REQUEST_MAX_BYTES")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        item = self.item(pk)
        return self.page(item, PaperForm(initial={"is_confidential": item.is_confidential}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = PaperForm(request.POST, request.FILES)
        if too_large(request):
            form.is_valid()
            form.errors.pop("file", None)
            form.add_error("file", too_large_words(None, settings.EVIDENCE_MAX_BYTES))
            return self.page(item, form)
        if not form.is_valid():
            return self.page(item, form)
        try:
            paper = add_paper(item=item, by=request.user, now=self.now, **form.cleaned_data)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        if paper.warnings:
            messages.warning(
                request,
                "Look at this paper again before the agenda is published: "
                + " ".join(paper.warnings),
            )
        messages.success(request, f"“{paper.title}” goes with the item now.")
        return redirect("agenda-item-detail", item.pk)

    def page(self, item: AgendaItem, form: PaperForm) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        form.fields[
            "file"
        ].help_text = f"{KINDS_WORDS}. Up to {size_words(settings.EVIDENCE_MAX_BYTES)}"
        return self.form_page(
            form,
            title="Add a paper",
            button="Add the paper",
            cancel=back,
            caption=str(item),
            has_files=True,
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Add a paper", None)
            ),
        )


class PaperRemove(RunPage):
    def paper(self, pk: UUID) -> Paper:
        return get_object_or_404(
            papers_for(self.request.user, confidential=self.reader.confidential), pk=pk
        )

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.page(self.paper(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        paper = self.paper(pk)
        try:
            remove_paper(paper=paper, by=request.user, now=self.now)
        except ValidationError as error:
            return self.page(paper, " ".join(error.messages))
        messages.success(request, f"“{paper.title}” is taken off.")
        return redirect("agenda-item-detail", paper.item_id)

    def page(self, paper: Paper, problem: str = "") -> HttpResponse:
        back = reverse("agenda-item-detail", args=[paper.item_id])
        return self.form_page(
            None,
            title="Take the paper off",
            button="Take it off",
            cancel=back,
            caption=paper.title,
            warning=problem,
            crumbs=self.meeting_crumbs(
                paper.item.meeting,
                (f"Item {paper.item.position}", back),
                ("Take a paper off", None),
            ),
        )


class PaperFile(GroupPage):
    """The bytes, always as a download. A confidential paper is not there for the public."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        paper = get_object_or_404(
            papers_for(request.user, confidential=self.reader.confidential), pk=pk
        )
        kind = KINDS.get(paper.kind)
        return file_response(
            paper.file,
            name=paper.original_name,
            content_type=kind.content_type if kind else BYTES_ARE,
            how="attachment",
        )


class Apologies(MembersPage):
    """Will this member come?"""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        said = None
        if self.standing.seat is not None:
            said = Attendance.objects.filter(meeting=meeting, seat=self.standing.seat).first()
        initial = {"coming": "no" if said else "", "note": said.note if said else ""}
        return self.page(meeting, ApologiesForm(initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = ApologiesForm(request.POST)
        if not form.is_valid():
            return self.page(meeting, form)
        coming = form.cleaned_data["coming"] == "yes"
        try:
            say_coming(
                meeting=meeting,
                is_coming=coming,
                note=form.cleaned_data["note"],
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(
            request, "You will come." if coming else "Your apologies are with the co-ordinator."
        )
        return redirect(meeting)

    def page(self, meeting: Meeting, form: ApologiesForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Will you come?",
            button="Send",
            cancel=meeting.get_absolute_url(),
            caption=f"Meeting of {day_words(meeting.day)}",
            crumbs=self.meeting_crumbs(meeting, ("Will you come?", None)),
        )


class InterestDeclare(MembersPage):
    """A member's own interest in an item."""

    title = "Declare an interest"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.item(pk), self.form())

    def form(self, data: Any = None) -> InterestForm:
        return InterestForm(data)

    def seat_of(self, form: InterestForm) -> Seat | None:
        return None

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(item, form)
        try:
            declare_interest(
                item=item,
                words=form.cleaned_data["words"],
                stays=form.cleaned_data["stays"],
                seat=self.seat_of(form),
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        messages.success(request, "The interest is on record.")
        return redirect("agenda-item-detail", item.pk)

    def page(self, item: AgendaItem, form: InterestForm) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        return self.form_page(
            form,
            title=self.title,
            button="Declare it",
            cancel=back,
            caption=str(item),
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), (self.title, None)
            ),
        )


class InterestRecord(RunPage, InterestDeclare):
    """One that a member declared at the meeting, recorded for them."""

    permission = "run_steering"
    title = "Record a member’s interest"

    def form(self, data: Any = None) -> InterestForm:
        seats = Seat.objects.in_force(self.item(self.kwargs["pk"]).meeting.day)  # type: ignore[attr-defined]
        return InterestForm(data, seats=seats)

    def seat_of(self, form: InterestForm) -> Seat | None:
        return form.cleaned_data["seat"]  # type: ignore[no-any-return]
