"""At a meeting and after it: who came, what became of each item, decisions, actions arising."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import PublicView

from ..filters_steering import ArisingFilter, DecisionFilter
from ..forms.meetings import ArisingCloseForm, ArisingForm, AttendanceForm, DecisionForm
from ..models import AgendaItem, ArisingAction, Decision, Meeting, Seat
from ..selectors.meetings import arising_for, arising_line, decision_line, decisions_for
from ..selectors.quorums import quorum_of
from ..services.arising import change_arising, close_arising, record_arising
from ..services.decisions import record_decision
from ..services.holding import record_attendance, settle_item
from ..words import day_words
from .steering_base import GroupMixin, GroupPage, RunPage, WorkingPage

# What the product can do by itself when it is decided has its own page; these are words on record.
KINDS = [
    (key, label)
    for key, label in Decision.Kind.choices
    if key in {Decision.Kind.OTHER, Decision.Kind.PRIORITIES, Decision.Kind.REVERSAL}
]


class AttendanceRecord(RunPage):
    def seats(self, meeting: Meeting) -> list[Seat]:
        return list(Seat.objects.in_force(meeting.day))  # type: ignore[attr-defined]

    def form(self, meeting: Meeting, data: Any = None) -> AttendanceForm:
        return AttendanceForm(data, meeting=meeting, seats=self.seats(meeting))

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self.meeting(pk)
        return self.page(meeting, self.form(meeting))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        meeting = self.meeting(pk)
        form = self.form(meeting, self.posted())
        if not form.is_valid():
            return self.page(meeting, form)
        try:
            held = record_attendance(
                meeting=meeting,
                came=form.came,
                chaired_by=form.cleaned_data["chaired_by"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            response = self.page(
                collision.stored,
                AttendanceForm(
                    meeting=collision.stored,
                    seats=form.seats,
                    initial={
                        **form.cleaned_data,
                        "version": collision.stored.version,
                        "chaired_by": form.cleaned_data["chaired_by"],
                    },
                ),
                "Somebody changed this meeting after you opened it. What you chose is still here: "
                "look at it again, then save.",
            )
            response.status_code = 409
            return response
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(meeting, form)
        messages.success(request, f"Recorded. {quorum_of(held).sentence}")
        return redirect(held)

    def page(self, meeting: Meeting, form: AttendanceForm, changed: str = "") -> HttpResponse:
        return self.form_page(
            form,
            title="Who came?",
            button="Save who came",
            cancel=meeting.get_absolute_url(),
            caption=f"Meeting of {day_words(meeting.day)}",
            words=[
                "Seats in force on the day of the meeting. From now on the agenda stays as it is.",
                *(
                    []
                    if form.seats
                    else ["No seat was in force on that day. Record the seats first."]
                ),
            ],
            warning=changed,
            crumbs=self.meeting_crumbs(meeting, ("Who came?", None)),
        )


class ItemSettle(RunPage):
    """Dealt with, or carried over; from the meeting's page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect(self.item(pk).meeting)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        version = request.POST.get("version", "")
        try:
            settle_item(
                item=item,
                outcome=request.POST.get("outcome", ""),
                expected_version=int(version) if version.isdecimal() and len(version) < 10 else -1,
                by=request.user,
                now=self.now,
            )
        except Collision:
            messages.error(
                request, "Somebody changed this item after you opened the page. Look at it again."
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect(f"{item.meeting.get_absolute_url()}#agenda")


# --- decisions ----------------------------------------------------------------------------


class DecisionList(GroupMixin, ListMixin, PublicView):
    title = "Decisions"
    noun = "decision"
    introduction = (
        "What the Steering Group decided. A decision that was reversed stays on record, with the "
        "one that reversed it. The public reads decisions once the minutes are published."
    )
    filterset_class = DecisionFilter
    row_template = "action_plan/_decision_rows.html"
    columns = (
        Column("Decision"),
        Column("Day", sort="day"),
        Column("Kind"),
        Column("State"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "day": Sort("Day", ("decided_on",), "earliest first", "latest first")
    }
    default_sort = "-day"
    export_name = "steering-group-decisions"
    export_columns = (
        ExportColumn("Reference", "reference"),
        ExportColumn("Day", "decided_on"),
        ExportColumn("Kind", lambda row: row.get_kind_display()),
        ExportColumn("Taken", lambda row: row.get_taken_display()),
        ExportColumn("Item", "item.title"),
        ExportColumn("Decision", "words"),
        ExportColumn("Reasons", "reasons"),
        ExportColumn("Reverses", lambda row: row.reverses.reference if row.reverses else ""),
        ExportColumn(
            "Reversed by",
            lambda row: row.reversed_by.reference if hasattr(row, "reversed_by") else "",
        ),
    )
    empty_state = EmptyState(
        "No decisions yet",
        "What the Group decides at its meetings will be here, each with its day and reasons.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return decisions_for(self.request.user, confidential=self.reader.confidential)

    def get_context(self) -> dict[str, Any]:
        return {
            "rows": [decision_line(row, works=self.reader.works) for row in self.page.object_list],
            "breadcrumbs": self.crumbs(("Decisions", None)),
        }


class DecisionDetail(GroupPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = get_object_or_404(
            decisions_for(request.user, confidential=self.reader.confidential), pk=pk
        )
        return self.show(
            "decision_detail",
            title=f"Decision {found.reference}",
            decision=decision_line(found, works=self.reader.works),
            meeting=found.item.meeting,
            taken=found.get_taken_display(),
            history=history_of(found) if self.standing.runs else None,
            breadcrumbs=self.crumbs(
                ("Decisions", reverse("decision-list")), (found.reference, None)
            ),
        )


class DecisionRecord(RunPage):
    """By the meeting once it was held; before that, by the chair."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        item = self.item(pk)
        initial = {"kind": Decision.Kind.OTHER, "reverses": request.GET.get("reverses", "")}
        if initial["reverses"]:
            initial["kind"] = Decision.Kind.REVERSAL
        return self.page(item, self.form(item, initial=initial))

    def form(self, item: AgendaItem, data: Any = None, initial: Any = None) -> DecisionForm:
        earlier = (
            Decision.objects.filter(
                reversed_by__isnull=True, item__meeting__day__lte=item.meeting.day
            )
            .select_related("item__meeting")
            .order_by("-decided_on", "-pk")
        )
        return DecisionForm(
            data, initial=initial, kinds=KINDS, earlier=earlier, by_chair=item.meeting.is_open
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = self.form(item, request.POST)
        if not form.is_valid():
            return self.page(item, form)
        values = form.cleaned_data
        is_reversal = values["kind"] == Decision.Kind.REVERSAL
        try:
            decision = record_decision(
                item=item,
                kind=values["kind"],
                words=values["words"],
                reasons=values["reasons"],
                address=values["address"],
                taken=Decision.Taken.CHAIR if item.meeting.is_open else Decision.Taken.MEETING,
                decided_on=values.get("decided_on"),
                reverses=values["reverses"] if is_reversal else None,
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        messages.success(request, f"Decision {decision.reference} is on record.")
        return redirect(decision)

    def page(self, item: AgendaItem, form: DecisionForm) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        is_open = item.meeting.is_open
        return self.form_page(
            form,
            title="Record a decision of the chair" if is_open else "Record a decision",
            button="Record the decision",
            cancel=back,
            caption=str(item),
            words=[
                "The meeting has not been held yet, so this is a decision that the chair took "
                "between meetings. The meeting is told, and may reverse it."
                if is_open
                else f"By the meeting. {quorum_of(item.meeting, item).sentence}"
            ],
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Decision", None)
            ),
        )


# --- actions arising ----------------------------------------------------------------------


def arising_tag(arising: ArisingAction, today: Any) -> Tag:
    if arising.is_overdue(today):
        days = (today - arising.due).days
        return Tag(f"{days} day{'' if days == 1 else 's'} past its date", Tone.BAD)
    tones = {"open": Tone.INFO, "done": Tone.GOOD}
    return Tag(arising.get_state_display(), tones.get(arising.state, Tone.NEUTRAL))


class ArisingList(GroupMixin, ListPage):
    permission = "view_steering"
    title = "Actions arising"
    noun = "action arising"
    noun_plural = "actions arising"
    introduction = "What members took on at meetings, by when, and what came of it."
    filterset_class = ArisingFilter
    row_template = "action_plan/_arising_rows.html"
    columns = (
        Column("Action"),
        Column("Owner", sort="owner"),
        Column("By", sort="due"),
        Column("Meeting"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "due": Sort("Date", ("due",), "soonest first", "latest first"),
        "owner": Sort("Owner", ("owner__body", "owner__held_by")),
    }
    default_sort = "due"
    export_columns = (
        ExportColumn("Action", "words"),
        ExportColumn("Owner", lambda row: str(row.owner)),
        ExportColumn("Due", "due"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Outcome", "outcome"),
        ExportColumn("Meeting", "item.meeting.day"),
        ExportColumn("Item", "item.title"),
        ExportColumn("Action of the plan", lambda row: str(row.action) if row.action else ""),
    )
    empty_state = EmptyState(
        "No action is open", "What members take on at meetings will be here, with who and by when."
    )

    def get_queryset(self) -> QuerySet[Any]:
        return arising_for(confidential=self.reader.confidential)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = arising_tag(row, self.today)
        return {
            "rows": self.page.object_list,
            "breadcrumbs": self.crumbs(("Actions arising", None)),
        }


class _OneArising(WorkingPage):
    def arising(self, pk: int) -> ArisingAction:
        return get_object_or_404(arising_for(confidential=self.reader.confidential), pk=pk)

    def arising_crumbs(self, arising: ArisingAction, here: str = "") -> Any:
        found = self.crumbs(("Actions arising", reverse("arising-list")))
        if not here:
            return [*found, (str(arising)[:40], None)]
        return [*found, (str(arising)[:40], arising.get_absolute_url()), (here, None)]


class ArisingDetail(_OneArising):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        arising = self.arising(pk)
        seat = self.standing.seat
        owns = seat is not None and seat.pk == arising.owner_id
        return self.show(
            "arising_detail",
            title=str(arising),
            arising=arising,
            line=arising_line(arising, with_meeting=True),
            meeting=arising.item.meeting,
            tag=arising_tag(arising, self.today),
            may_close=arising.state == "open" and (owns or self.standing.runs),
            may_edit=arising.state == "open" and self.standing.runs,
            history=history_of(arising),
            breadcrumbs=self.arising_crumbs(arising),
        )


class ArisingRecord(RunPage):
    def form(self, item: AgendaItem, data: Any = None) -> ArisingForm:
        return ArisingForm(data, seats=Seat.objects.in_force(item.meeting.day))  # type: ignore[attr-defined]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        item = self.item(pk)
        return self.page(item, self.form(item))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form = self.form(item, request.POST)
        if not form.is_valid():
            return self.page(item, form)
        try:
            record_arising(item=item, by=request.user, now=self.now, **form.changes())
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        messages.success(request, "The action is recorded. Its owner sees it on the Group’s page.")
        return redirect("agenda-item-detail", item.pk)

    def page(self, item: AgendaItem, form: ArisingForm) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        return self.form_page(
            form,
            title="Record an action arising",
            button="Record the action",
            cancel=back,
            caption=str(item),
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Action arising", None)
            ),
        )


class ArisingEdit(RunPage, _OneArising):
    permission = "run_steering"

    def form(self, arising: ArisingAction, data: Any = None) -> ArisingForm:
        seats = Seat.objects.in_force(arising.item.meeting.day)  # type: ignore[attr-defined]
        return ArisingForm(data, instance=arising, seats=seats)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        arising = self.arising(pk)
        return self.page(arising, self.form(arising))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        arising = self.arising(pk)
        form = self.form(self.arising(pk), self.posted())
        if not form.is_valid():
            return self.page(arising, form)
        try:
            change_arising(
                arising=arising,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, self.form(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(arising, form)
        messages.success(request, "Your changes are saved.")
        return redirect(arising)

    def page(self, arising: ArisingAction, form: ArisingForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Edit the action arising",
            button="Save changes",
            cancel=arising.get_absolute_url(),
            crumbs=self.arising_crumbs(arising, "Edit"),
        )


class ArisingClose(_OneArising):
    """By its owner, or whoever runs the Group; the service says so where neither asks."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        arising = self.arising(pk)
        return self.page(arising, ArisingCloseForm(initial={"version": arising.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        arising = self.arising(pk)
        form = ArisingCloseForm(self.posted())
        if not form.is_valid():
            return self.page(arising, form)
        try:
            close_arising(
                arising=arising,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                **form.changes(),
            )
        except Collision as collision:
            stored = ArisingCloseForm(
                initial={
                    "version": collision.stored.version,
                    "state": collision.stored.state,
                    "outcome": collision.stored.outcome,
                }
            )
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(arising, form)
        messages.success(request, "The action is closed.")
        return redirect(arising)

    def page(self, arising: ArisingAction, form: ArisingCloseForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Close the action arising",
            button="Close the action",
            cancel=arising.get_absolute_url(),
            caption=str(arising),
            crumbs=self.arising_crumbs(arising, "Close"),
        )
