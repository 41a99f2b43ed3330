"""The demo's offers for needs, in every state, what suppliers can spare, and clauses to ask with.

Everything goes through the services that people use, so no state is there that could not come
about. It answers the demo's own needs only.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from community_needs.models import Need, Priority
from trafford_sv.core.models import MailState
from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Area

from .models import Commitment, Contract, NeedClause, NeedOffer, OfferMail, SpareOffer
from .selectors.need_clauses import carriers_for, clause_for, fitting_measures
from .selectors.need_matching import Candidate, candidates_for
from .services.need_clauses import ask_for_need
from .services.need_offers import (
    accept_offer,
    agree_offer,
    confirm_offer,
    decline_offer,
    deliver_offer,
    propose_offer,
    refuse_offer,
    withdraw_offer,
)
from .services.need_offers.holding import settle
from .services.spare_offers import offer_spare

# How far each of the demo's needs comes, in the order in which they were raised; then open ones.
STORIES = (
    "confirmed", "accepted", "agreed", "proposed", "delivered", "declined", "part", "refused",
    "missed", "withdrawn",
)  # fmt: skip
SPARES = (
    ("larkfield", "A minibus with a driver on Fridays", "social-isolation", "20", "trips"),
    ("sycamore", "A warm room for 20 people on weekday afternoons", "community-support", "40",
     "sessions"),
    ("penny-lantern", "Hot meals left over at noon", "food-support", "300", "meals"),
)  # fmt: skip


def load_offers(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Makes them where there are none yet; run again, it changes nothing."""
    held = (
        NeedOffer.objects.filter(is_demo=True).count()
        + SpareOffer.objects.filter(is_demo=True).count()
        + NeedClause.objects.filter(is_demo=True).count()
    )
    if held:
        return Counts(unchanged=held)
    made = _spares(directory, by=by, now=now, today=today)
    needs = list(
        Need.objects.wanting(today)
        .public()
        .filter(is_demo=True, hub__isnull=False)
        .select_related("priority", "hub")
        .order_by("raised_at", "pk")
    )
    stories = iter(STORIES)
    story = next(stories)
    unanswered = []
    for need in needs:
        with transaction.atomic():
            if story and _tell(need, story, by=by, now=now, today=today):
                made += 1
                story = next(stories, "")
            else:
                unanswered.append(need)
    made += _clauses(unanswered, directory, by=by, now=now, today=today)
    # What is told here happened before; a worker that starts later writes to nobody about it.
    mails = OfferMail.objects.filter(offer__is_demo=True, state=MailState.WAITING)
    mails.update(state=MailState.SKIPPED)
    return Counts(created=made)


def remove_offers() -> int:
    """Deletes the demo's, and whatever people tried with its needs, suppliers and contracts."""
    with transaction.atomic():
        offers = NeedOffer.objects.filter(
            Q(is_demo=True)
            | Q(need__is_demo=True)
            | Q(commitment__contract__is_demo=True)
            | Q(spare__is_demo=True)
            | Q(supplier__is_demo=True)
        )
        spares = SpareOffer.objects.filter(Q(is_demo=True) | Q(supplier__is_demo=True))
        clauses = NeedClause.objects.filter(
            Q(is_demo=True) | Q(need__is_demo=True) | Q(contract__is_demo=True)
        )
        removed = offers.count() + spares.count() + clauses.count()
        needs = list(offers.values_list("need", flat=True).distinct())
        for rows in (offers, spares, clauses):
            keys = list(rows.values_list("pk", flat=True))
            rows.delete()
            rows.model.history.filter(id__in=keys).delete()  # type: ignore[attr-defined]
        for need in Need.objects.filter(pk__in=needs, is_demo=False):
            settle(need.pk, by=None, now=need.raised_at)
        Commitment.needs.through.objects.filter(
            Q(need__is_demo=True) | Q(commitment__is_demo=True)
        ).delete()
    return removed


def _spares(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> int:
    wards = list(Area.objects.wards(2023).order_by("code")[:12])
    made = 0
    for number, (key, title, priority, quantity, unit) in enumerate(SPARES):
        supplier = directory.suppliers.get(key)
        chosen = Priority.objects.filter(key=priority).first()
        if supplier is None or chosen is None:
            continue
        offer_spare(
            supplier=supplier,
            values={
                "title": title,
                "words": "Invented for the demonstration.",
                "priorities": [chosen],
                "offered_quantity": Decimal(quantity),
                "unit": unit,
                "wards": wards[number * 4 : number * 4 + 4],
                "starts": today,
                "ends": today + datetime.timedelta(days=180),
            },
            by=by,
            now=now,
            is_demo=True,
        )
        made += 1
    return made


def _tell(need: Need, story: str, *, by: Any, now: datetime.datetime, today: datetime.date) -> bool:
    """One need's story, or False where nothing of the demo fits it."""
    found = candidates_for(need, as_of=today)
    one = next((row for row in found.rows if _is_demo(row)), None)
    if one is None:
        return False
    # The steps lie some days apart, and end today.
    steps = [now - datetime.timedelta(days=days) for days in (21, 18, 14, 5, 1)]
    left = need.still_wanted_quantity
    offered = drawn = None
    if left is None:
        drawn = min(one.free, Decimal(10))
    else:
        offered = max(Decimal(1), (left / 2).quantize(Decimal(1)))
        is_one_unit = one.unit.strip().casefold() == need.unit.strip().casefold()
        offered = min(offered, one.free) if is_one_unit else offered
        drawn = offered if is_one_unit else min(one.free, offered * 2)
    try:
        offer = propose_offer(
            need=need,
            commitment=Commitment.objects.get(pk=one.pk) if one.kind != "spare" else None,
            spare=SpareOffer.objects.get(pk=one.pk) if one.kind == "spare" else None,
            offered_quantity=offered,
            drawn_quantity=drawn,
            note="Please ring the hub before you come.",
            override_reason="The hub has worked with them before.",
            by=by,
            now=steps[0],
            today=today,
            is_demo=True,
        )
    except ValidationError:
        return False
    _go_on(offer, story, steps, by, today)
    return True


def _go_on(
    offer: NeedOffer, story: str, steps: list[datetime.datetime], by: Any, today: datetime.date
) -> None:
    def given(step: int) -> dict[str, Any]:
        return {"expected_version": offer.version, "by": by, "now": steps[step]}

    if story == "proposed":
        return
    if story == "refused":
        refuse_offer(offer=offer, reason="Our volunteers are booked until spring.", **given(1))
        return
    offer = agree_offer(offer=offer, **given(1))
    if story == "agreed":
        return
    if story == "declined":
        decline_offer(
            offer=offer,
            reason="Our hall is closed on those days. Mornings would be better.",
            **given(2),
        )
        return
    offer = accept_offer(offer=offer, **given(2))
    if story == "withdrawn":
        withdraw_offer(offer=offer, reason="The supplier’s team moved to another site.", **given(3))
        return
    if story == "accepted":
        return
    done = offer.accepted_quantity
    offer = deliver_offer(
        offer=offer,
        delivered_quantity=done,
        delivered_on=steps[3].date(),
        words="All went as planned.",
        today=today,
        **given(3),
    )
    if story == "delivered":
        return
    arrived = done
    if story == "part" and done is not None and done > 1:
        arrived = done - 1
    confirm_offer(
        offer=offer,
        has_arrived=story != "missed",
        confirmed_quantity=None if story == "missed" else arrived,
        words="Nobody came on the day." if story == "missed" else "People liked it.",
        **given(4),
    )


def _clauses(
    needs: list[Need],
    directory: DemoDirectory,
    *,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> int:
    """The first two needs that nobody answers are asked of a coming contract each."""
    made = 0
    officer = directory.people.get("coordinator")
    for need in needs:
        if made == 2 or officer is None:
            break
        carriers = [one for one in carriers_for(need, officer, today) if one.contract.is_demo]
        measures = fitting_measures(need)
        if not carriers or not measures:
            continue
        ask_for_need(
            need=need,
            contract=Contract.objects.get(pk=carriers[0].contract.pk),
            words=clause_for(need, measures),
            measures=measures[:2],
            by=by,
            now=now,
            is_demo=True,
        )
        made += 1
    return made


def _is_demo(row: Candidate) -> bool:
    rows: Any = SpareOffer if row.kind == "spare" else Commitment
    return bool(rows.objects.filter(pk=row.pk, is_demo=True).exists())
