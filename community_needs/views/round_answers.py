"""What officers do with a round's form and answers: look at it, type in paper, raise needs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation

from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.answers import PaperForm
from ..forms.needs import NeedForm
from ..forms.rounds import (
    OTHER,
)
from ..models import Need, Response, Round
from ..round_words import ENGLISH, LANGUAGES, in_language
from ..selectors.rounds import questions_of
from ..services.needs import raise_need
from ..services.responses import enter_paper_answer
from .need_editing import crumbs
from .round_running import RoundView
from .rounds import blank_form


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
