"""An edition written out as a folder, and an edition of this database checked as if it were one."""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import default_storage

from ..edition_folder import DATA, Checked, check_folder, digest, folder_of
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


def check_edition(edition: ReportEdition) -> Checked:
    """The stored text and files against the hashes that were stored with them."""
    files = files_of_folder(edition)
    found = check_folder(files, published=edition.sha256)
    altered = list(found.altered)
    stored = {file.format: file for file in edition.files.filter(state=EditionFile.State.MADE)}
    for format, file in stored.items():
        name = DATA if format == "json" else f"report.{format}"
        if name not in files or digest(files[name]) != file.sha256:
            altered.append(f"The stored {file.get_format_display()} was altered")
    return Checked(found.figures, found.recomputed, found.differences, tuple(altered), found.sha256)
