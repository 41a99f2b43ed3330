"""Proposing which organisation a payee may be. Nothing here decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, Sum

from trafford_sv.directory.models import Identifier, Organisation

from ...models import Payee, PayeeProposal, SpendSource
from ...payee_matching import PROPOSE_FROM, Candidate, best_matches, words_of

_COMMON = 40  # a word in more candidates than this tells nothing ("care", "services")
_AT_ONCE = 500
_KNOWN = (
    Organisation.Locality.TRAFFORD,
    Organisation.Locality.GREATER_MANCHESTER,
    Organisation.Locality.ELSEWHERE,
)


class CandidateIndex:
    """The directory by word, by number and by what people decided before. Five queries."""

    def __init__(self, source: SpendSource) -> None:
        organisations = Organisation.objects.current().exclude(kinds__kind="council_service")
        rows = organisations.values_list("pk", "name", "legal_name", "locality")
        names: dict[int, list[str]] = {}
        known: set[int] = set()
        for pk, name, legal_name, locality in rows.iterator(chunk_size=2000):
            names[pk] = [name] + ([legal_name] if legal_name and legal_name != name else [])
            if locality in _KNOWN:
                known.add(pk)
        for pk, alias in organisations.filter(aliases__isnull=False).values_list(
            "pk", "aliases__name"
        ):
            if alias not in names[pk]:
                names[pk].append(alias)
        vats, numbers = defaultdict(set), defaultdict(set)
        for pk, value in Identifier.objects.filter(
            scheme=Identifier.Scheme.VAT, organisation__in=organisations
        ).values_list("organisation_id", "value"):
            vats[pk].add(value.replace(" ", ""))
        # A spelling that a person matched is a name of that organisation from then on.
        for pk, name, number, vat in Payee.objects.filter(
            source=source, organisation__isnull=False
        ).values_list("organisation_id", "name", "number", "vat_number"):
            if pk not in names:
                continue
            if name not in names[pk]:
                names[pk].append(name)
            if number:
                numbers[pk].add(number)
            if vat:
                vats[pk].add(vat)
        self.candidates = {
            pk: Candidate(
                tuple(all_names), frozenset(vats[pk]), frozenset(numbers[pk]), pk in known
            )
            for pk, all_names in names.items()
        }
        self._by_word: dict[str, set[int]] = defaultdict(set)
        self._by_vat: dict[str, set[int]] = defaultdict(set)
        self._by_number: dict[str, set[int]] = defaultdict(set)
        for pk, candidate in self.candidates.items():
            for name in candidate.names:
                for word in words_of(name):
                    self._by_word[word].add(pk)
            for vat in candidate.vat_numbers:
                self._by_vat[vat.upper().removeprefix("GB")].add(pk)
            for number in candidate.payee_numbers:
                self._by_number[number].add(pk)

    def near(self, payee: Payee) -> list[tuple[int, Candidate]]:
        """Organisations that share a telling word, or a number, with the payee."""
        found: set[int] = set()
        words = sorted(words_of(payee.name), key=lambda word: len(self._by_word.get(word, ())))
        for place, word in enumerate(words):
            holders = self._by_word.get(word, set())
            if place == 0 or len(holders) <= _COMMON:
                found |= holders
        if payee.vat_number:
            found |= self._by_vat.get(payee.vat_number.upper().removeprefix("GB"), set())
        if payee.number:
            found |= self._by_number.get(payee.number, set())
        return [(pk, self.candidates[pk]) for pk in sorted(found)]


def propose_matches(*, payees: Iterable[Payee], index: CandidateIndex) -> int:
    """Write the best proposals for each payee; what a person rejected is not proposed again.

    Returns how many proposals are new. The caller's transaction.
    """
    payees = list(payees)
    taken = set(
        PayeeProposal.objects.filter(payee__in=[payee.pk for payee in payees]).values_list(
            "payee_id", "organisation_id"
        )
    )
    rows = []
    for payee in payees:
        for organisation_id, match in best_matches(
            payee.name, index.near(payee), vat_number=payee.vat_number, payee_number=payee.number
        ):
            if (payee.pk, organisation_id) not in taken:
                rows.append(
                    PayeeProposal(
                        payee=payee,
                        organisation_id=organisation_id,
                        score=match.score,
                        reasons=list(match.reasons),
                    )
                )
    PayeeProposal.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)
    return len(rows)


def propose_for_new_payees(*, source: SpendSource, everyone: bool = False) -> int:
    """Look at undecided payees without any proposal (or at `everyone` undecided again), those
    that were paid most first. Returns how many proposals are new.
    """
    index = CandidateIndex(source)
    if not index.candidates:
        return 0
    payees = Payee.objects.filter(
        source=source, state=Payee.State.UNDECIDED, exclusion__isnull=True
    )
    if not everyone:
        payees = payees.filter(Q(proposals__isnull=True))
    ordered = payees.annotate(pounds=Sum("totals__amount_pounds")).order_by("-pounds", "pk")
    keys = list(ordered.values_list("pk", flat=True))
    made = 0
    with transaction.atomic():
        for start in range(0, len(keys), _AT_ONCE):
            portion = Payee.objects.filter(pk__in=keys[start : start + _AT_ONCE])
            made += propose_matches(payees=portion, index=index)
    return made


__all__ = ["PROPOSE_FROM", "CandidateIndex", "propose_for_new_payees", "propose_matches"]
