"""How much of a file is read at most, and the one error that says a file is no good."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


class FileRefused(ValueError):
    """The file as a whole is no good; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """Bounds that keep memory flat whatever is sent. Sizes in bytes or characters."""

    file_bytes: int = 200 * MEGABYTE
    rows: int = 3_000_000
    columns: int = 200
    line_characters: int = 1_000_000
    row_characters: int = 2_000_000
    zip_entries: int = 60
    zip_ratio: int = 150
    zip_ratio_from_bytes: int = 10 * MEGABYTE  # small members may squeeze very well
    unzipped_bytes: int = 1024 * MEGABYTE
    workbook_unzipped_bytes: int = 300 * MEGABYTE
    workbook_cells: int = 5_000_000  # a sheet is held whole in memory


DEFAULT_LIMITS = Limits()


def size_words(size: int) -> str:
    """`size` in bytes as people read it: 3.4 MB, 812 KB, 40 bytes."""
    if size >= MEGABYTE:
        return f"{size / MEGABYTE:.1f}".removesuffix(".0") + " MB"
    if size >= 1024:
        return f"{size // 1024} KB"
    return f"{size} bytes"
