"""Building a round: its questions and translations; opening, closing and publishing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.rounds import (
    OTHER,
    PublishForm,
    QuestionForm,
    RoundForm,
    StepForm,
    TranslationForm,
)
from ..models import Priority, Question, Round
from ..round_words import LANGUAGES
from ..services.rounds import (
    change_round,
    close_round,
    create_round,
    open_round,
    publish_round,
    remove_question,
    save_question,
)
from .need_editing import crumbs, form_page


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
