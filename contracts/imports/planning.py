"""Comparing drafts with what is recorded: new, changed cell by cell, unchanged or rejected."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q

from trafford_sv.core.importing import Beat, FileRefused
from trafford_sv.core.models import ImportRow, ImportRun
from trafford_sv.core.money import exact
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.names import name_key

from ..models import Award, AwardSupplier, Contract, CpvCode
from .drafts import AwardDraft, ContractDraft, Flag, to_json
from .parties import Resolver

CHUNK = 400
LABELS = {
    "title": "Title",
    "description": "Description",
    "ocid": "OCID",
    "start": "Start",
    "end": "End",
    "category_id": "Category",
    "estimated_value_pounds": "Estimated value",
    "stage": "Stage",
    "notice_date": "Notice date",
    "extension_options": "Extension options",
    "regime": "Regime",
    "is_framework": "Framework",
    "is_light_touch": "Light-touch regime",
    "social_value": "Social value",
}
Outcome = ImportRow.Outcome
MOST = 50_000  # they are held whole while references that repeat are looked for


class Planner:
    """Takes drafts in any number and writes ImportRow rows and the run's counts.

    Queries grow with every 400 drafts, not with each.
    """

    def __init__(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        self.run, self.now, self.beat = run, now, beat
        self.resolver = Resolver()
        self.categories = dict(CpvCode.objects.values_list("code", "name"))
        self.directorates = {
            name.casefold(): pk
            for pk, name in Organisation.objects.current()
            .filter(kinds__kind="council_service")
            .values_list("pk", "name")
        }
        self.suppliers: set[int] = set()
        self.flags = self.awards = 0

    def plan(self, drafts: Iterable[ContractDraft], *, total: int, file_rows: int = 0) -> None:
        """`file_rows` where a draft may stand for several rows of the file; else drafts are rows."""
        run = self.run
        seen: dict[str, ContractDraft] = {}
        clashes: dict[str, list[int]] = {}
        ordered: list[ContractDraft] = []
        for draft in drafts:
            if draft.key and draft.key in seen:
                clashes.setdefault(draft.key, [seen[draft.key].row_number]).append(draft.row_number)
            elif draft.key:
                seen[draft.key] = draft
            ordered.append(draft)
            if len(ordered) > MOST:
                raise FileRefused(
                    f"This file has more than {MOST:,} contracts. Split it and import the parts."
                )
        for draft in ordered:
            if draft.key in clashes:
                numbers = [str(number) for number in clashes[draft.key]]
                rows = " and ".join([", ".join(numbers[:-1]), numbers[-1]])
                draft.problem(
                    "Reference",
                    draft.key,
                    f"“{draft.key}” is in this file more than once, in rows {rows}. "
                    "Keep one of them.",
                )
        done = 0
        for chunk in _chunks(ordered, CHUNK):
            self._chunk(chunk)
            done += len(chunk)
            self.beat(done, total or len(ordered))
        if not ordered:
            raise FileRefused("There are no contracts in this file.")
        run.rows = file_rows or len(ordered)
        run.facts = {
            **run.facts,
            "suppliers": len(self.suppliers),
            "new_organisations": sum(1 for entry in self.resolver.new if entry["kinds"]),
            "located_organisations": len(self.resolver.located),
            "awards": self.awards,
            "flags": self.flags,
        }

    def _chunk(self, drafts: list[ContractDraft]) -> None:
        run = self.run
        stored = _stored(drafts)
        rows = []
        for draft in drafts:
            self._understand(draft)
            existing = stored.get(draft.fields.get("ocid") or "\0") or stored.get(draft.key)
            changes: list[dict[str, Any]] = []
            if existing is not None and not draft.problems:
                changes = self._changes(draft, existing)
            if draft.problems:
                outcome = Outcome.REJECTED
                run.rejected += 1
            elif existing is None:
                self._count(draft)
                outcome = Outcome.NEW
                run.created += 1
            elif changes:
                self._count(draft)
                outcome = Outcome.CHANGED
                run.changed += 1
            else:
                self.awards += len(draft.awards)
                self.suppliers.update(
                    link.organisation_id
                    for award in existing.awards.all()
                    for link in award.supplier_links.all()
                )
                run.unchanged += 1
                continue
            self.flags += 0 if draft.problems else len(draft.flags)
            values = {} if draft.problems else to_json(draft)
            if existing is not None and not draft.problems:
                values["contract_id"], values["version"] = existing.pk, existing.version
            rows.append(
                ImportRow(
                    run=run,
                    sheet=draft.sheet[:120],
                    row_number=draft.row_number,
                    outcome=outcome,
                    key=draft.key[:300],
                    title=draft.title,
                    raw=draft.raw if draft.problems else {},
                    values=values,
                    changes=changes,
                    problems=draft.problems,
                    flags=[] if draft.problems else [asdict(flag) for flag in draft.flags],
                )
            )
        ImportRow.objects.bulk_create(rows, batch_size=CHUNK)

    def _count(self, draft: ContractDraft) -> None:
        self.awards += len(draft.awards)
        for award in draft.awards:
            for party in award.suppliers:
                self.suppliers.add(self.resolver.number(party, "supplier"))
        if draft.buyer:
            self.resolver.number(draft.buyer, "public_body")

    def _understand(self, draft: ContractDraft) -> None:
        """Category and directorate against what we know; a value we do not know is flagged."""
        code = draft.fields.pop("category", None)
        if code:
            if code in self.categories:
                draft.fields["category_id"] = code
            else:
                draft.flags.append(
                    Flag(
                        "category",
                        "unknown_category",
                        code,
                        f"“{code}” is not a CPV code that we know.",
                    )
                )
        if draft.directorate:
            pk = self.directorates.get(draft.directorate.casefold())
            if pk:
                draft.fields["directorate_id"] = pk
            else:
                draft.flags.append(
                    Flag(
                        "directorate",
                        "unknown_directorate",
                        draft.directorate,
                        f"There is no directorate called “{draft.directorate}”, so none was recorded.",
                    )
                )
        start, end = draft.fields.get("start"), draft.fields.get("end")
        for award in draft.awards:
            if end and award.awarded_on and award.awarded_on > end:
                draft.flags.append(
                    Flag(
                        "awarded_on",
                        "awarded_after_end",
                        award.awarded_on.isoformat(),
                        f"The notice awards the contract on {shown(award.awarded_on)}, after it "
                        f"ends on {shown(end)}. Check both dates with the buyer.",
                        understood=award.awarded_on.isoformat(),
                    )
                )
        if start and end and end < start:
            draft.problem(
                "End",
                f"{end:%d/%m/%Y}",
                f"The contract ends on {shown(end)}, before it starts on {shown(start)}. "
                "Check both dates.",
            )
        if not draft.fields.get("title") and not draft.problems:
            draft.problem("Title", "", "A contract needs a title.")

    def _changes(self, draft: ContractDraft, existing: Contract) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []

        def changed(field: str, label: str, before: Any, after: Any) -> None:
            changes.append(
                {"field": field, "label": label, "before": shown(before), "after": shown(after)}
            )

        for name, value in draft.fields.items():
            if value is None or value == "":
                continue
            before = getattr(existing, name)
            if before == value:
                continue
            if name == "category_id":
                changed(
                    name, LABELS[name], self.categories.get(before, before), self.categories[value]
                )
            elif name == "directorate_id":
                changed(name, "Directorate", existing.directorate, draft.directorate)
            else:
                changed(name, LABELS.get(name, name), before, value)
        self._check_order(draft, existing)
        if draft.buyer:
            pk = self.resolver.number(draft.buyer, "public_body")
            if existing.buyer is None:
                changed("buyer", "Buyer", None, draft.buyer.name)
            elif existing.buyer_id != pk and name_key(existing.buyer.name) != name_key(
                draft.buyer.name
            ):
                draft.problem(
                    "Buyer",
                    draft.buyer.name,
                    f"The reference “{draft.key}” belongs to a contract of {existing.buyer} already. "
                    "Two buyers cannot share it.",
                )
        for position, award in enumerate(draft.awards, 1):
            self._award_changes(draft, award, position, existing, changed)
        return changes

    def _check_order(self, draft: ContractDraft, existing: Contract) -> None:
        """The dates as they would stand: one from the file, the other as it is recorded."""
        start = draft.fields.get("start") or existing.start
        end = draft.fields.get("end") or existing.end
        if start and end and end < start:
            draft.problem(
                "End",
                shown(end),
                f"With the dates recorded for “{draft.key}”, it would end on {shown(end)}, before it "
                f"starts on {shown(start)}. Give both dates.",
            )

    def _award_changes(
        self,
        draft: ContractDraft,
        award: AwardDraft,
        position: int,
        existing: Contract,
        changed: Any,
    ) -> None:
        held = list(existing.awards.all())
        try:
            found = match_award(award, held)
        except LookupError as error:
            draft.problem("Award", award.source_id, str(error))
            return
        label = "Award" if len(draft.awards) == 1 else f"Award {position}"
        if found is None:
            said = ", ".join(party.name for party in award.suppliers) or "no supplier named"
            value = shown(award.value_pounds) or "value not known"
            changed("award", f"New {label.lower()}", None, f"{said}: {value}")
            return
        for name, word in (
            ("value_pounds", "value"),
            ("awarded_on", "date"),
            ("status", "status"),
            ("title", "title"),
        ):
            value = getattr(award, name)
            if value not in (None, "") and getattr(found, name) != value:
                changed(name, f"{label} {word}", getattr(found, name), value)
        links = list(found.supplier_links.all())
        if award.suppliers and not self._same_suppliers(award, links):
            changed(
                "suppliers",
                f"{label} suppliers",
                ", ".join(link.organisation.name for link in links),
                ", ".join(party.name for party in award.suppliers),
            )

    def _same_suppliers(self, award: AwardDraft, links: list[AwardSupplier]) -> bool:
        """Each is named as before, or is the same organisation under another spelling."""
        names = {link.name_as_given for link in links}
        held = {link.organisation_id for link in links}
        said, numbers = set(), set()
        for party in award.suppliers:
            said.add(party.name)
            number = self.resolver.number(party, "supplier")
            if party.name not in names and number not in held:
                return False
            numbers.add(number)
        return all(link.name_as_given in said or link.organisation_id in numbers for link in links)


def match_award(award: AwardDraft, held: list[Award]) -> Award | None:
    """The recorded award that this one is, None for a new one. Raises LookupError."""
    if award.source_id:
        return next((item for item in held if item.source_id == award.source_id), None)
    if len(held) > 1:
        raise LookupError(
            "This contract has several awards, which a table of one row per contract cannot tell "
            "apart. Change them on the contract’s page."
        )
    return held[0] if held else None


def _stored(drafts: list[ContractDraft]) -> dict[str, Contract]:
    """Recorded contracts by reference and by OCID. Four queries."""
    keys = [draft.key for draft in drafts if draft.key]
    ocids = [draft.fields["ocid"] for draft in drafts if draft.fields.get("ocid")]
    found: dict[str, Contract] = {}
    for contract in (
        Contract.objects.filter(Q(reference__in=keys) | Q(ocid__in=ocids))
        .select_related("buyer", "directorate")
        .prefetch_related(
            Prefetch(
                "awards",
                Award.objects.prefetch_related(
                    Prefetch("supplier_links", AwardSupplier.objects.select_related("organisation"))
                ),
            )
        )
    ):
        found[contract.reference] = contract
        if contract.ocid:
            found[contract.ocid] = contract
    return found


def shown(value: Any) -> str:
    """A value as a person checks it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime.date):
        return f"{value.day} {value:%B %Y}"
    text = str(value)
    return text if len(text) <= 600 else text[:600] + "…"


def _chunks(items: Iterable[ContractDraft], size: int) -> Iterator[list[ContractDraft]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
