"""What the Steering Group's pages share: who reads, who takes part, who runs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.access import can
from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..models import AgendaItem, Meeting
from ..selectors.meetings import Reader, meetings_for, reader_of
from ..selectors.seats import Standing, standing_of
from ..services.acting import must_run

Crumbs = Sequence[tuple[str, str | None]]
MEETING_TONES = {
    Meeting.State.PLANNED: Tone.NEUTRAL,
    Meeting.State.CALLED: Tone.INFO,
    Meeting.State.HELD: Tone.GOOD,
    Meeting.State.CANCELLED: Tone.WARNING,
}


def meeting_tag(meeting: Meeting) -> Tag:
    state = Meeting.State(meeting.state)
    return Tag(state.label, MEETING_TONES[state])


class GroupMixin:
    """`standing` and `reader` of whoever asks, each worked out once."""

    request: HttpRequest
    today: Any

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.request.user, self.today)

    @cached_property
    def reader(self) -> Reader:
        return reader_of(self.request.user, self.standing)

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [("Steering Group", reverse("steering-group")), *more]

    def meeting_crumbs(self, meeting: Meeting, *more: tuple[str, str | None]) -> Any:
        return self.crumbs(
            ("Meetings", reverse("meeting-list")),
            (f"{meeting.day:%-d %B %Y}", meeting.get_absolute_url() if more else None),
            *more,
        )

    def meeting(self, pk: int) -> Meeting:
        return get_object_or_404(
            meetings_for(self.request.user).select_related("chaired_by"), pk=pk
        )

    def show(self, template: str, **context: Any) -> HttpResponse:
        context.setdefault("standing", self.standing)
        form = context.get("form")
        context.setdefault("has_errors", bool(form is not None and form.errors))
        return render(self.request, f"action_plan/{template}.html", context)


class GroupPage(GroupMixin, PublicView):
    """For anybody; what is confidential is left out by the selectors."""


class WorkingPage(GroupMixin, EditMixin, PermissionView):
    """For who works with the Group."""

    permission = "view_steering"

    def item(self, pk: int) -> AgendaItem:
        rows = AgendaItem.objects.select_related("meeting", "carried_from__meeting")
        if not self.reader.confidential:
            rows = rows.filter(is_confidential=False)
        return get_object_or_404(rows, pk=pk)

    def form_page(
        self,
        form: Any,
        *,
        title: str,
        button: str,
        cancel: str,
        crumbs: Crumbs,
        caption: str = "",
        words: Sequence[str] = (),
        warning: str = "",
        has_files: bool = False,
    ) -> HttpResponse:
        """A whole form, or with a form without fields a question and its button."""
        return self.show(
            "steering_form",
            form=form,
            title=title,
            button=button,
            cancel=cancel,
            breadcrumbs=crumbs,
            caption=caption,
            words=words,
            warning=warning,
            has_files=has_files,
        )


class MembersPage(WorkingPage):
    """For members, while their seat lasts. The services say so where it has ended."""

    permission = "take_part_in_steering"


class RunPage(WorkingPage):
    """For whoever runs the Group: the co-ordinator, and the chair while the seat lasts.

    A chair whose seat has ended reads so, before a form is filled in for nothing.
    """

    permission = "run_steering"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.refused = ""
        if can(request.user, self.permission):
            try:
                must_run(by=request.user, now=timezone.now())
            except ValidationError as error:
                self.refused = " ".join(error.messages)
        if self.refused:
            context = {"title": "You cannot do this now", "sentence": self.refused}
            return render(request, "action_plan/steering_refused.html", context, status=409)
        return super().dispatch(request, *args, **kwargs)
