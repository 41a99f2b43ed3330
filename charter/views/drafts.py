"""Writing a draft of the charter, and recording that it is approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.versions import (
    ApproveForm,
    CorrectApprovalForm,
    DraftForm,
    FocusAreaForm,
    InitiativeForm,
    PrincipleForm,
    TakeBackForm,
)
from ..models import CharterVersion, FocusArea, Initiative, Principle
from ..selectors.versions import charter_text
from ..services import drafts
from ..services.approvals import approve_version, correct_approval, take_back_approval
from .public import status_tag, version_crumbs

State = CharterVersion.State


class _Draft(EditMixin, PermissionView):
    permission = "change_charter"

    def version(self, number: int) -> CharterVersion:
        return get_object_or_404(CharterVersion.objects.with_end(), number=number)

    def refuse(self, error: ValidationError, where: str) -> HttpResponseBase:
        """For pages without a form of their own: the sentence, on the page it leads to."""
        messages.warning(self.request, " ".join(error.messages))
        return redirect(where)


class DraftStart(_Draft):
    """Begin the next version, as a copy of the latest."""

    def get(self, request: HttpRequest) -> HttpResponse:
        latest = CharterVersion.objects.approved().order_by("-in_force_from").first()
        context = {
            "title": "Begin a new draft",
            "latest": latest,
            "held": CharterVersion.objects.drafts().first(),
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Versions", reverse("charter-version-list")),
                ("Begin a new draft", None),
            ],
        }
        return render(request, "charter/draft_start.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        try:
            draft = drafts.start_draft(by=request.user, now=self.now)
        except ValidationError as error:
            return self.refuse(error, reverse("charter-version-list"))
        messages.success(request, f"Version {draft.number} is begun. Only officers see it.")
        return redirect("charter-draft", draft.number)


class DraftPage(_Draft):
    """The draft with a way to every part of it."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = self.version(number)
        context = {
            "title": f"Draft of version {version.number}",
            "version": version,
            "is_draft": version.state == State.DRAFT,
            "charter": charter_text(version, self.today),
            "tag": status_tag(version.status_on(self.today)),
            "breadcrumbs": version_crumbs(version, "Draft"),
        }
        return render(request, "charter/draft.html", context)


class DraftEdit(_Draft):
    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = self.version(number)
        return self.page(version, DraftForm(instance=version))

    def post(self, request: HttpRequest, number: int) -> HttpResponseBase:
        version = self.version(number)
        form = DraftForm(self.posted(), instance=self.version(number))
        if not form.is_valid():
            return self.page(version, form)
        try:
            drafts.change_draft(
                version=version,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, DraftForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(version, form)
        messages.success(request, "The draft is saved.")
        return redirect("charter-draft", number)

    def page(self, version: CharterVersion, form: BaseForm) -> HttpResponse:
        return self.form_page(version, form, "The charter’s own words", "Save the draft")

    def form_page(
        self, version: CharterVersion, form: BaseForm, title: str, button: str, lead: str = ""
    ) -> HttpResponse:
        context = {
            "title": title,
            "form": form,
            "button": button,
            "lead": lead,
            "version": version,
            "cancel": reverse("charter-draft", kwargs={"number": version.number}),
            "breadcrumbs": version_crumbs(version, title),
        }
        return render(self.request, "charter/draft_form.html", context)


class _PartCreate(DraftEdit):
    """A principle, an area under it, or an initiative under that."""

    form_class: type[Any]
    title = ""

    def parent(self, number: int, pk: int | None) -> Any:
        raise NotImplementedError

    def add(self, parent: Any, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def get(self, request: HttpRequest, number: int, pk: int | None = None) -> HttpResponse:
        version, parent = self.version(number), self.parent(number, pk)
        return self.form_page(version, self.form_class(), self.title, "Add it", str(parent))

    def post(self, request: HttpRequest, number: int, pk: int | None = None) -> HttpResponseBase:
        version, parent = self.version(number), self.parent(number, pk)
        form = self.form_class(request.POST)
        if form.is_valid():
            try:
                part = self.add(parent, form.changes())
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"“{part.title}” is added.")
                return redirect("charter-draft", number)
        return self.form_page(version, form, self.title, "Add it", str(parent))


class PrincipleCreate(_PartCreate):
    form_class = PrincipleForm
    title = "Add a principle"

    def parent(self, number: int, pk: int | None) -> CharterVersion:
        return self.version(number)

    def add(self, parent: CharterVersion, values: dict[str, Any]) -> Principle:
        return drafts.add_principle(
            version=parent, values=values, by=self.request.user, now=self.now
        )


class FocusAreaCreate(_PartCreate):
    form_class = FocusAreaForm
    title = "Add an area for focus"

    def parent(self, number: int, pk: int | None) -> Principle:
        return get_object_or_404(Principle, pk=pk, charter_version__number=number)

    def add(self, parent: Principle, values: dict[str, Any]) -> FocusArea:
        return drafts.add_area(principle=parent, values=values, by=self.request.user, now=self.now)


class InitiativeCreate(_PartCreate):
    form_class = InitiativeForm
    title = "Add an initiative"

    def parent(self, number: int, pk: int | None) -> FocusArea:
        return get_object_or_404(
            FocusArea.objects.select_related("principle"),
            pk=pk,
            principle__charter_version__number=number,
        )

    def add(self, parent: FocusArea, values: dict[str, Any]) -> Initiative:
        return drafts.add_initiative(area=parent, values=values, by=self.request.user, now=self.now)


class _PartEdit(DraftEdit):
    form_class: type[Any]
    title = ""
    rows: Callable[[], QuerySet[Any]]

    def part(self, pk: int) -> Any:
        return get_object_or_404(type(self).rows(), pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:  # type: ignore[override]
        part = self.part(pk)
        return self.part_page(part, self.form_class(instance=part))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:  # type: ignore[override]
        part = self.part(pk)
        form = self.form_class(self.posted(), instance=self.part(pk))
        if not form.is_valid():
            return self.part_page(part, form)
        try:
            drafts.change_part(
                part=part,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, self.form_class(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.part_page(part, form)
        messages.success(request, f"“{form.cleaned_data['title']}” is saved.")
        return redirect("charter-draft", version_of_part(part).number)

    def part_page(self, part: Any, form: BaseForm) -> HttpResponse:
        return self.form_page(version_of_part(part), form, self.title, "Save it")


def version_of_part(part: Any) -> CharterVersion:
    return CharterVersion.objects.get(pk=drafts.version_id_of(part))


def _principles() -> QuerySet[Principle]:
    return Principle.objects.select_related("charter_version")


def _areas() -> QuerySet[FocusArea]:
    return FocusArea.objects.select_related("principle__charter_version")


def _initiatives() -> QuerySet[Initiative]:
    return Initiative.objects.select_related("focus_area__principle__charter_version")


class PrincipleEdit(_PartEdit):
    form_class, title, rows = PrincipleForm, "Edit the principle", staticmethod(_principles)


class FocusAreaEdit(_PartEdit):
    form_class, title, rows = FocusAreaForm, "Edit the area for focus", staticmethod(_areas)


class InitiativeEdit(_PartEdit):
    form_class, title, rows = InitiativeForm, "Edit the initiative", staticmethod(_initiatives)


class _PartRemove(_Draft):
    rows: Callable[[], QuerySet[Any]]
    title = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(get_object_or_404(type(self).rows(), pk=pk))

    def page(self, part: Any, problem: str = "") -> HttpResponse:
        version = version_of_part(part)
        context = {
            "title": self.title,
            "part": part,
            "problem": problem,
            "has_errors": bool(problem),
            "cancel": reverse("charter-draft", kwargs={"number": version.number}),
            "breadcrumbs": version_crumbs(version, self.title),
        }
        return render(self.request, "charter/part_remove.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        part = get_object_or_404(type(self).rows(), pk=pk)
        number, title = version_of_part(part).number, part.title
        try:
            drafts.remove_part(part=part, by=request.user, now=self.now)
        except ValidationError as error:
            return self.page(get_object_or_404(type(self).rows(), pk=pk), " ".join(error.messages))
        messages.success(request, f"“{title}” is removed from the draft.")
        return redirect("charter-draft", number)


class PrincipleRemove(_PartRemove):
    rows, title = staticmethod(_principles), "Remove the principle"


class FocusAreaRemove(_PartRemove):
    rows, title = staticmethod(_areas), "Remove the area for focus"


class InitiativeRemove(_PartRemove):
    rows, title = staticmethod(_initiatives), "Remove the initiative"


class DraftDiscard(_Draft):
    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = self.version(number)
        return render(
            request,
            "charter/draft_discard.html",
            {
                "title": "Discard the draft",
                "version": version,
                "breadcrumbs": version_crumbs(version, "Discard"),
            },
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponseBase:
        version = self.version(number)
        try:
            drafts.discard_draft(version=version, by=request.user, now=self.now)
        except ValidationError as error:
            return self.refuse(error, version.get_absolute_url())
        messages.success(request, f"The draft of version {number} is discarded.")
        return redirect("charter-version-list")


class DraftApprove(_Draft):
    """The decision, then a page to check it, then it is final."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = self.version(number)
        form = ApproveForm(initial={"version": version.version, "approved_on": self.today})
        return self.page(version, form)

    def post(self, request: HttpRequest, number: int) -> HttpResponseBase:
        version = self.version(number)
        form = ApproveForm(self.posted())
        if not form.is_valid() or request.POST.get("step") == "change":
            return self.page(version, form)
        if request.POST.get("step") != "approve":
            return self.check_page(version, form)
        try:
            approve_version(
                version=version,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
                **form.changes(),
            )
        except Collision as collision:
            stored = ApproveForm(initial={"version": collision.stored.version})
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(version, form)
        messages.success(request, f"Version {number} is approved. Its words are final.")
        return redirect("charter-version-detail", number)

    def page(self, version: CharterVersion, form: ApproveForm) -> HttpResponse:
        context = {
            "title": f"Record the approval of version {version.number}",
            "form": form,
            "version": version,
            "is_draft": version.state == State.DRAFT,
            "breadcrumbs": version_crumbs(version, "Approval"),
        }
        return render(self.request, "charter/approve.html", context)

    def check_page(self, version: CharterVersion, form: ApproveForm) -> HttpResponse:
        latest = CharterVersion.objects.approved().order_by("-in_force_from").first()
        context = {
            "title": "Check the approval",
            "form": form,
            "said": form.cleaned_data,
            "version": version,
            "latest": latest,
            "charter": charter_text(version, self.today),
            "carried": [(name, form.data.get(name, "")) for name in form.fields],
            "breadcrumbs": version_crumbs(version, "Approval"),
        }
        return render(self.request, "charter/approve_check.html", context)


class ApprovalCorrect(DraftEdit):
    """What is on record of the decision; the charter's words stay."""

    def form_of(self, version: CharterVersion) -> CorrectApprovalForm:
        names = (
            "version",
            "approving_body",
            "approved_on",
            "decision_reference",
            "decision_address",
        )
        return CorrectApprovalForm(initial={name: getattr(version, name) for name in names})

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = self.version(number)
        return self.page(version, self.form_of(version))

    def post(self, request: HttpRequest, number: int) -> HttpResponseBase:
        version = self.version(number)
        form = CorrectApprovalForm(self.posted())
        if not form.is_valid():
            return self.page(version, form)
        try:
            correct_approval(
                version=version,
                changes=form.changes(),
                expected_version=form.expected_version,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except Collision as collision:
            return self.show_collision(form, self.form_of(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(version, form)
        messages.success(request, "What is on record of the decision is corrected.")
        return redirect("charter-version-detail", number)

    def page(self, version: CharterVersion, form: BaseForm) -> HttpResponse:
        return self.form_page(version, form, "Correct the record of the decision", "Save it")


class ApprovalTakeBack(DraftEdit):
    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        return self.page(self.version(number), TakeBackForm())

    def post(self, request: HttpRequest, number: int) -> HttpResponseBase:
        version = self.version(number)
        form = TakeBackForm(request.POST)
        if form.is_valid():
            try:
                take_back_approval(
                    version=version,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    now=self.now,
                    today=self.today,
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, f"Version {number} is a draft again.")
                return redirect("charter-draft", number)
        return self.page(version, form)

    def page(self, version: CharterVersion, form: BaseForm) -> HttpResponse:
        return self.form_page(version, form, "Take the approval back", "Make it a draft again")
