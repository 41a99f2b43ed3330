"""The demo council's Action Plan: twenty invented actions with two years of invented updates.

All of it hangs on invented organisations. The report's own actions stay as the reference data has
them: nothing is invented about those. Written once: what people then do with it stays.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from charter.models import Principle
from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.quarters import closed_quarters
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import create_organisation

from .demo_plan_actions import ACTIONS, PARTNERS, TARGETS, Plan
from .models import Action, ActionUpdate, DesiredOutcome, Milestone, Theme
from .selectors.plan import principles_on
from .services.actions import add_milestone, change_action, create_action, set_desired_outcome
from .services.updates import approve_update, send_back_update, write_update

WHY = "Invented for the demonstration"


def load_plan(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Nothing where the themes are not there, or where the demo has actions already."""
    themes = {theme.code: theme for theme in Theme.objects.all()}
    held = Action.objects.filter(is_demo=True).count()
    if not themes or held:
        return Counts(unchanged=held)
    with transaction.atomic():
        return _Writer(directory, themes, by, now, today).write()


def remove_plan() -> int:
    """The demo's actions with all that hangs on them, and its targets. Others stop waiting for them."""
    with transaction.atomic():
        actions = Action.objects.filter(is_demo=True)
        keys = list(actions.values_list("pk", flat=True))
        outcomes = DesiredOutcome.objects.filter(is_demo=True)
        outcome_keys = list(outcomes.values_list("pk", flat=True))
        removed = len(keys) + len(outcome_keys)
        _release(keys)
        for model in (Milestone, ActionUpdate):
            model.history.filter(action_id__in=keys).delete()
        actions.delete()
        Action.history.filter(id__in=keys).delete()
        outcomes.delete()
        DesiredOutcome.history.filter(id__in=outcome_keys).delete()
    return removed


def _release(keys: list[int]) -> None:
    """Real actions that somebody made wait for a demo's."""
    for action in Action.objects.filter(is_demo=False, waits_for__in=keys).distinct():
        action.waits_for.remove(*keys)
        left = sorted(action.waits_for.values_list("reference", flat=True))
        action.waits_for_references = ", ".join(left)
        action.version += 1
        action.save()


class _Writer:
    def __init__(
        self,
        directory: DemoDirectory,
        themes: dict[str, Theme],
        by: Any,
        now: datetime.datetime,
        today: datetime.date,
    ) -> None:
        self.directory, self.themes, self.by = directory, themes, by
        self.now, self.today = now, today
        self.quarter = Quarter.of(today).previous
        self.principles: dict[str, Principle] = {one.key: one for one in principles_on(today)}
        self.closed = closed_quarters()
        self.counts = Counts()

    def write(self) -> Counts:
        self.partners = {key: self.partner(*facts) for key, facts in PARTNERS.items()}
        for code, (words, stage, years) in TARGETS.items():
            by_date = FinancialYear(FinancialYear.of(self.today).start_year + years).end
            if self.themes[code].desired_outcomes.filter(by_date=by_date).exists():
                continue
            set_desired_outcome(
                theme=self.themes[code], words=words, target_stage=stage, by_date=by_date,
                by=self.by, now=self.moment(self.shifted(-7)), is_demo=True,
            )  # fmt: skip
            self.count()
        made = {plan.key: self.action(plan) for plan in ACTIONS}
        for plan in ACTIONS:
            if plan.waits_for:
                action = made[plan.key]
                made[plan.key] = change_action(
                    action=action,
                    changes={"waits_for": [made[key] for key in plan.waits_for]},
                    expected_version=action.version,
                    by=self.by,
                    now=action.created_at,
                    today=self.today,
                )
        # Quarter by quarter, as it happened, so that the history reads in order.
        for back in range(8, -1, -1):
            for plan in ACTIONS:
                self.update(plan, made[plan.key], back)
        return self.counts

    def count(self) -> None:
        self.counts += Counts(created=1)

    def partner(self, name: str, kind: str) -> Organisation:
        held = Organisation.objects.filter(name=name, is_demo=True).first()
        if held is not None:
            return held
        self.count()
        return create_organisation(
            values={"name": name, "is_demo": True}, kinds=(kind,), by=self.by, now=self.now,
            reason=WHY,
        )  # fmt: skip

    def shifted(self, quarters: int) -> Quarter:
        quarter = self.quarter
        for _ in range(abs(quarters)):
            quarter = quarter.next if quarters > 0 else quarter.previous
        return quarter

    def moment(self, quarter: Quarter, days: int = 0) -> datetime.datetime:
        """A morning after the quarter's first day, never later than now."""
        day = quarter.start + datetime.timedelta(days=days)
        at = timezone.make_aware(datetime.datetime.combine(day, datetime.time(10, 0)))
        return min(at, self.now)

    def first_quarter(self, plan: Plan) -> Quarter:
        return self.shifted(1 - len(plan.said) - plan.silent) if plan.said else self.shifted(1)

    def action(self, plan: Plan) -> Action:
        first = self.first_quarter(plan)
        at = self.moment(first, 2)
        action = create_action(
            values={
                "theme": self.themes[plan.theme],
                "title": plan.title,
                "description": plan.description,
                "principle": self.principles.get(plan.principle),
                "lead_organisation": self.directory.directorates.get(plan.who)
                or self.partners[plan.who],
                "lead_name": f"{plan.lead} (invented)",
                "lead_email": f"lead-{plan.key}{settings.DEMO_EMAIL_DOMAIN}",
                "starts": first.start,
                "due": self.shifted(plan.ends).end,
                "is_public": plan.is_public,
                "metric_key": plan.metric_key,
                "source": WHY,
                "is_demo": True,
            },
            by=self.by, now=at, today=timezone.localtime(at).date(), reason=WHY,
        )  # fmt: skip
        self.count()
        for title, when, is_done in plan.steps:
            due = self.shifted(when).end - datetime.timedelta(days=14)
            reached = due - datetime.timedelta(days=3) if is_done else None
            add_milestone(
                action=action, title=title, due=max(due, first.start), done_on=reached,
                by=self.by, now=self.moment(self.shifted(when), 75) if is_done else at,
                today=self.today,
            )  # fmt: skip
        return action

    def update(self, plan: Plan, action: Action, back: int) -> None:
        """What was said of the quarter so many before the last."""
        place = len(plan.said) + plan.silent - 1 - back
        if not 0 <= place < len(plan.said):
            return
        quarter = self.shifted(-back)
        if quarter in self.closed:
            return
        status, words = plan.said[place]
        sent = self.moment(quarter.next, 8)
        decided = self.moment(quarter.next, 15)
        update = write_update(
            action=action, quarter=quarter, narrative=words, status=status, submit=True,
            by=f"{plan.lead} (invented)", now=sent, today=timezone.localtime(sent).date(),
        )  # fmt: skip
        self.count()
        is_last = place == len(plan.said) - 1 and not plan.silent
        if is_last and plan.last == "submitted":
            return
        if is_last and plan.last == "sent_back":
            send_back_update(
                update=update, reason="Which date does the Executive meet on?",
                expected_version=update.version, by=self.by, now=decided,
            )  # fmt: skip
            return
        approve_update(
            update=update, is_public=True, expected_version=update.version, by=self.by,
            now=decided, today=timezone.localtime(decided).date(),
        )  # fmt: skip
