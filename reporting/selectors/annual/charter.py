"""The Charter, who adopted it, what was pledged outside contracts, and stories told with consent."""

from __future__ import annotations

import base64
import datetime
import io
from typing import Any

from charter.models import Adoption, CaseStudy, Pledge
from charter.selectors.case_studies import story_of
from charter.selectors.versions import charter_text, version_in_force
from contracts.near_words import SMALLEST_TOLD, counts_people
from trafford_sv.core.periods import FinancialYear

from ...datasets import Block, FigureCards, Picture, RowsTable, Table, Words
from ...editions import Period
from ..report_book import Book, day, name, quoted, shown, where

FEWEST_STORIES = 3
PICTURE_PIXELS = 1100
PICTURE_GONE = "The picture of this story was not found when the report was made."


def add_charter(book: Book, year: FinancialYear) -> None:
    add_adopters(book, year)
    _pledges(book, year)
    version = version_in_force(year.end)
    if version is None:
        book.section(
            "charter",
            "The Charter and who stands behind it",
            Words(f"No Charter was in force on {day(year.end)}."),
            breaks=True,
        )
        return
    text = charter_text(version, year.end)
    adopters = book.said("adopters", "organisation", "organisations")
    verb = "stands" if book.number("adopters") == 1 else "stand"
    book.section(
        "charter",
        f"{adopters} {verb} behind the Charter",
        Words(
            f"The Trafford Social Value Charter says what the borough wants social value to do. It was approved "
            f"by {quoted(text.approving_body)} on {day(text.approved_on)}. Organisations adopt it of their own will, "
            "and may withdraw.",
            "lead",
        ),
        FigureCards(("adopters", "adopters-new", "pledges", "pledges-confirmed")),
        breaks=True,
    )
    book.section(
        "principles",
        "The principles",
        *(
            Words(f"{principle.number}. {principle.words}", is_written=True)
            for principle in text.principles
        ),
        level=3,
    )
    blocks: list[Block] = []
    if book.rows["adopters"].rows:
        blocks.append(
            RowsTable(
                "adopters-table",
                f"Who had adopted the Charter by {day(year.end)}",
                "adopters",
                ("organisation", "adopted_on", "signed_by_role"),
            )
        )
    else:
        blocks.append(Words("No organisation had adopted the Charter by then."))
    if book.number("withdrawn"):
        blocks.append(
            Words(
                book.said(
                    "withdrawn",
                    "{} organisation has withdrawn since it began.",
                    "{} organisations have withdrawn since it began.",
                ),
                "note",
            )
        )
    book.section("adopted-by", "Who adopted it", *blocks, level=3)
    _pledge_section(book, text)


def add_adopters(book: Book, period: Period) -> None:
    columns = (
        ("key", "Row", "text"),
        ("organisation", "Organisation", "text"),
        ("adopted_on", "Adopted on", "date"),
        ("signed_by_role", "Signed by (role)", "text"),
        ("in_year", "Adopted in the year", "text"),
    )
    standing = Adoption.objects.standing_on(period.end).select_related("organisation")
    book.add_rows(
        "adopters",
        "Adopters of the Charter",
        columns,
        (
            (
                f"adoption-{row.pk}",
                row.organisation.name,
                row.adopted_on,
                row.signed_by_role,
                "yes" if row.adopted_on >= period.start else "no",
            )
            for row in standing.order_by("organisation__name", "pk")
        ),
        "One organisation whose adoption stood at the end of the period.",
    )
    gone = Adoption.objects.filter(withdrawn_on__lte=period.end).select_related("organisation")
    book.add_rows(
        "withdrawals",
        "Adoptions that were withdrawn",
        (
            ("key", "Row", "text"),
            ("organisation", "Organisation", "text"),
            ("withdrawn_on", "Withdrawn on", "date"),
        ),
        (
            (f"adoption-{row.pk}", row.organisation.name, row.withdrawn_on)
            for row in gone.order_by("pk")
        ),
        "One adoption that ended by the end of the period.",
    )
    book.count(
        "adopters", "Organisations behind the Charter", "adopters", period=f"on {day(period.end)}"
    )
    book.count("adopters-new", "Adopted in the year", "adopters", where(in_year="yes"))
    book.count("withdrawn", "Adoptions withdrawn", "withdrawals")


STATES = (
    (Pledge.State.PROMISED, "Still to be done"),
    (Pledge.State.REPORTED, "Reported as done"),
    (Pledge.State.CONFIRMED, "Confirmed"),
    (Pledge.State.NOT_CONFIRMED, "Not confirmed"),
)


def _pledges(book: Book, year: FinancialYear) -> None:
    rows = (
        Pledge.objects.filter(pledged_on__lte=year.end)
        .exclude(state=Pledge.State.WITHDRAWN)
        .select_related("organisation", "principle")
        .order_by("pledged_on", "pk")
    )
    book.add_rows(
        "pledges",
        "Pledges outside contracts",
        (
            ("key", "Row", "text"),
            ("organisation", "Organisation", "text"),
            ("title", "Pledge", "text"),
            ("principle", "Principle", "text"),
            ("state", "How it stands", "text"),
            ("unit", "Counted in", "text"),
            ("promised_quantity", "Promised", "decimal"),
            ("confirmed_quantity", "Confirmed", "decimal"),
        ),
        (
            (
                f"pledge-{row.pk}",
                row.organisation.name,
                row.title,
                row.principle.key,
                row.state,
                row.unit or None,
                _public(row.promised_quantity, row.unit),
                _public(row.confirmed_quantity, row.unit),
            )
            for row in rows
        ),
        "One promise that an organisation made under the Charter, outside any agreement. Such a pledge is never in pounds.",
    )
    book.count("pledges", "Pledges that stand", "pledges")
    for state, words in STATES:
        book.count(
            f"pledges-{state.value.replace('_', '-')}",
            f"Pledges: {words.lower()}",
            "pledges",
            where(state=state.value),
        )


def _public(quantity: Any, unit: str) -> Any:
    """Left out where it may point at fewer than five people."""
    if quantity is not None and 0 < quantity < SMALLEST_TOLD and counts_people(unit):
        return None
    return quantity


def _pledge_section(book: Book, text: Any) -> None:
    if not book.rows["pledges"].rows:
        book.section(
            "pledges", "Pledges outside contracts", Words("Nothing was pledged yet."), level=3
        )
        return
    rows = []
    for principle in text.principles:
        cells = [name(principle.title)]
        for state, words in STATES:
            key = state.value.replace("_", "-")
            cells.append(
                shown(
                    book.count(
                        f"pledges-{principle.key}-{key}",
                        f"{principle.title}: {words.lower()}",
                        "pledges",
                        where(principle=principle.key, state=state.value),
                    )
                )
            )
        rows.append(tuple(cells))
    book.section(
        "pledges",
        "Pledges outside contracts",
        Words(
            (
                "Besides what is in contracts, organisations pledged [[pledges]] things under the Charter of their own will. Such a "
                "pledge is counted when whoever it was for has confirmed it. "
                if book.number("pledges") != 1
                else "Besides what is in contracts, one thing was pledged under the Charter. It counts when whoever it was for has "
                "confirmed it. "
            )
            + "It is never turned into pounds and is in no total of pounds. A pledge that is recorded as an agreement with "
            "commitments is not counted here: it stands under the kinds of agreement."
        ),
        Table(
            "pledges-by-principle",
            "Pledges by principle and how they stand",
            ("Principle", *(words for _, words in STATES)),
            tuple(rows),
            (1, 2, 3, 4),
        ),
        level=3,
    )


def add_stories(book: Book, year: FinancialYear, as_of: datetime.date) -> None:
    """Published ones alone, which have consent by rule. Few people are never counted out."""
    published = CaseStudy.objects.published().filter(published_on__lte=as_of)  # type: ignore[attr-defined]
    chosen = list(published.filter(published_on__gte=year.start).order_by("-published_on", "pk"))
    if len(chosen) < FEWEST_STORIES:
        before = published.filter(published_on__lt=year.start).order_by("-published_on", "pk")
        chosen += list(before[: FEWEST_STORIES - len(chosen)])
    told = [(row, story_of(row, is_public=True)) for row in chosen]
    book.add_rows(
        "stories",
        "Case studies",
        (
            ("key", "Row", "text"),
            ("title", "Story", "text"),
            ("published_on", "Published on", "date"),
        ),
        ((row.key, row.title, row.published_on) for row, _ in told),
        "One story that was published with the consent of those it is about.",
    )
    book.count("stories", "Stories told here", "stories")
    if not told:
        book.section(
            "stories",
            "What it did for people",
            Words("No story was published with the consent of those it is about."),
            breaks=True,
        )
        return
    book.section(
        "stories",
        "What it did for people",
        Words(
            "Figures say how much. These stories say for whom. Each is told with the consent of those it is about.",
            "lead",
        ),
        breaks=True,
    )
    for row, story in told:
        facts = [part for part in (row.happened_words, story.people) if part]
        blocks: list[Block] = [Words(row.summary, "lead", is_written=True)]
        blocks += _picture(row)
        blocks += [
            Words(part.strip(), is_written=True)
            for part in row.story.replace("\r\n", "\n").split("\n\n")
            if part.strip()
        ]
        if facts:
            blocks.append(
                Words(
                    ". ".join(f"{fact[:1].upper()}{fact[1:]}" for fact in facts) + ".",
                    "note",
                    is_written=True,
                )
            )
        if story.partners:
            took_part = "; ".join(
                f"{one.name} ({_within(one.did)})" if one.did.strip(" .") else one.name
                for one in story.partners
            )
            blocks.append(Words(f"Took part: {took_part}.", "note", is_written=True))
        source = f" Source: {row.source_title}." if row.source_title else ""
        blocks.append(Words(f"Published {day(row.published_on)}.{source}", "note", is_written=True))
        book.section(f"story-{row.key}", row.title, *blocks, level=3, is_name=True)


def _within(did: str) -> str:
    """ "Advice on CVs." as it stands in brackets; a word in capitals keeps them."""
    text = did.strip().rstrip(".")
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _picture(row: CaseStudy) -> list[Block]:
    if not row.picture:
        return []
    try:
        with row.picture.open("rb") as file:
            content = _smaller(file.read())
    except (OSError, ValueError):
        return [Words(PICTURE_GONE, "note")]
    credit = f"Picture: {row.picture_credit}" if row.picture_credit else ""
    return [Picture(credit, row.picture_alt, "image/jpeg", base64.b64encode(content).decode())]


def _smaller(body: bytes) -> bytes:
    """As a JPEG no wider than a page needs. Raises OSError or ValueError for what is no picture."""
    from PIL import Image

    with Image.open(io.BytesIO(body)) as opened:
        picture = opened.convert("RGB")
        picture.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
