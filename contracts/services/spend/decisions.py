"""What people decide about a payee. Each decision is remembered, and can be taken back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import update_record
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import create_organisation

from ...models import Payee, PayeeProposal, SpendUnit


def match_payee(
    *,
    payee: Payee,
    organisation: Organisation,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Payee:
    """This payee is that organisation. Other spellings are proposed it with a reason, not given it.

    Raises Collision when somebody decided meanwhile, ValidationError for a withheld name.
    """
    if payee.is_withheld:
        raise ValidationError(
            "The publisher withheld this name, so it stands for many payees and is nobody."
        )
    while organisation.merged_into_id:
        organisation = Organisation.objects.get(pk=organisation.merged_into_id)
    with transaction.atomic():
        saved = update_record(
            record=payee,
            changes={
                "organisation": organisation,
                "state": Payee.State.MATCHED,
                "decided_by_name": actor_name(by),
                "decided_at": now,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="payee matched to an organisation",
        )
        _propose_again(payee.proposals.exclude(organisation=organisation))
        payee.proposals.filter(organisation=organisation).update(
            state=PayeeProposal.State.ACCEPTED, decided_by_name=actor_name(by), decided_at=now
        )
        _propose_to_its_like(saved, organisation)
    return saved


def _propose_again(proposals: QuerySet[PayeeProposal]) -> None:
    """What was accepted before is not what the payee is now; it may be again."""
    proposals.filter(state=PayeeProposal.State.ACCEPTED).update(
        state=PayeeProposal.State.PROPOSED, decided_by_name="", decided_at=None
    )


def _propose_to_its_like(payee: Payee, organisation: Organisation) -> None:
    """Spellings with the same key, of any publisher, are proposed the same organisation."""
    like = (
        Payee.objects.filter(key=payee.key, state=Payee.State.UNDECIDED)
        .exclude(pk=payee.pk)
        .exclude(key="")
        .exclude(proposals__organisation=organisation)
    )
    PayeeProposal.objects.bulk_create(
        [
            PayeeProposal(
                payee=other,
                organisation=organisation,
                score="0.980",
                reasons=[
                    f"The same name as “{payee.name}”, which was matched to it on {payee.decided_at:%-d %B %Y}."
                ],
            )
            for other in like
        ],
        ignore_conflicts=True,
    )


def reject_proposal(*, proposal: PayeeProposal, by: Any, now: datetime.datetime) -> PayeeProposal:
    """It is not that organisation; it is not proposed again. Raises ValidationError for the one
    that the payee is matched to."""
    with transaction.atomic():
        proposal = PayeeProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
        if proposal.state == PayeeProposal.State.REJECTED:
            return proposal
        if proposal.state == PayeeProposal.State.ACCEPTED:
            raise ValidationError("This match was accepted. Take that decision back first.")
        proposal.state = PayeeProposal.State.REJECTED
        proposal.decided_by_name, proposal.decided_at = actor_name(by), now
        proposal.save(update_fields=["state", "decided_by_name", "decided_at"])
        record_event(
            by=by,
            now=now,
            verb="proposed match rejected",
            subject=proposal.payee,
            after={"organisation": str(proposal.organisation), "score": proposal.score},
        )
    return proposal


def create_organisation_for(
    *,
    payee: Payee,
    values: Mapping[str, Any],
    stated_locality: str | None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Payee:
    """Record the payee as a new supplier and match it. Raises Collision, ValidationError."""
    with transaction.atomic():
        organisation = create_organisation(
            values=values,
            kinds=["supplier"],
            stated_locality=stated_locality,
            by=by,
            now=now,
            reason=f"Paid by {payee.source} as “{payee.name}”",
        )
        return match_payee(
            payee=payee,
            organisation=organisation,
            expected_version=expected_version,
            by=by,
            now=now,
        )


def mark_unlocatable(
    *, payee: Payee, expected_version: int, by: Any, now: datetime.datetime, reason: str = ""
) -> Payee:
    """Somebody looked and could not find out where it is. It stays unknown and leaves the list."""
    with transaction.atomic():
        saved = update_record(
            record=payee,
            changes={
                "organisation": None,
                "state": Payee.State.UNLOCATABLE,
                "decided_by_name": actor_name(by),
                "decided_at": now,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="payee marked as impossible to locate",
        )
        _propose_again(payee.proposals.all())
    return saved


def decide_again(*, payee: Payee, expected_version: int, by: Any, now: datetime.datetime) -> Payee:
    """Take a decision back: the payee is undecided, and what was accepted is proposed again."""
    if payee.is_withheld:
        raise ValidationError("The publisher withheld this name; there is nothing to decide.")
    with transaction.atomic():
        saved = update_record(
            record=payee,
            changes={
                "organisation": None,
                "state": Payee.State.UNDECIDED,
                "decided_by_name": "",
                "decided_at": None,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="decision about a payee taken back",
        )
        _propose_again(payee.proposals.all())
    return saved


def link_unit(
    *,
    unit: SpendUnit,
    directorate: Organisation | None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> SpendUnit:
    """This part of the council belongs to that directorate (None: to none we know).

    Raises Collision when somebody linked it meanwhile.
    """
    return update_record(
        record=unit,
        changes={"directorate": directorate},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="spending unit linked to a directorate",
    )
