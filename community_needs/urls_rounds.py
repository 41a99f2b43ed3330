"""Rounds: what was heard, running them, and answering by a link."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import answering, round_asked, rounds
from .views import round_answers as answers
from .views import round_inviting as inviting
from .views import round_running as running

urlpatterns: list[URLPattern | URLResolver] = [
    path("needs/rounds/", rounds.RoundList.as_view(), name="round-list"),
    path("needs/rounds/new/", running.RoundCreate.as_view(), name="round-create"),
    path("needs/rounds/<int:pk>/", rounds.RoundPage.as_view(), name="round-detail"),
    path("needs/rounds/<int:pk>/edit/", running.RoundEdit.as_view(), name="round-edit"),
    path(
        "needs/rounds/<int:pk>/translate/", running.RoundTranslate.as_view(), name="round-translate"
    ),
    path(
        "needs/rounds/<int:pk>/questions/new/",
        running.QuestionSave.as_view(),
        name="question-create",
    ),
    path(
        "needs/rounds/<int:pk>/questions/<int:number>/",
        running.QuestionSave.as_view(),
        name="question-save",
    ),
    path(
        "needs/rounds/<int:pk>/questions/<int:number>/remove/",
        running.QuestionRemove.as_view(),
        name="question-remove",
    ),
    path("needs/rounds/<int:pk>/preview/", answers.RoundPreview.as_view(), name="round-preview"),
    path("needs/rounds/<int:pk>/open/", running.RoundOpen.as_view(), name="round-open"),
    path("needs/rounds/<int:pk>/invite/", inviting.RoundInvite.as_view(), name="round-invite"),
    path("needs/rounds/<int:pk>/asked/", round_asked.RoundAsked.as_view(), name="round-asked"),
    path(
        "needs/rounds/mails/<int:pk>/settle/",
        round_asked.RoundMailSettle.as_view(),
        name="round-mail-settle",
    ),
    path("needs/rounds/<int:pk>/remind/", inviting.RoundRemind.as_view(), name="round-remind"),
    path("needs/rounds/<int:pk>/close/", running.RoundClose.as_view(), name="round-close"),
    path("needs/rounds/<int:pk>/publish/", running.RoundPublish.as_view(), name="round-publish"),
    path("needs/rounds/<int:pk>/paper/", rounds.RoundPaper.as_view(), name="round-paper"),
    path(
        "needs/rounds/<int:pk>/paper/type-in/",
        answers.PaperEnter.as_view(),
        name="round-paper-enter",
    ),
    path("needs/rounds/<int:pk>/answers/", rounds.ResponseList.as_view(), name="response-list"),
    path(
        "needs/rounds/<int:pk>/answers/need/",
        answers.NeedFromAnswers.as_view(),
        name="need-from-answers",
    ),
    path("needs/answers/<int:pk>/", rounds.ResponsePage.as_view(), name="response-detail"),
    path(
        "needs/invitations/<int:pk>/address/",
        inviting.InvitationAddress.as_view(),
        name="invitation-address",
    ),
    path(
        "needs/invitations/<int:pk>/came-back/",
        inviting.InvitationBounce.as_view(),
        name="invitation-bounce",
    ),
    path("hub/rounds/<int:pk>/", answering.HubAnswer.as_view(), name="hub-answer"),
    path("answer/thank-you/", answering.RoundAnswerThanks.as_view(), name="round-answer-thanks"),
    path("answer/round/<int:pk>/", answering.RoundPublic.as_view(), name="round-public"),
    path("answer/<str:token>/", answering.RoundAnswer.as_view(), name="round-answer"),
    path(
        "answer/<str:token>/check/", answering.RoundAnswerCheck.as_view(), name="round-answer-check"
    ),
]
