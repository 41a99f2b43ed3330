"""Where we stand and how we came here, for anyone; what blocks the next stage, for the Group."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse

from trafford_sv.core.access import permissions_of
from trafford_sv.core.charts import Chart, Reach, Series, line_chart, radar_chart
from trafford_sv.core.parts import Figure, Link, Need, Table
from trafford_sv.core.views_base import PublicView

from ..models import Action, Assessment, MaturityEdition, Theme
from ..selectors.maturity import (
    PlanGaps,
    Standing,
    ThemeGap,
    ThemeStanding,
    awaiting_agreement,
    plan_gaps,
    points_of,
    standing,
)
from ..shortest_set import Cover
from ..stages import ORDER, Stage

NOT_AGREED = "No stage agreed"
TABS = (
    ("overview", "Where we stand", "maturity-overview", ""),
    ("assessments", "Assessments", "assessment-list", "view_maturity"),
    ("editions", "Criteria", "maturity-edition-list", "view_maturity"),
)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


def tabs_for(user: Any, current: str) -> list[Tab]:
    held = permissions_of(user)
    return [
        Tab(label, reverse(name), key == current)
        for key, label, name, permission in TABS
        if not permission or permission in held
    ]


def stage_words(stage: Stage | None, edition: MaturityEdition | None = None) -> str:
    """ "Mature (2 of 0 to 4)" where an edition numbers it."""
    if stage is None:
        return NOT_AGREED
    return f"{edition.number_of(stage)} {stage.label}" if edition else stage.label


class MaturityOverview(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        held = permissions_of(request.user)
        found = standing(as_of=self.today)
        is_member = "view_maturity" in held
        gaps = plan_gaps(found=found) if is_member else None
        context = {
            "title": "How mature is social value in Trafford?",
            "tabs": tabs_for(request.user, "overview"),
            "sentence": standing_sentence(found),
            "is_invented": any(look.assessment.is_demo for look in found.staged),
            "figures": figures(found, gaps),
            "themes": [theme_row(row) for row in found.themes],
            "radar": radar(found),
            "history": history_table(found),
            "records": found.of_record,
            "is_member": is_member,
            "needs": needs_of(request.user, held, found, gaps) if is_member else [],
            "gaps": gaps,
            "together": cover_parts(gaps.together, gaps) if gaps and gaps.edition else None,
        }
        return render(request, "action_plan/maturity_overview.html", context)


def standing_sentence(found: Standing) -> str:
    whole = found.overall
    if not whole.agreed:
        return (
            "No theme has an agreed stage yet. The baseline below is in words, as it was reported."
        )
    words = f"Overall: {whole.words.lower()}."
    if not whole.is_whole:
        words += f" {whole.agreed} of {whole.of} themes have an agreed stage."
    return words[0].upper() + words[1:]


def figures(found: Standing, gaps: PlanGaps | None) -> list[Figure]:
    on_target = [row for row in found.themes if row.to_go == 0]
    with_target = [row for row in found.themes if row.to_go is not None]
    made = [
        Figure(
            "Themes with an agreed stage",
            f"{found.overall.agreed}",
            of_what=f"of {found.overall.of} themes",
        ),
        Figure(
            "Themes at their next target already",
            f"{len(on_target)}" if with_target else None,
            of_what=f"of {len(with_target)} with a stage and a target" if with_target else "",
            missing="No theme has both yet",
        ),
    ]
    if gaps is not None and gaps.edition is not None:
        blocking = sum(len(row.gap.blocking) for row in gaps.themes if row.gap)
        made.append(
            Figure(
                "Criteria without proof",
                f"{blocking}",
                of_what="up to each theme’s next stage",
            )
        )
        made.append(
            Figure(
                "Actions that would satisfy them",
                f"{len(gaps.together.chosen)}",
                of_what="the fewest that do"
                if gaps.together.is_shortest
                else f"at least {gaps.together.at_least} are needed",
                completeness=f"{len(gaps.together.unmet)} criteria have no action yet"
                if gaps.together.unmet
                else "Every criterion has an action",
            )
        )
    return made


def theme_row(row: ThemeStanding) -> dict[str, Any]:
    target = row.target
    to_go = row.to_go
    return {
        "theme": row.theme,
        "stage": row.stage.label if row.stage else "",
        "day": row.look.assessment.day if row.look else "",
        "target": f"{target.stage.label} by {target.by_date:%-d %B %Y}" if target else "",
        "to_go": ""
        if to_go is None
        else "Reached"
        if to_go == 0
        else f"{to_go} stage{'' if to_go == 1 else 's'} to go",
    }


def radar(found: Standing) -> Chart | None:
    """The latest assessment, the one before, and what is planned next. None without a stage."""
    staged = found.staged
    if not staged:
        return None
    now = [row.stage.rank if row.stage else None for row in found.themes]
    reaches = [Reach(f"Agreed, {staged[-1].assessment.day}", now)]
    planned = [row.target.stage.rank if row.target else None for row in found.themes]
    if any(step is not None for step in planned):
        reaches.append(Reach("Next target", planned))
    if len(staged) > 1:
        before = staged[0]
        steps = [
            before.stages[row.theme.pk].rank if row.theme.pk in before.stages else None
            for row in found.themes
        ]
        reaches.append(Reach(f"First, {before.assessment.day}", steps))
    return radar_chart(
        key="radar",
        title=_radar_title(found),
        subtitle="Agreed stage of each theme, from Minimum inside to Innovator outside",
        heading="Theme",
        spokes=[row.theme.name for row in found.themes],
        rings=[stage.label for stage in ORDER],
        reaches=reaches,
        missing=NOT_AGREED,
    )


def _radar_title(found: Standing) -> str:
    known = [row for row in found.themes if row.stage is not None]
    best = max(row.stage.rank for row in known)  # type: ignore[union-attr]
    least = min(row.stage.rank for row in known)  # type: ignore[union-attr]
    if best == least:
        return f"Every theme with an agreed stage is at {ORDER[best].label}"
    furthest = [row.theme.name for row in known if row.stage is ORDER[best]]
    behind = [row.theme.name for row in known if row.stage is ORDER[least]]
    return (
        f"{_few(furthest)} {'is' if len(furthest) == 1 else 'are'} furthest, at {ORDER[best].label}; "
        f"{_few(behind)} {'has' if len(behind) == 1 else 'have'} most to do"
    )


def _few(names: list[str]) -> str:
    if len(names) > 2:
        return f"{len(names)} themes"
    return " and ".join(names)


def history_table(found: Standing) -> Table | None:
    if not found.staged:
        return None
    return Table(
        "Agreed stage of each theme by assessment",
        ("Theme", *(look.assessment.day for look in found.staged)),
        [
            (
                row.theme.name,
                *(
                    look.stages[row.theme.pk].label if row.theme.pk in look.stages else NOT_AGREED
                    for look in found.staged
                ),
            )
            for row in found.themes
        ],
        total=("Overall", *(look_words(look, found) for look in found.staged)),
    )


def look_words(look: Any, found: Standing) -> str:
    return look.overall([row.theme for row in found.themes]).words or NOT_AGREED


def needs_of(user: Any, held: Any, found: Standing, gaps: PlanGaps | None) -> list[Need]:
    """What this person is asked for: their own scores, and stages to agree."""
    needs = []
    if "score_maturity" in held:
        for row in Assessment.objects.filter(
            state=Assessment.State.SCORING,
            assessors__user=user.pk,
            assessors__sent_at__isnull=True,
        ):
            due = f"Wanted by {row.scores_due:%-d %B %Y}" if row.scores_due else ""
            needs.append(
                Need(f"Your scores: {row.name}", reverse("assessment-detail", args=[row.pk]), due)
            )
    if "moderate_maturity" in held:
        for waiting in awaiting_agreement(found=found, gaps=gaps):
            codes = ", ".join(waiting.blocked)
            needs.append(
                Need(
                    f"{waiting.result.theme}: {waiting.result.get_stage_display()} is proposed",  # type: ignore[attr-defined]
                    waiting.result.get_absolute_url(),
                    f"Blocked by {codes}" if codes else "Ready to be agreed",
                )
            )
    return needs


class MaturityTheme(PublicView):
    """One theme: planned beside achieved; for the Group, what blocks the next stage."""

    def get(self, request: HttpRequest, theme: str) -> HttpResponse:
        row = get_object_or_404(Theme, key=theme)
        held = permissions_of(request.user)
        found = standing(as_of=self.today)
        own = next(line for line in found.themes if line.theme.pk == row.pk)
        is_member = "view_maturity" in held
        gaps = plan_gaps(found=found) if is_member else None
        context = {
            "title": row.name,
            "theme": row,
            "tabs": tabs_for(request.user, "overview"),
            "standing": theme_row(own),
            "chart": step_chart(row, found),
            "is_invented": any(
                look.assessment.is_demo for look in found.staged if row.pk in look.stages
            ),
            "is_member": is_member,
            "may_change": "change_maturity" in held,
            "gap": gap_parts(gaps.of(row), gaps) if gaps else None,
            "breadcrumbs": [("Maturity", reverse("maturity-overview")), (row.name, None)],
        }
        return render(request, "action_plan/maturity_theme.html", context)


def step_chart(theme: Theme, found: Standing) -> Chart | None:
    points = points_of(theme, found)
    if not points:
        return None
    achieved = [p.achieved for p in points if p.achieved is not None]
    planned = [p.planned for p in points if p.planned is not None]
    if not achieved:
        title = f"The plan is {planned[-1].label}; no stage is agreed yet"
    elif achieved[0] is achieved[-1]:
        title = f"{theme.name} stands at {achieved[-1].label}"
    else:
        title = f"{theme.name} moved from {achieved[0].label} to {achieved[-1].label}"
    series = [
        Series(
            "Achieved", [None if p.achieved is None else Decimal(p.achieved.rank) for p in points]
        )
    ]
    if planned:
        series.append(
            Series(
                "Planned", [None if p.planned is None else Decimal(p.planned.rank) for p in points]
            )
        )
    return line_chart(
        key="steps",
        title=title,
        subtitle="Agreed stage at each assessment beside the stage planned for that day",
        heading="Day",
        points=[f"{p.day:%-d %b %Y}" for p in points],
        series=series,
        text=_rank_words,
        missing="None",
        stepped=True,
    )


def _rank_words(value: Decimal) -> str:
    """Ticks fall between stages as well; these have no name."""
    whole = int(value)
    return ORDER[whole].label if value == whole and 0 <= whole < len(ORDER) else ""


def gap_parts(row: ThemeGap, gaps: PlanGaps) -> dict[str, Any] | None:
    if row.gap is None:
        return None
    lines = []
    for key in row.gap.blocking:
        criterion = gaps.criteria[key]
        actions = [gaps.actions[a] for a in gaps.satisfied_by.get(key, ())]
        lines.append(
            {
                "criterion": criterion,
                "stage": Stage(criterion.stage).label,
                "actions": [action_link(action) for action in actions],
                "is_finished": key in row.gap.finished,
            }
        )
    return {
        "goal": row.gap.stage.label,
        "lines": lines,
        "basis": gaps.basis,
        "edition": gaps.edition,
        "cover": cover_parts(row.gap.cover, gaps),
        "only_proof": len(row.gap.finished),
    }


def cover_parts(cover: Cover, gaps: PlanGaps) -> dict[str, Any]:
    """The shortest set in words: what to do, whether it suffices, and what has no action."""
    count = len(cover.chosen)
    one = count == 1
    if not count:
        words = "No action of the plan would satisfy what is open." if cover.unmet else ""
    elif cover.unmet:
        words = (
            "The actions of the plan do not suffice. "
            f"{'This one satisfies' if one else f'These {count} satisfy'} everything that any of "
            f"them would{'' if one else ' together'}."
        )
    else:
        words = "One action does it." if one else f"These {count} actions do it together."
    if count > 1:
        words += (
            " No fewer would."
            if cover.is_shortest
            else f" At least {cover.at_least} are needed; whether fewer would do was not settled."
        )
    return {
        "words": words,
        "actions": [action_link(gaps.actions[key]) for key in cover.chosen],
        "unmet": [gaps.criteria[key] for key in cover.unmet],
    }


def action_link(action: Action) -> Link:
    """Its page, where there is one."""
    try:
        url = action.get_absolute_url()
    except NoReverseMatch:
        url = ""
    return Link(str(action), url, action.get_status_display())
