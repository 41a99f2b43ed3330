"""An edition as a Word document: real headings, header rows that repeat, alternative texts, language."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from typing import Any

from ..datasets.words import figure_words, rests_on
from .sheet import Piece, Sheet, Shown, ShownTable, sections_of

# What XML cannot hold; a person's words may.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def edition_docx(sheet: Sheet) -> bytes:
    """No query. Charts are their tables here, with their titles."""
    from docx import Document  # heavy, and only wanted here
    from docx.oxml.ns import qn

    dataset = sheet.dataset
    document = Document()
    for name in (
        "Normal",
        "Title",
        "Heading 1",
        "Heading 2",
        "Heading 3",
        "Caption",
        "List Bullet",
    ):
        font = document.styles[name].element.get_or_add_rPr()
        language = font.makeelement(qn("w:lang"), {qn("w:val"): dataset.language})
        font.append(language)
    _say_about(document, sheet)
    _write = _Writer(document, qn)
    if dataset.kicker:
        _write.paragraph([Piece(dataset.kicker)])
    document.add_heading(_clean(dataset.title), 0)
    if dataset.subtitle:
        _write.paragraph([Piece(dataset.subtitle)])
    _write.paragraph([Piece(sheet.date_line)])
    if dataset.what_changed:
        _write.paragraph([Piece(f"What this edition corrects: {dataset.what_changed}")])
    for section in sections_of(sheet):
        document.add_heading(_clean(section.title), section.level - 1)
        for block in section.blocks:
            _write.block(block)
    document.add_heading("Every figure of this report", 1)
    _write.table(_every_figure(sheet))
    document.add_heading("About this edition", 1)
    if sheet.sha256:
        _write.paragraph([Piece(f"SHA-256 of its data: {sheet.sha256}")])
    if sheet.address:
        _write.paragraph([Piece(f"Its data, figures and rows: {sheet.address}")])
    for source in dataset.sources:
        document.add_paragraph(_clean(source), style="List Bullet")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _say_about(document: Any, sheet: Sheet) -> None:
    about, when = document.core_properties, sheet.published or sheet.known
    about.title = _clean(f"{sheet.dataset.title}, {sheet.dataset.subtitle}".rstrip(", "))[:255]
    about.subject, about.language = sheet.dataset.period, sheet.dataset.language
    about.author, about.comments = "Trafford Social Value", sheet.sha256
    if when is not None:
        about.created = about.modified = when.replace(tzinfo=None)


def _every_figure(sheet: Sheet) -> ShownTable:
    rows = tuple(
        (
            (Piece(figure.label),), (Piece(figure.id),),
            (Piece(f"{figure_words(figure, 'exact')}{f' ({figure.reason})' if figure.reason else ''}"),),
            (Piece(rests_on(figure, sheet.dataset)),),
            (Piece(figure.completeness),),
        )
        for figure in sheet.dataset.figures
    )  # fmt: skip
    headings = ("Figure", "Id", "Value", "Rests on", "Completeness")
    return ShownTable("every-figure", "Figures by their ids", headings, rows, frozenset({2}))


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _joined(pieces: Iterable[Piece]) -> str:
    return _clean("".join(piece.text for piece in pieces))


class _Writer:
    def __init__(self, document: Any, qn: Any) -> None:
        self.document, self.qn = document, qn

    def paragraph(self, pieces: Iterable[Piece], style: str | None = None) -> None:
        self.document.add_paragraph(_joined(pieces), style=style)

    def block(self, block: Shown) -> None:
        match block.kind:
            case "words":
                style = "Intense Quote" if block.by else None
                self.paragraph(block.pieces, style)
                if block.by:
                    self.paragraph([Piece(block.by)])
            case "bullets":
                for item in block.items:
                    self.paragraph(item, "List Number" if block.style else "List Bullet")
            case "cards":
                self.table(_cards(block))
            case "chart":
                assert block.chart is not None
                self.paragraph([Piece(block.chart.title)], "Caption")
            case "drawing":
                self.paragraph([Piece(block.title)], "Caption")
                self.paragraph([Piece(block.alternative)])
            case "picture":
                self.picture(block)
        if block.table is not None:
            self.table(block.table)

    def table(self, table: ShownTable) -> None:
        """Its caption above it, as title for those who listen, and a first row that repeats."""
        qn = self.qn
        self.paragraph([Piece(table.caption)], "Caption")
        made = self.document.add_table(1, len(table.headings), style="Table Grid")
        properties = made._tbl.tblPr
        caption = properties.makeelement(qn("w:tblCaption"), {qn("w:val"): _clean(table.caption)})
        properties.append(caption)
        header = made.rows[0]._tr.get_or_add_trPr()
        header.append(header.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"}))
        self.row(made.rows[0].cells, table.headings, table.numeric, is_bold=True)
        for row in table.rows:
            added = made.add_row()
            whole = added._tr.get_or_add_trPr()
            whole.append(whole.makeelement(qn("w:cantSplit"), {qn("w:val"): "true"}))
            self.row(added.cells, [_joined(cell) for cell in row], table.numeric)
        self.paragraph([Piece(table.note)])

    @staticmethod
    def row(
        cells: Any, texts: Iterable[str], numeric: frozenset[int], is_bold: bool = False
    ) -> None:
        for place, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(_clean(text)).bold = is_bold or place == 0
            if place in numeric:
                paragraph.alignment = 2  # right

    def picture(self, block: Shown) -> None:
        from docx.shared import Cm

        content = base64.b64decode(block.source.partition(",")[2])
        shape = self.document.add_picture(io.BytesIO(content), width=Cm(15))
        shape._inline.docPr.set("descr", _clean(block.alternative))
        self.paragraph([Piece(block.title)], "Caption")


def _cards(block: Shown) -> ShownTable:
    rows = tuple(
        (
            (Piece(card.label),), (Piece(card.number or card.missing),),
            (Piece(". ".join(p for p in (card.state.sentence or card.change, card.of_what, card.completeness) if p)),),
        )
        for card in block.cards
    )  # fmt: skip
    return ShownTable("", "Figures", ("Figure", "Value", "Rests on"), rows, frozenset({1}))
