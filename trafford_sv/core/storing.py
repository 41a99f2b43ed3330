"""Bytes on the disk: written before the row that names them, named by us alone."""

from __future__ import annotations

import errno
import hashlib
import logging
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import Storage

logger = logging.getLogger(__name__)


def sha256_of(file: IO[bytes]) -> str:
    """Hash of the bytes in hex; the file is left at its beginning."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(1024 * 1024):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def write_file(storage: Storage, path: str, file: Any) -> None:
    """Keep the bytes under `path`. Raises ValidationError with a sentence where the disk refuses."""
    try:
        kept = storage.save(path, file if isinstance(file, File) else File(file))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ValidationError(
            "There is no room left on the server’s disk, so the file was not kept. "
            "Tell the council, then try again."
            if full
            else "The file could not be kept. Nothing was changed. Try again, or tell the council."
        ) from error
    if kept != path:  # a name of 122 random bits stood there already
        storage.delete(kept)
        raise ValidationError("The file could not be kept. Nothing was changed. Try again.")


def remove_files(storage: Storage, *paths: str) -> None:
    """Best effort: what stays lying has no row."""
    for path in filter(None, paths):
        try:
            storage.delete(path)
        except OSError:
            logger.warning("Could not remove %s", path)
