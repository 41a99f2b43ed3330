"""How mature social value is, and what became of the Action Plan in the year."""

from __future__ import annotations

import datetime

from django.template.loader import render_to_string

from action_plan.models import Action
from action_plan.progress import Status
from action_plan.selectors.maturity import Standing, standing
from action_plan.selectors.standing import with_standing
from action_plan.stages import ORDER
from trafford_sv.core.charts import Chart as Drawn
from trafford_sv.core.charts import Reach, radar_chart
from trafford_sv.core.periods import FinancialYear

from ...datasets import Block, Chart, Drawing, FigureCards, Series, Table, Words
from ..report_book import Book, day, name, where, words

# A year's maturity is assessed after it ends: looks agreed by the end of the next June count for it.
ASSESSED_BY_DAYS = 91
NOT_AGREED = "Not agreed"
STATUSES = (
    (Status.COMPLETE, "Complete", "VERIFIED"),
    (Status.ON_TRACK, "On track", "REPORTED"),
    (Status.AT_RISK, "At risk", "COMMITTED"),
    (Status.OFF_TRACK, "Off track", "LOCAL_VERIFIED"),
    (Status.NOT_STARTED, "Not started", "OFFERED"),
)


def svg_of(drawn: Drawn) -> str:
    """The wide drawing of one of our charts, complete in itself."""
    return render_to_string(
        "components/chart_drawing.html",
        {
            "drawing": drawn.wide,
            "id": f"{drawn.key}-drawing",
            "size": "wide",
            "title": drawn.title,
            "description": drawn.description,
            "is_document": True,
        },
    )


def add_maturity(book: Book, year: FinancialYear, as_of: datetime.date) -> None:
    until = min(as_of, year.end + datetime.timedelta(days=ASSESSED_BY_DAYS))
    found = standing(as_of=until)
    book.add_rows(
        "stages",
        "Agreed stages of the Maturity Index",
        (
            ("key", "Row", "text"),
            ("assessed_on", "Assessed on", "date"),
            ("theme", "Theme", "text"),
            ("stage", "Stage", "text"),
            ("is_latest", "Latest of its theme", "text"),
        ),
        (
            (
                f"{look.assessment.assessed_on}-{row.theme.key}",
                look.assessment.assessed_on,
                row.theme.name,
                look.stages[row.theme.pk].label,
                "yes" if row.look is look else "no",
            )
            for look in found.staged
            for row in found.themes
            if row.theme.pk in look.stages
        ),
        "The stage that the Steering Group agreed for one theme in one assessment.",
    )
    book.count(
        "themes-staged",
        "Themes with an agreed stage",
        "stages",
        where(is_latest="yes"),
        period=f"by {day(until)}",
    )
    blocks: list[Block] = []
    if not found.staged:
        blocks.append(
            Words(
                "No theme has an agreed stage yet. The baseline of February 2021 was in words: overall “developing "
                "to becoming an innovator”."
            )
        )
    else:
        whole = found.overall
        blocks.append(
            Words(
                f"The Steering Group judges itself against the Social Value Maturity Index. Overall the borough stands "
                f"at “{whole.words.lower()}”, from the theme with most to do to the one that is furthest. Stages are "
                "an order and are never averaged.",
                "lead",
            )
        )
        blocks.append(_radar(found))
    book.section("maturity", _title(found), *blocks, breaks=True)
    if len(found.staged) > 1:
        book.section(
            "maturity-history",
            "How each theme came here",
            Words(
                "Only an assessment that the Group agreed as a whole is history. The baseline of February 2021 gave "
                "no stage for a theme, so it is not in the table."
            ),
            _history(found),
            level=3,
        )


def _title(found: Standing) -> str:
    known = [row for row in found.themes if row.stage is not None]
    if not known:
        return "How mature social value is"
    best = max(row.stage.rank for row in known if row.stage)
    furthest = [row.theme.name for row in known if row.stage and row.stage.rank == best]
    if len(furthest) == len(known):
        return f"Every theme stands at {ORDER[best].label}"
    if len(furthest) > 2:
        return (
            f"Most themes have reached {ORDER[best].label}"
            if len(furthest) * 2 > len(known)
            else (f"Some themes have reached {ORDER[best].label}")
        )
    verb = "is" if len(furthest) == 1 else "are"
    return f"{' and '.join(furthest)} {verb} furthest, at {ORDER[best].label}"


def _radar(found: Standing) -> Drawing:
    latest = found.staged[-1].assessment
    now = [row.stage.rank if row.stage else None for row in found.themes]
    planned = [row.target.stage.rank if row.target else None for row in found.themes]
    reaches = [Reach(f"Agreed, {day(latest.assessed_on)}", now)]
    if any(step is not None for step in planned):
        reaches.append(Reach("Next target", planned))
    title, subtitle = (
        "Where each theme stands",
        (
            "Agreed stage of each theme, from Minimum inside to Innovator outside, and the next target"
        ),
    )
    drawn = radar_chart(
        key="annual-radar",
        title=title,
        subtitle=subtitle,
        heading="Theme",
        spokes=[row.theme.name for row in found.themes],
        rings=[stage.label for stage in ORDER],
        reaches=reaches,
        missing=NOT_AGREED,
    )
    rows = tuple(
        (
            name(row.theme.name),
            words(row.stage.label if row.stage else NOT_AGREED),
            words(
                f"{row.target.stage.label} by {day(row.target.by_date)}"
                if row.target
                else "None set"
            ),
        )
        for row in found.themes
    )
    table = Table("maturity-table", subtitle, ("Theme", "Agreed stage", "Next target"), rows)
    return Drawing("maturity-radar", title, drawn.description, svg_of(drawn), table)


def _history(found: Standing) -> Table:
    rows = tuple(
        (
            name(row.theme.name),
            *(
                words(
                    look.stages[row.theme.pk].label if row.theme.pk in look.stages else NOT_AGREED
                )
                for look in found.staged
            ),
        )
        for row in found.themes
    )
    return Table(
        "maturity-looks",
        "Agreed stage of each theme by assessment",
        ("Theme", *(day(look.assessment.assessed_on) for look in found.staged)),
        rows,
    )


def add_plan(book: Book, year: FinancialYear, as_of: datetime.date) -> None:
    """Public actions as they stood on the day of the report; completion by its own date."""
    rows = with_standing(Action.objects.public(), as_of=as_of)  # type: ignore[attr-defined]
    actions = list(
        rows.select_related("theme", "lead_organisation").order_by(
            "theme__position", "due", "reference"
        )
    )
    book.add_rows(
        "actions",
        "Actions of the plan",
        (
            ("reference", "Reference", "text"),
            ("title", "Action", "text"),
            ("theme", "Theme", "text"),
            ("lead", "Led by", "text"),
            ("status", "Status", "text"),
            ("due", "Due", "date"),
            ("completed_on", "Completed on", "date"),
            ("completed_in_year", "Completed in the year", "text"),
            ("overdue", "Past its due day", "text"),
            ("stale", "Without an update", "text"),
        ),
        (
            (
                row.reference,
                row.title,
                row.theme.name,
                row.lead_organisation.name if row.lead_organisation else "No lead yet",
                Status(row.status).label,
                row.due,
                row.completed_on,
                "yes" if row.completed_on and year.start <= row.completed_on <= year.end else "no",
                "yes" if row.is_overdue else "no",
                "yes" if row.is_stale else "no",
            )
            for row in actions
        ),
        "One action that the Steering Group has published, as it stood when the report was made.",
    )
    on = f"on {day(as_of)}"
    book.count("actions", "Actions in the plan", "actions", period=on)
    for status in Status:
        key = status.value.replace("_", "-")
        book.count(
            f"actions-{key}",
            f"Actions: {status.label.lower()}",
            "actions",
            where(status=status.label),
            period=on,
        )
    book.count(
        "actions-completed-in-year",
        "Actions completed in the year",
        "actions",
        where(completed_in_year="yes"),
    )
    book.count(
        "actions-overdue", "Actions past their due day", "actions", where(overdue="yes"), period=on
    )
    book.count(
        "actions-stale",
        "Actions without an update for a quarter",
        "actions",
        where(stale="yes"),
        period=on,
    )
    if not actions:
        book.section(
            "plan", "The Action Plan", Words("The plan has no published action yet."), breaks=True
        )
        return
    done = book.number("actions-completed-in-year")
    title = (
        book.said(
            "actions-completed-in-year",
            "action was completed in the year",
            "actions were completed in the year",
        )
        if done
        else "No action was completed in the year"
    )
    book.section(
        "plan",
        title,
        Words(
            f"The Social Value Action Plan is a live document. Its [[actions]] published actions stood as follows on "
            f"{day(as_of)}, when this report was made: [[actions-complete]] complete, [[actions-on-track]] on track, "
            "[[actions-at-risk]] at risk, [[actions-off-track]] off track and [[actions-not-started]] not started. "
            f"{_late(book)}",
            "lead",
        ),
        FigureCards(("actions", "actions-completed-in-year", "actions-overdue", "actions-stale")),
        _by_theme(book, [row.name for row in dict.fromkeys(action.theme for action in actions)]),
    )
    book.section("plan-actions", "Each action", _each(book, actions), level=3)


def _late(book: Book) -> str:
    if not book.number("actions-overdue"):
        return "None is past its due day."
    return book.said("actions-overdue", "{} is past its due day.", "{} are past their due day.")


def _by_theme(book: Book, themes: list[str]) -> Chart:
    series = []
    for status, label, paint in STATUSES:
        ids = []
        for place, theme in enumerate(themes, start=1):
            key = status.value.replace("_", "-")
            ids.append(
                book.count(
                    f"actions-theme-{place}-{key}",
                    f"{theme}: {label.lower()}",
                    "actions",
                    where(theme=theme, status=status.label),
                )
            )
        series.append(Series(label, tuple(ids), paint))
    return Chart(
        "plan-by-theme",
        "How the actions of each theme stand",
        "Published actions by theme and status, cancelled ones left out",
        "stacked",
        "Theme",
        tuple(themes),
        tuple(series),
        points_are_names=True,
    )


def _each(book: Book, actions: list[Action]) -> Table:
    rows = tuple(
        (
            name(f"{row.reference} {row.title}"),
            name(row.lead_organisation.name if row.lead_organisation else "No lead yet"),
            words(
                f"Completed {day(row.completed_on)}"
                if row.completed_on and row.status == Status.COMPLETE
                else Status(row.status).label
            ),
            words(day(row.due, "No date")),
        )
        for row in actions
    )
    return Table(
        "plan-table",
        "Published actions, by theme and due day",
        ("Action", "Led by", "Status", "Due"),
        rows,
    )
