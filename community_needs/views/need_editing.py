"""Raising, editing, publishing, withdrawing and merging needs, for officers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.needs import MergeForm, NeedForm, PriorityForm, WithdrawForm
from ..models import Need, Priority
from ..selectors.needs import merge_proposals
from ..services.needs import (
    change_need,
    keep_needs_apart,
    merge_needs,
    publish_need,
    raise_need,
    withdraw_need,
)
from ..services.priorities import add_priority, change_priority

Crumbs = list[tuple[str, str | None]]


def crumbs(*more: tuple[str, str | None]) -> Crumbs:
    return [("What communities need", reverse("needs-home")), *more]


def form_page(
    request: HttpRequest,
    form: Any,
    *,
    title: str,
    button: str,
    cancel: str,
    breadcrumbs: Sequence[tuple[str, str | None]],
    introduction: str = "",
    danger: bool = False,
) -> HttpResponse:
    """One form on a page: the plain shape that most of ours have."""
    return render(
        request,
        "community_needs/form.html",
        {
            "form": form,
            "title": title,
            "button": button,
            "button_classes": "govuk-button--warning" if danger else "",
            "cancel": cancel,
            "breadcrumbs": breadcrumbs,
            "introduction": introduction,
        },
    )


class NeedCreate(EditMixin, PermissionView):
    permission = "change_needs"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(NeedForm(initial={"open_from": self.today, "is_public": True}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = NeedForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            need = raise_need(
                values=form.changes(),
                raised_from=Need.RaisedFrom.OFFICER,
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The need is recorded.")
        return redirect("need-detail", need.pk)

    def page(self, form: NeedForm) -> HttpResponse:
        return form_page(
            self.request,
            form,
            title="Raise a need",
            button="Save the need",
            cancel=reverse("need-list"),
            breadcrumbs=crumbs(("Needs", reverse("need-list")), ("Raise a need", None)),
        )


class NeedEdit(EditMixin, PermissionView):
    permission = "change_needs"

    def record(self, pk: int) -> Need:
        need = get_object_or_404(Need.objects.visible_to(self.request.user), pk=pk)
        self.check(need)
        return need

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        need = self.record(pk)
        return self.page(need, NeedForm(instance=need))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        need = self.record(pk)
        form = NeedForm(self.posted(), instance=self.record(pk))
        if not form.is_valid():
            return self.page(need, form)
        try:
            change_need(
                need=need,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, NeedForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(need, form)
        messages.success(request, "The need is saved.")
        return redirect("need-detail", need.pk)

    def page(self, need: Need, form: NeedForm) -> HttpResponse:
        here = reverse("need-detail", kwargs={"pk": need.pk})
        return form_page(
            self.request,
            form,
            title="Edit the need",
            button="Save the need",
            cancel=here,
            breadcrumbs=crumbs(("Needs", reverse("need-list")), (need.title, here), ("Edit", None)),
        )


class NeedPublish(PermissionView):
    """A POST from the need's page: show it to anyone, or no longer."""

    permission = "change_needs"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        need = get_object_or_404(Need.objects.visible_to(request.user), pk=pk)
        wanted = request.POST.get("is_public") == "yes"
        version = request.POST.get("version", "")
        try:
            publish_need(
                need=need,
                is_public=wanted,
                expected_version=int(version) if version.isascii() and version.isdigit() else 0,
                by=request.user,
                now=self.now,
            )
        except Collision:
            messages.warning(request, "Somebody changed this need after you opened it. Look again.")
        else:
            said = "Anyone can read it now." if wanted else "Only officers and its hub see it now."
            messages.success(request, said)
        return redirect("need-detail", need.pk)


class NeedWithdraw(EditMixin, PermissionView):
    permission = "change_needs"

    def record(self, pk: int) -> Need:
        need = get_object_or_404(Need.objects.visible_to(self.request.user), pk=pk)
        self.check(need)
        return need

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        need = self.record(pk)
        return self.page(need, WithdrawForm(initial={"version": need.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        need = self.record(pk)
        form = WithdrawForm(self.posted())
        if not form.is_valid():
            return self.page(need, form)
        try:
            withdraw_need(
                need=need,
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = WithdrawForm(initial={"version": collision.stored.version})
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(need, form)
        messages.success(request, "The need is withdrawn. It stays on record.")
        return redirect("need-detail", need.pk)

    def page(self, need: Need, form: WithdrawForm) -> HttpResponse:
        here = reverse("need-detail", kwargs={"pk": need.pk})
        return form_page(
            self.request,
            form,
            title="Withdraw this need",
            button="Withdraw the need",
            cancel=here,
            danger=True,
            introduction=f"“{need.title}” will no longer be shown to businesses.",
            breadcrumbs=crumbs((need.title, here), ("Withdraw", None)),
        )


class MergeList(PermissionView):
    """Needs that may be the same: proposed with reasons, decided by a person."""

    permission = "change_needs"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "Needs that may be the same",
            "proposals": merge_proposals(request.user),
            "breadcrumbs": crumbs(("Needs", reverse("need-list")), ("May be the same", None)),
        }
        return render(request, "community_needs/merge_list.html", context)


class NeedMerge(EditMixin, PermissionView):
    """Two needs side by side: one stays, or both do."""

    permission = "change_needs"

    def records(self, first: int, second: int) -> tuple[Need, Need]:
        rows = Need.objects.visible_to(self.request.user).select_related("priority", "hub")
        pair = get_object_or_404(rows, pk=first), get_object_or_404(rows, pk=second)
        return pair

    def get(self, request: HttpRequest, first: int, second: int) -> HttpResponse:
        one, other = self.records(first, second)
        initial = {"first_version": one.version, "second_version": other.version}
        return self.page(one, other, MergeForm(first=one, second=other, initial=initial))

    def post(self, request: HttpRequest, first: int, second: int) -> HttpResponseBase:
        one, other = self.records(first, second)
        form = MergeForm(request.POST, first=one, second=other)
        if not form.is_valid():
            return self.page(one, other, form)
        said = form.cleaned_data
        try:
            if said["keep"] == "apart":
                keep_needs_apart(
                    first=one, second=other, reason=said["reason"], by=request.user, now=self.now
                )
                messages.success(request, "They stay apart and are not proposed again.")
                return redirect("need-merge-list")
            versions = {one.pk: said["first_version"], other.pk: said["second_version"]}
            kept, absorbed = (one, other) if said["keep"] == str(one.pk) else (other, one)
            changes = {}
            if said["needed_quantity"] is not None:
                changes["needed_quantity"] = said["needed_quantity"]
                changes["unit"] = kept.unit or absorbed.unit
            merged = merge_needs(
                kept=kept,
                absorbed=absorbed,
                changes=changes,
                kept_version=versions[kept.pk],
                absorbed_version=versions[absorbed.pk],
                reason=said["reason"],
                by=request.user,
                now=self.now,
            )
        except Collision:
            form.add_error(
                None,
                "Somebody changed one of the two after you opened this page. Look at both again, then decide.",
            )
            return self.page(one, other, form)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(one, other, form)
        messages.success(request, "The two are one need now.")
        return redirect("need-detail", merged.pk)

    def page(self, one: Need, other: Need, form: MergeForm) -> HttpResponse:
        context = {
            "title": "Are these two the same?",
            "first": one,
            "second": other,
            "form": form,
            "breadcrumbs": crumbs(
                ("May be the same", reverse("need-merge-list")), ("Two needs", None)
            ),
        }
        return render(self.request, "community_needs/merge_form.html", context)


class PriorityList(PermissionView):
    """What needs are sorted under, in the order of every list."""

    permission = "view_needs"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "Priorities",
            "priorities": Priority.objects.all(),
            "may_change": can(request.user, "change_needs"),
            "breadcrumbs": crumbs(("Priorities", None)),
        }
        return render(request, "community_needs/priority_list.html", context)


class PriorityCreate(EditMixin, PermissionView):
    permission = "change_needs"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(PriorityForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = PriorityForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            add_priority(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The priority is added.")
        return redirect("priority-list")

    def page(self, form: PriorityForm) -> HttpResponse:
        here = reverse("priority-list")
        return form_page(
            self.request,
            form,
            title="Add a priority",
            button="Add the priority",
            cancel=here,
            breadcrumbs=crumbs(("Priorities", here), ("Add", None)),
        )


class PriorityEdit(EditMixin, PermissionView):
    permission = "change_needs"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        priority = get_object_or_404(Priority, pk=pk)
        return self.page(priority, PriorityForm(instance=priority))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        priority = get_object_or_404(Priority, pk=pk)
        form = PriorityForm(self.posted(), instance=get_object_or_404(Priority, pk=pk))
        if not form.is_valid():
            return self.page(priority, form)
        try:
            change_priority(
                priority=priority,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, PriorityForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(priority, form)
        messages.success(request, "The priority is saved.")
        return redirect("priority-list")

    def page(self, priority: Priority, form: PriorityForm) -> HttpResponse:
        here = reverse("priority-list")
        return form_page(
            self.request,
            form,
            title=f"Edit “{priority}”",
            button="Save the priority",
            cancel=here,
            introduction="If you change its words, their translation is put away until it is made anew.",
            breadcrumbs=crumbs(("Priorities", here), (str(priority), None)),
        )
