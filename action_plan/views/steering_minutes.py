"""Minutes: drafted, edited part by part, published, answered by members, confirmed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.services.records import Collision

from ..forms.meetings import OpeningForm, ReplyForm, SectionForm, VersionForm
from ..models import Meeting, Minutes, MinutesSection
from ..selectors.meetings import view_meeting, view_minutes
from ..services.minutes import (
    confirm_minutes,
    draft_again,
    draft_minutes,
    publish_minutes,
    reply_to_minutes,
    save_opening,
    save_section,
)
from ..words import day_words
from .steering_base import GroupPage, MembersPage, RunPage

TONES = {
    Minutes.State.DRAFT: Tone.WARNING,
    Minutes.State.PUBLISHED: Tone.INFO,
    Minutes.State.CONFIRMED: Tone.GOOD,
}


def minutes_tag(minutes: Minutes) -> Tag:
    state = Minutes.State(minutes.state)
    return Tag(state.label, TONES[state])


class _OfMeeting:
    """Minutes are addressed by their meeting."""

    request: HttpRequest
    reader: Any

    def minutes_of(self, meeting: Meeting) -> Minutes:
        minutes = (
            Minutes.objects.filter(meeting=meeting)
            .select_related("meeting", "confirmed_under__meeting")
            .first()
        )
        if minutes is None or (minutes.state == Minutes.State.DRAFT and not self.reader.works):
            raise Http404
        return minutes


class MinutesDetail(_OfMeeting, GroupPage):
    """For anybody once published; a member answers on the same page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.meeting(pk))

    def page(self, meeting: Meeting, form: ReplyForm | None = None) -> HttpResponse:
        minutes = self.minutes_of(meeting)
        seen = view_minutes(minutes, self.reader)
        seat = self.standing.seat
        own = next((one for one in seen.replies if seat and one.seat_id == seat.pk), None)
        may_reply = (
            seat is not None
            and minutes.state == Minutes.State.PUBLISHED
            and seat.is_in_force(meeting.day)
        )
        if may_reply and form is None:
            form = ReplyForm(
                initial={
                    "of_version": minutes.version,
                    "says": own.says if own else "",
                    "text": own.text if own else "",
                }
            )
        return self.show(
            "minutes_detail",
            title=f"Minutes of {day_words(meeting.day)}",
            meeting=meeting,
            minutes=minutes,
            seen=seen,
            tag=minutes_tag(minutes),
            form=form if may_reply or (form is not None and form.errors) else None,
            own=own,
            runs=self.standing.runs and minutes.state != Minutes.State.CONFIRMED,
            reader=self.reader,
            breadcrumbs=self.meeting_crumbs(meeting, ("Minutes", None)),
        )


class MinutesReplySend(_OfMeeting, MembersPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self.minutes_of(self.meeting(pk))
        return redirect("minutes-detail", pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        minutes = self.minutes_of(meeting)
        form = ReplyForm(request.POST)
        if form.is_valid():
            try:
                reply_to_minutes(
                    minutes=minutes, by=request.user, now=self.now, **form.cleaned_data
                )
            except ValidationError as error:
                if getattr(error, "code", "") == "changed":
                    # What they read next is this wording; what they typed stays.
                    data = request.POST.copy()
                    data["of_version"] = str(minutes.version)
                    form = ReplyForm(data)
                    form.is_valid()
                self.add_errors(form, error)
            else:
                messages.success(request, "Thank you. Your answer is with the minutes.")
                return redirect("minutes-detail", pk)
        page = MinutesDetail()
        page.setup(request, pk=pk)
        page.now, page.today = self.now, self.today
        return page.page(meeting, form)


class MinutesDraft(_OfMeeting, RunPage):
    """From what was recorded; again, where the draft should begin anew."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.meeting(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        held = Minutes.objects.filter(meeting=meeting).first()
        try:
            if held is None:
                draft_minutes(meeting=meeting, by=request.user, now=self.now)
            else:
                form = VersionForm(request.POST)
                if not form.is_valid():
                    return self.page(meeting)
                draft_again(
                    minutes=held,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
        except Collision:
            response = self.page(
                meeting, "Somebody changed the draft after you opened this page. Look at it first."
            )
            response.status_code = 409
            return response
        except ValidationError as error:
            return self.page(meeting, " ".join(error.messages))
        messages.success(
            request, "The minutes are drafted from what was recorded. Read them through."
        )
        return redirect("minutes-detail", pk)

    def page(self, meeting: Meeting, problem: str = "") -> HttpResponse:
        held = Minutes.objects.filter(meeting=meeting).first()
        return self.form_page(
            VersionForm(initial={"version": held.version}) if held else None,
            title="Draft the minutes again" if held else "Draft the minutes",
            button="Draft them again" if held else "Draft the minutes",
            cancel=meeting.get_absolute_url(),
            caption=f"Meeting of {day_words(meeting.day)}",
            words=[
                "Everything in the draft is written anew from who came, interests, decisions and "
                "actions arising. What you typed into it is replaced; its history keeps it."
                if held
                else "They are written from who came, interests, decisions and actions arising. "
                "You can edit every part before anybody else reads them."
            ],
            warning=problem,
            crumbs=self.meeting_crumbs(meeting, ("Draft the minutes", None)),
        )


class MinutesEdit(_OfMeeting, RunPage):
    """How the meeting opened. Each item has a page of its own."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        return self.page(meeting, OpeningForm(instance=self.minutes_of(meeting)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        minutes = self.minutes_of(meeting)
        form = OpeningForm(self.posted(), instance=self.minutes_of(meeting))
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            save_opening(
                minutes=minutes,
                opening=form.cleaned_data["opening"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, OpeningForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(request, "Your changes are saved.")
        return redirect("minutes-detail", pk)

    def page(self, meeting: Meeting, form: OpeningForm) -> HttpResponse:
        back = reverse("minutes-detail", args=[meeting.pk])
        return self.form_page(
            form,
            title="Edit how the meeting opened",
            button="Save changes",
            cancel=back,
            crumbs=self.meeting_crumbs(meeting, ("Minutes", back), ("Opening", None)),
        )


class SectionEdit(RunPage):
    """What the minutes say of one item."""

    def section(self, pk: int) -> MinutesSection:
        rows = MinutesSection.objects.select_related("minutes__meeting", "item")
        if not self.reader.confidential:
            rows = rows.filter(item__is_confidential=False)
        return get_object_or_404(rows, pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        section = self.section(pk)
        return self.page(section, SectionForm(instance=section))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        section = self.section(pk)
        form = SectionForm(self.posted(), instance=self.section(pk))
        if not form.is_valid():
            return self.page(section, form)
        try:
            save_section(
                section=section,
                text=form.cleaned_data["text"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, SectionForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(section, form)
        messages.success(request, "Your changes are saved.")
        return redirect("minutes-detail", section.minutes.meeting_id)

    def page(self, section: MinutesSection, form: SectionForm) -> HttpResponse:
        meeting = section.minutes.meeting
        back = reverse("minutes-detail", args=[meeting.pk])
        return self.form_page(
            form,
            title="Edit the minutes",
            button="Save changes",
            cancel=back,
            caption=str(section.item),
            words=["This item is confidential, so the public version leaves it out."]
            if section.item.is_confidential
            else [],
            crumbs=self.meeting_crumbs(
                meeting, ("Minutes", back), (f"Item {section.item.position}", None)
            ),
        )


class _Step(_OfMeeting, RunPage):
    """A question and one button."""

    title = button = ""
    done = ""

    def take(self, meeting: Meeting, version: int) -> None:
        raise NotImplementedError

    def version(self, meeting: Meeting) -> int:
        return self.minutes_of(meeting).version

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.meeting(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = VersionForm(request.POST)
        if not form.is_valid():
            return self.page(meeting)
        try:
            self.take(meeting, form.expected_version)
        except Collision:
            response = self.page(
                meeting, "Somebody changed the minutes after you opened this page. Read them again."
            )
            response.status_code = 409
            return response
        except ValidationError as error:
            return self.page(meeting, " ".join(error.messages))
        messages.success(request, self.done)
        return redirect(self.after(meeting), meeting.pk)

    def after(self, meeting: Meeting) -> str:
        return "minutes-detail"

    def words(self, meeting: Meeting) -> list[str]:
        return []

    def page(self, meeting: Meeting, problem: str = "") -> HttpResponse:
        back = reverse(self.after(meeting), args=[meeting.pk])
        return self.form_page(
            VersionForm(initial={"version": self.version(meeting)}),
            title=self.title,
            button=self.button,
            cancel=back,
            caption=f"Meeting of {day_words(meeting.day)}",
            words=self.words(meeting),
            warning=problem,
            crumbs=self.meeting_crumbs(meeting, (self.title, None)),
        )


class MinutesPublish(_Step):
    title, button = "Publish the minutes", "Publish the minutes"
    done = "The minutes are published. The next meeting has them on its agenda, to be confirmed."

    def take(self, meeting: Meeting, version: int) -> None:
        publish_minutes(
            minutes=self.minutes_of(meeting),
            expected_version=version,
            by=self.request.user,
            now=self.now,
        )

    def words(self, meeting: Meeting) -> list[str]:
        hidden = sum(item.is_confidential for item in view_meeting(meeting, self.reader).items)
        left_out = {0: "No item is confidential.", 1: "1 confidential item is left out."}.get(
            hidden, f"{hidden} confidential items are left out."
        )
        return [
            "Anybody can read them then, marked as not confirmed yet. Members are asked whether "
            f"they are right. {left_out}"
        ]


class MinutesConfirm(_Step):
    """At the next meeting, under the item that is about them; `pk` is that meeting's."""

    title, button = "Confirm the minutes", "The Group confirms them"
    done = "The minutes are confirmed. From now on they stay as they are."

    def under(self, meeting: Meeting) -> Any:
        item = (
            meeting.items.filter(kind="minutes")
            .exclude(minutes_of__minutes__state=Minutes.State.CONFIRMED)
            .select_related("minutes_of__minutes")
            .first()
        )
        if item is None:
            raise Http404
        return item

    def version(self, meeting: Meeting) -> int:
        minutes = Minutes.objects.filter(meeting=self.under(meeting).minutes_of_id).first()
        return minutes.version if minutes else 0

    def take(self, meeting: Meeting, version: int) -> None:
        confirm_minutes(
            item=self.under(meeting), expected_version=version, by=self.request.user, now=self.now
        )

    def after(self, meeting: Meeting) -> str:
        return "meeting-detail"

    def words(self, meeting: Meeting) -> list[str]:
        of = self.under(meeting).minutes_of
        return [
            f"The minutes of {day_words(of.day)} were read and are right. After this nobody can "
            "change them."
        ]
