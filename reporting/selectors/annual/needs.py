"""What communities asked for, where, and what was done about it."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string

from community_needs.models import Need
from contracts.selectors.need_coverage import YEAR, Coverage, coverage_on
from trafford_sv.core.charts import Place, ward_map
from trafford_sv.directory.models import Area

from ...datasets import Block, Chart, Drawing, FigureCards, Series, Table, Words
from ..report_book import Book, day, name, quoted, shown, where, words

STATES = (
    ("open", "Open", "OFFERED"),
    ("matched", "Matched", "COMMITTED"),
    ("part_met", "Met in part", "REPORTED"),
    ("met", "Met", "VERIFIED"),
)
UNMET_SHOWN = 15
NOBODY = "Nobody was asked"


def add_needs(book: Book, as_of: datetime.date) -> Coverage:
    """Published needs as they stood on the day."""
    visitor = AnonymousUser()
    needs = Need.objects.visible_to(visitor).standing().filter(open_from__lte=as_of)
    rows = list(needs.select_related("priority").order_by("priority__position", "pk"))
    book.add_rows(
        "needs",
        "Needs of communities",
        (
            ("key", "Row", "text"),
            ("title", "Need", "text"),
            ("priority", "Priority", "text"),
            ("state", "How far it is", "text"),
            ("open_from", "Open from", "date"),
        ),
        (
            (f"need-{row.pk}", row.title, row.priority.name, row.state, row.open_from)
            for row in rows
        ),
        "One need that hubs and residents raised and the council published.",
    )
    links = (
        Need.wards.through.objects.filter(
            need__in=[row.pk for row in rows], area__boundary_year=YEAR, area__kind=Area.Kind.WARD
        )
        .order_by("area__name", "need_id")
        .values_list("need_id", "area__code", "area__name", "need__state")
    )
    book.add_rows(
        "need-wards",
        "Needs by ward",
        (
            ("key", "Row", "text"),
            ("ward", "Ward", "text"),
            ("ward_name", "Name", "text"),
            ("state", "How far it is", "text"),
        ),
        ((f"need-{need}-{code}", code, ward, state) for need, code, ward, state in links),
        "One need in one of its wards. A need in several wards is a row in each.",
    )
    on = f"on {day(as_of)}"
    book.count("needs", "Needs of communities", "needs", period=on)
    for key, label, _ in STATES:
        book.count(
            f"needs-{key.replace('_', '-')}",
            f"Needs: {label.lower()}",
            "needs",
            where(state=key),
            period=on,
        )
    return coverage_on(as_of, visitor, most=UNMET_SHOWN)


def add_needs_chapter(book: Book, found: Coverage, as_of: datetime.date) -> None:
    if not book.number("needs"):
        book.section(
            "needs", "What communities need", Words("No need has been published yet."), breaks=True
        )
        return
    open_needs = book.number("needs-open")
    title = (
        "[[needs-open]] of [[needs]] needs are still open"
        if open_needs > 1
        else "One of [[needs]] needs is still open"
        if open_needs
        else "Every published need has an answer"
    )
    book.section(
        "needs",
        title,
        Words(
            f"Community hubs and residents say what is needed; suppliers, adopters and neighbours answer. This is how the [[needs]] published "
            f"needs stood on {day(as_of)}. A need is met when its hub has confirmed it.",
            "lead",
        ),
        FigureCards(("needs-open", "needs-matched", "needs-part-met", "needs-met")),
        _by_priority(book, found),
        breaks=True,
    )
    book.section("coverage", "Ward by ward", _map(book, found), *_not_asked(found), level=3)
    _unmet(book, found)


def _by_priority(book: Book, found: Coverage) -> Chart:
    names = tuple(one.name for one in found.priorities)
    series = []
    for key, label, paint in STATES:
        ids = tuple(
            book.count(
                f"needs-priority-{place}-{key.replace('_', '-')}",
                f"{priority}: {label.lower()}",
                "needs",
                where(priority=priority, state=key),
            )
            for place, priority in enumerate(names, start=1)
        )
        series.append(Series(label, ids, paint))
    return Chart(
        "needs-priorities",
        "What was asked for, and how far it is answered",
        "Published needs by priority",
        "stacked",
        "Priority",
        names,
        tuple(series),
        points_are_names=True,
    )


def _map(book: Book, found: Coverage) -> Drawing:
    places, rows = [], []
    for row in found.matrix.rows:
        ward = found.ward(row.ward)
        if row.total is None:
            places.append(Place(ward.code, ward.name, ward.geometry, None, NOBODY))
            rows.append((name(ward.name), words(NOBODY), words(NOBODY)))
            continue
        key = ward.code.lower()
        all_needs = book.count(
            f"needs-ward-{key}", f"Needs in {ward.name}", "need-wards", where(ward=ward.code)
        )
        unmet = book.count(
            f"needs-ward-{key}-open",
            f"Open needs in {ward.name}",
            "need-wards",
            where(ward=ward.code, state="open"),
        )
        value = book.number(unmet)
        places.append(Place(ward.code, ward.name, ward.geometry, value, f"{value:f}"))
        rows.append((name(ward.name), shown(unmet), shown(all_needs)))
    most = max((place.value or Decimal(0) for place in places), default=Decimal(0))
    worst = [place.name for place in places if place.value == most and most]
    title = (
        "No ward has an open need"
        if not worst
        else (
            f"{quoted(worst[0])} has the most open needs"
            if len(worst) == 1
            else "Where needs are open"
        )
    )
    step = max(1, -(-int(most) // 4))
    drawn = ward_map(
        key="annual-wards",
        title=title,
        subtitle="Open needs by ward. A need in several wards is in each.",
        places=places,
        headings=("Ward", "Open needs"),
        missing=NOBODY,
        text=_open,
        breaks=[Decimal(1), *[Decimal(step * n + 1) for n in (1, 2, 3) if step * n + 1 <= most]],
    )
    svg = render_to_string("components/ward_map_drawing.html", {"map": drawn, "is_document": True})
    table = Table(
        "needs-wards-table",
        "Open needs and all needs, by ward",
        ("Ward", "Open", "All"),
        tuple(rows),
        (1, 2),
    )
    return Drawing(
        "coverage-map",
        title,
        "A map of the wards of Trafford, darker where more needs are open.",
        svg,
        table,
    )


def _open(number: Decimal) -> str:
    return "None open" if not number else f"{number:f} open"


def _not_asked(found: Coverage) -> list[Block]:
    wards = [quoted(found.ward(code).name) for code in found.matrix.not_asked]
    if not wards:
        return []
    return [
        Words(
            f"{NOBODY} in {_listed(wards)}: no hub’s catchment covers them. That is not the same as nothing being needed.",
            "note",
        )
    ]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _unmet(book: Book, found: Coverage) -> None:
    if not found.unmet:
        return
    rows = []
    for one in found.unmet:
        wards = [
            found.ward(code).name
            for code in one.wards
            if any(ward.code == code for ward in found.wards)
        ]
        rows.append(
            (
                name(one.need.title),
                name(one.need.priority.name),
                name(
                    "All over the borough"
                    if len(wards) > 6
                    else ", ".join(wards) or "No ward named"
                ),
            )
        )
    note = "The most urgent. The others are on the site." if found.unmet_total > len(rows) else ""
    book.section(
        "unmet",
        "Where help is needed most",
        Words(
            "First come needs that no live promise fits, then those that close soonest, then the most deprived wards."
        ),
        Table(
            "unmet-table",
            "Open needs, most urgent first",
            ("Need", "Priority", "Wards"),
            tuple(rows),
            (),
            note,
        ),
        level=3,
    )
