"""Where reports by e-mail stand, the schedule, the rehearsal and how a message reads."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator

from trafford_sv.core.parts import Need, Tag, Tone
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ...editions import kinds
from ...forms.mailings import DayForm, ScheduleCreateForm, ScheduleForm, schedule_initial
from ...mailings.letters import Wording
from ...models import Audience, MailSchedule, ReportEdition
from ...selectors.mailings.pages import MailingsHome, Rehearsed, mailings_home, rehearsal
from ...selectors.mailings.recipients import Recipient, Verdict
from ...services.mailings.preparing import NotReady, NotSendable, PreparedEdition
from ...services.mailings.schedules import change_schedule, schedule_report
from ...tasks import send_mailings

Crumbs = list[tuple[str, str | None]]
VERDICTS = {
    Verdict.SEND: Tag("Gets it", Tone.GOOD),
    Verdict.LATER: Tag("Tried again", Tone.WARNING),
    Verdict.SENT: Tag("Has it", Tone.NEUTRAL),
    Verdict.DOUBT: Tag("In doubt", Tone.BAD),
    Verdict.NOT: Tag("Does not get it", Tone.NEUTRAL),
}


def crumbs(*more: tuple[str, str | None]) -> Crumbs:
    return [
        ("Measures and reports", reverse("report-home")),
        ("Reports by e-mail", reverse("mailing-home")),
        *more,
    ]


class MailingHome(PermissionView):
    """What needs a person, what falls due, and what went out."""

    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponse:
        home = mailings_home(as_of=self.today, now=self.now)
        context = {
            "title": "Reports by e-mail",
            "home": home,
            "needs": needs_of(home),
            "today": self.today,
            "breadcrumbs": [*crumbs()[:1], ("Reports by e-mail", None)],
        }
        return render(request, "reporting/mailings/home.html", context)


def kind_name(key: str) -> str:
    """Also of a kind that is not made here any more."""
    return next((kind.noun for kind in kinds() if kind.key == key), key)


def audience_words(audience: str) -> str:
    """As it stands in a sentence: the STAR Board, individual subscribers."""
    label = Audience(audience).label
    return label.lower() if audience == Audience.SUBSCRIBERS else f"the {label}"


def needs_of(home: MailingsHome) -> list[Need]:
    log, readers = reverse("mailing-log"), reverse("mail-subscription-list")
    found = []
    if home.doubtful:
        found.append(
            Need(
                _count(home.doubtful, "message is in doubt", "messages are in doubt"),
                f"{log}?state=doubt",
                "It may have arrived. Look, then say so or send it again. It never goes again by itself.",
                Tag("In doubt", Tone.BAD),
            )
        )
    if home.nudges_doubtful:
        found.append(
            Need(
                _count(
                    home.nudges_doubtful,
                    "message that a report is late is in doubt",
                    "messages that a report is late are in doubt",
                ),
                reverse("mailing-late"),
                "It may have reached the co-ordinator. It never goes again by itself.",
                Tag("In doubt", Tone.BAD),
            )
        )
    for line in home.lines:
        if line.is_late and line.line.is_active:
            found.append(
                Need(
                    f"{line.kind_name}, {line.period_label}, for {audience_words(line.line.audience)}",
                    reverse("mailing-rehearsal"),
                    f"It was to go out on {line.due:%-d %B %Y} and is not published yet.",
                    Tag("Late", Tone.WARNING),
                )
            )
    if home.failed:
        found.append(
            Need(
                _count(home.failed, "message was refused", "messages were refused"),
                f"{log}?state=failed",
                "Tried again by itself up to five times, unless nobody is at the address.",
                Tag("Refused", Tone.WARNING),
            )
        )
    if home.nudges_failed:
        found.append(
            Need(
                _count(
                    home.nudges_failed,
                    "message that a report is late was refused",
                    "messages that a report is late were refused",
                ),
                reverse("mailing-late"),
                "Tried again by itself up to five times, while the report is late.",
                Tag("Refused", Tone.WARNING),
            )
        )
    if home.suspended:
        found.append(
            Need(
                _count(home.suspended, "reader is suspended", "readers are suspended"),
                f"{readers}?state=suspended",
                "Mail to them came back. Correct the address, or end it.",
                Tag("Suspended", Tone.WARNING),
            )
        )
    return found


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


class SendNow(PermissionView):
    """What is due goes with the next run of the schedule; this asks for one at once."""

    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return redirect("mailing-home")

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if hand_over(send_mailings):
            messages.success(request, "What is due is on its way. Load the page again in a minute.")
        else:
            messages.warning(request, "The queue is away. What is due goes with the next run.")
        return redirect("mailing-home")


class Rehearsal(PermissionView):
    """Who would get what on a day, and why not."""

    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = DayForm(request.GET or None)
        day = form.day() or self.today
        if not datetime.date(2015, 1, 1) <= day <= datetime.date(2100, 1, 1):
            form.add_error("as_of", "Enter a day between 2015 and 2100.")
            day = self.today
        seen, missing = rehearsal(as_of=day, now=self.now)
        context = {
            "title": "Rehearsal",
            "form": form,
            "day": day,
            "editions": [self.shown(one, day) for one in seen],
            "missing": missing,
            "breadcrumbs": crumbs(("Rehearsal", None)),
        }
        return render(request, "reporting/mailings/rehearsal.html", context)

    def shown(self, one: Rehearsed, day: datetime.date) -> dict[str, Any]:
        order = list(VERDICTS)
        going = one.of(Verdict.SEND)
        trouble = form = ""
        if going:
            trouble, form = self.as_sent(one, going)
        return {
            "edition": one.edition,
            "lines": [
                (line.get_audience_display(), one.due.due(line), one.due.goes_on(line))
                for line in one.due.lines
            ],
            "going": len(going),
            "has": len(one.of(Verdict.SENT)),
            "trouble": trouble,
            "form": form,
            "rows": [
                (r, VERDICTS[r.verdict])
                for r in sorted(one.recipients, key=lambda r: order.index(r.verdict))
            ],
        }

    def as_sent(self, one: Rehearsed, going: Sequence[Recipient]) -> tuple[str, str]:
        """(What stands in the way, whether with the PDF or by link)."""
        attaches = {line.audience: line.attaches_pdf for line in one.due.lines}
        trouble, enclosed = "", set()
        try:
            prepared = PreparedEdition(one.edition)
            for row in going:
                try:
                    wording = prepared.wording(
                        row.audience, row.corrects, attaches=attaches[row.audience]
                    )
                    enclosed.add(_enclosed(wording.enclosure))
                except NotReady as error:
                    trouble = f"{error} Who gets the PDF waits for it."
        except NotSendable as error:
            return str(error), ""
        return trouble, " ".join(sorted(enclosed))


def _enclosed(enclosure: Any) -> str:
    if enclosure.content is not None:
        return f"With the PDF ({enclosure.size_words})."
    return f"By link. {enclosure.reason}".strip()


class Preview(PermissionView):
    """How one edition reads to one audience: the words, and the same as a mail program draws it."""

    permission = "run_mailings"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        edition = get_object_or_404(ReportEdition, pk=pk)
        audience = self.audience()
        wording, trouble = self.wording(edition, audience)
        context = {
            "title": f"How it reads: {edition}",
            "edition": edition,
            "audience": audience,
            "audiences": [(one, one == audience) for one in Audience],
            "wording": wording,
            "trouble": trouble,
            "breadcrumbs": crumbs(("How it reads", None)),
        }
        return render(request, "reporting/mailings/preview.html", context)

    def audience(self) -> Audience:
        wanted = self.request.GET.get("audience", "")
        return Audience(wanted) if wanted in Audience.values else Audience.STAR_BOARD

    def wording(self, edition: ReportEdition, audience: Audience) -> tuple[Wording | None, str]:
        line = MailSchedule.objects.filter(kind=edition.kind, audience=audience).first()
        corrects = edition.number - 1
        try:
            prepared = PreparedEdition(edition)
        except NotSendable as error:
            return None, str(error)
        try:
            attaches = line.attaches_pdf if line else True
            return prepared.wording(audience, corrects, attaches=attaches), ""
        except NotSendable as error:
            trouble = str(error)
        try:
            return prepared.wording(audience, corrects, attaches=False), trouble
        except NotSendable as error:
            return None, str(error)


class PreviewHtml(Preview):
    """The HTML part alone. Its styles stand in the tags, as mail programs need them, so this one
    page may have them; it may have nothing else."""

    @method_decorator(
        csp_replace(
            {
                "default-src": ["'none'"],
                "style-src": [UNSAFE_INLINE],
                "img-src": [SELF],
                "form-action": ["'none'"],
                "frame-ancestors": ["'none'"],
                "base-uri": ["'none'"],
            }
        )
    )
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        wording, _ = self.wording(get_object_or_404(ReportEdition, pk=pk), self.audience())
        if wording is None:
            raise Http404
        return HttpResponse(wording.html)


class ScheduleCreate(EditMixin, PermissionView):
    permission = "run_mailings"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(ScheduleCreateForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ScheduleCreateForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            made = schedule_report(
                values=form.cleaned_data, by=request.user, now=self.now, today=self.today
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(
            request,
            f"Scheduled for {audience_words(made.audience)}: what is published from today on.",
        )
        return redirect("mailing-home")

    def page(self, form: Any) -> HttpResponse:
        context = {
            "title": "Schedule a report",
            "form": form,
            "button": "Schedule it",
            "cancel": reverse("mailing-home"),
            "breadcrumbs": crumbs(("Schedule a report", None)),
        }
        return render(self.request, "community_needs/form.html", context)


class ScheduleEdit(EditMixin, PermissionView):
    permission = "run_mailings"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        line = get_object_or_404(MailSchedule, pk=pk)
        return self.page(line, ScheduleForm(initial=schedule_initial(line)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = get_object_or_404(MailSchedule, pk=pk)
        form = ScheduleForm(self.posted(), initial=schedule_initial(line))
        if not form.is_valid():
            return self.page(line, form)
        try:
            change_schedule(
                schedule=line,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except Collision as collision:
            stored = ScheduleForm(initial=schedule_initial(collision.stored))
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(line, form)
        messages.success(request, "The schedule is saved.")
        return redirect("mailing-home")

    def page(self, line: MailSchedule, form: Any) -> HttpResponse:
        context = {
            "title": f"Edit when the {kind_name(line.kind)} goes to the {line.get_audience_display()}",
            "form": form,
            "button": "Save",
            "cancel": reverse("mailing-home"),
            "breadcrumbs": crumbs(("Edit the schedule", None)),
        }
        return render(self.request, "community_needs/form.html", context)
