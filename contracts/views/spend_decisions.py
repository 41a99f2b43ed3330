"""Deciding who a payee is: the payee's page, the work list, the proposals, units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from trafford_sv.core.access import can
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import EmptyState, Figure, Link
from trafford_sv.core.periods import FinancialYear, PeriodError
from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.directory.models import Organisation

from ..filters_spend import UnitFilter
from ..forms_spend import ExclusionForm, NewOrganisationForm, UnitForm
from ..models import Payee, PayeeProposal, SpendExclusion, SpendTotal, SpendUnit
from ..selectors.spend import (
    proposals_to_decide,
    retained_spend,
    spend_years,
    unknown_payees,
)
from ..selectors.spend_worklist import unknown_worklist
from ..services.spend.decisions import (
    create_organisation_for,
    decide_again,
    link_unit,
    mark_unlocatable,
    match_payee,
    reject_proposal,
)
from ..services.spend.exclusions import change_exclusion, record_exclusion
from .spend_lists import place_words

PAGE = 25
FOUND_AT_MOST = 20
DECIDED_MEANWHILE = "Somebody decided about this payee a moment ago. This is how it stands now."


class PayeeDetail(PermissionView):
    """Who was paid, how much, where it is, and what to do about it."""

    permission = "view_spend"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        payee = self.payee(pk)
        return self.page(
            payee, NewOrganisationForm(initial={"name": payee.name, "version": payee.version})
        )

    def payee(self, pk: int) -> Payee:
        rows = Payee.objects.visible_to(self.request.user)
        return get_object_or_404(rows.select_related("organisation", "exclusion", "source"), pk=pk)

    def page(self, payee: Payee, form: NewOrganisationForm) -> HttpResponse:
        request = self.request
        may_decide = can(request.user, "decide_spend") and not payee.is_withheld
        find = request.GET.get("find", "").replace("\0", "").strip()[:100]
        found = (
            Organisation.objects.current()
            .filter(Q(name__icontains=find) | Q(aliases__name__icontains=find))
            .distinct()
            .order_by("name", "pk")[:FOUND_AT_MOST]
            if find and may_decide
            else []
        )
        years: list[dict[str, Any]] = list(
            SpendTotal.objects.filter(payee=payee)
            .order_by("-financial_year")
            .values("financial_year")
            .annotate(pounds=Sum("amount_pounds"), line_count=Sum("lines"))  # type: ignore[arg-type]
        )
        for year in years:
            year["label"] = FinancialYear(year["financial_year"]).label
            year["code"] = str(FinancialYear(year["financial_year"]))
        total = sum((year["pounds"] for year in years), start=0)
        lines = sum(year["line_count"] for year in years)
        return render(
            request,
            "contracts/payee_detail.html",
            {
                "title": payee.name,
                "breadcrumbs": [
                    ("Where the money went", reverse("spend-retained")),
                    ("Payees", reverse("payee-list")),
                    (payee.name, None),
                ],
                "payee": payee,
                "place": place_words(payee),
                "figures": [
                    Figure(
                        "Paid in all",
                        readable(total) if years else None,
                        exact=exact(total) if years else "",
                        of_what=f"in {lines:,} payments by {payee.source}",
                        way_in=Link(
                            "Show these payments",
                            f"{reverse('payment-list')}?payee={payee.pk}&source={payee.source_id}",
                        ),
                        missing="No payments",
                    )
                ],
                "years": years,
                "proposals": list(
                    payee.proposals.select_related("organisation").order_by("-score", "pk")
                ),
                "payments": list(
                    payee.payments.select_related("category", "unit").order_by("-paid_on", "-pk")[
                        :10
                    ]
                ),
                "line_total": lines,
                "may_decide": may_decide,
                "find": find,
                "found": found,
                "new_form": form,
                "form": form if form.is_bound else None,
            },
            status=400 if form.is_bound and not form.is_valid() else 200,
        )


class PayeeDecide(PayeeDetail):
    """One decision, by a button. Goes back to where the button was, with a way to undo it."""

    permission = "decide_spend"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect("payee-detail", pk)  # type: ignore[return-value]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        payee = self.payee(pk)
        action = request.POST.get("action", "")
        try:
            version = int(request.POST.get("version", ""))
        except ValueError:
            version = -1
        if action == "create":
            form = NewOrganisationForm(request.POST)
            if not form.is_valid():
                return self.page(payee, form)
            try:
                return self._done(self._create(payee, form))
            except ValidationError as error:
                EditMixin.add_errors(form, error)
                return self.page(payee, form)
            except Collision:
                return self._meanwhile(payee)
        try:
            return self._done(self._decide(payee, action, version))
        except Collision:
            return self._meanwhile(payee)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("payee-detail", payee.pk)

    def _create(self, payee: Payee, form: NewOrganisationForm) -> Payee:
        values = form.cleaned_data
        return create_organisation_for(
            payee=payee,
            values={"name": values["name"], "postcode": values["postcode"]},
            stated_locality=values["stated_locality"] or None,
            expected_version=form.expected_version,
            by=self.request.user,
            now=self.now,
        )

    def _decide(self, payee: Payee, action: str, version: int) -> Payee:
        by, now = self.request.user, self.now
        if action == "match":
            organisation = get_object_or_404(
                Organisation.objects.visible_to(by).current(),
                pk=_number(self.request.POST.get("organisation")),
            )
            return match_payee(
                payee=payee, organisation=organisation, expected_version=version, by=by, now=now
            )
        if action == "reject":
            proposal = get_object_or_404(
                PayeeProposal, payee=payee, pk=_number(self.request.POST.get("proposal"))
            )
            reject_proposal(proposal=proposal, by=by, now=now)
            return payee
        if action == "unlocatable":
            return mark_unlocatable(payee=payee, expected_version=version, by=by, now=now)
        if action == "again":
            return decide_again(payee=payee, expected_version=version, by=by, now=now)
        raise ValidationError("Choose one of the buttons.")

    def _done(self, payee: Payee) -> HttpResponseBase:
        payee = Payee.objects.select_related("organisation").get(pk=payee.pk)
        action = self.request.POST.get("action")
        said = {
            "match": f"{payee.name} is {payee.organisation}.",
            "create": f"{payee.name} is recorded as {payee.organisation}.",
            "reject": f"That match is not proposed for {payee.name} again.",
            "unlocatable": f"{payee.name} cannot be located. It stays in the unknown share.",
            "again": f"{payee.name} is not decided any more.",
        }[action or ""]
        back = self.request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(
            back, {self.request.get_host()}
        ) or not back.startswith("/"):
            messages.success(self.request, said)
            return redirect("payee-detail", payee.pk)
        if action in ("match", "unlocatable"):
            # The list itself says what was decided, beside the button that takes it back.
            return redirect(back + ("&" if "?" in back else "?") + f"undo={payee.pk}")
        messages.success(self.request, said)
        return redirect(back)

    def _meanwhile(self, payee: Payee) -> HttpResponseBase:
        messages.warning(self.request, DECIDED_MEANWHILE)
        return redirect("payee-detail", payee.pk)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0


def _undo(request: HttpRequest) -> Payee | None:
    """The payee decided a moment ago, to be taken back with one button."""
    pk = _number(request.GET.get("undo"))
    if not pk or not can(request.user, "decide_spend"):
        return None
    return (
        Payee.objects.visible_to(request.user)
        .exclude(state=Payee.State.UNDECIDED)
        .filter(is_withheld=False)
        .select_related("organisation")
        .filter(pk=pk)
        .first()
    )


class UnknownSuppliers(PermissionView):
    """The unknown suppliers that matter most."""

    permission = "view_spend"

    def get(self, request: HttpRequest) -> HttpResponse:
        year = self._year()
        page_number = max(_number(request.GET.get("page")) or 1, 1)
        worklist = unknown_worklist(request.user, year, limit=1)
        pages = Paginator(range(worklist.total), PAGE)
        page = pages.get_page(page_number)
        spend = retained_spend(request.user, year=year)
        first = (page.number - 1) * PAGE
        rows = unknown_payees(request.user, year=year, limit=PAGE, offset=first, spend=spend)
        shown = sum((row.of_unknown for row in rows if row.of_unknown), start=Decimal(0))
        years = spend_years(request.user)
        return render(
            request,
            "contracts/spend_unknown.html",
            {
                "title": "Unknown suppliers that matter most",
                "breadcrumbs": [
                    ("Where the money went", reverse("spend-retained")),
                    ("Unknown suppliers", None),
                ],
                "year": year,
                "years": years,
                "rows": rows,
                "total": worklist.total,
                "page": page,
                "spend": spend,
                "placeable": worklist.pounds,
                "shown_share": percentage(shown) if shown else "",
                "may_decide": can(request.user, "decide_spend"),
                "undo": _undo(request),
                "here": f"{request.path}?year={year}" if year else request.path,
                "empty": _nobody_left() if years else _no_spending(),
            },
        )

    def _year(self) -> FinancialYear | None:
        asked = self.request.GET.get("year", "")
        try:
            return FinancialYear.parse(asked) if asked else None
        except PeriodError:
            return None


def _nobody_left() -> EmptyState:
    return EmptyState(
        "Every payee that can be placed is placed",
        "New payees arrive here with the next spending file, those that were paid most first.",
        Link("See where the money went", reverse("spend-retained")),
    )


def _no_spending() -> EmptyState:
    return EmptyState(
        "No spending has been imported yet",
        "When the council’s published payments are here, the payees whose location nobody knows "
        "are listed, those that were paid most first.",
        Link("See where the money went", reverse("spend-retained")),
    )


class Matches(PermissionView):
    """Proposed matches, most money first."""

    permission = "view_spend"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Paginator(proposals_to_decide(request.user), PAGE).get_page(request.GET.get("page"))
        return render(
            request,
            "contracts/spend_matches.html",
            {
                "title": "Matches to decide",
                "breadcrumbs": [
                    ("Where the money went", reverse("spend-retained")),
                    ("Matches to decide", None),
                ],
                "page": rows,
                "may_decide": can(request.user, "decide_spend"),
                "undo": _undo(request),
                "here": request.path,
                "empty": EmptyState(
                    "No match is waiting",
                    "When a spending file brings payees whose names are like organisations we know, "
                    "they are proposed here with a score and reasons.",
                    Link("See the unknown suppliers", reverse("spend-unknown")),
                ),
            },
        )


class ExclusionCreate(EditMixin, PermissionView):
    permission = "decide_spend"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {"name": request.GET.get("name", "")[:300], "reviewed_on": self.today}
        return self.page(ExclusionForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ExclusionForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            exclusion = record_exclusion(values=form.changes(), by=request.user, now=self.now)
        except ValidationError as error:
            self.add_errors(form, _about_name(error))
            return self.page(form)
        messages.success(request, f"{exclusion.name} is left out of contestable spend.")
        return redirect("spend-exclusion-list")

    def page(self, form: ExclusionForm) -> HttpResponse:
        return render(
            self.request,
            "contracts/spend_exclusion_form.html",
            {
                "form": form,
                "title": "Leave out a payee",
                "button": "Leave this payee out",
                "breadcrumbs": [
                    ("Not contestable", reverse("spend-exclusion-list")),
                    ("Leave out a payee", None),
                ],
            },
        )


class ExclusionEdit(EditMixin, PermissionView):
    permission = "decide_spend"

    def exclusion(self, pk: int) -> SpendExclusion:
        return get_object_or_404(SpendExclusion.objects.visible_to(self.request.user), pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        exclusion = self.exclusion(pk)
        return self.page(exclusion, ExclusionForm(instance=exclusion))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        exclusion = self.exclusion(pk)
        form = ExclusionForm(self.posted(), instance=self.exclusion(pk))
        if not form.is_valid():
            return self.page(exclusion, form)
        try:
            change_exclusion(
                exclusion=exclusion,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, ExclusionForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, _about_name(error))
            return self.page(exclusion, form)
        messages.success(request, "The change is saved.")
        return redirect("spend-exclusion-list")

    def page(self, exclusion: SpendExclusion, form: ExclusionForm) -> HttpResponse:
        return render(
            self.request,
            "contracts/spend_exclusion_form.html",
            {
                "form": form,
                "title": f"Change the exclusion of {exclusion.name}",
                "button": "Save",
                "breadcrumbs": [
                    ("Not contestable", reverse("spend-exclusion-list")),
                    (exclusion.name, None),
                ],
            },
        )


def _about_name(error: ValidationError) -> ValidationError:
    """The key is made from the name, so what is wrong with it is said at the name."""
    if hasattr(error, "error_dict") and "key" in error.error_dict:
        return ValidationError(
            {"name": "This payee is on the list already, perhaps spelt otherwise."}
        )
    return error


class UnitList(ListPage):
    """Which part of the council belongs to which directorate."""

    permission = "view_spend"
    title = "Parts of the council in the spending files"
    noun = "part"
    introduction = (
        "The files name the budget that paid. Link each to its directorate, largest first, and "
        "spend can be read by directorate."
    )
    filterset_class = UnitFilter
    template_name = "contracts/spend_units.html"
    row_template = "contracts/_unit_rows.html"
    columns = (
        Column("Part of the council", sort="name"),
        Column("Paid", sort="pounds", numeric=True),
        Column("Directorate"),
    )
    sorts = {
        "name": Sort("Name", ("name",)),
        "pounds": Sort("Paid", ("pounds",), "smallest first", "largest first"),
    }
    default_sort = "-pounds"
    empty_state = EmptyState("None yet", "They come in with the council’s published spending file.")

    def get_queryset(self) -> QuerySet[Any]:
        return (
            SpendUnit.objects.visible_to(self.request.user)
            .filter(source__is_own_council=True)
            .select_related("directorate")
            .annotate(pounds=Sum("totals__amount_pounds"), payment_groups=Count("totals"))
        )

    def get_context(self) -> dict[str, Any]:
        return {
            "may_decide": can(self.request.user, "decide_spend"),
            "directorates": list(_directorates()),
            "here": self.request.get_full_path(),
        }


def _directorates() -> QuerySet[Organisation]:
    return Organisation.objects.current().of_kind("council_service").order_by("name")


class UnitLink(EditMixin, PermissionView):
    permission = "decide_spend"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect("spend-units")

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        unit = get_object_or_404(SpendUnit.objects.visible_to(request.user), pk=pk)
        form = UnitForm(self.posted(), directorates=_directorates())
        if not form.is_valid():
            messages.error(
                request, f"{unit} was not linked. Choose a directorate from the list and try again."
            )
            return redirect("spend-units")
        try:
            unit = link_unit(
                unit=unit,
                directorate=form.cleaned_data["directorate"],
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = UnitForm(
                initial={"directorate": collision.stored.directorate_id},
                directorates=_directorates(),
            )
            return self.show_collision(form, stored, collision)
        messages.success(
            request,
            f"{unit} belongs to {unit.directorate}."
            if unit.directorate
            else f"{unit} is linked to none.",
        )
        back = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(back, {request.get_host()}) and back.startswith("/"):
            return redirect(back)
        return redirect("spend-units")
