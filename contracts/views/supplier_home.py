"""The first page of a supplier: where things stand, what waits for it, its own four figures."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import Figure, Link, Need, State, Tag, Tone
from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, ValueState
from ..licensing import WITHHELD_TOTAL
from ..models import Bid
from ..selectors.need_offers import waiting_for_supplier
from ..selectors.position import Position, Scope, position
from ..selectors.returns import DueReturn, returns_due
from ..selectors.supplier_home import Waiting, WaitingItem, waiting_for
from ..valuation import Kind
from .offer_parts import supplier_needs
from .supplier_base import SupplierView, address

SHOWN = 12
# What is proven comes first.
_LABELS = {
    ValueState.VERIFIED: "Verified",
    ValueState.REPORTED: "Reported",
    ValueState.COMMITTED: "Committed",
    ValueState.OFFERED: "Offered in bids that won",
}


class SupplierHome(SupplierView):
    def get(self, request: HttpRequest) -> HttpResponse:
        suppliers = self.suppliers
        due = returns_due(suppliers, self.today)
        waiting = waiting_for(suppliers, self.now)
        running = Quarter.of(self.today)
        now_due = [each for each in due if each.quarter != running]
        coming = [each for each in due if each.quarter == running]
        helping = supplier_needs(waiting_for_supplier(list(suppliers), request.user))
        needs = [*_due_needs(now_due), *_waiting_needs(waiting), *helping]
        scope = Scope(supplier=suppliers[0]) if len(suppliers) == 1 else Scope()
        own = position(request.user, scope, first=None, last=running)
        context = {
            "title": "Your promises",
            "sentence": sentence(now_due, coming, waiting),
            "needs": needs[:SHOWN],
            "more": max(0, len(needs) - SHOWN),
            "coming": _due_needs(coming)[:SHOWN],
            "figures": figures(own),
            "has_figures": any(
                own.figures.get(state) not in (None, Amounts()) for state in ValueState
            )
            or bool(own.figures.withheld),
            "board_url": address("board-supplier"),
            "bids_url": address("supplier-bid-list"),
            "commitments_url": address("supplier-commitments"),
            "measures_url": address("measure-list"),
            "counting_url": address("counting-rules"),
        }
        return render(request, "contracts/supplier_home.html", context)


def sentence(
    due: Sequence[DueReturn], coming: Sequence[DueReturn], waiting: Sequence[WaitingItem]
) -> str:
    """Where things stand."""
    late = sum(each.is_late for each in due)
    parts = []
    if late:
        parts.append(f"{_many(late, 'return is', 'returns are')} late")
    if len(due) > late:
        parts.append(f"{_many(len(due) - late, 'return is', 'returns are')} due soon")
    back = sum(item.kind is Waiting.SENT_BACK for item in waiting)
    if back:
        parts.append(f"{_many(back, 'return was', 'returns were')} sent back to you")
    bids = sum(item.kind is Waiting.BID for item in waiting)
    if bids:
        parts.append(f"{_many(bids, 'tender is', 'tenders are')} open for your bid")
    accept = sum(item.number for item in waiting if item.kind is Waiting.TO_ACCEPT)
    if accept:
        parts.append(f"{_many(accept, 'commitment waits', 'commitments wait')} for your answer")
    if parts:
        said = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        return f"{said}."
    if coming:
        return f"Nothing needs you today. The next return is due on {coming[0].due_on:%-d %B %Y}."
    return "Nothing needs you today."


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _due_needs(due: Sequence[DueReturn]) -> list[Need]:
    found = []
    for each in due:
        if each.return_pk is not None:
            url = reverse("supplier-return", args=[each.return_pk])
        else:
            url = reverse("supplier-return-begin", args=[each.contract_pk, each.quarter.code])
            url += f"?supplier={each.supplier_pk}"
        detail = f"{each.reference}. Due on {each.due_on:%-d %B %Y}"
        detail += ". Begun, not sent" if each.return_pk is not None else ""
        tone = Tone.BAD if each.is_late else Tone.WARNING if each.days_left <= 7 else Tone.INFO
        words = f"{each.words[:1].upper()}{each.words[1:]}"
        found.append(
            Need(
                f"{each.title}: return for {each.quarter.label}", url, detail, tag=Tag(words, tone)
            )
        )
    return found


def _waiting_needs(waiting: Sequence[WaitingItem]) -> list[Need]:
    found = []
    for item in waiting:
        about = f"{item.reference}, {item.title}"
        if item.kind is Waiting.SENT_BACK:
            need = Need(
                "Change what was sent back",
                reverse("supplier-return", args=[item.pk]),
                f"{about}. {item.words}" if item.words else about,
                tag=Tag("Sent back", Tone.WARNING),
            )
        elif item.kind is Waiting.BID:
            closes = timezone.localtime(item.when) if item.when else None
            said = f"{about}. Closes on {closes:%-d %B %Y at %H:%M}" if closes else about
            need = Need(
                "Finish your bid" if item.words == Bid.State.DRAFT else "Answer a tender",
                address("supplier-bid", pk=item.pk),
                said,
                tag=Tag("Open for bids", Tone.INFO),
            )
        else:
            need = Need(
                f"Answer {_many(item.number, 'commitment', 'commitments')}",
                address("supplier-commitments"),
                about,
                tag=Tag("Waits for you", Tone.INFO),
            )
        if need.url:
            found.append(need)
    return found


def figures(own: Position) -> list[Figure]:
    """Verified, reported, committed, offered: social value, with local economic value apart."""
    found = []
    for state, label in _LABELS.items():
        amounts = own.figures.get(state) or Amounts()
        social, local = amounts.social_pounds, amounts.local_economic_pounds
        found.append(
            Figure(
                label,
                None if social is None else readable(social),
                exact="" if social is None else exact(social),
                state=State(state.value),
                of_what=""
                if local is None
                else f"and {readable(local)} of local economic value, counted apart",
                missing=WITHHELD_TOTAL
                if own.figures.is_withheld(state, Kind.SOCIAL)
                else "None in pounds yet",
                way_in=_way_in(state),
            )
        )
    return found


def _way_in(state: ValueState) -> Link | None:
    names = {
        ValueState.OFFERED: ("supplier-bid-list", "Your bids"),
        ValueState.COMMITTED: ("supplier-commitments", "Your commitments"),
        ValueState.REPORTED: ("supplier-returns", "Your returns"),
        ValueState.VERIFIED: ("supplier-returns", "Your returns"),
    }
    name, text = names[state]
    url = address(name)
    return Link(text, url) if url else None
