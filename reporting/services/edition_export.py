"""An edition written out as a folder, and an edition of this database checked as if it were one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from ..edition_folder import Checked, check_folder, digest, folder_of
from ..models import EditionFile, ReportEdition


class NotExported(ValueError):
    """The folder cannot be written; the message says why."""


def files_of_folder(edition: ReportEdition) -> dict[str, bytes]:
    """Names and bytes of the exported folder. Files that were not made are not in it."""
    drawn = {}
    for file in edition.files.filter(state=EditionFile.State.MADE).exclude(format="json"):
        with default_storage.open(str(file.file.name)) as stored:
            drawn[f"report.{file.format}"] = stored.read()
    return folder_of(edition.dataset_text, drawn)


def export_edition(edition: ReportEdition, folder: Path) -> list[str]:
    """Into a new or empty folder; the names written. Raises NotExported."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotExported(f"{folder} is there already and is not empty. Name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = files_of_folder(edition)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise NotExported(f"The folder could not be written: {error}") from error
    return sorted(files)


def check_edition(edition: ReportEdition, *, published: str = "", **hashes: Any) -> Checked:
    """The stored text and files against the hashes that were stored with them, and others that are given
    (as `check_folder` takes them). A stored file that is gone is named, and the others are checked.
    """
    drawn: dict[str, bytes] = {}
    altered: list[str] = []
    for file in edition.files.filter(state=EditionFile.State.MADE):
        called = f"The stored {file.get_format_display()}"
        content = _stored(file)
        if content is None:
            altered.append(f"{called} is gone: there is no {file.file.name}")
        elif digest(content) != file.sha256:
            altered.append(f"{called} was altered")
        if content is not None and file.format != EditionFile.Format.JSON:
            drawn[f"report.{file.format}"] = content
    found = check_folder(
        folder_of(edition.dataset_text, drawn), published=published or edition.sha256, **hashes
    )
    return replace(found, altered=(*found.altered, *altered), unproved=())


def _stored(file: EditionFile) -> bytes | None:
    try:
        with default_storage.open(str(file.file.name)) as stored:
            content: bytes = stored.read()
    except OSError:
        return None
    return content
