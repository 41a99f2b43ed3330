"""Officers' list of tenders, the tender tab of a contract, and one bid."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can, reach
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..contract_tabs import contract_tabs, permissions_here
from ..filters_bids import TenderFilter
from ..models import Bid, Contract, Evaluator, Tender
from ..selectors.bids import (
    STANDING,
    all_have_finished,
    are_sealed,
    can_be_prepared,
    evaluator_rows,
    given_scores,
    officers_tender_rows,
    own_bids,
    plain,
    proportionality,
    requested_rows,
    scores_are_shown,
    split_of,
    standings,
)
from ..services.bids.preparing import blockers
from .bid_parts import (
    SEALED,
    asked_table,
    bid_figures,
    bid_tag,
    differing_tag,
    figures,
    finding_tag,
    offer_rows,
    ranking_table,
    rule_rows,
    tender_tag,
)


def is_only_a_supplier(user: Any) -> bool:
    everything, own = reach(user, "view_tenders")
    return not everything and all(role == "supplier" for role, _ in own)


class TenderList(ListPage):
    permission = "view_tenders"
    title = "Tenders"
    noun = "tender"
    introduction = "Tenders that ask for social value, those that close soonest first."
    filterset_class = TenderFilter
    row_template = "contracts/_tender_rows.html"
    columns = (
        Column("Contract", sort="title"),
        Column("State"),
        Column("Bids close", sort="closes"),
        Column("Weighting", numeric=True),
        Column("Bidders invited", sort="invited", numeric=True),
        Column("Submitted", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "title": Sort("Title", ("contract__title",)),
        "closes": Sort("Closing time", ("closes_at",), "soonest first", "latest first"),
        "invited": Sort("Bidders invited", ("invited_count",), "fewest first", "most first"),
    }
    default_sort = "closes"
    export_name = "tenders"
    export_columns = (
        ExportColumn("Contract reference", "contract.reference"),
        ExportColumn("Contract", "contract.title"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Edition", "edition.name"),
        ExportColumn("Pricing day", "priced_on"),
        ExportColumn("Bids close", "closes_at"),
        ExportColumn("Weighting, per cent", lambda row: row.weighting_share * 100),
        ExportColumn("Bidders invited", "invited_count"),
        ExportColumn("Bids submitted", "submitted_count"),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No tenders yet",
        "What each tender asks for, who was invited and how the bids were scored will be here. "
        "Begin on the page of a contract that is not awarded yet.",
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_only_a_supplier(request.user):
            return redirect("supplier-bid-list")
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        return officers_tender_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.state_tag = tender_tag(row)
            row.weighting = f"{plain(row.weighting_share * 100)}%"
        return {"breadcrumbs": [("Contracts", reverse("contract-list")), (self.title, None)]}


class TenderPage(EditMixin, PermissionView):
    """The base of every page of one contract's tender."""

    permission = "change_tenders"

    def tender(self, pk: int) -> Tender:
        try:
            tender = officers_tender_rows(self.request.user).get(contract=pk)
        except (Tender.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(tender)
        return tender

    def bid(self, tender: Tender, bid: int) -> Bid:
        try:
            found = tender.bids.select_related("organisation").get(pk=bid)
        except (Bid.DoesNotExist, OverflowError):
            raise Http404 from None
        found.tender = tender
        return found

    def frame(self, contract: Contract, title: str) -> dict[str, Any]:
        """Context that every page of the tender shares."""
        trail: list[tuple[str, str | None]] = [
            ("Contracts", reverse("contract-list")),
            (contract.title, contract.get_absolute_url()),
        ]
        tab = "Tender"
        trail.append((tab, None if title == tab else address(contract.pk)))
        if title != tab:
            trail.append((title, None))
        return {
            "title": title,
            "contract": contract,
            "breadcrumbs": trail,
            "tabs": contract_tabs(
                contract.pk,
                permissions_here(self.request.user, contract.directorate_id),
                "tender",
            ),
        }


def address(contract: int, name: str = "tender-detail", **more: Any) -> str:
    return reverse(name, kwargs={"pk": contract, **more})


class TenderDetail(TenderPage):
    """Where the tender stands and the one thing to do next."""

    permission = "view_tenders"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if is_only_a_supplier(request.user):
            return self._for_a_supplier(pk)
        try:
            tender = officers_tender_rows(request.user).get(contract=pk)
        except OverflowError:
            raise Http404 from None
        except Tender.DoesNotExist:
            return self._none_yet(pk)
        self.check(tender)
        return render(request, "contracts/tender_detail.html", self.context(tender))

    def _for_a_supplier(self, pk: int) -> HttpResponseBase:
        """Their own bid, if they were asked for one. The answer never says whether others were."""
        try:
            bid = own_bids(self.request.user).filter(tender__contract=pk).first()
            contract = Contract.objects.visible_to(self.request.user).filter(pk=pk).first()
        except OverflowError:
            raise Http404 from None
        if bid is not None:
            return redirect("supplier-bid", bid.pk)
        if contract is None:
            raise Http404
        return render(self.request, "contracts/tender_none.html", self.frame(contract, "Tender"))

    def _none_yet(self, pk: int) -> HttpResponseBase:
        bid = own_bids(self.request.user).filter(tender__contract=pk).first()
        if bid is not None:  # an officer of other contracts, who bids for this one
            return redirect("supplier-bid", bid.pk)
        try:
            contract = Contract.objects.visible_to(self.request.user).get(pk=pk)
        except Contract.DoesNotExist:
            raise Http404 from None
        may = can(self.request.user, "change_tenders", on=contract) and can_be_prepared(contract)
        context = {**self.frame(contract, "Tender"), "may_prepare": may, "officer": True}
        return render(self.request, "contracts/tender_none.html", context)

    def context(self, tender: Tender) -> dict[str, Any]:
        user = self.request.user
        may_change = can(user, "change_tenders", on=tender)
        asked = list(requested_rows(tender))
        bids = list(tender.bids.select_related("organisation").order_by("organisation__name"))
        evaluators = evaluator_rows(tender)
        mine = next((each for each in evaluators if each.user_id == user.pk), None)
        sealed = are_sealed(tender)
        # Whoever scores reads no bid before the declaration.
        readable_bids = not sealed and (mine is None or mine.no_interest_declared_at is not None)
        shown = scores_are_shown(tender, evaluators)
        kinds = {row.measure.kind for row in asked}
        ranked = standings(tender, bids=bids, kinds=kinds) if readable_bids and shown else []
        standing_bids = [bid for bid in bids if bid.state in STANDING]
        unmoderated = [bid for bid in standing_bids if bid.moderated_score is None]
        findings = proportionality(tender, len(asked))
        given = given_scores([bid.pk for bid in standing_bids]) if shown and readable_bids else {}
        for bid in bids:
            bid.state_tag = bid_tag(bid)  # type: ignore[attr-defined]
            score = bid.moderated_score
            bid.agreed = None if score is None else plain(score)  # type: ignore[attr-defined]
            # Once a score is agreed, how far apart they were is on the bid's own page.
            bid.differing = (  # type: ignore[attr-defined]
                differing_tag(given.get(bid.pk, ())) if score is None else None
            )
        return {
            **self.frame(tender.contract, "Tender"),
            "tender": tender,
            "state_tag": tender_tag(tender),
            "figures": figures(tender, len(asked), len(standing_bids), len(bids)),
            "rules": rule_rows(tender, kinds),
            "asked": asked_table(tender, asked, user),
            "has_measures": bool(asked),
            "findings": [(finding_tag(finding.ok), finding.sentence) for finding in findings],
            "bids": bids,
            "sealed": sealed,
            "sealed_words": SEALED,
            "readable_bids": readable_bids,
            "evaluators": evaluators,
            "to_score": len(standing_bids),
            "finished": sum(1 for each in evaluators if each.finished_at),
            "scores_shown": shown,
            "mine": mine,
            "unscored": len(standing_bids) - mine.scored_count if mine else 0,  # type: ignore[attr-defined]
            "all_finished": all_have_finished(evaluators),
            "may_change": may_change,
            "may_award": tender.state == Tender.State.MODERATED,
            "next": self.next_step(tender, evaluators, unmoderated) if may_change else None,
            "blockers": blockers(tender, self.now)
            if may_change and tender.state == Tender.State.DRAFT
            else [],
            "ranking": ranking_table(ranked),
            "arithmetic": ranked,
            "scores": given,
        }

    def next_step(
        self, tender: Tender, evaluators: list[Evaluator], unmoderated: list[Bid]
    ) -> tuple[str, Link | None]:
        """A sentence and, where there is something to press, where it is."""
        pk = tender.contract_id
        if tender.state == Tender.State.DRAFT:
            return "", Link("Open for bids", address(pk, "tender-step", step="open"))
        if tender.state == Tender.State.OPEN:
            if tender.closes_at and self.now < tender.closes_at:
                return "Wait for the closing time. Bids stay sealed until then.", None
            return (
                "Bids have closed.",
                Link("Open the bids", address(pk, "tender-step", step="unseal")),
            )
        if tender.state == Tender.State.EVALUATING:
            needs_scores = split_of(tender).qualitative > 0
            if not evaluators and needs_scores:
                return (
                    "Nobody is named to score the bids.",
                    Link("Name evaluators", address(pk, "tender-evaluators")),
                )
            if not all_have_finished(evaluators) and needs_scores:
                return "Wait until every evaluator has finished.", None
            if unmoderated and needs_scores:
                bid = unmoderated[0]
                return (
                    f"{len(unmoderated)} bid{'' if len(unmoderated) == 1 else 's'} without an "
                    "agreed score.",
                    Link(
                        f"Agree the score of {bid.organisation}",
                        address(pk, "bid-moderate", bid=bid.pk),
                    ),
                )
            return (
                "Every bid has its scores.",
                Link("Agree all scores", address(pk, "tender-step", step="agree")),
            )
        if tender.state == Tender.State.MODERATED:
            return "The scores are agreed.", Link("Record the award", address(pk, "tender-award"))
        if tender.state == Tender.State.AWARDED:
            return "The winner’s offers are drafted as commitments.", None
        return "This tender was withdrawn.", None


class BidDetail(TenderPage):
    """One bid for officers, once the bids are opened."""

    permission = "view_tenders"

    def get(self, request: HttpRequest, pk: int, bid: int) -> HttpResponseBase:
        if is_only_a_supplier(request.user):
            own = own_bids(request.user).filter(pk=bid, tender__contract=pk).first()
            if own is None:
                raise Http404
            return redirect("supplier-bid", own.pk)
        tender = self.tender(pk)
        found = self.bid(tender, bid)
        evaluators = evaluator_rows(tender)
        mine = next((each for each in evaluators if each.user_id == request.user.pk), None)
        context: dict[str, Any] = {
            **self.frame(tender.contract, f"Bid of {found.organisation.name}"),
            "tender": tender,
            "bid": found,
            "state_tag": bid_tag(found),
            "sealed_words": SEALED,
        }
        if are_sealed(tender):
            context["withheld"] = SEALED
        elif found.state not in STANDING:
            context["withheld"] = "This bid was not submitted, so it stays closed."
        elif mine is not None and mine.no_interest_declared_at is None:
            context["withheld"] = "Declare first that you have no interest in any bidder."
            context["declare"] = address(pk, "tender-declare")
        else:
            context |= self.contents(tender, found, evaluators)
            if found.moderated_score is not None:
                context["agreed"] = (
                    f"{plain(found.moderated_score)} of {plain(tender.highest_score)}"
                )
            context["may_score"] = (
                mine is not None
                and mine.finished_at is None
                and tender.state == Tender.State.EVALUATING
            )
        return render(request, "contracts/bid_detail.html", context)

    def contents(self, tender: Tender, bid: Bid, evaluators: list[Evaluator]) -> dict[str, Any]:
        user = self.request.user
        offers = list(bid.offers.select_related("requested__measure", "requested__value"))
        shown = scores_are_shown(tender, evaluators)
        return {
            "offers": offer_rows(tender, offers, user),
            "figures": bid_figures(tender, bid, user),
            "scores_shown": shown,
            "scores": given_scores([bid.pk]).get(bid.pk, []) if shown else [],
            "finished": sum(1 for each in evaluators if each.finished_at),
            "evaluators": evaluators,
            "may_moderate": shown
            and tender.state == Tender.State.EVALUATING
            and can(user, "change_tenders", on=tender),
        }
