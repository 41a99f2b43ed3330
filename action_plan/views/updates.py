"""Quarterly updates: asking for them, writing one, deciding on one; and the lead's own page."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.access import permissions_of
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.link_views import Quiet
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters_plan import UpdateFilter
from ..forms.plan import AskAgainForm, DecideForm, LinkUpdateForm, UpdateForm
from ..models import Action, ActionUpdate, UpdateLink
from ..plan_tabs import plan_tabs
from ..progress import Status, update_due_on
from ..selectors.plan import updates_waiting
from ..services.update_links import (
    LinkRefused,
    answer_link,
    ask_again,
    ask_for_updates,
    find_link,
    is_in_doubt,
    send_back_with_link,
    send_link_again,
    update_of,
    whom_to_ask,
)
from ..services.updates import approve_update, write_update
from ..tasks import send_update_links
from .editing import crumbs, find
from .parts import status_tag

CHANGED = (
    "Somebody changed this update after you opened it. Nothing of yours is saved yet. "
    "Look at how it stands now, then try again."
)
NOT_QUEUED = (
    "The background service could not be reached. The links are kept, and go out by day within the "
    "hour once it is back."
)


def say_changed(form: Any, version: int) -> None:
    """What was typed stays; saving again is saving over what the page now shows."""
    form.add_error(None, CHANGED)
    form.data = form.data.copy()
    form.data["version"] = str(version)


def queue_sending(request: HttpRequest) -> bool:
    """The hourly run sends them too, should the queue be away; the page says so."""
    if hand_over(send_update_links):
        return True
    messages.warning(request, NOT_QUEUED)
    return False


def quarter_of(code: str) -> Quarter:
    """404 for what is no quarter, or one of another century."""
    try:
        quarter = Quarter.parse(code)
    except PeriodError:
        raise Http404 from None
    if not 2000 <= quarter.start_year <= 2100:
        raise Http404
    return quarter


def askable(today: datetime.date) -> Quarter:
    """The quarter whose updates are written now: the one that ended last."""
    return Quarter.of(today).previous


class UpdateInbox(PermissionView):
    """What waits for the co-ordinator, and whom to ask."""

    permission = "change_plan"

    def get(self, request: HttpRequest) -> HttpResponse:
        quarter = askable(self.today)
        report = whom_to_ask(quarter, now=self.now)
        links = UpdateLink.objects.filter(state=UpdateLink.State.ASKED).select_related("action")
        context = {
            "title": "Updates",
            "waiting": [
                (update, status_tag(Status(update.status)))
                for update in updates_waiting(request.user)
            ],
            "quarter": quarter,
            "due_on": update_due_on(quarter),
            "report": report,
            "links": [
                (link, is_in_doubt(link, self.now), link.expires_at <= self.now)
                for link in links.order_by("action__reference")
            ],
            "tabs": plan_tabs(permissions_of(request.user), "updates"),
            "breadcrumbs": crumbs(("Updates", None)),
        }
        return render(request, "action_plan/update_inbox.html", context)


class UpdateList(ListPage):
    """Every update, for whoever works on the plan."""

    permission = "view_plan"
    title = "All updates"
    noun = "update"
    filterset_class = UpdateFilter
    row_template = "action_plan/_update_rows.html"
    columns = (
        Column("Action", sort="action"),
        Column("Quarter", sort="quarter"),
        Column("What happened"),
        Column("How it stands"),
        Column("Where it is"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "quarter": Sort("Quarter", ("financial_year", "quarter"), "earliest first", "latest first"),
        "action": Sort("Action", ("action__reference",)),
    }
    default_sort = "-quarter"
    export_name = "action-updates"
    export_columns = (
        ExportColumn("Action", "action.reference"),
        ExportColumn("Title", "action.title"),
        ExportColumn("Quarter", lambda row: str(row.period)),
        ExportColumn("What happened", "narrative"),
        ExportColumn("How it stands", lambda row: row.get_status_display()),
        ExportColumn("Where it is", lambda row: row.get_state_display()),
        ExportColumn("Submitted by", "submitted_by_name"),
        ExportColumn("Decided by", "decided_by_name"),
        ExportColumn("Published", "is_public"),
    )
    empty_state = EmptyState(
        "No update has been written yet",
        "When leads write their quarterly updates, all of them are listed here.",
    )

    def get_queryset(self) -> QuerySet[ActionUpdate]:
        rows = ActionUpdate.objects.visible_to(self.request.user)
        return rows.select_related("action")

    def get_context(self) -> dict[str, Any]:
        return {
            "rows": [(row, status_tag(Status(row.status))) for row in self.page.object_list],
            "breadcrumbs": crumbs((self.title, None)),
        }


class UpdateAsk(EditMixin, PermissionView):
    """Look whom it reaches, then ask them all."""

    permission = "change_plan"

    def get(self, request: HttpRequest, quarter: str) -> HttpResponse:
        return self.page(quarter_of(quarter))

    def post(self, request: HttpRequest, quarter: str) -> HttpResponseBase:
        asked = quarter_of(quarter)
        try:
            report = ask_for_updates(quarter=asked, by=request.user, now=self.now, today=self.today)
        except ValidationError as error:
            return self.page(asked, error.messages)
        count = len(report.to_ask)
        if count:
            queue_sending(request)
            messages.success(
                request, f"{count} {'lead is' if count == 1 else 'leads are'} asked for an update."
            )
        else:
            messages.info(request, "There was nobody left to ask.")
        return redirect("update-inbox")

    def page(self, quarter: Quarter, errors: list[str] | None = None) -> HttpResponse:
        context = {
            "title": "Ask for updates",
            "quarter": quarter,
            "due_on": update_due_on(quarter),
            "report": whom_to_ask(quarter, now=self.now),
            "errors": errors or [],
            "has_errors": bool(errors),
            "breadcrumbs": crumbs(("Updates", reverse("update-inbox")), ("Ask", None)),
        }
        return render(self.request, "action_plan/update_ask.html", context)


class UpdateAskAgain(EditMixin, PermissionView):
    """A new link for one action and quarter, to an address that may be another."""

    permission = "change_plan"

    def get(self, request: HttpRequest, pk: int, quarter: str) -> HttpResponse:
        action = find(Action.objects.select_related("lead"), pk=pk)
        return self.page(
            action, quarter_of(quarter), AskAgainForm(initial={"email": action.lead_address})
        )

    def post(self, request: HttpRequest, pk: int, quarter: str) -> HttpResponseBase:
        action, asked = find(Action.objects.select_related("lead"), pk=pk), quarter_of(quarter)
        form = AskAgainForm(request.POST)
        if not form.is_valid():
            return self.page(action, asked, form)
        try:
            ask_again(
                action=action,
                quarter=asked,
                email=form.cleaned_data["email"],
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, asked, form)
        queue_sending(request)
        messages.success(
            request, "A new link is made and goes out by e-mail. Older ones do not work any more."
        )
        return redirect("update-inbox")

    def page(self, action: Action, quarter: Quarter, form: AskAgainForm) -> HttpResponse:
        context = {
            "title": "Send a link for the update",
            "form": form,
            "button": "Send the link",
            "cancel": reverse("update-inbox"),
            "caption": f"{action.reference}, {quarter.label}",
            "breadcrumbs": crumbs(("Updates", reverse("update-inbox")), ("Send a link", None)),
        }
        return render(self.request, "action_plan/form.html", context)


class UpdateLinkSettle(PermissionView):
    """A mail that may have gone: a person decides to send it again."""

    permission = "change_plan"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        link = find(UpdateLink.objects, pk=pk)
        try:
            report = send_link_again(link=link, by=request.user, now=self.now)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        else:
            if report.sent:
                messages.success(request, "The mail was sent again.")
            else:
                messages.warning(request, "The mail server did not take it. Try again later.")
        return redirect("update-inbox")


class UpdateWrite(EditMixin, PermissionView):
    """The co-ordinator writes for a lead."""

    permission = "change_plan"

    def stored(self, action: Action, quarter: Quarter) -> ActionUpdate | None:
        return ActionUpdate.objects.filter(
            action=action, financial_year=quarter.start_year, quarter=quarter.number
        ).first()

    def get(self, request: HttpRequest, pk: int, quarter: str) -> HttpResponse:
        action, period = find(Action.objects, pk=pk), quarter_of(quarter)
        stored = self.stored(action, period)
        initial = initial_of(stored, action)
        return self.page(action, period, UpdateForm(initial=initial), stored)

    def post(self, request: HttpRequest, pk: int, quarter: str) -> HttpResponseBase:
        action, period = find(Action.objects, pk=pk), quarter_of(quarter)
        form = UpdateForm(request.POST)
        stored = self.stored(action, period)
        if not form.is_valid():
            return self.page(action, period, form, stored)
        submits = request.POST.get("step") != "keep"
        try:
            write_update(
                action=action,
                quarter=period,
                narrative=form.cleaned_data["narrative"],
                status=form.cleaned_data["status"],
                submit=submits,
                by=request.user,
                now=self.now,
                today=self.today,
                expected_version=form.cleaned_data["version"],
            )
        except Collision as collision:
            say_changed(form, collision.stored.version)
            return self.page(action, period, form, collision.stored, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(action, period, form, stored)
        messages.success(
            request, "The update waits for approval." if submits else "The draft is kept."
        )
        return redirect(f"{action.get_absolute_url()}#updates")

    def page(
        self,
        action: Action,
        quarter: Quarter,
        form: UpdateForm,
        stored: ActionUpdate | None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "title": f"Update for {quarter.label}",
            "form": form,
            "action": action,
            "quarter": quarter,
            "stored": stored,
            "breadcrumbs": crumbs((action.title, action.get_absolute_url()), ("Update", None)),
        }
        return render(self.request, "action_plan/update_write.html", context, status=status)


def initial_of(stored: ActionUpdate | None, action: Action) -> dict[str, Any]:
    if stored is None:
        status = action.status if action.status != Status.CANCELLED else ""
        return {"status": status}
    return {"narrative": stored.narrative, "status": stored.status, "version": stored.version}


class UpdateDecide(EditMixin, PermissionView):
    """Approve an update, or send it back with a reason."""

    permission = "change_plan"

    def update(self, pk: int) -> ActionUpdate:
        rows = ActionUpdate.objects.visible_to(self.request.user)
        return find(rows.select_related("action__lead", "action__theme"), pk=pk)  # type: ignore[no-any-return]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        update = self.update(pk)
        return self.page(update, DecideForm(initial={"version": update.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        update = self.update(pk)
        form = DecideForm(request.POST)
        if not form.is_valid():
            return self.page(update, form)
        said = form.cleaned_data
        try:
            if said["decision"] == "approve":
                approve_update(
                    update=update,
                    is_public=said["is_public"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    today=self.today,
                )
                messages.success(request, f"The update of {update.action.reference} is approved.")
            else:
                _, link = send_back_with_link(
                    update=update,
                    reason=said["reason"],
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                )
                if link is None:
                    messages.warning(
                        request,
                        "The update is sent back, but nobody with an address leads this action. "
                        "Tell them yourself, or name a lead.",
                    )
                else:
                    queue_sending(request)
                    messages.success(request, "The update is sent back, with a new link.")
        except Collision:
            fresh = self.update(pk)
            say_changed(form, fresh.version)
            return self.page(fresh, form, status=409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(self.update(pk), form)
        return redirect("update-inbox")

    def page(self, update: ActionUpdate, form: DecideForm, status: int = 200) -> HttpResponse:
        context = {
            "title": f"{update.action.reference}: update for {update.period.label}",
            "form": form,
            "update": update,
            "action": update.action,
            "is_waiting": update.state == ActionUpdate.State.SUBMITTED,
            "says": status_tag(Status(update.status)),
            "stands": status_tag(Status(update.action.status)),
            "breadcrumbs": crumbs(("Updates", reverse("update-inbox")), ("Decide", None)),
        }
        return render(self.request, "action_plan/update_decide.html", context, status=status)


# --- for a lead without an account ---------------------------------------------------------


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class UpdateAnswer(Quiet):
    """Read what is asked, write, check, send."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            link = find_link(token=token, now=self.now)
        except LinkRefused as refused:
            return self.refuse(refused)
        stored = update_of(link)
        initial = initial_of(stored, link.action) | {"name": link.lead_name}
        return self.page(link, stored, LinkUpdateForm(initial=initial))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = LinkUpdateForm(request.POST)
        try:
            link = find_link(token=token, now=self.now)
            stored = update_of(link)
            if request.POST.get("step") == "change" or not form.is_valid():
                return self.page(link, stored, form)
            if request.POST.get("step") != "send":
                return self.check_page(link, form)
            said = form.cleaned_data
            answer_link(
                token=token,
                narrative=said["narrative"],
                status=said["status"],
                name=said["name"],
                expected_version=said["version"],
                by=None,
                now=self.now,
                today=self.today,
            )
        except LinkRefused as refused:
            return self.refuse(refused)
        except Collision as collision:
            say_changed(form, collision.stored.version)
            return self.page(link, collision.stored, form, status=409)
        except ValidationError as error:
            EditMixin.add_errors(form, error)
            return self.page(link, stored, form)
        return redirect("update-thanks")

    def page(
        self,
        link: UpdateLink,
        stored: ActionUpdate | None,
        form: LinkUpdateForm,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "form": form,
            "asked": link,
            "action": link.action,
            "quarter": link.period,
            "stored": stored,
            "last": self.last(link),
        }
        return render(self.request, "action_plan/update_answer.html", context, status=status)

    def last(self, link: UpdateLink) -> ActionUpdate | None:
        """The latest approved update before this one, to go on from."""
        rows = ActionUpdate.objects.filter(action=link.action_id, state=ActionUpdate.State.APPROVED)
        return rows.order_by("-financial_year", "-quarter").first()

    def check_page(self, link: UpdateLink, form: LinkUpdateForm) -> HttpResponse:
        context = {
            "form": form,
            "asked": link,
            "action": link.action,
            "quarter": link.period,
            "status": status_tag(Status(form.cleaned_data["status"])),
            "carried": [(name, form.data.get(name, "")) for name in form.fields],
        }
        return render(self.request, "action_plan/update_check.html", context)

    def refuse(self, refused: LinkRefused) -> HttpResponse:
        return render(
            self.request,
            "action_plan/update_refused.html",
            {"state": refused.state, "asked": refused.link},
            status=404 if refused.state == "unknown" else 410,
        )


@method_decorator(never_cache, name="dispatch")
class UpdateThanks(Quiet):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "action_plan/update_thanks.html")
