"""What a report's PDF says, against its dataset: each answers with what is wrong, empty where nothing is."""

from __future__ import annotations

import re
from typing import Any

from reporting import editions
from reporting.datasets import Chart, Dataset, Drawing, Picture, figure_words, mentioned

from .pdf_reader import Pdf

FIGURE = re.compile(r"/figures/([a-z0-9-]+)/")


def wanted_of(dataset: Dataset) -> set[str]:
    """The figures that the PDF prints: all where it lists all, else those that its sections name."""
    if editions.kind_of(dataset.kind).prints_every_figure:
        return set(dataset.by_id)
    return set(mentioned(dataset))


def compact(words: str) -> str:
    """Without the places where a line may break."""
    return re.sub(r"[\s\u00ad\u200b]+", "", words)


def said_wrong(pdf: Pdf, dataset: Dataset) -> list[str]:
    """Each figure whose link says something else than its value, or whose value is not said at all."""
    links: dict[str, list[str]] = {}
    for link in pdf.links:
        found = FIGURE.search(link.target)
        if found:
            links.setdefault(found[1], []).append(compact(link.words))
    text, wrong = compact(pdf.text), []
    for key in sorted(wanted_of(dataset)):
        figure = dataset.by_id[key]
        forms = {compact(figure_words(figure, form)) for form in ("", "exact", "points")}
        told = links.get(key, [])
        for words in told:
            # A link may be broken over two lines, and then each part is a link.
            if not words or not any(words in one for one in (*forms, key)):
                wrong.append(f"{key} says “{words}”, not {sorted(forms)}")
        if not forms & set(told) and not any(one in text for one in forms):
            wrong.append(f"{key} is not said: {sorted(forms)}")
    return wrong


def described_wrong(pdf: Pdf, dataset: Dataset) -> list[str]:
    """Every chart, map and picture has its text. A map has its finding there, and what is to be seen below it."""
    blocks = [block for section in dataset.sections for block in section.blocks]
    pictures = [block.alternative for block in blocks if isinstance(block, Picture)]
    drawings = [block.alternative for block in blocks if isinstance(block, Drawing)]
    charts = sum(isinstance(block, Chart) for block in blocks)
    found, text = pdf.alternatives, compact(pdf.text)
    wrong = [f"a figure without a text: {found}"] if not all(one.strip() for one in found) else []
    wrong += [f"no picture says “{one}”" for one in pictures if one not in found]
    wrong += [f"no words say “{one}”" for one in drawings if compact(one) not in text]
    if len(found) < len(pictures) + len(drawings) + charts:
        wrong.append(f"{len(found)} texts for {len(pictures) + len(drawings) + charts} figures")
    return wrong


def marked_wrong(pdf: Pdf, sections: list[Any]) -> list[str]:
    """Each section that has a heading has a bookmark. A title block has none."""

    def bare(words: str) -> str:
        return compact(words).replace(".", "")

    marks = {bare(one) for one in pdf.bookmarks}
    wrong = [one.title for one in sections if one.id in pdf.places and bare(one.title) not in marks]
    return wrong + [one.id for one in sections if one.id not in pdf.places and one.id != "paper"]


def contents_wrong(pdf: Pdf) -> list[str]:
    """Each line of the contents ends in the number of the page that it leads to."""
    lines: dict[str, str] = {}
    for link in pdf.links:
        if link.target in pdf.places:
            # A line's dots and its number are parts of the link, which stand by themselves as well.
            lines[link.target] = max(lines.get(link.target, ""), link.words, key=len)
    wrong = [
        f"{words} leads to page {pdf.places[target]}"
        for target, words in lines.items()
        if not re.search(rf"\D{pdf.places[target]}$", words)
    ]
    return wrong or ([] if len(lines) > 2 else [f"{len(lines)} lines of contents"])


def figures_linked(pdf: Pdf, dataset: Dataset) -> dict[str, int]:
    """How often each figure stands in the PDF as a link to its page that says its value, or its id in the
    list of all. A link that is broken over two lines is one."""
    told: dict[str, list[str]] = {}
    for link in pdf.links:
        if found := FIGURE.search(link.target):
            told.setdefault(found[1], []).append(compact(link.words))
    counted: dict[str, int] = {}
    for key, parts in told.items():
        figure = dataset.by_id[key]
        whole = {compact(figure_words(figure, form)) for form in ("", "exact", "points")} | {key}
        said = ""
        for part in parts:
            said += part
            if said in whole:
                counted[key] = counted.get(key, 0) + 1
                said = ""
    return counted


def figures_printed(dataset: Dataset, sections: list[Any]) -> int:
    """How many times a figure is printed where it can be a link: in words, points, tables and, where the
    kind's document links them, cards; and once in the list of all. Headings and drawings say it besides."""
    lists = editions.kind_of(dataset.kind).prints_every_figure
    places = len(dataset.figures) if lists else 0
    for block in [block for section in sections for block in section.blocks]:
        runs = [block.pieces, *block.items]
        if block.table is not None and not (block.kind == "chart" and block.style == "told-below"):
            runs += [cell for row in block.table.rows for cell in row]
        places += sum(bool(piece.address) for run in runs for piece in run)
        places += 0 if lists else len(block.cards)
    return places
