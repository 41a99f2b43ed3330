"""OCDS 1.1: release packages, record packages, lists of releases, JSON lines.

Several releases of one ocid are one contract: read in order of their dates and merged as the
standard says (`contracts.imports.ocds_merging`). Moments become the day they are in London.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from trafford_sv.core.cells import LONDON, CellError, read_date, read_pounds
from trafford_sv.core.importing import Beat, FileRefused
from trafford_sv.core.models import ImportRun
from trafford_sv.core.workbooks import kind_of, size_words

from ..models import Award
from .base import ContractImporter, check_order, published_value
from .drafts import AwardDraft, ContractDraft, Flag, Party
from .ocds_merging import merged
from .parties import KNOWN_SCHEMES, read_party
from .planning import Planner

LONGEST_LINE = 20 * 1024 * 1024
LARGEST_DOCUMENT = 60 * 1024 * 1024  # held whole; JSON lines are read one by one
_NOTHING = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_NUMBER_MARK = "\ue000"
_MARKED = re.compile(f'"{_NUMBER_MARK}([^"]*){_NUMBER_MARK}"')
_PARTY_ID = re.compile(r"^(GB-[A-Z]+)-(.+)$")
_SIZES = {"micro", "small", "medium", "sme", "large"}
_NOT_OCDS = (
    "This JSON is not OCDS: it has neither “releases” nor “records”. "
    "Choose a release package, a record package, or a list of releases."
)
_EPOCH = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
Json = dict[str, Any]


class OcdsImporter(ContractImporter):
    kind = "contracts-ocds"
    title = "Contracts, as OCDS releases"
    description = (
        "JSON in the Open Contracting Data Standard 1.1, as procurement systems publish it."
    )
    extensions = (".json", ".jsonl", ".ndjson")

    def headings(self, run: ImportRun) -> list[str]:
        """[]: the standard fixes the names. Raises FileRefused for what is not JSON at all."""
        with run.file.open("rb") as file:
            if kind_of(file) != "json":
                raise FileRefused(
                    "This is not a JSON file. OCDS comes as JSON; for a spreadsheet choose "
                    "“Contracts, from any table”."
                )
        return []

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        planner = Planner(run, now=now, beat=beat)
        with run.file.open("rb") as file:
            contracts = gather(read_releases(file))
        releases = sum(len(contract.releases) for contract in contracts)
        planner.plan(
            (read_contract(contract) for contract in contracts),
            total=len(contracts),
            file_rows=releases,
        )
        run.facts = {**run.facts, "releases": releases, "contracts": len(contracts)}


@dataclass
class Gathered:
    """The releases of one ocid, each with its place in the file, counted from 1."""

    ocid: str
    releases: list[tuple[int, Any]] = field(default_factory=list)


def gather(releases: Iterable[tuple[int, Any]]) -> list[Gathered]:
    """By ocid, in the file's order; a release without one stands alone."""
    found: dict[str, Gathered] = {}
    for number, release in releases:
        ocid = release.get("ocid") if isinstance(release, dict) else None
        usable = ocid.strip() if isinstance(ocid, str) else ""
        key = usable or f"\0{number}"
        found.setdefault(key, Gathered(usable)).releases.append((number, release))
    return list(found.values())


# --- the file -----------------------------------------------------------------------------


def read_releases(file: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """(place in the file, release). Raises FileRefused with a sentence."""
    file.seek(0)
    first = file.readline(LONGEST_LINE + 1)
    rest = file.read(1)
    file.seek(0)
    document: Any = None
    if rest:
        try:
            document = _parse(first)
        except (FileRefused, UnicodeDecodeError):
            document = None  # one document over many lines
    if isinstance(document, dict):
        yield from enumerate(_from_lines(file), 1)
        return
    text = file.read(LARGEST_DOCUMENT + 1)
    if len(text) > LARGEST_DOCUMENT:
        raise FileRefused(
            f"This JSON is larger than {size_words(LARGEST_DOCUMENT)} in one piece. "
            "Save it as JSON lines, one release to a line."
        )
    yield from enumerate(_releases_of(_parse(text)), 1)


def _from_lines(file: IO[bytes]) -> Iterator[Any]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise FileRefused(f"Line {number} is longer than {size_words(LONGEST_LINE)}.")
        if not line.strip():
            continue
        yield from _releases_of(_parse(line, f" in line {number}"))


def _parse(text: bytes, where: str = "") -> Any:
    try:
        document = json.loads(
            text.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant
        )
        if b"\\u0000" in text or b"\\ud" in text or b"\\uD" in text:
            _check_letters(document)
        return document
    except UnicodeDecodeError as error:
        raise FileRefused(
            "The letters in this JSON are not UTF-8, as the standard asks."
        ) from error
    except json.JSONDecodeError as error:
        raise FileRefused(
            f"This is not complete JSON: it stops making sense{where or f' in line {error.lineno}'}. "
            "It may have been cut short; download it again."
        ) from error
    except (RecursionError, ValueError) as error:
        raise FileRefused(f"This JSON cannot be read{where}: {error}") from error


def _check_letters(document: Any) -> None:
    """JSON can write what no text holds: nothing, and half of a letter. Raises ValueError."""
    text = json.dumps(document, ensure_ascii=False, default=str)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text in it holds half of a letter.") from error
    if _NOTHING.search(text):
        raise ValueError("a text in it holds a character that stands for nothing (\\u0000).")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"“{name}” is not a number.")


def _releases_of(document: Any) -> Iterator[Any]:
    if isinstance(document, list):
        if not any(_like_a_release(item) for item in document):
            raise FileRefused(_NOT_OCDS)
        yield from document
    elif not isinstance(document, dict):
        raise FileRefused(_NOT_OCDS)
    elif isinstance(document.get("releases"), list) and "ocid" not in document:
        yield from document["releases"]
    elif isinstance(document.get("records"), list):
        for record in document["records"]:
            yield from _releases_of_record(record)
    elif "ocid" in document and (_like_a_release(document) or "compiledRelease" in document):
        yield from _releases_of_record(document)
    else:
        raise FileRefused(_NOT_OCDS)


def _releases_of_record(record: Any) -> Iterator[Any]:
    """A record's own releases where it has them whole, else the compiled one; or a release."""
    if not isinstance(record, dict):
        yield record
        return
    whole = [item for item in _items(record, "releases") if _like_a_release(item)]
    if whole:
        yield from whole
    elif isinstance(record.get("compiledRelease"), dict):
        yield record["compiledRelease"]
    else:
        yield record


def _like_a_release(item: Any) -> bool:
    return isinstance(item, dict) and any(
        name in item for name in ("tag", "awards", "tender", "buyer", "initiationType")
    )


def to_text(value: Any) -> str:
    """JSON with every number as it was written."""
    marked = json.dumps(
        value, ensure_ascii=False, indent=1, default=lambda n: f"{_NUMBER_MARK}{n}{_NUMBER_MARK}"
    )
    return _MARKED.sub(r"\1", marked)


# --- one contract -------------------------------------------------------------------------


def read_contract(gathered: Gathered) -> ContractDraft:
    """The draft of one ocid's releases, merged."""
    number = gathered.releases[0][0]
    draft = ContractDraft(key=gathered.ocid, row_number=number, sheet="releases")
    releases = []
    for place, release in gathered.releases:
        if not isinstance(release, dict):
            draft.problem(
                "release", str(release)[:80], f"Item {place} of the file is not a release."
            )
        elif release not in releases:
            releases.append(release)
    if not gathered.ocid:
        draft.problem(
            "ocid", "", f"Release {number} has no ocid, so nobody can say which contract it is of."
        )
    elif len(gathered.ocid) > 80:
        draft.problem("ocid", gathered.ocid, "This ocid is longer than 80 characters.")
    if releases:
        _read_merged(draft, sorted(releases, key=_moment))
    if draft.problems:
        draft.raw = {"json": to_text([release for _, release in gathered.releases])}
    return draft


def _moment(release: Json) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(str(release.get("date")))
    except ValueError:
        return _EPOCH
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def _read_merged(draft: ContractDraft, releases: list[Json]) -> None:
    release = merged(releases)
    tender, buyer = _object(release, "tender"), _object(release, "buyer")
    parties = {str(party.get("id", "")): party for party in _items(release, "parties")}
    awards = {
        str(award.get("id") or f"award-{position}"): award
        for position, award in enumerate(_items(release, "awards"), 1)
    }
    agreements = {str(item.get("awardID", "")): item for item in _items(release, "contracts")}
    draft.fields["ocid"] = draft.key
    first = next(iter(awards.values()), {})
    draft.fields["title"] = " ".join(
        (_text(tender, "title") or _text(first, "title") or _text(tender, "description")).split()
    )[:500]
    draft.fields["description"] = _text(tender, "description") or _text(first, "description")
    classification = _object(tender, "classification")
    if _text(classification, "scheme").upper() == "CPV":
        draft.fields["category"] = _text(classification, "id").split("-")[0]
    if isinstance(_object(tender, "techniques").get("hasFrameworkAgreement"), bool):
        draft.fields["is_framework"] = tender["techniques"]["hasFrameworkAgreement"]
    draft.fields["estimated_value_pounds"] = _amount(
        draft, _object(tender, "value"), "tender/value", "estimated_value_pounds"
    )
    if buyer:
        draft.buyer = _party(draft, buyer, parties)
    draft.awards = [
        _award(draft, identifier, award, agreements.get(identifier, {}), parties)
        for identifier, award in awards.items()
    ]
    _period(draft, tender, awards, agreements)
    _flag_repeats(draft)


def _award(
    draft: ContractDraft, identifier: str, award: Json, agreement: Json, parties: dict[str, Json]
) -> AwardDraft:
    status = _text(award, "status").lower() or "active"
    if status not in Award.Status.values:
        draft.problem("awards/status", status, f"“{status}” is not the status of an award.")
        status = "active"
    value = _object(award, "value") or _object(agreement, "value")
    suppliers: list[Party] = []
    for reference in _items(award, "suppliers"):
        party = _party(draft, reference, parties)
        if party and party not in suppliers:
            suppliers.append(party)
    return AwardDraft(
        source_id=identifier[:160],
        title=" ".join(_text(award, "title").split())[:500],
        status=status,
        awarded_on=_date(draft, award.get("date"), "awards/date"),
        value_pounds=_amount(draft, value, "awards/value", "value_pounds"),
        suppliers=suppliers,
    )


def _period(
    draft: ContractDraft, tender: Json, awards: dict[str, Json], agreements: dict[str, Json]
) -> None:
    """From the first start to the last end of what was awarded; else what the tender said."""
    starts, ends = [], []
    for identifier, award in awards.items():
        if _text(award, "status") in ("cancelled", "unsuccessful"):
            continue
        period = _object(agreements.get(identifier, {}), "period") or _object(
            award, "contractPeriod"
        )
        starts.append(_date(draft, period.get("startDate"), "contractPeriod/startDate"))
        ends.append(_date(draft, period.get("endDate"), "contractPeriod/endDate"))
    planned = _object(tender, "contractPeriod")
    known_starts, known_ends = [d for d in starts if d], [d for d in ends if d]
    draft.fields["start"] = (
        min(known_starts)
        if known_starts
        else _date(draft, planned.get("startDate"), "tender/contractPeriod/startDate")
    )
    draft.fields["end"] = (
        max(known_ends)
        if known_ends
        else _date(draft, planned.get("endDate"), "tender/contractPeriod/endDate")
    )
    check_order(draft)


def _flag_repeats(draft: ContractDraft) -> None:
    """One award that was published twice under two ids would count its value twice."""
    seen: dict[tuple[Any, Any], AwardDraft] = {}
    for award in draft.awards:
        if award.value_pounds is None or award.status != "active":
            continue
        key = (award.value_pounds, award.awarded_on)
        other = seen.setdefault(key, award)
        names = {party.name for party in other.suppliers}
        if other is not award and any(party.name in names for party in award.suppliers):
            draft.flags.append(
                Flag(
                    "awards",
                    "possible_repeat",
                    award.source_id,
                    "Two awards of this contract have the same date, value and a supplier in common. "
                    "If they are one award, cancel one so that its value counts once.",
                )
            )


def _party(draft: ContractDraft, reference: Json, parties: dict[str, Json]) -> Party | None:
    identifier = str(reference.get("id", ""))
    party = parties.get(identifier, {})
    address = _object(party, "address")
    pairs: list[tuple[str, str]] = []
    own = _PARTY_ID.match(identifier)
    for said in (_object(party, "identifier"), *_items(party, "additionalIdentifiers")):
        if _text(said, "scheme") in KNOWN_SCHEMES:
            pairs.append((_text(said, "scheme"), _text(said, "id")))
    if own and own[1] in KNOWN_SCHEMES and (own[1], own[2]) not in pairs:
        pairs.append((own[1], own[2]))
    details = _object(party, "details")
    scale = _text(details, "scale").lower()
    voluntary = details.get("vcse")
    return read_party(
        name=_text(reference, "name") or _text(party, "name"),
        address="\n".join(
            filter(
                None,
                (
                    _text(address, "streetAddress"),
                    _text(address, "locality"),
                    _text(address, "region"),
                ),
            )
        ),
        postal_code=_text(address, "postalCode"),
        identifiers=pairs,
        size=scale if scale in _SIZES else "unknown",
        is_voluntary=voluntary if isinstance(voluntary, bool) else None,
        flags=draft.flags,
    )


def _amount(draft: ContractDraft, value: Json, column: str, name: str) -> Decimal | None:
    amount = value.get("amount")
    if amount is None:
        return None
    currency = _text(value, "currency").upper()
    if currency and currency != "GBP":
        draft.problem(
            column, f"{amount} {currency}", f"This value is in {currency}. Only pounds are taken."
        )
        return None
    if not currency:
        draft.flags.append(
            Flag(
                name,
                "no_currency",
                str(amount),
                "The notice names no currency; pounds were understood.",
                str(amount),
            )
        )
    try:
        pounds = read_pounds(amount if not isinstance(amount, dict | list) else str(amount))
    except CellError as error:
        draft.problem(column, amount, str(error))
        return None
    return published_value(draft, pounds, field=name, column=column)


def _date(draft: ContractDraft, value: Any, column: str) -> datetime.date | None:
    try:
        return read_date(value)
    except CellError as error:
        draft.problem(column, value, str(error))
        return None


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _items(parent: Json, name: str) -> list[Json]:
    value = parent.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(parent: Json, name: str) -> str:
    value = parent.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()
