"""Carrying out what was proposed about an organisation's dirty value."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.flags import FlagError
from trafford_sv.core.models import DataFlag

from ..identifiers import COMPANY
from ..models import Organisation
from .organisations import update_organisation


def apply_proposal(flag: DataFlag, by: Any, now: datetime.datetime) -> None:
    """A proposed postcode or company number, onto the organisation. Raises FlagError."""
    organisation = Organisation.objects.filter(pk=flag.subject_id).first()
    if organisation is None or organisation.merged_into_id is not None:
        raise FlagError("This organisation was merged into another. Correct that one instead.")
    changes: dict[str, Any] = {}
    identifiers = None
    if flag.field == "postcode":
        if organisation.postcode and organisation.postcode != flag.proposal:
            raise FlagError(
                f"{organisation} has the postcode {organisation.postcode} by now, so nothing was "
                "changed. If that one is right, leave the value as it is."
            )
        changes["postcode"] = flag.proposal
    elif flag.field == "identifiers":
        held = organisation.identifiers.values_list("scheme", "value", "source")
        identifiers = [*held, (COMPANY, flag.proposal, "")]
    else:
        raise FlagError("Correct this on the organisation’s own page.")
    try:
        update_organisation(
            organisation=organisation,
            changes=changes,
            expected_version=organisation.version,
            identifiers=identifiers,
            by=by,
            now=now,
            reason=f"Proposal accepted: {flag.sentence}"[:100],
        )
    except ValidationError as error:
        raise FlagError(" ".join(error.messages)) from error
