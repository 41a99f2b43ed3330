"""Delivery returns and their lines. A supplier reads, fills in and sends its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, F, QuerySet
from django.http import Http404
from django.urls import URLPattern, URLResolver, path, reverse
from rest_framework import serializers

from trafford_sv.core.access import can
from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    pounds,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.problems import Problem
from trafford_sv.core.api.views import ApiView, DetailView, ListView, etag_of
from trafford_sv.core.api.writes import CreateMixin, PatchMixin
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.services.records import Collision

from ..due_dates import due_on
from ..filters_own_returns import ApiReturnFilter
from ..licensing import may_show_text, may_show_value
from ..models import Commitment, Contract, DeliveryReturn, ReturnLine
from ..return_rules import line_is_editable
from ..selectors.return_detail import LineDetail, line_detail, months_before
from ..selectors.returns import own_suppliers, return_detail
from ..services.returns import open_return, save_line, save_return, submit_return
from .return_shapes import (
    LineWriteSerializer,
    ReturnCreateSerializer,
    ReturnSerializer,
    ReturnWriteSerializer,
    SubmitSerializer,
    WholeLineSerializer,
)

_EDITION = "commitment__measure__edition__"
_TYPED = (
    "given_quantity",
    "fte_quantity",
    "months_quantity",
    "people_quantity",
    "hours_quantity",
    "attribution_share",
    "reported_quantity",
    "verified_quantity",
)


def quarter_of(year: str, number: str) -> Any:
    """A column's value: the quarter's code, or null."""

    def make(row: Row) -> str | None:
        return None if row[year] is None else Quarter(row[year], row[number]).code

    return make


def quantity(name: str, help_text: str) -> Column:
    schema = serializers.DecimalField(
        max_digits=16, decimal_places=4, help_text=help_text, read_only=True, allow_null=True
    )
    return Column(name, schema, name)


class Returns(CreateMixin, ListView):
    """The returns that this person may see, by id. A supplier sees its own."""

    permission = "view_returns"
    write_permission = "report_delivery"
    tag, noun, file_name = "returns", "returns", "returns"
    one = "a return"
    filterset_class = ApiReturnFilter
    write_serializer = ReturnCreateSerializer
    response_serializer = ReturnSerializer
    more_sources = ("financial_year", "quarter", "counted_year", "counted_quarter")
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("contract_id", "The agreement."),
        text("contract_reference", "The agreement's reference.", "contract__reference"),
        text("contract_title", "What the agreement is about.", "contract__title"),
        choice("kind", "The kind of agreement.", Contract.Kind.choices, "contract__kind"),
        whole("supplier_id", "Who reports."),
        text("supplier_name", "Its name.", "supplier__name"),
        Column(
            "quarter",
            serializers.CharField(help_text="The quarter that it is about: 2026-27-Q1."),
            make=quarter_of("financial_year", "quarter"),
        ),
        Column(
            "counted_quarter",
            serializers.CharField(
                allow_null=True,
                help_text="The quarter it counts in; later than its own where that was closed.",
            ),
            make=quarter_of("counted_year", "counted_quarter"),
        ),
        Column(
            "due_on",
            serializers.DateField(help_text="20 days after the quarter's end."),
            make=lambda row: due_on(Quarter(row["financial_year"], row["quarter"])),
        ),
        choice("state", "Where it is between draft and verified.", DeliveryReturn.State.choices),
        date("first_submitted_at", "When it was first sent."),
        date("submitted_at", "When it was last sent."),
        text("sent_back_reason", "Why it was sent back, if it is back."),
        whole("lines", "How many lines it has.", "lines_count"),
        yes_no("is_demo", "Invented, for showing the product."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = DeliveryReturn.objects.visible_to(  # type: ignore[attr-defined]
            self.request.user
        ).annotate(lines_count=Count("lines"))
        return rows

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        """201 also where it had been begun already: the answer is the same return."""
        contract = values["contract"]
        try:
            quarter = Quarter.parse(values["quarter"])
        except PeriodError as error:
            raise serializers.ValidationError({"quarter": [str(error)]}) from error
        if not 2000 <= quarter.start_year < 2100:
            raise serializers.ValidationError({"quarter": ["This quarter is too far away."]})
        held = Commitment.objects.counted().filter(
            contract=contract, supplier__in=own_suppliers(self.request.user)
        )
        if "supplier" in values:
            held = held.filter(supplier=values["supplier"])
        commitment = held.select_related("supplier").order_by("supplier").first()
        if commitment is None:
            raise serializers.ValidationError(
                {"contract": ["Nothing has been agreed with you in this agreement yet."]}
            )
        made = open_return(
            contract=contract,
            supplier=commitment.supplier,
            quarter=quarter,
            by=self.request.user,
            now=self.now,
        )
        return self.created(made.pk, ReturnPage, "api-return")


class ReturnPage(PatchMixin, DetailView):
    """One return with its lines. The supplier changes the narrative of a draft here."""

    permission = "view_returns"
    write_permission = "report_delivery"
    tag, noun = "returns", "return"
    one = "a return"
    write_serializer = ReturnWriteSerializer
    response_serializer = ReturnSerializer

    def rows(self) -> QuerySet[Any]:
        return DeliveryReturn.objects.visible_to(self.request.user)  # type: ignore[attr-defined,no-any-return]

    def body(self, record: DeliveryReturn) -> dict[str, Any]:
        return return_body(record.pk, self.request.user)

    def change(self, record: DeliveryReturn, values: dict[str, Any], version: int) -> None:
        save_return(
            delivery_return=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
        )


def return_body(pk: int, user: Any) -> dict[str, Any]:
    detail = return_detail(pk, user)
    row = detail.row
    return {
        "id": row.pk,
        "version": row.version,
        "fingerprint": detail.fingerprint,
        "contract": {
            "id": row.contract_id,
            "reference": row.contract.reference,
            "title": row.contract.title,
        },
        "supplier": {"id": row.supplier_id, "name": row.supplier.name},
        "quarter": row.period.code,
        "counted_quarter": row.counted_in.code if row.counted_in else None,
        "due_on": text_of(detail.due_on),
        "state": row.state,
        "narrative": row.narrative,
        "declared_this_agreement": row.declared_this_agreement,
        "declared_committed": row.declared_committed,
        "first_submitted_at": text_of(row.first_submitted_at),
        "submitted_at": text_of(row.submitted_at),
        "sent_back_reason": row.sent_back_reason,
        "is_demo": row.is_demo,
        "lines": [
            line_body(line) for line in sorted(detail.lines, key=lambda line: line.row.number)
        ],
        "events": [
            {
                "at": text_of(event.at),
                "action": event.action,
                "line": event.line_number,
                "quantity": text_of(event.event_quantity),
                "words": event.words,
            }
            for event in detail.events
        ],
    }


def line_body(line: LineDetail) -> dict[str, Any]:
    row, measure = line.row, line.row.commitment.measure
    shows = may_show_value(
        measure.edition.values_may_be_published, may_see_licensed=False, outward=True
    )
    return {
        "id": row.pk,
        "version": row.version,
        "number": row.number,
        "commitment_id": row.commitment_id,
        "measure_code": measure.code,
        "measure_title": measure.title
        if may_show_text(measure.edition.text_may_be_published, is_public=False, outward=True)
        else None,
        "unit": measure.unit,
        "counting": measure.counting,
        **{name: text_of(getattr(row, name)) for name in _TYPED},
        "happened_on": text_of(row.happened_on),
        "place": row.place,
        "narrative": row.narrative,
        "warning_reason": row.warning_reason,
        "state": row.state,
        "decision_reason": row.decision_reason,
        "is_counted": row.is_counted,
        "reported_pounds": text_of(row.reported_pounds) if shows else None,
        "verified_pounds": text_of(row.verified_pounds) if shows else None,
        "pounds_withheld": not shows,
    }


class ReturnLines(ListView):
    """Lines of the returns that this person may see, by id: what was reported and verified."""

    permission = "view_returns"
    tag, noun, file_name = "returns", "lines", "return-lines"
    parameters: ClassVar[dict[str, str]] = {
        "return": "The id of one return.",
        "counted": "The quarter that the lines count in, like 2026-27-Q1.",
    }
    more_sources = (
        f"{_EDITION}values_may_be_published",
        f"{_EDITION}text_may_be_published",
        "counted_year",
        "counted_quarter",
        "commitment__measure__title",
    )
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "The key in addresses.", "pk"),
        whole("return_id", "Its return.", "delivery_return_id"),
        whole("number", "Within its return; never reused."),
        whole("contract_id", "The agreement.", "delivery_return__contract_id"),
        whole("supplier_id", "Who reports.", "delivery_return__supplier_id"),
        whole("commitment_id", "What it was done towards."),
        text("measure_code", "The measure.", "commitment__measure__code"),
        Column(
            "measure_title",
            serializers.CharField(
                allow_null=True, help_text="null: the licence does not allow its text."
            ),
            is_text=True,
            make=lambda row: (
                row["commitment__measure__title"]
                if may_show_text(
                    row[f"{_EDITION}text_may_be_published"], is_public=False, outward=True
                )
                else None
            ),
        ),
        text("unit", "What it is counted in.", "commitment__measure__unit"),
        Column(
            "counted_quarter",
            serializers.CharField(allow_null=True, help_text="null: not sent yet."),
            make=quarter_of("counted_year", "counted_quarter"),
        ),
        choice("state", "What an officer decided.", ReturnLine.State.choices),
        yes_no("is_counted", "Sent, so it is in “reported”."),
        quantity("reported_quantity", "What the supplier says; null: not reported."),
        pounds("reported_pounds", "Its value; null where there is none or it is withheld."),
        quantity("verified_quantity", "What was accepted; null: not decided."),
        pounds("verified_pounds", "Its value; null where there is none or it is withheld."),
        Column(
            "pounds_withheld",
            serializers.BooleanField(help_text="The edition's licence keeps them back."),
        ),
        date("happened_on", "The day, or the day on which people started."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = ReturnLine.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        wanted = self.request.query_params.get("return")
        if wanted is not None:
            if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 18):
                raise serializers.ValidationError({"return": [f"“{wanted[:40]}” is not an id."]})
            rows = rows.filter(delivery_return=int(wanted))
        counted = self.request.query_params.get("counted")
        if counted is not None:
            try:
                quarter = Quarter.parse(counted)
            except PeriodError as error:
                raise serializers.ValidationError({"counted": [str(error)]}) from error
            rows = rows.filter(counted_year=quarter.start_year, counted_quarter=quarter.number)
        return rows.annotate(contract_id=F("delivery_return__contract_id"))

    def attach(self, rows: list[Row]) -> None:
        for row in rows:
            shows = may_show_value(
                row[f"{_EDITION}values_may_be_published"], may_see_licensed=False, outward=True
            )
            row["pounds_withheld"] = not shows
            if not shows:
                row["reported_pounds"] = row["verified_pounds"] = None


class ReturnLinePage(PatchMixin, DetailView):
    """One line. Its supplier changes it while it is a draft, or after it was sent back."""

    permission = "view_returns"
    write_permission = "report_delivery"
    tag, noun = "returns", "line"
    one = "a return line"
    write_serializer = LineWriteSerializer
    response_serializer = WholeLineSerializer

    def rows(self) -> QuerySet[Any]:
        return (  # type: ignore[no-any-return]
            ReturnLine.objects.visible_to(self.request.user).select_related(  # type: ignore[attr-defined]
                "delivery_return__contract", "commitment__measure__edition"
            )
        )

    def body(self, record: ReturnLine) -> dict[str, Any]:
        before = months_before(record.delivery_return, [record.commitment])
        shown = line_detail(
            record, months_counted_before=before.get((record.commitment_id, record.happened_on))
        )
        return {
            **line_body(shown),
            "return_id": record.delivery_return_id,
            "counted_now": text_of(shown.counted_now),
            "explanation": shown.explanation or shown.problem,
            "warnings": list(shown.warnings),
        }

    def change(self, record: ReturnLine, values: dict[str, Any], version: int) -> None:
        unit = values.pop("unit", "")
        save_line(
            line=record,
            changes=values,
            expected_version=version,
            by=self.request.user,
            now=self.now,
            unit=unit,
        )


class ReturnSubmit(CreateMixin, ApiView):
    """POST sends a return. Sending what is sent already answers the same and changes nothing."""

    permission = "report_delivery"
    tag, noun = "returns", "return"
    one = "a return, sent"
    write_serializer = SubmitSerializer
    response_serializer = ReturnSerializer

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.own()  # before the body is judged: what is not theirs is not there
        return super().post(request, *args, **kwargs)

    def own(self) -> DeliveryReturn:
        user = self.request.user
        try:
            row: DeliveryReturn = DeliveryReturn.objects.visible_to(user).get(  # type: ignore[attr-defined]
                pk=self.kwargs["pk"]
            )
        except (DeliveryReturn.DoesNotExist, OverflowError):
            raise Http404 from None
        if not can(user, "report_delivery", on=row):
            raise Http404
        return row

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        user, row = self.request.user, self.own()
        waiting = any(
            line_is_editable(row.state, state)
            for state in row.lines.values_list("state", flat=True)
        )
        if waiting or row.first_submitted_at is None:
            try:
                submit_return(
                    delivery_return=row,
                    declared_this_agreement=values["declared_this_agreement"],
                    declared_committed=values["declared_committed"],
                    expected_fingerprint=values.get("fingerprint"),
                    by=user,
                    now=self.now,
                )
            except Collision as collision:
                raise Problem(
                    "lost-race",
                    "The return or one of its lines changed since you read it. Nothing was sent.",
                    stored_version=collision.stored.version,
                ) from collision
        body = return_body(row.pk, user)
        address = self.request.build_absolute_uri(reverse("api-return", kwargs={"pk": row.pk}))
        return body, address, etag_of(body, body["version"])


urlpatterns: list[URLPattern | URLResolver] = [
    path("returns/", Returns.as_view(), name="api-returns"),
    path("returns/<int:pk>/", ReturnPage.as_view(), name="api-return"),
    path("returns/<int:pk>/submit/", ReturnSubmit.as_view(), name="api-return-submit"),
    path("return-lines/", ReturnLines.as_view(), name="api-return-lines"),
    path("return-lines/<int:pk>/", ReturnLinePage.as_view(), name="api-return-line"),
]
