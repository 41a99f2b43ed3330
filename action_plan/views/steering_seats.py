"""Seats, who takes the chair, and the rule of the quorum."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision

from ..filters_steering import SeatFilter
from ..forms.steering import ChairForm, QuorumForm, SeatForm
from ..models import QuorumRule, Seat
from ..selectors.seats import chair_on, chair_terms, seat_rows
from ..services.seats import change_seat, give_seat, name_chair, record_quorum_rule
from .steering_base import GroupMixin, RunPage, WorkingPage


def seat_tag(seat: Any, today: Any) -> Tag:
    if seat.ends is not None and seat.ends < today:
        return Tag("Ended")
    if seat.starts > today:
        return Tag("Still to begin", Tone.INFO)
    if seat.chairs_seat == seat.pk:
        return Tag("In the chair", Tone.GOOD)
    return Tag("In force", Tone.GOOD)


class SeatList(GroupMixin, ListPage):
    permission = "view_steering"
    title = "Seats"
    noun = "seat"
    introduction = (
        "Who sits on the Group, from when to when. What a member may do begins and ends with the "
        "seat, whatever other roles the person holds."
    )
    filterset_class = SeatFilter
    row_template = "action_plan/_seat_rows.html"
    template_name = "action_plan/seat_list.html"
    columns = (
        Column("Seat", sort="body"),
        Column("State"),
        Column("From", sort="starts"),
        Column("To", sort="ends"),
        Column("Account"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "body": Sort("Organisation", ("body", "held_by")),
        "starts": Sort("First day", ("starts",), "earliest first", "latest first"),
        "ends": Sort("Last day", ("ends",), "earliest first", "latest first"),
    }
    default_sort = "body"
    export_columns = (
        ExportColumn("Organisation or service", "body"),
        ExportColumn("Role of the member", "held_by"),
        ExportColumn("First day", "starts"),
        ExportColumn("Last day", "ends"),
        ExportColumn("In the chair today", lambda seat: seat.chairs_seat == seat.pk),
    )
    empty_state = EmptyState(
        "No seats yet",
        "The organisations and services on the Group will be listed here. The terms of reference "
        "name those with which it began.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return seat_rows(self.today)

    def get_main_action(self) -> Link | None:
        return Link("Record a seat", reverse("seat-create")) if self.standing.runs else None

    def get_context(self) -> dict[str, Any]:
        for seat in self.page.object_list:
            seat.tag = seat_tag(seat, self.today)
        return {
            "rows": self.page.object_list,
            "runs": self.standing.runs,
            "breadcrumbs": self.crumbs(("Seats", None)),
        }


class SeatDetail(WorkingPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        seat = get_object_or_404(seat_rows(self.today), pk=pk)
        return self.show(
            "seat_detail",
            title=str(seat),
            seat=seat,
            tag=seat_tag(seat, self.today),
            history=history_of(seat),
            runs=self.standing.runs,
            breadcrumbs=self.crumbs(("Seats", reverse("seat-list")), (seat.body, None)),
        )


class SeatCreate(RunPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(SeatForm(initial={"body": request.GET.get("body", "")[:200]}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = SeatForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            seat = give_seat(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The seat is recorded.")
        return redirect(seat)

    def page(self, form: SeatForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Record a seat",
            button="Save the seat",
            cancel=reverse("seat-list"),
            crumbs=self.crumbs(("Seats", reverse("seat-list")), ("Record a seat", None)),
        )


class SeatEdit(RunPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        seat = get_object_or_404(Seat, pk=pk)
        return self.page(seat, SeatForm(instance=seat))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        seat = get_object_or_404(Seat, pk=pk)
        form = SeatForm(self.posted(), instance=get_object_or_404(Seat, pk=pk))
        if not form.is_valid():
            return self.page(seat, form)
        try:
            change_seat(
                seat=seat,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, SeatForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(seat, form)
        messages.success(request, "Your changes are saved.")
        return redirect(seat)

    def page(self, seat: Seat, form: SeatForm) -> HttpResponse:
        return self.form_page(
            form,
            title="Edit the seat",
            button="Save changes",
            cancel=seat.get_absolute_url(),
            caption=str(seat),
            crumbs=self.crumbs(
                ("Seats", reverse("seat-list")),
                (seat.body, seat.get_absolute_url()),
                ("Edit", None),
            ),
        )


class ChairName(RunPage):
    """One chair at a time: a term lasts until the next one begins."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(self.form())

    def form(self, data: Any = None) -> ChairForm:
        form = ChairForm(data, initial={"starts": self.today})
        seats = Seat.objects.exclude(ends__lt=self.today).order_by("body", "pk")
        form.fields["seat"].queryset = seats  # type: ignore[attr-defined]
        return form

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            name_chair(by=request.user, now=self.now, **form.cleaned_data)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The chair is named.")
        return redirect("chair-name")

    def page(self, form: ChairForm) -> HttpResponse:
        return self.show(
            "chair_name",
            title="Name the chair",
            form=form,
            chair=chair_on(self.today),
            terms=chair_terms(),
            today=self.today,
            breadcrumbs=self.crumbs(("Seats", reverse("seat-list")), ("The chair", None)),
        )


class QuorumRules(RunPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(QuorumForm(initial={"starts": self.today}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = QuorumForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            record_quorum_rule(values=form.values(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The quorum rule is recorded.")
        return redirect("quorum-rules")

    def page(self, form: QuorumForm) -> HttpResponse:
        return self.show(
            "quorum_rules",
            title="Quorum",
            form=form,
            rules=list(QuorumRule.objects.all()),
            breadcrumbs=self.crumbs(("Seats", reverse("seat-list")), ("Quorum", None)),
        )
