"""Meetings: the list, one of them, and how they are planned, called and called off."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, reverse

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import PublicView

from ..filters_steering import MeetingFilter
from ..forms.meetings import VersionForm
from ..forms.steering import DatesForm, MeetingForm, MeetingReasonForm, SeriesForm
from ..models import Meeting, MeetingSeries
from ..selectors.meetings import meeting_rows, view_meeting
from ..services.meetings import (
    call_meeting,
    cancel_meeting,
    change_meeting,
    change_series,
    plan_meeting,
    plan_next_meetings,
    proposed_dates,
    record_series,
)
from ..words import day_words
from .steering_base import GroupMixin, GroupPage, RunPage, meeting_tag

OFFERED_DATES = 8
_MEETINGS = "Meetings"


class MeetingList(GroupMixin, ListMixin, PublicView):
    title = "Meetings of the Steering Group"
    noun = "meeting"
    filterset_class = MeetingFilter
    row_template = "action_plan/_meeting_rows.html"
    template_name = "action_plan/meeting_list.html"
    columns = (
        Column("Meeting", sort="day"),
        Column("State"),
        Column("Minutes"),
        Column("Items", numeric=True),
        Column("Decisions", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "day": Sort("Day", ("day",), "earliest first", "latest first")
    }
    default_sort = "-day"
    export_name = "steering-group-meetings"
    export_columns = (
        ExportColumn("Day", "day"),
        ExportColumn("Time", "starts_at"),
        ExportColumn("Place", "place"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Items on the agenda", "agenda_items"),
        ExportColumn("Decisions", "decided"),
    )
    empty_state = EmptyState(
        "No meetings yet",
        "Each meeting will be here with its agenda, and afterwards with its minutes and decisions.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return meeting_rows(self.request.user)

    def get_main_action(self) -> Link | None:
        if not self.standing.runs:
            return None
        return Link("Plan a meeting", reverse("meeting-create"))

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = meeting_tag(row)
            row.shown_minutes = _shown_minutes(row, self.reader.works)
        return {
            "rows": self.page.object_list,
            "runs": self.standing.runs,
            "series": list(MeetingSeries.objects.all()) if self.standing.runs else [],
            "breadcrumbs": self.crumbs((_MEETINGS, None)),
        }


def _shown_minutes(meeting: Any, works: bool) -> Any:
    minutes = getattr(meeting, "minutes", None)
    return minutes if minutes is not None and (works or minutes.state != "draft") else None


class MeetingDetail(GroupPage):
    """One page from agenda to minutes; what each reader may see is the selector's."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        seen = view_meeting(meeting, self.reader)
        seat = self.standing.seat
        own = next((one for one in seen.seats if seat is not None and one.pk == seat.pk), None)
        return self.show(
            "meeting_detail",
            title=f"Meeting of {day_words(meeting.day)}",
            meeting=meeting,
            seen=seen,
            tag=meeting_tag(meeting),
            own=own,
            present=seen.came("present"),
            substitutes=seen.came("substitute"),
            apologies=seen.came("apologies"),
            absent=seen.came("absent"),
            reader=self.reader,
            runs=self.standing.runs,
            may_settle=self.standing.runs
            and meeting.state == Meeting.State.HELD
            and (seen.minutes is None or seen.minutes.state == "draft"),
            step=self.step(meeting, seen),
            pack=_pack_url(meeting),
            breadcrumbs=self.meeting_crumbs(meeting),
        )

    def step(self, meeting: Meeting, seen: Any) -> Link | None:
        """The one next thing to do, for whoever runs the Group."""
        if not self.standing.runs or meeting.state == Meeting.State.CANCELLED:
            return None
        if meeting.state != Meeting.State.HELD:
            if meeting.day <= self.today:
                return Link("Record who came", reverse("meeting-attendance", args=[meeting.pk]))
            if meeting.state == Meeting.State.PLANNED:
                return Link("Publish the agenda", reverse("meeting-call", args=[meeting.pk]))
            return None
        if seen.minutes is None:
            return Link("Draft the minutes", reverse("minutes-draft", args=[meeting.pk]))
        if seen.minutes.state == "draft":
            return Link("Edit the minutes", reverse("minutes-detail", args=[meeting.pk]))
        return None


def _pack_url(meeting: Meeting) -> str:
    """The pack belongs to the reports, which stand above; its address is known by its name only."""
    try:
        return reverse("steering-pack", args=[meeting.pk])
    except NoReverseMatch:
        return ""


class _MeetingForm(RunPage):
    def crumbs_to(self, here: str) -> Any:
        return self.crumbs((_MEETINGS, reverse("meeting-list")), (here, None))


class MeetingCreate(_MeetingForm):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(MeetingForm(initial={"starts_at": "14:00"}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = MeetingForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            meeting = plan_meeting(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The meeting is planned, with the Action Plan on its agenda.")
        return redirect(meeting)

    def page(self, form: MeetingForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Plan a meeting",
            button="Plan the meeting",
            cancel=reverse("meeting-list"),
            crumbs=self.crumbs_to("Plan a meeting"),
        )


class MeetingEdit(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        return self.page(meeting, MeetingForm(instance=meeting))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = MeetingForm(self.posted(), instance=self.meeting(pk))
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            change_meeting(
                meeting=meeting,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, MeetingForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(request, "Your changes are saved.")
        return redirect(meeting)

    def page(self, meeting: Meeting, form: MeetingForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Edit the meeting",
            button="Save changes",
            cancel=meeting.get_absolute_url(),
            crumbs=self.meeting_crumbs(meeting, ("Edit", None)),
        )


class MeetingCall(RunPage):
    """The agenda as it will be read, and one button."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        return self.page(meeting, VersionForm(initial={"version": meeting.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = VersionForm(request.POST)
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            call_meeting(
                meeting=meeting,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.again(collision.stored)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(request, "The agenda is published. Anybody can read it now.")
        return redirect(meeting)

    def again(self, stored: Meeting) -> HttpResponse:
        fresh = VersionForm(initial={"version": stored.version})
        response = self.page(
            self.meeting(stored.pk),
            fresh,
            "Somebody changed this meeting after you opened it. Look at it again, then publish.",
        )
        response.status_code = 409
        return response

    def page(self, meeting: Meeting, form: VersionForm, changed: str = "") -> HttpResponse:
        seen = view_meeting(meeting, self.reader)
        return self.show(
            "meeting_call",
            title="Publish the agenda",
            form=form,
            meeting=meeting,
            seen=seen,
            changed=changed,
            secret=[item for item in seen.items if item.is_confidential],
            breadcrumbs=self.meeting_crumbs(meeting, ("Publish the agenda", None)),
        )


class MeetingCancel(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        return self.page(meeting, MeetingReasonForm(initial={"version": meeting.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = MeetingReasonForm(request.POST)
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            cancel_meeting(
                meeting=meeting,
                reason=form.cleaned_data["reason"],
                expected_version=form.cleaned_data["version"],
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            again = MeetingReasonForm(
                initial={
                    "version": collision.stored.version,
                    "reason": form.cleaned_data["reason"],
                }
            )
            response = self.page(
                self.meeting(pk),
                again,
                "Somebody changed this meeting after you opened it. Look at it again first.",
            )
            response.status_code = 409
            return response
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(
            request, "The meeting is called off. Its open items go to the next meeting."
        )
        return redirect(meeting)

    def page(self, meeting: Meeting, form: MeetingReasonForm, changed: str = "") -> HttpResponse:
        return self.form_page(
            form,
            title="Call off the meeting",
            button="Call off the meeting",
            cancel=meeting.get_absolute_url(),
            crumbs=self.meeting_crumbs(meeting, ("Call off", None)),
            caption=day_words(meeting.day),
            words=[
                "The day, the agenda and the reason stay on record. Open items go to the next "
                "meeting that is planned."
            ],
            warning=changed,
        )


class SeriesCreate(_MeetingForm):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(SeriesForm(initial={"begins": self.today}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = SeriesForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            series = record_series(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The series is recorded. Now choose the meetings to plan.")
        return redirect("series-dates", series.pk)

    def page(self, form: SeriesForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Record a series of meetings",
            button="Save and choose dates",
            cancel=reverse("meeting-list"),
            crumbs=self.crumbs_to("Record a series"),
        )


class SeriesEdit(_MeetingForm):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        series = get_object_or_404(MeetingSeries, pk=pk)
        return self.page(SeriesForm(instance=series))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        series = get_object_or_404(MeetingSeries, pk=pk)
        form = SeriesForm(self.posted(), instance=get_object_or_404(MeetingSeries, pk=pk))
        if not form.is_valid():
            return self.page(form)
        try:
            change_series(
                series=series,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, SeriesForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The series is changed. Meetings that are planned stay.")
        return redirect("series-dates", series.pk)

    def page(self, form: SeriesForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Edit the series",
            button="Save changes",
            cancel=reverse("meeting-list"),
            crumbs=self.crumbs_to("Edit the series"),
        )


class SeriesDates(_MeetingForm):
    """The next dates of a series, to be planned with one button."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        series = get_object_or_404(MeetingSeries, pk=pk)
        return self.page(series, self.form(series))

    def form(self, series: MeetingSeries, data: Any = None) -> DatesForm:
        days = proposed_dates(series, after=self.today, count=OFFERED_DATES)
        offered = [(day.isoformat(), f"{day:%A} {day_words(day)}") for day in days]
        return DatesForm(data, offered=offered, initial={"days": [key for key, _ in offered[:4]]})

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        series = get_object_or_404(MeetingSeries, pk=pk)
        form = self.form(series, request.POST)
        if not form.is_valid():
            return self.page(series, form)
        try:
            made = plan_next_meetings(
                series=series, days=form.chosen, by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, ValidationError(error.messages))
            return self.page(series, form)
        number = "1 meeting is" if len(made) == 1 else f"{len(made)} meetings are"
        messages.success(request, f"{number} planned, each with the Action Plan on its agenda.")
        return redirect("meeting-list")

    def page(self, series: MeetingSeries, form: DatesForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Plan the next meetings",
            button="Plan these meetings",
            cancel=reverse("meeting-list"),
            crumbs=self.crumbs_to("Plan the next meetings"),
            caption=series.name,
            words=[f"The series meets {series.pattern.words}."],
        )
