"""Case studies: written, given a picture, published once consent is on record, withdrawn."""

from __future__ import annotations

import datetime
import io
import uuid
from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.text import slugify

from trafford_sv.core.files.kinds import look_at
from trafford_sv.core.files.pictures import shown_picture
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.core.storing import remove_files, write_file
from trafford_sv.core.workbooks import FileRefused

from ..models import CaseStudy

State = CaseStudy.State
LARGEST_PICTURE = 10 * 1024 * 1024


def write_case_study(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> CaseStudy:
    """A draft. It is public only once it is published."""
    with transaction.atomic():
        given = dict(values)
        given.setdefault("key", _free_key(given["title"]))
        return create_record(model=CaseStudy, values=given, by=by, now=now)


def _free_key(title: str) -> str:
    stem = slugify(title)[:50].strip("-") or "case-study"
    taken = set(CaseStudy.objects.filter(key__startswith=stem).values_list("key", flat=True))
    number, key = 1, stem
    while key in taken or key == "new":
        number += 1
        key = f"{stem}-{number}"
    return key


def change_case_study(
    *,
    case_study: CaseStudy,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> CaseStudy:
    """Its words. A published one stays published, and its consent cannot be emptied."""
    return update_record(
        record=case_study,
        changes=changes,
        expected_version=expected_version,
        by=by,
        now=now,
        reason=reason,
    )


def set_picture(
    *,
    case_study: CaseStudy,
    file: IO[bytes],
    name: str,
    alt: str,
    credit: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> CaseStudy:
    """Only the picture drawn again by us is kept: without the place and the camera.

    Raises ValidationError with a sentence for what is no picture, Collision for a lost race.
    """
    if not alt.strip():
        raise ValidationError(
            {"picture_alt": ["Say what the picture shows, for people who cannot see it."]}
        )
    try:
        looked = look_at(file, name, largest_bytes=LARGEST_PICTURE)
        if not looked.kind.is_picture:
            raise FileRefused(
                f"This is a {looked.kind.words}, not a picture. Send a JPEG, PNG or WebP picture."
            )
        body = shown_picture(file, looked.kind.key)
    except FileRefused as error:
        raise ValidationError({"picture": [str(error)]}) from error
    path = f"case-studies/{uuid.uuid4().hex}.{looked.kind.key}"
    write_file(default_storage, path, io.BytesIO(body))
    before = case_study.picture.name
    try:
        with transaction.atomic():
            changed = update_record(
                record=case_study,
                changes={
                    "picture": path,
                    "picture_kind": looked.kind.key,
                    "picture_alt": alt.strip(),
                    "picture_credit": credit.strip(),
                },
                expected_version=expected_version,
                by=by,
                now=now,
                verb="case study’s picture set",
            )
    except BaseException:
        remove_files(default_storage, path)
        raise
    transaction.on_commit(lambda: remove_files(default_storage, before or ""))
    return changed


def remove_picture(
    *, case_study: CaseStudy, expected_version: int, by: Any, now: datetime.datetime
) -> CaseStudy:
    before = case_study.picture.name
    with transaction.atomic():
        changed = update_record(
            record=case_study,
            changes={"picture": "", "picture_kind": "", "picture_alt": "", "picture_credit": ""},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="case study’s picture removed",
        )
        transaction.on_commit(lambda: remove_files(default_storage, before or ""))
    return changed


def publish_case_study(
    *,
    case_study: CaseStudy,
    published_on: datetime.date,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> CaseStudy:
    """For everybody to read. Raises ValidationError without consent on record."""
    with transaction.atomic():
        held = CaseStudy.objects.select_for_update().get(pk=case_study.pk)
        if held.state == State.PUBLISHED:
            raise ValidationError("This case study is published already.")
        if held.consent_on is None or not held.consent_words.strip():
            raise ValidationError(
                "Record who agreed to the story, and when, before it is published."
            )
        if held.consent_on > published_on:
            raise ValidationError("The consent’s day is still to come. Check it.")
        return update_record(
            record=held,
            changes={
                "state": State.PUBLISHED,
                "published_on": published_on,
                "withdrawn_reason": "",
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="case study published",
        )


def withdraw_case_study(
    *,
    case_study: CaseStudy,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> CaseStudy:
    """No longer public, for example because consent was taken back. Its picture is deleted."""
    before = case_study.picture.name
    with transaction.atomic():
        held = CaseStudy.objects.select_for_update().get(pk=case_study.pk)
        if held.state == State.WITHDRAWN:
            raise ValidationError("This case study is withdrawn already.")
        changed = update_record(
            record=held,
            changes={
                "state": State.WITHDRAWN,
                "withdrawn_reason": reason,
                "picture": "",
                "picture_kind": "",
                "picture_alt": "",
                "picture_credit": "",
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="case study withdrawn",
        )
        transaction.on_commit(lambda: remove_files(default_storage, before or ""))
    return changed
