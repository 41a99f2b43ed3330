"""Reading suppliers and buyers: a name that is one, a postcode out of an address, numbers
that can be right. What cannot is flagged and left out; a repair is only proposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from trafford_sv.directory import postcodes
from trafford_sv.directory.identifiers import clean_identifier, identifier_problem
from trafford_sv.directory.services.organisations import NewOrganisation, OrganisationIndex

from .drafts import Flag, Party

NAMELESS = frozenset(
    {"", "n/a", "na", "none", "null", "tbc", "unknown", "not applicable", "-", "."}
)
KNOWN_SCHEMES = ("GB-COH", "GB-CHC", "GB-PPON", "GB-CFS")
_NO_NUMBER = frozenset({"", "n/a", "na", "none", "null", "0", "tbc"})


def read_party(
    *,
    name: str,
    address: str = "",
    postal_code: str = "",
    identifiers: Iterable[tuple[str, str]] = (),
    size: str = "unknown",
    is_voluntary: bool | None = None,
    flags: list[Flag],
) -> Party | None:
    """The party, or None (flagged) where it has no name. Appends to `flags`."""
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
        value = value.strip()
        if value.casefold() in _NO_NUMBER:
            continue
        problem = identifier_problem(scheme, value)
        if problem:
            flags.append(Flag("identifiers", "malformed_number", value[:80], problem, about=name))
            continue
        pair = (scheme, clean_identifier(scheme, value))
        if pair not in kept:
            kept.append(pair)
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
    if at_end is None:
        return ""
    if not at_end.postcode:
        flags.append(_postcode_flag(name, at_end.raw, at_end.proposal))
    return at_end.postcode


def _postcode_flag(name: str, raw: str, repair: str) -> Flag:
    sentence = f"“{raw}” is not a postcode."
    if repair:
        sentence += f" It may be {repair}."
    return Flag("postcode", "postcode", raw[:80], sentence, proposal=repair, about=name)


class Resolver:
    """Which recorded organisation each party is; those that are nobody yet are collected once.

    In a plan a party that is not recorded has a negative number; `created` in an apply maps
    these to the organisations made for them.
    """

    def __init__(self) -> None:
        self.index = OrganisationIndex()
        self.new: list[dict[str, Any]] = []

    def number(self, party: Party, kind: str) -> int:
        """The organisation's primary key, or a negative number for one to be recorded."""
        match = self.index.find(party.name, party.identifiers, party.postcode)
        if match is None:
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
            return number
        if match.organisation_id < 0:
            entry = self.new[-match.organisation_id - 1]
            entry["kinds"].add(kind)
            entry["identifiers"].update(dict.fromkeys(party.identifiers))
            if party.name != entry["party"].name:
                entry["names"][party.name] = None
            entry["party"] = _fuller(entry["party"], party)
            self.index.add(match.organisation_id, party.name, party.identifiers, party.postcode)
        return match.organisation_id

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
