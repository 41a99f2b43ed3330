"""Answering a round, for anyone with its link: no account, no script, in the language chosen.

The link alone gives the right to answer and no cookie does, so there is no token against forged
forms, and it works in a browser without cookies. Looking uses nothing up.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from trafford_sv.core.link_views import Quiet, SendThrottle
from trafford_sv.core.views.errors import too_many_requests

from ..forms.answers import AnswerForm, initial_of
from ..models import Invitation, Priority, Question, Response, Round
from ..round_words import ENGLISH, LANGUAGES, in_language, languages_of
from ..selectors.rounds import answer_lines, questions_of
from ..services.responses import (
    Door,
    LinkRefused,
    SavedMeanwhile,
    answer_token,
    begin_public_answer,
    check_whole,
    find_door,
    save_answer,
    send_answer,
)
from .hub_place import HubView

HTML_LANGUAGE = {"en-gb": "en", "zh-hant": "zh-Hant"}


class BeginThrottle(SendThrottle):
    """A library's computers share one address, so more may begin an answer than send other forms."""

    rate = "60/hour"


class Respondent(Quiet):
    """Kept by no cache, told to no other site, not tried too often; the language by `?lang=`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.GET.get("lang", "")
        self.language = wanted if wanted in LANGUAGES else ENGLISH
        with translation.override(self.language):
            return super().dispatch(request, *args, **kwargs)

    def words(self) -> dict[str, Any]:
        """What every page of a respondent needs."""
        return {
            "language": self.language,
            "html_language": HTML_LANGUAGE[self.language],
            "is_translated": self.language != ENGLISH,
            "lang_query": "" if self.language == ENGLISH else f"?lang={self.language}",
        }

    def settle(self, asked: Round, questions: list[Question], priorities: list[Priority]) -> None:
        """Fall back to English where the round is not whole in the language that was asked for."""
        offered = languages_of(asked, questions, priorities)
        if self.language not in offered:
            self.language = ENGLISH
            translation.activate(ENGLISH)
        self.offered = offered

    def languages(self) -> list[dict[str, str]]:
        return [
            {
                "name": LANGUAGES[key],
                "lang": HTML_LANGUAGE[key],
                "url": self.request.path + ("" if key == ENGLISH else f"?lang={key}"),
            }
            for key in self.offered
            if key != self.language
        ]

    def refuse(
        self, refused: LinkRefused, typed: list[tuple[str, str]] | None = None
    ) -> HttpResponse:
        context = {
            **self.words(),
            "state": refused.state,
            "round": refused.round,
            "when": refused.when,
            "typed": typed or [],
        }
        status = 404 if refused.state == "unknown" else 410
        return render(self.request, "community_needs/answer_refused.html", context, status=status)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class RoundAnswer(Respondent):
    """The form: save and come back, or go on to check."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            door = find_door(token=token, today=self.today)
        except LinkRefused as refused:
            return self.refuse(refused)
        form = self.form(door)
        return self.page(door, form, token)

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            door = find_door(token=token, today=self.today)
        except LinkRefused as refused:
            return self.refuse(refused, typed_words(request))
        form = self.form(door, request.POST)
        if not form.is_valid():
            return self.page(door, form, token)
        try:
            saved = save_answer(
                token=token,
                given=form.given(),
                expected_version=form.cleaned_data["version"],
                now=self.now,
                today=self.today,
            )
        except LinkRefused as refused:
            return self.refuse(refused, typed_words(request))
        except SavedMeanwhile as meanwhile:
            return self.both(door, meanwhile.stored, token)
        except ValidationError as error:
            for messages in getattr(
                error, "message_dict", {NON_FIELD_ERRORS: error.messages}
            ).values():
                form.add_error(None, messages)
            return self.page(door, form, token)
        name = "round-answer-check" if request.POST.get("step") == "check" else "round-answer"
        address = reverse(name, kwargs={"token": token}) + self.words()["lang_query"]
        if name == "round-answer":
            fresh = Door(door.round, door.invitation, saved)
            return self.page(fresh, self.form(fresh), token, kept=True)
        return redirect(address)

    def form(self, door: Door, data: Any = None) -> AnswerForm:
        questions, priorities = questions_of(door.round)
        self.settle(door.round, questions, priorities)
        return AnswerForm(
            data,
            initial=initial_of(door.response),
            round=door.round,
            questions=questions,
            priorities=priorities,
            language=self.language,
            asks_ward=door.invitation is None,
            asks_role=door.invitation is not None,
        )

    def both(self, door: Door, stored: Response, token: str) -> HttpResponse:
        """Somebody else with this link saved meanwhile: both are shown, and nothing is lost."""
        data = self.request.POST.copy()
        data["version"] = str(stored.version)
        form = self.form(door, data)
        form.add_error(
            None,
            _(
                "Somebody with this link saved other answers after you opened this page. Yours are "
                "below, theirs are at the end. Save again to put yours in their place."
            ),
        )
        return self.page(door, form, token, theirs=stored, status=409)

    def page(
        self,
        door: Door,
        form: AnswerForm,
        token: str,
        *,
        kept: bool = False,
        theirs: Response | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.words(),
            "form": form,
            "blocks": form.drawn(),
            "round": door.round,
            "hub": door.invitation.organisation if door.invitation else None,
            "introduction": in_language(door.round, "introduction", self.language),
            "languages": self.languages(),
            "kept": kept,
            "theirs": answer_lines(theirs, self.language) if theirs else [],
            "summary_title": _("There is a problem"),
            "back_link": self.request.build_absolute_uri(self.request.path),
        }
        return render(self.request, "community_needs/answer_form.html", context, status=status)


def typed_words(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed in words, so that whoever came too late can keep it. Numbers are no loss."""
    found = []
    for name, value in request.POST.items():
        text = str(value).strip()
        if name.startswith(("text-", "role")) and text:
            found.append((name, text))
    return found


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class RoundAnswerCheck(Respondent):
    """What is saved, once more in words; then send it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page(token)

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        version = request.POST.get("version", "")
        number = (
            int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1
        )
        try:
            send_answer(token=token, expected_version=number, now=self.now, today=self.today)
        except LinkRefused as refused:
            return self.refuse(refused)
        except SavedMeanwhile:
            return self.page(
                token, [_("The answers changed after you opened this page. Check them again.")]
            )
        except ValidationError as error:
            return self.page(token, error.messages)
        return redirect(reverse("round-answer-thanks") + self.words()["lang_query"])

    def page(self, token: str, problems: list[str] | None = None) -> HttpResponse:
        try:
            door = find_door(token=token, today=self.today)
        except LinkRefused as refused:
            return self.refuse(refused)
        if door.response is None:
            return redirect("round-answer", token)  # type: ignore[return-value]
        questions, priorities = questions_of(door.round)
        self.settle(door.round, questions, priorities)
        missing: list[str] = []
        try:
            check_whole(door.response)
        except ValidationError as error:
            missing = error.messages
        context = {
            **self.words(),
            "round": door.round,
            "hub": door.invitation.organisation if door.invitation else None,
            "lines": answer_lines(door.response, self.language),
            "response": door.response,
            "problems": [*(problems or []), *missing],
            "can_send": not missing,
            "form_url": reverse("round-answer", kwargs={"token": token})
            + self.words()["lang_query"],
        }
        return render(self.request, "community_needs/answer_check.html", context)


@method_decorator(never_cache, name="dispatch")
class RoundAnswerThanks(Respondent):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "community_needs/answer_thanks.html", self.words())


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class RoundPublic(Respondent):
    """The public link: what it is about, and a button that begins an answer."""

    def asked(self, pk: int) -> Round:
        asked = get_object_or_404(Round, pk=pk, allows_public=True)
        if asked.state == Round.State.DRAFT:
            raise Http404
        return asked

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = self.asked(pk)
        if not asked.takes_answers_on(self.today):
            return self.refuse(LinkRefused("closed", asked))
        questions, priorities = questions_of(asked)
        self.settle(asked, questions, priorities)
        context = {
            **self.words(),
            "round": asked,
            "introduction": in_language(asked, "introduction", self.language),
            "languages": self.languages(),
        }
        return render(request, "community_needs/answer_public.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = self.asked(pk)
        if not BeginThrottle().allow_request(request, self):  # type: ignore[arg-type]
            return too_many_requests(request)
        try:
            token = begin_public_answer(
                round=asked, language=self.language, now=self.now, today=self.today
            )
        except LinkRefused as refused:
            return self.refuse(refused)
        return redirect(
            reverse("round-answer", kwargs={"token": token}) + self.words()["lang_query"]
        )


class HubAnswer(HubView):
    """A hub that is signed in answers by its own link, without looking for the e-mail."""

    permission = "answer_rounds"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        invitation = get_object_or_404(Invitation, pk=pk, organisation__in=self.hubs)
        self.check(invitation)
        return redirect("round-answer", answer_token(invitation=invitation))
