"""Contracts and their awards for programs: the value once, on the award, whoever shares it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path, reverse
from rest_framework import serializers

from trafford_sv.core.access import can, reach
from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    pounds,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import (
    ApiView,
    DetailView,
    ListView,
    etag_of,
)
from trafford_sv.core.api.writes import CreateMixin, PatchMixin

from ..filters import ContractFilter
from ..models import Award, AwardSupplier, Contract
from ..selectors.contracts import (
    AwardLine,
    LinkedContract,
    Named,
    contract_detail,
    contract_rows,
    current_rules,
)
from ..services.contracts import change_award, change_contract, record_award, record_contract
from ..thresholds import Case, Rule, judge
from .shapes import (
    VALUE_STATES,
    AwardSerializer,
    AwardWriteSerializer,
    ContractCreateSerializer,
    ContractSerializer,
    ContractWriteSerializer,
    ReferenceSerializer,
)

AS_OF = (
    "A day (2026-11-22), today unless given: what is not yet awarded is judged by that day's rule."
)


NOT_A_CONTRACT = "The thresholds are for contracts. This is another kind of agreement."


def explanation(row: Row, rules: Iterable[Rule], as_of: datetime.date) -> str:
    """Why a row read `with_figures` must carry social value, or need not, in a sentence."""
    if row["kind"] != Contract.Kind.CONTRACT:
        return NOT_A_CONTRACT
    case = Case(
        awarded_on=row["awarded_on"],
        value_pounds=row["value_pounds"],
        value_is_partial=row["value_is_partial"],
        is_framework=row["is_framework"],
        is_light_touch=row["is_light_touch"],
        under_earlier_rules=row["regime"] == Contract.Regime.PCR_2015,
        estimate_pounds=row["estimated_value_pounds"],
    )
    return judge(rules, case, as_of=as_of)[0].sentence


def value_state(figures: dict[str, Any]) -> str:
    if figures["is_framework"]:
        return "framework"
    if figures["value_pounds"] is None:
        return "not_recorded"
    return "partial" if figures["value_is_partial"] else "awarded"


class Contracts(CreateMixin, ListView):
    """The contracts that this person may see, by id. A supplier sees its own."""

    permission = "view_contracts"
    write_permission = "change_contracts"
    tag, noun, file_name = "contracts", "contracts", "contracts"
    one = "a contract"
    filterset_class = ContractFilter
    parameters: ClassVar[dict[str, str]] = {"as_of": AS_OF}
    write_serializer = ContractCreateSerializer
    response_serializer = ContractSerializer
    more_sources = ("value_is_partial",)
    envelope_schema: ClassVar[dict[str, Any]] = {"as_of": {"type": "string", "format": "date"}}
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        text("reference", "The council's own reference."),
        text("ocid", "The Open Contracting id; empty where there is none."),
        text("title", "What is bought."),
        whole("buyer_id", "The buying organisation.", null=True),
        text("buyer_name", "The buying organisation's name.", "buyer__name", null=True),
        whole("directorate_id", "The directorate that manages it.", null=True),
        text("directorate_name", "The directorate's name.", "directorate__name", null=True),
        text("category_code", "CPV 2008, without the check digit.", "category_id", null=True),
        text("category_name", "The category in words.", "category__name", null=True),
        choice(
            "kind",
            "Contracts, unless `agreement` asks for another kind of agreement.",
            Contract.Kind.choices,
        ),
        choice("stage", "Where it is between pipeline and end.", Contract.Stage.choices),
        choice("regime", "The rules it was procured under.", Contract.Regime.choices),
        yes_no("is_light_touch", "Under the light-touch regime."),
        yes_no("is_framework", "A framework has no value of its own."),
        pounds(
            "value_pounds", "Of active awards, excluding VAT, counted once; null: see value_state."
        ),
        Column(
            "value_state",
            serializers.ChoiceField(
                choices=VALUE_STATES, help_text="What the value is, or why there is none."
            ),
            make=value_state,
        ),
        date("awarded_on", "The first active award's date."),
        pounds("estimated_value_pounds", "Before award, excluding VAT; never added to a value."),
        date("start", "First day."),
        date("end", "Last day."),
        date("notice_date", "By when notice or an extension must be decided."),
        yes_no("must_carry", "Must it carry social value? null: it cannot be said.", null=True),
        Column(
            "must_carry_explanation",
            serializers.CharField(
                help_text="The answer in a sentence, by the rule on the award date."
            ),
            is_text=True,
        ),
        choice(
            "social_value",
            "Included where a commitment is agreed; otherwise what is recorded about it.",
            Contract.SocialValue.choices,
            "social_value_now",
        ),
        Column("suppliers", ReferenceSerializer(many=True), is_text=True),
        Column(
            "ward_codes",
            serializers.ListField(child=serializers.CharField(), help_text="Wards served."),
        ),
        yes_no("is_demo", "Invented, for showing the product."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Contract]:
        self.as_of = self.day_parameter("as_of") or self.today
        self.request.today = self.as_of  # type: ignore[attr-defined]  # the filters' day
        return contract_rows(self.request.user)

    def envelope(self) -> dict[str, Any]:
        return {"as_of": self.as_of.isoformat()}

    def attach(self, rows: list[Row]) -> None:
        keys = [row["pk"] for row in rows]
        suppliers: dict[int, dict[int, str]] = defaultdict(dict)
        for contract, pk, name in (
            AwardSupplier.objects.filter(
                award__contract__in=keys, award__status__in=Award.COUNTED_STATUSES
            )
            .order_by("pk")
            .values_list("award__contract_id", "organisation_id", "organisation__name")
        ):
            suppliers[contract][pk] = name
        wards: dict[int, list[str]] = defaultdict(list)
        for contract, code in (
            Contract.wards.through.objects.filter(contract__in=keys)
            .order_by("area__code")
            .values_list("contract_id", "area__code")
        ):
            wards[contract].append(code)
        if not hasattr(self, "rules"):
            self.rules = current_rules()
        for row in rows:
            row["suppliers"] = [
                {"id": pk, "name": name} for pk, name in suppliers[row["pk"]].items()
            ]
            row["ward_codes"] = wards[row["pk"]]
            row["must_carry_explanation"] = explanation(row, self.rules, self.as_of)

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        awards = values.pop("awards", [])
        reason = values.pop("reason", "")
        within_reach(self, values.get("directorate"))
        made = record_contract(values=values, by=self.request.user, now=self.now, reason=reason)
        for number, award in enumerate(awards):
            try:
                record_award(contract=made, values=award, by=self.request.user, now=self.now)
            except ValidationError as error:
                raise serializers.ValidationError(
                    {"awards": {str(number): error.message_dict}}
                ) from error
        return self.created(made.pk, ContractDetail, "api-contract")


def within_reach(view: ApiView, directorate: Any) -> None:
    """A contract manager records contracts for the own directorate only: 403 otherwise."""
    if not can(view.request.user, "change_contracts", on=Contract(directorate=directorate)):
        raise PermissionDenied("You can record contracts for your own directorate only.")


class ContractDetail(PatchMixin, DetailView):
    """One contract with its awards and suppliers, and what it must carry and why."""

    permission = "view_contracts"
    write_permission = "change_contracts"
    tag, noun = "contracts", "contract"
    one = "a contract"
    parameters: ClassVar[dict[str, str]] = {"as_of": AS_OF}
    write_serializer = ContractWriteSerializer
    response_serializer = ContractSerializer

    def rows(self) -> QuerySet[Contract]:
        return Contract.objects.visible_to(self.request.user)

    def body(self, record: Contract) -> dict[str, Any]:
        as_of = (self.request.method == "GET" and self.day_parameter("as_of")) or self.today
        user = self.request.user
        shown = contract_detail(record.pk, user, as_of=as_of, with_history=False)
        versions = dict(Award.objects.filter(contract=record.pk).values_list("pk", "version"))
        figures = {
            "is_framework": shown.is_framework,
            "value_pounds": shown.value_pounds,
            "value_is_partial": shown.value_is_partial,
        }
        officer = is_officer_for(user, record)
        return {
            "id": shown.pk,
            "version": shown.version,
            "as_of": as_of.isoformat(),
            "reference": shown.reference,
            "ocid": shown.ocid,
            "kind": shown.kind,
            "title": shown.title,
            "description": shown.description,
            "buyer": _named(shown.buyer),
            "directorate": _named(shown.directorate),
            "manager_name": (officer and shown.manager) or None,
            "star_lead_name": (officer and shown.star_lead) or None,
            "category": {"code": shown.category_code, "name": shown.category_name}
            if shown.category_code
            else None,
            "stage": shown.stage,
            "regime": record.regime,
            "is_light_touch": shown.is_light_touch,
            "is_framework": shown.is_framework,
            "value_pounds": _money(shown.value_pounds),
            "value_state": value_state(figures),
            "awarded_on": text_of(shown.awarded_on),
            "estimated_value_pounds": _money(shown.estimated_value_pounds),
            "start": text_of(shown.start),
            "end": text_of(shown.end),
            "extension_options": shown.extension_options,
            "notice_date": text_of(shown.notice_date),
            "must_carry": shown.must_carry,
            "must_carry_explanation": shown.duty.sentence
            if shown.kind == Contract.Kind.CONTRACT
            else NOT_A_CONTRACT,
            "duties": [
                {
                    "duty": duty.duty,
                    "applies": duty.applies,
                    "explanation": duty.sentence,
                    "threshold_pounds": _money(duty.rule.amount_pounds) if duty.rule else None,
                }
                for duty in shown.duties
                if shown.kind == Contract.Kind.CONTRACT
            ],
            "social_value": shown.social_value,
            "social_value_reason": shown.social_value_reason,
            "is_named_in_public": shown.is_named_in_public,
            "wards": [
                {"code": ward.code, "boundary_year": ward.boundary_year, "name": ward.name}
                for ward in shown.wards
            ],
            "predecessor": _linked(shown.predecessor),
            "successors": [_linked(item) for item in shown.successors],
            "awards": [
                award_body(award, versions[award.pk])
                for award in shown.awards
                if officer or award.is_counted
            ],
            "source": shown.source if officer else "",
            "is_demo": shown.is_demo,
        }

    def change(self, record: Contract, values: dict[str, Any], version: int) -> None:
        reason = values.pop("reason", "")
        if "directorate" in values:
            within_reach(self, values["directorate"])
        change_contract(
            contract=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
            reason=reason,
        )


def is_officer_for(user: Any, record: Contract) -> bool:
    """Colleagues' names, and awards that came to nothing, are the council's business only."""
    everything, own = reach(user, "view_contracts")
    return everything or ("contract_manager", record.directorate_id) in own


def _named(organisation: Named | None) -> dict[str, Any] | None:
    return {"id": organisation.pk, "name": organisation.name} if organisation else None


def _linked(contract: LinkedContract | None) -> dict[str, Any] | None:
    if contract is None:
        return None
    return {"id": contract.pk, "reference": contract.reference, "title": contract.title}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def award_body(award: AwardLine, version: int) -> dict[str, Any]:
    return {
        "id": award.pk,
        "version": version,
        "title": award.title,
        "status": award.status,
        "awarded_on": text_of(award.awarded_on),
        "value_pounds": _money(award.value_pounds),
        "suppliers": [
            {"id": supplier.pk, "name": supplier.name, "name_as_given": supplier.name_as_given}
            for supplier in award.suppliers
        ],
    }


def one_award_body(award: Award) -> dict[str, Any]:
    links = award.supplier_links.select_related("organisation").order_by("pk")
    return {
        "id": award.pk,
        "version": award.version,
        "title": award.title,
        "status": award.status,
        "awarded_on": text_of(award.awarded_on),
        "value_pounds": _money(award.value_pounds),
        "suppliers": [
            {
                "id": link.organisation_id,
                "name": link.organisation.name,
                "name_as_given": link.name_as_given,
            }
            for link in links
        ],
    }


class Awards(CreateMixin, ApiView):
    """POST adds an award to a contract."""

    permission = "change_contracts"
    tag, noun = "contracts", "award"
    one = "an award"
    write_serializer = AwardWriteSerializer
    response_serializer = AwardSerializer

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        user, pk = self.request.user, self.kwargs["pk"]
        contract = Contract.objects.visible_to(user).filter(pk=pk).first()
        if contract is None:
            raise Http404
        self.check(contract)
        made = record_award(contract=contract, values=values, by=user, now=self.now)
        body = one_award_body(made)
        address = reverse("api-award", kwargs={"pk": pk, "award": made.pk})
        return body, self.request.build_absolute_uri(address), etag_of(body, made.version)


class AwardDetail(PatchMixin, DetailView):
    """One award of a contract."""

    permission = "view_contracts"
    write_permission = "change_contracts"
    tag, noun = "contracts", "award"
    one = "an award"
    write_serializer = AwardWriteSerializer
    response_serializer = AwardSerializer

    def find(self) -> dict[str, Any]:
        return {"pk": self.kwargs["award"]}

    def rows(self) -> QuerySet[Award]:
        contracts = Contract.objects.visible_to(self.request.user).filter(pk=self.kwargs["pk"])
        return Award.objects.filter(contract__in=contracts).select_related("contract")

    def check(self, record: Award) -> None:
        super().check(record.contract)
        counted = record.status in Award.COUNTED_STATUSES
        if not counted and not is_officer_for(self.request.user, record.contract):
            raise Http404

    def body(self, record: Award) -> dict[str, Any]:
        return one_award_body(record)

    def change(self, record: Award, values: dict[str, Any], version: int) -> None:
        change_award(
            award=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
        )


urlpatterns = [
    path("contracts/", Contracts.as_view(), name="api-contracts"),
    path("contracts/<int:pk>/", ContractDetail.as_view(), name="api-contract"),
    path("contracts/<int:pk>/awards/", Awards.as_view(), name="api-awards"),
    path("contracts/<int:pk>/awards/<int:award>/", AwardDetail.as_view(), name="api-award"),
]
