"""Contracts as lists and pages read them: frozen, limited to what the person may see."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, Q, Value
from django.db.models.functions import Cast, Coalesce, Substr

from trafford_sv.core.models import AuditEvent, DataFlag
from trafford_sv.core.money import pounds
from trafford_sv.directory.models import Area, Organisation

from .. import thresholds
from ..models import Award, AwardSupplier, Contract, CpvCode, ThresholdRule
from ..models.agreements import ContractQuerySet


@dataclass(frozen=True)
class Named:
    """Something with a page of its own."""

    pk: int
    name: str


@dataclass(frozen=True)
class SupplierLine:
    pk: int
    name: str
    name_as_given: str
    locality: str
    locality_label: str
    size_label: str
    is_voluntary: bool | None


@dataclass(frozen=True)
class AwardLine:
    """`value_pounds` is shared by all `suppliers`; None where none is recorded."""

    pk: int
    title: str
    status: str
    status_label: str
    is_counted: bool
    awarded_on: datetime.date | None
    value_pounds: Decimal | None
    suppliers: tuple[SupplierLine, ...]


@dataclass(frozen=True)
class WardServed:
    code: str
    name: str
    boundary_year: int


@dataclass(frozen=True)
class LinkedContract:
    pk: int
    reference: str
    title: str
    stage_label: str
    version: int
    start: datetime.date | None
    end: datetime.date | None


@dataclass(frozen=True)
class FlagLine:
    field: str
    raw: str
    understood: str
    proposal: str
    sentence: str


@dataclass(frozen=True)
class HistoryLine:
    at: datetime.datetime
    verb: str
    by: str
    reason: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ContractDetail:
    """Everything on a contract's page. `history` is None for a person who may not read it.

    `hidden_links`: linked contracts that this person may not open.
    """

    pk: int
    kind: str
    version: int
    reference: str
    ocid: str
    title: str
    description: str
    stage: str
    stage_label: str
    regime_label: str
    is_light_touch: bool
    is_framework: bool
    is_demo: bool
    source: str
    buyer: Named | None
    directorate: Named | None
    manager: str
    star_lead: str
    category_code: str
    category_name: str
    value_pounds: Decimal | None
    value_is_partial: bool
    estimated_value_pounds: Decimal | None
    awarded_on: datetime.date | None
    must_carry: bool | None
    duties: tuple[thresholds.Duty, ...]
    social_value: str
    social_value_label: str
    social_value_reason: str
    is_named_in_public: bool
    start: datetime.date | None
    end: datetime.date | None
    days_to_end: int | None
    notice_date: datetime.date | None
    days_to_notice: int | None
    extension_options: str
    wards: tuple[WardServed, ...]
    awards: tuple[AwardLine, ...]
    predecessor: LinkedContract | None
    successors: tuple[LinkedContract, ...]
    hidden_links: int
    flags: tuple[FlagLine, ...]
    history: tuple[HistoryLine, ...] | None

    @property
    def suppliers(self) -> tuple[SupplierLine, ...]:
        """Each supplier of a counted award once."""
        held = {s.pk: s for award in self.awards if award.is_counted for s in award.suppliers}
        return tuple(held.values())

    @property
    def duty(self) -> thresholds.Duty:
        """The answer to "must it carry social value?"."""
        return self.duties[0]

    @property
    def other_duties(self) -> tuple[thresholds.Duty, ...]:
        """Those worth a sentence beside it: a requirement makes "considered" superfluous."""
        return tuple(
            duty
            for duty in self.duties[1:]
            if duty.rule is not None
            and not (duty.duty == thresholds.CONSIDERED and self.must_carry is True)
            and not (duty.duty == thresholds.KPIS and duty.applies is False and not self._is_large)
        )

    @property
    def _is_large(self) -> bool:
        rule = self.duties[2].rule
        return bool(rule and self.value_pounds is not None and rule.covers(self.value_pounds))

    @property
    def is_over(self) -> bool:
        return self.stage in (Contract.Stage.ENDED, Contract.Stage.TERMINATED) or (
            self.days_to_end is not None and self.days_to_end < 0
        )


def contract_rows(user: Any) -> ContractQuerySet:
    """What a list, an export and the API start from: agreements of every kind.

    The register's filter leaves only contracts unless another kind is asked for.
    """
    return (
        Contract.objects.visible_to(user)
        .with_figures()
        .select_related("directorate", "buyer", "category")
    )


def supplier_names(contract_ids: Iterable[int]) -> dict[int, list[str]]:
    """The suppliers of counted awards by contract, each once, in the order recorded. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    for contract, name in (
        AwardSupplier.objects.filter(
            award__contract__in=list(contract_ids), award__status__in=Award.COUNTED_STATUSES
        )
        .order_by("award__contract", "pk")
        .values_list("award__contract", "organisation__name")
    ):
        if name not in found[contract]:
            found[contract].append(name)
    return dict(found)


def contracts_by_category(user: Any, codes: Iterable[str]) -> dict[str, int]:
    """How many contracts this person may see carry each code itself. One query."""
    return dict(
        Contract.objects.visible_to(user)
        .contracts()
        .filter(category__in=list(codes))
        .order_by()
        .values_list("category")
        .annotate(n=Count("pk"))
    )


_TEXT = CharField()


def filter_choices(user: Any) -> dict[str, list[tuple[str, str]]]:
    """The directorates, buyers and categories of contracts this person may see, and all wards.

    One query.
    """
    seen = Contract.objects.visible_to(user).order_by()

    def branch(kind: str, rows: Any, key: Any, label: Any) -> Any:
        return rows.annotate(
            choice_kind=Value(kind, _TEXT),
            choice_key=Cast(key, _TEXT),
            choice_label=Cast(label, _TEXT),
        ).values_list("choice_kind", "choice_key", "choice_label")

    divisions = seen.exclude(category=None).annotate(d=Substr("category_id", 1, 2)).values("d")
    rows = branch(
        "directorate",
        Organisation.objects.filter(pk__in=seen.values("directorate")).order_by(),
        F("pk"),
        F("name"),
    ).union(
        branch(
            "buyer",
            Organisation.objects.filter(pk__in=seen.values("buyer")).order_by(),
            F("pk"),
            F("name"),
        ),
        branch(
            "division",
            CpvCode.objects.annotate(d=Substr("code", 1, 2))
            .filter(code__endswith="000000", d__in=divisions)
            .order_by(),
            F("d"),
            F("name"),
        ),
        branch("ward", Area.objects.wards(2023).order_by(), F("code"), F("name")),
        all=True,
    )
    held: dict[str, list[tuple[str, str]]] = {
        "directorate": [], "buyer": [], "division": [], "ward": [],
    }  # fmt: skip
    for kind, key, label in rows:
        held[kind].append((key, label))
    for options in held.values():
        options.sort(key=lambda option: option[1].casefold())
    return held


def current_rules() -> tuple[thresholds.Rule, ...]:
    """Every dated rule, as the pure module wants them. One query."""
    return tuple(as_rule(rule) for rule in ThresholdRule.objects.all())


def as_rule(rule: ThresholdRule) -> thresholds.Rule:
    return thresholds.Rule(
        duty=rule.duty,
        amount_pounds=rule.amount_pounds,
        starts=rule.starts,
        ends=rule.ends,
        applies_at_amount=rule.applies_at_amount,
        exempts_light_touch=rule.exempts_light_touch,
        is_confirmed=rule.is_confirmed,
        source=rule.source,
    )


def contract_detail(
    pk: int, user: Any, *, as_of: datetime.date, with_history: bool = True
) -> ContractDetail:
    """Raises Contract.DoesNotExist for one that is not there or not this person's to see.

    Seven queries, nine with history.
    """
    row: Any = (
        contract_rows(user)
        .select_related("directorate", "buyer", "category", "manager", "star_lead")
        .get(pk=pk)
    )
    awards = _awards(row.pk)
    value = None if row.value_pounds is None else pounds(row.value_pounds)
    case = thresholds.Case(
        awarded_on=row.awarded_on,
        value_pounds=value,
        value_is_partial=row.value_is_partial,
        is_framework=row.is_framework,
        is_light_touch=row.is_light_touch,
        under_earlier_rules=row.regime == Contract.Regime.PCR_2015,
        estimate_pounds=row.estimated_value_pounds,
    )
    predecessor, successors, hidden = _linked(row, user)
    return ContractDetail(
        pk=row.pk,
        kind=row.kind,
        version=row.version,
        reference=row.reference,
        ocid=row.ocid,
        title=row.title,
        description=row.description,
        stage=row.stage,
        stage_label=row.get_stage_display(),
        regime_label=row.get_regime_display(),
        is_light_touch=row.is_light_touch,
        is_framework=row.is_framework,
        is_demo=row.is_demo,
        source=row.source,
        buyer=_named(row.buyer),
        directorate=_named(row.directorate),
        manager=str(row.manager or ""),
        star_lead=str(row.star_lead or ""),
        category_code=row.category_id or "",
        category_name=row.category.name if row.category else "",
        value_pounds=value,
        value_is_partial=row.value_is_partial,
        estimated_value_pounds=row.estimated_value_pounds,
        awarded_on=row.awarded_on,
        must_carry=row.must_carry,
        duties=thresholds.judge(current_rules(), case, as_of=as_of),
        social_value=row.social_value_now,
        social_value_label=Contract.SocialValue(row.social_value_now).label,
        social_value_reason=row.social_value_reason,
        is_named_in_public=row.is_named_in_public,
        start=row.start,
        end=row.end,
        days_to_end=(row.end - as_of).days if row.end else None,
        notice_date=row.notice_date,
        days_to_notice=(row.notice_date - as_of).days if row.notice_date else None,
        extension_options=row.extension_options,
        wards=tuple(
            WardServed(*ward)
            for ward in row.wards.order_by("name", "boundary_year").values_list(
                "code", "name", "boundary_year"
            )
        ),
        awards=awards,
        predecessor=predecessor,
        successors=successors,
        hidden_links=hidden,
        flags=tuple(
            FlagLine(*flag)
            for flag in DataFlag.objects.filter(
                _about(row.pk, awards), state=DataFlag.State.OPEN
            ).values_list("field", "raw", "understood", "proposal", "sentence")
        ),
        history=_history(row.pk, awards) if with_history else None,
    )


def _named(organisation: Organisation | None) -> Named | None:
    return None if organisation is None else Named(organisation.pk, organisation.name)


def _awards(contract_id: int) -> tuple[AwardLine, ...]:
    """One query: a row for each award and supplier, put together here."""
    suppliers: dict[int, list[SupplierLine]] = {}
    facts: dict[int, dict[str, Any]] = {}
    for item in (
        Award.objects.filter(contract=contract_id)
        .order_by("awarded_on", "pk", "supplier_links__pk")
        .values(
            "pk", "title", "status", "awarded_on", "value_pounds", "supplier_links__organisation",
            "supplier_links__organisation__name", "supplier_links__name_as_given",
            "supplier_links__organisation__locality", "supplier_links__organisation__size",
            "supplier_links__organisation__is_voluntary",
        )
    ):  # fmt: skip
        facts.setdefault(item["pk"], dict(item))
        held = suppliers.setdefault(item["pk"], [])
        if item["supplier_links__organisation"] is not None:
            locality = item["supplier_links__organisation__locality"]
            held.append(
                SupplierLine(
                    pk=item["supplier_links__organisation"],
                    name=item["supplier_links__organisation__name"],
                    name_as_given=item["supplier_links__name_as_given"],
                    locality=locality,
                    locality_label=Organisation.Locality(locality).label,
                    size_label=Organisation.Size(item["supplier_links__organisation__size"]).label,
                    is_voluntary=item["supplier_links__organisation__is_voluntary"],
                )
            )
    return tuple(
        AwardLine(
            pk=pk,
            title=item["title"],
            status=item["status"],
            status_label=Award.Status(item["status"]).label,
            is_counted=item["status"] in Award.COUNTED_STATUSES,
            awarded_on=item["awarded_on"],
            value_pounds=item["value_pounds"],
            suppliers=tuple(suppliers[pk]),
        )
        for pk, item in facts.items()
    )


def _linked(
    row: Contract, user: Any
) -> tuple[LinkedContract | None, tuple[LinkedContract, ...], int]:
    """The contract before and those after; one that may not be opened is only counted."""
    visible = Contract.objects.visible_to(user).values("pk")
    predecessor: LinkedContract | None = None
    successors: list[LinkedContract] = []
    hidden = 0
    for item in (
        Contract.objects.filter(Q(pk=row.predecessor_id) | Q(predecessor=row.pk))
        .annotate(is_visible=Coalesce(Q(pk__in=visible), Value(False)))
        .order_by("start", "reference")
    ):
        if not item.is_visible:
            hidden += 1
            continue
        line = LinkedContract(
            pk=item.pk,
            reference=item.reference,
            title=item.title,
            stage_label=item.get_stage_display(),
            version=item.version,
            start=item.start,
            end=item.end,
        )
        if item.pk == row.predecessor_id:
            predecessor = line
        else:
            successors.append(line)
    return predecessor, tuple(successors), hidden


def _about(contract_id: int, awards: tuple[AwardLine, ...]) -> Q:
    return Q(subject_type="contract", subject_id=str(contract_id)) | Q(
        subject_type="award", subject_id__in=[str(award.pk) for award in awards]
    )


IMPORTED = "Imported from "
_FIELD_NAMES = {
    "ocid": "OCID",
    "cpv": "category",
    "start": "start date",
    "end": "end date",
    "manager": "contract manager",
    "star_lead": "STAR lead",
    "value_pounds": "value",
    "awarded_on": "award date",
    "estimated_value_pounds": "estimated value",
    "is_framework": "whether it is a framework",
    "is_light_touch": "whether it is light-touch",
}


def _history(contract_id: int, awards: tuple[AwardLine, ...]) -> tuple[HistoryLine, ...]:
    """What people did, from the audit log, and what files did, from the rows' own history: an
    import is one event for all its contracts. Newest first, at most twenty. Two queries."""
    events = AuditEvent.objects.filter(_about(contract_id, awards)).order_by("-sequence")[:20]
    lines = [
        HistoryLine(
            at=event.at,
            verb=event.verb,
            by=event.actor_name,
            reason=event.reason,
            fields=tuple(
                _FIELD_NAMES.get(name, name.replace("_", " ")) for name in sorted(event.before)
            ),
        )
        for event in events
    ]
    lines += _imported(contract_id)
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:20])


def _imported(contract_id: int) -> list[HistoryLine]:
    """One line for each file that recorded or changed the contract or its awards. One query."""
    columns = (
        "history_date", "history_user__name", "history_user__email", "history_change_reason",
        "history_type",
    )  # fmt: skip
    of_contract, of_awards = (
        rows.filter(history_change_reason__startswith=IMPORTED)
        .order_by()
        .annotate(is_contract=Value(is_contract))
        .values_list(*columns, "is_contract")
        for rows, is_contract in (
            (Contract.history.filter(id=contract_id), True),
            (Award.history.filter(contract_id=contract_id), False),
        )
    )
    found: dict[tuple[datetime.datetime, str, str], bool] = {}
    for at, name, email, reason, kind, is_contract in of_contract.union(of_awards):
        key = (at, name or email or "The system", reason)
        found[key] = found.get(key, False) or (is_contract and kind == "+")
    return [
        HistoryLine(at, "contract recorded" if is_new else "contract changed", who, reason, ())
        for (at, who, reason), is_new in found.items()
    ]
