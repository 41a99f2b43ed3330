"""The Steering Group's quarterly pack as an edition: the public version of the meeting that reviews the quarter.

Members read the whole pack, with what is confidential, on the meeting's own page; it is live and is
never published. What is frozen here anybody may read.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser

from action_plan.models import Meeting
from action_plan.selectors.meetings import PUBLIC_READER
from trafford_sv.core.periods import Quarter

from ..datasets import Block, Dataset, FigureCards, Formula, RowsTable, Unit, Words
from ..editions import NotReady
from ..steering_pack import PackItem, Part, SteeringPack
from .report_book import Book, day, where
from .star_quarterly import add_quarter, four_figures
from .steering_pack import gather_steering_pack

KIND = "steering-pack"
_PARTS = (("key", "Row", "text"), ("what", "What", "text"), ("about", "How it stands", "text"))


def gather_steering_edition(period: object, as_of: datetime.datetime) -> Dataset:
    """A draft for a quarter. Raises NotReady where no meeting has reviewed it."""
    if not isinstance(period, Quarter):
        raise TypeError("The Steering Group's pack is of a quarter.")
    quarter = period
    pack = _pack(quarter, as_of)
    book = Book()
    book.period, book.period_code = quarter.label, quarter.code
    add_quarter(book, quarter, as_of)
    _counts(book, pack)
    agenda = _agenda(book, pack.items)
    plan = _plan(book, pack)
    book.section(
        "short",
        "In short",
        Words(
            f"The Steering Group reviewed the quarter on {day(pack.day)}. In the plan [[actions-moved]] of "
            "[[actions-live]] live actions moved, [[actions-overdue]] passed the due day and [[actions-stale]] owe an update.",
            "lead",
        ),
        FigureCards(("verified-social", "verified-local", "returns-received", "returns-expected")),
        Words(
            "This is the public version: what is confidential is left out, and members read it with the meeting."
        ),
    )  # fmt: skip
    book.section("agenda", "The agenda", agenda)
    book.section("plan", "The Action Plan", *plan)
    book.section("value", "Social value in the quarter", four_figures())
    if pack.needs is not None:
        book.section(
            "needs",
            "Needs of communities",
            Words(
                "[[needs-open]] open, [[needs-matched]] matched, [[needs-part-met]] met in part, [[needs-met]] met."
            ),
        )
    return Dataset(
        kind=KIND,
        period=quarter.code,
        title="Steering Group pack",
        subtitle=quarter.label,
        kicker="Social Value Steering Group",
        as_of=as_of.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        sections=tuple(book.sections),
        figures=tuple(book.figures.values()),
        rows=tuple(book.rows.values()),
        headlines=("verified-social", "returns-received", "actions-moved", "actions-overdue"),
        sources=("The Action Plan, the published agenda and the council’s own records.",),
    )


def _pack(quarter: Quarter, as_of: datetime.datetime) -> SteeringPack:
    meeting = (
        Meeting.objects.filter(
            day__gt=quarter.end, state__in=(Meeting.State.CALLED, Meeting.State.HELD)
        )
        .select_related("series", "minutes", "chaired_by")
        .order_by("day")
        .first()
    )
    if meeting is None:
        raise NotReady(
            f"No meeting of the Steering Group after {quarter.end:%-d %B %Y} has a published agenda yet."
        )
    return gather_steering_pack(meeting, user=AnonymousUser(), reader=PUBLIC_READER, now=as_of)


def _counts(book: Book, pack: SteeringPack) -> None:
    """Numbers that the plan and the needs give, each a row of its own."""
    counted = [("actions-live", "Live actions of the plan", pack.plan.live)]
    if pack.needs is not None:
        counted += [
            ("needs-open", "Needs that are open", pack.needs.open),
            ("needs-matched", "Needs that are matched", pack.needs.matched),
            ("needs-part-met", "Needs that are met in part", pack.needs.part_met),
            ("needs-met", "Needs that are met", pack.needs.met),
        ]
    book.add_rows(
        "counts",
        "Counts of record",
        (("key", "Row", "text"), ("what", "What is counted", "text"), ("number", "Number", "integer")),
        counted,
        "One count of the council’s records, of what is public.",
    )  # fmt: skip
    for key, label, _ in counted:
        formula = Formula("value", rows="counts", column="number", where=where(key=key))
        book.add(key, label, Unit.COUNT, "record", formula, period=f"on {day(pack.day)}")


def _agenda(book: Book, items: Sequence[PackItem]) -> Block:
    book.add_rows(
        "agenda",
        "The agenda",
        (("key", "Item", "text"), ("what", "Title", "text"), ("purpose", "For", "text")),
        (
            (
                str(item.position), "Left out of the public version" if item.is_hidden else item.title,
                None if item.is_hidden else item.purpose,
            )
            for item in items
        ),
        "One item of the agenda as it was published.",
    )  # fmt: skip
    if not items:
        return Words("The agenda has no item.")
    return RowsTable("agenda-table", "Items", "agenda", ("key", "what", "purpose"))


def _plan(book: Book, pack: SteeringPack) -> list[Block]:
    blocks: list[Block] = []
    for key, title, parts in (
        ("moved", "Actions that moved", pack.plan.moved),
        ("added", "New actions", pack.plan.added),
        ("ended", "Actions completed or cancelled", pack.plan.ended),
        ("overdue", "Actions past their due day", pack.plan.overdue),
        ("stale", "Actions that owe an update", pack.plan.stale),
    ):
        rows = f"actions-{key}-rows"
        book.add_rows(rows, title, _PARTS, _lines(parts), "One action of the plan that is public.")
        book.count(f"actions-{key}", title, rows, period=f"on {day(pack.day)}")
        if parts:
            blocks.append(RowsTable(f"{key}-table", title, rows, ("what", "about")))
    return blocks or [Words("No action moved, and none is late.")]


def _lines(parts: Sequence[Part]) -> list[tuple[str, str, str | None]]:
    return [
        (str(number), part.title, part.detail or None) for number, part in enumerate(parts, start=1)
    ]
