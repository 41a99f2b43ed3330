"""“Ask for this”: unmet needs beside coming contracts, the clause to write, and the trace after."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from community_needs.models import Need
from trafford_sv.core.access import can
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView, PublicView
from trafford_sv.directory.models import Area

from ..forms.need_offers import ClauseForm, ClauseStateForm
from ..models import Contract, NeedClause
from ..selectors.need_clauses import carriers_for, clause_for, fitting_measures, trace_of
from ..selectors.need_coverage import unmet_on
from ..services.need_clauses import ask_for_need, change_clause, settle_clause
from .commitments import amount_of
from .offer_parts import amount, need_url, offer_tag, offered_words, source_words


class _Asking(EditMixin, PermissionView):
    permission = "view_tenders"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # A supplier reads tenders it is invited to, and never what the council plans to ask for.
        if not can(request.user, "view_needs"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def need(self, pk: int) -> Need:
        rows = Need.objects.visible_to(self.request.user).select_related("priority", "hub")
        try:
            found: Need = rows.get(pk=pk)
        except (Need.DoesNotExist, OverflowError):
            raise Http404 from None
        return found

    def clause(self, pk: int) -> NeedClause:
        rows = NeedClause.objects.visible_to(self.request.user)
        try:
            found: NeedClause = rows.select_related("contract", "need__priority", "need__hub").get(
                pk=pk
            )
        except (NeedClause.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found


class AskForThis(_Asking):
    """The unmet needs, worst first, each with a way to the contracts that could carry it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        unmet, total = unmet_on(self.today, request.user)
        names = dict(Area.objects.wards(2023).values_list("code", "name"))
        asked: dict[int, int] = {}
        for need, contract in NeedClause.objects.visible_to(request.user).values_list(
            "need", "contract"
        ):
            asked[need] = asked.get(need, 0) + bool(contract)
        context = {
            "title": "Ask for this",
            "rows": [
                {
                    "row": row,
                    "wards": ", ".join(names.get(code, code) for code in row.wards[:3]),
                    "asked": asked.get(row.need.pk, 0),
                    "url": reverse("need-ask", kwargs={"pk": row.need.pk}),
                }
                for row in unmet
            ],
            "total": total,
            "pipeline": Contract.objects.visible_to(request.user)
            .filter(stage=Contract.Stage.PIPELINE)
            .count(),
            "breadcrumbs": [("Coverage", reverse("coverage")), ("Ask for this", None)],
        }
        return render(request, "contracts/ask_for_this.html", context)


class NeedAsk(_Asking):
    """One need: the coming contracts that could carry it, and why."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        need = self.need(pk)
        carriers = carriers_for(need, request.user, self.today)
        measures = fitting_measures(need)
        context = {
            "title": f"Ask for this: {need.title}",
            "need": need,
            "need_url": need_url(need),
            "carriers": [
                {
                    "one": one,
                    "url": reverse(
                        "clause-create", kwargs={"pk": need.pk, "contract": one.contract.pk}
                    )
                    if can(request.user, "change_tenders", on=one.contract)
                    else "",
                }
                for one in carriers
            ],
            "measures": measures,
            "words": clause_for(need, measures),
            "breadcrumbs": [
                ("Coverage", reverse("coverage")),
                ("Ask for this", reverse("ask-for-this")),
                (need.title, None),
            ],
        }
        return render(request, "contracts/need_ask.html", context)


class ClauseCreate(_Asking):
    permission = "change_tenders"
    title = "Write the clause"

    def contract(self, pk: int) -> Contract:
        try:
            found = Contract.objects.visible_to(self.request.user).get(pk=pk)
        except (Contract.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found

    def get(self, request: HttpRequest, pk: int, contract: int) -> HttpResponse:
        need, held = self.need(pk), self.contract(contract)
        measures = fitting_measures(need)
        form = ClauseForm(
            need=need,
            initial={
                "words": clause_for(need, measures),
                "measures": [one.pk for one in measures if one.how == "strong"],  # type: ignore[attr-defined]
            },
        )
        return self.page(need, held, form)

    def post(self, request: HttpRequest, pk: int, contract: int) -> HttpResponseBase:
        need, held = self.need(pk), self.contract(contract)
        form = ClauseForm(request.POST, need=need)
        if form.is_valid():
            try:
                ask_for_need(
                    need=need, contract=held, by=request.user, now=self.now, **form.changes()
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, f"The clause is kept with {held.reference}, for when its tender is written."
                )  # fmt: skip
                return redirect("need-trace", need.pk)
        return self.page(need, held, form)

    def page(self, need: Need, held: Contract, form: ClauseForm) -> HttpResponse:
        return _clause_page(
            self.request,
            form,
            self.title,
            "Keep the clause",
            need,
            f"{held.reference} {held.title}",
        )


class ClauseEdit(_Asking):
    permission = "change_tenders"
    title = "Change the clause"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        clause = self.clause(pk)
        return self.page(clause, ClauseForm(instance=clause, need=clause.need))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        clause = self.clause(pk)
        form = ClauseForm(self.posted(), instance=self.clause(pk), need=clause.need)
        if form.is_valid():
            try:
                change_clause(
                    clause=clause,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    **form.changes(),
                )
            except Collision as collision:
                stored = ClauseForm(instance=collision.stored, need=clause.need)
                return self.show_collision(form, stored, collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect("need-trace", clause.need_id)
        return self.page(clause, form)

    def page(self, clause: NeedClause, form: ClauseForm) -> HttpResponse:
        held = clause.contract
        return _clause_page(
            self.request, form, self.title, "Save changes", clause.need,
            f"{held.reference} {held.title}",
        )  # fmt: skip


class ClauseSettle(_Asking):
    permission = "change_tenders"
    title = "What became of the clause"

    def form(self, clause: NeedClause, data: Any = None) -> ClauseStateForm:
        return ClauseStateForm(
            data,
            initial={
                "version": clause.version,
                "state": clause.state,
                "dropped_reason": clause.dropped_reason,
            },
        )

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        clause = self.clause(pk)
        return self.page(clause, self.form(clause))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        clause = self.clause(pk)
        form = self.form(clause, self.posted())
        if form.is_valid():
            try:
                settle_clause(
                    clause=clause,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    **form.changes(),
                )
            except Collision as collision:
                return self.show_collision(form, self.form(collision.stored), collision)
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(request, "Your changes are saved.")
                return redirect("need-trace", clause.need_id)
        return self.page(clause, form)

    def page(self, clause: NeedClause, form: ClauseStateForm) -> HttpResponse:
        return _clause_page(
            self.request, form, self.title, "Save changes", clause.need,
            f"{clause.contract.reference} {clause.contract.title}",
        )  # fmt: skip


def _clause_page(
    request: HttpRequest, form: Any, title: str, button: str, need: Need, caption: str
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "button": button,
        "caption": caption,
        "cancel": reverse("need-trace", kwargs={"pk": need.pk}),
        "breadcrumbs": [
            ("Ask for this", reverse("ask-for-this")),
            (need.title, reverse("need-ask", kwargs={"pk": need.pk})),
            (title, None),
        ],
    }
    return render(request, "contracts/recovery_form.html", context)


class NeedTrace(PublicView):
    """From the need to what answers it: anyone sees what is theirs to see."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Need.objects.visible_to(request.user).select_related("priority", "hub")
        try:
            need: Need = rows.get(pk=pk)
        except (Need.DoesNotExist, OverflowError):
            raise Http404 from None
        found = trace_of(need, request.user)
        is_officer = can(request.user, "match_needs")
        context = {
            "title": f"From need to proof: {need.title}",
            "need": need,
            "need_url": need_url(need),
            "wanted": amount(need.needed_quantity, need.unit),
            "accepted": amount(need.accepted_quantity, need.unit),
            "confirmed": amount(need.confirmed_quantity, need.unit),
            "clauses": [
                {
                    "one": one,
                    "edit_url": reverse("clause-edit", kwargs={"pk": one.clause.pk})
                    if can(request.user, "change_tenders", on=one.clause)
                    else "",
                    "settle_url": reverse("clause-settle", kwargs={"pk": one.clause.pk})
                    if can(request.user, "change_tenders", on=one.clause)
                    else "",
                    "promises": [
                        {
                            "one": promise,
                            "unit": promise.commitment.measure.unit,
                            "offered": amount_of(promise.offered, promise.commitment.measure),
                            "promised": amount_of(
                                promise.commitment.promised_quantity,
                                promise.commitment.measure,
                            ),
                            "verified": amount_of(promise.verified, promise.commitment.measure),
                            "confirmed": amount_of(promise.confirmed, promise.commitment.measure),
                        }
                        for promise in one.promises
                    ],
                }
                for one in found.clauses
            ],
            "offers": [
                (offer, offer_tag(offer), source_words(offer), offered_words(offer))
                for offer in found.offers
            ],
            "match_url": reverse("need-matches", kwargs={"pk": need.pk}) if is_officer else "",
            "ask_url": reverse("need-ask", kwargs={"pk": need.pk}) if is_officer else "",
            "may_read_offers": can(request.user, "view_offers"),
            "breadcrumbs": [(need.title, need_url(need)), ("From need to proof", None)],
        }
        return render(request, "contracts/need_trace.html", context)
