"""Which files may come in as evidence, told by their bytes. The name only has to agree.

Nothing here is run or unpacked to disk. What could run on the officer's machine (macros, scripts,
actions in a PDF), what cannot be looked into (passwords) and what hides more (archives) is refused
with a sentence that says what to do. No Django, no clock.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO

from ..workbooks import FileRefused, Limits, size_words
from ..workbooks.zips import check_archive
from .pictures import check_picture
from .text import text_of_office, text_of_pdf, text_of_plain

MEGABYTE = 1024 * 1024
LARGEST_BYTES = 25 * MEGABYTE
LONGEST_NAME = 255
UNZIPPED_BYTES = 200 * MEGABYTE
_INFLATED_EACH, _INFLATED_ALL = 8 * MEGABYTE, 150 * MEGABYTE
_OFFICE_LIMITS = Limits(zip_entries=5000, zip_ratio=200, zip_ratio_from_bytes=10 * MEGABYTE)


@dataclass(frozen=True)
class Kind:
    """`key` is stored with the file; `endings` are the names it may go by."""

    key: str
    words: str
    content_type: str
    endings: tuple[str, ...]
    is_picture: bool = False


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("pdf", "PDF", "application/pdf", (".pdf",)),
        Kind("jpeg", "JPEG picture", "image/jpeg", (".jpg", ".jpeg"), True),
        Kind("png", "PNG picture", "image/png", (".png",), True),
        Kind("webp", "WebP picture", "image/webp", (".webp",), True),
        Kind(
            "docx",
            "Word document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            (".docx",),
        ),
        Kind(
            "xlsx",
            "Excel workbook",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            (".xlsx",),
        ),
        Kind("csv", "CSV table", "text/csv; charset=utf-8", (".csv",)),
        Kind("txt", "Plain text", "text/plain; charset=utf-8", (".txt",)),
    )
}
# In the words of the file's hint, and for the `accept` of its field.
KINDS_WORDS = "PDF, Word (.docx), Excel (.xlsx), CSV, plain text, JPEG, PNG or WebP"
ACCEPT = ",".join(ending for kind in KINDS.values() for ending in kind.endings)

# What would run if somebody double-clicked it. Refused anywhere in a name but at its beginning.
_RUNS = frozenset(
    "exe com scr pif bat cmd ps1 psm1 vbs vbe js jse mjs wsf wsh hta msi msp msc jar cpl dll sys "
    "lnk url reg inf app dmg pkg sh bash py pyc pl rb php asp aspx jsp html htm xhtml shtml mht "
    "mhtml svg svgz xml xsl swf chm iso img vhd docm dotm xlsm xltm xlam xlsb pptm potm ppsm "
    "ppam sldm".split()
)
_MACRO_ENDINGS = frozenset("docm dotm xlsm xltm xlam pptm potm ppsm ppam sldm".split())
_ARCHIVE_ENDINGS = frozenset("zip rar 7z gz tgz tar bz2 xz cab ace arj lz zst".split())

_MACROS = (
    "This file has macros in it, which can run on the reader’s computer. Save it without macros "
    "(as .docx or .xlsx) or as PDF, and send that."
)
_PASSWORD = "This file is protected by a password. Save it without one and send it again."
_DAMAGED = "This file is damaged or was cut short on its way. Save it again and send that."
_ARCHIVE = "This is an archive. Unpack it and send the files in it, one by one."
_PROGRAM = "This is a program or a script, not evidence. It was not kept."
_PAGE = (
    "This is a web page or drawing that can hold scripts. Save or print it as PDF and send that."
)
_OLD_OFFICE = "This is an old Office file or an Outlook message. Save it as .docx, .xlsx or PDF and send that."
_TAKEN = f"Send {KINDS_WORDS}."

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"MZ", _PROGRAM),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"#!", _PROGRAM),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ", _ARCHIVE),
    (b"MSCF", _ARCHIVE),
    (b"GIF8", f"This is a GIF picture. Save it as PNG and send that. {_TAKEN}"),
    (b"BM", f"This is a bitmap picture. Save it as PNG and send that. {_TAKEN}"),
    (b"II*\x00", f"This is a TIFF picture. Save it as PNG or PDF and send that. {_TAKEN}"),
    (b"MM\x00*", f"This is a TIFF picture. Save it as PNG or PDF and send that. {_TAKEN}"),
    (b"{\\rtf", "This is a rich text document. Save it as .docx or PDF and send that."),
)
_MARKUP = re.compile(
    rb"<\s{0,9}(?:\?xml|!doctype|html|svg|script|iframe|body|head)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Looked:
    """What a file turned out to be. `text` is as much as could be read out of it, for the scan
    of personal data; `notes` are sentences for the supplier."""

    kind: Kind
    name: str
    file_bytes: int
    text: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)


def look_at(file: IO[bytes], name: str, *, largest_bytes: int = LARGEST_BYTES) -> Looked:
    """The file's kind by its bytes. Raises FileRefused. Leaves the file at its start."""
    shown = clean_name(name)
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise FileRefused("This file is empty. Check that it was saved, and send it again.")
    if size > largest_bytes:
        raise FileRefused(too_large_words(size, largest_bytes))
    try:
        # At most `largest_bytes`, and several looks at it.
        body = file.read()
        return _look(body, file, shown, size)
    finally:
        file.seek(0)


def too_large_words(size: int | None, largest_bytes: int) -> str:
    is_size = f"This file is {size_words(size)}; the" if size else "This file is too large: the"
    return (
        f"{is_size} most we take is {size_words(largest_bytes)}. "
        "Make the pictures in it smaller, or send it in parts."
    )


def clean_name(name: str) -> str:
    """The name without folders, control characters and marks that turn text round; at most 255
    characters, its ending kept."""
    text = unicodedata.normalize("NFC", str(name)).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(each for each in text if unicodedata.category(each) not in _INVISIBLE)
    text = re.sub(r"\s+", " ", text).strip().strip(".").strip()
    if not text:
        return "file"
    stem, ending = _split(text)
    room = LONGEST_NAME - len(ending)
    return stem[:room] + ending if room > 0 else text[:LONGEST_NAME]


# Control, format (turns text round, joins nothing), surrogate, private use, line and paragraph.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending) > 12 or " " in ending:
        return name, ""
    return stem, f".{ending}"


def _look(body: bytes, file: IO[bytes], name: str, size: int) -> Looked:
    _check_ending(name)
    kind = KINDS[_kind_by_bytes(body, file)]
    _check_name_agrees(name, kind)
    if kind.key in {"csv", "txt"}:
        ending = _split(name)[1].lower()
        kind = KINDS["csv" if ending == ".csv" else "txt"]
        text = text_of_plain(body)
        _check_text(text, kind)
        return Looked(kind, name, size, text)
    if kind.is_picture:
        return Looked(kind, name, size, notes=check_picture(file, kind.key))
    if kind.key == "pdf":
        return Looked(kind, name, size, text_of_pdf(_check_pdf(body)))
    return Looked(kind, name, size, text_of_office(file, kind.key))


def _check_ending(name: str) -> None:
    """Before the bytes: what its name promises to do when it is opened."""
    stem, *inner = [part.strip().lower() for part in name.split(".")]
    if not inner:
        raise FileRefused(f"“{name}” has no ending that says what it is. {_TAKEN}")
    last = inner[-1]
    if last in _MACRO_ENDINGS:
        raise FileRefused(_MACROS)
    if last in _ARCHIVE_ENDINGS:
        raise FileRefused(_ARCHIVE)
    if last == "eml" or last == "msg":
        raise FileRefused(
            "This is an e-mail, which holds people’s names and addresses. Print what matters of "
            "it as PDF, without them, and send that."
        )
    if last in {"html", "htm", "xhtml", "svg", "svgz", "mht", "mhtml", "xml"}:
        raise FileRefused(_PAGE)
    if len(inner) > 1 and (last in _RUNS or any(part in _RUNS for part in inner[:-1])):
        raise FileRefused(
            f"“{name}” has two endings, and one of them is a program’s. Give it a plain name "
            "with one ending and send it again."
        )
    if last in _RUNS:
        raise FileRefused(_PROGRAM)


def _kind_by_bytes(body: bytes, file: IO[bytes]) -> str:
    head = body[:4096]
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(_PASSWORD if _wide(b"EncryptedPackage") in body else _OLD_OFFICE)
    if head[4:8] == b"ftyp":
        raise FileRefused(
            "This is a phone’s own picture format or a film. Save a picture as JPEG and send that; "
            "for a film, send what it shows in words."
        )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_zip(file)
    for signature, sentence in _SIGNATURES:
        if head.startswith(signature):
            # Two letters are too few where the rest is plain text: "MZ", "BM" begin words.
            if len(signature) == 2 and signature.isalpha() and b"\x00" not in head:
                continue
            raise FileRefused(sentence)
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body.strip():
        raise FileRefused("This file holds nothing but empty lines. Check it and send it again.")
    if _MARKUP.match(plain):
        raise FileRefused(_PAGE)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("The letters in this file are not in UTF-8. Save it as UTF-8 text.")
    if b"\x00" in body or _control_share(head) > 0.02:
        raise FileRefused(f"This is no kind of file that we know. {_TAKEN}")
    return "txt"


def _control_share(head: bytes) -> float:
    return sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head) / max(1, len(head))


def _wide(text: bytes) -> bytes:
    return b"".join(bytes([letter, 0]) for letter in text)


def _check_name_agrees(name: str, kind: Kind) -> None:
    ending = _split(name)[1].lower()
    allowed = kind.endings
    if kind.key == "txt":
        allowed = (*KINDS["txt"].endings, *KINDS["csv"].endings)
    if ending not in allowed:
        really = "plain text" if kind.key == "txt" else f"a {kind.words}"
        known = any(ending in each.endings for each in KINDS.values())
        if not known:
            raise FileRefused(f"Files that end in “{ending}” are not taken. {_TAKEN}")
        raise FileRefused(
            f"The name ends in “{ending}”, but the file is {really}. Rename it or save it as what "
            "its name says, and send it again."
        )


def _check_text(text: str, kind: Kind) -> None:
    if re.search(r"<\s{0,9}(?:script|iframe|object|embed)\b", text, re.IGNORECASE):
        raise FileRefused(_PAGE)
    if kind.key == "csv" and re.search(
        r"(?im)(?:^|[,;\t])\s{0,9}\"?\s{0,9}[=+\-@](?>[^,;\t\r\n]{0,200}?(?:cmd|dde|powershell|mshta))[^\r\n]{0,60}[|!(]",
        text,
    ):
        raise FileRefused(
            "A cell of this table is a formula that would start a program. Save the values only, "
            "and send it again."
        )


# --- Office -------------------------------------------------------------------------------

_MAIN_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_ELEMENT = re.compile(rb"<[^<]*")
_EXTERNAL = re.compile(rb"TargetMode\s{0,9}=\s{0,9}[\"']External", re.IGNORECASE)
_FETCHED = re.compile(
    rb"(?:attachedTemplate|/oleObject|/frame|/externalLinkPath|/subDocument)[\"']", re.IGNORECASE
)


def _fetches(relationships: bytes) -> bool:
    """Whether opening the document reads another one. Element by element: each is looked at once."""
    return any(
        _EXTERNAL.search(element[0]) and _FETCHED.search(element[0])
        for element in _ELEMENT.finditer(relationships)
    )


def _kind_of_zip(file: IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename.replace("\\", "/").lower() for entry in entries}
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused(_PASSWORD)
            if "[content_types].xml" not in names:
                if "mimetype" in names and "content.xml" in names:
                    raise FileRefused(
                        "This is an OpenDocument file. Save it as .docx, .xlsx or PDF and send that."
                    )
                raise FileRefused(_ARCHIVE)
            check_archive(archive, limits=_OFFICE_LIMITS, unzipped_bytes=UNZIPPED_BYTES)
            _check_office(archive, entries)
            found = [kind for part, kind in _MAIN_PARTS.items() if part in names]
    except FileRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
            ValueError) as error:  # fmt: skip
        raise FileRefused(_DAMAGED) from error
    if len(found) != 1:
        raise FileRefused(f"This Office file is neither a document nor a workbook. {_TAKEN}")
    return found[0]


def _check_office(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        name = entry.filename.replace("\\", "/").lower()
        base = name.rsplit("/", 1)[-1]
        if base.startswith(("vbaproject", "vbadata")) or "/macrosheets/" in name:
            raise FileRefused(_MACROS)
        if "/activex/" in name or (
            "/embeddings/" in name and not name.endswith((".xlsx", ".docx"))
        ):
            raise FileRefused(
                "Another file or a control is embedded in this document. Take it out, or save the "
                "document as PDF, and send that."
            )
        if name == "[content_types].xml":
            types = archive.read(entry)
            if re.search(rb"macroEnabled|vbaProject|\.ms-excel\.(?:intl)?macrosheet", types, re.I):
                raise FileRefused(_MACROS)
        elif name.endswith(".rels") and _fetches(archive.read(entry)):
            raise FileRefused(
                "This document fetches a part of itself from somewhere else when it is opened. "
                "Save it as PDF and send that."
            )


# --- PDF ----------------------------------------------------------------------------------


def _escaped(name: str) -> bytes:
    """A name of a PDF with each letter plain or as #41, as readers accept it."""
    letters = "".join(f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in name)
    return b"/" + letters.encode() + rb"(?![A-Za-z0-9_#])"


_RUNS_IN_PDF = re.compile(
    b"|".join(map(_escaped, ("JavaScript", "Launch", "RichMedia", "ImportData", "Rendition")))
)
_EMBEDDED = re.compile(_escaped("EmbeddedFile") + b"|" + _escaped("EmbeddedFiles"))
_ENCRYPTED = re.compile(_escaped("Encrypt"))
_OBJECTS = re.compile(_escaped("ObjStm"))
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PIECE = 64 * 1024
_CANNOT_LOOK = (
    "This PDF is packed in a way that cannot be checked. Print it as a new PDF and send that."
)


def _check_pdf(body: bytes) -> list[bytes]:
    """Refuses what acts, hides or is locked. What its packed streams hold, for the scan."""
    if b"%%EOF" not in body[-65536:]:
        raise FileRefused(_DAMAGED)
    if _ENCRYPTED.search(body):
        raise FileRefused(_PASSWORD)
    streams = _unpacked(body)
    for part in (body, *streams):
        if _RUNS_IN_PDF.search(part):
            raise FileRefused(
                "This PDF holds a script or an action that runs when it is opened. Print it as a "
                "new PDF and send that."
            )
        if _EMBEDDED.search(part):
            raise FileRefused(
                "Another file is hidden in this PDF. Print it as a new PDF and send that, and send "
                "the other file by itself."
            )
    return streams


def _unpacked(body: bytes) -> list[bytes]:
    """Streams that are packed the usual way, up to a bound. Objects may stand in them."""
    found: list[bytes] = []
    left = _INFLATED_ALL
    for match in _STREAM.finditer(body):
        about = body[max(0, match.start() - 2048) : match.start()].rpartition(b"obj")[2]
        holds_objects = bool(_OBJECTS.search(about))
        if holds_objects and left <= 0:
            raise FileRefused(_CANNOT_LOOK)
        if not holds_objects and (left <= 0 or b"/Image" in about):
            continue
        out, is_whole = _inflated(body, match.end())
        if holds_objects and b"/Filter" in about and not is_whole:
            raise FileRefused(_CANNOT_LOOK)
        left -= len(out)
        found.append(out)
    return found


def _inflated(body: bytes, start: int) -> tuple[bytes, bool]:
    """What is packed from `start` on, and whether it was read to its end. It goes by the packing
    itself, because the length and the end that the file states may be made up."""
    unpack, view = zlib.decompressobj(), memoryview(body)
    pieces: list[bytes] = []
    room = _INFLATED_EACH
    try:
        while start < len(body) and not unpack.eof and room > 0:
            piece = unpack.decompress(view[start : start + _PIECE], room)
            start += _PIECE
            room -= len(piece)
            pieces.append(piece)
            while unpack.unconsumed_tail and room > 0:
                piece = unpack.decompress(unpack.unconsumed_tail, room)
                room -= len(piece)
                pieces.append(piece)
    except zlib.error:
        pass
    return b"".join(pieces), unpack.eof
