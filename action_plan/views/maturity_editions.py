"""Editions of the index and their criteria; which actions would satisfy which criterion."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.parts import SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.maturity import CopyForm, CriterionActionsForm, CriterionForm, EditionForm
from ..models import Action, Criterion, MaturityEdition, Theme
from ..progress import Status
from ..services.maturity import (
    add_criterion,
    change_criterion,
    change_edition,
    copy_edition,
    link_actions,
    remove_criterion,
    take_into_use,
)
from .maturity import action_link, tabs_for

TONES = {
    MaturityEdition.State.DRAFT: Tone.INFO,
    MaturityEdition.State.IN_USE: Tone.GOOD,
    MaturityEdition.State.RETIRED: Tone.NEUTRAL,
}


def state_tag(edition: MaturityEdition) -> Tag:
    return Tag(edition.get_state_display(), TONES[MaturityEdition.State(edition.state)])


class EditionList(PermissionView):
    """There are a handful at most."""

    permission = "view_maturity"

    def get(self, request: HttpRequest) -> HttpResponse:
        editions = MaturityEdition.objects.all()
        context = {
            "title": "Editions of the maturity index",
            "tabs": tabs_for(request.user, "editions"),
            "editions": [(row, state_tag(row)) for row in editions],
        }
        return render(request, "action_plan/edition_list.html", context)


class _EditionView(EditMixin, PermissionView):
    permission = "change_maturity"

    def edition(self, pk: int) -> MaturityEdition:
        return get_object_or_404(MaturityEdition, pk=pk)

    def crumbs(self, edition: MaturityEdition, *here: str) -> list[tuple[str, str | None]]:
        crumbs: list[tuple[str, str | None]] = [
            ("Maturity", reverse("maturity-overview")),
            ("Criteria", reverse("maturity-edition-list")),
        ]
        if not here:
            return [*crumbs, (edition.name, None)]
        return [*crumbs, (edition.name, edition.get_absolute_url()), *((t, None) for t in here)]

    def form_page(
        self, edition: MaturityEdition, form: Any, title: str, button: str, **more: Any
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "caption": edition.name,
            "cancel": edition.get_absolute_url(),
            "breadcrumbs": self.crumbs(edition, title),
            **more,
        }
        return render(self.request, "action_plan/maturity_form.html", context)

    def refused(self, error: ValidationError, edition: MaturityEdition) -> HttpResponseBase:
        messages.error(self.request, " ".join(error.messages))
        return redirect(edition)


class EditionPage(_EditionView):
    permission = "view_maturity"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        edition = self.edition(pk)
        may_change = can(request.user, "change_maturity")
        by_theme: dict[int, list[Criterion]] = defaultdict(list)
        rows = Criterion.objects.filter(edition=edition).prefetch_related("actions")
        for row in sorted(rows, key=lambda row: (row.rank, row.code)):
            row.links = [action_link(action) for action in row.actions.all()]  # type: ignore[attr-defined]
            by_theme[row.theme_id].append(row)
        context = {
            "title": edition.name,
            "edition": edition,
            "tag": state_tag(edition),
            "facts": [
                SummaryRow("Publisher", edition.publisher),
                SummaryRow("Stages are numbered", edition.get_first_number_display()),  # type: ignore[attr-defined]
                SummaryRow("Licence", edition.licence),
                SummaryRow("Where it comes from", edition.provenance),
                SummaryRow(
                    "Words",
                    "Our own"
                    if edition.is_own_words
                    else "The publisher’s, under the licence above",
                ),
            ],
            "stages": edition.stages.select_related("edition"),
            "themes": [(theme, by_theme[theme.pk]) for theme in Theme.objects.all()],
            "may_change": may_change,
            "is_draft": edition.state == MaturityEdition.State.DRAFT,
            "history": history_of(edition) if may_change else (),
            "breadcrumbs": self.crumbs(edition),
        }
        return render(request, "action_plan/edition_detail.html", context)


class EditionEdit(_EditionView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        edition = self.edition(pk)
        return self.form_page(edition, EditionForm(instance=edition), "Edit the edition", "Save")

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        edition = self.edition(pk)
        form = EditionForm(self.posted(), instance=self.edition(pk))
        if form.is_valid():
            try:
                change_edition(
                    edition=edition,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = EditionForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect(edition)
        return self.form_page(edition, form, "Edit the edition", "Save")


class EditionCopy(_EditionView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.edition(pk), CopyForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        edition = self.edition(pk)
        form = CopyForm(request.POST)
        if form.is_valid():
            try:
                made = copy_edition(
                    edition=edition, by=request.user, now=self.now, **form.cleaned_data
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The draft is made. Change its criteria as you need.")
                return redirect(made)
        return self.page(edition, form)

    def page(self, edition: MaturityEdition, form: CopyForm) -> HttpResponse:
        return self.form_page(edition, form, "Copy into a draft", "Make the draft")


class EditionUse(_EditionView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        edition = self.edition(pk)
        try:
            take_into_use(edition=edition, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, edition)
        messages.success(request, "New assessments go by this edition from now on.")
        return redirect(edition)


class CriterionCreate(_EditionView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        edition = self.edition(pk)
        return self.page(edition, CriterionForm(initial=self._initial()))

    def _initial(self) -> dict[str, str]:
        theme = self.request.GET.get("theme", "")
        return {"theme": theme} if theme.isascii() and theme.isdigit() and len(theme) < 10 else {}

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        edition = self.edition(pk)
        form = CriterionForm(request.POST)
        if form.is_valid():
            try:
                add_criterion(edition=edition, values=form.changes(), by=request.user, now=self.now)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "The criterion is added.")
                return redirect(edition)
        return self.page(edition, form)

    def page(self, edition: MaturityEdition, form: CriterionForm) -> HttpResponse:
        return self.form_page(edition, form, "Add a criterion", "Add the criterion")


class _CriterionView(_EditionView):
    def criterion(self, pk: int) -> Criterion:
        return get_object_or_404(Criterion.objects.select_related("edition", "theme"), pk=pk)


class CriterionEdit(_CriterionView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.criterion(pk)
        return self.page(row, CriterionForm(instance=row))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.criterion(pk)
        form = CriterionForm(self.posted(), instance=self.criterion(pk))
        if form.is_valid():
            try:
                change_criterion(
                    criterion=row,
                    changes=form.changes(),
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
            except Collision as collision:
                stored = CriterionForm(instance=collision.stored)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect(row.edition)
        return self.page(row, form)

    def page(self, row: Criterion, form: CriterionForm) -> HttpResponse:
        return self.form_page(row.edition, form, "Edit the criterion", "Save")


class CriterionRemove(_CriterionView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.criterion(pk)
        edition, code = row.edition, row.code
        try:
            remove_criterion(criterion=row, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refused(error, edition)
        messages.success(request, f"{code} is removed. What it said is in the audit log.")
        return redirect(edition)


class CriterionActions(_CriterionView):
    """Also for an edition in use: the plan changes while criteria stand."""

    def offered(self, row: Criterion) -> Any:
        linked = row.action_links.values("action")
        return (
            Action.objects.exclude(status=Status.CANCELLED) | Action.objects.filter(pk__in=linked)
        ).order_by("theme__position", "reference")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.criterion(pk)
        chosen = list(row.action_links.values_list("action", flat=True))
        form = CriterionActionsForm(initial={"actions": chosen}, actions=self.offered(row))
        return self.page(row, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.criterion(pk)
        form = CriterionActionsForm(request.POST, actions=self.offered(row))
        if form.is_valid():
            link_actions(
                criterion=row,
                actions=list(form.cleaned_data["actions"]),
                by=request.user,
                now=self.now,
            )
            messages.success(request, f"{row.code}: its actions are saved.")
            return redirect(row.edition)
        return self.page(row, form)

    def page(self, row: Criterion, form: CriterionActionsForm) -> HttpResponse:
        return self.form_page(
            row.edition, form, f"Actions for {row.code}", "Save the actions", proposal=row.wording
        )
