"""As much of a file's text as can be read without running anything, for a scan. Pure.

It is for a warning and never for a decision, so it is bounded, and gives up quietly.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable
from html import unescape
from typing import IO

MOST_CHARACTERS = 2_000_000
_PART_BYTES = 20 * 1024 * 1024
# No tag holds another "<", so that no letter is looked at twice, whatever is sent.
_TAG = re.compile(r"<[^<>]{0,5000}>")
_PARTS = {
    "docx": re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|comments)\.xml"),
    "xlsx": re.compile(r"xl/(?:sharedStrings|comments\d*|worksheets/[^/]+)\.xml"),
}
# Where a paragraph, a cell or a line ends; between other tags a word goes on.
_BREAK = re.compile(r"</(?:w:p|w:tc|si|is|row|c)>|<w:(?:tab|br)\b[^<>]{0,200}/>")


def text_of_plain(body: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return body.decode(encoding)[:MOST_CHARACTERS]
        except UnicodeDecodeError:
            continue
    return ""


def text_of_office(file: IO[bytes], kind: str) -> str:
    found: list[str] = []
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not _PARTS[kind].fullmatch(entry.filename):
                    continue
                with archive.open(entry) as part:
                    markup = part.read(_PART_BYTES).decode("utf-8", "replace")
                found.append(unescape(_TAG.sub("", _BREAK.sub("\n", markup))))
                if sum(map(len, found)) > MOST_CHARACTERS:
                    break
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        pass
    return "\n".join(found)[:MOST_CHARACTERS]


# An escaped letter is taken by itself first: a bracket behind it begins nothing.
_SHOWN = re.compile(rb"\\.|\((?:[^()\\]|\\.){0,4000}\)")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.S)


def text_of_pdf(streams: Iterable[bytes]) -> str:
    """Texts that stand as letters in the pages. Fonts with codes of their own stay unread."""
    found: list[str] = []
    room, left = MOST_CHARACTERS, _PART_BYTES
    for stream in streams:
        if b"BT" not in stream or room <= 0 or left <= 0:
            continue
        stream = stream[:left]
        left -= len(stream)
        # One operator may show a word in pieces: its pieces belong together.
        for line in re.split(rb"\bT[jJdD*m]\b|'|\"", stream):
            pieces = _SHOWN.findall(line)
            shown = b"".join(piece[1:-1] for piece in pieces if piece.startswith(b"("))
            if shown:
                text = _ESCAPE.sub(_unescaped, shown).decode("cp1252", "replace")
                found.append(text)
                room -= len(text)
    return "\n".join(found)[:MOST_CHARACTERS]


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 255]) if code[:1].isdigit() else code
