"""Tiles, charts and tables of the four figures, the same on every page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from trafford_sv.core.charts import Bar, Chart, bar_chart, column_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import Figure, Link, State, Table
from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, Completeness, FourFigures, ValueState
from ..licensing import WITHHELD_TOTAL
from ..selectors.position import Counts, Position
from ..selectors.position_groups import Group
from ..valuation import Kind

STATES = (
    (ValueState.OFFERED, State.OFFERED, "Offered", Paint.OFFERED, Paint.LOCAL_OFFERED),
    (ValueState.COMMITTED, State.COMMITTED, "Committed", Paint.COMMITTED, Paint.LOCAL_COMMITTED),
    (ValueState.REPORTED, State.REPORTED, "Reported", Paint.REPORTED, Paint.LOCAL_REPORTED),
    (ValueState.VERIFIED, State.VERIFIED, "Verified", Paint.VERIFIED, Paint.LOCAL_VERIFIED),
)
KIND_WORDS = {Kind.SOCIAL: "social value", Kind.LOCAL_ECONOMIC: "local economic value"}


def deliveries_url(query: str) -> str:
    return f"{reverse('delivery-list')}?{query}" if query else reverse("delivery-list")


def commitments_url(query: str) -> str:
    return f"{reverse('commitment-list')}?{query}" if query else reverse("commitment-list")


def span_of(found: Position) -> dict[str, str | None]:
    """The period as the lists behind the figures take it."""
    return {
        "since": Quarter.of(found.first).code if found.first else None,
        "until": Quarter.of(found.last).code,
    }


def one_quarter(found: Position) -> Quarter | None:
    """The quarter that the figures are of alone; None for everything up to a day."""
    return Quarter.of(found.last) if found.first else None


def four_tiles(found: Position, completeness: Completeness | None, kind: Kind) -> list[Figure]:
    """Offered, committed, reported, verified of one kind of value, each with a way to its rows."""
    # The same rows as in the list that the tile opens: those of this kind.
    figures, counts = found.figures, found.of_kind.get(kind.value, Counts())
    lines = found.scope.query(kind=kind.value, **span_of(found))
    of_what = {
        ValueState.OFFERED: "In the bids that won",
        ValueState.COMMITTED: _commitments(counts),
        ValueState.REPORTED: "Said by suppliers, not yet all checked",
        # What one quarter brings is no share of what the whole agreement promises.
        ValueState.VERIFIED: "" if one_quarter(found) else _of_promise(figures, kind),
    }
    returns = completeness.sentence if completeness else ""
    checked = (
        f"{counts.lines_undecided:,} of {counts.lines:,} lines wait to be checked"
        if counts.lines_undecided
        else ""
    )
    ways = {
        ValueState.COMMITTED: Link("Show the commitments", commitments_url(lines)),
        ValueState.REPORTED: Link("Show the deliveries", deliveries_url(lines)),
        ValueState.VERIFIED: Link(
            "Show what was verified", deliveries_url(f"{lines}&state=accepted&state=part")
        ),
    }
    said = {ValueState.REPORTED: returns, ValueState.VERIFIED: checked or returns}
    missing = {
        ValueState.OFFERED: "No bid recorded",
        ValueState.COMMITTED: "Nothing committed",
        ValueState.REPORTED: "Nothing reported",
        ValueState.VERIFIED: "Nothing verified yet",
    }
    tiles = []
    for state, look, label, _, _ in STATES:
        amount = figures.pounds(state, kind)
        about = f", {KIND_WORDS[kind]}"
        way = ways.get(state)
        tiles.append(
            Figure(
                label,
                None if amount is None else readable(amount),
                exact="" if amount is None else exact(amount),
                state=look,
                of_what=of_what[state] if amount is not None else "",
                completeness=said.get(state, ""),
                way_in=Link(way.text, way.url, about) if way and amount is not None else None,
                missing=WITHHELD_TOTAL if figures.is_withheld(state, kind) else missing[state],
                local_economic=kind is Kind.LOCAL_ECONOMIC,
            )
        )
    return tiles


def _commitments(counts: Counts) -> str:
    number = counts.commitments
    words = f"{number:,} agreed commitment{'' if number == 1 else 's'}"
    if counts.commitments_without_value:
        words += f", {counts.commitments_without_value:,} without a value"
    if varied := counts.commitments_varied:
        words += f", and what was verified under {varied:,} that no longer stand{'s' if varied == 1 else ''}"
    return words


def _of_promise(figures: FourFigures, kind: Kind) -> str:
    part = figures.delivery_share(kind)
    return "" if part is None else f"{percentage(part)} of everything committed"


def headline(found: Position, kind: Kind = Kind.SOCIAL) -> str:
    """The answer that people open the page for, as a title."""
    figures, words = found.figures, KIND_WORDS[kind]
    if figures.is_withheld(ValueState.VERIFIED, kind):
        return f"A licence keeps in how much {words} is verified here"
    if quarter := one_quarter(found):
        amount = figures.pounds(ValueState.VERIFIED, kind)
        if amount is None:
            return f"No {words} is verified in {quarter.short}"
        return f"{readable(amount)} of {words} is verified in {quarter.short}"
    part = figures.delivery_share(kind)
    if part is None:
        return f"Nothing can be said of {words} yet"
    return f"So far, {percentage(part)} of the {words} promised is verified"


def four_chart(key: str, found: Position, kind: Kind, subtitle: str) -> Chart | None:
    """Four bars growing solid; None where there is nothing of this kind."""
    figures = found.figures
    local = kind is Kind.LOCAL_ECONOMIC
    if all(figures.pounds(state, kind) is None for state, *_ in STATES):
        return None
    bars = []
    for state, _, label, paint, local_paint in STATES:
        amount = figures.pounds(state, kind)
        text = "" if amount is None else readable(amount)
        bars.append(Bar(label, amount, text, local_paint if local else paint))
    return bar_chart(
        key=key,
        title=headline(found, kind),
        subtitle=subtitle,
        bars=bars,
        headings=("Figure", "Pounds"),
        missing="None recorded, or withheld" if figures.withheld else "None recorded",
    )


def quarters_chart(
    key: str, groups: Sequence[Group], kind: Kind = Kind.SOCIAL, *, has_ways: bool = True
) -> Chart | None:
    """What was verified in each quarter. A quarter in which nothing counted is a gap, not £0.

    `has_ways` False: for readers who may not open the rows.
    """
    amounts = [(group, group.figures.pounds(ValueState.VERIFIED, kind)) for group in groups]
    # Quarters before the first delivery say nothing.
    while len(amounts) > 4 and amounts[0][1] is None:
        del amounts[0]
    known = [(group, amount) for group, amount in amounts if amount is not None]
    if not known:
        return None
    _, most = max(known, key=lambda pair: pair[1])
    best = [group.label for group, amount in known if readable(amount) == readable(most)]
    title = f"Most was verified in {best[0]}: {readable(most)}"
    if len(best) > 1:
        title = f"At most {readable(most)} was verified in a quarter"
    return column_chart(
        key=key,
        title=title,
        subtitle=f"Verified {KIND_WORDS[kind]} by the quarter in which it counts",
        bars=[
            Bar(
                group.label,
                amount,
                "" if amount is None else readable(amount),
                Paint.LOCAL_VERIFIED if kind is Kind.LOCAL_ECONOMIC else Paint.VERIFIED,
                deliveries_url(f"{group.query}&kind={kind.value}") if has_ways else "",
            )
            for group, amount in amounts
        ],
        headings=("Quarter", "Verified"),
        missing="Nothing, or withheld"
        if any(group.figures.is_withheld(ValueState.VERIFIED, kind) for group in groups)
        else "Nothing yet",
    )


def group_tables(
    caption: str, heading: str, groups: Sequence[Group], found: Position
) -> list[Table]:
    """A breakdown as one table for each kind of value, each row leading to its deliveries.

    For one quarter without "verified of committed": see `four_tiles`.
    """
    tables = []
    span = urlencode({name: code for name, code in span_of(found).items() if code})
    whole = not one_quarter(found)
    for kind in (Kind.SOCIAL, Kind.LOCAL_ECONOMIC):
        rows = []
        for group in groups:
            states = (ValueState.COMMITTED, ValueState.REPORTED, ValueState.VERIFIED)
            if not has_kind(group.figures, kind, states):
                continue
            query = f"{group.query}&{span}&kind={kind.value}"
            part = [percentage(group.figures.delivery_share(kind))] if whole else []
            rows.append(
                (
                    Link(group.label, deliveries_url(query)) if group.lines else group.label,
                    *(_cell(group.figures, state, kind) for state in states),
                    *part,
                )
            )
        if rows:
            headings = [heading, "Committed", "Reported", "Verified"]
            if whole:
                headings.append("Verified of committed")
            title = f"{caption}: {KIND_WORDS[kind]}"
            tables.append(
                Table(
                    title,
                    headings,
                    rows,
                    numeric=frozenset(range(1, len(headings))),
                    is_stacked=True,
                )
            )
    return tables


def _cell(figures: FourFigures, state: ValueState, kind: Kind) -> str:
    if figures.is_withheld(state, kind):
        return "withheld"
    amount = figures.pounds(state, kind)
    return "none" if amount is None else readable(amount)


def has_kind(
    figures: FourFigures, kind: Kind, states: Sequence[ValueState] = tuple(ValueState)
) -> bool:
    """Whether there is anything of this kind of value, also where it may not be told."""
    return any(
        figures.pounds(state, kind) is not None or figures.is_withheld(state, kind)
        for state in states
    )


def has_any(amounts: Amounts | None) -> bool:
    return amounts is not None and (
        amounts.social_pounds is not None or amounts.local_economic_pounds is not None
    )
