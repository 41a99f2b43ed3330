"""Who could help with a need, ranked with reasons, and proposing one of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from community_needs.matching import WEIGHTS, exposure
from community_needs.models import Need
from trafford_sv.core.parts import SummaryRow, Table
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.need_offers import ProposeForm
from ..models import Commitment, SpareOffer
from ..selectors.need_exposure import needs_by_hub, shown_hubs
from ..selectors.need_matching import Candidate, Candidates, candidates_for
from ..selectors.need_offers import offers_of
from ..services.need_offers import propose_offer
from .need_offers import send_soon
from .offer_parts import (
    KINDS,
    amount,
    need_url,
    offer_tag,
    offered_words,
    reason_table,
    score_words,
)

SHOWN = 10


class _NeedView(PermissionView):
    permission = "view_offers"

    def need(self, pk: int) -> Need:
        rows = Need.objects.visible_to(self.request.user).select_related("priority", "hub")
        try:
            found: Need = rows.get(pk=pk)
        except (Need.DoesNotExist, OverflowError):
            raise Http404 from None
        return found

    @staticmethod
    def crumbs(need: Need, *here: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [
            ("What communities need", reverse("needs-home")),
            (need.title, need_url(need)),
            *here,
        ]


class NeedMatches(_NeedView):
    """For officers: a supplier or a hub does not see what others have promised."""

    permission = "match_needs"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        need = self.need(pk)
        found = candidates_for(need, as_of=self.today)
        offers = offers_of(need.pk, request.user)
        standing = {
            f"commitment:{one.commitment_id}" if one.commitment_id else f"spare:{one.spare_id}"
            for one in offers
            if one.state in ("proposed", "agreed", "accepted", "delivered")
        }
        rows = [_row(need, one, one.key in standing) for one in found.rows[:SHOWN]]
        left = need.still_wanted_quantity
        context = {
            "title": f"Who could help: {need.title}",
            "need": need,
            "need_url": need_url(need),
            "wanted": amount(left, need.unit) if left is not None else "",
            "rows": rows,
            "found": found.found,
            "ranked": len(found.rows),
            "is_narrowed": found.is_narrowed,
            "offers": [(one, offer_tag(one), offered_words(one)) for one in offers],
            "weights": [(criterion.label, weight) for criterion, weight in WEIGHTS.items()],
            "fits_url": f"{reverse('priority-fit-list')}#{need.priority.key}",
            "is_open": need.state in ("open", "matched", "part_met") and (left is None or left > 0),
            "breadcrumbs": self.crumbs(need, ("Who could help", None)),
        }
        return render(request, "contracts/need_matches.html", context)


def _row(need: Need, one: Candidate, is_proposed: bool) -> dict[str, Any]:
    return {
        "rank": one.ranked.rank,
        "title": one.title,
        "supplier": one.supplier_name,
        "kind": KINDS[one.kind],
        "reference": one.reference,
        "url": "" if one.kind == "spare" else reverse("commitment-detail", kwargs={"pk": one.pk}),
        "score": score_words(one),
        "free": amount(one.free, one.unit),
        "reasons": reason_table(one.ranked, one.ranked.rank),
        "short": [r.words for r in one.ranked.reasons if r.share is not None and r.share > 0][:3],
        "is_proposed": is_proposed,
        "propose_url": reverse(
            "offer-propose",
            kwargs={
                "pk": need.pk,
                "kind": "spare" if one.kind == "spare" else "commitment",
                "source": one.pk,
            },
        ),
    }


class OfferPropose(EditMixin, _NeedView):
    """How much, and why this one; read once more; then the supplier is asked."""

    permission = "match_needs"

    def source(self, kind: str, pk: int) -> Commitment | SpareOffer:
        try:
            if kind == "commitment":
                rows: Any = Commitment.objects.visible_to(self.request.user)
                return rows.select_related("measure", "supplier", "contract").get(pk=pk)  # type: ignore[no-any-return]
            if kind == "spare":
                spares: Any = SpareOffer.objects.visible_to(self.request.user)
                return spares.select_related("supplier").get(pk=pk)  # type: ignore[no-any-return]
        except (Commitment.DoesNotExist, SpareOffer.DoesNotExist, OverflowError):
            pass
        raise Http404

    def get(self, request: HttpRequest, pk: int, kind: str, source: int) -> HttpResponse:
        return self.answer(pk, kind, source)

    def post(self, request: HttpRequest, pk: int, kind: str, source: int) -> HttpResponseBase:
        return self.answer(pk, kind, source, request.POST)

    def answer(self, pk: int, kind: str, key: int, data: Any = None) -> HttpResponse:
        need, source = self.need(pk), self.source(kind, key)
        found = candidates_for(need, as_of=self.today, always=f"{kind}:{key}")
        mine = next((one for one in found.rows if one.key == f"{kind}:{key}"), None)
        if mine is None:
            messages.info(
                self.request, "Nothing of this promise is left for this need. Choose another."
            )
            return redirect("need-matches", need.pk)
        form = ProposeForm(
            data,
            need=need,
            unit=mine.unit,
            free=mine.free,
            is_first=mine is found.rows[0],
            initial=_first(need, mine),
        )
        if data is None or not form.is_valid() or data.get("step") == "change":
            return self.page(need, mine, found, form)
        if data.get("step") != "send":
            return self.check_page(need, mine, form)
        try:
            offer = propose_offer(
                need=need,
                commitment=source if isinstance(source, Commitment) else None,
                spare=source if isinstance(source, SpareOffer) else None,
                by=self.request.user,
                now=self.now,
                today=self.today,
                **form.values(),
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(need, mine, found, form)
        send_soon()
        messages.success(self.request, f"{offer.supplier.name} is asked now.")
        return redirect(offer)

    def page(
        self, need: Need, mine: Candidate, found: Candidates, form: ProposeForm
    ) -> HttpResponse:
        first = found.rows[0]
        context = {
            "title": f"Propose {mine.supplier_name}",
            "need": need,
            "mine": mine,
            "kind": KINDS[mine.kind],
            "free": amount(mine.free, mine.unit),
            "first": None if first is mine else first,
            "form": form,
            "reasons": reason_table(mine.ranked, mine.ranked.rank),
            "cancel": reverse("need-matches", kwargs={"pk": need.pk}),
            "breadcrumbs": self.trail(need),
        }
        return render(self.request, "contracts/offer_propose.html", context)

    def check_page(self, need: Need, mine: Candidate, form: ProposeForm) -> HttpResponse:
        given = form.values()
        rows = [
            SummaryRow("Need", need.title),
            SummaryRow("Hub", need.hub.name if need.hub else "", missing="No hub yet"),
            SummaryRow("Who is asked", mine.supplier_name),
            SummaryRow("What is proposed", mine.title, note=KINDS[mine.kind]),
        ]
        if given["offered_quantity"] is not None:
            rows.append(SummaryRow("How much", amount(given["offered_quantity"], need.unit)))
        if "drawn_quantity" in form.fields:
            rows.append(
                SummaryRow("Taken of the promise", amount(given["drawn_quantity"], mine.unit))
            )
        if given["override_reason"]:
            rows.append(
                SummaryRow(
                    "Why this one, ranked " + str(mine.ranked.rank), given["override_reason"]
                )
            )
        rows.append(SummaryRow("Note to the supplier", given["note"], missing="None"))
        context = {
            "title": "Check before you ask",
            "rows": rows,
            "posted": [(name, form.data.get(name, "")) for name in form.fields],
            "supplier": mine.supplier_name,
            "breadcrumbs": self.trail(need),
        }
        return render(self.request, "contracts/offer_propose_check.html", context)

    def trail(self, need: Need) -> list[tuple[str, str | None]]:
        return self.crumbs(
            need,
            ("Who could help", reverse("need-matches", kwargs={"pk": need.pk})),
            ("Propose", None),
        )


def _first(need: Need, mine: Candidate) -> dict[str, Any]:
    """What the boxes hold to begin with: as much as is needed and left."""
    left = need.still_wanted_quantity
    if left is None:
        return {"drawn_quantity": mine.free}
    if mine.unit.strip().casefold() == need.unit.strip().casefold():
        return {"offered_quantity": min(left, mine.free)}
    return {"offered_quantity": left}


def per_cent(share: Decimal) -> str:
    return f"{(share * 100).quantize(Decimal(1), ROUND_HALF_UP)}%"


class HubExposure(PermissionView):
    """Is a small hub seen as much as it asks? Measured on what suppliers are shown."""

    permission = "match_needs"

    def get(self, request: HttpRequest) -> HttpResponse:
        names, counts, proposed = needs_by_hub(request.user, self.today)
        lists, suppliers = shown_hubs(self.today)
        found = exposure({str(pk): number for pk, number in counts.items()}, lists)
        rows = []
        for one in found:
            asked = per_cent(one.needs_share)
            seen = "Not shown yet" if one.attention_share is None else per_cent(one.attention_share)
            verdict = "Not known yet" if one.ratio is None else "As much as it asks"
            if one.is_overlooked:
                verdict = "Seen less than it asks"
            rows.append(
                (
                    names.get(int(one.hub), one.hub) + (" (small)" if one.is_small else ""),
                    str(one.needs), asked, seen, str(proposed.get(int(one.hub), 0)), verdict,
                )
            )  # fmt: skip
        overlooked = [one for one in found if one.is_overlooked and one.is_small]
        table = Table(
            "Open needs of each hub, and how much suppliers see of them",
            ("Hub", "Open needs", "Share of needs", "Share of attention", "Offers so far", "Seen?"),
            rows,
            numeric=frozenset({1, 2, 3, 4}),
            is_stacked=True,
        )
        context = {
            "title": "Is every hub seen?",
            "table": table if rows else None,
            "suppliers": suppliers,
            "overlooked": [names.get(int(one.hub), one.hub) for one in overlooked],
            "breadcrumbs": [
                ("Coverage", reverse("coverage")), ("Is every hub seen?", None)
            ],
        }  # fmt: skip
        return render(request, "contracts/hub_exposure.html", context)
