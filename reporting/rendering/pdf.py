"""An edition as PDF/UA-1."""

from __future__ import annotations

from trafford_sv.core.documents import render_pdf

from ..datasets.words import figure_words, rests_on
from ..editions import kind_of
from .sheet import Sheet, sections_of


def edition_pdf(sheet: Sheet) -> bytes:
    """No query; about 0.05 s and 2 MB a page, so it belongs to a task."""
    dataset = sheet.dataset
    sections = sections_of(sheet)
    kind = kind_of(dataset.kind)
    lists = kind.prints_every_figure
    context = {
        "title": dataset.title,
        "subtitle": dataset.subtitle,
        "kicker": dataset.kicker or "Trafford Council",
        "date_line": sheet.date_line,
        "has_cover": dataset.has_cover,
        "has_contents": len(sections) > 2,
        "contents": [
            *((one.id, one.title) for one in sections if one.level == 2),
            *([("every-figure", "Every figure of this report")] if lists else []),
            ("this-edition", "About this edition"),
        ],
        "lists_figures": lists,
        "dataset": dataset,
        "sheet": sheet,
        "sections": sections,
        "figures": [
            (
                figure,
                figure_words(figure, "exact"),
                rests_on(figure, dataset),
                sheet.figure_address(figure.id),
            )
            for figure in (dataset.figures if lists else ())
        ],
    }
    return render_pdf(template=kind.document_template, context=context)
