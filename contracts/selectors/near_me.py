"""What was promised, delivered and asked for in one ward, as anyone may read it. Five queries.

Only what both sides agreed, an officer verified or a hub confirmed is told. A number below five
that may count people is not given.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, Sum

from community_needs.models import Need
from trafford_sv.directory.models import Area, Organisation

from ..licensing import may_show_text
from ..models import Commitment, Contract, Measure, NeedOffer
from ..near_words import Told, promise_sentence, told
from .claimed import claimed_quantity

MOST = 30


@dataclass(frozen=True)
class NearPromise:
    """One promise in this ward, in a sentence. `done` is what was verified, as it may be told."""

    pk: int
    sentence: str
    supplier: str
    done: Told
    partner: str
    due: datetime.date | None
    since: datetime.date


@dataclass(frozen=True)
class NearHelp:
    """What came, or will come, to a need in this ward."""

    pk: int
    need: str
    need_id: int
    for_whom: str
    supplier: str
    amount: Told
    has_come: bool
    moment: datetime.datetime


@dataclass(frozen=True)
class Near:
    """Everything a resident reads about one ward."""

    ward: Area
    promises: tuple[NearPromise, ...]
    help: tuple[NearHelp, ...]
    needs: tuple[Need, ...]
    hubs: tuple[Organisation, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.promises or self.help or self.needs)

    @property
    def came(self) -> tuple[NearHelp, ...]:
        return tuple(one for one in self.help if one.has_come)

    @property
    def coming(self) -> tuple[NearHelp, ...]:
        return tuple(one for one in self.help if not one.has_come)


def near(ward: Area, day: datetime.date) -> Near:
    verified = Sum(
        claimed_quantity("verified_quantity", line="lines__", commitment=""),
        filter=Q(lines__is_counted=True),
    )
    rows = list(
        Commitment.objects.counted()
        .filter(wards=ward)
        .exclude(contract__stage=Contract.Stage.TERMINATED)
        .exclude(measure__counting=Measure.Counting.PERCENTAGE)
        .filter(Q(due__isnull=True) | Q(due__gte=day - datetime.timedelta(days=365)))
        .select_related("supplier", "partner", "measure__edition", "contract")
        .annotate(verified_total=verified)
        .order_by("-agreed_on", "-pk")[:MOST]
    )
    offers = (
        NeedOffer.objects.taken()  # type: ignore[attr-defined]
        .filter(need__wards=ward, need__is_public=True, need__merged_into__isnull=True)
        .select_related("need", "supplier", "commitment__contract")
        .order_by("-hub_answered_at", "-pk")[:MOST]
    )
    needs = (
        Need.objects.public()
        .wanting(day)
        .filter(wards=ward)
        .select_related("priority")
        .order_by(F("closes").asc(nulls_last=True), "pk")[:MOST]
    )
    hubs = Organisation.objects.filter(catchment__ward=ward, merged_into__isnull=True)
    return Near(
        ward,
        tuple(_promise(row) for row in rows),
        tuple(_help(offer) for offer in offers),
        tuple(needs),
        tuple(hubs.order_by("name")),
    )


def _promise(row: Commitment) -> NearPromise:
    shows = may_show_text(row.measure.edition.text_may_be_published, is_public=True)
    what = row.title or (row.measure.title if shows else "")
    unit = row.measure.unit if shows else ""
    total = row.verified_total  # type: ignore[attr-defined]
    return NearPromise(
        row.pk,
        promise_sentence(
            row.supplier.name,
            what or f"promise number {row.number} of this agreement",
            told(row.promised_quantity, unit, row.measure.counts_people),
            row.contract.title,
        ),
        row.supplier.name,
        told(None if total is None else Decimal(total), unit, row.measure.counts_people),
        row.partner.name if row.partner else "",
        row.due,
        row.agreed_on or day_of(row),
    )


def day_of(row: Commitment) -> datetime.date:
    return row.starts or datetime.date(2022, 10, 24)


def _help(offer: NeedOffer) -> NearHelp:
    has_come = offer.state == NeedOffer.State.CONFIRMED
    amount = offer.confirmed_quantity if has_come else offer.accepted_quantity
    moment = offer.confirmed_at if has_come else offer.hub_answered_at
    return NearHelp(
        offer.pk,
        offer.need.title,
        offer.need_id,
        offer.need.for_whom,
        offer.supplier.name,
        told(amount, offer.need.unit),
        has_come,
        moment or offer.proposed_at,
    )
