"""The one door through which a drawing of an edition gets into a page as it is.

A drawing is stored as SVG that our own templates made. Before it is marked as safe it is read again:
what is not one of the shapes and words that we draw with does not pass.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from django.utils.safestring import SafeString, mark_safe

SVG = "{http://www.w3.org/2000/svg}"
_PAINT = "fill fill-rule stroke stroke-width stroke-dasharray stroke-linejoin stroke-linecap"
# Each element with its own attributes. All are free of scripts, of style sheets and of addresses.
ELEMENTS: dict[str, frozenset[str]] = {
    name: frozenset(f"id {own}".split())
    for name, own in {
        "svg": "class viewBox width height role aria-labelledby font-family",
        "title": "",
        "desc": "",
        "defs": "",
        "pattern": "width height patternUnits patternTransform",
        "line": f"x1 y1 x2 y2 {_PAINT}",
        "path": f"d {_PAINT}",
        "rect": f"x y width height rx {_PAINT}",
        "circle": f"cx cy r {_PAINT}",
        "text": f"x y font-size font-weight text-anchor paint-order {_PAINT}",
    }.items()
}
WORDS = {"title", "desc", "text"}
# A paint may name a pattern of the same drawing, and nothing else in the world.
OWN_PATTERN = re.compile(r"url\(#[A-Za-z0-9_-]+\)")


class NotPlain(ValueError):
    """Why a drawing is not shown; the sentence is for whoever keeps the product."""


def plain_drawing(svg: str) -> SafeString:
    """The same text, safe to put into a page. Raises NotPlain."""
    # No document type (entities), no section that HTML reads otherwise than XML, no instruction.
    if "<!" in svg or "<?" in svg:
        raise NotPlain("A drawing holds only elements and words.")
    try:
        root = ElementTree.fromstring(svg.strip())
    except (ElementTree.ParseError, ValueError) as error:
        raise NotPlain(f"A drawing is not well formed: {error}.") from error
    if root.tag != f"{SVG}svg":
        raise NotPlain("A drawing begins with svg.")
    for element in root.iter():
        _check(element, is_root=element is root)
    return mark_safe(svg)


def _check(element: ElementTree.Element, *, is_root: bool) -> None:
    name = element.tag.removeprefix(SVG)
    if name not in ELEMENTS or not element.tag.startswith(SVG) or (name == "svg") != is_root:
        raise NotPlain(f"A drawing has no {element.tag[:60]}.")
    if name in WORDS and len(element):
        raise NotPlain(f"In a drawing, {name} holds words alone.")
    for key, value in element.attrib.items():
        if key not in ELEMENTS[name]:
            raise NotPlain(f"In a drawing, {name} has no {key[:60]}.")
        if "(" in value and key in ("fill", "stroke") and not OWN_PATTERN.fullmatch(value):
            raise NotPlain(f"In a drawing, {key} names a colour or a pattern of its own.")
