"""Themes, actions and their updates for programs. Whoever may not read the whole plan gets what is
public: the same rows as on the pages, with the members' own fields null."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.access import can
from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    render,
    serializer_of,
    sources,
    text,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView
from trafford_sv.core.api.writes import CreateMixin, PatchMixin, StrictSerializer, VisibleKey
from trafford_sv.directory.models import Organisation

from ..filters_plan import ActionFilter, UpdateFilter
from ..models import Action, ActionUpdate, Milestone, Theme
from ..progress import STATUS_CHOICES
from ..selectors.plan import target_on, targets_by_theme
from ..selectors.standing import quarter_of_number, with_standing
from ..services.actions import change_action, create_action
from ..stages import STAGE_CHOICES

MEMBERS_HINT = "null for whoever may not read the whole plan."


def _kept(name: str, help_text: str) -> Column:
    """Filled by `attach`."""
    schema = serializers.CharField(
        help_text=f"{help_text} {MEMBERS_HINT}", read_only=True, allow_null=True
    )
    return Column(name, schema, is_text=True)


class TargetSerializer(serializers.Serializer):
    words = serializers.CharField(help_text="What the theme should look like.")
    target_stage = serializers.ChoiceField(choices=STAGE_CHOICES)
    by_date = serializers.DateField()
    is_demo = serializers.BooleanField(help_text="Invented, for showing the product.")


THEMES: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("key", "The same for ever."),
    text("code", "Begins its actions' references."),
    whole("position", "In the plan's order, from 1."),
    text("name", "The theme's name."),
    text("description", "What it is about."),
    Column(
        "desired_outcome",
        TargetSerializer(
            help_text="The target that counts today; null where none is set.", allow_null=True
        ),
        in_csv=False,
    ),
)


class Themes(ListView):
    """The seven themes, with what is wanted of each."""

    permission = "use_api"
    tag, noun, file_name = "actions", "themes", "themes"
    columns: ClassVar[tuple[Column, ...]] = THEMES

    def rows(self) -> QuerySet[Theme]:
        return Theme.objects.all()

    def attach(self, rows: list[Row]) -> None:
        targets = targets_by_theme()
        for row in rows:
            target = target_on(targets.get(row["pk"], ()), self.today)
            row["desired_outcome"] = target and {
                "words": target.words,
                "target_stage": target.stage.value,
                "by_date": target.by_date.isoformat(),
                "is_demo": target.is_demo,
            }


class MilestoneSerializer(serializers.Serializer):
    title = serializers.CharField()
    due = serializers.DateField()
    done_on = serializers.DateField(allow_null=True, help_text="null where it is not reached.")


def _last_update(row: Row) -> str | None:
    quarter = quarter_of_number(row["updated_number"])
    return quarter.code if quarter else None


ACTIONS: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    text("reference", "The theme's code and a number: GO-07."),
    text("theme", "The theme's key.", "theme__key"),
    text("title", "What is to be done."),
    text("description", "What that means."),
    text("principle", "The principle of the Charter, by its key.", "principle__key", null=True),
    whole("lead_organisation_id", "Which organisation leads.", null=True),
    text("lead_organisation", "Its name.", "lead_organisation__name", null=True),
    _kept("lead_name", "Who leads."),
    _kept("lead_email", "Where the lead is written to."),
    date("starts", "Its first day."),
    date("due", "Its last day."),
    choice("status", "How it stands.", STATUS_CHOICES),
    date("completed_on", "Where it is complete."),
    yes_no("is_stale", "No update for a quarter, computed."),
    yes_no("is_overdue", "Not finished after its due day, computed."),
    Column(
        "updated",
        serializers.CharField(
            help_text="The latest quarter with an update sent in: 2026-27-Q1.",
            read_only=True,
            allow_null=True,
        ),
        "updated_number",
        make=_last_update,
    ),
    Column(
        "waits_for",
        serializers.ListField(
            child=serializers.CharField(), help_text="References of what must come first."
        ),
    ),
    Column("milestones", MilestoneSerializer(many=True), in_csv=False),
    yes_no("is_public", "Anyone may read it."),
    _kept("metric_key", "The figure that shows whether it works."),
    text("source", "Where it comes from."),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Send it in If-Match to change it."),
)
ActionSerializer = serializer_of("ActionSerializer", ACTIONS)
KEPT = ("lead_name", "lead_email", "metric_key")


def _rows(user: Any, today: Any) -> QuerySet[Any]:
    return with_standing(Action.objects.visible_to(user), as_of=today)


def _attach(rows: list[Row], user: Any) -> None:
    """Milestones, what they wait for, and the members' fields; three queries for all of them."""
    keys = [row["pk"] for row in rows]
    steps: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for step in Milestone.objects.filter(action__in=keys):
        steps[step.action_id].append(
            {
                "title": step.title,
                "due": step.due.isoformat(),
                "done_on": step.done_on.isoformat() if step.done_on else None,
            }
        )
    waits: dict[int, list[str]] = defaultdict(list)
    links = Action.waits_for.through._default_manager.filter(
        from_action__in=keys, to_action__in=Action.objects.visible_to(user)
    )
    for pk, reference in links.order_by("to_action__reference").values_list(
        "from_action_id", "to_action__reference"
    ):
        waits[pk].append(reference)
    kept: dict[int, Row] = {}
    if can(user, "view_plan"):
        kept = {row["pk"]: row for row in Action.objects.filter(pk__in=keys).values("pk", *KEPT)}
    for row in rows:
        row["milestones"], row["waits_for"] = steps[row["pk"]], waits[row["pk"]]
        for name in KEPT:
            row[name] = kept[row["pk"]][name] if row["pk"] in kept else None


class ActionWriteSerializer(StrictSerializer):
    theme = serializers.SlugRelatedField(
        slug_field="key", queryset=Theme.objects.all(), required=False
    )
    title = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    lead_organisation = VisibleKey(
        queryset=Organisation.objects.all(), required=False, allow_null=True
    )
    lead_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    lead_email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    starts = serializers.DateField(required=False, allow_null=True)
    due = serializers.DateField(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=STATUS_CHOICES, required=False)
    completed_on = serializers.DateField(required=False, allow_null=True)
    waits_for = serializers.SlugRelatedField(
        slug_field="reference", queryset=Action.objects.all(), many=True, required=False
    )
    is_public = serializers.BooleanField(required=False)
    metric_key = serializers.CharField(max_length=80, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, required=False, allow_blank=True
    )
    reason = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="Why; kept in the history."
    )


class ActionCreateSerializer(ActionWriteSerializer):
    theme = serializers.SlugRelatedField(slug_field="key", queryset=Theme.objects.all())
    title = serializers.CharField(max_length=200)


class Actions(CreateMixin, ListView):
    """Actions of the plan, by id; those that are public for whoever has no part in it."""

    permission = "use_api"
    write_permission = "change_plan"
    tag, noun, file_name = "actions", "actions", "actions"
    one = "an action"
    filterset_class = ActionFilter
    write_serializer = ActionCreateSerializer
    response_serializer = ActionSerializer
    columns: ClassVar[tuple[Column, ...]] = ACTIONS

    def rows(self) -> QuerySet[Any]:
        return _rows(self.request.user, self.today)

    def attach(self, rows: list[Row]) -> None:
        _attach(rows, self.request.user)

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        reason = values.pop("reason", "")
        made = create_action(
            values=values, by=self.request.user, now=self.now, today=self.today, reason=reason
        )
        return self.created(made.pk, ActionDetail, "api-action")


class ActionDetail(PatchMixin, DetailView):
    """One action. Changing it needs its ETag in If-Match."""

    permission = "use_api"
    write_permission = "change_plan"
    tag, noun = "actions", "action"
    one = "an action"
    write_serializer = ActionWriteSerializer
    response_serializer = ActionSerializer

    def rows(self) -> QuerySet[Any]:
        return _rows(self.request.user, self.today)

    def check(self, record: Any) -> None:
        """The rows are limited already, and no role with a limited reach writes."""

    def body(self, record: Any) -> dict[str, Any]:
        row = self.rows().filter(pk=record.pk).values(*sources(ACTIONS)).get()
        _attach([row], self.request.user)
        return render(row, ACTIONS)

    def change(self, record: Action, values: dict[str, Any], version: int) -> None:
        reason = values.pop("reason", "")
        change_action(
            action=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
            today=self.today,
            reason=reason,
        )


def _code(row: Row) -> str:
    quarter = quarter_of_number(row["financial_year"] * 4 + row["quarter"] - 1)
    return quarter.code if quarter else ""


UPDATES: tuple[Column, ...] = (
    whole("id", "The key.", "pk"),
    whole("action_id", "The action."),
    text("action_reference", "The action's reference.", "action__reference"),
    text("theme", "The theme's key.", "action__theme__key"),
    Column(
        "quarter",
        serializers.CharField(help_text="The quarter it is about: 2026-27-Q1.", read_only=True),
        "financial_year",
        make=_code,
    ),
    text("narrative", "What happened."),
    choice("status", "How the lead says it stands.", STATUS_CHOICES),
    choice("state", "Whether it is approved.", ActionUpdate.State.choices),
    yes_no("is_public", "Anyone may read it once it is approved and its action is public."),
)


class ActionUpdates(ListView):
    """Quarterly updates of actions, by id; approved and published ones for everybody."""

    permission = "use_api"
    tag, noun, file_name = "actions", "updates", "action-updates"
    filterset_class = UpdateFilter
    columns: ClassVar[tuple[Column, ...]] = UPDATES
    more_sources = ("quarter",)

    def rows(self) -> QuerySet[ActionUpdate]:
        return ActionUpdate.objects.visible_to(self.request.user)


urlpatterns = [
    path("themes/", Themes.as_view(), name="api-themes"),
    path("actions/", Actions.as_view(), name="api-actions"),
    path("actions/<int:pk>/", ActionDetail.as_view(), name="api-action"),
    path("action-updates/", ActionUpdates.as_view(), name="api-action-updates"),
]
