"""What a tagged PDF says: words, links, figures with their texts, bookmarks. For PDFs as WeasyPrint writes them.

Words are read through each font's own table to Unicode, as a screen reader reads them, and joined to the
link that the structure puts them in.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from functools import cached_property

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.S)
# Lines end in one character: a \r before it belongs to what is packed.
_STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.S)
_TOKEN = re.compile(
    rb"/MCID (?P<mcid>\d+)>>\s*BDC|(?P<begin>\bBMC\b|\bBDC\b)|(?P<end>\bEMC\b)|/(?P<font>\w+) [\d.]+ Tf"
    rb"|\[(?P<shown>[^\]]*)\] TJ|(?P<hex><[0-9a-fA-F]+>) Tj"
)
_STRING = rb"\((?:\\.|[^\\()])*\)|<[0-9a-fA-F]*>"


@dataclass(frozen=True)
class Link:
    """`target` is an address, or the name of a place in the document."""

    target: str
    words: str


@dataclass
class Pdf:
    content: bytes
    objects: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for match in _OBJECT.finditer(self.content):
            self.objects[int(match[1])] = match[2]
        for held in [one for one in self.objects.values() if b"/Type /ObjStm" in one]:
            body, first = self.body(held), int(re.search(rb"/First (\d+)", held)[1])
            heads = list(map(int, body[:first].split()))
            starts = [*heads[1::2], len(body)]
            for place, number in enumerate(heads[0::2]):
                self.objects[number] = body[first + starts[place] : first + starts[place + 1]]

    def body(self, held: bytes) -> bytes:
        """A stream as it is when unpacked."""
        packed = _STREAM.search(held)[1]
        return zlib.decompress(packed) if b"/FlateDecode" in held else packed

    def of_type(self, name: str) -> list[bytes]:
        return [one for one in self.objects.values() if f"/Type /{name}/".encode() in one]

    @cached_property
    def catalog(self) -> bytes:
        (found,) = self.of_type("Catalog")
        return found

    @property
    def language(self) -> str:
        return text_of(re.search(rb"/Lang (" + _STRING + rb")", self.catalog)[1])

    @property
    def title(self) -> str:
        """As the document's own metadata says it."""
        (held,) = self.of_type("Metadata")
        said = self.body(held).decode()
        return re.search(r"<rdf:li[^>]*>(.*?)</rdf:li>", said, re.S)[1]

    @cached_property
    def pages(self) -> list[int]:
        """Objects of the pages, in their order."""
        (root,) = [one for one in self.of_type("Pages") if b"/Kids" in one]
        return references(re.search(rb"/Kids \[(.*?)\]", root)[1])

    @cached_property
    def bookmarks(self) -> list[str]:
        held = [one for one in self.objects.values() if b"/Title" in one and b"/Dest" in one]
        return [text_of(re.search(rb"/Title (" + _STRING + rb")", one)[1]) for one in held]

    @cached_property
    def places(self) -> dict[str, int]:
        """Named places and the number of the page that each is on, from 1."""
        names = re.findall(rb"(" + _STRING + rb") \[(\d+) 0 R", self.catalog)
        return {text_of(name): self.pages.index(int(page)) + 1 for name, page in names}

    @property
    def alternatives(self) -> list[str]:
        """Of each figure (a drawing or picture) its text; "" where it has none."""
        found = []
        for one in self.of_type("StructElem"):
            if b"/S /Figure" in one:
                said = re.search(rb"/Alt (" + _STRING + rb")", one)
                found.append(text_of(said[1]) if said else "")
        return found

    @cached_property
    def fonts(self) -> dict[bytes, dict[str, str]]:
        """By its name in a page: what each code stands for."""
        found: dict[bytes, dict[str, str]] = {}
        for held in self.objects.values():
            for name, number in re.findall(rb"/([A-Z]{6}) (\d+) 0 R", held):
                font = self.objects[int(number)]
                table = re.search(rb"/ToUnicode (\d+) 0 R", font)
                if table:
                    cmap = self.body(self.objects[int(table[1])]).decode("latin-1")
                    pairs = re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", cmap, re.M)
                    found[name] = {
                        code.lower(): bytes.fromhex(text).decode("utf-16-be")
                        for code, text in pairs
                    }
        return found

    @cached_property
    def marked(self) -> dict[tuple[int, int], str]:
        """(page object, number of marked content) -> its words. What decorates is under no number."""
        found: dict[tuple[int, int], str] = {}
        for page in self.pages:
            contents = int(re.search(rb"/Contents (\d+) 0 R", self.objects[page])[1])
            stack: list[int | None] = []
            table: dict[str, str] = {}
            for token in _TOKEN.finditer(self.body(self.objects[contents])):
                if token["mcid"]:
                    stack.append(int(token["mcid"]))
                elif token["begin"]:
                    stack.append(None)
                elif token["end"]:
                    stack.pop()
                elif token["font"]:
                    table = self.fonts[token["font"]]
                elif stack and stack[-1] is not None:
                    codes = "".join(
                        re.findall(r"<([0-9a-fA-F]+)>", (token["shown"] or token["hex"]).decode())
                    ).lower()
                    said = "".join(
                        table.get(codes[at : at + 4], "?") for at in range(0, len(codes), 4)
                    )
                    key = (page, stack[-1])
                    found[key] = found.get(key, "") + said
        return found

    @property
    def text(self) -> str:
        return " ".join(self.marked.values())

    @cached_property
    def links(self) -> list[Link]:
        """Each link of the structure with the words inside it."""
        found = []
        for number, held in self.objects.items():
            if b"/Type /StructElem" in held and b"/S /Link" in held:
                words, annotations = self._inside(number, None)
                for one in annotations[:1]:
                    found.append(Link(self._target(one), " ".join("".join(words).split())))
        return found

    def _inside(self, number: int, page: int | None) -> tuple[list[str], list[bytes]]:
        held = self.objects[number]
        if b"/Type /OBJR" in held:
            return [], [self.objects[int(re.search(rb"/Obj (\d+) 0 R", held)[1])]]
        own = re.search(rb"/Pg (\d+) 0 R", held)
        page = int(own[1]) if own else page
        kids = re.search(rb"/K (\[.*?\]|\d+ 0 R|\d+)", held)
        words, annotations = [], []
        for reference, mcid in re.findall(rb"(\d+) 0 R|(\d+)", kids[1] if kids else b""):
            if reference:
                inner = self._inside(int(reference), page)
                words += inner[0]
                annotations += inner[1]
            else:
                words.append(self.marked.get((page or 0, int(mcid)), ""))
        return words, annotations

    def _target(self, annotation: bytes) -> str:
        uri = re.search(rb"/URI (" + _STRING + rb")", annotation)
        dest = re.search(rb"/(?:Dest|D) (" + _STRING + rb")", annotation)
        return text_of((uri or dest)[1]) if uri or dest else ""


def references(held: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"(\d+) 0 R", held)]


def text_of(held: bytes) -> str:
    """A PDF string, written plainly or in hexadecimal."""
    if held.startswith(b"<"):
        raw = bytes.fromhex(held[1:-1].decode())
    else:
        raw = re.sub(rb"\\(.)", rb"\1", held[1:-1], flags=re.S)
    return raw[2:].decode("utf-16-be") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")
