"""The annual report as PDF/UA-1, against a bare document with the same words, tables and charts.

    python -m benchmarks annual_report

Each drawing has a process of its own, by turns, and each process has the product loaded, as a worker has. "By hand"
is WeasyPrint on plain markup with the same typeface and a margin, and nothing else: no cover, no cards, no links, no
contents, no chapters on pages of their own, and the collector on, as it comes. So it has less than half the pages.

Time and what drawing adds to a process's memory are for one page; the whole documents are told without a target. Memory
is the most that the process itself held: what a process is told of its children's most includes the parent it was split from.
"""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

FONT = Path(__file__).parent.parent / "static/fonts/atkinson-hyperlegible-latin-{}-normal.woff2"
STYLE = """
@font-face { font-family: A; font-weight: 400; src: url("file://%s"); }
@font-face { font-family: A; font-weight: 700; src: url("file://%s"); }
@page { size: A4; margin: 24mm; font-family: A; } html { font-family: A; font-size: 10pt; }
table { width: 100%%; border-collapse: collapse; } th, td { text-align: left; border-bottom: 1px solid; }
svg { max-width: 100%%; height: auto; }
"""
# A page in no more time than bare, and no more than 1.3 times the memory.
TIME, MEMORY = 1.0, 1.3
ROWS = (
    ("Annual report, a page of {ours} and of {bare} (ms)", "page", TIME),
    ("Annual report, the document (ms)", "document", None),
    ("Annual report, memory of the worker (MB)", "memory", MEMORY),
    ("Annual report, memory a page adds (MB)", "page_adds", MEMORY),
    ("Annual report, memory the document adds (MB)", "adds", None),
)


def measure(rounds: int) -> Iterator[Any]:
    from benchmarks.base import Result
    from reporting.datasets import canonical_json

    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset()
        data, page = Path(folder, "annual.json"), Path(folder, "bare.html")
        data.write_text(canonical_json(dataset), encoding="utf-8")
        page.write_text(bare_html(dataset), encoding="utf-8")
        found: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
        for number in range(max(3, rounds // 12)):
            for what in ("ours", "bare") if number % 2 else ("bare", "ours"):
                found[what].append(_drawn(what, data if what == "ours" else page))
    pages = {what: f"{found[what][0]['pages']:.0f}" for what in found}
    for name, key, target in ROWS:
        ours, bare = ([one[key] for one in found[what]] for what in ("ours", "bare"))
        ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
        name = name.format(**pages)
        yield Result(name, statistics.median(ours), statistics.median(bare), ratio, target)


def _drawn(what: str, path: Path) -> dict[str, float]:
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.annual_report", what, str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _dataset() -> Any:
    """A year of an invented council: 120 contracts, 600 commitments, 6,000 deliveries, the plan's
    reference actions, wards. About 30 pages."""
    from io import StringIO

    from django.core.management import call_command
    from django.utils import timezone

    from benchmarks.rows import reference
    from contracts.generated_load import FIRST_QUARTER, generate
    from reporting.selectors.annual import gather_annual

    reference()
    call_command("load_reference", only=["open measures", "open rates"], stdout=StringIO())
    now = timezone.now()
    generate(
        contracts=120, commitments=600, deliveries=6_000, seed=1, by=None, now=now,
        beat=lambda done, total: None,
    )  # fmt: skip
    return gather_annual(FIRST_QUARTER.year, now)


def bare_html(dataset: Any) -> str:
    """The same words, tables and drawings, as plain as they can be."""
    from django.template.loader import render_to_string

    from reporting.rendering import Sheet, sections_of

    parts = []
    for section in sections_of(Sheet(dataset)):
        parts.append(f"<h{section.level}>{escape(section.title)}</h{section.level}>")
        for block in section.blocks:
            parts.append(_bare(block, render_to_string))
    style = STYLE % (str(FONT).format(400), str(FONT).format(700))
    title = escape(dataset.title)
    return (
        f'<!DOCTYPE html><html lang="en-GB"><head><title>{title}</title><style>{style}</style></head>'
        f"<body><h1>{title}</h1>{''.join(parts)}</body></html>"
    )


def _bare(block: Any, render: Any) -> str:
    said = lambda pieces: escape("".join(one.text for one in pieces))  # noqa: E731
    found = []
    if block.kind == "words":
        found.append(f"<p>{said(block.pieces)}</p>")
    elif block.kind == "bullets":
        found.append("<ul>" + "".join(f"<li>{said(one)}</li>" for one in block.items) + "</ul>")
    elif block.kind == "cards":
        found += [
            f"<p>{escape(card.label)}: {escape(card.number or '')}</p>" for card in block.cards
        ]
    elif block.kind == "chart":
        context = {
            "drawing": block.chart.wide, "title": block.chart.title, "size": "wide", "is_document": True,
            "description": block.chart.description, "id": f"{block.chart.key}-bare",
        }  # fmt: skip
        found.append(f"<figure>{render('components/chart_drawing.html', context)}</figure>")
    elif block.kind == "drawing":
        found.append(f"<figure>{block.svg}</figure>")
    if block.table is not None and not (block.kind == "chart" and block.style == "told-below"):
        table = block.table
        head = "".join(f'<th scope="col">{escape(one)}</th>' for one in table.headings)
        rows = "".join(
            "<tr>" + f'<th scope="row">{said(row[0])}</th>' + "".join(f"<td>{said(cell)}</td>" for cell in row[1:]) + "</tr>"
            for row in table.rows
        )  # fmt: skip
        found.append(
            f"<table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
    return "".join(found)


def _pages(pdf: bytes) -> int:
    """The objects of a page stand in compressed streams."""
    found = pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages")
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.S):
        with contextlib.suppress(zlib.error):
            plain = zlib.decompress(stream)
            found += plain.count(b"/Type /Page") - plain.count(b"/Type /Pages")
    return max(1, found)


def _held(what: str) -> float:
    """MB that this process holds now ("VmRSS") or held at most ("VmHWM"); Linux only."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(rf"^{what}:\s+(\d+) kB$", status, re.M)[0]) / 1024


def draw(what: str, path: Path) -> None:
    """In a process of its own; says milliseconds, pages and MB."""
    from weasyprint import HTML

    import_module("benchmarks.base")  # sets Django up
    from reporting.datasets import read_dataset
    from reporting.rendering import Sheet
    from reporting.rendering.pdf import edition_pdf

    text = path.read_text(encoding="utf-8")
    if what == "ours":
        sheet = Sheet(read_dataset(text), "ab" * 32, "http://127.0.0.1/e/")
        work = lambda: edition_pdf(sheet)  # noqa: E731
    else:
        work = lambda: HTML(string=text).write_pdf(pdf_variant="pdf/ua-1")  # noqa: E731
    HTML(string='<html lang="en"><title>a</title><p>a').write_pdf(pdf_variant="pdf/ua-1")
    before = _held("VmRSS")
    start = time.process_time()  # of the processor: the machine may be busy with others
    pdf = work()
    spent = (time.process_time() - start) * 1000
    pages, memory = _pages(pdf), _held("VmHWM")
    adds = memory - before
    print(json.dumps({
        "page": spent / pages, "document": spent, "pages": pages, "memory": memory,
        "adds": adds, "page_adds": adds / pages,
    }))  # fmt: skip


if __name__ == "__main__":
    draw(sys.argv[1], Path(sys.argv[2]))
