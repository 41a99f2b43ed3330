"""How mature social value is: the stages that the Steering Group agreed, and where it wants to be."""

from __future__ import annotations

import datetime

from django.template.loader import render_to_string

from action_plan.selectors.maturity import Standing, standing
from action_plan.stages import ORDER
from trafford_sv.core.charts import Chart as Drawn
from trafford_sv.core.charts import Reach, radar_chart
from trafford_sv.core.periods import FinancialYear

from ...datasets import Drawing, Table, Words
from ..report_book import Book, day, name, where, words

# A year's maturity is assessed after it ends: looks agreed by the end of the next June count for it.
ASSESSED_BY_DAYS = 91
LOOKS_SHOWN = 3
NOT_AGREED = "Not agreed"


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
    if not found.staged:
        book.section(
            "maturity",
            "How mature social value is",
            Words(
                "No theme has an agreed stage yet. The baseline of February 2021 was in words: overall “developing "
                "to becoming an innovator”."
            ),
            breaks=True,
        )
        return
    book.section(
        "maturity",
        _title(book, found),
        Words(
            f"The Steering Group judges itself against the Social Value Maturity Index. [[themes-staged]] themes have an "
            f"agreed stage, [[themes-furthest]] of them the furthest. Overall the borough stands at “{found.overall.words.lower()}”, from the theme with most to do to the one that is furthest. "
            "Stages are an order and are never averaged.",
            "lead",
        ),
        _radar(found),
        Words(
            "Only an assessment that the Group agreed as a whole is in the table. The baseline of February 2021 gave "
            "no stage for a theme: overall it was “developing to becoming an innovator”.",
            "note",
        ),
        breaks=True,
    )


def _title(book: Book, found: Standing) -> str:
    known = [row for row in found.themes if row.stage is not None]
    best = ORDER[max(row.stage.rank for row in known if row.stage)]
    furthest = book.count(
        "themes-furthest",
        "Themes at the furthest stage",
        "stages",
        where(is_latest="yes", stage=best.label),
    )
    if len(known) == book.number(furthest):
        return f"Every theme with an agreed stage is at {best.label}"
    verb = "is" if book.number(furthest) == 1 else "are"
    return f"[[themes-furthest]] of [[themes-staged]] themes {verb} at {best.label}, the rest below"


def _radar(found: Standing) -> Drawing:
    latest = found.staged[-1].assessment
    now = [row.stage.rank if row.stage else None for row in found.themes]
    planned = [row.target.stage.rank if row.target else None for row in found.themes]
    reaches = [Reach(f"Agreed, {day(latest.assessed_on)}", now)]
    if any(step is not None for step in planned):
        reaches.append(Reach("Next target", planned))
    title = "Where each theme stands, and what is wanted next"
    subtitle = "Agreed stage of each theme, from Minimum inside to Innovator outside"
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
    # Each theme's stages stand in the drawing's own description and in the table below it.
    return Drawing("maturity-radar", title, f"{subtitle}.", svg_of(drawn), _history(found))


def _history(found: Standing) -> Table:
    looks = found.staged[-LOOKS_SHOWN:]
    rows = tuple(
        (
            name(row.theme.name),
            *(
                words(
                    look.stages[row.theme.pk].label if row.theme.pk in look.stages else NOT_AGREED
                )
                for look in looks
            ),
            words(
                f"{row.target.stage.label} by {day(row.target.by_date)}"
                if row.target
                else "None set"
            ),
        )
        for row in found.themes
    )
    return Table(
        "maturity-table",
        "Agreed stage of each theme by assessment, and its next target",
        ("Theme", *(day(look.assessment.assessed_on) for look in looks), "Next target"),
        rows,
    )
