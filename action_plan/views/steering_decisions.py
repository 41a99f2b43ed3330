"""Recording a decision together with what it sets in motion."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.services.records import Collision

from ..forms.decisions import ChangeActionForm, CharterDecisionForm, NewActionForm, StageForm
from ..models import AgendaItem, Decision
from ..selectors.quorums import quorum_of
from ..services.decision_effects import (
    decide_action_change,
    decide_charter,
    decide_new_action,
    decide_stage,
)
from .steering_base import RunPage


class _Effect(RunPage):
    """`needs` is what the effect asks for besides running the Group."""

    needs: ClassVar[str] = ""
    form_class: ClassVar[type[forms.Form]]
    title = ""
    done = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not can(request.user, self.permission) or not can(request.user, self.needs):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def decide(self, item: AgendaItem, form: Any) -> Decision:
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.item(pk), self.form_class())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        item = self.item(pk)
        form: Any = self.form_class(request.POST)
        if not form.is_valid():
            return self.page(item, form)
        try:
            decision = self.decide(item, form)
        except Collision:
            form.add_error(
                None, "Somebody has just changed what this is about. Look at it, then decide again."
            )
            return self.page(item, form, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(item, form)
        messages.success(request, f"Decision {decision.reference} is on record. {self.done}")
        return redirect(decision)

    def page(self, item: AgendaItem, form: Any, status: int = 200) -> HttpResponse:
        back = reverse("agenda-item-detail", args=[item.pk])
        response = self.form_page(
            form,
            title=self.title,
            button="Record the decision",
            cancel=back,
            caption=str(item),
            words=[f"By the meeting. {quorum_of(item.meeting, item).sentence}"],
            crumbs=self.meeting_crumbs(
                item.meeting, (f"Item {item.position}", back), ("Decision", None)
            ),
        )
        response.status_code = status
        return response


class DecideNewAction(_Effect):
    needs = "change_plan"
    form_class = NewActionForm
    title, done = "Decide on a new action", "The action is in the plan."

    def decide(self, item: AgendaItem, form: Any) -> Decision:
        return decide_new_action(
            item=item,
            words=form.cleaned_data["words"],
            reasons=form.cleaned_data["reasons"],
            values=form.values,
            by=self.request.user,
            now=self.now,
        )


class DecideActionChange(_Effect):
    needs = "change_plan"
    form_class = ChangeActionForm
    title, done = "Decide on a change to an action", "The action is changed."

    def decide(self, item: AgendaItem, form: Any) -> Decision:
        return decide_action_change(
            item=item,
            action=form.cleaned_data["action"],
            changes=form.changed,
            words=form.cleaned_data["words"],
            reasons=form.cleaned_data["reasons"],
            by=self.request.user,
            now=self.now,
        )


class DecideStage(_Effect):
    needs = "moderate_maturity"
    form_class = StageForm
    title, done = "Agree a maturity stage", "The stage is agreed for good."

    def decide(self, item: AgendaItem, form: Any) -> Decision:
        return decide_stage(
            item=item,
            result=form.cleaned_data["result"],
            words=form.cleaned_data["words"],
            reasons=form.cleaned_data["reasons"],
            by=self.request.user,
            now=self.now,
        )


class DecideCharter(_Effect):
    needs = "change_charter"
    form_class = CharterDecisionForm
    title, done = "Approve a version of the charter", "The version is approved."

    def decide(self, item: AgendaItem, form: Any) -> Decision:
        return decide_charter(
            item=item,
            version=form.cleaned_data["version"],
            in_force_from=form.cleaned_data["in_force_from"],
            words=form.cleaned_data["words"],
            reasons=form.cleaned_data["reasons"],
            by=self.request.user,
            now=self.now,
        )
