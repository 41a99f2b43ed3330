"""What organisations turn out to be when something else is recorded about them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from simple_history.utils import bulk_update_with_history

from trafford_sv.core.services.audit import record_event

from ..models import Organisation, OrganisationKind

NAMED_AT_MOST = 200  # in the audit event; the histories hold every one


def call_organisations(
    *,
    kind: str,
    organisations: Iterable[int],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> int:
    """Add `kind` to those of these (primary keys) that are not of it yet. How many there were.

    Their versions go up, so that a form opened before does not take it away again unseen. One
    audit event for all, a history row for each; a constant number of queries for every 500.
    """
    wanted = set(organisations)
    with transaction.atomic():
        changed = list(
            Organisation.objects.select_for_update()
            .filter(pk__in=wanted)
            .exclude(pk__in=OrganisationKind.objects.filter(kind=kind).values("organisation_id"))
            .order_by("pk")
        )
        if not changed:
            return 0
        OrganisationKind.objects.bulk_create(
            (OrganisationKind(organisation=each, kind=kind) for each in changed),
            batch_size=500,
            ignore_conflicts=True,
        )
        for each in changed:
            each.version += 1
        bulk_update_with_history(
            changed,
            Organisation,
            ["version"],
            batch_size=500,
            default_user=by if getattr(by, "pk", None) else None,
            default_change_reason=(reason or f"Is a {kind}")[:100],
            default_date=now,
        )
        alone = changed[0] if len(changed) == 1 else None
        record_event(
            by=by,
            now=now,
            verb=f"organisations called {kind}s",
            subject=alone,
            subject_type="organisation",
            subject_name="" if alone else f"{len(changed)} organisations",
            after={
                "kind": kind,
                "organisations": {str(each.pk): each.name for each in changed[:NAMED_AT_MOST]},
                "count": len(changed),
            },
            reason=reason,
        )
    return len(changed)
