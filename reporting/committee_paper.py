"""The words of a committee paper in the Council's layout, and the figures named in them. Pure.

An officer writes the words and names a figure in double square brackets, [[social-verified]]; the
figure comes from the paper's dataset. A name that the dataset does not have stops the paper: it is
never printed as it stands and never left out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"\[\[([^\[\]\n]*)\]\]")
_STRAY = re.compile(r"\[\[|\]\]")
_HEADING = "#"
_BULLET = "- "
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")

# The rows of the implications table, in the Council's order: (key, how the paper names it).
IMPLICATIONS: tuple[tuple[str, str], ...] = (
    ("policy", "Relationship to Policy Framework/Corporate Priorities"),
    ("greater_manchester", "Relationship to GM Policy or Strategy Framework"),
    ("financial", "Financial"),
    ("legal", "Legal Implications"),
    ("equality", "Equality/Diversity Implications"),
    ("sustainability", "Sustainability Implications"),
    ("carbon", "Carbon Reduction"),
    ("resources", "Resource Implications e.g. Staffing / ICT / Assets"),
    ("risk", "Risk Management Implications"),
    ("wellbeing", "Health & Wellbeing Implications"),
    ("safety", "Health and Safety Implications"),
)


class VariableMissing(ValueError):
    """The words name a figure that the dataset does not have. The message is for the officer."""


class WordsMissing(ValueError):
    """A part that the paper cannot be published without is empty."""


def names_in(text: str) -> tuple[str, ...]:
    """The figures that a text names, each once, in order; "name:exact" is that name in full."""
    return tuple(dict.fromkeys(found.removesuffix(":exact") for found in _NAME.findall(text)))


def problems_in(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """What stops this text, in sentences; empty where nothing does."""
    held = set(known)
    found = [_unknown(name, held) for name in names_in(text) if name not in held]
    if _STRAY.search(_NAME.sub("", text)):
        found.append(
            "Double square brackets are open on one side. Write a figure like [[social-verified]]."
        )
    return tuple(found)


def _unknown(name: str, known: set[str]) -> str:
    shown = name[:60]
    if not name:
        return "Double square brackets hold no name. Write a figure like [[social-verified]]."
    near = difflib.get_close_matches(name[:80], sorted(known), n=1)
    instead = f" Did you mean [[{near[0]}]]?" if near else " Choose one from the list of figures."
    return f"There is no figure called “{shown}”.{instead}"


@dataclass(frozen=True)
class Paragraph:
    """`number` "2.1"; `points` are the lines below it that began with a hyphen."""

    number: str
    text: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberedSection:
    number: int
    heading: str
    paragraphs: tuple[Paragraph, ...]


def numbered(body: str) -> tuple[NumberedSection, ...]:
    """Sections from typed text: a line that begins with # is a heading, a blank line ends a
    paragraph, a line that begins with "- " is a point. Words before the first heading belong to
    a section called Background."""
    sections: list[tuple[str, list[list[str]]]] = []
    for line in body.replace("\r\n", "\n").split("\n"):
        stripped = line.strip()
        if stripped.startswith(_HEADING):
            sections.append((stripped.lstrip(_HEADING).strip() or "Untitled", [[]]))
            continue
        if not sections:
            if not stripped:
                continue
            sections.append(("Background", [[]]))
        blocks = sections[-1][1]
        if not stripped:
            blocks.append([])
        else:
            blocks[-1].append(stripped)
    return tuple(
        NumberedSection(number, heading, _paragraphs(number, blocks))
        for number, (heading, blocks) in enumerate(sections, start=1)
    )


def _paragraphs(section: int, blocks: list[list[str]]) -> tuple[Paragraph, ...]:
    found: list[Paragraph] = []
    for lines in blocks:
        points = tuple(line[len(_BULLET) :] for line in lines if line.startswith(_BULLET))
        text = " ".join(line for line in lines if not line.startswith(_BULLET))
        if text:
            found.append(Paragraph(f"{section}.{len(found) + 1}", text, points))
        elif points and found:  # points after a blank line belong to the paragraph above
            last = found[-1]
            found[-1] = Paragraph(last.number, last.text, (*last.points, *points))
        elif points:
            found.append(Paragraph(f"{section}.1", "", points))
    return tuple(found)


def recommendations(text: str) -> tuple[tuple[str, str], ...]:
    """One on each line, numbered (i), (ii) as the Council does."""
    lines = [line.strip().removeprefix("- ").strip() for line in text.splitlines()]
    kept = [line for line in lines if line]
    return tuple(
        (f"({ROMAN[place]})" if place < len(ROMAN) else f"({place + 1})", line)
        for place, line in enumerate(kept)
    )


# What the paper cannot go out without: (key of the words, how the form names it).
REQUIRED: tuple[tuple[str, str], ...] = (
    ("report_to", "Report to"),
    ("meeting_on", "Date of the meeting"),
    ("report_for", "Report for"),
    ("author", "Report of (author)"),
    ("title", "Report title"),
    ("summary", "Summary"),
    ("recommendations", "Recommendations"),
    ("contact", "Contact person"),
    ("background_papers", "Background papers"),
    *((f"implication_{key}", name) for key, name in IMPLICATIONS),
    ("body", "The report itself"),
    ("other_options", "Other options"),
    ("consultation", "Consultation"),
    ("reasons", "Reasons for recommendation"),
    ("key_decision", "Key decision"),
    ("finance_clearance", "Finance officer clearance"),
    ("legal_clearance", "Legal officer clearance"),
)


def missing_parts(words: Mapping[str, str]) -> tuple[str, ...]:
    """The names of required parts that are empty, in the order of the paper."""
    return tuple(name for key, name in REQUIRED if not words.get(key, "").strip())


@dataclass(frozen=True)
class PaperWords:
    """The whole paper, checked; the figures in it are still named, as a dataset's words name them."""

    words: Mapping[str, str]
    recommendations: tuple[tuple[str, str], ...]
    implications: tuple[tuple[str, str], ...]
    sections: tuple[NumberedSection, ...]
    missing: tuple[str, ...] = ()
    used: tuple[str, ...] = field(default=())


def paper_of(
    words: Mapping[str, str], figures: Collection[str], *, may_be_unfinished: bool = False
) -> PaperWords:
    """Raises VariableMissing; and WordsMissing unless it `may_be_unfinished`."""
    missing = missing_parts(words)
    if missing and not may_be_unfinished:
        raise WordsMissing(
            f"The paper is not finished. Still empty: {_listed(missing)}. "
            "Write “None as a consequence of this report” where that is so."
        )
    problems: list[str] = []
    for text in words.values():
        problems += [one for one in problems_in(text, figures) if one not in problems]
    if problems:
        raise VariableMissing(" ".join(problems))
    return PaperWords(
        words=words,
        recommendations=recommendations(words.get("recommendations", "")),
        implications=tuple(
            (name, words.get(f"implication_{key}", "")) for key, name in IMPLICATIONS
        ),
        sections=numbered(words.get("body", "")),
        missing=missing,
        used=tuple(dict.fromkeys(one for text in words.values() for one in names_in(text))),
    )


def _listed(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
