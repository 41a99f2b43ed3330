"""Reading suppliers and buyers: a name that is one, a postcode out of an address, numbers
that can be right. What cannot is flagged and left out; a repair is only proposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from trafford_sv.directory import postcodes
from trafford_sv.directory.identifiers import clean_identifier, identifier_problem
from trafford_sv.directory.names import name_key
from trafford_sv.directory.services.organisations import NewOrganisation, OrganisationIndex

from .drafts import Flag, Party

NAMELESS = frozenset(
    {"", "n/a", "na", "none", "null", "tbc", "unknown", "not applicable", "-", "."}
)
KNOWN_SCHEMES = ("GB-COH", "GB-CHC", "GB-PPON", "GB-CFS")
_NO_NUMBER = frozenset({"n/a", "na", "none", "null", "0", "tbc"})


def read_party(
    *,
    name: str,
    address: str = "",
    postal_code: str = "",
    identifiers: Iterable[tuple[str, str]] = (),
    size: str = "unknown",
    is_voluntary: bool | None = None,
    strict: bool = True,
    flags: list[Flag],
) -> Party | None:
    """The party, or None (flagged) where it has no name. Appends to `flags`.

    `strict`: a published company number that lacks its leading noughts is flagged with the
    repair as a proposal and not used. A spreadsheet of our own drops them, so there they are
    put back.
    """
    name = " ".join(name.replace("\u00a0", " ").split()).rstrip(" ,;")[:300]
    if name.casefold() in NAMELESS:
        flags.append(
            Flag(
                "suppliers",
                "supplier_without_name",
                name,
                "A supplier is named without a name, so it was left out.",
            )
        )
        return None
    address = _tidy_address(address)
    if address.casefold() in NAMELESS:
        address = ""
    postcode = _postcode(name, address, postal_code, flags)
    kept: list[tuple[str, str]] = []
    for scheme, value in identifiers:
        given = re.sub(r"\s+", " ", value).strip()
        problem = identifier_problem(scheme, given)
        cleaned = clean_identifier(scheme, given)
        if not given or given.casefold() in _NO_NUMBER:
            problem = "The notice says there is a number and gives none."
        elif not problem and strict and scheme == "GB-COH" and len(re.sub(r"\W", "", given)) != 8:
            problem = f"A company number has 8 characters. This may be {cleaned}."
        if problem:
            proposal = cleaned if not identifier_problem(scheme, cleaned) else ""
            flags.append(
                Flag(
                    "identifiers",
                    "malformed_number",
                    given[:80],
                    problem,
                    proposal=proposal,
                    about=name,
                )
            )
        elif (scheme, cleaned) not in kept:
            kept.append((scheme, cleaned))
    return Party(name, tuple(kept), address, postcode, size, is_voluntary)


def _tidy_address(address: str) -> str:
    lines = [" ".join(line.split()).strip(" ,") for line in re.split(r"[\r\n]+", address)]
    return "\n".join(line for line in lines if line)


def _postcode(name: str, address: str, postal_code: str, flags: list[Flag]) -> str:
    given = postal_code.strip()
    if given:
        found = postcodes.normalise(given)
        if found:
            return found
        repair = postcodes.proposal(given) or ""
        flags.append(_postcode_flag(name, given, repair))
        return ""
    at_end = postcodes.extract(address) if address else None
    if at_end is None or not any(character.isdigit() for character in at_end.raw):
        return ""  # a town may look like a postcode in letters
    if not at_end.postcode:
        flags.append(_postcode_flag(name, at_end.raw, at_end.proposal))
    return at_end.postcode


def _postcode_flag(name: str, raw: str, repair: str) -> Flag:
    sentence = f"“{raw}” is not a postcode."
    if repair:
        sentence += f" It may be {repair}."
    return Flag("postcode", "postcode", raw[:80], sentence, proposal=repair, about=name)


class _Index(OrganisationIndex):
    """Also tells suppliers of one name apart by their postcodes.

    Whether two sites are one company is for a person to say (and to merge); until then each
    award keeps the location that its notice gives.
    """

    def find_supplier(self, party: Party) -> int | None:
        match = self.find(party.name, party.identifiers, party.postcode)
        if match is not None:
            held = self._postcodes.get(match.organisation_id)
            if match.by == "identifier" or not (party.postcode and held) or held == party.postcode:
                return match.organisation_id
            return None
        if not party.postcode:
            return min(
                (pk for pk in self._bearers(party) if pk not in self._postcodes),
                default=None,
                key=abs,
            )
        return None

    def find_buyer(self, party: Party) -> int | None:
        """A public body is its name, whichever of its offices bought."""
        match = self.find(party.name, party.identifiers, party.postcode)
        if match is not None:
            return match.organisation_id
        return min(self._bearers(party), default=None, key=abs)

    def _bearers(self, party: Party) -> list[int]:
        """Organisations of this name that do not hold another company number."""
        numbers = {value for scheme, value in party.identifiers if scheme == "GB-COH"}
        return [
            pk
            for pk in self._names.get(name_key(party.name), ())
            if not numbers or not self._companies.get(pk) or self._companies[pk] & numbers
        ]

    def has_postcode(self, pk: int) -> bool:
        return bool(self._postcodes.get(pk))


class Resolver:
    """Which recorded organisation each party is; those that are nobody yet are collected once.

    A party that is not recorded has a negative number, the place of its row in `rows()`
    counted from -1. `located` maps recorded organisations without a postcode to a party that
    gives one.
    """

    def __init__(self) -> None:
        self.index = _Index()
        self.new: list[dict[str, Any]] = []
        self.located: dict[int, Party] = {}

    def number(self, party: Party, kind: str) -> int:
        """The organisation's primary key, or a negative number for one to be recorded."""
        number = (
            self.index.find_supplier(party) if kind == "supplier" else self.index.find_buyer(party)
        )
        if number is None:
            number = -(len(self.new) + 1)
            self.new.append(
                {
                    "party": party,
                    "kinds": {kind},
                    "names": {},
                    "identifiers": dict.fromkeys(party.identifiers),
                }
            )
            self.index.add(number, party.name, party.identifiers, party.postcode)
        elif number < 0:
            entry = self.new[-number - 1]
            entry["kinds"].add(kind)
            entry["identifiers"].update(dict.fromkeys(party.identifiers))
            if party.name != entry["party"].name:
                entry["names"][party.name] = None
            entry["party"] = _fuller(entry["party"], party)
            self.index.add(number, party.name, party.identifiers, entry["party"].postcode)
        elif party.postcode and not self.index.has_postcode(number):
            self.located.setdefault(number, party)
        return number

    def rows(self) -> list[NewOrganisation]:
        """One per new organisation, in the order of their negative numbers."""
        return [
            NewOrganisation(
                name=entry["party"].name,
                kinds=tuple(sorted(entry["kinds"])),
                identifiers=tuple(entry["identifiers"]),
                aliases=tuple(entry["names"]),
                address=entry["party"].address,
                postcode=entry["party"].postcode,
                size=entry["party"].size,
                is_voluntary=entry["party"].is_voluntary,
            )
            for entry in self.new
        ]


def _fuller(first: Party, second: Party) -> Party:
    """The first mention, completed by what only the second says."""
    at_second = not first.postcode and bool(second.postcode)
    return Party(
        first.name,
        first.identifiers,
        second.address if at_second or not first.address else first.address,
        second.postcode if at_second else first.postcode,
        second.size if first.size == "unknown" else first.size,
        second.is_voluntary if first.is_voluntary is None else first.is_voluntary,
    )
