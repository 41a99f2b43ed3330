"""The plan for reading: by theme, as a list, over time, what changed, as a calendar."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.core.signing import BadSignature
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.access import can, permissions_of
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.models import User
from trafford_sv.core.parts import EmptyState, Figure, Link, Tag, Tone
from trafford_sv.core.views_base import PublicView

from ..calendar_feed import calendar_text
from ..filters_plan import ActionFilter
from ..forms.plan import SinceForm
from ..imports.columns import EXPORT, PUBLIC_EXPORT
from ..plan_tabs import plan_tabs
from ..progress import Status
from ..selectors.calendar import calendar_events
from ..selectors.changes import PlanChanges, changes_since
from ..selectors.plan import (
    ActionRow,
    PlanCounts,
    ThemeBoard,
    action_row,
    count_plan,
    plan_board,
    visible_actions,
)
from ..timeline import Span, reach_of, timeline_chart
from .calendar_links import token_for, user_of_token
from .parts import milestones_words, status_tag, tags_of

CHANGES_DAYS = 92


class PlanView(PublicView):
    """What the pages of the plan share. Anyone may read what is public."""

    tab = ""
    title = ""

    def shared(self) -> dict[str, Any]:
        held = permissions_of(self.request.user)
        return {
            "title": self.title,
            "tabs": plan_tabs(held, self.tab),
            "may_change": "change_plan" in held,
            "is_member": "view_plan" in held,
        }


def shown(row: ActionRow, today: datetime.date) -> dict[str, Any]:
    """A row with its tags and words, for a template."""
    return {"row": row, "tags": tags_of(row, today), "steps": milestones_words(row)}


def plan_figures(counts: PlanCounts) -> list[Figure]:
    listing = reverse("action-list")
    live = f"of {counts.live} under way or to come"
    return [
        Figure(
            "Complete",
            f"{counts.complete}",
            of_what=f"of {counts.total - counts.cancelled} actions",
            way_in=Link("Show them", f"{listing}?status=complete", "complete actions"),
        ),
        Figure(
            "On track",
            f"{counts.by_status[Status.ON_TRACK]}",
            of_what=live,
            way_in=Link("Show them", f"{listing}?status=on_track", "actions on track"),
        ),
        Figure(
            "Overdue",
            f"{counts.overdue}",
            of_what=live,
            way_in=Link("Show them", f"{listing}?overdue=true", "overdue actions"),
        ),
        Figure(
            "No update for a quarter",
            f"{counts.stale}",
            of_what=live,
            way_in=Link("Show them", f"{listing}?stale=true", "actions without an update"),
        ),
    ]


class PlanBoard(PlanView):
    tab, title = "board", "Action Plan"

    def get(self, request: HttpRequest) -> HttpResponse:
        board = plan_board(request.user, as_of=self.today)
        counts = count_plan([row for theme in board for row in theme.actions])
        context = {
            **self.shared(),
            "themes": [self.theme(theme) for theme in board],
            "figures": plan_figures(counts) if counts.total else [],
            "sentence": self.sentence(counts),
            "counts": counts,
        }
        return render(request, "action_plan/board.html", context)

    def theme(self, theme: ThemeBoard) -> dict[str, Any]:
        return {
            "theme": theme,
            "live": [shown(row, self.today) for row in theme.live],
            "over": [shown(row, self.today) for row in theme.over],
        }

    def sentence(self, counts: PlanCounts) -> str:
        if not counts.total:
            return ""
        parts = [
            f"{counts.live} {'action is' if counts.live == 1 else 'actions are'} under way or to come"
        ]
        parts.append(f"{counts.complete} {'is' if counts.complete == 1 else 'are'} complete")
        if counts.overdue:
            parts.append(f"{counts.overdue} {'is' if counts.overdue == 1 else 'are'} overdue")
        return f"{', '.join(parts[:-1])} and {parts[-1]}."


class ActionList(ListMixin, PlanView):
    tab, title = "list", "Actions"
    noun = "action"
    filterset_class = ActionFilter
    template_name = "action_plan/action_list.html"
    row_template = "action_plan/_action_rows.html"
    columns = (
        Column("Action", sort="title"),
        Column("Led by"),
        Column("How it stands", sort="status"),
        Column("Due", sort="due"),
        Column("Last update"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "theme": Sort(
            "Theme", ("theme__position", "reference"), "in the plan’s order", "backwards"
        ),
        "title": Sort("Action", ("title",)),
        "due": Sort("Due date", ("due",), "soonest first", "latest first"),
        "status": Sort("How it stands", ("status", "due")),
    }
    default_sort = "theme"
    export_name = "action-plan"
    empty_state = EmptyState(
        "The plan is empty",
        "Actions will be listed here, each with its theme, who leads it, and how it stands.",
    )

    @property
    def export_columns(self) -> tuple[ExportColumn, ...]:  # type: ignore[override]
        return EXPORT if can(self.request.user, "view_plan") else PUBLIC_EXPORT

    def get_queryset(self) -> QuerySet[Any]:
        return visible_actions(self.request.user, as_of=self.today)

    def get_export_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.prefetch_related("milestones")

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_plan"):
            return Link("Record an action", reverse("action-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        names = can(self.request.user, "view_plan")
        return {
            **self.shared(),
            "rows": [
                shown(action_row(row, as_of=self.today, names=names), self.today)
                for row in self.page.object_list
            ],
            "may_import": {"change_plan", "run_imports"} <= permissions_of(self.request.user),
            "breadcrumbs": [("Action Plan", reverse("plan-board")), (self.title, None)],
        }


class Timeline(PlanView):
    tab, title = "timeline", "Timeline of the Action Plan"

    def get(self, request: HttpRequest) -> HttpResponse:
        board = plan_board(request.user, as_of=self.today)
        steps = self.steps([row.pk for theme in board for row in theme.actions])
        spans = {
            theme.key: [self.span(row, steps.get(row.pk, [])) for row in theme.actions]
            for theme in board
        }
        first, last = reach_of([span for found in spans.values() for span in found], self.today)
        charts = [
            timeline_chart(
                key=theme.key,
                title=answer(theme),
                subtitle=f"Actions of {theme.name}, from {first:%B %Y} to {last:%B %Y}",
                spans=spans[theme.key],
                first=first,
                last=last,
                today=self.today,
                headings=("Action", "Starts", "Due", "How it stands", "Milestones"),
                rows=[self.line(row) for row in theme.actions],
            )
            for theme in board
            if theme.actions
        ]
        context = {
            **self.shared(),
            "charts": charts,
            "breadcrumbs": [("Action Plan", reverse("plan-board")), ("Timeline", None)],
        }
        return render(request, "action_plan/timeline.html", context)

    def steps(self, keys: list[int]) -> dict[int, list[tuple[datetime.date, bool]]]:
        from ..selectors.milestones import steps_by_action

        return steps_by_action(keys)

    def span(self, row: ActionRow, steps: list[tuple[datetime.date, bool]]) -> Span:
        return Span(f"{row.reference} {row.title}", row.starts, row.due, row.status, steps)

    def line(self, row: ActionRow) -> tuple[object, ...]:
        return (
            Link(f"{row.reference} {row.title}", reverse("action-detail", kwargs={"pk": row.pk})),
            day_or(row.starts),
            day_or(row.due),
            row.status.label,
            milestones_words(row) or "None",
        )


def day_or(day: datetime.date | None) -> str:
    return f"{day:%-d %B %Y}" if day else "Not decided"


def answer(theme: ThemeBoard) -> str:
    """The timeline's title: what it shows."""
    rows = [row for row in theme.actions if row.status is not Status.CANCELLED]
    done = sum(row.status is Status.COMPLETE for row in rows)
    late = sum(row.is_overdue for row in rows)
    word = "action is" if len(rows) == 1 else "actions are"
    said = f"{theme.name}: {done} of {len(rows)} {word} complete"
    return f"{said}, {late} {'is' if late == 1 else 'are'} overdue" if late else said


class Changes(PlanView):
    tab, title = "changes", "What changed in the plan"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SinceForm(request.GET or None)
        is_valid = not form.is_bound or form.is_valid()
        said = form.cleaned_data if form.is_bound and is_valid else {}
        until = said.get("until") or self.today
        since = said.get("since") or until - datetime.timedelta(days=CHANGES_DAYS)
        found: PlanChanges | None = None
        if is_valid:
            found = changes_since(request.user, first_moment(since), last_moment(until))
        if not form.is_bound:
            form = SinceForm(initial={"since": since, "until": until})
        context = {
            **self.shared(),
            "form": form,
            "since": since,
            "until": until,
            "found": found,
            "changes": [self.change(one) for one in found.actions] if found else [],
            "breadcrumbs": [("Action Plan", reverse("plan-board")), ("What changed", None)],
        }
        return render(request, "action_plan/changes.html", context, status=200 if is_valid else 400)

    def change(self, one: Any) -> dict[str, Any]:
        kinds = {
            "added": Tag("New", Tone.INFO),
            "completed": Tag("Completed", Tone.GOOD),
            "cancelled": Tag("Cancelled", Tone.NEUTRAL),
        }
        before = status_tag(one.status_before) if one.has_moved else None
        return {
            "one": one,
            "kind": kinds.get(one.kind),
            "before": before,
            "after": status_tag(one.status),
            "updates": [(item, UPDATE_WORDS[item.state]) for item in one.updates],
            "milestones": [(item, MILESTONE_WORDS[item.kind]) for item in one.milestones],
        }


UPDATE_WORDS = {
    "submitted": "waits for approval",
    "approved": "was approved",
    "sent_back": "was sent back",
}
MILESTONE_WORDS = {
    "added": "New milestone",
    "reached": "Milestone reached",
    "moved": "Milestone moved",
    "renamed": "Milestone renamed",
    "not reached": "Milestone marked as not reached after all",
    "removed": "Milestone removed",
}


def first_moment(day: datetime.date) -> datetime.datetime:
    """The start of a day, just before anything that happened on it."""
    start = datetime.datetime.combine(day, datetime.time.min)
    return timezone.make_aware(start) - datetime.timedelta(microseconds=1)


def last_moment(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))


class CalendarHelp(PlanView):
    """The addresses of the feeds, and how to use them."""

    tab, title = "", "The plan in your calendar"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.shared(),
            "public_url": request.build_absolute_uri(reverse("action-calendar")),
            "breadcrumbs": [("Action Plan", reverse("plan-board")), ("Calendar", None)],
        }
        if context["is_member"]:
            token = token_for(request.user)
            context["member_url"] = request.build_absolute_uri(
                reverse("action-calendar-member", kwargs={"token": token})
            )
        return render(request, "action_plan/calendar.html", context)


class Calendar(PublicView):
    """Public actions, for anyone and without a token."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return feed(None, "Social Value Action Plan", self.now)


class MemberCalendar(PublicView):
    """All actions, for a member's own calendar program, which cannot sign in: a signed address."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            user = user_of_token(token)
        except (BadSignature, User.DoesNotExist) as error:
            raise Http404 from error
        if not can(user, "view_plan"):
            raise Http404
        answer = feed(user, "Social Value Action Plan (members)", self.now)
        answer["X-Robots-Tag"] = "noindex, nofollow"
        answer["Cache-Control"] = "private, no-store"
        answer["Referrer-Policy"] = "no-referrer"
        return answer


def feed(user: Any, name: str, now: datetime.datetime) -> HttpResponse:
    body = calendar_text(name=name, events=calendar_events(user), made_at=now)
    return HttpResponse(
        body.encode("utf-8", "replace"),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="action-plan.ics"'},
    )
