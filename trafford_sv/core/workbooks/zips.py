"""Zip files: checked before anything in them is opened."""

from __future__ import annotations

import posixpath
import zipfile

from .limits import FileRefused, Limits, size_words

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
ARCHIVE_ENDINGS = (".zip", ".xlsx", ".xlsm", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz")


def check_archive(archive: zipfile.ZipFile, *, limits: Limits, unzipped_bytes: int) -> None:
    """Raises FileRefused for too many entries, a password, or more inside than is believable.

    The sizes are those the archive declares; `zipfile` never gives more bytes than declared,
    and checks each entry's sum at its end.
    """
    entries = archive.infolist()
    if len(entries) > limits.zip_entries:
        raise FileRefused(
            f"This zip holds {len(entries):,} files; at most {limits.zip_entries} are read."
        )
    total = 0
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise FileRefused("This zip is protected by a password. Save it without one.")
        total += entry.file_size
        if total > unzipped_bytes:
            raise FileRefused(
                f"Unpacked, this file would be larger than {size_words(unzipped_bytes)}. "
                "It was not opened."
            )
        if entry.file_size > max(
            limits.zip_ratio_from_bytes, entry.compress_size * limits.zip_ratio
        ):
            raise FileRefused(
                "This file unpacks to an unbelievable size, as a zip bomb does. It was not opened."
            )


def text_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The CSV files inside. An entry's name is only ever shown, never used as a path.

    Raises FileRefused for a zip within a zip, and when there is no CSV.
    """
    members = []
    for entry in archive.infolist():
        name = shown_name(entry)
        if entry.is_dir() or not name or name.startswith(".") or "__MACOSX" in entry.filename:
            continue
        if name.lower().endswith(ARCHIVE_ENDINGS):
            raise FileRefused(
                f"This zip holds another archive or workbook, “{name}”. "
                "Take it out and import it alone."
            )
        if name.lower().endswith(TEXT_ENDINGS):
            members.append(entry)
    if not members:
        raise FileRefused("There is no CSV file in this zip.")
    return members


def shown_name(entry: zipfile.ZipInfo) -> str:
    return posixpath.basename(entry.filename.replace("\\", "/"))[:120]
