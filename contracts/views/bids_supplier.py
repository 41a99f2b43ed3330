"""The supplier's place: tenders they are invited to, their own bid, and what became of it."""

from __future__ import annotations

import io
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify

from trafford_sv.core.exports import CONTENT_TYPES
from trafford_sv.core.parts import Link, SummaryRow
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.core.workbooks import FileRefused

from ..forms.bids import BidForm, SubmitForm, WorkbookForm
from ..forms.contracts import version_in
from ..imports.bid_workbook import (
    Change,
    Preview,
    accepted,
    read_bid_workbook,
    sealed_changes,
)
from ..imports.bid_workbook_writing import write_bid_workbook
from ..models import Bid, Tender
from ..selectors.bids import own_bids, plain, requested_rows, scored_kind_words, takes_bids
from ..services.bids import save_bid, submit_bid, withdraw_bid
from ..services.bids.answering import missing, questions
from .bid_parts import asked_table, bid_figures, bid_tag, may_see_values, offer_rows, value_words

AFTER_AWARD = (Bid.State.WON, Bid.State.LOST)


class OwnBidPage(EditMixin, PermissionView):
    """The base: only a bid of one's own organisation; anybody else's is not found."""

    permission = "submit_bids"

    def bid(self, pk: int) -> Bid:
        try:
            bid = own_bids(self.request.user).get(pk=pk)
        except (Bid.DoesNotExist, OverflowError):
            raise Http404 from None
        self.check(bid)
        return bid

    def frame(self, bid: Bid, title: str) -> dict[str, Any]:
        trail: list[tuple[str, str | None]] = [("Your bids", reverse("supplier-bid-list"))]
        own = bid.tender.contract.title
        if title != own:
            trail.append((own, reverse("supplier-bid", args=[bid.pk])))
        return {
            "title": title,
            "bid": bid,
            "tender": bid.tender,
            "state_tag": bid_tag(bid),
            "breadcrumbs": [*trail, (title, None)],
            "takes_bids": takes_bids(bid.tender, self.now),
        }


class SupplierBidList(PermissionView):
    """Every tender that one's organisation is invited to; open ones first, soonest closing first."""

    permission = "submit_bids"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(own_bids(request.user).order_by("tender__closes_at", "pk"))
        for row in rows:
            row.state_tag = bid_tag(row)  # type: ignore[attr-defined]
        context = {
            "title": "Your bids",
            "open_bids": [row for row in rows if takes_bids(row.tender, self.now)],
            "other_bids": [row for row in rows if not takes_bids(row.tender, self.now)][::-1],
            "several": len({row.organisation_id for row in rows}) > 1,
        }
        return render(request, "contracts/supplier_bid_list.html", context)


class SupplierBid(OwnBidPage):
    """What is asked, what one has offered, and the next step; after the award one's own scores."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        bid = self.bid(pk)
        tender = bid.tender
        asked = list(requested_rows(tender))
        offers = list(bid.offers.select_related("requested__measure", "requested__value"))
        kinds = {row.measure.kind for row in asked}
        rules = [
            SummaryRow(
                "Weighting of social value",
                f"{plain(tender.weighting_share * 100)}% of the whole evaluation",
            ),
            SummaryRow(
                "Quantities",
                f"{plain(tender.quantitative_share * 100)}% of the social value score: "
                f"{tender.get_quantitative_method_display().lower()}",
                note=scored_kind_words(tender.edition.is_combinable, kinds),
            ),
            SummaryRow(
                "Answers",
                f"{plain(100 - tender.quantitative_share * 100)}% of the social value score",
            ),
            SummaryRow("Note from the council", tender.note_to_bidders, missing="None"),
        ]
        context = {
            **self.frame(bid, tender.contract.title),
            "rules": rules,
            "asked": asked_table(tender, asked, request.user),
            "offers": offer_rows(tender, offers, request.user),
            "figures": bid_figures(tender, bid, request.user) if offers else [],
            "result": self.result(bid) if bid.state in AFTER_AWARD else [],
            "is_withdrawn_tender": tender.state == Tender.State.WITHDRAWN,
        }
        return render(request, "contracts/supplier_bid.html", context)

    @staticmethod
    def result(bid: Bid) -> list[SummaryRow]:
        """One's own agreed score and its reason; never anybody else's, nor who scored."""
        score = bid.moderated_score
        return [
            SummaryRow("Outcome", bid.get_state_display()),
            SummaryRow(
                "Score for your answers",
                f"{plain(score)} of {plain(bid.tender.highest_score)}" if score is not None else "",
                missing="Answers were not scored",
            ),
            SummaryRow("Reason", bid.moderated_reason, missing="None recorded"),
        ]


class SupplierBidEdit(OwnBidPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        if bid.state == Bid.State.SUBMITTED or not takes_bids(bid.tender, self.now):
            return redirect("supplier-bid", pk)
        return self.page(bid, BidForm(bid=bid, asked=requested_rows(bid.tender)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        form = BidForm(request.POST, bid=bid, asked=requested_rows(bid.tender))
        if not form.is_valid():
            return self.page(bid, form)
        status = 200
        try:
            save_bid(
                bid=bid,
                answers=form.answers(),
                method_statement=form.cleaned_data["method_statement"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            status = 409
            bid = self.bid(pk)
            self.say_differences(form, bid)
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(collision.stored.version)  # type: ignore[index]
        except ValidationError as error:
            self.add_errors(form, error)
        else:
            if "check" in request.POST:
                return redirect("supplier-bid-submit", pk)
            messages.success(request, "Your bid is saved. It is not submitted yet.")
            return redirect("supplier-bid", pk)
        return self.page(bid, form, status)

    @staticmethod
    def say_differences(form: BidForm, bid: Bid) -> None:
        """A colleague saved meanwhile: beside each box that differs, what is stored now."""
        form.add_error(
            None,
            "Someone else saved this bid after you opened it. Nothing you typed is lost: compare "
            "the boxes marked below, then save again to keep yours.",
        )
        stored = BidForm(bid=bid, asked=form.asked)
        for name in stored.fields:
            if name == "version":
                continue
            now = str(stored[name].value() if stored[name].value() is not None else "")
            typed = str(form.data.get(name, "")).replace("\r\n", "\n").strip()
            shown = stored.fields[name].prepare_value(stored[name].value())
            shown = "" if shown is None else str(shown)
            if typed not in (now, shown):
                form.add_error(name, f"Stored now: {shown or 'nothing'}")

    def page(self, bid: Bid, form: BidForm, status: int = 200) -> HttpResponse:
        may_see = may_see_values(bid.tender, self.request.user)
        boxes = form.boxes()
        for box in boxes:
            box["value"] = value_words(box["asked"], may_see)
        context = {**self.frame(bid, "Your answers"), "form": form, "boxes": boxes}
        return render(self.request, "contracts/supplier_bid_form.html", context, status=status)


class SupplierBidSubmit(OwnBidPage):
    """Check the answers, then seal them."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        if bid.state == Bid.State.SUBMITTED or not takes_bids(bid.tender, self.now):
            return redirect("supplier-bid", pk)
        return self.page(bid, SubmitForm(initial={"version": bid.version}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        form = SubmitForm(request.POST)
        status = 200
        if form.is_valid():
            try:
                submit_bid(
                    bid=bid,
                    expected_version=form.expected_version,
                    by=request.user,
                    now=self.now,
                    acknowledged=form.cleaned_data["acknowledged"],
                )
            except Collision:
                status = 409
                bid = self.bid(pk)
                form = SubmitForm(data={"version": bid.version, "acknowledged": ""}, initial={})
                form.is_valid()
                form.add_error(
                    None,
                    "Someone else saved this bid after you opened it. Look at the answers as they "
                    "are now, then submit.",
                )
            except ValidationError as error:
                self.add_errors(form, error)
            else:
                messages.success(
                    request, "Your bid is submitted. It stays sealed until bids close."
                )
                return redirect("supplier-bid", pk)
        return self.page(bid, form, status)

    def page(self, bid: Bid, form: SubmitForm, status: int = 200) -> HttpResponse:
        offers = list(bid.offers.select_related("requested__measure", "requested__value"))
        context = {
            **self.frame(bid, "Check your answers"),
            "form": form,
            "offers": offer_rows(bid.tender, offers, self.request.user),
            "figures": bid_figures(bid.tender, bid, self.request.user),
            "missing": missing(bid),
            "questions": questions(bid),
            "change": Link("Change", reverse("supplier-bid-edit", args=[bid.pk])),
        }
        return render(self.request, "contracts/supplier_bid_check.html", context, status=status)


class SupplierBidWithdraw(OwnBidPage):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        if bid.state != Bid.State.SUBMITTED or not takes_bids(bid.tender, self.now):
            return redirect("supplier-bid", pk)
        return self.page(bid)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        try:
            withdraw_bid(
                bid=bid,
                expected_version=version_in(request.POST.get("version")),
                by=request.user,
                now=self.now,
            )
        except Collision:
            said = (
                "Someone else changed this bid after you opened the page. Look at it, then decide."
            )
            return self.page(self.bid(pk), [said], 409)
        except ValidationError as error:
            return self.page(bid, list(error.messages))
        messages.success(
            request, "Your bid is withdrawn. You can change and submit it again in time."
        )
        return redirect("supplier-bid", pk)

    def page(self, bid: Bid, problems: list[str] | None = None, status: int = 200) -> HttpResponse:
        context = {
            **self.frame(bid, "Withdraw your bid"),
            "problems": problems or [],
            "has_errors": bool(problems),
        }
        return render(self.request, "contracts/supplier_bid_withdraw.html", context, status=status)


class SupplierBidWorkbook(OwnBidPage):
    """The bid as a workbook, filled in as far as it is."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        file = io.BytesIO()
        write_bid_workbook(file, bid)
        name = f"bid-{slugify(bid.tender.contract.reference) or bid.pk}.xlsx"
        return HttpResponse(
            file.getvalue(),
            content_type=CONTENT_TYPES["xlsx"],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class SupplierBidUpload(OwnBidPage):
    """Upload a workbook, see each change, accept all or part. Nothing is kept before that."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        if bid.state == Bid.State.SUBMITTED or not takes_bids(bid.tender, self.now):
            return redirect("supplier-bid", pk)
        return self.page(bid, WorkbookForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        bid = self.bid(pk)
        if "changes" in request.POST:
            return self.accept(bid)
        form = WorkbookForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(bid, form)
        try:
            preview = read_bid_workbook(form.cleaned_data["file"], bid)
        except FileRefused as refused:
            form.add_error("file", str(refused))
            return self.page(bid, form)
        return self.preview(bid, preview)

    def preview(self, bid: Bid, preview: Preview) -> HttpResponse:
        context = {
            **self.frame(bid, "What the workbook changes"),
            "preview": preview,
            "changes": sealed_changes(bid, preview),
            "conflict": Change.CONFLICT,
            "error": Change.ERROR,
        }
        return render(self.request, "contracts/supplier_bid_preview.html", context)

    def accept(self, bid: Bid) -> HttpResponseBase:
        form = WorkbookForm()
        problem, status = "", 200
        try:
            chosen = accepted(bid, self.request.POST["changes"], self.request.POST.getlist("cell"))
            if not chosen.answers and chosen.method_statement is None:
                messages.info(self.request, "Nothing was ticked, so nothing was changed.")
                return redirect("supplier-bid", bid.pk)
            save_bid(
                bid=bid,
                answers=chosen.answers,
                method_statement=chosen.method_statement,
                expected_version=chosen.version,
                by=self.request.user,
                now=self.now,
            )
        except Collision:
            status = 409
            problem = (
                "Someone else saved this bid after you uploaded the workbook. Upload it again to "
                "see what it changes now."
            )
        except FileRefused as refused:
            problem = str(refused)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(self.request, "The changes are saved. Your bid is not submitted yet.")
            return redirect("supplier-bid", bid.pk)
        return self.page(bid, form, problem, status)

    def page(
        self, bid: Bid, form: WorkbookForm, problem: str = "", status: int = 200
    ) -> HttpResponse:
        context = {
            **self.frame(bid, "Upload your workbook"),
            "form": form,
            "problems": [problem] if problem else [],
            "has_errors": bool(problem or form.errors),
        }
        return render(self.request, "contracts/supplier_bid_upload.html", context, status=status)
