"""Rounds: the list and one round's page. Anyone reads what was heard; officers run it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from trafford_sv.core.access import can
from trafford_sv.core.charts import Bar, Chart, bar_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Figure, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.views.drawn import DrawnPdf, Wanted, wanted_document
from trafford_sv.core.views_base import PermissionView, PublicView

from ..filters import RoundFilter
from ..forms.answers import AnswerForm
from ..models import Need, Response, Round
from ..round_words import ENGLISH, LANGUAGES, in_language, languages_of, missing_words
from ..selectors.rounds import (
    Asked,
    RoundResults,
    answer_lines,
    asked_counts,
    needs_of,
    questions_of,
    response_rows,
    round_results,
    round_rows,
)
from ..small_counts import FEW, SMALLEST_SHOWN, public_count, public_words
from .need_editing import crumbs

TONES = {
    Round.State.DRAFT: Tone.NEUTRAL,
    Round.State.OPEN: Tone.INFO,
    Round.State.CLOSED: Tone.WARNING,
    Round.State.PUBLISHED: Tone.GOOD,
}


def state_tag(asked: Round) -> Tag:
    return Tag(asked.get_state_display(), TONES[Round.State(asked.state)])


def is_officer(user: Any) -> bool:
    """Reads every answer: whoever reads rounds without being of one hub."""
    return can(user, "view_rounds") and can(user, "view_organisations")


class RoundList(ListMixin, PublicView):
    title = "Consultation rounds"
    noun = "round"
    introduction = "Each time the Council asked communities what they need, and what it heard."
    filterset_class = RoundFilter
    row_template = "community_needs/_round_rows.html"
    columns = (
        Column("Round", sort="name"),
        Column("When", sort="opens"),
        Column("Answers", numeric=True),
        Column("State"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "name": Sort("Name", ("name",)),
        "opens": Sort("First day", ("opens_on",), "oldest first", "newest first"),
    }
    default_sort = "-opens"
    export_name = "rounds"
    export_columns = (
        ExportColumn("Round", "name"),
        ExportColumn("First day", "opens_on"),
        ExportColumn("Last day", "closes_on"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Hubs asked", "asked"),
        ExportColumn("Hubs that answered", "hubs_answered"),
        ExportColumn("Answers", lambda row: public_words(row.answers)),
    )
    empty_state = EmptyState("No rounds yet", "What was asked and heard will be listed here.")

    def get_queryset(self) -> QuerySet[Any]:
        return round_rows(self.request.user)

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "run_rounds"):
            return Link("Begin a round", reverse("round-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        officer = is_officer(self.request.user)
        for row in rows:
            row.tag = state_tag(row)
            row.answers_shown = f"{row.answers:,}" if officer else public_words(row.answers)
        return {"rows": rows, "breadcrumbs": crumbs((self.title, None))}


class RoundPage(PublicView):
    """What was heard, for anyone; who was asked and what to do next, for officers."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = get_object_or_404(Round.objects.visible_to(request.user), pk=pk)
        officer = is_officer(request.user)
        shows = not asked.is_history and (officer or asked.state == Round.State.PUBLISHED)
        questions, priorities = questions_of(asked)
        results = round_results(asked, priorities) if shows else None
        enough = results is not None and (officer or results.count >= SMALLEST_SHOWN)
        context: dict[str, Any] = {
            "title": asked.name,
            "round": asked,
            "tag": state_tag(asked),
            "when": when_words(asked),
            "results": results,
            "enough": enough,
            "chart": results_chart(results, officer) if results and enough else None,
            "count_words": (f"{results.count:,}" if officer else public_words(results.count))
            if results
            else "",
            "rows": result_rows(results, officer) if results and enough else [],
            "groups": groups_rows(results, officer) if results and enough else [],
            "needs": list(needs_of(asked, request.user)[:50]),
            "priorities": priorities if asked.is_history else [],
            "officer": officer and not asked.is_history,
            "breadcrumbs": crumbs(("Rounds", reverse("round-list")), (asked.name, None)),
        }
        if context["officer"]:
            hubs = asked_counts(asked, self.now)
            context |= {
                "may_run": can(request.user, "run_rounds"),
                "hubs": hubs,
                "figures": figures(hubs, results),
                "questions": questions,
                "other_papers": [
                    (LANGUAGES[key], key)
                    for key in languages_of(asked, questions, priorities)
                    if key != ENGLISH
                ],
                "offered": [LANGUAGES[key] for key in languages_of(asked, questions, priorities)],
                "lacking": [
                    (LANGUAGES[key], found.missing)
                    for key in LANGUAGES
                    if key != ENGLISH
                    and (found := missing_words(key, asked, questions, priorities)).missing
                ],
                "takes_answers": asked.takes_answers_on(self.today),
                "is_over": asked.state == Round.State.OPEN
                and asked.closes_on is not None
                and asked.closes_on < self.today,
                "public_url": request.build_absolute_uri(reverse("round-public", args=[asked.pk]))
                if asked.allows_public and asked.takes_answers_on(self.today)
                else "",
                "history": history_of(asked),
            }
        return render(request, "community_needs/round_detail.html", context)


def when_words(asked: Round) -> str:
    if asked.opens_on is None or asked.closes_on is None:
        return asked.period_words
    return f"{asked.opens_on:%-d %B %Y} to {asked.closes_on:%-d %B %Y}"


def figures(hubs: Asked, results: RoundResults | None) -> list[Figure]:
    back = hubs.came_back
    return [
        Figure(
            "Hubs that answered",
            f"{hubs.answered}",
            of_what=f"of {hubs.hubs} asked",
            completeness=f"{back} {'mail' if back == 1 else 'mails'} came back" if back else "",
        ),
        Figure("Answers in all", f"{results.count:,}" if results else None),
    ]


def may_show(count: int, officer: bool) -> bool:
    """What one to four people said of a priority could be read off its mean."""
    return officer or public_count(count) is not None


def result_rows(results: RoundResults, officer: bool) -> list[tuple[str, str, str]]:
    """(priority, share of points, how much it matters), in the order they came out."""
    rows = []
    for row in results.priorities:
        share, weight = row.outcome.points_share, row.outcome.mean_weight
        points = "Nobody ranked" if share is None else f"{share * 100:.0f}%"
        mean = "Nobody said" if weight is None else f"{weight}"
        rows.append(
            (
                row.priority.name,
                points if may_show(row.outcome.ranked, officer) else FEW,
                mean if may_show(row.outcome.weighed, officer) else FEW,
            )
        )
    return rows


def results_chart(results: RoundResults, officer: bool) -> Chart | None:
    ranked = [row for row in results.priorities if row.outcome.ranked]
    if not ranked:
        return None
    first = ranked[0]
    shown = [row for row in results.priorities if may_show(row.outcome.ranked, officer)]
    return bar_chart(
        key="heard",
        title=f"{first.priority.name} came first",
        subtitle="Points from the order people chose, as a share of the most there could be",
        bars=[
            Bar(
                row.priority.name,
                row.outcome.points_share,
                f"{(row.outcome.points_share or 0) * 100:.0f}%",
                paint=Paint.VERIFIED,
            )
            for row in shown
        ],
        headings=("Priority", "Share of points"),
    )


def groups_rows(results: RoundResults, officer: bool) -> list[tuple[str, str]]:
    if officer:
        return [(name, f"{count:,}") for name, count in results.groups]
    return [
        (name, "Fewer than 5, or hidden with one that is" if count is None else f"{count:,}")
        for name, count in results.public_groups
    ]


class ResponseList(ListPage):
    """The answers to one round, from which needs are raised."""

    permission = "view_rounds"
    noun = "answer"
    template_name = "community_needs/response_list.html"
    row_template = "community_needs/_response_rows.html"
    columns = (
        Column("Who"),
        Column("Sent", sort="sent"),
        Column("How"),
        Column("Needs raised", numeric=True),
        Column("Choose", hidden=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "sent": Sort("Sent", ("sent_at",), "oldest first", "newest first")
    }
    default_sort = "sent"
    empty_state = EmptyState("No answers yet", "Each answer that was sent will be listed here.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.asked = get_object_or_404(Round.objects.visible_to(request.user), pk=kwargs["pk"])
        self.check(self.asked)
        self.title = f"Answers to {self.asked}"
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        return response_rows(self.request.user, self.asked)

    def get_context(self) -> dict[str, Any]:
        here = reverse("round-detail", args=[self.asked.pk])
        return {
            "round": self.asked,
            "may_raise": can(self.request.user, "change_needs"),
            "breadcrumbs": crumbs(
                ("Rounds", reverse("round-list")), (self.asked.name, here), ("Answers", None)
            ),
        }


class ResponsePage(PermissionView):
    """One answer, whole. A hub reads its own."""

    permission = "view_rounds"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        response = get_object_or_404(
            Response.objects.visible_to(request.user)
            .sent()
            .select_related("round", "organisation", "ward"),
            pk=pk,
        )
        self.check(response)
        who = str(response.organisation or "A resident")
        asked = response.round
        context = {
            "title": f"{who}, {asked}",
            "response": response,
            "who": who,
            "lines": [
                SummaryRow(line.question, line.answer, missing="Nothing said")
                for line in answer_lines(response)
            ],
            "needs": list(needs_of_response(response, request.user)),
            "may_raise": can(request.user, "change_needs"),
            "breadcrumbs": crumbs(
                (asked.name, reverse("round-detail", args=[asked.pk])), (who, None)
            ),
        }
        return render(request, "community_needs/response_detail.html", context)


def needs_of_response(response: Response, user: Any) -> QuerySet[Any]:
    return Need.objects.visible_to(user).filter(sources__response=response)


def blank_form(asked: Round, language: str = ENGLISH) -> AnswerForm:
    questions, priorities = questions_of(asked)
    return AnswerForm(
        initial={"version": 0},
        round=asked,
        questions=questions,
        priorities=priorities,
        language=language,
        asks_ward=asked.allows_public,
    )


class RoundPaper(DrawnPdf, PermissionView):
    """The form on paper, as PDF/UA-1: boxes to tick and lines to write on."""

    permission = "view_rounds"

    def wanted(self, request: HttpRequest, pk: int) -> Wanted:
        asked = get_object_or_404(Round.objects.visible_to(request.user), pk=pk)
        self.check(asked)
        questions, priorities = questions_of(asked)
        language = request.GET.get("lang", ENGLISH)
        if language not in languages_of(asked, questions, priorities):
            language = ENGLISH
        name = f"{asked.name} paper form"
        with translation.override(language):
            return wanted_document(
                template="community_needs/documents/paper.html", context=paper(asked, language),
                name=name if language == ENGLISH else f"{name} {language}",
                back=(asked.name, asked.get_absolute_url()),
            )  # fmt: skip


def paper(asked: Round, language: str) -> dict[str, Any]:
    form = blank_form(asked, language)
    is_chinese = language != ENGLISH
    date_line = ""
    if asked.closes_on:
        day = date_format(asked.closes_on, "DATE_FORMAT")
        date_line = _("Please return it by %(day)s") % {"day": day}
    return {
        # The round's name is the officers' own; a reader of Chinese gets the question instead.
        "title": _("What do people near you need?") if is_chinese else asked.name,
        "subtitle": "" if is_chinese else "What do people near you need?",
        "kicker": "Trafford Social Value",
        "date_line": date_line,
        "html_language": "zh-Hant" if is_chinese else "en-GB",
        "is_chinese": is_chinese,
        "introduction": in_language(asked, "introduction", language),
        "blocks": form.drawn(),
        "places": len(form.priorities),
    }
