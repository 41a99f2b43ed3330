"""Writing what the plan says, by the hundred, in the caller's one transaction."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from trafford_sv.core.importing import Beat
from trafford_sv.core.models import DataFlag, ImportRow, ImportRun
from trafford_sv.core.services.imports import PlanIsStale
from trafford_sv.directory.models import Organisation, OrganisationKind
from trafford_sv.directory.services.kinds import call_organisations
from trafford_sv.directory.services.organisations import create_organisations, update_organisation

from ..models import Award, AwardSupplier, Contract
from ..selectors.contracts import IMPORTED
from .drafts import AwardDraft, ContractDraft, Party, from_json
from .parties import Resolver
from .planning import _stored, match_award

CHUNK = 500
Outcome = ImportRow.Outcome
Stage = Contract.Stage


class Applier:
    """One apply. Raises PlanIsStale when the records are no longer what the preview showed."""

    def __init__(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None:
        self.run, self.by, self.now, self.beat = run, by, now, beat
        self.reason = f"{IMPORTED}{run.original_name}"[:100]
        self.user = by if getattr(by, "pk", None) else None
        self.numbers: dict[Party, int] = {}

    def apply(self) -> None:
        rows = self.run.planned_rows.filter(outcome__in=(Outcome.NEW, Outcome.CHANGED))
        total = rows.count()
        self._organisations(rows.values_list("values", flat=True).iterator(CHUNK))
        done = 0
        for chunk in _chunked(rows.order_by("pk").iterator(CHUNK)):
            self._chunk(chunk)
            done += len(chunk)
            self.beat(done, total)

    def _organisations(self, values: Iterator[dict[str, Any]]) -> None:
        """Find or record every party of the plan once, in a constant number of queries."""
        resolver = Resolver()
        kinds: dict[int, set[str]] = {}
        for row in values:
            draft = from_json(row, key="", row_number=0)
            for party in draft.parties():
                kind = "public_body" if party is draft.buyer else "supplier"
                number = resolver.number(party, kind)
                self.numbers[party] = number
                kinds.setdefault(number, set()).add(kind)
        made = create_organisations(
            rows=resolver.rows(), by=self.by, now=self.now, reason=self.reason
        )
        for party, number in self.numbers.items():
            if number < 0:
                self.numbers[party] = made[-number - 1].pk
        self._locate(resolver.located)
        call_organisations(
            kind=OrganisationKind.Kind.SUPPLIER,
            organisations=[
                number for number, said in kinds.items() if number > 0 and "supplier" in said
            ],
            by=self.by,
            now=self.now,
            reason=self.reason,
        )

    def _locate(self, located: dict[int, Party]) -> None:
        """A recorded organisation without a postcode gets the one that a notice gives."""
        for organisation in Organisation.objects.filter(pk__in=located):
            party = located[organisation.pk]
            changes = {"postcode": party.postcode}
            if not organisation.address:
                changes["address"] = party.address
            update_organisation(
                organisation=organisation,
                changes=changes,
                expected_version=organisation.version,
                by=self.by,
                now=self.now,
                reason=self.reason,
            )

    def _chunk(self, rows: list[ImportRow]) -> None:
        drafts = {
            row.pk: from_json(row.values, key=row.key, row_number=row.row_number) for row in rows
        }
        stored = _stored(list(drafts.values()))
        new: list[tuple[ContractDraft, Contract]] = []
        changed: list[tuple[ContractDraft, Contract]] = []
        about: dict[int, Contract] = {}
        for row in rows:
            draft = drafts[row.pk]
            existing = stored.get(draft.fields.get("ocid") or "\0") or stored.get(draft.key)
            if row.outcome == Outcome.NEW:
                if existing is not None:
                    raise PlanIsStale(
                        f"“{draft.key}” was recorded after this file was checked. Check it again."
                    )
                contract = self._new_contract(draft)
                new.append((draft, contract))
            else:
                if existing is None or existing.version != row.values["version"]:
                    raise PlanIsStale(
                        f"Somebody changed “{draft.key}” after this file was checked. "
                        "Check it again to see what would change now."
                    )
                contract = existing
                changed.append((draft, contract))
            about[row.pk] = contract
        self._save_new(new)
        self._save_changed(changed)
        self._flags(rows, about, drafts)

    def _new_contract(self, draft: ContractDraft) -> Contract:
        fields = dict(draft.fields)
        contract = Contract(reference=draft.key, source=self.run.kind)
        contract.stage = fields.pop("stage", None) or self._stage(draft)
        for name, value in fields.items():
            if value is not None:
                setattr(contract, name, value)
        if draft.buyer:
            contract.buyer_id = self.numbers[draft.buyer]
        return contract

    def _stage(self, draft: ContractDraft) -> str:
        """What the dates say on the day of the import."""
        today = timezone.localtime(self.now).date()
        start, end = draft.fields.get("start"), draft.fields.get("end")
        if end and end < today:
            return Stage.ENDED
        if not draft.awards:
            return Stage.PIPELINE
        return Stage.LIVE if start and start <= today else Stage.AWARDED

    def _save_new(self, pairs: list[tuple[ContractDraft, Contract]]) -> None:
        if not pairs:
            return
        self._create(Contract, [contract for _, contract in pairs])
        saved = dict(
            Contract.objects.filter(reference__in=[draft.key for draft, _ in pairs]).values_list(
                "reference", "pk"
            )
        )
        awards: list[tuple[AwardDraft, Award]] = []
        for draft, contract in pairs:
            contract.pk = saved[draft.key]
            awards += [(award, self._award(award, contract)) for award in draft.awards]
        self._save_awards(awards)

    def _award(self, award: AwardDraft, contract: Contract) -> Award:
        return Award(
            contract_id=contract.pk,
            source_id=award.source_id,
            title=award.title,
            status=award.status,
            awarded_on=award.awarded_on,
            value_pounds=award.value_pounds,
        )

    def _save_awards(self, pairs: list[tuple[AwardDraft, Award]]) -> None:
        if not pairs:
            return
        saved = self._create(Award, [award for _, award in pairs])
        self._link([(draft, award.pk) for (draft, _), award in zip(pairs, saved, strict=True)])

    def _link(self, pairs: list[tuple[AwardDraft, int]]) -> None:
        links: dict[tuple[int, int], AwardSupplier] = {}
        for draft, award_id in pairs:
            for party in draft.suppliers:
                links.setdefault(
                    (award_id, self.numbers[party]),
                    AwardSupplier(
                        award_id=award_id,
                        organisation_id=self.numbers[party],
                        name_as_given=party.name,
                    ),
                )
        AwardSupplier.objects.bulk_create(links.values(), batch_size=CHUNK)

    def _save_changed(self, pairs: list[tuple[ContractDraft, Contract]]) -> None:
        contracts, awards = [], []
        new_awards: list[tuple[AwardDraft, Award]] = []
        relink: list[tuple[AwardDraft, int]] = []
        for draft, contract in pairs:
            for name, value in draft.fields.items():
                if value not in (None, ""):
                    setattr(contract, name, value)
            if draft.buyer and contract.buyer_id is None:
                contract.buyer_id = self.numbers[draft.buyer]
            contract.version += 1
            contracts.append(contract)
            held = list(contract.awards.all())
            for award in draft.awards:
                found = match_award(award, held)
                if found is None:
                    new_awards.append((award, self._award(award, contract)))
                    continue
                if self._update_award(award, found):
                    awards.append(found)
                wanted = {self.numbers[party] for party in award.suppliers}
                if wanted and wanted != {
                    link.organisation_id for link in found.supplier_links.all()
                }:
                    relink.append((award, found.pk))
        self._update(Contract, contracts)
        self._update(Award, awards)
        self._save_awards(new_awards)
        AwardSupplier.objects.filter(award_id__in=[pk for _, pk in relink]).delete()
        self._link(relink)

    def _update_award(self, award: AwardDraft, found: Award) -> bool:
        differs = False
        for name in ("value_pounds", "awarded_on", "status", "title"):
            value = getattr(award, name)
            if value not in (None, "") and getattr(found, name) != value:
                setattr(found, name, value)
                differs = True
        found.version += int(differs)
        return differs

    def _flags(
        self, rows: list[ImportRow], about: dict[int, Contract], drafts: dict[int, ContractDraft]
    ) -> None:
        flags = []
        for row in rows:
            contract = about[row.pk]
            by_name = {party.name: party for party in drafts[row.pk].parties()}
            for said in row.flags:
                party = by_name.get(said["about"])
                flags.append(
                    DataFlag(
                        subject_type="organisation" if party else "contract",
                        subject_id=str(self.numbers[party] if party else contract.pk),
                        subject_name=party.name if party else str(contract)[:300],
                        field=said["field"],
                        raw=said["raw"],
                        understood=said["understood"],
                        proposal=said["proposal"],
                        code=said["code"],
                        sentence=said["sentence"],
                        import_run=self.run.pk,
                        created_at=self.now,
                    )
                )
        DataFlag.objects.bulk_create(flags, batch_size=CHUNK, ignore_conflicts=True)

    def _create(self, model: Any, items: list[Any]) -> list[Any]:
        return bulk_create_with_history(
            items,
            model,
            batch_size=CHUNK,
            default_user=self.user,
            default_change_reason=self.reason,
            default_date=self.now,
        )

    def _update(self, model: Any, items: list[Any]) -> None:
        if not items:
            return
        names = {
            Contract: [
                field.name
                for field in Contract._meta.concrete_fields
                if field.name
                not in {"id", "reference", "manager", "star_lead", "predecessor", "is_demo"}
            ],
            Award: ["value_pounds", "awarded_on", "status", "title", "version"],
        }[model]
        bulk_update_with_history(
            items,
            model,
            names,
            batch_size=100,
            default_user=self.user,
            default_change_reason=self.reason,
            default_date=self.now,
        )
        if model is Contract:
            self._keep_wards_in_history(items)

    def _keep_wards_in_history(self, contracts: list[Contract]) -> None:
        """A bulk update's history rows have no wards; without theirs they would seem to be gone."""
        rows = dict(
            Contract.history.filter(  # type: ignore[attr-defined]
                id__in=[contract.pk for contract in contracts],
                history_date=self.now,
                history_type="~",
            )
            .order_by("history_id")
            .values_list("id", "history_id")
        )
        kept = Contract.history.model.wards.model  # type: ignore[attr-defined]
        kept.objects.bulk_create(
            [
                kept(history_id=rows[link.contract_id], id=link.pk, **_ends_of(link))
                for link in Contract.wards.through.objects.filter(contract__in=rows)
            ],
            batch_size=CHUNK,
        )


def _ends_of(link: Any) -> dict[str, int]:
    return {"contract_id": link.contract_id, "area_id": link.area_id}


def _chunked(rows: Iterator[ImportRow]) -> Iterator[list[ImportRow]]:
    chunk: list[ImportRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
