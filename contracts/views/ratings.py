"""Yearly ratings: the list, one of them, the notice's fields, and the supplier's right of reply."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn, export_response
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Table, Tag, Tone
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.directory.models import Organisation

from ..counting import reading_words
from ..filters_pacing import RatingFilter
from ..forms.pacing import RatingAgreeForm, RatingProposeForm, RatingReplyForm
from ..models import Commitment, Contract, DeliveryRating
from ..rating_notice import notice_of
from ..selectors.ratings import rating_refusal, visible_ratings, years_over
from ..services.ratings import agree_rating, propose_rating, record_reply, word_of
from ..thresholds import day_words

TONES = {"1": Tone.GOOD, "2": Tone.INFO, "3": Tone.WARNING, "4": Tone.BAD}
STATE_TONES = {
    DeliveryRating.State.PROPOSED: Tone.INFO,
    DeliveryRating.State.REPLIED: Tone.WARNING,
    DeliveryRating.State.AGREED: Tone.GOOD,
}


def word_tag(code: str) -> Tag:
    return Tag(word_of(code), TONES.get(code, Tone.NEUTRAL))


def period_words(rating: DeliveryRating) -> str:
    return f"{day_words(rating.year_starts)} to {day_words(rating.year_ends)}"


class RatingList(ListPage):
    permission = "view_returns"
    title = "Yearly ratings"
    noun = "rating"
    introduction = (
        "Contracts above the threshold of the Procurement Act 2023 get a rating every year: "
        "proposed by a published rule from what is verified, open to the supplier’s reply, and "
        "agreed by a person. Open a contract’s pacing to propose one."
    )
    filterset_class = RatingFilter
    row_template = "contracts/_rating_rows.html"
    columns = (
        Column("Contract", sort="contract"),
        Column("Supplier"),
        Column("Year", sort="year"),
        Column("State"),
        Column("Rating"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "year": Sort("Year", ("year_ends",), "oldest first", "newest first"),
        "contract": Sort("Contract", ("contract__title",)),
    }
    default_sort = "-year"
    export_name = "ratings"
    export_columns = (
        ExportColumn("Contract", "contract.reference"),
        ExportColumn("OCID", "contract.ocid"),
        ExportColumn("Title", "contract.title"),
        ExportColumn("Supplier", "supplier.name"),
        ExportColumn("From", "year_starts"),
        ExportColumn("To", "year_ends"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Proposed", lambda row: word_of(row.proposed_code)),
        ExportColumn("Agreed", lambda row: word_of(row.agreed_code)),
        ExportColumn("Reasons", lambda row: " ".join(row.reasons)),
        ExportColumn("Reason where agreed differently", "agreed_reason"),
        ExportColumn("Supplier’s reply", "reply"),
    )
    empty_state = EmptyState(
        "No ratings yet",
        "When a year of a contract above the threshold is over, its rating is proposed on the "
        "contract’s pacing page and will be listed here.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return visible_ratings(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = word_tag(row.agreed_code or row.proposed_code)
            row.state_tag = Tag(row.get_state_display(), STATE_TONES[row.state])
            row.period = period_words(row)
        return {"rows": self.page.object_list}


class RatingPropose(EditMixin, PermissionView):
    """A contract's ratings, and the years that may be rated now, or why none may."""

    permission = "rate_delivery"

    def contract(self, pk: int) -> Contract:
        contract = get_object_or_404(Contract.objects.visible_to(self.request.user), pk=pk)
        self.check(contract)
        return contract

    def choices(self, contract: Contract) -> list[tuple[str, str]]:
        suppliers = Organisation.objects.filter(
            pk__in=Commitment.objects.filter(
                contract=contract, state=Commitment.State.AGREED
            ).values("supplier")
        ).order_by("name")
        done = set(contract.ratings.values_list("supplier_id", "year_starts"))
        names = list(suppliers)
        return [
            (
                f"{supplier.pk}:{year.starts.isoformat()}",
                year.label if len(names) == 1 else f"{supplier.name}, {year.label}",
            )
            for year in years_over(contract, self.today)
            for supplier in names
            if (supplier.pk, year.starts) not in done
        ]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.contract(pk)
        return self.page(contract, RatingProposeForm(choices=self.choices(contract)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        contract = self.contract(pk)
        form = RatingProposeForm(request.POST, choices=self.choices(contract))
        if not form.is_valid():
            return self.page(contract, form)
        key, _, starts = form.cleaned_data["year"].partition(":")
        try:
            rating = propose_rating(
                contract=contract,
                supplier=Organisation.objects.get(pk=key),
                year_starts=datetime.date.fromisoformat(starts),
                by=request.user,
                now=self.now,
                today=self.today,
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(contract, form)
        messages.success(
            request, "The rating is proposed. The supplier may reply before it is agreed."
        )
        return redirect("rating-detail", rating.pk)

    def page(self, contract: Contract, form: RatingProposeForm) -> HttpResponse:
        ratings = list(visible_ratings(self.request.user).filter(contract=contract))
        for row in ratings:
            row.tag = word_tag(row.agreed_code or row.proposed_code)  # type: ignore[attr-defined]
            row.period = period_words(row)  # type: ignore[attr-defined]
        context = {
            "title": f"Yearly ratings of {contract.title}",
            "contract": contract,
            "refusal": rating_refusal(contract, as_of=self.today),
            "form": form,
            "has_choices": bool(form.fields["year"].choices),  # type: ignore[attr-defined]
            "ratings": ratings,
            "has_errors": bool(form.errors),
            "breadcrumbs": [
                (contract.title, contract.get_absolute_url()),
                ("Pacing", reverse("contract-pacing", kwargs={"pk": contract.pk})),
                ("Yearly ratings", None),
            ],
        }
        return render(self.request, "contracts/rating_propose.html", context)


class _OneRating(EditMixin, PermissionView):
    def rating(self, pk: int) -> DeliveryRating:
        rating = get_object_or_404(visible_ratings(self.request.user), pk=pk)
        self.check(rating)
        return rating

    def crumbs(self, rating: DeliveryRating, here: str) -> list[tuple[str, str | None]]:
        return [
            ("Yearly ratings", reverse("rating-list")),
            (rating.contract.title, reverse("contract-pacing", kwargs={"pk": rating.contract_id})),
            (here, None),
        ]


class RatingPage(_OneRating):
    permission = "view_returns"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rating = self.rating(pk)
        may_rate = can(request.user, "rate_delivery", on=rating)
        # Before the supplier's time to reply is over, there is nothing to agree yet.
        is_open = (
            rating.state == DeliveryRating.State.REPLIED
            or rating.reply_due is None
            or self.today > rating.reply_due
        )
        context = {
            "title": f"Rating for {period_words(rating)}",
            **rating_context(rating),
            "may_agree": may_rate and rating.state != DeliveryRating.State.AGREED and is_open,
            "may_reply": can(request.user, "report_delivery", on=rating)
            and rating.state == DeliveryRating.State.PROPOSED,
            "breadcrumbs": self.crumbs(rating, period_words(rating)),
        }
        return render(request, "contracts/rating_detail.html", context)


def rating_context(rating: DeliveryRating) -> dict[str, Any]:
    rows = [
        (
            entry["name"],
            f"{_as_read(entry['due'])} {entry['unit']}",
            "Not known" if entry["verified"] is None else _as_read(entry["verified"]),
            f"Not known: {', '.join(entry['not_known'])}" if entry["not_known"] else "All known",
            entry["word"],
        )
        for entry in rating.basis.get("kpis", ())
    ]
    return {
        "rating": rating,
        "contract": rating.contract,
        "proposed_tag": word_tag(rating.proposed_code),
        "agreed_tag": word_tag(rating.agreed_code) if rating.agreed_code else None,
        "state_tag": Tag(
            rating.get_state_display(), STATE_TONES[DeliveryRating.State(rating.state)]
        ),
        "period": period_words(rating),
        "table": Table(
            "What the rating rests on, as it stood when it was proposed",
            ("Commitment", "Due in the year", "Verified", "Quarters", "Rating"),
            rows,
            numeric=frozenset({1, 2}),
            is_stacked=True,
        ),
    }


def _as_read(words: str) -> str:
    """A quantity of the basis, which is kept exact, rounded for reading."""
    try:
        return reading_words(Decimal(words.replace(",", "")))
    except InvalidOperation:
        return words


class RatingAgree(_OneRating):
    permission = "rate_delivery"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rating = self.rating(pk)
        if rating.state == DeliveryRating.State.AGREED:
            raise Http404
        return self.page(rating, self.form_of(rating))

    def form_of(self, rating: DeliveryRating) -> RatingAgreeForm:
        return RatingAgreeForm(
            initial={
                "version": rating.version,
                "agreed_code": rating.agreed_code or rating.proposed_code,
                "agreed_reason": rating.agreed_reason,
            }
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        rating = self.rating(pk)
        form = RatingAgreeForm(self.posted())
        if not form.is_valid():
            return self.page(rating, form)
        try:
            agree_rating(
                rating=rating,
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
                today=self.today,
                code=form.cleaned_data["agreed_code"],
                reason=form.cleaned_data["agreed_reason"],
            )
        except Collision as collision:
            return self.show_collision(form, self.form_of(collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(rating, form)
        messages.success(request, "The rating is agreed.")
        return redirect("rating-detail", rating.pk)

    def page(self, rating: DeliveryRating, form: RatingAgreeForm) -> HttpResponse:
        context = {
            "title": "Agree the rating",
            "form": form,
            **rating_context(rating),
            "breadcrumbs": self.crumbs(rating, "Agree the rating"),
        }
        return render(self.request, "contracts/rating_agree.html", context)


class RatingNotice(_OneRating):
    """The fields of the contract performance notice, as a file."""

    permission = "view_returns"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        rating = self.rating(pk)
        notice = notice_of(rating)
        name = f"rating-{rating.contract.reference}-{rating.year_starts.isoformat()}"
        if request.GET.get("format") == "json":
            answer = JsonResponse(notice, json_dumps_params={"indent": 2, "ensure_ascii": False})
            answer["Content-Disposition"] = f'attachment; filename="rating-{rating.pk}.json"'
            return answer
        columns = tuple(
            ExportColumn(title, lambda row, key=key: row[key])  # type: ignore[misc]
            for key, title in NOTICE_COLUMNS
        )
        rows = [{**_flat(notice), **_kpi(kpi)} for kpi in notice["kpis"]]
        return export_response("csv", columns, iter(rows), name=name, title=name)


NOTICE_COLUMNS = (
    ("buyer", "Buyer"),
    ("supplier", "Supplier"),
    ("reference", "Contract reference"),
    ("ocid", "OCID"),
    ("title", "Contract title"),
    ("from", "Period from"),
    ("to", "Period to"),
    ("kpi", "KPI"),
    ("measure", "Measure"),
    ("description", "KPI in words"),
    ("due", "Due"),
    ("verified", "Verified"),
    ("unit", "Unit"),
    ("not_known", "Quarters not known"),
    ("kpi_rating", "Rating of the KPI"),
    ("rating", "Rating of the contract"),
    ("state", "State"),
    ("reasons", "Reasons"),
)


def _flat(notice: dict[str, Any]) -> dict[str, Any]:
    return {
        "buyer": notice["buyer"]["name"],
        "supplier": notice["supplier"]["name"],
        "reference": notice["contract"]["reference"],
        "ocid": notice["contract"]["ocid"],
        "title": notice["contract"]["title"],
        "from": notice["period"]["from"],
        "to": notice["period"]["to"],
        "rating": notice["rating"]["word"],
        "state": notice["rating"]["state"],
        "reasons": " ".join(notice["rating"]["reasons"]),
    }


def _kpi(kpi: dict[str, Any]) -> dict[str, Any]:
    return {
        "kpi": kpi["number"],
        "measure": kpi["measure"],
        "description": kpi["description"],
        "due": kpi["due"],
        "verified": kpi["verified"],
        "unit": kpi["unit"],
        "not_known": "; ".join(kpi["quarters_not_known"]),
        "kpi_rating": kpi["rating"],
    }


class SupplierRating(_OneRating):
    """What is proposed about a supplier, and its right of reply."""

    permission = "report_delivery"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.rating(pk), RatingReplyForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        rating = self.rating(pk)
        form = RatingReplyForm(request.POST)
        if not form.is_valid():
            return self.page(rating, form)
        try:
            record_reply(
                rating=rating, reply=form.cleaned_data["reply"], by=request.user, now=self.now
            )
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(rating, form)
        messages.success(request, "Your reply is sent. The council reads it before it agrees.")
        return redirect("supplier-rating", rating.pk)

    def page(self, rating: DeliveryRating, form: RatingReplyForm) -> HttpResponse:
        context = {
            "title": f"Rating for {period_words(rating)}",
            "form": form,
            **rating_context(rating),
            "may_reply": rating.state == DeliveryRating.State.PROPOSED,
            "breadcrumbs": [(rating.contract.title, rating.contract.get_absolute_url())],
        }
        return render(self.request, "contracts/supplier_rating.html", context)
