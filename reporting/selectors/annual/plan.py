"""What became of the Action Plan in the year."""

from __future__ import annotations

import datetime

from action_plan.models import Action
from action_plan.progress import Status
from action_plan.selectors.standing import with_standing
from trafford_sv.core.periods import FinancialYear

from ...datasets import Chart, FigureCards, Series, Table, Words
from ...editions import Period
from ..report_book import Book, day, name, where, words

STATUSES = (
    (Status.COMPLETE, "Complete", "VERIFIED"),
    (Status.ON_TRACK, "On track", "REPORTED"),
    (Status.AT_RISK, "At risk", "COMMITTED"),
    (Status.OFF_TRACK, "Off track", "LOCAL_VERIFIED"),
    (Status.NOT_STARTED, "Not started", "OFFERED"),
)


def add_action_figures(book: Book, period: Period, as_of: datetime.date) -> list[Action]:
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
            ("completed_in_period", "Completed in the period", "text"),
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
                "yes"
                if row.completed_on and period.start <= row.completed_on <= period.end
                else "no",
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
        "actions-completed",
        "Actions completed in the period",
        "actions",
        where(completed_in_period="yes"),
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
    return actions


def add_plan(book: Book, year: FinancialYear, as_of: datetime.date) -> None:
    actions = add_action_figures(book, year, as_of)
    if not actions:
        book.section(
            "plan", "The Action Plan", Words("The plan has no published action yet."), breaks=True
        )
        return
    done = book.number("actions-completed")
    title = (
        book.said(
            "actions-completed",
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
        FigureCards(("actions", "actions-completed", "actions-overdue", "actions-stale")),
        _by_theme(book, [row.name for row in dict.fromkeys(action.theme for action in actions)]),
        breaks=True,
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
