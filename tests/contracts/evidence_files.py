"""Real files, made byte by byte: small, and each with exactly one thing wrong with it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from PIL import Image

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Manchester's town hall square, rounded to a minute: 53 degrees 29 minutes north, 2 15 west.
PLACE = {1: "N", 2: (53.0, 29.0, 0.0), 3: "W", 4: (2.0, 15.0, 0.0)}


def pdf(
    *, catalog: str = "", trailer: str = "", page: str = "(Ten people came) Tj", extra: bytes = b""
) -> bytes:
    """One page with one line of text. `catalog` and `trailer` go into their dictionaries."""
    content = zlib.compress(f"BT /F1 12 Tf 72 700 Td {page} ET".encode())
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    out.write(extra)
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(
        b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, trailer.encode(), start)
    )
    return out.getvalue()


def packed_objects(
    text: str, *, filter_name: str = "FlateDecode", body: bytes | None = None
) -> bytes:
    """An object stream: where newer PDFs keep their dictionaries, packed."""
    packed = zlib.compress(text.encode()) if body is None else body
    return (
        b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /%s >>\nstream\n%s\nendstream\nendobj\n"
        % (len(packed), filter_name.encode(), packed)
    )


def picture(kind: str = "JPEG", *, place: bool = False, size: tuple[int, int] = (64, 48)) -> bytes:
    image = Image.new("RGB", size, (30, 90, 160))
    out = io.BytesIO()
    if place:
        exif = Image.Exif()
        exif[0x010F] = "Invented Cameras"
        exif[0x8825] = PLACE
        image.save(out, kind, exif=exif)
    else:
        image.save(out, kind)
    return out.getvalue()


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>{more}</Types>'
)


def docx(text: str = "Ten people came", *, more: str = "", **parts: bytes | str) -> bytes:
    """`parts` by their path with `__` for a slash and `_dot_` for a dot."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    named = {name.replace("__", "/").replace("_dot_", "."): body for name, body in parts.items()}
    return zipped(
        {
            "[Content_Types].xml": TYPES.format(more=more),
            "word/document.xml": f"<w:document><w:body>{paragraphs}</w:body></w:document>",
            **named,
        }
    )


def xlsx(rows: list[list[object]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def locked_office() -> bytes:
    """An Office file with a password is an old container that holds "EncryptedPackage"."""
    return OLE + b"\x00" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 512


def locked_zip() -> bytes:
    """The bit that says "encrypted" set in both headers of an entry."""
    body = bytearray(docx())
    start = 0
    while (start := body.find(b"PK\x03\x04", start)) >= 0:
        body[start + 6] |= 1
        start += 4
    start = 0
    while (start := body.find(b"PK\x01\x02", start)) >= 0:
        body[start + 8] |= 1
        start += 4
    return bytes(body)
