"""Is this name and number an organisation that we know? Only a certain answer counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..identifiers import COMPANY, STRONG, clean_identifier, identifier_problem
from ..models import Identifier, Organisation, OrganisationAlias
from ..names import name_key
from ..postcodes import normalise

IdentifierPair = tuple[str, str]


@dataclass(frozen=True)
class Match:
    """A known organisation, by what ("identifier" or "name"), and the reason as a sentence."""

    organisation_id: int
    by: str
    reason: str


def usable_identifiers(identifiers: Iterable[IdentifierPair]) -> list[IdentifierPair]:
    """Cleaned, well-formed, strong ones, strongest first. VAT numbers never identify."""
    cleaned = {
        (scheme, clean_identifier(scheme, value))
        for scheme, value in identifiers
        if scheme in STRONG and not identifier_problem(scheme, value)
    }
    return sorted(cleaned, key=lambda pair: (STRONG.index(pair[0]), pair[1]))


class OrganisationIndex:
    """Every current organisation's keys in memory, to place hundreds of names in four queries.

    `find` asks; `add` makes one that was just created findable.
    """

    def __init__(self) -> None:
        self._names: dict[str, set[int]] = defaultdict(set)
        self._identifiers: dict[IdentifierPair, int] = {}
        self._companies: dict[int, set[str]] = defaultdict(set)
        self._postcodes: dict[int, str] = {}
        current = Organisation.objects.current()
        for pk, name, legal_name, postcode in current.values_list(
            "pk", "name", "legal_name", "postcode"
        ).iterator(5000):
            self._take(pk, (name, legal_name), postcode)
        # Through `organisation__` so that what stayed with an absorbed organisation is left out
        # of names; its identifiers lead to the one that was kept.
        for pk, name in OrganisationAlias.objects.filter(
            organisation__merged_into__isnull=True
        ).values_list("organisation_id", "name"):
            self._take(pk, (name,), "")
        successors = dict(
            Organisation.objects.filter(merged_into__isnull=False).values_list(
                "pk", "merged_into_id"
            )
        )
        for pk, scheme, value in Identifier.objects.filter(scheme__in=STRONG).values_list(
            "organisation_id", "scheme", "value"
        ):
            self._hold(_last(pk, successors), scheme, value)

    def _take(self, pk: int, names: Iterable[str], postcode: str) -> None:
        for name in names:
            key = name_key(name)
            if key:
                self._names[key].add(pk)
        if postcode:
            self._postcodes[pk] = normalise(postcode) or ""

    def _hold(self, pk: int, scheme: str, value: str) -> None:
        self._identifiers[(scheme, value)] = pk
        if scheme == COMPANY:
            self._companies[pk].add(value)

    def add(
        self,
        organisation_id: int,
        name: str,
        identifiers: Iterable[IdentifierPair] = (),
        postcode: str = "",
    ) -> None:
        """After creating one, so that the next row finds it."""
        self._take(organisation_id, (name,), postcode)
        for scheme, value in usable_identifiers(identifiers):
            self._hold(organisation_id, scheme, value)

    def find(
        self, name: str, identifiers: Iterable[IdentifierPair] = (), postcode: str = ""
    ) -> Match | None:
        """The one organisation this must be, or None. No queries.

        A name matches only where one current organisation bears it (or one at that postcode),
        and never against a different company number.
        """
        usable = usable_identifiers(identifiers)
        for scheme, value in usable:
            pk = self._identifiers.get((scheme, value))
            if pk is not None:
                label = Identifier.Scheme(scheme).label.lower()
                return Match(pk, "identifier", f"The {label} {value} is the same.")
        candidates = set(self._names.get(name_key(name), ()))
        companies = {value for scheme, value in usable if scheme == COMPANY}
        if companies:
            candidates = {
                pk
                for pk in candidates
                if not self._companies.get(pk) or self._companies[pk] & companies
            }
        if len(candidates) == 1:
            return Match(
                candidates.pop(),
                "name",
                "The name is the same once case, punctuation and “Ltd” or “Limited” are set aside.",
            )
        wanted = normalise(postcode)
        if len(candidates) > 1 and wanted:
            at_postcode = {pk for pk in candidates if self._postcodes.get(pk) == wanted}
            if len(at_postcode) == 1:
                return Match(
                    at_postcode.pop(), "name", f"Of those with this name, one is at {wanted}."
                )
        return None


def _last(pk: int, successors: dict[int, int]) -> int:
    seen = set()
    while pk in successors and pk not in seen:
        seen.add(pk)
        pk = successors[pk]
    return pk


def find_organisation(
    *, name: str, identifiers: Iterable[IdentifierPair] = (), postcode: str = ""
) -> Match | None:
    """One look-up for a form or a single row; for a file use OrganisationIndex."""
    return OrganisationIndex().find(name, identifiers, postcode)
