"""The demo council's promises and deliveries of two years and more, up to the last quarter that has ended.

Written once: what people then do with it stays, and a later load adds nothing. Nothing in it is
tied to a real organisation: the hubs and schools that are helped are invented as well.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from trafford_sv.core.periods import FinancialYear
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import create_organisation

from .demo_delivery_officers import (
    open_one_recovery,
    propose_one,
    rate_one_year,
    vary_a_promise,
)
from .demo_delivery_plans import NEW_AGREEMENTS, PARTNERS, PRIORITIES, VIEWS
from .demo_delivery_rows import WHY, World, write_commitments, write_returns
from .demo_delivery_stories import is_told_late, tell_stories
from .demo_delivery_tenders import write_past_tenders, write_tenders
from .demo_quarters import demo_quarters
from .models import (
    Bid,
    Commitment,
    Contract,
    DeliveryRating,
    DeliveryReturn,
    EvaluatorScore,
    EvidenceFile,
    LocalPriority,
    LocalPriorityYear,
    MeasureEdition,
    RecoveryAction,
    ReturnLine,
    SharedActivity,
    StakeholderView,
    Tender,
)
from .services.contracts import record_award, record_contract

DECISION = "DEMO-DECISION"
BEGAN_MONTHS = 30


def load_delivery(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Nothing where the open library is not there, or where the demo has promises already."""
    edition = MeasureEdition.objects.filter(is_default=True).first()
    if edition is None or not edition.measures.filter(code__startswith="TSV-").exists():
        return Counts()
    held = _size()
    if held:
        return Counts(unchanged=held)
    with transaction.atomic():
        partners = {key: _partner(name, kind, by, now) for key, (name, kind) in PARTNERS.items()}
        for plan in NEW_AGREEMENTS:
            _agreement(plan, directory, by, now, today)
        world = _world(directory, partners, edition, now, today)
        write_commitments(world)
        vary_a_promise(world)
        write_returns(world)
        tell_stories(world)
        propose_one(world)
        open_one_recovery(world)
        rate_one_year(world)
        write_tenders(world, edition)
        write_past_tenders(world)
        _priorities(world, edition, by)
        DeliveryReturn.objects.filter(contract__is_demo=True).update(is_demo=True)
    return Counts(created=_size())


def _world(
    directory: DemoDirectory,
    partners: dict[str, Organisation],
    edition: MeasureEdition,
    now: datetime.datetime,
    today: datetime.date,
) -> World:
    return World(
        directory=directory,
        partners=partners,
        contracts={row.reference: row for row in Contract.objects.filter(is_demo=True)},
        measures={row.code: row for row in edition.measures.all()},
        quarters=demo_quarters(today),
        today=today,
        now=now,
    )


def delivered_world(
    directory: DemoDirectory, *, now: datetime.datetime, today: datetime.date
) -> World | None:
    """The demo's deliveries once they are loaded, for what happened after their quarters were
    closed; None where there are none, or where that is told already."""
    edition = MeasureEdition.objects.filter(is_default=True).first()
    if edition is None or not DeliveryReturn.objects.filter(is_demo=True).exists():
        return None
    partners = {
        key: Organisation.objects.get(name=name, is_demo=True)
        for key, (name, _) in PARTNERS.items()
    }
    world = _world(directory, partners, edition, now, today)
    keys = {row.pk: key for key, row in directory.suppliers.items()}
    rows = Commitment.objects.filter(contract__is_demo=True).select_related(
        "contract", "measure", "value", "partner", "replaced_by"
    )
    for row in rows.order_by("contract", "number"):
        key = (row.contract.reference, keys[row.supplier_id])
        world.held.setdefault(key, []).append(row)
    return None if is_told_late(world) else world


def remove_delivery() -> int:
    """Deletes all that hangs on the demo's agreements, also what people added while trying it."""
    with transaction.atomic():
        contracts = Contract.objects.filter(is_demo=True)
        removed = _size()
        DeliveryRating.objects.filter(contract__in=contracts).delete()
        returns = DeliveryReturn.objects.filter(contract__in=contracts)
        lines = ReturnLine.objects.filter(delivery_return__in=returns)
        activities = list(
            SharedActivity.objects.filter(claims__line__in=lines).values_list("pk", flat=True)
        )
        _forget(ReturnLine, lines)
        _forget(DeliveryReturn, returns)
        SharedActivity.objects.filter(pk__in=activities, claims__isnull=True).delete()
        commitments = Commitment.objects.filter(contract__in=contracts)
        _forget(RecoveryAction, RecoveryAction.objects.filter(commitment__in=commitments))
        commitments.update(replaces=None)
        _forget(Commitment, commitments)
        bids = Bid.objects.filter(tender__contract__in=contracts)
        _forget(EvaluatorScore, EvaluatorScore.objects.filter(bid__in=bids))
        _forget(Bid, bids)
        _forget(Tender, Tender.objects.filter(contract__in=contracts))
        _forget_files()
        _forget(LocalPriorityYear, LocalPriorityYear.objects.filter(decision_reference=DECISION))
    return removed


def _size() -> int:
    """The demo's promises, returns and tenders."""
    return sum(
        model.objects.filter(contract__is_demo=True).count()
        for model in (Commitment, DeliveryReturn, Tender)
    )


def _forget(model: Any, rows: Any) -> None:
    """The rows with their history."""
    keys = list(rows.values_list("pk", flat=True))
    rows.delete()
    for first in range(0, len(keys), 500):
        model.history.filter(id__in=keys[first : first + 500]).delete()


def _forget_files() -> None:
    """Files of the demo's suppliers that serve no other line. The bytes go when the rows are gone."""
    files = EvidenceFile.objects.filter(supplier__is_demo=True, links__isnull=True)
    for row in files:
        for each in (row.file, row.shown_file):
            if each:
                transaction.on_commit(partial(each.storage.delete, str(each.name)))
    files.delete()


def _partner(name: str, kind: str, by: Any, now: datetime.datetime) -> Organisation:
    held = Organisation.objects.filter(name=name, is_demo=True).first()
    return held or create_organisation(
        values={"name": name, "is_demo": True}, kinds=(kind,), by=by, now=now, reason=WHY
    )


def _agreement(
    plan: Any, directory: DemoDirectory, by: Any, now: datetime.datetime, today: datetime.date
) -> None:
    """A grant, obligation or pledge: four years, of which the first part lies before the demo's."""
    if Contract.objects.filter(reference=plan.reference).exists():
        return
    month = today.year * 12 + today.month - 1 - BEGAN_MONTHS
    start = datetime.date(month // 12, month % 12 + 1, 1)
    contract = record_contract(
        values={
            "kind": plan.kind,
            "reference": plan.reference,
            "title": plan.title,
            "description": "Invented for the demo council.",
            "buyer": directory.council,
            "directorate": directory.directorates[plan.directorate],
            "manager": directory.people.get("contract_manager")
            if plan.directorate == "place"
            else None,
            "stage": Contract.Stage.LIVE,
            "start": start,
            "end": start.replace(year=start.year + 4) - datetime.timedelta(days=1),
            "social_value": Contract.SocialValue.INCLUDED,
            "is_named_in_public": plan.kind != Contract.Kind.PLEDGE,
            "source": "demo",
            "is_demo": True,
        },
        by=by,
        now=now,
        reason=WHY,
    )
    record_award(
        contract=contract,
        values={
            "awarded_on": start - datetime.timedelta(days=21),
            "value_pounds": None if plan.pounds is None else Decimal(plan.pounds),
            "suppliers": [directory.suppliers[plan.supplier]],
        },
        by=by,
        now=now,
    )


def _priorities(world: World, edition: MeasureEdition, by: Any) -> None:
    """This financial year and the one before, with who was asked and who decided. All invented."""
    for back in (0, 1):
        year = FinancialYear.of(world.today).start_year - back
        if LocalPriorityYear.objects.filter(financial_year=year, edition=edition).exists():
            continue
        asked = datetime.date(year, 1, 12)
        row = create_record(
            model=LocalPriorityYear,
            values={
                "financial_year": year,
                "edition": edition,
                "state": LocalPriorityYear.State.DECIDED,
                "consultation": "An invented consultation for the demonstration: an imagined "
                "survey, three imagined workshops, and letters from organisations that do not exist.",
                "consulted_from": asked,
                "consulted_to": asked + datetime.timedelta(days=42),
                "decided_by_body": "Invented Steering Group (demo)",
                "decided_on": datetime.date(year, 3, 18),
                "decision_reference": DECISION,
            },
            by=by,
            now=world.now,
            reason=WHY,
        )
        LocalPriority.objects.bulk_create(
            LocalPriority(
                year=row, measure=world.measures[code], reason=reason,
                weight=Decimal(weight) - Decimal("0.1") * back,
            )
            for code, weight, reason in PRIORITIES[: len(PRIORITIES) - back]
        )  # fmt: skip
        StakeholderView.objects.bulk_create(
            StakeholderView(
                year=row, organisation=world.partners.get(key), who=who, said=said,
                said_on=asked + datetime.timedelta(days=9 * place),
            )
            for place, (key, who, said) in enumerate(VIEWS[: len(VIEWS) - back], start=1)
        )  # fmt: skip
