"""What a file really is, by its first bytes. Its name is not believed."""

from __future__ import annotations

import re
import zipfile
from typing import IO

from .limits import FileRefused

_SAVE_AS = "Save it as CSV or Excel (.xlsx) and try again."
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", f"This is a PDF, not a spreadsheet. {_SAVE_AS}"),
    (b"MZ", "This is a program, not a spreadsheet. It was not opened."),
    (b"\x7fELF", "This is a program, not a spreadsheet. It was not opened."),
    (
        b"\xd0\xcf\x11\xe0",
        "This is an old Excel file (.xls) or one protected by a password. "
        "Open it in Excel and save it as .xlsx without a password.",
    ),
    (b"\x89PNG", f"This is a picture, not a spreadsheet. {_SAVE_AS}"),
    (b"\xff\xd8\xff", f"This is a picture, not a spreadsheet. {_SAVE_AS}"),
    (b"GIF8", f"This is a picture, not a spreadsheet. {_SAVE_AS}"),
    (b"\x1f\x8b", "This file is compressed with gzip. Unpack it first, or use a zip file."),
    (b"7z\xbc\xaf", "This file is compressed with 7-Zip. Unpack it first, or use a zip file."),
    (b"Rar!", "This file is compressed with RAR. Unpack it first, or use a zip file."),
    (b"{\\rtf", f"This is a text document, not a spreadsheet. {_SAVE_AS}"),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(rb"^\s*<(\?xml|!doctype|html|\w+[\s>])", re.IGNORECASE)
UNKNOWN_ENCODING = (
    "The letters in this file are in an encoding we do not read. "
    "Open it in Excel and save it as “CSV UTF-8”."
)


def kind_of(file: IO[bytes]) -> str:
    """`csv`, `xlsx`, `zip` or `json`. Leaves the file at its start. Raises FileRefused."""
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if not head:
        raise FileRefused("This file is empty. Choose a file that has rows in it.")
    for signature, sentence in _SIGNATURES:
        if head.startswith(signature):
            raise FileRefused(sentence)
    if head.startswith(_UTF16):
        raise FileRefused(UNKNOWN_ENCODING)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_zip(file)
    body = head.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise FileRefused("This file is empty. Choose a file that has rows in it.")
    if body.lstrip()[:1] in (b"{", b"["):
        return "json"
    if _MARKUP.match(body):
        raise FileRefused(f"This is a web page or XML, not a spreadsheet. {_SAVE_AS}")
    if b"\x00" in head:
        raise FileRefused(UNKNOWN_ENCODING)
    if sum(byte < 32 and byte not in b"\t\n\r\f\x0b\x1a" for byte in head) * 50 > len(head):
        raise FileRefused(f"This is not a spreadsheet. {_SAVE_AS}")
    return "csv"


def _kind_of_zip(file: IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist()[:10_000])
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise FileRefused(DAMAGED) from error
    finally:
        file.seek(0)
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "xl/workbook.bin" in names:
            raise FileRefused(
                "This is a binary Excel file (.xlsb). Save it as .xlsx and try again."
            )
        raise FileRefused(f"This is a document, not a spreadsheet. {_SAVE_AS}")
    if "mimetype" in names and "content.xml" in names:
        raise FileRefused(
            "This is an OpenDocument file. Save it as Excel (.xlsx) or CSV and try again."
        )
    return "zip"


DAMAGED = "This file is damaged or was cut short on its way. Download or save it again and retry."
