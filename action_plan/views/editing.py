"""Keeping the plan: actions, their milestones, and what each theme should come to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can, permissions_of
from trafford_sv.core.parts import SummaryRow
from trafford_sv.core.periods import Quarter
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView

from ..forms.plan import ActionForm, MilestoneForm, TargetForm
from ..models import Action, DesiredOutcome, Milestone, Theme
from ..offered_figures import read_figure
from ..plan_tabs import plan_tabs
from ..progress import Status
from ..selectors.plan import ActionDetail, action_detail, visible_actions
from ..services.actions import (
    add_milestone,
    change_action,
    change_desired_outcome,
    change_milestone,
    create_action,
    remove_milestone,
    set_desired_outcome,
)
from ..words import day_words
from .parts import milestones_words, status_tag, tags_of


def find(rows: Any, **names: Any) -> Any:
    """404 for one that is not there, not this person's to see, or of an absurd number."""
    try:
        return rows.get(**names)
    except (rows.model.DoesNotExist, OverflowError):
        raise Http404 from None


def crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [("Action Plan", reverse("plan-board")), *steps]


class ActionPage(PublicView):
    """One action: what is public for anyone, the rest for whoever works on the plan."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = find(visible_actions(request.user, as_of=self.today), pk=pk)
        found = action_detail(action, request.user, as_of=self.today)
        is_member = can(request.user, "view_plan")
        context = {
            "title": action.title,
            "action": action,
            "found": found,
            "tags": tags_of(found.row, self.today),
            "facts": self.facts(found, is_member),
            "steps": milestones_words(found.row),
            "updates": [
                (update, status_tag(update.status) if update.status else None)
                for update in found.updates
            ],
            "waits_for": [(one, status_tag(one.status)) for one in found.waits_for],
            "waited_for_by": [(one, status_tag(one.status)) for one in found.waited_for_by],
            "is_member": is_member,
            "may_change": can(request.user, "change_plan"),
            "write_links": self.write_links(found),
            "tabs": plan_tabs(permissions_of(request.user), "list"),
            # The history holds names and what was never public.
            "history": history_of(action) if is_member else None,
            "breadcrumbs": crumbs((found.row.theme, theme_url(action.theme)), (action.title, None)),
        }
        return render(request, "action_plan/action_detail.html", context)

    def write_links(self, found: ActionDetail) -> list[tuple[str, str]]:
        """The quarter that ended last and the one that runs, unless their update is sent in."""
        if found.row.status is Status.CANCELLED:
            return []
        sent = {one.quarter for one in found.updates if one.state in ("submitted", "approved")}
        quarters = (Quarter.of(self.today).previous, Quarter.of(self.today))
        return [
            (
                quarter.label,
                reverse("update-write", kwargs={"pk": found.row.pk, "quarter": quarter.code}),
            )
            for quarter in quarters
            if quarter not in sent
        ]

    def facts(self, found: ActionDetail, is_member: bool) -> list[SummaryRow]:
        row = found.row
        lines = [
            SummaryRow("Led by", row.organisation, missing="Not decided"),
            SummaryRow("Theme", row.theme),
            SummaryRow("Principle of the Charter", row.principle, missing="None in particular"),
            SummaryRow("Starts", row.starts, missing="Not decided"),
            SummaryRow("Due", row.due, missing="Not decided"),
        ]
        if row.completed_on:
            lines.append(SummaryRow("Completed on", row.completed_on))
        if is_member:
            lines.insert(1, SummaryRow("Lead", row.lead, missing="Nobody is named"))
            lines.append(self.yardstick(found.metric_key))
        if found.source:
            lines.append(SummaryRow("Where it comes from", found.source))
        return lines

    def yardstick(self, key: str) -> SummaryRow:
        """Where the product itself has the figure, its value at the last complete quarter."""
        reading = read_figure(key, self.today) if key else None
        if reading is None:
            return SummaryRow("Yardstick", key, missing="None")
        value = reading.words or "nothing recorded yet"
        return SummaryRow(
            "Yardstick",
            f"{reading.name}: {value}",
            note=" ".join(filter(None, [f"On {day_words(reading.on)}.", reading.completeness])),
        )


def theme_url(theme: Theme) -> str:
    return f"{reverse('plan-board')}#{theme.key}"


class PlanEdit(EditMixin, PermissionView):
    permission = "change_plan"

    def form_page(self, form: Any, *, title: str, button: str, back: str, **more: Any) -> Any:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "cancel": back,
            "breadcrumbs": crumbs((title, None)),
            **more,
        }
        return render(self.request, "action_plan/form.html", context)


class ActionCreate(PlanEdit):
    def get(self, request: HttpRequest) -> HttpResponse:
        theme = Theme.objects.filter(key=request.GET.get("theme", "").replace("\x00", "")).first()
        return self.page(ActionForm(today=self.today, initial={"theme": theme}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ActionForm(request.POST, today=self.today)
        if not form.is_valid():
            return self.page(form)
        try:
            action = create_action(
                values=form.changes(), by=request.user, now=self.now, today=self.today
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, f"{action.reference} is in the plan.")
        return redirect(action)

    def page(self, form: ActionForm) -> HttpResponse:
        return self.form_page(  # type: ignore[no-any-return]
            form, title="Record an action", button="Record the action", back=reverse("action-list")
        )


class ActionEdit(PlanEdit):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = find(Action.objects.visible_to(request.user), pk=pk)
        return self.page(action, ActionForm(instance=action, today=self.today))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        rows = Action.objects.visible_to(request.user)
        action = find(rows, pk=pk)
        form = ActionForm(self.posted(), instance=find(rows, pk=pk), today=self.today)
        if not form.is_valid():
            return self.page(action, form)
        try:
            change_action(
                action=action,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
                reason=form.cleaned_data["reason"],
            )
        except Collision as collision:
            stored = ActionForm(instance=collision.stored, today=self.today)
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, form)
        messages.success(request, "Your changes are saved.")
        return redirect(action)

    def page(self, action: Action, form: ActionForm) -> HttpResponse:
        return self.form_page(  # type: ignore[no-any-return]
            form,
            title="Change the action",
            button="Save changes",
            back=action.get_absolute_url(),
            caption=str(action),
            breadcrumbs=crumbs((action.title, action.get_absolute_url()), ("Change", None)),
        )


class MilestoneCreate(PlanEdit):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(find(Action.objects.visible_to(request.user), pk=pk), MilestoneForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        action = find(Action.objects.visible_to(request.user), pk=pk)
        form = MilestoneForm(request.POST)
        if not form.is_valid():
            return self.page(action, form)
        try:
            add_milestone(
                action=action, by=request.user, now=self.now, today=self.today, **form.changes()
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, form)
        messages.success(request, "The milestone is recorded.")
        return redirect(f"{action.get_absolute_url()}#milestones")

    def page(self, action: Action, form: MilestoneForm) -> HttpResponse:
        return self.form_page(  # type: ignore[no-any-return]
            form,
            title="Add a milestone",
            button="Add the milestone",
            back=action.get_absolute_url(),
            caption=str(action),
            breadcrumbs=crumbs((action.title, action.get_absolute_url()), ("Milestone", None)),
        )


class MilestoneEdit(PlanEdit):
    def rows(self) -> Any:
        seen = Action.objects.visible_to(self.request.user)
        return Milestone.objects.filter(action__in=seen).select_related("action")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        step = find(self.rows(), pk=pk)
        return self.page(step, MilestoneForm(instance=step))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        step = find(self.rows(), pk=pk)
        form = MilestoneForm(self.posted(), instance=find(self.rows(), pk=pk))
        removes = request.POST.get("remove") == "yes"
        if not form.is_valid() and not (removes and "version" in form.cleaned_data):
            return self.page(step, form)
        try:
            if removes:
                remove_milestone(
                    milestone=step,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            else:
                change_milestone(
                    milestone=step,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    today=self.today,
                )
        except Collision as collision:
            return self.show_collision(form, MilestoneForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(step, form)
        messages.success(
            request, "The milestone is removed." if removes else "Your changes are saved."
        )
        return redirect(f"{step.action.get_absolute_url()}#milestones")

    def page(self, step: Milestone, form: MilestoneForm) -> HttpResponse:
        action = step.action
        return self.form_page(  # type: ignore[no-any-return]
            form,
            title="Change the milestone",
            button="Save changes",
            back=action.get_absolute_url(),
            caption=str(action),
            may_remove=True,
            breadcrumbs=crumbs((action.title, action.get_absolute_url()), ("Milestone", None)),
        )


class TargetCreate(PlanEdit):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self.page(find(Theme.objects, key=key), TargetForm())

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        theme = find(Theme.objects, key=key)
        form = TargetForm(request.POST)
        if not form.is_valid():
            return self.page(theme, form)
        try:
            set_desired_outcome(theme=theme, by=request.user, now=self.now, **form.changes())
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(theme, form)
        messages.success(request, f"{theme.name} has a target.")
        return redirect(theme_url(theme))

    def page(self, theme: Theme, form: TargetForm) -> HttpResponse:
        return self.form_page(  # type: ignore[no-any-return]
            form,
            title="Set a target",
            button="Set the target",
            back=theme_url(theme),
            caption=theme.name,
            breadcrumbs=crumbs((theme.name, theme_url(theme)), ("Set a target", None)),
        )


class TargetEdit(PlanEdit):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        outcome = find(DesiredOutcome.objects, pk=pk)
        return self.page(outcome, TargetForm(instance=outcome))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        outcome = find(DesiredOutcome.objects, pk=pk)
        form = TargetForm(self.posted(), instance=find(DesiredOutcome.objects, pk=pk))
        if not form.is_valid():
            return self.page(outcome, form)
        try:
            change_desired_outcome(
                outcome=outcome,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, TargetForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(outcome, form)
        messages.success(request, "Your changes are saved.")
        return redirect(theme_url(outcome.theme))

    def page(self, outcome: DesiredOutcome, form: TargetForm) -> HttpResponse:
        theme = outcome.theme
        return self.form_page(  # type: ignore[no-any-return]
            form,
            title="Change the target",
            button="Save changes",
            back=theme_url(theme),
            caption=theme.name,
            breadcrumbs=crumbs((theme.name, theme_url(theme)), ("Change the target", None)),
        )
