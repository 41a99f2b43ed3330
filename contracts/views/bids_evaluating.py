"""Naming evaluators, scoring blind, agreeing one score, and recording the award."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from trafford_sv.core.access import can
from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES, Reach
from trafford_sv.core.services.records import Collision
from trafford_sv.directory.models import RoleGrant

from ..forms.bids import AwardTenderForm, EvaluatorForm, ModerateForm, ScoreForm
from ..forms.contracts import version_in
from ..models import Bid, Evaluator, EvaluatorScore, Tender
from ..selectors.bids import (
    STANDING,
    are_sealed,
    evaluator_rows,
    given_scores,
    plain,
    scores_are_shown,
    standings,
)
from ..services.bids import (
    award_tender,
    declare_no_interest,
    finish_scoring,
    moderate_bid,
    name_evaluator,
    score_bid,
    stand_down_evaluator,
)
from .bid_parts import bid_figures, offer_rows, ranking_table
from .bids import TenderPage
from .bids_preparing import sentences

SCORING_ROLES = [key for key, role in ROLES.items() if "score_bids" in role.permissions]


class TenderEvaluators(TenderPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        return self.page(tender, EvaluatorForm(choices=self.choices(tender)))

    def choices(self, tender: Tender) -> Any:
        grants = RoleGrant.objects.in_force(self.today).filter(role__in=SCORING_ROLES)
        everywhere = [key for key in SCORING_ROLES if ROLES[key].reach is Reach.EVERYTHING]
        grants = grants.filter(
            Q(role__in=everywhere) | Q(organisation=tender.contract.directorate_id)
        )
        named = tender.evaluators.exclude(user=None).values("user")
        return (
            User.objects.filter(is_active=True, pk__in=grants.values("user"))
            .exclude(pk__in=named)
            .order_by("name", "pk")
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        if "stand_down" in request.POST:
            return self.stand_down(tender)
        form = EvaluatorForm(request.POST, choices=self.choices(tender))
        if not form.is_valid():
            return self.page(tender, form)
        try:
            named = name_evaluator(
                tender=tender, user=form.cleaned_data["user"], by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(tender, form)
        messages.success(request, f"{named} is named. They declare their interests before scoring.")
        return redirect("tender-evaluators", pk)

    def stand_down(self, tender: Tender) -> HttpResponseBase:
        key = version_in(self.request.POST.get("stand_down"))
        evaluator = tender.evaluators.filter(pk=key).first()
        if evaluator is None:
            raise Http404
        try:
            stand_down_evaluator(
                evaluator=evaluator,
                reason=self.request.POST.get("reason", ""),
                by=self.request.user,
                now=self.now,
            )
        except ValidationError as error:
            form = EvaluatorForm(choices=self.choices(tender))
            return self.page(tender, form, sentences(error))
        messages.success(self.request, f"{evaluator} no longer scores this tender.")
        return redirect("tender-evaluators", tender.contract_id)

    def page(
        self, tender: Tender, form: EvaluatorForm, problems: list[str] | None = None
    ) -> HttpResponse:
        context = {
            **self.frame(tender.contract, "Evaluators"),
            "tender": tender,
            "form": form,
            "problems": problems or [],
            "evaluators": evaluator_rows(tender),
            "may_name": tender.state
            in (Tender.State.DRAFT, Tender.State.OPEN, Tender.State.EVALUATING),
        }
        return render(self.request, "contracts/tender_evaluators.html", context)


class NotNamed(Exception):
    """The person may read the tender and is no evaluator of it."""


class ScoringPage(TenderPage):
    """For an evaluator who is named on this tender; others are sent back to it with a sentence."""

    permission = "score_bids"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotNamed:
            messages.info(request, "You are not named to score the bids of this tender.")
            return redirect("tender-detail", kwargs["pk"])

    def evaluator(self, tender: Tender) -> Evaluator:
        found = tender.evaluators.filter(user=self.request.user.pk).first()
        if found is None:
            raise NotNamed
        return found


class TenderDeclare(ScoringPage):
    """One statement before any bid can be read: no interest in any bidder."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        return self.page(tender, self.evaluator(tender))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        evaluator = self.evaluator(tender)
        if "none" not in request.POST:
            problem = "Tick the declaration, or tell the officer who runs the tender about it."
            return self.page(tender, evaluator, [problem])
        declare_no_interest(evaluator=evaluator, by=request.user, now=self.now)
        messages.success(request, "Your declaration is recorded.")
        return redirect("tender-detail", pk)

    def page(
        self, tender: Tender, evaluator: Evaluator, problems: list[str] | None = None
    ) -> HttpResponse:
        context = {
            **self.frame(tender.contract, "Declare your interests"),
            "tender": tender,
            "evaluator": evaluator,
            "bidders": list(
                tender.bids.select_related("organisation").order_by("organisation__name")
            ),
            "problems": problems or [],
            "has_errors": bool(problems),
        }
        return render(self.request, "contracts/tender_declare.html", context)


class BidScore(ScoringPage):
    def get(self, request: HttpRequest, pk: int, bid: int) -> HttpResponseBase:
        tender = self.tender(pk)
        evaluator, found = self.evaluator(tender), self.bid(tender, bid)
        if evaluator.no_interest_declared_at is None:
            return redirect("tender-declare", pk)
        return self.page(tender, evaluator, found, self.form(tender, self.own(evaluator, found)))

    @staticmethod
    def own(evaluator: Evaluator, bid: Bid) -> EvaluatorScore | None:
        return EvaluatorScore.objects.filter(evaluator=evaluator, bid=bid).first()

    @staticmethod
    def form(tender: Tender, own: EvaluatorScore | None) -> ScoreForm:
        initial = {
            "version": own.version if own else 0,
            "score": plain(own.score) if own else None,
            "reasons": own.reasons if own else "",
        }
        return ScoreForm(initial=initial, highest=tender.highest_score)

    def post(self, request: HttpRequest, pk: int, bid: int) -> HttpResponseBase:
        tender = self.tender(pk)
        evaluator, found = self.evaluator(tender), self.bid(tender, bid)
        form = ScoreForm(request.POST, highest=tender.highest_score)
        if not form.is_valid():
            return self.page(tender, evaluator, found, form)
        status = 200
        try:
            score_bid(
                evaluator=evaluator,
                bid=found,
                score=form.cleaned_data["score"],
                reasons=form.cleaned_data["reasons"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            status = 409
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(collision.stored.version if collision.stored else 0)  # type: ignore[index]
            form.add_error(
                None,
                "You saved another score for this bid in another window. What you typed is still "
                "here: save again to keep it.",
            )
        except ValidationError as error:
            self.add_errors(form, error)
        else:
            messages.success(request, f"Your score for {found.organisation} is saved.")
            return redirect("tender-detail", pk)
        return self.page(tender, evaluator, found, form, status)

    def page(
        self, tender: Tender, evaluator: Evaluator, bid: Bid, form: ScoreForm, status: int = 200
    ) -> HttpResponse:
        context: dict[str, Any] = {
            **self.frame(tender.contract, f"Score {bid.organisation}"),
            "tender": tender,
            "bid": bid,
            "form": form,
            "evaluator": evaluator,
        }
        declared = evaluator.no_interest_declared_at is not None
        if declared and not are_sealed(tender) and bid.state in STANDING:
            offers = list(bid.offers.select_related("requested__measure", "requested__value"))
            context["offers"] = offer_rows(tender, offers, self.request.user)
            own = context["own_score"] = self.own(evaluator, bid)
            context["own_score_words"] = plain(own.score) if own else ""
            context["may_score"] = (
                evaluator.finished_at is None and tender.state == Tender.State.EVALUATING
            )
        return render(self.request, "contracts/bid_score.html", context, status=status)


class TenderFinish(ScoringPage):
    """An evaluator says that all scores are given. POST only; the tender's page asks."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        try:
            finish_scoring(evaluator=self.evaluator(tender), by=request.user, now=self.now)
        except ValidationError as error:
            for sentence in sentences(error):
                messages.error(request, sentence)
        else:
            messages.success(request, "You have finished. Your scores stand.")
        return redirect("tender-detail", pk)


class BidModerate(TenderPage):
    def get(self, request: HttpRequest, pk: int, bid: int) -> HttpResponseBase:
        tender = self.tender(pk)
        found = self.bid(tender, bid)
        return self.page(tender, found, self.form(tender, found))

    @staticmethod
    def form(tender: Tender, bid: Bid) -> ModerateForm:
        score = bid.moderated_score
        initial = {
            "version": bid.version,
            "score": plain(score) if score is not None else None,
            "reason": bid.moderated_reason,
        }
        return ModerateForm(initial=initial, highest=tender.highest_score)

    def post(self, request: HttpRequest, pk: int, bid: int) -> HttpResponseBase:
        tender = self.tender(pk)
        found = self.bid(tender, bid)
        form = ModerateForm(request.POST, highest=tender.highest_score)
        if not form.is_valid():
            return self.page(tender, found, form)
        status = 200
        try:
            moderate_bid(
                bid=found,
                score=form.cleaned_data["score"],
                reason=form.cleaned_data["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            status = 409
            stored = collision.stored
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(stored.version)  # type: ignore[index]
            score = "no score" if stored.moderated_score is None else plain(stored.moderated_score)
            form.add_error(
                None,
                f"Someone else settled this bid after you opened it: {stored.moderated_by_name} "
                f"gave {score} (“{stored.moderated_reason}”). What you typed is still here: save "
                "again only if yours should stand.",
            )
        except ValidationError as error:
            self.add_errors(form, error)
        else:
            messages.success(request, f"The score of {found.organisation} is agreed.")
            return redirect("tender-detail", pk)
        return self.page(tender, found, form, status)

    def page(self, tender: Tender, bid: Bid, form: ModerateForm, status: int = 200) -> HttpResponse:
        evaluators = evaluator_rows(tender)
        shown = scores_are_shown(tender, evaluators) and bid.state in STANDING
        context = {
            **self.frame(tender.contract, f"Agree the score of {bid.organisation}"),
            "tender": tender,
            "bid": bid,
            "form": form,
            "shown": shown,
            "scores": given_scores([bid.pk]).get(bid.pk, []) if shown else [],
            "figures": bid_figures(tender, bid, self.request.user) if shown else [],
            "may_moderate": shown and tender.state == Tender.State.EVALUATING,
            "finished": sum(1 for each in evaluators if each.finished_at),
            "evaluators": evaluators,
        }
        return render(self.request, "contracts/bid_moderate.html", context, status=status)


class TenderAward(TenderPage):
    """The winner by the whole evaluation; also needs the right to change the contract."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        form = AwardTenderForm(
            tender=tender,
            contract=tender.contract,
            initial={"version": tender.version, "awarded_on": self.today},
        )
        return self.page(tender, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        tender = self.tender(pk)
        self.check(tender.contract, "change_contracts")
        form = AwardTenderForm(request.POST, tender=tender, contract=tender.contract)
        if not form.is_valid():
            return self.page(tender, form)
        read = form.cleaned_data
        status = 200
        try:
            award_tender(
                tender=tender,
                bid=read["bid"],
                awarded_on=read["awarded_on"],
                value_pounds=read["value_pounds"],
                reason=read["reason"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            status = 409
            form.add_error(
                None,
                "Someone else changed this tender after you opened it: it is now "
                f"“{collision.stored.get_state_display()}”. Nothing was recorded.",
            )
        except ValidationError as error:
            self.add_errors(form, error)
        else:
            messages.success(
                request,
                "The award is recorded, and the winner’s offers are drafted as commitments.",
            )
            return redirect("tender-detail", pk)
        return self.page(tender, form, status)

    def page(self, tender: Tender, form: AwardTenderForm, status: int = 200) -> HttpResponse:
        ready = tender.state == Tender.State.MODERATED
        context = {
            **self.frame(tender.contract, "Record the award"),
            "tender": tender,
            "form": form,
            "ready": ready,
            "weighting": plain(tender.weighting_share * 100),
            "ranking": ranking_table(standings(tender)) if ready else None,
            "may_award": ready and can(self.request.user, "change_contracts", on=tender.contract),
        }
        return render(self.request, "contracts/tender_award.html", context, status=status)
