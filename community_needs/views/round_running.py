"""Building a round, opening it, inviting and reminding hubs, typing in paper, closing, publishing."""

from __future__ import annotations

import contextlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from kombu.exceptions import OperationalError

from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.answers import PaperForm
from ..forms.needs import NeedForm
from ..forms.rounds import (
    OTHER,
    AddressForm,
    BounceForm,
    InviteForm,
    PublishForm,
    QuestionForm,
    RoundForm,
    StepForm,
    TranslationForm,
)
from ..models import Hub, Invitation, Need, Priority, Question, Response, Round
from ..round_words import ENGLISH, LANGUAGES, in_language
from ..selectors.rounds import questions_of
from ..services.needs import raise_need
from ..services.responses import enter_paper_answer
from ..services.rounds import (
    change_address,
    change_round,
    close_round,
    create_round,
    invite_hubs,
    open_round,
    publish_round,
    record_bounce,
    remind_hubs,
    remove_question,
    save_question,
)
from ..tasks import send_round_mails
from .need_editing import crumbs, form_page
from .rounds import blank_form


class RoundView(EditMixin, PermissionView):
    """Something done with one round; a form on a page unless told."""

    permission = "run_rounds"
    heading = ""
    button = ""
    introduction = ""

    def record(self, pk: int) -> Round:
        asked = get_object_or_404(Round.objects.visible_to(self.request.user), pk=pk)
        self.check(asked)
        return asked

    def page(self, asked: Round, form: Any, **more: Any) -> HttpResponse:
        here = reverse("round-detail", args=[asked.pk])
        return form_page(
            self.request,
            form,
            title=more.get("title", self.heading),
            button=self.button,
            cancel=here,
            introduction=more.get("introduction", self.introduction),
            breadcrumbs=crumbs(
                ("Rounds", reverse("round-list")),
                (asked.name, here),
                (more.get("title", self.heading), None),
            ),
        )

    def done(self, asked: Round, said: str) -> HttpResponseBase:
        messages.success(self.request, said)
        return redirect("round-detail", asked.pk)


class RoundCreate(EditMixin, PermissionView):
    permission = "run_rounds"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(RoundForm(initial={"opens_on": self.today, "priorities": current()}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = RoundForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            asked = create_round(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The round is begun. Look at its questions, then open it.")
        return redirect("round-detail", asked.pk)

    def page(self, form: RoundForm) -> HttpResponse:
        return form_page(
            self.request,
            form,
            title="Begin a round",
            button="Save and go on",
            cancel=reverse("round-list"),
            introduction="It starts with four questions that you can change.",
            breadcrumbs=crumbs(("Rounds", reverse("round-list")), ("Begin", None)),
        )


def current() -> list[int]:
    return list(Priority.objects.current().values_list("pk", flat=True))


class RoundEdit(RoundView):
    heading, button = "Edit the round", "Save the round"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.page(asked, RoundForm(instance=asked))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = RoundForm(self.posted(), instance=self.record(pk))
        if not form.is_valid():
            return self.page(asked, form)
        try:
            change_round(
                round=asked,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, RoundForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        return self.done(asked, "The round is saved.")


class RoundTranslate(RoundView):
    """The introduction in the other language."""

    button = "Save the translation"
    heading = f"Translate into {LANGUAGES[OTHER]}"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        held = asked.translations.get(OTHER, {}).get("introduction", "")
        form = TranslationForm(initial={"version": asked.version, "introduction": held})
        return self.page(asked, form, introduction=asked.introduction)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = TranslationForm(self.posted())
        if not form.is_valid():
            return self.page(asked, form)
        words = form.cleaned_data["introduction"]
        try:
            change_round(
                round=asked,
                changes={"translations": {OTHER: {"introduction": words}} if words else {}},
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            form.add_error(None, changed_meanwhile(collision))
            return self.page(asked, form)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        return self.done(asked, "The translation is saved.")


def changed_meanwhile(collision: Collision) -> str:
    return (
        f"Somebody saved “{collision.stored}” after you opened this page. Copy what you typed, open "
        "the page anew and put it in again."
    )


class QuestionSave(RoundView):
    """A new question, or the words of one that is there."""

    button = "Save the question"

    def question(self, asked: Round, number: int | None) -> Question | None:
        return get_object_or_404(Question, round=asked, number=number) if number else None

    def get(self, request: HttpRequest, pk: int, number: int | None = None) -> HttpResponse:
        asked = self.record(pk)
        question = self.question(asked, number)
        form = QuestionForm(initial=QuestionForm.initial_of(asked, question))
        return self.page(asked, form, title=self.title_of(number))

    @staticmethod
    def title_of(number: int | None) -> str:
        return f"Question {number}" if number else "Add a question"

    def post(self, request: HttpRequest, pk: int, number: int | None = None) -> HttpResponseBase:
        asked = self.record(pk)
        self.question(asked, number)
        form = QuestionForm(self.posted())
        if not form.is_valid():
            return self.page(asked, form, title=self.title_of(number))
        try:
            save_question(
                round=asked,
                number=number,
                values=form.values(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            form.add_error(None, changed_meanwhile(collision))
            return self.page(asked, form, title=self.title_of(number))
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form, title=self.title_of(number))
        return self.done(asked, "The question is saved.")


class QuestionRemove(RoundView):
    heading, button = "Remove this question", "Remove the question"

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        asked = self.record(pk)
        question = get_object_or_404(Question, round=asked, number=number)
        form = StepForm(initial={"version": asked.version})
        return self.page(asked, form, introduction=f"“{question.text}” is taken out of the round.")

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.page(asked, form)
        try:
            remove_question(
                round=asked,
                number=number,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            form.add_error(None, changed_meanwhile(collision))
            return self.page(asked, form)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        return self.done(asked, "The question is removed.")


class RoundOpen(RoundView):
    heading, button = "Open the round", "Open it now"
    introduction = (
        "From now on answers are taken, and its questions can no longer change. "
        "Nobody gets an e-mail yet: you invite hubs next."
    )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.page(asked, StepForm(initial={"version": asked.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.page(asked, form)
        try:
            self.step(asked, form)
        except Collision as collision:
            form.add_error(None, changed_meanwhile(collision))
            return self.page(asked, form)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        return self.after(asked)

    def step(self, asked: Round, form: StepForm) -> None:
        open_round(
            round=asked,
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
            today=self.today,
        )

    def after(self, asked: Round) -> HttpResponseBase:
        messages.success(self.request, "The round is open. Now invite the hubs.")
        return redirect("round-invite", asked.pk)


class RoundClose(RoundOpen):
    heading, button = "Close the round", "Close it now"
    introduction = (
        "No more answers are taken by link. What is half saved does not count. "
        "Paper that is still on its way can be typed in until you publish."
    )

    def step(self, asked: Round, form: StepForm) -> None:
        close_round(
            round=asked, expected_version=form.expected_version, by=self.request.user, now=self.now
        )

    def after(self, asked: Round) -> HttpResponseBase:
        return self.done(asked, "The round is closed. Raise needs from the answers, then publish.")


class RoundPublish(RoundView):
    heading, button = "Publish what was heard", "Publish it"
    introduction = "Anyone will read this. Counts under five are hidden by themselves."

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.page(
            asked, PublishForm(initial={"version": asked.version, "heard": asked.heard})
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = PublishForm(self.posted())
        if not form.is_valid():
            return self.page(asked, form)
        try:
            publish_round(
                round=asked,
                heard=form.cleaned_data["heard"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = PublishForm(
                initial={"version": collision.stored.version, "heard": collision.stored.heard}
            )
            return self.show_collision(form, stored, collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        return self.done(asked, "Anyone can read now what was heard.")


class RoundInvite(RoundView):
    """Whom to ask, checked once more before a mail goes out."""

    heading = "Invite hubs"

    def hubs(self, asked: Round) -> list[Hub]:
        held = asked.invitations.values("organisation")
        rows = Hub.objects.current().filter(organisation__is_demo=asked.is_demo)
        return list(rows.exclude(organisation__in=held).select_related("organisation"))

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        hubs = self.hubs(asked)
        return self.shown(asked, InviteForm(hubs=hubs))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = InviteForm(request.POST, hubs=self.hubs(asked))
        if not form.is_valid():
            return self.shown(asked, form)
        addresses = form.addresses()
        if not addresses:
            form.add_error(None, "Choose at least one hub.")
            return self.shown(asked, form)
        if request.POST.get("step") != "send":
            return self.shown(asked, form, check=addresses)
        try:
            made = invite_hubs(round=asked, addresses=addresses, by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.shown(asked, form)
        post_soon()
        by_mail = sum(1 for item in made if item.email)
        said = (
            f"{len(made)} {'hub is' if len(made) == 1 else 'hubs are'} asked, {by_mail} by e-mail."
        )
        return self.done(asked, said)

    def shown(
        self, asked: Round, form: InviteForm, check: dict[int, str] | None = None
    ) -> HttpResponse:
        here = reverse("round-detail", args=[asked.pk])
        names = {hub.organisation_id: hub.organisation.name for hub in form.hubs}
        context = {
            "title": "Check whom you ask" if check else "Invite hubs",
            "round": asked,
            "form": form,
            "check": [(names[key], address) for key, address in (check or {}).items()],
            "carried": [
                (name, form.data.get(name, "")) for name in form.fields if name in form.data
            ],
            "breadcrumbs": crumbs((asked.name, here), ("Invite hubs", None)),
        }
        return render(self.request, "community_needs/round_invite.html", context)


def post_soon() -> None:
    """The mails go out at once where there is a worker, and with the next run otherwise."""

    def ask() -> None:
        # Where the queue is away the row waits, and the next scheduled run sends it.
        with contextlib.suppress(OperationalError, OSError):
            send_round_mails.delay()

    transaction.on_commit(ask)


class RoundRemind(RoundView):
    """Only those that have not answered."""

    heading, button = "Remind hubs", "Send the reminders"
    introduction = (
        "Each hub that was asked by e-mail and has not answered gets one mail with its link. "
        "A hub that had a mail in the last day gets none."
    )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.page(asked, StepForm(initial={"version": asked.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = StepForm(request.POST)
        if not form.is_valid():
            return self.page(asked, form)
        try:
            count = remind_hubs(round=asked, by=request.user, now=self.now, today=self.today)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, form)
        post_soon()
        said = f"{count} {'hub is' if count == 1 else 'hubs are'} reminded."
        return self.done(asked, said if count else "No hub needed a reminder today.")


class InvitationView(RoundView):
    def invitation(self, pk: int) -> Invitation:
        row = get_object_or_404(Invitation.objects.select_related("round", "organisation"), pk=pk)
        self.check(row.round)
        return row


class InvitationAddress(InvitationView):
    heading, button = "Send it to another address", "Send a new link"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.invitation(pk)
        return self.page(row.round, AddressForm(), introduction=str(row.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.invitation(pk)
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self.page(row.round, form)
        try:
            change_address(
                invitation=row, email=form.cleaned_data["email"], by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(row.round, form)
        post_soon()
        return self.done(row.round, "A new link is on its way.")


class InvitationBounce(InvitationView):
    heading, button = "The mail came back", "Save it"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.invitation(pk)
        return self.page(row.round, BounceForm(), introduction=str(row.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.invitation(pk)
        form = BounceForm(request.POST)
        if not form.is_valid():
            return self.page(row.round, form)
        record_bounce(
            invitation=row, words=form.cleaned_data["words"], by=request.user, now=self.now
        )
        return self.done(
            row.round, "It is noted. Send the link to another address, or ask on paper."
        )


class RoundPreview(RoundView):
    """What a respondent will see, in each language that is whole."""

    permission = "view_rounds"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        wanted = request.GET.get("lang", "")
        language = wanted if wanted in LANGUAGES else ENGLISH
        with translation.override(language):
            form = blank_form(asked, language)
            context = {
                "title": f"Preview of {asked}",
                "round": asked,
                "form": form,
                "blocks": form.drawn(),
                "introduction": in_language(asked, "introduction", language),
                "languages": [
                    (name, f"{request.path}?lang={key}")
                    for key, name in LANGUAGES.items()
                    if key != language
                ],
                "html_language": "zh-Hant" if language == OTHER else "en",
                "breadcrumbs": crumbs(
                    (asked.name, reverse("round-detail", args=[asked.pk])), ("Preview", None)
                ),
            }
            return render(request, "community_needs/round_preview.html", context)


class PaperEnter(RoundView):
    """An officer types in what came on paper."""

    heading = "Type in a paper answer"

    def form(self, asked: Round, data: Any = None) -> PaperForm:
        questions, priorities = questions_of(asked)
        return PaperForm(
            data,
            initial={"version": 0},
            round=asked,
            questions=questions,
            priorities=priorities,
            language=ENGLISH,
        )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.record(pk)
        return self.shown(asked, self.form(asked))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.record(pk)
        form = self.form(asked, request.POST)
        if not form.is_valid():
            return self.shown(asked, form)
        try:
            enter_paper_answer(
                round=asked,
                organisation=form.cleaned_data["organisation"],
                given=form.given(),
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.shown(asked, form)
        messages.success(request, "The answer is saved. Type in the next one, or go back.")
        return redirect("round-paper-enter", asked.pk)

    def shown(self, asked: Round, form: PaperForm) -> HttpResponse:
        context = {
            "title": self.heading,
            "round": asked,
            "form": form,
            "blocks": form.drawn(),
            "breadcrumbs": crumbs(
                (asked.name, reverse("round-detail", args=[asked.pk])), (self.heading, None)
            ),
        }
        return render(self.request, "community_needs/paper_enter.html", context)


class NeedFromAnswers(EditMixin, PermissionView):
    """A need out of the answers that were ticked."""

    permission = "change_needs"

    def asked(self, pk: int) -> Round:
        return get_object_or_404(Round.objects.visible_to(self.request.user), pk=pk)

    def ticked(self, asked: Round) -> list[Response]:
        wanted = (self.request.POST or self.request.GET).getlist("answer")
        keys = [
            int(key) for key in wanted[:500] if key.isascii() and key.isdigit() and len(key) < 15
        ]
        rows = Response.objects.visible_to(self.request.user).sent()
        return list(rows.filter(round=asked, pk__in=keys).select_related("organisation"))

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.asked(pk)
        answers = self.ticked(asked)
        if not answers:
            messages.warning(request, "Tick at least one answer, then raise a need from it.")
            return redirect("response-list", asked.pk)
        hubs = {answer.organisation_id for answer in answers}
        initial = {
            "open_from": self.today,
            "is_public": True,
            "hub": hubs.pop() if len(hubs) == 1 else None,
        }
        return self.page(asked, answers, NeedForm(initial=initial))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.asked(pk)
        answers = self.ticked(asked)
        form = NeedForm(request.POST)
        if not form.is_valid():
            return self.page(asked, answers, form)
        try:
            need = raise_need(
                values={**form.changes(), "round": asked, "is_demo": asked.is_demo},
                raised_from=Need.RaisedFrom.RESPONSES,
                responses=answers,
                by=request.user,
                now=self.now,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(asked, answers, form)
        messages.success(request, "The need is recorded, with the answers behind it.")
        return redirect("need-detail", need.pk)

    def page(self, asked: Round, answers: list[Response], form: NeedForm) -> HttpResponse:
        here = reverse("response-list", args=[asked.pk])
        context = {
            "title": "Raise a need from answers",
            "round": asked,
            "answers": answers,
            "form": form,
            "cancel": here,
            "breadcrumbs": crumbs((asked.name, here), ("Raise a need", None)),
        }
        return render(self.request, "community_needs/need_from_answers.html", context)
