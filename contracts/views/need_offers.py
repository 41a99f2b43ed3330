"""The list of offers, one offer, and every step of it: each by the side whose step it is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from community_needs.views.settling import settle_from
from trafford_sv.core.access import can, reach
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState
from trafford_sv.core.queueing import hand_over
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.mail_rows import is_in_doubt
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..filters_offers import OfferFilter
from ..forms.commitments import ReasonStepForm, StepForm
from ..forms.need_offers import AcceptForm, ConfirmForm, DeliverForm
from ..models import NeedOffer, OfferMail
from ..selectors.need_offers import offer_rows
from ..services.need_offers import (
    accept_offer,
    agree_offer,
    confirm_offer,
    decline_offer,
    deliver_offer,
    refuse_offer,
    withdraw_offer,
)
from ..services.need_offers.telling import READERS
from ..tasks import send_offer_mails
from .offer_parts import (
    KINDS,
    facts_of,
    offer_tag,
    offered_words,
    source_words,
    steps_of,
    stored_reasons,
    story_of,
)

State = NeedOffer.State
CHANGED_MEANWHILE = (
    "This offer changed after you opened it. Nothing of yours is saved yet. "
    "Read it as it stands now, then try again."
)


def is_council(user: Any, offer: NeedOffer) -> bool:
    everything, own = reach(user, "view_offers")
    if everything:
        return True
    contract = offer.commitment.contract if offer.commitment else None
    return contract is not None and ("contract_manager", contract.directorate_id) in own


def send_soon() -> None:
    """The mails go out at once where there is a worker, and with the next scheduled run otherwise."""
    transaction.on_commit(lambda: hand_over(send_offer_mails))


class OfferList(ListPage):
    permission = "view_offers"
    title = "Offers for needs"
    noun = "offer"
    introduction = (
        "Promises that were proposed for a need, and what came of each. The supplier agrees first, "
        "then the hub; what was declined is free for another need."
    )
    filterset_class = OfferFilter
    row_template = "contracts/_offer_rows.html"
    columns = (
        Column("Need", sort="need"),
        Column("Who helps", sort="supplier"),
        Column("What"),
        Column("How much"),
        Column("Proposed", sort="proposed"),
        Column("State", sort="state"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "proposed": Sort("Proposed", ("proposed_at",), "oldest first", "newest first"),
        "need": Sort("Need", ("need__title",)),
        "supplier": Sort("Who helps", ("supplier__name",)),
        "state": Sort("State", ("state", "proposed_at")),
    }
    default_sort = "-proposed"
    export_name = "offers-for-needs"
    export_columns = (
        ExportColumn("Need", "need.title"),
        ExportColumn("Priority", "need.priority.name"),
        ExportColumn("Hub", "need.hub.name"),
        ExportColumn("Supplier", "supplier.name"),
        ExportColumn("Kind", lambda row: KINDS[row.source_kind]),
        ExportColumn("What is offered", source_words),
        ExportColumn("Unit of the need", "need.unit"),
        ExportColumn("Offered", "offered_quantity"),
        ExportColumn("Accepted", "accepted_quantity"),
        ExportColumn("Delivered", "delivered_quantity"),
        ExportColumn("Confirmed", "confirmed_quantity"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Proposed", "proposed_at"),
        ExportColumn("Declined because", "declined_reason"),
        ExportColumn("Invented", lambda row: "yes" if row.is_demo else "no"),
    )
    empty_state = EmptyState(
        "No offers yet",
        "When a promise is proposed for a need it will be listed here, with what the supplier and "
        "the hub say. Begin on a need’s page “Who could help”.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return offer_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = offer_tag(row)
            row.what = source_words(row)
            row.kind_words = KINDS[row.source_kind]
            row.how_much = offered_words(row)
        return {"rows": self.page.object_list}


class _OneOffer(EditMixin, PermissionView):
    permission = "view_offers"

    def offer(self, pk: int) -> NeedOffer:
        """404 for one that is not this person's to see."""
        try:
            found = offer_rows(self.request.user).get(pk=pk)
        except (NeedOffer.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(found)
        return found

    @staticmethod
    def crumbs(offer: NeedOffer, here: str = "") -> list[tuple[str, str | None]]:
        name = f"{offer.supplier.name}, {offer.need.title}"
        trail: list[tuple[str, str | None]] = [("Offers for needs", reverse("need-offer-list"))]
        trail.append((name, offer.get_absolute_url() if here else None))
        if here:
            trail.append((here, None))
        return trail


class OfferPage(_OneOffer):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        offer = self.offer(pk)
        council = is_council(request.user, offer)
        steps = steps_of(offer, request.user)
        context = {
            "title": f"{offer.supplier.name} for “{offer.need.title}”",
            "offer": offer,
            "tag": offer_tag(offer),
            "facts": facts_of(offer, is_council=council),
            "story": story_of(offer, is_council=council),
            "reasons": stored_reasons(offer) if council else None,
            "is_council": council,
            "mails": mail_rows(offer, self.now) if council else [],
            "needs_telling": offer.state in READERS,
            "main": steps[0] if steps else None,
            "others": steps[1:],
            "history": history_of(offer, limit=20) if council else None,
            "may_match": can(request.user, "match_needs"),
            "breadcrumbs": self.crumbs(offer),
        }
        return render(request, "contracts/offer_detail.html", context)


def mail_rows(offer: NeedOffer, now: Any) -> list[dict[str, Any]]:
    """Each mail about it, those in doubt with what to do. One query."""
    return [
        {
            "mail": mail,
            "doubtful": is_in_doubt(mail, now),
            "action": reverse("offer-mail-settle", args=[mail.pk]),
        }
        for mail in offer.mails.all()
    ]


class OfferMailSettle(PermissionView):
    """A mail in doubt: it arrived, or it is sent again. A POST from the offer's page."""

    permission = "match_needs"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mail = get_object_or_404(OfferMail.objects.select_related("offer"), pk=pk)
        settle_from(request, mail, self.now, again=send_soon)
        return redirect(mail.offer)


class OfferStep(_OneOffer):
    """One step, read and confirmed on one page. A lost race shows the offer as it stands now."""

    states: ClassVar[tuple[str, ...]] = ()
    title = ""
    button = ""
    sentence = ""
    done = ""
    is_warning = False

    def form(self, offer: NeedOffer, data: Any = None) -> Any:
        return StepForm(data, initial={"version": offer.version})

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        raise NotImplementedError

    def said(self, offer: NeedOffer) -> str:
        return self.done

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        offer = self.offer(pk)
        if offer.state not in self.states:
            messages.info(request, "This step is not open now. Here is how the offer stands.")
            return redirect(offer if can(request.user, "view_offers", on=offer) else "home")
        return self.page(offer, self.form(offer))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        offer = self.offer(pk)
        form = self.form(offer, request.POST)
        if not form.is_valid():
            return self.page(offer, form)
        try:
            changed = self.take(offer, form)
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(self.offer(pk), form, 409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(offer, form)
        send_soon()
        messages.success(request, self.said(changed))
        return redirect(offer)

    def page(self, offer: NeedOffer, form: Any, status: int = 200) -> HttpResponse:
        council = is_council(self.request.user, offer)
        context = {
            "title": self.title,
            "offer": offer,
            "form": form,
            "version": offer.version,
            "facts": facts_of(offer, is_council=council),
            "sentence": self.sentence,
            "button": self.button,
            "is_warning": self.is_warning,
            "others": [
                link for link in steps_of(offer, self.request.user) if link.url != self.request.path
            ],
            "breadcrumbs": self.crumbs(offer, self.title),
        }
        return render(self.request, "contracts/offer_step.html", context, status=status)

    def given(self, form: Any) -> dict[str, Any]:
        return {
            "expected_version": form.expected_version,
            "by": self.request.user,
            "now": self.now,
        }


class _WithReason(OfferStep):
    label = "Why?"

    def form(self, offer: NeedOffer, data: Any = None) -> Any:
        form = ReasonStepForm(data, initial={"version": offer.version})
        form.fields["reason"].label = self.label
        return form


class OfferAgree(OfferStep):
    permission = "offer_help"
    states = (State.PROPOSED,)
    title = "Can you help?"
    button = "Yes, we will help"
    sentence = (
        "If you say yes, this part of what you promised is kept for this need, and the hub is "
        "asked. It does not change what you promised, nor add to it."
    )
    done = "Thank you. The hub is asked now."

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return agree_offer(offer=offer, **self.given(form))


class OfferRefuse(_WithReason):
    permission = "offer_help"
    states = (State.PROPOSED,)
    title = "Say no to this need"
    button = "Say no"
    label = "Why can’t you help with this one?"
    sentence = "The council reads your reason. The hub is not told. Your promise stays as it is."
    done = "The council knows that you cannot help with this one."

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return refuse_offer(offer=offer, reason=form.cleaned_data["reason"], **self.given(form))


class OfferAccept(OfferStep):
    permission = "answer_offers"
    states = (State.AGREED,)
    title = "Accept this offer"
    button = "Accept the offer"
    sentence = "Take as many as you can use. What you leave can go to somebody else."
    done = "You have accepted it. The supplier will be in touch."

    def form(self, offer: NeedOffer, data: Any = None) -> Any:
        left = offer.need.still_wanted_quantity
        most = offer.offered_quantity
        if most is not None and left is not None:
            most = min(most, left)
        return AcceptForm(
            data, offer=offer, initial={"version": offer.version, "accepted_quantity": most}
        )

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return accept_offer(
            offer=offer,
            accepted_quantity=form.cleaned_data.get("accepted_quantity"),
            **self.given(form),
        )


class OfferDecline(_WithReason):
    permission = "answer_offers"
    states = (State.AGREED,)
    title = "Say no to this offer"
    button = "Say no"
    label = "Why is it not right for you?"
    sentence = "The supplier reads your reason, so that the next offer fits better."
    done = "You have said no. The supplier can read why, and can help somebody else."

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return decline_offer(offer=offer, reason=form.cleaned_data["reason"], **self.given(form))


class OfferDeliver(OfferStep):
    permission = "offer_help"
    states = (State.ACCEPTED,)
    title = "Say that it is done"
    button = "Tell the hub"
    sentence = (
        "The hub says what arrived. Report it in your quarterly return as well: this page shows "
        "the hub that you came, the return counts what you promised."
    )
    done = "The hub is asked now what arrived."

    def form(self, offer: NeedOffer, data: Any = None) -> Any:
        first = {"version": offer.version, "delivered_quantity": offer.accepted_quantity}
        return DeliverForm(data, offer=offer, initial=first)

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return deliver_offer(
            offer=offer,
            delivered_quantity=form.cleaned_data.get("delivered_quantity"),
            delivered_on=form.cleaned_data["delivered_on"],
            words=form.cleaned_data["words"],
            today=self.today,
            **self.given(form),
        )


class OfferConfirm(OfferStep):
    permission = "answer_offers"
    states = (State.DELIVERED,)
    title = "Say what arrived"
    button = "Send your answer"
    sentence = "You know best. Only what you say arrived counts towards your need."
    done = "Thank you. Your answer is on record."

    def form(self, offer: NeedOffer, data: Any = None) -> Any:
        return ConfirmForm(data, offer=offer, initial={"version": offer.version})

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return confirm_offer(offer=offer, **form.values(), **self.given(form))


class OfferWithdraw(_WithReason):
    permission = "match_needs"
    states = (State.PROPOSED, State.AGREED, State.ACCEPTED)
    title = "Withdraw the offer"
    button = "Withdraw it"
    label = "Why is it withdrawn?"
    sentence = "Both sides read the reason. What the offer held is free for another need."
    done = "The offer is withdrawn."
    is_warning = True

    def take(self, offer: NeedOffer, form: Any) -> NeedOffer:
        return withdraw_offer(offer=offer, reason=form.cleaned_data["reason"], **self.given(form))
